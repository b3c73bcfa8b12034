// tests/unit/disk_board_test.cpp — the oracles on a machine whose disks come and go: silent while
// the data path is right, though a disk is left out, added, removed, lost and failed over without.
#include <gtest/gtest.h>

#include "tests/support/item_circle.hpp"

namespace landfall::test {
namespace {

constexpr MachineId kItem = ItemCircle::kItem;
constexpr MachineId kBack = ItemCircle::kBack;
constexpr DiskId kData(1);

CircleSetup azure() {
    CircleSetup setup;
    setup.forward = ReplicationEngine::AzureToAzure;
    setup.back = ReplicationEngine::AzureToAzure;
    return setup;
}

TEST(DiskBoard, ADiskThatComesGoesAndComesAgainNeverShowsWhatItDoesNotHold) {
    ItemCircle circle(azure());
    auto& pipeline = circle.pipeline();
    circle.at(1, [&] { pipeline.start_initial_replication(kItem); });
    circle.at(60, [&] { pipeline.remove_disk(kData); });
    circle.at(120, [&] {
        EXPECT_FALSE(pipeline.is_on_its_way(kData));
        pipeline.add_disk(kData);
    });
    circle.at(200, [&] {
        EXPECT_FALSE(pipeline.is_joining(kData));
        circle.fail_over(false);
    });
    circle.run_until(220);
    EXPECT_EQ(circle.violations(), "");
    EXPECT_GT(circle.checked("S36"), 10U);
    EXPECT_GT(circle.checked("S1"), 10U);
}

TEST(DiskBoard, WhatComesHomeIsWhatWasReplicatedAndTheRestStayedAsItWas) {
    ItemCircle circle(azure());
    auto& pipeline = circle.pipeline();
    FailedOver parted;
    std::vector<Stamp> left;
    bool home = false;
    circle.at(1, [&] { pipeline.start_initial_replication(kItem); });
    circle.at(60, [&] { pipeline.remove_disk(kData); });
    circle.at(100, [&] { circle.request(MachineInstance::Primary, MachineAction::ShutDown); });
    circle.at(110, [&] { parted.cut = circle.fail_over(false).time; });
    circle.at(120, [&] {
        left = circle.content(kItem, 1);
        pipeline.start_initial_replication(kBack, &parted);
        EXPECT_FALSE(pipeline.replicates(circle.estate().counterpart(kData)));
    });
    circle.at(220, [&] {
        ASSERT_EQ(pipeline.data_path(kBack), DataPath::Journal);
        circle.fail_back([&](const RecoveryPoint&) {
            home = true;
            EXPECT_EQ(circle.content(kItem, 0), circle.content(kBack, 0));
            EXPECT_EQ(circle.content(kItem, 1), left);
        });
    });
    circle.run_until(300);
    EXPECT_TRUE(home);
    EXPECT_EQ(circle.violations(), "");
    EXPECT_GT(circle.checked("S30"), 0U);
}

TEST(DiskBoard, APausedMachineForgetsNothing) {
    CircleSetup setup;
    setup.forward = ReplicationEngine::HyperVToAzure;
    ItemCircle circle(setup);
    auto& pipeline = circle.pipeline();
    std::optional<RecoveryPoint> before;
    circle.at(1, [&] { pipeline.start_initial_replication(kItem); });
    circle.at(100, [&] { pipeline.pause_replication(kItem); });
    circle.at(110, [&] { before = pipeline.recovery_points(kItem).latest(); });
    circle.at(200, [&] {
        EXPECT_EQ(pipeline.recovery_points(kItem).latest()->time, before->time);
        EXPECT_EQ(pipeline.make_latest_point(kItem)->time, before->time);
        pipeline.resume_replication(kItem);
    });
    circle.at(300, [&] {
        EXPECT_GT(pipeline.recovery_points(kItem).latest()->time, Instant(seconds(200)));
        circle.fail_over(false);
    });
    circle.run_until(320);
    EXPECT_EQ(circle.violations(), "");
    EXPECT_GT(circle.checked("S5"), 5U);
}

}  // namespace
}  // namespace landfall::test
