// tests/unit/cancelled_failover_test.cpp — a failover is cancelled at every instant of it: no
// machine, no quota and no meter is left, whatever was under way and however often its deletion
// fails.
#include <string>

#include <gtest/gtest.h>

#include "tests/support/control_world.hpp"

namespace landfall::test {
namespace {

using enum MachineInstance;

constexpr MachineId kVm = MachineId(0);

struct Case {
    ScenarioKind kind;
    Operation operation = Operation::UnplannedFailover;
    std::uint32_t failing_deletions = 0;
    bool orchestrator_dies = false;
};

void bound(Estate& estate) {
    estate.profile.vm_sizes = {{"Standard_F2", "F", 2, gibibytes(4), 4, 1}};
    estate.target.regions = {{"west", 2, {}, std::nullopt, {}}};
    TargetSettings settings;
    settings.region = 0;
    estate.target.settings = {settings};
    estate.target.settings_of.assign(estate.machines.size(), 0);
}

/// Cancels so long after the start; false: the failover was over by then.
bool cancel_after(const Case& asked, Duration time) {
    ControlWorld world({asked.kind}, ControlWorld::quick_profile(), bound);
    SiteRecovery& logic = world.logic();
    world.protect(kVm);
    world.run_for(minutes(1));
    world.world().plant(
        {kVm, Recovery, MachineAction::Delete, "does not answer", asked.failing_deletions});
    const auto started = logic.start(asked.operation, kVm);
    world.run_for(time);
    const JobId job = std::get<JobId>(started);
    if (logic.job(job).is_over()) return false;
    EXPECT_EQ(logic.cancel(job), std::nullopt);
    EXPECT_EQ(logic.protection_state(kVm), ProtectionState::CancelFailoverStatesEnd);
    if (asked.orchestrator_dies) {
        logic.orchestrator_down();
        world.run_for(minutes(2));
        logic.orchestrator_up();
    }
    world.run_for(minutes(5));
    EXPECT_FALSE(world.machine(kVm, Recovery).exists());
    EXPECT_FALSE(logic.discards_replica_machine(kVm));
    EXPECT_FALSE(world.world().room().has_room(kVm, Recovery));
    const auto& steps = world.world().room().steps();
    EXPECT_EQ(steps.empty() ? 0 : steps.back().use.cores, 0);
    EXPECT_FALSE(world.billing().meter_runs(kVm, Meter::RecoveryMachine));
    world.carry_out(Operation::DisableProtection, kVm);
    EXPECT_FALSE(world.billing().meters_run(kVm));
    // Where the source still runs it can be protected and failed over anew.
    if (world.machine(kVm, Primary).running()) {
        world.protect(kVm);
        world.run_for(minutes(1));
        world.carry_out(asked.operation, kVm);
        EXPECT_TRUE(world.machine(kVm, Recovery).running());
    }
    return true;
}

TEST(CancelledFailover, LeavesNothingBehindAtAnyInstant) {
    const Case cases[] = {
        {ScenarioKind::VMwareToAzure},
        {ScenarioKind::HyperVSiteToAzure, Operation::PlannedFailover},
        {ScenarioKind::PhysicalToAzure, Operation::UnplannedFailover, 3},
        {ScenarioKind::VMwareToAzure, Operation::UnplannedFailover, 3, true},
    };
    for (const Case& asked : cases) {
        int instants = 0;
        Duration time(0);
        while (cancel_after(asked, time)) {
            ++instants;
            time = time + nanoseconds(500'000'000);
            if (testing::Test::HasFailure()) {
                FAIL() << name_of(asked.kind) << ", " << to_seconds(time) << " s";
            }
        }
        EXPECT_GT(instants, 20) << name_of(asked.kind);
    }
}

}  // namespace
}  // namespace landfall::test
