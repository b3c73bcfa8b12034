// tests/unit/plan_oracles_test.cpp — every oracle of recovery plans is silent about a plan that
// went as it says, and fires at what it is about.
#include <string>

#include <gtest/gtest.h>

#include "sim/lab/control_board.hpp"
#include "tests/support/plan_control.hpp"

namespace landfall::lab {
namespace {

Span span(std::int64_t from, std::int64_t until) {
    return {Instant(seconds(from)), Instant(seconds(until))};
}

/// db in group 1; app, and web that depends on it, in group 2. Sources go down in reverse.
PlanSight plan_that_went_well() {
    PlanSight plan;
    plan.name = "shop";
    plan.machines = {
        {.name = "db", .group = 0, .shutdown = span(40, 50), .boot = span(100, 110)},
        {.name = "app", .group = 1, .shutdown = span(30, 40), .boot = span(130, 140)},
        {.name = "web",
         .group = 1,
         .depends_on = {1},
         .shutdown = span(20, 30),
         .boot = span(140, 150)},
    };
    for (PlanMachineSight& machine : plan.machines) machine.creation = span(50, 90);
    const auto action = [](const char* name, std::size_t group, bool before, Span when) {
        PlanActionSight made;
        made.name = name;
        made.group = group;
        made.before = before;
        made.times = 1;
        made.begun = when.from;
        made.ended = when.until;
        return made;
    };
    plan.actions = {action("point DNS", 0, false, span(110, 120)),
                    action("open the doors", 1, true, span(120, 130))};
    return plan;
}

std::string fired(const PlanSight& plan) {
    std::string ids;
    for (const PlanOracle& oracle : plan_oracles()) {
        if (!oracle.fault(plan).empty()) ids.append(oracle.card.id).append(" ");
    }
    return ids;
}

TEST(PlanOracles, APlanThatWentWellViolatesNothing) {
    EXPECT_EQ(fired(plan_that_went_well()), "");
}

TEST(PlanOracles, BootsAreInTheOrderOfGroupsAndDependencies) {
    PlanSight plan = plan_that_went_well();
    plan.machines[0].boot = span(125, 135);  // app was started at 130
    plan.actions.clear();
    EXPECT_EQ(fired(plan), "P1 ");
    plan.machines[0].begun_anew = true;
    EXPECT_EQ(fired(plan), "") << "its user restarted the plan";
    plan.machines[0].begun_anew = false;
    plan.machines[0].attempt = 1;
    EXPECT_EQ(fired(plan), "") << "it was refused at first, and begun when the plan was restarted";
    plan.machines[1].attempt = plan.machines[2].attempt = 1;
    EXPECT_EQ(fired(plan), "P1 ") << "what is begun in one attempt has its order";
    plan = plan_that_went_well();
    plan.machines[1].boot = span(139, 149);
    EXPECT_EQ(fired(plan), "P1 ") << "web depends on it";
    plan = plan_that_went_well();
    plan.gate = GroupsGate::Failover;  // groups fail over one after another
    EXPECT_EQ(fired(plan), "P1 ");
    plan.machines[1].creation = plan.machines[2].creation = span(112, 118);
    EXPECT_EQ(fired(plan), "");
}

TEST(PlanOracles, ShutdownsAreInTheReverseOrder) {
    PlanSight plan = plan_that_went_well();
    plan.machines[0].shutdown = span(35, 45);
    EXPECT_EQ(fired(plan), "P2 ");
    plan = plan_that_went_well();
    plan.machines[1].shutdown = span(29, 39);
    EXPECT_EQ(fired(plan), "P2 ");
    plan.machines[1].shutdown.reset();
    EXPECT_EQ(fired(plan), "") << "nobody can say when it was";
}

TEST(PlanOracles, APlanThatSucceededLeftNothingOut) {
    PlanSight plan = plan_that_went_well();
    plan.actions[0] = {.name = "point DNS", .group = 0, .before = false};
    EXPECT_EQ(fired(plan), "P3 ");
    plan = plan_that_went_well();
    plan.actions[0].failed = true;
    EXPECT_EQ(fired(plan), "P3 ");
    plan.state = JobState::Failed;
    EXPECT_EQ(fired(plan), "");
}

TEST(PlanOracles, StepsStandWhereTheyBelong) {
    PlanSight plan = plan_that_went_well();
    plan.actions[1].ended = Instant(seconds(131));
    EXPECT_EQ(fired(plan), "P4 ");
    plan = plan_that_went_well();
    plan.actions[0].begun = Instant(seconds(109));
    EXPECT_EQ(fired(plan), "P4 ");
}

TEST(PlanOracles, APlannedFailoverStopsAtAFailure) {
    PlanSight plan = plan_that_went_well();
    plan.type = FailoverType::Planned;
    plan.state = JobState::Failed;
    plan.actions[0].failed = true;
    EXPECT_EQ(fired(plan), "P5 ");
    plan.machines[1].boot.reset();
    plan.machines[2].boot.reset();
    EXPECT_EQ(fired(plan), "");
}

TEST(PlanOracles, StepsAreBegunOnceAndOnceMoreForEachRestart) {
    PlanSight plan = plan_that_went_well();
    plan.actions[0].times = 2;
    EXPECT_EQ(fired(plan), "P6 ");
    plan.restarts = 1;
    EXPECT_EQ(fired(plan), "");
}

// --- What the board sees of a plan in a run: every ControlWorld is watched and judged

TEST(PlanOracles, SeeWhatAPlanDidInARun) {
    test::ActionBook book;
    RecoveryPlan plan = test::plan_of({1, 2});
    plan.groups[1].items[1].depends_on = {plan.groups[1].items[0].machine};
    plan.groups[0].steps.after = {book.script("point DNS")};
    plan.groups[1].steps.before = {book.manual("say yes", seconds(30))};
    test::ControlWorld world(std::vector(3, ScenarioKind::VMwareToAzure),
                             test::ControlWorld::quick_profile(), {plan}, book.facts());
    for (std::size_t m = 0; m < 3; ++m) world.protect(MachineId(m));
    world.run_for(minutes(1));
    const JobId job = world.carry_out(Operation::UnplannedFailover, test::kPlan);
    world.run_for(minutes(5));
    ASSERT_EQ(world.logic().job(job).state, JobState::Succeeded);
    const PlanSight seen = world.sight().plan(job);
    EXPECT_EQ(seen.name, "shop");
    ASSERT_EQ(seen.machines.size(), 3U);
    for (const PlanMachineSight& machine : seen.machines) {
        EXPECT_TRUE(machine.shutdown && machine.creation && machine.boot) << machine.name;
    }
    EXPECT_EQ(seen.machines[2].depends_on, std::vector<std::size_t>{1});
    EXPECT_LE(seen.machines[0].boot->until, seen.machines[1].boot->from);
    ASSERT_EQ(seen.actions.size(), 2U);
    for (const PlanActionSight& action : seen.actions) EXPECT_EQ(action.times, 1U);
    EXPECT_EQ(*seen.actions[0].ended - *seen.actions[0].begun, seconds(13));
    EXPECT_EQ(fired(seen), "");
}

}  // namespace
}  // namespace landfall::lab
