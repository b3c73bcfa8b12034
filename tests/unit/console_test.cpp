// tests/unit/console_test.cpp — somebody at the console switches a machine on that a failover had
// shut down; and what the service believes of answers that come late.
#include <gtest/gtest.h>

#include "tests/support/control_world.hpp"

namespace landfall::test {
namespace {

using enum MachineInstance;

constexpr MachineId kVm = MachineId(0);

/// Starts a failover and cancels it when the source is off.
void cancel_after_shutdown(ControlWorld& world) {
    SiteRecovery& logic = world.logic();
    world.run_for(minutes(1));
    const auto job = std::get<JobId>(logic.start(Operation::UnplannedFailover, kVm));
    while (world.machine(kVm, Primary).running()) world.run_for(seconds(1));
    ASSERT_EQ(logic.cancel(job), std::nullopt);
    world.run_for(minutes(5));
}

TEST(Console, AfterACancelledFailoverTheSourceIsSwitchedOnAndEnabledAgain) {
    ControlWorld world({ScenarioKind::VMwareToAzure});
    SiteRecovery& logic = world.logic();
    world.protect(kVm);
    cancel_after_shutdown(world);
    const auto refused = logic.start(Operation::EnableReplication, kVm);
    ASSERT_TRUE(std::holds_alternative<Refusal>(refused));
    EXPECT_NE(std::get<Refusal>(refused).why.find("was shut down"), std::string::npos);
    world.world().switch_on(kVm, Primary);
    world.run_for(minutes(1));
    ASSERT_TRUE(world.machine(kVm, Primary).running());
    world.protect(kVm);
    world.run_for(minutes(1));
    const JobId again = world.carry_out(Operation::UnplannedFailover, kVm);
    EXPECT_EQ(logic.job(again).state, JobState::Succeeded);
    EXPECT_EQ(logic.milestones(kVm).data_loss, Bytes(0));
    EXPECT_FALSE(world.machine(kVm, Primary).running()) << "a failover shuts it down as before";
}

TEST(Console, AfterAFailedFailbackTheMachineInAzureIsSwitchedOn) {
    ControlWorld world({ScenarioKind::HyperVSiteToAzure});
    SiteRecovery& logic = world.logic();
    world.protect(kVm);
    world.run_for(minutes(1));
    world.carry_out(Operation::PlannedFailover, kVm);
    world.carry_out(Operation::Commit, kVm);
    world.world().plant({kVm, Primary, MachineAction::Start, "its host is gone", 1});
    const JobId failback = world.carry_out(Operation::Failback, kVm);
    ASSERT_EQ(logic.resume(failback, ""), std::nullopt);
    world.settle();
    ASSERT_EQ(logic.job(failback).state, JobState::Failed);
    ASSERT_FALSE(world.machine(kVm, Primary).running());
    ASSERT_FALSE(world.machine(kVm, Recovery).running());
    world.world().switch_on(kVm, Recovery);
    world.run_for(minutes(1));
    EXPECT_TRUE(world.machine(kVm, Recovery).running());
    const JobId again = world.carry_out(Operation::Failback, kVm);
    ASSERT_EQ(logic.resume(again, ""), std::nullopt);
    world.settle();
    EXPECT_EQ(logic.job(again).state, JobState::Succeeded);
    EXPECT_EQ(logic.milestones(kVm).failback_data_loss, Bytes(0));
    EXPECT_TRUE(world.machine(kVm, Primary).running());
    EXPECT_FALSE(world.machine(kVm, Recovery).running());
}

/// The failover ended when the source was off and still replicated: what it writes once it is on
/// again is captured.
TEST(Console, WhatIsSwitchedOnReplicatesOn) {
    ControlWorld world({ScenarioKind::HyperVSiteToAzure});
    SiteRecovery& logic = world.logic();
    world.protect(kVm);
    world.run_for(minutes(1));
    OperationOptions options;
    options.gated = true;
    const auto job = std::get<JobId>(logic.start(Operation::PlannedFailover, kVm, options));
    logic.release(job, JobGate::ShutDown);
    world.run_for(minutes(1));
    ASSERT_TRUE(logic.job(job).is_at_gate());
    logic.fail_at_gate(job, "nobody opens it");
    ASSERT_FALSE(world.machine(kVm, Primary).running());
    ASSERT_EQ(logic.data_path(kVm), DataPath::Journal);
    world.run_for(minutes(2));
    EXPECT_GT(*logic.engine().rpo(kVm), minutes(2)) << "who is off makes no points";
    world.world().switch_on(kVm, Primary);
    world.run_for(minutes(1));
    EXPECT_LT(*logic.engine().rpo(kVm), seconds(30));
    const JobId again = world.carry_out(Operation::PlannedFailover, kVm);
    EXPECT_EQ(logic.job(again).state, JobState::Succeeded);
    EXPECT_EQ(logic.milestones(kVm).data_loss, Bytes(0));
}

TEST(Console, NobodySwitchesOnWhatDoesNotExist) {
    ControlWorld world({ScenarioKind::VMwareToAzure});
    world.protect(kVm);
    world.world().switch_on(kVm, Recovery);
    world.run_for(minutes(1));
    EXPECT_FALSE(world.machine(kVm, Recovery).exists());
    world.carry_out(Operation::UnplannedFailover, kVm);
    EXPECT_TRUE(world.machine(kVm, Recovery).running());
}

TEST(LateAnswers, AStartThatIsToldAgainDoesNotSwitchAMachineOn) {
    ControlWorld world({ScenarioKind::VMwareToAzure});
    SiteRecovery& logic = world.logic();
    world.protect(kVm);
    world.run_for(minutes(1));
    world.carry_out(Operation::UnplannedFailover, kVm);
    world.carry_out(Operation::Commit, kVm);
    world.run_for(minutes(30));
    world.carry_out(Operation::ReverseReplicate, kVm);
    const JobId home = world.carry_out(Operation::Failback, kVm);
    world.carry_out(Operation::Commit, kVm);
    world.run_for(minutes(30));
    world.carry_out(Operation::ReverseReplicate, kVm);
    ASSERT_TRUE(world.machine(kVm, Primary).running());
    const auto started = token_of(home, logic.job(home));  // of its last task, which started it
    ASSERT_EQ(logic.job(home).row().action, TaskAction::StartReplicaMachine);
    cancel_after_shutdown(world);
    if (testing::Test::HasFatalFailure()) return;
    // The answer to that start of long ago comes once more.
    logic.on(MachineActionEnded{kVm, Primary, MachineAction::Start, started});
    EXPECT_TRUE(std::holds_alternative<Refusal>(logic.start(Operation::EnableReplication, kVm)))
        << "the source is off, and a machine must be on to be enabled";
}

}  // namespace
}  // namespace landfall::test
