// model/replication/replication_pipeline.cpp — set-up, operations and what can be observed.
#include "model/replication/replication_pipeline.hpp"

#include <algorithm>

#include "model/base/mutant.hpp"
#include "model/replication/distinct_bytes.hpp"
#include "model/replication/source_tracking.hpp"

namespace landfall {

namespace {

/// The grid of points that an engine keeps under a policy.
std::vector<RetentionTier> tiers_of(const EngineDesign& design, const ServiceProfile& profile,
                                    const Policy& policy) {
    if (!design.hourly_points || policy.retention == Duration(0)) {
        return retention_tiers(profile, policy.retention);
    }
    // Set-up-Hyper-V-Replica.md: the newest point, and additional ones an hour apart.
    return {{policy.replication_interval, policy.replication_interval},
            {policy.retention, hours(1)}};
}

// A source that uploads by itself has no cache that could fill: its journal or log has the bound.
constexpr Bytes kNoCacheBound = gibibytes(1LL << 30);

CopyPace pace_of(const ServiceProfile& profile, const ProcessServer& server) {
    const Bytes most(detail::scale(server.cache.count(), profile.copy_cache_percent, 100, false));
    return {{profile.resync_interval, profile.resync_plan_ahead, profile.resync_delay_target,
             profile.resync_fill_target, profile.resync_start_rate, std::max(most, Bytes(1))},
            profile.resync_least_rate};
}

}  // namespace

ReplicationPipeline::ReplicationPipeline(const Estate& estate, Environment environment,
                                         ReplicationListener& listener)
    : estate_(estate), environment_(environment), listener_(listener) {
    const Duration step = estate.capture.step;
    const Duration interval = estate.profile.crash_consistent_interval;
    LANDFALL_CHECK(step > Duration(0) && interval.count() % step.count() == 0,
                   "the capture step divides the crash-consistent interval");
    ticks_per_marker_ = interval.count() / step.count();
    for (std::size_t engine = 0; engine < kReplicationEngines; ++engine) {
        designs_.push_back(design_of(static_cast<ReplicationEngine>(engine), estate.profile));
    }
    copies_.resize(estate.disks.size());
    lost_.resize(estate.disks.size());
    joined_.resize(estate.disks.size(), Instant(Duration(-1)));
    told_left_out_.resize(estate.disks.size());
    parted_.resize(estate.machines.size());
    set_ceilings();
    for (const Disk& disk : estate.disks) {
        const bool in_blocks = estate.machine(disk.machine).fidelity == Fidelity::Block;
        disks_.emplace_back(ReplicaDisk(disk.log_apply_rate), disk.machine, in_blocks);
        if (!disk.replicated) disks_.back().part = Part::LeftOut;
        if (in_blocks && !blocks_) {
            blocks_ = std::make_unique<BlockContent>(estate, designs_, environment);
        }
    }
    if (!estate.groups.empty()) {
        groups_of_machines_ =
            std::make_unique<GroupMarkers>(estate, environment, static_cast<GroupHost&>(*this),
                                           static_cast<std::uint32_t>(TimerKind::Group));
    }
    for (const ProcessServer& server : estate.process_servers) {
        servers_.emplace_back(server.receive_channel.is_none() ? kNoCacheBound : server.cache);
        if (estate.profile.resync_rate_control)
            servers_.back().pace = pace_of(estate.profile, server);
    }
    const std::uint32_t phases = estate.capture.phases;
    groups_.resize(servers_.size() * phases);
    for (std::size_t index = 0; index < groups_.size(); ++index) {
        groups_[index].server = ProcessServerId(index / phases);
        groups_[index].phase = static_cast<std::uint32_t>(index % phases);
    }
    for (std::size_t index = 0; index < estate.machines.size(); ++index) {
        const Machine& machine = estate.machines[index];
        const Policy& policy = estate.policy(machine.policy);
        const EngineDesign& design = designs_[static_cast<std::size_t>(machine.engine)];
        machines_.emplace_back(
            machine, policy, design,
            RecoveryPoints(tiers_of(design, estate.profile, policy), policy.retention));
        if (!design.retry_delays.empty()) {
            servers_[machine.process_server.value].retries.emplace(
                RetryDelays{design.retry_delays, design.retry_every});
        }
        const std::uint32_t group =
            machine.process_server.value * phases + machine.capture_phase % phases;
        groups_[group].machines.push_back(MachineId(index));
        group_of_machine_.push_back(group);
    }
    for (std::size_t index = 0; index < servers_.size(); ++index) {
        const ProcessServer& server = estate.process_servers[index];
        for (const ChannelId channel : {server.receive_channel, server.upload_channel}) {
            if (channel.is_none()) continue;
            if (server_of_channel_.size() <= channel.value) {
                server_of_channel_.resize(channel.value + 1U);
                channel_uploads_.resize(channel.value + 1U);
            }
            server_of_channel_[channel.value] = ProcessServerId(index);
            channel_uploads_[channel.value] = channel == server.upload_channel;
        }
    }
}

/// At a capture step a disk's changes of the whole step are there at once: what its ceiling would
/// have let through meanwhile adds to the burst.
void ReplicationPipeline::set_ceilings() {
    const auto bounded = [](const Disk& disk) { return disk.churn_ceiling.has_value(); };
    if (std::none_of(estate_.disks.begin(), estate_.disks.end(), bounded)) return;
    const Duration span = estate_.capture.step + estate_.profile.azure_churn_burst;
    for (const Disk& disk : estate_.disks) {
        ceilings_.emplace_back();
        if (!disk.churn_ceiling) continue;
        const Bytes burst = std::max(moved_bytes(*disk.churn_ceiling, span), Bytes(1));
        ceilings_.back() = ChurnCeiling{TokenBucket(*disk.churn_ceiling, burst)};
    }
}

// --- Operations

void ReplicationPipeline::start_initial_replication(MachineId machine, const FailedOver* parted) {
    MachineState& source = state(machine);
    LANDFALL_CHECK(source.path == DataPath::Stopped, "replication starts from Stopped");
    source.captured_until = environment_.clock.now();
    source.source_running = true;  // it may have been shut down for an earlier failover
    if (parted != nullptr) forget_points(machine);
    const bool before_the_run = source.design->first_copy == FirstCopy::ReverseDelta;
    if (parted == nullptr && before_the_run) parted = &estate_.machine(machine).failed_over;
    parted_[machine.value] = parted != nullptr ? std::optional(*parted) : std::nullopt;
    tell_left_out(machine);
    for_each_disk(machine, [&](DiskId disk) {
        state(disk).seeded = false;
        state(disk).compare_needed = false;
        state(disk).memory_lost = false;
        state(disk).owed = estate_.disk(disk).used;
        state(disk).changed = Bytes(0);
        if (!state(disk).in_blocks) return;
        if (parted != nullptr)
            blocks_->start_parted(disk, parted->method, environment_.clock.now());
        else
            blocks_->start_tracking(disk, environment_.clock.now());
    });
    begin_copies(machine);
    start_ticking(machine);
    pump_receive(state(machine).server);
}

void ReplicationPipeline::start_replicated(MachineId machine) {
    MachineState& source = state(machine);
    LANDFALL_CHECK(source.path == DataPath::Stopped, "replication starts from Stopped");
    const Instant now = environment_.clock.now();
    enter(machine, DataPath::Journal);
    tell_left_out(machine);
    source.captured_until = now;
    source.last_point = now;
    for_each_disk(machine, [&](DiskId disk) {
        state(disk).capture = Capture::Ordered;
        state(disk).consistent = true;
        state(disk).seeded = true;
        state(disk).compare_needed = false;
        state(disk).memory_lost = false;
        state(disk).uploaded_until = now;
        if (state(disk).in_blocks) blocks_->start_equal(disk, now);
    });
    add_point(machine, {.time = now,
                        .published_at = now,
                        .processed_at = now,
                        .disk_set = disk_set_of(machine, now)});
    start_ticking(machine);
    start_cycle(machine);
}

void ReplicationPipeline::start_resync(MachineId machine) {
    MachineState& source = state(machine);
    LANDFALL_CHECK(source.path == DataPath::ResyncRequired || source.path == DataPath::Journal,
                   "a resynchronization starts from ResyncRequired or Journal");
    LANDFALL_CHECK(!source.paused, "a paused machine is not resynchronized");
    if (source.source_running) capture(machine, Marker::None);
    if (source.path == DataPath::Journal) {
        // Whoever asks for it without need is in doubt.
        for_each_disk(machine, [&](DiskId disk) { state(disk).compare_needed = true; });
        abandon_stream(machine);
    }
    ++source.resyncs;
    begin_copies(machine);
    pump_receive(state(machine).server);
}

void ReplicationPipeline::stop(MachineId machine) {
    if (state(machine).path == DataPath::Stopped) return;
    if (groups_of_machines_) groups_of_machines_->machine_lost(machine);
    abandon_stream(machine);
    state(machine).paused = false;
    end_detour(machine);
    enter(machine, DataPath::Stopped);
    for_each_disk(machine, [&](DiskId disk) { state(disk).capture = Capture::Off; });
}

void ReplicationPipeline::lose_power(MachineId machine) {
    MachineState& source = state(machine);
    if (source.path == DataPath::Stopped || !source.source_running) return;
    capture(machine, Marker::None);
    if (groups_of_machines_) groups_of_machines_->machine_lost(machine);
    require_resync(machine, "the source lost power", Differing::IsKnown);
    for_each_disk(machine, [&](DiskId disk) {
        state(disk).memory_lost = true;
        if (state(disk).in_blocks) blocks_->lose_power(disk);
    });
}

void ReplicationPipeline::power_returned(MachineId machine) {
    MachineState& source = state(machine);
    if (source.path == DataPath::Stopped || !source.source_running) return;
    for_each_disk(machine, [&](DiskId id) {
        DiskState& disk = state(id);
        if (!disk.memory_lost) return;
        disk.memory_lost = false;
        if (disk.in_blocks) {
            disk.compare_needed |= !blocks_->recover_tracking(id);
            return;
        }
        const Disk& facts = estate_.disk(id);
        const auto more = dirty_after_power_loss(estate_.profile, facts);
        disk.compare_needed |= !more;
        if (more) disk.owed = std::min(disk.owed + *more, facts.size);
    });
}

void ReplicationPipeline::disk_changed(DiskId disk, std::string_view how) {
    const MachineId machine = state(disk).machine;
    if (state(machine).path == DataPath::Stopped) return;
    if (state(machine).source_running) capture(machine, Marker::None);
    require_resync(machine, how, Differing::NeedsCompare);
    if (state(disk).in_blocks) blocks_->forget_tracking(disk);
}

void ReplicationPipeline::disk_replaced(DiskId disk) {
    if (!replicates(disk)) return;
    disk_changed(disk, "a disk of the source was replaced");
    // Whatever the replica holds differs from an empty disk.
    const Disk& facts = estate_.disk(disk);
    state(disk).owed =
        std::min(facts.used + distinct_bytes(state(disk).captured, facts), facts.size);
}

void ReplicationPipeline::disk_resized(DiskId disk) {
    // At block fidelity the replica keeps room for every disk of the machine, and is made anew.
    if (!replicates(disk) && !state(disk).in_blocks) return;
    disk_changed(disk, "a disk of the source was resized");
    const MachineId machine = state(disk).machine;
    if (state(disk).in_blocks) blocks_->reshape(disk);
    state(machine).points.clear();
    state(machine).has_point = false;
}

void ReplicationPipeline::non_recoverable_error(MachineId machine, std::string_view cause) {
    if (state(machine).path == DataPath::Stopped) return;
    environment_.observer.noted("replication_critical", estate_.machine(machine).name, cause);
    require_resync(machine, cause, Differing::NeedsCompare);
}

void ReplicationPipeline::replica_restarted(MachineId machine) {
    if (estate_.machine(machine).fidelity != Fidelity::Block) return;
    if (!blocks_->restart_replica(machine)) return replica_damaged(machine);
    for (const ProcessServerId id : {state(machine).server, state(machine).leaving}) {
        if (!id.is_none() && state(id).uploading.under_way) note_sent(state(id).uploading);
    }
    resume(machine);
}

bool ReplicationPipeline::capture_final(MachineId machine) {
    MachineState& source = state(machine);
    source.source_running = false;
    if (groups_of_machines_) groups_of_machines_->machine_lost(machine);
    if (source.path != DataPath::Journal || source.paused || !source.agent_runs) return false;
    if (mutant(Mutant::FinalDeltaIsSkipped)) {
        push_ordered(marker_disk(machine), Bytes(0), PayloadId(), Marker::CrashConsistent);
        pump_receive(state(machine).server);
        return true;
    }
    take_markers(machine, Marker::CrashConsistent);
    if (source.path != DataPath::Journal) return false;
    pump_receive(state(machine).server);
    return true;
}

void ReplicationPipeline::source_started(MachineId machine) {
    MachineState& source = state(machine);
    if (source.source_running) return;
    source.source_running = true;
    source.captured_until = environment_.clock.now();
    if (source.path == DataPath::Stopped) return;
    start_ticking(machine);
    const bool double_log = source.design->capture == CaptureForm::DoubleLog;
    if (double_log && source.path == DataPath::Journal && !source.cycling &&
        !source.close_when_sent) {
        set_cycle_timer(machine);
    }
}

void ReplicationPipeline::keep_only(MachineId machine, const RecoveryPoint& point) {
    // Since the machine was made from it a disk may have grown, or the replica rotted: it is gone.
    const std::vector<RecoveryPoint> listed = recovery_points(machine).all();
    if (std::none_of(listed.begin(), listed.end(),
                     [&](const RecoveryPoint& other) { return other.time == point.time; })) {
        return forget_points(machine);
    }
    state(machine).points.keep_only(point);
    if (estate_.machine(machine).fidelity == Fidelity::Block) {
        blocks_->retain(machine, state(machine).points.all());
    }
}

void ReplicationPipeline::forget_points(MachineId machine) {
    state(machine).points.clear();
    state(machine).has_point = false;
    if (estate_.machine(machine).fidelity == Fidelity::Block) blocks_->retain(machine, {});
}

// --- Observation

DataPath ReplicationPipeline::data_path(MachineId machine) const {
    return machines_[machine.value].path;
}

const RecoveryPoints& ReplicationPipeline::recovery_points(MachineId machine) const {
    return machines_[machine.value].points;
}

std::optional<Duration> ReplicationPipeline::rpo(MachineId machine) const {
    const MachineState& source = machines_[machine.value];
    if (!source.has_point) return std::nullopt;
    return environment_.clock.now() - source.last_point;
}

const ProcessServerState& ReplicationPipeline::process_server(ProcessServerId server) const {
    return servers_[server.value];
}

std::vector<Bytes> ReplicationPipeline::logs_waiting() const {
    std::vector<Bytes> waiting(servers_.size());
    const Instant now = environment_.clock.now();
    for (std::size_t index = 0; index < disks_.size(); ++index) {
        const MachineState& source = machines_[disks_[index].machine.value];
        waiting[source.server.value] += disks_[index].replica.waiting(now);
    }
    return waiting;
}

Bytes ReplicationPipeline::sum_over_disks(MachineId machine, Bytes DiskState::*amount) const {
    const MachineState& source = machines_[machine.value];
    Bytes total;
    for (std::uint32_t k = 0; k < source.disk_count; ++k) {
        total += disks_[source.first_disk.value + k].*amount;
    }
    return total;
}

Bytes ReplicationPipeline::uploaded(MachineId machine) const {
    return sum_over_disks(machine, &DiskState::uploaded);
}

Bytes ReplicationPipeline::captured(MachineId machine) const {
    return sum_over_disks(machine, &DiskState::captured);
}

std::int64_t ReplicationPipeline::copy_progress_percent(DiskId id) const {
    const DiskState& disk = disks_[id.value];
    const auto& copy = copies_[id.value];
    if (disk.consistent || (copy && copy->kind() == CopyKind::CatchUp)) return 100;
    if (!copy) return 0;
    const Disk& facts = estate_.disk(id);
    const Bytes skipped = std::max(facts.size - copy->wire_bytes(), Bytes(0));
    const Bytes covered(detail::scale(skipped.count(), copy->acknowledged().count(),
                                      copy->wire_bytes().count(), false));
    const Bytes processed = std::min(copy->acknowledged() + covered, facts.size);
    return detail::scale(processed.count(), 100, facts.size.count(), false);
}

bool ReplicationPipeline::copy_waits(DiskId disk) const {
    const std::vector<DiskId>& waiting = machines_[disks_[disk.value].machine.value].copies_waiting;
    return std::find(waiting.begin(), waiting.end(), disk) != waiting.end();
}

std::int64_t ReplicationPipeline::resyncs(MachineId machine) const {
    return machines_[machine.value].resyncs;
}

}  // namespace landfall
