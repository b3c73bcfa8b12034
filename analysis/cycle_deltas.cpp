// analysis/cycle_deltas.cpp — churn by time, folded, and sent in order.
#include "analysis/cycle_deltas.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/coalescing.hpp"
#include "analysis/require.hpp"
#include "analysis/steepest_slope.hpp"

namespace landfall::analysis {

namespace {

/// What was written until an instant that only moves forward.
class WrittenUntil {
  public:
    WrittenUntil(const Series& arrivals, double slot_s) : arrivals_(arrivals), slot_s_(slot_s) {
        require(is_positive(slot_s), "slot_s must be greater than 0 (seconds)");
        require(are_amounts(arrivals), "arrivals must be finite and not negative (bytes per slot)");
    }

    double operator()(double at_s) {
        const double slots = at_s / slot_s_;
        while (whole_ < arrivals_.size() && static_cast<double>(whole_ + 1) <= slots) {
            before_ += arrivals_[whole_++];
        }
        if (whole_ == arrivals_.size()) return before_;
        return before_ + (slots - static_cast<double>(whole_)) * arrivals_[whole_];
    }

    [[nodiscard]] double end_s() const { return static_cast<double>(arrivals_.size()) * slot_s_; }

  private:
    const Series& arrivals_;
    double slot_s_;
    Eigen::Index whole_ = 0;
    double before_ = 0;
};

void check_deltas(const Series& deltas, double period_s) {
    require(are_amounts(deltas), "deltas must be finite and not negative (bytes)");
    require(is_positive(period_s), "period_s must be greater than 0 (seconds)");
}

}  // namespace

Fold Fold::curve(const Series& windows_s, const Series& ratios) {
    require(windows_s.size() > 0 && windows_s.size() == ratios.size(),
            "a curve must have as many ratios as windows, and one at the least");
    Fold fold;
    for (Eigen::Index point = 0; point < windows_s.size(); ++point) {
        require(is_positive(windows_s[point]) &&
                    (point == 0 || windows_s[point] > windows_s[point - 1]),
                "windows must be greater than 0 and rise (seconds)");
        require(ratios[point] > 0 && ratios[point] <= 1,
                "ratios must be greater than 0 and at most 1");
        fold.logs_.push_back(std::log(windows_s[point]));
        fold.ratios_.push_back(ratios[point]);
    }
    return fold;
}

Fold Fold::working_set(double bytes) {
    require(bytes > 0, "working_set must be greater than 0 (bytes)");
    Fold fold;
    fold.working_set_ = bytes;
    return fold;
}

double Fold::unique(double written, double window_s) const {
    if (logs_.empty()) {
        return std::isinf(working_set_) ? written : uniform_unique(working_set_, written);
    }
    const double at = std::log(window_s);
    const auto next = std::upper_bound(logs_.begin(), logs_.end(), at);
    if (next == logs_.begin()) return written * ratios_.front();
    if (next == logs_.end()) return written * ratios_.back();
    const auto place = static_cast<std::size_t>(next - logs_.begin());
    const double part = (at - logs_[place - 1]) / (logs_[place] - logs_[place - 1]);
    return written * (ratios_[place - 1] + part * (ratios_[place] - ratios_[place - 1]));
}

CycleDeltas cycle_deltas(const Series& arrivals, double slot_s, double period_s, const Fold& fold) {
    WrittenUntil written_until(arrivals, slot_s);
    require(is_positive(period_s), "period_s must be greater than 0 (seconds)");
    const auto cycles =
        static_cast<Eigen::Index>(std::floor(written_until.end_s() / period_s * (1 + 1e-12)));
    CycleDeltas found{Eigen::ArrayXd(cycles), Eigen::ArrayXd(cycles)};
    double before = 0;
    for (Eigen::Index cycle = 0; cycle < cycles; ++cycle) {
        const double until = written_until(static_cast<double>(cycle + 1) * period_s);
        found.written[cycle] = std::max(0.0, until - before);
        found.unique[cycle] = fold.unique(found.written[cycle], period_s);
        before = until;
    }
    return found;
}

Eigen::ArrayXd rates_by_cycle(const Series& deltas, double period_s, double target_s) {
    check_deltas(deltas, period_s);
    require(is_not_negative(target_s), "target_s must be finite and not negative (seconds)");
    if (target_s <= period_s) {
        return Eigen::ArrayXd::Constant(deltas.size(), std::numeric_limits<double>::infinity());
    }
    Eigen::ArrayXd rates(deltas.size());
    SteepestSlope starts;
    double shipped = 0;
    for (Eigen::Index cycle = 0; cycle < deltas.size(); ++cycle) {
        const double ready = static_cast<double>(cycle + 1) * period_s;
        starts.add(ready, shipped);
        shipped += deltas[cycle];
        rates[cycle] = starts.to(ready + target_s - period_s, shipped);
    }
    return rates;
}

Eigen::ArrayXd rpo_by_cycle(const Series& deltas, double period_s, double rate) {
    check_deltas(deltas, period_s);
    require(is_positive(rate), "the rate must be finite and greater than 0");
    Eigen::ArrayXd worst(deltas.size());
    double sent = 0;
    for (Eigen::Index cycle = 0; cycle < deltas.size(); ++cycle) {
        const double ready = static_cast<double>(cycle + 1) * period_s;
        sent = std::max(sent, ready) + deltas[cycle] / rate;
        worst[cycle] = period_s + sent - ready;
    }
    return worst;
}

GapCycles gap_cycles(const Series& arrivals, double slot_s, double rate, double least_gap_s,
                     double most_gap_s, const Fold& fold) {
    WrittenUntil written_until(arrivals, slot_s);
    require(is_positive(rate), "the rate must be finite and greater than 0");
    require(least_gap_s > 0 && least_gap_s <= most_gap_s && std::isfinite(most_gap_s),
            "gaps must be finite, greater than 0, and the least at most the most");
    GapCycles found;
    double before = 0;
    double last = 0;  // the start of the cycle before
    for (double start = least_gap_s; start <= written_until.end_s();) {
        const double until = written_until(start);
        const double written = std::max(0.0, until - before);
        const double unique = fold.unique(written, start - last);
        const double transfer = unique / rate;
        found.start_s.push_back(start);
        found.end_s.push_back(start + transfer);
        found.written.push_back(written);
        found.unique.push_back(unique);
        found.rpo_s.push_back(start + transfer - last);
        before = until;
        last = start;
        start += transfer + std::min(std::max(least_gap_s, transfer / 2), most_gap_s);
    }
    return found;
}

}  // namespace landfall::analysis
