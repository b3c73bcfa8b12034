// analysis/breach_days.hpp — violations of a target and the worst lag, day by day.
//
// The Deployment Planner's what-if: how often a day the RPO is missed, and by how much (planning.md
// 3). A violation is a longest run of slots whose lag is above the target; one that goes on past
// midnight counts on both days, so that a day has violations exactly when its peak is too high.
#pragma once

#include <Eigen/Core>

namespace landfall::analysis {

struct BreachDays {
    Eigen::ArrayXi violations;  ///< runs of slots above the target, per day
    Eigen::ArrayXd peaks;       ///< largest lag of each day, seconds
    Eigen::ArrayXi slots;       ///< slots above the target, per day
};

/// Lags in seconds, one a slot; the first slot is number `first` >= 0 of its day of `slots_per_day`
/// > 0 slots. Shapes: (days that have a slot). Throws std::invalid_argument for arguments out of
/// range.
BreachDays breach_days(const Eigen::Ref<const Eigen::ArrayXd>& lags, double target_s,
                       Eigen::Index slots_per_day, Eigen::Index first = 0);

}  // namespace landfall::analysis
