// tests/mutants/pipeline_lab.cpp — the pipeline as a whole on tiny disks, one engine per seed:
// outages, power losses of either side, bits that flip on the way, buffers that overflow, disks
// that are replaced or grow, consistency groups, resynchronizations and failovers to Latest. The
// detour lab is the same with disks that come and go, pauses, and process servers that are
// switched.
#include <memory>
#include <vector>

#include "model/replication/replication_pipeline.hpp"
#include "model/storage/journal_record.hpp"
#include "sim/memory/crashable_store.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "sim/world/world.hpp"
#include "tests/mutants/lab_bench.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::mutants {
namespace {

constexpr std::uint32_t kMachines = 2;
constexpr std::uint32_t kDisksEach = 2;
constexpr std::uint32_t kServers = 2;
constexpr std::int64_t kSector = 4096;
constexpr Duration kEnd = seconds(240);

class Silence : public Observer {
  public:
    void recovery_point_published(MachineId, Instant, Instant, bool) override {}
    void disk_copied(DiskId, std::string_view, Instant, Bytes) override {}
    void noted(std::string_view, std::string_view, std::string_view) override {}
    void state_changed(MachineId, std::string_view) override {}
    void job_started(JobId, MachineId, std::string_view) override {}
    void task_ended(JobId, std::string_view, std::string_view, Instant) override {}
    void job_ended(JobId, std::string_view, std::string_view) override {}
};

/// Sectors of each disk: few, and no round number.
std::vector<std::vector<std::uint64_t>> shapes(std::uint64_t seed) {
    std::vector<std::vector<std::uint64_t>> all;
    for (std::uint64_t m = 0; m < kMachines; ++m)
        all.push_back({61 + (seed + m) % 37, 40 + (seed * 7 + m) % 23});
    return all;
}

bool has_relay(ReplicationEngine engine) {
    return engine == ReplicationEngine::InMageToAzure ||
           engine == ReplicationEngine::ScoutToSecondary || engine == ReplicationEngine::Failback;
}

bool grouped(std::uint64_t seed) {
    return seed / kReplicationEngines % 5 == 2;
}

/// What a source keeps of changed blocks, what it can hold in order, and how it goes on after it
/// could not: one of each by the seed.
void choose_source(ServiceProfile& profile, std::uint64_t seed) {
    const std::uint64_t draw = seed / kReplicationEngines;
    profile.source_tracking = static_cast<SourceTracking>(draw % kSourceTrackings.size());
    profile.tracking_extent = Bytes(4 * kSector);
    profile.tracking_extents = 3;
    profile.resync_by_bitmap = draw / kSourceTrackings.size() % 2 == 1;
    if (draw % 3 == 1) profile.source_buffer = Bytes(12 * kSector);
    profile.hyper_v_disks_at_once = 1;
    profile.hyper_v_log_resync_percent = draw % 3 == 1 ? 90 : 100;
    profile.hyper_v_coalesce_log = draw % 2 == 1;
    profile.hyper_v_retry_delays = {seconds(1), seconds(2)};
    profile.hyper_v_retry_every = seconds(4);
}

Estate make_estate(std::uint64_t seed) {
    Estate estate;
    estate.profile = test::unlimited_profile();
    choose_source(estate.profile, seed);
    if (grouped(seed)) {
        estate.groups.push_back({"g", {}, seconds(1), nanoseconds(50'000'000)});
        for (std::uint32_t m = 0; m < kMachines; ++m) estate.groups[0].members.emplace_back(m);
    }
    estate.profile.crash_consistent_interval = seconds(4);
    estate.profile.resync_chunk = Bytes(16 * kSector);
    estate.profile.block_copy_chunk = Bytes(8 * kSector);
    estate.profile.retention_grids = {{days(1), {{minutes(1), seconds(4)}, {days(1), minutes(1)}}}};
    estate.capture = {seconds(1), 1};
    estate.policies.push_back({"policy", days(1), std::nullopt, std::nullopt, seconds(30)});
    const auto engine = static_cast<ReplicationEngine>(seed % kReplicationEngines);
    // A source that uploads by itself has no cache that could fill.
    const Bytes cache = has_relay(engine) ? Bytes(1 << 20) : Bytes(1 << 30);
    for (std::uint32_t k = 0; k < kServers; ++k) {
        estate.process_servers.push_back(
            {"ps" + std::to_string(k), has_relay(engine) ? ChannelId(2 * k) : ChannelId(),
             ChannelId(2 * k + 1), cache, BytesPerSecond(1 << 30), 1000});
    }
    const auto sectors = shapes(seed);
    for (std::uint32_t m = 0; m < kMachines; ++m) {
        Machine machine;
        machine.name = "m" + std::to_string(m);
        machine.process_server = ProcessServerId(0);
        machine.policy = PolicyId(0);
        if (grouped(seed)) machine.group = ConsistencyGroupId(0);
        machine.first_disk = DiskId(estate.disks.size());
        machine.disk_count = kDisksEach;
        machine.engine = engine;
        machine.fidelity = Fidelity::Block;
        machine.failed_over.unreplicated = Bytes(20 * kSector);
        machine.failed_over.written_in_azure = Bytes(20 * kSector);
        estate.machines.push_back(machine);
        for (std::uint32_t d = 0; d < kDisksEach; ++d) {
            const Bytes size(static_cast<std::int64_t>(sectors[m][d]) * kSector);
            estate.disks.push_back({"d" + std::to_string(d),
                                    MachineId(m),
                                    size,
                                    Bytes(size.count() / 2),
                                    std::nullopt,
                                    estate.profile.log_processing_rate,
                                    {}});
        }
    }
    return estate;
}

kernel::NetworkPlan make_network(std::uint64_t seed) {
    kernel::NetworkPlan network;
    network.links.push_back({"lan", 2e6, 1e-4, false});
    network.links.push_back({"wan", 60e3 + 10e3 * static_cast<double>(seed % 9), 1e-3, true});
    for (std::uint32_t k = 0; k < kServers; ++k) {
        network.channels.push_back({"receive " + std::to_string(k), {0}});
        network.channels.push_back({"upload " + std::to_string(k), {1}});
    }
    return network;
}

class PipelineLab : public LabBench,
                    private EventSink,
                    private ReplicationListener,
                    private WireTap,
                    private world::Director {
  public:
    /// With `detours` machines change their servers, pause and resume, and disks come and go.
    explicit PipelineLab(std::uint64_t seed, bool detours = false)
        : LabBench(seed, "pipeline", shapes(seed), grouped(seed)),
          detours_(detours),
          estate_(make_estate(seed)),
          kernel_(make_network(seed)),
          blocks_(estate_, seed),
          world_(kernel_, estate_,
                 std::vector<std::unique_ptr<workload::ChurnSource>>(estate_.disks.size()), links(),
                 &blocks_),
          reader_(blocks_),
          pipeline_(estate_,
                    {world_,
                     world_,
                     world_,
                     world_,
                     silence_,
                     {&blocks_, &store_, &board, this, &source_store_}},
                    *this) {
        clock = Instant();
        for (std::uint32_t d = 0; d < estate_.disks.size(); ++d) add_guest(DiskId(d), seed);
        board.connect(this);
    }

    void run() {
        for (std::uint32_t m = 0; m < kMachines; ++m) {
            world_.schedule_cue(Instant(seconds(1)), Start, m);
            if (chance(60)) some_time(Latest, m);
            world_.schedule_cue(Instant(kEnd), Promote, m);
            if (chance(30)) some_time(Resync, m);
            for (std::uint64_t losses = below(4); losses > 0; --losses) some_time(LosePower, m);
            if (chance(15)) some_time(ReplaceDisk, m);
            if (chance(15)) some_time(ResizeDisk, m);
            if (chance(15)) some_time(CutWrites, m);
        }
        for (std::uint32_t m = 0; detours_ && m < kMachines; ++m) {
            for (const Cue cue : {SwitchServer, Pause, Resume, AddDisk, RemoveDisk}) {
                for (std::uint64_t times = below(4); times > 0; --times) some_time(cue, m);
            }
            world_.schedule_cue(Instant(seconds(215)), Resume, m);
        }
        for (std::uint64_t crashes = below(4); crashes > 0; --crashes) some_time(CrashReplica, 0);
        for (Instant at(seconds(2)); at < Instant(kEnd); at = at + seconds(3))
            world_.schedule_cue(at, Checkpoint, 0);
        world_.schedule_cue(Instant(kEnd + seconds(1)), Stop, 0);
        world_.run(*this, *this);
    }

    // StateProbe
    [[nodiscard]] bool covered(DiskId disk, std::uint64_t sector) const override {
        return pipeline_.blocks()->outstanding(disk).is_set(sector);
    }
    [[nodiscard]] const BlockReader* source() const override { return &reader_; }
    [[nodiscard]] const BlockReader* newest_replica(MachineId machine) const override {
        if (pipeline_.data_path(machine) == DataPath::Stopped) return nullptr;
        replica_reader_ = pipeline_.blocks()->reader(machine, std::nullopt);
        return replica_reader_.get();
    }
    [[nodiscard]] std::vector<std::uint64_t> listed_points(MachineId machine) const override {
        std::vector<std::uint64_t> ids;
        for (const auto& point : pipeline_.blocks()->replica(machine).points())
            ids.push_back(point.id);
        return ids;
    }
    [[nodiscard]] const BlockReader* point(MachineId machine, std::uint64_t id) const override {
        if (!pipeline_.blocks()->replica(machine).lists(id)) return nullptr;
        replica_reader_ = pipeline_.blocks()->reader(machine, id);
        return replica_reader_.get();
    }

  private:
    enum Cue : std::uint32_t {
        Start,
        Checkpoint,
        LosePower,
        ReplaceDisk,
        ResizeDisk,
        CutWrites,
        CrashReplica,
        Resync,
        Latest,
        Promote,
        Stop,
        SwitchServer,
        Pause,
        Resume,
        AddDisk,
        RemoveDisk,
    };

    class SourceReader : public BlockReader {
      public:
        explicit SourceReader(const world::SimulatedBlocks& blocks) : blocks_(blocks) {}
        void read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const override {
            blocks_.read(disk, first, out);
        }

      private:
        const world::SimulatedBlocks& blocks_;
    };

    /// The link breaks now and then, for engines whose connections are made anew.
    std::vector<world::ScheduledLink> links() {
        const EngineDesign design = design_of(estate_.machines[0].engine, estate_.profile);
        scenario::Link wan;
        wan.bandwidth = BytesPerSecond(100'000);
        if (!design.retry_delays.empty()) {
            for (std::int64_t at = 20; at < 200; at += 60) {
                wan.outages.push_back({Instant(seconds(at + static_cast<std::int64_t>(below(30)))),
                                       seconds(1 + static_cast<std::int64_t>(below(8)))});
            }
        }
        std::vector<world::ScheduledLink> links;
        links.push_back(
            {1, "wan", world::LinkSchedule(wan, 1.0), true, {ChannelId(1), ChannelId(3)}});
        return links;
    }
    void add_guest(DiskId disk, std::uint64_t seed) {
        workload::BlockPattern pattern;
        pattern.kind = static_cast<workload::BlockPattern::Kind>(below(3));
        pattern.writes_per_second = 0.4 + 0.4 * static_cast<double>(below(5));
        pattern.write_size = Bytes(kSector * static_cast<std::int64_t>(1 + below(3)));
        pattern.trim_share = 0.05;
        const Disk& facts = estate_.disk(disk);
        const auto sectors = static_cast<std::uint64_t>(facts.size.count() / kSector);
        blocks_.add_disk(disk,
                         make_block_writes(pattern, {sectors, Bytes(kSector)},
                                           estate_.machine(facts.machine).name, facts.name, seed));
    }
    void some_time(Cue cue, std::uint32_t machine) {
        const auto second = 30 + static_cast<std::int64_t>(below(200));
        world_.schedule_cue(Instant(seconds(second) + nanoseconds(500'000'000)), cue, machine);
    }

    // EventSink
    void on(const Event& event) override {
        clock = kernel_.now();
        if (const auto* timer = std::get_if<TimerFired>(&event)) pipeline_.on_timer(timer->tag);
        if (const auto* ended = std::get_if<TransferCompleted>(&event))
            pipeline_.on_transfer(ended->channel);
        if (const auto* failed = std::get_if<TransferFailed>(&event))
            pipeline_.on_transfer_failed(failed->channel, failed->delivered);
    }
    // Director
    void on_cue(std::uint32_t cue, std::uint32_t subject) override {
        clock = kernel_.now();
        const MachineId machine(subject);
        const DataPath path = pipeline_.data_path(machine);
        switch (static_cast<Cue>(cue)) {
            case Start: return pipeline_.start_initial_replication(machine);
            case Checkpoint: return board.checkpoint();
            case LosePower: return lose_power(machine);
            case ReplaceDisk: return replace_disk(machine);
            case ResizeDisk: return resize_disk(machine);
            case CutWrites: return source_store_.short_writes("m", below(5000));
            case CrashReplica: return crash_replica();
            case Resync:
                if (pipeline_.is_paused(machine)) return;  // it is tried again when it goes on
                if (path == DataPath::ResyncRequired || path == DataPath::Journal)
                    pipeline_.start_resync(machine);
                return;
            case Latest: pipeline_.make_latest_point(machine); return;
            case Promote:
                if (const auto point = pipeline_.make_latest_point(machine))
                    pipeline_.promoted(machine, *point, false);
                return pipeline_.stop(machine);
            case Stop: return world_.stop();
            default: return take_detour(static_cast<Cue>(cue), machine);
        }
    }
    void on_link(std::string_view, bool) override {}
    /// Each for the engines that have it: a relay is switched, a Hyper-V host pauses, and disks
    /// come and go where the source uploads by itself.
    void take_detour(Cue cue, MachineId machine) {
        const DataPath path = pipeline_.data_path(machine);
        const bool relay = has_relay(estate_.machine(machine).engine);
        const bool double_log = pipeline_.design(machine).capture == CaptureForm::DoubleLog;
        if (path == DataPath::Stopped || relay != (cue == SwitchServer)) return;
        if ((cue == Pause || cue == Resume) && !double_log) return;
        const DiskId second(estate_.machine(machine).first_disk.value + 1U);
        switch (cue) {
            case SwitchServer: {
                const auto other = 1 - pipeline_.server_of(machine).value;
                return pipeline_.switch_process_server(machine, ProcessServerId(other), seconds(2));
            }
            case Pause:
                if (path != DataPath::Copying) pipeline_.pause_replication(machine);
                return;
            case Resume:
                if (!pipeline_.is_paused(machine)) return;
                pipeline_.resume_replication(machine);
                if (path == DataPath::ResyncRequired) resync_required(machine, "");
                return;
            case AddDisk:
                if (!pipeline_.is_on_its_way(second)) pipeline_.add_disk(second);
                return;
            case RemoveDisk:
                if (path == DataPath::Copying || pipeline_.is_joining(second)) return;
                return pipeline_.remove_disk(second);
            default: return;
        }
    }
    void lose_power(MachineId machine) {
        pipeline_.lose_power(machine);
        source_store_.crash([this](std::uint64_t bound) { return below(bound); });
        pipeline_.power_returned(machine);
    }
    DiskId some_disk_of(MachineId machine) {
        return DiskId(estate_.machine(machine).first_disk.value + below(kDisksEach));
    }
    void replace_disk(MachineId machine) {
        const DiskId disk = some_disk_of(machine);
        blocks_.replace(disk, kernel_.now());
        pipeline_.disk_replaced(disk);
    }
    void resize_disk(MachineId machine) {
        const DiskId disk = some_disk_of(machine);
        Bytes& size = estate_.disks[disk.value].size;
        size += Bytes(static_cast<std::int64_t>(1 + below(20)) * kSector);
        blocks_.resize(disk);
        pipeline_.disk_resized(disk);
    }
    void crash_replica() {
        store_.crash([this](std::uint64_t bound) { return below(bound); });
        for (std::uint32_t m = 0; m < kMachines; ++m) pipeline_.replica_restarted(MachineId(m));
    }
    // ReplicationListener
    void copy_completed(MachineId) override {}
    void recovery_point_published(MachineId, const RecoveryPoint&) override {}
    void resync_required(MachineId machine, std::string_view) override {
        world_.schedule_cue(kernel_.now() + seconds(3), Resync, machine.value);
    }
    // WireTap
    void in_cache(DiskId disk, std::vector<std::byte>& records) override {
        if (records.empty() || !chance(1)) return;
        const std::uint64_t bit = below(8 * records.size());
        RecordReader reader(records);
        while (const auto record = reader.next()) {
            if (bit / 8 >= reader.offset()) continue;
            board.record_damaged(disk, record->header().generation, record->header().seq);
            break;
        }
        records[bit / 8] ^= std::byte{1} << (bit % 8);
    }
    void on_wire(DiskId, std::vector<std::byte>& envelope) override {
        if (envelope.empty() || !chance(1)) return;
        const std::uint64_t bit = below(8 * envelope.size());
        envelope[bit / 8] ^= std::byte{1} << (bit % 8);
    }

    bool detours_;
    Estate estate_;
    kernel::MemoryKernel kernel_;
    world::SimulatedBlocks blocks_;
    world::World world_;
    SourceReader reader_;
    CrashableStore store_;
    CrashableStore source_store_;
    Silence silence_;
    mutable std::unique_ptr<BlockReader> replica_reader_;
    ReplicationPipeline pipeline_;
};

class DetourLab : public PipelineLab {
  public:
    explicit DetourLab(std::uint64_t seed) : PipelineLab(seed, true) {}
};

}  // namespace

Verdict run_detour_lab(std::uint64_t seed) {
    return run_lab<DetourLab>(seed);
}

Verdict run_pipeline_lab(std::uint64_t seed) {
    return run_lab<PipelineLab>(seed);
}

}  // namespace landfall::mutants
