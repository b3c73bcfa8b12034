// model/replication/flow/resync_rate_controller.cpp — a step of the controller.
#include "model/replication/flow/resync_rate_controller.hpp"

#include <algorithm>

namespace landfall {

namespace {

// A call that is later than this tells nothing about the link.
constexpr std::int64_t kLongestIntervals = 10;

}  // namespace

ResyncRateController::ResyncRateController(const ResyncRateSettings& settings)
    : settings_(settings) {
    LANDFALL_CHECK(settings.interval > Duration(0) && settings.plan_ahead >= settings.interval,
                   "a plan is at least one interval ahead");
    LANDFALL_CHECK(settings.fill_target >= Bytes(0) && settings.most_in_flight > Bytes(0) &&
                       settings.start_rate > BytesPerSecond(0),
                   "a resync may have something in flight");
    plan_.assign(static_cast<std::size_t>(settings.plan_ahead.count() / settings.interval.count()),
                 0);
}

Bytes ResyncRateController::next(Bytes arrived, Duration elapsed) {
    LANDFALL_CHECK(elapsed > Duration(0), "steps follow one another");
    LANDFALL_CHECK(Bytes(0) <= arrived && arrived.count() <= in_flight_,
                   "only what is in flight arrives");
    elapsed = std::min(elapsed, settings_.interval * kLongestIntervals);
    in_flight_ -= arrived.count();
    const auto steps = static_cast<std::int64_t>(plan_.size());
    const std::int64_t correction = wanted(arrived.count(), elapsed) - in_flight_ - planned_;
    for (std::int64_t& step : plan_) step += correction / steps;
    planned_ += correction / steps * steps;

    const std::int64_t now = plan_[next_step_];
    plan_[next_step_] = 0;
    planned_ -= now;
    next_step_ = (next_step_ + 1) % plan_.size();

    allowed_ = std::min(arrived.count() + now, settings_.most_in_flight.count() - in_flight_);
    allowed_ = std::max<std::int64_t>(allowed_, 0);
    return Bytes(allowed_);
}

std::int64_t ResyncRateController::wanted(std::int64_t arrived, Duration elapsed) const {
    if (in_flight_ + arrived == 0) {
        return moved_bytes(settings_.start_rate, settings_.plan_ahead).count();
    }
    if (settings_.fill_target > Bytes(0)) return settings_.fill_target.count();
    return detail::scale(arrived, settings_.delay_target.count(), elapsed.count(), false);
}

void ResyncRateController::on_requested(Bytes amount) {
    LANDFALL_CHECK(Bytes(0) <= amount && amount.count() <= allowed_,
                   "no more is requested than the controller allows");
    allowed_ -= amount.count();
    in_flight_ += amount.count();
}

void ResyncRateController::on_sent_besides(Bytes amount) {
    LANDFALL_CHECK(Bytes(0) <= amount && amount <= room(),
                   "no more is sent than there is room for");
    in_flight_ += amount.count();
    allowed_ = std::min(allowed_, room().count());
}

}  // namespace landfall
