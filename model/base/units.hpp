// model/base/units.hpp — strong units of the logic: bytes, rates, durations and instants.
//
// Law: the logic counts in integers (bytes, bytes per second, nanoseconds) so that the same inputs
// give the same bits everywhere. Arithmetic that would overflow is a broken invariant and stops the
// run (LANDFALL_CHECK); nothing wraps silently.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

#include "model/base/check.hpp"

namespace landfall {

namespace detail {

constexpr std::int64_t checked_add(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    LANDFALL_CHECK(!__builtin_add_overflow(a, b, &sum), "integer overflow in addition");
    return sum;
}

constexpr std::int64_t checked_subtract(std::int64_t a, std::int64_t b) {
    std::int64_t difference = 0;
    LANDFALL_CHECK(!__builtin_sub_overflow(a, b, &difference), "integer overflow in subtraction");
    return difference;
}

constexpr std::int64_t checked_multiply(std::int64_t a, std::int64_t b) {
    std::int64_t product = 0;
    LANDFALL_CHECK(!__builtin_mul_overflow(a, b, &product), "integer overflow in multiplication");
    return product;
}

__extension__ typedef __int128 Wide;

/// Returns a * b / c rounded up or down, exact. Requires c > 0 and a, b >= 0.
constexpr std::int64_t scale(std::int64_t a, std::int64_t b, std::int64_t c, bool round_up) {
    LANDFALL_CHECK(a >= 0 && b >= 0 && c > 0, "scale() takes non-negative factors");
    const std::int64_t rounding = round_up ? c - 1 : 0;
    std::int64_t narrow = 0;
    // Almost every call fits in 64 bits, where a division costs a tenth of one in 128.
    if (!__builtin_mul_overflow(a, b, &narrow) &&
        !__builtin_add_overflow(narrow, rounding, &narrow)) {
        return narrow / c;
    }
    const Wide result = (static_cast<Wide>(a) * b + rounding) / c;
    LANDFALL_CHECK(result <= std::numeric_limits<std::int64_t>::max(), "integer overflow in scale");
    return static_cast<std::int64_t>(result);
}

/// A whole number with a dimension. Same-dimension sums and comparisons only.
template <typename Tag>
class Quantity {
  public:
    constexpr Quantity() = default;
    constexpr explicit Quantity(std::int64_t count) : count_(count) {}

    [[nodiscard]] constexpr std::int64_t count() const { return count_; }

    constexpr auto operator<=>(const Quantity&) const = default;

    constexpr Quantity& operator+=(Quantity other) {
        count_ = checked_add(count_, other.count_);
        return *this;
    }
    constexpr Quantity& operator-=(Quantity other) {
        count_ = checked_subtract(count_, other.count_);
        return *this;
    }
    friend constexpr Quantity operator+(Quantity a, Quantity b) { return a += b; }
    friend constexpr Quantity operator-(Quantity a, Quantity b) { return a -= b; }
    friend constexpr Quantity operator*(Quantity a, std::int64_t factor) {
        return Quantity(checked_multiply(a.count_, factor));
    }

  private:
    std::int64_t count_ = 0;
};

}  // namespace detail

/// An amount of data.
using Bytes = detail::Quantity<struct BytesTag>;
/// A data rate in bytes per second.
using BytesPerSecond = detail::Quantity<struct BytesPerSecondTag>;
/// A span of simulated time in nanoseconds. About 292 years fit.
using Duration = detail::Quantity<struct DurationTag>;

inline constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

constexpr Duration nanoseconds(std::int64_t count) {
    return Duration(count);
}
constexpr Duration seconds(std::int64_t count) {
    return Duration(detail::checked_multiply(count, kNanosecondsPerSecond));
}
constexpr Duration minutes(std::int64_t count) {
    return seconds(detail::checked_multiply(count, 60));
}
constexpr Duration hours(std::int64_t count) {
    return minutes(detail::checked_multiply(count, 60));
}
constexpr Duration days(std::int64_t count) {
    return hours(detail::checked_multiply(count, 24));
}
constexpr Bytes mebibytes(std::int64_t count) {
    return Bytes(detail::checked_multiply(count, 1LL << 20));
}
constexpr Bytes gibibytes(std::int64_t count) {
    return Bytes(detail::checked_multiply(count, 1LL << 30));
}

/// Duration in seconds, for reports only: the logic never computes with it.
constexpr double to_seconds(Duration duration) {
    return static_cast<double>(duration.count()) / static_cast<double>(kNanosecondsPerSecond);
}

/// A point of simulated time: nanoseconds since the start of the run.
class Instant {
  public:
    constexpr Instant() = default;
    constexpr explicit Instant(Duration since_start) : since_start_(since_start) {}

    [[nodiscard]] constexpr Duration since_start() const { return since_start_; }
    /// Later than every instant a run can reach.
    [[nodiscard]] static constexpr Instant never() {
        return Instant(Duration(std::numeric_limits<std::int64_t>::max()));
    }

    constexpr auto operator<=>(const Instant&) const = default;
    friend constexpr Instant operator+(Instant at, Duration by) {
        return Instant(at.since_start_ + by);
    }
    friend constexpr Instant operator-(Instant at, Duration by) {
        return Instant(at.since_start_ - by);
    }
    friend constexpr Duration operator-(Instant later, Instant earlier) {
        return later.since_start_ - earlier.since_start_;
    }

  private:
    Duration since_start_;
};

/// Time to move `amount` at `rate`, rounded up: nothing finishes early. Requires rate > 0.
constexpr Duration transfer_time(Bytes amount, BytesPerSecond rate) {
    return Duration(detail::scale(amount.count(), kNanosecondsPerSecond, rate.count(), true));
}

/// Bytes moved at `rate` in `span`, rounded down.
constexpr Bytes moved_bytes(BytesPerSecond rate, Duration span) {
    return Bytes(detail::scale(rate.count(), span.count(), kNanosecondsPerSecond, false));
}

}  // namespace landfall
