// sim/faults/phases.hpp — what a machine is going through, as far as faults and coverage tell it
// apart.
//
// A phase is a state of the data path, a moment of it, a task of a job in Site Recovery's words, or
// what its recovery plan is at: those come from the tables of tasks, so that a new task is a new
// phase by itself. Classes gather phases for the table of fault kinds.
// Source: replication-and-test-lab, part 3 (coverage goal).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/recovery/job_plan.hpp"
#include "model/recovery/recovery_plan_tasks.hpp"

namespace landfall::faults {

enum class PhaseClass : std::uint8_t {
    Idle,  ///< not replicated
    Enabling,
    InitialCopy,
    Journal,
    Marker,
    Apply,
    Publish,
    Prune,
    Disconnected,
    Resync,
    TestFailover,
    Failover,
    Commit,
    Reprotect,
    Failback,
    CompleteMigration,
    Disabling,
    RecoveryPlan,
    Count,
};

class PhaseClasses {
  public:
    constexpr PhaseClasses(std::initializer_list<PhaseClass> classes) {
        for (const PhaseClass each : classes) bits_ |= bit(each);
    }
    [[nodiscard]] constexpr bool contains(PhaseClass each) const {
        return (bits_ & bit(each)) != 0;
    }
    [[nodiscard]] constexpr PhaseClasses operator|(PhaseClasses other) const {
        other.bits_ |= bits_;
        return other;
    }

  private:
    static constexpr std::uint32_t bit(PhaseClass each) {
        return 1U << static_cast<unsigned>(each);
    }
    std::uint32_t bits_ = 0;
};

/// Index into phases().
using PhaseId = std::uint32_t;

/// The phases that are no tasks, in the order in which they begin phases().
enum class PathPhase : PhaseId {
    Idle,
    InitialCopy,
    Journal,
    MarkerPrepare,  ///< a group's marker is placed and not decided
    MarkerCommit,   ///< it is decided and not published
    Apply,
    Publish,
    Prune,
    Disconnected,
    ResyncRequired,
    Resync,
    TestMachine,  ///< a test failover waits for its user
    Count,
};

/// What a recovery plan is at, behind the tasks in phases(): one phase for each kind of task, and
/// two more, since a plan acts before and after its groups and may wait for people.
enum class PlanPhase : PhaseId {
    Preflight,
    CreateTestEnvironment,
    Synchronize,
    Shutdown,
    Failover,
    Start,
    Operation,
    ActionBefore,  ///< a script or runbook
    ActionAfter,
    ManualAction,  ///< it waits for somebody
    Count,
};

struct Phase {
    std::string name;
    PhaseClass phase_class = PhaseClass::Idle;
};

[[nodiscard]] std::span<const Phase> phases();
[[nodiscard]] constexpr PhaseId phase_of(PathPhase phase) {
    return static_cast<PhaseId>(phase);
}
/// The phase of a task. Requires a row of tasks_of().
[[nodiscard]] PhaseId phase_of(const TaskRow& task);
[[nodiscard]] PhaseId phase_of(PlanPhase phase);
/// The phase of a task of a plan that is under way; `manual`: it waits for somebody. None: of a
/// stage that holds tasks.
[[nodiscard]] std::optional<PlanPhase> plan_phase_of(const PlanTaskTree& tree, PlanTaskIndex task,
                                                     bool manual);
[[nodiscard]] std::string_view name_of(PhaseClass phase_class);

}  // namespace landfall::faults
