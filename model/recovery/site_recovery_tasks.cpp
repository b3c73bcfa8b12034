// model/recovery/site_recovery_tasks.cpp — what the tasks of jobs do, and what moves them on.
#include <algorithm>
#include <optional>
#include <utility>

#include "model/base/mutant.hpp"
#include "model/recovery/site_recovery.hpp"

namespace landfall {

namespace {

/// What a task asks of which machine, where that is all it does.
std::optional<std::pair<MachineInstance, MachineAction>> asked_by(TaskAction task,
                                                                  MachineInstance source,
                                                                  MachineInstance target) {
    switch (task) {
        case TaskAction::StartReplicaMachine: return std::pair(target, MachineAction::Start);
        case TaskAction::StartSourceAgain: return std::pair(source, MachineAction::Start);
        case TaskAction::StartTestMachine:
            return std::pair(MachineInstance::Test, MachineAction::Start);
        case TaskAction::ShutDownAbandoned:
            return std::pair(MachineInstance::Primary, MachineAction::ShutDown);
        default: return std::nullopt;
    }
}

}  // namespace

void SiteRecovery::begin_action(JobId id, bool again) {
    const JobRecord& running = job(id);
    const TaskRow& task = running.row();
    const MachineId machine = running.machine;
    if (running.is_at_gate()) {
        tell_plan(id);
        return;
    }
    if (const auto asked = asked_by(task.action, source_of(machine), target_of(machine))) {
        request(id, asked->first, asked->second);
        return;
    }
    switch (task.action) {
        case TaskAction::StartInitialReplication:
            wait_for(id, until_scheduled_copy(id) + estate_.profile.*task.time);
            return;
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
            if (mutant(Mutant::DrillStopsReplication)) engine_.stop(leg);
            request(id, MachineInstance::Test, MachineAction::Create);
            return;
        }
        case TaskAction::PrepareTestMachine: {
            // The world hydrates a machine as it creates it.
            const Duration processing =
                std::max(running.point->processed_at, environment_.clock.now()) -
                environment_.clock.now();
            wait_for(id, processing + making_time(running));
            return;
        }
        case TaskAction::DeleteTestMachine:
            enter_test(machine, TestFailoverState::CleanupInitiated);
            if (mutant(Mutant::CleanUpForgetsMachine)) return end_task(id, TaskState::Succeeded);
            request(id, MachineInstance::Test, MachineAction::Delete);
            return;
        case TaskAction::ReplaceReplicaMachine: replace_replica(id); return;
        case TaskAction::StartReverse: begin_reverse(id); return;
        case TaskAction::AwaitUser:
            at(machine).waiting_for_user = true;
            suspend(id, "WaitingForManualAction");
            return;
        case TaskAction::CompareDisks: begin_resync(id, again); return;
        // All others take their time first.
        default: wait_for(id, estate_.profile.*task.time); return;
    }
}

/// Time left until the first copy may start: the policy may name a time of day for it
/// (PS:New-AzRecoveryServicesAsrPolicy.md: once, within 24 h of the job's start).
Duration SiteRecovery::until_scheduled_copy(JobId id) const {
    const JobRecord& running = job(id);
    const Policy& policy = estate_.policy(estate_.machine(running.machine).policy);
    if (!policy.initial_replication_start) return Duration(0);
    const std::int64_t day = days(1).count();
    const Duration since_start = running.tasks[running.task].started.since_start();
    const std::int64_t ahead =
        (policy.initial_replication_start->count() - since_start.count() % day + day) % day;
    const Instant due = running.tasks[running.task].started + Duration(ahead);
    return std::max(due, environment_.clock.now()) - environment_.clock.now();
}

void SiteRecovery::time_over(JobId id) {
    const JobRecord& running = job(id);
    const MachineId machine = running.machine;
    if (const auto why = failed_check(id)) {
        fail_job(id, *why);
        return;
    }
    switch (running.row().action) {
        case TaskAction::StartInitialReplication:
            enter(machine, ProtectionState::InitialReplicationInProgress);
            engine_.start_initial_replication(machine);
            break;
        case TaskAction::KeepChosenPoint: commit_points(id); return;
        case TaskAction::RemoveItem: remove_item(id); break;
        case TaskAction::CheckReprotect:
        case TaskAction::CheckFailback: {
            if (mutant(Mutant::ReprotectLeavesOtherOn)) break;
            const MachineInstance other = target_of(machine);
            if (other == MachineInstance::Recovery && at(machine).recovery_exists) {
                // Scout commits nothing: its machine gives its disks back now [A].
                request(id, other, MachineAction::Delete);
                return;
            }
            if (is_on(machine, other)) {
                // SR/vmware-azure-reprotect.md: the machine that goes on being replicated to is
                // off; so is that at home "during failback"
                // (hyper-v-azure-failover-failback-tutorial.md), which is seen to here as well [A].
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
        default:
            if (change_replication(id)) break;
            fail_job(id, "the machine does not replicate any more");
            return;
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
            target.sync_possible = engine_.capture_final(active_leg(machine));
            break;
        case TaskAction::StartReplicaMachine:
            if (event.succeeded) replica_runs(id);
            break;
        case TaskAction::ShutDownAbandoned:
            if (event.succeeded) source_is_back(machine);
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
            if (event.action == MachineAction::ShutDown) {
                request(id, MachineInstance::Primary, MachineAction::Start, 1);
                return;
            }
            target.booted = environment_.clock.now();
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

// --- Commit, reverse, removal

void SiteRecovery::commit_points(JobId id) {
    const MachineId machine = job(id).machine;
    const Item& target = at(machine);
    const bool home = target.active == ActiveLocation::Primary;
    if (!mutant(Mutant::CommitKeepsPoints)) {
        engine_.keep_only(arrival_leg(machine), *target.promoted);
    }
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
        if (!mutant(Mutant::RemovalKeepsReplicating)) engine_.stop(leg);
        if (!mutant(Mutant::RemovalKeepsPoints)) engine_.forget_points(leg);
    }
    // What failed on the way to Azure, or has gone home again, is of no use to anybody [A].
    if (at(machine).active == ActiveLocation::Primary) discard_replica_machine(id);
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

/// What differs between the sides travels: between Azure and elsewhere checksums tell what that is
/// (hyper-v-azure-failback.md, vmware-azure-reprotect.md, azure-to-azure-how-to-reprotect.md), two
/// sites know it from what either side wrote. To another location, or where the user prefers it,
/// whole disks travel.
void SiteRecovery::start_reverse(JobId id, MachineId leg) {
    const auto& point = at(job(id).machine).promoted;
    LANDFALL_CHECK(point, "an item that replicates back was failed over to a point");
    FailedOver parted;
    parted.cut = point->time;
    const JobRecord& running = job(id);
    const bool whole = running.kind == JobKind::Failback &&
                       running.options.data_sync == DataSync::ForSynchronization;
    if (running.options.alternate_location || whole) {
        parted.method = FailbackMethod::FullDownload;
    } else if (!kSecondarySiteKinds.contains(estate_.machine(running.machine).kind)) {
        parted.method = FailbackMethod::Checksum;
    }
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
