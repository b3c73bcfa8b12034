// sim/world/estate_setup.hpp — what the estate knows of enabling machines and of their target.
#pragma once

#include <vector>

#include "model/estate/estate.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::world {

/// Fills `enabling`, `target` and `vault_setup`; machines of one entry share their facts. Requires
/// that the scenario has no problems and that the machines are in the estate.
void set_up(const scenario::Scenario& scenario,
            const std::vector<scenario::ExpandedMachine>& machines, Estate& estate);

}  // namespace landfall::world
