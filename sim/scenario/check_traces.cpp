// sim/scenario/check_traces.cpp — reads the traces that machines replay, and maps faults to the
// file.
#include <map>
#include <tuple>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/workload/churn.hpp"

namespace landfall::scenario {

namespace {

using workload::TraceAddress;
using workload::TraceFault;
using workload::TraceProblem;

/// Who replays what first: a fault of a file or column is shown there.
struct TraceUsers {
    std::map<std::string, std::string> by_file;  ///< pointer of the churn
    std::map<std::pair<std::string, std::string>, std::string> by_column;
};

/// Calls `visit(churn, pointer)` for the churn of the group and of each of its disks that is a
/// trace.
template <typename Visit>
void for_each_trace(const MachineGroup& group, const std::string& pointer, const Visit& visit) {
    if (const auto* trace = std::get_if<TraceChurn>(&group.churn)) {
        visit(*trace, pointer + "/churn");
    }
    for (std::size_t i = 0; i < group.disks.size(); ++i) {
        const std::optional<Churn>& churn = group.disks[i].churn;
        if (!churn) continue;
        if (const auto* trace = std::get_if<TraceChurn>(&*churn)) {
            visit(*trace, pointer_to(pointer + "/disks", i) + "/churn");
        }
    }
}

bool is_readable(const TraceChurn& trace) {
    return !trace.file.empty() && !trace.column.empty() && trace.step > Duration(0);
}

std::string_view code_of(TraceFault fault) {
    switch (fault) {
        case TraceFault::UnknownColumn:
        case TraceFault::TwiceNamed: return code::kTraceColumn;
        case TraceFault::Ragged: return code::kTraceRagged;
        case TraceFault::NotANumber:
        case TraceFault::Negative: return code::kTraceCell;
        case TraceFault::Unreadable:
        case TraceFault::TooLarge:
        case TraceFault::Empty: break;
    }
    return code::kTraceFile;
}

void note_trace_problem(Checking& checking, const TraceProblem& found, const TraceUsers& users) {
    const auto column = users.by_column.find({found.file, found.column});
    const auto file = users.by_file.find(found.file);
    std::string pointer = column != users.by_column.end() ? column->second
                          : file != users.by_file.end()   ? file->second
                                                          : std::string();
    const std::string_view code = code_of(found.fault);
    pointer += code == code::kTraceColumn ? "/column" : "/file";
    if (found.fault == TraceFault::UnknownColumn) {
        note_unknown(checking.problems, code, pointer, found.column, found.message, found.columns);
        return;
    }
    const std::string shown_value = found.found.empty() ? found.file : found.found;
    note(checking.problems, code, pointer, json_text(shown_value), found.message);
}

/// A trace that ends before the run does, once for each churn entry.
void check_length(Checking& checking, const TraceChurn& trace, const std::string& pointer,
                  const MachineGroup& group, const workload::TraceStore& traces) {
    const std::optional<Duration>& duration = checking.scenario.duration;
    if (!duration || trace.repeat || !is_readable(trace)) return;
    for (std::int64_t index = 1; index <= group.count; ++index) {
        const TraceAddress address =
            workload::trace_address(trace, machine_name(group, index), index);
        const auto column = traces.find(address.file, trace.separator, address.column);
        if (column == nullptr) continue;
        const auto rows = static_cast<std::int64_t>(column->values.size());
        const std::int64_t needed =
            (duration->count() + trace.step.count() - 1) / trace.step.count();
        if (rows >= needed) continue;
        note(checking.problems, code::kTraceShort, pointer + "/file", json_text(address.file),
             "has " + std::to_string(rows) + " rows of " + seconds_text(trace.step) +
                 " seconds, but the run needs " + std::to_string(needed) +
                 "; shorten \"duration\" or set \"repeat\": true");
        return;
    }
}

}  // namespace

void check_traces(Checking& checking, workload::TraceStore& traces) {
    const std::vector<MachineGroup>& groups = checking.scenario.machines;
    TraceUsers users;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        for_each_trace(groups[i], pointer_to("/machines", i),
                       [&](const TraceChurn& trace, const std::string& pointer) {
                           if (!is_readable(trace)) return;
                           for (std::int64_t k = 1; k <= groups[i].count; ++k) {
                               const TraceAddress address =
                                   workload::trace_address(trace, machine_name(groups[i], k), k);
                               traces.require(address.file, trace.separator, address.column);
                               users.by_file.try_emplace(address.file, pointer);
                               users.by_column.try_emplace({address.file, address.column}, pointer);
                           }
                       });
    }
    for (const TraceProblem& problem : traces.read_all()) {
        note_trace_problem(checking, problem, users);
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
        for_each_trace(groups[i], pointer_to("/machines", i),
                       [&](const TraceChurn& trace, const std::string& pointer) {
                           check_length(checking, trace, pointer, groups[i], traces);
                       });
    }
}

}  // namespace landfall::scenario
