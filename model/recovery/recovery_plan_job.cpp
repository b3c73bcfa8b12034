// model/recovery/recovery_plan_job.cpp — from what a run asks for to jobs of items, and from how
// far these are to answers.
#include "model/recovery/recovery_plan_job.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "model/recovery/site_recovery.hpp"

namespace landfall {

namespace {

/// Whether a job has a task that does one of these, and how it went; null: it has none.
const TaskRecord* shutdown_of(const JobRecord& job) {
    const auto found = std::find_if(job.tasks.begin(), job.tasks.end(), [](const auto& task) {
        return gate_of(task.row->action) == JobGate::ShutDown;
    });
    return found == job.tasks.end() ? nullptr : &*found;
}

/// The job has come to a gate, or is past it.
bool has_come_to(const JobRecord& job, JobGate gate) {
    if (job.state == JobState::Succeeded) return true;
    const auto last = job.tasks.begin() + static_cast<std::ptrdiff_t>(job.task) + 1;
    return std::any_of(job.tasks.begin(), last,
                       [gate](const auto& task) { return gate_of(task.row->action) >= gate; });
}

}  // namespace

RecoveryPlanJob::RecoveryPlanJob(const Estate& estate, const Environment& environment,
                                 SiteRecovery& items, PlanJobHost& host, PlanJobRecord record)
    : estate_(estate),
      environment_(environment),
      items_(items),
      host_(host),
      record_(std::move(record)) {}

bool RecoveryPlanJob::is_over() const {
    return items_.job(record_.job).is_over();
}

RecoveryPlanRun& RecoveryPlanJob::run() {
    RecoveryPlanPort& port = *this;
    if (!run_) run_ = std::make_unique<RecoveryPlanRun>(plan(), port, record_.run);
    return *run_;
}

void RecoveryPlanJob::begin() {
    run().go_on();
}

void RecoveryPlanJob::drop() {
    run_.reset();
    looks_soon_ = false;
}

void RecoveryPlanJob::go_on() {
    run().go_on();
    look_at_all();
}

// --- The port

void RecoveryPlanJob::run_step(PlanTaskKind step, std::uint64_t token) {
    const bool checks = step == PlanTaskKind::Preflight;
    const Duration time = checks ? estate_.profile.prerequisites_check_time
                                 : estate_.profile.recovery_plan_environment_time;
    host_.set_plan_timer(record_.job, PlanTimer::StepOver, token, now() + time);
}

void RecoveryPlanJob::synchronize(MachineId machine, std::uint64_t /*token*/) {
    ask(machine, PlanTaskKind::SynchronizeMachine, JobGate::None);
}

void RecoveryPlanJob::shut_down(MachineId machine, std::uint64_t /*token*/) {
    ask(machine, PlanTaskKind::ShutDownMachine, JobGate::ShutDown);
}

void RecoveryPlanJob::fail_over(MachineId machine, const PlanRunOptions& /*options*/,
                                std::uint64_t /*token*/) {
    ask(machine, PlanTaskKind::FailOverMachine, JobGate::FailOver);
}

void RecoveryPlanJob::start_machine(MachineId machine, std::uint64_t /*token*/) {
    ask(machine, PlanTaskKind::StartMachine, JobGate::Start);
}

void RecoveryPlanJob::operate(MachineId machine, std::uint64_t /*token*/) {
    ask(machine, PlanTaskKind::OperateMachine, JobGate::None);
}

void RecoveryPlanJob::run_action(const ActionRequest& request) {
    if (environment_.automation == nullptr) {
        run().on_action_ended(request.token, false, "nothing runs scripts and runbooks here");
        return;
    }
    environment_.automation->run(request);
}

void RecoveryPlanJob::set_timeout(std::uint64_t token, Instant at) {
    host_.set_plan_timer(record_.job, PlanTimer::Timeout, token, at);
}

void RecoveryPlanJob::wait_for_user(std::uint64_t token, const std::string& /*description*/) {
    const auto task = run().task_of(token);
    LANDFALL_CHECK(task, "a task that is asked for is under way");
    if (environment_.automation == nullptr) return;
    environment_.automation->tell_people(token, run().record().tasks[*task].action);
}

RecoveredMachine RecoveryPlanJob::recovered(MachineId machine) const {
    RecoveredMachine values;
    values.role_name = estate_.machine(machine).name;
    if (record_.run.options.type == FailoverType::Test) values.role_name += "-test";
    const JobRecord* child = child_of(machine);
    if (child != nullptr && child->point) {
        values.recovery_point_id = std::to_string(child->point->time.since_start().count());
    }
    return values;
}

void RecoveryPlanJob::task_changed(const RecoveryPlanRun& run, PlanTaskIndex index) {
    const PlanTask& task = run.record().tasks[index];
    record_.run.tasks[index] = task;
    const bool of_plan = task.is_stage() || task.kind == PlanTaskKind::RunAction;
    if (!of_plan || !task.is_over() || !task.started) return;
    environment_.observer.task_ended(record_.job, task.name, name_of(task.state), *task.started);
}

void RecoveryPlanJob::state_changed(const RecoveryPlanRun& run) {
    record_.run.state = run.record().state;
}

// --- Jobs of machines

const JobRecord* RecoveryPlanJob::child_of(MachineId machine) const {
    const auto found = record_.children.find(machine);
    return found == record_.children.end() ? nullptr : &items_.job(found->second.job);
}

void RecoveryPlanJob::ask(MachineId machine, PlanTaskKind what, JobGate gate) {
    if (!give_job(machine)) return;
    const JobId child = record_.children.at(machine).job;
    items_.release(child, gate);
    look(machine, what);
}

/// Sees to it that the machine has a job that can be looked at; answers the run and returns false
/// when it cannot or need not have one.
bool RecoveryPlanJob::give_job(MachineId machine) {
    const std::uint16_t attempt = items_.job(record_.job).attempt;
    const auto known = record_.children.find(machine);
    if (known != record_.children.end()) {
        const JobRecord& child = items_.job(known->second.job);
        const bool failed = child.is_over() && child.state != JobState::Succeeded;
        if (!failed || known->second.attempt == attempt) return true;
    }
    const PlanStanding stands = standing(*record_.rule, machine, items_);
    const bool is_failover = record_.rule->work == PlanWork::FailOver;
    if (stands.kind == PlanStanding::Kind::AlreadyThere ||
        (!is_failover && stands.kind == PlanStanding::Kind::NotAllowed)) {
        run().on_skipped(machine);
        return false;
    }
    if (known != record_.children.end() && !items_.restart(known->second.job)) {
        known->second.attempt = attempt;
        return true;
    }
    OperationOptions options = items_.job(record_.job).options;
    options.parent = record_.job;
    options.gated = is_failover;
    const ScenarioKind kind = estate_.machine(machine).kind;
    const auto started = items_.start(item_operation(*record_.rule, kind, estate_.profile), machine,
                                      std::move(options));
    if (const auto* refusal = std::get_if<Refusal>(&started)) {
        run().on_failed(machine, refusal->why);
        return false;
    }
    record_.children[machine] = {std::get<JobId>(started), attempt};
    return true;
}

/// Answers the run, if the machine's job has come to what it was asked for.
void RecoveryPlanJob::look(MachineId machine, PlanTaskKind what) {
    const JobRecord* child = child_of(machine);
    if (child == nullptr) return;
    if (child->is_over() && child->state != JobState::Succeeded) {
        const bool cancelled = child->cause.empty();
        run().on_failed(machine, cancelled ? name_of(child->state) : child->cause);
        return;
    }
    switch (what) {
        case PlanTaskKind::SynchronizeMachine:
            if (has_come_to(*child, JobGate::ShutDown)) run().on_synchronized(machine);
            return;
        case PlanTaskKind::ShutDownMachine: {
            const TaskRecord* task = shutdown_of(*child);
            LANDFALL_CHECK(task != nullptr, "a failover shuts its source down, or skips that");
            if (task->state == TaskState::Succeeded) run().on_shut_down(machine);
            if (task->state == TaskState::Skipped) run().on_skipped(machine);
            if (task->state == TaskState::Failed) {
                run().on_failed(machine, "the source could not be shut down");
            }
            return;
        }
        case PlanTaskKind::FailOverMachine:
            if (has_come_to(*child, JobGate::Start)) run().on_prepared(machine);
            return;
        case PlanTaskKind::StartMachine:
            if (child->state == JobState::Succeeded) run().on_started(machine);
            return;
        case PlanTaskKind::OperateMachine:
            if (child->state == JobState::Succeeded) run().on_operated(machine);
            return;
        default: LANDFALL_CHECK(false, "only what machines are asked for is looked at");
    }
}

void RecoveryPlanJob::look_at_all() {
    std::vector<std::pair<MachineId, PlanTaskKind>> asked;
    for (const PlanTask& task : record_.run.tasks) {
        const bool of_machine = !task.is_stage() && task.kind != PlanTaskKind::RunAction;
        if (of_machine && task.state == PlanTaskState::Started) {
            asked.emplace_back(task.machine, task.kind);
        }
    }
    for (const auto& [machine, what] : asked) look(machine, what);
}

/// The run is over: what waits for it at a gate waits in vain.
void RecoveryPlanJob::let_go() {
    for (const auto& [machine, child] : record_.children) {
        if (items_.job(child.job).is_at_gate()) {
            items_.fail_at_gate(child.job, "its recovery plan has stopped");
        }
    }
}

// --- Events

void RecoveryPlanJob::child_moved() {
    if (looks_soon_) return;
    looks_soon_ = true;
    // Not within what moved it.
    host_.set_plan_timer(record_.job, PlanTimer::Look, 0, now());
}

void RecoveryPlanJob::on_timer(PlanTimer what, std::uint64_t token) {
    if (what == PlanTimer::Look) {
        looks_soon_ = false;
        if (is_over())
            let_go();
        else
            look_at_all();
        return;
    }
    if (is_over()) return;
    if (what == PlanTimer::Timeout) {
        run().on_timeout(token);
        return;
    }
    const auto task = run().task_of(token);
    if (!task) return;
    std::optional<std::string> why;
    if (run().record().tasks[*task].kind == PlanTaskKind::Preflight) {
        const bool all = record_.run.options.type == FailoverType::Planned;
        why = all ? why_not_all(plan(), *record_.rule, items_)
                  : why_not(plan(), *record_.rule, items_);
    }
    run().on_step_ended(token, !why, why.value_or(""));
}

void RecoveryPlanJob::on_action_ended(const ActionEnded& event) {
    if (is_over() || !run().task_of(event.token)) return;
    if (run().state() == PlanRunState::Suspended) {
        resume("done");
    } else {
        run().on_action_ended(event.token, event.succeeded, event.cause);
    }
}

// --- What users see and do

bool RecoveryPlanJob::waits_below() const {
    bool any = false;
    for (const PlanTask& task : record_.run.tasks) {
        if (task.is_stage() || task.state != PlanTaskState::Started) continue;
        const JobRecord* child = child_of(task.machine);
        if (child == nullptr || child->state != JobState::Suspended) return false;
        any = true;
    }
    return any;
}

std::string RecoveryPlanJob::waits_in() const {
    for (const PlanTask& task : record_.run.tasks) {
        if (!task.is_stage() && task.state == PlanTaskState::Started) return task.name;
    }
    return "";
}

std::string RecoveryPlanJob::cause() const {
    const auto& tasks = record_.run.tasks;
    for (PlanTaskIndex index = 0; index < tasks.size(); ++index) {
        const bool holds = tasks[index].is_stage() && !below(tasks, index).empty();
        if (holds || tasks[index].state != PlanTaskState::Failed) continue;
        return tasks[index].name + ": " + tasks[index].detail;
    }
    return "";
}

std::optional<std::string> RecoveryPlanJob::resume(std::string_view comments) {
    environment_.observer.noted("job_resumed", plan().name, comments);
    if (state() == PlanRunState::Suspended) return run().resume(comments);
    for (const auto& [machine, child] : record_.children) {
        if (items_.job(child.job).state == JobState::Suspended) {
            items_.resume(child.job, comments);
        }
    }
    return std::nullopt;
}

std::optional<std::string> RecoveryPlanJob::restart() {
    return run().restart();
}

/// What is under way is cancelled where that is possible; the rest may end.
std::optional<std::string> RecoveryPlanJob::cancel() {
    if (auto why = run().cancel()) return why;
    for (const auto& [machine, child] : record_.children) items_.cancel(child.job);
    let_go();
    return std::nullopt;
}

}  // namespace landfall
