// tests/unit/token_bucket_test.cpp — throttles: nothing lost to rounding, no window gets too much.
#include "model/replication/flow/token_bucket.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"

namespace landfall {
namespace {

Instant at(Duration since_start) {
    return Instant(since_start);
}

struct Take {
    Instant when;
    Bytes amount;
};

/// Draws of random size at random times, as much as the bucket gives.
std::vector<Take> greedy_takes(TokenBucket& bucket, kernel::RandomStream& random, Bytes burst) {
    std::vector<Take> takes;
    Instant now;
    for (int i = 0; i < 250; ++i) {
        if (random.below(3) != 0)
            now = now + nanoseconds(static_cast<std::int64_t>(random.below(300)));
        Bytes amount(
            static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(burst.count()))));
        if (random.below(4) == 0) {
            now = bucket.ready_at(now, amount);
        } else {
            amount = std::min(amount, bucket.available(now));
        }
        EXPECT_TRUE(bucket.take(now, amount));
        EXPECT_FALSE(bucket.take(now, bucket.available(now) + Bytes(1)));
        takes.push_back({now, amount});
    }
    return takes;
}

/// S25 over all windows that begin and end with a take; every other window holds no more takes and
/// allows no less.
TEST(TokenBucket, GivesNoWindowMoreThanItsRateAndTheBurst) {
    kernel::RandomStream random(11, "test", "bucket");
    for (int round = 0; round < 40; ++round) {
        const std::uint64_t most = round % 2 == 0 ? 3'000'000'000 : 40'000'000;
        const BytesPerSecond rate(static_cast<std::int64_t>(random.below(most)) + 1);
        const Bytes burst(static_cast<std::int64_t>(random.below(500)) + 1);
        TokenBucket bucket(rate, burst);
        const std::vector<Take> takes = greedy_takes(bucket, random, burst);
        for (std::size_t first = 0; first < takes.size(); ++first) {
            ByteNanoseconds sent = 0;
            for (std::size_t last = first; last < takes.size(); ++last) {
                sent += static_cast<ByteNanoseconds>(takes[last].amount.count()) *
                        kNanosecondsPerSecond;
                const ByteNanoseconds bound =
                    static_cast<ByteNanoseconds>((takes[last].when - takes[first].when).count()) *
                        rate.count() +
                    static_cast<ByteNanoseconds>(burst.count()) * kNanosecondsPerSecond;
                ASSERT_TRUE(sent <= bound) << "takes " << first << " to " << last;
            }
        }
    }
}

/// A third of a byte per nanosecond: after 3 billion nanoseconds not one byte is lost to rounding.
TEST(TokenBucket, LosesNothingToRoundingHoweverOftenItIsAsked) {
    TokenBucket often(BytesPerSecond(333'333'333), Bytes(1000));
    ASSERT_TRUE(often.take(Instant(), Bytes(1000)));
    std::int64_t taken = 0;
    for (std::int64_t t = 1; t <= 30'000; ++t) {
        const Bytes amount = often.available(at(nanoseconds(t)));
        ASSERT_TRUE(often.take(at(nanoseconds(t)), amount));
        taken += amount.count();
    }
    EXPECT_EQ(taken, 333'333'333LL * 30'000 / kNanosecondsPerSecond);
}

TEST(TokenBucket, IsReadyExactlyWhenItSays) {
    TokenBucket bucket(BytesPerSecond(3), Bytes(10));
    ASSERT_TRUE(bucket.take(Instant(), Bytes(10)));
    // One byte at 3 B/s: 333,333,333.3 ns, rounded up.
    const Instant ready = bucket.ready_at(Instant(), Bytes(1));
    EXPECT_EQ(ready, at(nanoseconds(333'333'334)));
    EXPECT_FALSE(bucket.take(ready - nanoseconds(1), Bytes(1)));
    EXPECT_TRUE(bucket.take(ready, Bytes(1)));
    EXPECT_EQ(bucket.ready_at(ready, Bytes(11)), Instant::never());
}

TEST(TokenBucket, NeverRefillsAtRateZero) {
    TokenBucket closed(BytesPerSecond(0), Bytes(7));
    EXPECT_EQ(closed.burst(), Bytes(7));
    EXPECT_EQ(closed.ready_at(at(seconds(5)), Bytes(7)), at(seconds(5)));
    ASSERT_TRUE(closed.take(at(seconds(5)), Bytes(7)));
    EXPECT_EQ(closed.ready_at(at(seconds(5)), Bytes(1)), Instant::never());
    EXPECT_EQ(closed.ready_at(at(seconds(5)), Bytes(0)), at(seconds(5)));
    EXPECT_THROW(TokenBucket(BytesPerSecond(-1), Bytes(1)), InvariantViolation);
    EXPECT_THROW(TokenBucket(BytesPerSecond(1), Bytes(0)), InvariantViolation);
}

}  // namespace
}  // namespace landfall
