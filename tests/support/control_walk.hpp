// tests/support/control_walk.hpp — random walks over all operations on items and recovery plans,
// with the death of the orchestrator in between.
#pragma once

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"
#include "tests/support/control_world.hpp"

namespace landfall::test {

inline constexpr std::array kWalkOperations = {
    Operation::EnableReplication, Operation::DisableProtection,   Operation::RemoveReplication,
    Operation::TestFailover,      Operation::TestFailoverCleanup, Operation::PlannedFailover,
    Operation::UnplannedFailover, Operation::ChangePit,           Operation::Commit,
    Operation::CancelFailover,    Operation::ReverseReplicate,    Operation::Failback,
    Operation::FinalizeFailback,  Operation::RepairReplication,   Operation::CompleteMigration,
};

class ControlPlaneWalk {
  public:
    /// With plans three operations of four are on a plan.
    ControlPlaneWalk(const std::vector<ScenarioKind>& kinds, std::uint64_t seed,
                     std::vector<RecoveryPlan> plans = {},
                     std::vector<scenario::ActionFacts> actions = {})
        : world_(kinds, ControlWorld::quick_profile(), std::move(plans), std::move(actions)),
          random_(seed, "walk", "control plane"),
          items_(kinds.size()) {}

    void step() {
        const MachineId machine(random_.below(items_));
        OperationOptions options;
        options.shut_down_source = random_.below(2) == 0;
        options.recovery_point = static_cast<RecoveryPointChoice>(random_.below(3));
        options.data_sync = static_cast<DataSync>(random_.below(2));
        const std::size_t plans = world_.estate().plans.size();
        if (plans > 0 && random_.below(4) != 0) {
            if (random_.below(8) == 0) bring_back();
            if (random_.below(4) == 0) answer_plans();
            start_on_plan(RecoveryPlanId(random_.below(plans)), options);
        } else {
            start_on_machine(machine, options);
        }
        if (::testing::Test::HasFatalFailure()) return;
        switch (random_.below(12)) {
            case 0: disturb(machine); break;
            case 1: world_.run_for(minutes(static_cast<std::int64_t>(random_.below(40)))); break;
            case 2:
            case 3:
            case 4: world_.run_for(seconds(static_cast<std::int64_t>(random_.below(60)))); break;
            default: break;
        }
        check();
    }

    ControlWorld& world() { return world_; }

  private:
    void start_on_plan(RecoveryPlanId plan, OperationOptions options) {
        options.direction = static_cast<FailoverDirection>(random_.below(2));
        const auto rules = plan_operation_rules();
        const Operation operation = rules[random_.below(rules.size())].operation;
        const auto outcome = world_.logic().start(operation, plan, options);
        if (const auto* refused = std::get_if<Refusal>(&outcome)) {
            ++refused_;
            ASSERT_FALSE(refused->why.empty());
            ASSERT_FALSE(refused->plan_state.empty());
        } else {
            ++plan_jobs_;
        }
    }

    /// What walked out of protection is protected again, as far as its jobs allow.
    void bring_back() {
        for (std::size_t k = 0; k < items_; ++k) {
            const MachineId machine(k);
            if (is_legal(world_.logic().view_of(machine), Operation::DisableProtection))
                continue;  // it is in some circle of failovers
            world_.logic().start(Operation::EnableReplication, machine);
        }
        world_.run_for(minutes(5));
    }

    /// Somebody looks at the jobs of plans that wait or have failed, and may do something about
    /// them.
    void answer_plans() {
        SiteRecovery& logic = world_.logic();
        for (std::size_t k = 0; k < world_.estate().plans.size(); ++k) {
            const JobId job = logic.plans().last_job(RecoveryPlanId(k));
            if (job.is_none()) continue;
            const std::vector<JobControl> allowed = logic.allowed_controls(job);
            if (allowed.empty()) continue;
            switch (allowed[random_.below(allowed.size())]) {
                case JobControl::Cancel:
                    if (random_.below(3) == 0) logic.cancel(job);
                    break;
                case JobControl::Resume: logic.resume(job, "go on"); break;
                case JobControl::Restart: logic.restart(job); break;
            }
        }
    }

