// sim/lab/prefix_cut.hpp — is an image what the disks held at some instant, and at which?
//
// For an image let s(x) be the write found in sector x and next(x) the write that follows it there.
//  - total order of writes: the image is a prefix of the history iff max s(x) <= min next(x) - 1.
//  - interval order (writes overlap; w before v iff w completed before v was submitted): the image
//    is one that a crash may leave iff max submitted(s(x)) <= min completed(next(x)).
// Both are a largest lower bound held against a least upper bound, one look per sector, any order
// of sectors (CutBounds). Where the bounds meet is the cut, and what lies behind it is the loss,
// exactly: of the writes behind the cut none is visible. Source: replication-and-test-lab, 2.0.
// The writes of one disk are in total order; writes of different disks at one instant are not
// ordered among themselves, so a machine's disks agree in the sense of the interval order.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "model/environment/witness.hpp"
#include "sim/lab/write_history.hpp"

namespace landfall::lab {

/// The range of cuts that what was seen of an image allows; any whole number that rises with the
/// order of writes serves as key.
class CutBounds {
  public:
    /// A write is visible in `sector`: the cut is at `key` or later.
    void at_least(std::uint64_t key, std::uint64_t sector) {
        if (low_sector_ != kNowhere && key <= low_) return;
        low_ = key;
        low_sector_ = sector;
    }
    /// A write is missing in `sector`: the cut is at `key` or earlier.
    void at_most(std::uint64_t key, std::uint64_t sector) {
        if (high_sector_ != kNowhere && key >= high_) return;
        high_ = key;
        high_sector_ = sector;
    }

    [[nodiscard]] bool consistent() const { return low_ <= high_; }
    [[nodiscard]] std::uint64_t low() const { return low_; }
    [[nodiscard]] std::uint64_t high() const { return high_; }
    [[nodiscard]] bool has_low() const { return low_sector_ != kNowhere; }
    [[nodiscard]] bool has_high() const { return high_sector_ != kNowhere; }
    /// The first sector seen that set the bound.
    [[nodiscard]] std::uint64_t low_sector() const { return low_sector_; }
    [[nodiscard]] std::uint64_t high_sector() const { return high_sector_; }

  private:
    static constexpr std::uint64_t kNowhere = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t low_ = 0;
    std::uint64_t high_ = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t low_sector_ = kNowhere;
    std::uint64_t high_sector_ = kNowhere;
};

/// Which prefixes of one disk's writes an image may be.
struct DiskCut {
    DiskId disk;
    CutBounds positions;  ///< of the disk's history; without an upper bound nothing is missing
    std::uint64_t foreign = 0;         ///< sectors that hold no write of the history
    std::uint64_t foreign_sector = 0;  ///< the first of them
    std::uint64_t lost = 0;            ///< writes from the oldest missing one on

    [[nodiscard]] bool consistent() const { return foreign == 0 && positions.consistent(); }
};

/// Looks at all sectors of `content`, by the sector lists of the history: for diagnosis and tests.
[[nodiscard]] DiskCut disk_cut(const WriteHistory& history, DiskId disk,
                               const BlockReader& content);

/// Which instants all disks of a machine, or of a group of machines, may show.
struct CommonCut {
    std::vector<DiskCut> disks;
    Instant newest_held;                        ///< start of the run if nothing is held
    Instant oldest_missing = Instant::never();  ///< never if nothing is missing
    std::uint64_t lost = 0;
    bool consistent = true;
};

[[nodiscard]] CommonCut common_cut(const WriteHistory& history, std::span<const DiskId> disks,
                                   const BlockReader& content);

}  // namespace landfall::lab
