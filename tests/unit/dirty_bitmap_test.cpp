// tests/unit/dirty_bitmap_test.cpp — the dirty bitmap against one bool per chunk, its sizes, and
// the frozen and active pair.
#include "model/storage/dirty_bitmap.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "model/storage/bitmap_pair.hpp"

namespace landfall {
namespace {

/// One bool per chunk, with the rounding written out sector by sector.
struct Naive {
    std::uint64_t sectors;
    std::uint64_t grain;
    std::vector<bool> dirty = std::vector<bool>((sectors + grain - 1) / grain);

    [[nodiscard]] SectorRange chunk(std::uint64_t c) const {
        return {c * grain, std::min(grain, sectors - c * grain)};
    }
    void set(SectorRange range) {
        for (auto s = range.first; s < range.end(); ++s) dirty[s / grain] = true;
    }
    void clear(SectorRange range) {
        for (std::uint64_t c = 0; c < dirty.size(); ++c) {
            if (chunk(c).first >= range.first && chunk(c).end() <= range.end()) dirty[c] = false;
        }
    }
    [[nodiscard]] std::optional<SectorRange> next_run(std::uint64_t from,
                                                      std::uint64_t most) const {
        for (auto c = from / grain; from < sectors && c < dirty.size(); ++c) {
            if (!dirty[c]) continue;
            SectorRange run = chunk(c);
            for (auto n = c + 1; n < dirty.size() && dirty[n]; ++n) {
                if ((n - c + 1) * grain > most) break;
                run.count += chunk(n).count;
            }
            return run;
        }
        return std::nullopt;
    }
};

void expect_same(const DirtyBitmap& bitmap, const Naive& naive, std::uint64_t draw) {
    std::uint64_t count = 0;
    std::uint64_t sectors = 0;
    for (std::uint64_t c = 0; c < naive.dirty.size(); ++c) {
        const auto [first, length] = naive.chunk(c);
        ASSERT_EQ(bitmap.is_set(first), naive.dirty[c]) << "chunk " << c;
        ASSERT_EQ(bitmap.is_set(first + length - 1), naive.dirty[c]) << "chunk " << c;
        count += naive.dirty[c] ? 1 : 0;
        sectors += naive.dirty[c] ? length : 0;
    }
    EXPECT_EQ(bitmap.count(), count);
    EXPECT_EQ(bitmap.dirty_sectors(), sectors);
    EXPECT_EQ(bitmap.any(), count > 0);
    const std::uint64_t from = draw % (naive.sectors + 3);
    EXPECT_EQ(bitmap.next(from), naive.next_run(from, naive.grain));
    EXPECT_EQ(bitmap.next_run(from, draw % 50), naive.next_run(from, draw % 50));
    EXPECT_EQ(bitmap.next_run(0, naive.sectors + naive.grain),
              naive.next_run(0, naive.sectors + naive.grain));
}

SectorRange random_range(std::mt19937_64& random, std::uint64_t sectors) {
    const std::uint64_t first = random() % (sectors + 1);
    const std::uint64_t longest = random() % 4 == 0 ? sectors - first : 70;
    return {first, std::min(sectors - first, random() % (longest + 1))};
}

struct Shape {
    std::uint64_t sectors;
    std::uint64_t grain;
};

class DirtyBitmapShape : public testing::TestWithParam<Shape> {};

/// Single words, exact words, words and a bit, two and three levels, and partial last chunks.
INSTANTIATE_TEST_SUITE_P(Odd, DirtyBitmapShape,
                         testing::Values(Shape{1, 1}, Shape{1, 16}, Shape{63, 1}, Shape{64, 1},
                                         Shape{65, 1}, Shape{127, 8}, Shape{513, 8}, Shape{4097, 1},
                                         Shape{1000, 16}, Shape{4096, 16}, Shape{9001, 2}),
                         [](const auto& info) {
                             return std::to_string(info.param.sectors) + "by" +
                                    std::to_string(info.param.grain);
                         });

TEST_P(DirtyBitmapShape, SaysWhatOneBoolPerChunkWould) {
    const auto [sectors, grain] = GetParam();
    const int steps = sectors > 1000 ? 60 : 250;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        std::mt19937_64 random(seed);
        DirtyBitmap bitmap(sectors, grain);
        Naive naive{sectors, grain};
        for (int step = 0; step < steps; ++step) {
            const SectorRange range = random_range(random, sectors);
            if (random() % 5 < (step / 40 % 2 == 0 ? 3U : 1U)) {
                bitmap.set(range);
                naive.set(range);
            } else {
                bitmap.clear(range);
                naive.clear(range);
            }
            ASSERT_NO_FATAL_FAILURE(expect_same(bitmap, naive, random()))
                << "seed " << seed << " step " << step;
        }
        EXPECT_EQ(DirtyBitmap::from_words(sectors, grain, bitmap.words()), bitmap);
        bitmap.clear_all();
        EXPECT_EQ(bitmap, DirtyBitmap(sectors, grain));
        EXPECT_EQ(bitmap.next(0), std::nullopt);
    }
}

TEST_P(DirtyBitmapShape, MergesToTheUnionWhateverTheGrains) {
    const auto [sectors, grain] = GetParam();
    for (const std::uint64_t other_grain : {grain, grain * 4, std::uint64_t{1}}) {
        std::mt19937_64 random(sectors);
        DirtyBitmap bitmap(sectors, grain);
        DirtyBitmap other(sectors, other_grain);
        Naive naive{sectors, grain};
        for (int k = 0; k < 4; ++k) {
            const SectorRange mine = random_range(random, sectors);
            const SectorRange theirs = random_range(random, sectors);
            bitmap.set(mine);
            naive.set(mine);
            other.set(theirs);
        }
        for (std::uint64_t s = 0; s < sectors; ++s) {
            if (other.is_set(s)) naive.set({s, 1});
        }
        bitmap.merge(other);
        ASSERT_NO_FATAL_FAILURE(expect_same(bitmap, naive, random()));
    }
}

TEST(DirtyBitmap, RoundsSetOutwardAndClearInward) {
    DirtyBitmap bitmap(100, 16);  // chunks of 16, the last one 96..99
    bitmap.set({15, 2});
    EXPECT_EQ(bitmap.dirty_sectors(), 32U) << "both chunks that the range touches";
    bitmap.clear({1, 31});
    EXPECT_TRUE(bitmap.is_set(0)) << "sector 0 may still differ";
    EXPECT_FALSE(bitmap.is_set(16));
    bitmap.set({99, 1});
    EXPECT_EQ(bitmap.next(17), (SectorRange{96, 4})) << "clipped to the disk";
    bitmap.clear({96, 3});
    EXPECT_TRUE(bitmap.is_set(99));
    bitmap.clear({96, 4});
    EXPECT_FALSE(bitmap.is_set(99)) << "the range that ends with the disk covers its last chunk";
}

/// Bytes = ceil(ceil(size / grain) / 8), A1; sectors of 4 KiB.
TEST(DirtyBitmap, TakesTheMemoryThatTheFormulaSays) {
    struct Case {
        std::uint64_t disk, grain, bytes;
    };
    constexpr std::uint64_t kKiB = 1024, kMiB = kKiB * kKiB, kTiB = kMiB * kMiB, kSector = 4096;
    for (const auto& [disk, grain, bytes] :
         {Case{2 * kTiB, 64 * kKiB, 4 * kMiB}, Case{kTiB, 4 * kKiB, 32 * kMiB},
          Case{kTiB, kMiB, 128 * kKiB}, Case{1024 * kTiB, 4 * kKiB, 32 * kKiB * kMiB},
          Case{64 * kKiB + kSector, 64 * kKiB, 1}}) {
        EXPECT_EQ(DirtyBitmap::stored_bytes(disk / kSector, grain / kSector), bytes);
    }
    // The upper levels add 1/64 + 1/4096 + ... < 1/63, and less than a word each for rounding up.
    const DirtyBitmap bitmap(2 * kTiB / kSector, 64 * kKiB / kSector);
    EXPECT_GE(bitmap.memory_bytes(), 4 * kMiB);
    EXPECT_LE(bitmap.memory_bytes(), 4 * kMiB + 4 * kMiB / 63 + 4 * sizeof(std::uint64_t));
}

TEST(DirtyBitmap, RefusesShapesAndRangesThatCannotBe) {
    EXPECT_THROW(DirtyBitmap(100, 0), InvariantViolation);
    EXPECT_THROW(DirtyBitmap(100, 3), InvariantViolation);
    DirtyBitmap bitmap(100, 16);
    EXPECT_THROW(bitmap.set({99, 2}), InvariantViolation);
    EXPECT_THROW(bitmap.clear({0, 101}), InvariantViolation);
    EXPECT_THROW(bitmap.merge(DirtyBitmap(101, 16)), InvariantViolation);
    const std::vector<std::uint64_t> beyond = {1U << 7};  // seven chunks: bits 0 to 6
    EXPECT_THROW((void)DirtyBitmap::from_words(100, 16, beyond), InvariantViolation);
    DirtyBitmap nothing(0, 16);
    nothing.set({0, 0});
    EXPECT_EQ(nothing.next(0), std::nullopt);
}

/// A2: whatever is marked is in the frozen or in the active one until a cycle that froze it ended
/// well; a cycle that ended badly loses nothing.
TEST(BitmapPair, LosesNoMarkWhateverTheCyclesDo) {
    constexpr std::uint64_t kSectors = 300;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        std::mt19937_64 random(seed);
        BitmapPair pair(kSectors, 4);
        DirtyBitmap since(kSectors, 4);   // marked since the cycle began
        DirtyBitmap before(kSectors, 4);  // marked before, and not yet copied
        for (int step = 0; step < 200; ++step) {
            const auto what = random() % 10;
            if (what < 6) {
                const SectorRange range = random_range(random, kSectors);
                pair.mark(range);
                since.set(range);
            } else if (!pair.has_frozen()) {
                pair.freeze();
                before = since;
                since.clear_all();
                EXPECT_FALSE(pair.active().any());
            } else if (what < 8) {
                pair.drop_frozen();
                before.clear_all();
            } else {
                pair.restore_frozen();
                since.merge(before);
                before.clear_all();
            }
            ASSERT_EQ(pair.active(), since);
            ASSERT_TRUE(!pair.has_frozen() || pair.frozen() == before);
        }
    }
}

TEST(BitmapPair, HasOneCycleAtATime) {
    BitmapPair pair(10, 1);
    EXPECT_THROW(pair.drop_frozen(), InvariantViolation);
    EXPECT_THROW(pair.restore_frozen(), InvariantViolation);
    EXPECT_THROW((void)pair.frozen(), InvariantViolation);
    pair.freeze();
    EXPECT_THROW(pair.freeze(), InvariantViolation);
}

}  // namespace
}  // namespace landfall
