// sim/scenario/check_machines.cpp — machines and their disks, and whether the profile can protect
// them.
#include <algorithm>
#include <set>

#include "model/recovery/support_matrix.hpp"
#include "sim/scenario/checks.hpp"
#include "sim/scenario/profile_data.hpp"
#include "sim/scenario/replication_rules.hpp"

namespace landfall::scenario {

namespace {

/// A size limit as documents write it.
std::string in_gib(Bytes size) {
    return std::to_string(size.count() >> 30) + " GiB (" + std::to_string(size.count()) + " bytes)";
}

std::string number_text(Bytes size) {
    return std::to_string(size.count());
}

void check_disk_size(Checking& checking, const Disk& disk, bool is_os_disk,
                     const std::string& pointer) {
    const ServiceProfile& profile = checking.scenario.profile;
    Problems& problems = checking.problems;
    if (disk.size == Bytes(0)) return;  // not readable: said already
    const std::string at = pointer + "/size";
    const Bytes most = is_os_disk ? profile.os_disk_size_max : profile.data_disk_size_max;
    if (disk.size > most) {
        note(problems, code::kDiskTooLarge, at, number_text(disk.size),
             std::string("profile ") + profile.name + " protects " +
                 (is_os_disk ? "OS disks (the first of a machine)" : "data disks") +
                 " of at most " + in_gib(most));
    } else if (disk.size < profile.disk_size_min) {
        note(problems, code::kDiskTooSmall, at, number_text(disk.size),
             "must be at least " + in_gib(profile.disk_size_min));
    } else if (find_tier(profile, disk.target_type, disk.size) == nullptr) {
        note(problems, code::kNoTier, at, number_text(disk.size),
             "no " + disk.target_type + " tier of profile " + profile.name +
                 " takes a disk of this size");
    }
    if (disk.used > disk.size) {
        note(problems, code::kKeysClash, pointer + "/used", number_text(disk.used),
             "must not be more than the size, " + number_text(disk.size) + " bytes");
    }
    if (!disk.fold.empty() && disk.fold.back().distinct > disk.size) {
        note(problems, code::kKeysClash, pointer + "/fold", "[...]",
             "must not have more distinct bytes than the size, " + number_text(disk.size) +
                 " bytes");
    }
    if (disk.working_set && *disk.working_set > disk.size) {
        note(problems, code::kKeysClash, pointer + "/working_set", number_text(*disk.working_set),
             "must not be more than the size, " + number_text(disk.size) + " bytes");
    }
}

/// A disk that is left out when replication is enabled.
void check_left_out(Checking& checking, const MachineGroup& group, bool is_os_disk,
                    const std::string& pointer) {
    if (is_os_disk) {
        note(checking.problems, code::kKeysClash, pointer, "false",
             "the OS disk (the first of a machine) always replicates");
        return;
    }
    if (group.replication == Replication::Failback) {
        note(checking.problems, code::kKeysClash, pointer, "false",
             "does not go with \"failback\" replication: all disks of the machine go home");
        return;
    }
    const ScenarioKind kind = kind_of(group);
    const SupportCell cell = support(Feature::ExcludeDisk, kind, checking.scenario.profile);
    if (cell.support == Support::Supported) return;
    note(checking.problems, code::kNeverSupported, pointer, "false",
         "machine \"" + group.name + "\" (" + std::string(name_of(kind)) +
             ") cannot leave a disk out: " + cell.note + " [" + std::string(cell.source) + "]");
}

void check_disks(Checking& checking, const MachineGroup& group, const std::string& pointer) {
    Problems& problems = checking.problems;
    const std::string list = pointer + "/disks";
    if (group.disks.empty()) {
        note(problems, code::kEmptyList, list, "[]", "a machine has at least one disk");
        return;
    }
    const std::int64_t most = checking.scenario.profile.data_disks_max;
    const auto data_disks = static_cast<std::int64_t>(group.disks.size()) - 1;
    if (data_disks > most) {
        note(problems, code::kTooManyDisks, list,
             json_text(std::to_string(data_disks) + " data disks"),
             "profile " + checking.scenario.profile.name + " protects at most " +
                 std::to_string(most) + " data disks of a machine");
    }
    std::set<std::string> names;
    for (std::size_t i = 0; i < group.disks.size(); ++i) {
        const Disk& disk = group.disks[i];
        const std::string at = pointer_to(list, i);
        if (!disk.name.empty() && !names.insert(disk.name).second) {
            note(problems, code::kDuplicateName, at + "/name", json_text(disk.name),
                 "is also the name of another disk of the machine");
        }
        check_disk_size(checking, disk, i == 0, at);
        if (!disk.replicate) check_left_out(checking, group, i == 0, at + "/replicate");
    }
}

/// A machine's churn goes to disks that have none of their own, by weight: one must take it.
void check_churn_shares(Checking& checking, const MachineGroup& group, const std::string& pointer) {
    if (std::holds_alternative<NoChurn>(group.churn) || group.disks.empty()) return;
    const bool taken = std::any_of(group.disks.begin(), group.disks.end(), [](const Disk& disk) {
        return !disk.churn && disk.churn_share > 0;
    });
    if (taken) return;
    note(checking.problems, code::kKeysClash, pointer + "/churn", "{...}",
         "no disk takes a share of it: every disk has its own churn or a churn_share of 0");
}

}  // namespace

void check_machines(Checking& checking) {
    const std::vector<MachineGroup>& machines = checking.scenario.machines;
    if (machines.empty()) {
        note(checking.problems, code::kEmptyList, "/machines", "[]",
             "a scenario has at least one machine");
    }
    for (std::size_t i = 0; i < machines.size(); ++i) {
        const std::string pointer = pointer_to("/machines", i);
        check_place(checking, machines[i], pointer);
        check_disks(checking, machines[i], pointer);
        check_churn_shares(checking, machines[i], pointer);
        check_workloads(checking, machines[i], pointer);
    }
}

}  // namespace landfall::scenario
