// analysis/fluid_queue.cpp — backlog forward, then the age of its oldest byte by a moving index.
#include "analysis/fluid_queue.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace landfall::analysis {

namespace {

// What is left of a backlog by rounding alone, as a part of a byte.
constexpr double kNothing = 1e-6;

void require(bool condition, const char* rule) {
    if (!condition) throw std::invalid_argument(rule);
}

void check_arrivals(const Eigen::Ref<const Eigen::ArrayXd>& arrivals, double slot_s) {
    require(slot_s > 0 && std::isfinite(slot_s), "slot_s must be greater than 0 (seconds)");
    require(arrivals.size() == 0 || (arrivals.isFinite().all() && arrivals.minCoeff() >= 0),
            "arrivals must be finite and not negative (bytes per slot)");
}

}  // namespace

Eigen::ArrayXd lag_at_slot_ends(const Eigen::Ref<const Eigen::ArrayXd>& arrivals, double slot_s,
                                double bytes_per_second) {
    check_arrivals(arrivals, slot_s);
    require(bytes_per_second > 0 && std::isfinite(bytes_per_second),
            "bytes_per_second must be greater than 0");
    Eigen::ArrayXd lags = Eigen::ArrayXd::Zero(arrivals.size());
    double arrived = 0;  // until the end of the present slot
    double backlog = 0;
    double arrived_before = 0;  // until the start of the slot that the oldest byte unsent lies in
    Eigen::Index oldest = 0;
    for (Eigen::Index slot = 0; slot < arrivals.size(); ++slot) {
        arrived += arrivals[slot];
        backlog = std::max(0.0, backlog + arrivals[slot] - bytes_per_second * slot_s);
        if (backlog <= kNothing) continue;
        const double sent = arrived - backlog;
        while (oldest < slot && arrived_before + arrivals[oldest] <= sent) {
            arrived_before += arrivals[oldest++];
        }
        const double part = arrivals[oldest] > 0 ? (sent - arrived_before) / arrivals[oldest] : 0;
        lags[slot] = (static_cast<double>(slot + 1 - oldest) - std::clamp(part, 0.0, 1.0)) * slot_s;
    }
    return lags;
}

double required_rate(const Eigen::Ref<const Eigen::ArrayXd>& arrivals, double slot_s,
                     double target_s, double share) {
    check_arrivals(arrivals, slot_s);
    require(arrivals.size() > 0, "there must be at least one slot");
    require(target_s >= 0, "target_s must not be negative (seconds)");
    require(share > 0 && share <= 1, "share must be greater than 0 and at most 1");
    const auto met = [&](double rate) {
        const Eigen::Index within = (lag_at_slot_ends(arrivals, slot_s, rate) <= target_s).count();
        return static_cast<double>(within) >= share * static_cast<double>(arrivals.size());
    };
    double enough = arrivals.maxCoeff() / slot_s;  // no slot leaves anything behind
    if (enough <= 0) return 0;
    double too_little = 0;
    const double precision = 1e-9 * enough;
    while (enough - too_little > precision) {
        const double middle = (enough + too_little) / 2;
        (met(middle) ? enough : too_little) = middle;
    }
    return enough;
}

}  // namespace landfall::analysis
