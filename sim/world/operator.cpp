// sim/world/operator.cpp — from the words of a scenario to calls of the logic.
#include "sim/world/operator.hpp"

#include <algorithm>

#include "sim/scenario/expand.hpp"
#include "sim/world/world.hpp"

namespace landfall::world {

Operation operation_of(scenario::Operation operation) {
    switch (operation) {
        case scenario::Operation::EnableReplication: return Operation::EnableReplication;
        case scenario::Operation::DisableReplication: return Operation::DisableProtection;
        case scenario::Operation::RemoveReplication: return Operation::RemoveReplication;
        case scenario::Operation::TestFailover: return Operation::TestFailover;
        case scenario::Operation::CleanupTestFailover: return Operation::TestFailoverCleanup;
        case scenario::Operation::PlannedFailover: return Operation::PlannedFailover;
        case scenario::Operation::Failover: return Operation::UnplannedFailover;
        case scenario::Operation::ChangeRecoveryPoint: return Operation::ChangePit;
        case scenario::Operation::Commit: return Operation::Commit;
        case scenario::Operation::CancelFailover: return Operation::CancelFailover;
        case scenario::Operation::Reprotect: return Operation::ReverseReplicate;
        case scenario::Operation::Failback: return Operation::Failback;
        case scenario::Operation::CompleteFailback: return Operation::FinalizeFailback;
        case scenario::Operation::Resynchronize: return Operation::RepairReplication;
        case scenario::Operation::CompleteMigration: return Operation::CompleteMigration;
        case scenario::Operation::AddDisk: return Operation::AddDisks;
        case scenario::Operation::RemoveDisk: return Operation::RemoveDisks;
        case scenario::Operation::SwitchProcessServer: return Operation::SwitchProcessServer;
        case scenario::Operation::PauseReplication: return Operation::PauseReplication;
        case scenario::Operation::ResumeReplication: return Operation::ResumeReplication;
        default: break;
    }
    LANDFALL_CHECK(false, "what is done to a job or to the world is no operation of an item");
    return Operation::EnableReplication;
}

std::string_view name_of(scenario::Operation operation) {
    switch (operation) {
        case scenario::Operation::RestartJob: return "Restart job";
        case scenario::Operation::ResumeJob: return "Resume job";
        case scenario::Operation::CancelJob: return "Cancel job";
        case scenario::Operation::DeleteVault: return "Delete vault";
        default: return landfall::name_of(operation_of(operation));
    }
}

void note_refusal(Observer& record, std::string_view machine, const scenario::TimelineEntry& entry,
                  const Refusal& refusal) {
    const std::string text = std::string(name_of(entry.operation)) + ": " + refusal.why;
    record.noted("refused", machine, text);
}

bool is_of_service(scenario::Operation operation) {
    return operation == scenario::Operation::OrchestratorOutage ||
           operation == scenario::Operation::DeleteVault;
}

CarriedOut Operator::carry_out(const scenario::TimelineEntry& entry, MachineId machine) {
    if (happens_by_itself(entry, machine)) return {};
    if (entry.operation == scenario::Operation::DeleteVault) return delete_vault();
    if (!scenario::is_of_item(entry.operation)) return control_job(entry, machine);
    auto outcome = logic_.start(operation_of(entry.operation), machine, options_of(entry, machine));
    if (auto* refusal = std::get_if<Refusal>(&outcome)) {
        return {std::nullopt, std::move(*refusal)};
    }
    return {std::get<JobId>(outcome), std::nullopt};
}

CarriedOut Operator::delete_vault() {
    auto refusal = vault_.take_down(vault_name_);
    if (!refusal) return {};
    const std::size_t items = vault_.setup().count(SetupKind::Item);
    return {std::nullopt,
            Refusal{{}, {}, std::move(refusal->why), std::to_string(items) + " protected items"}};
}

/// The machine whose power button somebody presses: the active one, where nobody says which.
MachineInstance Operator::switched_on(const scenario::TimelineEntry& entry,
                                      MachineId machine) const {
    const bool away = logic_.view_of(machine).active == ActiveLocation::Recovery;
    const auto active = away ? scenario::Side::Recovery : scenario::Side::Primary;
    return entry.side.value_or(active) == scenario::Side::Recovery ? MachineInstance::Recovery
                                                                   : MachineInstance::Primary;
}

OperationOptions Operator::options_of(const scenario::TimelineEntry& entry,
                                      MachineId machine) const {
    OperationOptions options;
    options.shut_down_source = entry.shut_down_source;
    switch (entry.recovery_point) {
        case scenario::PointChoice::Latest: break;
        case scenario::PointChoice::LatestProcessed:
            options.recovery_point = RecoveryPointChoice::LatestProcessed;
            break;
        case scenario::PointChoice::LatestAppConsistent:
            options.recovery_point = RecoveryPointChoice::LatestAppConsistent;
            break;
        case scenario::PointChoice::Custom:
            options.recovery_point = RecoveryPointChoice::Custom;
            options.recovery_point_time = entry.recovery_point_time;
            break;
    }
    options.data_sync = entry.full_download ? DataSync::ForSynchronization : DataSync::ForDownTime;
    options.alternate_location = entry.alternate_location;
    options.test_network = entry.test_network.value_or("");
    options.direction = entry.direction;
    options.whole_group = is_of_whole_group(entry, machine);
    if (entry.disk) options.disk = disk_named(machine, *entry.disk);
    if (entry.process_server) {
        const auto& servers = estate_.process_servers;
        const auto server = std::find_if(servers.begin(), servers.end(), [&](const auto& each) {
            return each.name == *entry.process_server;
        });
        LANDFALL_CHECK(server != servers.end(), "a checked scenario names servers that exist");
        options.process_server =
            ProcessServerId(static_cast<std::size_t>(server - servers.begin()));
    }
    return options;
}

/// Whether the order is for every machine of the machine's consistency group.
bool Operator::is_of_whole_group(const scenario::TimelineEntry& entry, MachineId machine) const {
    if (machine.is_none()) return false;  // of a recovery plan, which fails all of its own over
    const ConsistencyGroupId group = estate_.machine(machine).group;
    if (group.is_none()) return false;
    const auto& members = estate_.groups[group.value].members;
    return entry.machines.empty() ||
           std::all_of(members.begin(), members.end(), [&](MachineId member) {
               const std::string& name = estate_.machine(member).name;
               return std::any_of(
                   entry.machines.begin(), entry.machines.end(),
                   [&](const auto& pattern) { return scenario::matches(pattern, name); });
           });
}

/// Restart, resume or cancel: the latest job of the machine.
CarriedOut Operator::control_job(const scenario::TimelineEntry& entry, MachineId machine) {
    std::size_t next = logic_.jobs();
    while (next > 0 && logic_.job(JobId(next - 1)).machine != machine) --next;
    const ProtectionState state = logic_.protection_state(machine);
    if (next == 0) {
        return {std::nullopt, Refusal{state, {}, "the machine has had no job"}};
    }
    const JobId job(next - 1);
    auto why = control(entry, job);
    if (!why) return {job, std::nullopt};
    return {std::nullopt, Refusal{state, {}, std::move(*why)}};
}

std::optional<std::string> Operator::control(const scenario::TimelineEntry& entry, JobId job) {
    switch (entry.operation) {
        case scenario::Operation::RestartJob: return logic_.restart(job);
        case scenario::Operation::ResumeJob:
        case scenario::Operation::CompleteFailback:
            return logic_.resume(job, entry.comments.value_or(""));
        default: return logic_.cancel(job);
    }
}

CarriedOut Operator::carry_out(const scenario::TimelineEntry& entry, RecoveryPlanId plan) {
    const bool of_job = !scenario::is_of_item(entry.operation) ||
                        entry.operation == scenario::Operation::CompleteFailback;
    if (of_job) {
        const JobId latest = logic_.plans().last_job(plan);
        const RecoveryPlanView seen = logic_.plans().view(plan);
        std::optional<std::string> why = "the recovery plan has had no job";
        if (!latest.is_none()) why = control(entry, latest);
        if (!why) return {latest, std::nullopt};
        return {std::nullopt, Refusal{{}, seen.allowed_operations, std::move(*why), seen.state}};
    }
    auto outcome =
        logic_.start(operation_of(entry.operation), plan, options_of(entry, MachineId()));
    if (auto* refusal = std::get_if<Refusal>(&outcome)) {
        return {std::nullopt, std::move(*refusal)};
    }
    return {std::get<JobId>(outcome), std::nullopt};
}

void Operator::on_cue() {
    events_.orchestrator_returns();
}

/// Carries out an event of the world; false if the entry is an operation.
bool Operator::happens_by_itself(const scenario::TimelineEntry& entry, MachineId machine) {
    switch (entry.operation) {
        case scenario::Operation::PowerOff: events_.power_blinks(machine, draw_); return true;
        case scenario::Operation::PowerOn:
            world_.switch_on(machine, switched_on(entry, machine));
            return true;
        case scenario::Operation::RestartTarget:
            events_.replica_crashes(machine, draw_);
            return true;
        case scenario::Operation::DamageTransfer:
            events_.transfer_damaged(logic_.active_leg(machine));
            return true;
        case scenario::Operation::ReplaceDisk:
            events_.disk_replaced(disk_named(machine, *entry.disk));
            return true;
        case scenario::Operation::ResizeDisk:
            events_.disk_resized(disk_named(machine, *entry.disk), *entry.size);
            return true;
        case scenario::Operation::OrchestratorOutage:
            events_.orchestrator_leaves();
            world_.schedule_cue(world_.now() + *entry.lasts, cue_, 0);
            return true;
        default: return false;
    }
}

DiskId Operator::disk_named(MachineId id, const std::string& name) const {
    const Machine& machine = estate_.machine(id);
    for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
        const DiskId disk(machine.first_disk.value + k);
        if (estate_.disk(disk).name == name) return disk;
    }
    LANDFALL_CHECK(false, "a checked scenario names disks that exist");
    return DiskId();
}

}  // namespace landfall::world
