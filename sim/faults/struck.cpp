// sim/faults/struck.cpp — from a fault's target to machines, servers, channels and disks.
#include <algorithm>
#include <string>

#include "sim/faults/injector.hpp"

namespace landfall::faults {

namespace {

using scenario::ExpandedMachine;
using scenario::Fault;
using scenario::MachineGroup;

template <typename T>
void settle(std::vector<T>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

class Finder {
  public:
    Finder(const scenario::Scenario& scenario, const world::Assembly& parts, const Fault& fault)
        : scenario_(scenario), parts_(parts), fault_(fault) {}

    Struck find() {
        switch (row_of(fault_.kind).target) {
            case FaultTarget::Link: on_link(); break;
            case FaultTarget::ProcessServer: on_server(); break;
            case FaultTarget::MasterTarget: into(fault_.target + " apply"); break;
            case FaultTarget::ConfigurationServer: on_configuration_server(); break;
            case FaultTarget::StorageAccount: into(fault_.target + " ingress"); break;
            case FaultTarget::Machine: on_machine(); break;
            case FaultTarget::Host: on_host(); break;
            case FaultTarget::Site: on_site(); break;
            case FaultTarget::Region: on_region(); break;
            case FaultTarget::Service: everything(); break;
        }
        settle(struck_.channels);
        settle(struck_.servers);
        settle(struck_.items);
        struck_.own = struck_.items;
        settle(struck_.losing_power);
        add_users(struck_, parts_.estate,
                  [this](MachineId leg) { return parts_.estate.machine(leg).process_server; });
        return std::move(struck_);
    }

  private:
    void on_link() {
        for (const world::LinkUse& use : parts_.link_uses) {
            if (use.link != fault_.target) continue;
            if (fault_.kind == FaultKind::OneWayOutage && use.forward != fault_.forward) continue;
            struck_.channels.insert(struck_.channels.end(), use.channels.begin(),
                                    use.channels.end());
        }
    }

    void on_server() {
        for (std::size_t k = 0; k < parts_.estate.process_servers.size(); ++k) {
            if (parts_.estate.process_servers[k].name == fault_.target) add_server(k);
        }
    }

    void add_server(std::size_t index) {
        const ProcessServer& server = parts_.estate.process_servers[index];
        struck_.servers.emplace_back(index);
        if (!server.receive_channel.is_none()) struck_.channels.push_back(server.receive_channel);
        if (fault_.kind == FaultKind::DataPortBlocked) return;
        struck_.channels.push_back(server.upload_channel);
    }

    /// Every channel that ends in the link of that name, and whose it is.
    void into(const std::string& link) {
        for (std::size_t k = 0; k < parts_.estate.process_servers.size(); ++k) {
            const ChannelId channel = parts_.estate.process_servers[k].upload_channel;
            if (!crosses(channel, link)) continue;
            struck_.servers.emplace_back(k);
            struck_.channels.push_back(channel);
        }
    }

    [[nodiscard]] bool crosses(ChannelId channel, const std::string& link) const {
        const auto& route = parts_.network.channels[channel.value].route;
        return std::any_of(route.begin(), route.end(),
                           [&](std::uint32_t id) { return parts_.network.links[id].name == link; });
    }

    void on_configuration_server() {
        const auto& servers = scenario_.configuration_servers;
        for (std::size_t k = 0; k < servers.size(); ++k) {
            if (servers[k].name != fault_.target) continue;
            struck_.configuration_server = k;
            servers_of_site(servers[k].site);
        }
    }

    void servers_of_site(const std::string& site) {
        for (std::size_t k = 0; k < scenario_.process_servers.size(); ++k) {
            if (scenario_.process_servers[k].site == site) add_server(k);
        }
    }

    void on_machine() {
        for (std::size_t k = 0; k < parts_.machines.size(); ++k) {
            if (parts_.machines[k].name != fault_.target) continue;
            struck_.items.emplace_back(k);
            struck_.losing_power.emplace_back(k);
            add_disks(MachineId(k));
        }
    }

    void add_disks(MachineId machine) {
        const Machine& facts = parts_.estate.machine(machine);
        for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
            const DiskId disk(facts.first_disk.value + k);
            const bool is_it = !fault_.disk || parts_.estate.disk(disk).name == *fault_.disk;
            if (is_it) struck_.disks.push_back(disk);
        }
    }

    template <typename Is>
    void machines_where(Is&& is) {
        for (std::size_t k = 0; k < parts_.machines.size(); ++k) {
            const ExpandedMachine& machine = parts_.machines[k];
            if (!is(machine, scenario_.machines[machine.group])) continue;
            struck_.items.emplace_back(k);
            struck_.losing_power.emplace_back(k);
        }
    }

    void on_host() {
        for (const scenario::Site& site : scenario_.sites) {
            into_or_out_of(site.name + "/" + fault_.target + " NIC");
        }
        machines_where([&](const ExpandedMachine&, const MachineGroup& group) {
            return group.host && *group.host == fault_.target;
        });
    }

    /// Servers whose receive or upload channel crosses the link: all of theirs go down.
    void into_or_out_of(const std::string& link) {
        for (std::size_t k = 0; k < parts_.estate.process_servers.size(); ++k) {
            const ProcessServer& server = parts_.estate.process_servers[k];
            const bool receives =
                !server.receive_channel.is_none() && crosses(server.receive_channel, link);
            if (receives || crosses(server.upload_channel, link)) add_server(k);
        }
    }

    void on_site() {
        servers_of_site(fault_.target);
        for (const scenario::Site& site : scenario_.sites) {
            if (site.name != fault_.target) continue;
            for (const scenario::Host& host : site.hosts) {
                into_or_out_of(site.name + "/" + host.name + " NIC");
            }
        }
        machines_where([&](const ExpandedMachine&, const MachineGroup& group) {
            return group.site == fault_.target;
        });
    }

    void on_region() {
        const auto region =
            std::find_if(scenario_.regions.begin(), scenario_.regions.end(),
                         [&](const auto& each) { return each.name == fault_.target; });
        const auto index = static_cast<std::size_t>(region - scenario_.regions.begin());
        if (fault_.kind == FaultKind::RegionOutage) {
            for (const auto& account : region->storage_accounts) into(account.name + " ingress");
            into(fault_.target + " cache account");
            machines_where([&](const ExpandedMachine& machine, const MachineGroup&) {
                return machine.site.is_none() && machine.region == index;
            });
        }
        for (std::size_t k = 0; k < parts_.machines.size(); ++k) {
            if (parts_.machines[k].target_region == index) struck_.items.emplace_back(k);
        }
    }

    void everything() {
        for (std::size_t k = 0; k < parts_.machines.size(); ++k) struck_.items.emplace_back(k);
    }

    const scenario::Scenario& scenario_;
    const world::Assembly& parts_;
    const Fault& fault_;
    Struck struck_;
};

}  // namespace

void add_users(Struck& struck, const Estate& estate, const ServerOfLeg& server_of) {
    const auto has = [&](ChannelId channel) {
        return !channel.is_none() &&
               std::binary_search(struck.channels.begin(), struck.channels.end(), channel);
    };
    struck.items = struck.own;
    for (std::size_t leg = 0; leg < estate.machines.size(); ++leg) {
        const Machine& machine = estate.machines[leg];
        const ProcessServerId id = server_of(MachineId(leg));
        const ProcessServer& server = estate.process_server(id);
        const bool uses = std::binary_search(struck.servers.begin(), struck.servers.end(), id) ||
                          has(server.receive_channel) || has(server.upload_channel);
        if (!uses) continue;
        const bool forward = machine.forward_of.is_none();
        struck.items.push_back(forward ? MachineId(leg) : machine.forward_of);
    }
    settle(struck.items);
}

bool harms_replica_stores(const scenario::Scenario& scenario) {
    return std::any_of(scenario.faults.begin(), scenario.faults.end(), [](const Fault& fault) {
        return fault.kind == FaultKind::ReplicaCrash || fault.kind == FaultKind::ReplicaRot;
    });
}

bool harms_source_stores(const scenario::Scenario& scenario) {
    return std::any_of(scenario.faults.begin(), scenario.faults.end(), [](const Fault& fault) {
        return fault.kind == FaultKind::PowerLoss || fault.kind == FaultKind::HostOutage ||
               fault.kind == FaultKind::SiteOutage || fault.kind == FaultKind::RegionOutage;
    });
}

Struck struck_by(const scenario::Scenario& scenario, const world::Assembly& parts,
                 const Fault& fault) {
    return Finder(scenario, parts, fault).find();
}

}  // namespace landfall::faults
