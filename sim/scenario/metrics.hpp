// sim/scenario/metrics.hpp — what `expect` can judge: columns of the machines table, and totals.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace landfall::scenario {

/// The one metric whose value is text.
inline constexpr std::string_view kTextMetric = "state";

/// Numeric columns of the machines table and "state"; or, for `of_total`, the keys of the totals.
std::vector<std::string> metric_names(bool of_total);

}  // namespace landfall::scenario
