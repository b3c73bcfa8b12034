// sim/world/control_sight.hpp — lets the oracles of the control plane look at a run.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/recovery/site_recovery.hpp"
#include "sim/lab/control_board.hpp"
#include "sim/record/billing_feed.hpp"
#include "sim/world/simulated_automation.hpp"
#include "sim/world/world.hpp"

namespace landfall::world {

class ControlSight : public lab::ControlProbe {
  public:
    ControlSight(const Estate& estate, const World& world, const SiteRecovery& logic,
                 const record::BillingFeed& billing, const SimulatedAutomation& automation)
        : estate_(estate),
          world_(world),
          logic_(logic),
          billing_(billing),
          automation_(automation) {}

    [[nodiscard]] std::size_t items() const override;
    [[nodiscard]] lab::ItemSight item(MachineId machine) const override;
    [[nodiscard]] std::vector<JobId> plan_jobs() const override { return logic_.plans().jobs(); }
    [[nodiscard]] lab::PlanSight plan(JobId job) const override;

  private:
    void see_machines(MachineId machine, lab::ItemSight& seen) const;
    void see_job(MachineId machine, lab::ItemSight& seen) const;
    [[nodiscard]] std::string over_quota(MachineId machine) const;
    void see_points(MachineId machine, lab::ItemSight& seen) const;
    void see_last_job(MachineId machine, JobId last, lab::ItemSight& seen) const;
    void see_addresses(MachineId machine, MachineInstance which, lab::MachineSight& seen) const;
    [[nodiscard]] bool made_twice(const InstanceHistory& history, JobId job) const;
    [[nodiscard]] std::optional<Instant> best_point(const JobRecord& job) const;
    void follow_jobs() const;
    [[nodiscard]] bool left_source_on(MachineId machine) const;

    const Estate& estate_;
    const World& world_;
    const SiteRecovery& logic_;
    const record::BillingFeed& billing_;
    const SimulatedAutomation& automation_;
    mutable std::vector<JobId> last_failover_;  ///< by machine, of the jobs seen
    mutable std::vector<JobId> last_job_;       ///< the same of all jobs
    mutable std::size_t jobs_seen_ = 0;
};

/// Tells the bill which machines of an item exist in the cloud and run, as they do now. Call it
/// whenever one of them changed.
void tell_bill(const Estate& estate, const World& world, MachineId item,
               record::BillingFeed& billing);

}  // namespace landfall::world
