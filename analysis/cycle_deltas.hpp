// analysis/cycle_deltas.hpp — churn that is shipped cycle by cycle, each block once.
//
// A cycle ships what was written since the one before, and what was written twice only once. How
// much that saves depends on the length of the cycle; two models of it (coalescing.hpp):
//   - a curve, unique / written against the length of the window, as measured on a block trace;
//     between its points linear in the logarithm of the length, level beyond them;
//   - a working set that writes fall on at random: depends on what a cycle writes.
// Cycle i of a fixed period P is ready at t_i = (i + 1) P and sent by F_i, in order. Until then the
// newest point is of t_i - P, so the RPO reaches P + F_i - t_i (replication-and-test-lab 5.2).
#pragma once

#include <limits>
#include <vector>

#include <Eigen/Core>

#include "analysis/fluid_queue.hpp"

namespace landfall::analysis {

/// What coalescing leaves. Throws std::invalid_argument for arguments out of range.
class Fold {
  public:
    /// Everything that is written.
    Fold() = default;
    /// `ratios` (0..1] at `windows_s` > 0, which rise; at least one.
    static Fold curve(const Series& windows_s, const Series& ratios);
    /// Random writes on so many bytes, > 0.
    static Fold working_set(double bytes);

    /// Distinct bytes of `written` bytes in a cycle of `window_s`.
    [[nodiscard]] double unique(double written, double window_s) const;

  private:
    std::vector<double> logs_;  ///< of the windows
    std::vector<double> ratios_;
    double working_set_ = std::numeric_limits<double>::infinity();
};

struct CycleDeltas {
    Eigen::ArrayXd written;  ///< bytes in each cycle, shape (cycles)
    Eigen::ArrayXd unique;   ///< of them, what is shipped
};

/// The whole cycles of `period_s` > 0 of a trace (bytes per slot, even within a slot).
CycleDeltas cycle_deltas(const Series& arrivals, double slot_s, double period_s, const Fold& fold);

/// Least rate at which the RPO up to each cycle's point stays within `target_s`, exact; shape as
/// `deltas`, bytes. Infinite where the target is not longer than the period.
Eigen::ArrayXd rates_by_cycle(const Series& deltas, double period_s, double target_s);

/// Worst RPO before each cycle's point at a rate > 0, in seconds.
Eigen::ArrayXd rpo_by_cycle(const Series& deltas, double period_s, double rate);

/// Cycles of agentless migration: the next starts min(max(least, transfer / 2), most) after the end
/// of the one before. One element per cycle; the first starts `least_gap_s` into the trace.
struct GapCycles {
    std::vector<double> start_s;
    std::vector<double> end_s;
    std::vector<double> written;
    std::vector<double> unique;
    std::vector<double> rpo_s;  ///< worst: from the start of the cycle before to the end
};
GapCycles gap_cycles(const Series& arrivals, double slot_s, double rate, double least_gap_s,
                     double most_gap_s, const Fold& fold);

}  // namespace landfall::analysis
