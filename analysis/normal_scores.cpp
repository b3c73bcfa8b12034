// analysis/normal_scores.cpp — ranks by one sort for each machine.
#include "analysis/normal_scores.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

#include <boost/math/distributions/normal.hpp>

#include "analysis/percentile.hpp"
#include "analysis/require.hpp"

namespace landfall::analysis {

namespace {

/// Values of the fit that stand for all of them.
constexpr int kFittedShares = 64;

double score_of(double share) {
    using boost::math::policies::policy;
    using boost::math::policies::promote_double;
    using Double = policy<promote_double<false>>;
    return boost::math::quantile(boost::math::normal_distribution<double, Double>(0, 1), share);
}

std::vector<Eigen::Index> places_of(const Samples& samples) {
    std::vector<Eigen::Index> places;
    places.reserve(static_cast<std::size_t>(samples.size()));
    for (Eigen::Index slot = 0; slot < samples.size(); ++slot) {
        if (!std::isnan(samples[slot])) places.push_back(slot);
    }
    return places;
}

/// The value that a share of sorted values does not exceed, linear between (rank - 1/2) / n.
double value_at_share(const std::vector<double>& sorted, double share) {
    const double last = static_cast<double>(sorted.size() - 1);
    const double place = std::clamp(share * static_cast<double>(sorted.size()) - 0.5, 0.0, last);
    const auto below = static_cast<std::size_t>(place);
    if (below + 1 >= sorted.size()) return sorted.back();
    const double part = place - static_cast<double>(below);
    return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

}  // namespace

double normal_share(double score) {
    return 0.5 * std::erfc(-score / std::numbers::sqrt2);
}

Eigen::ArrayXd normal_scores(const Samples& samples) {
    std::vector<Eigen::Index> places = places_of(samples);
    std::sort(places.begin(), places.end(), [&](Eigen::Index one, Eigen::Index other) {
        return samples[one] != samples[other] ? samples[one] < samples[other] : one < other;
    });
    const double count = static_cast<double>(places.size());
    Eigen::ArrayXd scores =
        Eigen::ArrayXd::Constant(samples.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t first = 0, end = 0; first < places.size(); first = end) {
        while (end < places.size() && samples[places[end]] == samples[places[first]]) ++end;
        const double rank = static_cast<double>(first + end) / 2;  // from 0; the mean of equals
        const double score = score_of(rank / count);
        for (std::size_t k = first; k < end; ++k) scores[places[k]] = score;
    }
    return scores;
}

Eigen::ArrayXd bytes_by_score(const Samples& samples, const Samples& fitted, double deviation) {
    require(samples.size() == fitted.size(), "the fit must have a value for each slot");
    Eigen::ArrayXd bytes = Eigen::ArrayXd::Zero(kScoreKnots);
    std::vector<double> sorted;
    std::vector<double> centres;
    for (const Eigen::Index slot : places_of(samples)) {
        sorted.push_back(samples[slot]);
        centres.push_back(fitted[slot]);
    }
    if (sorted.empty()) return bytes;
    std::sort(sorted.begin(), sorted.end());
    if (sorted.front() == sorted.back()) return Eigen::ArrayXd::Constant(kScoreKnots, sorted[0]);
    std::sort(centres.begin(), centres.end());
    Eigen::ArrayXd few(kFittedShares);
    for (int k = 0; k < kFittedShares; ++k) {
        few[k] = value_at_share(centres, (k + 0.5) / kFittedShares);
    }
    const double scale = 1 / std::max(deviation, 1e-9);
    for (Eigen::Index knot = 0; knot < kScoreKnots; ++knot) {
        const double score =
            kFurthestScore *
            (2.0 * static_cast<double>(knot) / static_cast<double>(kScoreKnots - 1) - 1);
        double share = 0;
        for (const double centre : few) share += normal_share((score - centre) * scale);
        bytes[knot] = value_at_share(sorted, share / kFittedShares);
    }
    return bytes;
}

}  // namespace landfall::analysis
