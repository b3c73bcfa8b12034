// model/replication/replication_pipeline.hpp — the stages that every engine is composed of.
//
// Capture at the source, a relay where the engine has one, an upload channel, logs applied to
// replica disks, recovery points. Which form each stage takes for a machine is its engine's design
// (engine_design.hpp); what the bytes stand for is numbers at volume fidelity and blocks at block
// fidelity (block_content.hpp), with the same queues, cursors and states. Laws:
//   - a recovery point is published only when every disk of the machine replicates in write order
//     and all changes before its marker are uploaded;
//   - a source that cannot keep its changes in order any longer (buffer or log full, power lost)
//     needs a resynchronization, and until that ends no recovery point is published;
//   - changes of an older life of a machine's stream (generation) are never published;
//   - every queue has a bound: the cache throttles, the source buffer ends in a resynchronization;
//   - where a disk has a churn ceiling, its changes leave no faster, and what follows them waits;
//   - a point holds the disks that had been copied before its cut and still replicate, and no other
//     (pipeline_disks.cpp);
//   - the changes of a machine are on one way at a time, in order: those behind wait at the source
//     while it is paused or its agent stopped, and until the server that it leaves is empty of it
//     (pipeline_detours.cpp).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "model/replication/block_content.hpp"
#include "model/replication/copy_stream.hpp"
#include "model/replication/engine_design.hpp"
#include "model/replication/flow/token_bucket.hpp"
#include "model/replication/group_markers.hpp"
#include "model/replication/process_server_state.hpp"
#include "model/replication/replica_disk.hpp"
#include "model/storage/recovery_points.hpp"

namespace landfall {

/// Where a machine's data path stands.
enum class DataPath : std::uint8_t {
    Stopped,         ///< nothing is captured
    Copying,         ///< initial copy or checksum compare, with the catch-up after it
    Journal,         ///< every disk in write order: recovery points are published
    ResyncRequired,  ///< order lost; changed blocks are recorded until the resynchronization
};

constexpr std::string_view name_of(DataPath path) {
    switch (path) {
        case DataPath::Stopped: return "stopped";
        case DataPath::Copying: return "copying";
        case DataPath::Journal: return "journal";
        case DataPath::ResyncRequired: return "resync required";
    }
    return "";
}

/// How far the first marker of a consistency group is that is in no point yet.
enum class MarkerProgress : std::uint8_t { None, Placed, Decided };

/// What the layer above is told.
class ReplicationListener {
  public:
    virtual ~ReplicationListener() = default;
    /// Every disk is copied and replicates in write order: after an initial replication or a
    /// resync.
    virtual void copy_completed(MachineId machine) = 0;
    virtual void recovery_point_published(MachineId machine, const RecoveryPoint& point) = 0;
    /// The machine's data path has gone to ResyncRequired.
    virtual void resync_required(MachineId machine, std::string_view cause) = 0;
};

/// The most bytes that leave in one batch over a line that carries `rate`, of a backlog of at most
/// 2 GiB.
[[nodiscard]] Bytes largest_batch(const ServiceProfile& profile, Duration capture_step,
                                  BytesPerSecond rate);

class ReplicationPipeline : private GroupHost {
  public:
    /// Timer kinds below this bound are this engine's.
    static constexpr std::uint32_t kTimerKinds = 16;

    ReplicationPipeline(const Estate& estate, Environment environment,
                        ReplicationListener& listener);

    // Operations on a machine's data path. Each requires the path named.
    /// Stopped: starts the initial copy. Of a leg that replicates what the other one was failed
    /// over from, `parted` says how: what differs travels, and the points of its past are gone.
    void start_initial_replication(MachineId machine, const FailedOver* parted = nullptr);
    /// Stopped: the replica already equals the source, with a recovery point of this instant.
    void start_replicated(MachineId machine);
    /// ResyncRequired or Journal: compares all disks and ships what differs. From ResyncRequired a
    /// disk whose changed blocks are known, all of them, ships those without a compare.
    void start_resync(MachineId machine);
    /// Any: stops capture and drops what is not uploaded. Recovery points stay.
    void stop(MachineId machine);
    /// Any: the source lost power; what it held in memory is gone.
    void lose_power(MachineId machine);
    /// The source boots again: how it keeps track of changed blocks says what it still knows.
    void power_returned(MachineId machine);
    /// The source was shut down cleanly now: captures the last changes under a marker of their own.
    /// False when the machine does not replicate in write order, so that no point can follow.
    bool capture_final(MachineId machine);
    /// The source, which had been shut down, runs again: its changes are captured from now on.
    void source_started(MachineId machine);
    /// Journal: makes a point of everything that is uploaded, beyond the last marker if there is
    /// more: what failing over to Latest does. Other paths: the newest point there is.
    std::optional<RecoveryPoint> make_latest_point(MachineId machine);
    /// Forgets all points but `point`; commit does that.
    void keep_only(MachineId machine, const RecoveryPoint& point);