    void start_on_machine(MachineId machine, const OperationOptions& options) {
        const Operation operation = kWalkOperations[random_.below(kWalkOperations.size())];
        const ItemView before = world_.logic().view_of(machine);
        const auto outcome = world_.logic().start(operation, machine, options);
        if (const auto* refused = std::get_if<Refusal>(&outcome)) {
            ++refused_;
            ASSERT_FALSE(refused->why.empty());
            ASSERT_EQ(refused->state, before.state);
        } else {
            ++started_;
            ASSERT_EQ(why_not(before, operation), std::nullopt)
                << name_of(operation) << " started in " << name_of(before.state);
        }
    }

  public:
    /// Lets everything come to its end; whoever waits for a user is answered.
    void finish() {
        world_.logic().orchestrator_up();
        for (int round = 0; round < 20; ++round) {
            ASSERT_TRUE(world_.settle(hours(4))) << "left hanging: " << hanging();
            bool waits = false;
            for (std::size_t id = 0; id < world_.logic().jobs(); ++id) {
                if (world_.logic().job(JobId(id)).state != JobState::Suspended) continue;
                waits = true;
                ASSERT_EQ(world_.logic().resume(JobId(id), ""), std::nullopt);
            }
            if (!waits) break;
        }
        check();
        for (std::size_t k = 0; k < items_; ++k) check_leaks(MachineId(k));
        for (std::size_t id = 0; id < world_.logic().jobs(); ++id) {
            const JobRecord& job = world_.logic().job(JobId(id));
            EXPECT_TRUE(job.is_of_plan() || !job.is_at_gate()) << "waits for a plan in vain";
        }
    }
    [[nodiscard]] int started() const { return started_; }
    [[nodiscard]] int plan_jobs() const { return plan_jobs_; }
    [[nodiscard]] int refused() const { return refused_; }

  private:
    void disturb(MachineId machine) {
        SiteRecovery& logic = world_.logic();
        const ItemView seen = logic.view_of(machine);
        const bool at_home = seen.active == ActiveLocation::Primary;
        switch (random_.below(4)) {
            case 0:
                if (at_home) logic.lose_power(machine);
                break;
            case 1:
                logic.orchestrator_down();
                world_.run_for(seconds(static_cast<std::int64_t>(random_.below(100))));
                logic.orchestrator_up();
                break;
            default:
                if (logic.jobs() == 0) break;
                const JobId job(random_.below(logic.jobs()));
                if (random_.below(2) == 0)
                    logic.cancel(job);
                else if (random_.below(2) == 0)
                    logic.restart(job);
                else
                    logic.resume(job, "");
        }
    }

    /// What holds at any time.
    void check() {
        std::set<std::uint32_t> busy;
        std::set<std::uint32_t> busy_plans;
        for (std::size_t id = 0; id < world_.logic().jobs(); ++id) {
            const JobRecord& job = world_.logic().job(JobId(id));
            if (job.is_over()) continue;
            if (job.is_of_plan()) {
                ASSERT_TRUE(busy_plans.insert(job.plan.value).second) << "two jobs on one plan";
                continue;
            }
            ASSERT_TRUE(busy.insert(job.machine.value).second) << "two jobs on one item";
        }
        for (std::size_t k = 0; k < items_; ++k) {
            const MachineId machine(k);
            const MachineId back = world_.estate().machine(machine).reverse;
            if (back.is_none()) continue;
            ASSERT_TRUE(world_.logic().engine().data_path(machine) == DataPath::Stopped ||
                        world_.logic().engine().data_path(back) == DataPath::Stopped)
                << "replicated in both directions at once";
        }
    }

    /// What exists in Azure belongs to somebody.
    void check_leaks(MachineId machine) {
        const auto exists = [&](MachineInstance instance) {
            return world_.world().instances(machine)[static_cast<std::size_t>(instance)].exists();
        };
        const ItemView item = world_.logic().view_of(machine);
        const bool test_open = item.test == TestFailoverState::WaitingForCompletion ||
                               item.test == TestFailoverState::Failed;
        EXPECT_TRUE(test_open || !exists(MachineInstance::Test)) << "a test machine was left";
        if (item.active == ActiveLocation::Recovery) {
            EXPECT_TRUE(exists(MachineInstance::Recovery));
        }
    }

    std::string hanging() {
        std::string all;
        for (const std::string& job : world_.logic().waiting()) all += job + "; ";
        return all;
    }

    ControlWorld world_;
    kernel::RandomStream random_;
    std::size_t items_;
    int started_ = 0;
    int plan_jobs_ = 0;
    int refused_ = 0;
};

}  // namespace landfall::test
