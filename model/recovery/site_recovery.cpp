// model/recovery/site_recovery.cpp — operations in, events in, jobs driven task by task.
#include "model/recovery/site_recovery.hpp"

#include <algorithm>

namespace landfall {

namespace {

JobKind job_of(Operation operation) {
    switch (operation) {
        case Operation::EnableReplication: return JobKind::EnableProtection;
        case Operation::UnplannedFailover: return JobKind::Failover;
        case Operation::Commit: return JobKind::Commit;
        case Operation::CompleteMigration: return JobKind::CompleteMigration;
        case Operation::DisableProtection: return JobKind::DisableProtection;
        case Operation::RepairReplication: return JobKind::Resynchronize;
        default: break;
    }
    LANDFALL_CHECK(false, "an operation that is asked for has a job");
    return JobKind::EnableProtection;
}

/// The operation that a job carries out; Finalize protection is the end of Enable replication.
Operation operation_of(JobKind kind) {
    switch (kind) {
        case JobKind::EnableProtection:
        case JobKind::FinalizeProtection: return Operation::EnableReplication;
        case JobKind::Failover: return Operation::UnplannedFailover;
        case JobKind::Commit: return Operation::Commit;
        case JobKind::CompleteMigration: return Operation::CompleteMigration;
        case JobKind::DisableProtection: return Operation::DisableProtection;
        case JobKind::Resynchronize: return Operation::RepairReplication;
    }
    LANDFALL_CHECK(false, "every job has an operation");
    return Operation::EnableReplication;
}

/// The state of an item while a job runs on it.
ProtectionState state_during(JobKind kind, ProtectionState now) {
    switch (kind) {
        case JobKind::EnableProtection: return ProtectionState::EnablingProtection;
        case JobKind::Failover: return ProtectionState::UnplannedFailoverInitiated;
        case JobKind::Commit: return ProtectionState::CommitFailoverInProgress;
        case JobKind::DisableProtection: return ProtectionState::DisablingProtection;
        case JobKind::FinalizeProtection:
        case JobKind::CompleteMigration:
        case JobKind::Resynchronize: return now;
    }
    return now;
}

}  // namespace

SiteRecovery::SiteRecovery(const Estate& estate, Environment environment)
    : estate_(estate),
      environment_(environment),
      items_(estate.machines.size()),
      engine_(estate, environment, *this) {}

std::variant<JobId, Refusal> SiteRecovery::start(Operation operation, MachineId machine,
                                                 OperationOptions options) {
    const Item& target = item(machine);
    const bool displaces =
        !target.job.is_none() && cancels(operation, operation_of(job(target.job).kind));
    if (!target.job.is_none() && !displaces) {
        const Job& busy = job(target.job);
        return Refusal{target.state,
                       {},
                       std::string("job \"") + std::string(name_of(busy.kind)) +
                           "\" is in progress (task \"" + std::string(current_task(busy).name) +
                           "\")"};
    }
    const ItemView view = view_of(machine);
    if (const auto why = why_not(view, operation)) {
        return Refusal{target.state, legal_operations(view), *why};
    }
    if (const auto why = obstacle(operation, machine, options)) {
        return Refusal{target.state, legal_operations(view), *why};
    }
    if (displaces) cancel_job(target.job, name_of(operation));
    return start_job(job_of(operation), machine, options);
}

/// What stands in the way of an operation that the item's state allows.
std::optional<std::string> SiteRecovery::obstacle(Operation operation, MachineId machine,
                                                  const OperationOptions& options) const {
    const std::string& name = estate_.machine(machine).name;
    switch (operation) {
        case Operation::EnableReplication:
            // SR/vmware-azure-enable-replication.md: a machine is on when it is enabled.
            if (!items_[machine.value].source_off) return std::nullopt;
            return name + " was shut down: a machine must be on to be enabled";
        case Operation::RepairReplication:
            if (engine_.data_path(machine) != DataPath::Copying) return std::nullopt;
            return "the disks of " + name + " are being copied already";
        case Operation::UnplannedFailover:
            // SR/vmware-azure-common-questions.md: without retention, fail over only to latest.
            if (options.recovery_point == RecoveryPointChoice::Latest ||
                estate_.policy(estate_.machine(machine).policy).retention > Duration(0)) {
                return std::nullopt;
            }
            return "the policy of " + name + " retains no points: fail over to latest";
        default: return std::nullopt;
    }
}

void SiteRecovery::adopt_protected(MachineId machine) {
    Item& target = item(machine);
    LANDFALL_CHECK(target.state == ProtectionState::UnprotectedStatesBegin,
                   "only an unprotected item can be adopted");
    engine_.start_replicated(machine);
    target.copy_completed = true;
    target.milestones.protected_since = environment_.clock.now();
    enter(machine, ProtectionState::Protected);
}

void SiteRecovery::on(const Event& event) {
    if (const auto* transfer = std::get_if<TransferCompleted>(&event)) {
        engine_.on_transfer(transfer->channel);
    } else if (const auto* failed = std::get_if<TransferFailed>(&event)) {
        engine_.on_transfer_failed(failed->channel, failed->delivered);
    } else if (const auto* timer = std::get_if<TimerFired>(&event)) {
        if (timer->tag.kind < ReplicationPipeline::kTimerKinds) {
            engine_.on_timer(timer->tag);
        } else if (timer->tag.kind == kAutomaticResyncTimer) {
            const MachineId machine(timer->tag.subject);
            if (engine_.data_path(machine) == DataPath::ResyncRequired &&
                environment_.clock.now() >= item(machine).resync_due) {
                // Refused while a job runs; the end of that job sets the timer again.
                start(Operation::RepairReplication, machine);
            }
        } else {
            const JobId id(timer->tag.subject);
            const Job& timed = job(id);
            if (!timed.ended && timed.task == timer->tag.kind - kTaskTimer) task_time_over(id);
        }
    } else if (const auto* ended = std::get_if<MachineActionEnded>(&event)) {
        machine_action_ended(*ended);
    }
}

// --- Jobs

JobId SiteRecovery::start_job(JobKind kind, MachineId machine, OperationOptions options) {
    const JobId id(jobs_.size());
    Item& target = item(machine);
    const Instant now = environment_.clock.now();
    jobs_.push_back({.kind = kind,
                     .machine = machine,
                     .options = options,
                     .task_started = now,
                     .return_to = target.state});
    ++jobs_in_progress_;
    target.job = id;
    if (kind == JobKind::EnableProtection) {
        target.milestones = Milestones();
        target.milestones.enable_started = now;
        target.copy_completed = false;
    }
    if (kind == JobKind::Failover) target.milestones.failover_started = now;
    environment_.observer.job_started(id, machine, name_of(kind));
    enter(machine, state_during(kind, target.state));
    begin_task(id);
    return id;
}

const TaskRow& SiteRecovery::current_task(const Job& running) const {
    return tasks_of(running.kind)[running.task];
}

bool SiteRecovery::is_in(MachineId machine, TaskAction action) const {
    const JobId running = items_[machine.value].job;
    return !running.is_none() && current_task(jobs_[running.value]).action == action;
}

void SiteRecovery::begin_task(JobId id) {
    const Job running = job(id);
    const TaskRow& task = current_task(running);
    job(id).task_started = environment_.clock.now();
    job(id).task_timed = false;
    switch (task.action) {
        case TaskAction::Wait:
        case TaskAction::CheckRecoveryPoint:
        case TaskAction::StartInitialReplication:
        case TaskAction::KeepChosenPoint:
        case TaskAction::RemoveItem: wait_for(id, estate_.profile.*task.time); return;
        case TaskAction::AwaitRecoveryPoint:
            if (engine_.recovery_points(running.machine).latest()) {
                wait_for(id, estate_.profile.*task.time);
            }
            return;
        case TaskAction::ShutDownSource: begin_shut_down(id); return;
        case TaskAction::SynchronizeLatestChanges: begin_synchronize(id); return;
        case TaskAction::CreateReplicaMachine: begin_create_replica(id); return;
        case TaskAction::StartReplicaMachine:
            request(id, MachineInstance::Recovery, MachineAction::Start);
            return;
        case TaskAction::CompareDisks: engine_.start_resync(running.machine); return;
    }
}

void SiteRecovery::wait_for(JobId id, Duration time) {
    Job& running = job(id);
    running.task_timed = true;
    const auto ordinal = static_cast<std::uint32_t>(running.task);
    environment_.clock.set_timer(environment_.clock.now() + time, {kTaskTimer + ordinal, id.value});
}

void SiteRecovery::task_time_over(JobId id) {
    const Job running = job(id);
    switch (current_task(running).action) {
        case TaskAction::StartInitialReplication:
            enter(running.machine, ProtectionState::InitialReplicationInProgress);
            engine_.start_initial_replication(running.machine);
            break;
        case TaskAction::KeepChosenPoint:
            engine_.keep_only(running.machine, *item(running.machine).milestones.failed_over_to);
            break;
        case TaskAction::RemoveItem: remove_item(id); break;
        case TaskAction::CheckRecoveryPoint:
            if (usable_point(running)) break;
            fail_job(id, "the machine has no recovery point to fail over to");
            return;
        case TaskAction::CreateReplicaMachine:
            request(id, MachineInstance::Recovery, MachineAction::Create);
            return;
        default: break;
    }
    end_task(id, "Succeeded");
}

void SiteRecovery::end_task(JobId id, std::string_view state) {
    Job& running = job(id);
    environment_.observer.task_ended(id, current_task(running).name, state, running.task_started);
    if (++running.task < tasks_of(running.kind).size()) {
        begin_task(id);
        return;
    }
    --running.task;
    end_job(id, "Succeeded", "");
}

void SiteRecovery::end_job(JobId id, std::string_view state, std::string_view cause) {
    leave_job(id, state, cause);
    const Job ended = job(id);
    Item& target = item(ended.machine);
    if (engine_.data_path(ended.machine) == DataPath::ResyncRequired) {
        schedule_resync(ended.machine);
    }
    if (state != "Succeeded") {
        const bool failover = ended.kind == JobKind::Failover;
        enter(ended.machine, failover ? ProtectionState::UnplannedFailoverFailed : ended.return_to);
        return;
    }
    switch (ended.kind) {
        case JobKind::EnableProtection: maybe_finalize(ended.machine); return;
        case JobKind::FinalizeProtection:
            target.milestones.protected_since = environment_.clock.now();
            enter(ended.machine, ProtectionState::Protected);
            return;
        case JobKind::Failover:
            enter(ended.machine, ProtectionState::UnplannedFailoverCommitPendingStatesBegin);
            return;
        case JobKind::Commit:
            enter(ended.machine, ProtectionState::UnplannedFailoverCommitted);
            return;
        case JobKind::CompleteMigration:
            target.milestones.migrated = environment_.clock.now();
            enter(ended.machine, ProtectionState::MigrationComplete);
            return;
        case JobKind::DisableProtection:
            enter(ended.machine, ProtectionState::UnprotectedStatesEnd);
            return;
        case JobKind::Resynchronize: maybe_finalize(ended.machine); return;
    }
}

void SiteRecovery::leave_job(JobId id, std::string_view state, std::string_view cause) {
    Job& left = job(id);
    LANDFALL_CHECK(!left.ended, "a job ends once");
    left.ended = true;
    item(left.machine).job = JobId();
    --jobs_in_progress_;
    environment_.observer.job_ended(id, state, cause);
}

void SiteRecovery::fail_job(JobId id, std::string_view cause) {
    const Job& failing = job(id);
    environment_.observer.task_ended(id, current_task(failing).name, "Failed",
                                     failing.task_started);
    end_job(id, "Failed", cause);
}

/// Another operation takes the job's place: the item's state is that operation's to change.
void SiteRecovery::cancel_job(JobId id, std::string_view cause) {
    const Job& cancelled = job(id);
    environment_.observer.task_ended(id, current_task(cancelled).name, "Cancelled",
                                     cancelled.task_started);
    leave_job(id, "Cancelled", cause);
}

void SiteRecovery::enter(MachineId machine, ProtectionState state) {
    if (item(machine).state == state) return;
    item(machine).state = state;
    environment_.observer.state_changed(machine, name_of(state));
}

void SiteRecovery::maybe_finalize(MachineId machine) {
    const Item& target = item(machine);
    if (target.state != ProtectionState::InitialReplicationInProgress) return;
    if (!target.copy_completed || !target.job.is_none()) return;
    if (engine_.data_path(machine) != DataPath::Journal) return;
    start_job(JobKind::FinalizeProtection, machine, {});
}

void SiteRecovery::remove_item(JobId id) {
    const MachineId machine = job(id).machine;
    engine_.stop(machine);
    engine_.forget_points(machine);
    auto& ended = item(machine).milestones.replication_ended;
    if (!ended) ended = environment_.clock.now();
}

// --- Failover

void SiteRecovery::begin_shut_down(JobId id) {
    const Job running = job(id);
    Item& target = item(running.machine);
    if (target.source_off) {  // by an earlier attempt: what it could still send follows as before
        end_task(id, "Skipped");
        return;
    }
    target.sync_possible = false;
    target.milestones.source_down = environment_.clock.now();
    target.milestones.writes_until = environment_.clock.now();
    if (!running.options.shut_down_source || !estate_.machine(running.machine).can_shut_down) {
        end_task(id, "Skipped");
        return;
    }
    request(id, MachineInstance::Primary, MachineAction::ShutDown);
}

void SiteRecovery::source_shut_down(MachineId machine) {
    Item& target = item(machine);
    LANDFALL_CHECK(is_in(machine, TaskAction::ShutDownSource),
                   "a source that was shut down was being shut down");
    target.source_off = true;
    target.milestones.writes_until = environment_.clock.now();
    target.sync_possible = engine_.capture_final(machine);
    end_task(target.job, "Succeeded");
}

void SiteRecovery::begin_synchronize(JobId id) {
    const MachineId machine = job(id).machine;
    const Item& target = item(machine);
    if (!target.sync_possible) {
        // SR/site-recovery-failover.md: a failover goes on when the source could not be shut down.
        end_task(id, "Skipped");
        return;
    }
    const auto newest = engine_.recovery_points(machine).latest();
    if (newest && newest->time >= *target.milestones.writes_until) end_task(id, "Succeeded");
}

void SiteRecovery::begin_create_replica(JobId id) {
    const Job running = job(id);
    const Instant now = environment_.clock.now();
    const bool latest = running.options.recovery_point == RecoveryPointChoice::Latest;
    const auto chosen = latest ? engine_.make_latest_point(running.machine) : usable_point(running);
    if (!chosen) {
        fail_job(id, "the machine has no recovery point to fail over to");
        return;
    }
    engine_.stop(running.machine);
    Milestones& dates = item(running.machine).milestones;
    const bool drained = item(running.machine).sync_possible && chosen->time >= *dates.writes_until;
    engine_.promoted(running.machine, *chosen, drained);
    if (!dates.replication_ended) dates.replication_ended = now;
    dates.failed_over_to = chosen;
    dates.data_loss = written_between(running.machine, chosen->time, *dates.writes_until);
    const Duration processing = std::max(chosen->processed_at, now) - now;
    const Duration making = latest ? estate_.profile.recovery_point_time : Duration(0);
    wait_for(id, processing + making);
}

std::optional<RecoveryPoint> SiteRecovery::usable_point(const Job& failover) const {
    const RecoveryPoints& points = engine_.recovery_points(failover.machine);
    if (failover.options.recovery_point == RecoveryPointChoice::Latest) return points.latest();
    return points.latest_processed(environment_.clock.now());
}

Bytes SiteRecovery::written_between(MachineId machine, Instant from, Instant to) {
    Bytes total;
    if (from >= to) return total;
    const Machine& facts = estate_.machine(machine);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        total += environment_.source_disks.written(DiskId(facts.first_disk.value + k), from, to);
    }
    return total;
}

