// model/recovery/site_recovery_tasks.cpp — what the tasks of jobs do, and what moves them on.
#include <algorithm>

#include "model/recovery/site_recovery.hpp"

namespace landfall {

void SiteRecovery::begin_action(JobId id, bool again) {
    const JobRecord& running = job(id);
    const TaskRow& task = running.row();
    const MachineId machine = running.machine;
    switch (task.action) {
        case TaskAction::Wait:
        case TaskAction::CheckCompatibility:
        case TaskAction::CheckRecoveryPoint:
        case TaskAction::CheckReprotect:
        case TaskAction::StartInitialReplication:
        case TaskAction::KeepChosenPoint: wait_for(id, estate_.profile.*task.time); return;
        case TaskAction::RemoveItem:
            wait_for(id, task.time != nullptr ? estate_.profile.*task.time : Duration(0));
            return;
        case TaskAction::AwaitRecoveryPoint:
            if (engine_.recovery_points(active_leg(machine)).latest()) {
                wait_for(id, estate_.profile.*task.time);
            }
            return;
        case TaskAction::ShutDownSource:
        case TaskAction::ShutDownSourceOrFail: begin_shut_down(id); return;
        case TaskAction::SynchronizeLatestChanges:
        case TaskAction::SynchronizeOrFail: begin_synchronize(id); return;
        case TaskAction::CreateReplicaMachine: begin_create_replica(id); return;
        case TaskAction::StartReplicaMachine:
            if (running.options.gated && !running.released) {
                environment_.observer.noted("waiting_for_group", estate_.machine(machine).name, "");
                return;
            }
            request(id, target_of(machine), MachineAction::Start);
            return;
        case TaskAction::CreateTestMachine: {
            const MachineId leg = active_leg(machine);
            if (!again && running.options.recovery_point == RecoveryPointChoice::Latest) {
                engine_.make_latest_point(leg);
            }
            const auto point = usable_point(running);
            if (!point) {
                fail_job(id, "the machine has no recovery point to fail over to");
                return;
            }
            record(id).point = point;
            request(id, MachineInstance::Test, MachineAction::Create);
            return;
        }
        case TaskAction::PrepareTestMachine: {
            // The world hydrates a machine as it creates it.
            const Duration processing =
                std::max(running.point->processed_at, environment_.clock.now()) -
                environment_.clock.now();
            wait_for(id, processing);
            return;
        }
        case TaskAction::StartTestMachine:
            request(id, MachineInstance::Test, MachineAction::Start);
            return;
        case TaskAction::DeleteTestMachine:
            enter_test(machine, TestFailoverState::CleanupInitiated);
            request(id, MachineInstance::Test, MachineAction::Delete);
            return;
        case TaskAction::ReplaceReplicaMachine: replace_replica(id); return;
        case TaskAction::StartReverse: begin_reverse(id); return;
        case TaskAction::AwaitUser:
            at(machine).waiting_for_user = true;
            suspend(id, "WaitingForManualAction");
            return;
        case TaskAction::CompareDisks: begin_resync(id, again); return;
    }
}

void SiteRecovery::time_over(JobId id) {
    const JobRecord& running = job(id);
    const MachineId machine = running.machine;
    switch (running.row().action) {
        case TaskAction::StartInitialReplication:
            enter(machine, ProtectionState::InitialReplicationInProgress);
            engine_.start_initial_replication(machine);
            break;
        case TaskAction::KeepChosenPoint: commit_points(id); return;
        case TaskAction::RemoveItem: remove_item(id); break;
        case TaskAction::CheckRecoveryPoint:
            if (usable_point(running)) break;
            fail_job(id, "the machine has no recovery point to fail over to");
            return;
        case TaskAction::CheckReprotect: {
            const MachineInstance other = target_of(machine);
            if (is_on(machine, other)) {
                // SR/vmware-azure-reprotect.md: the machine that goes on being replicated to is
                // off.
                request(id, other, MachineAction::ShutDown);
                return;
            }
            break;
        }
        case TaskAction::CreateReplicaMachine:
            if (target_of(machine) == MachineInstance::Recovery) {
                request(id, MachineInstance::Recovery, MachineAction::Create);
                return;
            }
            break;  // at home the machine is there: it gets its disks back
        default: break;
    }
    end_task(id, TaskState::Succeeded);
}

void SiteRecovery::machine_done(JobId id, const MachineActionEnded& event) {
    const JobRecord& running = job(id);
    const MachineId machine = running.machine;
    Item& target = at(machine);
    switch (running.row().action) {
        case TaskAction::ShutDownSource:
        case TaskAction::ShutDownSourceOrFail:
            if (!event.succeeded) {
                if (running.row().action == TaskAction::ShutDownSourceOrFail) {
                    fail_job(id, event.cause);
                    return;
                }
                end_task(id, TaskState::Failed);  // SR/site-recovery-failover.md: it goes on
                return;
            }
            target.writes_until = environment_.clock.now();
            if (target.active == ActiveLocation::Primary) {
                target.milestones.writes_until = target.writes_until;
            }
            target.sync_possible = engine_.capture_final(active_leg(machine));
            break;
        case TaskAction::StartReplicaMachine:
            if (event.succeeded) replica_runs(id);
            break;
        case TaskAction::ReplaceReplicaMachine:
            if (!event.succeeded) break;
            if (event.action == MachineAction::Delete) {
                request(id, MachineInstance::Recovery, MachineAction::Create, 1);
                return;
            }
            if (event.action == MachineAction::Create) {
                request(id, MachineInstance::Recovery, MachineAction::Start, 2);
                return;
            }
            break;
        default: break;
    }
    if (!event.succeeded) {
        fail_job(id, event.cause);
        return;
    }
    end_task(id, TaskState::Succeeded);
}

void SiteRecovery::enter(MachineId machine, ProtectionState state) {
    if (at(machine).state == state) return;
    at(machine).state = state;
    environment_.observer.state_changed(machine, name_of(state));
}

void SiteRecovery::enter_test(MachineId machine, TestFailoverState state) {
    if (at(machine).test == state) return;
    at(machine).test = state;
    environment_.observer.noted("test_failover_state", estate_.machine(machine).name,
                                name_of(state));
}

bool SiteRecovery::is_in(MachineId machine, TaskAction action) const {
    const JobId running = at(machine).job;
    return !running.is_none() && job(running).row().action == action;
}

// --- Failover

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
    request(id, source_of(machine), MachineAction::ShutDown);
}

