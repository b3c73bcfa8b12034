// tests/unit/recovery_plan_death_test.cpp — the orchestrator dies between every two tasks of a
// recovery plan, its own and those of its machines: the plan goes on, machines are made once and
// scripts run once.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/plan_control.hpp"

namespace landfall::test {
namespace {

struct Step {
    Operation operation;
    OperationOptions options = {};
};

std::vector<Step> story_of(ScenarioKind kind) {
    std::vector<Step> story = {{Operation::TestFailover}, {Operation::TestFailoverCleanup}};
    if (kind == ScenarioKind::HyperVSiteToAzure) {
        story.push_back({Operation::PlannedFailover});
        story.push_back({Operation::Commit});
        story.push_back({Operation::Failback});
        story.push_back({Operation::Commit});
    } else {
        story.push_back({Operation::UnplannedFailover});
        story.push_back({Operation::Commit});
        story.push_back({Operation::ReverseReplicate});
        story.push_back({Operation::Failback});
    }
    return story;
}

struct Told {
    std::vector<std::string> states;  ///< after each step
    std::vector<std::string> jobs;    ///< kind and end of each, sorted
    int deaths = 0;
    int ends = 0;                        ///< tasks that ended: the moments to die at
    std::vector<std::size_t> created;    ///< machines, by machine and instance
    std::vector<std::uint32_t> scripts;  ///< runs of each action
};

constexpr std::size_t kMachines = 3;

/// Tells the story; the orchestrator dies `after` that many ends of tasks (0: never), for `time`.
Told tell(ScenarioKind kind, int after, Duration time) {
    ActionBook book;
    RecoveryPlan plan = plan_of({1, 2});
    plan.failover.before = {book.script("freeze")};
    plan.groups[0].steps.after = {book.script("check"), book.manual("look", seconds(17))};
    plan.groups[1].items[1].depends_on = {MachineId(1)};
    ControlWorld world(std::vector(kMachines, kind), ControlWorld::quick_profile(), {plan},
                       book.facts());
    SiteRecovery& logic = world.logic();
    for (std::size_t m = 0; m < kMachines; ++m) world.protect(MachineId(m));
    Told told;
    world.on_task_end([&] {
        if (++told.ends != after) return;
        ++told.deaths;
        // Not inside the call: the record has been written, and nothing else has happened.
        world.at(world.now(), [&] { logic.orchestrator_down(); });
        world.at(world.now() + time, [&] { logic.orchestrator_up(); });
    });
    const auto is_waiting = [&] {
        const JobId job = logic.plans().last_job(kPlan);
        return logic.job(job).state == JobState::Suspended;
    };
    for (const Step& step : story_of(kind)) {
        world.run_for(minutes(1));
        // An operation that meets a dead service is asked for again.
        for (int k = 0; k < 600; ++k) {
            if (std::holds_alternative<JobId>(logic.start(step.operation, kPlan, step.options)))
                break;
            world.run_for(seconds(1));
        }
        // The manual action is done by itself; a failback is to be completed by its user.
        for (int k = 0; k < 7200 && !logic.job(logic.plans().last_job(kPlan)).is_over(); ++k) {
            world.run_for(seconds(1));
            const bool asked = step.operation == Operation::Failback && is_waiting() &&
                               !world.automation().is_busy();
            if (asked) logic.resume(logic.plans().last_job(kPlan), "complete it");
        }
        world.run_for(seconds(50));
        world.settle();
        for (std::size_t m = 0; m < kMachines; ++m) {
            told.states.emplace_back(name_of(logic.protection_state(MachineId(m))));
        }
    }
    for (std::size_t id = 0; id < logic.jobs(); ++id) {
        const JobRecord& job = logic.job(JobId(id));
        told.jobs.push_back(std::string(name_of(job.kind)) + " " + std::string(name_of(job.state)) +
                            " " + job.cause);
    }
    std::sort(told.jobs.begin(), told.jobs.end());
    for (std::size_t m = 0; m < kMachines; ++m) {
        for (const auto& instance : world.world().instances(MachineId(m)))
            told.created.push_back(instance.existed.size());
    }
    for (std::size_t action = 0; action < book.facts().size(); ++action) {
        told.scripts.push_back(world.automation().runs(RecoveryActionId(action)));
    }
    return told;
}

class RecoveryPlanDeath : public testing::TestWithParam<ScenarioKind> {};

TEST_P(RecoveryPlanDeath, BetweenAnyTwoTasksChangesNoOutcomeAndDoesNothingTwice) {
    const Told whole = tell(GetParam(), 0, Duration(0));
    ASSERT_GT(whole.ends, 60);
    for (const std::string& job : whole.jobs)
        ASSERT_NE(job.find("Succeeded"), std::string::npos) << job;
    for (int after = 1; after <= whole.ends; ++after) {
        for (const Duration time : {seconds(1), seconds(45)}) {
            SCOPED_TRACE("dies after end " + std::to_string(after));
            const Told told = tell(GetParam(), after, time);
            ASSERT_EQ(told.deaths, 1);
            EXPECT_EQ(told.states, whole.states);
            EXPECT_EQ(told.jobs, whole.jobs);
            EXPECT_EQ(told.created, whole.created);
            EXPECT_EQ(told.scripts, whole.scripts);
            if (HasFailure()) return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, RecoveryPlanDeath,
                         testing::Values(ScenarioKind::AzureToAzure,
                                         ScenarioKind::HyperVSiteToAzure,
                                         ScenarioKind::VMwareToAzure));

}  // namespace
}  // namespace landfall::test
