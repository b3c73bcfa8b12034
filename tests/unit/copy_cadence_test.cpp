// tests/unit/copy_cadence_test.cpp — when delta cycles start.
#include "model/replication/flow/copy_cadence.hpp"

#include <gtest/gtest.h>

namespace landfall {
namespace {

const GapCadence kDocumentedGap{hours(1), hours(12)};

TEST(CopyCadence, StartsAPeriodLaterOrWhenTheSendEnds) {
    const CopyCadence cadence(PeriodicCadence{minutes(5)});
    const Instant start(hours(3));
    EXPECT_EQ(cadence.next(start, start + minutes(2)), start + minutes(5));
    EXPECT_EQ(cadence.next(start, start + minutes(5)), start + minutes(5));
    EXPECT_EQ(cadence.next(start, start + minutes(7)), start + minutes(7));
    EXPECT_EQ(cadence.first(start, start + hours(2)), start + hours(2));
}

struct GapCase {
    Duration last;
    Duration gap;
};

/// A8: min(max(1 h, S / 2), 12 h); the cases of 5.2.
TEST(CopyCadence, WaitsHalfOfWhatTheLastCycleTookWithinOneAndTwelveHours) {
    const CopyCadence cadence(kDocumentedGap);
    for (const GapCase& row : {GapCase{minutes(10), hours(1)}, GapCase{minutes(30), hours(1)},
                               GapCase{hours(2), hours(1)},
                               GapCase{hours(2) + nanoseconds(2), hours(1) + nanoseconds(1)},
                               GapCase{hours(4), hours(2)}, GapCase{hours(24), hours(12)},
                               GapCase{hours(30), hours(12)}}) {
        EXPECT_EQ(gap_after(row.last, kDocumentedGap), row.gap) << to_seconds(row.last);
        const Instant start(hours(7));
        EXPECT_EQ(cadence.next(start, start + row.last), start + row.last + row.gap);
    }
}

TEST(CopyCadence, StartsTheFirstDeltaAtOnceWhenScheduledByGap) {
    const CopyCadence cadence(kDocumentedGap);
    EXPECT_EQ(cadence.first(Instant(), Instant(hours(50))), Instant(hours(50)));
}

TEST(CopyCadence, RefusesWhatMakesNoSense) {
    EXPECT_THROW(CopyCadence(PeriodicCadence{Duration(0)}), InvariantViolation);
    EXPECT_THROW(CopyCadence(GapCadence{hours(2), hours(1)}), InvariantViolation);
    const CopyCadence cadence(PeriodicCadence{minutes(5)});
    EXPECT_THROW((void)cadence.next(Instant(hours(1)), Instant()), InvariantViolation);
}

}  // namespace
}  // namespace landfall
