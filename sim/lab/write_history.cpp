// sim/lab/write_history.cpp — the list of writes, its cuts, and images that advance through it.
#include "sim/lab/write_history.hpp"

#include <algorithm>
#include <array>

#include "model/base/check.hpp"
#include "sim/kernel/random_streams.hpp"

namespace landfall::lab {

WriteHistory::WriteHistory(const std::vector<DiskGeometry>& disks) {
    lists_.resize(disks.size());
    for (std::size_t k = 0; k < disks.size(); ++k) {
        lists_[k].shapes.push_back({Instant(), disks[k]});
        lists_[k].sectors = disks[k].sectors;
    }
}

bool WriteHistory::fits(DiskId disk, const GuestWrite& write) const {
    const List& writes = list(disk);
    const std::uint64_t size = writes.shapes.back().geometry.sectors;
    if (write.range.first > size || write.range.count > size - write.range.first) return false;
    if (write.stamp == 0 || write.range.count >= (std::uint64_t{1} << kCountBits)) return false;
    if (writes.entries.empty()) return true;
    return write.stamp > writes.entries.back().stamp &&
           write.at.since_start().count() >= writes.entries.back().at;
}

void WriteHistory::add(DiskId disk, const GuestWrite& write) {
    LANDFALL_CHECK(fits(disk, write), "writes of a disk are added in order and lie on it");
    lists_[disk.value].entries.push_back({write.at.since_start().count(), write.stamp,
                                          write.range.first << kCountBits | write.range.count});
}

void WriteHistory::resize(DiskId disk, const DiskGeometry& now, Instant at) {
    List& writes = lists_[disk.value];
    LANDFALL_CHECK(at >= writes.shapes.back().from, "shapes of a disk follow one another");
    writes.shapes.push_back({at, now});
    writes.sectors = std::max(writes.sectors, now.sectors);
}

void WriteHistory::rewind(DiskId disk, Instant cut, Instant at) {
    List& writes = lists_[disk.value];
    std::erase_if(writes.shapes, [&](const Shape& shape) {
        return shape.from >= cut && shape.from < at && shape.from > Instant();
    });
    const std::uint64_t keep = position(disk, cut);
    if (keep == writes.entries.size()) return;
    writes.given_up.push_back({writes.entries[keep].stamp, writes.entries.back().stamp});
    writes.entries.resize(keep);
    writes.pages.clear();
    writes.paged = 0;
    ++writes.rewinds;
}

GuestWrite WriteHistory::write(DiskId disk, std::uint64_t index) const {
    const Entry& entry = list(disk).entries[index];
    return {entry.stamp, Instant(Duration(entry.at)), entry.range(), WriteKind::Write};
}

void WriteHistory::adopt(DiskId disk, DiskId from, Instant cut) {
    List& writes = lists_[disk.value];
    const List& other = list(from);
    const std::uint64_t keep = position(from, cut);
    // What this disk wrote by itself, in a life that the other does not share, ends here.
    std::uint64_t shared = 0;
    const std::uint64_t limit = std::min<std::uint64_t>(keep, writes.entries.size());
    while (shared < limit && writes.entries[shared].stamp == other.entries[shared].stamp) ++shared;
    const auto give_up = [&](const std::vector<Entry>& entries, std::uint64_t begin) {
        if (begin == entries.size()) return;
        writes.given_up.push_back({entries[begin].stamp, entries.back().stamp});
    };
    give_up(other.entries, keep);
    give_up(writes.entries, shared);
    writes.entries.assign(other.entries.begin(),
                          other.entries.begin() + static_cast<std::ptrdiff_t>(keep));
    writes.shapes = other.shapes;
    while (writes.shapes.size() > 1 && writes.shapes.back().from >= cut) writes.shapes.pop_back();
    writes.sectors = std::max(writes.sectors, other.sectors);
    writes.pages.clear();
    writes.paged = 0;
    ++writes.rewinds;
}

std::uint64_t WriteHistory::position(DiskId disk, Instant cut) const {
    const auto& entries = list(disk).entries;
    const std::int64_t limit = cut.since_start().count();
    const auto found = std::partition_point(
        entries.begin(), entries.end(), [limit](const Entry& entry) { return entry.at < limit; });
    return static_cast<std::uint64_t>(found - entries.begin());
}

std::uint64_t WriteHistory::index_of(DiskId disk, Stamp stamp) const {
    const auto& entries = list(disk).entries;
    if (stamp == 0 || entries.empty()) return kNoWrite;
    // Stamps are dense within a life, so the place is mostly where it would be without gaps.
    const Stamp guess = stamp - entries.front().stamp;
    if (guess < entries.size() && entries[guess].stamp == stamp) return guess;
    const auto found =
        std::partition_point(entries.begin(), entries.end(),
                             [stamp](const Entry& entry) { return entry.stamp < stamp; });
    if (found == entries.end() || found->stamp != stamp) return kNoWrite;
    return static_cast<std::uint64_t>(found - entries.begin());
}

bool WriteHistory::given_up(DiskId disk, Stamp stamp) const {
    if (index_of(disk, stamp) != kNoWrite) return false;
    const auto& ranges = list(disk).given_up;
    return std::any_of(ranges.begin(), ranges.end(), [stamp](const StampRange& range) {
        return range.first <= stamp && stamp <= range.last;
    });
}

DiskGeometry WriteHistory::geometry(DiskId disk, Instant cut) const {
    const auto& shapes = list(disk).shapes;
    std::size_t k = shapes.size() - 1;
    while (k > 0 && shapes[k].from >= cut) --k;
    return shapes[k].geometry;
}

const std::vector<std::uint32_t>& WriteHistory::page_of(const List& list,
                                                        std::uint64_t sector) const {
    list.pages.resize((list.sectors + kPage - 1) / kPage);
    for (; list.paged < list.entries.size(); ++list.paged) {
        const SectorRange range = list.entries[list.paged].range();
        if (range.empty()) continue;
        for (std::uint64_t page = range.first / kPage; page <= (range.end() - 1) / kPage; ++page)
            list.pages[page].push_back(static_cast<std::uint32_t>(list.paged));
    }
    return list.pages[sector / kPage];
}

Stamp WriteHistory::content_at(DiskId disk, std::uint64_t sector, Instant cut) const {
    const List& writes = list(disk);
    const auto& page = page_of(writes, sector);
    auto place = std::lower_bound(page.begin(), page.end(), position(disk, cut));
    while (place != page.begin()) {
        const Entry& entry = writes.entries[*--place];
        const SectorRange range = entry.range();
        if (range.first <= sector && sector < range.end()) return entry.stamp;
    }
    return 0;
}

std::uint64_t WriteHistory::next_write(DiskId disk, std::uint64_t sector,
                                       std::uint64_t position) const {
    const List& writes = list(disk);
    const auto& page = page_of(writes, sector);
    for (auto place = std::lower_bound(page.begin(), page.end(), position); place != page.end();
         ++place) {
        const SectorRange range = writes.entries[*place].range();
        if (range.first <= sector && sector < range.end()) return *place;
    }
    return kNoWrite;
}

bool ShadowImage::advance(const WriteHistory& history, std::uint64_t position, SectorSet* changed) {
    LANDFALL_CHECK(position <= history.count(disk_), "a position lies in the history");
    const bool anew = rewinds_ != history.rewinds(disk_) || position < position_;
    if (anew || image_.sectors() < history.sectors(disk_)) {
        image_ = StampImage(history.sectors(disk_));
        hash_ = 0;
        rewinds_ = history.rewinds(disk_);
        for (std::uint64_t k = 0; !anew && k < position_; ++k)
            apply(history.range(disk_, k), history.stamp(disk_, k));
        if (anew) position_ = 0;
    }
    for (; position_ < position; ++position_) {
        const SectorRange range = history.range(disk_, position_);
        apply(range, history.stamp(disk_, position_));
        if (changed != nullptr) changed->insert(range);
    }
    return !anew;
}

void ShadowImage::apply(SectorRange range, Stamp stamp) {
    if (hashing_) {
        before_.resize(range.count);
        image_.read(range.first, before_);
        for (std::uint64_t k = 0; k < range.count; ++k) {
            const std::uint64_t sector = range.first + k;
            hash_ += content_hash(disk_, sector, stamp) - content_hash(disk_, sector, before_[k]);
        }
    }
    image_.fill(range, stamp);
}

std::uint64_t content_hash(DiskId disk, std::uint64_t sector, Stamp stamp) {
    if (stamp == 0) return 0;
    const std::uint64_t place = static_cast<std::uint64_t>(disk.value) << 48 ^ sector;
    return kernel::mix_bits(kernel::mix_bits(place) ^ stamp);
}

}  // namespace landfall::lab
