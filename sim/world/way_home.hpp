// sim/world/way_home.hpp — which machines can go home again after a failover, and by which engine.
#pragma once

#include <optional>

#include "model/estate/estate.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::world {

/// The engine of a machine's reverse leg; none for a machine that has no way back, and for one that
/// is on its way home as it is.
std::optional<ReplicationEngine> engine_home(const scenario::MachineGroup& group);

}  // namespace landfall::world
