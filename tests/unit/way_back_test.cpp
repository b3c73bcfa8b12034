// tests/unit/way_back_test.cpp — out, over, back, home and out again: the whole circle of an item.
#include <tuple>

#include <gtest/gtest.h>

#include "tests/support/item_circle.hpp"

namespace landfall::test {
namespace {

using Engines = std::pair<ReplicationEngine, ReplicationEngine>;

constexpr MachineId kItem = ItemCircle::kItem;
constexpr MachineId kBack = ItemCircle::kBack;

class WayBack : public ::testing::TestWithParam<std::tuple<Engines, FailbackMethod>> {
  protected:
    static CircleSetup setup() {
        const auto [engines, method] = GetParam();
        CircleSetup setup;
        setup.forward = engines.first;
        setup.back = engines.second;
        return setup;
    }
    static FailbackMethod method() { return std::get<1>(GetParam()); }
};

TEST_P(WayBack, BringsHomeWhatTheTargetWroteAndNothingOfTheOldTail) {
    ItemCircle circle(setup());
    auto& pipeline = circle.pipeline();
    FailedOver parted;
    parted.method = method();
    std::vector<std::vector<Stamp>> tail;
    std::vector<std::vector<Stamp>> target_end;
    bool home = false;
    circle.at(1, [&] { pipeline.start_initial_replication(kItem); });
    // The source is not shut down at once: it goes on writing what nobody will ever want.
    circle.at(100, [&] { parted.cut = circle.fail_over(false).time; });
    circle.at(110, [&] { circle.request(MachineInstance::Primary, MachineAction::ShutDown); });
    circle.at(120, [&] {
        pipeline.start_initial_replication(kBack, &parted);
        for (std::uint32_t k = 0; k < 2; ++k) tail.push_back(circle.content(kItem, k));
        for (std::uint32_t k = 0; k < 2; ++k) EXPECT_NE(tail[k], circle.content(kBack, k));
    });
    circle.at(220, [&] {
        ASSERT_EQ(pipeline.data_path(kBack), DataPath::Journal);
        circle.fail_back([&](const RecoveryPoint& point) {
            home = true;
            parted.cut = point.time;
            for (std::uint32_t k = 0; k < 2; ++k) {
                target_end.push_back(circle.content(kBack, k));
                EXPECT_EQ(circle.content(kItem, k), target_end[k]) << "disk " << k;
                EXPECT_NE(tail[k], target_end[k]);
            }
            circle.request(MachineInstance::Primary, MachineAction::Start);
        });
    });
    circle.at(300, [&] {
        EXPECT_TRUE(home);
        pipeline.start_initial_replication(kItem, &parted);
    });
    circle.at(380, [&] {
        EXPECT_EQ(pipeline.data_path(kItem), DataPath::Journal);
        EXPECT_NE(circle.content(kItem, 0), target_end[0]) << "the guest at home writes again";
        circle.fail_over(false);
    });
    circle.run_until(400);
    EXPECT_EQ(circle.violations(), "");
    EXPECT_GT(circle.checked("S30"), 0U);
    EXPECT_GT(circle.checked("S1"), 5U);
}

TEST_P(WayBack, CarriesOnlyWhatEitherSideWroteUnlessWholeDisksAreWanted) {
    ItemCircle circle(setup());
    auto& pipeline = circle.pipeline();
    FailedOver parted;
    parted.method = method();
    circle.at(1, [&] { pipeline.start_initial_replication(kItem); });
    circle.at(100, [&] {
        circle.request(MachineInstance::Primary, MachineAction::ShutDown,
                       [&] { pipeline.capture_final(kItem); });
    });
    circle.at(150, [&] { parted.cut = circle.fail_over(true).time; });
    circle.at(154, [&] { pipeline.start_initial_replication(kBack, &parted); });
    circle.run_until(200);
    EXPECT_EQ(circle.violations(), "");
    Bytes first_copies;
    for (const auto& copy : circle.copies()) {
        const bool back = circle.estate().disk(copy.disk).machine == kBack;
        if (back && copy.kind != "catch-up") first_copies += copy.bytes;
    }
    const Bytes used(circle.estate().disks[0].used.count() * 2);
    if (method() == FailbackMethod::FullDownload)
        EXPECT_GE(first_copies, used);
    else
        EXPECT_LT(first_copies, Bytes(used.count() / 4));  // of 1 s of writes, and checksums
}

INSTANTIATE_TEST_SUITE_P(
    AllEngines, WayBack,
    ::testing::Combine(
        ::testing::Values(
            Engines{ReplicationEngine::InMageToAzure, ReplicationEngine::Failback},
            Engines{ReplicationEngine::HyperVToAzure, ReplicationEngine::Failback},
            Engines{ReplicationEngine::AzureToAzure, ReplicationEngine::AzureToAzure},
            Engines{ReplicationEngine::HyperVToSecondary, ReplicationEngine::HyperVToSecondary},
            Engines{ReplicationEngine::ScoutToSecondary, ReplicationEngine::ScoutToSecondary}),
        ::testing::Values(FailbackMethod::Bitmaps, FailbackMethod::Checksum,
                          FailbackMethod::FullDownload)));

TEST(WayBackInNumbers, TheReverseDeltaIsWhatBothSidesWroteSinceThePoint) {
    CircleSetup setup;
    setup.fidelity = Fidelity::Volume;
    setup.churn = BytesPerSecond(1000);
    setup.disk_size = Bytes(10 * kMB);
    ItemCircle circle(setup);
    auto& pipeline = circle.pipeline();
    FailedOver parted;
    circle.at(1, [&] { pipeline.start_initial_replication(kItem); });
    circle.at(100, [&] { parted.cut = circle.fail_over(false).time; });
    circle.at(110, [&] { circle.request(MachineInstance::Primary, MachineAction::ShutDown); });
    circle.at(120, [&] { pipeline.start_initial_replication(kBack, &parted); });
    circle.run_until(125);
    // The source writes until 113, the target from 103 on.
    const std::int64_t tail = (Instant(seconds(113)) - *parted.cut).count() / 1'000'000;
    std::size_t copied = 0;
    for (const auto& copy : circle.copies()) {
        if (copy.kind == "catch-up" || circle.estate().disk(copy.disk).machine != kBack) continue;
        EXPECT_EQ(copy.bytes, Bytes(tail + 17'000));
        ++copied;
    }
    EXPECT_EQ(copied, 2U);
}

TEST(WayBackInNumbers, GuestsWriteExactlyWhileTheirMachineRuns) {
    CircleSetup setup;
    setup.fidelity = Fidelity::Volume;
    setup.churn = BytesPerSecond(1000);
    ItemCircle circle(setup);
    circle.at(100, [&] { circle.request(MachineInstance::Primary, MachineAction::ShutDown); });
    circle.at(110, [&] {
        circle.request(MachineInstance::Recovery, MachineAction::Create,
                       [&] { circle.request(MachineInstance::Recovery, MachineAction::Start); });
    });
    circle.at(150, [&] { circle.request(MachineInstance::Recovery, MachineAction::ShutDown); });
    circle.at(160, [&] { circle.request(MachineInstance::Primary, MachineAction::Start); });
    circle.run_until(200);
    const auto written = [&](MachineId leg, std::int64_t from, std::int64_t to) {
        const DiskId disk = circle.estate().machine(leg).first_disk;
        return circle.world().written(disk, Instant(seconds(from)), Instant(seconds(to))).count();
    };
    struct Row {
        MachineId leg;
        std::int64_t from;
        std::int64_t to;
        std::int64_t bytes;
    };
    const Row rows[] = {
        {kItem, 0, 103, 103'000},  {kItem, 103, 162, 0},      {kItem, 162, 200, 38'000},
        {kItem, 0, 200, 141'000},  {kItem, 100, 170, 11'000}, {kBack, 0, 113, 0},
        {kBack, 113, 153, 40'000}, {kBack, 153, 200, 0},      {kBack, 0, 200, 40'000},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(written(row.leg, row.from, row.to), row.bytes)
            << "leg " << row.leg.value << " in [" << row.from << ", " << row.to << ")";
        for (std::int64_t cut = row.from; cut <= row.to; cut += 7) {
            EXPECT_EQ(written(row.leg, row.from, cut) + written(row.leg, cut, row.to), row.bytes);
        }
    }
}

}  // namespace
}  // namespace landfall::test
