// model/recovery/recovery_plan_check.hpp — what is wrong with a recovery plan, all of it at once.
//
// A plan is judged before it is kept: its size, its members (one group each, one kind of source,
// one source and one target fabric), its declared dependencies (no cycle, none against the order of
// groups), and its actions (which kinds a scenario has, as a table).
// Sources: SR/site-recovery-create-recovery-plans.md, SR/recovery-plan-overview.md,
// SR/hyper-v-vmm-recovery-script.md. Declared dependencies are ours: the service knows groups only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/ids.hpp"
#include "model/estate/recovery_plan.hpp"
#include "model/estate/scenario_kind.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall {

/// A kind of action that scenarios have in a direction. Manual actions are everywhere.
struct PlanActionRule {
    KindSet kinds;
    FailoverDirection direction;
    PlanActionKind action;
    std::optional<FabricLocation> location;  ///< only there; none: anywhere
    std::string_view source;
};

[[nodiscard]] std::span<const PlanActionRule> plan_action_rules();
[[nodiscard]] bool is_allowed(ScenarioKind kind, FailoverDirection direction, PlanActionKind action,
                              FabricLocation location);

/// What a plan has to know of a machine. Fabrics by name: what manages the source, and where the
/// replica is.
struct PlanMachineFacts {
    ScenarioKind kind = ScenarioKind::VMwareToAzure;
    std::string source_fabric;
    std::string target_fabric;
};

struct PlanSurroundings {
    const ServiceProfile& profile;
    std::map<MachineId, PlanMachineFacts> machines;  ///< every machine of the plan
    std::vector<std::string> runbooks;               ///< that exist, by name
};

enum class PlanFault : std::uint8_t {
    NoMachines,
    TooManyGroups,
    TooManyMachines,
    MachineTwice,
    DependsOnStranger,  ///< on a machine that is not in the plan
    DependencyCycle,
    DependencyAgainstGroups,
    NotInPlans,  ///< machines of its kind have no recovery plans
    MixedKinds,
    SeveralSources,
    SeveralTargets,
    UnknownRunbook,
    ActionNotAllowed,
};

/// Whose actions: of the shutdown of all groups, of the failover of all groups, of one group.
enum class PlanStepsOf : std::uint8_t { Shutdown, Failover, Group };

/// Where something is wrong.
struct PlanPlace {
    enum class Part : std::uint8_t { Plan, Item, Action };
    Part part = Part::Plan;
    std::size_t group = 0;  ///< index, of items and of the actions of groups
    std::size_t index = 0;  ///< of the item, or of the action in its list
    PlanStepsOf steps = PlanStepsOf::Group;
    bool after = false;  ///< the list after the step, not the one before
    bool operator==(const PlanPlace&) const = default;
};

struct PlanProblem {
    PlanFault fault = PlanFault::NoMachines;
    PlanPlace place = {};
    std::string message;
};

/// Every problem, in the order of the plan; none: it may run.
[[nodiscard]] std::vector<PlanProblem> check_recovery_plan(const RecoveryPlan& plan,
                                                           const PlanSurroundings& surroundings);

}  // namespace landfall
