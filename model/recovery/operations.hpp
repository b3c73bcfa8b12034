// model/recovery/operations.hpp — what may be done to a protected item, state by state, as a table.
//
// States carry Site Recovery's own names. One row per documented fact: `operation_rules` says which
// operation may start in which state, where the machine runs, for which kinds of scenario, and
// where that is written; what a kind never supports is said by model/recovery/support_matrix.hpp.
// Nothing else decides legality. Laws: what the service lists is legal; what is legal has a row and
// is supported; every other operation gets a sentence that says why not. Sources: REST18 is
// 2018-01-10/examples of specification/recoveryservicessiterecovery in Azure/azure-rest-api-specs,
// REST23 its 2023 examples, SR/x is articles/site-recovery/x in MicrosoftDocs/azure-docs. "[A]"
// marks an assumption of ours, where no document speaks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/estate/scenario_kind.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall {

enum class ProtectionState : std::uint8_t {
    UnprotectedStatesBegin,
    EnablingProtection,
    EnablingFailed,
    InitialReplicationInProgress,
    Protected,  ///< in either direction
    PlannedFailoverInitiated,
    PlannedFailoverFailed,
    PlannedFailoverCommitRequired,
    PlannedFailoverStatesBegin,  ///< "Planned failover committed"; Hyper-V to Azure: any failover
    UnplannedFailoverInitiated,
    UnplannedFailoverFailed,
    UnplannedFailoverCommitPendingStatesBegin,
    UnplannedFailoverCommitted,
    ChangeRecoveryPointInitiated,
    CommitFailoverInProgress,
    CancelFailoverStatesEnd,  ///< a failover was cancelled: the item replicates no more
    ReprotectInitiated,
    ReprotectFailed,
    DisablingProtection,
    UnprotectedStatesEnd,  ///< replication was disabled
    MigrationComplete,     ///< Complete Migration removed the item
};
constexpr std::size_t kProtectionStates = 21;

enum class Operation : std::uint8_t {
    EnableReplication,
    DisableProtection,  ///< "disable and remove": the source is cleaned as well
    RemoveReplication,  ///< "Remove": the vault's record alone
    TestFailover,
    TestFailoverCleanup,
    PlannedFailover,
    UnplannedFailover,
    ChangePit,
    Commit,
    CancelFailover,
    ReverseReplicate,
    Failback,
    FinalizeFailback,
    RepairReplication,
    CompleteMigration,
    AddDisks,
    RemoveDisks,
    SwitchProcessServer,
    PauseReplication,
    ResumeReplication,
};
constexpr std::size_t kOperations = 20;

/// Where the machine runs.
enum class ActiveLocation : std::uint8_t { Primary, Recovery };

/// A drill of the item. What is marked for deletion blocks nothing: REST18's story shows it in
/// every body after the first drill, beside TestFailover.
enum class TestFailoverState : std::uint8_t {
    None,
    Initiated,
    Completing,
    WaitingForCompletion,
    Failed,
    CleanupInitiated,
    MarkedForDeletion,
};
constexpr std::size_t kTestFailoverStates = 7;

/// All that legality depends on.
struct ItemView {
    ScenarioKind kind;
    ProtectionState state;
    ActiveLocation active = ActiveLocation::Primary;
    TestFailoverState test = TestFailoverState::None;
    bool resync_required = false;
    bool waiting_for_user = false;  ///< failback: the data is home, the user is to finish it
    const ServiceProfile* profile = nullptr;  ///< never null
    bool paused = false;                      ///< replication stands still by the user's wish
};

/// What has to hold besides state, location and kind. While a drill is open only the two rows for
/// that count; the others ask for none.
enum class Condition : std::uint8_t {
    Always,
    ResyncRequired,
    WaitingForUser,
    Running,  ///< replication is not paused
    Paused,
    ClassicFailback,     ///< profile.modernized_failback is off
    ModernizedFailback,  ///< it is on
    DrillToCleanUp,      ///< a test machine waits for its user, or the drill failed
    DrillAndResync,      ///< a drill is open, and a resynchronization is required
};

struct OperationRule {
    ProtectionState state;
    std::optional<ActiveLocation> active;  ///< none: either
    KindSet kinds;
    Operation operation;
    Condition condition;
    bool listed;  ///< in the allowedOperations of the REST API, in the order of these rows
    std::string_view source;
};

[[nodiscard]] std::string_view name_of(ProtectionState state);
[[nodiscard]] std::string_view name_of(Operation operation);
[[nodiscard]] std::string_view name_of(ActiveLocation location);
[[nodiscard]] std::string_view name_of(TestFailoverState state);
[[nodiscard]] std::string_view name_of(Condition condition);
/// Site Recovery's own words for the item: "Protected", "Cleanup test failover pending", ...
[[nodiscard]] std::string_view description_of(const ItemView& item);
/// The same for its drill: "Waiting for user input", ...
[[nodiscard]] std::string_view description_of(TestFailoverState state);

/// Every rule, for documentation and tests.
[[nodiscard]] std::span<const OperationRule> operation_rules();
/// What the REST API lists, in its order.
[[nodiscard]] std::vector<Operation> allowed_operations(const ItemView& item);
/// All that may start: what the API lists, then what it never lists.
[[nodiscard]] std::vector<Operation> legal_operations(const ItemView& item);
[[nodiscard]] bool is_legal(const ItemView& item, Operation operation);
/// Nothing when the operation may start. Else why not, in a sentence: that the kind never has it
/// (with the reason and its source), or that the state forbids it (with what it allows).
[[nodiscard]] std::optional<std::string> why_not(const ItemView& item, Operation operation);
/// The operation of the service that takes a machine home. `Failback` is legal where that one is,
/// whatever its name, so that a plan can say "fail back" to any item; nothing if there is no way.
[[nodiscard]] std::optional<Operation> failback_operation(ScenarioKind kind,
                                                          const ServiceProfile& profile);

/// Whether `operation` may start while `running` is in progress, by cancelling it. All other
/// operations wait until an item's job is over: one scenario at a time per item.
struct CancelRule {
    Operation operation;
    Operation running;
    std::string_view source;
};
[[nodiscard]] bool cancels(Operation operation, Operation running);

}  // namespace landfall
