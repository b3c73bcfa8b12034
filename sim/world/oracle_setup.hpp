// sim/world/oracle_setup.hpp — what the oracles know of an estate.
#pragma once

#include "model/estate/estate.hpp"
#include "sim/lab/oracle.hpp"

namespace landfall::world {

/// Whether any machine has blocks that could be looked at.
[[nodiscard]] bool any_in_blocks(const Estate& estate);
[[nodiscard]] lab::BoardSetup board_setup(const Estate& estate);
/// What the policies of the estate ask of recovery points.
[[nodiscard]] lab::BoardOptions board_options(const Estate& estate);

}  // namespace landfall::world
