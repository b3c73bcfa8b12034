// sim/scenario/check_timeline.cpp — whether the timeline and the expectations speak of something.
#include <algorithm>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/expand.hpp"

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

}  // namespace

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
        check_selection(checking, entry.machines, pointer + "/machines");
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
