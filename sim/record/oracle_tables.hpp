// sim/record/oracle_tables.hpp — what the oracles of a run showed, and its fold curves.
#pragma once

#include <nlohmann/json.hpp>

#include "model/estate/estate.hpp"
#include "model/replication/block_content.hpp"
#include "sim/lab/oracle_report.hpp"
#include "sim/record/blob_writer.hpp"

namespace landfall::record {

/// One row per oracle: id, name, statement, source, checked, compared, violations.
Table oracles_table(const lab::OracleReport& report);
/// The first violations, as they happened: t_s, oracle, machine, text.
Table violations_table(const lab::OracleReport& report, const Estate& estate);
/// The fold curve of every disk at block fidelity: machine, disk, written_bytes, distinct_bytes.
Table fold_table(const BlockContent& blocks, const Estate& estate);
/// {"points_checked", "sectors_compared", "writes", "violations"}
nlohmann::json oracle_summary(const lab::OracleReport& report);
/// Without block fidelity: {"checked", "violations"}
nlohmann::json control_summary(const lab::OracleReport& report);

}  // namespace landfall::record
