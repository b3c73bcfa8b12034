// tests/unit/rpo_statistics_test.cpp — time-weighted statistics against a brute-force count.
#include "sim/record/rpo_statistics.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"

namespace landfall::record {
namespace {

TEST(RpoStatistics, OfASawtoothAreThoseOfAUniformAge) {
    // A cycle of P = 300 s shipped in S = 120 s: ages are uniform on [S, S + P).
    RpoStatistics statistics;
    for (int k = 0; k < 1000; ++k) statistics.add_ramp(seconds(120), seconds(420));
    EXPECT_NEAR(statistics.mean(), 270, 1e-9);
    EXPECT_NEAR(statistics.quantile(0.5), 270, 0.5);
    EXPECT_NEAR(statistics.quantile(0.95), 405, 0.5);
    EXPECT_DOUBLE_EQ(statistics.maximum(), 420);
    EXPECT_DOUBLE_EQ(statistics.seconds(), 300'000);
}

TEST(RpoStatistics, QuantilesAgreeWithACountOfEverySecond) {
    RpoStatistics statistics;
    RpoStatistics halves[2];
    kernel::RandomStream random(7, "test", "ramps");
    std::vector<double> every_second;
    for (int k = 0; k < 2000; ++k) {
        const auto from = static_cast<std::int64_t>(random.below(200));
        const bool outage = random.below(1000) == 0;
        const auto to = from + 300 + static_cast<std::int64_t>(outage ? random.below(100'000) : 0);
        statistics.add_ramp(seconds(from), seconds(to));
        halves[k % 2].add_ramp(seconds(from), seconds(to));
        for (std::int64_t t = from; t < to; ++t)
            every_second.push_back(static_cast<double>(t) + 0.5);
    }
    std::sort(every_second.begin(), every_second.end());
    halves[0].merge(halves[1]);
    for (const double share : {0.05, 0.5, 0.9, 0.95, 0.99}) {
        const double exact = every_second[static_cast<std::size_t>(
            share * static_cast<double>(every_second.size()))];
        EXPECT_NEAR(statistics.quantile(share), exact, 0.005 * exact + 0.5) << share;
        EXPECT_DOUBLE_EQ(halves[0].quantile(share), statistics.quantile(share));
    }
}

TEST(RpoStatistics, OfNothingAreNotNumbers) {
    const RpoStatistics statistics;
    EXPECT_TRUE(statistics.empty());
    EXPECT_TRUE(std::isnan(statistics.mean()));
    EXPECT_TRUE(std::isnan(statistics.quantile(0.5)));
}

}  // namespace
}  // namespace landfall::record
