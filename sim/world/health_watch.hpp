// sim/world/health_watch.hpp — looks at a run as the monitoring of Site Recovery does.
//
// At every health interval it gathers the facts of each item and process server from what the logic
// shows, has them judged (model/recovery/health_rules.hpp), and keeps what changed. It never
// influences a run.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "model/recovery/health.hpp"
#include "model/recovery/site_recovery.hpp"
#include "sim/faults/troubles.hpp"
#include "sim/record/blob_writer.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/world/copy_watch.hpp"
#include "sim/world/server_contact.hpp"
#include "sim/world/way_home.hpp"
#include "sim/world/world.hpp"

namespace landfall::world {

/// The churn that is supported, by disk and by machine; absent: no limit is known.
struct ChurnLimits {
    std::vector<std::optional<BytesPerSecond>> disks;
    std::vector<std::optional<BytesPerSecond>> machines;
};

/// SR/vmware-physical-azure-support-matrix.md, SR/azure-to-azure-support-matrix.md: by the tier of
/// the target disk and the size of writes, and for all disks of a machine with an agent.
ChurnLimits churn_limits(const scenario::Scenario& scenario,
                         const std::vector<scenario::ExpandedMachine>& machines);

class HealthWatch {
  public:
    /// `troubles` outlive this.
    HealthWatch(const scenario::Scenario& scenario, const Estate& estate, const World& world,
                const SiteRecovery& logic, ChurnLimits limits, const faults::Troubles& troubles);

    // What it hears.
    void point_published(MachineId leg, Instant time, bool app_consistent);
    void state_changed(MachineId machine, std::string_view state);
    void job_started(JobId job, MachineId machine, std::string_view operation);
    void job_ended(JobId job, std::string_view state, std::string_view cause);
    /// A test failover of the machine and its cleanup succeeded.
    void test_failover_succeeded(MachineId machine);
    void link_changed(std::string_view link, bool down) {
        contact_.link_changed(link, down, world_.now());
    }

    /// One look at everything.
    void evaluate();

    [[nodiscard]] const HealthMonitor& monitor() const { return monitor_; }
    /// Moves out `health`, `alerts` and `copy_progress`; names are those of the vault, servers and
    /// machines.
    std::vector<record::Table> take_tables(std::string_view vault);

  private:
    struct MachineWatch {
        bool replicates = false;
        bool initial_replication = false;
        std::optional<Instant> since;            ///< replicating
        std::optional<Instant> protected_since;  ///< for the first time
        std::optional<Instant> app_point;
        std::optional<Instant> tested;
        std::optional<Instant> cycle;  ///< newest point: what a cycle of Hyper-V ends with
        std::deque<Instant> cycles;    ///< the last ones
        bool failover_failed = false;
        std::optional<HealthReason> cause;  ///< of its last job, by the cause's code
        Bytes uploaded;
        Instant moved;  ///< last look at which the upload had moved, or nothing waited
    };

    [[nodiscard]] ItemFacts facts_of(MachineId item);
    [[nodiscard]] MachineId leg_of(MachineId item) const;
    [[nodiscard]] bool compare_churn(MachineId machine, ItemFacts& facts);
    void count_cycles(const MachineWatch& watch, const Policy& policy, ItemFacts& facts) const;
    void evaluate_servers(Instant now);
    [[nodiscard]] bool lacks_a_disk(MachineId machine) const;
    [[nodiscard]] std::optional<Duration> silence_of(std::size_t server, Instant now) const;
    [[nodiscard]] std::string_view name_of_subject(HealthSubject subject,
                                                   std::string_view vault) const;

    const Estate& estate_;
    const World& world_;
    const SiteRecovery& logic_;
    const faults::Troubles& troubles_;
    ChurnLimits limits_;
    ServerContact contact_;
    CopyWatch copies_;
    std::vector<Bytes> captured_;  ///< by disk, at the last look
    std::vector<MachineWatch> machines_;
    ServersInUse servers_;
    struct JobWatch {
        MachineId machine;
        bool cleans_up = false;
        bool fails_over = false;
    };
    std::map<JobId, JobWatch> jobs_;  ///< in progress
    HealthMonitor monitor_;
};

}  // namespace landfall::world
