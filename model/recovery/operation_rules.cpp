// model/recovery/operation_rules.cpp — the rows: which operation may start in which state.
//
// Rows of one state stand together, listed ones first, in the order in which the API lists them.
#include <array>

#include "model/recovery/operations.hpp"

namespace landfall {

namespace {

using enum ProtectionState;
using enum Operation;
using enum Condition;

constexpr std::optional<ActiveLocation> kEither = std::nullopt;
constexpr std::optional<ActiveLocation> kHome = ActiveLocation::Primary;
constexpr std::optional<ActiveLocation> kAway = ActiveLocation::Recovery;
constexpr bool kListed = true;
constexpr bool kUnlisted = false;

constexpr KindSet kHyperV = kHyperVToAzureKinds;
constexpr KindSet kVmm = {ScenarioKind::VmmToVmm};
constexpr KindSet kReplica = kHyperV | kVmm;  // Hyper-V Replica: planned failover
constexpr KindSet kScout = {ScenarioKind::ScoutToSecondary};
constexpr KindSet kAgent = kInMageKinds | kAzureToAzureKinds | kScout;  // an agent in the guest
constexpr KindSet kVMware = {ScenarioKind::VMwareToAzure, ScenarioKind::PhysicalToAzure};
constexpr KindSet kAzure = kAzureToAzureKinds;

constexpr std::string_view kRestProtected =
    "REST18: ReplicationProtectedItems_Create.json, _List.json";
constexpr std::string_view kRestPlanned = "REST18: ReplicationProtectedItems_PlannedFailover.json";
constexpr std::string_view kRestUnplanned =
    "REST18: ReplicationProtectedItems_UnplannedFailover.json, _ApplyRecoveryPoint.json";
constexpr std::string_view kRestCommit = "REST18: ReplicationProtectedItems_FailoverCommit.json";
constexpr std::string_view kRestTest = "REST18: ReplicationProtectedItems_TestFailover.json";
constexpr std::string_view kRestRepair =
    "REST18: ReplicationProtectedItems_RepairReplication.json; that the API offers it only when a "
    "resynchronization is required is inferred";
constexpr std::string_view kRestFailed = "REST23: \"Failover failed\" (InMageRcm)";
constexpr std::string_view kRestFailback = "REST23: InMageRcmFailback";
constexpr std::string_view kEnable = "SR/vmware-azure-enable-replication.md";
constexpr std::string_view kManage = "SR/site-recovery-manage-registration-and-protection.md";
constexpr std::string_view kResync = "SR/vmware-azure-architecture.md: manual Resynchronize";
constexpr std::string_view kFailover = "SR/site-recovery-failover.md";
constexpr std::string_view kOverview = "SR/failover-failback-overview.md";
constexpr std::string_view kReprotect = "SR/vmware-azure-reprotect.md";
constexpr std::string_view kFailback = "SR/vmware-azure-failback.md";
constexpr std::string_view kModernized = "SR/vmware-azure-tutorial-failover-failback-modernized.md";
constexpr std::string_view kHyperVBack = "SR/hyper-v-azure-failback.md";
constexpr std::string_view kVmmBack = "SR/hyper-v-vmm-failover-failback.md";
constexpr std::string_view kAzureBack = "SR/azure-to-azure-tutorial-failover-failback.md";
constexpr std::string_view kScoutGuide = "SR/vmware-physical-secondary-disaster-recovery.md";
constexpr std::string_view kSymmetric = "[A] as towards the recovery location";
constexpr std::string_view kServers = "SR/vmware-azure-manage-process-server.md";
constexpr std::string_view kDisks = "specification: ReplicationProtectedItem.tsp, addDisks";
constexpr std::string_view kLessDisks = "specification: ReplicationProtectedItem.tsp, removeDisks";
constexpr std::string_view kPause = "SR/hyper-v-azure-troubleshoot.md: replication is paused";
constexpr std::string_view kCutOff = "[A] an attempt that failed is as before it, or done again";

constexpr std::array kOperationRules = {
    OperationRule{UnprotectedStatesBegin, kEither, kAllKinds, EnableReplication, Always, kUnlisted,
                  kEnable},

    OperationRule{EnablingProtection, kEither, kAllKinds, DisableProtection, Always, kListed,
                  kManage},

    OperationRule{EnablingFailed, kEither, kAllKinds, DisableProtection, Always, kListed, kManage},
    OperationRule{EnablingFailed, kEither, kAllKinds, EnableReplication, Always, kUnlisted,
                  kEnable},
    OperationRule{EnablingFailed, kEither, kAllKinds, RemoveReplication, Always, kUnlisted,
                  kManage},

    OperationRule{InitialReplicationInProgress, kEither, kAllKinds, DisableProtection, Always,
                  kListed, kManage},
    OperationRule{InitialReplicationInProgress, kEither, kAllKinds, RepairReplication,
                  ResyncRequired, kListed, kRestRepair},
    OperationRule{InitialReplicationInProgress, kEither, kAllKinds, RepairReplication, Always,
                  kUnlisted, kResync},
    OperationRule{InitialReplicationInProgress, kEither, kAllKinds, RemoveReplication, Always,
                  kUnlisted, kManage},
    OperationRule{InitialReplicationInProgress, kEither, kInMageKinds | kScout, SwitchProcessServer,
                  Always, kUnlisted, kServers},

    OperationRule{Protected, kEither, kAllKinds, TestFailoverCleanup, DrillToCleanUp, kListed,
                  kRestTest},
    OperationRule{Protected, kHome, kReplica, PlannedFailover, Running, kListed, kRestProtected},
    OperationRule{Protected, kHome, kReplica, UnplannedFailover, Always, kListed, kRestProtected},
    OperationRule{Protected, kHome, kReplica, DisableProtection, Always, kListed, kRestProtected},
    OperationRule{Protected, kHome, kReplica, TestFailover, Always, kListed, kRestProtected},
    OperationRule{Protected, kHome, kAgent, UnplannedFailover, Always, kListed, kRestProtected},
    OperationRule{Protected, kHome, kAgent, TestFailover, Always, kListed, kRestProtected},
    OperationRule{Protected, kHome, kAgent, DisableProtection, Always, kListed, kRestProtected},
    OperationRule{Protected, kAway, kVmm, PlannedFailover, Running, kListed, kVmmBack},
    OperationRule{Protected, kAway, kVmm, UnplannedFailover, Always, kListed, kVmmBack},
    OperationRule{Protected, kAway, kVmm, DisableProtection, Always, kListed, kVmmBack},
    OperationRule{Protected, kAway, kVmm, TestFailover, Always, kListed,
                  "SR/hyper-v-vmm-test-failover.md"},
    OperationRule{Protected, kAway, kVMware, UnplannedFailover, ClassicFailback, kListed,
                  kFailback},
    OperationRule{Protected, kAway, kVMware, PlannedFailover, ModernizedFailback, kListed,
                  kRestFailback},
    OperationRule{Protected, kAway, kVMware, DisableProtection, Always, kListed, kRestFailback},
    OperationRule{Protected, kAway, kAzure | kScout, UnplannedFailover, Always, kListed,
                  kAzureBack},
    OperationRule{Protected, kAway, kAzure, TestFailover, Always, kListed, kSymmetric},
    OperationRule{Protected, kAway, kAzure | kScout, DisableProtection, Always, kListed,
                  kAzureBack},
    OperationRule{Protected, kEither, kAllKinds, RepairReplication, ResyncRequired, kListed,
                  kRestRepair},
    OperationRule{Protected, kAway, kVMware | kAzure | kSecondarySiteKinds, Failback, Always,
                  kUnlisted, kOverview},
    OperationRule{Protected, kEither, kAllKinds, RepairReplication, Always, kUnlisted, kResync},
    OperationRule{
        Protected, kEither, kAllKinds, RepairReplication, DrillAndResync, kUnlisted,
        "SR/site-recovery-test-failover-to-azure.md: a drill leaves replication as it is"},
    OperationRule{Protected, kEither, kAllKinds, RemoveReplication, Always, kUnlisted, kManage},
    OperationRule{Protected, kHome, kAllKinds, AddDisks, Always, kUnlisted, kDisks},
    OperationRule{Protected, kHome, kAllKinds, RemoveDisks, Always, kUnlisted, kLessDisks},
    OperationRule{Protected, kEither, kInMageKinds | kScout, SwitchProcessServer, Always, kUnlisted,
                  kServers},
    OperationRule{Protected, kEither, kReplica, PauseReplication, Running, kUnlisted, kPause},
    OperationRule{Protected, kEither, kReplica, ResumeReplication, Paused, kUnlisted, kPause},

    OperationRule{PlannedFailoverInitiated, kAway, kHyperV, FinalizeFailback, WaitingForUser,
                  kListed, kHyperVBack},
    OperationRule{PlannedFailoverInitiated, kHome, kReplica, CancelFailover, Always, kUnlisted,
                  kFailover},
    OperationRule{PlannedFailoverInitiated, kAway, kReplica, CancelFailover, Always, kUnlisted,
                  kHyperVBack},
    OperationRule{PlannedFailoverInitiated, kAway, kVMware, CancelFailover, ModernizedFailback,
                  kUnlisted, kModernized},

    OperationRule{PlannedFailoverFailed, kEither, kAllKinds, TestFailoverCleanup, DrillToCleanUp,
                  kListed, kRestTest},
    OperationRule{PlannedFailoverFailed, kHome, kReplica, PlannedFailover, Always, kListed,
                  kFailover},
    OperationRule{PlannedFailoverFailed, kHome, kReplica, UnplannedFailover, Always, kListed,
                  kFailover},
    OperationRule{PlannedFailoverFailed, kHome, kReplica, DisableProtection, Always, kListed,
                  kCutOff},
    OperationRule{PlannedFailoverFailed, kHome, kReplica, TestFailover, Always, kListed, kCutOff},
    OperationRule{PlannedFailoverFailed, kAway, kHyperV, CompleteMigration, Always, kListed,
                  kCutOff},
    OperationRule{PlannedFailoverFailed, kAway, kHyperV, DisableProtection, Always, kListed,
                  kCutOff},
    OperationRule{PlannedFailoverFailed, kAway, kHyperV, Failback, Always, kListed, kHyperVBack},
    OperationRule{PlannedFailoverFailed, kAway, kVmm, PlannedFailover, Always, kListed, kVmmBack},
    OperationRule{PlannedFailoverFailed, kAway, kVmm, UnplannedFailover, Always, kListed, kVmmBack},
    OperationRule{PlannedFailoverFailed, kAway, kVMware, PlannedFailover, ModernizedFailback,
                  kListed, kModernized},
    OperationRule{PlannedFailoverFailed, kAway, kVMware | kVmm, DisableProtection, Always, kListed,
                  kCutOff},
    OperationRule{PlannedFailoverFailed, kAway, kVMware, Failback, ModernizedFailback, kUnlisted,
                  kModernized},
    OperationRule{PlannedFailoverFailed, kAway, kVmm, Failback, Always, kUnlisted, kVmmBack},
    OperationRule{PlannedFailoverFailed, kEither, kAllKinds, RepairReplication, Always, kUnlisted,
                  kResync},
    OperationRule{PlannedFailoverFailed, kEither, kAllKinds, RemoveReplication, Always, kUnlisted,
                  kManage},

    OperationRule{PlannedFailoverCommitRequired, kAway, kReplica, CompleteMigration, Always,
                  kListed, kRestPlanned},
    OperationRule{PlannedFailoverCommitRequired, kAway, kReplica, Commit, Always, kListed,
                  kRestPlanned},
    OperationRule{PlannedFailoverCommitRequired, kAway, kReplica, DisableProtection, Always,
                  kListed, kRestPlanned},
    OperationRule{PlannedFailoverCommitRequired, kAway, kReplica, ChangePit, Always, kListed,
                  kRestPlanned},
    OperationRule{PlannedFailoverCommitRequired, kHome, kReplica | kVMware, Commit, Always, kListed,
                  kHyperVBack},
    OperationRule{PlannedFailoverCommitRequired, kHome, kReplica | kVMware, DisableProtection,
                  Always, kListed, kManage},
    OperationRule{PlannedFailoverCommitRequired, kHome, kVMware, CancelFailover, ModernizedFailback,
                  kListed, kModernized},
    OperationRule{PlannedFailoverCommitRequired, kEither, kAllKinds, RemoveReplication, Always,
                  kUnlisted, kManage},

    OperationRule{PlannedFailoverStatesBegin, kAway, kReplica, CompleteMigration, Always, kListed,
                  kRestCommit},
    OperationRule{PlannedFailoverStatesBegin, kAway, kReplica, DisableProtection, Always, kListed,
                  kRestCommit},
    OperationRule{PlannedFailoverStatesBegin, kAway, kHyperV, Failback, Always, kListed,
                  kRestCommit},
    OperationRule{PlannedFailoverStatesBegin, kAway, kVmm, ReverseReplicate, Always, kListed,
                  kVmmBack},
    OperationRule{PlannedFailoverStatesBegin, kHome, kReplica | kVMware, DisableProtection, Always,
                  kListed, kManage},
    OperationRule{PlannedFailoverStatesBegin, kHome, kReplica | kVMware, ReverseReplicate, Always,
                  kListed, "REST18: ReplicationProtectedItems_Reprotect.json"},
    OperationRule{PlannedFailoverStatesBegin, kEither, kAllKinds, RemoveReplication, Always,
                  kUnlisted, kManage},

    OperationRule{UnplannedFailoverInitiated, kHome, kAllKinds, CancelFailover, Always, kUnlisted,
                  kFailover},
    OperationRule{UnplannedFailoverInitiated, kAway, kAzure | kVmm, CancelFailover, Always,
                  kUnlisted, kSymmetric},

    OperationRule{UnplannedFailoverFailed, kEither, kAllKinds, TestFailoverCleanup, DrillToCleanUp,
                  kListed, kRestTest},
    OperationRule{UnplannedFailoverFailed, kHome, kAllKinds, UnplannedFailover, Always, kListed,
                  kRestFailed},
    OperationRule{UnplannedFailoverFailed, kHome, kAllKinds, TestFailover, Always, kListed,
                  kRestFailed},
    OperationRule{UnplannedFailoverFailed, kHome, kAllKinds, DisableProtection, Always, kListed,
                  kRestFailed},
    OperationRule{UnplannedFailoverFailed, kHome, kReplica, PlannedFailover, Always, kUnlisted,
                  kCutOff},
    OperationRule{UnplannedFailoverFailed, kAway, kVMware | kAzure | kSecondarySiteKinds,
                  UnplannedFailover, Always, kListed, kFailback},
    OperationRule{UnplannedFailoverFailed, kAway, kVMware | kAzure | kSecondarySiteKinds,
                  DisableProtection, Always, kListed, kManage},
    OperationRule{UnplannedFailoverFailed, kAway, kVMware | kAzure | kSecondarySiteKinds, Failback,
                  Always, kUnlisted, kFailback},
    OperationRule{UnplannedFailoverFailed, kEither, kAllKinds, RepairReplication, Always, kUnlisted,
                  kResync},
    OperationRule{UnplannedFailoverFailed, kEither, kAllKinds, RemoveReplication, Always, kUnlisted,
                  kManage},

    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kAway, kReplica, CompleteMigration,
                  Always, kListed, kRestUnplanned},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kAway, kReplica, Commit, Always,
                  kListed, kRestUnplanned},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kAway, kReplica, DisableProtection,
                  Always, kListed, kRestUnplanned},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kAway, kReplica, ChangePit, Always,
                  kListed, kRestUnplanned},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kAway, kAgent, Commit, Always, kListed,
                  kRestUnplanned},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kAway, kAgent, CompleteMigration,
                  Always, kListed, kRestUnplanned},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kAway, kAgent, ChangePit, Always,
                  kListed, kRestUnplanned},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kAway, kAgent, DisableProtection,
                  Always, kListed, kRestUnplanned},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kAway, kScout, ReverseReplicate,
                  Always, kUnlisted, kScoutGuide},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kHome, kAllKinds, Commit, Always,
                  kListed, kFailback},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kHome, kAzure | kVmm, ChangePit,
                  Always, kListed, kSymmetric},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kHome, kAllKinds, DisableProtection,
                  Always, kListed, kManage},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kHome, kScout, ReverseReplicate,
                  Always, kUnlisted, kScoutGuide},
    OperationRule{UnplannedFailoverCommitPendingStatesBegin, kEither, kAllKinds, RemoveReplication,
                  Always, kUnlisted, kManage},

    OperationRule{UnplannedFailoverCommitted, kAway, kAllKinds, CompleteMigration, Always, kListed,
                  kRestCommit},
    OperationRule{UnplannedFailoverCommitted, kAway, kAllKinds, DisableProtection, Always, kListed,
                  kRestCommit},
    OperationRule{UnplannedFailoverCommitted, kAway, kHyperV, Failback, Always, kListed,
                  kRestCommit},
    OperationRule{UnplannedFailoverCommitted, kAway, kAgent | kVmm, ReverseReplicate, Always,
                  kListed, kReprotect},
    OperationRule{UnplannedFailoverCommitted, kHome, kAllKinds, DisableProtection, Always, kListed,
                  kManage},
    OperationRule{UnplannedFailoverCommitted, kHome, kAllKinds, ReverseReplicate, Always, kListed,
                  kFailback},
    OperationRule{UnplannedFailoverCommitted, kEither, kAllKinds, RemoveReplication, Always,
                  kUnlisted, kManage},

    OperationRule{CancelFailoverStatesEnd, kEither, kAllKinds, DisableProtection, Always, kListed,
                  kFailover},
    OperationRule{CancelFailoverStatesEnd, kEither, kAllKinds, EnableReplication, Always, kUnlisted,
                  kFailover},
    OperationRule{CancelFailoverStatesEnd, kEither, kAllKinds, RemoveReplication, Always, kUnlisted,
                  kManage},

    OperationRule{ReprotectFailed, kAway, kAllKinds, CompleteMigration, Always, kListed, kCutOff},
    OperationRule{ReprotectFailed, kEither, kAllKinds, DisableProtection, Always, kListed, kCutOff},
    OperationRule{ReprotectFailed, kEither, kAllKinds, ReverseReplicate, Always, kListed,
                  kModernized},
    OperationRule{ReprotectFailed, kEither, kAllKinds, RemoveReplication, Always, kUnlisted,
                  kManage},

    OperationRule{UnprotectedStatesEnd, kEither, kAllKinds, EnableReplication, Always, kUnlisted,
                  kManage},
};

}  // namespace

std::span<const OperationRule> operation_rules() {
    return kOperationRules;
}

}  // namespace landfall
