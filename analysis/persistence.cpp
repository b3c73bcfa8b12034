// analysis/persistence.cpp — bisection: the autocorrelation of bytes rises with the coefficient.
#include "analysis/persistence.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "analysis/require.hpp"

namespace landfall::analysis {

namespace {

constexpr int kTerms = 20;
constexpr int kHalvings = 40;

/// The correlation of bytes at scores of a correlation: powers 1 .. kTerms, and one more that
/// stands for the rest.
class ByteCorrelation {
  public:
    /// From bytes and their scores, where there are samples.
    ByteCorrelation(const Eigen::ArrayXd& bytes, const Eigen::ArrayXd& scores) {
        Eigen::ArrayXd before = Eigen::ArrayXd::Zero(scores.size());
        Eigen::ArrayXd now = Eigen::ArrayXd::Ones(scores.size());
        double left = 1;
        for (int k = 1; k <= kTerms; ++k) {
            // sqrt(k) h_k = x h_{k-1} - sqrt(k - 1) h_{k-2}
            const Eigen::ArrayXd next =
                (scores * now - std::sqrt(k - 1.0) * before) / std::sqrt(static_cast<double>(k));
            before = now;
            now = next;
            const double coefficient = (bytes * now).mean();
            power_.at(static_cast<std::size_t>(k - 1)) =
                std::min(coefficient * coefficient, std::max(left, 0.0));
            left -= power_.at(static_cast<std::size_t>(k - 1));
        }
        power_.back() = std::max(left, 0.0);
    }

    [[nodiscard]] double at(double correlation) const {
        double sum = 0;
        for (std::size_t k = power_.size(); k-- > 0;) sum = (sum + power_.at(k)) * correlation;
        return sum;
    }

  private:
    std::array<double, kTerms + 1> power_{};
};

/// Mean product of what lies a lag apart; where both are known.
double product_at(const Eigen::ArrayXd& centred, const Eigen::ArrayXd& known, Eigen::Index lag) {
    const Eigen::Index count = centred.size() - lag;
    const double pairs = (known.head(count) * known.tail(count)).sum();
    return pairs > 0 ? (centred.head(count) * centred.tail(count)).sum() / pairs : 0;
}

}  // namespace

double persistence(const Samples& samples, const Samples& fitted, double deviation,
                   const Memory& memory) {
    require(memory.lags > 0, "there must be at least one lag");
    require(memory.most >= 0 && memory.most < 1,
            "the largest coefficient must be from 0 to below 1");
    require(samples.size() == fitted.size(), "the fit must have a value for each slot");
    const Eigen::ArrayXd known = (!samples.isNaN()).cast<double>();
    const double count = known.sum();
    if (count < 2 || !(deviation > 0)) return 0;
    const Eigen::ArrayXd bytes = samples.isNaN().select(0, samples);
    const double mean = bytes.sum() / count;
    const Eigen::ArrayXd centred = (bytes - mean) * known;
    const double variance = centred.square().sum() / count;
    if (!(variance > 1e-20 * mean * mean)) return 0;
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(samples.size()));
    for (const double each : samples) {
        if (!std::isnan(each)) values.push_back((each - mean) / std::sqrt(variance));
    }
    std::sort(values.begin(), values.end());
    const Eigen::Map<const Eigen::ArrayXd> sorted(values.data(), std::ssize(values));
    // Scores of all-different samples, so that equal ones count as a step of the marginal.
    const Eigen::ArrayXd places = Eigen::ArrayXd::LinSpaced(sorted.size(), 0, count - 1);
    const ByteCorrelation correlation(sorted, normal_scores(places));

    const double level = fitted.mean();
    const Eigen::ArrayXd rhythm = fitted - level;
    const Eigen::ArrayXd always = Eigen::ArrayXd::Ones(fitted.size());
    const double noise = deviation * deviation;
    const double scale = 1 / (rhythm.square().mean() + noise);
    const Eigen::Index lags = std::min(memory.lags, samples.size() - 1);
    double measured = 0;
    Eigen::ArrayXd given(lags);
    for (Eigen::Index lag = 1; lag <= lags; ++lag) {
        measured += product_at(centred, known, lag) / variance;
        given[lag - 1] = product_at(rhythm, always, lag);
    }
    double low = 0;
    double high = memory.most;
    for (int halving = 0; halving < kHalvings; ++halving) {
        const double middle = (low + high) / 2;
        double sum = 0;
        double power = 1;
        for (const double cycle : given) {
            power *= middle;
            sum += correlation.at(std::clamp((cycle + noise * power) * scale, 0.0, 1.0));
        }
        (sum < measured ? low : high) = middle;
    }
    return low;
}

}  // namespace landfall::analysis