// --- What the engine reports

void SiteRecovery::copy_completed(MachineId machine) {
    Item& target = item(machine);
    target.copy_completed = true;
    if (!target.milestones.copy_completed) {
        target.milestones.copy_completed = environment_.clock.now();
        environment_.observer.noted("initial_replication_completed", estate_.machine(machine).name,
                                    "");
    }
    if (is_in(machine, TaskAction::CompareDisks)) end_task(target.job, "Succeeded");
    maybe_finalize(machine);
}

void SiteRecovery::recovery_point_published(MachineId machine, const RecoveryPoint& point) {
    const Item& target = item(machine);
    if (target.job.is_none()) return;
    if (is_in(machine, TaskAction::AwaitRecoveryPoint)) {
        const Job& running = job(target.job);
        if (!running.task_timed) {
            wait_for(target.job, estate_.profile.*current_task(running).time);
        }
    } else if (is_in(machine, TaskAction::SynchronizeLatestChanges) &&
               point.time >= *target.milestones.writes_until) {
        end_task(target.job, "Succeeded");
    }
}

void SiteRecovery::resync_required(MachineId machine, std::string_view cause) {
    environment_.observer.noted("resync_required", estate_.machine(machine).name, cause);
    Item& target = item(machine);
    target.copy_completed = false;
    target.sync_possible = false;
    if (is_in(machine, TaskAction::SynchronizeLatestChanges)) {
        end_task(target.job, "Failed");  // SR/site-recovery-failover.md: the failover goes on
    } else if (is_in(machine, TaskAction::CompareDisks) ||
               is_in(machine, TaskAction::AwaitRecoveryPoint)) {
        fail_job(target.job, cause);  // whose end sets the timer of the next resynchronization
    } else {
        schedule_resync(machine);
    }
}

