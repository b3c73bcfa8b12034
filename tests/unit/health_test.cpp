// tests/unit/health_test.cpp — reasons of ill health as tables, and what the monitor writes down.
#include "model/recovery/health.hpp"

#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace landfall {
namespace {

using enum HealthReason;

/// The documented thresholds (vmware-physical-aws.md 8; common.md 1.7, 2.2, 9).
ServiceProfile documented() {
    ServiceProfile profile;
    profile.cache_warning_free_percent = 30;
    profile.cache_critical_free_percent = 25;
    profile.cpu_warning_percent = 80;
    profile.cpu_critical_percent = 95;
    profile.memory_warning_percent = 80;
    profile.memory_critical_percent = 95;
    profile.upload_backlog_warning = minutes(30);
    profile.upload_backlog_critical = minutes(45);
    profile.health_no_crash_point = minutes(60);
    profile.health_heartbeat_lost = minutes(15);
    profile.health_no_progress = minutes(30);
    profile.health_test_failover_due = days(183);
    profile.hyper_v_missed_cycles_percent = 20;
    profile.hyper_v_no_cycle = hours(1);
    profile.registration_key_lifetime = days(5);
    profile.certificate_lifetime = days(3 * 365);
    profile.certificate_alert = days(60);
    return profile;
}

/// An item that is well.
ItemFacts well(ReplicationEngine engine) {
    ItemFacts facts;
    facts.engine = engine;
    facts.replicates = true;
    facts.observed = days(2);
    facts.since_point = minutes(4);
    facts.since_app_point = minutes(50);
    facts.app_point_every = hours(1);
    facts.rpo_threshold = minutes(15);
    facts.churn_limit = BytesPerSecond(20'000'000);
    facts.protected_for = days(2);
    facts.cycles = 10;
    facts.since_cycle = minutes(5);
    return facts;
}

constexpr auto kInMage = ReplicationEngine::InMageToAzure;
constexpr auto kAzure = ReplicationEngine::AzureToAzure;
constexpr auto kHyperV = ReplicationEngine::HyperVToAzure;

struct ItemRow {
    const char* name;
    ReplicationEngine engine;
    void (*trouble)(ItemFacts&);
    std::vector<HealthReason> reasons;  ///< worst first
    Health health;
};

class ItemHealth : public ::testing::TestWithParam<ItemRow> {};

TEST_P(ItemHealth, FollowsFromTheFacts) {
    ItemFacts facts = well(GetParam().engine);
    GetParam().trouble(facts);
    const auto reasons = judge_item(facts, documented());
    EXPECT_EQ(reasons, GetParam().reasons);
    EXPECT_EQ(health_of(reasons), GetParam().health);
}

const ItemRow kItemRows[] = {
    {"well", kInMage, [](ItemFacts&) {}, {}, Health::Normal},
    {"well_azure", kAzure, [](ItemFacts&) {}, {}, Health::Normal},
    {"well_hyper_v", kHyperV, [](ItemFacts&) {}, {}, Health::Normal},
    {"rpo_at_the_threshold",
     kInMage,
     [](ItemFacts& f) { f.since_point = minutes(15); },
     {},
     Health::Normal},
    {"rpo_above",
     kInMage,
     [](ItemFacts& f) { f.since_point = minutes(16); },
     {RpoAboveThreshold},
     Health::Warning},
    {"azure_60_min",
     kAzure,
     [](ItemFacts& f) {
         f.since_point = minutes(60);
         f.rpo_threshold.reset();
     },
     {},
     Health::Normal},
    {"azure_61_min",
     kAzure,
     [](ItemFacts& f) {
         f.since_point = minutes(61);
         f.rpo_threshold.reset();
     },
     {NoCrashPoint},
     Health::Critical},
    {"no_153007_but_for_azure",
     kInMage,
     [](ItemFacts& f) {
         f.since_point = minutes(61);
         f.rpo_threshold.reset();
     },
     {},
     Health::Normal},
    {"azure_never_a_point",
     kAzure,
     [](ItemFacts& f) {
         f.since_point.reset();
         f.since_app_point.reset();
         f.app_point_every.reset();
     },
     {NoCrashPoint},
     Health::Critical},
    {"initial_replication_expects_no_point",
     kAzure,
     [](ItemFacts& f) {
         f.since_point.reset();
         f.initial_replication = true;
     },
     {},
     Health::Normal},
    {"azure_app",
     kAzure,
     [](ItemFacts& f) { f.since_app_point = minutes(121); },
     {NoAppPointAzure},
     Health::Warning},
    {"in_mage_app",
     kInMage,
     [](ItemFacts& f) { f.since_app_point = minutes(121); },
     {NoAppPoint},
     Health::Warning},
    {"app_off",
     kInMage,
     [](ItemFacts& f) {
         f.since_app_point.reset();
         f.app_point_every.reset();
     },
     {},
     Health::Normal},
    {"heartbeat",
     kInMage,
     [](ItemFacts& f) { f.since_source_heard = minutes(16); },
     {SourceHeartbeatLost},
     Health::Critical},
    {"stalled",
     kInMage,
     [](ItemFacts& f) { f.without_upload = minutes(31); },
     {NoProgress},
     Health::Critical},
    {"server", kInMage, [](ItemFacts& f) { f.server_lost = true; }, {ServerLost}, Health::Critical},
    {"churn",
     kInMage,
     [](ItemFacts& f) { f.churn = BytesPerSecond(20'000'001); },
     {ChurnAboveLimit},
     Health::Warning},
    {"resync_in_mage",
     kInMage,
     [](ItemFacts& f) { f.resync_required = true; },
     {ResyncRequired},
     Health::Warning},
    {"resync_hyper_v",
     kHyperV,
     [](ItemFacts& f) { f.resync_required = true; },
     {HyperVResyncRequired},
     Health::Critical},
    {"cycles_19_percent",
     kHyperV,
     [](ItemFacts& f) {
         f.cycles = 100;
         f.cycles_missed = 19;
     },
     {},
     Health::Normal},
    {"cycles_20_percent",
     kHyperV,
     [](ItemFacts& f) { f.cycles_missed = 2; },
     {CyclesMissed},
     Health::Warning},
    {"slow_copy", kInMage, [](ItemFacts& f) { f.copy_slow = true; }, {CopySlow}, Health::Warning},
    {"no_cycle",
     kHyperV,
     [](ItemFacts& f) { f.since_cycle = minutes(61); },
     {NoCycle},
     Health::Warning},
    {"hyper_v_initial",
     kHyperV,
     [](ItemFacts& f) { f.initial_replication = true; },
     {InitialReplicationUnfinished},
     Health::Warning},
    {"never_tested",
     kInMage,
     [](ItemFacts& f) { f.protected_for = days(184); },
     {NoTestFailover},
     Health::Warning},
    {"tested",
     kInMage,
     [](ItemFacts& f) {
         f.protected_for = days(400);
         f.since_test = days(183);
     },
     {},
     Health::Normal},
    {"worst_first",
     kInMage,
     [](ItemFacts& f) {
         f.since_point = minutes(40);
         f.without_upload = minutes(40);
     },
     {NoProgress, RpoAboveThreshold},
     Health::Critical},
    {"failed_over_is_silent",
     kAzure,
     [](ItemFacts& f) {
         f.replicates = false;
         f.since_point = days(3);
     },
     {},
     Health::Normal},
    {"quota",
     kInMage,
     [](ItemFacts& f) {
         f.replicates = false;
         f.quota_exceeded = true;
     },
     {QuotaExceeded},
     Health::Critical},
};

INSTANTIATE_TEST_SUITE_P(Rows, ItemHealth, ::testing::ValuesIn(kItemRows),
                         [](const auto& row) { return std::string(row.param.name); });

struct ServerRow {
    ServerFacts facts;
    std::vector<HealthReason> reasons;
};

class ServerHealth : public ::testing::TestWithParam<ServerRow> {};

TEST_P(ServerHealth, IsTheWorstOfItsSignals) {
    const auto reasons = judge_server(GetParam().facts, documented());
    EXPECT_EQ(reasons, GetParam().reasons);
    if (!GetParam().facts.since_heard && !GetParam().facts.service_down) {
        EXPECT_EQ(health_of(reasons), signals_of(GetParam().facts.load, documented()).worst());
    }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ServerHealth,
    ::testing::Values(ServerRow{{{30, 80, minutes(30)}, {}, false}, {}},
                      ServerRow{{{29, 0, {}}, {}, false}, {CacheLow}},
                      ServerRow{{{25, 0, {}}, {}, false}, {CacheLow}},
                      ServerRow{{{24, 0, {}}, {}, false}, {CacheCritical}},
                      ServerRow{{{100, 81, {}}, {}, false}, {ProcessorBusy}},
                      ServerRow{{{100, 96, {}}, {}, false}, {ProcessorCritical}},
                      ServerRow{{{100, 0, {}, 80}, {}, false}, {}},
                      ServerRow{{{100, 0, {}, 81}, {}, false}, {MemoryHigh}},
                      ServerRow{{{100, 0, {}, 95}, {}, false}, {MemoryHigh}},
                      ServerRow{{{100, 0, {}, 96}, {}, false}, {MemoryCritical}},
                      ServerRow{{{100, 0, minutes(31)}, {}, false}, {UploadBehind}},
                      ServerRow{{{100, 0, minutes(46)}, {}, false}, {UploadCritical}},
                      ServerRow{{{29, 96, minutes(31)}, {}, false},
                                {ProcessorCritical, CacheLow, UploadBehind}},
                      ServerRow{{{100, 0, {}}, minutes(16), true}, {HeartbeatLost, ServiceDown}},
                      ServerRow{{{100, 0, {}}, minutes(15), false}, {}}));

TEST(RegistrationHealth, WarnsTwoMonthsBeforeACertificateExpires) {
    const ServiceProfile profile = documented();
    const auto at_age = [&](Duration age) {
        return judge_registration({std::nullopt, age, false}, profile);
    };
    EXPECT_TRUE(at_age(days(3 * 365 - 61)).empty());
    EXPECT_EQ(at_age(days(3 * 365 - 60)), std::vector{CertificateExpires});
    EXPECT_EQ(at_age(days(3 * 365)), std::vector{CertificateExpired});
}

TEST(RegistrationHealth, AKeyIsValidForFiveDaysAndAClockMayNotBeOff) {
    const ServiceProfile profile = documented();
    EXPECT_TRUE(judge_registration({days(5), {}, false}, profile).empty());
    EXPECT_EQ(judge_registration({days(5) + seconds(1), {}, true}, profile),
              (std::vector{RegistrationKeyExpired, ClockSkew}));
}

TEST(RegistrationHealth, AConnectionThatIsLostIsToldAfterAQuarterOfAnHour) {
    RegistrationFacts facts;
    facts.since_heard = minutes(15);
    EXPECT_TRUE(judge_registration(facts, documented()).empty());
    facts.since_heard = minutes(15) + seconds(1);
    EXPECT_EQ(judge_registration(facts, documented()), std::vector{ServerDisconnected});
}

TEST(HealthRules, EveryRowHasAMessageAndASourceAndNoCodeMeansTwoThings) {
    for (std::size_t index = 0; index < kHealthReasons; ++index) {
        const HealthRule& rule = rule_of(static_cast<HealthReason>(index));
        EXPECT_FALSE(rule.message.empty() || rule.source.empty());
        EXPECT_GE(rule.level, Health::Warning);
    }
    EXPECT_EQ(reason_with_code("28031"), QuotaExceeded);
    EXPECT_EQ(reason_with_code("153007"), NoCrashPoint);
    EXPECT_EQ(reason_with_code(""), std::nullopt);
    EXPECT_EQ(reason_with_code("1"), std::nullopt);
}

TEST(VaultHealth, IsTheWorstOfItsParts) {
    EXPECT_EQ(vault_health({}), Health::None);
    const Health parts[] = {Health::None, Health::Normal, Health::Warning, Health::Normal};
    EXPECT_EQ(vault_health(parts), Health::Warning);
}

// --- The monitor

class HealthMonitorTest : public ::testing::Test {
  protected:
    void update(std::vector<HealthReason> reasons, Duration at, bool applies = true) {
        monitor.update(item, reasons, applies, Instant(at));
    }

