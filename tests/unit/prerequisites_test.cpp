// tests/unit/prerequisites_test.cpp — what "Prerequisites check" asks: can the machine be
// protected, has Azure room for it, has its agent registered. What fails there has touched nothing.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/control_world.hpp"

namespace landfall::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using enum MachineInstance;

constexpr MachineId kFirst = MachineId(0);
constexpr MachineId kSecond = MachineId(1);
constexpr std::uint32_t kRegion = 0;

// --- Enable

/// Facts of every machine, as the scenario would state them; seen from the start.
void give_facts(Estate& estate, const MachineFacts& facts, Instant seen = Instant()) {
    estate.profile.os_disk_size_max = gibibytes(1);
    estate.profile.disk_size_min = Bytes(1);
    estate.profile.data_disk_size_max = gibibytes(1);
    estate.profile.generation_one_os_disk_size_max = gibibytes(1);
    estate.profile.data_disks_max = 64;
    estate.enabling.facts = {facts};
    estate.enabling.seen_at = {seen};
    estate.enabling.mappings = {SetupId()};
    estate.enabling.facts_of.assign(1, 0);
}

MachineFacts two_disks() {
    MachineFacts facts;
    facts.disks.resize(2);
    return facts;
}

TEST(EnablePrerequisites, AMachineWithThreeFaultsIsToldAllThreeAtOnce) {
    MachineFacts facts = two_disks();
    facts.disks[0].encryption = DiskEncryption::BitLocker;
    facts.disks[1].shared = true;
    ControlWorld world({ScenarioKind::VMwareToAzure}, ControlWorld::quick_profile(),
                       [&](Estate& estate) {
                           give_facts(estate, facts);
                           estate.disks[0].size = gibibytes(3);
                       });
    const JobId job = world.carry_out(Operation::EnableReplication, kFirst);
    const JobRecord& failed = world.logic().job(job);
    EXPECT_EQ(failed.state, JobState::Failed);
    EXPECT_EQ(failed.row().name, "Prerequisites check");
    EXPECT_THAT(failed.cause, HasSubstr("/disks/0/size is 3 GiB"));
    EXPECT_THAT(failed.cause, HasSubstr("/disks/0/facts/encryption is bitlocker"));
    EXPECT_THAT(failed.cause, HasSubstr("/disks/1/facts/shared"));
    EXPECT_EQ(world.logic().protection_state(kFirst), ProtectionState::EnablingFailed);
    EXPECT_FALSE(world.billing().meters_run(kFirst));
    world.carry_out(Operation::DisableProtection, kFirst);
    EXPECT_EQ(world.logic().protection_state(kFirst), ProtectionState::UnprotectedStatesEnd);
}

TEST(EnablePrerequisites, AfterItsFaultIsMendedTheMachineIsEnabled) {
    ControlWorld world({ScenarioKind::VMwareToAzure}, ControlWorld::quick_profile(),
                       [&](Estate& estate) {
                           give_facts(estate, two_disks());
                           estate.disks[1].size = gibibytes(3);
                       });
    const JobId job = world.carry_out(Operation::EnableReplication, kFirst);
    EXPECT_THAT(world.logic().job(job).cause, StartsWith("/disks/1/size is 3 GiB"));
    world.resize(DiskId(1), Bytes(100 * kMB));
    world.protect(kFirst);
}

TEST(EnablePrerequisites, WhatDiscoveryHasNotSeenYetIsEnabledLater) {
    ControlWorld world(
        {ScenarioKind::VMwareToAzure}, ControlWorld::quick_profile(),
        [&](Estate& estate) { give_facts(estate, two_disks(), Instant(minutes(15))); });
    const JobId job = world.carry_out(Operation::EnableReplication, kFirst);
    EXPECT_THAT(world.logic().job(job).cause, HasSubstr("discovery shows it after 900 s"));
    world.run_until(Instant(minutes(15)));
    EXPECT_EQ(world.logic().restart(job), std::nullopt);
    ASSERT_TRUE(world.settle());
    EXPECT_EQ(world.logic().job(job).state, JobState::Succeeded);
}

// --- Room at the target

/// One size of two cores and one interface; two disks each.
struct Bounds {
    std::optional<std::int64_t> cores = {};
    std::optional<std::int64_t> nics = {};
    std::optional<Ipv4> ip = {};  ///< of every machine
    bool hydrates = false;
};

ControlWorld::Adapt bounded(const Bounds& bounds) {
    return [bounds](Estate& estate) {
        estate.profile.vm_sizes = {{"Standard_F2", "F", 2, gibibytes(4), 4, 1},
                                   {"Standard_D4", "D", 4, gibibytes(8), 8, 2}};
        TargetRegion region{"west", bounds.cores, {}, bounds.nics, {}};
        region.networks = {{"main", {{"default", *read_ipv4("10.0.0.0"), 24}}},
                           {"drill", {{"default", *read_ipv4("10.0.0.0"), 24}}}};
        estate.target.regions = {region};
        TargetSettings settings;
        settings.region = kRegion;
        settings.data_disks = 1;
        settings.ip = bounds.ip;
        settings.helper_disks = 1;
        estate.target.settings = {settings};
        estate.target.settings_of.assign(estate.machines.size(), 0);
        for (Machine& machine : estate.machines) machine.needs_hydration = bounds.hydrates;
    };
}