void SiteRecovery::schedule_resync(MachineId machine) {
    Item& target = item(machine);
    target.resync_due = environment_.clock.now() + estate_.profile.automatic_resync_delay;
    environment_.clock.set_timer(target.resync_due, {kAutomaticResyncTimer, machine.value});
}

// --- Observation

ProtectionState SiteRecovery::protection_state(MachineId machine) const {
    return items_[machine.value].state;
}

ItemView SiteRecovery::view_of(MachineId machine) const {
    const ProtectionState state = items_[machine.value].state;
    const bool failed_over = state == ProtectionState::UnplannedFailoverCommitPendingStatesBegin ||
                             state == ProtectionState::CommitFailoverInProgress ||
                             state == ProtectionState::UnplannedFailoverCommitted;
    return {.kind = estate_.machine(machine).kind,
            .state = state,
            .active = failed_over ? ActiveLocation::Recovery : ActiveLocation::Primary,
            .resync_required = engine_.data_path(machine) == DataPath::ResyncRequired,
            .profile = &estate_.profile};
}

const Milestones& SiteRecovery::milestones(MachineId machine) const {
    return items_[machine.value].milestones;
}

std::vector<std::string> SiteRecovery::waiting() const {
    std::vector<std::string> names;
    for (std::size_t index = 0; index < items_.size(); ++index) {
        if (items_[index].job.is_none()) continue;
        const Job& running = jobs_[items_[index].job.value];
        names.push_back(estate_.machines[index].name + ": " + std::string(name_of(running.kind)) +
                        ", task \"" + std::string(current_task(running).name) + "\"");
    }
    return names;
}

}  // namespace landfall
