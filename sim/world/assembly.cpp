// sim/world/assembly.cpp — the estate, and the network as SimGrid will see it.
#include "sim/world/assembly.hpp"

#include <algorithm>

#include "model/recovery/job_plan.hpp"
#include "model/recovery/support_matrix.hpp"
#include "sim/faults/guest_faults.hpp"
#include "sim/kernel/random_streams.hpp"
#include "sim/scenario/profile_data.hpp"
#include "sim/scenario/replication_rules.hpp"
#include "sim/workload/block_churn.hpp"
#include "sim/world/estate_setup.hpp"
#include "sim/world/network_assembly.hpp"
#include "sim/world/way_home.hpp"

namespace landfall::world {

namespace {

using scenario::Scenario;

class Assembler : private NetworkAssembly {
  public:
    Assembler(const Scenario& scenario, std::uint64_t seed, const workload::TraceStore& traces)
        : NetworkAssembly(scenario), seed_(seed), traces_(traces) {}

    Assembly run() {
        result_.machines = scenario::expand(scenario_);
        result_.estate.profile = scenario_.profile;
        result_.estate.capture = {scenario_.detail.capture_step,
                                  static_cast<std::uint32_t>(scenario_.detail.capture_phases)};
        for (const scenario::Policy& policy : scenario_.policies) {
            result_.estate.policies.push_back(
                {policy.name, policy.retention, policy.app_consistent_every, policy.rpo_threshold,
                 policy.replication_interval, policy.initial_replication_start});
        }
        for (const scenario::ConsistencyGroup& group : scenario_.consistency_groups) {
            result_.estate.groups.push_back({group.name, {}, group.hold, group.latency});
        }
        add_links();
        for (const scenario::ProcessServer& server : scenario_.process_servers) add_server(server);
        for (const scenario::ExpandedMachine& machine : result_.machines) add_machine(machine);
        // Behind all machines, so that these have the ids that they have without.
        for (std::size_t k = 0; scenario_.ways_back && k < result_.machines.size(); ++k) {
            add_reverse_leg(MachineId(k));
        }
        set_up(scenario_, result_.machines, result_.estate);
        scenario::PlanFacts plans = scenario::plan_facts(scenario_, result_.machines);
        result_.estate.plans = std::move(plans.plans);
        result_.actions = std::move(plans.actions);
        return std::move(result_);
    }

  private:
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

    /// SR/hyper-v-azure-support-matrix.md: no application-consistent points of Linux guests, nor
    /// where a disk is dynamic.
    static bool has_vss(const scenario::MachineGroup& group) {
        return group.os == "windows" &&
               std::none_of(group.disks.begin(), group.disks.end(),
                            [](const scenario::Disk& disk) { return disk.facts.dynamic; });
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
        const bool physical = scenario::is_physical_server(group);
        machine.needs_hydration = physical || group.os == "linux" || !group.hydration_drivers_ready;
        set_engine(expanded, group, machine);
        machine.can_shut_down =
            support(Feature::ShutDownSource, machine.kind, scenario_.profile).support ==
            Support::Supported;
        if (is_hyper_v(machine.kind)) machine.app_consistent = has_vss(group);
        const MachineId id(result_.estate.machines.size());
        result_.estate.machines.push_back(machine);
        if (!machine.group.is_none()) {
            result_.estate.groups[machine.group.value].members.push_back(id);
        }

        add_disks(expanded, group, id);
    }

    /// The leg that takes a machine home after a failover, where there is such a way. Its guest is
    /// the same workload, wherever it runs.
    void add_reverse_leg(MachineId forward) {
        const scenario::ExpandedMachine& expanded = result_.machines[forward.value];
        const scenario::MachineGroup& group = scenario_.machines[expanded.group];
        const auto engine = engine_home(group);
        if (!engine) return;
        Machine machine = result_.estate.machine(forward);
        machine.name += " (back)";
        machine.engine = *engine;
        machine.process_server = way_home(expanded);
        if (*engine == ReplicationEngine::Failback) machine.policy = failback_policy();
        machine.first_disk = DiskId(result_.estate.disks.size());
        machine.can_shut_down = true;
        machine.needs_hydration = false;
        machine.group = ConsistencyGroupId();
        machine.offline_copy.reset();
        machine.forward_of = forward;
        const MachineId id(result_.estate.machines.size());
        result_.estate.machines[forward.value].reverse = id;
        result_.estate.machines.push_back(machine);
        add_disks(expanded, group, id);
    }

