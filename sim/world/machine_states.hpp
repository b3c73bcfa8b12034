// sim/world/machine_states.hpp — the words that a scenario has for what an item has come to.
#pragma once

#include <string_view>

#include "model/recovery/site_recovery.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::world {

/// Whether the item is in the state that the word stands for.
bool has_reached(const SiteRecovery& logic, MachineId machine, scenario::MachineState state);
/// The word itself.
std::string_view word_of(scenario::MachineState state);

/// Whether the latest job of the plan has come to what the word stands for.
bool has_reached(const SiteRecovery& logic, RecoveryPlanId plan, scenario::PlanState state);
std::string_view word_of(scenario::PlanState state);

}  // namespace landfall::world
