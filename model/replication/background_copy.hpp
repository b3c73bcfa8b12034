// model/replication/background_copy.hpp — copies what a dirty bitmap says while the guest goes on
// writing: which run to read next, and what its end means.
//
// Idea: one loop for every copy by bitmap (first copy, compare, catch-up). A chunk's bit is cleared
// before the chunk is read and it is in flight until the replica has it durably, so that a guest
// write in between makes it dirty again and it is read once more. Guest writes do nothing but set
// the bitmap. The caller reads, sends and reports; nothing here waits.
//
// Laws: at every moment what differs lies in the bitmap or in flight (S11); a bit stays clear only
// when data read after the clear was acknowledged (S17); two operations in flight never overlap; a
// cursor goes round the disk, so that chunks written all the time do not keep others waiting: each
// dirty chunk is offered within one round (L5).
//
// Source: replication-and-test-lab A6, A21 (QEMU block/mirror.c).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "model/base/block.hpp"
#include "model/storage/dirty_bitmap.hpp"

namespace landfall {

struct CopyLimits {
    std::size_t most_in_flight = 16;   ///< operations
    std::uint64_t most_sectors = 256;  ///< of one operation: 1 MiB of 4 KiB sectors
};

class BackgroundCopy {
  public:
    /// Goes on at `cursor` with what is dirty. To resume, give cursor() and outstanding() of then,
    /// the latter merged with what was written since: the cursor alone forgets what became dirty
    /// behind it. `dirty` outlives the copy.
    explicit BackgroundCopy(DirtyBitmap& dirty, CopyLimits limits = {}, std::uint64_t cursor = 0);

    /// The run to read now; it is in flight from now on. None while nothing is dirty that is not
    /// in flight already, or while as much is in flight as may be.
    [[nodiscard]] std::optional<SectorRange> next();
    /// The replica has the data durably that was read for `operation`, as next() gave it. Requires
    /// it to be in flight.
    void completed(SectorRange operation);
    /// Reading, sending or writing it failed: it is dirty again. Requires it to be in flight.
    void failed(SectorRange operation);
    /// The connection is lost: all that is in flight failed.
    void fail_all();

    /// Nothing is dirty and nothing in flight. Before the roles change, ask once more after the
    /// guest is held.
    [[nodiscard]] bool ready() const { return in_flight_.empty() && !dirty_.any(); }
    [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
    [[nodiscard]] std::uint64_t sectors_in_flight() const { return sectors_in_flight_; }

    [[nodiscard]] std::uint64_t cursor() const { return cursor_; }
    /// What is dirty or in flight.
    [[nodiscard]] DirtyBitmap outstanding() const;

  private:
    /// The first dirty run at or after `from` that is not in flight.
    [[nodiscard]] std::optional<SectorRange> free_run(std::uint64_t from) const;
    void land(SectorRange operation);

    DirtyBitmap& dirty_;
    CopyLimits limits_;
    std::uint64_t cursor_;
    std::map<std::uint64_t, std::uint64_t> in_flight_;  ///< first sector -> number of sectors
    std::uint64_t sectors_in_flight_ = 0;
};

}  // namespace landfall
