// model/replication/pipeline_capture.cpp — the guest's writes: journal, double log, markers.
#include <algorithm>

#include "model/base/mutant.hpp"
#include "model/replication/distinct_bytes.hpp"
#include "model/replication/replication_pipeline.hpp"

namespace landfall {

void ReplicationPipeline::start_ticking(MachineId machine) {
    state(machine).app_consistent_due = environment_.clock.now();
    tick_with_others(machine);
}

void ReplicationPipeline::tick_with_others(MachineId machine) {
    const std::uint32_t index = group_of_machine_[machine.value];
    CaptureGroup& group = groups_[index];
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
        if (!source.agent_runs) continue;
        bool due = source.design->capture == CaptureForm::ContinuousJournal &&
                   (marks || source.design->marks_every_step);
        const ConsistencyGroupId common = estate_.machine(machine).group;
        if (due && !common.is_none()) {
            // Its group's coordinator asks for the marker, at a moment common to all members.
            due = false;
            if (groups_of_machines_->coordinates(machine)) {
                groups_of_machines_->begin(common, due_marker(machine) == Marker::AppConsistent);
            }
        }
        take_markers(machine, due ? due_marker(machine) : Marker::None);
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
    const bool wanted = source.app_consistent_every && source.app_consistency_works &&
                        estate_.machine(machine).app_consistent;
    if (!wanted || now < source.app_consistent_due) {
        return Marker::CrashConsistent;
    }
    source.app_consistent_due = now + *source.app_consistent_every;
    return Marker::AppConsistent;
}

/// Takes in what the guests wrote, and puts `marker` after it: in a journal behind the last change,
/// for a double log by closing the logs.
void ReplicationPipeline::take_markers(MachineId machine, Marker marker) {
    MachineState& source = state(machine);
    const bool double_log = source.design->capture == CaptureForm::DoubleLog;
    capture(machine, double_log ? Marker::None : marker);
    if (double_log && marker != Marker::None && source.path == DataPath::Journal) {
        close_logs(machine, marker);
    }
}

Bytes ReplicationPipeline::written_since(DiskId id, Instant since, Instant now) {
    if (!state(id).in_blocks) return environment_.source_disks.written(id, since, now);
    return blocks_->capture(id, state(id).capture, now);
}

void ReplicationPipeline::capture(MachineId machine, Marker marker) {
    MachineState& source = state(machine);
    const Instant now = environment_.clock.now();
    const Instant since = source.captured_until;
    source.captured_until = now;
    bool overflow = false;
    const DiskId carrier = marker == Marker::None ? DiskId() : marker_disk(machine);
    for_each_disk(machine, [&](DiskId id) {
        DiskState& disk = state(id);
        const Bytes written = written_since(id, since, now);
        disk.captured += written;
        if (disk.capture == Capture::ChangedBlocks) {
            disk.changed += written;
            return;
        }
        if (source.design->capture == CaptureForm::DoubleLog) {
            disk.open_log += written;
            overflow |= order_lost(id);
            return;
        }
        // What was captured just now has had no chance to leave; the agent of a real machine
        // streams it.
        overflow |= order_lost(id);
        const Marker carried = id == carrier ? marker : Marker::None;
        const PayloadId payload = disk.in_blocks ? blocks_->seal(id) : PayloadId();
        if (written.count() == 0 && payload.is_none() && carried == Marker::None) return;
        push_ordered(id, written, payload, carried);
    });
    if (!overflow) return;
    // Order is lost, and nothing else: the bitmap takes over whole.
    require_resync(machine,
                   source.design->log_limit_percent > 0
                       ? "the log of a disk has reached its limit"
                       : "the source's buffer of ordered changes is full",
                   estate_.profile.resync_by_bitmap ? Differing::IsKnown : Differing::NeedsCompare);
}

void ReplicationPipeline::push_ordered(DiskId id, Bytes bytes, PayloadId payload, Marker marker) {
    DiskState& disk = state(id);
    const MachineState& source = state(disk.machine);
    DeltaQueue& queue = source.holds_back ? held_[disk.machine] : state(source.server).source;
    queue.push({.bytes = bytes,
                .until = environment_.clock.now(),
                .disk = id,
                .generation = source.generation,
                .marker = marker,
                .payload = payload});
    disk.pending_source += bytes;
    ++deltas_;
}

/// More ordered changes wait at the source than it can keep.
bool ReplicationPipeline::order_lost(DiskId id) const {
    const DiskState& disk = disks_[id.value];
    const MachineState& source = machines_[disk.machine.value];
    const EngineDesign& design = *source.design;
    const bool relay = !estate_.process_server(source.server).receive_channel.is_none();
    Bytes waiting = disk.pending_source;
    if (!relay) waiting += disk.pending_cache;
    if (design.log_limit_percent == 0) return waiting > design.source_buffer;
    const Disk& facts = estate_.disk(id);
    Bytes log = disk.open_log;
    if (design.coalesces_log) {
        log = disk.in_blocks ? blocks_->log_bytes(id) : distinct_bytes(disk.open_log, facts);
    }
    const Bytes limit(detail::scale(facts.size.count(), design.log_limit_percent, 100, false));
    return waiting + log >= limit;
}

// --- Double log: one log is sent while the next one fills

/// Begins the intervals of a double log; does nothing for a journal.
void ReplicationPipeline::start_cycle(MachineId machine) {
    MachineState& source = state(machine);
    if (source.design->capture != CaptureForm::DoubleLog) return;
    source.close_when_sent = false;
    source.logs_on_the_way = 0;
    if (!source.cycling) set_cycle_timer(machine);
}

void ReplicationPipeline::on_cycle(MachineId machine) {
    MachineState& source = state(machine);
    source.cycling = false;
    if (source.path != DataPath::Journal || !source.source_running) return;
    if (source.paused || !source.agent_runs) return;
    if (source.logs_on_the_way > 0) {
        // There is no third log: the interval lasts until the one before is sent.
        source.close_when_sent = true;
        return;
    }
    take_markers(machine, due_marker(machine));
    if (source.path != DataPath::Journal) return;
    set_cycle_timer(machine);
    pump_receive(source.server);
}

void ReplicationPipeline::set_cycle_timer(MachineId machine) {
    MachineState& source = state(machine);
    source.cycling = true;
    environment_.clock.set_timer(environment_.clock.now() + source.replication_interval,
                                 {static_cast<std::uint32_t>(TimerKind::CloseLog), machine.value});
}

void ReplicationPipeline::close_logs(MachineId machine, Marker marker) {
    const DiskId carrier = marker_disk(machine);
    for_each_disk(machine,
                  [&](DiskId disk) { close_log(disk, disk == carrier ? marker : Marker::None); });
}

void ReplicationPipeline::close_log(DiskId id, Marker marker) {
    DiskState& disk = state(id);
    MachineState& source = state(disk.machine);
    Bytes bytes = disk.open_log;
    PayloadId payload;
    if (disk.in_blocks) {
        bytes = blocks_->close_log(id);
        payload = blocks_->seal(id);
    } else if (source.design->coalesces_log) {
        bytes = distinct_bytes(disk.open_log, estate_.disk(id));
    }
    disk.open_log = Bytes(0);
    if (bytes.count() == 0 && payload.is_none() && marker == Marker::None) return;
    push_ordered(id, bytes, payload, marker);
    ++source.logs_on_the_way;
}

/// A closed log of the machine's present life has been uploaded whole.
void ReplicationPipeline::log_arrived(MachineId machine) {
    MachineState& source = state(machine);
    if (source.logs_on_the_way == 0 || --source.logs_on_the_way > 0) return;
    if (!source.close_when_sent) return;
    source.close_when_sent = false;
    on_cycle(machine);
}

}  // namespace landfall
