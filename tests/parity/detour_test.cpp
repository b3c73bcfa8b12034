// tests/parity/detour_test.cpp — disks that are left out, added and removed, pauses, and process
// servers that are switched, on both kernels.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/kernel/simgrid_kernel.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::test {
namespace {

constexpr MachineId kVm(0);
constexpr DiskId kOs(0);
constexpr DiskId kData(1);

enum class KernelKind { Memory, SimGrid };

class Detour : public testing::TestWithParam<KernelKind> {
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

INSTANTIATE_TEST_SUITE_P(OnBothKernels, Detour,
                         testing::Values(KernelKind::Memory, KernelKind::SimGrid),
                         [](const auto& kind) {
                             return kind.param == KernelKind::Memory ? "Memory" : "SimGrid";
                         });

void start(SmallWorld& world, Operation operation, OperationOptions options = {}) {
    const auto outcome = world.logic().start(operation, kVm, std::move(options));
    const auto* refused = std::get_if<Refusal>(&outcome);
    EXPECT_EQ(refused, nullptr) << (refused != nullptr ? refused->why : "");
}

std::string refusal(SmallWorld& world, Operation operation, OperationOptions options = {}) {
    const auto outcome = world.logic().start(operation, kVm, std::move(options));
    const auto* refused = std::get_if<Refusal>(&outcome);
    return refused != nullptr ? refused->why : "";
}

std::size_t disks_of(const SmallWorld& world, const RecoveryPoint& point) {
    return world.estate().machine(kVm).disk_count - world.engine().left_out(kVm, point).size();
}

// --- Disks

SmallSetup azure_machine() {
    SmallSetup setup;
    setup.engine = ReplicationEngine::AzureToAzure;
    setup.kind = ScenarioKind::AzureToAzure;
    setup.relay = false;
    setup.machines = {{"vm", {Bytes(kGB), Bytes(kGB)}, BytesPerSecond(kMB)}};
    setup.machines[0].replicated = 1;
    return setup;
}

TEST_P(Detour, AnAddedDiskIsCopiedWhileTheOtherGoesOnAndPointsSayWhichDisksTheyHold) {
    auto world = make(azure_machine());
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(60)), [&] {
        // What is left out counts for nothing: 3600 s at 1 MB/s of one disk, but for the last step.
        EXPECT_EQ(world->engine().captured(kVm), Bytes(3599 * kMB));
        for (const RecoveryPoint& point : world->engine().recovery_points(kVm).all()) {
            EXPECT_EQ(disks_of(*world, point), 1U);
        }
        start(*world, Operation::AddDisks, {.disk = kData});
    });
    world->at(Instant(minutes(60) + seconds(30)), [&] {
        EXPECT_TRUE(world->engine().is_joining(kData));
        EXPECT_EQ(world->engine().data_path(kVm), DataPath::Journal);
        EXPECT_NE(refusal(*world, Operation::AddDisks, {.disk = kData}).find("already"),
                  std::string::npos);
        EXPECT_NE(refusal(*world, Operation::RemoveDisks, {.disk = kData}).find("being copied"),
                  std::string::npos);
    });
    world->run_until(Instant(hours(2)));
    EXPECT_FALSE(world->engine().is_joining(kData));
    EXPECT_EQ(world->engine().resyncs(kVm), 0);
    // 1 GB at 10 MB/s less the churn of both disks takes 125 s: the second point after has both.
    std::size_t points = 0;
    for (const RecoveryPoint& point : world->engine().recovery_points(kVm).all()) {
        const Duration age = point.time - Instant(minutes(60));
        if (age <= Duration(0)) {
            EXPECT_EQ(disks_of(*world, point), 1U);
            continue;
        }
        ++points;
        if (age >= minutes(10)) {
            EXPECT_EQ(disks_of(*world, point), 2U);
        }
    }
    EXPECT_GE(points, 11U) << "the other disk's points come every 5 minutes all the time";
    EXPECT_LT(*world->engine().rpo(kVm), minutes(6));
}

