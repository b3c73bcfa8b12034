// model/recovery/job.hpp — what is written down of a job: all that survives the death of the
// orchestrator.
//
// Laws: a record changes only between effects, so that whoever reads it after a crash begins the
// task that it names again; an effect carries a token made of job, task and step, and the world
// carries out a token once. Names of states and actions are Site Recovery's (common.md section 6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/failover_kind.hpp"
#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/recovery/job_plan.hpp"
#include "model/storage/recovery_points.hpp"

namespace landfall {

/// Which recovery point a failover uses (SR/site-recovery-failover.md).
enum class RecoveryPointChoice : std::uint8_t {
    Latest,               ///< process all that was sent, then the newest: least loss, longest time
    LatestProcessed,      ///< the newest that is already processed: shortest time
    LatestAppConsistent,  ///< the newest application-consistent one that is processed
    Custom,               ///< the one of OperationOptions::recovery_point_time
};

struct OperationOptions {
    bool shut_down_source = true;
    RecoveryPointChoice recovery_point = RecoveryPointChoice::Latest;
    Instant recovery_point_time = {};  ///< Custom: the newest point that is not later
    DataSync data_sync = DataSync::ForDownTime;
    bool alternate_location = false;  ///< failback and reprotect: to another machine
    std::string test_network = {};
    DiskId disk = {};                     ///< add or exclude disk
    ProcessServerId process_server = {};  ///< switch process server
    bool gated = false;                   ///< waits at its gates until release() opens them
    bool whole_group = false;             ///< one order fails all of its consistency group over
    JobId parent = {};                    ///< the job of a recovery plan
    /// Of a recovery plan; an item knows its own.
    FailoverDirection direction = FailoverDirection::PrimaryToRecovery;
};

/// Why an operation did not start.
struct Refusal {
    ProtectionState state;
    std::vector<Operation> allowed;
    std::string why;
    std::string plan_state = {};  ///< of a recovery plan, instead of `state`: in words
};

/// Where the job of an item waits for its recovery plan, in the order in which it comes there.
enum class JobGate : std::uint8_t {
    None,
    ShutDown,  ///< before it shuts the source down
    FailOver,  ///< before it stops replication and makes the machine
    Start,     ///< before it starts the machine
};
/// The gate before a task that does this.
[[nodiscard]] JobGate gate_of(TaskAction action);

enum class JobState : std::uint8_t {
    NotStarted,
    InProgress,
    Succeeded,
    Failed,
    Cancelled,
    Suspended,
};
enum class TaskState : std::uint8_t { Pending, Started, Succeeded, Failed, Skipped, Cancelled };
enum class JobControl : std::uint8_t { Cancel, Resume, Restart };

[[nodiscard]] std::string_view name_of(JobState state);
[[nodiscard]] std::string_view name_of(TaskState state);
[[nodiscard]] std::string_view name_of(JobControl control);

struct TaskRecord {
    const TaskRow* row = nullptr;
    TaskState state = TaskState::Pending;
    Instant started;
    Instant ended;
};

/// The job of a recovery plan has a plan instead of a machine, and its tasks are those of its run
/// (recovery_plans.hpp).
struct JobRecord {
    JobKind kind;
    MachineId machine;
    RecoveryPlanId plan;
    OperationOptions options;
    JobState state = JobState::InProgress;
    std::string_view state_description;
    std::vector<TaskRecord> tasks;
    std::size_t task = 0;  ///< the one in progress, or the last one there was
    Instant started;
    Instant ended;
    std::string cause;
    ProtectionState state_before;
    ActiveLocation active_before = ActiveLocation::Primary;
    std::uint16_t attempt = 0;           ///< restarts of the job
    JobGate open = JobGate::None;        ///< of a gated job: the gates up to this one
    bool resumed = false;                ///< somebody answered
    std::optional<RecoveryPoint> point;  ///< that was chosen, once it was

    [[nodiscard]] bool is_over() const {
        return state == JobState::Succeeded || state == JobState::Failed ||
               state == JobState::Cancelled;
    }
    [[nodiscard]] bool is_of_plan() const { return !plan.is_none(); }
    /// Of an item's job.
    [[nodiscard]] const TaskRow& row() const { return *tasks[task].row; }
    /// Waits for release().
    [[nodiscard]] bool is_at_gate() const {
        return options.gated && !is_over() && open < gate_of(row().action);
    }
};

/// The token of an effect: `step` tells effects of one task apart.
[[nodiscard]] constexpr std::uint64_t token_of(JobId job, const JobRecord& record,
                                               std::uint64_t step = 0) {
    return (std::uint64_t{job.value} << 32U) | (std::uint64_t{record.attempt} << 16U) |
           (static_cast<std::uint64_t>(record.task) << 8U) | step;
}
/// The token of an action that no job asked for: somebody stands at the machine's console.
[[nodiscard]] constexpr std::uint64_t token_of_console(std::uint32_t number) {
    return (std::uint64_t{JobId().value} << 32U) | number;
}
/// None: somebody at a console asked.
[[nodiscard]] constexpr JobId job_of_token(std::uint64_t token) {
    return JobId(static_cast<std::uint32_t>(token >> 32U));
}

}  // namespace landfall
