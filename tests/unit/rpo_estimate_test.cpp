// tests/unit/rpo_estimate_test.cpp — RPO is an age; catching up takes another time.
#include "model/replication/flow/rpo_estimate.hpp"

#include <gtest/gtest.h>

namespace landfall {
namespace {

constexpr BytesPerSecond kArrival(5'000'000);
constexpr BytesPerSecond kBandwidth(12'500'000);

/// An outage of 600 s at 5 MB/s into 12.5 MB/s (5.2): 3,000 MB wait, 600 s old, sent within 400 s.
/// backlog / bandwidth would be 240 s, less than a failover loses.
TEST(RpoEstimate, AgeAndTimeToCatchUpDiffer) {
    const Bytes backlog = moved_bytes(kArrival, seconds(600));
    EXPECT_EQ(age_of_backlog(backlog, kArrival), seconds(600));
    EXPECT_EQ(catch_up_time(backlog, kBandwidth, kArrival), seconds(400));
    const StreamLag lag{
        .newest_cut = Instant(hours(1)), .backlog = backlog, .bandwidth = kBandwidth};
    EXPECT_EQ(reported_rpo(lag, Instant(hours(1) + seconds(600))), seconds(600));
}

/// Law S6: the true loss at a failover is what was written after the newest cut.
TEST(RpoEstimate, IsNeverBelowTheTrueLoss) {
    for (std::int64_t minute = 0; minute < 600; ++minute) {
        const Instant now(minutes(minute));
        const Instant cut(minutes(minute * 2 / 3));
        const StreamLag lag{.newest_cut = cut,
                            .backlog = moved_bytes(kArrival, now - cut),
                            .bandwidth = kBandwidth};
        EXPECT_GE(reported_rpo(lag, now), now - cut);
    }
}

/// A quiet machine whose marker is held up is as old as its last cut, though nothing waits.
TEST(RpoEstimate, GrowsWithoutBacklogWhenNoCutArrives) {
    const StreamLag lag{
        .newest_cut = Instant(minutes(10)), .backlog = Bytes(0), .bandwidth = kBandwidth};
    EXPECT_EQ(reported_rpo(lag, Instant(minutes(25))), minutes(15));
    EXPECT_THROW((void)reported_rpo(lag, Instant(minutes(9))), InvariantViolation);
}

TEST(RpoEstimate, KnowsWhenThereIsNoAnswer) {
    EXPECT_EQ(age_of_backlog(Bytes(0), BytesPerSecond(0)), Duration(0));
    EXPECT_EQ(age_of_backlog(Bytes(1), BytesPerSecond(0)), std::nullopt);
    EXPECT_EQ(catch_up_time(Bytes(1), kArrival, kArrival), std::nullopt);
    EXPECT_EQ(catch_up_time(Bytes(0), kArrival, kBandwidth), Duration(0));
    EXPECT_EQ(catch_up_time(Bytes(1), kArrival, kBandwidth), std::nullopt);
}

}  // namespace
}  // namespace landfall
