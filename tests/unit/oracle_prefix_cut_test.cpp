// tests/unit/oracle_prefix_cut_test.cpp — the cut tests against all images of all small histories.
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "sim/lab/prefix_cut.hpp"

namespace landfall::lab {
namespace {

using Image = std::vector<Stamp>;

class ImageReader : public BlockReader {
  public:
    explicit ImageReader(std::vector<Image> disks) : disks_(std::move(disks)) {}
    void read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const override {
        const Image& image = disks_[disk.value];
        std::copy_n(image.begin() + static_cast<std::ptrdiff_t>(first), out.size(), out.begin());
    }

  private:
    std::vector<Image> disks_;
};

/// Calls visit(choice) for every choice of one of limits[k] values at each place k.
template <typename Visit>
void for_all_choices(const std::vector<std::uint64_t>& limits, Visit&& visit) {
    std::vector<std::uint64_t> choice(limits.size(), 0);
    for (;;) {
        visit(choice);
        std::size_t k = 0;
        while (k < limits.size() && ++choice[k] == limits[k]) choice[k++] = 0;
        if (k == limits.size()) return;
    }
}

/// Calls visit(image) for every image whose sectors hold nothing or a write that covers them.
template <typename Visit>
void for_all_images(std::uint64_t sectors, const std::vector<SectorRange>& writes, Visit&& visit) {
    std::vector<Image> holds(sectors, {0});
    for (std::size_t w = 0; w < writes.size(); ++w) {
        for (std::uint64_t s = writes[w].first; s < writes[w].end(); ++s) holds[s].push_back(w + 1);
    }
    std::vector<std::uint64_t> limits;
    for (const Image& stamps : holds) limits.push_back(stamps.size());
    for_all_choices(limits, [&](const std::vector<std::uint64_t>& choice) {
        Image image;
        for (std::uint64_t s = 0; s < sectors; ++s) image.push_back(holds[s][choice[s]]);
        visit(image);
    });
}

TEST(PrefixCut, TotalOrderAgreesWithTryingEveryPrefixOfEverySmallHistory) {
    constexpr std::uint64_t kSectors = 3;
    const std::vector<SectorRange> ranges{{0, 1}, {1, 1}, {2, 1}, {0, 2}, {1, 2}, {0, 3}};
    std::uint64_t images = 0;
    std::uint64_t prefixes = 0;
    for (std::size_t length = 0; length <= 4; ++length) {
        for_all_choices(std::vector<std::uint64_t>(length, ranges.size()), [&](const auto& pick) {
            WriteHistory history(std::vector<DiskGeometry>{{.sectors = kSectors}});
            std::vector<SectorRange> writes;
            std::vector<Image> states{Image(kSectors)};
            for (std::size_t w = 0; w < length; ++w) {
                writes.push_back(ranges[pick[w]]);
                history.add(DiskId(0), {.stamp = w + 1,
                                        .at = Instant(Duration(static_cast<std::int64_t>(w))),
                                        .range = writes[w]});
                states.push_back(states.back());
                for (std::uint64_t s = writes[w].first; s < writes[w].end(); ++s)
                    states.back()[s] = w + 1;
            }
            for_all_images(kSectors, writes, [&](const Image& image) {
                std::uint64_t state = 0;
                while (state < states.size() && states[state] != image) ++state;
                const DiskCut cut = disk_cut(history, DiskId(0), ImageReader({image}));
                ++images;
                ASSERT_EQ(cut.consistent(), state < states.size());
                if (!cut.consistent()) return;
                ++prefixes;
                // The loss is exact: the state of the cut, and every later write is missing.
                EXPECT_EQ(cut.lost, length - state);
                EXPECT_EQ(cut.positions.low(), state);
            });
        });
    }
    EXPECT_GT(images, 20'000U);
    EXPECT_GT(prefixes, 5'000U);
}

struct Piece {  // one write's part in one sector
    std::uint64_t sector;
    std::int64_t submitted;
    std::int64_t completed;
};

/// Images of all sets of pieces that are closed under "completed before it was submitted" and, in
/// each sector, under the order of the source.
std::set<Image> crash_images(std::uint64_t sectors, const std::vector<Piece>& pieces) {
    std::set<Image> images;
    for (std::uint32_t set = 0; set < 1U << pieces.size(); ++set) {
        bool closed = true;
        Image image(sectors);
        for (std::size_t v = 0; v < pieces.size() && closed; ++v) {
            if ((set >> v & 1U) == 0) continue;
            image[pieces[v].sector] = v + 1;
            for (std::size_t w = 0; w < pieces.size(); ++w) {
                const bool before = pieces[w].completed < pieces[v].submitted ||
                                    (w < v && pieces[w].sector == pieces[v].sector);
                if (before && (set >> w & 1U) == 0) closed = false;
            }
        }
        if (closed) images.insert(image);
    }
    return images;
}

TEST(PrefixCut, IntervalOrderAgreesWithTryingEveryCrashOfOverlappingWrites) {
    constexpr std::uint64_t kSectors = 3;
    std::uint64_t images = 0;
    std::uint64_t mismatches = 0;
    // Four writes, each with a sector and a length; submitted one after the other, on one sector
    // only after the write before it completed.
    for_all_choices({3, 3, 3, 3, 4, 4, 4, 4}, [&](const std::vector<std::uint64_t>& pick) {
        std::vector<Piece> pieces;
        std::vector<SectorRange> writes;
        for (std::size_t w = 0; w < 4; ++w) {
            const auto submitted = static_cast<std::int64_t>(2 * w);
            for (const Piece& earlier : pieces) {
                if (earlier.sector == pick[w] && earlier.completed >= submitted) return;
            }
            pieces.push_back(
                {pick[w], submitted, submitted + 1 + 2 * static_cast<std::int64_t>(pick[4 + w])});
            writes.push_back({pick[w], 1});
        }
        const std::set<Image> valid = crash_images(kSectors, pieces);
        for_all_images(kSectors, writes, [&](const Image& image) {
            CutBounds bounds;
            for (std::uint64_t s = 0; s < kSectors; ++s) {
                if (image[s] != 0)
                    bounds.at_least(static_cast<std::uint64_t>(pieces[image[s] - 1].submitted), s);
                for (std::size_t w = image[s]; w < pieces.size(); ++w) {
                    if (pieces[w].sector != s) continue;
                    bounds.at_most(static_cast<std::uint64_t>(pieces[w].completed), s);
                    break;
                }
            }
            ++images;
            if (bounds.consistent() != valid.contains(image)) ++mismatches;
        });
    });
    EXPECT_EQ(mismatches, 0U);
    EXPECT_GT(images, 20'000U);
}

TEST(PrefixCut, DisksOfAMachineShowOneInstant) {
    WriteHistory history(std::vector<DiskGeometry>{{.sectors = 2}, {.sectors = 2}});
    const std::vector<DiskId> disks{DiskId(0), DiskId(1)};
    const auto add = [&](std::size_t disk, Stamp stamp, std::int64_t at) {
        history.add(DiskId(disk), {.stamp = stamp, .at = Instant(Duration(at)), .range = {0, 1}});
    };
    add(0, 1, 10);
    add(1, 1, 20);
    add(0, 2, 30);
    add(1, 2, 30);  // at one instant: not ordered with the write before
    struct Case {
        Stamp first, second;
        bool consistent;
        std::uint64_t lost;
    };
    for (const Case& c : {Case{0, 0, true, 4}, Case{1, 0, true, 3}, Case{0, 1, false, 3},
                          Case{1, 1, true, 2}, Case{2, 0, false, 2}, Case{2, 1, true, 1},
                          Case{1, 2, true, 1}, Case{2, 2, true, 0}, Case{3, 2, false, 0}}) {
        const CommonCut cut =
            common_cut(history, disks, ImageReader({{c.first, 0}, {c.second, 0}}));
        EXPECT_EQ(cut.consistent, c.consistent) << c.first << ' ' << c.second;
        if (c.consistent) {
            EXPECT_EQ(cut.lost, c.lost) << c.first << ' ' << c.second;
        }
    }
}

}  // namespace
}  // namespace landfall::lab
