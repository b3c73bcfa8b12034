// tests/unit/machine_instances_test.cpp — machines of an item: once per token, in their time.
#include "sim/world/machine_instances.hpp"

#include <gtest/gtest.h>

namespace landfall::world {
namespace {

Estate estate_of(std::size_t machines) {
    Estate estate;
    estate.profile.failovers_per_hour = 60;
    estate.profile.failovers_per_hour_hydrated = 30;
    estate.profile.start_failover_time = seconds(100);
    estate.profile.hyper_v_start_failover_time = seconds(50);
    estate.profile.hydration_time = seconds(500);
    estate.profile.start_machine_time = seconds(2);
    estate.profile.shut_down_time = seconds(60);
    estate.profile.delete_machine_time = seconds(30);
    estate.profile.create_primary_time = seconds(300);
    estate.profile.start_primary_time = seconds(40);
    estate.machines.resize(machines);
    return estate;
}

constexpr MachineId kFirst(0);
constexpr MachineId kSecond(1);

Instant at(Duration time) {
    return Instant(time);
}

class Instances : public ::testing::Test {
  protected:
    /// Makes the request and waits for its end, whose instant goes to `ended_`.
    MachineActionEnded carry_out(MachineId machine, MachineInstance instance, MachineAction action,
                                 std::uint64_t token, Instant now) {
        const auto begun = machines_.begin({machine, instance, action, false, token}, now);
        ended_ = begun.ends;
        return machines_.end(begun.number, begun.ends);
    }

