// tests/parity/disturbance_test.cpp — connections that break, agents that stop, caches that are
// lost or full: the same on every kernel, and nothing is lost that was captured.
#include <algorithm>

#include <gtest/gtest.h>

#include "sim/kernel/simgrid_kernel.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::test {
namespace {

constexpr MachineId kVm(0);
constexpr ProcessServerId kServer(0);
constexpr ChannelId kReceive(0);
constexpr ChannelId kUpload(1);

enum class KernelKind { Memory, SimGrid };

class Disturbance : public testing::TestWithParam<KernelKind> {
  protected:
    static SmallSetup protected_machine() {
        SmallSetup setup;
        setup.machines = {{"vm", {Bytes(10 * kGB), Bytes(10 * kGB)}, BytesPerSecond(kMB)}};
        setup.wan = BytesPerSecond(10 * kMB);
        return setup;
    }
    SmallWorld& make(const SmallSetup& setup) {
        world_ = std::make_unique<SmallWorld>(
            setup, [](kernel::NetworkPlan plan) -> std::unique_ptr<kernel::Kernel> {
                if (GetParam() == KernelKind::Memory) {
                    return std::make_unique<kernel::MemoryKernel>(std::move(plan));
                }
                return std::make_unique<kernel::SimGridKernel>(plan);
            });
        world_->at(Instant(), [this] { world_->logic().adopt_protected(kVm); });
        return *world_;
    }
    [[nodiscard]] std::size_t events_of(const std::string& kind) {
        std::size_t count = 0;
        for (std::size_t row = 0; row < world_->recorder().event_count(); ++row) {
            count += world_->recorder().event_row(row).kind == kind ? 1 : 0;
        }
        return count;
    }

