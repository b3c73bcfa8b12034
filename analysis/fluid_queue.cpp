// analysis/fluid_queue.cpp — backlog forward, then the age of its oldest byte by a moving index.
#include "analysis/fluid_queue.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "analysis/require.hpp"
#include "analysis/steepest_slope.hpp"

namespace landfall::analysis {

namespace {

// What is left of a backlog by rounding alone, as a part of a byte.
constexpr double kNothing = 1e-6;
constexpr double kNever = std::numeric_limits<double>::infinity();

void check_arrivals(const Series& arrivals, double slot_s) {
    require(is_positive(slot_s), "slot_s must be greater than 0 (seconds)");
    require(are_amounts(arrivals), "arrivals must be finite and not negative (bytes per slot)");
}

void check_calendar(const Calendar& calendar, Eigen::Index slots) {
    const SeriesView& part = calendar.availability;
    require(part.size() == 0 || part.size() == slots, "availability must have a value per slot");
    require(are_amounts(part), "availability must be finite and not negative");
    const SeriesView& most = calendar.ceiling;
    require(most.size() == 0 || most.size() == slots, "ceiling must have a value per slot");
    require(most.size() == 0 || (most >= 0).all(), "ceiling must not be negative");
}

/// The smallest number of slots that is at least the share.
Eigen::Index slots_of_share(double share, Eigen::Index slots) {
    return static_cast<Eigen::Index>(std::ceil(share * static_cast<double>(slots)));
}

}  // namespace

Eigen::ArrayXd link_rates(const Calendar& calendar, double rate, Eigen::Index slots) {
    require(is_not_negative(rate), "the rate must be finite and not negative");
    check_calendar(calendar, slots);
    Eigen::ArrayXd rates = Eigen::ArrayXd::Constant(slots, rate);
    if (calendar.availability.size() > 0) rates *= calendar.availability;
    if (calendar.ceiling.size() > 0) rates = rates.min(calendar.ceiling);
    return rates;
}

Eigen::ArrayXd lag_at_slot_ends(const Series& arrivals, double slot_s, const Series& rates) {
    check_arrivals(arrivals, slot_s);
    require(rates.size() == arrivals.size(), "there must be a rate per slot");
    require(are_amounts(rates), "rates must be finite and not negative (bytes per second)");
    Eigen::ArrayXd lags = Eigen::ArrayXd::Zero(arrivals.size());
    double arrived = 0;  // until the end of the present slot
    double backlog = 0;
    double arrived_before = 0;  // until the start of the slot that the oldest byte unsent lies in
    Eigen::Index oldest = 0;
    for (Eigen::Index slot = 0; slot < arrivals.size(); ++slot) {
        arrived += arrivals[slot];
        backlog = std::max(0.0, backlog + arrivals[slot] - rates[slot] * slot_s);
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

Eigen::ArrayXd lag_at_slot_ends(const Series& arrivals, double slot_s, double rate) {
    require(is_positive(rate), "bytes_per_second must be greater than 0");
    return lag_at_slot_ends(arrivals, slot_s, Eigen::ArrayXd::Constant(arrivals.size(), rate));
}

// The lag at t is at most R if what arrived until t - R is sent by t. Between two slots' ends both
// arrivals and capacity are straight, and the slope between them lies between those at the ends.
Eigen::ArrayXd rates_by_slot(const Series& arrivals, double slot_s, double target_s,
                             const Calendar& calendar) {
    check_arrivals(arrivals, slot_s);
    require(is_not_negative(target_s), "target_s must be finite and not negative (seconds)");
    check_calendar(calendar, arrivals.size());
    const SeriesView& availability = calendar.availability;
    const double delay = target_s / slot_s;  // in slots
    Eigen::ArrayXd rates = Eigen::ArrayXd::Zero(arrivals.size());
    SteepestSlope starts;
    std::vector<double> open(static_cast<std::size_t>(arrivals.size()) + 1, 0);
    for (Eigen::Index slot = 0; slot < arrivals.size(); ++slot) {
        const double part = availability.size() > 0 ? availability[slot] : 1;
        open[static_cast<std::size_t>(slot) + 1] =
            open[static_cast<std::size_t>(slot)] + part * slot_s;
    }
    double arrived = 0;  // until the end of the last slot that lies before t - R as a whole
    Eigen::Index whole = 0;
    starts.add(0, 0);
    for (Eigen::Index slot = 0; slot < arrivals.size(); ++slot) {
        const double due = static_cast<double>(slot + 1) - delay;
        if (due <= 0) continue;
        while (static_cast<double>(whole + 1) <= due) {
            arrived += arrivals[whole++];
            starts.add(open[static_cast<std::size_t>(whole)], arrived);
        }
        const double rest = due - static_cast<double>(whole);
        const double sent = arrived + (rest > 0 ? rest * arrivals[whole] : 0);
        rates[slot] = starts.to(open[static_cast<std::size_t>(slot) + 1], sent);
    }
    return rates;
}

double required_rate(const Series& arrivals, double slot_s, double target_s, double share,
                     const Calendar& calendar) {
    require(arrivals.size() > 0, "there must be at least one slot");
    require(share > 0 && share <= 1, "share must be greater than 0 and at most 1");
    check_calendar(calendar, arrivals.size());
    Eigen::ArrayXd needed = rates_by_slot(arrivals, slot_s, target_s, calendar);
    const Eigen::Index enough = slots_of_share(share, arrivals.size());
    std::nth_element(needed.begin(), needed.begin() + (enough - 1), needed.end());
    const double exact = needed[enough - 1];
    if (exact <= 0 || exact == kNever) return exact;
    const auto met = [&](double rate) {
        const Eigen::ArrayXd rates = link_rates(calendar, rate, arrivals.size());
        return (lag_at_slot_ends(arrivals, slot_s, rates) <= target_s).count() >= enough;
    };
    // Rounding may take a little of the exact rate; a ceiling takes more, or all.
    const double all_at_once = arrivals.sum() / slot_s;
    double most = exact;
    double step = std::max(1e-15 * exact, 1e-9 * kNothing / slot_s);
    while (!met(most)) {
        if (step > 1e6 * std::max(exact, all_at_once)) return kNever;
        most = exact + step;
        step *= 4;
    }
    double least = exact;
    const bool is_rounding = most <= exact * (1 + 1e-9);
    while (!is_rounding && most - least > 1e-9 * most) {
        const double middle = (most + least) / 2;
        (met(middle) ? most : least) = middle;
    }
    return most;
}

}  // namespace landfall::analysis
