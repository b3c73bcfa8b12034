// tests/unit/recovery_plan_jobs_test.cpp — operations on recovery plans: one job with a job of each
// machine below it, in every type and direction.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/plan_control.hpp"

namespace landfall::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using enum PlanTaskKind;

constexpr ScenarioKind kVMware = ScenarioKind::VMwareToAzure;
constexpr ScenarioKind kHyperV = ScenarioKind::HyperVSiteToAzure;
constexpr ScenarioKind kVmm = ScenarioKind::VmmToVmm;
constexpr ScenarioKind kAzure = ScenarioKind::AzureToAzure;

/// A world of n machines of a kind that are protected, with plans.
struct Stage {
    Stage(ScenarioKind kind, std::size_t machines, std::vector<RecoveryPlan> plans,
          const ActionBook& book = {},
          const ServiceProfile& profile = ControlWorld::quick_profile())
        : world(std::vector(machines, kind), profile, std::move(plans), book.facts()),
          logic(world.logic()) {
        for (std::size_t m = 0; m < machines; ++m) world.protect(MachineId(m));
        world.run_for(minutes(1));
    }
    [[nodiscard]] ProtectionState state(std::size_t machine) const {
        return logic.protection_state(MachineId(machine));
    }
    [[nodiscard]] std::string why_not(Operation operation, const OperationOptions& options = {}) {
        const auto outcome = logic.start(operation, kPlan, options);
        const auto* refusal = std::get_if<Refusal>(&outcome);
        return refusal != nullptr ? refusal->why : "";
    }
    ControlWorld world;
    SiteRecovery& logic;
};

void expect_no_fault(const Stage& stage, JobId job) {
    for (const lab::PlanOracle& oracle : lab::plan_oracles()) {
        EXPECT_EQ(oracle.fault(stage.world.sight().plan(job)), "") << oracle.card.id;
    }
}

TEST(RecoveryPlanJobs, AFailoverIsOneJobWithAJobOfEachMachineBelow) {
    ActionBook book;
    RecoveryPlan plan = plan_of({1, 2});
    plan.groups[0].steps.after = {book.script("check database")};
    Stage stage(kVMware, 3, {plan}, book);
    const JobId job = stage.world.carry_out(Operation::UnplannedFailover, kPlan);
    const JobRecord& record = stage.logic.job(job);
    EXPECT_EQ(record.state, JobState::Succeeded) << record.cause;
    EXPECT_EQ(record.state_description, "Completed");
    EXPECT_EQ(children_of(stage.logic, job).size(), 3U);
    for (std::size_t m = 0; m < 3; ++m) {
        EXPECT_EQ(stage.state(m), ProtectionState::UnplannedFailoverCommitPendingStatesBegin);
        EXPECT_EQ(stage.logic.milestones(MachineId(m)).data_loss, Bytes(0)) << "it was shut down";
        EXPECT_EQ(stage.world.world().instances(MachineId(m))[1].existed.size(), 1U);
    }
    const auto start = [&](const char* name) {
        return *plan_task(stage.logic, job, StartMachine, name).started;
    };
    EXPECT_GE(start("m1"), *plan_task(stage.logic, job, RunAction, "check database").ended);
    EXPECT_EQ(start("m1"), start("m2"));
    EXPECT_EQ(*plan_task(stage.logic, job, FailOverMachine, "m0").started,
              *plan_task(stage.logic, job, FailOverMachine, "m2").started)
        << "all fail over together";
    EXPECT_GE(*plan_task(stage.logic, job, ShutDownMachine, "m0").started,
              *plan_task(stage.logic, job, ShutDownMachine, "m2").ended)
        << "the last group goes down first";
}

