// analysis/residual_correlation.cpp — moments block by block; one eigenvalue keeps it definite.
#include "analysis/residual_correlation.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

#include "analysis/require.hpp"

namespace landfall::analysis {

namespace {

using Eigen::ArrayXXd;
using Eigen::MatrixXd;

constexpr Eigen::Index kBlock = 512;  // slots
constexpr double kLeastEigenvalue = 1e-4;
constexpr double kLeastVariance = 1e-18;

void check_persistence(const Eigen::Ref<const Eigen::ArrayXd>& persistence, Eigen::Index machines) {
    require(persistence.size() == machines, "persistence must have one element for each machine");
    require((persistence >= 0).all() && (persistence < 1).all(),
            "persistence must be from 0 to below 1");
}

/// Sums over the slots in which both machines have a sample.
struct Moments {
    MatrixXd count;
    MatrixXd first;   ///< y_i y_j
    MatrixXd second;  ///< y_i^2 y_j^2
    MatrixXd third;   ///< y_i^3 y_j
};

Moments moments_of(const Eigen::Ref<const MatrixXd>& residuals) {
    const Eigen::Index machines = residuals.cols();
    const MatrixXd zero = MatrixXd::Zero(machines, machines);
    Moments sums{zero, zero, zero, zero};
    Eigen::ArrayXd scale(machines);
    bool gaps = false;
    for (Eigen::Index machine = 0; machine < machines; ++machine) {
        const auto column = residuals.col(machine).array();
        const auto known = static_cast<double>((!column.isNaN()).count());
        gaps = gaps || known < static_cast<double>(column.size());
        const double squares = column.isNaN().select(0, column).square().sum();
        const double variance = known > 0 ? squares / known : 0;
        scale[machine] = variance > kLeastVariance ? 1 / std::sqrt(variance) : 0;
    }
    const auto add = [](MatrixXd& sum, const MatrixXd& rows) {
        sum.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
    };
    for (Eigen::Index first = 0; first < residuals.rows(); first += kBlock) {
        const Eigen::Index count = std::min(kBlock, residuals.rows() - first);
        const auto rows = residuals.middleRows(first, count).array();
        const MatrixXd values =
            (rows.isNaN().select(0, rows).rowwise() * scale.transpose()).matrix();
        const MatrixXd squares = values.array().square().matrix();
        add(sums.first, values);
        add(sums.second, squares);
        sums.third.noalias() += squares.cwiseProduct(values).transpose() * values;
        if (gaps) add(sums.count, (!rows.isNaN()).cast<double>().matrix());
    }
    if (!gaps) sums.count.setConstant(static_cast<double>(residuals.rows()));
    for (MatrixXd* sum : {&sums.count, &sums.first, &sums.second}) {
        sum->triangularView<Eigen::StrictlyUpper>() = sum->transpose();
    }
    // A machine that does not vary takes no part.
    for (Eigen::Index machine = 0; machine < machines; ++machine) {
        if (scale[machine] > 0) continue;
        sums.count.row(machine).setZero();
        sums.count.col(machine).setZero();
    }
    return sums;
}

/// Shrinks towards the identity just as far as the least eigenvalue needs.
void make_definite(MatrixXd& matrix) {
    const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(matrix, Eigen::EigenvaluesOnly);
    const double least = solver.eigenvalues()[0];
    if (least >= kLeastEigenvalue) return;
    const double part = (kLeastEigenvalue - least) / (1 - least);
    matrix *= 1 - part;
    matrix.diagonal().setOnes();
}

}  // namespace

Correlation shrunk_correlation(const Eigen::Ref<const MatrixXd>& residuals,
                               const Eigen::Ref<const Eigen::ArrayXd>& persistence) {
    const Eigen::Index machines = residuals.cols();
    check_persistence(persistence, machines);
    if (machines == 0) return {};
    const Moments sums = moments_of(residuals);
    MatrixXd sample = MatrixXd::Identity(machines, machines);
    double total = 0;
    double pairs = 0;
    for (Eigen::Index i = 0; i < machines; ++i) {
        for (Eigen::Index j = 0; j < i; ++j) {
            if (sums.count(i, j) == 0) continue;
            sample(i, j) = std::clamp(sums.first(i, j) / sums.count(i, j), -1.0, 1.0);
            total += sample(i, j);
            ++pairs;
        }
    }
    const double mean = pairs > 0 ? total / pairs : 0;
    double noise = 0;
    double spread = 0;
    for (Eigen::Index i = 0; i < machines; ++i) {
        for (Eigen::Index j = 0; j < i; ++j) {
            const double count = sums.count(i, j);
            if (count == 0) continue;
            const double s = sample(i, j);
            const double both = persistence[i] * persistence[j];
            const double p = sums.second(i, j) / count - s * s;
            const double t = (sums.third(i, j) + sums.third(j, i)) / count - 2 * s;
            noise += (1 + both) / (1 - both) * (p - mean / 2 * t) / count;
            spread += (s - mean) * (s - mean);
        }
    }
    const double weight = spread > 0 ? std::clamp(noise / spread, 0.0, 1.0) : 1;
    const auto varies = [&](Eigen::Index machine) { return sums.count(machine, machine) > 0; };
    for (Eigen::Index i = 0; i < machines; ++i) {
        for (Eigen::Index j = 0; j < i; ++j) {
            // Two that were never seen together: what is known of pairs in general.
            const double s = sums.count(i, j) > 0 ? sample(i, j) : mean;
            const double shrunk = varies(i) && varies(j) ? (1 - weight) * s + weight * mean : 0;
            sample(i, j) = shrunk;
            sample(j, i) = shrunk;
        }
    }
    make_definite(sample);
    return {std::move(sample), weight};
}

MatrixXd innovation_correlation(const Eigen::Ref<const MatrixXd>& stationary,
                                const Eigen::Ref<const Eigen::ArrayXd>& persistence) {
    check_persistence(persistence, stationary.rows());
    require(stationary.rows() == stationary.cols(), "a correlation must be a square matrix");
    const Eigen::VectorXd memory = persistence.matrix();
    const Eigen::VectorXd fresh = (1 - persistence.square()).rsqrt().matrix();
    const MatrixXd factor = fresh * fresh.transpose() -
                            memory.cwiseProduct(fresh) * memory.cwiseProduct(fresh).transpose();
    MatrixXd found = stationary.cwiseProduct(factor);
    found.diagonal() = stationary.diagonal();
    return found;
}

Correlation attainable_correlation(const Eigen::Ref<const MatrixXd>& wanted,
                                   const Eigen::Ref<const Eigen::ArrayXd>& persistence) {
    if (wanted.rows() == 0) return {MatrixXd(), 1};
    MatrixXd innovations = innovation_correlation(wanted, persistence);
    const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(innovations);
    // Half of the least one: what make_definite() has made definite is left as it is.
    if (solver.eigenvalues()[0] >= kLeastEigenvalue / 2) return {wanted, 1};
    const Eigen::VectorXd raised = solver.eigenvalues().cwiseMax(kLeastEigenvalue);
    innovations = solver.eigenvectors() * raised.asDiagonal() * solver.eigenvectors().transpose();
    const Eigen::VectorXd scale = innovations.diagonal().cwiseSqrt().cwiseInverse();
    innovations = scale.asDiagonal() * innovations * scale.asDiagonal();
    const MatrixXd unit = MatrixXd::Ones(wanted.rows(), wanted.cols());
    MatrixXd attained = innovations.cwiseQuotient(innovation_correlation(unit, persistence));
    attained = (attained + attained.transpose().eval()) / 2;
    attained.diagonal().setOnes();
    const auto beside = [](const MatrixXd& one, const MatrixXd& other) {
        return one.cwiseProduct(other).sum() - one.diagonal().dot(other.diagonal());
    };
    const double whole = beside(wanted, wanted);
    const double kept = whole > 0 ? beside(attained, wanted) / whole : 1;
    return {std::move(attained), kept};
}

}  // namespace landfall::analysis