TEST_P(Detour, AFailoverToAnOlderPointHasOnlyItsDisks) {
    auto world = make(azure_machine());
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(60)), [&] { start(*world, Operation::AddDisks, {.disk = kData}); });
    world->at(Instant(minutes(90)), [&] {
        start(*world, Operation::UnplannedFailover,
              {.recovery_point = RecoveryPointChoice::Custom,
               .recovery_point_time = Instant(minutes(50))});
    });
    world->run_until(Instant(hours(2)));
    const auto point = world->logic().milestones(kVm).failed_over_to;
    ASSERT_TRUE(point);
    EXPECT_TRUE(world->engine().holds(kOs, *point));
    EXPECT_FALSE(world->engine().holds(kData, *point));
    std::size_t told = 0;
    for (std::size_t row = 0; row < world->recorder().event_count(); ++row) {
        const auto event = world->recorder().event_row(row);
        if (event.kind == "disk_left_behind" && event.detail == "disk 2") ++told;
    }
    EXPECT_EQ(told, 1U);
}

TEST_P(Detour, ARemovedDiskIsInNoFurtherPointAndMayComeBack) {
    SmallSetup setup = azure_machine();
    setup.machines[0].replicated = 2;
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(30)), [&] {
        EXPECT_NE(refusal(*world, Operation::RemoveDisks, {.disk = kOs}).find("OS disk"),
                  std::string::npos);
        start(*world, Operation::RemoveDisks, {.disk = kData});
    });
    world->at(Instant(minutes(60)), [&] {
        const auto points = world->engine().recovery_points(kVm).all();
        EXPECT_EQ(disks_of(*world, points.front()), 1U);
        EXPECT_EQ(disks_of(*world, points.back()), 2U) << "older points keep it";
        // Both for 30 minutes, one for the other 30, but for the last step.
        EXPECT_EQ(world->engine().captured(kVm), Bytes((90 * 60 - 1) * kMB));
        start(*world, Operation::AddDisks, {.disk = kData});
    });
    world->run_until(Instant(hours(2)));
    const auto newest = world->engine().recovery_points(kVm).latest();
    EXPECT_EQ(disks_of(*world, *newest), 2U);
    EXPECT_EQ(world->engine().resyncs(kVm), 0);
}

TEST_P(Detour, APowerLossWhileADiskIsAddedEndsInAResyncThatBringsItIn) {
    SmallSetup setup = azure_machine();
    setup.wan = BytesPerSecond(4 * kMB);
    setup.profile.automatic_resync_delay = minutes(1);
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(10)), [&] { start(*world, Operation::AddDisks, {.disk = kData}); });
    world->at(Instant(minutes(12)), [&] {
        EXPECT_TRUE(world->engine().is_joining(kData));
        world->logic().lose_power(kVm);
    });
    world->run_until(Instant(hours(2)));
    EXPECT_EQ(world->engine().resyncs(kVm), 1);
    EXPECT_FALSE(world->engine().is_joining(kData));
    EXPECT_EQ(disks_of(*world, *world->engine().recovery_points(kVm).latest()), 2U);
}

// --- Pauses

SmallSetup hyper_v_machine() {
    SmallSetup setup;
    setup.engine = ReplicationEngine::HyperVToAzure;
    setup.kind = ScenarioKind::HyperVSiteToAzure;
    setup.relay = false;
    setup.profile.hyper_v_disks_at_once = 1;
    setup.profile.hyper_v_log_resync_percent = 50;
    setup.profile.automatic_resync_delay = minutes(1);
    setup.machines = {{"vm", {Bytes(10 * kGB)}, BytesPerSecond(kMB)}};
    return setup;
}

TEST_P(Detour, WhilePausedNoPointComesRpoGrowsAndOldPointsServe) {
    auto world = make(hyper_v_machine());
    std::optional<RecoveryPoint> before;
    Duration rpo;
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(62)), [&] { start(*world, Operation::PauseReplication); });
    world->at(Instant(minutes(63)), [&] {
        before = world->engine().recovery_points(kVm).latest();
        rpo = *world->engine().rpo(kVm);
        EXPECT_TRUE(world->logic().view_of(kVm).paused);
        EXPECT_NE(refusal(*world, Operation::PlannedFailover), "");
        EXPECT_NE(refusal(*world, Operation::RepairReplication).find("resume it first"),
                  std::string::npos);
        EXPECT_NE(refusal(*world, Operation::PauseReplication), "");
        start(*world, Operation::TestFailover);
    });
    world->at(Instant(minutes(93)), [&] {
        EXPECT_EQ(*world->engine().rpo(kVm), rpo + minutes(30)) << "it grows by 1 s/s";
        start(*world, Operation::TestFailoverCleanup);
    });
    world->at(Instant(minutes(95)), [&] { start(*world, Operation::UnplannedFailover); });
    world->run_until(Instant(hours(3)));
    const Milestones& dates = world->logic().milestones(kVm);
    ASSERT_TRUE(dates.failed_over_to);
    EXPECT_EQ(dates.failed_over_to->time, before->time);
    EXPECT_FALSE(world->logic().view_of(kVm).paused);
}

