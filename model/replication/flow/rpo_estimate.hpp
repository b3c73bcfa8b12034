// model/replication/flow/rpo_estimate.hpp — how old the protected copy is, and when it catches up.
//
// Laws (replication-and-test-lab 5.2, S6): the RPO is an age, the time since the newest consistent
// cut that the other side holds. At constant rates it equals backlog / arrival rate, the age of the
// oldest byte unsent. The time to catch up is backlog / (bandwidth - arrival rate): another number
// with the same unit. Neither is backlog / bandwidth.
#pragma once

#include <optional>

#include "model/base/units.hpp"

namespace landfall {

/// What is known of one stream of changes at an instant.
struct StreamLag {
    Instant newest_cut;        ///< source time of the newest consistent cut on the other side
    Bytes backlog = Bytes(0);  ///< written after that cut and not there yet
    BytesPerSecond bandwidth = BytesPerSecond(0);  ///< at which the backlog leaves
};

/// The RPO to report: never below what a failover at `now` would lose. Requires newest_cut <= now.
[[nodiscard]] Duration reported_rpo(const StreamLag& lag, Instant now);

/// Age of the oldest byte unsent when `backlog` built up at a constant `arrival` rate; none if
/// nothing arrives but something waits.
inline std::optional<Duration> age_of_backlog(Bytes backlog, BytesPerSecond arrival) {
    if (backlog == Bytes(0)) return Duration(0);
    if (arrival == BytesPerSecond(0)) return std::nullopt;
    return transfer_time(backlog, arrival);
}

/// When the last byte of the backlog will have left, from now; none if it does not shrink.
inline std::optional<Duration> catch_up_time(Bytes backlog, BytesPerSecond bandwidth,
                                             BytesPerSecond arrival) {
    if (backlog == Bytes(0)) return Duration(0);
    if (bandwidth <= arrival) return std::nullopt;
    return transfer_time(backlog, bandwidth - arrival);
}

}  // namespace landfall
