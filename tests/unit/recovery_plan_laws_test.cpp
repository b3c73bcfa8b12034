// tests/unit/recovery_plan_laws_test.cpp — laws of every run of a recovery plan, on random plans;
// and: an orchestrator that dies at any change of the record leaves no trace.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "model/recovery/recovery_plan_run.hpp"
#include "tests/support/plan_world.hpp"

namespace landfall {
namespace {

using test::PlanOutcome;
using test::PlanWorld;
using enum PlanTaskKind;

constexpr std::uint64_t kPlans = 20;

/// Random draws that are the same everywhere.
class Draws {
  public:
    explicit Draws(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }

  private:
    std::mt19937_64 engine_;
};

class PlanMaker {
  public:
    explicit PlanMaker(std::uint64_t seed) : draws_(seed) {}

    RecoveryPlan run() {
        RecoveryPlan plan;
        plan.name = "random";
        plan.gate = draws_.one_in(3) ? GroupsGate::Failover : GroupsGate::Start;
        plan.shutdown = steps();
        plan.failover = steps();
        const std::uint64_t groups = 1 + draws_.below(3);
        for (std::uint64_t i = 0; i < groups; ++i) plan.groups.push_back(group());
        return plan;
    }

  private:
    PlanGroup group() {
        PlanGroup made;
        made.steps = steps();
        const std::uint64_t machines = 1 + draws_.below(4);
        for (std::uint64_t i = 0; i < machines; ++i) {
            PlanItem item{MachineId(machine_++), ""};
            item.name = "m" + std::to_string(item.machine.value);
            for (const PlanItem& earlier : made.items) {
                if (draws_.one_in(3)) item.depends_on.push_back(earlier.machine);
            }
            made.items.push_back(item);
        }
        std::rotate(made.items.begin(), made.items.begin() + draws_.below(machines),
                    made.items.end());
        return made;
    }

    PlanSteps steps() { return {actions(), actions()}; }

    std::vector<PlanAction> actions() {
        std::vector<PlanAction> made;
        for (std::uint64_t i = draws_.below(3); i > 0; --i) {
            const RecoveryActionId id(action_++);
            PlanAction action{"action " + std::to_string(id.value), id};
            action.kind = draws_.one_in(4) ? PlanActionKind::Manual : PlanActionKind::Script;
            action.timeout = seconds(50);
            made.push_back(action);
        }
        return made;
    }

