// model/recovery/site_recovery_limits.cpp — limits that an operation meets in what other items do.
#include "model/recovery/site_recovery.hpp"

namespace landfall {

/// SR/azure-to-azure-common-questions.md: of a replication group no machine fails over alone. Those
/// that are over already, or replicate no more, are not waited for.
std::optional<std::string> SiteRecovery::group_obstacle(MachineId machine,
                                                        const OperationOptions& options) const {
    const Machine& facts = estate_.machine(machine);
    if (facts.group.is_none() || !kAzureToAzureKinds.contains(facts.kind)) return std::nullopt;
    if (options.whole_group || !options.parent.is_none()) return std::nullopt;
    const ConsistencyGroupFacts& group = estate_.groups[facts.group.value];
    for (const MachineId other : group.members) {
        if (other == machine || at(other).state != ProtectionState::Protected) continue;
        if (at(other).active != at(machine).active) continue;
        return facts.name + " is in replication group " + group.name + " with " +
               estate_.machine(other).name +
               ": fail over all of its machines by one order, or by a recovery plan";
    }
    return std::nullopt;
}

/// SR/vmware-azure-install-linux-master-target.md: a master target has so many disks attached; an
/// appliance likewise.
std::optional<std::string> SiteRecovery::master_target_obstacle(MachineId machine) const {
    const MachineId reverse = estate_.machine(machine).reverse;
    const bool goes_home = at(machine).active == ActiveLocation::Recovery && !reverse.is_none();
    if (!goes_home || !kInMageKinds.contains(estate_.machine(machine).kind)) return std::nullopt;
    const auto home_of = [this](MachineId leg) {
        return estate_.process_server(estate_.machine(leg).process_server).destination;
    };
    const auto disks_of = [this](MachineId leg) {
        const Machine& facts = estate_.machine(leg);
        std::int64_t disks = 0;
        for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
            if (engine_.replicates(DiskId(facts.first_disk.value + k))) ++disks;
        }
        return disks;
    };
    std::int64_t attached = disks_of(reverse);
    for (std::size_t index = 0; index < items_.size(); ++index) {
        const Machine& other = estate_.machines[index];
        if (MachineId(index) == machine || other.reverse.is_none()) continue;
        if (!kInMageKinds.contains(other.kind)) continue;
        const bool is_attached =
            at(MachineId(index)).state == ProtectionState::ReprotectInitiated ||
            engine_.data_path(other.reverse) != DataPath::Stopped;
        if (is_attached && home_of(other.reverse) == home_of(reverse)) {
            attached += disks_of(other.reverse);
        }
    }
    const std::int64_t most = estate_.profile.master_target_disks_max;
    if (attached <= most) return std::nullopt;
    return "the master target of " + estate_.machine(machine).name + " would have " +
           std::to_string(attached) + " disks attached, and takes at most " + std::to_string(most);
}

}  // namespace landfall
