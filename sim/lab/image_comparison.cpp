// sim/lab/image_comparison.cpp — comparing runs of sectors, and what the wrong ones mean.
#include "sim/lab/image_comparison.hpp"

#include <algorithm>
#include <span>

namespace landfall::lab {

namespace {

std::string number_text(const LabContext& lab, const WriteSight& sight, std::uint64_t minus) {
    if (sight.index == kNoWrite) return "none";
    const Stamp stamp = lab.history.stamp(sight.disk, sight.index);
    return std::to_string((stamp & ((std::uint64_t{1} << kStampLifeShift) - 1)) - minus);
}

}  // namespace

void ImageComparison::compare(const ShadowImage& shadow, const SectorSet& sectors,
                              const BlockReader& content) {
    const std::uint64_t size = lab_.history.geometry(shadow.disk(), cut_).sectors;
    hash_ += shadow.hash();
    sectors.for_each_run([&](SectorRange run) {
        if (run.first >= size) return;
        run.count = std::min(run.count, size - run.first);
        compare_run(shadow, run, content);
    });
}

void ImageComparison::compare_all(const ShadowImage& shadow, const BlockReader& content) {
    const std::uint64_t size = lab_.history.geometry(shadow.disk(), cut_).sectors;
    hash_ += shadow.hash();
    for (std::uint64_t first = 0; first < size; first += kPiece)
        compare_run(shadow, {first, std::min(kPiece, size - first)}, content);
}

void ImageComparison::compare_run(const ShadowImage& shadow, SectorRange run,
                                  const BlockReader& content) {
    const DiskId disk = shadow.disk();
    if (newest_stamp_.size() <= disk.value) {
        newest_stamp_.resize(disk.value + 1);
        newest_at_.resize(disk.value + 1);
        kept_.resize(disk.value + 1);
    }
    const auto found = std::span(found_).first(run.count);
    const auto expected = std::span(expected_).first(run.count);
    content.read(disk, run.first, found);
    shadow.image().read(run.first, expected);
    compared_ += run.count;
    if (std::equal(found.begin(), found.end(), expected.begin())) {
        const Stamp newest = *std::max_element(found.begin(), found.end());
        if (newest <= newest_stamp_[disk.value]) return;
        newest_stamp_[disk.value] = newest;
        const auto place = std::find(found.begin(), found.end(), newest);
        newest_at_[disk.value] = run.first + static_cast<std::uint64_t>(place - found.begin());
        return;
    }
    for (std::uint64_t k = 0; k < run.count; ++k) {
        const std::uint64_t sector = run.first + k;
        if (found[k] == expected[k]) {
            if (found[k] <= newest_stamp_[disk.value]) continue;
            newest_stamp_[disk.value] = found[k];
            newest_at_[disk.value] = sector;
            continue;
        }
        ++wrong_;
        hash_ += content_hash(disk, sector, found[k]) - content_hash(disk, sector, expected[k]);
        if (kept_[disk.value]++ < kExamplesPerDisk)
            examples_.push_back({disk, sector, found[k], expected[k]});
    }
}

void ImageComparison::conclude() {
    if (wrong_ == 0) return;
    const WriteHistory& history = lab_.history;
    const auto hold = [&](const WriteSight& sight) {
        if (newest_held_.index == kNoWrite || sight.at > newest_held_.at) newest_held_ = sight;
    };
    std::vector<WriteSight> held;  // per disk that has any
    for (std::size_t d = 0; d < newest_stamp_.size(); ++d) {
        WriteSight newest{DiskId(d), newest_at_[d], history.index_of(DiskId(d), newest_stamp_[d]),
                          Instant()};
        std::vector<WrongSector> behind;
        for (const WrongSector& wrong : examples_) {
            if (wrong.disk != DiskId(d)) continue;
            const std::uint64_t index = history.index_of(wrong.disk, wrong.found);
            const bool fits = index != kNoWrite &&
                              history.range(wrong.disk, index).first <= wrong.sector &&
                              wrong.sector < history.range(wrong.disk, index).end();
            if (wrong.found != 0 && !fits) {
                judge(wrong);
                continue;
            }
            if (fits && (newest.index == kNoWrite || index > newest.index)) {
                newest.index = index;
                newest.sector = wrong.sector;
            }
            if (fits && history.at(wrong.disk, index) >= cut_) {
                if (too_new_.index == kNoWrite)
                    too_new_ = {wrong.disk, wrong.sector, index, history.at(wrong.disk, index)};
            } else {
                behind.push_back(wrong);
            }
        }
        if (newest.index != kNoWrite) {
            newest.at = history.at(newest.disk, newest.index);
            hold(newest);
            held.push_back(newest);
        }
        find_oldest_missing(DiskId(d), behind);
    }
    if (!misses_writes()) return;
    torn_ = std::any_of(held.begin(), held.end(), [this](const WriteSight& sight) {
        if (sight.disk == oldest_missing_.disk) return sight.index >= oldest_missing_.index;
        return sight.at > oldest_missing_.at;
    });
}

// Content that no write of the history left in that sector.
void ImageComparison::judge(const WrongSector& wrong) {
    const bool given_up = lab_.history.given_up(wrong.disk, wrong.found);
    if (foreign_.disk.is_none() || (given_up && !foreign_given_up_)) foreign_ = wrong;
    foreign_given_up_ = foreign_given_up_ || given_up;
}

// Each of `behind` (rising sectors) holds an older write than it must. The first write of the
// history that covers one of them, and is newer than what is found there, is the oldest missing.
void ImageComparison::find_oldest_missing(DiskId disk, std::vector<WrongSector>& behind) {
    const WriteHistory& history = lab_.history;
    const std::uint64_t end = history.position(disk, cut_);
    std::uint64_t from = end;
    for (WrongSector& wrong : behind) {
        // From here on `found` is the position after the write found.
        wrong.found = wrong.found == 0 ? 0 : history.index_of(disk, wrong.found) + 1;
        from = std::min(from, wrong.found);
    }
    for (std::uint64_t index = from; index < end; ++index) {
        const SectorRange range = history.range(disk, index);
        auto place = std::lower_bound(
            behind.begin(), behind.end(), range.first,
            [](const WrongSector& wrong, std::uint64_t first) { return wrong.sector < first; });
        for (; place != behind.end() && place->sector < range.end(); ++place) {
            if (place->found > index) continue;
            const Instant at = history.at(disk, index);
            if (oldest_missing_.index == kNoWrite || at < oldest_missing_.at)
                oldest_missing_ = {disk, place->sector, index, at};
            return;
        }
    }
}

std::string ImageComparison::cut_text() const {
    const std::string low = number_text(lab_, newest_held_, 0);
    const std::string high = number_text(lab_, oldest_missing_, 1);
    std::string text = "cut needs [" + low + "," + high + "]";
    if (newest_held_.index != kNoWrite) {
        text += " lo=" + low + " (" + lab_.disk_text(newest_held_.disk) + " lba " +
                std::to_string(newest_held_.sector) + " = " +
                stamp_text(lab_.history.stamp(newest_held_.disk, newest_held_.index)) + ")";
    }
    if (misses_writes()) text += " > hi=" + high + " (" + missing_text() + ")";
    return text;
}

std::string ImageComparison::missing_text() const {
    return lab_.disk_text(oldest_missing_.disk) + " lba " + std::to_string(oldest_missing_.sector) +
           " misses " +
           stamp_text(lab_.history.stamp(oldest_missing_.disk, oldest_missing_.index)) + " acked " +
           time_text(oldest_missing_.at);
}

std::string ImageComparison::example_text() const {
    if (examples_.empty()) return "no sector is wrong";
    const WrongSector& first = examples_.front();
    return std::to_string(wrong_) + " of " + std::to_string(compared_) + " sectors wrong, first " +
           lab_.disk_text(first.disk) + " lba " + std::to_string(first.sector) + " holds " +
           stamp_text(first.found) + ", not " + stamp_text(first.expected);
}

std::string ImageComparison::foreign_text() const {
    return lab_.disk_text(foreign_.disk) + " lba " + std::to_string(foreign_.sector) + " holds " +
           stamp_text(foreign_.found) +
           (foreign_given_up_ ? " of a tail that was given up" : ", which nobody wrote there");
}

}  // namespace landfall::lab
