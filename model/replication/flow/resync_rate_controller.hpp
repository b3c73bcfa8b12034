// model/replication/flow/resync_rate_controller.hpp — how much of a resync to ask for, so that it
// fills the link without filling its queues.
//
// Idea: at every step the controller compares what is in flight with what it wants there, spreads
// the difference over the steps of a plan ahead, and asks for as much as arrived plus this step's
// share. Laws: a request is at least 0 and never takes what is in flight above `most_in_flight`; on
// a link of constant rate what is in flight settles at the fill target. Everything is counted in
// signed integers. Source: DRBD's controller as described in replication-and-test-lab A23.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/base/units.hpp"

namespace landfall {

/// From the service profile. DRBD's own figures (linux/drbd_limits.h) are in the comments.
struct ResyncRateSettings {
    Duration interval;          ///< between two calls of next(), at least (0.1 s)
    Duration plan_ahead;        ///< a difference is made up for over this span (2 s)
    Duration delay_target;      ///< in flight wanted, in time on the link (1 s)...
    Bytes fill_target;          ///< ...or in bytes, if not 0 (51,200)
    BytesPerSecond start_rate;  ///< while nothing is known of the link (250 KiB/s)
    /// Half of the receiver's buffers, or both ends might wait for each other's (4 MiB).
    Bytes most_in_flight;
};

class ResyncRateController {
  public:
    explicit ResyncRateController(const ResyncRateSettings& settings);

    /// A step: `arrived` bytes came back since the last one, `elapsed` > 0 ago (the interval at the
    /// first). Answers how much may be requested now.
    [[nodiscard]] Bytes next(Bytes arrived, Duration elapsed);
    /// How much of that was requested in fact.
    void on_requested(Bytes amount);

    /// Sent beside what next() allowed: it is in flight as well. Requires amount <= room().
    void on_sent_besides(Bytes amount);

    /// What is left of next()'s answer.
    [[nodiscard]] Bytes allowed() const { return Bytes(allowed_); }
    /// Until the receiver's buffers are full.
    [[nodiscard]] Bytes room() const { return settings_.most_in_flight - Bytes(in_flight_); }
    [[nodiscard]] Bytes in_flight() const { return Bytes(in_flight_); }

  private:
    [[nodiscard]] std::int64_t wanted(std::int64_t arrived, Duration elapsed) const;

    ResyncRateSettings settings_;
    std::vector<std::int64_t> plan_;  ///< a ring: corrections of the coming steps
    std::size_t next_step_ = 0;
    std::int64_t planned_ = 0;  ///< their sum
    std::int64_t in_flight_ = 0;
    std::int64_t allowed_ = 0;
};

}  // namespace landfall
