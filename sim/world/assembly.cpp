// sim/world/assembly.cpp — the estate, and the network as SimGrid will see it.
#include "sim/world/assembly.hpp"

#include <algorithm>
#include <cmath>

#include "sim/kernel/random_streams.hpp"
#include "sim/scenario/profile_data.hpp"
#include "sim/scenario/topology.hpp"

namespace landfall::world {

namespace {

using scenario::Scenario;

// SimGrid shares a link by 1 / latency and treats 0 apart: every route has at least this much.
constexpr double kLeastLatency = 1e-6;

/// Index of the entry of that name. Requires that there is one.
template <typename Named>
std::size_t find_named(const std::vector<Named>& list, std::string_view name) {
    const auto found = std::find_if(list.begin(), list.end(),
                                    [name](const Named& entry) { return entry.name == name; });
    LANDFALL_CHECK(found != list.end(), "a checked scenario has what it refers to");
    return static_cast<std::size_t>(found - list.begin());
}

class Assembler {
  public:
    Assembler(const Scenario& scenario, std::uint64_t seed, const workload::TraceStore& traces)
        : scenario_(scenario), seed_(seed), traces_(traces) {}

    Assembly run() {
        result_.machines = scenario::expand(scenario_);
        result_.estate.profile = scenario_.profile;
        result_.estate.capture = {scenario_.detail.capture_step,
                                  static_cast<std::uint32_t>(scenario_.detail.capture_phases)};
        for (const scenario::Policy& policy : scenario_.policies) {
            result_.estate.policies.push_back(
                {policy.name, policy.retention, policy.app_consistent_every, policy.rpo_threshold});
        }
        add_links();
        for (const scenario::ProcessServer& server : scenario_.process_servers) add_server(server);
        for (const scenario::ExpandedMachine& machine : result_.machines) add_machine(machine);
        return std::move(result_);
    }

  private:
    std::uint32_t add_link(std::string name, double bytes_per_second, double latency_s) {
        result_.network.links.push_back({std::move(name), bytes_per_second, latency_s, false});
        return static_cast<std::uint32_t>(result_.network.links.size() - 1);
    }

    void add_links() {
        for (const scenario::Link& link : scenario_.links) {
            for (const bool forward : {true, false}) {
                const LinkSchedule schedule(link, scenario_.network.bandwidth_factor);
                const std::uint32_t id =
                    add_link(link.name + (forward ? " up" : " down"),
                             static_cast<double>(link.bandwidth.count()) *
                                 scenario_.network.bandwidth_factor,
                             std::max(to_seconds(link.latency), kLeastLatency));
                result_.link_uses.push_back({link.name, forward, {}});
                if (!schedule.varies()) continue;
                result_.network.links[id].varies = true;
                result_.links.push_back({id, link.name, schedule, forward});
            }
        }
        for (const scenario::Region& region : scenario_.regions) {
            for (const scenario::StorageAccount& account : region.storage_accounts) {
                const BytesPerSecond ingress =
                    account.ingress.value_or(scenario_.profile.storage_account_ingress);
                accounts_.push_back(
                    {account.name, region.name,
                     add_link(account.name + " ingress", static_cast<double>(ingress.count()), 0)});
            }
        }
    }

    ChannelId add_channel(std::string name, std::vector<std::uint32_t> route) {
        result_.network.channels.push_back({std::move(name), std::move(route)});
        return ChannelId(result_.network.channels.size() - 1);
    }

