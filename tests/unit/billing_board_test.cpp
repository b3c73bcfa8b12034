// tests/unit/billing_board_test.cpp — B1 to B5 accept a right bill, and each accuses what it is
// about.
#include "sim/lab/billing_board.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace landfall::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr MachineId kItem(0);
constexpr std::int64_t kPerHour = 64LL << 20;  ///< what is uploaded, before compression

enum Place : std::size_t { kLicence, kHour, kEgress, kPoints, kRequests, kTier, kLarger };

PriceBook sample_book() {
    PriceBook book;
    book.name = "sample";
    book.currency = "USD";
    book.free_period = hours(6);
    book.billing_month = hours(24);
    book.request_size = Bytes(256 * 1024);
    const auto add = [&](std::string key, PriceUnit unit, std::int64_t micros) {
        book.prices.push_back({std::move(key), unit, micros, PriceStanding::Assumed, "", "test"});
    };
    add("licence", PriceUnit::InstanceMonth, 25'000'000);
    add("hour", PriceUnit::MachineHour, 370'000);
    add("egress", PriceUnit::Gigabyte, 87'000);
    add("points", PriceUnit::GigabyteMonth, 50'000);
    add("requests", PriceUnit::TenThousandRequests, 500);
    add("tier", PriceUnit::DiskMonth, 19'710'000);
    add("larger tier", PriceUnit::DiskMonth, 38'010'000);
    return book;
}

Instant at(double hour) {
    return Instant(Duration(static_cast<std::int64_t>(hour * 3600e9)));
}

/// One machine, for two days: protected at 1 h, tested from 10 to 12 h, a disk removed at 14 h,
/// another grown at 16 h, failed over at 20 h, stopped at 22 h and disabled at 40 h. What the meter
/// is told is the truth, unless a test says otherwise.
struct Told {
    Instant disks_until = at(40);
    Instant removed_disk_until = at(14);
    std::size_t tier_after_growth = kLarger;
    Instant ended = at(40);
    Instant test_until = at(12);
    Instant stopped = at(22);
    std::int64_t sent_percent = 100;
    std::int64_t held_percent = 100;
    Duration before = Duration(0);
    bool months_round = false;  ///< each line of the invoice for itself
    bool network_carried = true;
};

class BillOfARun : private Clock, private BillingProbe {
  public:
    explicit BillOfARun(const Told& told)
        : told_(told),
          book_(sample_book()),
          facts_{kLicence, kHour, kEgress, {}, kPoints, kRequests, {{kTier, 1}, {kTier, 1}}},
          estate_(one_machine()),
          meter_(book_, {facts_}) {}

    /// Which of them accuse it.
    std::vector<std::string> accused_by() {
        BillingBoard board(estate_, *this, *this);
        for (std::int64_t half = 0; half <= 96; ++half) {
            now_ = at(static_cast<double>(half) / 2);
            tell_meter();
            tell(board.account());
        }
        board.finish();
        OracleReport report;
        board.add_to(report);
        EXPECT_EQ(report.oracles.size(), kBillingOracles);
        for (const OracleRow& row : report.oracles) EXPECT_GT(row.checked, 0U) << row.id;
        std::vector<std::string> ids;
        for (const Violation& violation : report.violations) ids.push_back(violation.oracle);
        std::sort(ids.begin(), ids.end());
        ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
        return ids;
    }

  private:
    static Estate one_machine() {
        Estate estate;
        Machine machine;
        machine.name = "web";
        machine.kind = ScenarioKind::AzureToAzure;
        machine.policy = PolicyId(0);
        machine.process_server = ProcessServerId(0);
        machine.first_disk = DiskId(0);
        machine.disk_count = 2;
        estate.machines.push_back(machine);
        for (const char* name : {"os", "data"}) {
            Disk disk;
            disk.name = name;
            disk.machine = kItem;
            estate.disks.push_back(disk);
        }
        estate.policies.push_back({"policy", hours(4), {}, {}, minutes(5)});
        estate.process_servers.push_back({});
        estate.process_servers.back().compression_permille = 2000;
        return estate;
    }

    [[nodiscard]] bool is(double hour) const { return now_ == at(hour); }

    void tell(BillingAccount& account) {
        if (is(0)) account.state_changed(kItem, "InitialReplicationInProgress");
        if (is(1)) account.state_changed(kItem, "Protected");
        for (const double hour : {10.0, 12.0, 20.0, 22.0}) {
            if (is(hour)) account.machine_changed(kItem);
        }
        if (is(14) || is(16)) account.replication_changed(kItem);
        if (is(40)) account.state_changed(kItem, "UnprotectedStatesEnd");
        if (now_.since_start().count() % hours(1).count() == 0) account.reading_taken();
    }

    void tell_disks() {
        std::vector<BilledDisk> disks;
        if (now_ < told_.disks_until)
            disks.push_back({is_grown() ? told_.tier_after_growth : kTier, 1});
        if (now_ < std::min(told_.removed_disk_until, told_.disks_until))
            disks.push_back({kTier, 1});
        meter_.replica_disks_kept(kItem, disks, now_);
    }

    void tell_meter() {
        if (now_ > told_.ended) return;
        if (is(1)) meter_.protected_since(kItem, now_, told_.before);
        const bool disks = is(0) || is(16) || now_ == told_.removed_disk_until;
        if (disks || now_ == told_.disks_until) tell_disks();
        using enum BilledInstance;
        if (is(10)) {
            meter_.instance_exists(kItem, Test, true, now_);
            meter_.instance_running(kItem, Test, true, now_);
        }
        if (now_ == told_.test_until) meter_.instance_exists(kItem, Test, false, now_);
        if (is(20)) meter_.instance_running(kItem, Recovery, true, now_);
        if (now_ == told_.stopped) meter_.instance_running(kItem, Recovery, false, now_);
        const bool full_hour = now_.since_start().count() % hours(1).count() == 0;
        if (full_hour && now_ > at(0) && now_ <= at(40)) {
            const Bytes moved(kPerHour * told_.sent_percent / 100);
            meter_.traffic(kItem, now_ - hours(1), now_, {moved, Bytes(moved.count() / 2)});
        }
        if (full_hour && now_ > at(1) && now_ < at(40)) {
            const auto held =
                std::min<std::int64_t>(4, now_.since_start().count() / hours(1).count() - 1);
            meter_.recovery_points_hold(kItem, Bytes(held * kPerHour * told_.held_percent / 100),
                                        now_);
        }
        if (now_ == told_.ended) meter_.protection_ended(kItem, now_);
    }

    [[nodiscard]] bool is_grown() const { return now_ >= at(16); }
    [[nodiscard]] static Stretch as_of(Instant now, double from, double until) {
        return {at(from), now < at(until) ? Instant::never() : at(until)};
    }

    // Clock
    [[nodiscard]] Instant now() const override { return now_; }
    void set_timer(Instant, TimerTag) override {}
    // BillingProbe: the truth
    [[nodiscard]] std::size_t items() const override { return 1; }
    [[nodiscard]] MachineTimes machine(MachineId, BilledInstance which) const override {
        const bool test = which == BilledInstance::Test;
        if (now_ < at(test ? 10 : 20)) return {};
        if (test) return {{as_of(now_, 10, 12)}, {as_of(now_, 10, 12)}};
        return {{as_of(now_, 20, 100)}, {as_of(now_, 20, 22)}};
    }
    [[nodiscard]] bool is_at_home(MachineId) const override { return true; }
    [[nodiscard]] bool replicates(DiskId disk) const override {
        return disk == DiskId(0) || now_ < at(14);
    }
    [[nodiscard]] Bytes uploaded(MachineId) const override {
        return Bytes(std::min(now_, at(40)).since_start().count() / hours(1).count() * kPerHour);
    }
    [[nodiscard]] ProcessServerId server_of(MachineId) const override { return ProcessServerId(0); }
    [[nodiscard]] std::optional<BilledDisk> price_of(DiskId disk) const override {
        return BilledDisk{disk == DiskId(0) && is_grown() ? kLarger : kTier, 1};
    }
    [[nodiscard]] const BilledMachine& prices(MachineId) const override { return facts_; }
    [[nodiscard]] Duration protected_before() const override { return Duration(0); }
    [[nodiscard]] Bytes crossed(ProcessServerId) const override {
        return told_.network_carried ? Bytes(20 * kPerHour) : Bytes(20 * kPerHour - 1000);
    }
    [[nodiscard]] const PriceBook& book() const override { return book_; }
    [[nodiscard]] std::vector<BillingLine> lines(Instant from, Instant to) const override {
        std::vector<BillingLine> lines = meter_.lines(from, to);
        if (!told_.months_round) return lines;
        for (BillingLine& line : lines) line.amount_micros -= line.amount_micros % 10;
        return lines;
    }
    [[nodiscard]] bool meter_runs(MachineId item, Meter meter) const override {
        return meter_.is_open(item, meter);
    }

    Told told_;
    PriceBook book_;
    BilledMachine facts_;
    Estate estate_;
    BillingMeter meter_;
    Instant now_;
};

std::vector<std::string> accused_by(const std::function<void(Told&)>& lie) {
    Told told;
    lie(told);
    return BillOfARun(told).accused_by();
}

TEST(BillingBoard, ARightBillIsAccepted) {
    EXPECT_THAT(accused_by([](Told&) {}), IsEmpty());
}

TEST(BillingBoard, WhatIsKeptIsBilledWhileItIsKept) {
    EXPECT_THAT(accused_by([](Told& told) { told.disks_until = at(39); }), ElementsAre("B1"));
    EXPECT_THAT(accused_by([](Told& told) { told.removed_disk_until = at(15); }),
                ElementsAre("B1"));
    EXPECT_THAT(accused_by([](Told& told) { told.tier_after_growth = kTier; }), ElementsAre("B1"));
    EXPECT_THAT(accused_by([](Told& told) { told.before = hours(1); }), ElementsAre("B1"));
    EXPECT_THAT(accused_by([](Told& told) { told.held_percent = 0; }), ElementsAre("B1"));
    EXPECT_THAT(accused_by([](Told& told) { told.held_percent = 200; }), ElementsAre("B1"));
}

TEST(BillingBoard, PointsAreBilledWithinAQuarter) {
    EXPECT_THAT(accused_by([](Told& told) { told.held_percent = 110; }), IsEmpty());
}

TEST(BillingBoard, NothingIsBilledAfterTheEnd) {
    EXPECT_THAT(accused_by([](Told& told) { told.ended = at(42); }), ::testing::Contains("B2"));
    EXPECT_THAT(accused_by([](Told& told) { told.ended = at(49); }), ::testing::Contains("B2"));
}

TEST(BillingBoard, ComputeIsBilledWhileItRuns) {
    EXPECT_THAT(accused_by([](Told& told) { told.test_until = at(13); }), ElementsAre("B3"));
    EXPECT_THAT(accused_by([](Told& told) { told.stopped = at(21.5); }), ElementsAre("B3"));
    EXPECT_THAT(accused_by([](Told& told) { told.stopped = at(40); }), ElementsAre("B3"));
}

TEST(BillingBoard, EgressIsWhatCrossedTheBoundary) {
    // What is uploaded is also requests, which are B1's.
    EXPECT_THAT(accused_by([](Told& told) { told.sent_percent = 200; }), ElementsAre("B1", "B4"));
    EXPECT_THAT(accused_by([](Told& told) { told.sent_percent = 50; }), ElementsAre("B1", "B4"));
    EXPECT_THAT(accused_by([](Told& told) { told.network_carried = false; }), ElementsAre("B4"));
}

TEST(BillingBoard, PartsAddUpToTheWhole) {
    EXPECT_THAT(accused_by([](Told& told) { told.months_round = true; }),
                ::testing::Contains("B5"));
}

}  // namespace
}  // namespace landfall::lab
