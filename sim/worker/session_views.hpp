// sim/worker/session_views.hpp — items, jobs, recovery points and events of a stepped run as JSON.
#pragma once

#include <cstddef>

#include <nlohmann/json.hpp>

#include "sim/world/steering.hpp"

namespace landfall::worker {

nlohmann::json item_json(world::Cockpit& cockpit, MachineId machine);
nlohmann::json items_json(world::Cockpit& cockpit);
/// The recovery plans, with their groups and what they allow now.
nlohmann::json plans_json(world::Cockpit& cockpit);
/// What is in the vault, and the order in which it goes, as numbers of objects.
nlohmann::json vault_json(world::Cockpit& cockpit);
/// The recovery points that exist now, newest first.
nlohmann::json points_json(world::Cockpit& cockpit, MachineId machine);
/// Jobs from number `first` on, with their tasks.
nlohmann::json jobs_json(world::Cockpit& cockpit, std::size_t first);
nlohmann::json job_json(world::Cockpit& cockpit, JobId job);
/// Events from number `first` on.
nlohmann::json events_json(world::Cockpit& cockpit, std::size_t first);

}  // namespace landfall::worker
