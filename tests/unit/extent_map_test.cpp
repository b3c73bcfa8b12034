// tests/unit/extent_map_test.cpp — the extent map against an array with one place per sector.
#include "model/storage/extent_map.hpp"

#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace landfall {
namespace {

using Naive = std::vector<std::optional<int>>;

/// Everything a map says, compared with the array; and the laws of the map's form.
void expect_same(const ExtentMap<int>& map, const Naive& naive) {
    std::uint64_t covered = 0;
    for (std::uint64_t sector = 0; sector < naive.size(); ++sector) {
        ASSERT_EQ(map.at(sector), naive[sector]) << "sector " << sector;
        covered += naive[sector].has_value() ? 1 : 0;
    }
    EXPECT_EQ(map.covered(), covered);
    EXPECT_EQ(map.empty(), covered == 0);
    std::size_t runs = 0;
    std::uint64_t last_end = 0;
    std::optional<int> last_value;
    for (const auto& run : map) {
        ASSERT_FALSE(run.range.empty());
        ASSERT_GE(run.range.first, last_end);
        ASSERT_FALSE(runs > 0 && run.range.first == last_end && run.value == *last_value)
            << "equal neighbours are one run";
        last_end = run.range.end();
        last_value = run.value;
        ++runs;
    }
    EXPECT_EQ(map.runs(), runs);
}

TEST(ExtentMap, SaysWhatAnArrayWouldSay) {
    constexpr std::uint64_t kSectors = 60;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        std::mt19937_64 random(seed);
        ExtentMap<int> map;
        Naive naive(kSectors);
        for (int step = 0; step < 120; ++step) {
            const std::uint64_t first = random() % kSectors;
            const SectorRange range{first,
                                    random() % std::min<std::uint64_t>(kSectors - first, 20)};
            const bool assigns = random() % 3 != 0;
            const int value = static_cast<int>(random() % 3);
            if (assigns) {
                map.assign(range, value);
            } else {
                map.erase(range);
            }
            for (auto s = range.first; s < range.end(); ++s) {
                naive[s] = assigns ? std::optional(value) : std::nullopt;
            }
            ASSERT_NO_FATAL_FAILURE(expect_same(map, naive)) << "seed " << seed << " step " << step;
        }
    }
}

TEST(ExtentMap, VisitsExactlyWhatLiesInTheRangeAndInOrder) {
    std::mt19937_64 random(7);
    constexpr std::uint64_t kSectors = 64;
    ExtentMap<int> map;
    Naive naive(kSectors);
    for (int k = 0; k < 12; ++k) {
        const std::uint64_t first = random() % kSectors;
        map.assign({first, 1}, k);
        naive[first] = k;
    }
    map.assign({20, 9}, 100);
    for (auto s = 20; s < 29; ++s) naive[s] = 100;
    for (std::uint64_t first = 0; first < kSectors; ++first) {
        for (std::uint64_t count = 0; first + count <= kSectors; ++count) {
            Naive seen(kSectors);
            std::uint64_t from = first;
            map.visit({first, count}, [&](SectorRange part, int value) {
                ASSERT_GE(part.first, from);
                ASSERT_LE(part.end(), first + count);
                from = part.end();
                for (auto s = part.first; s < part.end(); ++s) seen[s] = value;
            });
            for (auto s = first; s < first + count; ++s) ASSERT_EQ(seen[s], naive[s]);
        }
    }
}

TEST(ExtentMap, SplitsNeighboursAndMergesEqualOnes) {
    ExtentMap<int> map;
    map.assign({0, 10}, 1);
    map.assign({4, 2}, 2);
    EXPECT_EQ(map.runs(), 3U);  // 0..3, 4..5, 6..9
    map.assign({4, 2}, 1);
    EXPECT_EQ(map.runs(), 1U);
    map.erase({3, 4});
    EXPECT_EQ(map.runs(), 2U);
    EXPECT_EQ(map.covered(), 6U);  // 0..2 and 7..9
    map.assign({3, 4}, 1);
    ExtentMap<int> whole;
    whole.assign({0, 10}, 1);
    EXPECT_EQ(map, whole) << "equal content, equal maps";
    map.clear();
    EXPECT_TRUE(map.empty());
    EXPECT_EQ(map.covered(), 0U);
}

TEST(ExtentMap, RefusesARangeThatPassesTheEndOfTheNumbers) {
    ExtentMap<int> map;
    EXPECT_THROW(map.assign({2, ~std::uint64_t{0}}, 1), InvariantViolation);
}

}  // namespace
}  // namespace landfall
