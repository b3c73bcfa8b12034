// tests/unit/control_plane_walk_test.cpp — random walks over all operations and all kinds, and the
// death of the orchestrator between any two tasks.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"
#include "tests/support/control_world.hpp"

namespace landfall::test {
namespace {

constexpr std::array kOperations = {
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
    ControlPlaneWalk(const std::vector<ScenarioKind>& kinds, std::uint64_t seed)
        : world_(kinds), random_(seed, "walk", "control plane"), items_(kinds.size()) {}

    void step() {
        const MachineId machine(random_.below(items_));
        const Operation operation = kOperations[random_.below(kOperations.size())];
        OperationOptions options = world_.options_for(operation, machine);
        options.shut_down_source = random_.below(2) == 0;
        options.recovery_point = static_cast<RecoveryPointChoice>(random_.below(3));
        options.data_sync = static_cast<DataSync>(random_.below(2));
        // Any disk, sometimes: also one that the machine does not have to give.
        if (random_.below(2) == 0) options.disk = DiskId(random_.below(3 * items_));
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
    }
    [[nodiscard]] int started() const { return started_; }
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
        for (std::size_t id = 0; id < world_.logic().jobs(); ++id) {
            const JobRecord& job = world_.logic().job(JobId(id));
            if (job.is_over()) continue;
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
    int refused_ = 0;
};

std::vector<ScenarioKind> every_kind() {
    std::vector<ScenarioKind> kinds;
    for (std::size_t k = 0; k < kScenarioKinds; ++k) kinds.push_back(static_cast<ScenarioKind>(k));
    return kinds;
}

TEST(ControlPlaneWalk, TenThousandOperationsOverEveryKindLeaveNothingHanging) {
    int started = 0;
    int refused = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        ControlPlaneWalk walk(every_kind(), seed);
        for (int k = 0; k < 1000; ++k) {
            walk.step();
            if (testing::Test::HasFatalFailure()) return;
        }
        walk.finish();
        if (testing::Test::HasFailure()) return;
        started += walk.started();
        refused += walk.refused();
    }
    EXPECT_GT(started, 500);
    EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace landfall::test
