// tests/unit/item_limits_test.cpp — limits that an operation meets in what other items do.
#include <string>

#include <gtest/gtest.h>

#include "tests/support/control_world.hpp"

namespace landfall::test {
namespace {

using enum Operation;
constexpr ScenarioKind kAzure = ScenarioKind::AzureToAzure;
constexpr ScenarioKind kVMware = ScenarioKind::VMwareToAzure;
constexpr MachineId kFirst(0);
constexpr MachineId kSecond(1);
constexpr MachineId kThird(2);

std::string refusal_of(ControlWorld& world, Operation operation, MachineId machine,
                       OperationOptions options = {}) {
    const auto outcome = world.logic().start(operation, machine, std::move(options));
    const auto* refused = std::get_if<Refusal>(&outcome);
    return refused != nullptr ? refused->why : "";
}

// --- Replication groups: SR/azure-to-azure-common-questions.md

class Group : public ::testing::Test {
  protected:
    Group() {
        for (const MachineId machine : {kFirst, kSecond}) world_.protect(machine);
    }
    ControlWorld world_{{kAzure, kAzure}, ControlWorld::quick_profile(), ControlWorld::one_group};
};

TEST_F(Group, OneMachineDoesNotFailOverAlone) {
    const std::string why = refusal_of(world_, UnplannedFailover, kFirst);
    EXPECT_NE(why.find("group"), std::string::npos);
    EXPECT_NE(why.find("m1"), std::string::npos) << "who else is in it";
    EXPECT_EQ(world_.logic().protection_state(kFirst), ProtectionState::Protected);
}

TEST_F(Group, AllOfThemFailOverByOneOrderAndByAPlan) {
    OperationOptions by_order;
    by_order.whole_group = true;
    world_.carry_out(UnplannedFailover, kFirst, by_order);
    OperationOptions by_plan;
    by_plan.parent = JobId(0);
    EXPECT_EQ(refusal_of(world_, UnplannedFailover, kSecond, by_plan), "");
}

TEST_F(Group, TheLastOneMayFollowAlone) {
    OperationOptions by_order;
    by_order.whole_group = true;
    world_.carry_out(UnplannedFailover, kFirst, by_order);
    EXPECT_EQ(refusal_of(world_, UnplannedFailover, kSecond), "") << "nobody is left behind";
}

TEST_F(Group, ATestIsForEachAlone) {
    EXPECT_EQ(refusal_of(world_, TestFailover, kFirst), "");
}

TEST(Groups, OfOtherKindsFailOverOneByOne) {
    ControlWorld world({kVMware, kVMware}, ControlWorld::quick_profile(), ControlWorld::one_group);
    for (const MachineId machine : {kFirst, kSecond}) world.protect(machine);
    EXPECT_EQ(refusal_of(world, UnplannedFailover, kFirst), "");
}

// --- Master targets: SR/vmware-azure-install-linux-master-target.md

class MasterTarget : public ::testing::Test {
  protected:
    static ServiceProfile four_disks() {
        ServiceProfile profile = ControlWorld::quick_profile();
        profile.master_target_disks_max = 4;  // two of every machine here replicate
        return profile;
    }
    MasterTarget() {
        for (const MachineId machine : {kFirst, kSecond, kThird}) {
            world_.protect(machine);
            world_.carry_out(UnplannedFailover, machine);
            world_.carry_out(Commit, machine);
        }
    }
    ControlWorld world_{{kVMware, kVMware, kVMware}, four_disks()};
};

TEST_F(MasterTarget, HasSoManyDisksAndNoMore) {
    EXPECT_EQ(refusal_of(world_, ReverseReplicate, kFirst), "");
    EXPECT_EQ(refusal_of(world_, ReverseReplicate, kSecond), "") << "just four";
    const std::string why = refusal_of(world_, ReverseReplicate, kThird);
    EXPECT_NE(why.find("6 disks"), std::string::npos) << why;
    EXPECT_NE(why.find("at most 4"), std::string::npos) << why;
    world_.settle();
    EXPECT_NE(refusal_of(world_, ReverseReplicate, kThird), "") << "they stay attached";
}

TEST_F(MasterTarget, LetsGoOfDisksThatAreHome) {
    for (const MachineId machine : {kFirst, kSecond}) world_.carry_out(ReverseReplicate, machine);
    world_.carry_out(UnplannedFailover, kFirst);
    world_.carry_out(Commit, kFirst);
    EXPECT_EQ(refusal_of(world_, ReverseReplicate, kThird), "");
}

}  // namespace
}  // namespace landfall::test
