// sim/world/health_watch.hpp — looks at a run as the monitoring of Site Recovery does.
//
// At every health interval it gathers the facts of each item and process server from what the logic
// shows, has them judged (model/recovery/health_rules.hpp), and keeps what changed. It never
// influences a run.
#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "model/recovery/health.hpp"
#include "model/recovery/site_recovery.hpp"
#include "sim/faults/troubles.hpp"
#include "sim/record/blob_writer.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/world/world.hpp"

namespace landfall::world {

/// Per machine, the churn that its target disks are supported for; absent: no limit is known.
std::vector<std::optional<BytesPerSecond>> churn_limits(
    const scenario::Scenario& scenario, const std::vector<scenario::ExpandedMachine>& machines);

class HealthWatch {
  public:
    HealthWatch(const Estate& estate, const World& world, const SiteRecovery& logic,
                std::vector<std::optional<BytesPerSecond>> churn_limits,
                const faults::Troubles& troubles);

    // What it hears.
    void point_published(MachineId machine, Instant time, bool app_consistent);
    void state_changed(MachineId machine, std::string_view state);
    void job_started(JobId job, MachineId machine, std::string_view operation);
    void job_ended(JobId job, std::string_view state, std::string_view cause);
    /// A test failover of the machine and its cleanup succeeded.
    void test_failover_succeeded(MachineId machine);

    /// One look at everything.
    void evaluate();

    [[nodiscard]] const HealthMonitor& monitor() const { return monitor_; }
    /// Moves out `health` and `alerts`; names are those of the vault, servers and machines.
    std::vector<record::Table> take_tables(std::string_view vault) const;

  private:
    struct MachineWatch {
        bool replicates = false;
        bool initial_replication = false;
        std::optional<Instant> since;            ///< replicating
        std::optional<Instant> protected_since;  ///< for the first time
        std::optional<Instant> app_point;
        std::optional<Instant> tested;
        std::optional<Instant> cycle;  ///< newest point: what a cycle of Hyper-V ends with
        bool failover_failed = false;
        std::optional<HealthReason> cause;  ///< of its last job, by the cause's code
        Bytes captured;
        Bytes uploaded;
        Instant moved;  ///< last look at which the upload had moved, or nothing waited
    };

    [[nodiscard]] ItemFacts facts_of(MachineId machine);
    [[nodiscard]] std::string_view name_of_subject(HealthSubject subject,
                                                   std::string_view vault) const;

    const Estate& estate_;
    const World& world_;
    const SiteRecovery& logic_;
    const faults::Troubles& troubles_;
    std::vector<std::optional<BytesPerSecond>> churn_limits_;
    std::vector<MachineWatch> machines_;
    struct JobWatch {
        MachineId machine;
        bool cleans_up = false;
        bool fails_over = false;
    };
    std::map<JobId, JobWatch> jobs_;  ///< in progress
    HealthMonitor monitor_;
};

}  // namespace landfall::world
