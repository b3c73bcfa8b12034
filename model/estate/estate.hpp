// model/estate/estate.hpp — what is protected, by what and where to: the facts the logic works on.
//
// Flat arrays indexed by ids, in scenario order; the disks of a machine are neighbours. The estate
// is read-only while the logic runs: what changes over time belongs to replication and recovery.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall {

/// A virtual disk of a source machine and the managed disk that mirrors it.
struct Disk {
    std::string name;
    MachineId machine;
    Bytes size;
    Bytes used;                        ///< occupied space: all that initial replication ships
    std::optional<Bytes> working_set;  ///< random writes fall on this much; absent: no rewrites
    BytesPerSecond log_apply_rate;     ///< logs into the replica disk, capped by its tier
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
};

struct ProcessServer {
    std::string name;
    ChannelId receive_channel;  ///< from its machines, over the LAN, into the cache
    ChannelId upload_channel;   ///< from the cache, over the WAN, into the storage account
    Bytes cache;
    BytesPerSecond processing_rate;            ///< compress and encrypt, all cores
    std::int64_t compression_permille = 1000;  ///< LAN bytes per 1000 WAN bytes
};

/// A replication policy.
struct Policy {
    std::string name;
    Duration retention;
    std::optional<Duration> app_consistent_every;
    std::optional<Duration> rpo_threshold;  ///< raises an event; never changes replication
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

    [[nodiscard]] const Machine& machine(MachineId id) const { return machines[id.value]; }
    [[nodiscard]] const Disk& disk(DiskId id) const { return disks[id.value]; }
    [[nodiscard]] const ProcessServer& process_server(ProcessServerId id) const {
        return process_servers[id.value];
    }
    [[nodiscard]] const Policy& policy(PolicyId id) const { return policies[id.value]; }
};

}  // namespace landfall
