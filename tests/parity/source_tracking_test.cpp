// tests/parity/source_tracking_test.cpp — what a source still knows of its changed blocks decides
// what a resynchronization sends: closed forms at volume fidelity.
#include <gtest/gtest.h>

#include "sim/memory/memory_kernel.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::test {
namespace {

constexpr MachineId kVm(0);
constexpr Duration kDelay = seconds(100);

struct Copied {
    std::string kind;
    Bytes bytes;
};

std::vector<Copied> copies_of(SmallWorld& world) {
    std::vector<Copied> copies;
    for (const record::Table& table : world.recorder().take_tables()) {
        if (table.name != "copies") continue;
        const record::Column& kinds = table.columns[2];
        const auto& bytes = std::get<std::vector<std::int64_t>>(table.columns[5].values);
        for (std::size_t k = 0; k < bytes.size(); ++k) {
            const auto code = std::get<std::vector<std::int32_t>>(kinds.values)[k];
            copies.push_back(
                {kinds.categories->at(static_cast<std::size_t>(code)), Bytes(bytes[k])});
        }
    }
    return copies;
}

SmallSetup one_machine() {
    SmallSetup setup;
    setup.machines = {{"vm", {Bytes(20 * kGB)}, BytesPerSecond(kMB)}};
    setup.profile.automatic_resync_delay = kDelay;
    setup.profile.tracking_extent = mebibytes(4);
    setup.profile.tracking_extents = 100;
    return setup;
}

/// The first copy of the resynchronization after what `happens` at 01:00.
Copied first_copy_after(const SmallSetup& setup,
                        const std::function<void(SiteRecovery&)>& happens) {
    SmallWorld world(setup, [](kernel::NetworkPlan plan) {
        return std::make_unique<kernel::MemoryKernel>(std::move(plan));
    });
    world.at(Instant(), [&] { world.logic().adopt_protected(kVm); });
    world.at(Instant(hours(1)), [&] { happens(world.logic()); });
    world.run_until(Instant(hours(4)));
    EXPECT_EQ(world.engine().data_path(kVm), DataPath::Journal);
    const auto copies = copies_of(world);
    if (copies.empty()) return {};
    return copies.front();
}

Copied after_power_loss(SourceTracking tracking) {
    SmallSetup setup = one_machine();
    setup.profile.source_tracking = tracking;
    return first_copy_after(setup, [](SiteRecovery& logic) {
        logic.lose_power(kVm);
        logic.power_returned(kVm);
    });
}

// What the guest writes at 1 MB/s until the resynchronization, and at most two capture steps that
// had not arrived when the power went.
const Bytes kWritten(100 * kMB);
const Bytes kOnItsWay(2 * kMB);

TEST(SourceTracking, ASourceThatForgetsIsCompared) {
    EXPECT_EQ(after_power_loss(SourceTracking::Volatile).kind, "compare");
    EXPECT_EQ(after_power_loss(SourceTracking::CleanFlag).kind, "compare");
}

TEST(SourceTracking, AnIntentBitLeavesWhatWasNotAcknowledgedAndNothingElse) {
    const Copied copy = after_power_loss(SourceTracking::IntentBit);
    EXPECT_EQ(copy.kind, "changed blocks");
    EXPECT_GE(copy.bytes, kWritten);
    EXPECT_LE(copy.bytes, kWritten + kOnItsWay);
}

TEST(SourceTracking, AnActivityLogAddsItsExtents) {
    const Copied copy = after_power_loss(SourceTracking::ActivityLog);
    EXPECT_EQ(copy.kind, "changed blocks");
    EXPECT_GE(copy.bytes, kWritten + mebibytes(400));
    EXPECT_LE(copy.bytes, kWritten + kOnItsWay + mebibytes(400));
}

TEST(SourceTracking, APowerThatNeverReturnsTellsNothing) {
    SmallSetup setup = one_machine();
    setup.profile.source_tracking = SourceTracking::IntentBit;
    const auto loses = [](SiteRecovery& logic) { logic.lose_power(kVm); };
    EXPECT_EQ(first_copy_after(setup, loses).kind, "compare");
}

TEST(SourceTracking, WhatIsInNoBitmapIsComparedAlsoAfterAPowerLoss) {
    SmallSetup setup = one_machine();
    setup.profile.source_tracking = SourceTracking::IntentBit;
    const auto twice = [](SiteRecovery& logic) {
        logic.disk_replaced(DiskId(0));
        logic.lose_power(kVm);
        logic.power_returned(kVm);
    };
    EXPECT_EQ(first_copy_after(setup, twice).kind, "compare");
}

/// 15 MB/s over a line of 10: what the source cannot hold any more ends the order after 200 s.
Copied after_overflow(bool by_bitmap) {
    SmallSetup setup = one_machine();
    setup.machines[0].churn_per_disk = BytesPerSecond(15 * kMB);
    setup.profile.source_buffer = Bytes(kGB / 2);
    setup.cache = Bytes(kGB / 2);
    setup.profile.resync_by_bitmap = by_bitmap;
    SmallWorld world(setup, [](kernel::NetworkPlan plan) {
        return std::make_unique<kernel::MemoryKernel>(std::move(plan));
    });
    world.at(Instant(), [&] { world.logic().adopt_protected(kVm); });
    world.run_until(Instant(hours(1)));
    EXPECT_GE(world.engine().resyncs(kVm), 1);
    const auto copies = copies_of(world);
    return copies.empty() ? Copied() : copies.front();
}

TEST(SourceTracking, AnOverflowIsComparedUnlessTheBitmapIsTrusted) {
    const Copied compared = after_overflow(false);
    const Copied by_bitmap = after_overflow(true);
    EXPECT_EQ(compared.kind, "compare");
    EXPECT_EQ(by_bitmap.kind, "changed blocks");
    // The same blocks differ; the checksums of 20 GB are saved.
    const std::int64_t chunk = mebibytes(1).count();
    const Bytes checksums((20 * kGB * 16 + chunk - 1) / chunk);
    EXPECT_EQ(compared.bytes - by_bitmap.bytes, checksums);
}

}  // namespace
}  // namespace landfall::test
