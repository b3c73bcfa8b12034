// tests/support/control_walk.hpp — random walks over all operations on items and recovery plans,
// with deaths of the orchestrator, actions on machines that fail, and a target that has room for
// half of the machines only.
//
// What holds besides the sentences here is said by the oracles of the control plane, which the
// world asks after every job and the walk after every step.
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
    Operation::AddDisks,          Operation::RemoveDisks,         Operation::SwitchProcessServer,
    Operation::PauseReplication,  Operation::ResumeReplication,
};

class ControlPlaneWalk {
  public:
    /// With plans three operations of four are on a plan.
    ControlPlaneWalk(const std::vector<ScenarioKind>& kinds, std::uint64_t seed,
                     std::vector<RecoveryPlan> plans = {},
                     std::vector<scenario::ActionFacts> actions = {})
        : world_(kinds, ControlWorld::quick_profile(), half_the_room, std::move(plans),
                 std::move(actions)),
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

    void start_on_machine(MachineId machine, OperationOptions options) {
        const Operation operation = kWalkOperations[random_.below(kWalkOperations.size())];
        const OperationOptions needed = world_.options_for(operation, machine);
        options.process_server = needed.process_server;
        // Any disk, sometimes: also one that the machine does not have to give.
        options.disk = random_.below(2) == 0 ? DiskId(random_.below(3 * items_)) : needed.disk;
        const ItemView before = world_.logic().view_of(machine);
        const auto outcome = world_.logic().start(operation, machine, options);
        if (const auto* refused = std::get_if<Refusal>(&outcome)) {
            ++refused_;
            expect_reasons(*refused, before, machine);
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
            world_.run_for(minutes(10));  // machines that nobody needs are deleted
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
    /// Five of the machines fit; half of those that go to Azure.
    static void half_the_room(Estate& estate) {
        estate.profile.vm_sizes = {{"Standard_F2", "F", 2, gibibytes(4), 4, 1}};
        estate.target.regions = {{"west", 10, {}, std::nullopt, {}}};
        TargetSettings in_azure;
        in_azure.region = 0;
        in_azure.helper_disks = 1;
        estate.target.settings = {in_azure, TargetSettings()};
        for (const Machine& machine : estate.machines) {
            const bool elsewhere = kSecondarySiteKinds.contains(machine.kind);
            estate.target.settings_of.push_back(elsewhere ? 1 : 0);
        }
    }

    /// A refusal names the state and what may be done instead, or the job that is in the way.
    void expect_reasons(const Refusal& refused, const ItemView& before, MachineId machine) {
        ASSERT_FALSE(refused.why.empty());
        ASSERT_EQ(refused.state, before.state);
        if (!world_.logic().item(machine).current_job.is_none()) return;
        ASSERT_EQ(refused.allowed, legal_operations(before));
        const bool is_dead_end = before.state == ProtectionState::MigrationComplete;
        ASSERT_TRUE(is_dead_end || !refused.allowed.empty())
            << name_of(before.kind) << " can do nothing in " << name_of(before.state) << ", drill "
            << name_of(before.test);
    }

    void plant_failure(MachineId machine) {
        const auto action = static_cast<MachineAction>(random_.below(4));
        const auto instance = static_cast<MachineInstance>(random_.below(kMachineInstances));
        world_.world().plant({machine, instance, action, "planted", 1});
    }

    void disturb(MachineId machine) {
        SiteRecovery& logic = world_.logic();
        const ItemView seen = logic.view_of(machine);
        const bool at_home = seen.active == ActiveLocation::Primary;
        switch (random_.below(7)) {
            case 6:
                world_.world().switch_on(machine, random_.below(4) == 0 ? MachineInstance::Recovery
                                                  : at_home             ? MachineInstance::Primary
                                                            : MachineInstance::Recovery);
                break;
            case 4:
            case 5: plant_failure(machine); break;
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
        world_.expect_no_violations();
        ASSERT_FALSE(::testing::Test::HasNonfatalFailure());
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
        EXPECT_FALSE(world_.logic().discards_replica_machine(machine)) << "nobody deletes it";
        // Where nothing is wanted any more nothing is left, but for the machine of its user.
        const bool is_removed = item.state == ProtectionState::UnprotectedStatesEnd;
        if (is_removed && item.active == ActiveLocation::Primary) {
            EXPECT_FALSE(world_.logic().owns_replica_machine(machine));
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
