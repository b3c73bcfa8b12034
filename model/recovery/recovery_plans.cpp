// model/recovery/recovery_plans.cpp — operations in, jobs out, and what a plan's job shows.
#include "model/recovery/recovery_plans.hpp"

#include <algorithm>

#include "model/recovery/site_recovery.hpp"

namespace landfall {

RecoveryPlans::RecoveryPlans(const Estate& estate, const Environment& environment,
                             SiteRecovery& items)
    : estate_(estate), environment_(environment), items_(items), plans_(estate.plans.size()) {}

// --- Operations

Refusal RecoveryPlans::refusal(RecoveryPlanId plan, std::string why) const {
    RecoveryPlanView seen = view(plan);
    return {ProtectionState::UnprotectedStatesBegin, std::move(seen.allowed_operations),
            std::move(why), std::move(seen.state)};
}

/// What stands in the way of an operation that plans have.
std::optional<std::string> RecoveryPlans::obstacle(const PlanOperationRule& rule,
                                                   RecoveryPlanId plan,
                                                   const OperationOptions& options) const {
    const JobId running = plans_[plan.value].job;
    if (!running.is_none()) {
        return "job \"" + std::string(name_of(items_.job(running).kind)) +
               "\" of the plan is in progress (" + std::string(name_of(items_.job(running).state)) +
               ")";
    }
    if (options.recovery_point == RecoveryPointChoice::Custom) {
        // SR/recovery-plan-overview.md: one type of point for the whole plan.
        return "a recovery plan takes \"latest\", \"latest_processed\" or "
               "\"latest_app_consistent\" for all its machines; a point by its time is for one "
               "machine alone";
    }
    return why_not(estate_.plan(plan), rule, items_);
}

PlanRunOptions RecoveryPlans::run_options(const PlanOperationRule& rule, RecoveryPlanId plan,
                                          const OperationOptions& options) const {
    PlanRunOptions run;
    run.type = rule.type;
    run.direction = rule.direction;
    run.work = rule.work;
    run.shut_down_source = options.shut_down_source;
    for (const PlanGroup& group : estate_.plan(plan).groups) {
        for (const PlanItem& item : group.items) {
            const ScenarioKind kind = estate_.machine(item.machine).kind;
            const Operation operation = item_operation(rule, kind, estate_.profile);
            const bool syncs = operation == Operation::Failback && rule.work == PlanWork::FailOver;
            if (syncs && options.data_sync == DataSync::ForDownTime) run.synchronize = true;
            if (operation == Operation::UnplannedFailover) run.type = FailoverType::Unplanned;
        }
    }
    return run;
}

std::variant<JobId, Refusal> RecoveryPlans::start(Operation operation, RecoveryPlanId plan,
                                                  const OperationOptions& options) {
    if (!items_.up_) {
        return refusal(plan, "the service does not answer: its orchestrator is down");
    }
    const PlanOperationRule* rule = plan_rule(operation, options.direction);
    if (rule == nullptr) {
        return refusal(plan, std::string(name_of(operation)) +
                                 " is no operation of recovery plans, only of items");
    }
    if (auto why = obstacle(*rule, plan, options)) return refusal(plan, std::move(*why));
    const JobId id(items_.jobs_.size());
    JobRecord fresh;
    fresh.kind = job_of(operation);
    fresh.plan = plan;
    fresh.options = options;
    fresh.options.direction = rule->direction;
    fresh.started = environment_.clock.now();
    fresh.state_before = ProtectionState::UnprotectedStatesBegin;
    items_.jobs_.push_back(std::move(fresh));
    items_.executions_.emplace_back();
    plans_[plan.value] = {id, id};
    environment_.observer.job_started(id, MachineId(), name_of(job_of(operation)));
    PlanJobRecord record{id,
                         plan,
                         rule,
                         new_run(estate_.plan(plan), run_options(*rule, plan, options), id.value),
                         {}};
    PlanJobHost& host = *this;
    auto made =
        std::make_unique<RecoveryPlanJob>(estate_, environment_, items_, host, std::move(record));
    RecoveryPlanJob& job = *jobs_.emplace(id, std::move(made)).first->second;
    job.begin();
    settle(job);
    return id;
}

std::optional<std::string> RecoveryPlans::cancel(JobId id) {
    if (!items_.up_) return "the service does not answer: its orchestrator is down";
    RecoveryPlanJob& job = *jobs_.at(id);
    auto why = job.cancel();
    settle(job);
    return why;
}

std::optional<std::string> RecoveryPlans::restart(JobId id) {
    RecoveryPlanJob& job = *jobs_.at(id);
    JobRecord& again = items_.record(id);
    ++again.attempt;
    again.state = JobState::InProgress;
    again.state_description = "";
    again.cause.clear();
    plans_[again.plan.value].job = id;
    environment_.observer.noted("job_restarted", job.plan().name, name_of(again.kind));
    auto why = job.restart();
    settle(job);
    return why;
}

std::optional<std::string> RecoveryPlans::resume(JobId id, std::string_view comments) {
    RecoveryPlanJob& job = *jobs_.at(id);
    auto why = job.resume(comments);
    settle(job);
    return why;
}

// --- The orchestrator

void RecoveryPlans::down() {
    for (auto& [id, job] : jobs_) job->drop();
}

void RecoveryPlans::up() {
    for (auto& [id, job] : jobs_) {
        if (job->is_over()) {
            job->child_moved();  // one may have come to a gate meanwhile
            continue;
        }
        job->go_on();
        settle(*job);
    }
}

// --- Events

void RecoveryPlans::set_plan_timer(JobId job, PlanTimer what, std::uint64_t token, Instant at) {
    const auto number = static_cast<std::uint32_t>(timers_.size());
    timers_.push_back({job, what, token});
    environment_.clock.set_timer(at, {SiteRecovery::kPlanTimer, number});
}

void RecoveryPlans::on_timer(std::uint32_t number) {
    const Timer timer = timers_[number];
    RecoveryPlanJob& job = *jobs_.at(timer.job);
    job.on_timer(timer.what, timer.token);
    settle(job);
}

void RecoveryPlans::on_action_ended(const ActionEnded& event) {
    // A token begins with the number of its job.
    const auto found = jobs_.find(job_of_token(event.token));
    if (found == jobs_.end()) return;
    found->second->on_action_ended(event);
    settle(*found->second);
}

void RecoveryPlans::child_moved(JobId child) {
    jobs_.at(items_.job(child).options.parent)->child_moved();
}

// --- What a job shows

/// Brings what the list of jobs shows in line with the run.
void RecoveryPlans::settle(RecoveryPlanJob& job) {
    if (job.is_over()) return;
    switch (job.state()) {
        case PlanRunState::NotStarted: return;
        case PlanRunState::InProgress:
            if (job.waits_below())
                set_state(job, JobState::Suspended, "WaitingForManualAction");
            else
                set_state(job, JobState::InProgress, "");
            return;
        case PlanRunState::Suspended:
            set_state(job, JobState::Suspended, "WaitingForManualAction");
            return;
        case PlanRunState::Succeeded: end(job, JobState::Succeeded, "Completed"); return;
        case PlanRunState::PartiallySucceeded:
            end(job, JobState::Failed, "PartiallySucceeded");
            return;
        case PlanRunState::Failed: end(job, JobState::Failed, ""); return;
        case PlanRunState::Cancelled: end(job, JobState::Cancelled, ""); return;
    }
}

void RecoveryPlans::set_state(RecoveryPlanJob& job, JobState state, std::string_view description) {
    JobRecord& shown = items_.record(job.record().job);
    if (shown.state == state) return;
    shown.state = state;
    shown.state_description = description;
    if (state == JobState::Suspended) {
        environment_.observer.noted("recovery_plan_suspended", job.plan().name, job.waits_in());
    }
}

void RecoveryPlans::end(RecoveryPlanJob& job, JobState state, std::string_view description) {
    JobRecord& shown = items_.record(job.record().job);
    shown.state = state;
    shown.state_description = description;
    shown.cause = state == JobState::Cancelled ? "cancelled by the user" : job.cause();
    shown.ended = environment_.clock.now();
    plans_[shown.plan.value].job = JobId();
    environment_.observer.job_ended(job.record().job, name_of(state), shown.cause);
    job.child_moved();  // those that are left at a gate have to go
}

RecoveryPlanView RecoveryPlans::view(RecoveryPlanId plan) const {
    const Plan& kept = plans_[plan.value];
    RecoveryPlanView seen;
    seen.state = state_of(estate_.plan(plan), items_);
    if (kept.job.is_none() && items_.up_) {
        seen.allowed_operations = allowed_operations(estate_.plan(plan), items_);
    }
    seen.current_job = kept.job;
    seen.last_job = kept.last_job;
    return seen;
}

std::vector<JobControl> RecoveryPlans::allowed_controls(JobId id) const {
    const JobRecord& target = items_.job(id);
    const Plan& plan = plans_[target.plan.value];
    std::vector<JobControl> allowed;
    if (!target.is_over()) {
        allowed.push_back(JobControl::Cancel);
        if (target.state == JobState::Suspended) allowed.push_back(JobControl::Resume);
    } else if (target.state == JobState::Failed && plan.job.is_none() && plan.last_job == id) {
        allowed.push_back(JobControl::Restart);
    }
    return allowed;
}

std::vector<JobId> RecoveryPlans::jobs() const {
    std::vector<JobId> ids;
    for (const auto& [id, job] : jobs_) ids.push_back(id);
    return ids;
}

std::size_t RecoveryPlans::jobs_in_progress() const {
    return static_cast<std::size_t>(std::count_if(plans_.begin(), plans_.end(), [&](const auto& p) {
        return !p.job.is_none() && items_.job(p.job).state == JobState::InProgress;
    }));
}

std::vector<std::string> RecoveryPlans::waiting() const {
    std::vector<std::string> names;
    for (const Plan& plan : plans_) {
        if (plan.job.is_none()) continue;
        const RecoveryPlanJob& job = *jobs_.at(plan.job);
        const JobRecord& shown = items_.job(plan.job);
        names.push_back("recovery plan " + job.plan().name + ": " +
                        std::string(name_of(shown.kind)) + ", " +
                        std::string(name_of(shown.state)) + " in \"" + job.waits_in() + "\"");
    }
    return names;
}

}  // namespace landfall
