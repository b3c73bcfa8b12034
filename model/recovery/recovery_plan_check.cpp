// model/recovery/recovery_plan_check.cpp — the rules for plans, and the search for cycles.
#include "model/recovery/recovery_plan_check.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>

#include "model/base/check.hpp"

namespace landfall {

namespace {

using enum FailoverDirection;
using enum PlanActionKind;
using enum ScenarioKind;

constexpr std::array kActionRules = {
    PlanActionRule{kAzureToAzureKinds, PrimaryToRecovery, Runbook, std::nullopt,
                   "SR/recovery-plan-overview.md"},
    PlanActionRule{kAzureToAzureKinds, RecoveryToPrimary, Runbook, std::nullopt,
                   "SR/recovery-plan-overview.md"},
    PlanActionRule{
        {VMwareToAzure}, PrimaryToRecovery, Runbook, std::nullopt, "SR/recovery-plan-overview.md"},
    PlanActionRule{{PhysicalToAzure, AwsToAzure, AzureThroughConfigurationServer},
                   PrimaryToRecovery,
                   Runbook,
                   std::nullopt,
                   "[A] as VMware; SR/recovery-plan-overview.md does not list them"},
    PlanActionRule{{HyperVSiteToAzure},
                   PrimaryToRecovery,
                   Runbook,
                   std::nullopt,
                   "SR/recovery-plan-overview.md"},
    PlanActionRule{
        {VmmToAzure}, PrimaryToRecovery, Runbook, std::nullopt, "SR/recovery-plan-overview.md"},
    PlanActionRule{{VmmToAzure},
                   PrimaryToRecovery,
                   Script,
                   FabricLocation::Primary,
                   "SR/hyper-v-vmm-recovery-script.md: only the primary side has a VMM server"},
    PlanActionRule{
        {VmmToAzure}, RecoveryToPrimary, Script, std::nullopt, "SR/recovery-plan-overview.md"},
    PlanActionRule{
        {VmmToVmm}, PrimaryToRecovery, Script, std::nullopt, "SR/recovery-plan-overview.md"},
    PlanActionRule{
        {VmmToVmm}, RecoveryToPrimary, Script, std::nullopt, "SR/recovery-plan-overview.md"},
};

/// Kinds that may stand in one plan (SR/site-recovery-create-recovery-plans.md: VMware and Hyper-V
/// not, VMware and physical yes).
bool may_be_together(ScenarioKind a, ScenarioKind b) {
    return a == b || (kInMageKinds.contains(a) && kInMageKinds.contains(b));
}

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

class Checker {
  public:
    Checker(const RecoveryPlan& plan, const PlanSurroundings& surroundings)
        : plan_(plan), around_(surroundings) {
        for (std::size_t g = 0; g < plan.groups.size(); ++g) {
            for (std::size_t i = 0; i < plan.groups[g].items.size(); ++i) {
                const PlanItem& item = plan.groups[g].items[i];
                members_.push_back({g, i, &item});
                first_of_.try_emplace(item.machine, members_.size() - 1);
            }
        }
    }

    std::vector<PlanProblem> run() {
        check_size();
        check_members();
        check_dependencies();
        check_steps(plan_.shutdown, PlanStepsOf::Shutdown, 0);
        check_steps(plan_.failover, PlanStepsOf::Failover, 0);
        for (std::size_t g = 0; g < plan_.groups.size(); ++g) {
            check_steps(plan_.groups[g].steps, PlanStepsOf::Group, g);
        }
        return std::move(problems_);
    }

  private:
    struct Member {
        std::size_t group;
        std::size_t index;
        const PlanItem* item;
    };

    static PlanPlace at(const Member& member) {
        return {PlanPlace::Part::Item, member.group, member.index};
    }

    void note(PlanFault fault, const PlanPlace& place, std::string message) {
        problems_.push_back({fault, place, std::move(message)});
    }

    void check_size() {
        const ServiceProfile& profile = around_.profile;
        const auto groups = static_cast<std::int64_t>(plan_.groups.size());
        const auto machines = static_cast<std::int64_t>(members_.size());
        if (machines == 0) note(PlanFault::NoMachines, {}, "a recovery plan needs a machine");
        if (groups > profile.recovery_plan_most_groups) {
            note(PlanFault::TooManyGroups, {},
                 "a recovery plan has at most " +
                     std::to_string(profile.recovery_plan_most_groups) + " groups, not " +
                     std::to_string(groups));
        }
        if (machines > profile.recovery_plan_most_members) {
            note(PlanFault::TooManyMachines, {},
                 "a recovery plan has at most " +
                     std::to_string(profile.recovery_plan_most_members) + " machines, not " +
                     std::to_string(machines));
        }
    }

