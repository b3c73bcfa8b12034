// model/recovery/site_recovery_checks.cpp — what "Prerequisites check" asks of what stands beside
// the service, and how machines that nobody needs go.
#include <algorithm>

#include "model/recovery/site_recovery.hpp"

namespace landfall {

namespace {

std::optional<std::string> joined(const std::vector<std::string>& reasons) {
    if (reasons.empty()) return std::nullopt;
    std::string all;
    for (const std::string& reason : reasons) all += (all.empty() ? "" : "; ") + reason;
    return all;
}

std::string in_seconds(Duration time) {
    return std::to_string(time.count() / kNanosecondsPerSecond) + " s";
}

}  // namespace

/// Why the task whose time is over fails, if it is a check that does not hold.
std::optional<std::string> SiteRecovery::failed_check(JobId id) {
    switch (job(id).row().action) {
        case TaskAction::CheckCompatibility: return why_not_enable(id);
        case TaskAction::CheckRecoveryPoint: return why_not_fail_over(id);
        case TaskAction::CheckReprotect: return why_not_reprotect(id);
        case TaskAction::CheckMachine: return why_not_go_on(id);
        default: return std::nullopt;
    }
}

std::optional<std::string> SiteRecovery::why_not_enable(JobId id) const {
    return joined(enabling_problems(estate_, job(id).machine, environment_.clock.now()));
}

/// SR/site-recovery-failover-to-azure-troubleshoot.md: no point; no quota, size, network or
/// address. While nothing has been touched replication goes on.
std::optional<std::string> SiteRecovery::why_not_fail_over(JobId id) {
    const JobRecord& asked = job(id);
    if (!usable_point(asked)) return "the machine has no recovery point to fail over to";
    const auto instance = made_by(asked);
    if (!instance) return std::nullopt;
    return joined(environment_.compute.hold_room(
        request_of(id, *instance, MachineAction::Create, token_of(id, asked))));
}

/// SR/vmware-azure-reprotect.md: the machine runs, and its agent has registered again after its
/// first boot; the same on the way to Azure once more.
std::optional<std::string> SiteRecovery::why_not_reprotect(JobId id) const {
    const MachineId machine = job(id).machine;
    const Item& target = at(machine);
    const bool away = target.active == ActiveLocation::Recovery;
    if (!(away ? target.recovery_on : target.primary_on)) {
        return "the machine does not run, and cannot be replicated (SR/vmware-azure-reprotect.md)";
    }
    if (!kInMageKinds.contains(estate_.machine(machine).kind)) return std::nullopt;
    const Duration takes = estate_.profile.agent_registration_time;
    const Duration has_run = environment_.clock.now() - target.booted;
    if (has_run >= takes) return std::nullopt;
    return "agent not installed: it registers within " + in_seconds(takes) +
           " of the machine's first boot, which was " + in_seconds(has_run) +
           " ago (SR/vmware-azure-reprotect.md)";
}

/// A machine that a change of recovery point deleted and could not make again is not committed to.
std::optional<std::string> SiteRecovery::why_not_go_on(JobId id) const {
    const Item& target = at(job(id).machine);
    if (target.active == ActiveLocation::Primary || target.recovery_exists) return std::nullopt;
    return "there is no machine at the target: change the recovery point to make one [A]";
}

// --- Room at the target

/// The machine at the target that a job makes, if it does.
std::optional<MachineInstance> SiteRecovery::made_by(const JobRecord& made) const {
    switch (made.kind) {
        case JobKind::TestFailover: return MachineInstance::Test;
        case JobKind::ChangeRecoveryPoint:
            if (made.active_before == ActiveLocation::Primary) return std::nullopt;
            return MachineInstance::Recovery;
        case JobKind::PlannedFailover:
        case JobKind::Failover:
            if (made.active_before == ActiveLocation::Recovery) return std::nullopt;
            return MachineInstance::Recovery;
        default: return std::nullopt;
    }
}

/// A job that is over holds nothing; what it made has its room by being there.
void SiteRecovery::give_back_room(JobId id) {
    const JobRecord& over = job(id);
    if (const auto instance = made_by(over)) {
        environment_.compute.give_back_room(over.machine, *instance);
    }
}

// --- Machines, and those that nobody needs

/// What a machine is does not depend on anybody being there to hear of it. What was carried out
/// once is believed once: an answer that comes again may be older than what happened since.
void SiteRecovery::note_machine(const MachineActionEnded& event) {
    if (!event.succeeded || !carried_out_.insert(event.token).second) return;
    if (event.instance == MachineInstance::Test) return;
    Item& owner = at(event.machine);
    const bool recovery = event.instance == MachineInstance::Recovery;
    switch (event.action) {
        case MachineAction::Create:
            // One that was there, running or not, gave way.
            if (recovery) owner.recovery_exists = true;
            is_on(event.machine, event.instance) = false;
            return;
        case MachineAction::Start:
            is_on(event.machine, event.instance) = true;
            if (event.instance == source_of(event.machine) &&
                !active_leg(event.machine).is_none()) {
                engine_.source_started(active_leg(event.machine));
            }
            return;
        case MachineAction::ShutDown:
            is_on(event.machine, event.instance) = false;
            if (event.instance == source_of(event.machine) &&
                (is_in(event.machine, TaskAction::ShutDownSource) ||
                 is_in(event.machine, TaskAction::ShutDownSourceOrFail))) {
                // It wrote until now, whoever finds the task done later.
                owner.writes_until = environment_.clock.now();
                if (owner.active == ActiveLocation::Primary) {
                    owner.milestones.writes_until = owner.writes_until;
                }
            }
            return;
        case MachineAction::Delete:
            is_on(event.machine, event.instance) = false;
            if (!recovery) return;
            owner.recovery_exists = false;
            // A later job may be about to make another one already.
            if (!owner.replica_by.is_none() &&
                owner.replica_by.value <= job_of_token(event.token).value) {
                owner.replica_by = JobId();
            }
            return;
    }
}

/// The machine that this life of the item made in Azure, or is making, is deleted; the job has
/// ended and does not wait. An attempt that fails is made again until it succeeds.
void SiteRecovery::discard_replica_machine(JobId by) {
    const MachineId machine = job(by).machine;
    if (at(machine).replica_by.is_none()) return;
    at(machine).discarded_by = by;
    delete_discarded(machine);
}

void SiteRecovery::delete_discarded(MachineId machine) {
    const JobId by = at(machine).discarded_by;
    if (by.is_none()) return;
    environment_.compute.request(request_of(by, MachineInstance::Recovery, MachineAction::Delete,
                                            token_of(by, job(by), kDiscardStep)));
}

void SiteRecovery::on_discard_ended(const MachineActionEnded& event) {
    Item& owner = at(event.machine);
    if (owner.discarded_by != job_of_token(event.token)) return;
    if (event.succeeded) {
        owner.discarded_by = JobId();
        return;
    }
    if (!up_) return;  // asked for again when the orchestrator is back
    owner.discard_due = environment_.clock.now() + estate_.profile.clean_up_retry_every;
    environment_.clock.set_timer(owner.discard_due, {kDiscardTimer, event.machine.value});
}

// --- Who waits for what

std::string_view SiteRecovery::waits_for(JobId id) const {
    const JobRecord& running = job(id);
    if (running.is_over()) return {};
    if (running.state == JobState::Suspended) return "its user";
    if (!up_) return "the orchestrator";
    if (running.is_of_plan()) return "its machines";
    if (running.is_at_gate()) return "its recovery plan";
    if (executions_[id.value].timer != 0) return "its time";
    if (executions_[id.value].token) return "a machine";
    const bool replicates = data_path(running.machine) != DataPath::Stopped;
    switch (running.row().action) {
        case TaskAction::AwaitRecoveryPoint:
        case TaskAction::SynchronizeLatestChanges:
        case TaskAction::SynchronizeOrFail: return replicates ? "a recovery point" : "";
        case TaskAction::CompareDisks:
        case TaskAction::StartReverse: return replicates ? "copies of disks" : "";
        default: return {};
    }
}

}  // namespace landfall
