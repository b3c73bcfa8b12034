// sim/world/link_capacity.cpp — capacity as a step function of time.
#include "sim/world/link_capacity.hpp"

#include <algorithm>

#include "sim/kernel/kernel.hpp"

namespace landfall::world {

namespace {

constexpr Duration kDay = days(1);

Duration time_of_day(Instant at) {
    return Duration(at.since_start().count() % kDay.count());
}

bool contains(const scenario::DailyWindow& window, Duration time) {
    if (window.from < window.to) return window.from <= time && time < window.to;
    return time >= window.from || time < window.to;  // past midnight
}

bool holds(const LinkDisturbance& disturbance, Instant at) {
    return disturbance.from <= at && at < disturbance.until;
}

/// The next time after `after` at which the clock shows `time`.
Instant next_at(Duration time, Instant after) {
    Instant candidate = after - time_of_day(after) + time;
    if (candidate <= after) candidate = candidate + kDay;
    return candidate;
}

}  // namespace

LinkSchedule::LinkSchedule(const scenario::Link& link, double payload_share)
    : link_(link), payload_share_(payload_share) {}

void LinkSchedule::add(const LinkDisturbance& disturbance) {
    disturbances_.push_back(disturbance);
}

bool LinkSchedule::varies() const {
    return !link_.throttles.empty() || !link_.outages.empty() || !disturbances_.empty();
}

bool LinkSchedule::latency_varies() const {
    return std::any_of(disturbances_.begin(), disturbances_.end(),
                       [](const auto& each) { return each.latency > Duration(0); });
}

Duration LinkSchedule::latency(Instant at) const {
    Duration total(0);
    for (const LinkDisturbance& each : disturbances_) {
        if (holds(each, at)) total = total + each.latency;
    }
    return total;
}

bool LinkSchedule::is_down(Instant at) const {
    return std::any_of(link_.outages.begin(), link_.outages.end(),
                       [at](const auto& outage) {
                           return outage.at <= at && at < outage.at + outage.lasts;
                       }) ||
           std::any_of(disturbances_.begin(), disturbances_.end(),
                       [at](const auto& each) { return each.is_down && holds(each, at); });
}

double LinkSchedule::capacity(Instant at) const {
    if (is_down(at)) return kernel::kStalledRate;
    double share = payload_share_;
    for (const LinkDisturbance& each : disturbances_) {
        if (!holds(each, at)) continue;
        if (each.stalls) return kernel::kStalledRate;
        share *= each.factor;
    }
    BytesPerSecond rate = link_.bandwidth;
    for (const scenario::Throttle& throttle : link_.throttles) {
        if (contains(throttle.window, time_of_day(at))) {
            rate = std::min(rate, throttle.bandwidth);
        }
    }
    return static_cast<double>(rate.count()) * share;
}

LinkSchedule::Room LinkSchedule::room(Instant from, Instant to) const {
    Room room;
    while (from < to) {
        const Instant until = std::min(next_change(from).value_or(to), to);
        const double rate = capacity(from);
        if (rate > kernel::kStalledRate)
            room.bytes += rate * to_seconds(until - from);
        else
            room.closed += until - from;
        from = until;
    }
    return room;
}

std::optional<Instant> LinkSchedule::next_change(Instant after) const {
    std::optional<Instant> next;
    const auto consider = [&](Instant candidate) {
        if (candidate > after && (!next || candidate < *next)) next = candidate;
    };
    for (const scenario::Throttle& throttle : link_.throttles) {
        consider(next_at(throttle.window.from, after));
        consider(next_at(throttle.window.to, after));
    }
    for (const scenario::Outage& outage : link_.outages) {
        consider(outage.at);
        consider(outage.at + outage.lasts);
    }
    for (const LinkDisturbance& each : disturbances_) {
        consider(each.from);
        consider(each.until);
    }
    return next;
}

}  // namespace landfall::world