class Room : public ::testing::Test {
  protected:
    void build(std::size_t machines, const Bounds& bounds) {
        world_.emplace(std::vector(machines, ScenarioKind::VMwareToAzure),
                       ControlWorld::quick_profile(), bounded(bounds));
        for (std::size_t k = 0; k < machines; ++k) world_->protect(MachineId(k));
        world_->run_for(minutes(1));
    }
    ControlWorld& world() { return *world_; }
    SiteRecovery& logic() { return world_->logic(); }
    std::int64_t cores() {
        const auto& steps = world_->world().room().steps();
        return steps.empty() ? 0 : steps.back().use.cores;
    }
    void expect_untouched(MachineId machine, JobId job) {
        EXPECT_EQ(logic().job(job).state, JobState::Failed);
        EXPECT_EQ(logic().job(job).task, 0U);
        EXPECT_EQ(logic().protection_state(machine), ProtectionState::Protected);
        EXPECT_TRUE(world().machine(machine, Primary).running());
        EXPECT_FALSE(world().machine(machine, Recovery).exists());
        const auto before = logic().engine().recovery_points(machine).latest();
        world().run_for(minutes(1));
        const auto after = logic().engine().recovery_points(machine).latest();
        ASSERT_TRUE(before && after);
        EXPECT_GE(after->time - before->time, seconds(50)) << "replication goes on";
    }

    std::optional<ControlWorld> world_;
};

TEST_F(Room, AFailoverWithoutQuotaFailsInItsPrerequisitesAndReplicationGoesOn) {
    build(2, {.cores = 3, .nics = 1});
    world().carry_out(Operation::UnplannedFailover, kFirst);
    EXPECT_EQ(cores(), 2);
    const JobId job = world().carry_out(Operation::UnplannedFailover, kSecond);
    EXPECT_THAT(logic().job(job).cause,
                HasSubstr("28031: needs 2 cores in west, of which 2 of 3 are in use"));
    EXPECT_THAT(logic().job(job).cause, HasSubstr("28092: needs 1 network interfaces"));
    expect_untouched(kSecond, job);
    const JobId test = world().carry_out(Operation::TestFailover, kSecond);
    EXPECT_THAT(logic().job(test).cause, HasSubstr("28031"));
    expect_untouched(kSecond, test);
    EXPECT_EQ(logic().view_of(kSecond).test, TestFailoverState::None) << "nothing to clean up";
    EXPECT_EQ(cores(), 2);
}

TEST_F(Room, TwoFailoversAtOnceDoNotMeetAtTheLastCore) {
    build(2, {.cores = 2});
    logic().start(Operation::UnplannedFailover, kFirst);
    const JobId second = std::get<JobId>(logic().start(Operation::UnplannedFailover, kSecond));
    ASSERT_TRUE(world().settle());
    EXPECT_EQ(logic().item(kFirst).active_location, ActiveLocation::Recovery);
    expect_untouched(kSecond, second);
}

TEST_F(Room, ATakenAddressFailsAFailoverAndGivesATestTheNext) {
    build(2, {.ip = read_ipv4("10.0.0.7")});
    world().carry_out(Operation::UnplannedFailover, kFirst);
    const JobId job = world().carry_out(Operation::UnplannedFailover, kSecond);
    EXPECT_THAT(logic().job(job).cause, HasSubstr("10.0.0.7"));
    expect_untouched(kSecond, job);
    OperationOptions into_main;
    into_main.test_network = "main";
    world().carry_out(Operation::TestFailover, kSecond, into_main);
    const Placement* const test = world().world().room().placement(kSecond, MachineInstance::Test);
    ASSERT_NE(test, nullptr);
    EXPECT_EQ(text_of(test->addresses.at(0).ip), "10.0.0.8");
}

TEST_F(Room, MachinesKeepTheirQuotaUntilTheyAreDeleted) {
    build(2, {.cores = 8});
    world().carry_out(Operation::TestFailover, kFirst);
    EXPECT_EQ(cores(), 2);
    world().carry_out(Operation::TestFailoverCleanup, kFirst);
    EXPECT_EQ(cores(), 0);
    world().carry_out(Operation::UnplannedFailover, kFirst);
    world().carry_out(Operation::ChangePit, kFirst);
    EXPECT_EQ(cores(), 2);
    world().carry_out(Operation::Commit, kFirst);
    world().carry_out(Operation::ReverseReplicate, kFirst);
    world().run_for(minutes(1));
    world().carry_out(Operation::UnplannedFailover, kFirst);
    EXPECT_EQ(cores(), 2) << "the machine in Azure is off, and there";
    world().carry_out(Operation::Commit, kFirst);
    EXPECT_EQ(cores(), 0) << "it went with the commit at home";
    world().carry_out(Operation::UnplannedFailover, kSecond);
    world().carry_out(Operation::CompleteMigration, kSecond);
    EXPECT_EQ(logic().protection_state(kSecond), ProtectionState::MigrationComplete);
    world().run_for(hours(1));
    EXPECT_EQ(cores(), 2) << "the user's machine runs on";
    EXPECT_TRUE(world().machine(kSecond, Recovery).running());
    EXPECT_FALSE(world().billing().meters_run(kSecond));
}

