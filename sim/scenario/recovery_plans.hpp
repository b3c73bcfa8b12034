// sim/scenario/recovery_plans.hpp — recovery plans and runbooks as the file has them; a part of
// scenario.hpp.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "model/base/units.hpp"
#include "model/estate/recovery_plan.hpp"

namespace landfall::scenario {

/// A runbook of the Automation account, and how its runs go.
struct Runbook {
    std::string name;
    Duration takes;
    bool succeeds = true;
    double failure_probability = 0;  ///< 0..1
};

struct PlanAction {
    PlanActionKind kind = PlanActionKind::Manual;
    std::string name;
    std::string runbook;            ///< Runbook: always there
    std::string path;               ///< Script: always there
    std::string description;        ///< Manual
    std::optional<Duration> takes;  ///< Script: always there. Manual: absent, nobody resumes it
    bool succeeds = true;
    double failure_probability = 0;
    Duration timeout;  ///< Script and Runbook
    FabricLocation location = FabricLocation::Recovery;
    std::array<bool, kFailoverTypes> types = {true, true, true};
    std::array<bool, kFailoverDirections> directions = {true, false};
};

struct PlanSteps {
    std::vector<PlanAction> before;
    std::vector<PlanAction> after;
};

struct PlanGroup {
    std::vector<std::string> machines;  ///< names or patterns; empty: all
    PlanSteps steps;
};

/// The one are started after the others.
struct Dependency {
    std::vector<std::string> machines;  ///< names or patterns; empty: all
    std::vector<std::string> on;
};

struct RecoveryPlan {
    std::string name;
    std::vector<PlanGroup> groups;
    std::vector<Dependency> dependencies;
    PlanSteps shutdown;
    PlanSteps failover;
    GroupsGate gate = GroupsGate::Start;
};

}  // namespace landfall::scenario
