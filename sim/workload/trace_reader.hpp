// sim/workload/trace_reader.hpp — reads chosen columns of one CSV file, plain or gzip, within
// limits.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/workload/trace.hpp"

namespace landfall::workload {

struct TraceReading {
    /// One entry for every column wanted, in that order; null when it is at fault.
    std::vector<std::shared_ptr<TraceColumn>> columns;
    std::vector<TraceProblem> problems;
};

/// Reads `file` from start to end once. Never throws for what the file holds.
TraceReading read_trace_file(const std::string& file, char separator,
                             const std::vector<std::string>& wanted, const TraceLimits& limits);

}  // namespace landfall::workload