TEST(RecoveryPlanJobs, ATestShutsNothingDownAndItsCleanupLeavesNothing) {
    Stage stage(kVMware, 3, {plan_of({1, 2})});
    const JobId drill = stage.world.carry_out(Operation::TestFailover, kPlan);
    EXPECT_EQ(stage.logic.job(drill).state, JobState::Succeeded);
    for (const PlanTask& task : stage.logic.plans().record(drill).run.tasks) {
        EXPECT_NE(task.kind, ShutDownMachine);
    }
    const auto tests = [&](std::size_t machine) {
        return stage.world.world().instances(MachineId(machine))[2];
    };
    for (std::size_t m = 0; m < 3; ++m) {
        EXPECT_TRUE(tests(m).exists());
        EXPECT_TRUE(stage.world.world().instances(MachineId(m))[0].running())
            << "the source goes on";
        EXPECT_EQ(stage.state(m), ProtectionState::Protected);
    }
    const JobId cleanup = stage.world.carry_out(Operation::TestFailoverCleanup, kPlan);
    EXPECT_EQ(stage.logic.job(cleanup).state, JobState::Succeeded);
    EXPECT_EQ(children_of(stage.logic, cleanup).size(), 3U);
    for (std::size_t m = 0; m < 3; ++m) EXPECT_FALSE(tests(m).exists());
    EXPECT_THAT(stage.why_not(Operation::TestFailoverCleanup), HasSubstr("m0: "));
}

TEST(RecoveryPlanJobs, APlannedFailoverStopsAtAFailureAndARestartGoesOn) {
    Stage stage(kHyperV, 3, {plan_of({1, 2})});
    stage.world.world().plant(
        {MachineId(1), MachineInstance::Recovery, MachineAction::Create, "28031: no quota"});
    const JobId job = stage.world.carry_out(Operation::PlannedFailover, kPlan);
    EXPECT_EQ(stage.logic.job(job).state, JobState::Failed);
    EXPECT_EQ(stage.logic.job(job).cause, "m1: 28031: no quota");
    EXPECT_THAT(stage.logic.allowed_controls(job), ElementsAre(JobControl::Restart));
    for (std::size_t m = 0; m < 3; ++m) {
        EXPECT_EQ(stage.state(m), ProtectionState::PlannedFailoverFailed) << "nothing was started";
    }
    ASSERT_EQ(stage.logic.restart(job), std::nullopt);
    stage.world.settle();
    EXPECT_EQ(stage.logic.job(job).state, JobState::Succeeded) << stage.logic.job(job).cause;
    for (std::size_t m = 0; m < 3; ++m) {
        EXPECT_EQ(stage.state(m), ProtectionState::PlannedFailoverCommitRequired);
        EXPECT_EQ(stage.logic.milestones(MachineId(m)).data_loss, Bytes(0));
        EXPECT_EQ(stage.world.world().instances(MachineId(m))[1].existed.size(), 1U)
            << "made once, restart or not";
    }
    EXPECT_EQ(children_of(stage.logic, job).size(), 3U) << "the same jobs went on";
}

TEST(RecoveryPlanJobs, AStoppedPlanMayBeRunAnewInsteadOfRestarted) {
    ActionBook book;
    RecoveryPlan plan = plan_of({1, 1});
    plan.groups[0].steps.after = {book.script("broken", seconds(5), false)};
    plan.groups[0].steps.after[0].types = {true, true, false};
    Stage stage(kHyperV, 2, {plan}, book);
    const JobId job = stage.world.carry_out(Operation::PlannedFailover, kPlan);
    EXPECT_EQ(stage.logic.job(job).cause, "broken: the action failed: it wrote to STDERR");
    EXPECT_EQ(stage.state(0), ProtectionState::PlannedFailoverCommitRequired);
    EXPECT_EQ(stage.state(1), ProtectionState::PlannedFailoverFailed);
    // The unplanned failover of the rest skips the machine that is there.
    const JobId again = stage.world.carry_out(Operation::UnplannedFailover, kPlan);
    EXPECT_EQ(stage.logic.job(again).state, JobState::Succeeded) << stage.logic.job(again).cause;
    EXPECT_EQ(plan_task(stage.logic, again, FailOverMachine, "m0").state, PlanTaskState::Skipped);
    EXPECT_EQ(stage.state(1), ProtectionState::UnplannedFailoverCommitPendingStatesBegin);
    EXPECT_EQ(stage.logic.milestones(MachineId(1)).data_loss, Bytes(0));
}

