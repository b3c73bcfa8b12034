// analysis/normal_scores.hpp — churn as normal scores, and scores as churn.
//
// Each machine is put on the scale of its own ranks: Phi^-1((rank - 1/2) / n), equal samples at
// their mean rank (van der Waerden 1952; Hazen's plotting positions). That is a Gaussian copula
// with the machine's own marginal (Liu, Lafferty and Wasserman, JMLR 10, 2009): nothing is negative
// on the way back, nothing exceeds what was measured, and a machine that writes k times as much has
// the same scores. Other scales, with residuals redrawn around the same harmonics, miss the level
// of a month of 500 machines (Bitbrains), for churn is idle for hours and bursts a thousandfold:
//
//   scale           mean    machines' p95    largest slot over    hours of the
//                             (median)        measured peak      day correlate
//   linear         + 21 %        21 %             1.4                 1.00
//   sqrt            - 2 %         7 %             2.4                 0.98
//   log1p          + 39 %        16 %           5,900                 0.74
//   normal scores   + 1 %       0.5 %             1                   0.95
#pragma once

#include <Eigen/Core>

#include "analysis/fleet_demand.hpp"

namespace landfall::analysis {

/// True where there is no sample, (slots, machines).
using MissingMatrix = Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Samples = Eigen::Ref<const Eigen::ArrayXd>;

/// Scores at which marginals are kept: from -kFurthestScore to it, evenly.
constexpr Eigen::Index kScoreKnots = 513;
constexpr double kFurthestScore = 6;

/// The standard normal distribution's share below a score.
double normal_share(double score);

/// The score of each sample; not a number stays so.
Eigen::ArrayXd normal_scores(const Samples& samples);

/// The marginal of a machine: bytes at each knot, not falling, 0 without any sample. When scores
/// are `fitted` plus `deviation` times a standard normal number, bytes are distributed as the
/// samples are, at whatever values the fit has: shares below each knot are averaged over `fitted`
/// where there are samples.
Eigen::ArrayXd bytes_by_score(const Samples& samples, const Samples& fitted, double deviation);

/// Bytes at a score, linear between the knots.
inline double bytes_at(const double* by_score, double score) {
    constexpr double kPerKnot = (kScoreKnots - 1) / (2 * kFurthestScore);
    const double place = (score + kFurthestScore) * kPerKnot;
    if (!(place > 0)) return by_score[0];
    if (place >= kScoreKnots - 1) return by_score[kScoreKnots - 1];
    const auto below = static_cast<Eigen::Index>(place);
    const double part = place - static_cast<double>(below);
    return by_score[below] + part * (by_score[below + 1] - by_score[below]);
}

}  // namespace landfall::analysis