    /// SR/vmware-azure-set-up-replication.md: made by itself, for the way back.
    PolicyId failback_policy() {
        auto& policies = result_.estate.policies;
        if (!failback_policy_) {
            const ServiceProfile& profile = scenario_.profile;
            failback_policy_ = PolicyId(policies.size());
            policies.push_back({"failback", profile.failback_retention,
                                profile.failback_app_consistent_every,
                                profile.failback_rpo_threshold});
        }
        return *failback_policy_;
    }

    void add_disks(const scenario::ExpandedMachine& expanded, const scenario::MachineGroup& group,
                   MachineId id) {
        const Machine& machine = result_.estate.machine(id);
        double shares = 0;
        for (const scenario::Disk& disk : group.disks) {
            if (!disk.churn) shares += disk.churn_share;
        }
        for (const scenario::Disk& disk : group.disks) {
            result_.estate.disks.push_back(
                {disk.name, id, disk.size, disk.used, disk.working_set,
                 apply_rate(machine.engine, disk), fold_of(disk),
                 churn_ceiling(group, disk, !machine.forward_of.is_none()), disk.replicate});
            const scenario::Churn& churn = disk.churn ? *disk.churn : group.churn;
            const double share = disk.churn || shares <= 0 ? 1.0 : disk.churn_share / shares;
            add_workload(expanded, disk, churn, share, machine);
            add_bursts(expanded, disk, group.disks.size(), machine);
        }
    }

    /// How fast a replica disk takes logs in: as its tier lets it, where there are tiers.
    BytesPerSecond apply_rate(ReplicationEngine engine, const scenario::Disk& disk) const {
        const BytesPerSecond service = scenario_.profile.log_processing_rate;
        if (engine == ReplicationEngine::HyperVToSecondary ||
            engine == ReplicationEngine::ScoutToSecondary ||
            engine == ReplicationEngine::Failback) {
            return service;
        }
        return std::min(service, tier_of(disk).throughput);
    }

    /// How fast the changes of a disk may leave (azure-to-azure-support-matrix.md). Elsewhere the
    /// churn limits say what is supported, and hold nothing back.
    std::optional<BytesPerSecond> churn_ceiling(const scenario::MachineGroup& group,
                                                const scenario::Disk& disk, bool back) {
        if (group.replication != scenario::Replication::AzureToAzure) return std::nullopt;
        const ChurnStep churn = tier_of(disk).churn_of(disk.write_size);
        return (back ? account_at(*group.target_region).high_churn : high_churn(group))
                   ? churn.high_churn_limit
                   : churn.limit;
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

    /// What faults make the guest write besides.
    void add_bursts(const scenario::ExpandedMachine& expanded, const scenario::Disk& disk,
                    std::size_t disks, const Machine& machine) {
        if (scenario_.faults.empty()) return;
        if (machine.fidelity == Fidelity::Block) {
            const DiskGeometry shape{
                static_cast<std::uint64_t>(disk.size.count() / machine.sector_size.count()),
                machine.sector_size};
            result_.writes.back() =
                faults::with_bursts(std::move(result_.writes.back()), scenario_, expanded.name,
                                    disk.name, disks, shape, seed_);
            return;
        }
        result_.churn.back() = faults::with_bursts(std::move(result_.churn.back()), scenario_,
                                                   expanded.name, disk.name, disks);
    }

    std::uint64_t seed_;
    std::optional<PolicyId> failback_policy_;
    const workload::TraceStore& traces_;
};

}  // namespace

Assembly assemble(const Scenario& scenario, std::uint64_t seed,
                  const workload::TraceStore& traces) {
    return Assembler(scenario, seed, traces).run();
}

}  // namespace landfall::world
