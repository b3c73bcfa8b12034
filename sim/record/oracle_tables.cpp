// sim/record/oracle_tables.cpp — columns of the oracle report.
#include "sim/record/oracle_tables.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/record/recorder.hpp"

namespace landfall::record {

Table oracles_table(const lab::OracleReport& report) {
    NameColumn id;
    NameColumn name;
    NameColumn statement;
    NameColumn source;
    std::vector<std::int64_t> checked;
    std::vector<std::int64_t> compared;
    std::vector<std::int64_t> violations;
    for (const lab::OracleRow& row : report.oracles) {
        id.add(row.id);
        name.add(row.name);
        statement.add(row.statement);
        source.add(row.source);
        checked.push_back(static_cast<std::int64_t>(row.checked));
        compared.push_back(static_cast<std::int64_t>(row.compared));
        violations.push_back(static_cast<std::int64_t>(row.violations));
    }
    return {"oracles",
            {id.finish("oracle"),
             name.finish("name"),
             statement.finish("statement"),
             source.finish("source"),
             {"checked", std::move(checked), std::nullopt},
             {"compared", std::move(compared), std::nullopt},
             {"violations", std::move(violations), std::nullopt}}};
}

Table violations_table(const lab::OracleReport& report, const Estate& estate) {
    std::vector<double> t_s;
    NameColumn oracle;
    NameColumn machine;
    NameColumn text;
    for (const lab::Violation& violation : report.violations) {
        t_s.push_back(to_seconds(violation.at.since_start()));
        oracle.add(violation.oracle);
        machine.add(violation.machine.is_none() ? "" : estate.machine(violation.machine).name);
        text.add(violation.text);
    }
    return {"violations",
            {{"t_s", std::move(t_s), std::nullopt},
             oracle.finish("oracle"),
             machine.finish("machine"),
             text.finish("text")}};
}

Table fold_table(const BlockContent& blocks, const Estate& estate) {
    NameColumn machine;
    NameColumn disk;
    std::vector<std::int64_t> written;
    std::vector<std::int64_t> distinct;
    for (std::size_t index = 0; index < estate.disks.size(); ++index) {
        const Disk& facts = estate.disks[index];
        if (!blocks.holds(facts.machine)) continue;
        for (const FoldPoint& point : blocks.fold(DiskId(index))) {
            machine.add(estate.machine(facts.machine).name);
            disk.add(facts.name);
            written.push_back(point.written.count());
            distinct.push_back(point.distinct.count());
        }
    }
    return {"fold",
            {machine.finish("machine"),
             disk.finish("disk"),
             {"written_bytes", std::move(written), std::nullopt},
             {"distinct_bytes", std::move(distinct), std::nullopt}}};
}

nlohmann::json oracle_summary(const lab::OracleReport& report) {
    return {{"points_checked", report.points_checked},
            {"sectors_compared", report.sectors_compared},
            {"writes", report.writes},
            {"violations", report.violation_count}};
}

nlohmann::json control_summary(const lab::OracleReport& report) {
    std::uint64_t checked = 0;
    for (const lab::OracleRow& row : report.oracles) checked += row.checked;
    return {{"checked", checked}, {"violations", report.violation_count}};
}

}  // namespace landfall::record
