// model/recovery/recovery_plan_tasks.hpp — what a recovery plan is going to do, as a tree of tasks.
//
// The tree is made once, when the job starts, and is all that the job remembers: its stages stand
// in the order in which they happen, and below a stage stand its actions or machines. Written down
// after every change it lets another orchestrator go on where one died.
// Names: "Recovery plan preflight checks", "Create test environment", "Recovery plan failover" and
// "All groups failover: Pre steps (1)" are REST's (REST18:ReplicationJobs_*), "Group 1: pre-steps"
// is the portal's (SR/site-recovery-create-recovery-plans.md); the others are made like them.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/estate/recovery_plan.hpp"

namespace landfall {

/// What a run does with the machines of its plan.
enum class PlanWork : std::uint8_t { FailOver, CleanUpTest, Commit, Reprotect };

/// What a plan is run for.
struct PlanRunOptions {
    FailoverType type = FailoverType::Unplanned;
    FailoverDirection direction = FailoverDirection::PrimaryToRecovery;
    bool shut_down_source = true;        ///< of an unplanned failover; a planned one always does
    PlanWork work = PlanWork::FailOver;  ///< all but a failover: machine by machine, at once
    bool synchronize = false;  ///< before the shutdown, while the machines run: "minimise downtime"
    bool operator==(const PlanRunOptions&) const = default;
};

/// Index into PlanTaskTree.
using PlanTaskIndex = std::uint32_t;
inline constexpr PlanTaskIndex kNoPlanTask = std::numeric_limits<PlanTaskIndex>::max();

enum class PlanTaskKind : std::uint8_t {
    // Stages without tasks of their own
    Preflight,
    CreateTestEnvironment,
    // Stages
    Actions,      ///< one after another
    Synchronize,  ///< of all machines
    Shutdown,     ///< of a group; dependents first
    Failover,     ///< of all machines, or of a group's
    Start,        ///< of a group; dependents last
    Items,        ///< an operation on every machine
    // What stands below them
    RunAction,
    SynchronizeMachine,
    ShutDownMachine,
    FailOverMachine,
    StartMachine,
    OperateMachine,
};

enum class PlanTaskState : std::uint8_t { Pending, Started, Succeeded, Failed, Skipped, Cancelled };

[[nodiscard]] std::string_view name_of(PlanTaskState state);
[[nodiscard]] std::string_view name_of(PlanTaskKind kind);

struct PlanTask {
    std::string name;
    PlanTaskKind kind = PlanTaskKind::Preflight;
    PlanTaskIndex parent = kNoPlanTask;  ///< none: a stage
    std::string group_id = {};           ///< "1" to "7", "Shutdown", "Failover", or nothing
    MachineId machine = {};
    RecoveryActionId action = {};
    std::vector<PlanTaskIndex> after = {};  ///< tasks of the same stage that end before it starts
    PlanTaskState state = PlanTaskState::Pending;
    std::uint32_t attempt = 0;  ///< how often it was begun anew after a failure
    std::optional<Instant> started = {};
    std::optional<Instant> ended = {};
    std::string detail = {};  ///< why it failed, or what the user said when resuming

    [[nodiscard]] bool is_stage() const { return parent == kNoPlanTask; }
    [[nodiscard]] bool is_over() const {
        return state != PlanTaskState::Pending && state != PlanTaskState::Started;
    }
    bool operator==(const PlanTask&) const = default;
};

/// Stages in the order of execution, each directly followed by what stands below it.
using PlanTaskTree = std::vector<PlanTask>;

/// The tasks of a run, all pending. Actions that do not belong to this kind of failover are not
/// there. Requires a plan that recovery_plan_check found nothing wrong with.
[[nodiscard]] PlanTaskTree make_task_tree(const RecoveryPlan& plan, const PlanRunOptions& options);

/// The first task below the stage at `stage`, and the one after the last.
struct PlanTaskRange {
    PlanTaskIndex first = 0;
    PlanTaskIndex last = 0;
    [[nodiscard]] bool empty() const { return first == last; }
};
[[nodiscard]] PlanTaskRange below(const PlanTaskTree& tree, PlanTaskIndex stage);

/// The chain of finished tasks that the end of the plan waited for, first to last: each one could
/// only start when the one before it had ended. Shortening any other task does not end the plan
/// earlier. Stages that hold tasks are not in it; what was skipped neither.
[[nodiscard]] std::vector<PlanTaskIndex> critical_path(const PlanTaskTree& tree);

}  // namespace landfall