// SR/hydration-process.md; issue #6102: the helper may meet the quota.
TEST_F(Room, TheHelperOfAHydrationTakesCoresWhileItWorks) {
    build(1, {.cores = 3, .hydrates = true});
    const JobId job = world().carry_out(Operation::UnplannedFailover, kFirst);
    EXPECT_THAT(logic().job(job).cause,
                HasSubstr("its hydration helper needs 2 cores in west, of which 2 of 3"));
    expect_untouched(kFirst, job);
    EXPECT_EQ(cores(), 0);
    build(1, {.cores = 4, .hydrates = true});
    world().carry_out(Operation::UnplannedFailover, kFirst);
    std::int64_t most = 0;
    for (const auto& step : world().world().room().steps()) most = std::max(most, step.use.cores);
    EXPECT_EQ(most, 4);
    EXPECT_EQ(cores(), 2);
}

TEST_F(Room, TheDeathOfTheOrchestratorCountsNothingTwice) {
    for (int second = 1; second < 40; ++second) {
        SCOPED_TRACE(second);
        build(1, {.cores = 2});
        logic().start(Operation::UnplannedFailover, kFirst);
        world().run_for(seconds(second));
        logic().orchestrator_down();
        world().run_for(seconds(30));
        logic().orchestrator_up();
        ASSERT_TRUE(world().settle());
        EXPECT_EQ(logic().item(kFirst).active_location, ActiveLocation::Recovery);
        EXPECT_EQ(cores(), 2);
        EXPECT_EQ(world().machine(kFirst, Recovery).existed.size(), 1U);
    }
}

TEST_F(Room, AChangeOfPointThatCouldNotMakeAMachineIsNotCommittedTo) {
    build(1, {.cores = 2});
    world().carry_out(Operation::UnplannedFailover, kFirst);
    world().world().plant({kFirst, Recovery, MachineAction::Create, "no capacity", 1});
    const JobId change = world().carry_out(Operation::ChangePit, kFirst);
    EXPECT_EQ(logic().job(change).cause, "no capacity");
    for (const Operation operation : {Operation::Commit, Operation::CompleteMigration}) {
        const JobId job = world().carry_out(operation, kFirst);
        EXPECT_THAT(logic().job(job).cause, StartsWith("there is no machine at the target"));
    }
    world().carry_out(Operation::ChangePit, kFirst);
    const JobId commit = world().carry_out(Operation::Commit, kFirst);
    EXPECT_EQ(logic().job(commit).state, JobState::Succeeded);
}

// --- Reprotect

/// SR/vmware-azure-reprotect.md: up to 15 min after the first boot in Azure, and at home again.
TEST(ReprotectPrerequisites, WaitForTheAgentToRegisterAgain) {
    ServiceProfile profile = ControlWorld::quick_profile();
    profile.agent_registration_time = minutes(15);
    ControlWorld world({ScenarioKind::VMwareToAzure, ScenarioKind::AzureToAzure}, profile);
    SiteRecovery& logic = world.logic();
    for (const MachineId machine : {kFirst, kSecond}) world.protect(machine);
    const auto fail_over = [&](MachineId machine) {
        world.run_for(minutes(1));
        world.carry_out(Operation::UnplannedFailover, machine);
        world.carry_out(Operation::Commit, machine);
    };
    fail_over(kSecond);
    world.carry_out(Operation::ReverseReplicate, kSecond);
    EXPECT_EQ(logic.protection_state(kSecond), ProtectionState::Protected) << "no such agent";
    for (const char* way : {"there", "back"}) {
        SCOPED_TRACE(way);
        fail_over(kFirst);
        const JobId early = world.carry_out(Operation::ReverseReplicate, kFirst);
        EXPECT_THAT(logic.job(early).cause, StartsWith("agent not installed: "));
        EXPECT_EQ(logic.protection_state(kFirst), ProtectionState::ReprotectFailed);
        EXPECT_FALSE(is_legal(logic.view_of(kFirst), Operation::UnplannedFailover));
        world.run_for(minutes(15));
        world.carry_out(Operation::ReverseReplicate, kFirst);
        EXPECT_EQ(logic.protection_state(kFirst), ProtectionState::Protected);
    }
    // What went home left Azure; between two regions that is no egress to a site.
    world.billing().close();
    std::vector<MachineId> paid;
    for (const BillingLine& line : world.billing().lines()) {
        if (line.meter == Meter::Egress && line.amount_micros > 0) paid.push_back(line.machine);
    }
    EXPECT_THAT(paid,
                ::testing::AllOf(::testing::Not(::testing::IsEmpty()), ::testing::Each(kFirst)));
}

}  // namespace
}  // namespace landfall::test
