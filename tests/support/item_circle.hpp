// tests/support/item_circle.hpp — an item with both its legs, failed over and brought home by hand.
//
// No control plane: a test tells the pipeline and the world what to do at which instant, and the
// oracles listen. Links are fast, machines take seconds.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/replication/replication_pipeline.hpp"
#include "sim/lab/oracle_board.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "sim/workload/block_writes.hpp"
#include "sim/workload/churn.hpp"
#include "sim/world/world.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::test {

struct CircleSetup {
    ReplicationEngine forward = ReplicationEngine::InMageToAzure;
    ReplicationEngine back = ReplicationEngine::Failback;
    Fidelity fidelity = Fidelity::Block;
    BytesPerSecond churn = BytesPerSecond(0);  ///< per disk, at volume fidelity
    Bytes disk_size = Bytes(400 * 4096);
};

class ItemCircle : private EventSink,
                   private ReplicationListener,
                   private Observer,
                   private world::Director {
  public:
    static constexpr MachineId kItem{std::size_t{0}};
    static constexpr MachineId kBack{std::size_t{1}};
    static constexpr std::uint32_t kDisks = 2;
    struct Copied {
        DiskId disk;
        std::string kind;
        Bytes bytes;
    };

    explicit ItemCircle(const CircleSetup& setup)
        : estate_(build_estate(setup)),
          kernel_(build_network()),
          blocks_(estate_, 7),
          world_(kernel_, estate_, build_churn(setup), {}, &blocks_),
          board_(board_setup(setup), [this] { return world_.now(); }),
          pipeline_(estate_, {world_, world_, world_, world_, *this, ports(setup)}, *this) {}

    /// Calls `step` at `seconds_from_start`.
    void at(std::int64_t seconds_from_start, std::function<void()> step) {
        steps_.push_back(std::move(step));
        world_.schedule_cue(Instant(seconds(seconds_from_start)), 0,
                            static_cast<std::uint32_t>(steps_.size() - 1));
    }
    void run_until(std::int64_t end) {
        at(end, [this] { world_.stop(); });
        world_.run(*this, *this);
        board_.finish();
    }
    /// Asks for a machine; `then` is called when that has ended.
    void request(MachineInstance instance, MachineAction action, std::function<void()> then = {}) {
        endings_.push_back(std::move(then));
        world_.request({kItem, instance, action, false, endings_.size()});
    }
    /// Fails the item over to Latest and starts it there.
    RecoveryPoint fail_over(bool planned) {
        const RecoveryPoint point = pipeline_.make_latest_point(kItem).value();
        pipeline_.stop(kItem);
        pipeline_.promoted(kItem, point, planned);
        request(MachineInstance::Recovery, MachineAction::Create,
                [this] { request(MachineInstance::Recovery, MachineAction::Start); });
        return point;
    }
    /// Shuts the machine at the target down, and calls `home` with the point that holds its end.
    void fail_back(std::function<void(const RecoveryPoint&)> home) {
        request(MachineInstance::Recovery, MachineAction::ShutDown, [this, home] {
            ends_ = world_.now();
            LANDFALL_CHECK(pipeline_.capture_final(kBack), "the leg replicates in order");
            when_home_ = home;
            note_home();
        });
    }

    [[nodiscard]] std::vector<Stamp> content(MachineId leg, std::uint32_t disk) const {
        const DiskId id(estate_.machine(leg).first_disk.value + disk);
        std::vector<Stamp> stamps(blocks_.geometry(id).sectors);
        blocks_.read(id, 0, stamps);
        return stamps;
    }
    [[nodiscard]] std::string violations() const {
        std::string all;
        for (const lab::Violation& violation : board_.violations()) all += violation.text + '\n';
        return all;
    }
    [[nodiscard]] std::uint64_t checked(std::string_view oracle) const {
        for (const auto& other : board_.oracles())
            if (other->id() == oracle) return other->checked();
        return 0;
    }
    [[nodiscard]] const std::vector<Copied>& copies() const { return copies_; }
    ReplicationPipeline& pipeline() { return pipeline_; }
    world::World& world() { return world_; }
    const Estate& estate() const { return estate_; }

  private:
    static bool relays(ReplicationEngine engine, bool host_downloads) {
        return engine == ReplicationEngine::InMageToAzure ||
               engine == ReplicationEngine::ScoutToSecondary ||
               (engine == ReplicationEngine::Failback && !host_downloads);
    }

    static Estate build_estate(const CircleSetup& setup) {
        Estate estate;
        estate.profile = unlimited_profile();
        estate.profile.crash_consistent_interval = seconds(4);
        estate.profile.retention_grids = {{days(1), {{days(1), seconds(4)}}}};
        estate.profile.resync_chunk = Bytes(16 * 4096);
        estate.profile.block_copy_chunk = Bytes(8 * 4096);
        estate.profile.hyper_v_log_resync_percent = 1000;
        estate.profile.hyper_v_disks_at_once = 1;
        estate.profile.start_failover_time = seconds(2);
        estate.profile.hyper_v_start_failover_time = seconds(2);
        estate.profile.start_machine_time = seconds(1);
        estate.profile.shut_down_time = seconds(3);
        estate.profile.start_primary_time = seconds(2);
        estate.capture = {seconds(1), 1};
        estate.policies.push_back({"policy", days(1), std::nullopt, std::nullopt, seconds(30)});
        for (const bool back : {false, true}) {
            const ReplicationEngine engine = back ? setup.back : setup.forward;
            const bool relay = relays(engine, setup.forward == ReplicationEngine::HyperVToAzure);
            const std::size_t channel = back ? 2 : 0;
            estate.process_servers.push_back(
                {back ? "home" : "out", relay ? ChannelId(channel) : ChannelId(),
                 ChannelId(channel + 1), Bytes(kGB), BytesPerSecond(kGB), 1000});
            Machine machine;
            machine.name = back ? "m (back)" : "m";
            machine.process_server = ProcessServerId(back ? 1 : 0);
            machine.policy = PolicyId(0);
            machine.first_disk = DiskId(estate.disks.size());
            machine.disk_count = kDisks;
            machine.engine = engine;
            machine.fidelity = setup.fidelity;
            (back ? machine.forward_of : machine.reverse) = back ? kItem : kBack;
            for (std::uint32_t k = 0; k < kDisks; ++k) {
                estate.disks.push_back({"d" + std::to_string(k), MachineId(estate.machines.size()),
                                        setup.disk_size, Bytes(setup.disk_size.count() / 2),
                                        std::nullopt, estate.profile.log_processing_rate});
            }
            estate.machines.push_back(machine);
        }
        return estate;
    }
    static kernel::NetworkPlan build_network() {
        kernel::NetworkPlan network;
        network.links.push_back({"lan", 50e6, 1e-4, false});
        network.links.push_back({"wan", 2e6, 1e-3, false});
        for (const char* name : {"receive", "upload", "receive home", "upload home"}) {
            network.channels.push_back({name, {network.channels.size() % 2 == 0 ? 0U : 1U}});
        }
        return network;
    }
    static std::vector<std::unique_ptr<workload::ChurnSource>> build_churn(
        const CircleSetup& setup) {
        static const workload::TraceStore no_traces;
        std::vector<std::unique_ptr<workload::ChurnSource>> churn(std::size_t{2} * kDisks);
        for (auto& source : churn) {
            if (setup.fidelity == Fidelity::Block) continue;
            source = workload::make_churn(scenario::ConstantChurn{setup.churn}, "m", "disk", 1, 1.0,
                                          1, no_traces);
        }
        return churn;
    }
    static lab::BoardSetup board_setup(const CircleSetup& setup) {
        const Estate estate = build_estate(setup);
        lab::BoardSetup board;
        for (const Machine& machine : estate.machines) {
            board.machines.push_back({machine.name, machine.first_disk, machine.disk_count});
        }
        for (const Disk& disk : estate.disks) {
            board.disks.push_back(
                {disk.name, {static_cast<std::uint64_t>(disk.size.count() / 4096), Bytes(4096)}});
        }
        return board;
    }
    BlockPorts ports(const CircleSetup& setup) {
        if (setup.fidelity == Fidelity::Volume) return {};
        for (std::uint32_t k = 0; k < estate_.disks.size(); ++k) {
            workload::BlockPattern pattern;
            pattern.writes_per_second = 3;
            pattern.write_size = Bytes(2 * 4096);
            pattern.trim_share = 0.05;
            const auto sectors = static_cast<std::uint64_t>(setup.disk_size.count() / 4096);
            blocks_.add_disk(DiskId(k),
                             workload::make_block_writes(pattern, {sectors, Bytes(4096)}, "m",
                                                         "d" + std::to_string(k % kDisks), 3));
        }
        return {&blocks_, nullptr, &board_};
    }

    void note_home() {
        const auto newest = pipeline_.recovery_points(kBack).latest();
        if (!when_home_ || !newest || newest->time < ends_) return;
        const auto home = std::move(when_home_);
        when_home_ = nullptr;
        pipeline_.stop(kBack);
        pipeline_.promoted(kBack, *newest, true);
        home(*newest);
    }

    // EventSink
    void on(const Event& event) override {
        if (const auto* timer = std::get_if<TimerFired>(&event)) pipeline_.on_timer(timer->tag);
        if (const auto* done = std::get_if<TransferCompleted>(&event)) {
            pipeline_.on_transfer(done->channel);
        }
        if (const auto* ended = std::get_if<MachineActionEnded>(&event)) {
            LANDFALL_CHECK(ended->succeeded, "nothing was planted");
            const auto then = endings_[ended->token - 1];
            if (then) then();
        }
    }
    // Director
    void on_cue(std::uint32_t, std::uint32_t subject) override {
        const auto step = steps_[subject];
        step();
    }
    void on_link(std::string_view, bool) override {}
    // ReplicationListener
    void copy_completed(MachineId) override {}
    void recovery_point_published(MachineId machine, const RecoveryPoint&) override {
        // The pipeline is in the middle of a step: home is looked at in the next one.
        if (machine == kBack && when_home_) at_once([this] { note_home(); });
    }
    void resync_required(MachineId, std::string_view) override {}
    void at_once(std::function<void()> step) {
        steps_.push_back(std::move(step));
        world_.schedule_cue(world_.now(), 0, static_cast<std::uint32_t>(steps_.size() - 1));
    }
    // Observer
    void recovery_point_published(MachineId, Instant, Instant, bool) override {}
    void disk_copied(DiskId disk, std::string_view kind, Instant, Bytes bytes) override {
        copies_.push_back({disk, std::string(kind), bytes});
    }
    void noted(std::string_view, std::string_view, std::string_view) override {}
    void state_changed(MachineId, std::string_view) override {}
    void job_started(JobId, MachineId, std::string_view) override {}
    void task_ended(JobId, std::string_view, std::string_view, Instant) override {}
    void job_ended(JobId, std::string_view, std::string_view) override {}

    Estate estate_;
    kernel::MemoryKernel kernel_;
    world::SimulatedBlocks blocks_;
    world::World world_;
    lab::OracleBoard board_;
    std::vector<std::function<void()>> steps_;
    std::vector<std::function<void()>> endings_;
    std::vector<Copied> copies_;
    std::function<void(const RecoveryPoint&)> when_home_;
    Instant ends_;
    ReplicationPipeline pipeline_;
};

}  // namespace landfall::test
