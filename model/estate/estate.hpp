// model/estate/estate.hpp — what is protected, by what and where to: the facts the logic works on.
//
// Flat arrays indexed by ids, in scenario order; the disks of a machine are neighbours. The estate
// is read-only while the logic runs: what changes over time belongs to replication and recovery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/base/fold_curve.hpp"
#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/estate/compatibility.hpp"
#include "model/estate/enabling.hpp"
#include "model/estate/recovery_plan.hpp"
#include "model/estate/scenario_kind.hpp"
#include "model/estate/target.hpp"
#include "model/estate/vault.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall {

/// Which engine replicates a machine (design, section 3).
enum class ReplicationEngine : std::uint8_t {
    InMageToAzure,
    HyperVToAzure,
    AzureToAzure,
    HyperVToSecondary,
    ScoutToSecondary,
    Failback,
};

constexpr std::size_t kReplicationEngines = 6;

/// How finely a machine is simulated: bytes as numbers, or every block with its content.
enum class Fidelity : std::uint8_t { Volume, Block };

/// How a machine's changes go home (SR/vmware-azure-reprotect.md; replication-and-test-lab A31).
enum class FailbackMethod : std::uint8_t {
    Bitmaps,       ///< what either side wrote since they parted
    Checksum,      ///< one of the bitmaps is lost: compare whole disks
    FullDownload,  ///< an alternate location: whole disks
};

/// A machine that was failed over and is to replicate the other way: both sides wrote since.
struct FailedOver {
    Bytes unreplicated;      ///< per disk, written on-premises after the point failed over to
    Bytes written_in_azure;  ///< per disk, written since
    FailbackMethod method = FailbackMethod::Bitmaps;
    /// The point's time, of a failover within the run: either side's writes since are counted.
    std::optional<Instant> cut = std::nullopt;
};

/// A virtual disk of a source machine and the managed disk that mirrors it.
struct Disk {
    std::string name;
    MachineId machine;
    Bytes size;
    Bytes used;                        ///< occupied space: all that initial replication ships
    std::optional<Bytes> working_set;  ///< random writes fall on this much; absent: no rewrites
    BytesPerSecond log_apply_rate;     ///< logs into the replica disk, capped by its tier
    FoldCurve fold = {};               ///< measured; used instead of the working set if not empty
    /// Changes leave no faster over time; none: as fast as they can. Of sources that upload by
    /// themselves, one machine each.
    std::optional<BytesPerSecond> churn_ceiling = std::nullopt;
    bool replicated = true;  ///< false: left out when replication is enabled; never the OS disk
};

struct Machine {
    std::string name;
    ProcessServerId process_server;
    PolicyId policy;
    DiskId first_disk;
    std::uint32_t disk_count = 0;
    std::uint32_t capture_phase = 0;  ///< which phase of the capture step its changes leave in
    bool can_shut_down = true;        ///< a hypervisor can shut it down; a physical server's cannot
    bool needs_hydration = false;     ///< SR/site-recovery-failover.md: boot drivers made ready
    /// A host can make application-consistent points of Windows guests on basic disks only
    /// (SR/hyper-v-azure-support-matrix.md); an agent of all.
    bool app_consistent = true;
    ReplicationEngine engine = ReplicationEngine::InMageToAzure;
    ScenarioKind kind = ScenarioKind::VMwareToAzure;  ///< decides which operations it has
    Fidelity fidelity = Fidelity::Volume;
    Bytes sector_size = Bytes(4096);       ///< at block fidelity
    ConsistencyGroupId group;              ///< none: the machine's points are its own
    std::optional<Duration> offline_copy;  ///< the first copy travels on a disk, and takes so long
    FailedOver failed_over;                ///< of engine Failback
    MachineId reverse = {};     ///< the leg that takes it home again after a failover; may be none
    MachineId forward_of = {};  ///< of a reverse leg: the item whose other leg it is
};

