// model/recovery/recovery_plan_tasks.cpp — lays the tasks of a plan out, and finds the longest
// chain.
#include "model/recovery/recovery_plan_tasks.hpp"

#include <algorithm>
#include <array>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"

namespace landfall {

namespace {

using enum PlanTaskKind;

class TreeMaker {
  public:
    TreeMaker(const RecoveryPlan& plan, const PlanRunOptions& options)
        : plan_(plan), options_(options) {}

    PlanTaskTree run() {
        if (options_.work != PlanWork::FailOver) return items();
        const bool test = options_.type == FailoverType::Test;
        add_stage("Recovery plan preflight checks", Preflight);
        if (options_.synchronize) add_synchronize();
        if (test) add_stage("Create test environment", CreateTestEnvironment);
        if (!test && shuts_down()) add_shutdown();
        add_all_steps("failover", plan_.failover.before, "Pre", "Failover");
        const bool together =
            plan_.gate == GroupsGate::Start || mutant(Mutant::GroupsFailOverAtOnce);
        if (together) {
            const PlanTaskIndex stage = add_stage("Recovery plan failover", Failover, "Failover");
            for (const PlanGroup& group : plan_.groups) add_failovers(stage, group);
            add_all_steps("failover", plan_.failover.after, "Post", "Failover");
        }
        for (std::size_t i = 0; i < plan_.groups.size(); ++i) add_group(i, together);
        if (!together) add_all_steps("failover", plan_.failover.after, "Post", "Failover");
        return std::move(tree_);
    }

  private:
    /// One operation on every machine, at once.
    PlanTaskTree items() {
        const char* name = "Clean up test environment";
        if (options_.work == PlanWork::Commit) name = "Recovery plan commit";
        if (options_.work == PlanWork::Reprotect) name = "Recovery plan reverse replicate";
        add_machines_to(add_stage(name, Items), OperateMachine);
        return std::move(tree_);
    }

    void add_synchronize() {
        add_machines_to(add_stage("Synchronize data", Synchronize), SynchronizeMachine);
    }

    void add_machines_to(PlanTaskIndex stage, PlanTaskKind kind) {
        for (const PlanGroup& group : plan_.groups) {
            for (const PlanItem& item : group.items) {
                add({item.name, kind, stage, {}, item.machine});
            }
        }
    }

    [[nodiscard]] bool shuts_down() const {
        return options_.shut_down_source || options_.type == FailoverType::Planned;
    }

    PlanTaskIndex add_stage(std::string name, PlanTaskKind kind, std::string group_id = {}) {
        return add({std::move(name), kind, kNoPlanTask, std::move(group_id)});
    }

    PlanTaskIndex add(PlanTask task) {
        tree_.push_back(std::move(task));
        return static_cast<PlanTaskIndex>(tree_.size() - 1);
    }

    [[nodiscard]] std::vector<const PlanAction*> applying(
        const std::vector<PlanAction>& actions) const {
        std::vector<const PlanAction*> fitting;
        for (const PlanAction& action : actions) {
            if (action.applies(options_.type, options_.direction)) fitting.push_back(&action);
        }
        return fitting;
    }

    void add_actions(const std::string& name, const std::vector<const PlanAction*>& actions,
                     const std::string& group_id) {
        if (actions.empty()) return;
        const PlanTaskIndex stage = add_stage(name, Actions, group_id);
        for (const PlanAction* action : actions) {
            PlanTask task{action->name, RunAction, stage, group_id, MachineId(), action->id};
            if (action != actions.front()) {
                task.after = {static_cast<PlanTaskIndex>(tree_.size() - 1)};
            }
            add(std::move(task));
        }
    }

    /// Steps around what all groups share.
    void add_all_steps(const char* what, const std::vector<PlanAction>& actions, const char* side,
                       const std::string& group_id) {
        const auto fitting = applying(actions);
        add_actions(std::string("All groups ") + what + ": " + side + " steps (" +
                        std::to_string(fitting.size()) + ")",
                    fitting, group_id);
    }

    /// The last group first, and in a group the machines that others depend on last.
    void add_shutdown() {
        add_all_steps("shutdown", plan_.shutdown.before, "Pre", "Shutdown");
        for (std::size_t k = plan_.groups.size(); k-- > 0;) {
            const bool forward = mutant(Mutant::ShutdownOrderForward);
            const std::size_t i = forward ? plan_.groups.size() - 1 - k : k;
            const PlanGroup& group = plan_.groups[i];
            if (group.items.empty()) continue;
            const PlanTaskIndex stage =
                add_stage("Group " + std::to_string(i + 1) + ": shutdown", Shutdown, "Shutdown");
            for (const PlanItem& item : group.items) {
                PlanTask task{item.name, ShutDownMachine, stage, "Shutdown", item.machine};
                for (std::size_t other = 0; other < group.items.size(); ++other) {
                    const auto& needed = group.items[other].depends_on;
                    if (std::find(needed.begin(), needed.end(), item.machine) == needed.end()) {
                        continue;
                    }
                    task.after.push_back(stage + 1 + static_cast<PlanTaskIndex>(other));
                }
                add(std::move(task));
            }
        }
        add_all_steps("shutdown", plan_.shutdown.after, "Post", "Shutdown");
    }

