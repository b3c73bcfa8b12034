// analysis/breach_days.cpp — one pass over the lags.
#include "analysis/breach_days.hpp"

#include <algorithm>

#include "analysis/require.hpp"

namespace landfall::analysis {

BreachDays breach_days(const Eigen::Ref<const Eigen::ArrayXd>& lags, double target_s,
                       Eigen::Index slots_per_day, Eigen::Index first) {
    require(are_amounts(lags), "lags must be finite and not negative (seconds)");
    require(is_not_negative(target_s), "target_s must be finite and not negative (seconds)");
    require(slots_per_day > 0, "a day must have at least one slot");
    require(first >= 0 && first < slots_per_day, "the first slot must lie in a day");
    const Eigen::Index days = lags.size() == 0 ? 0 : (first + lags.size() - 1) / slots_per_day + 1;
    BreachDays found{Eigen::ArrayXi::Zero(days), Eigen::ArrayXd::Zero(days),
                     Eigen::ArrayXi::Zero(days)};
    bool within = true;  // the slot before, on the same day
    for (Eigen::Index slot = 0; slot < lags.size(); ++slot) {
        const Eigen::Index day = (first + slot) / slots_per_day;
        if ((first + slot) % slots_per_day == 0) within = true;
        const bool above = lags[slot] > target_s;
        if (above && within) ++found.violations[day];
        if (above) ++found.slots[day];
        within = !above;
        found.peaks[day] = std::max(found.peaks[day], lags[slot]);
    }
    return found;
}

}  // namespace landfall::analysis
