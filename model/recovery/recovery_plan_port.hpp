// model/recovery/recovery_plan_port.hpp — all that a running recovery plan asks of its owner.
//
// Every request is answered once, by an event of RecoveryPlanRun; the answer may come within the
// call. Its token stands for this task of this run at this attempt. A plan that is rebuilt after a
// death asks again for what was under way, with the same tokens. Law: what was asked before is then
// not done a second time, but answered: when it ends, or at once when it has.
//
//   request          answers
//   run_step         on_step_ended(token, succeeded, cause)
//   synchronize      on_synchronized(machine) | on_skipped | on_failed
//   shut_down        on_shut_down(machine) | on_skipped (cannot, need not) | on_failed
//   fail_over        on_prepared(machine) | on_skipped (failed over already) | on_failed
//   start_machine    on_started(machine) | on_failed
//   operate          on_operated(machine) | on_skipped (need not) | on_failed
//   run_action       on_action_ended(token, succeeded, cause)
//   set_timeout      on_timeout(token)
//   wait_for_user    resume(comments)
#pragma once

#include <cstdint>
#include <string>

#include "model/environment/automation.hpp"
#include "model/recovery/recovery_plan_tasks.hpp"

namespace landfall {

class RecoveryPlanRun;

class RecoveryPlanPort {
  public:
    virtual ~RecoveryPlanPort() = default;

    [[nodiscard]] virtual Instant now() const = 0;

    /// Takes the time of a step that concerns the plan as a whole: `step` is Preflight or
    /// CreateTestEnvironment.
    virtual void run_step(PlanTaskKind step, std::uint64_t token) = 0;
    /// Sends what either side wrote, while the source runs.
    virtual void synchronize(MachineId machine, std::uint64_t token) = 0;
    /// Shuts the source down. Never asked in a test.
    virtual void shut_down(MachineId machine, std::uint64_t token) = 0;
    /// Fails the machine over up to the point where it could be started, and no further.
    virtual void fail_over(MachineId machine, const PlanRunOptions& options,
                           std::uint64_t token) = 0;
    virtual void start_machine(MachineId machine, std::uint64_t token) = 0;
    /// Carries out what the run is for, where that is no failover.
    virtual void operate(MachineId machine, std::uint64_t token) = 0;
    /// Runs a script or runbook.
    virtual void run_action(const ActionRequest& request) = 0;
    virtual void set_timeout(std::uint64_t token, Instant at) = 0;
    /// A manual action is due: somebody does what `description` says, then resumes the job.
    virtual void wait_for_user(std::uint64_t token, const std::string& description) = 0;

    /// What runbooks are told of a machine that was failed over.
    [[nodiscard]] virtual RecoveredMachine recovered(MachineId machine) const = 0;

    /// The record has changed and is to be kept: the task at `index`, or the state of the whole
    /// run. Nothing is answered within these two.
    virtual void task_changed(const RecoveryPlanRun& run, PlanTaskIndex index) = 0;
    virtual void state_changed(const RecoveryPlanRun& run) = 0;
};

}  // namespace landfall
