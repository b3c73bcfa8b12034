// sim/workload/slots.hpp — exact arithmetic on writes that are even within slots of equal length.
#pragma once

#include <cstdint>

#include "model/base/check.hpp"
#include "model/base/units.hpp"
#include "sim/workload/churn.hpp"

namespace landfall::workload {

/// The most bytes of one slot (1 PiB) and the longest slot (a year): keeps floor_share exact.
inline constexpr std::int64_t kSlotBytesMax = std::int64_t{1} << 50;
inline constexpr std::int64_t kSlotLengthMax = 366LL * 86'400 * kNanosecondsPerSecond;

/// floor(bytes * x / length), exact, for 0 <= x <= length, within the bounds above. A
/// floating-point guess is off by one at most; the remainder, exact in wrapping 64-bit arithmetic,
/// settles it. About 2 ns, where a 128-bit division takes 10-30.
inline std::int64_t floor_share(std::int64_t bytes, std::int64_t x, std::int64_t length,
                                double one_over_length) {
    auto share = static_cast<std::int64_t>(static_cast<double>(bytes) * static_cast<double>(x) *
                                           one_over_length);
    const auto product = static_cast<std::uint64_t>(bytes) * static_cast<std::uint64_t>(x);
    auto remainder = static_cast<std::int64_t>(product - static_cast<std::uint64_t>(share) *
                                                             static_cast<std::uint64_t>(length));
    while (remainder < 0) {
        remainder += length;
        --share;
    }
    while (remainder >= length) {
        remainder -= length;
        ++share;
    }
    return share;
}

/// Bytes of a slot at `rate` bytes per second; a rate beyond the bound of a slot counts as the
/// bound.
inline std::int64_t slot_bytes(double rate, double length_s) {
    const double bytes = rate * length_s + 0.5;
    constexpr auto kMost = static_cast<double>(kSlotBytesMax);
    return bytes < kMost ? static_cast<std::int64_t>(bytes) : kSlotBytesMax;
}

/// Churn that is even within slots of one length. `Derived` has bytes_of_slot(index), the bytes of
/// slot [index * length, (index + 1) * length), a pure function of the index.
template <typename Derived>
class SlottedChurn : public ChurnSource {
  public:
    explicit SlottedChurn(Duration slot)
        : length_(slot.count()), one_over_length_(1.0 / static_cast<double>(slot.count())) {
        LANDFALL_CHECK(length_ > 0 && length_ <= kSlotLengthMax, "a slot lasts at most a year");
    }

    Bytes written(Instant from, Instant to) override {
        return Bytes(slotted_bytes(from.since_start().count(), to.since_start().count()));
    }

  protected:
    /// Bytes in [from, to), both in nanoseconds since the start.
    std::int64_t slotted_bytes(std::int64_t from, std::int64_t to) {
        LANDFALL_CHECK(0 <= from && from <= to,
                       "churn is asked for a span of time after the start");
        if (from == to) return 0;
        enter(from);
        std::int64_t total = 0;
        while (to > end_) {  // the rest of this slot, then whole ones
            total += bytes_ - part(from - begin_);
            from = end_;
            next();
        }
        const std::int64_t upto = to == end_ ? bytes_ : part(to - begin_);
        return total + upto - part(from - begin_);
    }

    [[nodiscard]] std::int64_t length() const { return length_; }

  private:
    [[nodiscard]] std::int64_t part(std::int64_t x) const {
        return x == 0 ? 0 : floor_share(bytes_, x, length_, one_over_length_);
    }

    void enter(std::int64_t instant) {
        if (instant >= begin_ && instant < end_) return;
        if (instant == end_ && index_ >= 0) return next();
        open(instant / length_);
    }

    void next() { open(index_ + 1); }

    void open(std::int64_t index) {
        index_ = index;
        begin_ = detail::checked_multiply(index, length_);
        end_ = detail::checked_add(begin_, length_);
        bytes_ = static_cast<const Derived*>(this)->bytes_of_slot(index);
    }

    std::int64_t length_;
    double one_over_length_;
    std::int64_t index_ = -1;
    std::int64_t begin_ = 0;
    std::int64_t end_ = 0;
    std::int64_t bytes_ = 0;
};

}  // namespace landfall::workload
