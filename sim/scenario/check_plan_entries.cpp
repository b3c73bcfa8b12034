// sim/scenario/check_plan_entries.cpp — timeline entries about recovery plans: whether the plan is
// there, and whether its machines ever have the operation in that direction.
#include <algorithm>

#include "model/recovery/recovery_plan_rules.hpp"
#include "model/recovery/support_matrix.hpp"
#include "sim/scenario/checks.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/replication_rules.hpp"

namespace landfall::scenario {

namespace {

/// The operation of a plan that an entry asks for; none: it is about a job of the plan.
std::optional<landfall::Operation> plan_operation(Operation operation) {
    switch (operation) {
        case Operation::TestFailover: return landfall::Operation::TestFailover;
        case Operation::CleanupTestFailover: return landfall::Operation::TestFailoverCleanup;
        case Operation::PlannedFailover: return landfall::Operation::PlannedFailover;
        case Operation::Failover: return landfall::Operation::UnplannedFailover;
        case Operation::Failback: return landfall::Operation::Failback;
        case Operation::Commit: return landfall::Operation::Commit;
        case Operation::Reprotect: return landfall::Operation::ReverseReplicate;
        default: return std::nullopt;
    }
}

/// What of the support matrix decides whether machines of the kind have it.
Feature feature_of_rule(const PlanOperationRule& rule, landfall::Operation operation) {
    if (rule.from != ActiveLocation::Recovery) return feature_of(operation);
    return rule.type == FailoverType::Test ? Feature::TestFailoverOnFailback : Feature::Failback;
}

bool is_in(const RecoveryPlan& plan, const MachineGroup& group) {
    const auto selects = [&](const std::string& pattern) {
        if (group.count == 1) return matches(pattern, group.name);
        for (std::int64_t index = 1; index <= group.count; ++index) {
            if (matches(pattern, machine_name(group, index))) return true;
        }
        return false;
    };
    return std::any_of(plan.groups.begin(), plan.groups.end(), [&](const PlanGroup& each) {
        return each.machines.empty() ||
               std::any_of(each.machines.begin(), each.machines.end(), selects);
    });
}

void check_support(Checking& checking, const TimelineEntry& entry, const RecoveryPlan& plan,
                   const std::string& pointer) {
    const auto operation = plan_operation(entry.operation);
    if (!operation || entry.refused != Refused::No) return;
    const PlanOperationRule* rule = plan_rule(*operation, entry.direction);
    LANDFALL_CHECK(rule != nullptr, "entries about plans are operations of plans");
    const bool back = rule->from == ActiveLocation::Recovery;
    for (const MachineGroup& group : checking.scenario.machines) {
        if (!is_in(plan, group)) continue;
        const ScenarioKind kind = kind_of(group);
        const ServiceProfile& profile = checking.scenario.profile;
        const SupportCell cell = support(feature_of_rule(*rule, *operation), kind, profile);
        if (cell.support == Support::Supported) continue;
        const bool says_so = back && entry.operation != Operation::Failback;
        note(checking.problems, code::kNeverSupported, pointer + (says_so ? "/direction" : "/do"),
             json_text(says_so ? "recovery_to_primary" : name_of(*operation)),
             "machine \"" + group.name + "\" of the plan (" + std::string(name_of(kind)) +
                 ") never has this operation" + (says_so ? " in this direction" : "") + ": " +
                 cell.note + " [" + std::string(cell.source) +
                 "]; say \"refused\": true where that is what is to be seen");
        return;  // the machines of a plan are of a kind
    }
}

}  // namespace

const RecoveryPlan* check_plan_name(Checking& checking, const std::string& name,
                                    const std::string& pointer) {
    const auto& plans = checking.scenario.recovery_plans;
    const auto found = std::find_if(plans.begin(), plans.end(),
                                    [&](const RecoveryPlan& plan) { return plan.name == name; });
    if (found != plans.end()) return &*found;
    note_unknown(checking.problems, code::kUnknownName, pointer, name,
                 "there is no such recovery plan", names_of(plans));
    return nullptr;
}

void check_plan_entry(Checking& checking, const TimelineEntry& entry, const std::string& pointer) {
    if (entry.when && entry.when->plan && !entry.when->plan->empty()) {
        check_plan_name(checking, *entry.when->plan, pointer + "/when/plan");
    }
    if (!entry.plan || entry.plan->empty()) return;
    const RecoveryPlan* plan = check_plan_name(checking, *entry.plan, pointer + "/plan");
    if (plan != nullptr) check_support(checking, entry, *plan, pointer);
}

}  // namespace landfall::scenario
