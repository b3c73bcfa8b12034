// tests/unit/cancelled_failback_test.cpp — the way home is cancelled at every instant of it, or
// fails: of VMware machines of the modernized kind the service takes it back, of others it stops,
// and nowhere do the rules of operations and the controls of jobs disagree.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/control_world.hpp"

namespace landfall::test {
namespace {

using enum MachineInstance;

constexpr MachineId kVm = MachineId(0);
constexpr Duration kStep = nanoseconds(500'000'000);

ServiceProfile modernized() {
    ServiceProfile profile = ControlWorld::quick_profile();
    profile.modernized_failback = true;
    return profile;
}

/// From nothing to "protected in the other direction".
void send_away(ControlWorld& world) {
    world.protect(kVm);
    world.run_for(minutes(1));
    world.carry_out(Operation::UnplannedFailover, kVm);
    world.carry_out(Operation::Commit, kVm);
    world.run_for(minutes(30));
    world.carry_out(Operation::ReverseReplicate, kVm);
    world.run_for(minutes(1));
}

/// The item is where it was before the failback began, and a next one loses nothing.
void expect_taken_back(ControlWorld& world) {
    SiteRecovery& logic = world.logic();
    EXPECT_EQ(logic.protection_state(kVm), ProtectionState::Protected);
    EXPECT_EQ(logic.view_of(kVm).active, ActiveLocation::Recovery);
    EXPECT_FALSE(world.machine(kVm, Primary).running());
    EXPECT_TRUE(world.machine(kVm, Recovery).running());
    EXPECT_EQ(logic.data_path(kVm), DataPath::Journal);
    EXPECT_FALSE(logic.milestones(kVm).primary_running);
    world.run_for(minutes(1));
    const auto rpo = logic.engine().rpo(logic.active_leg(kVm));
    ASSERT_TRUE(rpo);
    EXPECT_LT(*rpo, seconds(30)) << "what it writes now is captured";
    const JobId again = world.carry_out(Operation::Failback, kVm);
    EXPECT_EQ(logic.job(again).state, JobState::Succeeded);
    EXPECT_EQ(logic.milestones(kVm).failback_data_loss, Bytes(0));
    EXPECT_TRUE(world.machine(kVm, Primary).running());
    EXPECT_FALSE(world.machine(kVm, Recovery).running());
}

/// Cancels so long after the start; false: the failback was over by then.
bool cancel_after(Duration time, bool orchestrator_dies) {
    ControlWorld world({ScenarioKind::VMwareToAzure}, modernized());
    SiteRecovery& logic = world.logic();
    send_away(world);
    const auto job = std::get<JobId>(logic.start(Operation::Failback, kVm));
    world.run_for(time);
    if (logic.job(job).is_over()) return false;
    EXPECT_TRUE(std::holds_alternative<JobId>(logic.start(Operation::CancelFailover, kVm)));
    EXPECT_EQ(logic.job(job).state, JobState::Cancelled);
    if (orchestrator_dies) {
        world.run_for(seconds(3));
        logic.orchestrator_down();
        world.run_for(minutes(1));
        logic.orchestrator_up();
    }
    world.settle();
    expect_taken_back(world);
    return true;
}

TEST(CancelledFailback, OfVMwareIsTakenBackAtAnyInstant) {
    for (const bool orchestrator_dies : {false, true}) {
        int instants = 0;
        for (Duration time(0); cancel_after(time, orchestrator_dies); time = time + kStep) {
            ++instants;
            if (testing::Test::HasFailure()) FAIL() << to_seconds(time) << " s";
        }
        EXPECT_GT(instants, 20);
    }
}

TEST(CancelledFailback, OfVMwareIsTakenBackBeforeItsCommit) {
    ControlWorld world({ScenarioKind::VMwareToAzure}, modernized());
    SiteRecovery& logic = world.logic();
    send_away(world);
    world.carry_out(Operation::Failback, kVm);
    ASSERT_EQ(logic.protection_state(kVm), ProtectionState::PlannedFailoverCommitRequired);
    const JobId cancel = world.carry_out(Operation::CancelFailover, kVm);
    EXPECT_EQ(logic.job(cancel).kind, JobKind::CancelFailover);
    EXPECT_EQ(logic.job(cancel).state, JobState::Succeeded);
    expect_taken_back(world);
    world.carry_out(Operation::Commit, kVm);
    EXPECT_TRUE(std::holds_alternative<Refusal>(logic.start(Operation::CancelFailover, kVm)))
        << "what is committed stays";
}

TEST(CancelledFailback, OfVMwareThatFailsCancelsItself) {
    for (const auto& [instance, action] :
         {std::pair(Recovery, MachineAction::ShutDown), std::pair(Primary, MachineAction::Start)}) {
        ControlWorld world({ScenarioKind::VMwareToAzure}, modernized());
        SiteRecovery& logic = world.logic();
        send_away(world);
        world.world().plant({kVm, instance, action, "planted", 1});
        const JobId failback = world.carry_out(Operation::Failback, kVm);
        EXPECT_EQ(logic.job(failback).state, JobState::Failed);
        world.settle();
        expect_taken_back(world);
    }
}

TEST(CancelledFailback, ACancellationThatFailsIsBegunAgain) {
    ControlWorld world({ScenarioKind::VMwareToAzure}, modernized());
    SiteRecovery& logic = world.logic();
    send_away(world);
    world.carry_out(Operation::Failback, kVm);
    world.world().plant({kVm, Recovery, MachineAction::Start, "no capacity", 1});
    const JobId cancel = world.carry_out(Operation::CancelFailover, kVm);
    EXPECT_EQ(logic.job(cancel).state, JobState::Failed);
    EXPECT_EQ(logic.protection_state(kVm), ProtectionState::PlannedFailoverFailed);
    EXPECT_EQ(logic.view_of(kVm).active, ActiveLocation::Recovery);
    ASSERT_EQ(logic.restart(cancel), std::nullopt);
    world.settle();
    expect_taken_back(world);
}

/// At every instant of every way home: what the table says is what a job says, and what it does.
TEST(CancelledFailback, TheRuleTableDecidesForEveryKind) {
    std::vector<std::string> cancelled;
    for (const bool modern : {false, true}) {
        for (std::size_t k = 0; k < kScenarioKinds; ++k) {
            const auto kind = static_cast<ScenarioKind>(k);
            if (!way_back_of(kind) || kHyperVToAzureKinds.contains(kind)) continue;
            ServiceProfile profile = ControlWorld::quick_profile();
            profile.modernized_failback = modern;
            ControlWorld world({kind}, profile);
            SiteRecovery& logic = world.logic();
            world.protect(kVm);
            world.run_for(minutes(1));
            world.carry_out(Operation::UnplannedFailover, kVm);
            if (is_legal(logic.view_of(kVm), Operation::Commit)) {
                world.carry_out(Operation::Commit, kVm);
            }
            world.run_for(minutes(30));
            world.carry_out(Operation::ReverseReplicate, kVm);
            world.run_for(minutes(1));
            const auto job = std::get<JobId>(logic.start(Operation::Failback, kVm));
            bool may = false;
            for (int instant = 0; instant < 20 && !logic.job(job).is_over(); ++instant) {
                const auto allowed = logic.allowed_controls(job);
                const bool listed =
                    std::find(allowed.begin(), allowed.end(), JobControl::Cancel) != allowed.end();
                may = is_legal(logic.view_of(kVm), Operation::CancelFailover);
                EXPECT_EQ(listed, may) << name_of(kind);
                world.run_for(kStep);
            }
            ASSERT_FALSE(logic.job(job).is_over());
            const auto answer = logic.start(Operation::CancelFailover, kVm);
            EXPECT_EQ(std::holds_alternative<JobId>(answer), may) << name_of(kind);
            if (may) cancelled.push_back(std::string(name_of(kind)) + (modern ? "+" : ""));
            world.settle();
            world.run_for(minutes(1));
            if (may && !modern) {
                EXPECT_EQ(logic.protection_state(kVm), ProtectionState::CancelFailoverStatesEnd);
                EXPECT_FALSE(world.machine(kVm, Primary).running());
            }
        }
    }
    EXPECT_EQ(cancelled.size(), 2U * 3U + 2U) << testing::PrintToString(cancelled);
}

/// Cancelled in the last task, the machine at home is not left on.
TEST(CancelledFailback, BetweenRegionsTheMachineThatWasBeingStartedIsShutDownAgain) {
    ServiceProfile profile = ControlWorld::quick_profile();
    profile.start_primary_time = seconds(5);
    ControlWorld world({ScenarioKind::AzureToAzure}, profile);
    SiteRecovery& logic = world.logic();
    send_away(world);
    const auto job = std::get<JobId>(logic.start(Operation::Failback, kVm));
    while (logic.job(job).row().action != TaskAction::StartReplicaMachine) {
        world.run_for(nanoseconds(100'000'000));
    }
    ASSERT_EQ(logic.cancel(job), std::nullopt);
    world.run_for(minutes(1));
    EXPECT_FALSE(world.machine(kVm, Primary).running());
    EXPECT_FALSE(world.machine(kVm, Recovery).running());
    // Its user has a power button, and protects it where it came from or not at all.
    world.world().switch_on(kVm, Primary);
    world.run_for(minutes(1));
    world.protect(kVm);
    EXPECT_EQ(logic.view_of(kVm).active, ActiveLocation::Primary);
}

}  // namespace
}  // namespace landfall::test
