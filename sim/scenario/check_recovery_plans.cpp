// sim/scenario/check_recovery_plans.cpp — recovery plans against the rules of the model, told with
// places in the file.
#include <algorithm>
#include <map>
#include <set>

#include "model/recovery/recovery_plan_check.hpp"
#include "sim/scenario/checks.hpp"
#include "sim/scenario/plan_facts.hpp"
#include "sim/scenario/replication_rules.hpp"

namespace landfall::scenario {

namespace {

/// Beyond it a plan is only counted: all pairs of a million machines are no message.
constexpr std::size_t kMembersLookedAt = 1000;

/// What manages the source: the configuration server of VMware and physical machines (the one in
/// their site where there are several), the Hyper-V site or VMM server, the Azure region.
std::string source_fabric(const Scenario& scenario, const MachineGroup& group) {
    const auto& servers = scenario.configuration_servers;
    if (!kInMageKinds.contains(kind_of(group)) || servers.empty()) return group.site;
    if (servers.size() == 1) return servers.front().name;
    const auto here = std::find_if(servers.begin(), servers.end(),
                                   [&](const auto& server) { return server.site == group.site; });
    return here == servers.end() ? group.site : here->name;
}

/// Where machines fail over to: their second site, their target region, or that of the vault.
std::string target_fabric(const Scenario& scenario, const MachineGroup& group) {
    if (group.target_site) return *group.target_site;
    return group.target_region.value_or(scenario.vault.region);
}

class PlanCheck {
  public:
    PlanCheck(Checking& checking, std::size_t index, const landfall::RecoveryPlan& facts,
              const std::vector<ExpandedMachine>& machines)
        : checking_(checking),
          plan_(checking.scenario.recovery_plans[index]),
          facts_(facts),
          machines_(machines),
          pointer_(pointer_to("/recovery_plans", index)) {}

    void run() {
        const std::size_t before = checking_.problems.size();
        check_selections();
        const bool all_found = checking_.problems.size() == before && all_named();
        std::size_t members = 0;
        for (const landfall::PlanGroup& group : facts_.groups) members += group.items.size();
        if (members > kMembersLookedAt) {
            tell_size(members);
            return;
        }
        for (const PlanProblem& problem : check_recovery_plan(facts_, surroundings())) {
            const bool said = problem.fault == PlanFault::NoMachines && !all_found;
            if (!said) tell(problem);
        }
    }

  private:
    void check_selections() {
        for (std::size_t g = 0; g < plan_.groups.size(); ++g) {
            check_selection(checking_, plan_.groups[g].machines, group_pointer(g) + "/machines");
        }
        for (std::size_t d = 0; d < plan_.dependencies.size(); ++d) {
            const std::string at = pointer_to(pointer_ + "/dependencies", d);
            check_selection(checking_, plan_.dependencies[d].machines, at + "/machines");
            check_selection(checking_, plan_.dependencies[d].on, at + "/on");
        }
    }

    /// Whether every group says which machines it has.
    [[nodiscard]] bool all_named() const {
        return std::none_of(plan_.groups.begin(), plan_.groups.end(), [](const auto& group) {
            return group.machines.size() == 1 && group.machines.front().empty();
        });
    }

    [[nodiscard]] std::string group_pointer(std::size_t group) const {
        return pointer_to(pointer_ + "/groups", group);
    }

    [[nodiscard]] PlanSurroundings surroundings() const {
        PlanSurroundings around{checking_.scenario.profile, {}, {}};
        around.runbooks = names_of(checking_.scenario.runbooks);
        for (const landfall::PlanGroup& group : facts_.groups) {
            for (const landfall::PlanItem& item : group.items) {
                const MachineGroup& entry =
                    checking_.scenario.machines[machines_[item.machine.value].group];
                around.machines[item.machine] = {kind_of(entry),
                                                 source_fabric(checking_.scenario, entry),
                                                 target_fabric(checking_.scenario, entry)};
            }
        }
        return around;
    }

