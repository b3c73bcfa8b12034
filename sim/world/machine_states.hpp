// sim/world/machine_states.hpp — the words that a scenario has for states of a protected item.
#pragma once

#include <string_view>

#include "sim/scenario/scenario.hpp"

namespace landfall::world {

/// Site Recovery's name of the state that the word stands for.
std::string_view reached_by(scenario::MachineState state);
/// The word itself.
std::string_view word_of(scenario::MachineState state);

}  // namespace landfall::world
