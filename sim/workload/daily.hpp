// sim/workload/daily.hpp — writes at a constant rate, always or inside a window of every day.
#pragma once

#include <cstdint>

#include "model/base/check.hpp"
#include "model/base/units.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::workload {

inline constexpr std::int64_t kNanosecondsPerDay = 86'400 * kNanosecondsPerSecond;

/// floor(rate * span), exact; `span` in nanoseconds, not negative. Stops the run on overflow.
inline std::int64_t bytes_at_rate(std::int64_t rate, std::int64_t span) {
    const std::int64_t whole = span / kNanosecondsPerSecond;
    const std::int64_t rest = span % kNanosecondsPerSecond;
    constexpr std::int64_t kFastRate = 9'000'000'000;  // rate * rest stays within 63 bits
    const std::int64_t of_rest = rate <= kFastRate
                                     ? rate * rest / kNanosecondsPerSecond
                                     : detail::scale(rate, rest, kNanosecondsPerSecond, false);
    return detail::checked_add(detail::checked_multiply(rate, whole), of_rest);
}

/// A constant rate inside a window that comes every day. `to` <= `from` wraps over midnight.
class DailyRate {
  public:
    DailyRate(const scenario::DailyWindow& window, std::int64_t rate)
        : rate_(rate), from_(window.from.count()), to_(window.to.count()) {
        LANDFALL_CHECK(0 <= from_ && from_ <= kNanosecondsPerDay, "a window starts within a day");
        LANDFALL_CHECK(0 <= to_ && to_ <= kNanosecondsPerDay, "a window ends within a day");
        wraps_ = to_ <= from_;
    }

    /// Bytes from the start of time to `instant`.
    [[nodiscard]] std::int64_t bytes_until(std::int64_t instant) const {
        return bytes_at_rate(rate_, open_until(instant));
    }

  private:
    [[nodiscard]] std::int64_t open_until(std::int64_t instant) const {
        const std::int64_t day = instant / kNanosecondsPerDay;
        const std::int64_t clock = instant % kNanosecondsPerDay;
        if (wraps_) {  // open except in [to, from)
            return instant - (day * (from_ - to_) + clamp_within(clock, to_, from_));
        }
        return day * (to_ - from_) + clamp_within(clock, from_, to_);
    }

    static std::int64_t clamp_within(std::int64_t clock, std::int64_t from, std::int64_t to) {
        if (clock <= from) return 0;
        return (clock < to ? clock : to) - from;
    }

    std::int64_t rate_;
    std::int64_t from_;
    std::int64_t to_;
    bool wraps_ = false;
};

}  // namespace landfall::workload
