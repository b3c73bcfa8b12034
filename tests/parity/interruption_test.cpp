// tests/parity/interruption_test.cpp — what happens when something happens meanwhile: power losses
// and operations in the middle of jobs, and a property over many random histories.
#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::test {
namespace {

constexpr MachineId kVm(0);

std::unique_ptr<SmallWorld> make(const SmallSetup& setup) {
    return std::make_unique<SmallWorld>(setup, [](kernel::NetworkPlan plan) {
        return std::make_unique<kernel::MemoryKernel>(std::move(plan));
    });
}

SmallSetup one_machine(std::int64_t used, std::int64_t churn) {
    SmallSetup setup;
    setup.machines = {{"vm", {Bytes(used)}, BytesPerSecond(churn)}};
    setup.profile.automatic_resync_delay = minutes(1);
    return setup;
}

TEST(Interruption, ASecondPowerLossDuringAResyncIsFollowedByAnotherResync) {
    SmallSetup setup = one_machine(30 * kGB, kMB);
    setup.profile.resync_compare_rate = BytesPerSecond(50 * kMB);
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(60)), [&] { world->logic().lose_power(kVm); });
    world->at(Instant(minutes(65)), [&] { world->logic().lose_power(kVm); });
    world->run_until(Instant(hours(3)));
    EXPECT_EQ(world->engine().resyncs(kVm), 2);
    EXPECT_EQ(world->engine().data_path(kVm), DataPath::Journal);
    EXPECT_EQ(world->logic().jobs_in_progress(), 0U);
    EXPECT_LT(*world->engine().rpo(kVm), minutes(6));
}

TEST(Interruption, APowerLossBeforeTheFirstPointDelaysProtectionAndNoMore) {
    auto world = make(one_machine(kGB, kMB));
    world->at(Instant(), [&] { world->logic().start(Operation::EnableReplication, kVm); });
    // The copy takes 111 s; the first marker is due at 300 s.
    world->at(Instant(seconds(200)), [&] {
        ASSERT_TRUE(world->logic().milestones(kVm).copy_completed);
        world->logic().lose_power(kVm);
    });
    world->run_until(Instant(hours(1)));
    EXPECT_EQ(world->logic().protection_state(kVm), ProtectionState::Protected);
    EXPECT_EQ(world->logic().jobs_in_progress(), 0U);
}

TEST(Interruption, WithoutRetentionJobsStillEndOnce) {
    SmallSetup setup = one_machine(kGB, kMB);
    setup.retention = Duration(0);
    setup.profile.retention_grids.insert(setup.profile.retention_grids.begin(), {Duration(0), {}});
    setup.profile.finalize_protection_time = minutes(20);
    setup.profile.shut_down_time = seconds(60);
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().start(Operation::EnableReplication, kVm); });
    world->at(Instant(hours(1)), [&] {
        EXPECT_EQ(world->logic().protection_state(kVm), ProtectionState::Protected);
        const auto refused =
            world->logic().start(Operation::UnplannedFailover, kVm,
                                 {.recovery_point = RecoveryPointChoice::LatestProcessed});
        EXPECT_TRUE(std::holds_alternative<Refusal>(refused));
        world->logic().start(Operation::UnplannedFailover, kVm);
    });
    world->run_until(Instant(hours(2)));
    EXPECT_EQ(world->logic().protection_state(kVm),
              ProtectionState::UnplannedFailoverCommitPendingStatesBegin);
    EXPECT_EQ(world->logic().jobs_in_progress(), 0U);
}

TEST(Interruption, AFailoverCancelsAResyncAndUsesAnOldPoint) {
    SmallSetup setup = one_machine(100 * kGB, kMB);
    setup.profile.resync_compare_rate = BytesPerSecond(10 * kMB);
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(minutes(62)), [&] { world->logic().lose_power(kVm); });
    world->at(Instant(minutes(90)), [&] {
        EXPECT_EQ(world->engine().data_path(kVm), DataPath::Copying);
        const auto outcome = world->logic().start(Operation::UnplannedFailover, kVm);
        EXPECT_TRUE(std::holds_alternative<JobId>(outcome));
    });
    world->run_until(Instant(hours(4)));
    const Milestones& dates = world->logic().milestones(kVm);
    ASSERT_TRUE(dates.replica_running);
    EXPECT_EQ(dates.failed_over_to->time, Instant(minutes(60)));
    EXPECT_EQ(*dates.data_loss, Bytes(30 * 60 * kMB));
}

TEST(Interruption, DisableCancelsEnableAndTheMachineCanBeEnabledAgain) {
    SmallSetup setup = one_machine(kGB, kMB);
    setup.profile.install_mobility_service_time = minutes(5);
    auto world = make(setup);
    world->at(Instant(), [&] { world->logic().start(Operation::EnableReplication, kVm); });
    world->at(Instant(minutes(2)), [&] {
        const auto outcome = world->logic().start(Operation::DisableProtection, kVm);
        EXPECT_TRUE(std::holds_alternative<JobId>(outcome));
    });
    world->at(Instant(minutes(10)), [&] {
        EXPECT_EQ(world->logic().protection_state(kVm), ProtectionState::UnprotectedStatesEnd);
        EXPECT_EQ(world->engine().data_path(kVm), DataPath::Stopped);
        world->logic().start(Operation::EnableReplication, kVm);
    });
    world->run_until(Instant(hours(1)));
    EXPECT_EQ(world->logic().protection_state(kVm), ProtectionState::Protected);
}

