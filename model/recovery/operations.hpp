// model/recovery/operations.hpp — what may be done to a protected item, state by state, as a table.
//
// States carry Site Recovery's own names. One row per documented fact: `kOperationRules` says which
// operation is allowed in which state and where that is written; nothing else decides legality.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace landfall {

enum class ProtectionState : std::uint8_t {
    UnprotectedStatesBegin,
    EnablingProtection,
    InitialReplicationInProgress,
    Protected,
    UnplannedFailoverInitiated,
    UnplannedFailoverFailed,
    UnplannedFailoverCommitPendingStatesBegin,
    CommitFailoverInProgress,
    UnplannedFailoverCommitted,
    DisablingProtection,
    UnprotectedStatesEnd,  ///< replication was disabled
    MigrationComplete,     ///< Complete Migration removed the item
};

enum class Operation : std::uint8_t {
    EnableReplication,
    UnplannedFailover,
    Commit,
    CompleteMigration,
    DisableProtection,
    RepairReplication,
};

struct OperationRule {
    ProtectionState state;
    Operation operation;
    std::string_view source;
};

[[nodiscard]] std::string_view name_of(ProtectionState state);
[[nodiscard]] std::string_view name_of(Operation operation);
/// Whether `operation` may start while `running` is in progress, by cancelling it. All other
/// operations wait until an item's job is over: one scenario at a time per item.
struct CancelRule {
    Operation operation;
    Operation running;
    std::string_view source;
};
[[nodiscard]] bool cancels(Operation operation, Operation running);
/// Every rule, for documentation and tests.
[[nodiscard]] std::span<const OperationRule> operation_rules();
[[nodiscard]] bool is_allowed(ProtectionState state, Operation operation);
[[nodiscard]] std::vector<Operation> allowed_operations(ProtectionState state);

}  // namespace landfall
