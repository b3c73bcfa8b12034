// tests/unit/replica_rot_test.cpp — a bit of what a replica stores flips before it restarts: what
// it lost is neither offered for a failover nor missed by the resynchronization that follows.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/replication/replication_pipeline.hpp"
#include "sim/memory/crashable_store.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "sim/world/world.hpp"
#include "tests/support/small_world.hpp"

namespace landfall {
namespace {

constexpr std::int64_t kSector = 4096;
constexpr std::uint64_t kSectors = 64;
constexpr MachineId kMachine(0);
constexpr Duration kPointEvery = seconds(4);
constexpr Instant kRestart(seconds(60));

class Notes : public Observer {
  public:
    std::vector<std::string> kinds;

    void recovery_point_published(MachineId, Instant, Instant, bool) override {}
    void disk_copied(DiskId, std::string_view kind, Instant, Bytes) override {
        kinds.push_back("copied: " + std::string(kind));
    }
    void noted(std::string_view kind, std::string_view, std::string_view) override {
        kinds.emplace_back(kind);
    }
    void state_changed(MachineId, std::string_view) override {}
    void job_started(JobId, MachineId, std::string_view) override {}
    void task_ended(JobId, std::string_view, std::string_view, Instant) override {}
    void job_ended(JobId, std::string_view, std::string_view) override {}

