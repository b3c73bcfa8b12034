// analysis/synthetic_trace.hpp — traces that were never measured, of the kind of one that was.
//
// Draws of different streams are independent; the Cholesky factor of the innovations' correlation
// makes them correlated, AR(1) makes them last, the rhythm is added, and each machine's marginal
// makes bytes of scores. The first slot is drawn from the stationary distribution. Each machine
// draws from a stream of its own, slot after slot: the same streams give the same bytes, a longer
// trace begins with the shorter one, and a machine that is added at the end moves no other.
#pragma once

#include <cstdint>
#include <span>

#include "analysis/churn_model.hpp"

namespace landfall::analysis {

struct Period {
    double start_s = 0;      ///< of the epoch of the fit
    Eigen::Index slots = 0;  ///< > 0
};

/// Bytes of shape (slots, streams): a column for each stream. There are as many streams as
/// machines, or several times as many: fleets of the same machines, which share the rhythm and
/// nothing else. All bytes are multiplied by `factor` >= 0. Throws std::invalid_argument for a
/// model that check() refuses, or a correlation that AR(1) series cannot have.
ChurnMatrix synthetic_trace(const ChurnModel& model, const Period& period,
                            std::span<const std::uint64_t> streams, double factor);

}  // namespace landfall::analysis
