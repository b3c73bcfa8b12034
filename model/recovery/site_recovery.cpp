// model/recovery/site_recovery.cpp — operations in, events in, what can be observed.
#include "model/recovery/site_recovery.hpp"

#include <algorithm>

#include "model/base/mutant.hpp"
#include "model/recovery/operation_options.hpp"

namespace landfall {

SiteRecovery::SiteRecovery(const Estate& estate, Environment environment)
    : estate_(estate),
      environment_(environment),
      items_(estate.machines.size()),
      job_of_timer_(1),
      engine_(estate, environment, *this),
      plans_(estate, environment, *this) {}

// --- Operations

Refusal SiteRecovery::refusal(MachineId machine, std::string why) const {
    return {at(machine).state, legal_operations(view_of(machine)), std::move(why)};
}

// A copy: the caller's options may lie in the list of jobs, which grows here.
std::variant<JobId, Refusal> SiteRecovery::start(
    Operation operation, MachineId machine,
    OperationOptions options) {  // NOLINT(performance-unnecessary-value-param)
    const Item& target = at(machine);
    if (!up_) return refusal(machine, "the service does not answer: its orchestrator is down");
    if (operation == Operation::Failback) {
        if (const auto why = why_not(view_of(machine), operation)) return refusal(machine, *why);
        if (const auto why = unsupported_options(operation, machine, options)) {
            return refusal(machine, *why);
        }
        // Whatever the service calls it for this kind of machine.
        operation = failback_operation(estate_.machine(machine).kind, estate_.profile)
                        .value_or(Operation::Failback);
    }
    if (operation == Operation::CancelFailover || operation == Operation::FinalizeFailback) {
        return control_failover(operation, machine);
    }
    const bool busy = !target.job.is_none();
    const bool displaces = busy && cancels(operation, operation_of(job(target.job).kind));
    if (busy && !displaces) {
        const JobRecord& running = job(target.job);
        return Refusal{target.state,
                       {},
                       std::string("job \"") + std::string(name_of(running.kind)) +
                           "\" is in progress (task \"" + std::string(running.row().name) + "\")"};
    }
    if (const auto why = why_not(view_of(machine), operation)) return refusal(machine, *why);
    if (const auto why = unsupported_options(operation, machine, options)) {
        return refusal(machine, *why);
    }
    if (const auto why = obstacle(operation, machine, options)) return refusal(machine, *why);
    if (displaces) {
        JobRecord& displaced = record(target.job);
        displaced.tasks[displaced.task].state = TaskState::Cancelled;
        environment_.observer.task_ended(target.job, displaced.row().name, "Cancelled",
                                         displaced.tasks[displaced.task].started);
        leave_job(target.job, JobState::Cancelled, name_of(operation));
    }
    return start_job(job_of(operation), machine, options);
}

std::variant<JobId, Refusal> SiteRecovery::start(Operation operation, RecoveryPlanId plan,
                                                 const OperationOptions& options) {
    return plans_.start(operation, plan, options);
}

std::optional<std::string> SiteRecovery::unsupported_options(
    Operation operation, MachineId machine, const OperationOptions& options) const {
    const TargetSettings* target = estate_.target.find(machine);
    const MachineFacts* facts = estate_.enabling.find(machine);
    const bool known_host = facts != nullptr && facts->host_version;
    return why_not_with_options(
        {.operation = operation,
         .options = options,
         .kind = estate_.machine(machine).kind,
         .profile = estate_.profile,
         .managed_disks =
             target != nullptr && has_managed_disks(*target, estate_.machine(machine).kind),
         .host_version = known_host ? std::string_view(*facts->host_version) : ""});
}

/// What stands in the way of an operation that the item's state allows.
std::optional<std::string> SiteRecovery::obstacle(Operation operation, MachineId machine,
                                                  const OperationOptions& options) const {
    const std::string& name = estate_.machine(machine).name;
    const Item& target = at(machine);
    switch (operation) {
        case Operation::EnableReplication:
            // SR/vmware-azure-enable-replication.md: a machine is on when it is enabled.
            if (target.primary_on) return why_not_in_vault(estate_, machine);
            return name + " was shut down: a machine must be on to be enabled";
        case Operation::RepairReplication:
            if (!engine_.agent_runs(active_leg(machine))) {
                return "the Mobility service of " + name + " is not running";
            }
            if (data_path(machine) == DataPath::Copying) {
                return "the disks of " + name + " are being copied already";
            }
            if (data_path(machine) == DataPath::Stopped) {
                return "replication of " + name +
                       " ended when its failover began: begin the failover again [A]";
            }
            return pause_obstacle(operation, machine);
        case Operation::PlannedFailover: return pause_obstacle(operation, machine);
        case Operation::AddDisks:
            if (auto why = disk_obstacle(operation, machine, options.disk)) return why;
            return why_no_further_disk(estate_, machine);
        case Operation::RemoveDisks: return disk_obstacle(operation, machine, options.disk);
        case Operation::SwitchProcessServer:
            return server_obstacle(machine, options.process_server);
        case Operation::ReverseReplicate:
        case Operation::Failback:
            if (estate_.machine(machine).reverse.is_none()) {
                return "the scenario has no way back for " + name;
            }
            return operation == Operation::ReverseReplicate ? master_target_obstacle(machine)
                                                            : std::nullopt;
        case Operation::UnplannedFailover:
            if (auto why = group_obstacle(machine, options)) return why;
            [[fallthrough]];
        case Operation::TestFailover:
            // SR/vmware-azure-common-questions.md: without retention, fail over only to latest.
            if (options.recovery_point == RecoveryPointChoice::Latest ||
                estate_.policy(estate_.machine(machine).policy).retention > Duration(0)) {
                return std::nullopt;
            }
            return "the policy of " + name + " retains no points: fail over to latest";
        default: return std::nullopt;
    }
}

std::variant<JobId, Refusal> SiteRecovery::control_failover(Operation operation,
                                                            MachineId machine) {
    const JobId running = at(machine).job;
    if (const auto why = why_not(view_of(machine), operation)) return refusal(machine, *why);
    const bool is_done = at(machine).state == ProtectionState::PlannedFailoverCommitRequired;
    if (running.is_none() && operation == Operation::CancelFailover && is_done) {
        if (estate_.machine(machine).fidelity == Fidelity::Block) {
            return refusal(machine, "a failback is taken back at volume fidelity only");
        }
        return start_job(JobKind::CancelFailover, machine, {});
    }
    if (running.is_none()) {
        return refusal(machine,
                       "no failover of " + estate_.machine(machine).name + " is in progress");
    }
    const auto why = operation == Operation::CancelFailover ? cancel(running) : resume(running, "");
    if (why) return refusal(machine, *why);
    return running;
}

JobId SiteRecovery::start_job(JobKind kind, MachineId machine, const OperationOptions& options) {
    const JobId id(jobs_.size());
    Item& target = at(machine);
    const Instant now = environment_.clock.now();
    JobRecord fresh;
    fresh.kind = kind;
    fresh.machine = machine;
    fresh.options = options;
    fresh.started = now;
    fresh.state_before = target.state;
    fresh.active_before = target.active;
    for (const TaskRow* row : tasks_of(kind, estate_.machine(machine).kind, options.data_sync)) {
        fresh.tasks.emplace_back().row = row;
    }
    jobs_.push_back(std::move(fresh));
    executions_.emplace_back();
    target.job = id;
    if (kind == JobKind::EnableProtection) {
        // What an earlier life of the item made in Azure is its user's now.
        target.active = ActiveLocation::Primary;
        target.replica_by = JobId();
        enter_test(machine, TestFailoverState::None);
        target.milestones = Milestones();
        target.milestones.enable_started = now;
        target.copy_completed = false;
    }
    const bool forward = target.active == ActiveLocation::Primary;
    if (kind == JobKind::Failover || kind == JobKind::PlannedFailover) {
        (forward ? target.milestones.failover_started : target.milestones.failback_started) = now;
    }
    if (kind == JobKind::Failback) target.milestones.failback_started = now;
    environment_.observer.job_started(id, machine, name_of(kind));
    enter(machine, state_during(kind, target));
    begin_task(id);
    return id;
}

void SiteRecovery::adopt_protected(MachineId machine) {
    Item& target = at(machine);
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
        if (timer->tag.kind < ReplicationPipeline::kTimerKinds)
            engine_.on_timer(timer->tag);
        else if (up_ && timer->tag.kind == kPlanTimer)
            plans_.on_timer(timer->tag.subject);
        else if (up_)
            on_timer(timer->tag);
    } else if (const auto* machine = std::get_if<MachineActionEnded>(&event)) {
        on_machine(*machine);
    } else if (const auto* action = std::get_if<ActionEnded>(&event)) {
        if (up_) plans_.on_action_ended(*action);
    }
}

