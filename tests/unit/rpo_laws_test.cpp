// tests/unit/rpo_laws_test.cpp — the published figures of RPO and copy times, and their laws.
#include "analysis/rpo_laws.hpp"

#include <cmath>
#include <stdexcept>

#include <gtest/gtest.h>

namespace landfall::analysis {
namespace {

constexpr double kMegabyte = 1e6;
constexpr double kGigabyte = 1e9;
constexpr double kHour = 3600;
constexpr double kBandwidth = 12.5 * kMegabyte;

/// As far as a figure was printed: half a unit of its last digit.
#define EXPECT_PRINTED(found, printed, unit) EXPECT_NEAR(found, printed, (unit) / 2.0)

/// U(W)/W = (1 - e^-x) / x with x = W/N (5.1).
TEST(DistinctBytes, FollowTheDirtyBitmapCurve) {
    for (const auto& [x, ratio] : {std::pair{0.1, .9516},
                                   {0.5, .7869},
                                   {1.0, .6321},
                                   {2.0, .4323},
                                   {5.0, .1987},
                                   {10.0, .1000}}) {
        EXPECT_PRINTED(distinct_bytes(x * 5 * kGigabyte, 5 * kGigabyte) / (x * 5 * kGigabyte),
                       ratio, 1e-4);
    }
    EXPECT_EQ(distinct_bytes(123, kNoRewrites), 123);
}

TEST(PeriodicCycle, AgesBetweenTheTransferAndAPeriodMore) {
    const CycleRpo rpo = periodic_cycle(120, 300);
    EXPECT_DOUBLE_EQ(rpo.mean_rpo_s, 270);
    EXPECT_DOUBLE_EQ(rpo.worst_rpo_s, 420);
    EXPECT_DOUBLE_EQ(periodic_cycle(300, 300).worst_rpo_s, 2 * 300);  // asynchronous batches
}

TEST(GapScheduledCycle, HasItsPublishedWorstCases) {
    for (const auto& [transfer_h, worst_h] :
         {std::pair{10.0 / 60, 8.0 / 6}, {0.5, 2.0}, {2.0, 5.0}, {4.0, 10.0}, {30.0, 72.0}}) {
        const CycleRpo rpo = gap_scheduled_cycle(transfer_h * kHour, kHour, 12 * kHour);
        EXPECT_NEAR(rpo.worst_rpo_s / kHour, worst_h, 1e-9);
    }
    EXPECT_NEAR(gap_scheduled_cycle(4 * kHour, kHour, 12 * kHour).mean_rpo_s / kHour, 7, 1e-9);
}

struct SelfConsistentCase {
    double churn;  // MB/s
    double transfer_s;
    double unit;
};

/// 100 GB uniform over 12.5 MB/s, every 300 s.
TEST(SelfConsistentCycle, SettlesAtThePublishedTransfers) {
    for (const auto& row : {SelfConsistentCase{1, 24.0, .1},
                            {5, 119.1, .1},
                            {12, 282.9, .1},
                            {20, 5135.9, .1},
                            {50, 7841, 1}}) {
        const CycleRpo rpo =
            self_consistent_cycle({row.churn * kMegabyte, 100 * kGigabyte}, kBandwidth, 300);
        EXPECT_PRINTED(rpo.transfer_s, row.transfer_s, row.unit) << row.churn;
        EXPECT_DOUBLE_EQ(rpo.period_s, std::max(300.0, rpo.transfer_s)) << row.churn;
        EXPECT_LE(rpo.period_s, 100 * kGigabyte / kBandwidth);
    }
    const auto at = [](double churn) {
        return self_consistent_cycle({churn * kMegabyte, 100 * kGigabyte}, kBandwidth, 300);
    };
    EXPECT_PRINTED(at(12).worst_rpo_s, 582.9, .1);
    EXPECT_PRINTED(at(20).transfer_s * kBandwidth / kGigabyte, 64.2, .1);
}

/// P -> max(I, U(churn P) / B) from far above and from the interval ends at the same period.
TEST(SelfConsistentCycle, IsWhereTheRecurrenceEnds) {
    for (double churn = 0.5; churn < 200; churn *= 1.7) {
        const Churn writes{churn * kMegabyte, 100 * kGigabyte};
        const double period = self_consistent_cycle(writes, kBandwidth, 300).period_s;
        for (const double start : {300.0, 8000.0, 1e6}) {
            double found = start;
            for (int i = 0; i < 3000; ++i) {
                found =
                    std::max(300.0, distinct_bytes(writes.bytes_per_s * found, writes.working_set) /
                                        kBandwidth);
            }
            EXPECT_NEAR(found / period, 1, 1e-6) << churn << " from " << start;
        }
    }
}

TEST(SelfConsistentCycle, GrowsToTheWholeWorkingSetAndNoFurther) {
    const CycleRpo rpo = self_consistent_cycle({1e6 * kMegabyte, 100 * kGigabyte}, kBandwidth, 300);
    EXPECT_NEAR(rpo.period_s, 8000, 1e-6);
    EXPECT_NEAR(rpo.worst_rpo_s, 16'000, 1e-6);
}

/// L = 600 s, 5 MB/s into 12.5 MB/s.
TEST(JournalAfterOutage, IsAsOldAsTheOutageAndCatchesUp) {
    const JournalCatchUp found = journal_after_outage(600, 5 * kMegabyte, kBandwidth);
    EXPECT_DOUBLE_EQ(found.backlog_bytes, 3000 * kMegabyte);
    EXPECT_DOUBLE_EQ(found.worst_rpo_s, 600);
    EXPECT_DOUBLE_EQ(found.catch_up_s, 400);
    EXPECT_DOUBLE_EQ(found.rpo_per_s, -1.5);
    EXPECT_DOUBLE_EQ(found.worst_rpo_s + found.catch_up_s * found.rpo_per_s, 0);
    EXPECT_TRUE(std::isinf(journal_after_outage(600, kBandwidth, kBandwidth).catch_up_s));
    EXPECT_EQ(journal_after_outage(0, kBandwidth, kBandwidth).catch_up_s, 0);
}

/// The same with 2 GB written uniformly and a bitmap. The last pass is 2.01 MB, the one before 5.03
/// MB: the figures hold for every stop between them.
TEST(BitmapAfterOutage, SendsLessAndIsOlderThanAJournal) {
    for (const double stop : {2.1, 3.0, 5.0}) {
        const CopyPasses found =
            bitmap_after_outage(600, {5 * kMegabyte, 2 * kGigabyte}, kBandwidth, stop * kMegabyte);
        EXPECT_PRINTED(found.first_bytes / kMegabyte, 1553.7, .1);
        EXPECT_EQ(found.passes, 8);
        EXPECT_PRINTED(found.total_s, 193.7, .1);
        EXPECT_PRINTED(600 + found.total_s, 793.7, .1);
    }
}

struct PreCopyCase {
    double churn;  // MB/s
    std::int64_t rounds;
    double total_s;
    double unit;  // of the last digit that is printed
};

/// 100 GB over 12.5 MB/s, stop at 12.5 MB. n = ceil(ln(B tau / D) / ln r) rounds after the first,
/// total (D/B) (1 - r^(n+1)) / (1 - r), r = churn / B (5.3).
TEST(PreCopy, HasThePublishedRoundsAndTimes) {
    for (const auto& row : {PreCopyCase{1, 4, 8695, 2},
                            {5, 10, 13'330, 10},
                            {10, 41, 40'000, 10},
                            {11.5, 108, 100'000, 100}}) {
        const CopyPasses found =
            pre_copy(100 * kGigabyte, {row.churn * kMegabyte}, kBandwidth, 12.5 * kMegabyte);
        EXPECT_EQ(found.passes - 1, row.rounds) << row.churn;
        EXPECT_PRINTED(found.total_s, row.total_s, row.unit) << row.churn;
        const double r = row.churn / 12.5;
        EXPECT_NEAR(found.total_s,
                    8000 * (1 - std::pow(r, static_cast<double>(row.rounds + 1))) / (1 - r), 1e-6);
    }
    EXPECT_PRINTED(pre_copy(100 * kGigabyte, {kMegabyte}, kBandwidth, 12.5 * kMegabyte).last_s, .33,
                   .01);
}

TEST(PreCopy, NeverEndsWithoutCoalescingAtTheBandwidthOrAbove) {
    for (const double churn : {12.5, 13.0, 50.0}) {
        const CopyPasses found =
            pre_copy(100 * kGigabyte, {churn * kMegabyte}, kBandwidth, 12.5 * kMegabyte);
        EXPECT_FALSE(found.converges);
        EXPECT_TRUE(std::isinf(found.total_s));
    }
}

/// A hot set of 1 GB: at 13 MB/s what is left settles near 2 N (r - 1) / r^2 = 74 MB (r = churn /
/// B) and no stop below is ever reached; at 5 MB/s coalescing only helps.
TEST(PreCopy, WithCoalescingSettlesAtWhatIsRewritten) {
    const Churn hot{13 * kMegabyte, kGigabyte};
    EXPECT_FALSE(pre_copy(100 * kGigabyte, hot, kBandwidth, 50 * kMegabyte).converges);
    const CopyPasses ends = pre_copy(100 * kGigabyte, hot, kBandwidth, 100 * kMegabyte);
    EXPECT_TRUE(ends.converges);
    EXPECT_LT(ends.bytes, 100 * kGigabyte + static_cast<double>(ends.passes - 1) * kGigabyte);
    EXPECT_LT(pre_copy(100 * kGigabyte, {5 * kMegabyte, kGigabyte}, kBandwidth, kMegabyte).bytes,
              pre_copy(100 * kGigabyte, {5 * kMegabyte}, kBandwidth, kMegabyte).bytes);
}

TEST(PreCopy, IsOnePassOfWhatIsSmallAlready) {
    const CopyPasses found = pre_copy(kMegabyte, {50 * kMegabyte}, kBandwidth, 2 * kMegabyte);
    EXPECT_EQ(found.passes, 1);
    EXPECT_DOUBLE_EQ(found.total_s, 0.08);
    EXPECT_DOUBLE_EQ(found.last_s, found.total_s);
}

TEST(Sojourn, HasItsPublishedValues) {
    for (const auto& [load, mm1, md1] :
         {std::tuple{.5, 2.0, 1.5}, {.8, 5.0, 3.0}, {.9, 10.0, 5.5}}) {
        EXPECT_NEAR(sojourn_mm1(load), mm1, 1e-12);
        EXPECT_NEAR(sojourn_md1(load), md1, 1e-12);
    }
}

/// Bursts of 50 MB/s, 10 s on and 90 s off.
TEST(BurstQueue, HasItsPublishedTail) {
    const BurstQueue queue = burst_queue(50 * kMegabyte, kBandwidth, 10, 90);
    EXPECT_NEAR(queue.load, .4, 1e-12);
    EXPECT_PRINTED(queue.decay * kMegabyte, .001778, 1e-6);
    EXPECT_NEAR(queue.mean_bytes / kMegabyte, 225, 1e-9);
    for (const auto& [x, chance, unit] : {std::tuple{10.0, .393, .001},
                                          {20.0, .386, .001},
                                          {40.0, .3725, .0001},
                                          {80.0, .347, .001}}) {
        EXPECT_PRINTED(queue.exceeds(x * kMegabyte), chance, unit);
    }
    EXPECT_PRINTED(burst_queue(50 * kMegabyte, 6.25 * kMegabyte, 10, 90).mean_bytes / kMegabyte,
                   1575, 1);
}

TEST(RpoLaws, RefuseArgumentsOutOfRange) {
    EXPECT_THROW(periodic_cycle(301, 300), std::invalid_argument);
    EXPECT_THROW(gap_scheduled_cycle(1, 5, 4), std::invalid_argument);
    EXPECT_THROW(self_consistent_cycle({1, kNoRewrites}, 1, 1), std::invalid_argument);
    EXPECT_THROW(self_consistent_cycle({1, 1}, 0, 1), std::invalid_argument);
    EXPECT_THROW(journal_after_outage(1, 0, 1), std::invalid_argument);
    EXPECT_THROW(pre_copy(1, {-1}, 1, 1), std::invalid_argument);
    EXPECT_THROW(pre_copy(1, {1}, 1, 0), std::invalid_argument);
    EXPECT_THROW(bitmap_after_outage(NAN, {1}, 2, 1), std::invalid_argument);
    EXPECT_THROW(sojourn_mm1(1), std::invalid_argument);
    EXPECT_THROW(sojourn_md1(-0.1), std::invalid_argument);
    EXPECT_THROW(burst_queue(10, 10, 1, 1), std::invalid_argument);
    EXPECT_THROW(burst_queue(50, 4, 10, 90), std::invalid_argument);
}

}  // namespace
}  // namespace landfall::analysis