TEST(Interruption, AResyncOfDisksThatAreBeingCopiedIsRefused) {
    auto world = make(one_machine(10 * kGB, kMB));
    world->at(Instant(), [&] { world->logic().start(Operation::EnableReplication, kVm); });
    world->at(Instant(minutes(5)), [&] {
        const auto outcome = world->logic().start(Operation::RepairReplication, kVm);
        const auto* refusal = std::get_if<Refusal>(&outcome);
        ASSERT_NE(refusal, nullptr);
        EXPECT_EQ(refusal->why, "the disks of vm are being copied already");
    });
    world->run_until(Instant(hours(1)));
    EXPECT_EQ(world->logic().protection_state(kVm), ProtectionState::Protected);
}

TEST(Interruption, AnInterruptedInitialCopyGoesOnWhereItWas) {
    auto world = make(one_machine(10 * kGB, 0));
    world->at(Instant(), [&] { world->logic().start(Operation::EnableReplication, kVm); });
    world->at(Instant(seconds(800)), [&] { world->logic().lose_power(kVm); });
    world->run_until(Instant(hours(1)));
    EXPECT_EQ(world->logic().protection_state(kVm), ProtectionState::Protected);
    // What was under way at the power loss is sent twice, the 8 GB before it are not.
    EXPECT_LT(world->engine().uploaded(kVm), Bytes(10 * kGB + kGB / 2));
}

TEST(Interruption, AMachineThatWasShutDownCannotBeEnabled) {
    auto world = make(one_machine(kGB, kMB));
    world->at(Instant(), [&] { world->logic().adopt_protected(kVm); });
    world->at(Instant(hours(1)), [&] { world->logic().start(Operation::UnplannedFailover, kVm); });
    world->at(Instant(hours(2)), [&] { world->logic().start(Operation::DisableProtection, kVm); });
    world->at(Instant(hours(3)), [&] {
        const auto outcome = world->logic().start(Operation::EnableReplication, kVm);
        EXPECT_TRUE(std::holds_alternative<Refusal>(outcome));
    });
    world->run_until(Instant(hours(4)));
}

/// Any history of operations and power losses, at any instants: nothing breaks, and once the world
/// is left alone every item comes to rest, replicating with a fresh point or not at all.
TEST(Interruption, EveryHistoryComesToRest) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(seed);
        kernel::RandomStream random(seed, "history", "test");
        SmallSetup setup;
        setup.profile.automatic_resync_delay = minutes(1 + random.below(20));
        setup.profile.resync_compare_rate = BytesPerSecond(5 * kMB * (1 + random.below(10)));
        setup.profile.source_buffer = Bytes(kGB / 10 * (1 + random.below(20)));
        setup.profile.install_mobility_service_time = minutes(random.below(10));
        setup.profile.finalize_protection_time = seconds(random.below(600));
        setup.profile.shut_down_time = seconds(random.below(300));
        setup.profile.start_failover_time = seconds(random.below(300));
        setup.cache = Bytes(kGB * (1 + random.below(10)));
        setup.capture_step = seconds(random.below(2) == 0 ? 60 : 300);
        setup.retention = random.below(4) == 0 ? Duration(0) : days(1);
        setup.profile.retention_grids.insert(setup.profile.retention_grids.begin(),
                                             {Duration(0), {}});
        for (const char* name : {"a", "b", "c"}) {
            std::vector<Bytes> disks(1 + random.below(4), Bytes(kGB / 2 * (1 + random.below(6))));
            setup.machines.push_back({name, disks, BytesPerSecond(kMB / 10 * random.below(3))});
        }
        auto world = make(setup);
        for (std::size_t machine = 0; machine < 3; ++machine) {
            const bool adopted = random.below(2) == 0;
            world->at(Instant(), [&, machine, adopted] {
                if (adopted)
                    world->logic().adopt_protected(MachineId(machine));
                else
                    world->logic().start(Operation::EnableReplication, MachineId(machine));
            });
        }
        for (int step = 0; step < 25; ++step) {
            const MachineId machine(random.below(3));
            const auto action = random.below(9);
            const OperationOptions options{
                .shut_down_source = random.below(2) == 0,
                .recovery_point = random.below(2) == 0 ? RecoveryPointChoice::Latest
                                                       : RecoveryPointChoice::LatestProcessed};
            world->at(Instant(seconds(random.below(6 * 3600))), [&, machine, action, options] {
                if (action < 3)
                    world->logic().lose_power(machine);
                else if (action < 8) {
                    world->logic().start(static_cast<Operation>(action - 3), machine, options);
                } else {
                    world->logic().start(Operation::RepairReplication, machine);
                }
            });
        }
        world->run_until(Instant(hours(24)));
        EXPECT_EQ(world->logic().jobs_in_progress(), 0U);
        for (std::size_t machine = 0; machine < 3; ++machine) {
            const MachineId id(machine);
            const DataPath path = world->engine().data_path(id);
            const ProtectionState state = world->logic().protection_state(id);
            EXPECT_TRUE(path == DataPath::Stopped || path == DataPath::Journal)
                << name_of(state) << " " << static_cast<int>(path);
            if (state == ProtectionState::Protected) {
                EXPECT_EQ(path, DataPath::Journal);
                EXPECT_LT(*world->engine().rpo(id), minutes(30));
            }
        }
    }
}

}  // namespace
}  // namespace landfall::test
