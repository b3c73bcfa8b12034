// tests/parity/replication_test.cpp — one body against both kernels: the closed forms of
// replication must hold whether SimGrid or the in-memory kernel carries the bytes.
#include <cmath>

#include <gtest/gtest.h>

#include "sim/kernel/simgrid_kernel.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::test {
namespace {

enum class KernelKind { Memory, SimGrid };

class Replication : public testing::TestWithParam<KernelKind> {
  protected:
    std::unique_ptr<SmallWorld> make(const SmallSetup& setup) {
        return std::make_unique<SmallWorld>(
            setup,
            [kind = GetParam()](kernel::NetworkPlan plan) -> std::unique_ptr<kernel::Kernel> {
                if (kind == KernelKind::Memory) {
                    return std::make_unique<kernel::MemoryKernel>(std::move(plan));
                }
                return std::make_unique<kernel::SimGridKernel>(plan);
            });
    }
};

INSTANTIATE_TEST_SUITE_P(OnBothKernels, Replication,
                         testing::Values(KernelKind::Memory, KernelKind::SimGrid),
                         [](const auto& kind) {
                             return kind.param == KernelKind::Memory ? "Memory" : "SimGrid";
                         });

/// Copying D at rate B while c is written: the copy takes D/B, the changes meanwhile c D/B follow
/// at B - c, so that everything is in Azure after D/(B - c).
TEST_P(Replication, InitialReplicationOfDAtRateBWithChurnCTakesDOverBMinusC) {
    SmallSetup setup;
    const std::int64_t used = 20 * kGB;
    const std::int64_t rate = 10 * kMB;
    const std::int64_t churn = 2 * kMB;
    setup.machines = {{"vm", {Bytes(used)}, BytesPerSecond(churn)}};
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().start(Operation::EnableReplication, MachineId(0)); });
    world->run_until(Instant(hours(2)));

    const Milestones& dates = world->logic().milestones(MachineId(0));
    ASSERT_TRUE(dates.copy_completed);
    const double expected = static_cast<double>(used) / static_cast<double>(rate - churn);
    // Batches of a second and the first one of 16 MiB blur the end by a few seconds.
    EXPECT_NEAR(to_seconds(dates.copy_completed->since_start()), expected, 0.01 * expected);
    ASSERT_TRUE(dates.protected_since);
    EXPECT_LE(*dates.protected_since - *dates.copy_completed, minutes(5) + seconds(10));
    EXPECT_EQ(world->logic().protection_state(MachineId(0)), ProtectionState::Protected);
}

TEST_P(Replication, UsedBytesOnlyCrossTheWire) {
    SmallSetup setup;
    setup.machines = {{"vm", {Bytes(3 * kGB), Bytes(kGB)}, BytesPerSecond(0)}};
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().start(Operation::EnableReplication, MachineId(0)); });
    world->run_until(Instant(hours(1)));
    EXPECT_EQ(world->world().carried(ChannelId(1)).count() / kMB, 4 * kGB / kMB);
    EXPECT_EQ(world->engine().uploaded(MachineId(0)), Bytes(4 * kGB));
}

/// K equal disks, m at once, one line: the makespan is K D / B whatever m is, but with m = 1 the
/// first disk is done after D/B, with m = K only at the end.
TEST_P(Replication, AtMostSoManyDisksOfAMachineAreCopiedAtOnce) {
    SmallSetup setup;
    setup.profile.disks_at_once = 1;
    setup.machines = {{"vm", {Bytes(kGB), Bytes(kGB), Bytes(kGB)}, BytesPerSecond(0)}};
    auto world = make(setup);
    std::vector<std::int64_t> at_150s;
    world->at(Instant(), [&] { world->logic().start(Operation::EnableReplication, MachineId(0)); });
    world->at(Instant(seconds(150)), [&] {
        for (std::size_t disk = 0; disk < 3; ++disk) {
            at_150s.push_back(world->engine().copy_progress_percent(DiskId(disk)));
        }
    });
    world->run_until(Instant(minutes(20)));
    ASSERT_EQ(at_150s.size(), 3U);
    EXPECT_EQ(at_150s[0], 100);
    EXPECT_NEAR(static_cast<double>(at_150s[1]), 50, 3);
    EXPECT_EQ(at_150s[2], 0);
    EXPECT_NEAR(to_seconds(world->logic().milestones(MachineId(0)).copy_completed->since_start()),
                300, 5);
}

