// tests/unit/recovery_points_test.cpp — the retention grid, against the counts that follow from it.
#include "model/storage/recovery_points.hpp"

#include <gtest/gtest.h>

#include "sim/scenario/profile_data.hpp"
#include "tests/support/small_world.hpp"

namespace landfall {
namespace {

RecoveryPoint point_at(Duration time) {
    const Instant at{time};
    return {.time = at, .published_at = at, .processed_at = at};
}

struct GridCase {
    std::int64_t retention_days;
    std::size_t points;
};

class RetentionGridCount : public testing::TestWithParam<GridCase> {};

/// 24 + 22, 24 + 35, 24 + 83 and 24 + 83 + 48 points: SR/vmware-azure-common-questions.md, derived.
INSTANTIATE_TEST_SUITE_P(ForEachRetention, RetentionGridCount,
                         testing::Values(GridCase{1, 46}, GridCase{3, 59}, GridCase{7, 107},
                                         GridCase{15, 155}),
                         [](const auto& info) {
                             return std::to_string(info.param.retention_days) + "Days";
                         });

TEST_P(RetentionGridCount, InSteadyStateIsWhatTheGridImplies) {
    const auto profile = test::unlimited_profile();
    const Duration retention = days(GetParam().retention_days);
    RecoveryPoints points(retention_tiers(profile, retention), retention);
    std::size_t fewest = 1000;
    std::size_t most = 0;
    for (Duration t = minutes(5); t <= retention + days(5); t += minutes(5)) {
        points.add(point_at(t));
        if (t <= retention + days(1)) continue;
        fewest = std::min(fewest, points.count());
        most = std::max(most, points.count());
    }
    // A coarse cell enters as a whole and leaves as a whole, so the count breathes by one per tier.
    EXPECT_LE(fewest, GetParam().points);
    EXPECT_GE(most, GetParam().points);
    EXPECT_LE(most - fewest, 2U);
}

TEST(RecoveryPoints, OfTheCoarseGridAreApplicationConsistentWhereThereIsSuchAPoint) {
    const auto profile = test::unlimited_profile();
    RecoveryPoints points(retention_tiers(profile, days(1)), days(1));
    for (Duration t = minutes(5); t <= hours(30); t += minutes(5)) {
        RecoveryPoint point = point_at(t);
        // Never the first of an hour's twelve, which the grid would take.
        if (t.count() % hours(1).count() == minutes(35).count()) point.kind = Marker::AppConsistent;
        points.add(point);
    }
    std::size_t coarse = 0;
    for (const RecoveryPoint& point : points.all()) {
        if (Instant(hours(30)) - point.time <= hours(3)) continue;
        ++coarse;
        EXPECT_EQ(point.kind, Marker::AppConsistent) << to_seconds(point.time.since_start());
    }
    EXPECT_EQ(coarse, 21U);
}

TEST(RecoveryPoints, AreOrderedSpacedAndYoungerThanTheRetention) {
    const auto profile = test::unlimited_profile();
    RecoveryPoints points(retention_tiers(profile, days(3)), days(3));
    const Duration end = days(9);
    for (Duration t = minutes(5); t <= end; t += minutes(5)) points.add(point_at(t));
    const auto all = points.all();
    for (std::size_t k = 0; k + 1 < all.size(); ++k) {
        const Duration age = Instant(end) - all[k + 1].time;
        const Duration gap = all[k].time - all[k + 1].time;
        EXPECT_LT(age, days(3));
        if (age < hours(2)) {
            EXPECT_EQ(gap, minutes(5));
        } else {
            EXPECT_LE(gap, hours(2) + hours(2));
        }
    }
}

TEST(RecoveryPoints, KeepTheNewestHoweverOld) {
    const auto profile = test::unlimited_profile();
    RecoveryPoints points(retention_tiers(profile, days(1)), days(1));
    points.add(point_at(minutes(5)));
    points.add(point_at(days(40)));
    ASSERT_EQ(points.count(), 1U);
    EXPECT_EQ(points.latest()->time, Instant(days(40)));
}

TEST(RecoveryPoints, RetentionZeroKeepsOnlyTheNewest) {
    const auto profile = test::unlimited_profile();
    RecoveryPoints points(retention_tiers(profile, Duration(0)), Duration(0));
    for (std::int64_t k = 1; k < 10; ++k) points.add(point_at(minutes(5 * k)));
    ASSERT_EQ(points.count(), 1U);
    EXPECT_EQ(points.latest()->time, Instant(minutes(45)));
}

TEST(RecoveryPoints, LatestProcessedPassesOverWhatIsStillWaiting) {
    const auto profile = test::unlimited_profile();
    RecoveryPoints points(retention_tiers(profile, days(1)), days(1));
    points.add(point_at(minutes(5)));
    RecoveryPoint waiting = point_at(minutes(10));
    waiting.processed_at = Instant(minutes(30));
    points.add(waiting);
    EXPECT_EQ(points.latest()->time, Instant(minutes(10)));
    EXPECT_EQ(points.latest_processed(Instant(minutes(12)))->time, Instant(minutes(5)));
    EXPECT_EQ(points.latest_processed(Instant(minutes(30)))->time, Instant(minutes(10)));
    EXPECT_FALSE(points.latest_processed(Instant(minutes(1))));
}

TEST(RecoveryPoints, ThatWereLostAreNotOfferedWhereverInTheGridTheyStood) {
    const auto profile = test::unlimited_profile();
    RecoveryPoints points(retention_tiers(profile, days(1)), days(1));
    for (std::int64_t k = 1; k <= 60; ++k) points.add(point_at(minutes(5 * k)));
    const std::vector<RecoveryPoint> before = points.all();
    for (std::size_t left = before.size() + 1; left-- > 0;) {
        std::vector<Instant> oldest;
        for (std::size_t k = before.size() - left; k < before.size(); ++k)
            oldest.push_back(before[k].time);
        points.keep_those(oldest);
        ASSERT_EQ(points.count(), left);
        ASSERT_EQ(points.latest().has_value(), left > 0);
        if (left > 0) {
            ASSERT_EQ(points.latest()->time, oldest.front());
        }
    }
    points.add(point_at(minutes(400)));
    EXPECT_EQ(points.count(), 1U);
}

TEST(RecoveryPoints, RefuseAPointThatIsNotNewer) {
    const auto profile = test::unlimited_profile();
    RecoveryPoints points(retention_tiers(profile, days(1)), days(1));
    points.add(point_at(minutes(10)));
    EXPECT_THROW(points.add(point_at(minutes(10))), InvariantViolation);
}

}  // namespace
}  // namespace landfall
