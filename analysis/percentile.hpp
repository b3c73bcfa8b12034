// analysis/percentile.hpp — the value that a share of the samples does not exceed.
//
// Tools mean different things by a percentile, and the documents of the Deployment Planner do not
// say which; so the definition is a choice that every caller sees. Types are those of Hyndman and
// Fan, "Sample quantiles in statistical packages", The American Statistician 50(4), 1996.
#pragma once

#include <vector>

#include <Eigen/Core>

namespace landfall::analysis {

enum class PercentileKind {
    Linear,       ///< type 7: between the two neighbours of (n - 1) p; NumPy, Excel's PERCENTILE
    NearestRank,  ///< type 1: a sample, the ceil(n p)-th smallest
};

/// The percentile, `percent` in [0, 100], of at least one finite sample; the samples are given up,
/// as they end in another order. Throws std::invalid_argument for arguments out of range.
double percentile(std::vector<double> samples, double percent, PercentileKind kind);

/// The same of a series, which stays as it is.
double percentile(const Eigen::Ref<const Eigen::ArrayXd>& samples, double percent,
                  PercentileKind kind);

}  // namespace landfall::analysis
