// sim/world/control_sight.hpp — lets the oracles of the control plane look at a run.
#pragma once

#include <cstddef>
#include <vector>

#include "model/recovery/site_recovery.hpp"
#include "sim/lab/control_board.hpp"
#include "sim/record/billing_feed.hpp"
#include "sim/world/world.hpp"

namespace landfall::world {

class ControlSight : public lab::ControlProbe {
  public:
    ControlSight(const Estate& estate, const World& world, const SiteRecovery& logic,
                 const record::BillingFeed& billing)
        : estate_(estate), world_(world), logic_(logic), billing_(billing) {}

    [[nodiscard]] std::size_t items() const override;
    [[nodiscard]] lab::ItemSight item(MachineId machine) const override;

  private:
    void see_machines(MachineId machine, lab::ItemSight& seen) const;
    void see_job(MachineId machine, lab::ItemSight& seen) const;
    [[nodiscard]] bool left_source_on(MachineId machine) const;

    const Estate& estate_;
    const World& world_;
    const SiteRecovery& logic_;
    const record::BillingFeed& billing_;
    mutable std::vector<JobId> last_failover_;  ///< by machine, of the jobs seen
    mutable std::size_t jobs_seen_ = 0;
};

/// Tells the bill which machines of an item exist in the cloud and run, as they do now. Call it
/// whenever one of them changed.
void tell_bill(const Estate& estate, const World& world, MachineId item,
               record::BillingFeed& billing);

}  // namespace landfall::world
