// sim/scenario/check_timeline.cpp — whether the timeline and the expectations speak of something.
#include <algorithm>

#include "model/recovery/support_matrix.hpp"
#include "sim/scenario/checks.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/replication_rules.hpp"

namespace landfall::scenario {

namespace {

bool matches_any(const std::vector<MachineGroup>& groups, const std::string& pattern) {
    const bool is_pattern = pattern.find_first_of("*?") != std::string::npos;
    return std::any_of(groups.begin(), groups.end(), [&](const MachineGroup& group) {
        if (group.count == 1) return matches(pattern, group.name);
        const bool may_match = is_pattern || pattern.starts_with(group.name + '-');
        if (!may_match) return false;
        for (std::int64_t index = 1; index <= group.count; ++index) {
            if (matches(pattern, machine_name(group, index))) return true;
        }
        return false;
    });
}

/// What a selection may say: the names, with "-*" after those of groups.
std::vector<std::string> selectable(const std::vector<MachineGroup>& groups) {
    std::vector<std::string> names;
    names.reserve(groups.size());
    for (const MachineGroup& group : groups) {
        names.push_back(group.count == 1 ? group.name : group.name + "-*");
    }
    return names;
}

/// Whether the selection of an entry holds a machine of the group.
bool selects(const TimelineEntry& entry, const MachineGroup& group) {
    const std::vector<MachineGroup> alone = {group};
    return entry.machines.empty() ||
           std::any_of(entry.machines.begin(), entry.machines.end(),
                       [&](const std::string& pattern) { return matches_any(alone, pattern); });
}

/// A disk event of one group: the disk is there, a new size is larger and fits the fidelity.
void check_disk_event(Checking& checking, const TimelineEntry& entry, const MachineGroup& group,
                      const std::string& pointer) {
    if (entry.disk->empty()) return;
    const auto disk = std::find_if(group.disks.begin(), group.disks.end(),
                                   [&](const Disk& each) { return each.name == *entry.disk; });
    if (disk == group.disks.end()) {
        note_unknown(checking.problems, code::kUnknownName, pointer + "/disk", *entry.disk,
                     "machine \"" + group.name + "\" has no such disk", names_of(group.disks));
    } else if (entry.size && *entry.size <= disk->size) {
        note(checking.problems, code::kOutOfRange, pointer + "/size",
             std::to_string(entry.size->count()),
             "must be more than the size of the disk, " + std::to_string(disk->size.count()) +
                 " bytes: disks grow only");
    } else if (entry.size) {
        check_block_size(checking, group, *entry.size, pointer + "/size");
    }
}

/// The operation of Site Recovery that decides whether a kind has the entry's.
std::optional<landfall::Operation> deciding(Operation operation, ScenarioKind kind,
                                            const ServiceProfile& profile) {
    switch (operation) {
        case Operation::TestFailover: return landfall::Operation::TestFailover;
        case Operation::CleanupTestFailover: return landfall::Operation::TestFailoverCleanup;
        case Operation::PlannedFailover: return landfall::Operation::PlannedFailover;
        case Operation::Failover: return landfall::Operation::UnplannedFailover;
        case Operation::ChangeRecoveryPoint: return landfall::Operation::ChangePit;
        case Operation::Commit: return landfall::Operation::Commit;
        case Operation::CancelFailover: return landfall::Operation::CancelFailover;
        case Operation::Reprotect: return landfall::Operation::ReverseReplicate;
        case Operation::Failback:
            return failback_operation(kind, profile).value_or(landfall::Operation::Failback);
        case Operation::CompleteFailback: return landfall::Operation::FinalizeFailback;
        case Operation::CompleteMigration: return landfall::Operation::CompleteMigration;
        case Operation::AddDisk: return landfall::Operation::AddDisks;
        case Operation::RemoveDisk: return landfall::Operation::RemoveDisks;
        case Operation::SwitchProcessServer: return landfall::Operation::SwitchProcessServer;
        case Operation::PauseReplication: return landfall::Operation::PauseReplication;
        case Operation::ResumeReplication: return landfall::Operation::ResumeReplication;
        default: return std::nullopt;  // every machine has it, or it is an event of the world
    }
}

/// An operation that machines of the group's kind never have, whatever their state.
void check_support(Checking& checking, const TimelineEntry& entry, const MachineGroup& group,
                   const std::string& pointer) {
    if (entry.refused != Refused::No || group.replication == Replication::Failback) return;
    const ScenarioKind kind = kind_of(group);
    const ServiceProfile& profile = checking.scenario.profile;
    const auto operation = deciding(entry.operation, kind, profile);
    if (!operation) return;
    const SupportCell cell = support(feature_of(*operation), kind, profile);
    if (cell.support == Support::Supported) return;
    note(checking.problems, code::kNeverSupported, pointer + "/do", json_text(name_of(*operation)),
         "machine \"" + group.name + "\" (" + std::string(name_of(kind)) +
             ") never has this operation: " + cell.note + " [" + std::string(cell.source) +
             "]; say \"refused\": true where that is what is to be seen");
}

/// What not every machine can have.
void check_event(Checking& checking, const TimelineEntry& entry, const std::string& pointer) {
    for (const MachineGroup& group : checking.scenario.machines) {
        if (selects(entry, group)) check_support(checking, entry, group, pointer);
        if (entry.disk && selects(entry, group)) check_disk_event(checking, entry, group, pointer);
        const bool restart = entry.operation == Operation::RestartTarget;
        if (!restart || group.fidelity == Fidelity::Block || !selects(entry, group)) continue;
        note(checking.problems, code::kFidelity, pointer + "/do", "\"restart_target\"",
             "goes only with machines of block fidelity; \"" + group.name +
                 "\" is at volume fidelity");
    }
}

}  // namespace

void check_selection(Checking& checking, const std::vector<std::string>& patterns,
                     const std::string& pointer) {
    const std::vector<MachineGroup>& groups = checking.scenario.machines;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        if (patterns[i].empty() || matches_any(groups, patterns[i])) continue;
        const std::string at = patterns.size() == 1 ? pointer : pointer_to(pointer, i);
        note_unknown(checking.problems, code::kMatchesNothing, at, patterns[i],
                     "selects no machine", selectable(groups));
    }
}