/// Machines whose recovery points share a cut (SR/vmware-azure-common-questions.md).
struct ConsistencyGroupFacts {
    std::string name;
    std::vector<MachineId> members;
    Duration hold;     ///< the longest that a guest's writes are held for a marker [D]
    Duration latency;  ///< of a message between members
};

struct ProcessServer {
    std::string name;
    /// From its machines, over the LAN, into the cache. None: the source uploads by itself, with no
    /// relay and no cache (a Hyper-V host, the agent of an Azure machine).
    ChannelId receive_channel;
    ChannelId upload_channel;  ///< from the cache, over the WAN, into the storage account
    Bytes cache;
    BytesPerSecond processing_rate;            ///< compress and encrypt, all cores
    std::int64_t compression_permille = 1000;  ///< LAN bytes per 1000 WAN bytes
    std::uint32_t destination = 0;  ///< equal for those that send to the same master target
    bool way_home = false;          ///< made for reverse legs only
    // A machine may move between servers that stand in one place and send to one place.
    std::string stands_in = {};
    std::string sends_to = {};
};

/// A replication policy.
struct Policy {
    std::string name;
    Duration retention;
    std::optional<Duration> app_consistent_every;
    std::optional<Duration> rpo_threshold;       ///< raises an event; never changes replication
    Duration replication_interval = minutes(5);  ///< of Hyper-V Replica: 30 s, 5 min or 15 min
    /// After midnight, where time 0 is: the first copy waits for that time of day, once.
    std::optional<Duration> initial_replication_start = std::nullopt;
};

/// How changes are gathered at the source at volume fidelity.
struct CapturePlan {
    Duration step;  ///< a machine's changes leave this often; divides the marker interval
    std::uint32_t phases = 1;  ///< machines are spread over so many phases of the step
};

struct Estate {
    ServiceProfile profile;
    CapturePlan capture;
    std::vector<Machine> machines;
    std::vector<Disk> disks;
    std::vector<ProcessServer> process_servers;
    std::vector<Policy> policies;
    std::vector<ConsistencyGroupFacts> groups;
    std::vector<RecoveryPlan> plans;
    EnablingFacts enabling;  ///< what stands in the way of protecting a machine
    TargetFacts target;      ///< what Azure has for machines that fail over
    VaultSetup vault_setup;  ///< what is registered, mapped and protected

    [[nodiscard]] const Machine& machine(MachineId id) const { return machines[id.value]; }
    [[nodiscard]] const Disk& disk(DiskId id) const { return disks[id.value]; }
    /// The item that a leg is of: itself, unless it is a reverse leg.
    [[nodiscard]] MachineId item_of(MachineId leg) const {
        const MachineId forward = machine(leg).forward_of;
        return forward.is_none() ? leg : forward;
    }
    /// The leg that replicates the other way; none if there is none.
    [[nodiscard]] MachineId counterpart(MachineId leg) const {
        const Machine& facts = machine(leg);
        return facts.reverse.is_none() ? facts.forward_of : facts.reverse;
    }
    /// The same disk of that leg.
    [[nodiscard]] DiskId counterpart(DiskId id) const {
        const MachineId here = disk(id).machine;
        const MachineId there = counterpart(here);
        if (there.is_none()) return DiskId();
        return DiskId(machine(there).first_disk.value + id.value - machine(here).first_disk.value);
    }
    [[nodiscard]] const ProcessServer& process_server(ProcessServerId id) const {
        return process_servers[id.value];
    }
    /// Every reason why the machine cannot be protected (model/estate/compatibility.hpp).
    [[nodiscard]] std::vector<Incompatibility> compatibility(MachineId id) const;
    [[nodiscard]] const Policy& policy(PolicyId id) const { return policies[id.value]; }
    [[nodiscard]] const RecoveryPlan& plan(RecoveryPlanId id) const { return plans[id.value]; }
};

}  // namespace landfall
