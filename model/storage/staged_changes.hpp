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

#include "model/base/check.hpp"
#include "model/base/units.hpp"
#include "model/storage/block.hpp"
#include "model/storage/stamp_image.hpp"

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
        changes_.push_back({write.at, write.seq, write.range.first, stamps_.size(), write.disk,
                            static_cast<std::uint32_t>(write.stamps.size()), ++arrivals_});
        stamps_.insert(stamps_.end(), write.stamps.begin(), write.stamps.end());
    }

    /// These sectors were copied: what waits for them no longer counts.
    void supersede(std::uint32_t disk_index, SectorRange range) {
        Disk& disk = disks_[disk_index];
        if (disk.waiting == 0) return;
        if (!disk.superseded) disk.superseded.emplace(geometry_[disk_index].sectors);
        disk.superseded->fill(range, arrivals_);
    }

    /// Calls visit(StagedWrite) for each change that waits, in order and without what no longer
    /// counts: a change may come in several pieces, or none.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const Change& change : changes_) visit_pieces(change, visit);
    }

    /// Takes all changes before `cut` out, calling visit for each as for_each does.
    template <typename Visit>
    void take_before(Instant cut, Visit&& visit) {
        StagedChanges rest(std::move(geometry_));
        for (const Change& change : changes_) {
            if (change.at < cut)
                visit_pieces(change, visit);
            else
                visit_pieces(change, [&](const StagedWrite& piece) { rest.add(piece); });
        }
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
        arrivals_ = 0;
    }

  private:
    struct Change {
        Instant at;
        std::uint64_t seq = 0;
        std::uint64_t first = 0;
        std::uint64_t begin = 0;  ///< of its stamps
        std::uint32_t disk = 0;
        std::uint32_t count = 0;
        std::uint64_t arrival = 0;  ///< from 1
    };
    struct Disk {
        std::uint64_t waiting = 0;             ///< changes
        std::optional<StampImage> superseded;  ///< by sector: changes up to this arrival
    };

    [[nodiscard]] std::uint64_t bytes_of(std::uint32_t disk, std::uint64_t sectors) const {
        return sectors * static_cast<std::uint64_t>(geometry_[disk].sector_size.count());
    }

    template <typename Visit>
    void visit_pieces(const Change& change, Visit&& visit) const {
        const auto stamps = std::span(stamps_).subspan(change.begin, change.count);
        const auto& superseded = disks_[change.disk].superseded;
        if (!superseded) {
            visit(StagedWrite{
                change.disk, change.seq, change.at, {change.first, change.count}, stamps});
            return;
        }
        const auto counts = [&](std::uint32_t k) {
            return superseded->at(change.first + k) < change.arrival;
        };
        for (std::uint32_t from = 0, to = 0; from < change.count; from = to) {
            const bool alive = counts(from);
            for (to = from + 1; to < change.count && counts(to) == alive;) ++to;
            if (!alive) continue;
            visit(StagedWrite{change.disk,
                              change.seq,
                              change.at,
                              {change.first + from, to - from},
                              stamps.subspan(from, to - from)});
        }
    }

    std::vector<DiskGeometry> geometry_;
    std::vector<Disk> disks_;
    std::vector<Change> changes_;
    std::vector<Stamp> stamps_;
    std::uint64_t bytes_ = 0;
    std::uint64_t arrivals_ = 0;
};

}  // namespace landfall
