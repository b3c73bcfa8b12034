// analysis/residual_correlation.hpp — what machines do together beyond their rhythm.
//
// The sample correlation of 500 machines over a month is singular or nearly so. It is shrunk
// towards the matrix whose correlations are all the mean one, because the mean is what the variance
// of the fleet's sum depends on (Ledoit and Wolf, "Honey, I shrunk the sample covariance matrix",
// Journal of Portfolio Management 30(4), 2004). For series of variance 1:
//
//   R = (1 - d) S + d F,  F_ij = r the mean of S_ij over i != j,  d in [0, 1]
//   d = sum_{i != j} b_ij (p_ij - r / 2 (t_ij + t_ji)) / n_ij / sum_{i != j} (S_ij - r)^2
//   p_ij = mean(y_i^2 y_j^2) - S_ij^2,  t_ij = mean(y_i^3 y_j) - S_ij
//
// n_ij slots have a sample of both, and means are over them. Ledoit and Wolf take slots as
// independent; b_ij = (1 + f_i f_j) / (1 - f_i f_j) is how much more a correlation varies between
// AR(1) series with coefficients f (Bartlett, JRSS 8(1), 1946).
#pragma once

#include <Eigen/Core>

namespace landfall::analysis {

struct Correlation {
    Eigen::MatrixXd matrix;  ///< symmetric, positive definite, diagonal 1
    double weight = 0;       ///< d of shrinkage; of attainable(): the part that was kept
};

/// The shrunk correlation of residuals of shape (slots, machines), not a number where there is no
/// sample; `persistence` of shape (machines), in [0, 1). A machine whose residuals are all 0 has no
/// correlation with others. Positive definite for any data: what pairwise means of machines with
/// different gaps may lack is made up for by shrinking towards the identity.
Correlation shrunk_correlation(const Eigen::Ref<const Eigen::MatrixXd>& residuals,
                               const Eigen::Ref<const Eigen::ArrayXd>& persistence);

/// Correlation of the innovations with which AR(1) series u(t) = f u(t-1) + sqrt(1 - f^2) e(t) have
/// a stationary correlation: C_ij = R_ij (1 - f_i f_j) / sqrt((1 - f_i^2) (1 - f_j^2)).
Eigen::MatrixXd innovation_correlation(const Eigen::Ref<const Eigen::MatrixXd>& stationary,
                                       const Eigen::Ref<const Eigen::ArrayXd>& persistence);

/// The stationary correlation that AR(1) series can have. A lasting and a fleeting series cannot be
/// alike: where innovation_correlation() is not positive definite, its eigenvalues below a least
/// one are raised to it and the diagonal is scaled back to 1 (Rebonato and Jaeckel, Journal of Risk
/// 2(2), 1999). `weight` is what is left of `wanted`, by regression of one's elements on the
/// other's: 1 when it is attained.
Correlation attainable_correlation(const Eigen::Ref<const Eigen::MatrixXd>& wanted,
                                   const Eigen::Ref<const Eigen::ArrayXd>& persistence);

}  // namespace landfall::analysis
