// model/recovery/job_plan.hpp — which named tasks each operation's job runs, as a table.
//
// Names are Site Recovery's where a document shows them (SR/vmware-azure-enable-replication.md,
// SR/site-recovery-failover.md, REST job examples). A task's time is a field of the service
// profile; what it does beside waiting is one of a few actions that the control plane knows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/base/units.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall {

/// The jobs there are. Finalize protection is started by the service, the others by an operation.
enum class JobKind : std::uint8_t {
    EnableProtection,
    FinalizeProtection,
    Failover,
    Commit,
    CompleteMigration,
    DisableProtection,
    Resynchronize,
};

/// What a task does besides taking its time.
enum class TaskAction : std::uint8_t {
    Wait,                      ///< nothing else
    CheckRecoveryPoint,        ///< fails when there is no point to fail over to
    StartInitialReplication,   ///< when its time is over
    AwaitRecoveryPoint,        ///< waits for the first recovery point, then takes its time
    ShutDownSource,            ///< skipped where not asked for or not possible
    SynchronizeLatestChanges,  ///< waits until the last changes before the shutdown are a point
    CreateReplicaMachine,      ///< stops replication, processes data, creates the Azure machine
    StartReplicaMachine,
    KeepChosenPoint,  ///< commit: all other recovery points are deleted
    RemoveItem,       ///< ends replication for good
    CompareDisks,     ///< resynchronization, until every disk is in write order again
};

struct TaskRow {
    JobKind job;
    std::string_view name;
    TaskAction action;
    Duration ServiceProfile::*time;  ///< null: the action alone decides
};

[[nodiscard]] std::string_view name_of(JobKind kind);
/// The tasks of a job in order.
[[nodiscard]] std::span<const TaskRow> tasks_of(JobKind kind);

}  // namespace landfall
