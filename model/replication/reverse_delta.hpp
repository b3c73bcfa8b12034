// model/replication/reverse_delta.hpp — what to copy back when a machine returns to where it came
// from.
//
// After a failover at cut C two disks differ by what the target wrote since it was activated and by
// what the old source wrote after C, which never reached it. Copying only the former would leave
// the latter in place: writes that were given up would rise again under the machine's feet.
//
// Laws: blocks = dirty(target since activation) UNION dirty(source after C); a bitmap that misses
// any of its span counts as lost; with either lost the disks are compared (A20); with no disk to
// return to everything is copied. The tail is overwritten only after it was given up (S29, S30).
//
// Sources: replication-and-test-lab A31, S30; Hyper-V's failback offers "minimise downtime"
// (compare while running) and "full download" (common.md); optimised reprotect, whose tracking
// begins before power-on, is VMware's (A31).
#pragma once

#include <cstdint>
#include <string_view>

#include "model/storage/dirty_bitmap.hpp"

namespace landfall {

/// One disk's changes since some write, if they were tracked; the bitmap lives as long as the plan
/// is made.
struct TrackedChanges {
    const DirtyBitmap* bitmap = nullptr;  ///< none: lost, for example at a crash without A4
    /// It holds every change after this sequence number.
    std::uint64_t after = 0;
};

/// What is known of one disk when its machine is to go back.
struct ReverseSituation {
    std::uint64_t sectors = 0;
    std::uint64_t grain = 16;  ///< of the plan, in sectors
    bool original_exists = true;
    bool original_location = true;  ///< back to the disk it came from
    bool tail_given_up = false;     ///< a person, or the commit of a failover, gave it up
    bool download_wanted = false;   ///< the user chose the full download
    /// Cut of the recovery point that was failed over to, in the source's sequence numbers.
    std::uint64_t cut = 0;
    TrackedChanges source;  ///< in the source's numbers: has to reach back to `cut`
    TrackedChanges target;  ///< in the target's own numbers: has to reach back to 0, its activation
};

enum class ReverseMethod : std::uint8_t {
    Refuse,        ///< the tail has to be given up first
    CopyBlocks,    ///< the blocks of the plan
    Compare,       ///< checksums on both sides, then what differs (A20)
    FullDownload,  ///< all blocks, to a disk made for it
};

struct ReversePlan {
    ReverseMethod method = ReverseMethod::Refuse;
    /// What may differ and so has to be copied or, for Compare, compared.
    DirtyBitmap blocks;
    std::string_view why;
};

[[nodiscard]] ReversePlan plan_reverse(const ReverseSituation& situation);

}  // namespace landfall
