// analysis/block_bootstrap.cpp — days are copied, never slots; machines are weighed in batches.
#include "analysis/block_bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/uniform_01.hpp>
#include <boost/random/uniform_int_distribution.hpp>

#include "analysis/fluid_queue.hpp"
#include "analysis/require.hpp"

namespace landfall::analysis {

namespace {

// Replicates whose machines are weighed by one product of matrices.
constexpr Eigen::Index kBatch = 64;
// What a number that may be 0 is compared as: bytes, or bytes per second.
constexpr double kLeast = 1;

using Demand1 = Eigen::Ref<const Eigen::ArrayXd>;

class DayDraws {
  public:
    DayDraws(const Resampling& how, Eigen::Index slots) : how_(how), random_(how.seed) {
        require(how.slots_per_day > 0, "a day must have at least one slot");
        require(how.replicates > 0, "there must be at least one replicate");
        require(how.block_days > 0, "a block must have at least one day");
        require(slots % how.slots_per_day == 0, "the trace must consist of whole days");
        days_ = slots / how.slots_per_day;
        require(days_ >= 2, "the trace must have at least two days");
    }

    /// As many days of `demand` as are asked for, in blocks.
    Eigen::ArrayXd redraw(const Demand1& demand, Eigen::Index days) {
        Eigen::ArrayXd drawn(days * how_.slots_per_day);
        Eigen::Index day = 0;
        Eigen::Index left = 0;  // of the present block
        for (Eigen::Index place = 0; place < days; ++place) {
            if (left == 0) {
                day = below(days_);
                left = block_length();
            }
            drawn.segment(place * how_.slots_per_day, how_.slots_per_day) =
                demand.segment(day * how_.slots_per_day, how_.slots_per_day);
            day = (day + 1) % days_;
            --left;
        }
        return drawn;
    }

    Eigen::Index below(Eigen::Index end) {
        return boost::random::uniform_int_distribution<Eigen::Index>(0, end - 1)(random_);
    }

    [[nodiscard]] Eigen::Index days() const { return days_; }

  private:
    Eigen::Index block_length() {
        if (!how_.stationary || how_.block_days == 1) return how_.block_days;
        const double chance = 1 - 1 / static_cast<double>(how_.block_days);  // of one day more
        const double part = 1 - boost::random::uniform_01<double>()(random_);
        return 1 + static_cast<Eigen::Index>(std::log(part) / std::log(chance));
    }

    Resampling how_;
    Eigen::Index days_ = 0;
    boost::random::mt19937_64 random_;
};

/// tanh(spread * ln(level of the second half / level of the first)) per machine.
Eigen::ArrayXd drifts(const ChurnMatrix& churn, double spread) {
    const Eigen::Index half = churn.rows() / 2;
    const Eigen::ArrayXd before = churn.topRows(half).colwise().sum().transpose();
    const Eigen::ArrayXd after = churn.bottomRows(half).colwise().sum().transpose();
    Eigen::ArrayXd found = Eigen::ArrayXd::Zero(churn.cols());
    for (Eigen::Index machine = 0; machine < churn.cols(); ++machine) {
        if (before[machine] <= 0 && after[machine] <= 0) continue;
        found[machine] = std::tanh(spread * (std::log(after[machine]) - std::log(before[machine])));
    }
    return found;
}

/// The scale on which the days to come are compared with those of the trace.
double comparable(double value, const Statistic& statistic) {
    if (statistic.kind == Statistic::Kind::WithinTarget) return value;
    return std::log(std::max(value, kLeast));
}

}  // namespace

double measure(const Demand1& demand, double slot_s, const Statistic& statistic) {
    switch (statistic.kind) {
        case Statistic::Kind::RequiredRate:
            return required_rate(demand, slot_s, statistic.target_s, statistic.share);
        case Statistic::Kind::WithinTarget: {
            require(is_not_negative(statistic.target_s),
                    "target_s must be finite and not negative");
            require(demand.size() > 0, "there must be at least one slot");
            const auto lags = lag_at_slot_ends(demand, slot_s, statistic.rate);
            return static_cast<double>((lags <= statistic.target_s).count()) /
                   static_cast<double>(lags.size());
        }
        case Statistic::Kind::Percentile:
            return percentile(demand, statistic.percent, statistic.percentile);
    }
    throw std::invalid_argument("no such statistic");
}

Eigen::ArrayXd replicates(const Demand1& demand, double slot_s, const Statistic& statistic,
                          const Resampling& resampling) {
    DayDraws draws(resampling, demand.size());
    Eigen::ArrayXd found(resampling.replicates);
    for (double& value : found) {
        value = measure(draws.redraw(demand, draws.days()), slot_s, statistic);
    }
    return found;
}

Eigen::ArrayXd predictions(const Eigen::Ref<const ChurnMatrix>& churn, double slot_s,
                           const Statistic& statistic, const Resampling& resampling,
                           Eigen::Index horizon_days) {
    require(horizon_days > 0, "the horizon must be at least one day");
    require(churn.cols() > 0, "there must be at least one machine");
    DayDraws draws(resampling, churn.rows());
    const Eigen::ArrayXd present = fleet_demand(churn, {});
    const ChurnMatrix written = churn.isNaN().select(0, churn);
    const double spread =
        std::sqrt(1 + static_cast<double>(horizon_days) / static_cast<double>(draws.days()));
    const Eigen::ArrayXd drift = drifts(written, spread);
    Eigen::ArrayXd found(resampling.replicates);
    for (Eigen::Index first = 0; first < found.size(); first += kBatch) {
        const Eigen::Index batch = std::min(kBatch, found.size() - first);
        Eigen::MatrixXd levels(churn.cols(), batch);
        for (double& level : levels.reshaped()) {
            const double sign = draws.below(2) == 0 ? -1 : 1;
            level = 1 + sign * drift[draws.below(churn.cols())];
        }
        const Eigen::MatrixXd future = written.matrix() * levels;
        for (Eigen::Index each = 0; each < batch; ++each) {
            const double now = measure(draws.redraw(present, draws.days()), slot_s, statistic);
            const double then =
                measure(draws.redraw(future.col(each).array(), horizon_days), slot_s, statistic);
            found[first + each] = comparable(then, statistic) - comparable(now, statistic);
        }
    }
    return found;
}

}  // namespace landfall::analysis
