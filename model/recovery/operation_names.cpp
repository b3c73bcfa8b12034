// model/recovery/operation_names.cpp — the names of states and operations, and the service's words.
#include <array>

#include "model/recovery/operations.hpp"

namespace landfall {

namespace {

constexpr std::array<std::string_view, kProtectionStates> kStateNames = {
    "UnprotectedStatesBegin",
    "EnablingProtection",
    "EnablingFailed",
    "InitialReplicationInProgress",
    "Protected",
    "PlannedFailoverInitiated",
    "PlannedFailoverFailed",
    "PlannedFailoverCommitRequired",
    "PlannedFailoverStatesBegin",
    "UnplannedFailoverInitiated",
    "UnplannedFailoverFailed",
    "UnplannedFailoverCommitPendingStatesBegin",
    "UnplannedFailoverCommitted",
    "ChangeRecoveryPointInitiated",
    "CommitFailoverInProgress",
    "CancelFailoverStatesEnd",
    "ReprotectInitiated",
    "ReprotectFailed",
    "DisablingProtection",
    "UnprotectedStatesEnd",
    "MigrationComplete",
};

// Seen in REST18 and REST23: "Protected", "Planned failover finished", "Planned failover
// committed", "Failover completed", "Failover failed". The others are ours [A], in the same manner.
constexpr std::array<std::string_view, kProtectionStates> kStateDescriptions = {
    "Not protected",
    "Enabling protection",
    "Enabling protection failed",
    "Initial replication in progress",
    "Protected",
    "Planned failover in progress",
    "Planned failover failed",
    "Planned failover finished",
    "Planned failover committed",
    "Failover in progress",
    "Failover failed",
    "Failover completed",
    "Failover committed",
    "Changing the recovery point",
    "Committing the failover",
    "Failover cancelled",
    "Reprotecting",
    "Reprotect failed",
    "Disabling protection",
    "Protection disabled",
    "Migration completed",
};

constexpr std::array<std::string_view, kOperations> kOperationNames = {
    "EnableReplication", "DisableProtection",   "RemoveReplication",
    "TestFailover",      "TestFailoverCleanup", "PlannedFailover",
    "UnplannedFailover", "ChangePit",           "Commit",
    "CancelFailover",    "ReverseReplicate",    "Failback",
    "FinalizeFailback",  "RepairReplication",   "CompleteMigration",
    "AddDisks",          "RemoveDisks",         "SwitchProcessServer",
    "PauseReplication",  "ResumeReplication",
};

constexpr std::array<std::string_view, kTestFailoverStates> kTestNames = {
    "None",   "Initiated",        "Completing",        "WaitingForCompletion",
    "Failed", "CleanupInitiated", "MarkedForDeletion",
};

// "Waiting for user input" and "Cleaning up test environment" are REST18's, the others ours [A].
constexpr std::array<std::string_view, kTestFailoverStates> kTestDescriptions = {
    "None",
    "Test failover in progress",
    "Test failover in progress",
    "Waiting for user input",
    "Test failover failed",
    "Cleaning up test environment",
    "Cleaning up test environment",
};

constexpr std::array<std::string_view, 9> kConditionNames = {
    "",
    "a resynchronization is required",
    "the failback waits for its user",
    "replication runs",
    "replication is paused",
    "classic failback",
    "modernized failback",
    "a drill is to be cleaned up",
    "a drill is open and a resynchronization is required",
};

}  // namespace

std::string_view name_of(ProtectionState state) {
    return kStateNames[static_cast<std::size_t>(state)];
}

std::string_view name_of(Operation operation) {
    return kOperationNames[static_cast<std::size_t>(operation)];
}

std::string_view name_of(ActiveLocation location) {
    return location == ActiveLocation::Primary ? "Primary" : "Recovery";
}

std::string_view name_of(TestFailoverState state) {
    return kTestNames[static_cast<std::size_t>(state)];
}

std::string_view name_of(Condition condition) {
    return kConditionNames[static_cast<std::size_t>(condition)];
}

std::string_view description_of(TestFailoverState state) {
    return kTestDescriptions[static_cast<std::size_t>(state)];
}

std::string_view description_of(const ItemView& item) {
    if (item.state == ProtectionState::Protected) {
        switch (item.test) {
            case TestFailoverState::WaitingForCompletion: return "Cleanup test failover pending";
            case TestFailoverState::Initiated:
            case TestFailoverState::Completing:
            case TestFailoverState::Failed:
            case TestFailoverState::CleanupInitiated: return description_of(item.test);
            case TestFailoverState::None:
            case TestFailoverState::MarkedForDeletion: break;
        }
    }
    return kStateDescriptions[static_cast<std::size_t>(item.state)];
}

}  // namespace landfall
