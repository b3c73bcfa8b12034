// tests/support/plan_control.hpp — recovery plans on the machines of a ControlWorld.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/control_world.hpp"

namespace landfall::test {

constexpr RecoveryPlanId kPlan = RecoveryPlanId(0);

/// Actions that get their ids, and the facts of how they go.
class ActionBook {
  public:
    PlanAction script(const std::string& name, Duration takes = seconds(13), bool succeeds = true) {
        PlanAction action = add(name, PlanActionKind::Script, takes, succeeds);
        action.timeout = seconds(600);
        return action;
    }
    /// Somebody does it in that time; nobody, if none is given.
    PlanAction manual(const std::string& name, std::optional<Duration> takes = {}) {
        return add(name, PlanActionKind::Manual, takes, true);
    }
    [[nodiscard]] const std::vector<scenario::ActionFacts>& facts() const { return facts_; }

  private:
    PlanAction add(const std::string& name, PlanActionKind kind, std::optional<Duration> takes,
                   bool succeeds) {
        PlanAction action{name, RecoveryActionId(facts_.size()), kind};
        action.directions = {true, true};
        facts_.push_back({name, takes, succeeds, 0.0});
        return action;
    }

    std::vector<scenario::ActionFacts> facts_;
};

/// Machines 0 to n-1 in groups of these sizes.
inline RecoveryPlan plan_of(const std::vector<std::size_t>& sizes,
                            const std::string& name = "shop") {
    RecoveryPlan plan{name, {}};
    std::size_t next = 0;
    for (const std::size_t size : sizes) {
        PlanGroup group;
        for (std::size_t k = 0; k < size; ++k, ++next) {
            group.items.push_back({MachineId(next), "m" + std::to_string(next)});
        }
        plan.groups.push_back(std::move(group));
    }
    return plan;
}

/// The first task of this kind and name in the run of a plan's job.
inline const PlanTask& plan_task(const SiteRecovery& logic, JobId job, PlanTaskKind kind,
                                 const std::string& name) {
    for (const PlanTask& task : logic.plans().record(job).run.tasks) {
        if (task.kind == kind && task.name == name) return task;
    }
    throw std::out_of_range(name);
}

/// The jobs of machines below a plan's job.
inline std::vector<JobId> children_of(const SiteRecovery& logic, JobId job) {
    std::vector<JobId> children;
    for (std::size_t id = 0; id < logic.jobs(); ++id) {
        if (logic.job(JobId(id)).options.parent == job) children.emplace_back(id);
    }
    return children;
}

}  // namespace landfall::test