TEST_P(Detour, AResumeDrainsWhatTheLogKept) {
    auto world = make(hyper_v_machine());
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(60)), [&] { start(*world, Operation::PauseReplication); });
    // 40 minutes at 1 MB/s are 2.4 GB, less than half of the disk.
    world->at(Instant(minutes(100)), [&] { start(*world, Operation::ResumeReplication); });
    world->run_until(Instant(hours(3)));
    EXPECT_EQ(world->engine().resyncs(kVm), 0);
    EXPECT_EQ(world->engine().data_path(kVm), DataPath::Journal);
    EXPECT_LT(*world->engine().rpo(kVm), minutes(6));
    // Everything was sent once: all but the log that is open and the one on its way.
    const Bytes kept = world->engine().captured(kVm) - world->engine().uploaded(kVm);
    EXPECT_LE(kept, Bytes(2 * 300 * kMB));
    EXPECT_GE(kept, Bytes(0));
}

TEST_P(Detour, HalfTheDiskInThePausedLogEndsInAResyncOnceItIsResumed) {
    auto world = make(hyper_v_machine());
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(60)), [&] { start(*world, Operation::PauseReplication); });
    // 5 GB of 10 at 1 MB/s: after 5000 s, with what was not sent before the pause at most 600 s
    // less.
    world->at(Instant(minutes(60) + seconds(4300)),
              [&] { EXPECT_EQ(world->engine().data_path(kVm), DataPath::Journal); });
    world->at(Instant(minutes(60) + seconds(5100)),
              [&] { EXPECT_EQ(world->engine().data_path(kVm), DataPath::ResyncRequired); });
    world->at(Instant(minutes(180)), [&] {
        EXPECT_EQ(world->engine().resyncs(kVm), 0) << "while it is paused nothing is compared";
        start(*world, Operation::ResumeReplication);
    });
    world->run_until(Instant(hours(6)));
    EXPECT_EQ(world->engine().resyncs(kVm), 1);
    EXPECT_EQ(world->engine().data_path(kVm), DataPath::Journal);
    EXPECT_LT(*world->engine().rpo(kVm), minutes(6));
}

// --- Process servers

SmallSetup two_servers(bool resynchronizes) {
    SmallSetup setup;
    setup.servers = 2;
    setup.profile.switch_resynchronizes = resynchronizes;
    setup.profile.switch_server_effect_time = minutes(15);
    setup.profile.automatic_resync_delay = minutes(1);
    setup.machines = {{"vm", {Bytes(kGB), Bytes(kGB)}, BytesPerSecond(kMB)}};
    // The WAN is slow when the switch comes: the former server's cache is full of the machine.
    setup.wan_throttles = {{{minutes(70), minutes(80)}, BytesPerSecond(kMB / 10)}};
    return setup;
}

TEST_P(Detour, AMachineGoesOnByAnotherServerOnceTheFormerOneHasSentItsChanges) {
    auto world = make(two_servers(false));
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(60)), [&] {
        start(*world, Operation::SwitchProcessServer, {.process_server = ProcessServerId(1)});
    });
    world->at(Instant(minutes(74)), [&] {
        EXPECT_EQ(world->engine().server_of(kVm), ProcessServerId(0)) << "15 minutes to show";
    });
    world->at(Instant(minutes(79)), [&] {
        EXPECT_EQ(world->engine().server_of(kVm), ProcessServerId(1));
        EXPECT_GT(world->engine().process_server(ProcessServerId(0)).cache_used(), Bytes(0));
        EXPECT_EQ(world->engine().process_server(ProcessServerId(1)).cache_used(), Bytes(0));
    });
    world->run_until(Instant(hours(3)));
    EXPECT_EQ(world->engine().resyncs(kVm), 0);
    EXPECT_EQ(world->engine().process_server(ProcessServerId(0)).cache_used(), Bytes(0));
    EXPECT_LT(*world->engine().rpo(kVm), minutes(6));
    // Every byte once: what is not uploaded is one capture step on its way.
    const Bytes kept = world->engine().captured(kVm) - world->engine().uploaded(kVm);
    EXPECT_LE(kept, Bytes(64 * kMB));
    EXPECT_GE(kept, Bytes(0));
    EXPECT_NE(
        refusal(*world, Operation::SwitchProcessServer, {.process_server = ProcessServerId(1)})
            .find("already"),
        std::string::npos);
}

