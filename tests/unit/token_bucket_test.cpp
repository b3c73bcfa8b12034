// tests/unit/token_bucket_test.cpp — throttles: exact integrals, and no window that gets too much.
#include "model/replication/flow/token_bucket.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"

namespace landfall {
namespace {

Instant at(Duration since_start) {
    return Instant(since_start);
}

RateSchedule two_piece_day(std::int64_t first, std::int64_t second) {
    return {nanoseconds(1000),
            {{nanoseconds(0), BytesPerSecond(first)}, {nanoseconds(400), BytesPerSecond(second)}},
            nanoseconds(250)};
}

/// The integral, nanosecond by nanosecond.
ByteNanoseconds counted(const RateSchedule& rate, std::int64_t from, std::int64_t to) {
    ByteNanoseconds sum = 0;
    for (std::int64_t t = from; t < to; ++t) sum += rate.at(at(nanoseconds(t))).count();
    return sum;
}

TEST(RateSchedule, AllowsWhatASumOverEveryNanosecondAllows) {
    const RateSchedule rate = two_piece_day(7, 3);
    for (const std::int64_t from : {0, 1, 149, 150, 151, 749, 750, 751, 999, 1000, 1750, 2049}) {
        for (const std::int64_t span : {0, 1, 2, 149, 150, 151, 600, 601, 999, 1000, 1001, 3456}) {
            EXPECT_TRUE(rate.allowed(at(nanoseconds(from)), at(nanoseconds(from + span))) ==
                        counted(rate, from, from + span))
                << from << " + " << span;
        }
    }
}

TEST(RateSchedule, AllowedAtIsTheFirstInstantThatAllowsTheAmount) {
    for (const RateSchedule& rate :
         {two_piece_day(7, 3), two_piece_day(0, 3), two_piece_day(5, 0)}) {
        for (std::int64_t from = 0; from < 2100; from += 50) {
            for (const std::int64_t amount : {1, 2, 1049, 1050, 1051, 4600, 4601, 20'000}) {
                const Instant begin = at(nanoseconds(from));
                const Instant end = rate.allowed_at(begin, amount);
                EXPECT_TRUE(rate.allowed(begin, end) >= amount);
                EXPECT_TRUE(rate.allowed(begin, end - nanoseconds(1)) < amount);
            }
        }
    }
}

TEST(RateSchedule, NeverAllowsAnythingAtRateZero) {
    const RateSchedule closed(BytesPerSecond(0));
    EXPECT_EQ(closed.allowed_at(at(seconds(5)), 1), Instant::never());
    EXPECT_EQ(closed.allowed_at(at(seconds(5)), 0), at(seconds(5)));
}

/// The documented bounds of the limit on a Hyper-V host: 512 Kbps in work hours, 1,023 Mbps else.
TEST(RateSchedule, FollowsTheWorkHoursOfAHost) {
    const BytesPerSecond work(512'000 / 8);
    const BytesPerSecond other(1'023'000'000 / 8);
    const RateSchedule rate =
        RateSchedule::work_hours(work, other, hours(9), hours(18), hours(8));  // starts at 8:00
    EXPECT_EQ(rate.at(at(minutes(59))), other);
    EXPECT_EQ(rate.at(at(hours(1))), work);
    EXPECT_EQ(rate.at(at(hours(10) - nanoseconds(1))), work);
    EXPECT_EQ(rate.at(at(hours(10))), other);
    EXPECT_EQ(rate.next_change(at(seconds(1))), at(hours(1)));
    EXPECT_EQ(rate.next_change(at(hours(1))), at(hours(10)));
    // Midnight is a change of piece without a change of rate.
    EXPECT_EQ(rate.next_change(at(hours(10))), at(hours(16)));
    // 9 h of 64,000 B/s and 15 h of 127,875,000 B/s.
    const ByteNanoseconds day = rate.allowed(at(hours(30)), at(hours(54)));
    EXPECT_EQ(static_cast<std::int64_t>(day / kNanosecondsPerSecond),
              9LL * 3600 * 64'000 + 15LL * 3600 * 127'875'000);
}

TEST(RateSchedule, WorkHoursMayFillTheDay) {
    const auto rate =
        RateSchedule::work_hours(BytesPerSecond(5), BytesPerSecond(9), hours(0), hours(24));
    EXPECT_EQ(rate.at(at(hours(23))), BytesPerSecond(5));
    EXPECT_EQ(rate.next_change(at(hours(23))), Instant::never());
}

TEST(RateSchedule, RefusesDisorder) {
    EXPECT_THROW(RateSchedule(hours(24), {}), InvariantViolation);
    EXPECT_THROW(RateSchedule(hours(24), {{hours(1), BytesPerSecond(1)}}), InvariantViolation);
    EXPECT_THROW(
        RateSchedule(hours(2), {{hours(0), BytesPerSecond(1)}, {hours(2), BytesPerSecond(2)}}),
        InvariantViolation);
    EXPECT_THROW(RateSchedule(BytesPerSecond(-1)), InvariantViolation);
    EXPECT_THROW(RateSchedule(hours(24), {{hours(0), BytesPerSecond(1)}}, hours(24)),
                 InvariantViolation);
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
        const auto fast = static_cast<std::int64_t>(random.below(3'000'000'000));
        const auto slow = static_cast<std::int64_t>(random.below(40'000'000)) + 1;
        const RateSchedule rate = two_piece_day(fast, slow);
        const Bytes burst(static_cast<std::int64_t>(random.below(500)) + 1);
        TokenBucket bucket(rate, burst);
        const std::vector<Take> takes = greedy_takes(bucket, random, burst);
        for (std::size_t first = 0; first < takes.size(); ++first) {
            ByteNanoseconds sent = 0;
            for (std::size_t last = first; last < takes.size(); ++last) {
                sent += static_cast<ByteNanoseconds>(takes[last].amount.count()) *
                        kNanosecondsPerSecond;
                const ByteNanoseconds bound =
                    rate.allowed(takes[first].when, takes[last].when) +
                    static_cast<ByteNanoseconds>(burst.count()) * kNanosecondsPerSecond;
                ASSERT_TRUE(sent <= bound) << "takes " << first << " to " << last;
            }
        }
    }
}

/// A third of a byte per nanosecond: after 3 billion nanoseconds not one byte is lost to rounding.
TEST(TokenBucket, LosesNothingToRoundingHoweverOftenItIsAsked) {
    TokenBucket often(RateSchedule(BytesPerSecond(333'333'333)), Bytes(1000));
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
    TokenBucket bucket(RateSchedule(BytesPerSecond(3)), Bytes(10));
    ASSERT_TRUE(bucket.take(Instant(), Bytes(10)));
    // One byte at 3 B/s: 333,333,333.3 ns, rounded up.
    const Instant ready = bucket.ready_at(Instant(), Bytes(1));
    EXPECT_EQ(ready, at(nanoseconds(333'333'334)));
    EXPECT_FALSE(bucket.take(ready - nanoseconds(1), Bytes(1)));
    EXPECT_TRUE(bucket.take(ready, Bytes(1)));
    EXPECT_EQ(bucket.ready_at(ready, Bytes(11)), Instant::never());
}

TEST(TokenBucket, KeepsItsSavingsWhenTheRateChanges) {
    TokenBucket bucket(RateSchedule(BytesPerSecond(100)), Bytes(1000));
    ASSERT_TRUE(bucket.take(Instant(), Bytes(1000)));
    bucket.set_rate(at(seconds(2)), RateSchedule(BytesPerSecond(1)));
    EXPECT_EQ(bucket.available(at(seconds(5))), Bytes(203));
    EXPECT_EQ(bucket.available(at(days(1))), Bytes(1000));
}

}  // namespace
}  // namespace landfall
