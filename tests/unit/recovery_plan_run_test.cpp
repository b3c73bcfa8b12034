// tests/unit/recovery_plan_run_test.cpp — recovery plans run as the documents tell: order, names,
// failures, context.
#include "model/recovery/recovery_plan_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/plan_world.hpp"

namespace landfall {
namespace {

using test::PlanOutcome;
using test::PlanWorld;
using testing::ElementsAre;
using enum PlanOutcome::End;

PlanAction script(std::size_t id, const std::string& name) {
    PlanAction action{name, RecoveryActionId(id), PlanActionKind::Script};
    action.timeout = seconds(600);
    return action;
}

PlanAction manual(std::size_t id, const std::string& name) {
    return {name, RecoveryActionId(id), PlanActionKind::Manual};
}

/// The database first, then two web servers; a script around each.
RecoveryPlan shop() {
    RecoveryPlan plan{
        "shop", {{{{MachineId(0), "db"}}}, {{{MachineId(1), "web-1"}, {MachineId(2), "web-2"}}}}};
    plan.failover.before = {script(0, "freeze")};
    plan.groups[0].steps.before = {script(1, "open firewall")};
    plan.groups[0].steps.after = {script(2, "check database"), script(3, "warm up")};
    plan.groups[1].steps.after = {script(4, "switch DNS")};
    return plan;
}

PlanWorld::Fate all_well() {
    return [](const PlanTask&) { return PlanOutcome{}; };
}

/// Everything goes well but what has this kind and name, at its first attempt.
PlanWorld::Fate all_but(PlanTaskKind kind, const std::string& name,
                        PlanOutcome outcome = {Fails, seconds(10)}) {
    return [=](const PlanTask& task) {
        const bool hit = task.kind == kind && task.name == name && task.attempt == 0;
        return hit ? outcome : PlanOutcome{};
    };
}

std::vector<std::string> stages(const PlanTaskTree& tree) {
    std::vector<std::string> names;
    for (const PlanTask& task : tree) {
        if (task.is_stage()) names.push_back(task.name);
    }
    return names;
}

const PlanTask& task(const RecoveryPlanRecord& record, PlanTaskKind kind, const std::string& name) {
    for (const PlanTask& each : record.tasks) {
        if (each.kind == kind && each.name == name) return each;
    }
    throw std::out_of_range(name);
}

constexpr PlanRunOptions kTest{FailoverType::Test};
constexpr PlanRunOptions kPlanned{FailoverType::Planned};
constexpr PlanRunOptions kUnplanned{FailoverType::Unplanned};

TEST(RecoveryPlanRun, AFailoverShutsDownLastGroupFirstAndStartsFirstGroupFirst) {
    EXPECT_THAT(stages(make_task_tree(shop(), kPlanned)),
                ElementsAre("Recovery plan preflight checks", "Group 2: shutdown",
                            "Group 1: shutdown", "All groups failover: Pre steps (1)",
                            "Recovery plan failover", "Group 1: pre-steps", "Group 1: start",
                            "Group 1: post-steps", "Group 2: start", "Group 2: post-steps"));
}

TEST(RecoveryPlanRun, ATestMakesAnEnvironmentAndShutsNothingDown) {
    EXPECT_THAT(stages(make_task_tree(shop(), kTest)),
                ElementsAre("Recovery plan preflight checks", "Create test environment",
                            "All groups failover: Pre steps (1)", "Recovery plan failover",
                            "Group 1: pre-steps", "Group 1: start", "Group 1: post-steps",
                            "Group 2: start", "Group 2: post-steps"));
}

TEST(RecoveryPlanRun, TheOtherReadingLetsAGroupFailOverWhenTheOneBeforeHasStarted) {
    RecoveryPlan plan = shop();
    plan.gate = GroupsGate::Failover;
    EXPECT_THAT(stages(make_task_tree(
                    plan, {FailoverType::Unplanned, FailoverDirection::PrimaryToRecovery, false})),
                ElementsAre("Recovery plan preflight checks", "All groups failover: Pre steps (1)",
                            "Group 1: pre-steps", "Group 1: failover", "Group 1: start",
                            "Group 1: post-steps", "Group 2: failover", "Group 2: start",
                            "Group 2: post-steps"));
}

TEST(RecoveryPlanRun, ActionsOfOtherFailoversAreLeftOut) {
    RecoveryPlan plan = shop();
    plan.groups[0].steps.before[0].types = {false, true, false};
    plan.groups[1].steps.after[0].directions = {false, true};
    const auto names = stages(make_task_tree(plan, kTest));
    EXPECT_THAT(names, testing::Not(testing::Contains("Group 1: pre-steps")));
    EXPECT_THAT(names, testing::Not(testing::Contains("Group 2: post-steps")));
    const PlanRunOptions back{FailoverType::Planned, FailoverDirection::RecoveryToPrimary};
    EXPECT_THAT(stages(make_task_tree(plan, back)), testing::Contains("Group 2: post-steps"));
}

// Each task takes 10 s. preflight, shutdown of 2 groups, pre-step, failover, pre-step, start, two
// post-steps one after another, start, post-step: 11 times 10 s, though there are 3 machines.
TEST(RecoveryPlanRun, MachinesOfAStepGoTogetherAndActionsOneAfterAnother) {
    const RecoveryPlan plan = shop();
    PlanWorld world(plan, all_well());
    const RecoveryPlanRecord record = world.run(new_run(plan, kPlanned, 1));
    EXPECT_EQ(record.state, PlanRunState::Succeeded);
    EXPECT_EQ(world.now(), Instant(seconds(110)));
    EXPECT_EQ(task(record, PlanTaskKind::RunAction, "check database").ended,
              task(record, PlanTaskKind::RunAction, "warm up").started);
    EXPECT_EQ(task(record, PlanTaskKind::FailOverMachine, "db").started,
              task(record, PlanTaskKind::FailOverMachine, "web-2").started);
}

TEST(RecoveryPlanRun, DependenciesInsideAGroupOrderItsStartsAndTheShutdownTheOtherWayRound) {
    RecoveryPlan plan{
        "p",
        {{{{MachineId(0), "app", {MachineId(1)}}, {MachineId(1), "db"}, {MachineId(2), "other"}}}}};
    PlanWorld world(plan, all_well());
    const RecoveryPlanRecord record = world.run(new_run(plan, kPlanned, 1));
    using enum PlanTaskKind;
    EXPECT_EQ(task(record, StartMachine, "app").started, task(record, StartMachine, "db").ended);
    EXPECT_EQ(task(record, StartMachine, "other").started,
              task(record, StartMachine, "db").started);
    EXPECT_EQ(task(record, ShutDownMachine, "db").started,
              task(record, ShutDownMachine, "app").ended);
}

struct FailureCase {
    FailoverType type;
    PlanTaskKind kind;
    const char* name;
    PlanRunState end;
    bool switches_dns;  ///< the last action of all still comes
};

// SR/site-recovery-failover.md, SR/hyper-v-vmm-recovery-script.md: a planned failover stops at a
// failure of a machine or script, an unplanned one carries on.
TEST(RecoveryPlanRun, APlannedFailoverStopsAtAFailureAndAnUnplannedOneGoesOn) {
    using enum FailoverType;
    using enum PlanTaskKind;
    using enum PlanRunState;
    const std::vector<FailureCase> cases = {
        {Planned, ShutDownMachine, "db", Failed, false},
        {Planned, FailOverMachine, "web-1", Failed, false},
        {Planned, StartMachine, "db", Failed, false},
        {Planned, RunAction, "open firewall", Failed, false},
        {Planned, RunAction, "switch DNS", Failed, true},
        {Unplanned, ShutDownMachine, "db", PartiallySucceeded, true},
        {Unplanned, FailOverMachine, "web-1", PartiallySucceeded, true},
        {Unplanned, StartMachine, "db", PartiallySucceeded, true},
        {Unplanned, RunAction, "open firewall", PartiallySucceeded, true},
        {FailoverType::Test, FailOverMachine, "db", PartiallySucceeded, true},
        {FailoverType::Test, CreateTestEnvironment, "Create test environment", Failed, false},
        {Unplanned, Preflight, "Recovery plan preflight checks", Failed, false},
    };
    for (const FailureCase& each : cases) {
        const std::string about =
            std::string(name_of(each.type)) + " failover, failure of " + each.name;
        const RecoveryPlan plan = shop();
        PlanWorld world(plan, all_but(each.kind, each.name));
        const RecoveryPlanRecord record = world.run(new_run(plan, {each.type}, 1));
        EXPECT_EQ(record.state, each.end) << about;
        EXPECT_EQ(world.times_done(RunAction, "switch DNS"), each.switches_dns ? 1 : 0) << about;
        EXPECT_EQ(task(record, each.kind, each.name).state, PlanTaskState::Failed) << about;
    }
}

TEST(RecoveryPlanRun, WhatIsUnderWayMayEndWhenAPlannedFailoverStops) {
    const RecoveryPlan plan = shop();
    PlanWorld world(plan, all_but(PlanTaskKind::FailOverMachine, "db", {Fails, seconds(1)}));
    const RecoveryPlanRecord record = world.run(new_run(plan, kPlanned, 1));
    EXPECT_EQ(task(record, PlanTaskKind::FailOverMachine, "web-1").state, PlanTaskState::Succeeded);
    EXPECT_EQ(task(record, PlanTaskKind::StartMachine, "web-1").state, PlanTaskState::Pending);
}

TEST(RecoveryPlanRun, AMachineThatFailedIsNotStartedButThoseThatDependOnItAre) {
    const RecoveryPlan plan{"p", {{{{MachineId(0), "app", {MachineId(1)}}, {MachineId(1), "db"}}}}};
    PlanWorld world(plan, all_but(PlanTaskKind::FailOverMachine, "db"));
    const RecoveryPlanRecord record = world.run(new_run(plan, kUnplanned, 1));
    EXPECT_EQ(world.times_done(PlanTaskKind::StartMachine, "db"), 0);
    EXPECT_EQ(task(record, PlanTaskKind::StartMachine, "db").state, PlanTaskState::Skipped);
    EXPECT_EQ(task(record, PlanTaskKind::StartMachine, "app").state, PlanTaskState::Succeeded);
}

TEST(RecoveryPlanRun, AMachineThatAnotherPlanFailedOverIsSkipped) {
    const RecoveryPlan plan = shop();
    PlanWorld world(plan, all_but(PlanTaskKind::FailOverMachine, "db", {NeedNot, seconds(1)}));
    const RecoveryPlanRecord record = world.run(new_run(plan, kPlanned, 1));
    EXPECT_EQ(record.state, PlanRunState::Succeeded);
    EXPECT_EQ(world.times_done(PlanTaskKind::StartMachine, "db"), 0);
    EXPECT_EQ(world.times_done(PlanTaskKind::StartMachine, "web-1"), 1);
}

TEST(RecoveryPlanRun, AScriptThatTakesLongerThanItsTimeoutHasFailed) {
    const RecoveryPlan plan = shop();
    PlanWorld world(plan, all_but(PlanTaskKind::RunAction, "warm up", {Succeeds, seconds(601)}));
    const RecoveryPlanRecord record = world.run(new_run(plan, kUnplanned, 1));
    const PlanTask& late = task(record, PlanTaskKind::RunAction, "warm up");
    EXPECT_EQ(late.state, PlanTaskState::Failed);
    EXPECT_EQ(*late.ended - *late.started, seconds(600));
    EXPECT_EQ(late.detail, "timed out");
    EXPECT_EQ(record.state, PlanRunState::PartiallySucceeded);
}

TEST(RecoveryPlanRun, AManualActionSuspendsTheJobUntilSomebodyResumesIt) {
    RecoveryPlan plan = shop();
    plan.groups[0].steps.after = {manual(9, "look at the database")};
    PlanWorld world(plan,
                    all_but(PlanTaskKind::RunAction, "look at the database", {Succeeds, hours(2)}));
    const RecoveryPlanRecord record = world.run(new_run(plan, kTest, 1));
    const PlanTask& looked = task(record, PlanTaskKind::RunAction, "look at the database");
    EXPECT_EQ(*looked.ended - *looked.started, hours(2));
    EXPECT_EQ(looked.detail, "done");
    EXPECT_EQ(record.state, PlanRunState::Succeeded);
}

TEST(RecoveryPlanRun, AFixAndARestartGoOnWhereAPlannedFailoverStopped) {
    const RecoveryPlan plan = shop();
    PlanWorld world(plan, all_but(PlanTaskKind::RunAction, "check database"));
    const RecoveryPlanRecord stopped = world.run(new_run(plan, kPlanned, 1));
    ASSERT_EQ(stopped.state, PlanRunState::Failed);
    const RecoveryPlanRecord record =
        world.order(stopped, [](RecoveryPlanRun& run) { EXPECT_EQ(run.restart(), std::nullopt); });
    EXPECT_EQ(record.state, PlanRunState::Succeeded);
    EXPECT_EQ(world.times_done(PlanTaskKind::RunAction, "check database"), 2);
    EXPECT_EQ(world.times_done(PlanTaskKind::RunAction, "open firewall"), 1);
    EXPECT_EQ(world.times_done(PlanTaskKind::StartMachine, "db"), 1);
}

TEST(RecoveryPlanRun, ARestartBringsUpWhatAnUnplannedFailoverLeftBehind) {
    const RecoveryPlan plan = shop();
    PlanWorld world(plan, all_but(PlanTaskKind::FailOverMachine, "web-2"));
    const RecoveryPlanRecord partial = world.run(new_run(plan, kUnplanned, 1));
    const RecoveryPlanRecord record =
        world.order(partial, [](RecoveryPlanRun& run) { run.restart(); });
    EXPECT_EQ(record.state, PlanRunState::Succeeded);
    EXPECT_EQ(world.times_done(PlanTaskKind::StartMachine, "web-2"), 1);
    EXPECT_EQ(world.times_done(PlanTaskKind::StartMachine, "web-1"), 1);
    EXPECT_EQ(world.times_done(PlanTaskKind::RunAction, "switch DNS"), 1);
}

TEST(RecoveryPlanRun, OrdersThatDoNotFitTheStateSayWhy) {
    const RecoveryPlan plan = shop();
    PlanWorld world(plan, all_well());
    const RecoveryPlanRecord done = world.run(new_run(plan, kTest, 1));
    RecoveryPlanRun run(plan, world, done);
    EXPECT_THAT(run.resume("").value(), testing::HasSubstr("Succeeded"));
    EXPECT_THAT(run.restart().value(), testing::HasSubstr("Succeeded"));
    EXPECT_THAT(run.cancel().value(), testing::HasSubstr("Succeeded"));
}

TEST(RecoveryPlanRun, ACancelledPlanStartsNothingMore) {
    const RecoveryPlan plan = shop();
    PlanWorld world(plan, all_well());
    const RecoveryPlanRecord record =
        world.order(new_run(plan, kPlanned, 1), [](RecoveryPlanRun& run) {
            run.go_on();
            EXPECT_EQ(run.cancel(), std::nullopt);
        });
    EXPECT_EQ(record.state, PlanRunState::Cancelled);
    EXPECT_EQ(world.times_done(PlanTaskKind::ShutDownMachine, "web-1"), 0);
    for (const PlanTask& each : record.tasks) EXPECT_EQ(each.state, PlanTaskState::Cancelled);
}

// SR/site-recovery-runbook-automation.md.
TEST(RecoveryPlanRun, RunbooksAreToldOfMachinesOnceTheirFirstGroupWasStarted) {
    const RecoveryPlan plan = shop();
    PlanWorld world(plan, all_but(PlanTaskKind::FailOverMachine, "web-1"));
    world.run(new_run(plan, kUnplanned, 1));
    const RecoveredMachine blank;
    for (const auto& [name, context] : world.contexts()) {
        EXPECT_EQ(context.recovery_plan_name, "shop");
        EXPECT_EQ(context.failover_type, FailoverType::Unplanned);
        ASSERT_EQ(context.vm_map.size(), 3U);
        const bool early = name == "freeze" || name == "open firewall";
        EXPECT_EQ(context.vm_map[0].values == blank, early) << name;
        EXPECT_EQ(context.vm_map[1].values, blank) << name << ": its failover failed";
        EXPECT_EQ(context.vm_map[2].values == blank, early) << name;
    }
    ASSERT_EQ(world.contexts().size(), 5U);
    EXPECT_EQ(world.contexts()[0].second.group_id, "Failover");
    EXPECT_EQ(world.contexts()[1].second.group_id, "1");
    EXPECT_EQ(world.contexts()[4].second.group_id, "2");
}

// web-2 fails over in 60 s, the others in 10 s: all wait for it. db and web-1 hold nothing up but
// their own starts.
TEST(RecoveryPlanRun, TheCriticalPathIsTheChainThatEndsThePlan) {
    const RecoveryPlan plan = shop();
    PlanWorld world(plan, all_but(PlanTaskKind::FailOverMachine, "web-2", {Succeeds, seconds(60)}));
    const RecoveryPlanRecord record = world.run(new_run(plan, kTest, 1));
    std::vector<std::string> names;
    for (const PlanTaskIndex index : critical_path(record.tasks)) {
        names.push_back(record.tasks[index].name);
    }
    EXPECT_THAT(names, ElementsAre("Recovery plan preflight checks", "Create test environment",
                                   "freeze", "web-2", "open firewall", "db", "check database",
                                   "warm up", "web-1", "switch DNS"));
}

}  // namespace
}  // namespace landfall
