// sim/world/assembly.cpp — the estate, and the network as SimGrid will see it.
#include "sim/world/assembly.hpp"

#include <algorithm>
#include <cmath>

#include "sim/kernel/random_streams.hpp"
#include "sim/scenario/profile_data.hpp"
#include "sim/scenario/replication_rules.hpp"
#include "sim/scenario/topology.hpp"
#include "sim/workload/block_churn.hpp"

namespace landfall::world {

namespace {

using scenario::Scenario;

// SimGrid shares a link by 1 / latency and treats 0 apart: every route has at least this much.
constexpr double kLeastLatency = 1e-6;
// A source that uploads by itself has no cache of its own that could fill: its journal or log has
// the bound.
constexpr Bytes kNoCacheBound = gibibytes(1LL << 30);
constexpr BytesPerSecond kNoRateBound = BytesPerSecond(1LL << 50);

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
            result_.estate.policies.push_back({policy.name, policy.retention,
                                               policy.app_consistent_every, policy.rpo_threshold,
                                               policy.replication_interval});
        }
        for (const scenario::ConsistencyGroup& group : scenario_.consistency_groups) {
            result_.estate.groups.push_back({group.name, {}, group.hold, group.latency});
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
                     add_link(account.name + " ingress", static_cast<double>(ingress.count()), 0),
                     account.high_churn});
            }
        }
    }

    ChannelId add_channel(std::string name, std::vector<std::uint32_t> route) {
        result_.network.channels.push_back({std::move(name), std::move(route)});
        return ChannelId(result_.network.channels.size() - 1);
    }

    void add_server(const scenario::ProcessServer& server) {
        const ServiceProfile& profile = scenario_.profile;
        const BytesPerSecond processing(profile.processing_rate_per_core.count() * server.cores);

        std::vector<std::uint32_t> receive = {add_lan_port(server)};
        if (server.host) {
            const scenario::Site& home = scenario_.sites[find_named(scenario_.sites, server.site)];
            const scenario::Host& host = home.hosts[find_named(home.hosts, *server.host)];
            receive.push_back(nic_of(host, server.site));
        }
        receive.push_back(
            add_link(server.name + " cache", static_cast<double>(server.cache_rate.count()), 0));
        receive.push_back(
            add_link(server.name + " processing", static_cast<double>(processing.count()), 0));
        const ChannelId receive_channel = add_channel(server.name + " receive", receive);

        const Destination destination = destination_of(server);
        result_.estate.process_servers.push_back(
            {server.name, receive_channel,
             add_upload(server.name, server.site, destination, {}, profile.upload_threads, false),
             server.cache, processing, std::llround(server.compression_ratio * 1000)});
    }

    /// A LAN is a switch: its bandwidth is that of a port, not a pipe that all servers share. A
    /// server in a region sits in a virtual network, which has no port that could be full.
    std::uint32_t add_lan_port(const scenario::ProcessServer& server) {
        const std::string name = server.name + " LAN port";
        for (const scenario::Site& site : scenario_.sites) {
            if (site.name != server.site) continue;
            return add_link(name,
                            static_cast<double>(site.lan_bandwidth.count()) *
                                scenario_.network.bandwidth_factor,
                            std::max(to_seconds(site.lan_latency), kLeastLatency));
        }
        return add_link(name, static_cast<double>(kNoRateBound.count()), kLeastLatency);
    }

    /// Where an upload ends: a region or site, and what takes it in there.
    struct Destination {
        std::string node;
        std::uint32_t ingress = 0;
    };

    Destination to_account(const std::string& name) const {
        const Account& account = accounts_[find_named(accounts_, name)];
        return {account.region, account.ingress};
    }

    Destination destination_of(const scenario::ProcessServer& server) {
        if (server.storage_account) return to_account(*server.storage_account);
        LANDFALL_CHECK(server.master_target, "a process server sends somewhere");
        const scenario::MasterTarget& target =
            scenario_.master_targets[find_named(scenario_.master_targets, *server.master_target)];
        return {target.site, shared_link(target.name + " apply",
                                         static_cast<double>(target.apply_rate.count()))};
    }

    /// A link of our own that several uploads may cross; the first to ask makes it.
    std::uint32_t shared_link(const std::string& name, double bytes_per_second) {
        const auto& links = result_.network.links;
        const auto known = std::find_if(links.begin(), links.end(),
                                        [&](const auto& link) { return link.name == name; });
        if (known != links.end()) return static_cast<std::uint32_t>(known - links.begin());
        return add_link(name, bytes_per_second, 0);
    }

    /// The channel from `from` to `destination`, through `first` and then the links between them.
    ChannelId add_upload(const std::string& name, const std::string& from,
                         const Destination& destination, const std::vector<std::uint32_t>& first,
                         std::int64_t threads, bool breaks) {
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
            if (!breaks) continue;
            for (ScheduledLink& scheduled : result_.links) {
                if (scheduled.kernel_link == use) scheduled.breaks.push_back(channel);
            }
        }
        route.push_back(destination.ingress);
        if (latency_s > 0) {
            // What the windows of all streams let through in a round trip.
            const double rate = static_cast<double>(window.count()) * static_cast<double>(threads) /
                                (2 * latency_s);
            route.push_back(add_link(name + " window", rate, 0));
        }
        return channel;
    }

    /// What uploads the changes of a machine whose engine has no relay.
    ProcessServerId own_uploader(const scenario::ExpandedMachine& expanded) {
        const scenario::MachineGroup& group = scenario_.machines[expanded.group];
        return group.replication == scenario::Replication::AzureToAzure
                   ? add_azure_agent(expanded, group)
                   : hyper_v_host(group);
    }

    ProcessServerId add_uploader(const std::string& name, ChannelId upload) {
        result_.estate.process_servers.push_back(
            {name, ChannelId(), upload, kNoCacheBound, kNoRateBound, 1000});
        return ProcessServerId(result_.estate.process_servers.size() - 1);
    }

    /// A Hyper-V host uploads for all of its machines that go the same way: its throttle by hours
    /// is theirs together (hyper-v-azure-architecture.md).
    ProcessServerId hyper_v_host(const scenario::MachineGroup& group) {
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
            const double lan = static_cast<double>(second.lan_bandwidth.count()) *
                               scenario_.network.bandwidth_factor;
            destination = {there, shared_link(there + " replica hosts", lan)};
        }
        const std::int64_t threads = host.upload_threads.value_or(scenario_.profile.upload_threads);
        return add_uploader(name, add_upload(name, site.name, destination, first, threads, true));
    }

    /// The hours in which a host may send less.
    std::uint32_t throttle_of(const scenario::Host& host, const std::string& site) {
        const std::string name = site + "/" + host.name + " throttle";
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

    [[nodiscard]] bool high_churn(const scenario::MachineGroup& group) const {
        return accounts_[find_named(accounts_, *group.storage_account)].high_churn;
    }

    /// The agent of an Azure machine sends to the cache account in its own region, as fast as the
    /// machine's churn ceiling lets it (azure-to-azure-support-matrix.md); its disks have ceilings
    /// of their own.
    ProcessServerId add_azure_agent(const scenario::ExpandedMachine& expanded,
                                    const scenario::MachineGroup& group) {
        const BytesPerSecond ceiling = high_churn(group)
                                           ? scenario_.profile.azure_machine_high_churn_max
                                           : scenario_.profile.azure_machine_churn_max;
        const std::uint32_t agent =
            add_link(expanded.name + " churn ceiling", static_cast<double>(ceiling.count()), 0);
        return add_uploader(
            expanded.name + " agent",
            add_upload(expanded.name + " agent", group.site, to_account(*group.storage_account),
                       {agent}, scenario_.profile.upload_threads, false));
    }

    /// Process servers and machines on one host share its NIC.
    std::uint32_t nic_of(const scenario::Host& host, const std::string& site) {
        return shared_link(site + "/" + host.name + " NIC", static_cast<double>(host.nic.count()));
    }

    static FailedOver failed_over(const scenario::FailedOver& facts) {
        FailedOver parted{facts.unreplicated, facts.written_in_azure};
        switch (facts.method) {
            case scenario::FailbackMethod::Bitmaps:
                parted.method = landfall::FailbackMethod::Bitmaps;
                break;
            case scenario::FailbackMethod::Checksum:
                parted.method = landfall::FailbackMethod::Checksum;
                break;
            case scenario::FailbackMethod::FullDownload:
                parted.method = landfall::FailbackMethod::FullDownload;
                break;
        }
        // SR/vmware-azure-reprotect.md: to an alternate location whole disks travel.
        if (facts.location == scenario::FailbackLocation::Alternate) {
            parted.method = landfall::FailbackMethod::FullDownload;
        }
        return parted;
    }

    /// How the machine replicates, beyond what every machine has.
    void set_engine(const scenario::ExpandedMachine& expanded, const scenario::MachineGroup& group,
                    Machine& machine) {
        static_assert(static_cast<int>(scenario::Replication::Failback) ==
                      static_cast<int>(ReplicationEngine::Failback));
        machine.engine = static_cast<ReplicationEngine>(group.replication);
        machine.kind = scenario::kind_of(group);
        machine.fidelity =
            group.fidelity == scenario::Fidelity::Block ? Fidelity::Block : Fidelity::Volume;
        machine.sector_size = group.sector_size;
        if (group.initial_copy == scenario::InitialCopy::Offline) {
            machine.offline_copy = group.offline_takes;
        }
        if (group.failed_over) machine.failed_over = failed_over(*group.failed_over);
        if (expanded.consistency_group) {
            machine.group = ConsistencyGroupId(*expanded.consistency_group);
        }
        if (machine.process_server.is_none()) machine.process_server = own_uploader(expanded);
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
        // An AWS instance is protected as a physical server (SR/migrate-tutorial-aws-azure.md).
        const bool physical = group.kind == "physical" || group.kind == "aws";
        machine.can_shut_down = !physical;
        machine.needs_hydration = physical || group.os == "linux" || !group.hydration_drivers_ready;
        set_engine(expanded, group, machine);
        const MachineId id(result_.estate.machines.size());
        result_.estate.machines.push_back(machine);
        if (!machine.group.is_none()) {
            result_.estate.groups[machine.group.value].members.push_back(id);
        }

        double shares = 0;
        for (const scenario::Disk& disk : group.disks) {
            if (!disk.churn) shares += disk.churn_share;
        }
        for (const scenario::Disk& disk : group.disks) {
            result_.estate.disks.push_back({disk.name, id, disk.size, disk.used, disk.working_set,
                                            apply_rate(group, disk), fold_of(disk),
                                            churn_ceiling(group, disk)});
            const scenario::Churn& churn = disk.churn ? *disk.churn : group.churn;
            const double share = disk.churn || shares <= 0 ? 1.0 : disk.churn_share / shares;
            add_workload(expanded, disk, churn, share, machine);
        }
    }

    /// How fast a replica disk takes logs in: as its tier lets it, where there are tiers.
    BytesPerSecond apply_rate(const scenario::MachineGroup& group,
                              const scenario::Disk& disk) const {
        const BytesPerSecond service = scenario_.profile.log_processing_rate;
        if (group.replication == scenario::Replication::HyperVToSecondary ||
            group.replication == scenario::Replication::ScoutToSecondary ||
            group.replication == scenario::Replication::Failback) {
            return service;
        }
        return std::min(service, tier_of(disk).throughput);
    }

    /// How fast the changes of a disk may leave (azure-to-azure-support-matrix.md). Elsewhere the
    /// churn limits say what is supported, and hold nothing back.
    std::optional<BytesPerSecond> churn_ceiling(const scenario::MachineGroup& group,
                                                const scenario::Disk& disk) const {
        if (group.replication != scenario::Replication::AzureToAzure) return std::nullopt;
        const TargetDiskTier& tier = tier_of(disk);
        return high_churn(group) ? tier.high_churn_limit : tier.churn_limit;
    }

    const TargetDiskTier& tier_of(const scenario::Disk& disk) const {
        const TargetDiskTier* tier =
            scenario::find_tier(scenario_.profile, disk.target_type, disk.size);
        LANDFALL_CHECK(tier, "a checked scenario has a tier for every disk");
        return *tier;
    }

    static FoldCurve fold_of(const scenario::Disk& disk) {
        FoldCurve curve;
        for (const scenario::FoldPoint& point : disk.fold) {
            curve.push_back({point.written, point.distinct});
        }
        return curve;
    }

    void add_workload(const scenario::ExpandedMachine& expanded, const scenario::Disk& disk,
                      const scenario::Churn& churn, double share, const Machine& machine) {
        const workload::DiskIdentity identity{
            expanded.name, disk.name, expanded.index,
            DiskGeometry{
                static_cast<std::uint64_t>(disk.size.count() / machine.sector_size.count()),
                machine.sector_size}};
        result_.churn.emplace_back();
        result_.writes.emplace_back();
        if (machine.fidelity == Fidelity::Block) {
            result_.writes.back() = workload::make_writes(churn, identity, seed_);
            return;
        }
        if (std::holds_alternative<scenario::NoChurn>(churn)) return;
        result_.churn.back() = workload::make_write_volume(churn, identity);
        if (result_.churn.back()) return;
        result_.churn.back() = workload::make_churn(churn, expanded.name, disk.name, expanded.index,
                                                    share, seed_, traces_);
    }

    struct Account {
        std::string name;
        std::string region;
        std::uint32_t ingress;
        bool high_churn;
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
