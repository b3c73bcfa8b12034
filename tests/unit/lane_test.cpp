// tests/unit/lane_test.cpp — queues of deltas: order, cutting, conservation of bytes.
#include "model/replication/lane.hpp"

#include <gtest/gtest.h>

#include "model/replication/process_server_state.hpp"
#include "sim/kernel/random_streams.hpp"
#include "tests/support/small_world.hpp"

namespace landfall {
namespace {

Delta delta_of(std::int64_t bytes, std::uint32_t disk, Marker marker = Marker::None) {
    return {.bytes = Bytes(bytes), .until = Instant(), .disk = DiskId(disk), .marker = marker};
}

TEST(DeltaQueue, CutsALargeDeltaAndLeavesTheMarkerOnTheLastPiece) {
    DeltaQueue queue;
    queue.push(delta_of(250, 7, Marker::CrashConsistent));
    Batch first;
    queue.take(Bytes(100), first);
    ASSERT_EQ(first.deltas.size(), 1U);
    EXPECT_EQ(first.bytes, Bytes(100));
    EXPECT_EQ(first.deltas[0].marker, Marker::None);
    Batch second;
    queue.take(Bytes(1000), second);
    EXPECT_EQ(second.bytes, Bytes(150));
    EXPECT_EQ(second.deltas.back().marker, Marker::CrashConsistent);
    EXPECT_TRUE(queue.empty());
}

TEST(DeltaQueue, KeepsOrderAndEveryByteThroughAnyCutting) {
    kernel::RandomStream random(3, "test", "queue");
    DeltaQueue queue;
    std::int64_t pushed = 0;
    std::int64_t taken = 0;
    std::uint32_t next_disk = 0;
    std::uint32_t last_seen = 0;
    for (int round = 0; round < 5000; ++round) {
        const auto bytes = static_cast<std::int64_t>(random.below(1000));
        queue.push(delta_of(bytes, next_disk++));
        pushed += bytes;
        Batch batch;
        const auto limit = static_cast<std::int64_t>(random.below(1200));
        queue.take(Bytes(limit), batch);
        EXPECT_LE(batch.bytes.count(), limit);
        taken += batch.bytes.count();
        for (const Delta& delta : batch.deltas) {
            EXPECT_GE(delta.disk.value, last_seen);
            last_seen = delta.disk.value;
        }
        EXPECT_EQ(queue.bytes().count(), pushed - taken);
    }
}

TEST(DeltaQueue, MarkersOfQuietMachinesTravelWithWhatPrecedesThem) {
    DeltaQueue queue;
    queue.push(delta_of(100, 1));
    queue.push(delta_of(0, 2, Marker::CrashConsistent));
    Batch batch;
    queue.take(Bytes(100), batch);
    EXPECT_EQ(batch.deltas.size(), 2U);
}

TEST(JournalShare, LeavesCopiesTheirShareAndOnlyWhatTheyNeed) {
    EXPECT_EQ(journal_share(Bytes(1000), Bytes(5000), 50), Bytes(500));
    EXPECT_EQ(journal_share(Bytes(1000), Bytes(100), 50), Bytes(900));
    EXPECT_EQ(journal_share(Bytes(1000), Bytes(0), 50), Bytes(1000));
}

struct HealthCase {
    std::int64_t cache_used_percent;
    std::int64_t busy_percent;
    std::int64_t backlog_minutes;
    Health expected;
};

/// Thresholds: SR/vmware-physical-azure-monitor-process-server.md. Worst of the signals.
TEST(ProcessServerHealth, IsTheWorstOfItsSignals) {
    const auto profile = test::unlimited_profile();
    const HealthCase cases[] = {
        {10, 10, 0, Health::Normal},    {69, 10, 0, Health::Normal},
        {71, 10, 0, Health::Warning},   {76, 10, 0, Health::Critical},
        {10, 81, 0, Health::Warning},   {10, 96, 0, Health::Critical},
        {10, 10, 31, Health::Warning},  {10, 10, 46, Health::Critical},
        {71, 96, 31, Health::Critical},
    };
    for (const HealthCase& row : cases) {
        const std::int64_t capacity = 1'000'000'000;
        ProcessServer server;
        server.cache = Bytes(capacity);
        server.processing_rate = BytesPerSecond(1000);
        ProcessServerState state{Bytes(capacity)};
        const std::int64_t used = capacity * row.cache_used_percent / 100;
        state.credit.on_granted(state.cache.granted());
        state.credit.on_sent(Bytes(used));
        state.cache.on_received(Bytes(used));
        for (int k = 0; k < 3; ++k) {
            state.load.add(Bytes(300 * 1000 * row.busy_percent / 100 + 1));
            state.load.close(3);
        }
        state.upload_rate =
            BytesPerSecond(row.backlog_minutes == 0 ? capacity : used / (row.backlog_minutes * 60));
        EXPECT_EQ(state.judge(profile, server), row.expected)
            << row.cache_used_percent << " " << row.busy_percent << " " << row.backlog_minutes;
    }
}

}  // namespace
}  // namespace landfall