    [[nodiscard]] const PlanMachineFacts& facts(const Member& member) const {
        const auto found = around_.machines.find(member.item->machine);
        LANDFALL_CHECK(found != around_.machines.end(), "the surroundings know every machine");
        return found->second;
    }

    void check_members() {
        for (std::size_t m = 0; m < members_.size(); ++m) {
            const Member& member = members_[m];
            const std::size_t first = first_of_.at(member.item->machine);
            if (first != m) {
                note(PlanFault::MachineTwice, at(member),
                     "machine \"" + member.item->name + "\" is in group " +
                         std::to_string(members_[first].group + 1) +
                         " already: a machine is in one group of a plan, once");
            }
            if (facts(member).kind == ScoutToSecondary) {
                note(PlanFault::NotInPlans, at(member),
                     "machine \"" + member.item->name +
                         "\" is replicated by InMage Scout, which has no recovery plans");
            }
            if (m > 0) check_alike(members_.front(), member);
        }
    }

    /// Said of the first machine that differs, not of each.
    void check_alike(const Member& first, const Member& member) {
        const PlanMachineFacts& one = facts(first);
        const PlanMachineFacts& other = facts(member);
        const auto differ = [&](PlanFault fault, bool fits, std::string_view mine,
                                std::string_view its, const char* rule) {
            if (fits || !told_.insert(fault).second) return;
            note(fault, at(member),
                 "\"" + member.item->name + "\" is " + std::string(mine) + ", \"" +
                     first.item->name + "\" is " + std::string(its) + ": " + rule);
        };
        differ(PlanFault::MixedKinds, may_be_together(one.kind, other.kind), name_of(other.kind),
               name_of(one.kind), "the machines of a plan have one kind of source");
        differ(PlanFault::SeveralSources, one.source_fabric == other.source_fabric,
               "in " + other.source_fabric, "in " + one.source_fabric,
               "a plan has one source fabric");
        differ(PlanFault::SeveralTargets, one.target_fabric == other.target_fabric,
               "replicated to " + other.target_fabric, "to " + one.target_fabric,
               "a plan has one target fabric");
    }

    void check_dependencies() {
        Graph graph(members_.size());
        for (std::size_t m = 0; m < members_.size(); ++m) {
            for (const MachineId needed : members_[m].item->depends_on) {
                const auto found = first_of_.find(needed);
                if (found == first_of_.end()) {
                    note(PlanFault::DependsOnStranger, at(members_[m]),
                         "\"" + members_[m].item->name +
                             "\" depends on a machine that is not in the plan");
                } else {
                    boost::add_edge(m, found->second, graph);
                }
            }
        }
        std::vector<std::size_t> component(members_.size());
        if (members_.empty()) return;
        boost::strong_components(
            graph, boost::make_iterator_property_map(component.begin(),
                                                     boost::get(boost::vertex_index, graph)));
        check_groups_order(graph, component);
        check_cycles(graph, component);
    }

    void check_groups_order(const Graph& graph, const std::vector<std::size_t>& component) {
        for (std::size_t m = 0; m < members_.size(); ++m) {
            for (const std::size_t needed : successors(graph, m)) {
                const bool in_order = members_[needed].group <= members_[m].group;
                if (in_order || component[m] == component[needed]) continue;
                note(PlanFault::DependencyAgainstGroups, at(members_[m]),
                     "\"" + members_[m].item->name + "\" in group " +
                         std::to_string(members_[m].group + 1) + " depends on \"" +
                         members_[needed].item->name + "\" in group " +
                         std::to_string(members_[needed].group + 1) + ", which starts later");
            }
        }
    }

    static std::vector<std::size_t> successors(const Graph& graph, std::size_t vertex) {
        const auto range = boost::adjacent_vertices(vertex, graph);
        return {range.first, range.second};
    }