/// Steady state: a marker every 5 min and an upload lag L make the RPO saw-tooth between L and
/// L + 5 min (SR/site-recovery-monitor-and-troubleshoot.md, derived).
TEST_P(Replication, RpoSawtoothsBetweenUploadLagAndLagPlusFiveMinutes) {
    SmallSetup setup;
    setup.capture_step = minutes(5);  // a marker's delta is 300 s of churn: L = 300 c / B exactly
    setup.machines = {{"vm", {Bytes(10 * kGB)}, BytesPerSecond(2 * kMB)}};
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().adopt_protected(MachineId(0)); });
    world->run_until(Instant(hours(10)));

    const double lag = 300.0 * 2 / 10;
    const auto tables = world->recorder().take_tables();
    const auto& before = SmallWorld::column(tables, "rpo", "rpo_s_before");
    const auto& after = SmallWorld::column(tables, "rpo", "rpo_s_after");
    ASSERT_GT(after.size(), 100U);
    // Batches are cut at a second's worth once the rate is known; the last piece carries the
    // marker.
    for (std::size_t step = 5; step + 1 < after.size(); ++step) {
        EXPECT_NEAR(after[step], lag, 1.0) << step;
        EXPECT_NEAR(before[step], lag + 300, 1.0) << step;
    }
    const auto& rpo = world->recorder().rpo(MachineId(0));
    EXPECT_NEAR(rpo.mean(), lag + 150, 3);
    EXPECT_NEAR(rpo.quantile(0.95), lag + 285, 5);
}

/// A process server that receives faster than it uploads fills its cache at LAN - WAN, throttles
/// all its machines when less than 20 % is free, and lets them send again at 25 %.
TEST_P(Replication, ACacheThatFillsThrottlesItsMachinesAndRecovers) {
    SmallSetup setup;
    setup.cache = Bytes(10 * kGB);
    setup.lan = BytesPerSecond(50 * kMB);
    setup.machines = {{"a", {Bytes(50 * kGB)}, BytesPerSecond(15 * kMB)},
                      {"b", {Bytes(50 * kGB)}, BytesPerSecond(15 * kMB)}};
    auto world = make(setup);
    for (const std::size_t machine : {0, 1}) {
        world->at(Instant(), [&, machine] { world->logic().adopt_protected(MachineId(machine)); });
    }
    // Churn 30 MB/s against 10 MB/s: the cache gains 20 MB/s and holds 8 GB after 400 s.
    std::map<std::int64_t, bool> throttled;
    std::map<std::int64_t, std::int64_t> free;
    for (const std::int64_t second : {380, 420, 460}) {
        world->at(Instant(seconds(second)), [&, second] {
            const auto& server = world->engine().process_server(ProcessServerId(0));
            throttled[second] = server.throttled;
            free[second] = server.cache_free_percent(Bytes(10 * kGB));
        });
    }
    // From then on the free share swings between 20 and 25 %: 0.5 GB at 10 MB/s are 50 s.
    std::int64_t least_free = 100;
    std::int64_t most_free = 0;
    for (std::int64_t second = 500; second < 1200; second += 5) {
        world->at(Instant(seconds(second)), [&] {
            const auto& server = world->engine().process_server(ProcessServerId(0));
            least_free = std::min(least_free, server.cache_free_percent(Bytes(10 * kGB)));
            most_free = std::max(most_free, server.cache_free_percent(Bytes(10 * kGB)));
        });
    }
    world->run_until(Instant(minutes(20)));
    EXPECT_FALSE(throttled[380]);
    EXPECT_NEAR(static_cast<double>(free[380]), 24, 2);
    EXPECT_TRUE(throttled[420]);
    EXPECT_GE(least_free, 18);
    EXPECT_LE(most_free, 26);
    // Nothing is lost: what is not uploaded waits at the source.
    const auto& server = world->engine().process_server(ProcessServerId(0));
    const std::int64_t written = 30 * kMB * 1200;
    EXPECT_NEAR(static_cast<double>((server.source.bytes() + server.receiving.bytes +
                                     server.cache_used() + world->engine().uploaded(MachineId(0)) +
                                     world->engine().uploaded(MachineId(1)))
                                        .count()),
                static_cast<double>(written), static_cast<double>(31 * kMB));
}

TEST_P(Replication, AFullSourceBufferEndsInAResynchronizationEachTime) {
    SmallSetup setup;
    setup.profile.source_buffer = Bytes(kGB);
    setup.profile.resync_compare_rate = BytesPerSecond(100 * kMB);
    setup.cache = Bytes(2 * kGB);
    setup.machines = {{"vm", {Bytes(20 * kGB)}, BytesPerSecond(12 * kMB)}};
    setup.profile.automatic_resync_delay = minutes(1);
    auto world = make(setup);
    DataPath path_when_full = DataPath::Stopped;
    world->at(Instant(), [&] { world->logic().adopt_protected(MachineId(0)); });
    // 12 MB/s in, 10 out: 1.6 GB of cache and 1 GB of buffer are full after about 1,300 s.
    world->at(Instant(seconds(1330)),
              [&] { path_when_full = world->engine().data_path(MachineId(0)); });
    world->run_until(Instant(hours(1)));
    EXPECT_EQ(path_when_full, DataPath::ResyncRequired);
    // Churn above the WAN fills it again and again; no resync that fails keeps the next from
    // coming.
    EXPECT_GE(world->engine().resyncs(MachineId(0)), 3);
}