// --- The orchestrator

void SiteRecovery::orchestrator_down() {
    if (!up_) return;
    up_ = false;
    environment_.observer.noted("orchestrator_down", "", "");
    std::fill(executions_.begin(), executions_.end(), Execution());
    plans_.down();
}

void SiteRecovery::orchestrator_up() {
    if (up_) return;
    up_ = true;
    environment_.observer.noted("orchestrator_up", "", "");
    for (std::size_t index = 0; index < items_.size(); ++index) {
        const MachineId machine(index);
        if (!estate_.machine(machine).forward_of.is_none()) continue;
        delete_discarded(machine);
        if (!items_[index].job.is_none()) {
            if (!mutant(Mutant::ForgetTaskAfterDeath)) begin_task(items_[index].job, true);
            if (data_path(machine) == DataPath::ResyncRequired) {
                answer_resync(machine, "a resynchronization was required meanwhile");
            }
            continue;
        }
        maybe_finalize(machine);
        if (data_path(machine) == DataPath::ResyncRequired) {
            schedule_resync(machine);
        }
    }
    plans_.up();
}

// --- Legs

MachineId SiteRecovery::active_leg(MachineId machine) const {
    return at(machine).active == ActiveLocation::Primary ? machine
                                                         : estate_.machine(machine).reverse;
}