    /// Forgets all points: the item is removed.
    void forget_points(MachineId machine);

    void on_timer(TimerTag tag);
    void on_transfer(ChannelId channel);
    /// What had arrived counts; the rest goes back to the front of its queue, and is tried again
    /// after the waits of the engine's design.
    void on_transfer_failed(ChannelId channel, Bytes delivered);
    /// An error that no retry heals (broken disk chain, authentication, machine not found): the
    /// machine is Critical until it is resynchronized (hyper-v-azure-architecture.md).
    void non_recoverable_error(MachineId machine, std::string_view cause);
    /// Another disk is in the disk's place now: its machine needs a resynchronization.
    void disk_replaced(DiskId disk);
    /// The disk has the size now that the estate says. Its machine needs a resynchronization
    /// (SR/vmware-azure-architecture.md), and its points, made of another shape, are deleted
    /// (azure-to-azure-common-questions.md).
    void disk_resized(DiskId disk);
    /// The replica side lost power and came back: what it acknowledged is there, unless it finds
    /// something rotten; then its machine needs a resynchronization, and points may be gone.
    void replica_restarted(MachineId machine);
    /// The machine was failed over to `point`: its witness may compare, and the disks of its other
    /// leg are those of the point, and hold what it holds.
    void promoted(MachineId machine, const RecoveryPoint& point, bool planned);

    // pipeline_disks.cpp: which disks of a machine replicate
    /// A disk that does not replicate begins to: it is copied while the others go on, and points
    /// hold it from the end of that on.
    void add_disk(DiskId disk);
    /// A disk replicates no more, and no further point holds it. Requires that no copy of it runs.
    void remove_disk(DiskId disk);

    // pipeline_detours.cpp: changes that wait at their source
    /// Nothing more leaves and no point is made until resume_replication(); changes are kept. Does
    /// nothing twice. Requires a path that is not Stopped.
    void pause_replication(MachineId machine);
    void resume_replication(MachineId machine);
    /// After `delay` the machine replicates by `server`. What the one before has of it arrives
    /// first, or, where the profile says so, a resynchronization is required.
    void switch_process_server(MachineId machine, ProcessServerId server, Duration delay);
    // What goes wrong at a source's agent, in a cache, at a replica disk
    // (pipeline_disturbances.cpp).
    /// Any: nothing leaves the source until the agent starts again.
    void agent_stopped(MachineId machine);
    void agent_started(MachineId machine);
    /// It is replicated, and its source is on.
    [[nodiscard]] bool is_live(MachineId machine) const {
        const MachineState& source = machines_[machine.value];
        return source.path != DataPath::Stopped && source.source_running;
    }
    [[nodiscard]] bool agent_runs(MachineId machine) const {
        return machines_[machine.value].agent_runs;
    }
    /// The relay comes back with an empty cache: whoever had something in it is resynchronized.
    void lose_cache(ProcessServerId server);
    /// Something else fills the disk of the cache, or has left it.
    void cache_filled(ProcessServerId server, bool filled);
    void apply_logs_at(DiskId disk, BytesPerSecond rate);
    /// Whether the guest can be made application-consistent.
    void app_consistency(MachineId machine, bool works);
    /// Evaluates process server health and RPO thresholds; the environment's health timer calls it.
    void evaluate_health();