    /// One cycle of each knot of machines, from its first machine.
    void check_cycles(const Graph& graph, const std::vector<std::size_t>& component) {
        std::set<std::size_t> told;
        for (std::size_t m = 0; m < members_.size(); ++m) {
            if (!told.insert(component[m]).second) continue;
            const std::vector<std::size_t> cycle = shortest_cycle(graph, m);
            if (cycle.empty()) continue;
            std::string text;
            for (const std::size_t vertex : cycle) text += members_[vertex].item->name + " -> ";
            note(PlanFault::DependencyCycle, at(members_[m]),
                 "machines depend on each other in a circle: " + text + members_[m].item->name);
        }
    }

    /// The vertices of a shortest way from `start` back to it; empty when there is none.
    [[nodiscard]] std::vector<std::size_t> shortest_cycle(const Graph& graph,
                                                          std::size_t start) const {
        std::map<std::size_t, std::size_t> reached_from;
        std::vector<std::size_t> edge = {start};
        for (std::size_t next = 0; next < edge.size(); ++next) {
            for (const std::size_t vertex : successors(graph, edge[next])) {
                if (vertex == start) {
                    std::vector<std::size_t> cycle;
                    for (std::size_t at = edge[next]; at != start; at = reached_from.at(at)) {
                        cycle.push_back(at);
                    }
                    cycle.push_back(start);
                    std::reverse(cycle.begin(), cycle.end());
                    return cycle;
                }
                if (reached_from.try_emplace(vertex, edge[next]).second) edge.push_back(vertex);
            }
        }
        return {};
    }

    void check_steps(const PlanSteps& steps, PlanStepsOf of, std::size_t group) {
        for (const bool after : {false, true}) {
            const std::vector<PlanAction>& actions = after ? steps.after : steps.before;
            for (std::size_t i = 0; i < actions.size(); ++i) {
                check_action(actions[i], {PlanPlace::Part::Action, group, i, of, after});
            }
        }
    }

    void check_action(const PlanAction& action, const PlanPlace& place) {
        if (action.kind == Runbook && std::find(around_.runbooks.begin(), around_.runbooks.end(),
                                                action.runbook) == around_.runbooks.end()) {
            note(PlanFault::UnknownRunbook, place, "no such runbook: \"" + action.runbook + "\"");
        }
        std::set<ScenarioKind> kinds;
        for (const Member& member : members_) kinds.insert(facts(member).kind);
        for (const FailoverDirection direction : {PrimaryToRecovery, RecoveryToPrimary}) {
            if (!action.directions[static_cast<std::size_t>(direction)]) continue;
            for (const ScenarioKind kind : kinds) {
                if (kind == ScoutToSecondary) continue;  // said already
                if (is_allowed(kind, direction, action.kind, action.location)) continue;
                note(PlanFault::ActionNotAllowed, place, refusal(kind, direction, action));
            }
        }
    }

    static std::string refusal(ScenarioKind kind, FailoverDirection direction,
                               const PlanAction& action) {
        std::string allowed;
        for (const PlanActionRule& rule : kActionRules) {
            if (!rule.kinds.contains(kind) || rule.direction != direction) continue;
            if (!allowed.empty()) allowed += ", ";
            allowed += name_of(rule.action);
            if (rule.location == FabricLocation::Primary) allowed += " on the primary side";
        }
        if (!allowed.empty()) allowed += ", ";
        return "a " + std::string(name_of(action.kind)) +
               (action.location == FabricLocation::Primary ? " on the primary side" : "") +
               " does not go with " + std::string(name_of(kind)) +
               (direction == PrimaryToRecovery ? " on failover" : " on failback") +
               "; allowed: " + allowed + std::string(name_of(Manual));
    }

    const RecoveryPlan& plan_;
    const PlanSurroundings& around_;
    std::vector<Member> members_;
    std::map<MachineId, std::size_t> first_of_;
    std::set<PlanFault> told_;
    std::vector<PlanProblem> problems_;
};

}  // namespace

std::span<const PlanActionRule> plan_action_rules() {
    return kActionRules;
}

bool is_allowed(ScenarioKind kind, FailoverDirection direction, PlanActionKind action,
                FabricLocation location) {
    if (action == Manual) return true;
    return std::any_of(kActionRules.begin(), kActionRules.end(), [&](const PlanActionRule& rule) {
        return rule.kinds.contains(kind) && rule.direction == direction && rule.action == action &&
               (!rule.location || *rule.location == location);
    });
}

std::vector<PlanProblem> check_recovery_plan(const RecoveryPlan& plan,
                                             const PlanSurroundings& surroundings) {
    return Checker(plan, surroundings).run();
}

}  // namespace landfall
