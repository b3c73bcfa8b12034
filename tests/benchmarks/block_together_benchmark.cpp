// tests/benchmarks/block_together_benchmark.cpp — what a stamped write costs at block fidelity
// through all stages: the pipeline of the product, on the kernel in memory.
#include <limits>
#include <memory>
#include <optional>

#include "model/replication/replication_pipeline.hpp"
#include "sim/memory/crashable_store.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "sim/world/world.hpp"
#include "tests/benchmarks/block_benchmark.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::benchmarks {

namespace {

class GivenWrites : public workload::BlockWriteSource {
  public:
    std::optional<workload::BlockWrite> next() override {
        if (at_ == guest_writes().size()) return std::nullopt;
        const GuestWrite& write = guest_writes()[at_++];
        return workload::BlockWrite{write.at, write.range, write.kind};
    }

  private:
    std::size_t at_ = 0;
};

struct Nobody : Observer, ReplicationListener, WireTap, world::Director {
    void recovery_point_published(MachineId, Instant, Instant, bool) override {}
    void disk_copied(DiskId, std::string_view, Instant, Bytes) override {}
    void noted(std::string_view, std::string_view, std::string_view) override {}
    void state_changed(MachineId, std::string_view) override {}
    void job_started(JobId, MachineId, std::string_view) override {}
    void task_ended(JobId, std::string_view, std::string_view, Instant) override {}
    void job_ended(JobId, std::string_view, std::string_view) override {}
    void copy_completed(MachineId) override {}
    void recovery_point_published(MachineId, const RecoveryPoint&) override {}
    void resync_required(MachineId, std::string_view) override {}
    void in_cache(DiskId, std::vector<std::byte>&) override {}
    void on_wire(DiskId, std::vector<std::byte>&) override {}
    void on_link(std::string_view, bool) override {}
    void on_cue(std::uint32_t, std::uint32_t) override {}
};

/// What is measured beside the stages that the budget names.
struct Besides {
    bool envelopes = false;
    bool durable = false;
    bool guests = false;  ///< the writes are drawn while the clock runs
};

class Whole : private EventSink, private Nobody {
  public:
    explicit Whole(const Besides& besides)
        : estate_(one_machine()),
          kernel_(network()),
          blocks_(estate_, 1),
          world_(kernel_, estate_, nobody_churns(), {}, &blocks_),
          board_(board_setup(), [this] { return world_.now(); }),
          pipeline_(estate_,
                    {world_,
                     world_,
                     world_,
                     world_,
                     *this,
                     {&blocks_, besides.durable ? &store_ : nullptr, &board_,
                      besides.envelopes ? this : nullptr}},
                    *this) {
        if (besides.guests)
            blocks_.add_disk(kDiskId, workload::make_block_writes(pattern_of_all(true), kDisk,
                                                                  "machine", "disk", 1));
        else
            blocks_.add_disk(kDiskId, std::make_unique<GivenWrites>());
        pipeline_.start_replicated(kMachineId);
        // Time for the last marker to arrive, not for a further point.
        world_.schedule_cue(Instant(seconds(300 * kPoints + 60)), 0, 0);
    }

    void run() { world_.run(*this, *this); }

    [[nodiscard]] std::uint64_t writes() const { return pipeline_.blocks()->writes(); }

    /// That it did what it is measured for.
    void check() {
        board_.finish();
        LANDFALL_CHECK(writes() >= kWrites * 9 / 10, "the guest's writes were taken in");
        LANDFALL_CHECK(board_.points_checked() == kPoints + 1, "every point was compared");
        LANDFALL_CHECK(board_.violation_count() == 0, "the pipeline keeps what it promises");
    }

  private:
    void on(const Event& event) override {
        if (const auto* timer = std::get_if<TimerFired>(&event))
            pipeline_.on_timer(timer->tag);
        else if (const auto* transfer = std::get_if<TransferCompleted>(&event))
            pipeline_.on_transfer(transfer->channel);
    }
    void on_cue(std::uint32_t, std::uint32_t) override { world_.stop(); }

    static Estate one_machine() {
        const Bytes fast(1000 * test::kGB);
        const BytesPerSecond rate(1000 * test::kGB);
        Estate estate;
        estate.profile = test::unlimited_profile();
        estate.capture = {seconds(5), 1};
        estate.policies.push_back({"policy", days(1), std::nullopt, std::nullopt});
        estate.process_servers.push_back({"ps", ChannelId(0), ChannelId(1), fast, rate, 1000});
        Machine machine;
        machine.name = "machine";
        machine.process_server = ProcessServerId(0);
        machine.policy = PolicyId(0);
        machine.first_disk = kDiskId;
        machine.disk_count = 1;
        machine.fidelity = Fidelity::Block;
        estate.machines.push_back(machine);
        const Bytes size = kDisk.sector_size * static_cast<std::int64_t>(kDisk.sectors);
        estate.disks.push_back({"disk", kMachineId, size, Bytes(0), std::nullopt, rate, {}});
        return estate;
    }
    static kernel::NetworkPlan network() {
        kernel::NetworkPlan network;
        network.links.push_back({"lan", 1e12, 1e-9, false});
        network.links.push_back({"wan", 1e12, 1e-9, false});
        network.channels.push_back({"receive", {0}});
        network.channels.push_back({"upload", {1}});
        return network;
    }
    static std::vector<std::unique_ptr<workload::ChurnSource>> nobody_churns() {
        std::vector<std::unique_ptr<workload::ChurnSource>> none;
        none.emplace_back();
        return none;
    }

    Estate estate_;
    kernel::MemoryKernel kernel_;
    world::SimulatedBlocks blocks_;
    world::World world_;
    CrashableStore store_;
    lab::OracleBoard board_;
    ReplicationPipeline pipeline_;
};

/// The best of three runs: noise only ever adds.
void all_together(benchmark::State& state, const Besides& besides) {
    guest_writes();
    memcpy_writes_per_second();
    double best = std::numeric_limits<double>::infinity();
    while (state.KeepRunning()) {
        for (int run = 0; run < 3; ++run) {
            state.PauseTiming();
            auto whole = std::make_unique<Whole>(besides);
            state.ResumeTiming();
            const double begin = cpu_seconds();
            whole->run();
            const double seconds = cpu_seconds() - begin;
            state.PauseTiming();
            whole->check();
            best = std::min(best, seconds / static_cast<double>(whole->writes()));
            whole.reset();
            state.ResumeTiming();
        }
    }
    report(state, best);
}
BENCHMARK_CAPTURE(all_together, budget, {})
    ->Name("block/ALL: capture, records, apply, oracle")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(all_together, envelopes, {.envelopes = true})
    ->Name("block/ALL, and envelopes")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(all_together, everything, {.envelopes = true, .durable = true, .guests = true})
    ->Name("block/ALL, and envelopes, durable, guests drawing")
    ->Unit(benchmark::kMillisecond);

}  // namespace

}  // namespace landfall::benchmarks