TEST(RecoveryPlanJobs, AnUnplannedFailoverGoesOnAndARestartBringsUpTheRest) {
    Stage stage(kVMware, 3, {plan_of({1, 2})});
    stage.world.world().plant(
        {MachineId(0), MachineInstance::Recovery, MachineAction::Create, "28031: no quota"});
    const JobId job = stage.world.carry_out(Operation::UnplannedFailover, kPlan);
    EXPECT_EQ(stage.logic.job(job).state, JobState::Failed);
    EXPECT_EQ(stage.logic.job(job).state_description, "PartiallySucceeded");
    EXPECT_EQ(stage.state(0), ProtectionState::UnplannedFailoverFailed);
    EXPECT_EQ(stage.state(2), ProtectionState::UnplannedFailoverCommitPendingStatesBegin);
    ASSERT_EQ(stage.logic.restart(job), std::nullopt);
    stage.world.settle();
    EXPECT_EQ(stage.logic.job(job).state, JobState::Succeeded) << stage.logic.job(job).cause;
    EXPECT_EQ(stage.state(0), ProtectionState::UnplannedFailoverCommitPendingStatesBegin);
}

TEST(RecoveryPlanJobs, AMachineThatWasRefusedIsBegunByARestartAndThatIsNoFault) {
    Stage stage(kVMware, 2, {plan_of({1, 1})});
    stage.world.carry_out(Operation::TestFailover, MachineId(0));  // its own drill is in the way
    const JobId job = stage.world.carry_out(Operation::TestFailover, kPlan);
    EXPECT_EQ(stage.logic.job(job).state_description, "PartiallySucceeded");
    EXPECT_EQ(children_of(stage.logic, job).size(), 1U);
    stage.world.carry_out(Operation::TestFailoverCleanup, MachineId(0));
    ASSERT_EQ(stage.logic.restart(job), std::nullopt);
    stage.world.settle();
    EXPECT_EQ(stage.logic.job(job).state, JobState::Succeeded) << stage.logic.job(job).cause;
    const lab::PlanSight seen = stage.world.sight().plan(job);
    ASSERT_TRUE(seen.machines[0].boot && seen.machines[1].boot);
    EXPECT_GT(seen.machines[0].boot->from, seen.machines[1].boot->until);
    expect_no_fault(stage, job);
}

TEST(RecoveryPlanJobs, AMachineThatIsBusyAtItsShutdownGoesDownLaterAndThatIsNoFault) {
    Stage stage(kVMware, 2, {plan_of({1, 1})});
    stage.world.carry_out(Operation::TestFailover, MachineId(1));
    stage.logic.start(Operation::TestFailoverCleanup, MachineId(1));
    const JobId job = stage.world.carry_out(Operation::UnplannedFailover, kPlan);
    EXPECT_EQ(plan_task(stage.logic, job, ShutDownMachine, "m1").state, PlanTaskState::Failed);
    EXPECT_EQ(plan_task(stage.logic, job, StartMachine, "m1").state, PlanTaskState::Succeeded);
    expect_no_fault(stage, job);
}

TEST(RecoveryPlanJobs, WithoutShutdownAndWithAnotherPointForAllMachines) {
    Stage stage(kVMware, 2, {plan_of({2})});
    const JobId job = stage.world.carry_out(
        Operation::UnplannedFailover, kPlan,
        {.shut_down_source = false, .recovery_point = RecoveryPointChoice::LatestProcessed});
    EXPECT_EQ(stage.logic.job(job).state, JobState::Succeeded);
    for (const JobId child : children_of(stage.logic, job)) {
        EXPECT_EQ(stage.logic.job(child).options.recovery_point,
                  RecoveryPointChoice::LatestProcessed);
        EXPECT_EQ(stage.logic.job(child).tasks[1].state, TaskState::Skipped) << "shutdown";
    }
    EXPECT_TRUE(stage.world.world().instances(MachineId(0))[0].running());
}

TEST(RecoveryPlanJobs, APointByItsTimeIsForOneMachineAlone) {
    Stage stage(kVMware, 2, {plan_of({2})});
    const std::string why = stage.why_not(Operation::UnplannedFailover,
                                          {.recovery_point = RecoveryPointChoice::Custom});
    EXPECT_THAT(why, HasSubstr("a point by its time is for one machine alone"));
    EXPECT_THAT(stage.why_not(Operation::CompleteMigration), HasSubstr("only of items"));
}

