// model/replication/flow/copy_pace.cpp — a step when something arrived; a bucket beside changes.
#include "model/replication/flow/copy_pace.hpp"

#include <algorithm>

namespace landfall {

CopyPace::CopyPace(const ResyncRateSettings& settings, BytesPerSecond least_rate)
    : controller_(settings),
      interval_(settings.interval),
      step_(std::max(moved_bytes(least_rate, settings.interval), Bytes(1))),
      least_(least_rate, step_ * 2) {
    LANDFALL_CHECK(least_rate > BytesPerSecond(0), "a copy is never stopped for good");
}

Bytes CopyPace::allowed(Instant now, bool changes_wait) {
    const Duration elapsed = started_ ? now - stepped_ : interval_;
    // What is under way tells about the line when it arrives, not before.
    const bool told = gone_ > Bytes(0) || controller_.in_flight() == Bytes(0);
    if (elapsed >= interval_ && told) {
        (void)controller_.next(gone_, elapsed);
        gone_ = Bytes(0);
        stepped_ = now;
        started_ = true;
    }
    gives_way_ = changes_wait;
    if (!gives_way_) return controller_.allowed();
    const Bytes least = least_.available(now);
    return least < step_ ? Bytes(0) : std::min(least, controller_.room());
}

void CopyPace::on_taken(Instant now, Bytes amount) {
    const Bytes within = std::min(amount, controller_.allowed());
    controller_.on_requested(within);
    if (!gives_way_) {
        LANDFALL_CHECK(amount == within, "a copy takes no more than it is allowed");
        return;
    }
    controller_.on_sent_besides(amount - within);
    const bool held = least_.take(now, amount);
    LANDFALL_CHECK(held, "beside changes no more is taken than the least rate allows");
}

}  // namespace landfall
