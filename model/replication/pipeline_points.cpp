// model/replication/pipeline_points.cpp — recovery points, and what watches over them.
#include <algorithm>
#include <string>

#include "model/base/mutant.hpp"
#include "model/replication/replication_pipeline.hpp"

namespace landfall {

/// All that precedes the marker in the lane is uploaded; a point of the machine can be made, unless
/// its group has not decided yet whether the point is the group's, or another member's data is not
/// there yet.
void ReplicationPipeline::marker_arrived(const Delta& delta) {
    const MachineId machine = state(delta.disk).machine;
    MachineState& source = state(machine);
    const auto mark = std::find_if(
        source.group_marks.begin(), source.group_marks.end(),
        [&](const PlacedMark& placed) { return placed.placed == delta.until && !placed.arrived; });
    if (mark == source.group_marks.end()) {
        if (!source.group_marks.empty()) go_alone(machine);
        publish(machine, delta.until, delta.marker, false);
        return;
    }
    mark->arrived = delta.marker;
    publish_marks(machine);
    groups_of_machines_->marker_arrived(machine);
}

/// Points come in the order of their markers: one that still waits holds up those behind it.
void ReplicationPipeline::publish_marks(MachineId machine) {
    std::vector<PlacedMark>& marks = state(machine).group_marks;
    const auto is_due = [](const PlacedMark& mark) {
        return (mark.decided || mutant(Mutant::GroupPointBeforeDecision)) && mark.arrived;
    };
    while (!marks.empty() && is_due(marks.front())) {
        const PlacedMark mark = marks.front();
        marks.erase(marks.begin());
        const bool own =
            mutant(Mutant::GroupPointAtOwnTime) && !groups_of_machines_->coordinates(machine);
        const Instant cut = own ? mark.placed : mark.cut.value_or(mark.placed);
        publish(machine, cut, *mark.arrived, mark.cut.has_value());
    }
}

/// A point without the group comes next, or none at all: whatever markers have arrived are the
/// machine's own.
void ReplicationPipeline::go_alone(MachineId machine) {
    if (!groups_of_machines_) return;
    groups_of_machines_->goes_alone(machine);
    for (PlacedMark& mark : state(machine).group_marks) mark.decided |= mark.arrived.has_value();
    publish_marks(machine);
}

void ReplicationPipeline::publish(MachineId machine, Instant cut, Marker kind, bool multi_vm) {
    MachineState& source = state(machine);
    LANDFALL_CHECK(source.path == DataPath::Journal,
                   "markers of a living stream exist in write order only");
    // What was on its way when its user paused it makes no point.
    if (source.paused) return;
    // The last changes of a shut-down source may carry a marker of the same instant as a regular
    // one.
    if (source.has_point && cut <= source.last_point) return;
    const Instant now = environment_.clock.now();
    Instant processed = now;
    for_each_disk(machine, [&](DiskId disk) {
        if (state(disk).part != Part::Member) return;
        processed = std::max(processed, state(disk).replica.processed_at());
    });
    const RecoveryPoint point{.time = cut,
                              .published_at = now,
                              .processed_at = processed,
                              .kind = kind,
                              .multi_vm = multi_vm,
                              .disk_set = disk_set_of(machine, cut)};
    add_point(machine, point);
    environment_.observer.recovery_point_published(machine, point.time, processed,
                                                   kind == Marker::AppConsistent);
    listener_.recovery_point_published(machine, point);
}

// --- Markers of a consistency group

bool ReplicationPipeline::is_on(MachineId machine) const {
    const MachineState& source = machines_[machine.value];
    return source.source_running && source.agent_runs && source.path != DataPath::Stopped;
}

bool ReplicationPipeline::in_order(MachineId machine) const {
    return machines_[machine.value].path == DataPath::Journal;
}

void ReplicationPipeline::place_marker(MachineId machine, bool app_consistent) {
    MachineState& source = state(machine);
    source.group_marks.push_back({environment_.clock.now(), false, std::nullopt, std::nullopt});
    take_markers(machine, app_consistent ? Marker::AppConsistent : Marker::CrashConsistent);
    pump_receive(source.server);
}

bool ReplicationPipeline::marker_stands(MachineId machine, Instant placed, Instant cut) const {
    const MachineState& source = machines_[machine.value];
    if (source.has_point && cut <= source.last_point) return false;
    return std::any_of(source.group_marks.begin(), source.group_marks.end(),
                       [&](const PlacedMark& mark) { return mark.placed == placed; });
}

bool ReplicationPipeline::marker_has_arrived(MachineId machine, Instant placed) const {
    const std::vector<PlacedMark>& marks = machines_[machine.value].group_marks;
    return std::any_of(marks.begin(), marks.end(), [&](const PlacedMark& mark) {
        return mark.placed == placed && mark.arrived;
    });
}

void ReplicationPipeline::marker_decided(MachineId machine, Instant placed,
                                         std::optional<Instant> cut) {
    std::vector<PlacedMark>& marks = state(machine).group_marks;
    const auto mark = std::find_if(marks.begin(), marks.end(), [&](const PlacedMark& other) {
        return other.placed == placed && !other.decided;
    });
    if (mark == marks.end()) return;  // the stream it was placed in was abandoned
    mark->decided = true;
    mark->cut = cut;
    publish_marks(machine);
}

void ReplicationPipeline::evaluate_health() {
    const ServiceProfile& profile = estate_.profile;
    const auto intervals = static_cast<std::size_t>(
        std::max<std::int64_t>(1, profile.health_window.count() / profile.health_interval.count()));
    for (std::size_t index = 0; index < servers_.size(); ++index) {
        ProcessServerState& server = servers_[index];
        server.load.close(intervals);
        const Health health = server.judge(profile, estate_.process_servers[index]);
        if (health == server.health) continue;
        server.health = health;
        environment_.observer.noted("process_server_health", estate_.process_servers[index].name,
                                    health_name(health));
    }
    for (std::size_t index = 0; index < machines_.size(); ++index) {
        MachineState& source = machines_[index];
        const Machine& facts = estate_.machines[index];
        const auto& threshold = estate_.policy(facts.policy).rpo_threshold;
        if (!threshold || !source.has_point || source.path == DataPath::Stopped) continue;
        const Duration age = environment_.clock.now() - source.last_point;
        if ((age > *threshold) == source.rpo_breached) continue;
        source.rpo_breached = !source.rpo_breached;
        environment_.observer.noted(
            source.rpo_breached ? "rpo_threshold_exceeded" : "rpo_threshold_met", facts.name,
            "RPO " + std::to_string(age.count() / kNanosecondsPerSecond) + " s");
    }
}

std::optional<RecoveryPoint> ReplicationPipeline::make_latest_point(MachineId machine) {
    MachineState& source = state(machine);
    if (source.path != DataPath::Journal || source.paused) return source.points.latest();
    const Instant now = environment_.clock.now();
    Instant cut = source.captured_until;
    Instant processed = now;
    for_each_disk(machine, [&](DiskId id) {
        const DiskState& disk = state(id);
        if (disk.part != Part::Member) return;
        const bool waiting = disk.pending_source + disk.pending_cache + disk.open_log > Bytes(0);
        if (waiting && !mutant(Mutant::LatestPointIgnoresBacklog))
            cut = std::min(cut, disk.uploaded_until);
        processed = std::max(processed, disk.replica.processed_at());
    });
    // Copied blocks are as of some instant before the order began: no cut lies before that.
    if (cut < source.in_order_since) return source.points.latest();
    // Markers that have arrived lie before this point, and no group's point may lie behind it.
    if (!source.group_marks.empty()) go_alone(machine);
    if (!source.has_point || cut > source.last_point) {
        add_point(machine, {.time = cut,
                            .published_at = now,
                            .processed_at = processed,
                            .disk_set = disk_set_of(machine, cut)});
    }
    return source.points.latest();
}

void ReplicationPipeline::add_point(MachineId machine, const RecoveryPoint& point) {
    MachineState& source = state(machine);
    source.last_point = point.time;
    source.has_point = true;
    const bool in_blocks = estate_.machine(machine).fidelity == Fidelity::Block;
    if (in_blocks) {
        blocks_->publish(machine, point, source.generation, source.disk_sets[point.disk_set]);
    }
    source.points.add(point);
    if (in_blocks) blocks_->retain(machine, source.points.all());
}

/// What the replica acknowledged is rotten in part: it keeps the points that it still lists, and
/// only a compare tells what else it lacks.
void ReplicationPipeline::replica_damaged(MachineId machine) {
    MachineState& source = state(machine);
    const std::size_t before = source.points.count();
    source.points.keep_those(blocks_->cuts(machine));
    // With the end of its catalogue the replica may have forgotten that a point was dropped.
    blocks_->retain(machine, source.points.all());
    const auto latest = source.points.latest();
    source.has_point = latest.has_value();
    if (latest) source.last_point = latest->time;
    const std::size_t lost = before - source.points.count();
    environment_.observer.noted("replica_damaged", estate_.machine(machine).name,
                                std::to_string(lost) + " recovery points lost");
    // Markers whose data had arrived wait for their group in vain: that data may be lost as well.
    if (!source.group_marks.empty()) {
        source.group_marks.clear();
        groups_of_machines_->goes_alone(machine);
    }
    if (source.path == DataPath::Stopped) return;
    // One that is required already began a life of which the replica, as it came back, knows
    // nothing: it may count on from the life before, and take what comes for what it had.
    if (source.path == DataPath::ResyncRequired) abandon_stream(machine);
    require_resync(machine, "the replica is damaged", Differing::NeedsCompare);
}

void ReplicationPipeline::promoted(MachineId machine, const RecoveryPoint& point, bool planned) {
    const MachineId there = estate_.counterpart(machine);
    const Machine& facts = estate_.machine(machine);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        const DiskId disk(facts.first_disk.value + k);
        const bool held = holds(disk, point);
        if (!held) {
            environment_.observer.noted("disk_left_behind", facts.name, estate_.disk(disk).name);
        }
        if (there.is_none()) continue;
        const DiskId other(estate_.counterpart(disk));
        set_part(other, held ? Part::Member : Part::LeftOut);
        joined_[other.value] = Instant(Duration(-1));
    }
    if (facts.fidelity == Fidelity::Block)
        blocks_->promote(machine, point, planned, left_out(machine, point));
}

}  // namespace landfall
