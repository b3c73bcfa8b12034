// sim/worker/verdict.cpp — reads the tables of a run and keeps what counts.
#include "sim/worker/verdict.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/scenario/problem_json.hpp"

namespace landfall::worker {

namespace {

using nlohmann::json;
using record::Column;
using record::Table;

constexpr std::size_t kViolationsKept = 8;

/// FNV-1a, over words of eight bytes where there are as many.
class Hash {
  public:
    void add(std::string_view bytes) {
        add_word(bytes.size());
        while (bytes.size() >= sizeof(std::uint64_t)) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data(), sizeof word);
            add_word(word);
            bytes.remove_prefix(sizeof word);
        }
        std::uint64_t rest = 0;
        std::memcpy(&rest, bytes.data(), bytes.size());
        add_word(rest);
    }
    template <typename Number>
    void add(const std::vector<Number>& values) {
        add(std::string_view(reinterpret_cast<const char*>(values.data()),
                             values.size() * sizeof(Number)));
    }
    void add(const Table& table) {
        add(table.name);
        for (const Column& column : table.columns) {
            add(column.name);
            std::visit([this](const auto& values) { add(values); }, column.values);
            if (!column.categories) continue;
            for (const std::string& name : *column.categories) add(name);
        }
    }
    [[nodiscard]] std::string text() const {
        std::array<char, 17> digits{};
        std::snprintf(digits.data(), digits.size(), "%016llx",
                      static_cast<unsigned long long>(state_));
        return digits.data();
    }

  private:
    void add_word(std::uint64_t word) {
        state_ ^= word;
        state_ *= 0x100000001b3ULL;
        state_ ^= state_ >> 29U;  // so that high bits of a word reach the low ones of the next
    }
    std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

/// A table by its columns; a table that a run does not have is empty.
class Rows {
  public:
    Rows(const std::vector<Table>& tables, std::string_view name) {
        for (const Table& table : tables) {
            if (table.name == name) table_ = &table;
        }
    }
    [[nodiscard]] std::size_t size() const {
        if (table_ == nullptr || table_->columns.empty()) return 0;
        return std::visit([](const auto& values) { return values.size(); },
                          table_->columns.front().values);
    }
    [[nodiscard]] std::string_view text(std::string_view column, std::size_t row) const {
        const Column& found = column_named(column);
        const std::int32_t code = std::get<std::vector<std::int32_t>>(found.values)[row];
        if (code < 0) return "";
        return (*found.categories)[static_cast<std::size_t>(code)];
    }
    /// Null where there is no number.
    [[nodiscard]] json number(std::string_view column, std::size_t row) const {
        const double value = std::get<std::vector<double>>(column_named(column).values)[row];
        return std::isfinite(value) ? json(value) : json();
    }

  private:
    [[nodiscard]] const Column& column_named(std::string_view name) const {
        for (const Column& column : table_->columns) {
            if (column.name == name) return column;
        }
        LANDFALL_CHECK(false, "the tables of a run have the columns that a verdict reads");
        return table_->columns.front();
    }
    const Table* table_ = nullptr;
};

json violations_of(const std::vector<Table>& tables) {
    const Rows rows(tables, "violations");
    json kept = json::array();
    for (std::size_t row = 0; row < std::min(rows.size(), kViolationsKept); ++row) {
        kept.push_back({{"oracle", rows.text("oracle", row)},
                        {"machine", rows.text("machine", row)},
                        {"t_s", rows.number("t_s", row)},
                        {"text", rows.text("text", row)}});
    }
    return kept;
}

json features_of(const std::vector<Table>& tables) {
    std::map<std::string, std::int64_t> counts;
    const Rows events(tables, "events");
    for (std::size_t row = 0; row < events.size(); ++row) {
        const std::string_view kind = events.text("kind", row);
        if (kind == "state") {
            ++counts["state/" + std::string(events.text("detail", row))];
        } else {
            ++counts["event/" + std::string(kind)];
        }
    }
    const Rows jobs(tables, "jobs");
    for (std::size_t row = 0; row < jobs.size(); ++row) {
        ++counts["job/" + std::string(jobs.text("operation", row)) + "/" +
                 std::string(jobs.text("state", row))];
    }
    return counts;
}

/// Jobs that neither ended nor wait for their user: [operation, machine, start].
json unfinished_jobs(const std::vector<Table>& tables) {
    json unfinished = json::array();
    const Rows jobs(tables, "jobs");
    for (std::size_t row = 0; row < jobs.size(); ++row) {
        if (jobs.text("state", row) != "InProgress") continue;
        unfinished.push_back(
            {jobs.text("operation", row), jobs.text("machine", row), jobs.number("start_s", row)});
    }
    return unfinished;
}

json failed_expectations(const json& summary) {
    json failed = json::array();
    const auto all = summary.find("expect");
    if (all == summary.end() || !all->is_array()) return failed;
    for (const json& entry : *all) {
        if (!entry.value("passed", true)) failed.push_back(entry);
    }
    return failed;
}

json log_of(const std::vector<Table>& tables) {
    json jobs = json::array();
    const Rows of_jobs(tables, "jobs");
    for (std::size_t row = 0; row < of_jobs.size(); ++row) {
        jobs.push_back({of_jobs.text("operation", row), of_jobs.text("machine", row),
                        of_jobs.number("start_s", row), of_jobs.number("end_s", row),
                        of_jobs.text("state", row)});
    }
    json copies = json::array();
    const Rows of_copies(tables, "copies");
    for (std::size_t row = 0; row < of_copies.size(); ++row) {
        copies.push_back({of_copies.text("kind", row), of_copies.text("machine", row),
                          of_copies.number("start_s", row), of_copies.number("end_s", row)});
    }
    json events = json::array();
    const Rows of_events(tables, "events");
    for (std::size_t row = 0; row < of_events.size(); ++row) {
        events.push_back({of_events.number("t_s", row), of_events.text("kind", row),
                          of_events.text("subject", row), of_events.text("detail", row)});
    }
    json points = json::array();
    const Rows steps(tables, "rpo");  // one at each point
    for (std::size_t row = 0; row < steps.size(); ++row) {
        points.push_back({steps.text("machine", row), steps.number("t_s", row)});
    }
    return {{"jobs", std::move(jobs)},
            {"copies", std::move(copies)},
            {"events", std::move(events)},
            {"points", std::move(points)}};
}

/// A member of the summary, null where there is none.
json member(const json& summary, const char* key) {
    const auto found = summary.find(key);
    return found == summary.end() ? json() : *found;
}

}  // namespace

json verdict_of(const world::Outcome& outcome, bool log) {
    if (!outcome.problems.empty()) {
        return {{"verdict", "problems"}, {"problems", scenario::to_json(outcome.problems)}};
    }
    if (!outcome.waiting.empty()) return {{"verdict", "deadlock"}, {"waiting", outcome.waiting}};
    Hash hash;
    for (const Table& table : outcome.tables) hash.add(table);
    json verdict = {{"verdict", "done"},
                    {"end_s", member(outcome.summary, "simulated_s")},
                    {"hash", hash.text()},
                    {"event_hash", member(outcome.summary, "event_hash")},
                    {"oracles", member(outcome.summary, "oracles")},
                    {"violations", violations_of(outcome.tables)},
                    {"expect", failed_expectations(outcome.summary)},
                    {"unfinished", unfinished_jobs(outcome.tables)},
                    {"features", features_of(outcome.tables)},
                    {"coverage", member(outcome.summary, "coverage")}};
    if (log) verdict["log"] = log_of(outcome.tables);
    return verdict;
}

}  // namespace landfall::worker
