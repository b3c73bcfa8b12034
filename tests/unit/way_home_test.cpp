// tests/unit/way_home_test.cpp — reverse legs in the estate: who has one, and what carries it.
#include "sim/world/way_home.hpp"

#include <set>

#include <gtest/gtest.h>

#include "sim/memory/memory_kernel.hpp"
#include "sim/world/assembly.hpp"
#include "sim/world/simulation.hpp"
#include "tests/support/engine_sample.hpp"

namespace landfall::testing {
namespace {

const workload::TraceStore kNoTraces;

world::Assembly assembled(bool ways_back) {
    scenario::Scenario scenario = loaded(engines());
    scenario.ways_back = ways_back;
    return world::assemble(scenario, 1, kNoTraces);
}

TEST(WayHome, NobodyHasOneUnlessItCanBeUsed) {
    const world::Assembly parts = assembled(false);
    EXPECT_EQ(parts.estate.machines.size(), parts.machines.size());
    for (const Machine& machine : parts.estate.machines) EXPECT_TRUE(machine.reverse.is_none());
}

TEST(WayHome, IsThereWhenTheTimelineTakesAMachineHomeOrTries) {
    const auto goes_back = [](const Json& step) {
        Json document = engines();
        document["timeline"] = Json::array({step});
        return loaded(document).ways_back;
    };
    EXPECT_FALSE(loaded(engines()).ways_back);
    EXPECT_FALSE(goes_back({{"at", 0}, {"do", "failover"}, {"machines", "web-1"}}));
    EXPECT_TRUE(goes_back({{"at", 0}, {"do", "reprotect"}, {"machines", "web-1"}}));
    EXPECT_TRUE(goes_back({{"at", 0}, {"do", "failback"}, {"machines", "hv"}, {"refused", true}}));
    // hyper-v-vmm-failover-failback.md: between two VMM sites it turns round by itself.
    EXPECT_TRUE(goes_back({{"at", 0}, {"do", "planned_failover"}, {"machines", "hv2"}}));
}

TEST(WayHome, LegsOfAnItemAreAlikeAndBehindAllItems) {
    const world::Assembly parts = assembled(true);
    const Estate& estate = parts.estate;
    const world::Assembly without = assembled(false);
    std::set<ReplicationEngine> engines_home;
    for (std::size_t index = 0; index < parts.machines.size(); ++index) {
        const Machine& item = estate.machines[index];
        EXPECT_EQ(item.name, without.estate.machines[index].name);
        EXPECT_EQ(item.process_server, without.estate.machines[index].process_server);
        const auto& group = parts.machines[index].group;
        const auto engine = world::engine_home(loaded(engines()).machines[group]);
        EXPECT_EQ(engine.has_value(), !item.reverse.is_none()) << item.name;
        if (item.reverse.is_none()) continue;
        EXPECT_GE(item.reverse.value, parts.machines.size());
        const Machine& back = estate.machine(item.reverse);
        engines_home.insert(back.engine);
        EXPECT_EQ(back.engine, *engine);
        EXPECT_EQ(back.forward_of, MachineId(index));
        EXPECT_TRUE(back.reverse.is_none());
        EXPECT_NE(back.process_server, item.process_server);
        EXPECT_EQ(back.disk_count, item.disk_count);
        for (std::uint32_t k = 0; k < item.disk_count; ++k) {
            const DiskId here(item.first_disk.value + k);
            const DiskId there(back.first_disk.value + k);
            EXPECT_EQ(estate.counterpart(here), there);
            EXPECT_EQ(estate.counterpart(there), here);
            EXPECT_EQ(estate.disk(here).size, estate.disk(there).size);
        }
    }
    EXPECT_EQ(engines_home.size(), 4U);  // failback, between regions, host to host, Scout
    EXPECT_EQ(parts.churn.size(), estate.disks.size());
    EXPECT_EQ(parts.writes.size(), estate.disks.size());
}

TEST(WayHome, ToOnPremisesTheFailbackPolicyHolds) {
    const world::Assembly parts = assembled(true);
    const ServiceProfile& profile = parts.estate.profile;
    for (const Machine& machine : parts.estate.machines) {
        if (machine.forward_of.is_none() || machine.engine != ReplicationEngine::Failback) continue;
        const Policy& policy = parts.estate.policy(machine.policy);
        EXPECT_EQ(policy.name, "failback");
        EXPECT_EQ(policy.retention, profile.failback_retention);
        EXPECT_EQ(policy.rpo_threshold, profile.failback_rpo_threshold);
        EXPECT_EQ(policy.app_consistent_every, profile.failback_app_consistent_every);
    }
}

TEST(WayHome, TheWayBackUsesTheLinksBackwards) {
    const world::Assembly parts = assembled(true);
    for (std::size_t index = 0; index < parts.machines.size(); ++index) {
        const Machine& item = parts.estate.machines[index];
        if (item.reverse.is_none()) continue;
        const auto crossing = [&](ProcessServerId server) {
            const ChannelId channel = parts.estate.process_server(server).upload_channel;
            std::set<std::pair<std::string, bool>> links;
            for (const world::LinkUse& use : parts.link_uses) {
                const auto& channels = use.channels;
                if (std::find(channels.begin(), channels.end(), channel) == channels.end())
                    continue;
                links.insert({use.link, use.forward});
            }
            return links;
        };
        std::set<std::pair<std::string, bool>> backwards;
        for (const auto& [link, forward] : crossing(item.process_server)) {
            backwards.insert({link, !forward});
        }
        EXPECT_EQ(crossing(parts.estate.machine(item.reverse).process_server), backwards)
            << item.name;
    }
}

TEST(WayHome, LegsThatNobodyUsesChangeNothing) {
    scenario::Scenario scenario = loaded(engines());
    const auto run = [&](bool ways_back) {
        scenario.ways_back = ways_back;
        world::Outcome outcome =
            world::simulate(scenario, 1, kNoTraces,
                            [](kernel::NetworkPlan plan) {
                                return std::make_unique<kernel::MemoryKernel>(std::move(plan));
                            },
                            {});
        EXPECT_TRUE(outcome.problems.empty());
        return outcome;
    };
    const world::Outcome without = run(false);
    const world::Outcome with = run(true);
    EXPECT_EQ(without.summary["totals"], with.summary["totals"]);
    ASSERT_EQ(without.tables.front().name, "machines");
    const auto& columns = without.tables.front().columns;
    for (std::size_t k = 0; k < columns.size(); ++k) {
        if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&columns[k].values)) {
            EXPECT_EQ(*numbers,
                      std::get<std::vector<std::int64_t>>(with.tables.front().columns[k].values))
                << columns[k].name;
        }
    }
}

}  // namespace
}  // namespace landfall::testing
