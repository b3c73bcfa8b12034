// analysis/fluid_queue.hpp — planning arithmetic without a simulation: one FIFO link as a fluid.
//
// Bytes arrive evenly over each slot and leave at a constant rate. The lag at a slot's end is the
// age of the oldest byte unsent, which is the RPO of an ideal continuous replication over that
// link. Laws: the lag never rises with the rate; required rates scale exactly with the arrivals and
// never rise with the target. Formulas: planning by achieved and required RPO, as deployment
// planners do it, but over every slot of a trace instead of one percentile.
#pragma once

#include <Eigen/Core>

namespace landfall::analysis {

/// Lag in seconds at the end of each slot, shape as `arrivals`. `arrivals` are bytes per slot, none
/// negative; `slot_s` > 0; `bytes_per_second` > 0. Throws std::invalid_argument otherwise.
Eigen::ArrayXd lag_at_slot_ends(const Eigen::Ref<const Eigen::ArrayXd>& arrivals, double slot_s,
                                double bytes_per_second);

/// Least rate in bytes per second at which at least `share` (0..1] of the slots end with a lag of
/// at most `target_s` >= 0: by bisection, to 1e-9 of the peak rate. Zero when nothing arrives.
/// Throws std::invalid_argument for arguments out of range or no slots.
double required_rate(const Eigen::Ref<const Eigen::ArrayXd>& arrivals, double slot_s,
                     double target_s, double share);

}  // namespace landfall::analysis