    void tell_size(std::size_t members) {
        const std::int64_t most = checking_.scenario.profile.recovery_plan_most_members;
        note(checking_.problems, code::kRecoveryPlan, pointer_ + "/groups",
             json_text(std::to_string(members) + " machines"),
             "a recovery plan has at most " + std::to_string(most) + " machines, not " +
                 std::to_string(members));
    }

    void tell(const PlanProblem& problem) {
        switch (problem.place.part) {
            case PlanPlace::Part::Plan:
                note(checking_.problems, code::kRecoveryPlan, pointer_ + "/groups",
                     json_text(plan_.name), problem.message);
                return;
            case PlanPlace::Part::Item: tell_of_item(problem); return;
            case PlanPlace::Part::Action: tell_of_action(problem); return;
        }
    }

    void tell_of_item(const PlanProblem& problem) {
        const landfall::PlanItem& item =
            facts_.groups[problem.place.group].items[problem.place.index];
        const bool cycle = problem.fault == PlanFault::DependencyCycle;
        const bool dependency = cycle || problem.fault == PlanFault::DependsOnStranger ||
                                problem.fault == PlanFault::DependencyAgainstGroups;
        note(checking_.problems, cycle ? code::kDependencyCycle : code::kRecoveryPlan,
             dependency ? pointer_ + "/dependencies" : item_pointer(problem.place.group, item.name),
             json_text(item.name), problem.message);
    }

    /// Where the file names the machine: the first pattern of its group that it fits.
    [[nodiscard]] std::string item_pointer(std::size_t group, const std::string& name) const {
        const std::string at = group_pointer(group) + "/machines";
        const std::vector<std::string>& patterns = plan_.groups[group].machines;
        const auto fits = std::find_if(patterns.begin(), patterns.end(),
                                       [&](const auto& pattern) { return matches(pattern, name); });
        if (patterns.size() < 2 || fits == patterns.end()) return at;
        return pointer_to(at, static_cast<std::size_t>(fits - patterns.begin()));
    }

    void tell_of_action(const PlanProblem& problem) {
        const PlanPlace& place = problem.place;
        const char* list = place.after ? "after" : "before";
        const PlanSteps* steps = &plan_.shutdown;
        std::string at = pointer_ + "/shutdown";
        if (place.steps == PlanStepsOf::Failover) {
            steps = &plan_.failover;
            at = pointer_ + "/failover";
        } else if (place.steps == PlanStepsOf::Group) {
            steps = &plan_.groups[place.group].steps;
            at = group_pointer(place.group);
        }
        const PlanAction& action = (place.after ? steps->after : steps->before)[place.index];
        at = pointer_to(pointer_to(at, list), place.index);
        if (problem.fault == PlanFault::UnknownRunbook) {
            if (action.runbook.empty()) return;  // not there: said already
            note_unknown(checking_.problems, code::kUnknownName, at + "/runbook", action.runbook,
                         "no such runbook", names_of(checking_.scenario.runbooks));
            return;
        }
        const bool manual = action.kind == PlanActionKind::Manual;
        note(checking_.problems, code::kRecoveryPlan, at + "/do",
             json_text(manual ? "manual" : name_of(action.kind)), problem.message);
    }

    Checking& checking_;
    const RecoveryPlan& plan_;
    const landfall::RecoveryPlan& facts_;
    const std::vector<ExpandedMachine>& machines_;
    std::string pointer_;
};

}  // namespace

void check_recovery_plans(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    if (scenario.recovery_plans.empty()) return;
    const std::vector<ExpandedMachine> machines = expand(scenario);
    const PlanFacts facts = plan_facts(scenario, machines);
    for (std::size_t i = 0; i < facts.plans.size(); ++i) {
        PlanCheck(checking, i, facts.plans[i], machines).run();
    }
}

}  // namespace landfall::scenario
