// tests/unit/churn_model_test.cpp — fits recover what signals were made of, and never break.
#include "analysis/churn_model.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>
#include <gtest/gtest.h>

#include "analysis/persistence.hpp"
#include "analysis/residual_correlation.hpp"
#include "analysis/synthetic_trace.hpp"

namespace landfall::analysis {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kDayS = 86'400;
const Rhythm kDaily{.slot_s = 300, .hourly = 0, .daily = 2, .weekly = 1};

MatrixXd normal_draws(Index rows, Index columns, std::uint64_t seed) {
    boost::random::mt19937_64 random(seed);
    boost::random::normal_distribution<double> normal;
    MatrixXd drawn(rows, columns);
    for (double& each : drawn.reshaped()) each = normal(random);
    return drawn;
}

/// AR(1) series of variance 1, from independent draws.
MatrixXd lasting(const MatrixXd& draws, double coefficient) {
    MatrixXd series = draws;
    for (Index slot = 1; slot < series.rows(); ++slot) {
        series.row(slot) = coefficient * series.row(slot - 1) +
                           std::sqrt(1 - coefficient * coefficient) * draws.row(slot);
    }
    return series;
}

double least_eigenvalue(const MatrixXd& matrix) {
    return Eigen::SelfAdjointEigenSolver<MatrixXd>(matrix).eigenvalues()[0];
}

MissingMatrix nothing_missing(const ChurnMatrix& churn) {
    return MissingMatrix::Constant(churn.rows(), churn.cols(), false);
}

FittedChurn fit(const ChurnMatrix& churn, const Rhythm& rhythm) {
    return fit_churn(churn, nothing_missing(churn), 0, rhythm);
}

TEST(HarmonicFit, HarmonicsThatCyclesShareAreThereOnceAndThoseSlotsCannotShowAreNot) {
    // 24 of the day is 1 of the hour is 168 of the week; a slot of 20 min shows periods above 40.
    const ArrayXd cycles = cycles_per_week({.slot_s = 1200, .hourly = 6, .daily = 24, .weekly = 7});
    EXPECT_EQ(cycles.size(), 6 + 24);  // 7 of the week is 1 of the day
    EXPECT_EQ(cycles[6], 7);
    EXPECT_EQ(cycles[cycles.size() - 1], 168);
}

TEST(HarmonicFit, AmplitudesAndPhasesAreRecovered) {
    const Index slots = 28 * 288;
    const double start_s = 12'345;
    MatrixXd series(slots, 2);
    for (Index slot = 0; slot < slots; ++slot) {
        const double days = (start_s + 300 * (static_cast<double>(slot) + 0.5)) / kDayS;
        const double angle = 2 * std::numbers::pi * days;
        series(slot, 0) = 0.25 + 0.8 * std::cos(angle) - 0.3 * std::sin(2 * angle);
        series(slot, 1) = 0.5 * std::sin(angle / 7) + (slot % 2 == 0 ? 0.1 : -0.1);
    }
    series.block(100, 0, 3'000, 1).setConstant(kNone);
    series.block(50, 1, 5'000, 1).setConstant(kNone);
    const HarmonicFit found = fit_harmonics(rhythm_columns(kDaily, start_s, slots), series);
    // Columns: 1, cos of 1, 7 and 14 per week, sin of them. The ridge takes 2 / n away.
    Eigen::VectorXd first(7);
    first << 0.25, 0, 0.8, 0, 0, 0, -0.3;
    Eigen::VectorXd second = Eigen::VectorXd::Zero(7);
    second[4] = 0.5;
    EXPECT_LT((found.coefficients.col(0) - first).cwiseAbs().maxCoeff(), 1e-3);
    EXPECT_LT((found.coefficients.col(1) - second).cwiseAbs().maxCoeff(), 1e-3);
    EXPECT_NEAR(found.deviation[0], 0, 1e-3);
    EXPECT_NEAR(found.deviation[1], 0.1, 1e-3);
    EXPECT_NEAR(found.explained[0], 1, 1e-6);
}

TEST(NormalScores, AreThoseOfRanksAndEqualSamplesShareTheirMeanRank) {
    ArrayXd samples(5);
    samples << 7, 0, kNone, 0, 90;
    const ArrayXd scores = normal_scores(samples);
    // Ranks 3, 1.5, -, 1.5, 4 of four: shares 0.625, 0.25, 0.875.
    EXPECT_NEAR(normal_share(scores[0]), 0.625, 1e-12);
    EXPECT_NEAR(normal_share(scores[1]), 0.25, 1e-12);
    EXPECT_TRUE(std::isnan(scores[2]));
    EXPECT_EQ(scores[1], scores[3]);
    EXPECT_NEAR(normal_share(scores[4]), 0.875, 1e-12);
}

TEST(NormalScores, TheMarginalGivesTheSamplesBackWhateverTheFitIs) {
    const Index count = 20'000;
    const ArrayXd samples = (2 * normal_draws(count, 1, 1).array()).exp();
    const ArrayXd fitted = ArrayXd::LinSpaced(count, -2, 2);
    const double deviation = 0.5;
    const ArrayXd marginal = bytes_by_score(samples, fitted, deviation);
    const ArrayXd scores = fitted + deviation * normal_draws(count, 1, 2).array();
    ArrayXd made(count);
    for (Index k = 0; k < count; ++k) made[k] = bytes_at(marginal.data(), scores[k]);
    for (const double percent : {5.0, 50.0, 95.0, 99.0}) {
        EXPECT_NEAR(percentile(made, percent, PercentileKind::Linear) /
                        percentile(samples, percent, PercentileKind::Linear),
                    1, 0.06)
            << percent;
    }
    EXPECT_LE(made.maxCoeff(), samples.maxCoeff());
    EXPECT_GE(made.minCoeff(), samples.minCoeff());
}

TEST(Persistence, IsThatOfTheSeriesThatBytesWereMadeOf) {
    for (const double coefficient : {0.0, 0.6, 0.9}) {
        const ArrayXd scores = lasting(normal_draws(60'000, 1, 3), coefficient).array();
        const ArrayXd samples = scores.exp();
        const double found =
            persistence(samples, ArrayXd::Zero(scores.size()), 1, {.lags = 12, .most = 0.99});
        EXPECT_NEAR(found, coefficient, 0.04) << coefficient;
    }
}

TEST(ResidualCorrelation, IsRecoveredInSpiteOfGapsAndMoreDataIsShrunkLess) {
    MatrixXd wanted(3, 3);
    wanted << 1, 0.7, 0.1, 0.7, 1, -0.2, 0.1, -0.2, 1;
    const Eigen::LLT<MatrixXd> factor(wanted);
    double before = 1;
    for (const Index slots : {60, 1'000, 50'000}) {
        MatrixXd drawn = normal_draws(slots, 3, 4) * factor.matrixU();
        drawn.block(0, 0, slots / 3, 1).setConstant(kNone);
        const Correlation found = shrunk_correlation(drawn, ArrayXd::Zero(3));
        EXPECT_LT(found.weight, before);
        before = found.weight;
        if (slots == 50'000) {
            EXPECT_LT((found.matrix - wanted).cwiseAbs().maxCoeff(), 0.02);
        }
    }
}

TEST(ResidualCorrelation, WithOneMeanCorrelationThereIsNothingButTheMeanToKeep) {
    // Independent series: the target is the truth, so all that differs from it is noise.
    const Correlation found = shrunk_correlation(normal_draws(200, 40, 5), ArrayXd::Zero(40));
    EXPECT_GT(found.weight, 0.9);
}

TEST(ResidualCorrelation, IsPositiveDefiniteForAnyData) {
    MatrixXd data = normal_draws(30, 60, 6);  // more machines than slots
    data.col(1) = data.col(0);                // alike
    data.col(2) = -data.col(0);               // opposite
    data.col(3).setZero();                    // constant
    data.col(4).setConstant(kNone);           // never seen
    data.col(5).head(15).setConstant(kNone);  // never seen together
    data.col(6).tail(15).setConstant(kNone);
    const ArrayXd memory = ArrayXd::LinSpaced(60, 0, 0.99);
    const Correlation shrunk = shrunk_correlation(data, memory);
    EXPECT_TRUE(shrunk.matrix.isApprox(shrunk.matrix.transpose()));
    EXPECT_GT(least_eigenvalue(shrunk.matrix), 5e-5);
    EXPECT_EQ(shrunk.matrix(3, 7), 0);
    EXPECT_EQ(shrunk.matrix(4, 7), 0);
    const Correlation attained = attainable_correlation(shrunk.matrix, memory);
    EXPECT_GT(least_eigenvalue(attained.matrix), 0);
    EXPECT_GT(least_eigenvalue(innovation_correlation(attained.matrix, memory)), 5e-5);
    EXPECT_LE(attained.weight, 1 + 1e-12);
}

TEST(ResidualCorrelation, IsDefiniteWhereSampleAndTargetAreNot) {
    // Two series that are opposite: the mean correlation is -1 as well.
    const MatrixXd one = normal_draws(500, 1, 6);
    MatrixXd opposite(500, 2);
    opposite << one, -one;
    const Correlation two = shrunk_correlation(opposite, ArrayXd::Zero(2));
    EXPECT_GT(least_eigenvalue(two.matrix), 5e-5);
    EXPECT_LT(two.matrix(0, 1), -0.99);
    // Seen in pairs only: 0 like 1, 1 like 2, and 2 the opposite of 0, which no three series are.
    MatrixXd pairs = MatrixXd::Constant(1'500, 3, kNone);
    pairs.block(0, 0, 500, 2) << one, one;
    pairs.block(500, 1, 500, 2) << one, one;
    pairs.block(1'000, 0, 500, 1) = one;
    pairs.block(1'000, 2, 500, 1) = -one;
    EXPECT_GT(least_eigenvalue(shrunk_correlation(pairs, ArrayXd::Zero(3)).matrix), 5e-5);
}

TEST(ResidualCorrelation, WhatCanBeAttainedIsAttained) {
    MatrixXd wanted(2, 2);
    wanted << 1, 0.5, 0.5, 1;
    const ArrayXd alike = ArrayXd::Constant(2, 0.9);
    EXPECT_EQ(attainable_correlation(wanted, alike).matrix, wanted);
    // Coefficients 0 and 0.9: at most sqrt(1 - 0.81) = 0.436 when innovations are the same.
    ArrayXd unlike(2);
    unlike << 0, 0.9;
    const Correlation found = attainable_correlation(wanted, unlike);
    EXPECT_NEAR(found.matrix(0, 1), std::sqrt(0.19), 1e-3);
    EXPECT_NEAR(found.weight, std::sqrt(0.19) / 0.5, 2e-3);
}

/// Two machines, a month: a day's rhythm, AR(1) and correlated; bytes are log-normal.
ChurnMatrix made_churn() {
    const Index slots = 28 * 288;
    MatrixXd factor(2, 2);
    factor << 1, 0, 0.6, 0.8;
    const MatrixXd around = lasting(normal_draws(slots, 2, 8) * factor.transpose(), 0.7);
    ChurnMatrix churn(slots, 2);
    for (Index slot = 0; slot < slots; ++slot) {
        const double angle = 2 * std::numbers::pi * (static_cast<double>(slot) + 0.5) / 288;
        const double score = 0.6 * std::cos(angle);
        churn(slot, 0) = 1e6 * std::exp(score + 0.8 * around(slot, 0));
        churn(slot, 1) = 1e5 * std::exp(2 * (score + 0.8 * around(slot, 1)));
    }
    return churn;
}

TEST(ChurnModel, RecoversRhythmMemoryAndCorrelation) {
    const FittedChurn found = fit(made_churn(), kDaily);
    // Of variance 0.18 + 0.64, so scores are 1 / sqrt(0.82) of it.
    for (const Index machine : {0, 1}) {
        EXPECT_NEAR(found.model.coefficients(2, machine), 0.6 / std::sqrt(0.82), 0.05);
        EXPECT_NEAR(found.model.coefficients(5, machine), 0, 0.05);
        EXPECT_NEAR(found.model.deviation[machine], 0.8 / std::sqrt(0.82), 0.04);
        EXPECT_NEAR(found.model.persistence[machine], 0.7, 0.06);
        EXPECT_NEAR(found.explained[machine], 0.18 / 0.82, 0.04);
    }
    EXPECT_NEAR(found.model.correlation(0, 1), 0.6, 0.05);
}

TEST(SyntheticTrace, HasTheLawsOfTheModelItIsMadeFrom) {
    const FittedChurn first = fit(made_churn(), kDaily);
    const std::vector<std::uint64_t> streams{11, 12};
    const ChurnMatrix made = synthetic_trace(first.model, {0, 56 * 288}, streams, 1);
    const FittedChurn again = fit(made, kDaily);
    EXPECT_LT((again.model.coefficients - first.model.coefficients).cwiseAbs().maxCoeff(), 0.1);
    EXPECT_LT((again.model.persistence - first.model.persistence).abs().maxCoeff(), 0.1);
    EXPECT_NEAR(again.model.correlation(0, 1), first.model.correlation(0, 1), 0.05);
    EXPECT_NEAR(made.col(0).mean() / made_churn().col(0).mean(), 1, 0.05);
}

/// Two machines without a rhythm whose bytes are their scores, plus 6.
ChurnModel plain_model(double correlation, double first, double second) {
    ChurnModel model;
    model.coefficients = MatrixXd::Zero(1, 2);
    model.deviation = ArrayXd::Ones(2);
    model.persistence = ArrayXd(2);
    model.persistence << first, second;
    model.correlation = MatrixXd::Ones(2, 2);
    model.correlation(0, 1) = model.correlation(1, 0) = correlation;
    model.marginals =
        Eigen::VectorXd::LinSpaced(kScoreKnots, 0, 2 * kFurthestScore).replicate(1, 2);
    return model;
}

double correlation_of(const ArrayXd& one, const ArrayXd& other) {
    const ArrayXd a = one - one.mean();
    const ArrayXd b = other - other.mean();
    return (a * b).sum() / std::sqrt(a.square().sum() * b.square().sum());
}

TEST(SyntheticTrace, MachinesOfUnlikeMemoryHaveTheCorrelationAskedForFromTheFirstSlotOn) {
    const ChurnModel model = plain_model(0.5, 0.3, 0.8);
    const Index slots = 200'000;
    const ChurnMatrix made =
        synthetic_trace(model, {0, slots}, std::vector<std::uint64_t>{1, 2}, 1);
    EXPECT_NEAR(correlation_of(made.col(0), made.col(1)), 0.5, 0.015);
    for (const Index machine : {0, 1}) {
        const ArrayXd column = made.col(machine);
        EXPECT_NEAR(column.mean(), 6, 0.02);
        EXPECT_NEAR((column - 6).square().mean(), 1, 0.03);
        EXPECT_NEAR(correlation_of(column.head(slots - 1), column.tail(slots - 1)),
                    model.persistence[machine], 0.01);
    }
    // The first slot of ten thousand fleets is distributed as any other.
    std::vector<std::uint64_t> streams(20'000);
    for (std::size_t k = 0; k < streams.size(); ++k) streams[k] = k;
    const ChurnMatrix fleets = synthetic_trace(model, {0, 1}, streams, 1);
    ArrayXd first(10'000);
    ArrayXd second(10'000);
    for (Index fleet = 0; fleet < first.size(); ++fleet) {
        first[fleet] = fleets(0, 2 * fleet);
        second[fleet] = fleets(0, 2 * fleet + 1);
    }
    EXPECT_NEAR(correlation_of(first, second), 0.5, 0.03);
    EXPECT_NEAR((second - 6).square().mean(), 1, 0.05);
}

TEST(SyntheticTrace, SameStreamsSameBytesAndALongerTraceBeginsWithTheShorter) {
    const ChurnModel model = fit(made_churn(), kDaily).model;
    const std::vector<std::uint64_t> streams{1, 2};
    const ChurnMatrix one = synthetic_trace(model, {600, 700}, streams, 1);
    EXPECT_TRUE((one == synthetic_trace(model, {600, 700}, streams, 1)).all());
    EXPECT_TRUE((one == synthetic_trace(model, {600, 900}, streams, 1).topRows(700)).all());
    const std::vector<std::uint64_t> more{1, 2, 3, 4};
    const ChurnMatrix both = synthetic_trace(model, {600, 700}, more, 1);
    EXPECT_TRUE((one == both.leftCols(2)).all());
    EXPECT_FALSE((one == both.rightCols(2)).all());
    const std::vector<std::uint64_t> other{1, 5};
    const ChurnMatrix second = synthetic_trace(model, {600, 700}, other, 1);
    EXPECT_TRUE((one.col(0) == second.col(0)).all());  // the first machine has its own stream
    EXPECT_FALSE((one.col(1) == second.col(1)).all());
}

TEST(SyntheticTrace, ScalesAsTheChurnDoes) {
    const ChurnMatrix churn = made_churn();
    const std::vector<std::uint64_t> streams{1, 2};
    const ChurnMatrix one = synthetic_trace(fit(churn, kDaily).model, {0, 500}, streams, 1);
    const ChurnMatrix thrice = synthetic_trace(fit(3 * churn, kDaily).model, {0, 500}, streams, 1);
    EXPECT_LT((thrice / (3 * one) - 1).abs().maxCoeff(), 1e-9);
    const ChurnMatrix grown = synthetic_trace(fit(churn, kDaily).model, {0, 500}, streams, 3);
    EXPECT_LT((grown / (3 * one) - 1).abs().maxCoeff(), 1e-12);
}

TEST(SyntheticTrace, MachinesThatNeverChangeOrWereNeverSeenStaySo) {
    ChurnMatrix churn = made_churn();
    churn.conservativeResize(Eigen::NoChange, 4);
    churn.col(2).setConstant(42);
    churn.col(3).setZero();
    MissingMatrix missing = nothing_missing(churn);
    missing.col(3).setConstant(true);
    missing.block(0, 0, 4'000, 1).setConstant(true);
    const FittedChurn found = fit_churn(churn, missing, 0, kDaily);
    const ChurnMatrix made =
        synthetic_trace(found.model, {0, 300}, std::vector<std::uint64_t>{1, 2, 3, 4}, 1);
    EXPECT_TRUE((made.col(2) == 42).all());
    EXPECT_TRUE((made.col(3) == 0).all());
    EXPECT_TRUE(made.isFinite().all() && (made >= 0).all());
    // Missing by the mask, or by what is no number, is the same.
    churn.block(0, 0, 4'000, 1).setConstant(kNone);
    churn.col(3).setConstant(kNone);
    const FittedChurn same = fit(churn, kDaily);
    EXPECT_EQ(same.model.coefficients, found.model.coefficients);
    EXPECT_EQ(same.model.correlation, found.model.correlation);
}

TEST(ChurnModel, TellsWhatIsWrong) {
    const ChurnMatrix churn = made_churn();
    EXPECT_THROW(fit(-churn, kDaily), std::invalid_argument);
    EXPECT_THROW(fit(churn / 0, kDaily), std::invalid_argument);
    EXPECT_THROW(fit(churn.topRows(0), kDaily), std::invalid_argument);
    EXPECT_THROW(fit(churn.topRows(6 * 288), kDaily),
                 std::invalid_argument);  // shorter than a week
    EXPECT_THROW(fit(churn, {.slot_s = 0}), std::invalid_argument);
    EXPECT_THROW(fit(churn, {.daily = -1}), std::invalid_argument);
    ChurnModel model = fit(churn, kDaily).model;
    EXPECT_THROW(synthetic_trace(model, {0, 10}, std::vector<std::uint64_t>{1}, 1),
                 std::invalid_argument);
    EXPECT_THROW(synthetic_trace(model, {0, 0}, std::vector<std::uint64_t>{1, 2}, 1),
                 std::invalid_argument);
    model.correlation(0, 1) = model.correlation(1, 0) = 2;
    EXPECT_THROW(synthetic_trace(model, {0, 10}, std::vector<std::uint64_t>{1, 2}, 1),
                 std::invalid_argument);
}

}  // namespace
}  // namespace landfall::analysis
