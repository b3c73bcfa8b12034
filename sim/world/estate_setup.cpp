// sim/world/estate_setup.cpp — facts of machines, entry by entry of the scenario.
#include "sim/world/estate_setup.hpp"

#include <algorithm>
#include <utility>

#include "sim/scenario/replication_rules.hpp"
#include "sim/scenario/vault_setup.hpp"

namespace landfall::world {

namespace {

using scenario::MachineGroup;
using scenario::Scenario;

/// 1, or 2 where only a machine of generation 2 can have such an OS disk.
std::int64_t unstated_generation(const Scenario& scenario, const MachineGroup& group) {
    const bool is_large =
        group.disks.front().size > scenario.profile.generation_one_os_disk_size_max;
    return is_large && kInMageKinds.contains(kind_of(group)) ? 2 : 1;
}

MachineFacts facts_of(const Scenario& scenario, const MachineGroup& group,
                      const scenario::ExpandedMachine& machine) {
    MachineFacts facts = group.facts;
    facts.name = machine.name;
    facts.system = group.os == "linux" ? GuestSystem::Linux : GuestSystem::Windows;
    if (facts.generation == 0) facts.generation = unstated_generation(scenario, group);
    for (const scenario::Disk& disk : group.disks) {
        facts.disks.push_back(disk.facts);
        facts.disks.back().size = disk.size;
    }
    if (facts.host_version || !group.host || machine.site.is_none()) return facts;
    for (const scenario::Host& host : scenario.sites[machine.site.value].hosts) {
        if (host.name == *group.host) facts.host_version = host.version;
    }
    return facts;
}

TargetSettings target_of(const MachineGroup& group, const scenario::ExpandedMachine& machine,
                         const VaultSetup& vault, SetupId mapping) {
    TargetSettings target = group.target;
    const bool to_azure = !kSecondarySiteKinds.contains(kind_of(group)) &&
                          group.replication != scenario::Replication::Failback;
    if (to_azure && machine.target_region) {
        target.region = static_cast<std::uint32_t>(*machine.target_region);
    }
    target.cores = group.facts.cores;
    target.memory = group.facts.memory;
    target.nics = group.facts.nics;
    const auto disks = static_cast<std::int64_t>(group.disks.size());
    target.data_disks = disks - 1;
    target.helper_disks = group.os == "linux" ? disks + 2 : 1;
    if (!target.network && group.network && !mapping.is_none()) {
        const SetupId fabric = vault.object(vault.object(mapping).parent).parent;
        target.network = vault.mapped(SetupKind::NetworkMapping, fabric, *group.network);
    }
    return target;
}

}  // namespace

void set_up(const Scenario& scenario, const std::vector<scenario::ExpandedMachine>& machines,
            Estate& estate) {
    scenario::BuiltVault built = scenario::build_vault(scenario);
    LANDFALL_CHECK(built.problems.empty(), "a checked scenario sets up a vault");
    for (const scenario::Region& region : scenario.regions) {
        estate.target.regions.push_back({region.name, region.quota_cores, region.quota_families,
                                         region.quota_nics, region.networks});
    }
    for (const scenario::ExpandedMachine& machine : machines) {
        const auto entry = static_cast<std::uint32_t>(machine.group);
        if (entry == estate.target.settings.size()) {
            const MachineGroup& group = scenario.machines[entry];
            const SetupId mapping = built.mappings[entry];
            estate.target.settings.push_back(target_of(group, machine, built.setup, mapping));
            estate.enabling.facts.push_back(facts_of(scenario, group, machine));
            estate.enabling.seen_at.push_back(built.seen_at[entry]);
            estate.enabling.mappings.push_back(mapping);
        }
        estate.target.settings_of.push_back(entry);
        estate.enabling.facts_of.push_back(entry);
    }
    estate.vault_setup = std::move(built.setup);
}

}  // namespace landfall::world
