// analysis/churn_model.hpp — churn of many machines as a rhythm and what lies around it.
//
//   bytes(t) = marginal(rhythm(t) + deviation u(t)),  u AR(1), correlated between machines
//
// per machine, on the scale of its normal scores (normal_scores.hpp). The parts:
// harmonic_fit.hpp, persistence.hpp, residual_correlation.hpp; synthetic_trace.hpp makes traces.
// Not kept: dependence between bursts beyond that of the scores, what comes once, drift of levels.
#pragma once

#include <Eigen/Core>

#include "analysis/fleet_demand.hpp"
#include "analysis/harmonic_fit.hpp"
#include "analysis/normal_scores.hpp"

namespace landfall::analysis {

struct ChurnModel {
    Rhythm rhythm;
    Eigen::MatrixXd coefficients;  ///< (columns, machines), of rhythm_columns()
    Eigen::ArrayXd deviation;      ///< (machines), >= 0
    Eigen::ArrayXd persistence;    ///< (machines), AR(1) per slot, 0 <= f < 1
    Eigen::MatrixXd correlation;   ///< (machines, machines), stationary, of u
    Eigen::MatrixXd marginals;     ///< (kScoreKnots, machines): bytes at each knot, not falling
};

struct FittedChurn {
    ChurnModel model;
    Eigen::ArrayXd explained;  ///< (machines): share of the scores' variance, by the rhythm
    double shrinkage = 0;      ///< of the correlation, 0..1
    double attained = 1;       ///< part of the correlation that AR(1) series can have
};

/// Fits churn of shape (slots, machines), bytes per slot; no sample where it is not a number or
/// `missing` is true. The first slot starts at `start_s` of the epoch. Throws
/// std::invalid_argument for churn that is negative or infinite, no slots, or a trace shorter than
/// the longest cycle of the rhythm.
FittedChurn fit_churn(const Eigen::Ref<const ChurnMatrix>& churn,
                      const Eigen::Ref<const MissingMatrix>& missing, double start_s,
                      const Rhythm& rhythm);

/// Throws std::invalid_argument where a model is not as above.
void check(const ChurnModel& model);

}  // namespace landfall::analysis
