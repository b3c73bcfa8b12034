// sim/scenario/problem_json.hpp — problems as JSON, the shape that Python and the worker share.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "sim/scenario/problem.hpp"

namespace landfall::scenario {

/// {"code", "pointer", "found" (null when nothing is there), "message", "allowed"?, "nearest"?}
nlohmann::json to_json(const Problem& problem);
nlohmann::json to_json(const std::vector<Problem>& problems);

}  // namespace landfall::scenario
