// tests/parity/failover_test.cpp — recovery points and failover, on either kernel: what is chosen,
// what it waits for, what it costs.
#include <algorithm>

#include <gtest/gtest.h>

#include "sim/kernel/simgrid_kernel.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::test {
namespace {

enum class KernelKind { Memory, SimGrid };

class Failover : public testing::TestWithParam<KernelKind> {
  protected:
    static constexpr MachineId kVm = MachineId(0);

    std::unique_ptr<SmallWorld> make(const SmallSetup& setup) {
        auto world = std::make_unique<SmallWorld>(
            setup,
            [kind = GetParam()](kernel::NetworkPlan plan) -> std::unique_ptr<kernel::Kernel> {
                if (kind == KernelKind::Memory) {
                    return std::make_unique<kernel::MemoryKernel>(std::move(plan));
                }
                return std::make_unique<kernel::SimGridKernel>(plan);
            });
        for (std::size_t machine = 0; machine < setup.machines.size(); ++machine) {
            world->at(Instant(), [raw = world.get(), machine] {
                raw->logic().adopt_protected(MachineId(machine));
            });
        }
        return world;
    }

    static SmallSetup one_machine(std::int64_t churn) {
        SmallSetup setup;
        setup.machines = {{"vm", {Bytes(10 * kGB)}, BytesPerSecond(churn)}};
        return setup;
    }

