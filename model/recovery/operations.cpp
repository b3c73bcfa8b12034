// model/recovery/operations.cpp — the table of legal operations for VMware and physical to Azure.
#include "model/recovery/operations.hpp"

#include <array>

namespace landfall {

namespace {

using enum ProtectionState;
using enum Operation;

constexpr std::string_view kRestExamples = "REST18/ReplicationProtectedItems_*.json";
constexpr std::string_view kManage = "SR/site-recovery-manage-registration-and-protection.md";
constexpr std::string_view kResync = "SR/vmware-azure-architecture.md: manual Resynchronize";

constexpr std::array kOperationRules = {
    OperationRule{UnprotectedStatesBegin, EnableReplication,
                  "SR/vmware-azure-enable-replication.md"},
    OperationRule{EnablingProtection, DisableProtection, kRestExamples},
    OperationRule{InitialReplicationInProgress, DisableProtection, kRestExamples},
    OperationRule{InitialReplicationInProgress, RepairReplication, kResync},
    OperationRule{Protected, UnplannedFailover, kRestExamples},
    OperationRule{Protected, DisableProtection, kRestExamples},
    OperationRule{Protected, RepairReplication, kResync},
    OperationRule{UnplannedFailoverFailed, UnplannedFailover, "REST23: \"Failover failed\""},
    OperationRule{UnplannedFailoverFailed, RepairReplication, kResync},
    OperationRule{UnplannedFailoverFailed, DisableProtection, "REST23: \"Failover failed\""},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, Commit, kRestExamples},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, CompleteMigration, kRestExamples},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, DisableProtection, kRestExamples},
    OperationRule{UnplannedFailoverCommitted, CompleteMigration, kRestExamples},
    OperationRule{UnplannedFailoverCommitted, DisableProtection, kRestExamples},
    OperationRule{UnprotectedStatesEnd, EnableReplication, kManage},
};

// Old points stay usable during a resynchronization, and a disaster does not wait for its end.
constexpr std::string_view kOldPoints = "SR/vmware-azure-architecture.md, derived [A]";

constexpr std::array kCancelRules = {
    CancelRule{UnplannedFailover, RepairReplication, kOldPoints},
    CancelRule{DisableProtection, RepairReplication, kManage},
    CancelRule{DisableProtection, EnableReplication, kRestExamples},
};

constexpr std::array<std::string_view, 12> kStateNames = {
    "UnprotectedStatesBegin",
    "EnablingProtection",
    "InitialReplicationInProgress",
    "Protected",
    "UnplannedFailoverInitiated",
    "UnplannedFailoverFailed",
    "UnplannedFailoverCommitPendingStatesBegin",
    "CommitFailoverInProgress",
    "UnplannedFailoverCommitted",
    "DisablingProtection",
    "UnprotectedStatesEnd",
    "MigrationComplete",
};

constexpr std::array<std::string_view, 6> kOperationNames = {
    "EnableReplication", "UnplannedFailover", "Commit",
    "CompleteMigration", "DisableProtection", "RepairReplication",
};

}  // namespace

std::string_view name_of(ProtectionState state) {
    return kStateNames[static_cast<std::size_t>(state)];
}

std::string_view name_of(Operation operation) {
    return kOperationNames[static_cast<std::size_t>(operation)];
}

std::span<const OperationRule> operation_rules() {
    return kOperationRules;
}

bool is_allowed(ProtectionState state, Operation operation) {
    for (const OperationRule& rule : kOperationRules) {
        if (rule.state == state && rule.operation == operation) return true;
    }
    return false;
}

bool cancels(Operation operation, Operation running) {
    for (const CancelRule& rule : kCancelRules) {
        if (rule.operation == operation && rule.running == running) return true;
    }
    return false;
}

std::vector<Operation> allowed_operations(ProtectionState state) {
    std::vector<Operation> allowed;
    for (const OperationRule& rule : kOperationRules) {
        if (rule.state == state) allowed.push_back(rule.operation);
    }
    return allowed;
}

}  // namespace landfall
