// sim/world/operator.cpp — from the words of a scenario to calls of the logic.
#include "sim/world/operator.hpp"

#include "sim/world/world.hpp"

namespace landfall::world {

Operation operation_of(scenario::Operation operation) {
    switch (operation) {
        case scenario::Operation::EnableReplication: return Operation::EnableReplication;
        case scenario::Operation::Failover: return Operation::UnplannedFailover;
        case scenario::Operation::Commit: return Operation::Commit;
        case scenario::Operation::CompleteMigration: return Operation::CompleteMigration;
        case scenario::Operation::DisableReplication: return Operation::DisableProtection;
        case scenario::Operation::Resynchronize: return Operation::RepairReplication;
        case scenario::Operation::PowerOff:
        case scenario::Operation::ResizeDisk:
        case scenario::Operation::ReplaceDisk:
        case scenario::Operation::RestartTarget: break;
    }
    LANDFALL_CHECK(false, "a power loss is not an operation");
    return Operation::EnableReplication;
}

CarriedOut Operator::carry_out(const scenario::TimelineEntry& entry, MachineId machine) {
    if (happens_by_itself(entry, machine)) return {};
    OperationOptions options;
    options.shut_down_source = entry.shut_down_source;
    options.recovery_point =
        entry.latest_processed ? RecoveryPointChoice::LatestProcessed : RecoveryPointChoice::Latest;
    auto outcome = logic_.start(operation_of(entry.operation), machine, options);
    if (auto* refusal = std::get_if<Refusal>(&outcome)) {
        return {std::nullopt, std::move(*refusal)};
    }
    return {std::get<JobId>(outcome), std::nullopt};
}

/// Carries out an event of the world; false if the entry is an operation.
bool Operator::happens_by_itself(const scenario::TimelineEntry& entry, MachineId machine) {
    switch (entry.operation) {
        case scenario::Operation::PowerOff:
            logic_.lose_power(machine);
            crashes_.source();
            logic_.power_returned(machine);
            return true;
        case scenario::Operation::RestartTarget:
            crashes_.replica();
            logic_.restart_replica(machine);
            return true;
        case scenario::Operation::ReplaceDisk: {
            const DiskId disk = disk_named(machine, *entry.disk);
            if (blocks_.has(disk)) blocks_.replace(disk, world_.now());
            logic_.disk_replaced(disk);
            return true;
        }
        case scenario::Operation::ResizeDisk: {
            const DiskId disk = disk_named(machine, *entry.disk);
            for (const DiskId side : {disk, estate_.counterpart(disk)}) {
                if (side.is_none()) continue;  // both legs of an item have the same disks
                estate_.disks[side.value].size = *entry.size;
                if (blocks_.has(side)) blocks_.resize(side);
                logic_.disk_resized(side);
            }
            return true;
        }
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