/// What the source still held when it lost power has changed on disk: the resync must ship it.
TEST_P(Replication, AResyncShipsWhatTheSourceHadNotSent) {
    SmallSetup setup;
    setup.profile.automatic_resync_delay = seconds(1);
    setup.cache = Bytes(kGB);
    setup.machines = {{"vm", {Bytes(20 * kGB)}, BytesPerSecond(12 * kMB)}};
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().adopt_protected(MachineId(0)); });
    // 2 MB/s too much for 900 s: 0.8 GB in the throttled cache, 1 GB at the source.
    Bytes at_source;
    world->at(Instant(seconds(900)), [&] {
        world->logic().lose_power(MachineId(0));
        at_source = world->engine().process_server(ProcessServerId(0)).source.bytes();
    });
    std::optional<Bytes> captured;
    Bytes sent_or_waiting;
    for (std::int64_t second = 905; second < 3600; second += 5) {
        world->at(Instant(seconds(second)), [&] {
            if (captured || world->engine().data_path(MachineId(0)) != DataPath::Journal) return;
            const auto& server = world->engine().process_server(ProcessServerId(0));
            captured = world->engine().captured(MachineId(0));
            sent_or_waiting = world->engine().uploaded(MachineId(0)) + server.source.bytes() +
                              server.receiving.bytes + server.cache_used();
        });
    }
    world->run_until(Instant(hours(1)));
    EXPECT_GT(at_source, Bytes(kGB / 2));
    ASSERT_TRUE(captured);
    EXPECT_GE(sent_or_waiting, *captured);
}

/// A record of an older life is never applied: what waits of it is dropped at once, and what is
/// under way arrives without making a point.
TEST_P(Replication, AnOlderLifeIsDroppedAndItsMarkersAreNeverPublished) {
    SmallSetup setup;
    setup.profile.automatic_resync_delay = seconds(1);
    setup.machines = {{"vm", {Bytes(20 * kGB)}, BytesPerSecond(13 * kMB)}};
    setup.profile.crash_consistent_interval = seconds(10);
    setup.profile.retention_grids = {{days(1), {{days(1), seconds(10)}}}};
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().adopt_protected(MachineId(0)); });
    // 3 MB/s more than the WAN takes: after 20 min 3.6 GB wait in the cache, markers among them.
    Bytes before;
    Bytes after;
    world->at(Instant(minutes(20)), [&] {
        before = world->engine().process_server(ProcessServerId(0)).cached_journal.bytes();
        world->logic().lose_power(MachineId(0));
    });
    world->at(Instant(minutes(20)) + seconds(60), [&] {
        after = world->engine().process_server(ProcessServerId(0)).cached_journal.bytes();
    });
    world->run_until(Instant(hours(1)));
    EXPECT_GT(before, Bytes(3 * kGB));
    EXPECT_EQ(after, Bytes(0));
    const auto tables = world->recorder().take_tables();
    const auto& at_s = SmallWorld::column(tables, "rpo", "t_s");
    const auto& after_s = SmallWorld::column(tables, "rpo", "rpo_s_after");
    std::size_t published_after = 0;
    for (std::size_t step = 0; step < at_s.size(); ++step) {
        if (at_s[step] <= 1201 || std::isnan(after_s[step])) continue;
        ++published_after;
        EXPECT_GE(at_s[step] - after_s[step], 1200) << "published at " << at_s[step];
    }
    EXPECT_GT(published_after, 10U);
}

TEST_P(Replication, AForcedPowerOffNeedsAResynchronizationThatShipsWhatDiffers) {
    SmallSetup setup;
    setup.profile.automatic_resync_delay = minutes(2);
    setup.profile.resync_compare_rate = BytesPerSecond(50 * kMB);
    setup.machines = {{"vm", {Bytes(30 * kGB)}, BytesPerSecond(kMB)}};
    auto world = make(setup);
    std::vector<Instant> points_during;
    world->at(Instant(), [&] { world->logic().adopt_protected(MachineId(0)); });
    world->at(Instant(minutes(60)), [&] { world->logic().lose_power(MachineId(0)); });
    std::size_t points_at_start = 0;
    std::size_t points_at_end = 0;
    world->at(Instant(minutes(61)),
              [&] { points_at_start = world->engine().recovery_points(MachineId(0)).count(); });
    // Comparing 30 GB at 50 MB/s takes 600 s, from minute 62 to 72.
    world->at(Instant(minutes(71)), [&] {
        points_at_end = world->engine().recovery_points(MachineId(0)).count();
        EXPECT_EQ(world->engine().data_path(MachineId(0)), DataPath::Copying);
    });
    world->run_until(Instant(hours(2)));
    EXPECT_EQ(points_at_start, points_at_end) << "no point is published during a resync";
    EXPECT_EQ(world->engine().resyncs(MachineId(0)), 1);
    EXPECT_EQ(world->engine().data_path(MachineId(0)), DataPath::Journal);
    const double worst = world->recorder().rpo(MachineId(0)).maximum();
    EXPECT_GT(worst, 720);
    EXPECT_LT(worst, 720 + 600);
    // Shipped: an hour of changes, the few minutes until the resync again, checksums, no whole
    // disk.
    EXPECT_LT(world->engine().uploaded(MachineId(0)), Bytes(9 * kGB));
    // A slow compare must not leave in crumbs: some events a second at the most.
    EXPECT_LT(world->world().events(), 4U * 7200U);
}