    [[nodiscard]] std::int64_t count(const std::string& kind) const {
        return std::count(kinds.begin(), kinds.end(), kind);
    }
};

Estate one_machine() {
    Estate estate;
    estate.profile = test::unlimited_profile();
    estate.profile.crash_consistent_interval = kPointEvery;
    estate.profile.resync_chunk = Bytes(16 * kSector);
    estate.profile.block_copy_chunk = Bytes(8 * kSector);
    estate.profile.retention_grids = {
        {days(1), {{minutes(9), kPointEvery}, {days(1), minutes(9)}}}};
    estate.capture = {seconds(1), 1};
    estate.policies.push_back({"policy", days(1), std::nullopt, std::nullopt});
    estate.process_servers.push_back(
        {"ps", ChannelId(0), ChannelId(1), mebibytes(1), BytesPerSecond(1 << 30), 1000});
    Machine machine;
    machine.name = "m";
    machine.process_server = ProcessServerId(0);
    machine.policy = PolicyId(0);
    machine.first_disk = DiskId(0);
    machine.disk_count = 2;
    machine.fidelity = Fidelity::Block;
    estate.machines.push_back(machine);
    const Bytes size(static_cast<std::int64_t>(kSectors) * kSector);
    for (const char* name : {"system", "data"}) {
        estate.disks.push_back({name, kMachine, size, Bytes(size.count() / 2), std::nullopt,
                                estate.profile.log_processing_rate});
    }
    return estate;
}

kernel::NetworkPlan two_links() {
    kernel::NetworkPlan network;
    network.links.push_back({"lan", 2e6, 1e-4, false});
    network.links.push_back({"wan", 2e6, 1e-3, false});
    network.channels.push_back({"receive", {0}});
    network.channels.push_back({"upload", {1}});
    return network;
}

class RottenReplica : public ::testing::Test,
                      protected EventSink,
                      protected ReplicationListener,
                      protected world::Director {
  protected:
    RottenReplica()
        : estate_(one_machine()),
          kernel_(two_links()),
          blocks_(estate_, 1),
          world_(kernel_, estate_, std::vector<std::unique_ptr<workload::ChurnSource>>(2), {},
                 &blocks_),
          pipeline_(estate_,
                    {world_, world_, world_, world_, notes_, {&blocks_, &store_, nullptr, nullptr}},
                    *this) {
        for (std::uint32_t d = 0; d < 2; ++d) {
            workload::BlockPattern pattern;
            pattern.writes_per_second = 1.5;
            pattern.write_size = Bytes(kSector);
            blocks_.add_disk(DiskId(d), make_block_writes(pattern, {kSectors, Bytes(kSector)}, "m",
                                                          estate_.disks[d].name, 1));
        }
    }

    void at(Instant when, std::function<void()> step) {
        steps_.push_back(std::move(step));
        world_.schedule_cue(when, 0, static_cast<std::uint32_t>(steps_.size() - 1));
    }
    void run_until(Instant end) {
        at(Instant(seconds(1)), [this] { pipeline_.start_initial_replication(kMachine); });
        at(end, [this] { world_.stop(); });
        world_.run(*this, *this);
    }
    /// The names of what the replica keeps of one kind, in the order in which it was begun.
    [[nodiscard]] std::vector<std::string> stored(std::string_view ending) const {
        std::vector<std::string> names;
        for (const std::string& name : store_.list("m/"))
            if (name.ends_with(ending)) names.push_back(name);
        return names;
    }
    void rot(const std::string& name) { store_.flip_bit(name, 4 * store_.size(name)); }
    void restart() {
        store_.crash([](std::uint64_t) { return 0U; });
        pipeline_.replica_restarted(kMachine);
    }
    [[nodiscard]] std::vector<Instant> cuts_of_replica() const {
        std::vector<Instant> cuts;
        for (const auto& point : replica().points()) cuts.insert(cuts.begin(), point.cut);
        return cuts;
    }
    [[nodiscard]] std::vector<Instant> cuts_of_list() const {
        std::vector<Instant> cuts;
        for (const auto& point : pipeline_.recovery_points(kMachine).all())
            cuts.push_back(point.time);
        return cuts;
    }
    [[nodiscard]] const ReplicaStore& replica() const {
        return pipeline_.blocks()->replica(kMachine);
    }
    /// Sectors that the replica has not as the source has them, though nothing is to bring them.
    [[nodiscard]] std::uint64_t missed() const {
        std::uint64_t sectors = 0;
        for (const DiskId disk : {DiskId(0), DiskId(1)}) {
            std::vector<Stamp> here(kSectors);
            std::vector<Stamp> there(kSectors);
            blocks_.read(disk, 0, here);
            pipeline_.blocks()->read_replica(disk, 0, there);
            const DirtyBitmap coming = pipeline_.blocks()->outstanding(disk);
            for (std::uint64_t k = 0; k < kSectors; ++k)
                sectors += here[k] != there[k] && !coming.is_set(k) ? 1 : 0;
        }
        return sectors;
    }

    // EventSink
    void on(const Event& event) override {
        if (const auto* timer = std::get_if<TimerFired>(&event)) pipeline_.on_timer(timer->tag);
        if (const auto* ended = std::get_if<TransferCompleted>(&event))
            pipeline_.on_transfer(ended->channel);
    }
    // Director
    void on_cue(std::uint32_t, std::uint32_t step) override { steps_[step](); }
    void on_link(std::string_view, bool) override {}
    // ReplicationListener
    void copy_completed(MachineId) override {}
    void recovery_point_published(MachineId, const RecoveryPoint&) override {}
    void resync_required(MachineId, std::string_view cause) override {
        causes_.emplace_back(cause);
    }

    std::vector<std::function<void()>> steps_;
    std::vector<std::string> causes_;
    Notes notes_;
    Estate estate_;
    kernel::MemoryKernel kernel_;
    world::SimulatedBlocks blocks_;
    world::World world_;
    CrashableStore store_;
    ReplicationPipeline pipeline_;
};

TEST_F(RottenReplica, OffersOnlyThePointsItStillHasAndIsComparedAnew) {
    at(kRestart, [this] {
        const std::vector<Instant> before = cuts_of_list();
        const auto layers = stored(".layer");
        ASSERT_EQ(layers.size(), before.size());
        ASSERT_GT(layers.size(), 6U);
        rot(layers[4]);
        restart();
        EXPECT_TRUE(replica().damaged());
        // Newest first: the four below the rotten one are left.
        EXPECT_EQ(cuts_of_list(), std::vector<Instant>(before.end() - 4, before.end()));
        EXPECT_EQ(cuts_of_list(), cuts_of_replica());
        EXPECT_EQ(*pipeline_.rpo(kMachine), kRestart - before[before.size() - 4]);
        EXPECT_EQ(pipeline_.data_path(kMachine), DataPath::ResyncRequired);
        EXPECT_EQ(causes_, std::vector<std::string>{"the replica is damaged"});
        EXPECT_EQ(notes_.count("replica_damaged"), 1);
        // The newest that is left can be failed over to.
        const auto latest = pipeline_.make_latest_point(kMachine);
        ASSERT_TRUE(latest);
        pipeline_.promoted(kMachine, *latest, false);
    });
    at(kRestart + seconds(1), [this] {
        restart();  // without the compare it is no better
        EXPECT_TRUE(replica().damaged());
        EXPECT_EQ(notes_.count("replica_damaged"), 2);
        pipeline_.start_resync(kMachine);
    });
    at(kRestart + seconds(40), [this] {
        EXPECT_EQ(pipeline_.data_path(kMachine), DataPath::Journal);
        EXPECT_EQ(notes_.count("copied: compare"), 2);
        EXPECT_FALSE(replica().damaged());
        EXPECT_EQ(missed(), 0U);
        EXPECT_GT(cuts_of_list().size(), 4U);
        restart();
        EXPECT_FALSE(replica().damaged());
        EXPECT_EQ(pipeline_.data_path(kMachine), DataPath::Journal);
        EXPECT_EQ(notes_.count("replica_damaged"), 2);
        EXPECT_EQ(missed(), 0U);
    });
    run_until(kRestart + seconds(60));
    EXPECT_EQ(cuts_of_list(), cuts_of_replica());
    EXPECT_EQ(causes_.size(), 1U);
}

TEST_F(RottenReplica, WithoutItsOldestLayerHasNoPointAtAll) {
    at(kRestart, [this] {
        rot(stored(".layer").front());
        restart();
        EXPECT_TRUE(cuts_of_list().empty());
        EXPECT_FALSE(pipeline_.rpo(kMachine));
        EXPECT_FALSE(pipeline_.make_latest_point(kMachine));
        pipeline_.start_resync(kMachine);
    });
    run_until(kRestart + seconds(40));
    EXPECT_EQ(pipeline_.data_path(kMachine), DataPath::Journal);
    EXPECT_EQ(missed(), 0U);
    EXPECT_FALSE(cuts_of_list().empty());
    EXPECT_EQ(cuts_of_list(), cuts_of_replica());
}

TEST_F(RottenReplica, ThatIsNoLongerReplicatedToOnlyForgetsPoints) {
    at(kRestart, [this] {
        pipeline_.stop(kMachine);
        rot(stored(".layer")[2]);
        restart();
        EXPECT_EQ(cuts_of_list().size(), 2U);
        EXPECT_EQ(pipeline_.data_path(kMachine), DataPath::Stopped);
        EXPECT_TRUE(causes_.empty());
        pipeline_.start_initial_replication(kMachine);
    });
    run_until(kRestart + seconds(40));
    EXPECT_EQ(pipeline_.data_path(kMachine), DataPath::Journal);
    EXPECT_EQ(missed(), 0U);
    EXPECT_FALSE(replica().damaged());
}

}  // namespace
}  // namespace landfall
