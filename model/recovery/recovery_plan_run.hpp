// model/recovery/recovery_plan_run.hpp — one execution of a recovery plan, as a state machine.
//
//   preflight -> [shutdown, last group first] -> fail over all, together
//             -> for each group: pre-steps -> start its machines, together -> post-steps -> end
//   or, where the run is no failover: one operation on every machine, together
//
// Laws:
// - Stages happen one after another; within a stage all is asked for at once, except that actions
//   keep their order and machines keep their declared dependencies.
// - A planned failover stops at the first failure (what is under way may end, nothing new starts);
//   restart() goes on from there. Any other failover goes on: a machine that failed is not started,
//   those that depend on it are. A failed preflight check or test environment ends every kind.
// - A test does not shut down.
// - A machine that another plan failed over already is skipped: neither failed over nor started.
// - Rebuilt from its record the run asks again for what was under way, and for nothing that is
//   over.
// Sources: SR/site-recovery-failover.md, SR/hyper-v-vmm-recovery-script.md (stop or go on),
// SR/recovery-plan-overview.md (order), SR/site-recovery-runbook-automation.md (context). That a
// test goes on after a failure, and the order of the shutdown, are read into them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/recovery/recovery_plan_port.hpp"

namespace landfall {

enum class PlanRunState : std::uint8_t {
    NotStarted,
    InProgress,
    Suspended,  ///< WaitingForManualAction
    Succeeded,
    PartiallySucceeded,  ///< some machine was recovered, and something failed
    Failed,
    Cancelled,
};

[[nodiscard]] std::string_view name_of(PlanRunState state);

/// All that a run is: kept by its owner, it outlives the orchestrator.
struct RecoveryPlanRecord {
    PlanRunOptions options;
    std::uint32_t run = 0;  ///< no other run has it: tokens are made of it
    PlanRunState state = PlanRunState::NotStarted;
    PlanTaskTree tasks;
    bool operator==(const RecoveryPlanRecord&) const = default;
};

/// The record of a run that has not begun.
[[nodiscard]] RecoveryPlanRecord new_run(const RecoveryPlan& plan, const PlanRunOptions& options,
                                         std::uint32_t run);

class RecoveryPlanRun {
  public:
    /// `plan` and `port` outlive the run. Nothing happens before go_on().
    RecoveryPlanRun(const RecoveryPlan& plan, RecoveryPlanPort& port, RecoveryPlanRecord record);

    [[nodiscard]] const RecoveryPlan& plan() const { return plan_; }
    [[nodiscard]] const RecoveryPlanRecord& record() const { return record_; }
    [[nodiscard]] PlanRunState state() const { return record_.state; }
    [[nodiscard]] bool is_over() const;
    /// The running task that `token` stands for; none: it is over, or of another attempt or run.
    [[nodiscard]] std::optional<PlanTaskIndex> task_of(std::uint64_t token) const;

    /// Begins a new run, or goes on with a rebuilt one. Once.
    void go_on();

    // --- Answers of the port. What nobody waits for any more is passed over.
    void on_step_ended(std::uint64_t token, bool succeeded, std::string_view cause);
    void on_synchronized(MachineId machine);
    void on_shut_down(MachineId machine);
    void on_prepared(MachineId machine);
    void on_started(MachineId machine);
    void on_operated(MachineId machine);
    /// Whatever the machine was asked for last has failed.
    void on_failed(MachineId machine, std::string_view cause);
    /// Whatever the machine was asked for last need not or cannot be done.
    void on_skipped(MachineId machine);
    void on_action_ended(std::uint64_t token, bool succeeded, std::string_view cause);
    void on_timeout(std::uint64_t token);

    // --- Orders of the user; each tells why not, when not.
    /// The manual action is done.
    std::optional<std::string> resume(std::string_view comments);
    /// Begins what failed anew; what succeeded stays as it is.
    std::optional<std::string> restart();
    /// Starts nothing more. Answers to what is under way are passed over.
    std::optional<std::string> cancel();

  private:
    [[nodiscard]] std::uint64_t token_of(PlanTaskIndex index) const;
    [[nodiscard]] std::optional<PlanTaskIndex> current_stage() const;
    [[nodiscard]] std::optional<PlanTaskIndex> running_task(MachineId machine,
                                                            PlanTaskKind kind) const;
    [[nodiscard]] const PlanTask* failover_of(MachineId machine) const;
    [[nodiscard]] bool has_failed(PlanTaskRange range) const;
    [[nodiscard]] bool is_left_out(const PlanTask& task) const;
    [[nodiscard]] bool may_start(const PlanTask& task) const;
    [[nodiscard]] bool must_stop() const;
    [[nodiscard]] bool is_asked(PlanTaskIndex index) const;
    [[nodiscard]] const PlanAction& action_of(const PlanTask& task) const;
    [[nodiscard]] RecoveryPlanContext context_for(PlanTaskIndex index) const;
    [[nodiscard]] bool is_known(MachineId machine) const;

    void set_state(PlanRunState state);
    void advance();
    bool step();
    bool step_stage(PlanTaskIndex stage, PlanTaskRange range);
    void begin(PlanTaskIndex index);
    void ask(PlanTaskIndex index);
    void ask_action(PlanTaskIndex index);
    void end(PlanTaskIndex index, PlanTaskState state, std::string_view detail);
    void end_machine_task(MachineId machine, PlanTaskKind kind);
    void end_last_asked(MachineId machine, PlanTaskState state, std::string_view detail);
    void end_stage(PlanTaskIndex stage, PlanTaskRange range);
    void finish();
    void cancel_tasks();
    void begin_anew(PlanTaskIndex index);
    [[nodiscard]] bool is_to_begin_anew(const PlanTask& task) const;

    const RecoveryPlan& plan_;
    RecoveryPlanPort& port_;
    RecoveryPlanRecord record_;
    bool advancing_ = false;
};

}  // namespace landfall