// SR/hyper-v-vmm-recovery-script.md: a script times out after 600 s (V13).
TEST(RecoveryPlanJobs, AScriptThatTakesTooLongHasFailedAfterItsTimeout) {
    ActionBook book;
    RecoveryPlan plan = plan_of({1});
    plan.groups[0].steps.after = {book.script("slow", hours(1))};
    Stage stage(kVmm, 1, {plan}, book);
    const JobId job = stage.world.carry_out(Operation::PlannedFailover, kPlan);
    const PlanTask& slow = plan_task(stage.logic, job, RunAction, "slow");
    EXPECT_EQ(slow.state, PlanTaskState::Failed);
    EXPECT_EQ(*slow.ended - *slow.started, seconds(600));
    EXPECT_EQ(stage.logic.job(job).cause, "slow: timed out");
}

TEST(RecoveryPlanJobs, AManualActionSuspendsThePlanUntilSomebodyResumesIt) {
    ActionBook book;
    RecoveryPlan plan = plan_of({1, 1});
    plan.groups[0].steps.after = {book.manual("look at the database")};
    plan.groups[1].steps.before = {book.manual("wait for it", minutes(7))};
    Stage stage(kVMware, 2, {plan}, book);
    const JobId job = stage.world.carry_out(Operation::UnplannedFailover, kPlan);
    EXPECT_EQ(stage.logic.job(job).state, JobState::Suspended);
    EXPECT_EQ(stage.logic.job(job).state_description, "WaitingForManualAction");
    EXPECT_THAT(stage.logic.allowed_controls(job),
                ElementsAre(JobControl::Cancel, JobControl::Resume));
    EXPECT_THAT(stage.logic.waiting().front(), HasSubstr("look at the database"));
    EXPECT_EQ(stage.state(1), ProtectionState::UnplannedFailoverInitiated);
    EXPECT_THAT(stage.why_not(Operation::Commit), HasSubstr("in progress (Suspended)"));
    ASSERT_EQ(stage.logic.resume(job, "it is there"), std::nullopt);
    EXPECT_EQ(plan_task(stage.logic, job, RunAction, "look at the database").detail, "it is there");
    stage.world.run_for(minutes(8));
    stage.world.settle();
    const PlanTask& second = plan_task(stage.logic, job, RunAction, "wait for it");
    EXPECT_EQ(*second.ended - *second.started, minutes(7)) << "the scenario says who does it when";
    EXPECT_EQ(stage.logic.job(job).state, JobState::Succeeded);
    EXPECT_NE(stage.logic.resume(job, "").value_or(""), "") << "nobody has been asked";
}

TEST(RecoveryPlanJobs, TheOtherGateLetsAGroupFailOverWhenTheOneBeforeHasStarted) {
    RecoveryPlan plan = plan_of({1, 1});
    plan.gate = GroupsGate::Failover;
    Stage stage(kVMware, 2, {plan});
    const JobId job = stage.world.carry_out(Operation::UnplannedFailover, kPlan);
    EXPECT_EQ(stage.logic.job(job).state, JobState::Succeeded);
    EXPECT_GE(*plan_task(stage.logic, job, FailOverMachine, "m1").started,
              *plan_task(stage.logic, job, StartMachine, "m0").ended);
    EXPECT_EQ(stage.logic.milestones(MachineId(1)).data_loss, Bytes(0));
}

TEST(RecoveryPlanJobs, MachinesThatAnotherPlanFailedOverAreSkipped) {
    Stage stage(kVMware, 3, {plan_of({1, 2}), plan_of({1}, "first")});
    stage.world.carry_out(Operation::UnplannedFailover, RecoveryPlanId(1));
    const JobId job = stage.world.carry_out(Operation::UnplannedFailover, kPlan);
    EXPECT_EQ(stage.logic.job(job).state, JobState::Succeeded);
    EXPECT_EQ(children_of(stage.logic, job).size(), 2U);
    EXPECT_EQ(plan_task(stage.logic, job, StartMachine, "m0").state, PlanTaskState::Skipped);
}

