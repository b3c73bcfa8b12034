// analysis/harmonic_fit.cpp — normal equations; what is missing is taken out of them.
#include "analysis/harmonic_fit.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <vector>

#include <Eigen/Cholesky>

#include "analysis/require.hpp"

namespace landfall::analysis {

namespace {

constexpr double kWeekS = 604'800;
constexpr int kDaysOfWeek = 7;
constexpr int kHoursOfWeek = 168;

/// The normal equations of a series that has samples in some slots only: from whichever are fewer.
Eigen::MatrixXd normal_matrix(const Eigen::Ref<const Eigen::MatrixXd>& columns,
                              const Eigen::MatrixXd& whole,
                              const std::vector<Eigen::Index>& absent) {
    const auto missing = static_cast<Eigen::Index>(absent.size());
    if (2 * missing <= columns.rows()) {
        const Eigen::MatrixXd rows = columns(absent, Eigen::all);
        return whole - rows.transpose() * rows;
    }
    std::vector<Eigen::Index> present;
    for (Eigen::Index slot = 0, next = 0; slot < columns.rows(); ++slot) {
        if (next < missing && absent[static_cast<std::size_t>(next)] == slot) {
            ++next;
        } else {
            present.push_back(slot);
        }
    }
    const Eigen::MatrixXd rows = columns(present, Eigen::all);
    return Eigen::MatrixXd::Identity(whole.rows(), whole.cols()) + rows.transpose() * rows;
}

}  // namespace

Eigen::ArrayXd cycles_per_week(const Rhythm& rhythm) {
    require(is_positive(rhythm.slot_s), "slot_s must be finite and greater than 0");
    require(rhythm.hourly >= 0 && rhythm.daily >= 0 && rhythm.weekly >= 0,
            "numbers of harmonics must not be negative");
    std::set<int> cycles;
    const auto add = [&](int harmonics, int each) {
        for (int k = 1; k <= harmonics; ++k) {
            if (2.0 * k * each * rhythm.slot_s >= kWeekS) return;
            cycles.insert(k * each);
        }
    };
    add(rhythm.weekly, 1);
    add(rhythm.daily, kDaysOfWeek);
    add(rhythm.hourly, kHoursOfWeek);
    Eigen::ArrayXd found(std::ssize(cycles));
    std::copy(cycles.begin(), cycles.end(), found.begin());
    return found;
}

Eigen::MatrixXd rhythm_columns(const Rhythm& rhythm, double start_s, Eigen::Index slots) {
    require(std::isfinite(start_s), "start_s must be finite");
    require(slots >= 0, "the number of slots must not be negative");
    const Eigen::ArrayXd cycles = cycles_per_week(rhythm);
    const double first = std::fmod(start_s, kWeekS) / kWeekS;
    const double step = rhythm.slot_s / kWeekS;
    const Eigen::ArrayXd weeks =
        first + step * (0.5 + Eigen::ArrayXd::LinSpaced(slots, 0, static_cast<double>(slots - 1)));
    Eigen::MatrixXd columns(slots, 1 + 2 * cycles.size());
    columns.col(0).setOnes();
    for (Eigen::Index k = 0; k < cycles.size(); ++k) {
        const Eigen::ArrayXd turns = weeks * cycles[k];
        const Eigen::ArrayXd angles = 2 * std::numbers::pi * (turns - turns.floor());
        columns.col(1 + k) = angles.cos();
        columns.col(1 + cycles.size() + k) = angles.sin();
    }
    return columns;
}

HarmonicFit fit_harmonics(const Eigen::Ref<const Eigen::MatrixXd>& columns,
                          const Eigen::Ref<const Eigen::MatrixXd>& series) {
    require(columns.rows() == series.rows(), "the columns must have a row for each slot");
    const Eigen::MatrixXd given = series.array().isNaN().select(0, series);
    const Eigen::MatrixXd right = columns.transpose() * given;
    const Eigen::MatrixXd whole =
        Eigen::MatrixXd::Identity(columns.cols(), columns.cols()) + columns.transpose() * columns;
    const Eigen::LLT<Eigen::MatrixXd> factor(whole);
    HarmonicFit fit{factor.solve(right), Eigen::ArrayXd(series.cols()),
                    Eigen::ArrayXd(series.cols())};
    std::vector<std::vector<Eigen::Index>> absent(static_cast<std::size_t>(series.cols()));
    for (Eigen::Index each = 0; each < series.cols(); ++each) {
        auto& slots = absent[static_cast<std::size_t>(each)];
        for (Eigen::Index slot = 0; slot < series.rows(); ++slot) {
            if (std::isnan(series(slot, each))) slots.push_back(slot);
        }
        if (slots.empty()) continue;
        const Eigen::LLT<Eigen::MatrixXd> own(normal_matrix(columns, whole, slots));
        fit.coefficients.col(each) = own.solve(right.col(each));
    }
    const Eigen::MatrixXd rest = given - columns * fit.coefficients;
    for (Eigen::Index each = 0; each < series.cols(); ++each) {
        const auto& slots = absent[static_cast<std::size_t>(each)];
        const auto count = static_cast<double>(series.rows() - std::ssize(slots));
        if (count == 0) {
            fit.deviation[each] = 1;
            fit.explained[each] = 0;
            continue;
        }
        double squares = rest.col(each).squaredNorm();
        for (const Eigen::Index slot : slots) squares -= rest(slot, each) * rest(slot, each);
        squares = std::max(squares, 0.0);
        const double mean = given.col(each).sum() / count;
        const double variance = given.col(each).squaredNorm() / count - mean * mean;
        fit.deviation[each] = std::sqrt(squares / count);
        fit.explained[each] =
            variance > 1e-12 ? std::clamp(1 - squares / count / variance, 0.0, 1.0) : 0;
    }
    return fit;
}

}  // namespace landfall::analysis
