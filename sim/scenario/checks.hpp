// sim/scenario/checks.hpp — the parts of check(), one for each part of the file. For check.cpp
// only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/directory.hpp"
#include "sim/scenario/json_reader.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/workload/trace.hpp"

namespace landfall::scenario {

/// What every part needs.
struct Checking {
    const Scenario& scenario;
    Directory directory;
    Problems problems;

    explicit Checking(const Scenario& checked) : scenario(checked), directory(checked) {}
};

/// Sites, regions, links, servers, policies and vault: names, references, windows
/// (check_estate.cpp).
void check_estate(Checking& checking);
/// How finely time is cut and what the profile was changed to (check_detail.cpp).
void check_detail(Checking& checking);
/// Whether data finds its way from every process server and machine to where it is sent
/// (check_routes.cpp).
void check_routes(Checking& checking);
/// Machines and disks against references and the profile's limits (check_machines.cpp).
void check_machines(Checking& checking);
/// Where a machine of the entry at `pointer` lives and sends, by its engine (check_places.cpp).
void check_place(Checking& checking, const MachineGroup& group, const std::string& pointer);
/// Its disks and workloads against its fidelity (check_workloads.cpp).
void check_workloads(Checking& checking, const MachineGroup& group, const std::string& pointer);
/// Whether a disk at block fidelity may have `size`; notes at `pointer` when not.
void check_block_size(Checking& checking, const MachineGroup& group, Bytes size,
                      const std::string& pointer);
/// Set-up of the vault, networks and what machines are to become (check_setup.cpp).
void check_setup(Checking& checking);
/// Disks behind cache storage accounts (check_cache_accounts.cpp).
void check_cache_accounts(Checking& checking);
/// Members of consistency groups: how many, and whether they are alike (check_groups.cpp).
void check_groups(Checking& checking);
/// Machine names after expansion, without expanding (check_machine_names.cpp).
void check_machine_names(Checking& checking);
/// Recovery plans and runbooks (check_recovery_plans.cpp).
void check_recovery_plans(Checking& checking);
/// Timeline and expectations (check_timeline.cpp).
void check_timeline(Checking& checking);
/// One entry of it, but for its date.
void check_timeline_entry(Checking& checking, const TimelineEntry& entry,
                          const std::string& pointer);
/// The recovery plans that an entry is about, or waits for (check_plan_entries.cpp).
void check_plan_entry(Checking& checking, const TimelineEntry& entry, const std::string& pointer);
/// Whether there is a plan of that name; notes at `pointer` when not. Null: there is none.
const RecoveryPlan* check_plan_name(Checking& checking, const std::string& name,
                                    const std::string& pointer);
/// Faults: targets, windows and envelopes (check_faults.cpp)
void check_faults(Checking& checking);
/// Whether every name and pattern selects a machine.
void check_selection(Checking& checking, const std::vector<std::string>& patterns,
                     const std::string& pointer);
/// Reads the traces and checks their length (check_traces.cpp).
void check_traces(Checking& checking, workload::TraceStore& traces);
/// Reads the block traces to their end (check_block_traces.cpp).
void check_block_traces(Checking& checking);

/// Text as it stands in JSON, for Problem::found.
std::string json_text(std::string_view text);
/// A duration as a canonical number of seconds: "300", "1.6".
std::string seconds_text(Duration duration);

/// The names of named things, in order.
template <typename T>
std::vector<std::string> names_of(const std::vector<T>& things) {
    std::vector<std::string> names;
    names.reserve(things.size());
    for (const T& thing : things) names.push_back(thing.name);
    return names;
}

}  // namespace landfall::scenario