    static void fail_over(SmallWorld& world, Instant at, OperationOptions options,
                          MachineId machine = kVm) {
        world.at(at, [&world, options, machine] {
            const auto outcome =
                world.logic().start(Operation::UnplannedFailover, machine, options);
            EXPECT_TRUE(std::holds_alternative<JobId>(outcome));
        });
    }
};

INSTANTIATE_TEST_SUITE_P(OnBothKernels, Failover,
                         testing::Values(KernelKind::Memory, KernelKind::SimGrid),
                         [](const auto& kind) {
                             return kind.param == KernelKind::Memory ? "Memory" : "SimGrid";
                         });

TEST_P(Failover, AppConsistentPointsComeAtTheirInterval) {
    SmallSetup setup = one_machine(kMB);
    setup.app_consistent_every = hours(1);
    auto world = make(setup);
    world->run_until(Instant(hours(6)) + minutes(10));
    std::vector<Instant> app_consistent;
    for (const RecoveryPoint& point : world->engine().recovery_points(kVm).all()) {
        if (point.kind == Marker::AppConsistent) app_consistent.push_back(point.time);
    }
    // The grid keeps one point an hour after two hours, whichever kind comes first in the hour.
    ASSERT_GE(app_consistent.size(), 2U);
    EXPECT_EQ(app_consistent[0] - app_consistent[1], hours(1));
}

/// Latest processes what was sent before it makes the point; Latest processed takes what is there
/// (SR/site-recovery-failover.md). Logs come at 2 MB/s and are applied at 1 MB/s: after an hour the
/// newest point waits for another hour of processing.
TEST_P(Failover, LatestWaitsForProcessingAndLatestProcessedDoesNot) {
    for (const bool latest : {true, false}) {
        // One Engine per process: the second setup of this test runs on the other kernel only.
        if (GetParam() == KernelKind::SimGrid && !latest) continue;
        SmallSetup setup = one_machine(2 * kMB);
        setup.profile.log_processing_rate = BytesPerSecond(kMB);
        auto world = make(setup);
        fail_over(*world, Instant(hours(1)) + seconds(30),
                  {.shut_down_source = false,
                   .recovery_point = latest ? RecoveryPointChoice::Latest
                                            : RecoveryPointChoice::LatestProcessed});
        world->run_until(Instant(hours(3)));
        const Milestones& dates = world->logic().milestones(kVm);
        ASSERT_TRUE(dates.replica_running && dates.failed_over_to);
        const double rto_s = to_seconds(*dates.replica_running - *dates.failover_started);
        if (latest) {
            // Not the last marker's point: one is made of all that is uploaded, seconds ago.
            EXPECT_GE(dates.failed_over_to->time, Instant(hours(1)) + seconds(27));
            EXPECT_NEAR(rto_s, 3600 + 30, 40);
            EXPECT_LE(*dates.data_loss, Bytes(3 * 2 * kMB));
        } else {
            EXPECT_NEAR(to_seconds(dates.failed_over_to->time.since_start()), 1800, 300);
            EXPECT_LT(rto_s, 1);
        }
    }
}

TEST_P(Failover, HydrationIsChargedWhereTheGuestNeedsIt) {
    SmallSetup setup = one_machine(kMB);
    setup.needs_hydration = true;
    setup.profile.hydration_time = minutes(9);
    setup.profile.start_failover_time = seconds(136);
    auto world = make(setup);
    fail_over(*world, Instant(hours(1)), {.shut_down_source = false});
    world->run_until(Instant(hours(2)));
    const Milestones& dates = world->logic().milestones(kVm);
    EXPECT_EQ(*dates.replica_running - *dates.failover_started, minutes(9) + seconds(136));
}

/// 1,000 hydrated failovers an hour are one every 3.6 s (SR/vmware-physical-large-deployment.md).
TEST_P(Failover, AzureCreatesMachinesNoFasterThanDocumented) {
    SmallSetup setup;
    setup.needs_hydration = true;
    setup.profile.failovers_per_hour_hydrated = 1000;
    for (int k = 0; k < 20; ++k) {
        setup.machines.push_back(
            {"vm" + std::to_string(k), {Bytes(kGB)}, BytesPerSecond(kMB / 100)});
    }
    auto world = make(setup);
    for (std::size_t k = 0; k < 20; ++k) {
        fail_over(*world, Instant(hours(1)), {.shut_down_source = false}, MachineId(k));
    }
    world->run_until(Instant(hours(2)));
    Instant last;
    for (std::size_t k = 0; k < 20; ++k) {
        last = std::max(last, *world->logic().milestones(MachineId(k)).replica_running);
    }
    EXPECT_EQ(last - Instant(hours(1)), Duration(19 * 3'600'000'000LL));
}

TEST_P(Failover, OfAMachineThatCannotBeShutDownSkipsThatTaskAndGoesOn) {
    SmallSetup setup = one_machine(kMB);
    setup.can_shut_down = false;
    setup.profile.shut_down_time = minutes(5);
    auto world = make(setup);
    fail_over(*world, Instant(hours(1)) + seconds(60), {});
    world->run_until(Instant(hours(2)));
    const Milestones& dates = world->logic().milestones(kVm);
    ASSERT_TRUE(dates.replica_running);
    EXPECT_GT(*dates.data_loss, Bytes(0));
    EXPECT_LE(*dates.data_loss, Bytes(3 * kMB));
}

/// The last changes wait for the outage to end; the failover does, too, and loses nothing.
TEST_P(Failover, WithShutdownWaitsUntilTheLatestChangesAreInAzure) {
    SmallSetup setup = one_machine(5 * kMB);
    setup.wan = BytesPerSecond(5 * kMB + kMB / 2);  // a backlog of minutes at any time
    setup.capture_step = minutes(5);
    auto world = make(setup);
    fail_over(*world, Instant(hours(1)) + seconds(200), {});
    world->run_until(Instant(hours(2)));
    const Milestones& dates = world->logic().milestones(kVm);
    ASSERT_TRUE(dates.replica_running);
    EXPECT_EQ(dates.failed_over_to->time, Instant(hours(1)) + seconds(200));
    EXPECT_EQ(*dates.data_loss, Bytes(0));
    EXPECT_GT(*dates.replica_running - *dates.failover_started, seconds(150));
}

TEST_P(Failover, ABreachOfTheRpoThresholdIsAnEventAndSoIsItsEnd) {
    SmallSetup setup = one_machine(kMB);
    setup.rpo_threshold = minutes(15);
    setup.profile.automatic_resync_delay = minutes(30);
    auto world = make(setup);
    world->at(Instant(hours(1)), [&] { world->logic().lose_power(kVm); });
    world->run_until(Instant(hours(3)));
    const auto tables = world->recorder().take_tables();
    const auto events = std::find_if(tables.begin(), tables.end(),
                                     [](const auto& table) { return table.name == "events"; });
    ASSERT_NE(events, tables.end());
    const auto& kinds = *events->columns[1].categories;
    for (const char* kind :
         {"power_lost", "resync_required", "rpo_threshold_exceeded", "rpo_threshold_met"}) {
        EXPECT_NE(std::find(kinds.begin(), kinds.end(), kind), kinds.end()) << kind;
    }
}

TEST_P(Failover, CommitKeepsTheChosenPointOnly) {
    SmallSetup setup = one_machine(kMB);
    auto world = make(setup);
    fail_over(*world, Instant(hours(3)), {});
    std::size_t points_before = 0;
    world->at(Instant(hours(3)) + minutes(30), [&] {
        points_before = world->engine().recovery_points(kVm).count();
        world->logic().start(Operation::Commit, kVm);
    });
    world->run_until(Instant(hours(4)));
    EXPECT_GT(points_before, 20U);
    EXPECT_EQ(world->engine().recovery_points(kVm).count(), 1U);
    EXPECT_EQ(world->logic().protection_state(kVm), ProtectionState::UnplannedFailoverCommitted);
}

/// Every byte captured is at the source, at the process server, or uploaded: at any instant.
TEST_P(Failover, BytesAreConservedThroughCopiesOutagesAndResyncs) {
    SmallSetup setup;
    setup.profile.automatic_resync_delay = minutes(1);
    setup.profile.resync_compare_rate = BytesPerSecond(20 * kMB);
    setup.cache = Bytes(4 * kGB);
    setup.machines = {{"a", {Bytes(2 * kGB), Bytes(kGB)}, BytesPerSecond(kMB)},
                      {"b", {Bytes(3 * kGB)}, BytesPerSecond(2 * kMB)}};
    auto world = make(setup);
    world->at(Instant(minutes(20)), [&] { world->logic().lose_power(kVm); });
    int checked = 0;
    for (std::int64_t minute = 1; minute < 60; ++minute) {
        world->at(Instant(minutes(minute)), [&] {
            const auto& server = world->engine().process_server(ProcessServerId(0));
            // Machine b never lost order: what it wrote is uploaded or on its way.
            const Bytes b_written = world->engine().captured(MachineId(1));
            EXPECT_LE(world->engine().uploaded(MachineId(1)), b_written);
            EXPECT_LE(b_written, world->engine().uploaded(MachineId(1)) + server.source.bytes() +
                                     server.receiving.bytes + server.cache_used());
            EXPECT_LE(server.cache_used(), Bytes(4 * kGB));
            ++checked;
        });
    }
    world->run_until(Instant(hours(1)));
    EXPECT_EQ(checked, 59);
}

}  // namespace
}  // namespace landfall::test
