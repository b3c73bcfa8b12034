// model/storage/staged_changes.hpp — ordered changes that wait for the recovery point they will be
// in.
//
// Laws: changes keep the order in which they arrived; those before a cut are taken, the others
// wait. A block that was copied after a change arrived was read after it, so the change no longer
// counts in that block's sectors.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "model/base/block.hpp"
#include "model/base/check.hpp"
#include "model/base/stamp_image.hpp"
#include "model/base/units.hpp"

namespace landfall {

/// A change of one disk in the order of its stream.
struct StagedWrite {
    std::uint32_t disk = 0;
    std::uint64_t seq = 0;  ///< in the stream; rising, at least within the disk
    Instant at;             ///< source time
    SectorRange range;
    std::span<const Stamp> stamps;  ///< one for each sector
};

class StagedChanges {
  public:
    explicit StagedChanges(std::vector<DiskGeometry> disks) : geometry_(std::move(disks)) {
        disks_.resize(geometry_.size());
    }

    [[nodiscard]] bool empty() const { return changes_.empty(); }
    /// Sectors times their size, of all changes that wait.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

    void add(const StagedWrite& write) {
        LANDFALL_CHECK(write.stamps.size() <= std::numeric_limits<std::uint32_t>::max(),
                       "a change has fewer than 2^32 sectors");
        Disk& disk = disks_[write.disk];
        ++disk.waiting;
        bytes_ += bytes_of(write.disk, write.stamps.size());
        changes_.push_back({write.at, write.seq, write.range.first, write.disk,
                            static_cast<std::uint32_t>(write.stamps.size())});
        if (write.stamps.size() == 1)
            stamps_.push_back(write.stamps.front());
        else
            stamps_.insert(stamps_.end(), write.stamps.begin(), write.stamps.end());
    }

    /// These sectors were copied: what waits for them no longer counts.
    void supersede(std::uint32_t disk_index, SectorRange range) {
        Disk& disk = disks_[disk_index];
        if (disk.waiting == 0) return;
        if (!disk.superseded) disk.superseded.emplace(geometry_[disk_index].sectors);
        disk.superseded->fill(range, changes_.size());
    }

    /// Calls visit(StagedWrite) for each change that waits, in order and without what no longer
    /// counts: a change may come in several pieces, or none.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        walk(Cursor(), [&](const Change&, const StagedWrite& piece) { visit(piece); });
    }

    /// A place between changes. Valid until changes are taken or cleared.
    struct Cursor {
        std::size_t change = 0;
        std::size_t stamp = 0;
    };
    /// Like for_each, for the changes behind `from`; moves it to the end.
    template <typename Visit>
    void for_each_since(Cursor& from, Visit&& visit) const {
        walk(from, [&](const Change&, const StagedWrite& piece) { visit(piece); });
        from = {changes_.size(), stamps_.size()};
    }

    /// Takes all changes before `cut` out, calling visit for each as for_each does.
    template <typename Visit>
    void take_before(Instant cut, Visit&& visit) {
        StagedChanges rest(std::move(geometry_));
        walk(Cursor(), [&](const Change& change, const StagedWrite& piece) {
            if (change.at < cut)
                visit(piece);
            else
                rest.add(piece);
        });
        // Memory that the next changes will need is kept.
        if (rest.empty()) {
            geometry_ = std::move(rest.geometry_);
            clear();
        } else {
            *this = std::move(rest);
        }
    }

    void clear() {
        changes_.clear();
        stamps_.clear();
        disks_.assign(geometry_.size(), {});
        bytes_ = 0;
    }

  private:
    struct Change {
        Instant at;
        std::uint64_t seq = 0;
        std::uint64_t first = 0;
        std::uint32_t disk = 0;
        std::uint32_t count = 0;  ///< its stamps lie behind those of the change before it
    };
    struct Disk {
        std::uint64_t waiting = 0;             ///< changes
        std::optional<StampImage> superseded;  ///< by sector: how many changes had arrived
    };

    [[nodiscard]] std::uint64_t bytes_of(std::uint32_t disk, std::uint64_t sectors) const {
        return sectors * static_cast<std::uint64_t>(geometry_[disk].sector_size.count());
    }

    /// Calls visit(change, piece) for all that counts, in order.
    template <typename Visit>
    void walk(const Cursor& start, Visit&& visit) const {
        auto rest = std::span(stamps_).subspan(start.stamp);
        for (std::size_t place = start.change; place < changes_.size(); ++place) {
            const Change& change = changes_[place];
            const auto stamps = rest.first(change.count);
            rest = rest.subspan(change.count);
            const auto piece = [&](std::uint32_t from, std::uint32_t to) {
                visit(change, StagedWrite{change.disk,
                                          change.seq,
                                          change.at,
                                          {change.first + from, to - from},
                                          stamps.subspan(from, to - from)});
            };
            const auto& superseded = disks_[change.disk].superseded;
            if (!superseded) {
                piece(0, change.count);
                continue;
            }
            const auto counts = [&](std::uint32_t k) {
                return superseded->at(change.first + k) <= place;
            };
            for (std::uint32_t from = 0, to = 0; from < change.count; from = to) {
                const bool alive = counts(from);
                for (to = from + 1; to < change.count && counts(to) == alive;) ++to;
                if (alive) piece(from, to);
            }
        }
    }

    std::vector<DiskGeometry> geometry_;
    std::vector<Disk> disks_;
    std::vector<Change> changes_;
    std::vector<Stamp> stamps_;
    std::uint64_t bytes_ = 0;
};

}  // namespace landfall
