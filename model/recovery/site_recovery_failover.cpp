// model/recovery/site_recovery_failover.cpp — the tasks of a failover: shutting the source down,
// choosing a point, making the machine that goes on from it.
#include <algorithm>

#include "model/base/mutant.hpp"
#include "model/recovery/site_recovery.hpp"

namespace landfall {

void SiteRecovery::begin_shut_down(JobId id) {
    const JobRecord& running = job(id);
    const MachineId machine = running.machine;
    Item& target = at(machine);
    if (!is_on(machine, source_of(machine))) {
        // By an earlier attempt: what it could still send follows as before.
        end_task(id, TaskState::Skipped);
        return;
    }
    const Instant now = environment_.clock.now();
    target.sync_possible = false;
    target.writes_until = now;
    if (target.active == ActiveLocation::Primary) {
        target.milestones.source_down = now;
        target.milestones.writes_until = now;
    } else {
        target.milestones.recovery_down = now;
    }
    const bool must = running.row().action == TaskAction::ShutDownSourceOrFail;
    if (!can_shut_down(machine) || (!must && !running.options.shut_down_source)) {
        if (must)
            fail_job(id, "the source machine cannot be shut down");
        else
            end_task(id, TaskState::Skipped);
        return;
    }
    if (must && mutant(Mutant::PlannedSkipsShutdown)) {
        target.sync_possible = engine_.capture_final(active_leg(machine));
        return end_task(id, TaskState::Succeeded);
    }
    request(id, source_of(machine), MachineAction::ShutDown);
}

void SiteRecovery::begin_synchronize(JobId id) {
    const MachineId machine = job(id).machine;
    const MachineId leg = active_leg(machine);
    Item& target = at(machine);
    const bool is_planned = job(id).row().action == TaskAction::SynchronizeOrFail;
    if (is_planned && mutant(Mutant::PlannedSkipsLastChanges)) {
        return end_task(id, TaskState::Succeeded);
    }
    if (!target.sync_possible && !is_on(machine, source_of(machine)) &&
        engine_.data_path(leg) == DataPath::Journal) {
        // It was copied after it went down.
        target.sync_possible = engine_.capture_final(leg);
    }
    const auto newest = engine_.recovery_points(leg).latest();
    if (newest && target.writes_until && newest->time >= *target.writes_until &&
        target.sync_possible) {
        end_task(id, TaskState::Succeeded);
        return;
    }
    if (target.sync_possible) return;
    // SR/site-recovery-failover.md: a failover goes on when the source could not be shut down.
    if (job(id).row().action == TaskAction::SynchronizeOrFail)
        fail_job(id, "the latest changes cannot be synchronized: their order is lost");
    else
        end_task(id, TaskState::Skipped);
}

void SiteRecovery::begin_create_replica(JobId id) {
    const JobRecord& running = job(id);
    const MachineId machine = running.machine;
    const Instant now = environment_.clock.now();
    const bool latest = running.options.recovery_point == RecoveryPointChoice::Latest;
    if (!running.point) {
        const auto chosen =
            latest ? engine_.make_latest_point(active_leg(machine)) : usable_point(running);
        if (!chosen) {
            fail_job(id, "the machine has no recovery point to fail over to");
            return;
        }
        const bool drained = at(machine).sync_possible && chosen->time >= *at(machine).writes_until;
        engine_.stop(active_leg(machine));
        promote(id, *chosen, drained);
    }
    const Duration processing = std::max(job(id).point->processed_at, now) - now;
    const Duration making = making_time(job(id));
    // At home the machine need not be made, but it is given its disks.
    const bool home = target_of(machine) == MachineInstance::Primary;
    const Duration attaching = home ? estate_.profile.start_failover_time : Duration(0);
    wait_for(id, processing + making + attaching);
}

/// SR/site-recovery-failover.md: "Latest" makes a point of its own.
Duration SiteRecovery::making_time(const JobRecord& wanted) const {
    return wanted.options.recovery_point == RecoveryPointChoice::Latest
               ? estate_.profile.recovery_point_time
               : Duration(0);
}

/// The item goes on from `point`.
void SiteRecovery::promote(JobId id, const RecoveryPoint& point, bool drained) {
    const MachineId machine = job(id).machine;
    const MachineId leg = active_leg(machine);
    Item& target = at(machine);
    record(id).point = point;
    target.promoted = point;
    target.planned = job(id).kind == JobKind::PlannedFailover || job(id).kind == JobKind::Failback;
    engine_.promoted(leg, point, drained);
    const Bytes lost = written_between(leg, point.time, *target.writes_until);
    Milestones& dates = target.milestones;
    if (target.active == ActiveLocation::Primary) {
        if (!dates.replication_ended) dates.replication_ended = environment_.clock.now();
        dates.failed_over_to = point;
        dates.data_loss = lost;
    } else {
        dates.failed_back_to = point;
        dates.failback_data_loss = lost;
    }
}

void SiteRecovery::replica_runs(JobId id) {
    const MachineId machine = job(id).machine;
    Item& target = at(machine);
    const Instant now = environment_.clock.now();
    const bool forward = target.active == ActiveLocation::Primary;
    (forward ? target.milestones.replica_running : target.milestones.primary_running) = now;
    target.active = forward ? ActiveLocation::Recovery : ActiveLocation::Primary;
    target.copy_completed = false;
    target.booted = now;
    environment_.observer.noted("active_location", estate_.machine(machine).name,
                                forward ? "Recovery" : "Primary");
}

void SiteRecovery::replace_replica(JobId id) {
    const JobRecord& running = job(id);
    const MachineId machine = running.machine;
    if (!running.point) {
        // The item is active where it was failed over to; its points belong to the other leg.
        const auto chosen = usable_point(running);
        if (!chosen) {
            fail_job(id, "the machine has no such recovery point");
            return;
        }
        Item& target = at(machine);
        const MachineId leg = arrival_leg(machine);
        record(id).point = chosen;
        target.promoted = chosen;
        engine_.promoted(leg, *chosen, false);
        Milestones& dates = target.milestones;
        const Bytes lost = written_between(
            leg, chosen->time, leg == machine ? *dates.writes_until : *target.writes_until);
        (leg == machine ? dates.failed_over_to : dates.failed_back_to) = chosen;
        (leg == machine ? dates.data_loss : dates.failback_data_loss) = lost;
    }
    // At home the machine stays, and gets other disks.
    if (at(machine).active == ActiveLocation::Primary)
        request(id, MachineInstance::Primary, MachineAction::ShutDown);
    else
        request(id, MachineInstance::Recovery, MachineAction::Delete);
}

std::optional<RecoveryPoint> SiteRecovery::usable_point(const JobRecord& wanted) const {
    const Instant now = environment_.clock.now();
    // Another point of a machine that was failed over is one of the leg that brought it there.
    const bool change = wanted.kind == JobKind::ChangeRecoveryPoint;
    const RecoveryPoints& points =
        engine_.recovery_points(change ? arrival_leg(wanted.machine) : active_leg(wanted.machine));
    switch (wanted.options.recovery_point) {
        case RecoveryPointChoice::Latest: return points.latest();
        case RecoveryPointChoice::LatestProcessed:
            if (mutant(Mutant::StalePoint) && points.count() > 0) return points.all().back();
            return points.latest_processed(now);
        case RecoveryPointChoice::LatestAppConsistent:
        case RecoveryPointChoice::Custom: break;
    }
    const bool custom = wanted.options.recovery_point == RecoveryPointChoice::Custom;
    for (const RecoveryPoint& point : points.all()) {  // newest first
        if (custom ? point.time <= wanted.options.recovery_point_time
                   : point.kind == Marker::AppConsistent && point.processed_at <= now) {
            return point;
        }
    }
    return std::nullopt;
}

Bytes SiteRecovery::written_between(MachineId leg, Instant from, Instant to) {
    Bytes total;
    if (from >= to) return total;
    const Machine& facts = estate_.machine(leg);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        const DiskId disk(facts.first_disk.value + k);
        if (!engine_.replicates(disk)) continue;  // its loss was its user's choice
        total += environment_.source_disks.written(disk, from, to);
    }
    return total;
}

}  // namespace landfall