void SiteRecovery::begin_synchronize(JobId id) {
    const MachineId machine = job(id).machine;
    const MachineId leg = active_leg(machine);
    Item& target = at(machine);
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
    const Duration making = latest ? estate_.profile.recovery_point_time : Duration(0);
    // At home the machine need not be made, but it is given its disks.
    const bool home = target_of(machine) == MachineInstance::Primary;
    const Duration attaching = home ? estate_.profile.start_failover_time : Duration(0);
    wait_for(id, processing + making + attaching);
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
        const MachineId leg = machine;
        record(id).point = chosen;
        target.promoted = chosen;
        engine_.promoted(leg, *chosen, false);
        target.milestones.failed_over_to = chosen;
        target.milestones.data_loss =
            written_between(leg, chosen->time, *target.milestones.writes_until);
    }
    request(id, MachineInstance::Recovery, MachineAction::Delete, 0);
}

std::optional<RecoveryPoint> SiteRecovery::usable_point(const JobRecord& wanted) const {
    const Instant now = environment_.clock.now();
    // Another point of a machine that was failed over is one of the leg that brought it there.
    const bool change = wanted.kind == JobKind::ChangeRecoveryPoint;
    const RecoveryPoints& points =
        engine_.recovery_points(change ? wanted.machine : active_leg(wanted.machine));
    switch (wanted.options.recovery_point) {
        case RecoveryPointChoice::Latest: return points.latest();
        case RecoveryPointChoice::LatestProcessed: return points.latest_processed(now);
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
        total += environment_.source_disks.written(DiskId(facts.first_disk.value + k), from, to);
    }
    return total;
}

// --- Commit, reverse, removal

void SiteRecovery::commit_points(JobId id) {
    const MachineId machine = job(id).machine;
    const Item& target = at(machine);
    // The points belong to the leg that brought the machine where it is now.
    const bool home = target.active == ActiveLocation::Primary;
    const MachineId leg = home ? estate_.machine(machine).reverse : machine;
    engine_.keep_only(leg, *target.promoted);
    if (home) {
        // SR/vmware-azure-failback.md: the machine in Azure and its disks are removed.
        request(id, MachineInstance::Recovery, MachineAction::Delete);
        return;
    }
    end_task(id, TaskState::Succeeded);
}

void SiteRecovery::remove_item(JobId id) {
    const MachineId machine = job(id).machine;
    const MachineId reverse = estate_.machine(machine).reverse;
    for (const MachineId leg : {machine, reverse}) {
        if (leg.is_none()) continue;
        engine_.stop(leg);
        engine_.forget_points(leg);
    }
    auto& ended = at(machine).milestones.replication_ended;
    if (!ended) ended = environment_.clock.now();
    if (job(id).kind == JobKind::RemoveReplication) {
        environment_.observer.noted("source_configuration_left", estate_.machine(machine).name,
                                    "run the clean-up script on the source");
    }
}

