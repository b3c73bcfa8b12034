// model/recovery/site_recovery_jobs.cpp — how a job goes from task to task, and how it ends.
#include <algorithm>

#include "model/base/mutant.hpp"
#include "model/recovery/site_recovery.hpp"

namespace landfall {

/// The state of an item while a job runs on it.
ProtectionState SiteRecovery::state_during(JobKind kind, const Item& target) const {
    switch (kind) {
        case JobKind::EnableProtection: return ProtectionState::EnablingProtection;
        case JobKind::Failover: return ProtectionState::UnplannedFailoverInitiated;
        case JobKind::PlannedFailover:
        case JobKind::Failback: return ProtectionState::PlannedFailoverInitiated;
        case JobKind::ChangeRecoveryPoint: return ProtectionState::ChangeRecoveryPointInitiated;
        case JobKind::Commit: return ProtectionState::CommitFailoverInProgress;
        case JobKind::ReverseReplicate: return ProtectionState::ReprotectInitiated;
        case JobKind::DisableProtection: return ProtectionState::DisablingProtection;
        default: return target.state;
    }
}

void SiteRecovery::begin_task(JobId id, bool again) {
    JobRecord& running = record(id);
    TaskRecord& task = running.tasks[running.task];
    task.state = TaskState::Started;
    if (!again) task.started = environment_.clock.now();
    executions_[id.value] = Execution();
    begin_action(id, again);
}

void SiteRecovery::wait_for(JobId id, Duration time) {
    const auto number = static_cast<std::uint32_t>(job_of_timer_.size());
    job_of_timer_.push_back(id);
    executions_[id.value].timer = number;
    environment_.clock.set_timer(environment_.clock.now() + time, {kTaskTimer, number});
}

void SiteRecovery::request(JobId id, MachineInstance instance, MachineAction action,
                           std::uint64_t step) {
    if (mutant(Mutant::TokenPerRequest)) {
        const auto now = environment_.clock.now().since_start().count() / kNanosecondsPerSecond;
        step += 8 + static_cast<std::uint64_t>(now) % 128;
    }
    const std::uint64_t token = token_of(id, job(id), step);
    executions_[id.value].token = token;
    if (instance == MachineInstance::Recovery && action == MachineAction::Create) {
        Item& owner = at(job(id).machine);
        owner.replica_by = id;
        owner.discarded_by = JobId();  // it gives way to the new one
    }
    environment_.compute.request(request_of(id, instance, action, token));
}

MachineRequest SiteRecovery::request_of(JobId id, MachineInstance instance, MachineAction action,
                                        std::uint64_t token) const {
    const JobRecord& running = job(id);
    const bool hydrate =
        estate_.machine(running.machine).needs_hydration && instance != MachineInstance::Primary;
    return {.machine = running.machine,
            .instance = instance,
            .action = action,
            .hydrate = hydrate,
            .token = token,
            .network = running.options.test_network,
            .at_source = instance == MachineInstance::Test &&
                         running.active_before == ActiveLocation::Recovery};
}

void SiteRecovery::on_timer(TimerTag tag) {
    if (tag.kind == kTaskTimer) {
        const JobId id = job_of_timer_[tag.subject];
        if (executions_[id.value].timer != tag.subject) return;
        executions_[id.value].timer = 0;
        time_over(id);
        return;
    }
    const MachineId machine(tag.subject);
    if (tag.kind == kDiscardTimer) {
        if (environment_.clock.now() >= at(machine).discard_due) delete_discarded(machine);
        return;
    }
    if (data_path(machine) != DataPath::ResyncRequired ||
        environment_.clock.now() < at(machine).resync_due) {
        return;
    }
    if (!engine_.agent_runs(active_leg(machine))) return;  // its start sets the timer again
    if (is_in(machine, TaskAction::StartReverse)) {
        engine_.start_resync(active_leg(machine));
        return;
    }
    // Refused while a job runs; the end of that job sets the timer again.
    start(Operation::RepairReplication, machine);
}

void SiteRecovery::on_machine(const MachineActionEnded& event) {
    note_machine(event);
    if ((event.token & 0xFFU) == kDiscardStep) return on_discard_ended(event);
    const JobId id = job_of_token(event.token);
    if (id.is_none()) return note_console(event);
    if (!up_ || executions_[id.value].token != event.token) return;
    executions_[id.value].token.reset();
    machine_done(id, event);
}

void SiteRecovery::end_task(JobId id, TaskState state) {
    JobRecord& running = record(id);
    TaskRecord& task = running.tasks[running.task];
    task.state = state;
    task.ended = environment_.clock.now();
    environment_.observer.task_ended(id, task.row->name, name_of(state), task.started);
    tell_plan(id);
    if (running.task + 1 == running.tasks.size()) {
        end_job(id, JobState::Succeeded, "");
        return;
    }
    ++running.task;
    begin_task(id);
}

void SiteRecovery::fail_job(JobId id, std::string_view cause) {
    JobRecord& failing = record(id);
    TaskRecord& task = failing.tasks[failing.task];
    task.state = TaskState::Failed;
    task.ended = environment_.clock.now();
    environment_.observer.task_ended(id, task.row->name, name_of(TaskState::Failed), task.started);
    if (!mutant(Mutant::FailedJobGoesOn)) end_job(id, JobState::Failed, cause);
}

void SiteRecovery::leave_job(JobId id, JobState state, std::string_view cause) {
    JobRecord& left = record(id);
    LANDFALL_CHECK(!left.is_over(), "a job ends once");
    left.state = state;
    left.state_description = state == JobState::Succeeded ? "Completed" : "";
    left.cause = cause;
    left.ended = environment_.clock.now();
    executions_[id.value] = Execution();
    if (!mutant(Mutant::EndedJobKeepsRoom)) give_back_room(id);
    Item& target = at(left.machine);
    target.job = JobId();
    target.last_job = id;
    target.waiting_for_user = false;
    environment_.observer.job_ended(id, name_of(state), cause);
    tell_plan(id);
}

void SiteRecovery::end_job(JobId id, JobState state, std::string_view cause) {
    const MachineId machine = job(id).machine;
    leave_job(id, state, cause);
    const JobKind kind = job(id).kind;
    if (data_path(machine) == DataPath::ResyncRequired) schedule_resync(machine);
    if (state != JobState::Succeeded) {
        fall_back(machine, job(id));
        return;
    }
    succeed(machine, id);
    if (kind == JobKind::EnableProtection || kind == JobKind::Resynchronize) {
        maybe_finalize(machine);
    }
    // hyper-v-vmm-failover-failback.md: after a planned failover between two sites the replica
    // replicates back at once.
    const bool between_sites = estate_.machine(machine).kind == ScenarioKind::VmmToVmm;
    if (kind == JobKind::Commit && between_sites && at(machine).planned &&
        !estate_.machine(machine).reverse.is_none()) {
        start(Operation::ReverseReplicate, machine);
    }
}

void SiteRecovery::succeed(MachineId machine, JobId id) {
    Item& target = at(machine);
    const Instant now = environment_.clock.now();
    switch (job(id).kind) {
        case JobKind::FinalizeProtection:
            target.milestones.protected_since = now;
            enter(machine, ProtectionState::Protected);
            return;
        case JobKind::TestFailover:
            enter_test(machine, TestFailoverState::WaitingForCompletion);
            return;
        case JobKind::TestFailoverCleanup:
            target.milestones.tested = now;
            enter_test(machine, TestFailoverState::MarkedForDeletion);
            return;
        case JobKind::PlannedFailover:
        case JobKind::Failback:
            enter(machine, ProtectionState::PlannedFailoverCommitRequired);
            return;
        case JobKind::Failover:
            enter(machine, ProtectionState::UnplannedFailoverCommitPendingStatesBegin);
            return;
        case JobKind::ChangeRecoveryPoint: enter(machine, job(id).state_before); return;
        case JobKind::Commit: {
            if (mutant(Mutant::WrongStateAfterCommit)) {
                enter(machine, job(id).state_before);
                return;
            }
            const ScenarioKind kind = estate_.machine(machine).kind;
            const bool hyper_v_to_azure =
                kind == ScenarioKind::HyperVSiteToAzure || kind == ScenarioKind::VmmToAzure;
            enter(machine, hyper_v_to_azure || target.planned
                               ? ProtectionState::PlannedFailoverStatesBegin
                               : ProtectionState::UnplannedFailoverCommitted);
            return;
        }
        case JobKind::ReverseReplicate:
            if (target.active == ActiveLocation::Recovery) target.milestones.reprotected = now;
            enter(machine, ProtectionState::Protected);
            return;
        case JobKind::CancelFailover: enter(machine, ProtectionState::Protected); return;
        case JobKind::CompleteMigration:
            target.milestones.migrated = now;
            enter(machine, ProtectionState::MigrationComplete);
            return;
        case JobKind::DisableProtection:
        case JobKind::RemoveReplication:
            enter(machine, ProtectionState::UnprotectedStatesEnd);
            return;
        default: return;
    }
}

/// Where an item is after a job that did not succeed.
void SiteRecovery::fall_back(MachineId machine, const JobRecord& failed) {
    const MachineId leg = active_leg(machine);
    const bool replicates = data_path(machine) != DataPath::Stopped;
    switch (failed.kind) {
        case JobKind::EnableProtection: enter(machine, ProtectionState::EnablingFailed); return;
        case JobKind::TestFailover:
            // In its prerequisites nothing has been touched yet.
            if (failed.task > 0) enter_test(machine, TestFailoverState::Failed);
            return;
        case JobKind::TestFailoverCleanup:
            // REST18: RestartTestFailoverCleanup
            enter_test(machine, TestFailoverState::Failed);
            return;
        case JobKind::Failover:
            enter(machine, failed.task == 0 && replicates
                               ? failed.state_before
                               : ProtectionState::UnplannedFailoverFailed);
            return;
        case JobKind::PlannedFailover:
            if (failed.task == 0 && replicates) return enter(machine, failed.state_before);
            enter(machine, ProtectionState::PlannedFailoverFailed);
            // failover-failback-overview-modernized.md: it cancels itself
            if (is_reverted(failed)) start_job(JobKind::CancelFailover, machine, {});
            return;
        case JobKind::CancelFailover:
            enter(machine, at(machine).active == ActiveLocation::Primary
                               ? failed.state_before
                               : ProtectionState::PlannedFailoverFailed);
            return;
        case JobKind::ReverseReplicate: enter(machine, ProtectionState::ReprotectFailed); return;
        case JobKind::Failback:
            // hyper-v-azure-failback.md: what was synchronised is of no use; it starts again.
            engine_.stop(leg);
            enter(machine, failed.state_before);
            return;
        default: enter(machine, failed.state_before); return;
    }
}

void SiteRecovery::suspend(JobId id, std::string_view description) {
    JobRecord& running = record(id);
    running.state = JobState::Suspended;
    running.state_description = description;
    environment_.observer.noted("job_suspended", estate_.machine(running.machine).name,
                                running.row().name);
    tell_plan(id);
}

// --- What users do to jobs

std::vector<JobControl> SiteRecovery::allowed_controls(JobId id) const {
    const JobRecord& target = job(id);
    if (target.is_of_plan()) return plans_.allowed_controls(id);
    const Item& owner = at(target.machine);
    std::vector<JobControl> allowed;
    const bool failover = target.kind == JobKind::Failover ||
                          target.kind == JobKind::PlannedFailover ||
                          target.kind == JobKind::Failback;
    if (!target.is_over()) {
        if ((failover && is_legal(view_of(target.machine), Operation::CancelFailover)) ||
            target.kind == JobKind::EnableProtection) {
            allowed.push_back(JobControl::Cancel);
        }
        if (target.state == JobState::Suspended) allowed.push_back(JobControl::Resume);
    } else if (target.state == JobState::Failed && owner.job.is_none() && owner.last_job == id &&
               target.kind != JobKind::Failback) {
        allowed.push_back(JobControl::Restart);
    }
    return allowed;
}

namespace {

bool contains(const std::vector<JobControl>& allowed, JobControl control) {
    return std::find(allowed.begin(), allowed.end(), control) != allowed.end();
}

std::string not_allowed(const JobRecord& job, std::string_view control) {
    return "job \"" + std::string(name_of(job.kind)) + "\" is " + std::string(name_of(job.state)) +
           " and cannot be " + std::string(control);
}

}  // namespace

std::optional<std::string> SiteRecovery::cancel(JobId id) {
    if (!up_) return "the service does not answer: its orchestrator is down";
    if (!contains(allowed_controls(id), JobControl::Cancel)) {
        return not_allowed(job(id), "cancelled");
    }
    if (job(id).is_of_plan()) return plans_.cancel(id);
    JobRecord& cancelled = record(id);
    cancelled.tasks[cancelled.task].state = TaskState::Cancelled;
    environment_.observer.task_ended(id, cancelled.row().name, "Cancelled",
                                     cancelled.tasks[cancelled.task].started);
    if (is_reverted(cancelled)) {
        leave_job(id, JobState::Cancelled, "cancelled by the user");
        start_job(JobKind::CancelFailover, job(id).machine, {});
        return std::nullopt;
    }
    if (mutant(Mutant::CancelShutsSourceDown)) {
        environment_.compute.request(request_of(id, source_of(cancelled.machine),
                                                MachineAction::ShutDown,
                                                token_of(id, cancelled, kAbandonStep)));
    }
    const MachineId leg = active_leg(cancelled.machine);
    if (!leg.is_none()) engine_.stop(leg);
    if (cancelled.kind == JobKind::EnableProtection) {
        engine_.forget_points(cancelled.machine);
        enter(cancelled.machine, ProtectionState::UnprotectedStatesEnd);
    } else if (cancelled.kind == JobKind::Failback) {
        enter(cancelled.machine, cancelled.state_before);
    } else {
        // SR/site-recovery-failover.md: the failover stops, but the machine is not replicated
        // again.
        enter(cancelled.machine, ProtectionState::CancelFailoverStatesEnd);
        if (!at(cancelled.machine).milestones.replication_ended) {
            at(cancelled.machine).milestones.replication_ended = environment_.clock.now();
        }
    }
    leave_job(id, JobState::Cancelled, "cancelled by the user");
    leave_failover(id);
    return std::nullopt;
}

/// What a cancelled failover made at the target goes; at home, where the machine was before, it is
/// shut down if it was being started [A].
void SiteRecovery::leave_failover(JobId id) {
    if (mutant(Mutant::CancelLeavesMachine)) return;
    const JobRecord& left = job(id);
    if (at(left.machine).active == ActiveLocation::Primary) return discard_replica_machine(id);
    if (left.row().action != TaskAction::StartReplicaMachine) return;
    environment_.compute.request(request_of(id, MachineInstance::Primary, MachineAction::ShutDown,
                                            token_of(id, left, kAbandonStep)));
}

/// A failback to VMware of the modernized kind: its end without success reverts it. Block content
/// knows no way back from a promotion: there the failback is left as any other.
bool SiteRecovery::is_reverted(const JobRecord& failover) const {
    const Machine& machine = estate_.machine(failover.machine);
    return failover.kind == JobKind::PlannedFailover &&
           failover.active_before == ActiveLocation::Recovery &&
           estate_.profile.modernized_failback && kInMageKinds.contains(machine.kind) &&
           machine.fidelity == Fidelity::Volume;
}

/// The machine at home is off: the item goes on where it was before its failback.
void SiteRecovery::source_is_back(MachineId machine) {
    Item& target = at(machine);
    target.promoted = target.milestones.failed_over_to;
    Milestones& dates = target.milestones;
    dates.recovery_down.reset();
    dates.primary_running.reset();
    dates.failed_back_to.reset();
    dates.failback_data_loss.reset();
    if (target.active == ActiveLocation::Recovery) return;
    target.active = ActiveLocation::Recovery;
    target.copy_completed = false;
    environment_.observer.noted("active_location", estate_.machine(machine).name, "Recovery");
}

std::optional<std::string> SiteRecovery::restart(JobId id) {
    if (!up_) return "the service does not answer: its orchestrator is down";
    if (!contains(allowed_controls(id), JobControl::Restart)) {
        return not_allowed(job(id), "restarted");
    }
    if (job(id).is_of_plan()) return plans_.restart(id);
    JobRecord& again = record(id);
    Item& target = at(again.machine);
    again.state = JobState::InProgress;
    again.state_description = "";
    again.cause.clear();
    ++again.attempt;
    // Without its plan nobody would open its gates.
    const JobId parent = again.options.parent;
    if (!parent.is_none() && job(parent).is_over()) again.open = JobGate::Start;
    target.job = id;
    environment_.observer.noted("job_restarted", estate_.machine(again.machine).name,
                                name_of(again.kind));
    enter(again.machine, state_during(again.kind, target));
    begin_task(id);
    return std::nullopt;
}

std::optional<std::string> SiteRecovery::resume(JobId id, std::string_view comments) {
    if (!up_) return "the service does not answer: its orchestrator is down";
    if (!contains(allowed_controls(id), JobControl::Resume)) {
        return not_allowed(job(id), "resumed");
    }
    if (job(id).is_of_plan()) return plans_.resume(id, comments);
    JobRecord& running = record(id);
    running.state = JobState::InProgress;
    running.state_description = "";
    running.resumed = true;
    at(running.machine).waiting_for_user = false;
    environment_.observer.noted("job_resumed", estate_.machine(running.machine).name, comments);
    tell_plan(id);
    end_task(id, TaskState::Succeeded);
    return std::nullopt;
}

void SiteRecovery::release(JobId id, JobGate gate) {
    JobRecord& running = record(id);
    if (running.is_over() || running.open >= gate) return;
    const bool waited = running.is_at_gate();
    running.open = gate;
    if (up_ && waited && !running.is_at_gate()) begin_task(id);
}

void SiteRecovery::fail_at_gate(JobId id, std::string_view cause) {
    LANDFALL_CHECK(job(id).is_at_gate(), "only a job that waits at a gate is failed there");
    fail_job(id, cause);
}

void SiteRecovery::tell_plan(JobId id) {
    if (up_ && !job(id).options.parent.is_none()) plans_.child_moved(id);
}

}  // namespace landfall