MachineId SiteRecovery::arrival_leg(MachineId machine) const {
    return at(machine).active == ActiveLocation::Primary ? estate_.machine(machine).reverse
                                                         : machine;
}

DataPath SiteRecovery::data_path(MachineId machine) const {
    const MachineId leg = active_leg(machine);
    return leg.is_none() ? DataPath::Stopped : engine_.data_path(leg);
}

MachineId SiteRecovery::item_of(MachineId leg) const {
    return estate_.item_of(leg);
}

MachineInstance SiteRecovery::source_of(MachineId machine) const {
    return at(machine).active == ActiveLocation::Primary ? MachineInstance::Primary
                                                         : MachineInstance::Recovery;
}

MachineInstance SiteRecovery::target_of(MachineId machine) const {
    return at(machine).active == ActiveLocation::Primary ? MachineInstance::Recovery
                                                         : MachineInstance::Primary;
}

bool& SiteRecovery::is_on(MachineId machine, MachineInstance instance) {
    return instance == MachineInstance::Primary ? at(machine).primary_on : at(machine).recovery_on;
}

/// A machine in Azure can always be shut down; at home a hypervisor has to be there.
bool SiteRecovery::can_shut_down(MachineId machine) const {
    return at(machine).active == ActiveLocation::Recovery || estate_.machine(machine).can_shut_down;
}

// --- Observation

ProtectionState SiteRecovery::protection_state(MachineId machine) const {
    return at(machine).state;
}

ItemView SiteRecovery::view_of(MachineId machine) const {
    const Item& target = at(machine);
    ItemView seen;
    seen.kind = estate_.machine(machine).kind;
    seen.state = target.state;
    seen.active = target.active;
    seen.test = target.test;
    seen.waiting_for_user = target.waiting_for_user;
    seen.resync_required = data_path(machine) == DataPath::ResyncRequired;
    const MachineId leg = active_leg(machine);
    seen.paused = !leg.is_none() && engine_.is_paused(leg);
    seen.profile = &estate_.profile;
    return seen;
}

ProtectedItemView SiteRecovery::item(MachineId machine) const {
    const ItemView seen = view_of(machine);
    return {.protection_state = name_of(seen.state),
            .description = description_of(seen),
            .active_location = seen.active,
            .test_failover_state = seen.test,
            .allowed_operations = allowed_operations(seen),
            .current_job = at(machine).job};
}

const Milestones& SiteRecovery::milestones(MachineId machine) const {
    return at(machine).milestones;
}

std::size_t SiteRecovery::jobs_in_progress() const {
    const auto items = static_cast<std::size_t>(
        std::count_if(items_.begin(), items_.end(), [this](const Item& target) {
            return !target.job.is_none() && job(target.job).state == JobState::InProgress &&
                   !job(target.job).is_at_gate();
        }));
    return items + plans_.jobs_in_progress();
}

std::vector<std::string> SiteRecovery::waiting() const {
    std::vector<std::string> names = plans_.waiting();
    for (std::size_t index = 0; index < items_.size(); ++index) {
        if (items_[index].job.is_none()) continue;
        const JobRecord& running = job(items_[index].job);
        names.push_back(estate_.machines[index].name + ": " + std::string(name_of(running.kind)) +
                        ", task \"" + std::string(running.row().name) + "\"");
    }
    return names;
}

}  // namespace landfall
