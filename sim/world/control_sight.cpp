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
    follow_jobs();
    lab::ItemSight seen;
    seen.name = estate_.machine(machine).name;
    seen.kind = estate_.machine(machine).kind;
    seen.protection = view.state;
    seen.state = name_of(view.state);
    seen.is_paused = view.paused;
    seen.over_quota = over_quota(machine);
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
    see_points(machine, seen);
    const JobId last = last_job_[machine.value];
    if (!last.is_none() && logic_.job(last).is_over() && seen.job.empty()) {
        see_last_job(machine, last, seen);
    }
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
                            .room_is_held = room.is_held(machine, which),
                            .by_hand = history.by_hand,
                            .made_twice = made_twice(history, last_job_[machine.value])};
        see_addresses(machine, which, seen.machines[k]);
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

void ControlSight::follow_jobs() const {
    last_failover_.resize(estate_.machines.size());
    last_job_.resize(estate_.machines.size());
    for (; jobs_seen_ < logic_.jobs(); ++jobs_seen_) {
        const JobRecord& job = logic_.job(JobId(jobs_seen_));
        if (job.is_of_plan()) continue;
        last_job_[job.machine.value] = JobId(jobs_seen_);
        if (is_failover(job.kind)) last_failover_[job.machine.value] = JobId(jobs_seen_);
    }
}

void ControlSight::see_addresses(MachineId machine, MachineInstance which,
                                 lab::MachineSight& seen) const {
    const Placement* const placement = world_.room().placement(machine, which);
    if (placement == nullptr || !placement->region) return;
    const TargetRegion& region = estate_.target.regions[*placement->region];
    for (const TargetAddress& address : placement->addresses) {
        seen.network = region.networks[address.network].name;
        seen.addresses.push_back(region.name + "/" + seen.network + "/" + text_of(address.ip));
    }
}

std::string ControlSight::over_quota(MachineId machine) const {
    const TargetSettings* const settings = estate_.target.find(machine);
    if (settings == nullptr || !settings->region) return {};
    const TargetRegion& region = estate_.target.regions[*settings->region];
    const TargetUse& use = world_.room().use(*settings->region);
    const auto more = [&](std::int64_t used, std::int64_t quota, const std::string& what) {
        if (used <= quota) return std::string();
        return std::to_string(used) + " of " + std::to_string(quota) + " " + what + " of " +
               region.name + " are in use";
    };
    std::string found;
    if (region.cores) found = more(use.cores, *region.cores, "cores");
    if (found.empty() && region.nics) found = more(use.nics, *region.nics, "interfaces");
    for (const FamilyQuota& quota : region.families) {
        const auto used = use.cores_by_family.find(quota.family);
        if (!found.empty() || used == use.cores_by_family.end()) continue;
        found = more(used->second, quota.cores, quota.family + " cores");
    }
    return found;
}

/// Whether a machine that the job made gave way to another one that it made.
bool ControlSight::made_twice(const InstanceHistory& history, JobId job) const {
    if (job.is_none()) return false;
    const Instant since = logic_.job(job).started;
    for (std::size_t k = 1; k < history.existed.size(); ++k) {
        const TimeSpan& before = history.existed[k - 1];
        if (before.from > since && before.until == history.existed[k].from) return true;
    }
    return false;
}

void ControlSight::see_points(MachineId machine, lab::ItemSight& seen) const {
    const MachineId back = estate_.machine(machine).reverse;
    const std::size_t there = logic_.engine().recovery_points(machine).count();
    const std::size_t home = back.is_none() ? 0 : logic_.engine().recovery_points(back).count();
    seen.points = there + home;
    seen.arrival_points = seen.is_away ? there : home;
}

/// The newest point that the job could take for certain: it was there when the job began.
std::optional<Instant> ControlSight::best_point(const JobRecord& job) const {
    const bool changes = job.kind == JobKind::ChangeRecoveryPoint;
    const bool was_away = job.active_before == ActiveLocation::Recovery;
    const MachineId leg = was_away == changes ? job.machine : estate_.machine(job.machine).reverse;
    for (const RecoveryPoint& point : logic_.engine().recovery_points(leg).all()) {
        const bool processed = point.processed_at <= job.started;
        bool fits = false;
        switch (job.options.recovery_point) {
            case RecoveryPointChoice::Latest: fits = point.published_at <= job.started; break;
            case RecoveryPointChoice::LatestProcessed: fits = processed; break;
            case RecoveryPointChoice::LatestAppConsistent:
                fits = processed && point.kind == Marker::AppConsistent;
                break;
            case RecoveryPointChoice::Custom:
                fits = point.published_at <= job.started &&
                       point.time <= job.options.recovery_point_time;
                break;
        }
        if (fits) return point.time;  // newest first
    }
    return std::nullopt;
}

void ControlSight::see_last_job(MachineId machine, JobId last, lab::ItemSight& seen) const {
    const JobRecord& job = logic_.job(last);
    lab::JobSight told;
    told.kind = job.kind;
    told.state = job.state;
    told.state_before = job.state_before;
    told.was_away = job.active_before == ActiveLocation::Recovery;
    told.network = job.options.test_network;
    const auto source = told.was_away ? MachineInstance::Recovery : MachineInstance::Primary;
    const auto& ran = world_.instances(machine)[static_cast<std::size_t>(source)].ran;
    const bool is_off = !ran.empty() && !ran.back().lasts();
    // An orchestrator that dies meanwhile finds the machine off, and the task skipped.
    const auto stopped_within = [&](const TaskRecord& task) {
        return is_off && ran.back().until > task.started && ran.back().until <= task.ended;
    };
    for (const TaskRecord& task : job.tasks) {
        const bool shuts_down = gate_of(task.row->action) == JobGate::ShutDown;
        if (!shuts_down || task.state == TaskState::Pending) continue;
        told.shut_source_down = task.state != TaskState::Skipped || stopped_within(task);
    }
    if (job.point) {
        told.point = job.point->time;
        told.best_point = best_point(job);
    }
    for (const TimeSpan& span :
         world_.instances(machine)[static_cast<std::size_t>(MachineInstance::Test)].existed) {
        if (span.from < job.started && span.until > job.started) told.drill_was_open = true;
    }
    // A change of the recovery point replaces the machine: it goes first.
    seen.source_stopped = is_off && job.kind != JobKind::ChangeRecoveryPoint &&
                          ran.back().until >= job.started && !world_.lacks_power(machine, source);
    const bool planned = job.kind == JobKind::PlannedFailover || job.kind == JobKind::Failback;
    // Whoever asks for an older point wants the loss.
    const bool latest = job.options.recovery_point == RecoveryPointChoice::Latest;
    if (planned && latest && job.state == JobState::Succeeded) {
        const Milestones& dates = logic_.milestones(machine);
        seen.planned_loss = told.was_away ? dates.failback_data_loss : dates.data_loss;
    }
    seen.last_job = std::move(told);
}

/// Whether the item's last failover did not shut its source down, by its job's own record; or
/// somebody switched a machine on since.
bool ControlSight::left_source_on(MachineId machine) const {
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
        std::optional<Instant> created;
        if (machine.exists()) created = machine.existed.back().from;
        billing.instance(item, billed, created, machine.is_allocated());
    };
    const bool goes_home = estate.machine(item).engine == ReplicationEngine::Failback;
    tell(goes_home ? MachineInstance::Primary : MachineInstance::Recovery,
         BilledInstance::Recovery);
    tell(MachineInstance::Test, BilledInstance::Test);
}

}  // namespace landfall::world
