// sim/workload/churn.hpp — how many bytes a guest writes to a disk in an interval of time.
//
// Laws: written() is a pure function of the interval, and additive: written(a, c) equals
// written(a, b) + written(b, c) to the byte, so nothing drifts however finely time is cut. What was
// drawn at random depends on the seed and on the names of machine and disk only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "model/base/units.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/workload/trace.hpp"

namespace landfall::workload {

/// The writes of one disk. Objects remember where they were asked last, which makes asking in order
/// of time cheap (a few nanoseconds) and any other order merely slower.
class ChurnSource {
  public:
    ChurnSource() = default;
    ChurnSource(const ChurnSource&) = delete;
    ChurnSource& operator=(const ChurnSource&) = delete;
    virtual ~ChurnSource() = default;

    /// Bytes written in [from, to). Requires 0 <= from <= to.
    virtual Bytes written(Instant from, Instant to) = 0;

    /// How much of [from, to) a trace holds no sample for; those spans count 0 bytes. Requires
    /// 0 <= from <= to.
    [[nodiscard]] virtual Duration without_sample(Instant from, Instant to) const = 0;
};

/// Makes the source of one disk. `share` scales every rate (the disk's part of its machine's
/// churn); `index` is the machine's number in its group, from 1, for "{index}" in a trace's names.
/// A trace's column must be in `traces` (TraceStore::require with trace_address, then read_all).
std::unique_ptr<ChurnSource> make_churn(const scenario::Churn& churn, std::string_view machine_name,
                                        std::string_view disk_name, std::int64_t index,
                                        double share, std::uint64_t seed, const TraceStore& traces);

/// `text` with "{name}" and "{index}" replaced, in one pass.
std::string filled_in(std::string_view text, std::string_view name, std::int64_t index);

/// Where a machine's trace lies: file and column with "{index}" and "{name}" filled in.
struct TraceAddress {
    std::string file;
    std::string column;
};
TraceAddress trace_address(const scenario::TraceChurn& churn, std::string_view machine_name,
                           std::int64_t index);

}  // namespace landfall::workload