    void add_server(const scenario::ProcessServer& server) {
        const ServiceProfile& profile = scenario_.profile;
        const std::size_t site = find_named(scenario_.sites, server.site);
        const BytesPerSecond processing(profile.processing_rate_per_core.count() * server.cores);

        // A LAN is a switch: its bandwidth is that of a port, not a pipe that all servers share.
        const scenario::Site& home = scenario_.sites[site];
        std::vector<std::uint32_t> receive = {add_link(
            server.name + " LAN port",
            static_cast<double>(home.lan_bandwidth.count()) * scenario_.network.bandwidth_factor,
            std::max(to_seconds(home.lan_latency), kLeastLatency))};
        if (server.host) {
            const scenario::Host& host = home.hosts[find_named(home.hosts, *server.host)];
            receive.push_back(nic_of(host, server.site));
        }
        receive.push_back(
            add_link(server.name + " cache", static_cast<double>(server.cache_rate.count()), 0));
        receive.push_back(
            add_link(server.name + " processing", static_cast<double>(processing.count()), 0));
        const ChannelId receive_channel = add_channel(server.name + " receive", receive);

        LANDFALL_CHECK(server.storage_account, "a process server that uploads has an account");
        const Account& account = accounts_[find_named(accounts_, *server.storage_account)];
        const auto hops = scenario::find_route(scenario_, server.site, account.region);
        LANDFALL_CHECK(hops, "a checked scenario has a route for every process server");
        const ChannelId upload_channel = add_channel(server.name + " upload", {});
        auto& upload = result_.network.channels[upload_channel.value].route;
        double latency_s = 0;
        Bytes window(std::numeric_limits<std::int64_t>::max());
        for (const scenario::Hop& hop : *hops) {
            const scenario::Link& link = scenario_.links[hop.link];
            const std::size_t use = hop.link * 2 + (hop.forward ? 0 : 1);
            upload.push_back(static_cast<std::uint32_t>(use));
            result_.link_uses[use].channels.push_back(upload_channel);
            latency_s += to_seconds(link.latency);
            window = std::min(window, link.tcp_window.value_or(profile.tcp_window));
        }
        upload.push_back(account.ingress);
        if (latency_s > 0) {
            // What the windows of all streams let through in a round trip.
            const double rate = static_cast<double>(window.count()) *
                                static_cast<double>(profile.upload_threads) / (2 * latency_s);
            upload.push_back(add_link(server.name + " window", rate, 0));
        }
        result_.estate.process_servers.push_back({server.name, receive_channel, upload_channel,
                                                  server.cache, processing,
                                                  std::llround(server.compression_ratio * 1000)});
    }

    /// Process servers on one host share its NIC.
    std::uint32_t nic_of(const scenario::Host& host, const std::string& site) {
        const std::string name = site + "/" + host.name + " NIC";
        const auto& links = result_.network.links;
        const auto known = std::find_if(links.begin(), links.end(),
                                        [&](const auto& link) { return link.name == name; });
        if (known != links.end()) return static_cast<std::uint32_t>(known - links.begin());
        return add_link(name, static_cast<double>(host.nic.count()), 0);
    }

    void add_machine(const scenario::ExpandedMachine& expanded) {
        const scenario::MachineGroup& group = scenario_.machines[expanded.group];
        Machine machine;
        machine.name = expanded.name;
        machine.process_server = expanded.process_server;
        machine.policy = expanded.policy;
        machine.first_disk = DiskId(result_.estate.disks.size());
        machine.disk_count = static_cast<std::uint32_t>(group.disks.size());
        // By name, not by place: another machine more or less moves nobody.
        machine.capture_phase =
            static_cast<std::uint32_t>(kernel::stream_seed(0, expanded.name, "capture phase") %
                                       static_cast<std::uint64_t>(scenario_.detail.capture_phases));
        machine.can_shut_down = group.kind != "physical";
        machine.needs_hydration =
            group.kind == "physical" || group.os == "linux" || !group.hydration_drivers_ready;
        const MachineId id(result_.estate.machines.size());
        result_.estate.machines.push_back(machine);

        double shares = 0;
        for (const scenario::Disk& disk : group.disks) {
            if (!disk.churn) shares += disk.churn_share;
        }
        for (const scenario::Disk& disk : group.disks) {
            const TargetDiskTier* tier =
                scenario::find_tier(scenario_.profile, disk.target_type, disk.size);
            LANDFALL_CHECK(tier, "a checked scenario has a tier for every disk");
            result_.estate.disks.push_back(
                {disk.name, id, disk.size, disk.used, disk.working_set,
                 std::min(scenario_.profile.log_processing_rate, tier->throughput)});
            const scenario::Churn& churn = disk.churn ? *disk.churn : group.churn;
            const double share = disk.churn || shares <= 0 ? 1.0 : disk.churn_share / shares;
            result_.churn.push_back(std::holds_alternative<scenario::NoChurn>(churn)
                                        ? nullptr
                                        : workload::make_churn(churn, expanded.name, disk.name,
                                                               expanded.index, share, seed_,
                                                               traces_));
        }
    }

    struct Account {
        std::string name;
        std::string region;
        std::uint32_t ingress;
    };

    const Scenario& scenario_;
    std::uint64_t seed_;
    const workload::TraceStore& traces_;
    Assembly result_;
    std::vector<Account> accounts_;
};

}  // namespace

Assembly assemble(const Scenario& scenario, std::uint64_t seed,
                  const workload::TraceStore& traces) {
    return Assembler(scenario, seed, traces).run();
}

}  // namespace landfall::world