TEST_P(Detour, SwitchingAppliancesEndsInAResync) {
    auto world = make(two_servers(true));
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(60)), [&] {
        start(*world, Operation::SwitchProcessServer, {.process_server = ProcessServerId(1)});
    });
    world->run_until(Instant(hours(3)));
    EXPECT_EQ(world->engine().resyncs(kVm), 1);
    EXPECT_EQ(world->engine().server_of(kVm), ProcessServerId(1));
    EXPECT_EQ(world->engine().process_server(ProcessServerId(0)).cache_used(), Bytes(0));
    EXPECT_LT(*world->engine().rpo(kVm), minutes(6));
}

TEST_P(Detour, ADiskIsCopiedByBothServersOneAfterTheOther) {
    SmallSetup setup = two_servers(false);
    setup.machines[0].disks = {Bytes(20 * kGB)};
    setup.wan_throttles.clear();
    setup.profile.switch_server_effect_time = minutes(5);
    auto world = make(setup);
    world->at(Instant(), [&] { start(*world, Operation::EnableReplication); });
    world->at(Instant(minutes(10)), [&] {
        ASSERT_EQ(world->engine().data_path(kVm), DataPath::Copying);
        start(*world, Operation::SwitchProcessServer, {.process_server = ProcessServerId(1)});
    });
    world->run_until(Instant(hours(2)));
    // As without a switch: 20 GB at 10 MB/s less the churn.
    const Milestones& dates = world->logic().milestones(kVm);
    ASSERT_TRUE(dates.copy_completed);
    EXPECT_NEAR(to_seconds(dates.copy_completed->since_start()), 20e9 / 9e6, 40);
    EXPECT_EQ(world->engine().server_of(kVm), ProcessServerId(1));
    EXPECT_EQ(world->engine().process_server(ProcessServerId(0)).cache_used(), Bytes(0));
}

TEST_P(Detour, ACriticalServerIsNotChosen) {
    SmallSetup setup = two_servers(false);
    setup.cache = Bytes(500 * kMB);
    setup.machines.push_back({"busy", {Bytes(kGB)}, BytesPerSecond(kMB)});
    setup.profile.switch_server_effect_time = minutes(1);
    auto world = make(setup);
    world->at(Instant(), [&] {
        world->logic().adopt_protected(kVm);
        world->logic().adopt_protected(MachineId(1));
        EXPECT_NE(refusal(*world, Operation::SwitchProcessServer).find("no process server"),
                  std::string::npos);
    });
    world->at(Instant(minutes(10)), [&] {
        world->logic().start(Operation::SwitchProcessServer, MachineId(1),
                             {.process_server = ProcessServerId(1)});
    });
    // While the WAN is slow its cache fills: 480 s at 0.9 MB/s leave 14 % of it.
    world->at(Instant(minutes(78)), [&] {
        EXPECT_NE(
            refusal(*world, Operation::SwitchProcessServer, {.process_server = ProcessServerId(1)})
                .find("is critical"),
            std::string::npos);
    });
    world->run_until(Instant(hours(2)));
}

// --- More than one reason to wait

/// Nothing leaves from a minute after the first reason until the last one ends; then all of it
/// does.
void expect_waits(SmallWorld& world, Instant first, Instant last) {
    auto held = std::make_shared<Bytes>();
    world.at(first + minutes(1), [&world, held] { *held = world.engine().uploaded(kVm); });
    world.at(last - seconds(1),
             [&world, held] { EXPECT_EQ(world.engine().uploaded(kVm), *held) << "both wait"; });
    world.run_until(Instant(hours(3)));
    EXPECT_EQ(world.engine().resyncs(kVm), 0);
    EXPECT_EQ(world.engine().data_path(kVm), DataPath::Journal);
    EXPECT_LT(*world.engine().rpo(kVm), minutes(6));
    EXPECT_GE(world.engine().captured(kVm), world.engine().uploaded(kVm));
}

