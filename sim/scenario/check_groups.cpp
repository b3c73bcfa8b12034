// sim/scenario/check_groups.cpp — members of consistency groups, counted without expanding.
#include <map>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/replication_rules.hpp"

namespace landfall::scenario {

namespace {

struct Members {
    std::int64_t count = 0;
    const MachineGroup* first = nullptr;
    std::string first_pointer;
};

void check_size(Checking& checking, std::size_t index, const Members& members) {
    const std::int64_t most = checking.scenario.profile.group_most_members;
    if (members.count <= most) return;
    note(checking.problems, code::kGroupMembers, pointer_to("/consistency_groups", index),
         json_text(std::to_string(members.count) + " members"),
         "consistency group \"" + checking.scenario.consistency_groups[index].name + "\" has " +
             std::to_string(members.count) + " machines; profile " +
             checking.scenario.profile.name + " allows " + std::to_string(most));
}

void check_alike(Checking& checking, const MachineGroup& group, const Members& members,
                 const std::string& pointer) {
    const std::string at = pointer + "/consistency_group";
    const std::string& engine = rule_of(group.replication).name;
    const std::string& first = rule_of(members.first->replication).name;
    if (engine != first) {
        note(checking.problems, code::kGroupMembers, at, json_text(*group.consistency_group),
             "this machine replicates by \"" + engine + "\", " + members.first_pointer +
                 " of the same group by \"" + first + "\": all members use the same");
    }
}

}  // namespace

void check_groups(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    std::map<std::size_t, Members> all;
    for (std::size_t i = 0; i < scenario.machines.size(); ++i) {
        const MachineGroup& group = scenario.machines[i];
        if (!group.consistency_group) continue;
        const std::string pointer = pointer_to("/machines", i);
        const auto found = checking.directory.consistency_group(*group.consistency_group);
        if (!found) {
            if (group.consistency_group->empty()) continue;
            note_unknown(checking.problems, code::kUnknownName, pointer + "/consistency_group",
                         *group.consistency_group, "no such consistency group",
                         names_of(scenario.consistency_groups));
            continue;
        }
        Members& members = all[*found];
        if (members.first == nullptr) {
            members.first = &group;
            members.first_pointer = pointer;
        }
        members.count += group.count;
        check_alike(checking, group, members, pointer);
    }
    for (const auto& [index, members] : all) check_size(checking, index, members);
}

}  // namespace landfall::scenario
