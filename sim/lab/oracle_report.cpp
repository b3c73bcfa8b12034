// sim/lab/oracle_report.cpp — rows and lines of a board's report.
#include "sim/lab/oracle_report.hpp"

namespace landfall::lab {

OracleReport report_of(const OracleBoard& board) {
    OracleReport report;
    for (const auto& oracle : board.oracles()) {
        report.oracles.push_back({std::string(oracle->id()), std::string(oracle->name()),
                                  std::string(oracle->statement()), std::string(oracle->source()),
                                  oracle->checked(), oracle->compared(), oracle->violations()});
    }
    report.violations = board.violations();
    report.violation_count = board.violation_count();
    report.events = board.events();
    report.points_checked = board.points_checked();
    report.sectors_compared = board.sectors_compared();
    for (std::size_t d = 0; d < board.history().disks(); ++d)
        report.writes += board.history().count(DiskId(d));
    return report;
}

std::string report_text(const OracleReport& report) {
    if (report.clean()) return {};
    std::string text;
    for (const Violation& violation : report.violations)
        text.append(time_text(violation.at)).append(" ").append(violation.text).append("\n");
    const std::uint64_t more = report.violation_count - report.violations.size();
    if (more > 0) text += "and " + std::to_string(more) + " more\n";
    for (const OracleRow& row : report.oracles) {
        if (row.violations == 0) continue;
        text += row.id + " " + row.name + ": " + std::to_string(row.violations) +
                " violations in " + std::to_string(row.checked) + " checks. " + row.statement +
                "\n";
    }
    return text;
}

}  // namespace landfall::lab
