// sim/workload/trace_reader.cpp — header, rows and cells of a trace; faults with line and column.
#include "sim/workload/trace_reader.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "sim/scenario/printable.hpp"
#include "sim/workload/text_source.hpp"

namespace landfall::workload {

namespace {

constexpr std::size_t kNotKept = std::numeric_limits<std::size_t>::max();

std::string_view trimmed(std::string_view cell) {
    constexpr std::string_view kBlanks = " \t";
    const std::size_t first = cell.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    cell = cell.substr(first, cell.find_last_not_of(kBlanks) - first + 1);
    const bool quoted = cell.size() >= 2 && cell.front() == '"' && cell.back() == '"';
    return quoted ? cell.substr(1, cell.size() - 2) : cell;
}

std::vector<std::string> split_header(std::string_view line, char separator) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (line.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
        line.remove_prefix(kByteOrderMark.size());
    }
    std::vector<std::string> cells;
    for (;;) {
        const std::size_t stop = line.find(separator);
        cells.emplace_back(trimmed(line.substr(0, stop)));
        if (stop == std::string_view::npos) return cells;
        line.remove_prefix(stop + 1);
    }
}

class Reader {
  public:
    Reader(const std::string& file, char separator, const std::vector<std::string>& wanted,
           const TraceLimits& limits)
        : file_(file), separator_(separator), wanted_(wanted), limits_(limits) {
        result_.columns.resize(wanted.size());
    }

    TraceReading read() {
        try {
            TextSource source(file_, limits_.decompressed_bytes, limits_.line_bytes);
            read_lines(source);
        } catch (const UnreadableFile& error) {
            give_up(TraceFault::Unreadable, error.what());
        } catch (const FileTooLarge& error) {
            give_up(TraceFault::TooLarge, error.what());
        }
        return std::move(result_);
    }

  private:
    void read_lines(TextSource& source) {
        std::string_view line;
        if (!source.next_line(line) || trimmed(line).empty()) {
            return give_up(TraceFault::Empty, "it has no header row");
        }
        line_ = 1;
        read_header(line);
        std::size_t blank_lines = 0;
        while (!full() && source.next_line(line)) {
            ++line_;
            if (line.empty() && header_.size() > 1) {
                ++blank_lines;
                continue;
            }
            if (blank_lines > 0) {  // blank lines are welcome at the end only: time would shift
                add(TraceFault::Ragged, line_ - 1, "", "", "an empty line between rows");
                blank_lines = 0;
            }
            if (++rows_ > limits_.rows) {
                return give_up(TraceFault::TooLarge,
                               "it has more than " + std::to_string(limits_.rows) + " rows");
            }
            if (rows_ * kept_ > limits_.kept_cells) {
                return give_up(TraceFault::TooLarge, "more than " +
                                                         std::to_string(limits_.kept_cells) +
                                                         " samples would have to be kept");
            }
            read_row(line);
        }
        if (rows_ == 0) return give_up(TraceFault::Empty, "it has no row of samples");
        if (faulty_) drop_columns();
    }

    void read_header(std::string_view line) {
        header_ = split_header(line, separator_);
        place_.assign(header_.size(), kNotKept);
        for (std::size_t i = 0; i < wanted_.size(); ++i) {
            const std::optional<std::size_t> place = find_column(wanted_[i]);
            if (!place) continue;
            place_[*place] = i;
            result_.columns[i] = std::make_shared<TraceColumn>();
            ++kept_;
        }
    }

    std::optional<std::size_t> find_column(const std::string& name) {
        std::optional<std::size_t> place;
        for (std::size_t at = 1; at < header_.size(); ++at) {  // column 0 is the time
            if (header_[at] != name) continue;
            if (place) {
                add(TraceFault::TwiceNamed, 1, name, name, "two columns of this name");
                return std::nullopt;
            }
            place = at;
        }
        if (!place) {
            if (result_.problems.size() >= limits_.problems_per_file) return std::nullopt;
            const bool is_time = !header_.empty() && header_[0] == name;
            add(TraceFault::UnknownColumn, 1, name, name,
                is_time ? "the first column is the time, not a rate" : "no such column");
            for (std::size_t at = 1; at < header_.size(); ++at) {
                result_.problems.back().columns.push_back(scenario::printable(header_[at]));
            }
        }
        return place;
    }

