// sim/scenario/problem_json.cpp — absent parts stay out.
#include "sim/scenario/problem_json.hpp"

namespace landfall::scenario {

nlohmann::json to_json(const Problem& problem) {
    nlohmann::json entry = {
        {"code", problem.code}, {"pointer", problem.pointer}, {"message", problem.message}};
    entry["found"] = problem.found.empty() ? nlohmann::json() : nlohmann::json(problem.found);
    if (!problem.allowed.empty()) entry["allowed"] = problem.allowed;
    if (problem.nearest) entry["nearest"] = *problem.nearest;
    return entry;
}

nlohmann::json to_json(const std::vector<Problem>& problems) {
    nlohmann::json list = nlohmann::json::array();
    for (const Problem& problem : problems) list.push_back(to_json(problem));
    return list;
}

}  // namespace landfall::scenario
