// analysis/percentile.cpp — selection, not sorting: linear in the number of samples.
#include "analysis/percentile.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/require.hpp"

namespace landfall::analysis {

double percentile(std::vector<double> samples, double percent, PercentileKind kind) {
    require(!samples.empty(), "there must be at least one sample");
    require(percent >= 0 && percent <= 100, "percent must be from 0 to 100");
    const double count = static_cast<double>(samples.size());
    const double place = kind == PercentileKind::Linear
                             ? (count - 1) * (percent / 100)
                             : std::max(0.0, std::ceil(count * percent / 100) - 1);
    const auto below = std::min(static_cast<std::size_t>(place), samples.size() - 1);
    const auto at = samples.begin() + static_cast<std::ptrdiff_t>(below);
    std::nth_element(samples.begin(), at, samples.end());
    const double part = place - static_cast<double>(below);
    if (part <= 0 || below + 1 == samples.size()) return *at;
    return *at + part * (*std::min_element(at + 1, samples.end()) - *at);
}

double percentile(const Eigen::Ref<const Eigen::ArrayXd>& samples, double percent,
                  PercentileKind kind) {
    require(samples.isFinite().all(), "samples must be finite");
    return percentile(std::vector<double>(samples.begin(), samples.end()), percent, kind);
}

}  // namespace landfall::analysis
