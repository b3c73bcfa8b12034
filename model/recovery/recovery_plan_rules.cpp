// model/recovery/recovery_plan_rules.cpp — the table, and how the machines of a plan are judged.
#include "model/recovery/recovery_plan_rules.hpp"

#include <algorithm>
#include <array>

#include "model/recovery/site_recovery.hpp"

namespace landfall {

namespace {

using enum FailoverDirection;
using Away = ActiveLocation;

constexpr std::string_view kFailover = "SR/site-recovery-failover.md";
constexpr std::string_view kOverview = "SR/recovery-plan-overview.md";
constexpr std::string_view kDirections = "TSP:models.tsp: failoverDirection of a plan's failover";
constexpr std::string_view kPlanLevel =
    "SR/site-recovery-failover.md: right-click the recovery plan; "
    "REST18:ReplicationRecoveryPlans_*";

constexpr std::array kRules = {
    PlanOperationRule{Operation::TestFailover, PrimaryToRecovery, Away::Primary, PlanWork::FailOver,
                      FailoverType::Test, "SR/site-recovery-test-failover-to-azure.md"},
    PlanOperationRule{Operation::TestFailover, RecoveryToPrimary, Away::Recovery,
                      PlanWork::FailOver, FailoverType::Test, "SR/hyper-v-vmm-test-failover.md"},
    PlanOperationRule{Operation::TestFailoverCleanup, PrimaryToRecovery, std::nullopt,
                      PlanWork::CleanUpTest, FailoverType::Test, kPlanLevel},
    PlanOperationRule{Operation::PlannedFailover, PrimaryToRecovery, Away::Primary,
                      PlanWork::FailOver, FailoverType::Planned, kFailover},
    PlanOperationRule{Operation::PlannedFailover, RecoveryToPrimary, Away::Recovery,
                      PlanWork::FailOver, FailoverType::Planned, kDirections},
    PlanOperationRule{Operation::UnplannedFailover, PrimaryToRecovery, Away::Primary,
                      PlanWork::FailOver, FailoverType::Unplanned, kFailover},
    PlanOperationRule{Operation::UnplannedFailover, RecoveryToPrimary, Away::Recovery,
                      PlanWork::FailOver, FailoverType::Unplanned, kDirections},
    PlanOperationRule{Operation::Failback, RecoveryToPrimary, Away::Recovery, PlanWork::FailOver,
                      FailoverType::Planned, kOverview},
    PlanOperationRule{Operation::Commit, PrimaryToRecovery, std::nullopt, PlanWork::Commit,
                      FailoverType::Unplanned, kPlanLevel},
    PlanOperationRule{Operation::ReverseReplicate, PrimaryToRecovery, std::nullopt,
                      PlanWork::Reprotect, FailoverType::Unplanned, kPlanLevel},
};

/// The machines of a plan by how they stand.
struct Standings {
    std::size_t ready = 0;
    std::vector<std::string> there;
    std::vector<std::pair<std::string, std::string>> in_the_way;  ///< name and reason
    std::size_t all = 0;
};

Standings standings(const RecoveryPlan& plan, const PlanOperationRule& rule,
                    const SiteRecovery& items) {
    Standings found;
    for (const PlanGroup& group : plan.groups) {
        for (const PlanItem& item : group.items) {
            ++found.all;
            PlanStanding each = standing(rule, item.machine, items);
            if (each.kind == PlanStanding::Kind::Ready) {
                ++found.ready;
            } else if (each.kind == PlanStanding::Kind::AlreadyThere) {
                found.there.push_back(item.name);
            } else {
                found.in_the_way.emplace_back(item.name, std::move(each.why));
            }
        }
    }
    return found;
}

/// "a, b, c and 97 more".
std::string few(const std::vector<std::string>& names) {
    constexpr std::size_t kShown = 3;
    std::string text;
    for (std::size_t k = 0; k < names.size() && k < kShown; ++k) {
        text += (k > 0 ? ", " : "") + names[k];
    }
    if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
    return text;
}

}  // namespace

std::span<const PlanOperationRule> plan_operation_rules() {
    return kRules;
}

const PlanOperationRule* plan_rule(Operation operation, FailoverDirection direction) {
    if (operation == Operation::Failback) direction = RecoveryToPrimary;
    const auto found = std::find_if(kRules.begin(), kRules.end(), [&](const auto& rule) {
        return rule.operation == operation && (!rule.from || rule.direction == direction);
    });
    return found == kRules.end() ? nullptr : &*found;
}

Operation item_operation(const PlanOperationRule& rule, ScenarioKind kind,
                         const ServiceProfile& profile) {
    const bool home = rule.from == ActiveLocation::Recovery;
    if (rule.operation == Operation::Failback) {
        return failback_operation(kind, profile).value_or(Operation::Failback);
    }
    // TSP:models.tsp: a planned failover from recovery to primary is how Hyper-V fails back.
    const bool planned = rule.operation == Operation::PlannedFailover;
    return home && planned && kHyperVToAzureKinds.contains(kind) ? Operation::Failback
                                                                 : rule.operation;
}

PlanStanding standing(const PlanOperationRule& rule, MachineId machine, const SiteRecovery& items) {
    using Kind = PlanStanding::Kind;
    const ItemView view = items.view_of(machine);
    if (rule.from && view.active != *rule.from) return {Kind::AlreadyThere};
    const JobId job = items.item(machine).current_job;
    if (!job.is_none()) {
        return {Kind::Busy,
                "job \"" + std::string(name_of(items.job(job).kind)) + "\" is in progress"};
    }
    const auto why = why_not(view, item_operation(rule, view.kind, *view.profile));
    if (why) return {Kind::NotAllowed, *why};
    return {Kind::Ready};
}

std::optional<std::string> why_not(const RecoveryPlan& plan, const PlanOperationRule& rule,
                                   const SiteRecovery& items) {
    const Standings found = standings(plan, rule, items);
    if (rule.from == ActiveLocation::Recovery && !found.there.empty() &&
        found.there.size() < found.all) {
        return "the machines of the plan have mixed active locations: " + few(found.there) +
               (found.there.size() == 1 ? " runs" : " run") +
               " at the primary location, the others at the recovery location; the direction "
               "cannot be changed until all are at the recovery location";
    }
    if (found.there.size() == found.all) {
        const bool out = rule.from == ActiveLocation::Primary;
        return std::string("the direction is wrong: all machines of the plan run at the ") +
               (out ? "recovery" : "primary") + " location, so its direction is " +
               std::string(name_of(out ? RecoveryToPrimary : PrimaryToRecovery));
    }
    if (found.ready > 0) return std::nullopt;
    const auto& [name, why] = found.in_the_way.front();
    return name + ": " + why;
}

std::optional<std::string> why_not_all(const RecoveryPlan& plan, const PlanOperationRule& rule,
                                       const SiteRecovery& items) {
    const Standings found = standings(plan, rule, items);
    if (found.in_the_way.empty()) return std::nullopt;
    const auto& [name, why] = found.in_the_way.front();
    std::string text = name + ": " + why;
    if (found.in_the_way.size() > 1) {
        text += " (and " + std::to_string(found.in_the_way.size() - 1) + " more)";
    }
    return text;
}

std::vector<Operation> allowed_operations(const RecoveryPlan& plan, const SiteRecovery& items) {
    std::vector<Operation> allowed;
    for (const PlanOperationRule& rule : kRules) {
        const bool known =
            std::find(allowed.begin(), allowed.end(), rule.operation) != allowed.end();
        if (!known && !why_not(plan, rule, items)) allowed.push_back(rule.operation);
    }
    return allowed;
}

std::string state_of(const RecoveryPlan& plan, const SiteRecovery& items) {
    std::vector<std::pair<std::string_view, std::size_t>> counts;
    for (const PlanGroup& group : plan.groups) {
        for (const PlanItem& item : group.items) {
            const std::string_view state = description_of(items.view_of(item.machine));
            const auto known = std::find_if(counts.begin(), counts.end(),
                                            [&](const auto& each) { return each.first == state; });
            if (known == counts.end()) {
                counts.emplace_back(state, 1);
            } else {
                ++known->second;
            }
        }
    }
    std::string text;
    for (const auto& [state, count] : counts) {
        const char* noun = count == 1 ? " machine " : " machines ";
        text += (text.empty() ? "" : ", ") + std::to_string(count) + (text.empty() ? noun : " ");
        text += state;
    }
    return text;
}

}  // namespace landfall