/// Replication in the direction that the item's active side asks for; begins it if it rests.
void SiteRecovery::begin_reverse(JobId id) {
    const MachineId machine = job(id).machine;
    const MachineId leg = active_leg(machine);
    Item& target = at(machine);
    switch (engine_.data_path(leg)) {
        case DataPath::Stopped:
            target.copy_completed = false;
            start_reverse(id, leg);
            return;
        case DataPath::Journal: end_task(id, TaskState::Succeeded); return;
        case DataPath::ResyncRequired: schedule_resync(machine); return;
        case DataPath::Copying: return;
    }
}

/// What either side wrote since the failover travels; to another location, whole disks.
void SiteRecovery::start_reverse(JobId id, MachineId leg) {
    const auto& point = at(job(id).machine).promoted;
    LANDFALL_CHECK(point, "an item that replicates back was failed over to a point");
    FailedOver parted;
    parted.cut = point->time;
    if (job(id).options.alternate_location) parted.method = FailbackMethod::FullDownload;
    engine_.start_initial_replication(leg, &parted);
}

void SiteRecovery::begin_resync(JobId id, bool again) {
    const MachineId machine = job(id).machine;
    const MachineId leg = active_leg(machine);
    if (again && engine_.data_path(leg) == DataPath::Copying) return;
    if (again && at(machine).copy_completed && engine_.data_path(leg) == DataPath::Journal) {
        end_task(id, TaskState::Succeeded);
        return;
    }
    at(machine).copy_completed = false;
    engine_.start_resync(leg);
}

void SiteRecovery::maybe_finalize(MachineId machine) {
    const Item& target = at(machine);
    if (target.state != ProtectionState::InitialReplicationInProgress) return;
    if (!target.copy_completed || !target.job.is_none()) return;
    if (engine_.data_path(machine) != DataPath::Journal) return;
    start_job(JobKind::FinalizeProtection, machine, {});
}

// --- What the engine reports

void SiteRecovery::copy_completed(MachineId leg) {
    const MachineId machine = item_of(leg);
    Item& target = at(machine);
    target.copy_completed = true;
    if (leg == machine && !target.milestones.copy_completed) {
        target.milestones.copy_completed = environment_.clock.now();
        environment_.observer.noted("initial_replication_completed", estate_.machine(machine).name,
                                    "");
    }
    if (!up_) return;
    if (is_in(machine, TaskAction::CompareDisks) || is_in(machine, TaskAction::StartReverse)) {
        end_task(target.job, TaskState::Succeeded);
    }
    maybe_finalize(machine);
}

void SiteRecovery::recovery_point_published(MachineId leg, const RecoveryPoint& point) {
    const MachineId machine = item_of(leg);
    const Item& target = at(machine);
    if (!up_ || target.job.is_none()) return;
    if (is_in(machine, TaskAction::AwaitRecoveryPoint)) {
        if (executions_[target.job.value].timer == 0) {
            wait_for(target.job, estate_.profile.*job(target.job).row().time);
        }
    } else if ((is_in(machine, TaskAction::SynchronizeLatestChanges) ||
                is_in(machine, TaskAction::SynchronizeOrFail)) &&
               point.time >= *target.writes_until) {
        end_task(target.job, TaskState::Succeeded);
    }
}

void SiteRecovery::resync_required(MachineId leg, std::string_view cause) {
    const MachineId machine = item_of(leg);
    environment_.observer.noted("resync_required", estate_.machine(machine).name, cause);
    Item& target = at(machine);
    target.copy_completed = false;
    target.sync_possible = false;
    if (up_) answer_resync(machine, cause);
}

/// What a job does that waits for data which will not come without a resynchronization.
void SiteRecovery::answer_resync(MachineId machine, std::string_view cause) {
    Item& target = at(machine);
    if (is_in(machine, TaskAction::SynchronizeLatestChanges)) {
        end_task(target.job, TaskState::Failed);  // SR/site-recovery-failover.md: it goes on
    } else if (is_in(machine, TaskAction::SynchronizeOrFail) ||
               is_in(machine, TaskAction::CompareDisks) ||
               is_in(machine, TaskAction::AwaitRecoveryPoint)) {
        fail_job(target.job, cause);  // whose end sets the timer of the next resynchronization
    } else {
        schedule_resync(machine);
    }
}

void SiteRecovery::schedule_resync(MachineId machine) {
    Item& target = at(machine);
    target.resync_due = environment_.clock.now() + estate_.profile.automatic_resync_delay;
    environment_.clock.set_timer(target.resync_due, {kAutomaticResyncTimer, machine.value});
}

}  // namespace landfall
