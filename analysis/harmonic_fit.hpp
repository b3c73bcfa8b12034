// analysis/harmonic_fit.hpp — the rhythm of hours, days and weeks in series, by least squares.
//
// Columns are a constant, and cosine and sine of whole cycles per hour (jobs at fixed minutes), per
// day and per week; a harmonic that two of them share is there once, and those that slots are too
// long to show (half a cycle per slot or more) are left out. Time counts from an epoch at which a
// week began, so that the phase of another start is known.
//
// Series are normal scores, of variance 1, so amplitudes are taken a priori as normal with variance
// 1 as well: ridge regression, (A'A + I) b = A'y (Hoerl and Kennard, Technometrics 12(1), 1970). On
// n slots it takes 2 / n of an amplitude away, and makes the equations positive definite whatever
// is missing; they are solved by Cholesky, once for all series without gaps.
#pragma once

#include <Eigen/Core>

namespace landfall::analysis {

struct Rhythm {
    double slot_s = 300;  ///< > 0
    int hourly = 0;       ///< harmonics of an hour, >= 0
    int daily = 0;        ///< of a day
    int weekly = 0;       ///< of a week
};

/// Cycles per week of the harmonics, rising. Throws std::invalid_argument.
Eigen::ArrayXd cycles_per_week(const Rhythm& rhythm);

/// Rows of the slots from the one that starts at `start_s` of the epoch: 1, cosines, sines; shape
/// (slots, 1 + 2 harmonics). A value is that of the middle of its slot.
Eigen::MatrixXd rhythm_columns(const Rhythm& rhythm, double start_s, Eigen::Index slots);

struct HarmonicFit {
    Eigen::MatrixXd coefficients;  ///< (columns, series)
    Eigen::ArrayXd deviation;      ///< root mean square of the residuals of each series
    Eigen::ArrayXd explained;      ///< share of the variance that the rhythm explains, 0..1
};

/// Fits series of shape (slots, series), not a number where there is no sample; `columns` of shape
/// (slots, columns), the first one constant. A series without samples has nothing to fit.
HarmonicFit fit_harmonics(const Eigen::Ref<const Eigen::MatrixXd>& columns,
                          const Eigen::Ref<const Eigen::MatrixXd>& series);

}  // namespace landfall::analysis