void check_timeline_entry(Checking& checking, const TimelineEntry& entry,
                          const std::string& pointer) {
    check_selection(checking, entry.machines, pointer + "/machines");
    check_event(checking, entry, pointer);
    if (!entry.process_server) return;
    const auto servers = names_of(checking.scenario.process_servers);
    if (std::find(servers.begin(), servers.end(), *entry.process_server) != servers.end()) return;
    note_unknown(checking.problems, code::kUnknownName, pointer + "/process_server",
                 *entry.process_server, "there is no such process server", servers);
}

void check_timeline(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    if (!scenario.duration && scenario.timeline.empty()) {
        note(checking.problems, code::kNoEnd, "/duration", "",
             "must be given when there is no timeline: without either the run would have no end");
    }
    for (std::size_t i = 0; i < scenario.timeline.size(); ++i) {
        const TimelineEntry& entry = scenario.timeline[i];
        const std::string pointer = pointer_to("/timeline", i);
        if (entry.at && scenario.duration && entry.at->since_start() > *scenario.duration) {
            note(checking.problems, code::kOutOfRange, pointer + "/at",
                 seconds_text(entry.at->since_start()),
                 "is after the end of the run, " + seconds_text(*scenario.duration) + " seconds");
        }
        check_timeline_entry(checking, entry, pointer);
    }
    for (std::size_t i = 0; i < scenario.expect.size(); ++i) {
        const Expectation& expectation = scenario.expect[i];
        const std::string pointer = pointer_to("/expect", i);
        check_selection(checking, expectation.machines, pointer + "/machines");
        if (expectation.total && !expectation.machines.empty()) {
            note(checking.problems, code::kKeysClash, pointer + "/machines", "[...]",
                 "does not go with \"of\": \"total\", which judges the whole fleet");
        }
    }
}

}  // namespace landfall::scenario
