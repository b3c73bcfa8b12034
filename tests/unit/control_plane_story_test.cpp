// tests/unit/control_plane_story_test.cpp — the observed bodies of common.md 4.4, in order, told by
// one Hyper-V machine, and the ways home of the other kinds.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/control_world.hpp"

namespace landfall::test {
namespace {

constexpr MachineId kVm = MachineId(0);

struct Body {
    std::string state;
    std::string description;
    ActiveLocation active;
    TestFailoverState test;
    std::vector<std::string> allowed;
};

void expect_body(ControlWorld& world, const Body& body, const char* when) {
    const ProtectedItemView item = world.logic().item(kVm);
    EXPECT_EQ(item.protection_state, body.state) << when;
    EXPECT_EQ(item.description, body.description) << when;
    EXPECT_EQ(item.active_location, body.active) << when;
    EXPECT_EQ(item.test_failover_state, body.test) << when;
    std::vector<std::string> allowed;
    for (const Operation operation : item.allowed_operations)
        allowed.emplace_back(name_of(operation));
    EXPECT_EQ(allowed, body.allowed) << when;
}

// REST18:ReplicationProtectedItems_*.json, as listed in common.md 4.4
TEST(ControlPlaneStory, TellsTheObservedBodiesInTheirOrder) {
    const std::vector<std::string> full = {"PlannedFailover", "UnplannedFailover",
                                           "DisableProtection", "TestFailover"};
    const std::vector<std::string> failed_over = {"CompleteMigration", "Commit",
                                                  "DisableProtection", "ChangePit"};
    const auto primary = ActiveLocation::Primary;
    const auto recovery = ActiveLocation::Recovery;
    ControlWorld world({ScenarioKind::HyperVSiteToAzure});
    world.protect(kVm);
    expect_body(world, {"Protected", "Protected", primary, TestFailoverState::None, full},
                "enabled");
    world.carry_out(Operation::TestFailover, kVm);
    expect_body(world,
                {"Protected",
                 "Cleanup test failover pending",
                 primary,
                 TestFailoverState::WaitingForCompletion,
                 {"TestFailoverCleanup"}},
                "tested");
    world.carry_out(Operation::TestFailoverCleanup, kVm);
    expect_body(world,
                {"Protected", "Protected", primary, TestFailoverState::MarkedForDeletion, full},
                "cleaned up");
    world.carry_out(Operation::PlannedFailover, kVm);
    expect_body(world,
                {"PlannedFailoverCommitRequired", "Planned failover finished", recovery,
                 TestFailoverState::MarkedForDeletion, failed_over},
                "planned failover");
    world.carry_out(Operation::Commit, kVm);
    expect_body(world,
                {"PlannedFailoverStatesBegin",
                 "Planned failover committed",
                 recovery,
                 TestFailoverState::MarkedForDeletion,
                 {"CompleteMigration", "DisableProtection", "Failback"}},
                "committed");
    const JobId failback = world.carry_out(Operation::Failback, kVm);
    EXPECT_EQ(world.logic().job(failback).state, JobState::Suspended);
    ASSERT_EQ(world.logic().resume(failback, "go"), std::nullopt);
    ASSERT_TRUE(world.settle());
    EXPECT_EQ(world.logic().job(failback).state, JobState::Succeeded);
    EXPECT_EQ(world.logic().item(kVm).active_location, primary);
    world.carry_out(Operation::Commit, kVm);
    world.carry_out(Operation::ReverseReplicate, kVm);
    expect_body(world,
                {"Protected", "Protected", primary, TestFailoverState::MarkedForDeletion, full},
                "reverse replicated");
    world.carry_out(Operation::UnplannedFailover, kVm);
    const Body unplanned = {"UnplannedFailoverCommitPendingStatesBegin", "Failover completed",
                            recovery, TestFailoverState::MarkedForDeletion, failed_over};
    expect_body(world, unplanned, "unplanned failover");
    world.carry_out(Operation::ChangePit, kVm,
                    {.recovery_point = RecoveryPointChoice::LatestAppConsistent});
    expect_body(world, unplanned, "another recovery point");
}

/// Every kind with a way home goes round twice: protected, failed over, committed, replicated back,
/// failed back, committed, protected again.
TEST(ControlPlaneStory, EveryKindWithAWayHomeGoesRoundTwice) {
    for (std::size_t index = 0; index < kScenarioKinds; ++index) {
        const auto kind = static_cast<ScenarioKind>(index);
        if (!way_back_of(kind)) continue;
        SCOPED_TRACE(name_of(kind));
        ControlWorld world({kind});
        SiteRecovery& logic = world.logic();
        world.protect(kVm);
        // Scout has nothing to commit.
        const auto commit = [&] {
            if (is_legal(logic.view_of(kVm), Operation::Commit))
                world.carry_out(Operation::Commit, kVm);
        };
        const bool hyper_v = engine_of(kind) == ReplicationEngine::HyperVToAzure;
        for (int round = 0; round < 2; ++round) {
            world.run_for(minutes(2));
            world.carry_out(Operation::UnplannedFailover, kVm);
            EXPECT_EQ(logic.item(kVm).active_location, ActiveLocation::Recovery);
            commit();
            world.run_for(minutes(20));
            if (hyper_v) {
                const JobId job =
                    world.carry_out(Operation::Failback, kVm,
                                    {.data_sync = round == 0 ? DataSync::ForDownTime
                                                             : DataSync::ForSynchronization});
                if (round == 0) logic.resume(job, "");
                world.settle();
                EXPECT_EQ(logic.job(job).state, JobState::Succeeded) << logic.job(job).cause;
            } else {
                world.carry_out(Operation::ReverseReplicate, kVm);
                EXPECT_EQ(logic.protection_state(kVm), ProtectionState::Protected);
                world.run_for(minutes(2));
                world.carry_out(kind == ScenarioKind::VmmToVmm ? Operation::PlannedFailover
                                                               : Operation::UnplannedFailover,
                                kVm);
            }
            EXPECT_EQ(logic.item(kVm).active_location, ActiveLocation::Primary);
            commit();
            world.settle();
            if (logic.protection_state(kVm) != ProtectionState::Protected)
                world.carry_out(Operation::ReverseReplicate, kVm);
            EXPECT_EQ(logic.protection_state(kVm), ProtectionState::Protected);
        }
        // The machine was shut down before each of its failovers: nothing may be lost.
        if (world.estate().machine(kVm).can_shut_down) {
            EXPECT_EQ(*logic.milestones(kVm).data_loss, Bytes(0));
            EXPECT_EQ(*logic.milestones(kVm).failback_data_loss, Bytes(0));
        }
    }
}

/// At home another point is one of the way home, and the machine there goes on from it.
TEST(ControlPlaneStory, AnotherPointAfterTheWayHomeStartsTheMachineAtHomeAndNoOther) {
    ControlWorld world({ScenarioKind::AzureToAzure});
    SiteRecovery& logic = world.logic();
    world.protect(kVm);
    world.run_for(minutes(2));
    world.carry_out(Operation::UnplannedFailover, kVm);
    world.carry_out(Operation::Commit, kVm);
    world.carry_out(Operation::ReverseReplicate, kVm);
    world.run_for(minutes(2));
    world.carry_out(Operation::UnplannedFailover, kVm);
    const Instant before = logic.milestones(kVm).failed_back_to->time;
    OperationOptions earlier;
    earlier.recovery_point = RecoveryPointChoice::Custom;
    earlier.recovery_point_time = before - seconds(30);
    const JobId job = world.carry_out(Operation::ChangePit, kVm, earlier);
    EXPECT_EQ(logic.job(job).state, JobState::Succeeded) << logic.job(job).cause;
    EXPECT_LT(logic.milestones(kVm).failed_back_to->time, before);
    EXPECT_GT(*logic.milestones(kVm).failback_data_loss, Bytes(0));
    EXPECT_TRUE(world.machine(kVm, MachineInstance::Primary).running());
    EXPECT_FALSE(world.machine(kVm, MachineInstance::Recovery).running());
}

/// In Azure, and its machine at home was left on.
void leave_home_on(ControlWorld& world) {
    world.protect(kVm);
    world.run_for(minutes(1));
    OperationOptions options;
    options.shut_down_source = false;
    world.carry_out(Operation::UnplannedFailover, kVm, options);
    world.carry_out(Operation::Commit, kVm);
    ASSERT_TRUE(world.machine(kVm, MachineInstance::Primary).running());
}

// hyper-v-azure-failover-failback-tutorial.md: it "is turned off during failback".
TEST(ControlPlaneStory, AFailbackTurnsTheMachineAtHomeOffBeforeItIsWrittenOver) {
    for (const DataSync sync : {DataSync::ForDownTime, DataSync::ForSynchronization}) {
        ControlWorld world({ScenarioKind::HyperVSiteToAzure});
        SiteRecovery& logic = world.logic();
        leave_home_on(world);
        OperationOptions options;
        options.data_sync = sync;
        const auto job = std::get<JobId>(logic.start(Operation::Failback, kVm, options));
        while (logic.data_path(kVm) == DataPath::Stopped) world.run_for(seconds(1));
        EXPECT_FALSE(world.machine(kVm, MachineInstance::Primary).running());
        world.settle();
        if (sync == DataSync::ForDownTime) {
            ASSERT_EQ(logic.resume(job, "now"), std::nullopt);
            world.settle();
        }
        EXPECT_EQ(logic.job(job).state, JobState::Succeeded) << logic.job(job).cause;
        EXPECT_EQ(logic.milestones(kVm).failback_data_loss, Bytes(0));
        EXPECT_TRUE(world.machine(kVm, MachineInstance::Primary).running());
        EXPECT_FALSE(world.machine(kVm, MachineInstance::Recovery).running());
        world.expect_no_violations();
    }
}

TEST(ControlPlaneStory, AFailbackWritesOverNothingThatCannotBeTurnedOff) {
    ControlWorld world({ScenarioKind::HyperVSiteToAzure});
    leave_home_on(world);
    world.world().plant(
        {kVm, MachineInstance::Primary, MachineAction::ShutDown, "its host does not answer", 1});
    const ProtectionState before = world.logic().protection_state(kVm);
    const JobId job = world.carry_out(Operation::Failback, kVm);
    EXPECT_EQ(world.logic().job(job).state, JobState::Failed);
    EXPECT_EQ(world.logic().job(job).cause, "its host does not answer");
    EXPECT_EQ(world.logic().protection_state(kVm), before);
    EXPECT_EQ(world.logic().data_path(kVm), DataPath::Stopped);
    EXPECT_TRUE(world.machine(kVm, MachineInstance::Recovery).running());
    world.expect_no_violations();
}

TEST(ControlPlaneStory, AnotherPointThatFailsStopsNoSource) {
    ControlWorld world({ScenarioKind::VMwareToAzure});
    world.protect(kVm);
    world.run_for(minutes(1));
    world.carry_out(Operation::UnplannedFailover, kVm);
    world.world().plant({kVm, MachineInstance::Recovery, MachineAction::Create, "planted", 1});
    const JobId job = world.carry_out(Operation::ChangePit, kVm);
    EXPECT_EQ(world.logic().job(job).state, JobState::Failed);
    world.expect_no_violations();
}

TEST(ControlPlaneStory, ASourceThatGoesDownWhileNobodyLooksWasShutDownByItsJob) {
    ControlWorld world({ScenarioKind::HyperVSiteToAzure});
    SiteRecovery& logic = world.logic();
    world.protect(kVm);
    world.run_for(minutes(1));
    world.world().plant({kVm, MachineInstance::Recovery, MachineAction::Create, "planted", 1});
    const auto job = std::get<JobId>(logic.start(Operation::PlannedFailover, kVm));
    world.run_for(seconds(3));
    logic.orchestrator_down();
    world.run_for(seconds(10));
    logic.orchestrator_up();
    world.settle();
    EXPECT_EQ(logic.job(job).state, JobState::Failed);
    EXPECT_EQ(logic.job(job).tasks[1].state, TaskState::Skipped);
    EXPECT_TRUE(world.sight().item(kVm).last_job->shut_source_down);
    world.expect_no_violations();
}

TEST(ControlPlaneStory, APlannedFailoverLosesNothingWhenNobodySeesItsSourceGoDown) {
    for (const ScenarioKind kind : {ScenarioKind::HyperVSiteToAzure, ScenarioKind::VmmToVmm}) {
        for (int half = 4; half <= 16; ++half) {
            ControlWorld world({kind});
            SiteRecovery& logic = world.logic();
            world.protect(kVm);
            world.run_for(minutes(1));
            const auto job = std::get<JobId>(logic.start(Operation::PlannedFailover, kVm));
            world.run_for(nanoseconds(500'000'000LL * half));
            logic.orchestrator_down();
            world.run_for(seconds(7));
            logic.orchestrator_up();
            world.settle();
            EXPECT_EQ(logic.job(job).state, JobState::Succeeded);
            const Instant off = world.machine(kVm, MachineInstance::Primary).ran.back().until;
            EXPECT_EQ(logic.milestones(kVm).writes_until, off);
            EXPECT_GE(logic.milestones(kVm).failed_over_to->time, off)
                << "it died after " << half << " half seconds";
        }
    }
}

}  // namespace
}  // namespace landfall::test
