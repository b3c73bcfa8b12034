// model/recovery/recovery_plan_rules.hpp — which operations a recovery plan has, and what they ask
// of its machines, as a table.
//
// A plan adds nothing to what an item may do: an operation on a plan is an operation on its items,
// which their own rules judge (operations.hpp). Laws:
// - a plan with no machine that may is refused, with what stands in the way of the first;
// - machines that are already where a failover would bring them are skipped on the way out; on the
//   way back every machine has to be away ("mixed active locations": the direction of such a plan
//   cannot be changed);
// - what is no failover concerns the machines that it is allowed for, and skips the others.
// Sources: SR/recovery-plan-overview.md, SR/site-recovery-create-recovery-plans.md,
// SR/site-recovery-failover.md, TSP:models.tsp (failoverDirection).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/recovery/operations.hpp"
#include "model/recovery/recovery_plan_tasks.hpp"

namespace landfall {

class SiteRecovery;

struct PlanOperationRule {
    Operation operation;
    FailoverDirection direction;
    std::optional<ActiveLocation> from;  ///< where its machines run; none: it is no failover
    PlanWork work;
    FailoverType type;
    std::string_view source;
};

[[nodiscard]] std::span<const PlanOperationRule> plan_operation_rules();
/// The row of an operation in a direction, which counts for failovers only; null: plans do not have
/// it.
[[nodiscard]] const PlanOperationRule* plan_rule(Operation operation, FailoverDirection direction);

/// What the service calls the operation of a rule for an item of this kind: a failover home has
/// another name from kind to kind.
[[nodiscard]] Operation item_operation(const PlanOperationRule& rule, ScenarioKind kind,
                                       const ServiceProfile& profile);

/// Where a machine of a plan stands when an operation is asked for.
struct PlanStanding {
    enum class Kind : std::uint8_t { Ready, AlreadyThere, NotAllowed, Busy };
    Kind kind = Kind::Ready;
    std::string why = {};  ///< NotAllowed, Busy
};
[[nodiscard]] PlanStanding standing(const PlanOperationRule& rule, MachineId machine,
                                    const SiteRecovery& items);

/// Why the operation may not start on the plan, without looking at the plan's own jobs; nothing: it
/// may.
[[nodiscard]] std::optional<std::string> why_not(const RecoveryPlan& plan,
                                                 const PlanOperationRule& rule,
                                                 const SiteRecovery& items);
/// What stands in the way of a planned failover of all machines, which must not begin halfway.
[[nodiscard]] std::optional<std::string> why_not_all(const RecoveryPlan& plan,
                                                     const PlanOperationRule& rule,
                                                     const SiteRecovery& items);
/// What of its operations a plan allows now, each once.
[[nodiscard]] std::vector<Operation> allowed_operations(const RecoveryPlan& plan,
                                                        const SiteRecovery& items);
/// The states of its machines in words: "2 machines Protected, 1 Failover completed".
[[nodiscard]] std::string state_of(const RecoveryPlan& plan, const SiteRecovery& items);

}  // namespace landfall
