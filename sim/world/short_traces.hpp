// sim/world/short_traces.hpp — traces that ended before the run did.
//
// Without a duration nobody knows before the run how long its traces have to be.
#pragma once

#include <vector>

#include "model/estate/estate.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/problem.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/workload/trace.hpp"

namespace landfall::world {

class World;

/// A problem for each trace that has no sample for a time in which its machine was on.
std::vector<scenario::Problem> short_traces(const scenario::Scenario& scenario,
                                            const std::vector<scenario::ExpandedMachine>& machines,
                                            const Estate& estate, const World& world,
                                            const workload::TraceStore& traces);

}  // namespace landfall::world
