// sim/scenario/command.cpp — one entry, one condition.
#include "sim/scenario/command.hpp"

#include "sim/scenario/checks.hpp"
#include "sim/scenario/readers.hpp"

namespace landfall::scenario {

std::optional<TimelineEntry> read_command_entry(const Scenario& scenario, const Json& value,
                                                Problems& problems) {
    TimelineEntry entry = read_timeline_entry(value, "", problems);
    if (!problems.empty()) return std::nullopt;
    Checking checking(scenario);
    // What a machine never has is no fault of a file here: the service itself refuses it.
    TimelineEntry asked = entry;
    asked.refused = Refused::Yes;
    check_timeline_entry(checking, asked, "");
    problems = std::move(checking.problems);
    if (!problems.empty()) return std::nullopt;
    return entry;
}

std::optional<Awaited> read_awaited(const Scenario& scenario, ObjectReader& object) {
    Awaited awaited;
    awaited.machines = read_selection(object);
    const auto condition = object.optional("when", read_condition);
    if (!condition || !object.problems().empty()) return std::nullopt;
    awaited.condition = *condition;
    Checking checking(scenario);
    check_selection(checking, awaited.machines, object.at("machines"));
    for (Problem& problem : checking.problems) object.problems().push_back(std::move(problem));
    if (!object.problems().empty()) return std::nullopt;
    return awaited;
}

}  // namespace landfall::scenario
