// tests/unit/replica_store_test.cpp — the replica against one that keeps a full image per point.
#include "model/storage/replica_store.hpp"

#include <array>

#include <gtest/gtest.h>

#include "sim/memory/crashable_store.hpp"
#include "tests/support/naive_replica.hpp"

namespace landfall {
namespace {

using testing::NaiveReplica;
using testing::ReplicaHistory;

constexpr std::uint64_t kSectors = 200;

std::vector<DiskGeometry> one_disk() {
    return {{kSectors, Bytes(512)}};
}

Instant at(std::int64_t nanoseconds) {
    return Instant(Duration(nanoseconds));
}

void stage(ReplicaStore& store, std::uint64_t seq, std::int64_t when, std::uint64_t first,
           std::vector<Stamp> stamps) {
    store.stage({0, seq, at(when), {first, stamps.size()}, stamps});
}

Stamp newest(const ReplicaStore& store, std::uint64_t sector) {
    Stamp stamp = 0;
    store.read_newest(0, sector, {&stamp, 1});
    return stamp;
}

Stamp content(const ReplicaStore& store, std::uint64_t point, std::uint64_t sector) {
    Stamp stamp = 0;
    store.read(point, 0, sector, {&stamp, 1});
    return stamp;
}

TEST(ReplicaStore, PutsChangesBeforeTheCutInThePointAndNoOthers) {
    ReplicaStore store(one_disk());
    stage(store, 1, 10, 5, {101});
    stage(store, 2, 20, 6, {102});
    stage(store, 3, 20, 5, {103});
    EXPECT_EQ(store.staged_bytes(), 3U * 512);
    store.publish(1, at(20), 7, true);
    EXPECT_EQ(content(store, 1, 5), 101U);
    EXPECT_EQ(content(store, 1, 6), 0U);
    EXPECT_EQ(newest(store, 5), 103U);
    EXPECT_EQ(store.staged_bytes(), 2U * 512);
    const ReplicaPoint point = {1, 0, at(20), 7, true, false};
    EXPECT_EQ(store.points(), std::vector<ReplicaPoint>{point});
}

TEST(ReplicaStore, LetsACopiedBlockCountOverAllThatArrivedBeforeIt) {
    ReplicaStore store(one_disk());
    stage(store, 1, 10, 0, {1, 2, 3});
    const std::array<Stamp, 1> copied = {9};
    store.copy_in(0, 1, copied);
    stage(store, 2, 11, 2, {4});
    store.publish(1, at(100), 1, false);
    EXPECT_EQ(content(store, 1, 0), 1U);
    EXPECT_EQ(content(store, 1, 1), 9U);
    EXPECT_EQ(content(store, 1, 2), 4U);
}

TEST(ReplicaStore, ForgetsAnAbandonedStreamButKeepsWhatWasCopied) {
    ReplicaStore store(one_disk());
    stage(store, 1, 10, 0, {1, 2});
    store.publish(1, at(15), 1, false);
    stage(store, 2, 20, 0, {3, 4, 5});
    const std::array<Stamp, 1> copied = {9};
    store.copy_in(0, 1, copied);
    store.discard_staged();
    EXPECT_EQ(newest(store, 0), 1U);
    EXPECT_EQ(newest(store, 1), 9U);
    EXPECT_EQ(newest(store, 2), 0U);
    EXPECT_EQ(store.staged_bytes(), 0U);
    EXPECT_EQ(store.arrived_seq(0), 0U);
}

TEST(ReplicaStore, KeepsAPinnedPointUntilItsLastPinGoes) {
    ReplicaStore store(one_disk());
    for (std::uint64_t id = 1; id <= 3; ++id) {
        stage(store, id, static_cast<std::int64_t>(10 * id), 0, {id});
        store.publish(id, at(static_cast<std::int64_t>(10 * id) + 5), 1, false);
    }
    store.pin(2);
    store.pin(2);
    EXPECT_FALSE(store.drop(2));
    EXPECT_FALSE(store.unpin(2));
    EXPECT_TRUE(store.drop(1));
    ASSERT_TRUE(store.lists(2));
    EXPECT_EQ(content(store, 2, 0), 2U);
    EXPECT_TRUE(store.unpin(2));
    EXPECT_FALSE(store.lists(2));
    EXPECT_EQ(content(store, 3, 0), 3U);
}

TEST(ReplicaStore, RefusesPointsThatDoNotRise) {
    ReplicaStore store(one_disk());
    store.publish(5, at(10), 1, false);
    EXPECT_THROW(store.publish(5, at(20), 1, false), InvariantViolation);
    EXPECT_THROW(store.publish(6, at(10), 1, false), InvariantViolation);
    EXPECT_THROW(store.drop(4), InvariantViolation);
    EXPECT_THROW(store.unpin(5), InvariantViolation);
}

TEST(ReplicaStore, TellsOfEachPointWhatItChangedAgainstTheOneBefore) {
    ReplicaStore store(one_disk());
    const auto changed = [&](std::uint64_t id) {
        std::vector<std::pair<std::uint64_t, std::vector<Stamp>>> runs;
        store.for_each_changed(id, [&](std::uint32_t, std::uint64_t first, auto stamps) {
            runs.push_back({first, {stamps.begin(), stamps.end()}});
        });
        return runs;
    };
    using Runs = decltype(changed(1));
    stage(store, 1, 10, 0, {1});
    store.publish(1, at(11), 1, false);
    stage(store, 2, 20, 62, {2, 3, 4, 5});  // over the end of a page
    stage(store, 3, 21, 100, {6});
    store.publish(2, at(22), 1, false);
    stage(store, 4, 30, 63, {7});
    store.publish(3, at(31), 1, false);
    EXPECT_EQ(changed(2), (Runs{{62, {2, 3, 4, 5}}, {100, {6}}}));
    EXPECT_EQ(changed(3), (Runs{{63, {7}}}));
    store.drop(2);
    EXPECT_EQ(changed(3), (Runs{{62, {2, 7, 4, 5}}, {100, {6}}}));
}

// S1, S3, S19, S20: whatever happens beside it, each listed point reads as when it was published.
TEST(ReplicaStore, ShowsTheSameAsFullImagesThroughRandomHistories) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const std::vector<DiskGeometry> disks = {{kSectors, Bytes(4096)}, {70, Bytes(512)}};
        CrashableStore backing;
        // Half of them in memory only.
        ReplicaStore store =
            seed % 2 == 0 ? ReplicaStore(disks) : ReplicaStore(backing, "replica", disks);
        ReplicaHistory history(disks, seed);
        for (int step = 0; step < 400; ++step) {
            history.step(store);
            // Some are looked at seldom: reading must not be what keeps them right.
            if (seed % 3 == 0 && step % 17 != 0) continue;
            ASSERT_EQ(history.arrived().difference(store), "")
                << "seed " << seed << " step " << step << " " << history.step_name();
        }
    }
}

// Applying what each point changed, point by point, leads through the points' images.
TEST(ReplicaStore, ChangesAddUpToThePoints) {
    const std::vector<DiskGeometry> disks = {{kSectors, Bytes(4096)}};
    ReplicaStore store(disks);
    ReplicaHistory history(disks, 4711);
    for (int step = 0; step < 1000; ++step) {
        history.step(store);
        if (step % 50 != 0) continue;
        NaiveReplica::Image image(kSectors);
        for (const NaiveReplica::Point& point : history.arrived().points()) {
            store.for_each_changed(
                point.label.id, [&](std::uint32_t, std::uint64_t first, auto stamps) {
                    std::copy(stamps.begin(), stamps.end(),
                              image.begin() + static_cast<std::ptrdiff_t>(first));
                });
            EXPECT_EQ(image, point.images[0]);
        }
    }
}

}  // namespace
}  // namespace landfall
