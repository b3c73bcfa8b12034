// sim/world/network_assembly.cpp — the network as the kernel will see it.
#include "sim/world/network_assembly.hpp"

#include <cmath>
#include <limits>

#include "sim/scenario/profile_data.hpp"
#include "sim/scenario/topology.hpp"

namespace landfall::world {

namespace {

// SimGrid shares a link by 1 / latency and treats 0 apart: every route has at least this much.
constexpr double kLeastLatency = 1e-6;
// A source that uploads by itself has no cache of its own that could fill: its journal or log has
// the bound.
constexpr Bytes kNoCacheBound = gibibytes(1LL << 30);
constexpr BytesPerSecond kNoRateBound = BytesPerSecond(1LL << 50);

}  // namespace

std::uint32_t NetworkAssembly::add_link(std::string name, double bytes_per_second,
                                        double latency_s) {
    result_.network.links.push_back({std::move(name), bytes_per_second, latency_s, false});
    return static_cast<std::uint32_t>(result_.network.links.size() - 1);
}

void NetworkAssembly::add_links() {
    for (const scenario::Link& link : scenario_.links) {
        for (const bool forward : {true, false}) {
            LinkSchedule schedule(link, scenario_.network.bandwidth_factor);
            for (const auto& each : faults::of_link(scenario_, link.name, forward)) {
                schedule.add(each);
            }
            const std::uint32_t id = add_link(
                link.name + (forward ? " up" : " down"),
                static_cast<double>(link.bandwidth.count()) * scenario_.network.bandwidth_factor,
                std::max(to_seconds(link.latency), kLeastLatency));
            result_.link_uses.push_back({link.name, forward, {}, schedule});
            if (!schedule.varies()) continue;
            result_.network.links[id].varies = true;
            result_.links.push_back({id, link.name, schedule, forward});
            result_.links.back().latency_s = result_.network.links[id].latency_s;
        }
    }
    for (const scenario::Region& region : scenario_.regions) {
        for (const scenario::StorageAccount& account : region.storage_accounts) {
            const BytesPerSecond ingress =
                account.ingress.value_or(scenario_.profile.storage_account_ingress);
            accounts_.push_back(
                {account.name, region.name,
                 add_link(account.name + " ingress", static_cast<double>(ingress.count()), 0),
                 account.high_churn});
            disturb(accounts_.back().ingress, faults::of_account(scenario_, account.name));
        }
    }
}

void NetworkAssembly::disturb(std::uint32_t id, const faults::Disturbances& disturbances) {
    if (disturbances.empty()) return;
    kernel::LinkPlan& plan = result_.network.links[id];
    plan.varies = true;
    scenario::Link link;
    link.name = plan.name;
    link.bandwidth = BytesPerSecond(std::llround(plan.bytes_per_second));
    LinkSchedule schedule(link, 1.0);
    for (const auto& each : disturbances) schedule.add(each);
    result_.links.push_back({id, plan.name, schedule, false});
    result_.links.back().latency_s = plan.latency_s;
}

ChannelId NetworkAssembly::add_channel(std::string name, std::vector<std::uint32_t> route) {
    result_.network.channels.push_back({std::move(name), std::move(route)});
    return ChannelId(result_.network.channels.size() - 1);
}

void NetworkAssembly::add_server(const scenario::ProcessServer& server,
                                 const std::optional<Destination>& elsewhere) {
    const ServiceProfile& profile = scenario_.profile;
    const BytesPerSecond processing(profile.processing_rate_per_core.count() * server.cores);

    std::vector<std::uint32_t> receive = {add_lan_port(server)};
    std::vector<std::uint32_t> first_of_upload;
    if (server.host) {
        const scenario::Site& home = scenario_.sites[find_named(scenario_.sites, server.site)];
        const scenario::Host& host = home.hosts[find_named(home.hosts, *server.host)];
        receive.push_back(nic_of(host, server.site));
        // SR/site-recovery-plan-capacity-vmware.md: the throttle is the process server's.
        if (!host.throttles.empty()) first_of_upload.push_back(throttle_of(host, server.site));
    }
    receive.push_back(
        add_link(server.name + " cache", static_cast<double>(server.cache_rate.count()), 0));
    receive.push_back(
        add_link(server.name + " processing", static_cast<double>(processing.count()), 0));
    disturb(receive.back(), faults::of_processing(scenario_, server.name));
    // Nothing passes a server that stands still, in either direction.
    if (const auto stalls = faults::of_server(scenario_, server.name); !stalls.empty()) {
        const std::uint32_t gate =
            add_link(server.name + " gate", static_cast<double>(kNoRateBound.count()), 0);
        disturb(gate, stalls);
        receive.push_back(gate);
        first_of_upload.push_back(gate);
    }
    const ChannelId receive_channel = add_channel(server.name + " receive", receive);

    const Destination destination = elsewhere ? *elsewhere : destination_of(server);
    result_.estate.process_servers.push_back(
        {server.name, receive_channel,
         add_upload(server.name, server.site, destination, first_of_upload, profile.upload_threads,
                    false),
         server.cache, processing, std::llround(server.compression_ratio * 1000),
         destination.ingress, false, server.site, destination.node});
}

std::uint32_t NetworkAssembly::add_lan_port(const scenario::ProcessServer& server) {
    const std::string name = server.name + " LAN port";
    for (const scenario::Site& site : scenario_.sites) {
        if (site.name != server.site) continue;
        return add_link(
            name,
            static_cast<double>(site.lan_bandwidth.count()) * scenario_.network.bandwidth_factor,
            std::max(to_seconds(site.lan_latency), kLeastLatency));
    }
    return add_link(name, static_cast<double>(kNoRateBound.count()), kLeastLatency);
}

NetworkAssembly::Destination NetworkAssembly::to_account(const std::string& name) const {
    const Account& account = accounts_[find_named(accounts_, name)];
    return {account.region, account.ingress};
}

NetworkAssembly::Destination NetworkAssembly::destination_of(
    const scenario::ProcessServer& server) {
    if (server.storage_account) return to_account(*server.storage_account);
    LANDFALL_CHECK(server.master_target, "a process server sends somewhere");
    const scenario::MasterTarget& target =
        scenario_.master_targets[find_named(scenario_.master_targets, *server.master_target)];
    return {target.site,
            shared_link(target.name + " apply", static_cast<double>(target.apply_rate.count()))};
}

std::uint32_t NetworkAssembly::shared_link(const std::string& name, double bytes_per_second) {
    const auto& links = result_.network.links;
    const auto known = std::find_if(links.begin(), links.end(),
                                    [&](const auto& link) { return link.name == name; });
    if (known != links.end()) return static_cast<std::uint32_t>(known - links.begin());
    return add_link(name, bytes_per_second, 0);
}

ChannelId NetworkAssembly::add_upload(const std::string& name, const std::string& from,
                                      const Destination& destination,
                                      const std::vector<std::uint32_t>& first, std::int64_t threads,
                                      bool breaks) {
    const auto hops = scenario::find_route(scenario_, from, destination.node);
    LANDFALL_CHECK(hops, "a checked scenario has a route for every upload");
    const ChannelId channel = add_channel(name + " upload", first);
    auto& route = result_.network.channels[channel.value].route;
    double latency_s = 0;
    Bytes window(std::numeric_limits<std::int64_t>::max());
    for (const scenario::Hop& hop : *hops) {
        const scenario::Link& link = scenario_.links[hop.link];
        const std::size_t use = hop.link * 2 + (hop.forward ? 0 : 1);
        route.push_back(static_cast<std::uint32_t>(use));
        result_.link_uses[use].channels.push_back(channel);
        latency_s += to_seconds(link.latency);
        window = std::min(window, link.tcp_window.value_or(scenario_.profile.tcp_window));
        for (ScheduledLink& scheduled : result_.links) {
            if (scheduled.kernel_link != use) continue;
            scheduled.crossing.push_back(channel);
            if (breaks) scheduled.breaks.push_back(channel);
        }
    }
    route.push_back(destination.ingress);
    if (latency_s > 0) {
        // What the windows of all streams let through in a round trip.
        const double rate =
            static_cast<double>(window.count()) * static_cast<double>(threads) / (2 * latency_s);
        route.push_back(add_link(name + " window", rate, 0));
        faults::Disturbances narrower;
        for (const scenario::Hop& hop : *hops) {
            const auto each =
                faults::of_window(scenario_, scenario_.links[hop.link].name, latency_s);
            narrower.insert(narrower.end(), each.begin(), each.end());
        }
        disturb(result_.network.channels[channel.value].route.back(), narrower);
    }
    return channel;
}

ProcessServerId NetworkAssembly::own_uploader(const scenario::ExpandedMachine& expanded) {
    const scenario::MachineGroup& group = scenario_.machines[expanded.group];
    return group.replication == scenario::Replication::AzureToAzure
               ? add_azure_agent(expanded.name, group.site,
                                 accounts_[find_named(accounts_, *group.storage_account)])
               : hyper_v_host(group);
}

ProcessServerId NetworkAssembly::add_uploader(const std::string& name, ChannelId upload) {
    result_.estate.process_servers.push_back(
        {name, ChannelId(), upload, kNoCacheBound, kNoRateBound, 1000});
    return ProcessServerId(result_.estate.process_servers.size() - 1);
}

ProcessServerId NetworkAssembly::hyper_v_host(const scenario::MachineGroup& group) {
    const scenario::Site& site = scenario_.sites[find_named(scenario_.sites, group.site)];
    const scenario::Host& host = site.hosts[find_named(site.hosts, *group.host)];
    const std::string target = group.storage_account.value_or(group.target_site.value_or(""));
    const std::string name = host.name + " to " + target;
    const auto& servers = result_.estate.process_servers;
    const auto known = std::find_if(servers.begin(), servers.end(),
                                    [&](const auto& server) { return server.name == name; });
    if (known != servers.end()) return ProcessServerId(known - servers.begin());

    std::vector<std::uint32_t> first = {nic_of(host, site.name)};
    if (!host.throttles.empty()) first.push_back(throttle_of(host, site.name));
    Destination destination;
    if (group.storage_account) {
        destination = to_account(*group.storage_account);
    } else {
        const std::string& there = *group.target_site;
        const scenario::Site& second = scenario_.sites[find_named(scenario_.sites, there)];
        const double lan =
            static_cast<double>(second.lan_bandwidth.count()) * scenario_.network.bandwidth_factor;
        destination = {there, shared_link(there + " replica hosts", lan)};
    }
    const std::int64_t threads = host.upload_threads.value_or(scenario_.profile.upload_threads);
    return add_uploader(name, add_upload(name, site.name, destination, first, threads, true));
}

std::string throttle_name(std::string_view site, std::string_view host) {
    return std::string(site) + "/" + std::string(host) + " throttle";
}

std::uint32_t NetworkAssembly::throttle_of(const scenario::Host& host, const std::string& site) {
    const std::string name = throttle_name(site, host.name);
    const std::size_t before = result_.network.links.size();
    const std::uint32_t id = shared_link(name, static_cast<double>(host.nic.count()));
    if (result_.network.links.size() == before) return id;
    scenario::Link link;
    link.name = name;
    link.bandwidth = host.nic;
    link.throttles = host.throttles;
    result_.network.links[id].varies = true;
    result_.links.push_back({id, name, LinkSchedule(link, 1.0), false});
    return id;
}

bool NetworkAssembly::high_churn(const scenario::MachineGroup& group) const {
    return accounts_[find_named(accounts_, *group.storage_account)].high_churn;
}

ProcessServerId NetworkAssembly::add_azure_agent(const std::string& name, const std::string& from,
                                                 const Account& account) {
    const BytesPerSecond ceiling = account.high_churn
                                       ? scenario_.profile.azure_machine_high_churn_max
                                       : scenario_.profile.azure_machine_churn_max;
    const std::uint32_t agent =
        add_link(name + " churn ceiling", static_cast<double>(ceiling.count()), 0);
    return add_uploader(name + " agent",
                        add_upload(name + " agent", from, {account.region, account.ingress},
                                   {agent}, scenario_.profile.upload_threads, false));
}

std::uint32_t NetworkAssembly::nic_of(const scenario::Host& host, const std::string& site) {
    return shared_link(site + "/" + host.name + " NIC", static_cast<double>(host.nic.count()));
}

}  // namespace landfall::world
