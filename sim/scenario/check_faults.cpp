// sim/scenario/check_faults.cpp — whether faults strike something, inside the run, and promise no
// more than can be kept.
#include <algorithm>
#include <charconv>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/expand.hpp"

namespace landfall::scenario {

namespace {

using faults::Envelope;
using faults::FaultKind;
using faults::FaultKindRow;
using faults::FaultTarget;

/// Names of what a fault of this target may strike. Machines are looked up apart: there may be
/// millions.
std::vector<std::string> targets_of(const Scenario& scenario, FaultTarget target) {
    std::vector<std::string> names;
    switch (target) {
        case FaultTarget::Link: return names_of(scenario.links);
        case FaultTarget::ProcessServer: return names_of(scenario.process_servers);
        case FaultTarget::MasterTarget: return names_of(scenario.master_targets);
        case FaultTarget::ConfigurationServer: return names_of(scenario.configuration_servers);
        case FaultTarget::Site: return names_of(scenario.sites);
        case FaultTarget::Region: return names_of(scenario.regions);
        case FaultTarget::StorageAccount:
            for (const Region& region : scenario.regions) {
                for (const StorageAccount& account : region.storage_accounts) {
                    names.push_back(account.name);
                }
            }
            return names;
        case FaultTarget::Host:
            for (const Site& site : scenario.sites) {
                for (const Host& host : site.hosts) names.push_back(host.name);
            }
            return names;
        case FaultTarget::Machine:
        case FaultTarget::Service: return names;
    }
    return names;
}

/// The group that has a machine of that name.
const MachineGroup* group_of(const Scenario& scenario, const std::string& name) {
    for (const MachineGroup& group : scenario.machines) {
        if (group.count == 1 && group.name == name) return &group;
        if (group.count == 1 || !name.starts_with(group.name + '-')) continue;
        std::int64_t index = 0;
        const char* const end = name.data() + name.size();
        const auto read = std::from_chars(name.data() + group.name.size() + 1, end, index);
        const bool is_number = read.ec == std::errc() && read.ptr == end;
        if (!is_number || index < 1 || index > group.count) continue;
        if (machine_name(group, index) == name) return &group;
    }
    return nullptr;
}

/// First and last names of groups: a list that shows how machines are called.
std::vector<std::string> machine_names(const Scenario& scenario) {
    std::vector<std::string> names;
    for (const MachineGroup& group : scenario.machines) {
        names.push_back(machine_name(group, 1));
        if (group.count > 1) names.push_back(machine_name(group, group.count));
    }
    return names;
}

void check_disk(Checking& checking, const Fault& fault, const MachineGroup& group,
                const std::string& pointer) {
    if (!fault.disk || fault.disk->empty()) return;
    const auto disk = std::find_if(group.disks.begin(), group.disks.end(),
                                   [&](const Disk& each) { return each.name == *fault.disk; });
    if (disk == group.disks.end()) {
        note_unknown(checking.problems, code::kUnknownName, pointer + "/disk", *fault.disk,
                     "machine \"" + fault.target + "\" has no such disk", names_of(group.disks));
        return;
    }
    if (fault.kind == FaultKind::DiskResized) {
        if (fault.size <= disk->size) {
            note(checking.problems, code::kOutOfRange, pointer + "/size",
                 std::to_string(fault.size.count()),
                 "must be more than the size of the disk, " + std::to_string(disk->size.count()) +
                     " bytes: disks grow only");
        } else {
            check_block_size(checking, group, fault.size, pointer + "/size");
        }
    }
    if (fault.kind == FaultKind::HotSpot && fault.working_set > disk->size) {
        note(checking.problems, code::kOutOfRange, pointer + "/working_set",
             std::to_string(fault.working_set.count()),
             "must be at most the size of the disk, " + std::to_string(disk->size.count()) +
                 " bytes");
    }
}

void check_machine(Checking& checking, const Fault& fault, const FaultKindRow& row,
                   const std::string& pointer) {
    const MachineGroup* group = group_of(checking.scenario, fault.target);
    if (group == nullptr) {
        note_unknown(checking.problems, code::kUnknownName, pointer + "/machine", fault.target,
                     "there is no such machine", machine_names(checking.scenario));
        return;
    }
    if (row.block_only && group->fidelity != Fidelity::Block) {
        note(checking.problems, code::kFidelity, pointer + "/kind", json_text(row.name),
             "goes only with machines of block fidelity; \"" + fault.target +
                 "\" is at volume fidelity");
    }
    check_disk(checking, fault, *group, pointer);
}

void check_target(Checking& checking, const Fault& fault, const FaultKindRow& row,
                  const std::string& pointer) {
    if (row.target == FaultTarget::Service || fault.target.empty()) return;
    if (row.target == FaultTarget::Machine) return check_machine(checking, fault, row, pointer);
    const auto names = targets_of(checking.scenario, row.target);
    if (std::find(names.begin(), names.end(), fault.target) != names.end()) return;
    const std::string key(key_of(row.target));
    std::string what = key;
    std::replace(what.begin(), what.end(), '_', ' ');
    note_unknown(checking.problems, code::kUnknownName, pointer + "/" + key, fault.target,
                 "there is no such " + what, names);
}

void check_window(Checking& checking, const Fault& fault, const std::string& pointer) {
    const auto& duration = checking.scenario.duration;
    if (fault.kind == FaultKind::CircuitFlap && fault.down >= fault.period) {
        note(checking.problems, code::kOutOfRange, pointer + "/down", seconds_text(fault.down),
             "must be less than the period, " + seconds_text(fault.period) + " seconds");
    }
    if (!duration) return;
    const Instant end(*duration);
    const std::string text = "the end of the run, " + seconds_text(*duration) + " seconds";
    if (fault.at > end) {
        note(checking.problems, code::kOutOfRange, pointer + "/at",
             seconds_text(fault.at.since_start()), "is after " + text);
    } else if (fault.lasts && fault.ends() > end) {
        note(checking.problems, code::kOutOfRange, pointer + "/lasts", seconds_text(*fault.lasts),
             "lasts until after " + text);
    }
}

/// A weaker outcome than the kind's may be asked for, a stronger one is not to be had.
void check_envelope(Checking& checking, const Fault& fault, const FaultKindRow& row,
                    const std::string& pointer) {
    if (fault.envelope >= row.envelope) return;
    std::vector<std::string> allowed;
    for (auto each = static_cast<int>(row.envelope);
         each <= static_cast<int>(Envelope::BoundedLoss); ++each) {
        allowed.emplace_back(name_of(static_cast<Envelope>(each)));
    }
    note(checking.problems, code::kEnvelope, pointer + "/envelope",
         json_text(name_of(fault.envelope)),
         "no run can keep this: after \"" + std::string(row.name) + "\" at best \"" +
             std::string(name_of(row.envelope)) + "\" holds",
         std::move(allowed));
}

/// What destroys the source's copy and what destroys the replica's, of one machine: nothing
/// survives both unless a resynchronization had the time to run between them.
void check_both_copies(Checking& checking) {
    const auto& all = checking.scenario.faults;
    for (std::size_t rot = 0; rot < all.size(); ++rot) {
        if (all[rot].kind != FaultKind::ReplicaRot) continue;
        const bool source_gone = std::any_of(all.begin(), all.end(), [&](const Fault& other) {
            return other.kind == FaultKind::DiskReplaced && other.target == all[rot].target;
        });
        if (!source_gone || all[rot].envelope == Envelope::BoundedLoss) continue;
        note(checking.problems, code::kEnvelope, pointer_to("/faults", rot) + "/envelope",
             json_text(name_of(all[rot].envelope)),
             "no run can keep this: another fault takes the source's copy of \"" + all[rot].target +
                 "\" away",
             {"bounded_loss"});
    }
}

}  // namespace

void check_faults(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
        const Fault& fault = scenario.faults[i];
        const FaultKindRow& row = row_of(fault.kind);
        const std::string pointer = pointer_to("/faults", i);
        check_target(checking, fault, row, pointer);
        check_window(checking, fault, pointer);
        check_envelope(checking, fault, row, pointer);
    }
    check_both_copies(checking);
    if (!scenario.liveness_after || !scenario.duration) return;
    if (*scenario.liveness_after < *scenario.duration) return;
    note(checking.problems, code::kOutOfRange, "/liveness_after",
         seconds_text(*scenario.liveness_after),
         "must be before the end of the run, " + seconds_text(*scenario.duration) +
             " seconds: no run could keep it");
}

}  // namespace landfall::scenario