TEST_P(Detour, AResumeWhileTheAgentIsStoppedWaitsForTheAgent) {
    auto world = make(hyper_v_machine());
    const Instant pause = Instant(minutes(60)) + seconds(5);  // a log is on its way
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(pause, [&] { start(*world, Operation::PauseReplication); });
    world->at(Instant(minutes(65)), [&] { world->logic().agent_stopped(kVm); });
    world->at(Instant(minutes(70)), [&] { start(*world, Operation::ResumeReplication); });
    world->at(Instant(minutes(80)), [&] { world->logic().agent_started(kVm); });
    expect_waits(*world, pause, Instant(minutes(80)));
    EXPECT_LE(world->engine().captured(kVm) - world->engine().uploaded(kVm), Bytes(600 * kMB));
}

TEST_P(Detour, AnAgentThatStartsWhileItsMachineIsPausedWaitsForTheResume) {
    auto world = make(hyper_v_machine());
    const Instant stop = Instant(minutes(60)) + seconds(5);
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(stop, [&] { world->logic().agent_stopped(kVm); });
    world->at(Instant(minutes(65)), [&] { start(*world, Operation::PauseReplication); });
    world->at(Instant(minutes(70)), [&] { world->logic().agent_started(kVm); });
    world->at(Instant(minutes(80)), [&] { start(*world, Operation::ResumeReplication); });
    expect_waits(*world, stop, Instant(minutes(80)));
    EXPECT_LE(world->engine().captured(kVm) - world->engine().uploaded(kVm), Bytes(600 * kMB));
}

TEST_P(Detour, AMachineChangesItsServerWhileItsAgentIsStoppedAndLosesNothing) {
    auto world = make(two_servers(false));
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(60)), [&] {
        start(*world, Operation::SwitchProcessServer, {.process_server = ProcessServerId(1)});
    });
    world->at(Instant(minutes(72)), [&] { world->logic().agent_stopped(kVm); });
    world->at(Instant(minutes(90)), [&] {
        EXPECT_EQ(world->engine().server_of(kVm), ProcessServerId(1));
        for (const std::uint32_t server : {0U, 1U}) {
            const auto& state = world->engine().process_server(ProcessServerId(server));
            EXPECT_EQ(state.cache_used(), Bytes(0)) << "what had left the source has arrived";
        }
    });
    world->at(Instant(minutes(100)), [&] { world->logic().agent_started(kVm); });
    expect_waits(*world, Instant(minutes(89)), Instant(minutes(100)));
    EXPECT_LE(world->engine().captured(kVm) - world->engine().uploaded(kVm), Bytes(64 * kMB));
}

TEST_P(Detour, AnAgentThatComesBackBeforeTheFormerServerIsEmptyWaitsForThat) {
    auto world = make(two_servers(false));
    const ProcessServerId former(0);
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(60)), [&] {
        start(*world, Operation::SwitchProcessServer, {.process_server = ProcessServerId(1)});
    });
    const auto break_off = [&] {
        world->world().break_connection(world->estate().process_server(former).receive_channel);
    };
    world->at(Instant(minutes(75)), break_off);
    world->at(Instant(minutes(76)), [&] { world->logic().agent_stopped(kVm); });
    world->at(Instant(minutes(78)), [&] { world->logic().agent_started(kVm); });
    world->at(Instant(minutes(79)), [&] {
        EXPECT_GT(world->engine().process_server(former).cache_used(), Bytes(0));
        EXPECT_EQ(world->engine().process_server(ProcessServerId(1)).cache_used(), Bytes(0));
    });
    world->run_until(Instant(hours(3)));
    EXPECT_EQ(world->engine().resyncs(kVm), 0);
    EXPECT_LT(*world->engine().rpo(kVm), minutes(6));
    const Bytes kept = world->engine().captured(kVm) - world->engine().uploaded(kVm);
    EXPECT_LE(kept, Bytes(64 * kMB));
    EXPECT_GE(kept, Bytes(0));
}

}  // namespace
}  // namespace landfall::test
