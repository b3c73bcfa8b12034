// model/replication/flow/retry_schedule.cpp — the next attempt after a failure.
#include "model/replication/flow/retry_schedule.hpp"

#include <algorithm>
#include <utility>

namespace landfall {

RetrySchedule::RetrySchedule(RetryDelays delays) : delays_(std::move(delays)) {
    const auto positive = [](Duration delay) { return delay > Duration(0); };
    LANDFALL_CHECK(
        positive(delays_.then) && std::all_of(delays_.first.begin(), delays_.first.end(), positive),
        "a retry is delayed by more than nothing");
}

std::optional<Instant> RetrySchedule::on_failure(ReplicationError error, Instant started,
                                                 Instant now) {
    LANDFALL_CHECK(started <= now, "an attempt fails after it began");
    const std::uint64_t before = failures_++;
    if (replication_error_row(error).error_class == ErrorClass::NonRecoverable) needs_user_ = true;
    if (needs_user_) return std::nullopt;
    const Duration delay = before < delays_.first.size() ? delays_.first[before] : delays_.then;
    return std::max(now, started + delay);
}

}  // namespace landfall
