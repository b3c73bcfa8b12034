// sim/scenario/check_setup.cpp — VMM servers, networks, what machines are to become, and whether
// the vault takes it all.
#include <algorithm>
#include <map>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/replication_rules.hpp"
#include "sim/scenario/vault_setup.hpp"

namespace landfall::scenario {

namespace {

void check_reference(Checking& checking, bool is_known, const std::string& name,
                     const std::string& pointer, const std::string& what,
                     std::vector<std::string> allowed) {
    if (is_known || name.empty()) return;
    note_unknown(checking.problems, code::kUnknownName, pointer, name, "no such " + what,
                 std::move(allowed));
}

void check_duplicate(Checking& checking, std::map<std::string, std::string>& places,
                     const std::string& name, const std::string& pointer) {
    if (name.empty()) return;
    const auto [earlier, is_new] = places.try_emplace(name, pointer);
    if (is_new) return;
    note(checking.problems, code::kDuplicateName, pointer, json_text(name),
         "is also the name of " + earlier->second);
}

void check_vmm_servers(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    std::map<std::string, std::string> servers;
    std::map<std::string, std::string> clouds;
    for (std::size_t k = 0; k < scenario.vmm_servers.size(); ++k) {
        const VmmServer& server = scenario.vmm_servers[k];
        const std::string pointer = pointer_to("/vmm_servers", k);
        check_duplicate(checking, servers, server.name, pointer + "/name");
        check_reference(checking, checking.directory.site(server.site).has_value(), server.site,
                        pointer + "/site", "site", names_of(scenario.sites));
        if (server.clouds.empty()) {
            note(checking.problems, code::kEmptyList, pointer + "/clouds", "[]",
                 "a VMM server has at least one cloud");
        }
        for (std::size_t c = 0; c < server.clouds.size(); ++c) {
            check_duplicate(checking, clouds, server.clouds[c], pointer_to(pointer + "/clouds", c));
        }
    }
}

void check_network_mappings(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    std::vector<std::string> fabrics = names_of(scenario.vmm_servers);
    for (const Region& region : scenario.regions) fabrics.push_back(region.name);
    for (std::size_t k = 0; k < scenario.network_mappings.size(); ++k) {
        const std::string& fabric = scenario.network_mappings[k].fabric;
        const bool is_known = std::find(fabrics.begin(), fabrics.end(), fabric) != fabrics.end();
        check_reference(checking, is_known, fabric, pointer_to("/network_mappings", k) + "/fabric",
                        "VMM server or region", fabrics);
    }
}

Ipv4 last_of(const TargetSubnet& subnet) {
    return {subnet.highest().value + 1};
}

void check_subnets(Checking& checking, const TargetNetwork& network, const std::string& pointer) {
    std::map<std::string, std::string> names;
    const std::string list = pointer + "/subnets";
    if (network.subnets.empty()) {
        note(checking.problems, code::kEmptyList, list, "[]", "a network has at least one subnet");
    }
    for (std::size_t k = 0; k < network.subnets.size(); ++k) {
        const TargetSubnet& subnet = network.subnets[k];
        check_duplicate(checking, names, subnet.name, pointer_to(list, k) + "/name");
        if (subnet.first == Ipv4()) continue;  // not readable: said already
        for (std::size_t other = 0; other < k; ++other) {
            const TargetSubnet& earlier = network.subnets[other];
            if (earlier.first == Ipv4()) continue;
            if (subnet.first > last_of(earlier) || earlier.first > last_of(subnet)) continue;
            note(checking.problems, code::kOutOfRange, pointer_to(list, k) + "/range",
                 json_text(text_of(subnet.first) + "/" + std::to_string(subnet.prefix)),
                 "overlaps subnet \"" + earlier.name + "\"");
            break;
        }
    }
}

std::vector<std::string> families_of(const ServiceProfile& profile) {
    std::vector<std::string> families;
    for (const VmSize& size : profile.vm_sizes) {
        if (families.empty() || families.back() != size.family) families.push_back(size.family);
    }
    return families;
}

void check_regions(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    const std::vector<std::string> families = families_of(scenario.profile);
    for (std::size_t r = 0; r < scenario.regions.size(); ++r) {
        const Region& region = scenario.regions[r];
        const std::string pointer = pointer_to("/regions", r);
        for (std::size_t k = 0; k < region.quota_families.size(); ++k) {
            const std::string& family = region.quota_families[k].family;
            const bool known =
                std::find(families.begin(), families.end(), family) != families.end();
            check_reference(checking, known, family,
                            pointer_to(pointer + "/quota/families", k) + "/family",
                            "family of sizes", families);
        }
        std::map<std::string, std::string> names;
        for (std::size_t k = 0; k < region.networks.size(); ++k) {
            const std::string at = pointer_to(pointer + "/networks", k);
            check_duplicate(checking, names, region.networks[k].name, at + "/name");
            check_subnets(checking, region.networks[k], at);
        }
    }
}

void check_cloud(Checking& checking, const MachineGroup& group, const std::string& pointer) {
    if (!group.cloud || group.kind != "hyper-v") return;
    std::vector<std::string> here;
    for (const VmmServer& server : checking.scenario.vmm_servers) {
        if (server.site != group.site) continue;
        here.insert(here.end(), server.clouds.begin(), server.clouds.end());
    }
    const bool is_known = std::find(here.begin(), here.end(), *group.cloud) != here.end();
    check_reference(checking, is_known, *group.cloud, pointer + "/cloud",
                    "cloud of a VMM server in site \"" + group.site + "\"", here);
}

/// The network and subnet that the settings name, where they can be found.
void check_target_network(Checking& checking, const TargetSettings& target, const Region& region,
                          const std::string& pointer) {
    const auto& networks = region.networks;
    if (!target.network && !target.subnet && !target.ip) return;
    auto network = networks.begin();
    if (target.network) {
        network = std::find_if(networks.begin(), networks.end(), [&](const TargetNetwork& other) {
            return other.name == *target.network;
        });
        check_reference(checking, network != networks.end(), *target.network, pointer + "/network",
                        "network in region \"" + region.name + "\"", names_of(networks));
    } else if (networks.empty()) {
        note(checking.problems, code::kKeysClash, pointer, "{...}",
             "region \"" + region.name + "\" has no networks to have a subnet or address in");
    }
    if (network == networks.end() || network->subnets.empty()) return;
    const TargetSubnet* subnet = subnet_for(target, *network);
    if (target.subnet) {
        check_reference(checking, subnet != nullptr, *target.subnet, pointer + "/subnet",
                        "subnet of network \"" + network->name + "\"", names_of(network->subnets));
    }
    if (subnet == nullptr || !target.ip || subnet->holds(*target.ip)) return;
    note(checking.problems, code::kOutOfRange, pointer + "/ip", json_text(text_of(*target.ip)),
         "must be one of subnet \"" + subnet->name + "\": " + text_of(subnet->lowest()) + " to " +
             text_of(subnet->highest()));
}

void check_target(Checking& checking, std::size_t index, const std::string& machine_pointer) {
    const MachineGroup& group = checking.scenario.machines[index];
    const TargetSettings& target = group.target;
    const std::string pointer = machine_pointer + "/target";
    const bool is_stated = target.size || target.network || target.subnet || target.ip ||
                           target.availability_set || target.managed_disks;
    if (!is_stated) return;
    if (kSecondarySiteKinds.contains(kind_of(group))) {
        note(checking.problems, code::kKeysClash, pointer, "{...}",
             "does not go with \"" + rule_of(group.replication).name +
                 "\" replication: the machine does not fail over to Azure");
        return;
    }
    if (target.size && size_for(target, checking.scenario.profile) == nullptr) {
        note_unknown(checking.problems, code::kUnknownChoice, pointer + "/size", *target.size,
                     "no such size in profile " + checking.scenario.profile.name,
                     names_of(checking.scenario.profile.vm_sizes));
    }
    const auto region = expand_group(checking.scenario, checking.directory, index).target_region;
    if (!region) return;
    TargetSettings meant = target;
    // hyper-v-vmm-network-mapping.md: without a network of its own, the one that its own is mapped
    // to
    for (const NetworkMapping& mapping : checking.scenario.network_mappings) {
        if (meant.network || !group.cloud || mapping.from != group.network) continue;
        meant.network = mapping.to;
    }
    check_target_network(checking, meant, checking.scenario.regions[*region], pointer);
}

}  // namespace

void check_setup(Checking& checking) {
    check_vmm_servers(checking);
    check_network_mappings(checking);
    check_regions(checking);
    const std::vector<MachineGroup>& machines = checking.scenario.machines;
    for (std::size_t k = 0; k < machines.size(); ++k) {
        check_cloud(checking, machines[k], pointer_to("/machines", k));
        check_target(checking, k, pointer_to("/machines", k));
    }
    BuiltVault built = build_vault(checking.scenario);
    for (Problem& problem : built.problems) checking.problems.push_back(std::move(problem));
}

}  // namespace landfall::scenario
