// model/replication/flow/rate_schedule.cpp — integrals of a repeating rate, and their inverse.
#include "model/replication/flow/rate_schedule.hpp"

#include <algorithm>
#include <utility>

namespace landfall {

namespace {

constexpr std::int64_t kDay = 24LL * 3600 * kNanosecondsPerSecond;

std::vector<RatePiece> work_hour_pieces(BytesPerSecond work, BytesPerSecond other, Duration opens,
                                        Duration closes) {
    LANDFALL_CHECK(Duration(0) <= opens && opens < closes && closes <= Duration(kDay),
                   "work hours lie within one day");
    std::vector<RatePiece> pieces;
    if (opens > Duration(0)) pieces.push_back({Duration(0), other});
    pieces.push_back({opens, work});
    if (closes < Duration(kDay)) pieces.push_back({closes, other});
    return pieces;
}

}  // namespace

RateSchedule::RateSchedule(BytesPerSecond rate)
    : RateSchedule(Duration(kDay), {{Duration(0), rate}}) {}

RateSchedule::RateSchedule(Duration period, std::vector<RatePiece> pieces, Duration at_start)
    : period_(period.count()), pieces_(std::move(pieces)), at_start_(at_start.count()) {
    LANDFALL_CHECK(!pieces_.empty() && pieces_.front().begin == Duration(0),
                   "a rate schedule covers its period from the start");
    LANDFALL_CHECK(0 <= at_start_ && at_start_ < period_, "a run starts within the period");
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        LANDFALL_CHECK(pieces_[i].rate >= BytesPerSecond(0), "a rate is not negative");
        LANDFALL_CHECK(pieces_[i].begin.count() < end_of(i), "pieces of a schedule are in order");
    }
}

RateSchedule RateSchedule::work_hours(BytesPerSecond work, BytesPerSecond other, Duration opens,
                                      Duration closes, Duration at_start) {
    return {Duration(kDay), work_hour_pieces(work, other, opens, closes), at_start};
}

BytesPerSecond RateSchedule::at(Instant when) const {
    return pieces_[piece_at(into_period(when))].rate;
}

Instant RateSchedule::next_change(Instant when) const {
    if (pieces_.size() == 1) return Instant::never();
    const std::int64_t into = into_period(when);
    return when + Duration(end_of(piece_at(into)) - into);
}

ByteNanoseconds RateSchedule::allowed(Instant from, Instant to) const {
    LANDFALL_CHECK(from <= to, "a span does not end before it begins");
    // Counted from the start of the period that `from` lies in.
    const std::int64_t begin = into_period(from);
    const std::int64_t end = detail::checked_add(begin, (to - from).count());
    return end / period_ * since_period_start(period_) + since_period_start(end % period_) -
           since_period_start(begin);
}

Instant RateSchedule::allowed_at(Instant from, ByteNanoseconds amount) const {
    if (amount <= 0) return from;
    const ByteNanoseconds per_period = since_period_start(period_);
    if (per_period == 0) return Instant::never();
    // Whole periods first, one less than would overshoot, then piece by piece.
    const ByteNanoseconds whole = (amount - 1) / per_period;
    const ByteNanoseconds skipped = whole * period_;
    if (skipped > (Instant::never() - from).count() - period_) {
        return Instant::never();
    }
    amount -= whole * per_period;
    Instant now = from + Duration(static_cast<std::int64_t>(skipped));
    while (true) {
        const std::int64_t into = into_period(now);
        const std::size_t piece = piece_at(into);
        const std::int64_t rate = pieces_[piece].rate.count();
        const std::int64_t left = end_of(piece) - into;
        if (static_cast<ByteNanoseconds>(rate) * left >= amount) {
            return now + Duration(static_cast<std::int64_t>((amount + rate - 1) / rate));
        }
        amount -= static_cast<ByteNanoseconds>(rate) * left;
        now = now + Duration(left);
    }
}

std::int64_t RateSchedule::into_period(Instant when) const {
    // Both are below period_, and a period is far below half the range.
    return (when.since_start().count() % period_ + at_start_) % period_;
}

std::size_t RateSchedule::piece_at(std::int64_t into) const {
    const auto after = std::upper_bound(
        pieces_.begin(), pieces_.end(), into,
        [](std::int64_t offset, const RatePiece& piece) { return offset < piece.begin.count(); });
    return static_cast<std::size_t>(after - pieces_.begin()) - 1;
}

std::int64_t RateSchedule::end_of(std::size_t piece) const {
    return piece + 1 < pieces_.size() ? pieces_[piece + 1].begin.count() : period_;
}

ByteNanoseconds RateSchedule::since_period_start(std::int64_t into) const {
    ByteNanoseconds sum = 0;
    for (std::size_t i = 0; i < pieces_.size() && pieces_[i].begin.count() < into; ++i) {
        const std::int64_t span = std::min(end_of(i), into) - pieces_[i].begin.count();
        sum += static_cast<ByteNanoseconds>(pieces_[i].rate.count()) * span;
    }
    return sum;
}

}  // namespace landfall