    Draws draws_;
    std::size_t machine_ = 0;
    std::size_t action_ = 0;
};

/// Durations up to 60 s (some scripts run into their timeout), no two alike; one in `fails` fails.
PlanWorld::Fate fate_of(std::uint64_t seed, std::uint64_t fails) {
    return [seed, fails](const PlanTask& task) {
        std::uint64_t mixed = seed * 31 + static_cast<std::uint64_t>(task.kind) * 7 + task.attempt;
        for (const char letter : task.name)
            mixed = mixed * 131 + static_cast<unsigned char>(letter);
        Draws draws(mixed);
        PlanOutcome outcome{PlanOutcome::End::Succeeds,
                            Duration(1 + static_cast<std::int64_t>(draws.below(60'000'000'000)))};
        const bool may_skip = task.kind == ShutDownMachine || task.kind == FailOverMachine;
        if (draws.one_in(fails)) outcome.end = PlanOutcome::End::Fails;
        if (may_skip && draws.one_in(8)) outcome.end = PlanOutcome::End::NeedNot;
        return outcome;
    };
}

struct Case {
    std::uint64_t seed;
    RecoveryPlan plan;
    RecoveryPlanRecord record;
    PlanWorld::Fate fate;
};

/// Every random plan as a test, planned and unplanned, with many failures and with few.
std::vector<Case> all_runs() {
    std::vector<Case> runs;
    for (std::uint64_t seed = 0; seed < kPlans; ++seed) {
        for (const FailoverType type :
             {FailoverType::Test, FailoverType::Planned, FailoverType::Unplanned}) {
            RecoveryPlan plan = PlanMaker(seed).run();
            const RecoveryPlanRecord record = new_run(plan, {type}, 7);
            runs.push_back({seed, std::move(plan), record, fate_of(seed, seed % 2 == 0 ? 12 : 90)});
        }
    }
    return runs;
}

std::string about(const Case& run) {
    return "plan " + std::to_string(run.seed) + ", " +
           std::string(name_of(run.record.options.type));
}

/// Order: a task starts after the stages before its own, and after what it was declared to follow.
void expect_in_order(const PlanTaskTree& tree, const std::string& about) {
    Instant stages_end;
    for (const PlanTask& task : tree) {
        if (task.started && task.is_stage()) {
            EXPECT_GE(*task.started, stages_end) << about;
        }
        if (task.ended && task.is_stage()) stages_end = std::max(stages_end, *task.ended);
        if (!task.started || task.is_stage()) continue;
        EXPECT_GE(*task.started, *tree[task.parent].started) << about;
        if (task.ended) {
            EXPECT_LE(*task.ended, tree[task.parent].ended.value_or(*task.ended)) << about;
        }
        for (const PlanTaskIndex before : task.after) {
            ASSERT_TRUE(tree[before].is_over()) << about;
            if (tree[before].ended) {
                EXPECT_GE(*task.started, *tree[before].ended) << about;
            }
        }
    }
}

TEST(RecoveryPlanLaws, StagesActionsAndDependenciesKeepTheirOrder) {
    for (const Case& run : all_runs()) {
        PlanWorld world(run.plan, run.fate);
        expect_in_order(world.run(run.record).tasks, about(run));
    }
}

TEST(RecoveryPlanLaws, EveryMachineIsFailedOverOnceAndStartedAtMostOnce) {
    for (const Case& run : all_runs()) {
        PlanWorld world(run.plan, run.fate);
        const RecoveryPlanRecord record = world.run(run.record);
        for (const PlanTask& task : record.tasks) {
            if (task.kind != StartMachine) continue;
            EXPECT_LE(world.times_done(FailOverMachine, task.name), 1) << about(run);
            EXPECT_LE(world.times_done(StartMachine, task.name), 1) << about(run);
            const bool test = record.options.type == FailoverType::Test;
            EXPECT_LE(world.times_done(ShutDownMachine, task.name), test ? 0 : 1) << about(run);
        }
    }
}

TEST(RecoveryPlanLaws, APlannedFailoverStartsNothingAfterItsFirstFailure) {
    for (const Case& run : all_runs()) {
        if (run.record.options.type != FailoverType::Planned) continue;
        PlanWorld world(run.plan, run.fate);
        const RecoveryPlanRecord record = world.run(run.record);
        Instant first = Instant::never();
        for (const PlanTask& task : record.tasks) {
            if (task.state == PlanTaskState::Failed) first = std::min(first, *task.ended);
        }
        const bool failed = first != Instant::never();
        EXPECT_EQ(record.state, failed ? PlanRunState::Failed : PlanRunState::Succeeded);
        for (const PlanTask& task : record.tasks) {
            if (task.started) {
                EXPECT_LE(*task.started, first) << about(run) << ' ' << task.name;
            }
        }
    }
}

TEST(RecoveryPlanLaws, AnUnplannedFailoverBringsUpEveryMachineThatItCan) {
    for (const Case& run : all_runs()) {
        if (run.record.options.type != FailoverType::Unplanned) continue;
        PlanWorld world(run.plan, run.fate);
        const RecoveryPlanRecord record = world.run(run.record);
        if (record.tasks[0].state == PlanTaskState::Failed) continue;  // preflight
        for (const PlanTask& task : record.tasks) {
            EXPECT_TRUE(task.is_over()) << about(run) << ' ' << task.name;
            if (task.kind != FailOverMachine) continue;
            EXPECT_EQ(world.times_done(StartMachine, task.name),
                      task.state == PlanTaskState::Succeeded ? 1 : 0)
                << about(run) << ' ' << task.name;
        }
    }
}

// This world answers without delay, so each task of the path starts when the one before it ends.
TEST(RecoveryPlanLaws, TheCriticalPathReachesFromTheBeginningToTheEndWithoutAGap) {
    for (const Case& run : all_runs()) {
        PlanWorld world(run.plan, run.fate);
        const PlanTaskTree tree = world.run(run.record).tasks;
        Instant at;
        for (const PlanTaskIndex index : critical_path(tree)) {
            // What is skipped takes its time too, but is no link of the chain.
            if (std::none_of(tree.begin(), tree.end(), [](const PlanTask& task) {
                    return task.state == PlanTaskState::Skipped && task.ended;
                })) {
                EXPECT_EQ(*tree[index].started, at) << about(run) << ' ' << tree[index].name;
            }
            EXPECT_GE(*tree[index].started, at) << about(run);
            at = *tree[index].ended;
        }
        for (const PlanTask& task : tree) {
            if (task.ended && task.state != PlanTaskState::Skipped && !task.is_stage()) {
                EXPECT_LE(*task.ended, at) << about(run);
            }
        }
    }
}

TEST(RecoveryPlanLaws, ADeathAtAnyChangeOfTheRecordLeavesNoTrace) {
    std::uint64_t deaths = 0;
    for (const Case& run : all_runs()) {
        PlanWorld alive(run.plan, run.fate);
        const RecoveryPlanRecord expected = alive.run(run.record);
        for (std::uint64_t change = 1; change <= alive.changes(); ++change) {
            PlanWorld world(run.plan, run.fate);
            const RecoveryPlanRecord record = world.run(run.record, change);
            ASSERT_EQ(record, expected) << about(run) << ", died at change " << change;
            for (const PlanTask& task : record.tasks) {
                ASSERT_EQ(world.times_done(task.kind, task.name),
                          alive.times_done(task.kind, task.name))
                    << about(run) << ", died at change " << change << ": " << task.name;
            }
            deaths += static_cast<std::uint64_t>(world.deaths());
        }
    }
    EXPECT_GT(deaths, 10 * kPlans);
}

TEST(RecoveryPlanLaws, ADeathDuringARestartIsMadeUpForByAskingAgain) {
    for (const Case& run : all_runs()) {
        PlanWorld alive(run.plan, run.fate);
        const auto restart = [](RecoveryPlanRun& each) { each.restart(); };
        const RecoveryPlanRecord failed = alive.run(run.record);
        const bool ended_badly = failed.state == PlanRunState::Failed ||
                                 failed.state == PlanRunState::PartiallySucceeded;
        if (!ended_badly) continue;
        const std::uint64_t before = alive.changes();
        const RecoveryPlanRecord expected = alive.order(failed, restart);
        for (std::uint64_t change = 1; change <= alive.changes() - before; ++change) {
            PlanWorld world(run.plan, run.fate);
            world.run(run.record);
            const RecoveryPlanRecord broken = world.order(failed, restart, change);
            // Had it not come to life again yet, the user asks once more.
            const bool asleep = broken.state == failed.state && broken.tasks != expected.tasks;
            const RecoveryPlanRecord record = asleep ? world.order(broken, restart) : broken;
            ASSERT_EQ(record.state, expected.state) << about(run) << ", died at change " << change;
            for (std::size_t i = 0; i < record.tasks.size(); ++i) {
                ASSERT_EQ(record.tasks[i].state, expected.tasks[i].state)
                    << about(run) << ", died at change " << change << ": " << record.tasks[i].name;
            }
        }
    }
}

}  // namespace
}  // namespace landfall
