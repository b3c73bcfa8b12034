// sim/record/results.hpp — what a finished run amounts to: one row per machine, totals, verdicts.
#pragma once

#include <cstdint>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/recovery/site_recovery.hpp"
#include "sim/record/blob_writer.hpp"
#include "sim/record/recorder.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/assembly.hpp"
#include "sim/world/world.hpp"

namespace landfall::record {

/// All that the results are read from.
struct RunFacts {
    const scenario::Scenario& scenario;
    std::uint64_t seed;
    const std::vector<scenario::ExpandedMachine>& machines;
    const Estate& estate;
    const std::vector<world::LinkUse>& link_uses;
    const world::World& world;
    const SiteRecovery& logic;
    const Recorder& recorder;
    const BillingFeed& billing;
};

/// One row per machine. Seconds are NaN and data_loss_bytes -1 where they do not apply.
Table machines_table(const RunFacts& facts);
/// The recovery points that exist at the end, newest first within a machine.
Table recovery_points_table(const RunFacts& facts);
/// Adds to the table of jobs what only the control plane knows: `parent_job` (-1: none), `plan`,
/// `description` and `allowed_actions`.
void describe_jobs(const RunFacts& facts, Table& jobs);
/// Payload bytes over every direction of every WAN link.
Table links_table(const RunFacts& facts);
/// Totals, expectations and how the run was made.
nlohmann::json summarize(const RunFacts& facts, const Table& machines);

/// Judges the scenario's expectations; one JSON object each, with what was found and "passed".
nlohmann::json judge(const RunFacts& facts, const Table& machines, const nlohmann::json& totals);

/// The numeric column of that name as doubles; NaN for -1 in data_loss_bytes. Empty if none.
std::vector<double> numbers(const Table& table, std::string_view column);

}  // namespace landfall::record