    // What can be observed.
    [[nodiscard]] DataPath data_path(MachineId machine) const;
    [[nodiscard]] const RecoveryPoints& recovery_points(MachineId machine) const;
    /// Age of the newest published point; nullopt before the first.
    [[nodiscard]] std::optional<Duration> rpo(MachineId machine) const;
    [[nodiscard]] const ProcessServerState& process_server(ProcessServerId server) const;
    /// Uploaded logs not yet in replica disks, by process server.
    [[nodiscard]] std::vector<Bytes> logs_waiting() const;
    [[nodiscard]] Bytes uploaded(MachineId machine) const;
    /// Bytes that the guest wrote while it was replicated, rewrites counted each time.
    [[nodiscard]] Bytes captured(MachineId machine) const;
    [[nodiscard]] Bytes captured(DiskId disk) const { return disks_[disk.value].captured; }
    /// Share of the initial copy or compare that is done, 0..100, skipped bytes counted as done
    /// (SR/vmware-azure-enable-replication.md).
    [[nodiscard]] std::int64_t copy_progress_percent(DiskId disk) const;
    /// The copy of the disk that runs; none: there is none, or it waits for its turn.
    [[nodiscard]] const std::optional<CopyStream>& copy_of(DiskId disk) const {
        return copies_[disk.value];
    }
    /// Whether the disk has a copy still to come.
    [[nodiscard]] bool copy_waits(DiskId disk) const;
    [[nodiscard]] std::int64_t resyncs(MachineId machine) const;
    /// Its upload failed and waits for another attempt.
    [[nodiscard]] bool waits_to_retry(MachineId machine) const;
    /// Uploaded logs go into its replica disks.
    [[nodiscard]] bool applies_logs(MachineId machine) const;
    [[nodiscard]] MarkerProgress marker_progress(MachineId machine) const;
    [[nodiscard]] std::uint64_t deltas() const { return deltas_; }
    /// Null unless a machine is simulated at block fidelity.
    [[nodiscard]] const BlockContent* blocks() const { return blocks_.get(); }
    [[nodiscard]] bool is_paused(MachineId machine) const {
        return machines_[machine.value].paused;
    }
    /// The process server that the machine replicates by.
    [[nodiscard]] ProcessServerId server_of(MachineId machine) const {
        return machines_[machine.value].server;
    }
    /// The disk replicates, or is being copied to.
    [[nodiscard]] bool replicates(DiskId disk) const {
        return disks_[disk.value].part != Part::LeftOut;
    }
    /// It was added, and no point holds it before its copy ends.
    [[nodiscard]] bool is_joining(DiskId disk) const {
        return disks_[disk.value].part == Part::Joining;
    }
    /// Changes of the disk have not arrived yet.
    [[nodiscard]] bool is_on_its_way(DiskId disk) const;
    /// Disks of the machine that the point does not hold.
    [[nodiscard]] const std::vector<DiskId>& left_out(MachineId machine,
                                                      const RecoveryPoint& point) const {
        return machines_[machine.value].disk_sets[point.disk_set];
    }
    [[nodiscard]] bool holds(DiskId disk, const RecoveryPoint& point) const;
    [[nodiscard]] const EngineDesign& design(MachineId machine) const {
        return *machines_[machine.value].design;
    }

  private:
    enum class TimerKind : std::uint32_t {
        CaptureTick,
        CopyWakeup,
        CloseLog,
        RetryUpload,
        Group,
        ChurnCeiling,
        SwitchServer
    };
    /// Of a disk in the replication of its machine.
    enum class Part : std::uint8_t { Member, Joining, LeftOut };

    // Of tens of thousands of disks and machines each is touched at every step: what a step needs
    // of one fits in a cache line or two, and the rest (copies) lies elsewhere.
    struct DiskState {
        Bytes captured;
        Bytes changed;         ///< written while changed blocks are recorded, rewrites counted
        Bytes open_log;        ///< of a double log: written into the open one, rewrites counted
        Bytes owed;            ///< distinct bytes that an interrupted copy had still to send
        Bytes pending_source;  ///< captured in order, not yet received
        Bytes pending_cache;   ///< received in order, not yet uploaded
        Bytes uploaded;
        Instant uploaded_until;  ///< source time up to which ordered changes are uploaded
        ReplicaDisk replica;
        MachineId machine;
        Capture capture = Capture::Off;
        Part part = Part::Member;
        bool consistent = false;      ///< replicates in order and owes nothing of a copy
        bool seeded = false;          ///< the replica disk holds a whole copy, however old
        bool compare_needed = false;  ///< what differs is in no bitmap
        bool memory_lost = false;     ///< with the power, and nothing was kept besides
        bool in_blocks = false;       ///< at block fidelity

