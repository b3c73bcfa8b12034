// sim/world/way_home.cpp — the links, servers and hosts that carry a machine home.
//
// VMware and physical machines go home through a process server in Azure to a master target
// on-premises (SR/vmware-azure-reprotect.md): the ones that the scenario declares for those two
// places, or else [A] a mirror image of the server that carried them there. A Hyper-V host
// downloads by itself (SR/hyper-v-azure-failback.md). Azure machines have an agent and a cache
// account in the region they run in (azure-to-azure-how-to-reprotect.md).
#include "sim/world/way_home.hpp"

#include <algorithm>

#include "sim/world/network_assembly.hpp"

namespace landfall::world {

std::optional<ReplicationEngine> engine_home(const scenario::MachineGroup& group) {
    using scenario::Replication;
    switch (group.replication) {
        case Replication::InMageToAzure:
            // SR/migrate-tutorial-aws-azure.md: nothing goes back to AWS.
            if (group.kind == "vmware" || group.kind == "physical") {
                return ReplicationEngine::Failback;
            }
            return std::nullopt;
        case Replication::HyperVToAzure: return ReplicationEngine::Failback;
        case Replication::AzureToAzure: return ReplicationEngine::AzureToAzure;
        case Replication::HyperVToSecondary: return ReplicationEngine::HyperVToSecondary;
        case Replication::ScoutToSecondary: return ReplicationEngine::ScoutToSecondary;
        case Replication::Failback: return std::nullopt;
    }
    return std::nullopt;
}

ServersInUse::ServersInUse(const Estate& estate, const SiteRecovery& logic)
    : estate_(estate), logic_(logic), legs_(estate.process_servers.size()), used_(legs_.size()) {
    for (std::size_t index = 0; index < estate.machines.size(); ++index) {
        const ProcessServerId server = estate.machines[index].process_server;
        if (estate.process_server(server).way_home) legs_[server.value].emplace_back(index);
    }
}

bool ServersInUse::contains(ProcessServerId server) {
    if (!estate_.process_server(server).way_home || used_[server.value]) return true;
    const auto& legs = legs_[server.value];
    used_[server.value] = std::any_of(legs.begin(), legs.end(), [&](MachineId leg) {
        return logic_.engine().data_path(leg) != DataPath::Stopped;
    });
    return used_[server.value];
}

ProcessServerId NetworkAssembly::way_home(const scenario::ExpandedMachine& expanded) {
    const scenario::MachineGroup& group = scenario_.machines[expanded.group];
    switch (group.replication) {
        case scenario::Replication::HyperVToAzure:
            return download_of_host(group, to_account(*group.storage_account).node);
        case scenario::Replication::HyperVToSecondary:
            return download_of_host(group, *group.target_site);
        case scenario::Replication::AzureToAzure: return agent_home(expanded, group);
        default: return process_server_home(expanded, group);
    }
}

ProcessServerId NetworkAssembly::process_server_home(const scenario::ExpandedMachine& expanded,
                                                     const scenario::MachineGroup& group) {
    const scenario::ProcessServer& forward =
        scenario_.process_servers[expanded.process_server.value];
    const auto& targets = scenario_.master_targets;
    const std::string from = destination_of(forward).node;
    for (std::size_t index = 0; index < scenario_.process_servers.size(); ++index) {
        const scenario::ProcessServer& declared = scenario_.process_servers[index];
        if (!declared.master_target || declared.site != from) continue;
        if (targets[find_named(targets, *declared.master_target)].site != group.site) continue;
        return ProcessServerId(index);
    }
    return mirrored_server(forward, from, master_target_at(group.site));
}

ProcessServerId NetworkAssembly::mirrored_server(const scenario::ProcessServer& forward,
                                                 const std::string& from, const Destination& home) {
    scenario::ProcessServer server = forward;
    server.name = forward.name + " on the way back to " + home.node;
    server.site = from;
    server.host.reset();
    auto& servers = result_.estate.process_servers;
    const auto known = std::find_if(servers.begin(), servers.end(),
                                    [&](const auto& other) { return other.name == server.name; });
    if (known != servers.end()) return ProcessServerId(known - servers.begin());
    add_server(server, home);
    servers.back().way_home = true;
    return ProcessServerId(servers.size() - 1);
}

/// As much as the LAN of its site takes.
NetworkAssembly::Destination NetworkAssembly::master_target_at(const std::string& site) {
    const scenario::Site& facts = scenario_.sites[find_named(scenario_.sites, site)];
    const double lan =
        static_cast<double>(facts.lan_bandwidth.count()) * scenario_.network.bandwidth_factor;
    return {site, shared_link(site + " master target", lan)};
}

ProcessServerId NetworkAssembly::download_of_host(const scenario::MachineGroup& group,
                                                  const std::string& from) {
    const scenario::Site& site = scenario_.sites[find_named(scenario_.sites, group.site)];
    const scenario::Host& host = site.hosts[find_named(site.hosts, *group.host)];
    const std::string name = from + " to " + host.name;
    const auto& servers = result_.estate.process_servers;
    const auto known = std::find_if(servers.begin(), servers.end(),
                                    [&](const auto& server) { return server.name == name; });
    if (known != servers.end()) return ProcessServerId(known - servers.begin());
    const std::int64_t threads = host.upload_threads.value_or(scenario_.profile.upload_threads);
    const ProcessServerId server = add_uploader(
        name, add_upload(name, from, {site.name, nic_of(host, site.name)}, {}, threads, true));
    result_.estate.process_servers.back().way_home = true;
    return server;
}

ProcessServerId NetworkAssembly::agent_home(const scenario::ExpandedMachine& expanded,
                                            const scenario::MachineGroup& group) {
    const ProcessServerId server = add_azure_agent(
        expanded.name + " on the way back", *group.target_region, account_at(*group.target_region));
    result_.estate.process_servers.back().way_home = true;
    return server;
}

/// The first cache account that a region declares; without one, [A] one for general purposes.
NetworkAssembly::Account NetworkAssembly::account_at(const std::string& region) {
    for (const Account& account : accounts_) {
        if (account.region == region) return account;
    }
    const std::string name = region + " cache account";
    const double ingress = static_cast<double>(scenario_.profile.storage_account_ingress.count());
    return {name, region, shared_link(name, ingress), false};
}

}  // namespace landfall::world
