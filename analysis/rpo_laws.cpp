// analysis/rpo_laws.cpp — closed forms and recurrences of replication's RPO.
#include "analysis/rpo_laws.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "analysis/coalescing.hpp"

namespace landfall::analysis {

namespace {

constexpr double kForEver = std::numeric_limits<double>::infinity();
// More passes than anybody would wait for; the recurrence ends here when churn is all but the
// bandwidth.
constexpr std::int64_t kMostPasses = 1'000'000;

void require(bool condition, const char* rule) {
    if (!condition) throw std::invalid_argument(rule);
}

bool is_positive(double value) {
    return value > 0 && std::isfinite(value);
}

bool is_not_negative(double value) {
    return value >= 0 && std::isfinite(value);
}

void check_churn(const Churn& churn) {
    require(is_not_negative(churn.bytes_per_s), "churn must be finite and not negative");
    require(churn.working_set > 0, "working_set must be greater than 0 (bytes)");
}

void check_bandwidth(double bandwidth) {
    require(is_positive(bandwidth), "bandwidth must be finite and greater than 0");
}

/// A state of age S that is replaced after P by another of age S: its age runs from S to S + P.
CycleRpo cycle(double transfer_s, double period_s) {
    return {.period_s = period_s,
            .transfer_s = transfer_s,
            .mean_rpo_s = transfer_s + period_s / 2,
            .worst_rpo_s = transfer_s + period_s};
}

constexpr CopyPasses kNever{.converges = false,
                            .passes = 0,
                            .first_bytes = kForEver,
                            .bytes = kForEver,
                            .total_s = kForEver,
                            .last_s = kForEver};

}  // namespace

// The dirty-bitmap curve of uniform writes (5.1), in bytes.
double distinct_bytes(double written, double working_set) {
    require(is_not_negative(written), "written must be finite and not negative (bytes)");
    require(working_set > 0, "working_set must be greater than 0 (bytes)");
    if (std::isinf(working_set)) return written;
    return uniform_unique(working_set, written);
}

CycleRpo periodic_cycle(double transfer_s, double period_s) {
    require(is_positive(period_s), "period_s must be finite and greater than 0");
    require(transfer_s >= 0 && transfer_s <= period_s, "transfer_s must be from 0 to period_s");
    return cycle(transfer_s, period_s);
}

// P = S + min(max(least, S/2), most); worst S + P = 2 S + gap (5.2).
CycleRpo gap_scheduled_cycle(double transfer_s, double least_gap_s, double most_gap_s) {
    require(is_not_negative(transfer_s), "transfer_s must be finite and not negative");
    require(0 <= least_gap_s && least_gap_s <= most_gap_s && std::isfinite(most_gap_s),
            "gaps must be finite, not negative, and the least at most the most");
    const double gap = std::min(std::max(least_gap_s, transfer_s / 2), most_gap_s);
    return cycle(transfer_s, transfer_s + gap);
}

// P = max(I, S), S = U(churn P) / B. U is concave, so U(churn P) / B - P has one zero right of I if
// it is positive at I, and none otherwise; it is not positive at N / B. Found by bisection: the
// recurrence itself crawls where churn is about the bandwidth.
CycleRpo self_consistent_cycle(const Churn& churn, double bandwidth, double interval_s) {
    check_churn(churn);
    check_bandwidth(bandwidth);
    require(std::isfinite(churn.working_set), "working_set must be finite (bytes)");
    require(is_positive(interval_s), "interval_s must be finite and greater than 0");
    const auto transfer = [&](double period) {
        return distinct_bytes(churn.bytes_per_s * period, churn.working_set) / bandwidth;
    };
    double low = interval_s;
    if (transfer(low) <= low) return cycle(transfer(low), low);
    double high = std::max(low, churn.working_set / bandwidth);
    while (high - low > 1e-12 * high) {
        const double middle = low + (high - low) / 2;
        (transfer(middle) > middle ? low : high) = middle;
    }
    return cycle(high, high);
}

// Backlog churn L, drained at B - churn; the oldest unsent byte is L old at the end of the outage
// and grows younger by B / churn - 1 per second (5.2).
JournalCatchUp journal_after_outage(double outage_s, double bytes_per_s, double bandwidth) {
    require(is_not_negative(outage_s), "outage_s must be finite and not negative");
    require(is_positive(bytes_per_s), "churn must be finite and greater than 0");
    check_bandwidth(bandwidth);
    const double backlog = bytes_per_s * outage_s;
    double catch_up = 0;
    if (backlog > 0) {
        catch_up = bandwidth > bytes_per_s ? backlog / (bandwidth - bytes_per_s) : kForEver;
    }
    return {.backlog_bytes = backlog,
            .catch_up_s = catch_up,
            .worst_rpo_s = bandwidth > bytes_per_s ? outage_s : kForEver,
            .rpo_per_s = 1 - bandwidth / bytes_per_s};
}

// V_0 = size, V_{i+1} = U(churn V_i / B) until V_i <= stop (5.3). V shrinks as long as
// U(churn V / B) < V; U being concave that holds for all V >= stop if it holds at stop.
CopyPasses pre_copy(double size, const Churn& churn, double bandwidth, double stop_bytes) {
    require(is_not_negative(size), "size must be finite and not negative (bytes)");
    check_churn(churn);
    check_bandwidth(bandwidth);
    require(is_positive(stop_bytes), "stop_bytes must be finite and greater than 0");
    const auto written_during = [&](double bytes) {
        return distinct_bytes(churn.bytes_per_s * (bytes / bandwidth), churn.working_set);
    };
    if (size > stop_bytes && written_during(stop_bytes) >= stop_bytes) return kNever;
    CopyPasses result{.passes = 1, .first_bytes = size, .bytes = size};
    double volume = size;
    while (volume > stop_bytes) {
        if (result.passes == kMostPasses) return kNever;
        volume = written_during(volume);
        result.bytes += volume;
        ++result.passes;
    }
    result.total_s = result.bytes / bandwidth;
    result.last_s = volume / bandwidth;
    return result;
}

CopyPasses bitmap_after_outage(double outage_s, const Churn& churn, double bandwidth,
                               double stop_bytes) {
    require(is_not_negative(outage_s), "outage_s must be finite and not negative");
    check_churn(churn);
    return pre_copy(distinct_bytes(churn.bytes_per_s * outage_s, churn.working_set), churn,
                    bandwidth, stop_bytes);
}

// 1 / (1 - load).
double sojourn_mm1(double load) {
    require(load >= 0 && load < 1, "load must be from 0 to below 1");
    return 1 / (1 - load);
}

// 1 + load / (2 (1 - load)): Pollaczek and Khinchine without variance.
double sojourn_md1(double load) {
    require(load >= 0 && load < 1, "load must be from 0 to below 1");
    return 1 + load / (2 * (1 - load));
}

double BurstQueue::exceeds(double bytes) const {
    require(bytes >= 0, "bytes must not be negative");
    return load * std::exp(-decay * bytes);
}

// P(Q > x) = rho e^(-eta x), eta = a / (h - C) - b / C, rho = h b / ((a + b) C), where a ends
// bursts and b begins them per second, h is the burst's rate and C the link's (5.2).
BurstQueue burst_queue(double burst_rate, double bandwidth, double mean_burst_s,
                       double mean_pause_s) {
    check_bandwidth(bandwidth);
    require(std::isfinite(burst_rate) && burst_rate > bandwidth,
            "burst_rate must be greater than the bandwidth, or nothing ever waits");
    require(is_positive(mean_burst_s) && is_positive(mean_pause_s),
            "bursts and pauses must be finite and longer than 0 s");
    const double ends = 1 / mean_burst_s;
    const double begins = 1 / mean_pause_s;
    const double load = burst_rate * begins / ((ends + begins) * bandwidth);
    require(load < 1, "the load must be below 1: bursts bring more than the link carries");
    const double decay = ends / (burst_rate - bandwidth) - begins / bandwidth;
    return {.load = load, .decay = decay, .mean_bytes = load / decay};
}

}  // namespace landfall::analysis
