// analysis/fluid_queue.hpp — planning arithmetic without a simulation: one FIFO link as a fluid.
//
// Bytes arrive evenly over each slot and leave at the link's rate. The lag at a slot's end is the
// age of the oldest byte unsent, which is the RPO of an ideal continuous replication over that
// link. Laws: the lag never rises with the rate; required rates scale exactly with the arrivals and
// never rise with the target; a rate below the mean of the arrivals never catches up. Formulas:
// planning by achieved and required RPO, as deployment planners do it, but over every slot of a
// trace instead of one percentile (planning.md 3); steepest_slope.hpp for required rates.
//
// Series have one element per slot: arrivals in bytes, rates in bytes per second. Every function
// throws std::invalid_argument for arguments out of range.
#pragma once

#include <Eigen/Core>

namespace landfall::analysis {

using Series = Eigen::Ref<const Eigen::ArrayXd>;
using SeriesView = Eigen::Map<const Eigen::ArrayXd>;

/// What a calendar leaves of a link: in each slot min(rate x availability, ceiling). Either may be
/// empty: all of the rate, no ceiling. Both are views of what somebody else keeps. A throttle to
/// half is an availability; one to 100 Mbit/s, whatever the link, a ceiling (MARS work hours:
/// Set-OBMachineSetting).
struct Calendar {
    SeriesView availability{nullptr, 0};  ///< 0 and more
    SeriesView ceiling{nullptr, 0};  ///< bytes per second, 0 and more; infinite where there is none
};

/// The rates of a link of `rate` >= 0 in `slots` slots.
Eigen::ArrayXd link_rates(const Calendar& calendar, double rate, Eigen::Index slots);

/// Lag in seconds at the end of each slot. `arrivals` >= 0, `slot_s` > 0, `rates` >= 0 and of the
/// same size.
Eigen::ArrayXd lag_at_slot_ends(const Series& arrivals, double slot_s, const Series& rates);
/// The same at one rate > 0.
Eigen::ArrayXd lag_at_slot_ends(const Series& arrivals, double slot_s, double rate);

/// Least rate at which a slot ends with a lag of at most `target_s` >= 0, for each slot by itself
/// and exact: at any rate, the slots that meet the target are those whose own rate is not larger.
/// Infinite where the calendar leaves nothing, whose ceiling is not looked at.
Eigen::ArrayXd rates_by_slot(const Series& arrivals, double slot_s, double target_s,
                             const Calendar& calendar = {});

/// Least rate at which at least `share` (0..1] of the slots end with a lag of at most `target_s`:
/// lag_at_slot_ends() confirms it. Exact to rounding; under a ceiling by bisection to 1e-9, and
/// infinite when no rate is enough. Zero when nothing arrives. Requires at least one slot.
double required_rate(const Series& arrivals, double slot_s, double target_s, double share,
                     const Calendar& calendar = {});

}  // namespace landfall::analysis
