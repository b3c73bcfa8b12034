// model/environment/block_ports.hpp — the ports that exist at block fidelity only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/base/ids.hpp"
#include "model/base/stamp_image.hpp"
#include "model/environment/stable_store.hpp"
#include "model/environment/witness.hpp"

namespace landfall {

/// Two selves of a machine that was failed over: what they hold, and what each wrote since they
/// parted (replication-and-test-lab A31).
struct Parting {
    std::uint32_t number = 0;  ///< of the partings of this disk
    StampImage other_side;
    std::vector<SectorRange> written_here;
    std::vector<SectorRange> written_there;
};

/// The disks of the source machines, block by block.
class SourceBlocks {
  public:
    virtual ~SourceBlocks() = default;
    /// Appends to `taken` the writes of `disk` before `until` that were not taken yet, in order.
    virtual void take_writes(DiskId disk, Instant until, std::vector<GuestWrite>& taken) = 0;
    /// The disk's content after the last write that was taken.
    virtual void read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const = 0;
    /// Of a machine that was failed over, up to the writes that were taken: whoever asks keeps
    /// track of changes from now on. Null for any other machine.
    [[nodiscard]] virtual const Parting* parting(DiskId disk) = 0;
    /// Leg `from` was failed over to a point of time `cut`: the disks of leg `to` hold `content`
    /// now, read as disks of `from`, and its guest begins a new life. What `from` holds stays.
    virtual void branch(MachineId from, MachineId to, const BlockReader& content, Instant cut) = 0;
    /// Writes that the machine's guest submits from `from` on wait until they are released.
    virtual void hold_writes(MachineId machine, Instant from) = 0;
    virtual void release_writes(MachineId machine, Instant at) = 0;
};

/// Whatever may happen to bytes on their way; does nothing unless a test says so.
class WireTap {
  public:
    virtual ~WireTap() = default;
    /// Records of `disk` while they lie, plain, in the relay's cache.
    virtual void in_cache(DiskId disk, std::vector<std::byte>& records) = 0;
    /// An envelope of `disk` on the wire.
    virtual void on_wire(DiskId disk, std::vector<std::byte>& envelope) = 0;
};

/// Null where there is no block fidelity, no persistence, nobody who listens, or no tap.
struct BlockPorts {
    SourceBlocks* source = nullptr;
    StableStore* replica_store = nullptr;
    BlockWitness* witness = nullptr;
    WireTap* tap = nullptr;
    /// Where sources keep what a power loss must not make them forget; names begin with a
    /// machine's.
    StableStore* source_store = nullptr;
};

}  // namespace landfall
