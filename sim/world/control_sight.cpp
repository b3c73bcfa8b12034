// sim/world/control_sight.cpp — items as they are seen from outside.
#include "sim/world/control_sight.hpp"

#include <algorithm>

namespace landfall::world {

namespace {

using enum ProtectionState;

bool is_in_vault(ProtectionState state) {
    return state != UnprotectedStatesBegin && state != UnprotectedStatesEnd &&
           state != MigrationComplete;
}

/// At home, with a machine in Azure that can still be needed: its failover can be begun again from
/// the task that failed, or the way home is not committed or not ended.
bool may_keep_replica(ProtectionState state) {
    return state == UnplannedFailoverFailed || state == PlannedFailoverFailed ||
           state == PlannedFailoverCommitRequired ||
           state == UnplannedFailoverCommitPendingStatesBegin || state == ReprotectFailed;
}

bool handles_machines(JobKind kind) {
    switch (kind) {
        case JobKind::TestFailover:
        case JobKind::TestFailoverCleanup:
        case JobKind::PlannedFailover:
        case JobKind::Failover:
        case JobKind::Failback:
        case JobKind::ChangeRecoveryPoint:
        case JobKind::Commit:
        case JobKind::CancelFailover:
        case JobKind::ReverseReplicate:
        case JobKind::DisableProtection:
        case JobKind::RemoveReplication: return true;
        default: return false;
    }
}

bool is_failover(JobKind kind) {
    return kind == JobKind::PlannedFailover || kind == JobKind::Failover ||
           kind == JobKind::Failback;
}

}  // namespace

std::size_t ControlSight::items() const {
    const auto& machines = estate_.machines;
    return static_cast<std::size_t>(
        std::count_if(machines.begin(), machines.end(),
                      [](const Machine& machine) { return machine.forward_of.is_none(); }));
}

lab::ItemSight ControlSight::item(MachineId machine) const {
    const ItemView view = logic_.view_of(machine);
    lab::ItemSight seen;
    seen.state = name_of(view.state);
    seen.in_vault = is_in_vault(view.state);
    seen.is_away = view.active == ActiveLocation::Recovery;
    seen.drill_open =
        view.test != TestFailoverState::None && view.test != TestFailoverState::MarkedForDeletion;
    seen.is_billed = billing_.meters_run(machine);
    seen.takes_room = world_.room().counts(machine);
    seen.source_was_left_on = left_source_on(machine);
    seen.owns_replica = logic_.owns_replica_machine(machine);
    seen.discards_replica = logic_.discards_replica_machine(machine);
    seen.may_keep_replica = may_keep_replica(view.state);
    const MachineId back = estate_.machine(machine).reverse;
    const auto replicates = [this](MachineId leg) {
        return !leg.is_none() && logic_.engine().data_path(leg) != DataPath::Stopped;
    };
    seen.forward_replicates = replicates(machine);
    seen.backward_replicates = replicates(back);
    see_job(machine, seen);
    see_machines(machine, seen);
    return seen;
}

void ControlSight::see_job(MachineId machine, lab::ItemSight& seen) const {
    const JobId id = logic_.item(machine).current_job;
    if (id.is_none()) return;
    const JobRecord& running = logic_.job(id);
    seen.job = name_of(running.kind);
    seen.waits_for = logic_.waits_for(id);
    seen.is_making = handles_machines(running.kind);
}

void ControlSight::see_machines(MachineId machine, lab::ItemSight& seen) const {
    const TargetRoom& room = world_.room();
    for (std::size_t k = 0; k < kMachineInstances; ++k) {
        const auto which = static_cast<MachineInstance>(k);
        const InstanceHistory& history = world_.instances(machine)[k];
        seen.machines[k] = {.exists = history.exists(),
                            .runs = history.running(),
                            .has_room = room.has_room(machine, which),
                            .room_is_held = room.is_held(machine, which)};
    }
    // Of a machine that goes home the source is what runs in Azure.
    const bool goes_home = estate_.machine(machine).engine == ReplicationEngine::Failback;
    const auto away = goes_home ? MachineInstance::Primary : MachineInstance::Recovery;
    seen.machines[static_cast<std::size_t>(away)].is_metered =
        billing_.meter_runs(machine, Meter::RecoveryMachine);
    seen.machines[static_cast<std::size_t>(MachineInstance::Test)].is_metered =
        billing_.meter_runs(machine, Meter::TestMachine) ||
        billing_.meter_runs(machine, Meter::TestDisks);
}

/// Whether the item's last failover did not shut its source down, by its job's own record; or
/// somebody switched a machine on since.
bool ControlSight::left_source_on(MachineId machine) const {
    last_failover_.resize(estate_.machines.size());
    for (; jobs_seen_ < logic_.jobs(); ++jobs_seen_) {
        const JobRecord& job = logic_.job(JobId(jobs_seen_));
        if (is_failover(job.kind) && !job.is_of_plan())
            last_failover_[job.machine.value] = JobId(jobs_seen_);
    }
    const JobId last = last_failover_[machine.value];
    const Instant since = last.is_none() ? Instant() : logic_.job(last).started;
    for (const InstanceHistory& side : world_.instances(machine)) {
        if (side.running() && side.by_hand && side.ran.back().from >= since) return true;
    }
    if (last.is_none()) return false;
    for (const TaskRecord& task : logic_.job(last).tasks) {
        const TaskAction action = task.row->action;
        if (action != TaskAction::ShutDownSource && action != TaskAction::ShutDownSourceOrFail) {
            continue;
        }
        return task.state != TaskState::Succeeded;
    }
    return false;
}

void tell_bill(const Estate& estate, const World& world, MachineId item,
               record::BillingFeed& billing) {
    const auto tell = [&](MachineInstance instance, BilledInstance billed) {
        const InstanceHistory& machine = world.instances(item)[static_cast<std::size_t>(instance)];
        billing.instance(item, billed, machine.exists(), machine.is_allocated());
    };
    const bool goes_home = estate.machine(item).engine == ReplicationEngine::Failback;
    tell(goes_home ? MachineInstance::Primary : MachineInstance::Recovery,
         BilledInstance::Recovery);
    tell(MachineInstance::Test, BilledInstance::Test);
}

}  // namespace landfall::world
