// model/recovery/operations.cpp — reads the rules: what is listed, what is legal, and why not.
#include "model/recovery/operations.hpp"

#include <algorithm>
#include <array>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"
#include "model/recovery/support_matrix.hpp"

namespace landfall {

namespace {

using enum ProtectionState;
using enum Operation;

// Old points stay usable during a resynchronization, and a disaster does not wait for its end.
constexpr std::string_view kOldPoints = "SR/vmware-azure-architecture.md, derived [A]";

constexpr std::array kCancelRules = {
    CancelRule{UnplannedFailover, RepairReplication, kOldPoints},
    CancelRule{DisableProtection, RepairReplication,
               "SR/site-recovery-manage-registration-and-protection.md"},
    CancelRule{DisableProtection, EnableReplication, "REST18/ReplicationProtectedItems_*.json"},
};

bool is_open(TestFailoverState test) {
    if (mutant(Mutant::OperateDuringDrill)) return false;
    return test != TestFailoverState::None && test != TestFailoverState::MarkedForDeletion;
}

bool holds(Condition condition, const ItemView& item) {
    const bool drill = is_open(item.test);
    switch (condition) {
        case Condition::DrillToCleanUp:
            return item.test == TestFailoverState::WaitingForCompletion ||
                   item.test == TestFailoverState::Failed;
        case Condition::DrillAndResync: return drill && item.resync_required;
        case Condition::Always: return !drill;
        case Condition::ResyncRequired: return !drill && item.resync_required;
        case Condition::WaitingForUser: return !drill && item.waiting_for_user;
        case Condition::Running: return !drill && !item.paused;
        case Condition::Paused: return !drill && item.paused;
        case Condition::ClassicFailback: return !drill && !item.profile->modernized_failback;
        case Condition::ModernizedFailback: return !drill && item.profile->modernized_failback;
    }
    return false;
}

/// The row of the support matrix that an operation on this item stands for.
Feature feature_for(const ItemView& item, Operation operation) {
    const bool away = item.active == ActiveLocation::Recovery;
    // Back home, a planned failover is a way to fail back; towards Azure it is a feature of its
    // own.
    if (operation == PlannedFailover && away) return Feature::Failback;
    if (operation == TestFailover && away && item.state == Protected) {
        return Feature::TestFailoverOnFailback;
    }
    return feature_of(operation);
}

bool is_supported(const ItemView& item, Operation operation) {
    const SupportCell cell = support(feature_for(item, operation), item.kind, *item.profile);
    return cell.support == Support::Supported;
}

bool applies(const OperationRule& rule, const ItemView& item) {
    return rule.state == item.state && (!rule.active || *rule.active == item.active) &&
           rule.kinds.contains(item.kind) && holds(rule.condition, item) &&
           is_supported(item, rule.operation);
}

void add_once(std::vector<Operation>& list, Operation operation) {
    if (std::find(list.begin(), list.end(), operation) == list.end()) list.push_back(operation);
}

void add_rules(std::vector<Operation>& list, const ItemView& item, bool listed) {
    LANDFALL_CHECK(item.profile != nullptr, "an item is judged by a service profile");
    for (const OperationRule& rule : operation_rules()) {
        if (rule.listed == listed && applies(rule, item)) add_once(list, rule.operation);
    }
}

}  // namespace

std::vector<Operation> allowed_operations(const ItemView& item) {
    std::vector<Operation> allowed;
    add_rules(allowed, item, true);
    return allowed;
}

std::vector<Operation> legal_operations(const ItemView& item) {
    std::vector<Operation> legal = allowed_operations(item);
    add_rules(legal, item, false);
    return legal;
}

bool is_legal(const ItemView& item, Operation operation) {
    LANDFALL_CHECK(item.profile != nullptr, "an item is judged by a service profile");
    const bool waits = item.state == UnplannedFailoverCommitPendingStatesBegin;
    if (mutant(Mutant::FailOverTwice) && waits && operation == UnplannedFailover) return true;
    if (mutant(Mutant::ReprotectBeforeCommit) && waits && operation == ReverseReplicate) {
        return true;
    }
    const auto rules = operation_rules();
    return std::any_of(rules.begin(), rules.end(), [&](const OperationRule& rule) {
        return rule.operation == operation && applies(rule, item);
    });
}

std::optional<std::string> why_not(const ItemView& item, Operation operation) {
    if (is_legal(item, operation)) return std::nullopt;
    const SupportCell cell = support(feature_for(item, operation), item.kind, *item.profile);
    if (cell.support != Support::Supported) {
        return std::string(name_of(operation)) + " is not supported for " +
               std::string(name_of(item.kind)) + ": " + cell.note + " (" +
               std::string(cell.source) + ")";
    }
    std::string why = std::string(name_of(operation)) + " is not allowed in state " +
                      std::string(name_of(item.state));
    const std::string_view description = description_of(item);
    if (description != name_of(item.state)) why += " (" + std::string(description) + ")";
    if (item.active == ActiveLocation::Recovery) why += " at the recovery location";
    const std::vector<Operation> legal = legal_operations(item);
    if (legal.empty()) {
        const bool gone = item.state == MigrationComplete;
        return why + (gone ? ": the item is gone" : ": nothing is until that is over");
    }
    why += legal.size() == 1 ? ": only " : ": allowed are ";
    for (std::size_t k = 0; k < legal.size(); ++k) {
        if (k > 0) why += k + 1 == legal.size() ? " and " : ", ";
        why += name_of(legal[k]);
    }
    return legal.size() == 1 ? why + " is" : why;
}

std::optional<Operation> failback_operation(ScenarioKind kind, const ServiceProfile& profile) {
    if (support(Feature::Failback, kind, profile).support != Support::Supported) {
        return std::nullopt;
    }
    if (kHyperVToAzureKinds.contains(kind)) return Failback;
    if (kind == ScenarioKind::VmmToVmm) return PlannedFailover;
    const bool on_premises = kInMageKinds.contains(kind);
    return on_premises && profile.modernized_failback ? PlannedFailover : UnplannedFailover;
}

bool cancels(Operation operation, Operation running) {
    return std::any_of(kCancelRules.begin(), kCancelRules.end(), [&](const CancelRule& rule) {
        return rule.operation == operation && rule.running == running;
    });
}

}  // namespace landfall
