// model/replication/flow/resync_rate_controller.hpp — how much of a resync to ask for, so that it
// fills the link without filling its queues, and gives way to the application.
//
// Idea: every 100 ms the controller compares what is in flight with what it wants there, spreads
// the difference over the steps of a plan ahead, and asks for as much as arrived plus this step's
// share. Laws: a request is at least 0, at most the highest rate times the interval, and never
// takes what is in flight above `most_in_flight`; on a link of constant rate what is in flight
// settles at the fill target. Everything is counted in signed integers.
// Source: DRBD's controller as described in replication-and-test-lab A23; defaults of
// drbd-headers, linux/drbd_limits.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/base/units.hpp"

namespace landfall {

struct ResyncRateSettings {
    /// Between two calls of next().
    Duration interval = nanoseconds(100'000'000);
    /// A difference is made up for over this span (C_PLAN_AHEAD_DEF 20, in 0.1 s).
    Duration plan_ahead = seconds(2);
    /// In flight wanted, in time on the link; for a fill target of 0 (C_DELAY_TARGET_DEF 10, 0.1
    /// s).
    Duration delay_target = seconds(1);
    /// In flight wanted (C_FILL_TARGET_DEF 100 sectors of 512 bytes).
    Bytes fill_target = Bytes(51'200);
    /// While nothing is known of the link (RESYNC_RATE_DEF 250 KiB/s).
    BytesPerSecond start_rate = BytesPerSecond(250 * 1024);
    /// The application may slow the resync down to this; 0: not at all (C_MIN_RATE_DEF 250 KiB/s).
    BytesPerSecond min_rate = BytesPerSecond(250 * 1024);
    /// 0: no limit (C_MAX_RATE_DEF 102,400 KiB/s).
    BytesPerSecond max_rate = BytesPerSecond(102'400LL * 1024);
    /// Half of the receiver's buffers, or both ends might wait for each other's (MAX_BUFFERS_DEF
    /// 2,048 of 4 KiB).
    Bytes most_in_flight = Bytes(4LL << 20);
};

class ResyncRateController {
  public:
    explicit ResyncRateController(const ResyncRateSettings& settings);

    /// A step: `arrived` bytes came back since the last one, `elapsed` > 0 ago (the interval at the
    /// first). Answers how much may be requested now.
    [[nodiscard]] Bytes next(Bytes arrived, Duration elapsed);
    /// How much of that was requested in fact.
    void on_requested(Bytes amount);
    /// The connection broke: nothing is in flight, nothing is known of the link.
    void reset();

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

/// Whether the resync has to wait because the application is busy.
///
/// Law: it waits only while it is really getting on, faster than the least rate: judged by what is
/// left, over the last 3 to 6 s. When the application dirties more than the resync copies, what is
/// left grows; that is no progress at all, and taken as an unsigned number it would be a huge one
/// (drbd 09d31bcd1, "do not throttle a resync that is losing ground to writes").
class ResyncGiveWay {
  public:
    ResyncGiveWay(BytesPerSecond min_rate, Instant now, Bytes left)
        : min_rate_(min_rate), previous_{now, left}, newest_{now, left} {}

    /// `left` is still to be copied at `now`.
    [[nodiscard]] bool must_wait(Instant now, Bytes left, bool application_active);

  private:
    struct Mark {
        Instant at;
        Bytes left;
    };

    BytesPerSecond min_rate_;
    Mark previous_;
    Mark newest_;
};

}  // namespace landfall
