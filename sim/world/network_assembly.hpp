// sim/world/network_assembly.hpp — the part of an assembly that is network: links, uploads,
// servers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/faults/link_faults.hpp"
#include "sim/world/assembly.hpp"

namespace landfall::world {

/// Index of the entry of that name. Requires that there is one.
template <typename Named>
std::size_t find_named(const std::vector<Named>& list, std::string_view name) {
    const auto found = std::find_if(list.begin(), list.end(),
                                    [name](const Named& entry) { return entry.name == name; });
    LANDFALL_CHECK(found != list.end(), "a checked scenario has what it refers to");
    return static_cast<std::size_t>(found - list.begin());
}

/// The link that stands for a host's throttle.
[[nodiscard]] std::string throttle_name(std::string_view site, std::string_view host);

class NetworkAssembly {
  protected:
    /// Where an upload ends: a region or site, and what takes it in there.
    struct Destination {
        std::string node;
        std::uint32_t ingress = 0;
    };

    struct Account {
        std::string name;
        std::string region;
        std::uint32_t ingress;
        bool high_churn;
    };

    explicit NetworkAssembly(const scenario::Scenario& scenario) : scenario_(scenario) {}

    std::uint32_t add_link(std::string name, double bytes_per_second, double latency_s);
    void add_links();
    /// Makes the capacity of a link of our own follow what faults do to it.
    void disturb(std::uint32_t link, const faults::Disturbances& disturbances);
    ChannelId add_channel(std::string name, std::vector<std::uint32_t> route);
    /// It sends on to `elsewhere`, or to what it declares.
    void add_server(const scenario::ProcessServer& server,
                    const std::optional<Destination>& elsewhere = std::nullopt);
    /// A LAN is a switch: its bandwidth is that of a port, not a pipe that all servers share. A
    /// server in a region sits in a virtual network, which has no port that could be full.
    std::uint32_t add_lan_port(const scenario::ProcessServer& server);
    Destination to_account(const std::string& name) const;
    Destination destination_of(const scenario::ProcessServer& server);
    /// A link of our own that several uploads may cross; the first to ask makes it.
    std::uint32_t shared_link(const std::string& name, double bytes_per_second);
    /// The channel from `from` to `destination`, through `first` and then the links between them.
    ChannelId add_upload(const std::string& name, const std::string& from,
                         const Destination& destination, const std::vector<std::uint32_t>& first,
                         std::int64_t threads, bool breaks);
    /// What uploads the changes of a machine whose engine has no relay.
    ProcessServerId own_uploader(const scenario::ExpandedMachine& expanded);
    ProcessServerId add_uploader(const std::string& name, ChannelId upload);
    /// A Hyper-V host uploads for all of its machines that go the same way: its throttle by hours
    /// is theirs together (hyper-v-azure-architecture.md).
    ProcessServerId hyper_v_host(const scenario::MachineGroup& group);
    /// The hours in which a host may send less.
    std::uint32_t throttle_of(const scenario::Host& host, const std::string& site);
    [[nodiscard]] bool high_churn(const scenario::MachineGroup& group) const;
    /// The agent of an Azure machine sends to the cache account in its own region, as fast as the
    /// machine's churn ceiling lets it (azure-to-azure-support-matrix.md); its disks have ceilings
    /// of their own.
    ProcessServerId add_azure_agent(const std::string& name, const std::string& from,
                                    const Account& account);
    // The way home of a machine that was failed over (way_home.cpp).
    /// What uploads its changes then.
    ProcessServerId way_home(const scenario::ExpandedMachine& expanded);
    ProcessServerId process_server_home(const scenario::ExpandedMachine& expanded,
                                        const scenario::MachineGroup& group);
    ProcessServerId mirrored_server(const scenario::ProcessServer& forward, const std::string& from,
                                    const Destination& home);
    ProcessServerId download_of_host(const scenario::MachineGroup& group, const std::string& from);
    ProcessServerId agent_home(const scenario::ExpandedMachine& expanded,
                               const scenario::MachineGroup& group);
    Destination master_target_at(const std::string& site);
    Account account_at(const std::string& region);
    /// Process servers and machines on one host share its NIC.
    std::uint32_t nic_of(const scenario::Host& host, const std::string& site);

    const scenario::Scenario& scenario_;
    Assembly result_;
    std::vector<Account> accounts_;
};

}  // namespace landfall::world