    HealthMonitor monitor;
    HealthSubject item{HealthSubjectKind::Item, 3};
};

TEST_F(HealthMonitorTest, WritesChangesOnly) {
    update({}, minutes(0));
    update({}, minutes(5));
    update({RpoAboveThreshold}, minutes(10));
    update({RpoAboveThreshold}, minutes(15));
    update({}, minutes(20));
    ASSERT_EQ(monitor.steps().size(), 3U);
    EXPECT_EQ(monitor.steps()[1].health, Health::Warning);
    EXPECT_EQ(monitor.steps()[2].reason, std::nullopt);
}

TEST_F(HealthMonitorTest, AReasonKeepsTheInstantSinceWhenItHolds) {
    update({RpoAboveThreshold}, minutes(10));
    update({NoProgress, RpoAboveThreshold}, minutes(30));
    ASSERT_EQ(monitor.steps().size(), 3U);
    EXPECT_EQ(monitor.steps()[1].reason, NoProgress);
    EXPECT_EQ(monitor.steps()[1].since, Instant(minutes(30)));
    EXPECT_EQ(monitor.steps()[2].since, Instant(minutes(10)));
}

TEST_F(HealthMonitorTest, AReasonThatTookAnotherPlaceIsAChange) {
    update({NoCycle}, minutes(10));
    update({CyclesMissed}, minutes(15));
    EXPECT_EQ(monitor.steps().back().reason, CyclesMissed);
    EXPECT_EQ(monitor.steps().back().since, Instant(minutes(15)));
}

TEST_F(HealthMonitorTest, MailsOnceWhenSomethingBecomesCritical) {
    update({RpoAboveThreshold}, minutes(5));
    EXPECT_TRUE(monitor.alerts().empty());
    update({NoProgress}, minutes(10));
    update({NoProgress, RpoAboveThreshold}, minutes(15));
    update({}, minutes(20));
    update({NoProgress}, minutes(25));
    ASSERT_EQ(monitor.alerts().size(), 2U);
    EXPECT_EQ(monitor.alerts()[0].kind, AlertKind::CriticalHealth);
    EXPECT_EQ(monitor.alerts()[0].at, Instant(minutes(10)));
}

TEST_F(HealthMonitorTest, MailsALostConnectionAndAFailedFailover) {
    monitor.update({HealthSubjectKind::ProcessServer, 0}, std::vector{HeartbeatLost}, true,
                   Instant(minutes(15)));
    monitor.failover_failed(item, Instant(minutes(20)));
    ASSERT_EQ(monitor.alerts().size(), 3U);
    EXPECT_EQ(monitor.alerts()[0].kind, AlertKind::ConnectionLost);
    EXPECT_EQ(monitor.alerts()[1].kind, AlertKind::CriticalHealth);
    EXPECT_EQ(monitor.alerts()[2].kind, AlertKind::FailoverFailed);
}

TEST_F(HealthMonitorTest, HealthDoesNotApplyToWhatIsNotProtected) {
    update({}, minutes(5));
    EXPECT_EQ(monitor.health(item), Health::Normal);
    update({}, minutes(10), false);
    EXPECT_EQ(monitor.health(item), Health::None);
    update({FailoverFailed}, minutes(15), false);
    EXPECT_EQ(monitor.health(item), Health::Critical);
}

TEST_F(HealthMonitorTest, TheVaultFollowsItsParts) {
    update({NoProgress}, minutes(5));
    monitor.update_vault(Instant(minutes(5)));
    EXPECT_EQ(monitor.health({}), Health::Critical);
    update({}, minutes(10));
    monitor.update_vault(Instant(minutes(10)));
    EXPECT_EQ(monitor.health({}), Health::Normal);
    EXPECT_EQ(monitor.steps().size(), 4U);
}

TEST(EventListTest, HoldsWhatIsNotOlderThanTheWindow) {
    EventList list(hours(72));
    list.add({Instant(hours(0)), "a", "", ""});
    list.add({Instant(hours(1)), "b", "", ""});
    EXPECT_EQ(list.recent(Instant(hours(72))).size(), 2U);
    ASSERT_EQ(list.recent(Instant(hours(73))).size(), 1U);
    EXPECT_EQ(list.recent(Instant(hours(73))).front().kind, "b");
    EXPECT_TRUE(list.recent(Instant(hours(74))).empty());
}

}  // namespace
}  // namespace landfall
