// model/replication/replication_pipeline.cpp — capture, copies and resynchronization at the source.
#include "model/replication/replication_pipeline.hpp"

#include <algorithm>

#include "model/storage/coalescing.hpp"

namespace landfall {

ReplicationPipeline::ReplicationPipeline(const Estate& estate, Environment environment,
                             ReplicationListener& listener)
    : estate_(estate), environment_(environment), listener_(listener) {
    const Duration step = estate.capture.step;
    const Duration interval = estate.profile.crash_consistent_interval;
    LANDFALL_CHECK(step > Duration(0) && interval.count() % step.count() == 0,
                   "the capture step divides the crash-consistent interval");
    ticks_per_marker_ = interval.count() / step.count();
    copies_.resize(estate.disks.size());
    for (const Disk& disk : estate.disks) {
        disks_.emplace_back(ReplicaDisk(disk.log_apply_rate), disk.machine);
    }
    servers_.resize(estate.process_servers.size());
    const std::uint32_t phases = estate.capture.phases;
    groups_.resize(servers_.size() * phases);
    for (std::size_t index = 0; index < groups_.size(); ++index) {
        groups_[index].server = ProcessServerId(index / phases);
        groups_[index].phase = static_cast<std::uint32_t>(index % phases);
    }
    for (std::size_t index = 0; index < estate.machines.size(); ++index) {
        const Machine& machine = estate.machines[index];
        const Policy& policy = estate.policy(machine.policy);
        machines_.emplace_back(
            machine, policy,
            RecoveryPoints(retention_tiers(estate.profile, policy.retention), policy.retention));
        const std::uint32_t group =
            machine.process_server.value * phases + machine.capture_phase % phases;
        groups_[group].machines.push_back(MachineId(index));
        group_of_machine_.push_back(group);
    }
    for (std::size_t index = 0; index < servers_.size(); ++index) {
        const ProcessServer& server = estate.process_servers[index];
        const std::size_t channels =
            std::max(server.receive_channel.value, server.upload_channel.value) + 1;
        if (server_of_channel_.size() < channels) {
            server_of_channel_.resize(channels);
            channel_uploads_.resize(channels);
        }
        server_of_channel_[server.receive_channel.value] = ProcessServerId(index);
        server_of_channel_[server.upload_channel.value] = ProcessServerId(index);
        channel_uploads_[server.upload_channel.value] = true;
    }
}

// --- Operations

void ReplicationPipeline::start_initial_replication(MachineId machine) {
    LANDFALL_CHECK(state(machine).path == DataPath::Stopped, "replication starts from Stopped");
    state(machine).captured_until = environment_.clock.now();
    for_each_disk(machine, [&](DiskId disk) {
        state(disk).seeded = false;
        state(disk).owed = estate_.disk(disk).used;
        state(disk).changed = Bytes(0);
    });
    begin_copies(machine);
    start_ticking(machine);
    pump_receive(state(machine).server);
}

void ReplicationPipeline::start_replicated(MachineId machine) {
    MachineState& source = state(machine);
    LANDFALL_CHECK(source.path == DataPath::Stopped, "replication starts from Stopped");
    const Instant now = environment_.clock.now();
    source.path = DataPath::Journal;
    source.captured_until = now;
    source.last_point = now;
    source.has_point = true;
    source.points.add({.time = now, .published_at = now, .processed_at = now});
    for_each_disk(machine, [&](DiskId disk) {
        state(disk).capture = Capture::Ordered;
        state(disk).consistent = true;
        state(disk).seeded = true;
        state(disk).uploaded_until = now;
    });
    start_ticking(machine);
}

void ReplicationPipeline::start_resync(MachineId machine) {
    MachineState& source = state(machine);
    LANDFALL_CHECK(source.path == DataPath::ResyncRequired || source.path == DataPath::Journal,
                   "a resynchronization starts from ResyncRequired or Journal");
    if (source.source_running) capture(machine, Marker::None);
    if (source.path == DataPath::Journal) abandon_stream(machine);
    ++source.resyncs;
    begin_copies(machine);
    pump_receive(state(machine).server);
}

void ReplicationPipeline::stop(MachineId machine) {
    if (state(machine).path == DataPath::Stopped) return;
    abandon_stream(machine);
    state(machine).path = DataPath::Stopped;
    for_each_disk(machine, [&](DiskId disk) { state(disk).capture = Capture::Off; });
}

void ReplicationPipeline::lose_power(MachineId machine) {
    MachineState& source = state(machine);
    if (source.path == DataPath::Stopped || !source.source_running) return;
    capture(machine, Marker::None);
    require_resync(machine, "the source lost power");
}

bool ReplicationPipeline::capture_final(MachineId machine) {
    MachineState& source = state(machine);
    source.source_running = false;
    if (source.path != DataPath::Journal) return false;
    capture(machine, Marker::CrashConsistent);
    if (source.path != DataPath::Journal) return false;
    pump_receive(state(machine).server);
    return true;
}

std::optional<RecoveryPoint> ReplicationPipeline::make_latest_point(MachineId machine) {
    MachineState& source = state(machine);
    if (source.path != DataPath::Journal) return source.points.latest();
    const Instant now = environment_.clock.now();
    Instant cut = source.captured_until;
    Instant processed = now;
    for_each_disk(machine, [&](DiskId id) {
        const DiskState& disk = state(id);
        const bool waiting = disk.pending_source + disk.pending_cache > Bytes(0);
        if (waiting) cut = std::min(cut, disk.uploaded_until);
        processed = std::max(processed, disk.replica.processed_at());
    });
    if (!source.has_point || cut > source.last_point) {
        source.points.add({.time = cut, .published_at = now, .processed_at = processed});
        source.last_point = cut;
        source.has_point = true;
    }
    return source.points.latest();
}

void ReplicationPipeline::keep_only(MachineId machine, const RecoveryPoint& point) {
    state(machine).points.keep_only(point);
}

void ReplicationPipeline::forget_points(MachineId machine) {
    state(machine).points.clear();
    state(machine).has_point = false;
}

// --- Capture

void ReplicationPipeline::start_ticking(MachineId machine) {
    const std::uint32_t index = group_of_machine_[machine.value];
    CaptureGroup& group = groups_[index];
    state(machine).app_consistent_due = environment_.clock.now();
    if (group.ticking) return;
    group.ticking = true;
    const std::int64_t step = estate_.capture.step.count();
    const std::int64_t offset = step * group.phase / estate_.capture.phases;
    const std::int64_t now = environment_.clock.now().since_start().count();
    group.next_tick = now < offset ? 0 : (now - offset) / step + 1;
    set_tick_timer(index);
}

void ReplicationPipeline::set_tick_timer(std::uint32_t index) {
    const CaptureGroup& group = groups_[index];
    const Duration step = estate_.capture.step;
    const Duration offset(step.count() * group.phase / estate_.capture.phases);
    environment_.clock.set_timer(Instant(step * group.next_tick + offset),
                                 {static_cast<std::uint32_t>(TimerKind::CaptureTick), index});
}

void ReplicationPipeline::on_capture_tick(std::uint32_t index) {
    CaptureGroup& group = groups_[index];
    const bool marks = group.next_tick % ticks_per_marker_ == 0;
    bool active = false;
    for (const MachineId machine : group.machines) {
        MachineState& source = state(machine);
        if (source.path == DataPath::Stopped || !source.source_running) continue;
        active = true;
        capture(machine, marks ? due_marker(machine) : Marker::None);
    }
    group.ticking = active;
    if (!active) return;
    ++group.next_tick;
    set_tick_timer(index);
    note_progress(group.server);
    pump_receive(group.server);
}

Marker ReplicationPipeline::due_marker(MachineId machine) {
    MachineState& source = state(machine);
    if (source.path != DataPath::Journal) return Marker::None;
    const Instant now = environment_.clock.now();
    if (!source.app_consistent_every || now < source.app_consistent_due) {
        return Marker::CrashConsistent;
    }
    source.app_consistent_due = now + *source.app_consistent_every;
    return Marker::AppConsistent;
}

void ReplicationPipeline::capture(MachineId machine, Marker marker) {
    MachineState& source = state(machine);
    const Instant now = environment_.clock.now();
    const Instant since = source.captured_until;
    source.captured_until = now;
    ProcessServerState& server = state(source.server);
    bool overflow = false;
    for (std::uint32_t k = 0; k < source.disk_count; ++k) {
        const DiskId id(source.first_disk.value + k);
        DiskState& disk = state(id);
        const Bytes written = environment_.source_disks.written(id, since, now);
        disk.captured += written;
        if (disk.capture == Capture::ChangedBlocks) {
            disk.changed += written;
            continue;
        }
        const Marker carried = k + 1 == source.disk_count ? marker : Marker::None;
        if (written.count() == 0 && carried == Marker::None) continue;
        server.source.push({.bytes = written,
                            .until = now,
                            .disk = id,
                            .generation = source.generation,
                            .marker = carried});
        // What was captured just now has had no chance to leave; the agent of a real machine
        // streams it.
        overflow |= disk.pending_source > estate_.profile.source_buffer;
        disk.pending_source += written;
        ++deltas_;
    }
    if (overflow) require_resync(machine, "the source's buffer of ordered changes is full");
}

// --- Copies

void ReplicationPipeline::begin_copies(MachineId machine) {
    MachineState& source = state(machine);
    source.path = DataPath::Copying;
    source.copies_waiting.clear();
    for_each_disk(machine, [&](DiskId disk) {
        state(disk).capture = Capture::ChangedBlocks;
        state(disk).consistent = false;
        source.copies_waiting.push_back(disk);
    });
    std::reverse(source.copies_waiting.begin(), source.copies_waiting.end());
    for (std::int64_t k = 0; k < estate_.profile.disks_at_once; ++k) start_waiting_copies(machine);
}

void ReplicationPipeline::start_waiting_copies(MachineId machine) {
    MachineState& source = state(machine);
    if (source.copies_waiting.empty()) return;
    const DiskId id = source.copies_waiting.back();
    source.copies_waiting.pop_back();
    const Disk& facts = estate_.disk(id);
    const ServiceProfile& profile = estate_.profile;
    DiskState& disk = state(id);
    // What an earlier copy owed is distinct already; only what was written since is coalesced.
    const Bytes differing =
        std::min(disk.owed + coalesced(disk.changed, facts.working_set, facts.size), facts.size);
    disk.owed = Bytes(0);
    disk.changed = Bytes(0);
    if (!disk.seeded) {
        start_copy(id, CopyKind::InitialCopy, differing,
                   transfer_time(differing, profile.source_read_rate));
        return;
    }
    const Bytes checksums(detail::scale(facts.size.count(), profile.resync_checksum.count(),
                                        profile.resync_chunk.count(), true));
    start_copy(id, CopyKind::Compare, differing + checksums,
               transfer_time(facts.size, profile.resync_compare_rate));
}

void ReplicationPipeline::start_copy(DiskId disk, CopyKind kind, Bytes wire_bytes,
                               Duration reading_time) {
    copies_[disk.value].emplace(disk, kind, wire_bytes, reading_time, environment_.clock.now());
    state(state(state(disk).machine).server).copies.push_back(disk.value);
}

void ReplicationPipeline::on_copy_done(DiskId id) {
    DiskState& disk = state(id);
    const MachineId machine = disk.machine;
    MachineState& source = state(machine);
    const CopyKind kind = copies_[id.value]->kind();
    environment_.observer.disk_copied(id, name_of(kind), copies_[id.value]->started(),
                                      copies_[id.value]->wire_bytes());
    copies_[id.value].reset();
    if (kind == CopyKind::InitialCopy) disk.seeded = true;
    if (kind == CopyKind::CatchUp) {
        disk.consistent = true;
    } else {
        if (source.source_running) capture(machine, Marker::None);
        if (source.path != DataPath::Copying) return;  // that capture filled another disk's buffer
        const Disk& facts = estate_.disk(id);
        const Bytes changed = coalesced(disk.changed, facts.working_set, facts.size);
        disk.changed = Bytes(0);
        disk.capture = Capture::Ordered;
        disk.consistent = changed == Bytes(0);
        if (!disk.consistent) start_copy(id, CopyKind::CatchUp, changed, Duration(0));
        start_waiting_copies(machine);
    }
    bool all_consistent = source.copies_waiting.empty();
    for_each_disk(machine, [&](DiskId other) { all_consistent &= state(other).consistent; });
    if (!all_consistent) return;
    source.path = DataPath::Journal;
    listener_.copy_completed(machine);
}

/// Ends the present life of a machine's change stream: what waits of it is dropped, what is under
/// way will not be applied, and all of that counts as changed or owed.
void ReplicationPipeline::abandon_stream(MachineId machine) {
    MachineState& source = state(machine);
    ++source.generation;
    source.copies_waiting.clear();
    ProcessServerState& server = state(state(machine).server);
    server.purge_due = true;
    for_each_disk(machine, [&](DiskId id) {
        DiskState& disk = state(id);
        disk.changed += disk.pending_source + disk.pending_cache;
        if (auto& copy = copies_[id.value]) {
            std::erase(server.copies, id.value);
            disk.owed += copy->wire_bytes() - copy->acknowledged();
            copy.reset();
        }
        disk.consistent = false;
    });
}

void ReplicationPipeline::require_resync(MachineId machine, std::string_view cause) {
    MachineState& source = state(machine);
    if (source.path == DataPath::ResyncRequired) return;
    abandon_stream(machine);
    source.path = DataPath::ResyncRequired;
    for_each_disk(machine, [&](DiskId disk) { state(disk).capture = Capture::ChangedBlocks; });
    listener_.resync_required(machine, cause);
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

std::int64_t ReplicationPipeline::resyncs(MachineId machine) const {
    return machines_[machine.value].resyncs;
}

}  // namespace landfall