    std::unique_ptr<SmallWorld> world_;
};

INSTANTIATE_TEST_SUITE_P(OnBothKernels, Disturbance,
                         testing::Values(KernelKind::Memory, KernelKind::SimGrid),
                         [](const auto& kind) {
                             return kind.param == KernelKind::Memory ? "Memory" : "SimGrid";
                         });

TEST_P(Disturbance, AResetConnectionSendsAgainWhatHadNotArrived) {
    SmallWorld& world = make(protected_machine());
    for (std::int64_t k = 0; k < 50; ++k) {
        world.at(Instant(minutes(10) + seconds(7) * k), [&world] {
            world.world().break_connection(kUpload);
            world.world().break_connection(kReceive);
        });
    }
    world.run_until(Instant(hours(1)));
    EXPECT_EQ(world.engine().data_path(kVm), DataPath::Journal);
    EXPECT_EQ(world.engine().resyncs(kVm), 0);
    EXPECT_LT(*world.engine().rpo(kVm), minutes(6));
    // Two disks at 1 MB/s each: what was captured is uploaded, but for the last step or two.
    const Bytes captured = world.engine().captured(kVm);
    EXPECT_GT(captured, Bytes(2 * 3590 * kMB));
    EXPECT_LE(captured - world.engine().uploaded(kVm), Bytes(2 * 20 * kMB));
}

TEST_P(Disturbance, AServerThatWasDownCatchesUpAtTheRateOfTheLine) {
    SmallWorld& world = make(protected_machine());
    const auto set = [&world](bool down) {
        for (const ChannelId channel : {kReceive, kUpload}) world.world().set_down(channel, down);
    };
    world.at(Instant(minutes(20)), [&] {
        set(true);
        EXPECT_TRUE(world.world().is_cut(kUpload));
    });
    world.at(Instant(minutes(40)), [&] {
        EXPECT_GE(*world.engine().rpo(kVm), minutes(20) - minutes(1));
        set(false);
    });
    // Backlog 2 MB/s x 20 min at 10 - 2 MB/s: 300 s, and 21 s until the next attempt.
    world.at(Instant(minutes(52)), [&] { EXPECT_LT(*world.engine().rpo(kVm), minutes(8)); });
    world.run_until(Instant(hours(1)));
    EXPECT_EQ(world.engine().resyncs(kVm), 0);
}

TEST_P(Disturbance, AnAgentThatWasStoppedSendsItAllInOrder) {
    SmallWorld& world = make(protected_machine());
    world.at(Instant(minutes(20)), [&] { world.logic().agent_stopped(kVm); });
    world.at(Instant(minutes(35)), [&] {
        EXPECT_GE(*world.engine().rpo(kVm), minutes(15));
        // The last step before it stopped was that of 19:59.
        EXPECT_EQ(world.engine().uploaded(kVm), Bytes(2 * 1199 * kMB));
        world.logic().agent_started(kVm);
    });
    world.run_until(Instant(hours(1)));
    EXPECT_EQ(world.engine().data_path(kVm), DataPath::Journal);
    EXPECT_EQ(world.engine().resyncs(kVm), 0);
    EXPECT_GT(world.engine().uploaded(kVm), Bytes(2 * 3550 * kMB));
    EXPECT_EQ(events_of("agent_stopped"), 1U);
}

TEST_P(Disturbance, WhatWaitsAtASourceWhoseAgentStopsIsKeptThere) {
    SmallWorld& world = make(protected_machine());
    Bytes before;
    world.at(Instant(minutes(10)), [&] { world.world().set_down(kReceive, true); });
    world.at(Instant(minutes(20)), [&] {
        world.logic().agent_stopped(kVm);
        world.world().set_down(kReceive, false);
        before = world.engine().uploaded(kVm);
    });
    world.at(Instant(minutes(30)), [&] {
        // What was on its way into the server when the connection broke is all that may follow.
        EXPECT_LE(world.engine().uploaded(kVm) - before, mebibytes(16));
        world.logic().agent_started(kVm);
    });
    world.run_until(Instant(hours(1)));
    EXPECT_EQ(world.engine().resyncs(kVm), 0);
    EXPECT_LE(world.engine().captured(kVm) - world.engine().uploaded(kVm), Bytes(2 * 20 * kMB));
}

TEST_P(Disturbance, WithoutAnAgentNoCopyMovesAndNoResyncStarts) {
    SmallSetup setup = protected_machine();
    setup.profile.automatic_resync_delay = minutes(1);
    SmallWorld& world = make(setup);
    world.at(Instant(minutes(20)), [&] {
        world.logic().lose_power(kVm);
        world.logic().agent_stopped(kVm);
    });
    world.at(Instant(minutes(40)), [&] {
        EXPECT_EQ(world.engine().data_path(kVm), DataPath::ResyncRequired);
        EXPECT_EQ(world.logic().jobs_in_progress(), 0U);
        const auto refused = world.logic().start(Operation::RepairReplication, kVm);
        ASSERT_TRUE(std::holds_alternative<Refusal>(refused));
        EXPECT_NE(std::get<Refusal>(refused).why.find("is not running"), std::string::npos);
        world.logic().power_returned(kVm);
        world.logic().agent_started(kVm);
    });
    world.run_until(Instant(hours(2)));
    EXPECT_EQ(world.engine().data_path(kVm), DataPath::Journal);
    EXPECT_EQ(world.engine().resyncs(kVm), 1);
}

TEST_P(Disturbance, ALostCacheCostsAResyncOnlyOfThoseThatHadSomethingInIt) {
    for (const bool loaded : {true, false}) {
        if (GetParam() == KernelKind::SimGrid && !loaded) continue;  // one engine a process
        SmallSetup setup = protected_machine();
        setup.profile.automatic_resync_delay = minutes(1);
        if (loaded) setup.wan = BytesPerSecond(kMB);  // half of what is written
        SmallWorld& world = make(setup);
        world.at(Instant(minutes(20)) + Duration(500'000'000), [&] {
            world.world().break_connection(kReceive);
            world.world().break_connection(kUpload);
            world.logic().cache_lost(kServer);
            const DataPath path = world.engine().data_path(kVm);
            EXPECT_EQ(path, loaded ? DataPath::ResyncRequired : DataPath::Journal);
            const ProcessServerState& server = world.engine().process_server(kServer);
            EXPECT_TRUE(server.cached_journal.empty() || !loaded);
        });
        world.run_until(Instant(minutes(30)));
    }
}

TEST_P(Disturbance, AFullCacheThrottlesItsMachinesUntilItIsFree) {
    SmallWorld& world = make(protected_machine());
    world.at(Instant(minutes(20)), [&] { world.logic().cache_filled(kServer, true); });
    world.at(Instant(minutes(35)), [&] {
        EXPECT_TRUE(world.engine().process_server(kServer).throttled);
        EXPECT_GE(*world.engine().rpo(kVm), minutes(15));
        world.logic().cache_filled(kServer, false);
    });
    world.run_until(Instant(hours(1)));
    EXPECT_FALSE(world.engine().process_server(kServer).throttled);
    EXPECT_LT(*world.engine().rpo(kVm), minutes(6));
    EXPECT_EQ(events_of("process_server_throttled"), 1U);
    EXPECT_EQ(events_of("process_server_resumed"), 1U);
}

TEST_P(Disturbance, WithoutVssThereAreCrashConsistentPointsOnly) {
    SmallSetup setup = protected_machine();
    setup.app_consistent_every = minutes(10);
    SmallWorld& world = make(setup);
    world.at(Instant(minutes(20)), [&] { world.logic().app_consistency(kVm, false); });
    world.at(Instant(minutes(50)), [&] { world.logic().app_consistency(kVm, true); });
    world.run_until(Instant(hours(1)) + minutes(20));
    std::size_t meanwhile = 0;
    std::size_t crash = 0;
    for (const RecoveryPoint& point : world.engine().recovery_points(kVm).all()) {
        const bool within = point.time > Instant(minutes(20)) && point.time < Instant(minutes(50));
        meanwhile += within && point.kind == Marker::AppConsistent ? 1 : 0;
        crash += within ? 1 : 0;
    }
    EXPECT_EQ(meanwhile, 0U);
    EXPECT_GE(crash, 5U);
    const auto latest = world.engine().recovery_points(kVm).all();
    EXPECT_TRUE(std::any_of(latest.begin(), latest.end(), [](const RecoveryPoint& point) {
        return point.kind == Marker::AppConsistent && point.time >= Instant(minutes(50));
    }));
}

TEST_P(Disturbance, ASlowReplicaDiskProcessesPointsLater) {
    SmallWorld& world = make(protected_machine());
    world.at(Instant(minutes(20)), [&] {
        world.logic().apply_logs_at(DiskId(0), BytesPerSecond(kMB / 2));  // half of what comes
    });
    world.run_until(Instant(minutes(40)));
    const auto latest = world.engine().recovery_points(kVm).latest();
    ASSERT_TRUE(latest);
    EXPECT_GT(latest->processed_at, world.now() + minutes(5));
}

}  // namespace
}  // namespace landfall::test
