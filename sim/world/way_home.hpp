// sim/world/way_home.hpp — which machines can go home again after a failover, and by which engine.
#pragma once

#include <optional>
#include <vector>

#include "model/estate/estate.hpp"
#include "model/recovery/site_recovery.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::world {

/// The engine of a machine's reverse leg; none for a machine that has no way back, and for one that
/// is on its way home as it is.
std::optional<ReplicationEngine> engine_home(const scenario::MachineGroup& group);

/// Which process servers a run tells of: those of items always, those that were made for the way
/// home once a machine uses them. A run in which nobody goes home is told the same with ways home.
class ServersInUse {
  public:
    ServersInUse(const Estate& estate, const SiteRecovery& logic);
    [[nodiscard]] bool contains(ProcessServerId server);

  private:
    const Estate& estate_;
    const SiteRecovery& logic_;
    std::vector<std::vector<MachineId>> legs_;  ///< by server that was made for the way home
    std::vector<bool> used_;
};

}  // namespace landfall::world
