// analysis/churn_model.cpp — the parts of the fit one after the other; machines one at a time.
#include "analysis/churn_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/persistence.hpp"
#include "analysis/require.hpp"
#include "analysis/residual_correlation.hpp"

namespace landfall::analysis {

namespace {

constexpr double kHourS = 3'600;
constexpr double kDayS = 86'400;

/// The longest cycle of a rhythm, in seconds.
double longest_cycle(const Rhythm& rhythm) {
    if (rhythm.weekly > 0) return 7 * kDayS;
    if (rhythm.daily > 0) return kDayS;
    return rhythm.hourly > 0 ? kHourS : 0;
}

/// Bytes of a machine, not a number where there is no sample.
Eigen::ArrayXd samples_of(const Eigen::Ref<const ChurnMatrix>& churn,
                          const Eigen::Ref<const MissingMatrix>& missing, Eigen::Index machine) {
    return missing.col(machine).select(std::numeric_limits<double>::quiet_NaN(),
                                       churn.col(machine));
}

/// What an hour is in slots; nothing lasts longer than a day but the rhythm.
Memory memory_of(double slot_s) {
    return {std::max<Eigen::Index>(1, std::lround(kHourS / slot_s)), std::exp(-slot_s / kDayS)};
}

}  // namespace

FittedChurn fit_churn(const Eigen::Ref<const ChurnMatrix>& churn,
                      const Eigen::Ref<const MissingMatrix>& missing, double start_s,
                      const Rhythm& rhythm) {
    const Eigen::Index slots = churn.rows();
    const Eigen::Index machines = churn.cols();
    require(missing.rows() == slots && missing.cols() == machines,
            "missing must have the shape of churn");
    require(slots > 0, "there must be at least one slot");
    const Eigen::MatrixXd columns = rhythm_columns(rhythm, start_s, slots);
    require(static_cast<double>(slots) * rhythm.slot_s >= longest_cycle(rhythm),
            "the trace must be as long as the longest cycle of its rhythm");
    Eigen::MatrixXd scores(slots, machines);
    for (Eigen::Index machine = 0; machine < machines; ++machine) {
        const Eigen::ArrayXd samples = samples_of(churn, missing, machine);
        require(!((samples < 0) || samples.isInf()).any(),
                "churn must be finite and not negative (bytes per slot)");
        scores.col(machine) = normal_scores(samples).matrix();
    }
    HarmonicFit fit = fit_harmonics(columns, scores);
    FittedChurn found;
    found.model.rhythm = rhythm;
    found.model.persistence.resize(machines);
    found.model.marginals.resize(kScoreKnots, machines);
    const Memory memory = memory_of(rhythm.slot_s);
    for (Eigen::Index machine = 0; machine < machines; ++machine) {
        const Eigen::ArrayXd samples = samples_of(churn, missing, machine);
        const Eigen::ArrayXd fitted = (columns * fit.coefficients.col(machine)).array();
        const double deviation = fit.deviation[machine];
        found.model.persistence[machine] = persistence(samples, fitted, deviation, memory);
        found.model.marginals.col(machine) = bytes_by_score(samples, fitted, deviation).matrix();
        scores.col(machine) -= fitted.matrix();
    }
    const Correlation shrunk = shrunk_correlation(scores, found.model.persistence);
    Correlation attained = attainable_correlation(shrunk.matrix, found.model.persistence);
    found.model.coefficients = std::move(fit.coefficients);
    found.model.deviation = std::move(fit.deviation);
    found.model.correlation = std::move(attained.matrix);
    found.explained = std::move(fit.explained);
    found.shrinkage = shrunk.weight;
    found.attained = attained.weight;
    return found;
}

void check(const ChurnModel& model) {
    const Eigen::Index machines = model.deviation.size();
    require(model.coefficients.rows() == 1 + 2 * cycles_per_week(model.rhythm).size() &&
                model.coefficients.cols() == machines &&
                model.coefficients.array().isFinite().all(),
            "coefficients must be finite, a row for each column of the rhythm");
    require(are_amounts(model.deviation), "deviation must be finite and not negative");
    require(model.persistence.size() == machines && (model.persistence >= 0).all() &&
                (model.persistence < 1).all(),
            "persistence must be from 0 to below 1 for each machine");
    require(model.correlation.rows() == machines && model.correlation.cols() == machines &&
                model.correlation.array().isFinite().all(),
            "correlation must be finite, a row and a column for each machine");
    require(model.marginals.rows() == kScoreKnots && model.marginals.cols() == machines &&
                are_amounts(model.marginals),
            "marginals must be finite and not negative, a row for each knot");
}

}  // namespace landfall::analysis
