// tests/unit/monitoring_test.cpp — how copies are doing, and which servers the service hears.
#include <string>

#include <gtest/gtest.h>

#include "model/recovery/copy_health.hpp"
#include "sim/world/server_contact.hpp"
#include "tests/support/small_world.hpp"

namespace landfall {
namespace {

// --- Copies: SR/vmware-azure-enable-replication.md

using enum DiskReplicationProgressHealth;

ServiceProfile with_goal() {
    ServiceProfile profile;
    profile.health_window = minutes(15);
    profile.initial_replication_goal = hours(72);
    return profile;
}

/// A copy that has done 1 GB in the last quarter of an hour, an hour after its start.
CopyFacts copy(Bytes recent, Bytes remaining) {
    return {.runs = true,
            .since_start = hours(1),
            .window = minutes(15),
            .recent = recent,
            .remaining = remaining};
}

TEST(CopyHealth, WithoutACopyADiskWaitsOrIsNothing) {
    EXPECT_EQ(judge_copy({}, with_goal()), None);
    EXPECT_EQ(judge_copy({.waits = true}, with_goal()), Queued);
}

TEST(CopyHealth, InItsFirstQuarterOfAnHourItIsTooEarlyToTell) {
    CopyFacts facts = copy(Bytes(0), gibibytes(1000));
    facts.window = minutes(15) - seconds(1);
    EXPECT_EQ(judge_copy(facts, with_goal()), InProgress);
    facts.window = minutes(15);
    EXPECT_EQ(judge_copy(facts, with_goal()), NoProgress);
}

TEST(CopyHealth, IsSlowWhenItsPaceMissesTheGoal) {
    // 71 h are left, 284 quarters of an hour.
    EXPECT_EQ(judge_copy(copy(gibibytes(1), gibibytes(284)), with_goal()), InProgress);
    EXPECT_EQ(judge_copy(copy(gibibytes(1), gibibytes(285)), with_goal()), SlowProgress);
    CopyFacts late = copy(gibibytes(1), Bytes(1));
    late.since_start = hours(72);
    EXPECT_EQ(judge_copy(late, with_goal()), SlowProgress) << "the goal is missed already";
}

TEST(CopyHealth, TheLargestAmountsDoNotOverflow) {
    EXPECT_EQ(judge_copy(copy(Bytes(1), gibibytes(32'767 * 64)), with_goal()), SlowProgress);
}

// --- Servers: SR/site-recovery-monitor-and-troubleshoot.md

/// hq - Azure, branch - hq: the configuration server stands at hq, a process server at the branch.
scenario::Scenario two_places() {
    scenario::Scenario scenario;
    scenario.vault = {"vault", "azure"};
    scenario.links = {
        {.name = "wan", .from = "hq", .to = "azure", .bandwidth = {}, .latency = {}},
        {.name = "line", .from = "hq", .to = "branch", .bandwidth = {}, .latency = {}}};
    scenario.configuration_servers = {{"cs", "hq", {}}};
    scenario::ProcessServer server;
    server.name = "ps";
    server.site = "branch";
    scenario.process_servers = {server};
    server.name = "ps-hq";
    server.site = "hq";
    scenario.process_servers.push_back(server);
    return scenario;
}

constexpr Instant at(Duration time) {
    return Instant(time);
}

TEST(ServerContact, AServerIsSilentWhileNoLinksLeadToWhoHearsIt) {
    world::ServerContact contact(two_places());
    EXPECT_EQ(contact.silence_of(0, at(hours(1))), Duration(0));
    contact.link_changed("line", true, at(hours(1)));
    EXPECT_EQ(contact.silence_of(0, at(hours(1) + minutes(20))), minutes(20));
    EXPECT_EQ(contact.silence_of(1, at(hours(2))), Duration(0)) << "it stands beside its manager";
    contact.link_changed("line", false, at(hours(2)));
    EXPECT_EQ(contact.silence_of(0, at(hours(3))), Duration(0));
}

TEST(ServerContact, TheServiceLosesAConfigurationServerWithTheLinkToAzure) {
    world::ServerContact contact(two_places());
    ASSERT_EQ(contact.registered(), 1U);
    EXPECT_EQ(contact.name_of(0), "cs");
    contact.link_changed("line", true, at(hours(1)));
    EXPECT_EQ(contact.facts_of(0, at(hours(2))).since_heard, Duration(0));
    contact.link_changed("wan", true, at(hours(2)));
    contact.link_changed("some throttle", true, at(hours(3)));
    EXPECT_EQ(contact.facts_of(0, at(hours(4))).since_heard, hours(2)) << "since it went down";
}

TEST(ServerContact, AServerOfNoConfigurationServerIsHeardByNobody) {
    scenario::Scenario scenario = two_places();
    scenario.configuration_servers.clear();
    const world::ServerContact contact(scenario);
    EXPECT_EQ(contact.silence_of(0, at(hours(1))), std::nullopt);
    EXPECT_EQ(contact.silence_of(9, at(hours(1))), std::nullopt) << "a host that uploads by itself";
}

TEST(ServerContact, AHostHasAProviderWhereNoVmmServerHasIt) {
    scenario::Scenario scenario = two_places();
    scenario.configuration_servers.clear();
    scenario::Site site;
    site.name = "hq";
    site.hosts.resize(2);
    site.hosts[0].name = "hv-1";
    site.hosts[1].name = "hv-2";
    scenario.sites = {site};
    scenario::MachineGroup group;
    group.kind = "hyper-v";
    group.host = "hv-1";
    scenario.machines = {group};
    EXPECT_EQ(world::ServerContact(scenario).registered(), 1U);
    scenario.machines.front().cloud = "cloud";
    EXPECT_EQ(world::ServerContact(scenario).registered(), 0U);
}

// --- Churn limits: SR/vmware-physical-azure-support-matrix.md

TEST(ChurnByWriteSize, TakesTheLastRowThatIsNotLarger) {
    TargetDiskTier tier;
    tier.churn_limit = BytesPerSecond(8);
    tier.high_churn_limit = BytesPerSecond(30);
    EXPECT_EQ(tier.churn_of(Bytes(1)).limit, BytesPerSecond(8)) << "no rows: the tier's own";
    tier.churn_by_write_size = {{Bytes(8192), BytesPerSecond(2), BytesPerSecond(10)},
                                {Bytes(16384), BytesPerSecond(4), BytesPerSecond(20)},
                                {Bytes(32768), BytesPerSecond(8), BytesPerSecond(30)}};
    const std::pair<std::int64_t, std::int64_t> rows[] = {
        {512, 2}, {8192, 2}, {16383, 2}, {16384, 4}, {32767, 4}, {32768, 8}, {1 << 20, 8}};
    for (const auto& [size, limit] : rows) {
        EXPECT_EQ(tier.churn_of(Bytes(size)).limit, BytesPerSecond(limit)) << size;
    }
    EXPECT_EQ(tier.churn_of(Bytes(16384)).high_churn_limit, BytesPerSecond(20));
}

}  // namespace
}  // namespace landfall
