// sim/workload/trace.hpp — recorded write rates from CSV files: each file read once, columns
// shared.
//
// A file is plain or gzip (told by its content). Its first row names the columns, its first column
// is the time, every other cell is a number in the unit that the scenario states, or empty: no
// sample. What does not fit is reported with file, line and column; nothing is guessed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace landfall::workload {

/// The samples of one column in file order and in the file's unit; NaN where the cell was empty.
struct TraceColumn {
    std::vector<float> values;
    std::size_t empty_cells = 0;
};

/// What a trace file may cost at most. Files come from anywhere: a small gzip can hold terabytes.
struct TraceLimits {
    std::size_t decompressed_bytes = std::size_t{2} << 30;
    std::size_t line_bytes = std::size_t{16} << 20;
    std::size_t rows = 20'000'000;
    std::size_t kept_cells = 400'000'000;  ///< four bytes each
    std::size_t problems_per_file = 10;    ///< further ones are not looked for
};

/// What is wrong with a trace file.
enum class TraceFault {
    Unreadable,     ///< missing, a folder, no permission, broken gzip
    TooLarge,       ///< over a TraceLimits bound
    Empty,          ///< no header or no row of samples
    UnknownColumn,  ///< no such header cell
    TwiceNamed,     ///< the header names the column twice
    Ragged,         ///< a row with more or fewer cells than the header
    NotANumber,     ///< text in a number cell, or a number that is not finite
    Negative,
};

/// One fault of a file. `line` counts from 1, the header being line 1; 0: the whole file.
struct TraceProblem {
    TraceFault fault = TraceFault::Unreadable;
    std::string file;
    std::size_t line = 0;
    std::string column;
    std::string found;
    std::string message;               ///< a sentence that names file, line and column
    std::vector<std::string> columns;  ///< UnknownColumn: what the header does name
};

/// Holds the columns that a run replays. Say with require() what is needed, then read_all() once.
/// Not safe for several threads.
class TraceStore {
  public:
    explicit TraceStore(TraceLimits limits = {}) : limits_(limits) {}

    /// Asks for a column. Does not touch the file yet.
    void require(std::string_view file, char separator, std::string_view column);

    /// Reads every file that was asked for and not read yet, each once, keeping only the columns
    /// asked for. Returns what is wrong, in order of file name; columns at fault stay unavailable.
    std::vector<TraceProblem> read_all();

    /// The column, or null when it was not required, not read or at fault.
    [[nodiscard]] std::shared_ptr<const TraceColumn> find(std::string_view file, char separator,
                                                          std::string_view column) const;

  private:
    using FileKey = std::pair<std::string, char>;
    struct File {
        bool read = false;
        std::map<std::string, std::shared_ptr<TraceColumn>, std::less<>> columns;
    };

    std::vector<TraceProblem> read_file(const FileKey& key, File& file);

    TraceLimits limits_;
    std::map<FileKey, File> files_;
    std::size_t kept_cells_ = 0;
};

}  // namespace landfall::workload