        DiskState(ReplicaDisk mirror, MachineId owner, bool blocks)
            : replica(mirror), machine(owner), in_blocks(blocks) {}
    };
    /// What a disk's changes pass before they are uploaded.
    struct ChurnCeiling {
        TokenBucket bucket;
        bool exceeded = false;  ///< its changes had to wait, and it has not been full since
    };
    /// A marker of a machine in a consistency group, from its placement to its point.
    struct PlacedMark {
        Instant placed;
        bool decided = false;
        std::optional<Instant> cut;     ///< decided: of the group's point; none: the machine's own
        std::optional<Marker> arrived;  ///< all that precedes it is uploaded
    };
    struct MachineState {
        const EngineDesign* design;
        DiskId first_disk;
        std::uint32_t disk_count = 0;
        ProcessServerId server;
        std::optional<Duration> app_consistent_every;
        Duration replication_interval;  ///< of a double log
        DataPath path = DataPath::Stopped;
        bool source_running = true;
        bool agent_runs = true;             ///< nothing leaves without it
        bool app_consistency_works = true;  ///< of the guest
        bool rpo_breached = false;
        bool cycling = false;          ///< a double log's timer runs
        bool close_when_sent = false;  ///< its interval is over, but the log before it is not sent
        std::uint32_t logs_on_the_way = 0;
        std::uint16_t generation = 0;
        Instant captured_until;
        Instant last_point;      ///< source time of the newest published point
        Instant in_order_since;  ///< when the last copy ended
        bool has_point = false;
        bool paused = false;
        bool holds_back = false;  ///< its changes wait in held_
        ProcessServerId leaving;  ///< has changes of it that go first; none: it leaves none
        Instant app_consistent_due;
        std::vector<PlacedMark> group_marks;  ///< in no point yet, in the stream's order
        std::vector<DiskId> copies_waiting;   ///< next one at the back
        std::int64_t resyncs = 0;
        /// By RecoveryPoint::disk_set: the disks that such points do not hold.
        std::vector<std::vector<DiskId>> disk_sets = {{}};
        RecoveryPoints points;

        MachineState(const Machine& facts, const Policy& policy, const EngineDesign& engine,
                     RecoveryPoints empty)
            : design(&engine),
              first_disk(facts.first_disk),
              disk_count(facts.disk_count),
              server(facts.process_server),
              app_consistent_every(policy.app_consistent_every),
              replication_interval(policy.replication_interval),
              points(std::move(empty)) {}
    };
    /// Machines of one process server that capture at the same instants.
    struct CaptureGroup {
        ProcessServerId server;
        std::uint32_t phase = 0;
        std::vector<MachineId> machines;
        std::int64_t next_tick = 0;  ///< ordinal of the step
        bool ticking = false;
    };

    void set_ceilings();
    // pipeline_disks.cpp
    [[nodiscard]] DiskId marker_disk(MachineId machine) const;
    [[nodiscard]] std::uint16_t disk_set_of(MachineId machine, Instant cut);
    void join(DiskId disk);
    void join_all(MachineId machine);
    void tell_left_out(MachineId machine);
    void tell_replicates(DiskId disk, bool does);
    void set_part(DiskId disk, Part part);
    // pipeline_detours.cpp
    void hold_back(MachineId machine);
    void let_go(MachineId machine);
    void hold_again(ProcessServerId server);
    void go_on(MachineId machine);
    void on_switch_due(MachineId machine);
    void change_server(MachineId machine, ProcessServerId server);
    void look_at_leavers(ProcessServerId server);
    [[nodiscard]] bool has_left(MachineId machine) const;
    void end_detour(MachineId machine);
    void start_ticking(MachineId machine);
    void tick_with_others(MachineId machine);
    void on_capture_tick(std::uint32_t group);
    // GroupHost
    [[nodiscard]] bool is_on(MachineId machine) const override;
    [[nodiscard]] bool in_order(MachineId machine) const override;
    void place_marker(MachineId machine, bool app_consistent) override;
    [[nodiscard]] bool marker_stands(MachineId machine, Instant placed, Instant cut) const override;
    [[nodiscard]] bool marker_has_arrived(MachineId machine, Instant placed) const override;
    void marker_decided(MachineId machine, Instant placed, std::optional<Instant> cut) override;

    void set_tick_timer(std::uint32_t group);
    void capture(MachineId machine, Marker marker);
    [[nodiscard]] Bytes written_since(DiskId disk, Instant since, Instant now);
    void push_ordered(DiskId disk, Bytes bytes, PayloadId payload, Marker marker);
    [[nodiscard]] bool order_lost(DiskId disk) const;
    void disk_changed(DiskId disk, std::string_view how);
    void take_markers(MachineId machine, Marker marker);
    Marker due_marker(MachineId machine);
    void start_cycle(MachineId machine);
    void set_cycle_timer(MachineId machine);
    void on_cycle(MachineId machine);
    void close_logs(MachineId machine, Marker marker);
    void close_log(DiskId disk, Marker marker);
    void log_arrived(MachineId machine);
    void begin_copies(MachineId machine);
    void enter(MachineId machine, DataPath path);
    void start_waiting_copies(MachineId machine);
    void start_first_copy(DiskId disk);
    void start_reverse_delta(DiskId disk, const FailedOver& parted);
    [[nodiscard]] Bytes parted_bytes(DiskId disk, const FailedOver& parted);
    void start_compare(DiskId disk);
    void start_changed_blocks(DiskId disk);
    void start_copy(DiskId disk, CopyKind kind, Bytes wire_bytes, Duration reading_time);
    [[nodiscard]] Bytes changed_bytes(DiskId disk) const;
    void on_copy_done(DiskId disk);
    void abandon_stream(MachineId machine);
    /// What a resynchronization has to find out.
    enum class Differing : std::uint8_t { IsKnown, NeedsCompare };
    void require_resync(MachineId machine, std::string_view cause, Differing blocks);

