// sim/lab/oracle_report.hpp — what a board saw, as plain rows for tables.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/lab/oracle_board.hpp"

namespace landfall::lab {

struct OracleRow {
    std::string id;
    std::string name;
    std::string statement;
    std::string source;
    std::uint64_t checked = 0;   ///< how often the statement was put to the test
    std::uint64_t compared = 0;  ///< sectors looked at for it
    std::uint64_t violations = 0;
};

struct OracleReport {
    std::vector<OracleRow> oracles;     ///< one per oracle, by number
    std::vector<Violation> violations;  ///< the first of them
    std::uint64_t violation_count = 0;  ///< all of them
    std::uint64_t events = 0;
    std::uint64_t points_checked = 0;
    std::uint64_t sectors_compared = 0;
    std::uint64_t writes = 0;

    [[nodiscard]] bool clean() const { return violation_count == 0; }
};

[[nodiscard]] OracleReport report_of(const OracleBoard& board);

/// One line per violation, then how many more there were and how often each oracle fired. Empty
/// for a clean report.
[[nodiscard]] std::string report_text(const OracleReport& report);

}  // namespace landfall::lab