TEST(RecoveryPlanJobs, MixedLocationsKeepTheDirectionAndAWrongOneIsTold) {
    Stage stage(kAzure, 3, {plan_of({3})});
    EXPECT_THAT(stage.why_not(Operation::Failback),
                HasSubstr("all machines of the plan run at the primary location, so its direction "
                          "is PrimaryToRecovery"));
    stage.world.carry_out(Operation::UnplannedFailover, MachineId(1));
    const std::string mixed = stage.why_not(Operation::Failback);
    EXPECT_THAT(mixed, HasSubstr("mixed active locations: m0, m2 run at the primary location"));
    EXPECT_THAT(mixed, HasSubstr("direction cannot be changed"));
    stage.world.carry_out(Operation::UnplannedFailover, kPlan);
    EXPECT_THAT(stage.why_not(Operation::UnplannedFailover),
                HasSubstr("its direction is RecoveryToPrimary"));
    const auto outcome = stage.logic.start(Operation::PlannedFailover, kPlan);
    ASSERT_TRUE(std::holds_alternative<Refusal>(outcome));
    EXPECT_EQ(std::get<Refusal>(outcome).plan_state, "3 machines Failover completed");
    EXPECT_THAT(std::get<Refusal>(outcome).allowed, ElementsAre(Operation::Commit));
}

// A region to region plan goes there and back by the same operation.
TEST(RecoveryPlanJobs, APlanOfAzureMachinesGoesThereAndBack) {
    Stage stage(kAzure, 2, {plan_of({1, 1})});
    for (const Operation operation :
         {Operation::UnplannedFailover, Operation::Commit, Operation::ReverseReplicate,
          Operation::Failback, Operation::Commit, Operation::ReverseReplicate}) {
        const JobId job = stage.world.carry_out(operation, kPlan);
        ASSERT_EQ(stage.logic.job(job).state, JobState::Succeeded)
            << name_of(operation) << ": " << stage.logic.job(job).cause;
        ASSERT_EQ(children_of(stage.logic, job).size(), 2U);
        stage.world.run_for(minutes(1));
    }
    for (std::size_t m = 0; m < 2; ++m) {
        EXPECT_EQ(stage.state(m), ProtectionState::Protected);
        EXPECT_EQ(stage.logic.view_of(MachineId(m)).active, ActiveLocation::Primary);
        EXPECT_EQ(stage.logic.milestones(MachineId(m)).failback_data_loss, Bytes(0));
    }
}

// Between two VMM servers both ways are planned failovers, with the scripts of their direction.
TEST(RecoveryPlanJobs, APlanBetweenVmmServersIsPlannedBothWays) {
    ActionBook book;
    RecoveryPlan plan = plan_of({2});
    plan.groups[0].steps.after = {book.script("there"), book.script("back")};
    plan.groups[0].steps.after[0].directions = {true, false};
    plan.groups[0].steps.after[1].directions = {false, true};
    Stage stage(kVmm, 2, {plan}, book);
    stage.world.carry_out(Operation::PlannedFailover, kPlan);
    stage.world.carry_out(Operation::Commit, kPlan);
    stage.world.run_for(minutes(3));  // reversed replication begins by itself
    const JobId back = stage.world.carry_out(Operation::PlannedFailover, kPlan,
                                             {.direction = FailoverDirection::RecoveryToPrimary});
    EXPECT_EQ(stage.logic.job(back).state, JobState::Succeeded) << stage.logic.job(back).cause;
    EXPECT_EQ(stage.logic.view_of(MachineId(1)).active, ActiveLocation::Primary);
    EXPECT_EQ(stage.world.automation().runs(RecoveryActionId(0)), 1U);
    EXPECT_EQ(stage.world.automation().runs(RecoveryActionId(1)), 1U);
}

