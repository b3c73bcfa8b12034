// tests/unit/scenario_setup_test.cpp — what a scenario says of vault, compatibility and target, and
// what the estate makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/estate/estate.hpp"
#include "sim/world/assembly.hpp"
#include "tests/support/scenario_sample.hpp"

namespace landfall {
namespace {

using scenario::LoadResult;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Json;
using testing::sample_scenario;

/// The sample with Hyper-V in the branch, behind a VMM server, and networks in the region.
Json with_setup() {
    Json document = sample_scenario();
    document["machines"] = Json::array({document["machines"][0]});
    document["timeline"] = Json::array({document["timeline"][0]});
    document["vmm_servers"] =
        Json::parse(R"([{"name": "vmm", "site": "branch", "clouds": ["gold"]}])");
    document["network_mappings"] =
        Json::parse(R"([{"fabric": "vmm", "from": "red", "to": "vnet"}])");
    document["regions"][0]["quota"] = Json::parse(R"({"cores": 100, "nics": 20,
        "families": [{"family": "Dsv3", "cores": 8}]})");
    document["regions"][0]["networks"] = Json::parse(R"([
        {"name": "lab", "subnets": [{"name": "any", "range": "10.9.0.0/24"}]},
        {"name": "vnet", "subnets": [{"name": "web", "range": "10.0.0.0/24"},
                                     {"name": "app", "range": "10.0.1.0/24"}]}])");
    document["machines"].push_back(Json::parse(R"(
        {"name": "hv", "site": "branch", "host": "box", "kind": "hyper-v", "cloud": "gold",
         "storage_account": "cache1", "policy": "daily",
         "disks": [{"name": "os", "size": 68719476736, "used": 21474836480}],
         "facts": {"cores": 3, "memory": 17179869184, "network": "red", "subnet": "web"},
         "target": {"ip": "10.0.0.7"}})"));
    return document;
}

LoadResult checked(const Json& document) {
    workload::TraceStore traces;
    return scenario::load_checked(document.dump(), traces);
}

std::vector<std::string> faults(const Json& document) {
    std::vector<std::string> list;
    for (const scenario::Problem& problem : checked(document).problems) {
        list.push_back(problem.code + " " + problem.pointer);
    }
    return list;
}

std::vector<std::string> faults(const char* pointer, const Json& value) {
    Json document = with_setup();
    document[Json::json_pointer(pointer)] = value;
    return faults(document);
}

Estate estate_of(const Json& document) {
    LoadResult loaded = checked(document);
    EXPECT_THAT(loaded.problems, IsEmpty())
        << (loaded.problems.empty()
                ? ""
                : loaded.problems[0].pointer + " " + loaded.problems[0].message);
    workload::TraceStore traces;
    return world::assemble(*loaded.scenario, 1, traces).estate;
}

constexpr std::size_t kWebs = 12;

TEST(ScenarioSetup, SaysNothingAndChangesNothing) {
    const Estate estate = estate_of(sample_scenario());
    TargetCapacity capacity(estate.target, estate.profile);
    for (std::size_t k = 0; k < estate.machines.size(); ++k) {
        EXPECT_THAT(enabling_problems(estate, MachineId(k), Instant()), IsEmpty());
        EXPECT_TRUE(capacity.create(MachineId(k), TargetInstance::Recovery).fits());
    }
    EXPECT_EQ(estate.vault_setup.count(SetupKind::ConfigurationServer), 1U);
    EXPECT_EQ(estate.vault_setup.count(SetupKind::ProcessServer), 2U);
    EXPECT_EQ(estate.vault_setup.count(SetupKind::ContainerMapping), 1U);
}

TEST(ScenarioSetup, AMachineOfACloudIsOneOfVmmAndComesUpInTheMappedNetwork) {
    const Estate estate = estate_of(with_setup());
    const MachineId machine(kWebs);
    EXPECT_EQ(estate.machine(machine).kind, ScenarioKind::VmmToAzure);
    EXPECT_EQ(estate.vault_setup.count(SetupKind::HyperVSite), 0U);
    const Fit fit =
        TargetCapacity(estate.target, estate.profile).fit(machine, TargetInstance::Recovery);
    ASSERT_TRUE(fit.fits()) << fit.problems[0].why;
    EXPECT_EQ(fit.placement.size->name, "Standard_D4s_v3");
    ASSERT_EQ(fit.placement.addresses.size(), 1U);
    EXPECT_EQ(fit.placement.addresses[0].subnet, "web");
    EXPECT_EQ(text_of(fit.placement.addresses[0].ip), "10.0.0.7");
}

TEST(ScenarioSetup, WithoutACloudItIsOneOfASite) {
    Json document = with_setup();
    document["machines"][1].erase("cloud");
    document["machines"][1].erase("target");
    const Estate estate = estate_of(document);
    EXPECT_EQ(estate.machine(MachineId(kWebs)).kind, ScenarioKind::HyperVSiteToAzure);
    EXPECT_EQ(estate.vault_setup.count(SetupKind::HyperVHost), 1U);
}

TEST(ScenarioSetup, AnIncompatibleMachineIsNoFaultOfTheFileButCannotBeEnabled) {
    Json document = with_setup();
    document["machines"][1]["facts"]["ipv6"] = true;
    document["machines"][1]["disks"][0]["facts"] = {{"encryption", "bitlocker"}};
    const Estate estate = estate_of(document);
    std::vector<std::string> pointers;
    for (const Incompatibility& reason : estate.compatibility(MachineId(kWebs))) {
        pointers.push_back(reason.pointer);
    }
    EXPECT_THAT(pointers, ElementsAre("/disks/0/facts/encryption", "/facts/ipv6"));
    EXPECT_THAT(enabling_problems(estate, MachineId(kWebs), Instant()), ::testing::SizeIs(2));
}

TEST(ScenarioSetup, AMachineIsKnownOnceItsServerIsListedAndTheInventoryWasRead) {
    Json document = with_setup();
    document["vmm_servers"][0]["registers_at"] = 3600;
    document["machines"][0]["appears_at"] = 1000;
    const Estate estate = estate_of(document);
    const auto known = [&](std::size_t machine, std::int64_t at) {
        return enabling_problems(estate, MachineId(machine), Instant(seconds(at))).empty();
    };
    EXPECT_FALSE(known(kWebs, 3600 + 1799));
    EXPECT_TRUE(known(kWebs, 3600 + 1800));
    EXPECT_FALSE(known(0, 1799)) << "the inventory is read every 15 minutes";
    EXPECT_TRUE(known(0, 1800));
}

TEST(ScenarioSetup, NonsenseIsAFaultOfTheFile) {
    EXPECT_THAT(faults("/machines/1/cloud", "silver"), ElementsAre("SCN010 /machines/1/cloud"));
    EXPECT_THAT(faults("/vmm_servers/0/site", "moon"),
                ::testing::Contains("SCN010 /vmm_servers/0/site"));
    EXPECT_THAT(faults("/vmm_servers/0/clouds", Json::parse(R"(["gold", "gold"])")),
                ElementsAre("SCN011 /vmm_servers/0/clouds/1"));
    EXPECT_THAT(faults("/machines/1/target", Json::parse(R"({"size": "Standard_D4s_v33"})")),
                ElementsAre("SCN006 /machines/1/target/size"));
    EXPECT_THAT(faults("/machines/1/target", Json::parse(R"({"network": "vnett"})")),
                ElementsAre("SCN010 /machines/1/target/network"));
    EXPECT_THAT(faults("/machines/1/target", Json::parse(R"({"network": "vnet", "subnet": "db"})")),
                ElementsAre("SCN010 /machines/1/target/subnet"));
    EXPECT_THAT(
        faults("/machines/1/target", Json::parse(R"({"network": "vnet", "ip": "10.0.1.3"})")),
        ElementsAre("SCN007 /machines/1/target/ip"));
    EXPECT_THAT(faults("/machines/1/target/ip", "10.0.0"),
                ElementsAre("SCN007 /machines/1/target/ip"));
    EXPECT_THAT(faults("/machines/0/target", Json::parse(R"({"ip": "10.9.0.4"})")),
                ElementsAre("SCN008 /machines/0/target"));
    EXPECT_THAT(faults("/machines/0/cloud", "gold"), ElementsAre("SCN008 /machines/0/cloud"));
    EXPECT_THAT(faults("/regions/0/networks/1/subnets/1/range", "10.0.0.128/25"),
                ElementsAre("SCN007 /regions/0/networks/1/subnets/1/range"));
    EXPECT_THAT(faults("/regions/0/networks/1/subnets/1/range", "10.0.1.1/24"),
                ElementsAre("SCN007 /regions/0/networks/1/subnets/1/range"));
    EXPECT_THAT(faults("/regions/0/quota/families/0/family", "Dsv4"),
                ElementsAre("SCN010 /regions/0/quota/families/0/family"));
    EXPECT_THAT(faults("/network_mappings/0/fabric", "vm"),
                ElementsAre("SCN010 /network_mappings/0/fabric"));
}

TEST(ScenarioSetup, WhatTheVaultRefusesIsAFaultOfTheFile) {
    Json late = with_setup();
    late["vmm_servers"][0]["registers_at"] = 5 * 86400 + 1;
    late["vmm_servers"][0]["key_generated_at"] = 0;
    const auto problems = checked(late).problems;
    ASSERT_FALSE(problems.empty());
    EXPECT_EQ(problems[0].code, "SCN033");
    EXPECT_THAT(problems[0].message, HasSubstr("expired"));
    Json twice = with_setup();
    twice["network_mappings"].push_back(
        Json::parse(R"({"fabric": "vmm", "from": "red", "to": "lab"})"));
    EXPECT_THAT(faults(twice), ElementsAre("SCN033 /network_mappings/1"));
    Json longer = with_setup();
    longer["policies"].push_back(Json::parse(R"({"name": "weekly", "retention": 604800})"));
    longer["machines"][1]["policy"] = "weekly";
    EXPECT_THAT(faults(longer), ElementsAre("SCN030 /policies/1/retention"));
}

}  // namespace
}  // namespace landfall
