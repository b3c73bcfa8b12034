// sim/scenario/check.hpp — does a scenario fit together? Names, limits, reachability, traces; and
// cost.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/scenario/problem.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/workload/trace.hpp"

namespace landfall::scenario {

/// Everything that does not fit together, in the order of the file. Reads the traces that the
/// scenario replays into `traces`, so that make_churn finds them there.
std::vector<Problem> check(const Scenario& scenario, workload::TraceStore& traces);

/// What a run will cost, roughly: for refusing by mistake, not for billing.
struct CostEstimate {
    std::int64_t machines = 0;
    std::int64_t disks = 0;
    Duration simulated;  ///< the duration, or a guess from timeline and data where it is open
    double deltas = 0;   ///< captures of a disk's changes
    double seconds = 0;  ///< of one core
    double memory_bytes = 0;
};

/// Estimates without expanding groups or reading files: fast for any scenario that load() accepts.
CostEstimate estimate(const Scenario& scenario);

}  // namespace landfall::scenario
