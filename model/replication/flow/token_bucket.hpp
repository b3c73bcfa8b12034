// model/replication/flow/token_bucket.hpp — a throttle: a rate, and a burst that may go at once.
//
// Law (S25): the bytes taken in any window are at most what the rate allows in it plus the burst,
// exactly, whatever the windows and however small the takes: the level is kept in byte-nanoseconds,
// so nothing is lost or won by rounding. Source: replication-and-test-lab A24.
#pragma once

#include <algorithm>

#include "model/base/units.hpp"

namespace landfall {

/// Bytes times nanoseconds per second: what a rate in bytes per second allows in whole nanoseconds.
/// 1e9 of them are a byte.
using ByteNanoseconds = detail::Wide;

class TokenBucket {
  public:
    /// Starts full. Requires rate >= 0; at 0 nothing comes after the burst, which is > 0.
    TokenBucket(BytesPerSecond rate, Bytes burst, Instant start = Instant())
        : rate_(rate), burst_(byte_nanoseconds(burst)), level_(burst_), at_(start) {
        LANDFALL_CHECK(rate >= BytesPerSecond(0), "a bucket is not drained by its rate");
        LANDFALL_CHECK(burst > Bytes(0), "a bucket holds at least one byte");
    }

    [[nodiscard]] Bytes burst() const {
        return Bytes(static_cast<std::int64_t>(burst_ / kNanosecondsPerSecond));
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
        const ByteNanoseconds missing = byte_nanoseconds(amount) - level_;
        if (missing <= 0) return now;
        if (rate_ == BytesPerSecond(0)) return Instant::never();
        return now +
               Duration(static_cast<std::int64_t>((missing + rate_.count() - 1) / rate_.count()));
    }

  private:
    static constexpr ByteNanoseconds byte_nanoseconds(Bytes amount) {
        return static_cast<ByteNanoseconds>(amount.count()) * kNanosecondsPerSecond;
    }

    void refill(Instant now) {
        LANDFALL_CHECK(at_ <= now, "the time of a bucket never runs backwards");
        const ByteNanoseconds gained =
            static_cast<ByteNanoseconds>((now - at_).count()) * rate_.count();
        level_ = std::min(burst_, level_ + gained);
        at_ = now;
    }

    BytesPerSecond rate_;
    ByteNanoseconds burst_;
    ByteNanoseconds level_;
    Instant at_;
};

}  // namespace landfall
