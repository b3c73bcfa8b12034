// tests/unit/meter_test.cpp — the billing meter: free days, exact sums, nothing outside existence.
#include "model/economics/meter.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace landfall {
namespace {

constexpr MachineId kMachine(0);
constexpr std::int64_t kMicros = 1'000'000;

enum Place : std::size_t { kLicence, kHour, kEgress, kCache, kPoints, kRequests, kStandard, kTier };

PriceBook sample_book() {
    PriceBook book;
    book.name = "sample";
    book.currency = "USD";
    book.free_period = days(31);
    book.billing_month = days(30);
    book.request_size = Bytes(256 * 1024);
    const auto add = [&](std::string key, PriceUnit unit, std::int64_t micros) {
        book.prices.push_back({std::move(key), unit, micros, PriceStanding::Assumed, "", "test"});
    };
    add("licence", PriceUnit::InstanceMonth, 25 * kMicros);
    add("hour", PriceUnit::MachineHour, 370'000);
    add("egress", PriceUnit::Gigabyte, 87'000);
    add("cache", PriceUnit::GigabyteMonth, 20'000);
    add("points", PriceUnit::GigabyteMonth, 50'000);
    add("requests", PriceUnit::TenThousandRequests, 500);
    add("standard", PriceUnit::GigabyteMonth, 45'000);
    add("p10", PriceUnit::DiskMonth, 19'710'000);
    return book;
}

BilledMachine billed() {
    return {kLicence,
            kHour,
            kEgress,
            kCache,
            kPoints,
            kRequests,
            {{kStandard, gibibytes(100).count()}, {kTier, 1}}};
}

Instant at(Duration since_start) {
    return Instant(since_start);
}

std::int64_t amount_of(const std::vector<BillingLine>& lines, Meter meter) {
    std::int64_t amount = 0;
    for (const BillingLine& line : lines) {
        if (line.meter == meter) amount += line.amount_micros;
    }
    return amount;
}

class MeterTest : public ::testing::Test {
  protected:
    PriceBook book = sample_book();
    BillingMeter meter{book, {billed(), billed()}};
};

// --- Licence

// site-recovery-faq.md: days 1 to 31 are free, billing begins with day 32.
struct FreeDays {
    std::int64_t days_protected;
    std::int64_t days_before;
    std::int64_t days_billed;
};

class FreePeriod : public ::testing::TestWithParam<FreeDays> {};

TEST_P(FreePeriod, IsTheFirst31DaysOfTheInstance) {
    const PriceBook book = sample_book();
    BillingMeter meter(book, {billed()});
    const auto& row = GetParam();
    meter.protected_since(kMachine, at(days(2)), days(row.days_before));
    meter.protection_ended(kMachine, at(days(2 + row.days_protected)));
    const auto lines = meter.lines(Instant(), at(days(1000)));
    EXPECT_EQ(licence_time(lines), days(row.days_billed));
    // A month of 30 days costs 25.
    EXPECT_EQ(total_micros(lines), row.days_billed * 25 * kMicros / 30);
}

INSTANTIATE_TEST_SUITE_P(Rows, FreePeriod,
                         ::testing::Values(FreeDays{1, 0, 0}, FreeDays{31, 0, 0},
                                           FreeDays{32, 0, 1}, FreeDays{61, 0, 30},
                                           FreeDays{61, 31, 61}, FreeDays{61, 100, 61},
                                           FreeDays{31, 1, 1}, FreeDays{365, 0, 334}));

TEST_F(MeterTest, EnablingAgainGrantsNoOtherFreePeriod) {
    meter.protected_since(kMachine, at(days(0)), Duration(0));
    meter.protection_ended(kMachine, at(days(10)));
    meter.protected_since(kMachine, at(days(40)), Duration(0));
    meter.protection_ended(kMachine, at(days(50)));
    EXPECT_EQ(licence_time(meter.lines(Instant(), at(days(100)))), days(10));
}

TEST_F(MeterTest, SayingTwiceThatAMachineIsProtectedBillsOnce) {
    meter.protected_since(kMachine, at(days(0)), days(31));
    meter.protected_since(kMachine, at(days(3)), days(31));
    EXPECT_EQ(amount_of(meter.lines(Instant(), at(days(30))), Meter::Licence), 25 * kMicros);
}

// The average of daily instances over the month: two instances for half of it are one.
TEST_F(MeterTest, TwoInstancesForHalfAMonthAreOneInstanceMonth) {
    for (const MachineId machine : {MachineId(0), MachineId(1)}) {
        meter.protected_since(machine, at(days(0)), days(31));
        meter.protection_ended(machine, at(days(15)));
    }
    EXPECT_EQ(total_micros(meter.lines(Instant(), at(days(30)))), 25 * kMicros);
}

TEST_F(MeterTest, FreeDaysAreLinesThatCostNothing) {
    meter.protected_since(kMachine, at(days(0)), Duration(0));
    const auto lines = meter.lines(Instant(), at(days(35)));
    ASSERT_EQ(lines.size(), 3U);  // free in month 0, free on day 31, billed from day 32
    EXPECT_TRUE(lines[0].free && lines[1].free);
    EXPECT_FALSE(lines[2].free);
    EXPECT_EQ(lines[2].from, at(days(31)));
}

// --- Storage, compute, traffic

TEST_F(MeterTest, StandardStorageIsBilledByBytesAndPremiumByTier) {
    meter.replica_disks_kept(kMachine, billed().disks, at(days(0)));
    const auto lines = meter.lines(Instant(), at(days(30)));
    // 100 GB at 0.045, and one P10 at 19.71.
    EXPECT_EQ(amount_of(lines, Meter::ReplicaDisks), 100 * 45'000 + 19'710'000);
}

TEST_F(MeterTest, ADiskThatIsExcludedIsNoLongerBilled) {
    meter.replica_disks_kept(kMachine, billed().disks, at(days(0)));
    const std::array<BilledDisk, 1> rest = {BilledDisk{kTier, 1}};
    meter.replica_disks_kept(kMachine, rest, at(days(15)));
    EXPECT_EQ(amount_of(meter.lines(Instant(), at(days(30))), Meter::ReplicaDisks),
              100 * 45'000 / 2 + 19'710'000);
}

TEST_F(MeterTest, MachinesAreBilledWhileTheyRun) {
    meter.instance_exists(kMachine, BilledInstance::Test, true, at(hours(1)));
    meter.instance_running(kMachine, BilledInstance::Test, true, at(hours(2)));
    meter.instance_exists(kMachine, BilledInstance::Test, false, at(hours(12)));
    meter.instance_running(kMachine, BilledInstance::Recovery, true, at(hours(20)));
    meter.instance_running(kMachine, BilledInstance::Recovery, false, at(hours(21)));
    const auto lines = meter.lines(Instant(), at(days(1)));
    EXPECT_EQ(amount_of(lines, Meter::TestMachine), 10 * 370'000);
    EXPECT_EQ(amount_of(lines, Meter::RecoveryMachine), 370'000);
    // The disks of the test machine exist for 11 h of 720.
    EXPECT_EQ(amount_of(lines, Meter::TestDisks), 100 * 45'000 * 11 / 720 + 19'710'000 * 11 / 720);
}

TEST_F(MeterTest, TrafficIsBilledByGigabytesAndTransactions) {
    meter.traffic(kMachine, at(hours(0)), at(hours(24)), {gibibytes(10), gibibytes(4)});
    const auto lines = meter.lines(Instant(), at(days(1)));
    EXPECT_EQ(amount_of(lines, Meter::Egress), 4 * 87'000);
    // 10 GiB / 256 KiB = 40,960 transactions at 0.0005 per 10,000.
    EXPECT_EQ(amount_of(lines, Meter::Transactions), 40'960 * 500 / 10'000);
}

TEST_F(MeterTest, AReadingAfterRemovalBillsWhatWasMovedBefore) {
    meter.protected_since(kMachine, at(days(0)), Duration(0));
    meter.protection_ended(kMachine, at(hours(20)));
    meter.traffic(kMachine, at(hours(0)), at(hours(24)), {Bytes(0), gibibytes(4)});
    meter.traffic(kMachine, at(hours(24)), at(hours(48)), {Bytes(0), gibibytes(4)});
    const auto lines = meter.lines(Instant(), at(days(3)));
    EXPECT_EQ(amount_of(lines, Meter::Egress), 4 * 87'000);
    EXPECT_EQ(lines.back().to, at(hours(20)));
}

TEST_F(MeterTest, WhatPointsHoldIsKeptInSnapshotsAndInTheCacheAccount) {
    meter.recovery_points_hold(kMachine, gibibytes(60), at(days(0)));
    meter.recovery_points_hold(kMachine, gibibytes(30), at(days(15)));
    const auto lines = meter.lines(Instant(), at(days(30)));
    EXPECT_EQ(amount_of(lines, Meter::RecoveryPoints), 45 * 50'000);
    EXPECT_EQ(amount_of(lines, Meter::CacheStorage), 45 * 20'000);
}

TEST_F(MeterTest, WhatHasNoPriceIsNotBilled) {
    BillingMeter other(book, {BilledMachine{}});
    other.protected_since(kMachine, at(days(0)), days(40));
    other.instance_running(kMachine, BilledInstance::Recovery, true, at(days(0)));
    other.traffic(kMachine, at(days(0)), at(days(1)), {gibibytes(1), gibibytes(1)});
    other.recovery_points_hold(kMachine, gibibytes(1), at(days(0)));
    EXPECT_TRUE(other.lines(Instant(), at(days(30))).empty());
}

TEST_F(MeterTest, NoLineCrossesTheEndOfAMonth) {
    meter.replica_disks_kept(kMachine, billed().disks, at(days(20)));
    const auto lines = meter.lines(Instant(), at(days(100)));
    ASSERT_FALSE(lines.empty());
    for (const BillingLine& line : lines) {
        EXPECT_EQ(line.from.since_start().count() / days(30).count(), line.month);
        EXPECT_LE(line.to, at(days(30) * (line.month + 1)));
    }
}

// --- Properties over random lives

struct Life {
    BillingMeter meter;
    Instant begun;
    Instant removed;
};

/// A machine that is protected, tested, failed over and removed, at instants of `draw`.
Life random_life(const PriceBook& book, std::mt19937_64& draw) {
    Life life{BillingMeter(book, {billed()}), {}, {}};
    Instant now;
    const auto later = [&] {
        return now = now + Duration(static_cast<std::int64_t>(
                               draw() % static_cast<std::uint64_t>(days(25).count())));
    };
    life.begun = later();
    life.meter.replica_disks_kept(kMachine, billed().disks, now);
    life.meter.protected_since(kMachine, later(), Duration(0));
    for (int drill = 0; drill < 3; ++drill) {
        const Instant before = now;
        life.meter.recovery_points_hold(kMachine, Bytes(static_cast<std::int64_t>(draw() >> 24)),
                                        later());
        life.meter.traffic(
            kMachine, before, now + nanoseconds(1),
            {Bytes(static_cast<std::int64_t>(draw() >> 24)), Bytes(static_cast<std::int64_t>(7))});
        now = now + nanoseconds(1);
        life.meter.instance_exists(kMachine, BilledInstance::Test, true, later());
        life.meter.instance_running(kMachine, BilledInstance::Test, true, later());
        if (draw() % 2 == 0) {
            life.meter.instance_exists(kMachine, BilledInstance::Test, false, later());
        }
    }
    life.meter.instance_running(kMachine, BilledInstance::Recovery, true, later());
    life.removed = later();
    life.meter.protection_ended(kMachine, life.removed);
    return life;
}

TEST(MeterProperties, ThePartsOfAnyPartitionAddUpToTheWhole) {
    std::mt19937_64 draw(1);
    const PriceBook book = sample_book();
    for (int round = 0; round < 200; ++round) {
        const Life life = random_life(book, draw);
        const Instant end = life.removed + days(5);
        const auto whole = total_micros(life.meter.lines(Instant(), end));
        std::int64_t parts = 0;
        Instant from;
        while (from < end) {
            const Instant to = std::min(
                end,
                from + Duration(1 + static_cast<std::int64_t>(
                                        draw() % static_cast<std::uint64_t>(days(20).count()))));
            parts += total_micros(life.meter.lines(from, to));
            from = to;
        }
        EXPECT_EQ(parts, whole) << "round " << round;
    }
}

TEST(MeterProperties, NothingIsBilledOutsideExistenceOrAfterRemoval) {
    std::mt19937_64 draw(2);
    const PriceBook book = sample_book();
    for (int round = 0; round < 200; ++round) {
        const Life life = random_life(book, draw);
        const auto lines = life.meter.lines(Instant(), life.removed + days(400));
        ASSERT_FALSE(lines.empty());
        for (const BillingLine& line : lines) {
            EXPECT_LT(line.from, line.to);
            EXPECT_GE(line.from, life.begun);
            EXPECT_LE(line.to, life.removed);
            EXPECT_GE(line.amount_micros, 0);
            EXPECT_GE(line.quantity_micros, 0);
        }
        EXPECT_EQ(total_micros(life.meter.lines(life.removed, life.removed + days(400))), 0);
    }
}

TEST(MeterProperties, ALongerTimeNeverCostsLess) {
    std::mt19937_64 draw(3);
    const PriceBook book = sample_book();
    for (int round = 0; round < 50; ++round) {
        const Life life = random_life(book, draw);
        std::int64_t before = 0;
        for (Instant end; end < life.removed + days(2); end = end + hours(13)) {
            const auto now = total_micros(life.meter.lines(Instant(), end));
            EXPECT_GE(now, before);
            before = now;
        }
    }
}

/// What is told of one instant may come in any order, within a machine and between machines.
TEST(MeterProperties, WhoComesFirstAtAnInstantIsOfNoConsequence) {
    const PriceBook book = sample_book();
    using Fact = std::function<void(BillingMeter&, MachineId, Instant)>;
    using enum BilledInstance;
    const std::vector<std::vector<Fact>> instants = {
        {[](auto& to, auto who, auto when) { to.replica_disks_kept(who, billed().disks, when); },
         [](auto& to, auto who, auto when) { to.protected_since(who, when, hours(5)); },
         [](auto& to, auto who, auto when) { to.recovery_points_hold(who, gibibytes(3), when); },
         [](auto& to, auto who, auto when) { to.instance_running(who, Recovery, true, when); }},
        {[](auto& to, auto who, auto when) { to.recovery_points_hold(who, gibibytes(7), when); },
         [](auto& to, auto who, auto when) { to.instance_exists(who, Test, true, when); },
         [](auto& to, auto who, auto when) { to.instance_running(who, Test, true, when); },
         [](auto& to, auto who, auto when) {
             to.traffic(who, at(days(1)), when, {gibibytes(5), gibibytes(2)});
         }},
        {[](auto& to, auto who, auto when) { to.protection_ended(who, when); },
         [](auto& to, auto who, auto when) { to.instance_exists(who, Test, false, when); },
         [](auto& to, auto who, auto when) { to.instance_running(who, Recovery, false, when); },
         [](auto& to, auto who, auto when) { to.recovery_points_hold(who, Bytes(0), when); }}};
    const std::vector<Instant> times = {at(days(1)), at(days(33)), at(days(62) + seconds(1))};
    std::mt19937_64 draw(4);
    std::vector<std::pair<std::int64_t, std::int64_t>> first;
    for (int round = 0; round < 50; ++round) {
        BillingMeter meter(book, {billed(), billed()});
        for (std::size_t k = 0; k < instants.size(); ++k) {
            std::vector<std::pair<MachineId, const Fact*>> told;
            for (const MachineId who : {MachineId(0), MachineId(1)}) {
                for (const Fact& fact : instants[k]) told.emplace_back(who, &fact);
            }
            std::shuffle(told.begin(), told.end(), draw);
            for (const auto& [who, fact] : told) (*fact)(meter, who, times[k]);
        }
        std::vector<std::pair<std::int64_t, std::int64_t>> amounts;
        for (const BillingLine& line : meter.lines(Instant(), at(days(90)))) {
            amounts.emplace_back(line.quantity_micros, line.amount_micros);
        }
        ASSERT_GT(amounts.size(), 20U);
        if (round == 0) first = amounts;
        EXPECT_EQ(amounts, first);
    }
}

}  // namespace
}  // namespace landfall