    void add_failovers(PlanTaskIndex stage, const PlanGroup& group) {
        for (const PlanItem& item : group.items) {
            add({item.name, FailOverMachine, stage, tree_[stage].group_id, item.machine});
        }
    }

    void add_group(std::size_t index, bool failed_over) {
        const PlanGroup& group = plan_.groups[index];
        const std::string id = std::to_string(index + 1);
        const std::string name = "Group " + id;
        const bool swapped = mutant(Mutant::StepsBeforeAndAfterSwapped);
        const auto& before = swapped ? group.steps.after : group.steps.before;
        const auto& after = swapped ? group.steps.before : group.steps.after;
        add_actions(name + ": pre-steps", applying(before), id);
        if (!group.items.empty()) add_machines(group, name, id, failed_over);
        add_actions(name + ": post-steps", applying(after), id);
    }

    void add_machines(const PlanGroup& group, const std::string& name, const std::string& id,
                      bool failed_over) {
        if (!failed_over) add_failovers(add_stage(name + ": failover", Failover, id), group);
        const PlanTaskIndex stage = add_stage(name + ": start", Start, id);
        for (const PlanItem& item : group.items) {
            PlanTask task{item.name, StartMachine, stage, id, item.machine};
            for (std::size_t other = 0; other < group.items.size(); ++other) {
                const bool reversed = mutant(Mutant::DependenciesReversed);
                const PlanItem& dependent = reversed ? group.items[other] : item;
                const PlanItem& first = reversed ? item : group.items[other];
                const auto& needed = dependent.depends_on;
                if (std::find(needed.begin(), needed.end(), first.machine) != needed.end()) {
                    task.after.push_back(stage + 1 + static_cast<PlanTaskIndex>(other));
                }
            }
            add(std::move(task));
        }
    }

    const RecoveryPlan& plan_;
    const PlanRunOptions& options_;
    PlanTaskTree tree_;
};

bool is_finished(const PlanTask& task) {
    return (task.state == PlanTaskState::Succeeded || task.state == PlanTaskState::Failed) &&
           task.started && task.ended;
}

/// Of the finished tasks among `candidates` the one that ended last; of equals the first.
PlanTaskIndex latest(const PlanTaskTree& tree, const std::vector<PlanTaskIndex>& candidates) {
    PlanTaskIndex chosen = kNoPlanTask;
    for (const PlanTaskIndex index : candidates) {
        if (!is_finished(tree[index])) continue;
        if (chosen == kNoPlanTask || *tree[index].ended > *tree[chosen].ended) chosen = index;
    }
    return chosen;
}

/// The tasks of a stage, or the stage itself when it has none.
std::vector<PlanTaskIndex> leaves(const PlanTaskTree& tree, PlanTaskIndex stage) {
    const PlanTaskRange range = below(tree, stage);
    if (range.empty()) return {stage};
    std::vector<PlanTaskIndex> all;
    for (PlanTaskIndex index = range.first; index < range.last; ++index) all.push_back(index);
    return all;
}

}  // namespace

std::string_view name_of(PlanTaskState state) {
    constexpr std::array<std::string_view, 6> kNames = {"Pending", "Started", "Succeeded",
                                                        "Failed",  "Skipped", "Cancelled"};
    return kNames[static_cast<std::size_t>(state)];
}

std::string_view name_of(PlanTaskKind kind) {
    constexpr std::array<std::string_view, 14> kNames = {"preflight",     "test environment",
                                                         "actions",       "synchronize",
                                                         "shutdown",      "failover",
                                                         "start",         "items",
                                                         "action",        "synchronize machine",
                                                         "shut down",     "fail over",
                                                         "start machine", "operation"};
    return kNames[static_cast<std::size_t>(kind)];
}

PlanTaskTree make_task_tree(const RecoveryPlan& plan, const PlanRunOptions& options) {
    return TreeMaker(plan, options).run();
}

PlanTaskRange below(const PlanTaskTree& tree, PlanTaskIndex stage) {
    LANDFALL_CHECK(stage < tree.size() && tree[stage].is_stage(), "only a stage has tasks below");
    PlanTaskIndex last = stage + 1;
    while (last < tree.size() && !tree[last].is_stage()) ++last;
    return {stage + 1, last};
}

std::vector<PlanTaskIndex> critical_path(const PlanTaskTree& tree) {
    std::vector<PlanTaskIndex> stages;
    std::vector<PlanTaskIndex> all;
    for (PlanTaskIndex index = 0; index < tree.size(); ++index) {
        if (!tree[index].is_stage()) continue;
        stages.push_back(index);
        for (const PlanTaskIndex leaf : leaves(tree, index)) all.push_back(leaf);
    }
    std::vector<PlanTaskIndex> path;
    PlanTaskIndex task = latest(tree, all);
    while (task != kNoPlanTask) {
        path.push_back(task);
        PlanTaskIndex before = latest(tree, tree[task].after);
        // Nothing within its stage held it up: the last finished task of the stages before did.
        const PlanTaskIndex stage = tree[task].is_stage() ? task : tree[task].parent;
        auto earlier = std::lower_bound(stages.begin(), stages.end(), stage);
        while (before == kNoPlanTask && earlier != stages.begin()) {
            before = latest(tree, leaves(tree, *--earlier));
        }
        task = before;
    }
    std::reverse(path.begin(), path.end());
    return path;
}

}  // namespace landfall
