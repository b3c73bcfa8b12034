// model/recovery/recovery_plan_run.cpp — stage by stage through the tree of tasks.
#include "model/recovery/recovery_plan_run.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"

namespace landfall {

namespace {

// A token holds the run, the attempt and the task.
constexpr unsigned kTaskBits = 16;
constexpr unsigned kAttemptBits = 16;

bool is_runs_end(PlanRunState state) {
    return state == PlanRunState::Succeeded || state == PlanRunState::PartiallySucceeded ||
           state == PlanRunState::Failed || state == PlanRunState::Cancelled;
}

}  // namespace

std::string_view name_of(PlanRunState state) {
    constexpr std::array<std::string_view, 7> kNames = {
        "NotStarted",         "InProgress", "Suspended", "Succeeded",
        "PartiallySucceeded", "Failed",     "Cancelled"};
    return kNames[static_cast<std::size_t>(state)];
}

RecoveryPlanRecord new_run(const RecoveryPlan& plan, const PlanRunOptions& options,
                           std::uint32_t run) {
    return {options, run, PlanRunState::NotStarted, make_task_tree(plan, options)};
}

RecoveryPlanRun::RecoveryPlanRun(const RecoveryPlan& plan, RecoveryPlanPort& port,
                                 RecoveryPlanRecord record)
    : plan_(plan), port_(port), record_(std::move(record)) {
    LANDFALL_CHECK(record_.tasks.size() < (1U << kTaskBits), "a token has room for every task");
}

bool RecoveryPlanRun::is_over() const {
    return is_runs_end(record_.state);
}

// --- Looking things up

std::uint64_t RecoveryPlanRun::token_of(PlanTaskIndex index) const {
    const std::uint32_t attempt = record_.tasks[index].attempt;
    LANDFALL_CHECK(attempt < (1U << kAttemptBits), "a token has room for every attempt");
    return (std::uint64_t{record_.run} << (kTaskBits + kAttemptBits)) |
           (std::uint64_t{attempt} << kTaskBits) | index;
}

std::optional<PlanTaskIndex> RecoveryPlanRun::task_of(std::uint64_t token) const {
    const auto index = static_cast<PlanTaskIndex>(token & ((1U << kTaskBits) - 1));
    if (index >= record_.tasks.size() || token_of(index) != token) return std::nullopt;
    if (is_over() || record_.tasks[index].state != PlanTaskState::Started) return std::nullopt;
    return index;
}

std::optional<PlanTaskIndex> RecoveryPlanRun::current_stage() const {
    for (PlanTaskIndex index = 0; index < record_.tasks.size(); ++index) {
        if (record_.tasks[index].is_stage() && !record_.tasks[index].is_over()) return index;
    }
    return std::nullopt;
}

std::optional<PlanTaskIndex> RecoveryPlanRun::running_task(MachineId machine,
                                                           PlanTaskKind kind) const {
    if (is_over()) return std::nullopt;
    for (PlanTaskIndex index = 0; index < record_.tasks.size(); ++index) {
        const PlanTask& task = record_.tasks[index];
        if (task.kind == kind && task.machine == machine && task.state == PlanTaskState::Started) {
            return index;
        }
    }
    return std::nullopt;
}

const PlanTask* RecoveryPlanRun::failover_of(MachineId machine) const {
    const auto found =
        std::find_if(record_.tasks.begin(), record_.tasks.end(), [machine](const PlanTask& task) {
            return task.kind == PlanTaskKind::FailOverMachine && task.machine == machine;
        });
    LANDFALL_CHECK(found != record_.tasks.end(), "every machine of a plan is failed over");
    return &*found;
}

bool RecoveryPlanRun::has_failed(PlanTaskRange range) const {
    const auto first = record_.tasks.begin() + range.first;
    return std::any_of(first, record_.tasks.begin() + range.last,
                       [](const PlanTask& task) { return task.state == PlanTaskState::Failed; });
}

/// A machine that is not at the target, or runs there already, is not started.
bool RecoveryPlanRun::is_left_out(const PlanTask& task) const {
    return task.kind == PlanTaskKind::StartMachine &&
           failover_of(task.machine)->state != PlanTaskState::Succeeded;
}

bool RecoveryPlanRun::may_start(const PlanTask& task) const {
    if (task.state != PlanTaskState::Pending) return false;
    return is_left_out(task) ||
           std::all_of(task.after.begin(), task.after.end(),
                       [this](PlanTaskIndex before) { return record_.tasks[before].is_over(); });
}

const PlanAction& RecoveryPlanRun::action_of(const PlanTask& task) const {
    const PlanAction* found = nullptr;
    const auto look = [&](const PlanSteps& steps) {
        for (const auto* list : {&steps.before, &steps.after}) {
            for (const PlanAction& action : *list) {
                if (action.id == task.action) found = &action;
            }
        }
    };
    look(plan_.shutdown);
    look(plan_.failover);
    for (const PlanGroup& group : plan_.groups) look(group.steps);
    LANDFALL_CHECK(found, "a record belongs to the plan that it was made from");
    return *found;
}

/// Whether the machine is at the target, up to now without a failure.
bool RecoveryPlanRun::is_known(MachineId machine) const {
    const PlanTaskState state = failover_of(machine)->state;
    if (state != PlanTaskState::Succeeded && state != PlanTaskState::Skipped) return false;
    return std::none_of(record_.tasks.begin(), record_.tasks.end(), [&](const PlanTask& task) {
        return task.kind == PlanTaskKind::StartMachine && task.machine == machine &&
               task.state == PlanTaskState::Failed;
    });
}

/// SR/site-recovery-runbook-automation.md: the map is blank in the pre-steps of group 1, and for a
/// machine that failed.
RecoveryPlanContext RecoveryPlanRun::context_for(PlanTaskIndex index) const {
    const auto start = std::find_if(record_.tasks.begin(), record_.tasks.end(),
                                    [](const auto& t) { return t.kind == PlanTaskKind::Start; });
    const bool blank = record_.tasks.begin() + index < start;
    RecoveryPlanContext context{plan_.name,
                                record_.options.type,
                                record_.options.direction,
                                record_.tasks[index].group_id,
                                {}};
    for (const PlanGroup& group : plan_.groups) {
        for (const PlanItem& item : group.items) {
            const bool told = !blank && is_known(item.machine);
            context.vm_map.push_back(
                {item.machine, told ? port_.recovered(item.machine) : RecoveredMachine()});
        }
    }
    return context;
}

/// Whether the port does it: every task but a stage that holds others.
bool RecoveryPlanRun::is_asked(PlanTaskIndex index) const {
    return !record_.tasks[index].is_stage() || below(record_.tasks, index).empty();
}

// --- Going on

void RecoveryPlanRun::set_state(PlanRunState state) {
    if (record_.state == state) return;
    record_.state = state;
    port_.state_changed(*this);
}

void RecoveryPlanRun::go_on() {
    if (record_.state == PlanRunState::Cancelled) cancel_tasks();
    if (is_over()) return;
    set_state(PlanRunState::InProgress);  // a manual action suspends it again
    advancing_ = true;
    for (PlanTaskIndex index = 0; index < record_.tasks.size(); ++index) {
        if (!is_asked(index) || record_.tasks[index].state != PlanTaskState::Started) continue;
        if (mutant(Mutant::ScriptRunAgain)) ++record_.tasks[index].attempt;
        ask(index);
    }
    advancing_ = false;
    advance();
}

/// Does all that can be done now. An answer that comes within a request is seen by the loop that is
/// at work.
void RecoveryPlanRun::advance() {
    if (advancing_) return;
    advancing_ = true;
    while (!is_over() && step()) {
    }
    advancing_ = false;
}

/// Does one thing; false: there is nothing to do but wait.
bool RecoveryPlanRun::step() {
    const std::optional<PlanTaskIndex> stage = current_stage();
    if (!stage || must_stop()) {
        finish();
        return false;
    }
    const PlanTaskRange range = below(record_.tasks, *stage);
    if (record_.tasks[*stage].state == PlanTaskState::Pending) {
        begin(*stage);
        return true;
    }
    return range.empty() ? false : step_stage(*stage, range);
}

bool RecoveryPlanRun::step_stage(PlanTaskIndex stage, PlanTaskRange range) {
    const bool stops = record_.options.type == FailoverType::Planned && has_failed(range);
    bool waits = false;
    bool is_left = false;
    for (PlanTaskIndex index = range.first; index < range.last; ++index) {
        const PlanTask& task = record_.tasks[index];
        if (!stops && may_start(task)) {
            begin(index);
            return true;
        }
        waits = waits || task.state == PlanTaskState::Started;
        is_left = is_left || task.state == PlanTaskState::Pending;
    }
    const bool goes_on = mutant(Mutant::GroupBootsEarly) && !is_left &&
                         record_.tasks[stage].kind == PlanTaskKind::Start;
    if (waits && !goes_on) return false;
    LANDFALL_CHECK(stops || !is_left, "the dependencies of a checked plan have no cycle");
    end_stage(stage, range);
    return true;
}

void RecoveryPlanRun::begin(PlanTaskIndex index) {
    PlanTask& task = record_.tasks[index];
    if (is_left_out(task)) {
        end(index, PlanTaskState::Skipped, "");
        return;
    }
    task.state = PlanTaskState::Started;
    if (!task.started) task.started = port_.now();
    port_.task_changed(*this, index);
    if (is_asked(index)) ask(index);
}

void RecoveryPlanRun::ask(PlanTaskIndex index) {
    const PlanTask& task = record_.tasks[index];
    switch (task.kind) {
        case PlanTaskKind::Preflight:
        case PlanTaskKind::CreateTestEnvironment:
            port_.run_step(task.kind, token_of(index));
            return;
        case PlanTaskKind::SynchronizeMachine:
            port_.synchronize(task.machine, token_of(index));
            return;
        case PlanTaskKind::OperateMachine: port_.operate(task.machine, token_of(index)); return;
        case PlanTaskKind::ShutDownMachine: port_.shut_down(task.machine, token_of(index)); return;
        case PlanTaskKind::FailOverMachine:
            port_.fail_over(task.machine, record_.options, token_of(index));
            return;
        case PlanTaskKind::StartMachine: port_.start_machine(task.machine, token_of(index)); return;
        case PlanTaskKind::RunAction: ask_action(index); return;
        default: LANDFALL_CHECK(false, "what is asked for is a step, a machine or an action");
    }
}

void RecoveryPlanRun::ask_action(PlanTaskIndex index) {
    const PlanTask& task = record_.tasks[index];
    const PlanAction& action = action_of(task);
    const std::uint64_t token = token_of(index);
    if (action.kind == PlanActionKind::Manual) {
        if (mutant(Mutant::ManualActionSkipped)) {
            end(index, PlanTaskState::Succeeded, "");
            return;
        }
        set_state(PlanRunState::Suspended);
        port_.wait_for_user(token, action.description);
        return;
    }
    const RecoveryPlanContext context = context_for(index);
    port_.set_timeout(token, std::max(port_.now(), *task.started + action.timeout));
    port_.run_action({token, task.action, context});
}

void RecoveryPlanRun::end(PlanTaskIndex index, PlanTaskState state, std::string_view detail) {
    PlanTask& task = record_.tasks[index];
    task.state = state;
    if (task.started) task.ended = port_.now();
    task.detail = detail;
    port_.task_changed(*this, index);
}

void RecoveryPlanRun::end_stage(PlanTaskIndex stage, PlanTaskRange range) {
    const bool failed = has_failed(range);
    const bool skipped =
        std::all_of(record_.tasks.begin() + range.first, record_.tasks.begin() + range.last,
                    [](const PlanTask& task) { return task.state == PlanTaskState::Skipped; });
    end(stage,
        failed    ? PlanTaskState::Failed
        : skipped ? PlanTaskState::Skipped
                  : PlanTaskState::Succeeded,
        "");
}

/// Whether a stage has failed that nothing may come after.
bool RecoveryPlanRun::must_stop() const {
    return std::any_of(record_.tasks.begin(), record_.tasks.end(), [this](const PlanTask& task) {
        if (!task.is_stage() || task.state != PlanTaskState::Failed) return false;
        const bool is_planned =
            record_.options.type == FailoverType::Planned && !mutant(Mutant::PlannedPlanGoesOn);
        return is_planned || task.kind == PlanTaskKind::Preflight ||
               task.kind == PlanTaskKind::CreateTestEnvironment;
    });
}

/// Unless all went well the run has failed; partly, when it need not stop and some machine was
/// recovered.
void RecoveryPlanRun::finish() {
    const auto any = [this](const auto& holds) {
        return std::any_of(record_.tasks.begin(), record_.tasks.end(), holds);
    };
    const bool failed =
        any([](const PlanTask& task) { return task.state == PlanTaskState::Failed; });
    const bool recovered = any([](const PlanTask& task) {
        const bool recovers =
            task.kind == PlanTaskKind::StartMachine || task.kind == PlanTaskKind::OperateMachine;
        return recovers && task.state == PlanTaskState::Succeeded;
    });
    if (!failed) {
        set_state(PlanRunState::Succeeded);
    } else {
        set_state(recovered && !must_stop() ? PlanRunState::PartiallySucceeded
                                            : PlanRunState::Failed);
    }
}

// --- Answers

void RecoveryPlanRun::on_step_ended(std::uint64_t token, bool succeeded, std::string_view cause) {
    const auto index = task_of(token);
    if (!index) return;
    end(*index, succeeded ? PlanTaskState::Succeeded : PlanTaskState::Failed, cause);
    advance();
}

void RecoveryPlanRun::end_machine_task(MachineId machine, PlanTaskKind kind) {
    const auto index = running_task(machine, kind);
    if (!index) return;
    end(*index, PlanTaskState::Succeeded, "");
    advance();
}

void RecoveryPlanRun::end_last_asked(MachineId machine, PlanTaskState state,
                                     std::string_view detail) {
    using enum PlanTaskKind;
    for (const PlanTaskKind kind :
         {SynchronizeMachine, ShutDownMachine, FailOverMachine, StartMachine, OperateMachine}) {
        const auto index = running_task(machine, kind);
        if (!index) continue;
        end(*index, state, detail);
        break;
    }
    advance();
}

void RecoveryPlanRun::on_synchronized(MachineId machine) {
    end_machine_task(machine, PlanTaskKind::SynchronizeMachine);
}

void RecoveryPlanRun::on_operated(MachineId machine) {
    end_machine_task(machine, PlanTaskKind::OperateMachine);
}

void RecoveryPlanRun::on_shut_down(MachineId machine) {
    end_machine_task(machine, PlanTaskKind::ShutDownMachine);
}

void RecoveryPlanRun::on_prepared(MachineId machine) {
    end_machine_task(machine, PlanTaskKind::FailOverMachine);
}

void RecoveryPlanRun::on_started(MachineId machine) {
    end_machine_task(machine, PlanTaskKind::StartMachine);
}

void RecoveryPlanRun::on_failed(MachineId machine, std::string_view cause) {
    end_last_asked(machine, PlanTaskState::Failed, cause);
}

void RecoveryPlanRun::on_skipped(MachineId machine) {
    end_last_asked(machine, PlanTaskState::Skipped, "");
}

void RecoveryPlanRun::on_action_ended(std::uint64_t token, bool succeeded, std::string_view cause) {
    const auto index = task_of(token);
    if (!index || record_.tasks[*index].kind != PlanTaskKind::RunAction) return;
    if (mutant(Mutant::ScriptFailureIgnored)) succeeded = true;
    end(*index, succeeded ? PlanTaskState::Succeeded : PlanTaskState::Failed, cause);
    advance();
}

void RecoveryPlanRun::on_timeout(std::uint64_t token) {
    const auto index = task_of(token);
    if (!index || record_.tasks[*index].kind != PlanTaskKind::RunAction) return;
    end(*index, PlanTaskState::Failed, "timed out");
    advance();
}

// --- Orders

std::optional<std::string> RecoveryPlanRun::resume(std::string_view comments) {
    if (record_.state != PlanRunState::Suspended) {
        return "the job is " + std::string(name_of(record_.state)) +
               ": only a job that waits for a manual action is resumed";
    }
    for (PlanTaskIndex index = 0; index < record_.tasks.size(); ++index) {
        const PlanTask& task = record_.tasks[index];
        if (task.kind != PlanTaskKind::RunAction || task.state != PlanTaskState::Started) continue;
        end(index, PlanTaskState::Succeeded, comments);
    }
    set_state(PlanRunState::InProgress);
    advance();
    return std::nullopt;
}

/// What failed, and what was left out because of that. Sources of machines that are at the target
/// by now stay as they are.
bool RecoveryPlanRun::is_to_begin_anew(const PlanTask& task) const {
    if (task.is_stage()) return task.state == PlanTaskState::Failed;
    if (task.kind == PlanTaskKind::StartMachine && task.state == PlanTaskState::Skipped) {
        // Pending: an orchestrator died within an earlier restart.
        const PlanTaskState failover = failover_of(task.machine)->state;
        return failover == PlanTaskState::Failed || failover == PlanTaskState::Pending;
    }
    if (task.state != PlanTaskState::Failed) return false;
    return task.kind != PlanTaskKind::ShutDownMachine ||
           failover_of(task.machine)->state != PlanTaskState::Succeeded;
}

void RecoveryPlanRun::begin_anew(PlanTaskIndex index) {
    PlanTask& task = record_.tasks[index];
    task.state = PlanTaskState::Pending;
    task.ended.reset();
    task.detail.clear();
    if (is_asked(index)) {
        task.started.reset();
        ++task.attempt;
    }
    port_.task_changed(*this, index);
}

std::optional<std::string> RecoveryPlanRun::restart() {
    if (record_.state != PlanRunState::Failed &&
        record_.state != PlanRunState::PartiallySucceeded) {
        return "the job is " + std::string(name_of(record_.state)) +
               ": only a job that failed is restarted";
    }
    std::vector<PlanTaskIndex> anew;
    for (PlanTaskIndex index = 0; index < record_.tasks.size(); ++index) {
        if (!is_to_begin_anew(record_.tasks[index])) continue;
        // The stage first: whoever dies in between leaves nothing pending in a stage that is over.
        const PlanTaskIndex stage = record_.tasks[index].parent;
        const bool known =
            stage == kNoPlanTask || std::find(anew.begin(), anew.end(), stage) != anew.end();
        if (!known) anew.push_back(stage);
        anew.push_back(index);
    }
    for (const PlanTaskIndex index : anew) begin_anew(index);
    set_state(PlanRunState::InProgress);
    advance();
    return std::nullopt;
}

std::optional<std::string> RecoveryPlanRun::cancel() {
    if (is_over()) {
        return "the job is " + std::string(name_of(record_.state)) + ": it has ended already";
    }
    set_state(PlanRunState::Cancelled);
    cancel_tasks();
    return std::nullopt;
}

void RecoveryPlanRun::cancel_tasks() {
    for (PlanTaskIndex index = 0; index < record_.tasks.size(); ++index) {
        if (!record_.tasks[index].is_over()) end(index, PlanTaskState::Cancelled, "");
    }
}

}  // namespace landfall
