// sim/scenario/plan_facts.hpp — recovery plans with their names resolved: what the logic works on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/estate/recovery_plan.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::scenario {

/// How an action goes when it is run. The logic never sees it.
struct ActionFacts {
    std::string name;               ///< of the plan and the action: no other has it
    std::optional<Duration> takes;  ///< absent: a manual action that nobody resumes
    bool succeeds = true;
    double failure_probability = 0;
};

struct PlanFacts {
    std::vector<landfall::RecoveryPlan> plans;
    std::vector<ActionFacts> actions;  ///< by RecoveryActionId
};

/// The plans of the scenario. A dependency on machines that are not in the plan is kept for one of
/// them, so that it is noticed. A runbook that there is none of succeeds at once.
PlanFacts plan_facts(const Scenario& scenario, const std::vector<ExpandedMachine>& machines);

}  // namespace landfall::scenario
