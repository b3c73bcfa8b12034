// tests/unit/scenario_engines_test.cpp — engines in a scenario: what is read, and what does not
// fit.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario/check.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/replication_rules.hpp"
#include "tests/support/engine_sample.hpp"

namespace landfall::testing {
namespace {

using scenario::Replication;
using scenario::Scenario;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(ScenarioEngines, AreReadWithAllTheirKeys) {
    const Scenario scenario = loaded(engines());
    std::set<Replication> replications;
    for (const auto& group : scenario.machines) replications.insert(group.replication);
    EXPECT_THAT(replications, SizeIs(scenario::replication_rules().size())) << "one of each";
    EXPECT_FALSE(scenario.oracles);
    EXPECT_EQ(scenario.sites[0].hosts[0].upload_threads, 16);
    EXPECT_EQ(scenario.sites[0].hosts[0].throttles[0].bandwidth, BytesPerSecond(12'500'000));
    EXPECT_EQ(scenario.master_targets[0].apply_rate, BytesPerSecond(50'000'000));
    EXPECT_EQ(scenario.master_targets[1].apply_rate, BytesPerSecond(400'000'000));
    EXPECT_EQ(scenario.process_servers[1].master_target, "mt-branch");
    EXPECT_FALSE(scenario.process_servers[1].storage_account.has_value());
    EXPECT_EQ(scenario.policies[0].replication_interval, minutes(5));
    EXPECT_EQ(scenario.policies[1].replication_interval, seconds(30));
    EXPECT_EQ(scenario.consistency_groups[0].hold, nanoseconds(80'000'000));
    EXPECT_EQ(scenario.consistency_groups[1].hold, scenario.profile.group_hold);
    EXPECT_EQ(scenario.consistency_groups[1].latency, scenario.profile.group_message_latency);

    EXPECT_EQ(scenario.machines[0].fidelity, scenario::Fidelity::Block);
    EXPECT_EQ(scenario.machines[0].sector_size, Bytes(512));
    EXPECT_EQ(scenario.machines[0].consistency_group, "shop");
    EXPECT_EQ(scenario.machines[1].fidelity, scenario::Fidelity::Volume);
    EXPECT_EQ(scenario.machines[1].disks[0].fold.at(1).written, gibibytes(1));
    EXPECT_EQ(scenario.machines[1].disks[0].fold.at(1).distinct, Bytes(500'000'000));
    EXPECT_EQ(scenario.machines[3].initial_copy, scenario::InitialCopy::Offline);
    EXPECT_EQ(scenario.machines[3].offline_takes, days(1));
    EXPECT_TRUE(scenario.machines[5].zone_to_zone);
    const scenario::FailedOver& failed_over = scenario.machines[7].failed_over.value();
    EXPECT_EQ(failed_over.unreplicated, mebibytes(1));
    EXPECT_EQ(failed_over.method, scenario::FailbackMethod::Bitmaps);
    EXPECT_EQ(failed_over.location, scenario::FailbackLocation::Original);

    EXPECT_EQ(scenario.timeline[1].operation, scenario::Operation::RestartTarget);
    EXPECT_EQ(scenario.timeline[2].disk, "os");
    EXPECT_EQ(scenario.timeline[2].size, mebibytes(128));
    EXPECT_EQ(scenario.timeline[3].operation, scenario::Operation::ReplaceDisk);
}

TEST(ScenarioEngines, ReadBlockWorkloads) {
    using scenario::BlockChurn;
    using scenario::WritePattern;
    const Scenario scenario = loaded(engines());
    const auto& zipf = std::get<BlockChurn>(scenario.machines[0].churn);
    EXPECT_EQ(zipf.pattern, WritePattern::Zipf);
    EXPECT_EQ(zipf.zipf_alpha, 1.2);
    EXPECT_EQ(zipf.trim_share, 0.05);
    EXPECT_EQ(zipf.write_size, Bytes(4096));
    EXPECT_FALSE(zipf.evenly_spaced);
    EXPECT_TRUE(std::get<BlockChurn>(*scenario.machines[0].disks[1].churn).evenly_spaced);
    const auto& hot = std::get<BlockChurn>(scenario.machines[2].churn);
    EXPECT_EQ(hot.hot_share, 0.2);
    EXPECT_EQ(hot.hot_writes, 0.8);
    EXPECT_EQ(hot.working_set, mebibytes(32));
    const auto& flood = std::get<BlockChurn>(scenario.machines[3].churn);
    EXPECT_EQ(flood.window->to, hours(1));
    EXPECT_EQ(std::get<BlockChurn>(scenario.machines[4].churn).period, hours(1));
}

TEST(ScenarioEngines, ExpandToWhereTheyLiveAndSend) {
    const Scenario scenario = loaded(engines());
    const std::vector<scenario::ExpandedMachine> machines = scenario::expand(scenario);
    const auto find = [&](std::string_view name) {
        return *std::find_if(machines.begin(), machines.end(),
                             [&](const auto& machine) { return machine.name == name; });
    };
    EXPECT_EQ(find("web-2").site, SiteId(0));
    EXPECT_EQ(find("web-2").target_region, 0U) << "of its process server's account";
    EXPECT_EQ(find("web-2").consistency_group, 0U);
    EXPECT_TRUE(find("hv").process_server.is_none());
    EXPECT_EQ(find("hv").storage_account, StorageAccountId(0));
    EXPECT_EQ(find("hv").target_region, 0U);
    EXPECT_EQ(find("hv2").target_site, SiteId(1));
    EXPECT_FALSE(find("hv2").target_region.has_value());
    EXPECT_TRUE(find("az").site.is_none());
    EXPECT_EQ(find("az").region, 1U);
    EXPECT_EQ(find("az").target_region, 0U);
    EXPECT_EQ(find("zone").target_region, 1U);
    EXPECT_EQ(find("scout").target_site, SiteId(1));
    EXPECT_TRUE(find("scout").storage_account.is_none());
    EXPECT_EQ(find("back").region, 0U);
    EXPECT_EQ(find("back").target_site, SiteId(0));
}

TEST(ScenarioEngines, ReplicateByKindWhenTheEntryDoesNotSay) {
    EXPECT_EQ(scenario::default_replication("hyper-v"), Replication::HyperVToAzure);
    EXPECT_EQ(scenario::default_replication("azure"), Replication::AzureToAzure);
    for (const char* kind : {"vmware", "physical", "aws"}) {
        EXPECT_EQ(scenario::default_replication(kind), Replication::InMageToAzure);
    }
    for (const char* kind : {"vmware", "physical", "hyper-v", "azure", "aws"}) {
        EXPECT_TRUE(scenario::rule_of(scenario::default_replication(kind)).takes(kind)) << kind;
    }
    EXPECT_THAT(scenario::replications_for("aws"), ElementsAre("inmage-to-azure"));
    EXPECT_THAT(scenario::replications_for("azure"),
                ElementsAre("inmage-to-azure", "azure-to-azure"));
}

// SR/migrate-to-azure-with-site-recovery.md: Azure machines go through a configuration server, AWS
// instances are "handled in the same way as physical servers".
TEST(ScenarioEngines, TakeAzureMachinesThroughAConfigurationServerAsPhysicalServers) {
    scenario::MachineGroup group;
    group.kind = "azure";
    group.replication = Replication::InMageToAzure;
    EXPECT_EQ(scenario::kind_of(group), ScenarioKind::AzureThroughConfigurationServer);
    EXPECT_TRUE(scenario::is_physical_server(group));
    group.replication = Replication::AzureToAzure;
    EXPECT_EQ(scenario::kind_of(group), ScenarioKind::AzureToAzure);
    EXPECT_FALSE(scenario::is_physical_server(group));
    group.replication = Replication::InMageToAzure;
    for (const char* kind : {"physical", "aws"}) {
        group.kind = kind;
        EXPECT_TRUE(scenario::is_physical_server(group)) << kind;
    }
    group.kind = "vmware";
    EXPECT_FALSE(scenario::is_physical_server(group));
}

TEST(ScenarioEngines, CostMoreAtBlockFidelity) {
    Json volume = engines();
    for (Json& machine : volume["machines"]) {
        machine.erase("fidelity");
        machine.erase("sector_size");
    }
    volume["timeline"].erase(1);
    const scenario::CostEstimate block = scenario::estimate(loaded(engines()));
    EXPECT_GT(block.memory_bytes, scenario::estimate(loaded(volume)).memory_bytes);
    EXPECT_GT(block.seconds, scenario::estimate(loaded(volume)).seconds);
}

class EngineMisfit : public ::testing::TestWithParam<Misfit> {};

TEST_P(EngineMisfit, IsFoundWithItsPlace) {
    expect_found(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Engines, EngineMisfit,
    ::testing::Values(Misfit{"an engine of other kinds",
                             {{"/machines/1/replication", "failback"}},
                             {{"SCN017", "/machines/1/replication", "\"failback\""}},
                             "machines of kind \"aws\""},
                      Misfit{"an unknown engine",
                             {{"/machines/1/replication", "inmage"}},
                             {{"SCN006", "/machines/1/replication", "\"inmage\""}},
                             ""},
                      Misfit{"an unknown kind",
                             {{"/machines/2/kind", "hyperv"}},
                             {{"SCN006", "/machines/2/kind", "\"hyperv\""}},
                             ""},
                      Misfit{"no process server",
                             {{"/machines/1/process_server", gone()}},
                             {{"SCN005", "/machines/1/process_server", ""}},
                             "\"inmage-to-azure\" replication needs it"},
                      Misfit{"a process server for Hyper-V",
                             {{"/machines/2/process_server", "ps-up"}},
                             {{"SCN008", "/machines/2/process_server", "\"ps-up\""}},
                             "\"hyper-v-to-azure\""},
                      Misfit{"Hyper-V without a host",
                             {{"/machines/2/host", gone()}},
                             {{"SCN005", "/machines/2/host", ""}},
                             ""},
                      Misfit{"Hyper-V without an account",
                             {{"/machines/2/storage_account", gone()}},
                             {{"SCN005", "/machines/2/storage_account", ""}},
                             ""},
                      Misfit{"no target site",
                             {{"/machines/3/target_site", gone()}},
                             {{"SCN005", "/machines/3/target_site", ""}},
                             ""},
                      Misfit{"no target region",
                             {{"/machines/4/target_region", gone()}},
                             {{"SCN005", "/machines/4/target_region", ""}},
                             ""},
                      Misfit{"no failover before the failback",
                             {{"/machines/7/failed_over", gone()}},
                             {{"SCN005", "/machines/7/failed_over", ""}},
                             ""},
                      Misfit{"a failover before another engine",
                             {{"/machines/1/failed_over", Json::object()}},
                             {{"SCN008", "/machines/1/failed_over", "{...}"}},
                             ""},
                      Misfit{"a new machine to compare with",
                             {{"/machines/7/failed_over/location", "alternate"}},
                             {{"SCN008", "/machines/7/failed_over/location", "\"alternate\""}},
                             "full-download"},
                      Misfit{"a new machine",
                             {{"/machines/7/failed_over/location", "alternate"},
                              {"/machines/7/failed_over/method", "full-download"}},
                             {},
                             ""},
                      Misfit{"zones of a VMware machine",
                             {{"/machines/1/zone_to_zone", true}},
                             {{"SCN008", "/machines/1/zone_to_zone", "true"}},
                             ""},
                      Misfit{"disks shipped to Azure",
                             {{"/machines/2/initial_copy", "offline"},
                              {"/machines/2/offline_takes", 60}},
                             {{"SCN008", "/machines/2/initial_copy", "\"offline\""}},
                             ""},
                      Misfit{"shipping without a time",
                             {{"/machines/3/offline_takes", gone()}},
                             {{"SCN005", "/machines/3/offline_takes", ""}},
                             ""},
                      Misfit{"a time without shipping",
                             {{"/machines/3/initial_copy", "network"}},
                             {{"SCN008", "/machines/3/offline_takes", "86400"}},
                             ""}),
    title_of);

INSTANTIATE_TEST_SUITE_P(
    Places, EngineMisfit,
    ::testing::Values(Misfit{"an Azure machine in a site",
                             {{"/machines/4/site", "hq"}},
                             {{"SCN010", "/machines/4/site", "\"hq\""}},
                             "live in a region"},
                      Misfit{"a Hyper-V machine in a region",
                             {{"/machines/2/site", "westeurope"}},
                             {{"SCN010", "/machines/2/site", "\"westeurope\""}},
                             "live in a site"},
                      Misfit{"Scout to Azure",
                             {{"/machines/6/process_server", "ps-up"}},
                             {{"SCN017", "/machines/6/process_server", "\"ps-up\""}},
                             "goes to a master target"},
                      Misfit{"InMage to a master target",
                             {{"/machines/1/process_server", "ps-scout"}},
                             {{"SCN017", "/machines/1/process_server", "\"ps-scout\""}},
                             "goes to a storage account"},
                      Misfit{"failback by a process server on-premises",
                             {{"/machines/7/process_server", "ps-scout"}},
                             {{"SCN014", "/machines/7/process_server", "\"ps-scout\""}},
                             ""},
                      Misfit{"a replica in the own site",
                             {{"/master_targets/0/site", "hq"}},
                             {{"SCN014", "/machines/6/process_server", "\"ps-scout\""}},
                             "the replica must be in another"},
                      Misfit{"a target site that is the own one",
                             {{"/machines/3/target_site", "hq"}},
                             {{"SCN014", "/machines/3/target_site", "\"hq\""}},
                             ""},
                      Misfit{"an unknown target site",
                             {{"/machines/3/target_site", "brunch"}},
                             {{"SCN010", "/machines/3/target_site", "\"brunch\""}},
                             ""},
                      Misfit{"an unknown target region",
                             {{"/machines/4/target_region", "eastus"}},
                             {{"SCN010", "/machines/4/target_region", "\"eastus\""}},
                             ""},
                      Misfit{"a target region that is the own one",
                             {{"/machines/4/target_region", "northeurope"}},
                             {{"SCN014", "/machines/4/target_region", "\"northeurope\""}},
                             "zone_to_zone"},
                      Misfit{"zones of two regions",
                             {{"/machines/5/target_region", "westeurope"}},
                             {{"SCN014", "/machines/5/target_region", "\"westeurope\""}},
                             ""},
                      Misfit{"a vault in the source region",
                             {{"/machines/4/site", "westeurope"},
                              {"/machines/4/storage_account", "cache-we"},
                              {"/machines/4/target_region", "northeurope"}},
                             {{"SCN014", "/machines/4/site", "\"westeurope\""}},
                             "vault"},
                      Misfit{"a cache account of another region than the machine's",
                             {{"/machines/4/storage_account", "cache-we"}},
                             {{"SCN014", "/machines/4/storage_account", "\"cache-we\""}},
                             "region of the machine"},
                      Misfit{"a cache account of another region than the vault's",
                             {{"/machines/2/storage_account", "cache-ne"}},
                             {{"SCN014", "/machines/2/storage_account", "\"cache-ne\""}},
                             "region of the vault"},
                      Misfit{"an unknown cache account",
                             {{"/machines/2/storage_account", "cash-we"}},
                             {{"SCN010", "/machines/2/storage_account", "\"cash-we\""}},
                             ""},
                      Misfit{"no way to the second site",
                             {{"/links/1/to", "westeurope"}, {"/links/1/from", "northeurope"}},
                             {{"SCN015", "/process_servers/1/site", "\"hq\""},
                              {"SCN015", "/machines/3/site", "\"hq\""}},
                             "master target \"mt-branch\""},
                      Misfit{"no way between the regions",
                             {{"/links/2/to", "branch"}, {"/links/2/from", "hq"}},
                             {{"SCN015", "/machines/4/site", "\"northeurope\""}},
                             "to region \"westeurope\""},
                      Misfit{"no way to Azure",
                             {{"/links/0/to", "branch"}},
                             {{"SCN015", "/process_servers/0/site", "\"hq\""},
                              {"SCN015", "/process_servers/2/site", "\"westeurope\""},
                              {"SCN015", "/machines/2/site", "\"hq\""}},
                             "storage account \"cache-we\""}),
    title_of);

INSTANTIATE_TEST_SUITE_P(
    Estate, EngineMisfit,
    ::testing::Values(Misfit{"a process server to nowhere",
                             {{"/process_servers/0/storage_account", gone()}},
                             {{"SCN005", "/process_servers/0/storage_account", ""}},
                             ""},
                      Misfit{"a process server to two",
                             {{"/process_servers/0/master_target", "mt-hq"}},
                             {{"SCN008", "/process_servers/0/master_target", "\"mt-hq\""}},
                             "one of them"},
                      Misfit{
                          "a process server with an account in a region",
                          {{"/process_servers/0/site", "westeurope"}, {"/machines/0/site", "hq"}},
                          {{"SCN010", "/process_servers/0/site", "\"westeurope\""},
                           {"SCN014", "/machines/0/process_server", "\"ps-up\""},
                           {"SCN014", "/machines/1/process_server", "\"ps-up\""}},
                          "no such site"},
                      Misfit{"an unknown master target",
                             {{"/process_servers/1/master_target", "mt-brunch"}},
                             {{"SCN010", "/process_servers/1/master_target", "\"mt-brunch\""}},
                             ""},
                      Misfit{"a master target of nowhere",
                             {{"/master_targets/1/site", "hg"}},
                             {{"SCN010", "/master_targets/1/site", "\"hg\""}},
                             ""},
                      Misfit{"two master targets of one name",
                             {{"/master_targets/1/name", "mt-branch"},
                              {"/process_servers/2/master_target", "mt-branch"}},
                             {{"SCN011", "/master_targets/1/name", "\"mt-branch\""}},
                             ""},
                      Misfit{"three threads",
                             {{"/sites/0/hosts/0/upload_threads", 3}},
                             {{"SCN007", "/sites/0/hosts/0/upload_threads", "3"}},
                             "at least 4"},
                      Misfit{"33 threads",
                             {{"/sites/0/hosts/0/upload_threads", 33}},
                             {{"SCN007", "/sites/0/hosts/0/upload_threads", "33"}},
                             "at most 32"},
                      Misfit{"a throttle above the host's card",
                             {{"/sites/0/hosts/0/nic", 50000000}},
                             {{"SCN060", "/sites/0/hosts/0/throttles/0/bandwidth", "100000000"}},
                             "than the host has"},
                      Misfit{"overlapping throttles of a host",
                             {{"/sites/0/hosts/0/throttles/1",
                               {{"from", 64000}, {"to", 70000}, {"bandwidth", 1000000}}}},
                             {{"SCN060", "/sites/0/hosts/0/throttles/1", ""}},
                             ""},
                      Misfit{"every 45 seconds",
                             {{"/policies/0/replication_interval", 45}},
                             {{"SCN007", "/policies/0/replication_interval", "45"}},
                             "30 seconds, 5 minutes or 15 minutes"},
                      Misfit{"every 30 seconds to premium disks",
                             {{"/machines/2/disks/0/target", "premium_ssd"}},
                             {{"SCN032", "/machines/2/disks/0/target", "\"premium_ssd\""}},
                             "5 minutes or 15 minutes"},
                      Misfit{"every 30 seconds to premium disks of another engine",
                             {{"/machines/3/disks/0/target", "premium_ssd"}},
                             {},
                             ""}),
    title_of);

}  // namespace
}  // namespace landfall::testing
