// sim/scenario/load.hpp — canonical JSON to a typed scenario, with everything that is wrong at
// once.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/scenario/problem.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/workload/trace.hpp"

namespace landfall::scenario {

/// A scenario, or why there is none. The scenario is there exactly when there are no problems.
struct LoadResult {
    std::optional<Scenario> scenario;
    std::vector<Problem> problems;  ///< in the order of the file, as far as it has one
};

/// Reads a scenario in canonical form (quantities are numbers, see scenario.hpp): types, units,
/// bounds and keys, templates merged, profile and its changes applied. Does not look at how names
/// refer to one another, nor at files.
LoadResult load(std::string_view canonical_json);

/// load(), then everything of check.hpp: names, limits of the profile, reachability, traces (which
/// are read into `traces`), then the JSON Schema. What the one stage finds does not hide what the
/// next one does, except where it would only repeat it.
LoadResult load_checked(std::string_view canonical_json, workload::TraceStore& traces);

/// load_checked() of a parsed document, but for the JSON Schema, which says nothing new.
LoadResult load_document(const nlohmann::json& document, workload::TraceStore& traces);

}  // namespace landfall::scenario
