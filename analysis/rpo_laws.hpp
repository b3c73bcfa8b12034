// analysis/rpo_laws.hpp — what RPO and durations come to in closed form: planning without a
// simulation, and what simulations are judged by.
//
// Rates are constant, the link is one server, times are in seconds, amounts in bytes, rates in
// bytes per second. Every function throws std::invalid_argument for arguments out of range.
// Sources: replication-and-test-lab 5.1 (coalescing), 5.2 (RPO), 5.3 (passes of a copy); each
// formula stands above its code, the published figures in tests/unit/rpo_laws_test.cpp.
#pragma once

#include <cstdint>
#include <limits>

namespace landfall::analysis {

/// A working set so large that nothing is written twice.
inline constexpr double kNoRewrites = std::numeric_limits<double>::infinity();

/// Writes to a disk: even in time, uniformly random on the working set.
struct Churn {
    double bytes_per_s = 0;            ///< >= 0
    double working_set = kNoRewrites;  ///< bytes, > 0
};

/// Distinct bytes after `written` >= 0 bytes of writes on `working_set` > 0.
double distinct_bytes(double written, double working_set);

/// A cycle of delta copies in its steady state.
struct CycleRpo {
    double period_s = 0;    ///< from the start of one cycle to that of the next
    double transfer_s = 0;  ///< from the start of a cycle to the end of its sending
    double mean_rpo_s = 0;  ///< over time
    double worst_rpo_s = 0;
};

/// A cycle every `period_s`, each sent within `transfer_s` <= period_s.
CycleRpo periodic_cycle(double transfer_s, double period_s);

/// A cycle starts min(max(least, transfer / 2), most) after the end of the one before. The
/// documented bounds of agentless migration are 1 h and 12 h.
CycleRpo gap_scheduled_cycle(double transfer_s, double least_gap_s, double most_gap_s);

/// The cycle that a churn settles in when cycles start every `interval_s` > 0, or when the one
/// before is sent, if that is later. Requires a working set. No period exceeds the time that the
/// whole working set takes, or the interval.
CycleRpo self_consistent_cycle(const Churn& churn, double bandwidth, double interval_s);

/// After an outage during which an ordered journal kept everything.
struct JournalCatchUp {
    double backlog_bytes = 0;
    double catch_up_s = 0;   ///< from the end of the outage; infinite if the link does not suffice
    double worst_rpo_s = 0;  ///< at the end of the outage
    double rpo_per_s = 0;    ///< by which the RPO changes per second of catching up
};
/// Requires churn > 0, outage_s >= 0. What is written twice is sent twice.
JournalCatchUp journal_after_outage(double outage_s, double bytes_per_s, double bandwidth);

/// Passes over what was written since the pass before, until one is small.
struct CopyPasses {
    bool converges = true;    ///< if not, the rest is infinite and `passes` 0
    std::int64_t passes = 0;  ///< the first and the last, small one among them
    double first_bytes = 0;
    double bytes = 0;  ///< of all passes
    double total_s = 0;
    double last_s = 0;  ///< of the small one: the downtime if the source stops for it
};

/// Copies `size` bytes, then what was written meanwhile, and so on; the pass of at most
/// `stop_bytes` > 0 is the last.
CopyPasses pre_copy(double size, const Churn& churn, double bandwidth, double stop_bytes);

/// After an outage during which only a bitmap was kept: passes as above, without a consistent state
/// until the last one is there, so the worst RPO is outage_s + total_s.
CopyPasses bitmap_after_outage(double outage_s, const Churn& churn, double bandwidth,
                               double stop_bytes);

/// Mean time in a queue and its server, in units of the service, at `load` in [0, 1): arrivals by
/// chance, service by chance (M/M/1) or constant (M/D/1).
double sojourn_mm1(double load);
double sojourn_md1(double load);

/// A source that writes at one rate in bursts and not at all between them, both of exponential
/// length, into a link: the fluid queue in its steady state.
struct BurstQueue {
    double load = 0;   ///< and the chance that anything waits
    double decay = 0;  ///< per byte
    double mean_bytes = 0;
    /// The chance that more than `bytes` >= 0 wait.
    [[nodiscard]] double exceeds(double bytes) const;
};
/// Requires burst_rate > bandwidth > 0 and a load below 1.
BurstQueue burst_queue(double burst_rate, double bandwidth, double mean_burst_s,
                       double mean_pause_s);

}  // namespace landfall::analysis
