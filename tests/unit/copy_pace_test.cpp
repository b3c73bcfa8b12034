// tests/unit/copy_pace_test.cpp — copies give way to changes, and never starve.
#include "model/replication/flow/copy_pace.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"

namespace landfall {
namespace {

constexpr ResyncRateSettings kSettings{.interval = seconds(1),
                                       .plan_ahead = seconds(20),
                                       .delay_target = seconds(10),
                                       .fill_target = Bytes(0),
                                       .start_rate = BytesPerSecond(1'000'000),
                                       .most_in_flight = Bytes(1'000'000'000)};

struct Taken {
    Instant when;
    std::int64_t bytes;
};

/// Asks at random moments of an hour, and lets what is under way arrive whenever it likes.
std::vector<Taken> asked(BytesPerSecond least, std::uint64_t seed, bool changes_wait) {
    kernel::RandomStream random(seed, "test", "copy pace");
    CopyPace pace(kSettings, least);
    std::vector<Taken> all;
    std::int64_t in_flight = 0;
    Instant now;
    while (now < Instant(hours(1))) {
        now = now + nanoseconds(1 + static_cast<std::int64_t>(random.below(2'000'000'000)));
        if (random.below(5) == 0) {
            pace.on_gone(Bytes(in_flight));
            in_flight = 0;
        }
        const Bytes allowed = pace.allowed(now, changes_wait);
        pace.on_taken(now, allowed);
        in_flight += allowed.count();
        all.push_back({now, allowed.count()});
        EXPECT_LE(in_flight, kSettings.most_in_flight.count());
    }
    return all;
}

/// At most the least rate times the window, and two of its steps: over every window.
TEST(CopyPace, TakesNoMoreThanTheLeastRateBesideChangesThatWait) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const std::int64_t least = 1000 * static_cast<std::int64_t>(seed * seed);
        const auto all = asked(BytesPerSecond(least), seed, true);
        for (std::size_t from = 0; from < all.size(); from += 7) {
            std::int64_t sum = 0;
            for (std::size_t to = from; to < all.size(); ++to) {
                sum += all[to].bytes;
                const double span = to_seconds(all[to].when - all[from].when);
                ASSERT_LE(static_cast<double>(sum), static_cast<double>(least) * (span + 2) + 1);
            }
        }
    }
}

/// Nine tenths of the least rate at least, asked once a second: changes wait all the time, and the
/// copy goes on none the less.
TEST(CopyPace, NeverStarvesBesideChangesThatWaitForEver) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const std::int64_t least = 1000 * static_cast<std::int64_t>(seed * seed);
        std::int64_t sum = 0;
        for (const Taken& taken : asked(BytesPerSecond(least), seed, true)) sum += taken.bytes;
        EXPECT_GT(sum, least * 3600 * 9 / 10) << "seed " << seed;
    }
}

TEST(CopyPace, TakesMoreThanTheLeastRateWhenNothingWaits) {
    const BytesPerSecond least(1000);
    std::int64_t sum = 0;
    for (const Taken& taken : asked(least, 3, false)) sum += taken.bytes;
    EXPECT_GT(sum, 100 * least.count() * 3600);
}

TEST(CopyPace, RefusesToStopACopyForGood) {
    EXPECT_THROW(CopyPace(kSettings, BytesPerSecond(0)), InvariantViolation);
    CopyPace pace(kSettings, BytesPerSecond(1000));
    const Bytes allowed = pace.allowed(Instant(seconds(1)), true);
    EXPECT_EQ(allowed, Bytes(2000)) << "two steps of the least rate";
    EXPECT_THROW(pace.on_taken(Instant(seconds(1)), allowed * 2000), InvariantViolation);
}

}  // namespace
}  // namespace landfall