TEST_P(Replication, FailoverWithShutdownLosesNothingAndMigrationRemovesTheItem) {
    SmallSetup setup;
    setup.profile.shut_down_time = seconds(60);
    setup.profile.start_failover_time = seconds(136);
    setup.profile.start_machine_time = seconds(4);
    setup.machines = {{"vm", {Bytes(kGB)}, BytesPerSecond(5 * kMB)}};
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().adopt_protected(MachineId(0)); });
    world->at(Instant(minutes(62)),
              [&] { world->logic().start(Operation::UnplannedFailover, MachineId(0)); });
    world->at(Instant(minutes(70)), [&] {
        EXPECT_EQ(world->engine().recovery_points(MachineId(0)).latest()->time,
                  Instant(minutes(63)));
        world->logic().start(Operation::CompleteMigration, MachineId(0));
    });
    world->run_until(Instant(minutes(80)));
    const Milestones& dates = world->logic().milestones(MachineId(0));
    ASSERT_TRUE(dates.data_loss);
    EXPECT_EQ(*dates.data_loss, Bytes(0));
    EXPECT_NEAR(to_seconds(*dates.replica_running - *dates.source_down), 60 + 136 + 4, 3);
    EXPECT_EQ(world->logic().protection_state(MachineId(0)), ProtectionState::MigrationComplete);
    EXPECT_EQ(world->engine().recovery_points(MachineId(0)).count(), 0U);
    EXPECT_EQ(world->engine().data_path(MachineId(0)), DataPath::Stopped);
}

/// Without a shutdown what was written after the last uploaded point is lost: churn x its age.
TEST_P(Replication, FailoverWithoutShutdownLosesWhatWasWrittenAfterThePoint) {
    SmallSetup setup;
    setup.machines = {{"vm", {Bytes(kGB)}, BytesPerSecond(kMB)}};
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().adopt_protected(MachineId(0)); });
    std::optional<Duration> rpo;
    world->at(Instant(seconds(3600 + 130)), [&] {
        rpo = world->engine().rpo(MachineId(0));
        world->logic().start(
            Operation::UnplannedFailover, MachineId(0),
            {.shut_down_source = false, .recovery_point = RecoveryPointChoice::LatestProcessed});
    });
    world->run_until(Instant(minutes(80)));
    const Milestones& dates = world->logic().milestones(MachineId(0));
    ASSERT_TRUE(rpo && dates.data_loss);
    EXPECT_EQ(*rpo, seconds(130));
    EXPECT_EQ(*dates.data_loss, Bytes(130 * kMB));
    // SR/site-recovery-failover.md: replication stops before failover begins.
    EXPECT_EQ(world->engine().data_path(MachineId(0)), DataPath::Stopped);
    EXPECT_EQ(world->engine().recovery_points(MachineId(0)).latest()->time, Instant(hours(1)));
}

TEST_P(Replication, AnOperationThatIsNotAllowedSaysWhatIs) {
    SmallSetup setup;
    setup.machines = {{"vm", {Bytes(kGB)}, BytesPerSecond(kMB)}};
    auto world = make(setup);
    world->at(Instant(), [&] {
        const auto outcome = world->logic().start(Operation::Commit, MachineId(0));
        const auto* refusal = std::get_if<Refusal>(&outcome);
        ASSERT_NE(refusal, nullptr);
        EXPECT_EQ(refusal->state, ProtectionState::UnprotectedStatesBegin);
        EXPECT_EQ(refusal->allowed, std::vector{Operation::EnableReplication});
        EXPECT_EQ(refusal->why,
                  "Commit is not allowed in state UnprotectedStatesBegin (Not protected): "
                  "only EnableReplication is");
    });
    world->run_until(Instant(minutes(1)));
}

}  // namespace
}  // namespace landfall::test
