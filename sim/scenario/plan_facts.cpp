// sim/scenario/plan_facts.cpp — patterns to machines, actions to ids.
#include "sim/scenario/plan_facts.hpp"

#include <algorithm>
#include <map>

namespace landfall::scenario {

namespace {

class Resolver {
  public:
    Resolver(const Scenario& scenario, const std::vector<ExpandedMachine>& machines)
        : scenario_(scenario), machines_(machines) {}

    PlanFacts run() {
        for (const RecoveryPlan& plan : scenario_.recovery_plans) add(plan);
        return std::move(facts_);
    }

  private:
    void add(const RecoveryPlan& plan) {
        landfall::RecoveryPlan made;
        made.name = plan.name;
        made.gate = plan.gate;
        made.shutdown = steps(plan.shutdown, plan.name + "/shutdown");
        made.failover = steps(plan.failover, plan.name + "/failover");
        for (const PlanGroup& group : plan.groups) {
            const std::string path = plan.name + "/group " + std::to_string(made.groups.size() + 1);
            landfall::PlanGroup resolved;
            for (const MachineId machine : select(machines_, group.machines)) {
                resolved.items.push_back({machine, machines_[machine.value].name});
            }
            resolved.steps = steps(group.steps, path);
            made.groups.push_back(std::move(resolved));
        }
        for (const Dependency& dependency : plan.dependencies) add(dependency, made);
        facts_.plans.push_back(std::move(made));
    }

    void add(const Dependency& dependency, landfall::RecoveryPlan& plan) const {
        std::map<MachineId, landfall::PlanItem*> members;
        for (landfall::PlanGroup& group : plan.groups) {
            for (landfall::PlanItem& item : group.items) members.try_emplace(item.machine, &item);
        }
        std::vector<MachineId> needed;
        bool stranger = false;
        for (const MachineId machine : select(machines_, dependency.on)) {
            const bool is_member = members.contains(machine);
            if (!is_member && stranger) continue;
            stranger = stranger || !is_member;
            needed.push_back(machine);
        }
        for (const MachineId machine : select(machines_, dependency.machines)) {
            const auto member = members.find(machine);
            if (member == members.end()) continue;
            auto& list = member->second->depends_on;
            list.insert(list.end(), needed.begin(), needed.end());
            std::sort(list.begin(), list.end());
            list.erase(std::unique(list.begin(), list.end()), list.end());
        }
    }

    landfall::PlanSteps steps(const PlanSteps& read, const std::string& path) {
        landfall::PlanSteps made;
        for (std::size_t i = 0; i < read.before.size(); ++i) {
            made.before.push_back(action(read.before[i], path + "/before " + std::to_string(i)));
        }
        for (std::size_t i = 0; i < read.after.size(); ++i) {
            made.after.push_back(action(read.after[i], path + "/after " + std::to_string(i)));
        }
        return made;
    }

    landfall::PlanAction action(const PlanAction& read, const std::string& path) {
        landfall::PlanAction made{read.name, RecoveryActionId(facts_.actions.size()), read.kind};
        made.path = read.path;
        made.runbook = read.runbook;
        made.description = read.description;
        made.timeout = read.timeout;
        made.location = read.location;
        made.types = read.types;
        made.directions = read.directions;
        ActionFacts facts{path, read.takes, read.succeeds, read.failure_probability};
        if (read.kind == PlanActionKind::Runbook) {
            const auto& runbooks = scenario_.runbooks;
            const auto found = std::find_if(runbooks.begin(), runbooks.end(), [&](const auto& one) {
                return one.name == read.runbook;
            });
            facts.takes = Duration(0);
            if (found != runbooks.end()) {
                facts.takes = found->takes;
                facts.succeeds = found->succeeds;
                facts.failure_probability = found->failure_probability;
            }
        }
        facts_.actions.push_back(std::move(facts));
        return made;
    }

    const Scenario& scenario_;
    const std::vector<ExpandedMachine>& machines_;
    PlanFacts facts_;
};

}  // namespace

PlanFacts plan_facts(const Scenario& scenario, const std::vector<ExpandedMachine>& machines) {
    return Resolver(scenario, machines).run();
}

}  // namespace landfall::scenario
