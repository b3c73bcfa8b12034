// model/estate/recovery_plan.hpp — recovery plans: machines in groups, and what is done around
// them.
//
// A plan fails its machines over together and starts them group by group. Scripts, runbooks and
// manual actions stand before and after each boot group, and before and after the two steps that
// all groups share: the shutdown of the sources and the failover. What comes before all else is
// `failover.before` ("All groups failover: Pre steps"); what comes after all else is the last
// group's `after`.
// Sources: SR/site-recovery-create-recovery-plans.md, SR/recovery-plan-overview.md, TSP:models.tsp
// (RecoveryPlanGroup, RecoveryPlanAction).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/failover_kind.hpp"
#include "model/base/ids.hpp"
#include "model/base/units.hpp"

namespace landfall {

enum class PlanActionKind : std::uint8_t {
    Script,   ///< ScriptActionDetails: run by the VMM server
    Runbook,  ///< AutomationRunbookActionDetails
    Manual,   ///< ManualActionDetails: the plan waits until somebody says that it is done
};

constexpr std::string_view name_of(PlanActionKind kind) {
    switch (kind) {
        case PlanActionKind::Script: return "script";
        case PlanActionKind::Runbook: return "runbook";
        case PlanActionKind::Manual: break;
    }
    return "manual action";
}

/// Where a script runs: RecoveryPlanActionLocation.
enum class FabricLocation : std::uint8_t { Primary, Recovery };

/// An action and the failovers that it belongs to.
struct PlanAction {
    std::string name;
    RecoveryActionId id;  ///< its own among all actions of all plans
    PlanActionKind kind = PlanActionKind::Manual;
    std::string path = {};           ///< of a script
    std::string runbook = {};        ///< of a runbook: its name
    std::string description = {};    ///< of a manual action: what to do
    Duration timeout = Duration(0);  ///< of scripts and runbooks; then they have failed
    FabricLocation location = FabricLocation::Recovery;
    std::array<bool, kFailoverTypes> types = {true, true, true};
    std::array<bool, kFailoverDirections> directions = {true, false};

    [[nodiscard]] bool applies(FailoverType type, FailoverDirection direction) const {
        return types[static_cast<std::size_t>(type)] &&
               directions[static_cast<std::size_t>(direction)];
    }
};

/// Actions around a step, each list in the order in which it is done.
struct PlanSteps {
    std::vector<PlanAction> before;
    std::vector<PlanAction> after;
};

/// A machine of a group.
struct PlanItem {
    MachineId machine;
    std::string name;
    std::vector<MachineId> depends_on = {};  ///< started before this one
};

struct PlanGroup {
    std::vector<PlanItem> items;
    PlanSteps steps = {};
};

/// What a group waits for. The documents say both: the numbered steps of
/// SR/recovery-plan-overview.md fail all machines over at once and let groups gate the start; its
/// section on model applications lets a group fail over only after the one before has started.
enum class GroupsGate : std::uint8_t { Start, Failover };

struct RecoveryPlan {
    std::string name;
    std::vector<PlanGroup> groups;  ///< boot groups 1, 2, ...
    PlanSteps shutdown = {};        ///< around the shutdown of all sources; not in a test
    PlanSteps failover = {};        ///< around the failover of all groups
    GroupsGate gate = GroupsGate::Start;
};

}  // namespace landfall
