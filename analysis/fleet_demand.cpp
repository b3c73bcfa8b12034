// analysis/fleet_demand.cpp — rows are added up; columns are looked at one at a time.
#include "analysis/fleet_demand.hpp"

#include <cmath>
#include <vector>

#include "analysis/require.hpp"

namespace landfall::analysis {

namespace {

double written(double cell) {
    return std::isnan(cell) ? 0 : cell;
}

void check(const Eigen::Ref<const ChurnMatrix>& churn) {
    // A comparison with what is not a number is false, which lets empty cells pass.
    require(!((churn < 0) || (churn.abs() > std::numeric_limits<double>::max())).any(),
            "churn must be finite and not negative (bytes per slot)");
}

}  // namespace

Eigen::ArrayXd machine_percentiles(const Eigen::Ref<const ChurnMatrix>& churn, double percent,
                                   PercentileKind kind) {
    check(churn);
    require(churn.rows() > 0, "there must be at least one slot");
    Eigen::ArrayXd found(churn.cols());
    std::vector<double> samples;
    for (Eigen::Index machine = 0; machine < churn.cols(); ++machine) {
        samples.clear();
        for (Eigen::Index slot = 0; slot < churn.rows(); ++slot) {
            const double cell = churn(slot, machine);
            if (!std::isnan(cell)) samples.push_back(cell);
        }
        found[machine] = samples.empty() ? 0 : percentile(samples, percent, kind);
    }
    return found;
}

Eigen::ArrayXd fleet_demand(const Eigen::Ref<const ChurnMatrix>& churn, const Demand& demand) {
    check(churn);
    require(is_positive(demand.factor), "the demand's factor must be finite and greater than 0");
    require(churn.rows() > 0 || demand.clip == Clip::None, "there must be at least one slot");
    Eigen::ArrayXd sum(churn.rows());
    Eigen::ArrayXd most;
    if (demand.clip == Clip::Machines) {
        most = machine_percentiles(churn, demand.percent, demand.kind);
    }
    for (Eigen::Index slot = 0; slot < churn.rows(); ++slot) {
        double bytes = 0;
        for (Eigen::Index machine = 0; machine < churn.cols(); ++machine) {
            const double cell = written(churn(slot, machine));
            bytes += most.size() > 0 ? std::min(cell, most[machine]) : cell;
        }
        sum[slot] = bytes * demand.factor;
    }
    if (demand.clip == Clip::Fleet) {
        sum = sum.min(percentile(sum, demand.percent, demand.kind));
    }
    return sum;
}

}  // namespace landfall::analysis