// hyper-v-azure-failback.md: data is synchronised while the machines run, then the user completes.
TEST(RecoveryPlanJobs, AFailbackOfHyperVWaitsOnceForItsUser) {
    Stage stage(kHyperV, 2, {plan_of({1, 1})});
    stage.world.carry_out(Operation::PlannedFailover, kPlan);
    stage.world.carry_out(Operation::Commit, kPlan);
    stage.world.run_for(minutes(1));
    const JobId back = stage.world.carry_out(Operation::Failback, kPlan);
    EXPECT_EQ(stage.logic.job(back).state, JobState::Suspended);
    EXPECT_EQ(plan_task(stage.logic, back, SynchronizeMachine, "m1").state, PlanTaskState::Started);
    EXPECT_TRUE(stage.world.world().instances(MachineId(0))[1].running())
        << "users have it till then";
    ASSERT_EQ(stage.logic.resume(back, "now"), std::nullopt);
    stage.world.settle();
    EXPECT_EQ(stage.logic.job(back).state, JobState::Succeeded) << stage.logic.job(back).cause;
    for (std::size_t m = 0; m < 2; ++m) {
        EXPECT_EQ(stage.logic.view_of(MachineId(m)).active, ActiveLocation::Primary);
        EXPECT_EQ(stage.logic.milestones(MachineId(m)).failback_data_loss, Bytes(0));
    }
}

// V20: a failover that is cancelled leaves a machine that replicates no more.
TEST(RecoveryPlanJobs, ACancelledPlanLeavesNoJobBehind) {
    Stage stage(kVMware, 3, {plan_of({1, 2})});
    const JobId job = std::get<JobId>(stage.logic.start(Operation::UnplannedFailover, kPlan));
    stage.world.run_for(seconds(10));
    ASSERT_EQ(stage.logic.cancel(job), std::nullopt);
    EXPECT_EQ(stage.logic.job(job).state, JobState::Cancelled);
    stage.world.run_for(minutes(5));
    std::size_t cancelled = 0;
    for (const JobId child : children_of(stage.logic, job)) {
        EXPECT_EQ(stage.logic.job(child).state, JobState::Cancelled);
        ++cancelled;
    }
    ASSERT_GT(cancelled, 0U);
    EXPECT_EQ(stage.state(2), ProtectionState::CancelFailoverStatesEnd);
    EXPECT_EQ(stage.state(0), ProtectionState::Protected) << "its group had not been shut down";
    EXPECT_TRUE(stage.logic.allowed_controls(job).empty());
}

TEST(RecoveryPlanJobs, ADrillThatIsCancelledIsStillCleanedUp) {
    Stage stage(kVMware, 2, {plan_of({2})});
    const JobId job = std::get<JobId>(stage.logic.start(Operation::TestFailover, kPlan));
    stage.world.run_for(seconds(8));
    ASSERT_EQ(stage.logic.cancel(job), std::nullopt);
    EXPECT_TRUE(stage.world.settle());
    stage.world.run_for(minutes(1));
    for (const JobId child : children_of(stage.logic, job)) {
        EXPECT_TRUE(stage.logic.job(child).is_over());
    }
    stage.world.carry_out(Operation::TestFailoverCleanup, kPlan);
    for (std::size_t m = 0; m < 2; ++m) {
        EXPECT_FALSE(stage.world.world().instances(MachineId(m))[2].exists());
    }
}

TEST(RecoveryPlanJobs, APlannedFailoverOfMachinesThatAreNotReadyFailsInItsPreflightChecks) {
    Stage stage(kHyperV, 2, {plan_of({2})});
    stage.world.carry_out(Operation::TestFailover, MachineId(1));
    const JobId job = stage.world.carry_out(Operation::PlannedFailover, kPlan);
    EXPECT_EQ(stage.logic.job(job).state, JobState::Failed);
    EXPECT_THAT(stage.logic.job(job).cause, HasSubstr("Recovery plan preflight checks: m1: "));
    EXPECT_TRUE(children_of(stage.logic, job).empty()) << "nothing was shut down";
    EXPECT_EQ(stage.state(0), ProtectionState::Protected);
}

// Every operation in every direction has a row, and rows say where they come from.
TEST(RecoveryPlanJobs, TheTableOfOperationsNamesItsSources) {
    for (const PlanOperationRule& rule : plan_operation_rules()) {
        EXPECT_FALSE(rule.source.empty());
        EXPECT_EQ(plan_rule(rule.operation, rule.direction), &rule);
    }
    EXPECT_EQ(plan_rule(Operation::CompleteMigration, FailoverDirection::PrimaryToRecovery),
              nullptr);
}

}  // namespace
}  // namespace landfall::test
