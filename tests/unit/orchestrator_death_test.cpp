// tests/unit/orchestrator_death_test.cpp — the orchestrator dies between every two tasks of every
// operation: each job goes on where its record says, and nothing is done twice outside.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/recovery/support_matrix.hpp"
#include "tests/support/control_world.hpp"

namespace landfall::test {
namespace {

constexpr MachineId kVm = MachineId(0);

struct Step {
    Operation operation;
    OperationOptions options = {};
    bool by_world = false;  ///< the world knows the options
};

std::vector<Step> story_of(ScenarioKind kind) {
    std::vector<Step> story = {{Operation::TestFailover},
                               {Operation::TestFailoverCleanup},
                               {Operation::RepairReplication}};
    const ServiceProfile profile = ControlWorld::quick_profile();
    for (const Operation operation :
         {Operation::AddDisks, Operation::RemoveDisks, Operation::SwitchProcessServer,
          Operation::PauseReplication, Operation::ResumeReplication}) {
        const SupportCell cell = support(feature_of(operation), kind, profile);
        if (cell.support == Support::Supported) story.push_back({operation, {}, true});
    }
    for (const Step& step : std::vector<Step>{
             {Operation::UnplannedFailover},
             {Operation::ChangePit, {.recovery_point = RecoveryPointChoice::LatestProcessed}}}) {
        story.push_back(step);
    }
    const bool commits = kind != ScenarioKind::ScoutToSecondary;
    if (commits) story.push_back({Operation::Commit});
    if (way_back_of(kind)) {
        if (engine_of(kind) == ReplicationEngine::HyperVToAzure) {
            story.push_back({Operation::Failback, {.data_sync = DataSync::ForSynchronization}});
        } else {
            story.push_back({Operation::ReverseReplicate});
            story.push_back({Operation::UnplannedFailover});
        }
        if (commits) story.push_back({Operation::Commit});
        story.push_back({Operation::ReverseReplicate});
        if (is_hyper_v(kind)) story.push_back({Operation::PlannedFailover});
    }
    story.push_back({Operation::DisableProtection});
    return story;
}

struct Told {
    std::vector<std::string> states;  ///< after each step
    std::vector<std::string> jobs;    ///< kind and end of each
    int deaths = 0;
    int ends = 0;                      ///< tasks that ended: the moments to die at
    std::vector<std::size_t> created;  ///< machines, by instance
};

/// Tells the story; the orchestrator dies `after` that many ends of tasks (0: never), for `time`.
Told tell(ScenarioKind kind, int after, Duration time) {
    ControlWorld world({kind});
    Told told;
    world.on_task_end([&] {
        if (++told.ends != after) return;
        ++told.deaths;
        // Not inside the call: the record has been written, and nothing else has happened.
        world.at(world.now(), [&] { world.logic().orchestrator_down(); });
        world.at(world.now() + time, [&] { world.logic().orchestrator_up(); });
    });
    const auto wait_until = [&](ProtectionState state) {
        for (int k = 0; k < 7200 && world.logic().protection_state(kVm) != state; ++k)
            world.run_for(seconds(1));
    };
    const auto note = [&] {
        told.states.emplace_back(name_of(world.logic().protection_state(kVm)));
    };
    const auto carry_out = [&](Step step) {
        if (step.by_world) step.options = world.options_for(step.operation, kVm);
        // An operation that meets a dead service is asked for again.
        for (int k = 0; k < 600; ++k) {
            const auto outcome = world.logic().start(step.operation, kVm, step.options);
            if (std::holds_alternative<JobId>(outcome)) break;
            world.run_for(seconds(1));
        }
        world.settle();
        world.run_for(seconds(2));
        world.settle();
        note();
    };
    carry_out({Operation::EnableReplication});
    wait_until(ProtectionState::Protected);
    told.states.clear();
    note();
    for (const Step& step : story_of(kind)) {
        world.run_for(minutes(1));
        carry_out(step);
    }
    for (std::size_t id = 0; id < world.logic().jobs(); ++id) {
        const JobRecord& job = world.logic().job(JobId(id));
        told.jobs.push_back(std::string(name_of(job.kind)) + " " + std::string(name_of(job.state)) +
                            " " + job.cause);
    }
    for (const auto& instance : world.world().instances(kVm))
        told.created.push_back(instance.existed.size());
    return told;
}

class OrchestratorDeath : public testing::TestWithParam<int> {};

TEST_P(OrchestratorDeath, BetweenAnyTwoTasksChangesNoOutcomeAndCreatesNothingTwice) {
    const auto kind = static_cast<ScenarioKind>(GetParam());
    const Told whole = tell(kind, 0, Duration(0));
    ASSERT_GT(whole.ends, 10);
    for (const std::string& job : whole.jobs)
        ASSERT_NE(job.find("Succeeded"), std::string::npos) << job;
    for (int after = 1; after <= whole.ends; ++after) {
        for (const Duration time : {seconds(1), seconds(45)}) {
            SCOPED_TRACE("dies after end " + std::to_string(after));
            const Told told = tell(kind, after, time);
            ASSERT_EQ(told.deaths, 1);
            EXPECT_EQ(told.states, whole.states);
            EXPECT_EQ(told.jobs, whole.jobs);
            EXPECT_EQ(told.created, whole.created);
            if (HasFailure()) return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(EveryKind, OrchestratorDeath,
                         testing::Range(0, static_cast<int>(kScenarioKinds)));

}  // namespace
}  // namespace landfall::test
