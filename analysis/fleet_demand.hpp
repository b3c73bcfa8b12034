// analysis/fleet_demand.hpp — the churn of many machines as the demand on what they share.
//
// Churn is a matrix (slots, machines) of bytes written in each slot. Not a number means no sample:
// nothing written in the sum, and no part in the machine's own percentile. The sum of the machines'
// percentiles, as assessments add them up (planning.md 8), takes it that all peak together; on real
// fleets it is about twice the percentile of the sum.
#pragma once

#include <Eigen/Core>

#include "analysis/percentile.hpp"

namespace landfall::analysis {

/// Row after row, as NumPy has it: (slots, machines).
using ChurnMatrix = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// What a percentile cuts off. That the Deployment Planner's 95 % cuts at all is not documented
/// (planning.md 1), so nothing is cut unless that is asked for.
enum class Clip {
    None,
    Machines,  ///< each machine's slots at its own percentile, before they are added up
    Fleet,     ///< the slots of the sum at the sum's percentile
};

struct Demand {
    double factor = 1;  ///< (1 + growth) (1 - compression), > 0
    Clip clip = Clip::None;
    double percent = 95;
    PercentileKind kind = PercentileKind::Linear;
};

/// Bytes of all machines in each slot, shape (slots). Throws std::invalid_argument for a negative
/// or infinite cell, a percentile of no slots, or a demand out of range.
Eigen::ArrayXd fleet_demand(const Eigen::Ref<const ChurnMatrix>& churn, const Demand& demand);

/// Each machine's percentile over its samples, 0 without any; shape (machines). Requires a slot.
Eigen::ArrayXd machine_percentiles(const Eigen::Ref<const ChurnMatrix>& churn, double percent,
                                   PercentileKind kind);

}  // namespace landfall::analysis
