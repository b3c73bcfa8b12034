// tests/unit/random_streams_test.cpp — draws that depend on names only, and are what they claim to
// be.
#include "sim/kernel/random_streams.hpp"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "model/base/check.hpp"

namespace landfall::kernel {
namespace {

constexpr int kDraws = 200'000;

TEST(RandomStreams, SeedsAreStableForEver) {
    // FNV-1a of "web-1", 0, "churn", 0, mixed with the seed: worked out once, independently.
    EXPECT_EQ(mix_bits(0), 0xE220A8397B1DCDAFULL) << "SplitMix64's first output for seed 0";
    EXPECT_EQ(stream_seed(1, "web-1", "churn"), 0xB58EBFCFC4B7511CULL);
}

TEST(RandomStreams, DifferByEveryPartOfTheirName) {
    std::set<std::uint64_t> seeds;
    for (const std::uint64_t seed : {0ULL, 1ULL, 2ULL}) {
        for (const char* entity : {"", "a", "ab", "web-1", "web-2"}) {
            for (const char* purpose : {"", "b", "churn", "phase"}) {
                seeds.insert(stream_seed(seed, entity, purpose));
            }
        }
    }
    EXPECT_EQ(seeds.size(), 3U * 5U * 4U);
    EXPECT_NE(stream_seed(1, "ab", "c"), stream_seed(1, "a", "bc"));
}

TEST(RandomStreams, RepeatAndDoNotDisturbOneAnother) {
    RandomStream first(1, "web-1", "churn");
    RandomStream second(1, "web-2", "churn");
    RandomStream again(1, "web-1", "churn");
    for (int i = 0; i < 100; ++i) {
        second.normal(0, 1);
        EXPECT_EQ(first.uniform01(), again.uniform01());
    }
}

TEST(RandomStreams, UniformFillsTheUnitInterval) {
    RandomStream stream(7);
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < kDraws; ++i) {
        const double draw = stream.uniform01();
        ASSERT_GE(draw, 0);
        ASSERT_LT(draw, 1);
        sum += draw;
        squares += draw * draw;
    }
    EXPECT_NEAR(sum / kDraws, 0.5, 4 * std::sqrt(1.0 / 12 / kDraws));
    EXPECT_NEAR(squares / kDraws, 1.0 / 3, 4 * 0.3 / std::sqrt(kDraws));
}

TEST(RandomStreams, FirstDrawsOfNeighbouringStreamsAreUnrelated) {
    // One draw from each of many streams, as the churn of a slot takes it, is as good as many of
    // one.
    const std::uint64_t stream = stream_seed(1, "web-1", "churn");
    double sum = 0;
    double squares = 0;
    double products = 0;
    double last = 0;
    for (int i = 0; i < kDraws; ++i) {
        const double draw =
            RandomStream(member_seed(stream, static_cast<std::uint64_t>(i))).normal(0, 1);
        sum += draw;
        squares += draw * draw;
        products += draw * last;
        last = draw;
    }
    EXPECT_NEAR(sum / kDraws, 0, 4 / std::sqrt(kDraws));
    EXPECT_NEAR(squares / kDraws, 1, 4 * std::sqrt(2.0 / kDraws));
    EXPECT_NEAR(products / kDraws, 0, 4 / std::sqrt(kDraws)) << "correlation of neighbours";
}

TEST(RandomStreams, NormalExponentialAndLognormalHaveTheirMoments) {
    RandomStream stream(3);
    double normal = 0;
    double exponential = 0;
    double lognormal = 0;
    for (int i = 0; i < kDraws; ++i) {
        normal += stream.normal(5, 2);
        exponential += stream.exponential(3);
        lognormal += stream.lognormal_factor(0.4);
    }
    EXPECT_NEAR(normal / kDraws, 5, 4 * 2 / std::sqrt(kDraws));
    EXPECT_NEAR(exponential / kDraws, 3, 4 * 3 / std::sqrt(kDraws));
    EXPECT_NEAR(lognormal / kDraws, 1, 4 * 0.42 / std::sqrt(kDraws));
    EXPECT_EQ(stream.lognormal_factor(0), 1.0);
}

TEST(RandomStreams, WholeNumbersAreEvenAndWithinBounds) {
    RandomStream stream(5);
    int counts[6] = {};
    for (int i = 0; i < kDraws; ++i) ++counts[stream.below(6)];
    for (const int count : counts) {
        EXPECT_NEAR(count, kDraws / 6.0, 4 * std::sqrt(kDraws * (1.0 / 6) * (5.0 / 6)));
    }
    EXPECT_EQ(stream.below(1), 0U);
}

TEST(RandomStreams, RefuseWhatIsNoDistribution) {
    RandomStream stream(1);
    EXPECT_THROW(stream.normal(0, -1), InvariantViolation);
    EXPECT_THROW(stream.exponential(0), InvariantViolation);
    EXPECT_THROW(stream.below(0), InvariantViolation);
}

}  // namespace
}  // namespace landfall::kernel