    Estate estate_ = estate_of(2);
    MachineInstances machines_{estate_};
    Instant ended_;
};

TEST_F(Instances, OnlyTheSourceExistsAtTheStart) {
    EXPECT_TRUE(machines_.of(kFirst, MachineInstance::Primary).running());
    EXPECT_FALSE(machines_.of(kFirst, MachineInstance::Recovery).exists());
    EXPECT_FALSE(machines_.of(kFirst, MachineInstance::Test).exists());
}

TEST_F(Instances, HyperVMachinesAreMadeInAzureInTheirOwnTime) {
    estate_.machines[1].engine = ReplicationEngine::HyperVToAzure;
    carry_out(kSecond, MachineInstance::Test, MachineAction::Create, 1, at({}));
    EXPECT_EQ(ended_, at(seconds(50)));
}

TEST_F(Instances, EveryActionTakesTheTimeOfTheProfile) {
    struct Row {
        MachineInstance instance;
        MachineAction action;
        Duration takes;
    };
    const Row rows[] = {
        {MachineInstance::Recovery, MachineAction::Create, seconds(100)},
        {MachineInstance::Recovery, MachineAction::Start, seconds(2)},
        {MachineInstance::Recovery, MachineAction::ShutDown, seconds(60)},
        {MachineInstance::Recovery, MachineAction::Delete, seconds(30)},
        {MachineInstance::Test, MachineAction::Create, seconds(100)},
        {MachineInstance::Test, MachineAction::Start, seconds(2)},
        {MachineInstance::Test, MachineAction::Delete, seconds(30)},
        {MachineInstance::Primary, MachineAction::ShutDown, seconds(60)},
        {MachineInstance::Primary, MachineAction::Start, seconds(40)},
        {MachineInstance::Primary, MachineAction::Create, seconds(300)},
    };
    Instant now = at(hours(1));
    std::uint64_t token = 1;
    for (const Row& row : rows) {
        const auto ended = carry_out(kFirst, row.instance, row.action, token++, now);
        EXPECT_TRUE(ended.succeeded);
        EXPECT_EQ(ended_ - now, row.takes) << "row " << token - 2;
        now = now + hours(1);
    }
}

TEST_F(Instances, CreationWaitsForItsPlaceInTheHoursQuota) {
    const auto first = machines_.begin(
        {kFirst, MachineInstance::Recovery, MachineAction::Create, false, 1}, at(seconds(0)));
    const auto second = machines_.begin(
        {kSecond, MachineInstance::Test, MachineAction::Create, true, 2}, at(seconds(0)));
    const auto third = machines_.begin(
        {kFirst, MachineInstance::Test, MachineAction::Create, false, 3}, at(seconds(0)));
    EXPECT_EQ(first.ends, at(seconds(100)));
    EXPECT_EQ(second.ends, at(seconds(60 + 100 + 500)));  // a failover a minute
    EXPECT_EQ(third.ends, at(seconds(60 + 120 + 100)));   // the one before was hydrated
}

TEST_F(Instances, ATokenIsCarriedOutOnceAndAnswersEveryCall) {
    const MachineRequest request{kFirst, MachineInstance::Recovery, MachineAction::Create, false,
                                 7};
    const auto first = machines_.begin(request, at(seconds(10)));
    const auto meanwhile = machines_.begin(request, at(seconds(50)));
    EXPECT_EQ(meanwhile.ends, first.ends);
    EXPECT_TRUE(machines_.end(first.number, first.ends).succeeded);
    EXPECT_TRUE(machines_.end(meanwhile.number, meanwhile.ends).succeeded);
    const auto later = machines_.begin(request, at(seconds(500)));
    EXPECT_EQ(later.ends, at(seconds(500)));
    EXPECT_TRUE(machines_.end(later.number, later.ends).succeeded);
    EXPECT_EQ(machines_.of(kFirst, MachineInstance::Recovery).existed.size(), 1U);
}

TEST_F(Instances, APlantedFailureChangesNothingAndTheSameTokenTriesAgain) {
    machines_.plant({kFirst, MachineInstance::Recovery, MachineAction::Create, "no quota", 1});
    const auto failed =
        carry_out(kFirst, MachineInstance::Recovery, MachineAction::Create, 7, at(hours(1)));
    EXPECT_FALSE(failed.succeeded);
    EXPECT_EQ(failed.cause, "no quota");
    EXPECT_EQ(ended_ - at(hours(1)), seconds(100));
    EXPECT_FALSE(machines_.of(kFirst, MachineInstance::Recovery).exists());
    EXPECT_TRUE(carry_out(kFirst, MachineInstance::Recovery, MachineAction::Create, 7, at(hours(2)))
                    .succeeded);
    EXPECT_TRUE(machines_.of(kFirst, MachineInstance::Recovery).exists());
}

TEST_F(Instances, WhatIsDoneAlreadySucceedsAtOnce) {
    EXPECT_TRUE(carry_out(kFirst, MachineInstance::Test, MachineAction::Delete, 1, at(minutes(1)))
                    .succeeded);
    EXPECT_EQ(ended_, at(minutes(1)));
    EXPECT_TRUE(carry_out(kFirst, MachineInstance::Primary, MachineAction::Start, 2, at(minutes(2)))
                    .succeeded);
    EXPECT_EQ(ended_, at(minutes(2)));
    EXPECT_EQ(machines_.of(kFirst, MachineInstance::Primary).ran.size(), 1U);
}

TEST_F(Instances, AMachineThatDoesNotExistCannotBeStarted) {
    const auto ended =
        carry_out(kFirst, MachineInstance::Recovery, MachineAction::Start, 1, at(minutes(1)));
    EXPECT_FALSE(ended.succeeded);
    EXPECT_EQ(ended.cause, "the machine does not exist");
}

TEST_F(Instances, HistoryTellsWhenAMachineExistedAndRan) {
    const MachineInstance recovery = MachineInstance::Recovery;
    carry_out(kFirst, recovery, MachineAction::Create, 1, at(hours(1)));
    carry_out(kFirst, recovery, MachineAction::Start, 2, at(hours(2)));
    carry_out(kFirst, recovery, MachineAction::ShutDown, 3, at(hours(3)));
    carry_out(kFirst, recovery, MachineAction::Start, 4, at(hours(4)));
    carry_out(kFirst, recovery, MachineAction::Delete, 5, at(hours(5)));
    const InstanceHistory& machine = machines_.of(kFirst, recovery);
    EXPECT_EQ(machine.existed,
              (std::vector<TimeSpan>{{at(hours(1) + seconds(100)), at(hours(5) + seconds(30))}}));
    EXPECT_EQ(machine.ran,
              (std::vector<TimeSpan>{{at(hours(2) + seconds(2)), at(hours(3) + seconds(60))},
                                     {at(hours(4) + seconds(2)), at(hours(5) + seconds(30))}}));
    EXPECT_FALSE(machine.exists());
    EXPECT_FALSE(machine.running());
}

TEST_F(Instances, AMachineStaysAllocatedWithoutPowerUntilSomebodyStopsIt) {
    const MachineInstance recovery = MachineInstance::Recovery;
    carry_out(kFirst, recovery, MachineAction::Create, 1, at(hours(1)));
    carry_out(kFirst, recovery, MachineAction::Start, 2, at(hours(2)));
    EXPECT_TRUE(machines_.cut_power(kFirst, recovery, at(hours(3))));
    EXPECT_FALSE(machines_.of(kFirst, recovery).running());
    EXPECT_TRUE(machines_.of(kFirst, recovery).is_allocated());
    EXPECT_TRUE(machines_.restore_power(kFirst, recovery, at(hours(4))));
    carry_out(kFirst, recovery, MachineAction::ShutDown, 3, at(hours(5)));
    EXPECT_EQ(machines_.of(kFirst, recovery).allocated,
              (std::vector<TimeSpan>{{at(hours(2) + seconds(2)), at(hours(5) + seconds(60))}}));
}

TEST_F(Instances, ANewMachineTakesThePlaceOfOneThatIsThere) {
    const MachineInstance recovery = MachineInstance::Recovery;
    carry_out(kFirst, recovery, MachineAction::Create, 1, at(hours(1)));
    carry_out(kFirst, recovery, MachineAction::Start, 2, at(hours(2)));
    carry_out(kFirst, recovery, MachineAction::Create, 3, at(hours(3)));
    const InstanceHistory& machine = machines_.of(kFirst, recovery);
    EXPECT_TRUE(machine.exists());
    EXPECT_FALSE(machine.running());
    EXPECT_EQ(machine.existed.size(), 2U);
}

}  // namespace
}  // namespace landfall::world
