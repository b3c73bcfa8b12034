// sim/record/plan_tables.cpp — the trees of tasks as rows.
#include "sim/record/plan_tables.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "model/recovery/recovery_plan_tasks.hpp"

namespace landfall::record {

namespace {

double seconds_of(const std::optional<Instant>& at) {
    return at ? to_seconds(at->since_start()) : std::numeric_limits<double>::quiet_NaN();
}

class PlanTaskColumns {
  public:
    explicit PlanTaskColumns(const RunFacts& facts) : facts_(facts) {
        for (const JobId job : facts.logic.plans().jobs()) add(job);
    }

    Table finish() {
        std::vector<std::string> machines;
        for (const Machine& machine : facts_.estate.machines) machines.push_back(machine.name);
        return {"plan_tasks",
                {plan_.finish("plan"),
                 {"job_id", std::move(job_), std::nullopt},
                 {"task_id", std::move(task_), std::nullopt},
                 {"parent_task", std::move(parent_), std::nullopt},
                 name_.finish("task"),
                 kind_.finish("kind"),
                 group_.finish("group"),
                 {"machine", std::move(machine_), std::move(machines)},
                 action_.finish("action"),
                 state_.finish("state"),
                 {"start_s", std::move(start_s_), std::nullopt},
                 {"end_s", std::move(end_s_), std::nullopt},
                 {"is_critical", std::move(critical_), std::nullopt},
                 detail_.finish("detail")}};
    }

  private:
    static void add_or_none(NameColumn& column, std::string_view name) {
        if (name.empty())
            column.codes.push_back(-1);
        else
            column.add(name);
    }

    void add(JobId id) {
        const PlanJobRecord& record = facts_.logic.plans().record(id);
        const PlanTaskTree& tasks = record.run.tasks;
        const std::vector<PlanTaskIndex> path = critical_path(tasks);
        for (PlanTaskIndex index = 0; index < tasks.size(); ++index) {
            const PlanTask& task = tasks[index];
            plan_.add(facts_.estate.plan(record.plan).name);
            job_.push_back(id.value);
            task_.push_back(index);
            parent_.push_back(task.is_stage() ? -1 : static_cast<std::int64_t>(task.parent));
            name_.add(task.name);
            kind_.add(name_of(task.kind));
            add_or_none(group_, task.group_id);
            machine_.push_back(static_cast<std::int32_t>(task.machine.value));
            add_or_none(action_, task.action.is_none() ? "" : task.name);
            state_.add(name_of(task.state));
            start_s_.push_back(seconds_of(task.started));
            end_s_.push_back(seconds_of(task.ended));
            critical_.push_back(std::find(path.begin(), path.end(), index) != path.end() ? 1 : 0);
            detail_.add(task.detail);
        }
    }

    const RunFacts& facts_;
    NameColumn plan_;
    std::vector<std::int64_t> job_;
    std::vector<std::int64_t> task_;
    std::vector<std::int64_t> parent_;
    NameColumn name_;
    NameColumn kind_;
    NameColumn group_;
    std::vector<std::int32_t> machine_;
    NameColumn action_;
    NameColumn state_;
    std::vector<double> start_s_;
    std::vector<double> end_s_;
    std::vector<std::int64_t> critical_;
    NameColumn detail_;
};

/// The longest task of those that the end waited for.
std::string slowest(const PlanTaskTree& tasks) {
    std::string name;
    Duration most;
    for (const PlanTaskIndex index : critical_path(tasks)) {
        const PlanTask& task = tasks[index];
        const Duration took = *task.ended - *task.started;
        if (took <= most) continue;
        most = took;
        name = task.name;
        if (!task.is_stage()) name = tasks[task.parent].name + ", " + name;
    }
    return name;
}

}  // namespace

Table plan_tasks_table(const RunFacts& facts) {
    return PlanTaskColumns(facts).finish();
}

nlohmann::json plan_summary(const RunFacts& facts) {
    nlohmann::json told = nlohmann::json::array();
    for (const JobId id : facts.logic.plans().jobs()) {
        const JobRecord& job = facts.logic.job(id);
        const PlanJobRecord& record = facts.logic.plans().record(id);
        const Instant end = job.is_over() ? job.ended : facts.world.now();
        told.push_back({{"plan", facts.estate.plan(record.plan).name},
                        {"job", id.value},
                        {"operation", name_of(job.kind)},
                        {"state", name_of(job.state)},
                        {"description", job.state_description},
                        {"cause", job.cause},
                        {"machines", record.children.size()},
                        {"took_s", to_seconds(end - job.started)},
                        {"slowest", slowest(record.run.tasks)}});
    }
    return told;
}

}  // namespace landfall::record
