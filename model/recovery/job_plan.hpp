// model/recovery/job_plan.hpp — which named tasks each operation's job runs, as a table.
//
// Names are Site Recovery's where a document shows them (SR/vmware-azure-enable-replication.md,
// SR/site-recovery-failover.md, hyper-v-azure-architecture.md, REST job examples). A task's time is
// a field of the service profile; what it does beside waiting is one of a few actions that the
// control plane knows. A row may belong to some machines or some forms of the operation only.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/base/units.hpp"
#include "model/profile/service_profile.hpp"
#include "model/recovery/operations.hpp"

namespace landfall {

/// The jobs there are. Finalize protection is started by the service, the others by an operation.
enum class JobKind : std::uint8_t {
    EnableProtection,
    FinalizeProtection,
    TestFailover,
    TestFailoverCleanup,
    PlannedFailover,
    Failover,
    Failback,
    ChangeRecoveryPoint,
    Commit,
    ReverseReplicate,
    CompleteMigration,
    DisableProtection,
    RemoveReplication,
    Resynchronize,
    AddDisks,
    RemoveDisks,
    SwitchProcessServer,
    PauseReplication,
    ResumeReplication,
    CancelFailover,  ///< of a failback to VMware; all others are simply ended
    Count,
};

/// What a task does besides taking its time. Each can be begun again after the death of the
/// orchestrator, and then does nothing twice.
enum class TaskAction : std::uint8_t {
    Wait,                      ///< nothing else
    CheckCompatibility,        ///< fails with every reason why the machine cannot be protected
    CheckRecoveryPoint,        ///< fails without a point to fail over to, or without room for it
    CheckReprotect,            ///< fails until the agent has registered again
    CheckFailback,             ///< the machine at home is off before it is written over
    CheckMachine,              ///< fails where the machine that the item is to go on with is gone
    StartInitialReplication,   ///< when its time is over
    AwaitRecoveryPoint,        ///< waits for the first recovery point, then takes its time
    ShutDownSource,            ///< skipped where not asked for or not possible
    ShutDownSourceOrFail,      ///< a planned failover does not go on without it
    SynchronizeLatestChanges,  ///< waits until the last changes before the shutdown are a point
    SynchronizeOrFail,         ///< the same, and fails if they cannot be
    CreateReplicaMachine,      ///< stops replication, processes data, creates the machine
    StartReplicaMachine,       ///< at a gate of a recovery plan, waits for it first
    CreateTestMachine,
    PrepareTestMachine,
    StartTestMachine,
    DeleteTestMachine,
    ReplaceReplicaMachine,  ///< another recovery point: deletes the machine, and creates it anew
    KeepChosenPoint,        ///< commit: all other recovery points are deleted
    StartReverse,           ///< replication begins in the other direction; waits for its copies
    ShutDownAbandoned,      ///< the machine at home, which the cancelled failback made or started
    StartSourceAgain,       ///< the machine that a cancelled failback shut down
    AwaitUser,              ///< until somebody resumes the job
    RemoveItem,             ///< ends replication for good
    CompareDisks,           ///< resynchronization, until every disk is in write order again
    // Each takes its time first; what it begins goes on after the job (site_recovery_disks.cpp).
    AddDisk,
    RemoveDisk,
    SwitchServer,
    PauseReplicating,
    ResumeReplicating,
};

/// For which machines and requests a task exists.
enum class TaskFor : std::uint8_t {
    All,
    MachinesWithAgent,  ///< a Mobility service inside the machine
    HyperV,             ///< the host replicates
    MinimiseDowntime,   ///< a failback that synchronises while the machine runs
    FullDownload,       ///< a failback that shuts the machine down first
};

struct TaskRow {
    JobKind job;
    std::string_view name;
    TaskAction action;
    Duration ServiceProfile::*time = nullptr;  ///< null: the action alone decides
    TaskFor whose = TaskFor::All;
};

/// How a failback brings the data home (common.md 1.10: DataSyncStatus).
enum class DataSync : std::uint8_t {
    ForDownTime,         ///< "minimise downtime": differences travel while the machine runs
    ForSynchronization,  ///< "full download": the machine is shut down first
};

[[nodiscard]] std::string_view name_of(JobKind kind);
/// The operation that a job carries out; Finalize protection is the end of Enable replication.
[[nodiscard]] Operation operation_of(JobKind kind);
/// The job of an operation. Requires one that is carried out by a job of its own.
[[nodiscard]] JobKind job_of(Operation operation);
/// Every row of a job, in order.
[[nodiscard]] std::span<const TaskRow> tasks_of(JobKind kind);
/// The rows that a machine of `kind` goes through.
[[nodiscard]] std::vector<const TaskRow*> tasks_of(JobKind job, ScenarioKind kind, DataSync sync);
/// The host replicates, and no agent is in the machine.
[[nodiscard]] bool is_hyper_v(ScenarioKind kind);

}  // namespace landfall
