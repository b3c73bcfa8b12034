// tests/unit/retry_schedule_test.cpp — retries of replication as documented for Hyper-V.
#include "model/replication/flow/retry_schedule.hpp"

#include <gtest/gtest.h>

namespace landfall {
namespace {

RetryDelays documented() {
    return {{minutes(1), minutes(2), minutes(4), minutes(8), minutes(10)}, minutes(30)};
}

TEST(RetrySchedule, WaitsOneTwoFourEightTenMinutesAndThenThirtyEachTime) {
    RetrySchedule schedule(documented());
    Instant attempt;
    for (const std::int64_t delay : {1, 2, 4, 8, 10, 30, 30, 30}) {
        const auto next = schedule.on_failure(ReplicationError::Network, attempt, attempt);
        ASSERT_TRUE(next.has_value());
        EXPECT_EQ(*next - attempt, minutes(delay));
        attempt = *next;
    }
    EXPECT_EQ(schedule.failures(), 8U);
}

TEST(RetrySchedule, CountsTheDelayFromTheStartOfTheAttemptButRetriesNothingInThePast) {
    RetrySchedule schedule(documented());
    EXPECT_EQ(schedule.on_failure(ReplicationError::LowMemory, Instant(), Instant(seconds(20))),
              Instant(minutes(1)));
    EXPECT_EQ(
        schedule.on_failure(ReplicationError::LowMemory, Instant(minutes(1)), Instant(minutes(9))),
        Instant(minutes(9)));
}

TEST(RetrySchedule, StartsOverAfterASuccess) {
    RetrySchedule schedule(documented());
    for (int i = 0; i < 7; ++i) {
        (void)schedule.on_failure(ReplicationError::LowDiskSpace, Instant(), Instant());
    }
    schedule.on_success();
    EXPECT_EQ(schedule.on_failure(ReplicationError::Network, Instant(), Instant()),
              Instant(minutes(1)));
}

TEST(RetrySchedule, LeavesANonRecoverableErrorToTheUser) {
    for (const ReplicationErrorRow& row : kReplicationErrors) {
        RetrySchedule schedule(documented());
        const bool retried = schedule.on_failure(row.error, Instant(), Instant()).has_value();
        EXPECT_EQ(retried, row.error_class == ErrorClass::Recoverable) << row.text;
        EXPECT_EQ(schedule.needs_user(), !retried) << row.text;
        // A network error afterwards does not bring it back.
        if (!retried) {
            EXPECT_FALSE(schedule.on_failure(ReplicationError::Network, Instant(), Instant()));
        }
    }
}

TEST(ReplicationErrors, HoldOneRowForEachErrorInItsPlace) {
    for (const ReplicationErrorRow& row : kReplicationErrors) {
        EXPECT_EQ(replication_error_row(row.error).text, row.text);
        EXPECT_FALSE(row.text.empty());
    }
}

TEST(RetrySchedule, NeedsDelaysLongerThanNothing) {
    EXPECT_THROW(RetrySchedule({{minutes(1), Duration(0)}, minutes(30)}), InvariantViolation);
    EXPECT_THROW(RetrySchedule({{}, Duration(0)}), InvariantViolation);
    RetrySchedule only_the_last({{}, minutes(30)});
    EXPECT_EQ(only_the_last.on_failure(ReplicationError::Network, Instant(), Instant()),
              Instant(minutes(30)));
}

}  // namespace
}  // namespace landfall