    void read_row(std::string_view line) {
        const char* at = line.data();
        const char* const end = at + line.size();
        std::size_t cell = 0;
        for (;; ++cell) {
            const std::size_t kept = cell < place_.size() ? place_[cell] : kNotKept;
            if (kept == kNotKept) {
                const auto length = static_cast<std::size_t>(end - at);
                const void* stop = length == 0 ? nullptr : std::memchr(at, separator_, length);
                at = stop == nullptr ? end : static_cast<const char*>(stop);
            } else {
                at = read_cell(at, end, cell, *result_.columns[kept]);
            }
            if (at == end) break;
            ++at;  // over the separator
        }
        if (cell + 1 != header_.size()) {
            add(TraceFault::Ragged, line_, "", std::to_string(cell + 1) + " cells",
                "the header has " + std::to_string(header_.size()) + " cells");
        }
    }

    /// Reads the cell that starts at `at` and returns where it ends. The common case, a bare number
    /// that ends at the separator, is tried first.
    const char* read_cell(const char* at, const char* end, std::size_t cell, TraceColumn& column) {
        float value = 0;
        auto [stop, error] = std::from_chars(at, end, value);
        if (error != std::errc() || (stop != end && *stop != separator_)) {
            const auto length = static_cast<std::size_t>(end - at);
            const void* next = length == 0 ? nullptr : std::memchr(at, separator_, length);
            stop = next == nullptr ? end : static_cast<const char*>(next);
            const std::string_view text =
                trimmed(std::string_view(at, static_cast<std::size_t>(stop - at)));
            if (text.empty()) {
                column.values.push_back(std::numeric_limits<float>::quiet_NaN());
                ++column.empty_cells;
                return stop;
            }
            const char* const text_end = text.data() + text.size();
            const auto again = std::from_chars(text.data(), text_end, value);
            if (again.ec != std::errc() || again.ptr != text_end) {
                return bad_cell(TraceFault::NotANumber, cell, text, stop, column);
            }
        }
        if (!std::isfinite(value)) {  // "nan" and "inf" are text here: an empty cell says no sample
            const std::string_view text(at, static_cast<std::size_t>(stop - at));
            return bad_cell(TraceFault::NotANumber, cell, trimmed(text), stop, column);
        }
        if (value < 0) {
            const std::string_view text(at, static_cast<std::size_t>(stop - at));
            return bad_cell(TraceFault::Negative, cell, trimmed(text), stop, column);
        }
        column.values.push_back(value);
        return stop;
    }

    const char* bad_cell(TraceFault fault, std::size_t cell, std::string_view text,
                         const char* stop, TraceColumn& column) {
        add(fault, line_, header_[cell], scenario::printable(text),
            fault == TraceFault::Negative ? "a rate is not negative" : "not a number");
        column.values.push_back(std::numeric_limits<float>::quiet_NaN());
        return stop;
    }

    void add(TraceFault fault, std::size_t line, const std::string& column,
             const std::string& found, const std::string& cause) {
        // A column that is missing or named twice is missed alone; a bad cell spoils the file.
        const bool of_column_only =
            fault == TraceFault::UnknownColumn || fault == TraceFault::TwiceNamed;
        if (!of_column_only) faulty_ = true;
        std::string message = scenario::printable(file_, 300) + " line " + std::to_string(line);
        if (!column.empty()) message += ", column '" + scenario::printable(column) + "'";
        message += ": " + cause;
        if (!found.empty() && found != column) message += ", found '" + found + "'";
        result_.problems.push_back({fault, file_, line, column, found, message, {}});
    }

    void give_up(TraceFault fault, const std::string& cause) {
        result_.problems.push_back(
            {fault, file_, 0, "", "", scenario::printable(file_, 300) + ": " + cause, {}});
        drop_columns();
    }

    void drop_columns() {
        for (auto& column : result_.columns) column.reset();
    }

    [[nodiscard]] bool full() {
        const bool enough = faulty_ && result_.problems.size() >= limits_.problems_per_file;
        if (enough) rows_ = rows_ == 0 ? 1 : rows_;  // not "no rows": we stopped looking
        return enough;
    }

    const std::string& file_;
    char separator_;
    const std::vector<std::string>& wanted_;
    const TraceLimits& limits_;
    TraceReading result_;
    std::vector<std::string> header_;
    std::vector<std::size_t> place_;  ///< of a header cell among the wanted, or kNotKept
    std::size_t kept_ = 0;
    std::size_t rows_ = 0;
    std::size_t line_ = 0;
    bool faulty_ = false;
};

}  // namespace

TraceReading read_trace_file(const std::string& file, char separator,
                             const std::vector<std::string>& wanted, const TraceLimits& limits) {
    return Reader(file, separator, wanted, limits).read();
}

}  // namespace landfall::workload
