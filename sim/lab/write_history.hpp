// sim/lab/write_history.hpp — every write of every disk, in order: what all content is held
// against.
//
// Idea: content tells who wrote it (model/base/block.hpp), so the list of writes says what any
// disk held at any cut. The list is append-only and flat, 24 bytes a write; images of it are views
// (ShadowImage) that advance through the list, each write once.
//
// Lives: when a machine fails over to a cut, its disks go on from there; the writes from the cut on
// are no part of any later content. rewind() takes them out and remembers their stamps, so that
// finding one later is named as what it is.
//
// Laws: writes of a disk are added with rising stamps and never earlier than the one before. A
// write has the index of its place in its disk's list, and "position" p is the content after the
// first p writes.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "model/base/block.hpp"
#include "model/base/ids.hpp"
#include "model/base/stamp_image.hpp"
#include "model/base/units.hpp"
#include "sim/lab/sector_set.hpp"

namespace landfall::lab {

inline constexpr std::uint64_t kNoWrite = std::numeric_limits<std::uint64_t>::max();

class WriteHistory {
  public:
    explicit WriteHistory(const std::vector<DiskGeometry>& disks);

    /// Requires the laws above, and the range to lie on the disk.
    void add(DiskId disk, const GuestWrite& write);
    /// False for a write that add() would not take.
    [[nodiscard]] bool fits(DiskId disk, const GuestWrite& write) const;
    /// Writes from `at` on belong to the new shape.
    void resize(DiskId disk, const DiskGeometry& now, Instant at);
    /// The disk goes on from `cut` since `at`: takes out all writes from the cut on, and shapes
    /// that it got meanwhile. One that it got later is of its new life.
    void rewind(DiskId disk, Instant cut, Instant at);
    /// The disk goes on from what another one held at `cut`: its list is that one's up to there,
    /// and what either wrote beyond is given up.
    void adopt(DiskId disk, DiskId from, Instant cut);
    /// How often writes were taken out of this disk's list.
    [[nodiscard]] std::uint32_t rewinds(DiskId disk) const { return list(disk).rewinds; }

    [[nodiscard]] std::size_t disks() const { return lists_.size(); }
    [[nodiscard]] std::uint64_t count(DiskId disk) const { return list(disk).entries.size(); }
    [[nodiscard]] GuestWrite write(DiskId disk, std::uint64_t index) const;
    /// Without unpacking the rest.
    [[nodiscard]] SectorRange range(DiskId disk, std::uint64_t index) const {
        return list(disk).entries[index].range();
    }
    [[nodiscard]] Stamp stamp(DiskId disk, std::uint64_t index) const {
        return list(disk).entries[index].stamp;
    }
    [[nodiscard]] Instant at(DiskId disk, std::uint64_t index) const {
        return Instant(Duration(list(disk).entries[index].at));
    }

    /// The number of writes with at < cut: the position that a cut claims.
    [[nodiscard]] std::uint64_t position(DiskId disk, Instant cut) const;
    /// Index of the write with this stamp; kNoWrite for 0 and for a stamp that is not in the list.
    [[nodiscard]] std::uint64_t index_of(DiskId disk, Stamp stamp) const;
    /// Was it written in a life whose tail was given up?
    [[nodiscard]] bool given_up(DiskId disk, Stamp stamp) const;

    [[nodiscard]] DiskGeometry geometry(DiskId disk, Instant cut) const;
    /// Sectors of the largest shape so far: what images of the disk hold.
    [[nodiscard]] std::uint64_t sectors(DiskId disk) const { return list(disk).sectors; }

    /// Content of one sector at a cut: the stamp of the last write to it with at < cut.
    [[nodiscard]] Stamp content_at(DiskId disk, std::uint64_t sector, Instant cut) const;
    /// Index of the first write to `sector` after the first `position` ones; kNoWrite without one.
    [[nodiscard]] std::uint64_t next_write(DiskId disk, std::uint64_t sector,
                                           std::uint64_t position) const;

  private:
    static constexpr unsigned kCountBits = 28;  ///< 1 TiB of 4 KiB sectors
    static constexpr std::uint64_t kPage = 512;

    struct Entry {
        std::int64_t at = 0;
        Stamp stamp = 0;
        std::uint64_t packed = 0;  ///< first sector, then count

        [[nodiscard]] SectorRange range() const {
            return {packed >> kCountBits, packed & ((std::uint64_t{1} << kCountBits) - 1)};
        }
    };
    struct Shape {
        Instant from;
        DiskGeometry geometry;
    };
    struct StampRange {
        Stamp first = 0;
        Stamp last = 0;
    };
    struct List {
        std::vector<Entry> entries;
        std::vector<Shape> shapes;  ///< rising; the first from the beginning
        std::vector<StampRange> given_up;
        std::uint64_t sectors = 0;
        std::uint32_t rewinds = 0;
        // Which writes touch a page of sectors; built when somebody asks for single sectors, and
        // then only as far as the list goes.
        mutable std::vector<std::vector<std::uint32_t>> pages;
        mutable std::uint64_t paged = 0;
    };

    [[nodiscard]] const List& list(DiskId disk) const { return lists_[disk.value]; }
    [[nodiscard]] const std::vector<std::uint32_t>& page_of(const List& list,
                                                            std::uint64_t sector) const;

    std::vector<List> lists_;
};

/// A disk's content at a position of its history; advances, and only a rewind sends it back.
class ShadowImage {
  public:
    explicit ShadowImage(DiskId disk) : disk_(disk), image_(0) {}

    /// Brings the image to `position`. Sectors that it changes on the way are added to `changed`
    /// if given. False if the image had to be built anew because its past was taken out or
    /// `position` lies behind it: `changed` is then of no use.
    bool advance(const WriteHistory& history, std::uint64_t position, SectorSet* changed);

    [[nodiscard]] DiskId disk() const { return disk_; }
    [[nodiscard]] std::uint64_t position() const { return position_; }
    [[nodiscard]] const StampImage& image() const { return image_; }
    /// Of the whole content; see content_hash.
    [[nodiscard]] std::uint64_t hash() const { return hash_; }
    /// Keeps hash() up while advancing; to be called before the first advance.
    void keep_hash() { hashing_ = true; }

  private:
    void apply(SectorRange range, Stamp stamp);

    DiskId disk_;
    StampImage image_;
    std::uint64_t position_ = 0;
    std::uint32_t rewinds_ = 0;
    bool hashing_ = false;
    std::uint64_t hash_ = 0;
    std::vector<Stamp> before_;
};

/// One sector's share in the hash of a content. The hash is the sum of the shares, modulo 2^64, so
/// that it follows changes without being computed anew; an untouched sector's share is 0.
[[nodiscard]] std::uint64_t content_hash(DiskId disk, std::uint64_t sector, Stamp stamp);

}  // namespace landfall::lab
