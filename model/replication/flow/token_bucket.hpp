// model/replication/flow/token_bucket.hpp — a throttle: a rate, and a burst that may go at once.
//
// Law (S25): the bytes taken in any window are at most what the rate allows in it plus the burst,
// exactly, whatever the windows and however small the takes: the level is kept in byte-nanoseconds,
// so nothing is lost or won by rounding. Source: replication-and-test-lab A24.
#pragma once

#include <algorithm>
#include <utility>

#include "model/base/units.hpp"
#include "model/replication/flow/rate_schedule.hpp"

namespace landfall {

class TokenBucket {
  public:
    /// Starts full. Requires burst > 0.
    TokenBucket(RateSchedule rate, Bytes burst, Instant start = Instant())
        : rate_(std::move(rate)), burst_(byte_nanoseconds(burst)), level_(burst_), at_(start) {
        LANDFALL_CHECK(burst > Bytes(0), "a bucket holds at least one byte");
    }

    /// Bytes that may be taken at `now`, rounded down. Time never runs backwards.
    [[nodiscard]] Bytes available(Instant now) {
        refill(now);
        return Bytes(static_cast<std::int64_t>(level_ / kNanosecondsPerSecond));
    }

    /// Takes `amount` >= 0 if the bucket holds it; else takes nothing and answers false.
    [[nodiscard]] bool take(Instant now, Bytes amount) {
        LANDFALL_CHECK(amount >= Bytes(0), "what is taken is not negative");
        refill(now);
        if (byte_nanoseconds(amount) > level_) return false;
        level_ -= byte_nanoseconds(amount);
        return true;
    }

    /// The first instant from `now` at which take() of `amount` succeeds, if nothing is taken
    /// before; never if the rate stays 0 or the amount exceeds the burst.
    [[nodiscard]] Instant ready_at(Instant now, Bytes amount) {
        refill(now);
        if (byte_nanoseconds(amount) > burst_) return Instant::never();
        return rate_.allowed_at(now, byte_nanoseconds(amount) - level_);
    }

    /// Another rate from `now` on; what was saved up until then stays.
    void set_rate(Instant now, RateSchedule rate) {
        refill(now);
        rate_ = std::move(rate);
    }

  private:
    static constexpr ByteNanoseconds byte_nanoseconds(Bytes amount) {
        return static_cast<ByteNanoseconds>(amount.count()) * kNanosecondsPerSecond;
    }

    void refill(Instant now) {
        LANDFALL_CHECK(at_ <= now, "the time of a bucket never runs backwards");
        level_ = std::min(burst_, level_ + rate_.allowed(at_, now));
        at_ = now;
    }

    RateSchedule rate_;
    ByteNanoseconds burst_;
    ByteNanoseconds level_;
    Instant at_;
};

}  // namespace landfall
