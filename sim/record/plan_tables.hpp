// sim/record/plan_tables.hpp — what the jobs of recovery plans did: the table plan_tasks, and a
// line for each in the summary.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/record/results.hpp"

namespace landfall::record {

/// One row per task of every job of a plan, job by job, in the order of execution; the tasks of a
/// stage stand below it.
Table plan_tasks_table(const RunFacts& facts);
/// One object per job of a plan: what it was, how it ended, and what its end waited for.
nlohmann::json plan_summary(const RunFacts& facts);

}  // namespace landfall::record