    void pump_receive(ProcessServerId server);
    void wake_for_copies(ProcessServerId server);
    void hand_over(ProcessServerId server);
    void take_below_ceilings(ProcessServerId server);
    void note_ceiling(DiskId disk, bool exceeded);
    [[nodiscard]] Bytes copies_allowed(ProcessServerId server, Bytes limit);
    void take_over(ProcessServerId server);
    void forget(const Delta& delta);
    void note_sent(const Batch& batch);
    void resume(MachineId machine);
    void replica_damaged(MachineId machine);
    void tell_sent(const Batch& batch);
    void tell_lost(const Batch& batch);
    void pump_upload(ProcessServerId server);
    void take_copies(ProcessServerId server, Bytes limit);
    void purge(ProcessServerId server);
    void on_received(ProcessServerId server);
    void on_uploaded(ProcessServerId server);
    void note_progress(ProcessServerId server);
    void arrive(ProcessServerId server, Bytes until);
    bool arrive_ordered(const Delta& delta);
    void arrive_copy(const Delta& delta);
    void marker_arrived(const Delta& delta);
    void publish_marks(MachineId machine);
    void go_alone(MachineId machine);
    void publish(MachineId machine, Instant cut, Marker kind, bool multi_vm);
    void add_point(MachineId machine, const RecoveryPoint& point);
    [[nodiscard]] Bytes batch_limit(BytesPerSecond measured, Bytes waiting) const;
    [[nodiscard]] Bytes copy_room(ProcessServerId server) const;

    [[nodiscard]] Bytes sum_over_disks(MachineId machine, Bytes DiskState::*amount) const;
    /// Of those that replicate.
    template <typename Visit>
    void for_each_disk(MachineId machine, Visit&& visit) {
        const MachineState& source = state(machine);
        for (std::uint32_t k = 0; k < source.disk_count; ++k) {
            const DiskId disk(source.first_disk.value + k);
            if (replicates(disk)) visit(disk);
        }
    }
    MachineState& state(MachineId machine) { return machines_[machine.value]; }
    DiskState& state(DiskId disk) { return disks_[disk.value]; }
    ProcessServerState& state(ProcessServerId server) { return servers_[server.value]; }

    const Estate& estate_;
    Environment environment_;
    ReplicationListener& listener_;
    std::vector<EngineDesign> designs_;  ///< by ReplicationEngine
    std::unique_ptr<BlockContent> blocks_;
    std::unique_ptr<GroupMarkers> groups_of_machines_;  ///< null without any
    std::vector<MachineState> machines_;
    std::vector<std::optional<FailedOver>> parted_;  ///< per machine that replicates so
    std::vector<DiskState> disks_;
    std::vector<Instant> joined_;                    ///< per disk: points with a later cut hold it
    std::vector<bool> told_left_out_;                ///< per disk: to the witness
    std::vector<std::optional<CopyStream>> copies_;  ///< per disk
    std::map<MachineId, DeltaQueue> held_;           ///< of machines that hold changes back
    struct ServerSwitch {
        ProcessServerId to;
        Instant due;
    };
    std::map<MachineId, ServerSwitch> switches_;  ///< that have not taken effect yet
    std::vector<MachineId> leavers_;              ///< machines with a server that they leave
    std::vector<Bytes> lost_;                     ///< per disk at block fidelity: to be sent again
    std::vector<std::optional<ChurnCeiling>> ceilings_;  ///< per disk; empty: no disk has one
    std::vector<ProcessServerState> servers_;
    std::vector<CaptureGroup> groups_;
    std::vector<std::uint32_t> group_of_machine_;
    std::vector<ProcessServerId> server_of_channel_;
    std::vector<bool> channel_uploads_;
    std::int64_t ticks_per_marker_ = 1;
    std::uint64_t deltas_ = 0;
};

}  // namespace landfall
