// analysis/persistence.hpp — how long churn stays as it is: AR(1) coefficients.
//
// The coefficient is not that of the scores. Scores wander among ranks of hardly anything written,
// while bursts last; with the scores' own autocorrelation bursts break into pieces, and an RPO of
// 15 min needs 13 % (of 90 % of slots) to 30 % (99 %) less bandwidth than was measured (Bitbrains,
// 500 machines). What a queue feels is the variance of bytes over minutes to an hour.
//
// The coefficient is therefore the one with which the *bytes* have, added up over the lags of an
// hour, the autocorrelation that was measured: an ARTA process ("autoregressive to anything", Cario
// and Nelson, Operations Research Letters 19, 1996). Bytes at scores with correlation r have the
// correlation sum a_k^2 r^k, a_k the coefficients of the marginal over normalised Hermite
// polynomials (Mehler's formula). r at a lag is what the rhythm has plus deviation^2 phi^lag.
#pragma once

#include <Eigen/Core>

#include "analysis/normal_scores.hpp"

namespace landfall::analysis {

struct Memory {
    Eigen::Index lags = 1;  ///< slots in which it is measured, > 0
    double most = 0.99;     ///< largest coefficient, 0 <= most < 1
};

/// The coefficient per slot of a machine, from 0 to `memory.most`; 0 where bytes never change.
/// `samples` are bytes, not a number where there is none; `fitted` are scores.
double persistence(const Samples& samples, const Samples& fitted, double deviation,
                   const Memory& memory);

}  // namespace landfall::analysis
