// sim/scenario/command.hpp — parts of a timeline that arrive one by one while a run is stepped.
//
// They are read and checked by the code that reads and checks a scenario file, so a wrong command
// is told in the same words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/json_reader.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::scenario {

/// Reads an entry of a timeline and checks it against `scenario`; empty after noting problems,
/// whose pointers start at the entry.
std::optional<TimelineEntry> read_command_entry(const Scenario& scenario, const Json& value,
                                                Problems& problems);

/// A condition and the machines that it is about.
struct Awaited {
    StateCondition condition;
    std::vector<std::string> machines;  ///< names or patterns; empty: all
};
/// Reads the members "when" and "machines"; empty when there is no "when", or after noting
/// problems.
std::optional<Awaited> read_awaited(const Scenario& scenario, ObjectReader& object);

}  // namespace landfall::scenario
