// model/replication/flow/rate_schedule.hpp — a rate that changes with the hour: throttles by time
// of day.
//
// Idea: a rate is constant within each piece of a period (a day, a week) and the period repeats.
// Law: what a span allows is the exact integral of the rate, in byte-nanoseconds, so neighbouring
// spans add up without rounding.
// Source: the Azure Recovery Services agent on a Hyper-V host has one limit for work hours and one
// for the rest, each from 512 Kbps to 1,023 Mbps, for the whole host (Azure Migrate, Hyper-V
// architecture, 2019; before that to 102 Mbps, site-recovery-hyper-v-site-to-azure.md).
#pragma once

#include <vector>

#include "model/base/units.hpp"

namespace landfall {

/// Bytes times nanoseconds per second: what a rate in bytes per second allows in whole nanoseconds.
/// 1e9 of them are a byte.
using ByteNanoseconds = detail::Wide;

/// One stretch of constant rate, from `begin` after the period's start until the next piece.
struct RatePiece {
    Duration begin;
    BytesPerSecond rate;
};

class RateSchedule {
  public:
    /// The same rate at every hour. Requires rate >= 0; at 0 nothing passes.
    explicit RateSchedule(BytesPerSecond rate);
    /// Pieces that repeat every `period`. Requires at least one piece, the first from 0, beginnings
    /// rising and below `period`, no rate below 0. `at_start` (0 <= at_start < period) is how far
    /// into its period the run begins, for example 8 h for a run that starts at 8 o'clock.
    RateSchedule(Duration period, std::vector<RatePiece> pieces, Duration at_start = Duration(0));

    /// `work` from `opens` to `closes` (hours of the day, 0 <= opens < closes <= 24 h), `other` in
    /// the rest of the day.
    [[nodiscard]] static RateSchedule work_hours(BytesPerSecond work, BytesPerSecond other,
                                                 Duration opens, Duration closes,
                                                 Duration at_start = Duration(0));

    [[nodiscard]] BytesPerSecond at(Instant when) const;
    /// The first change of piece after `when`; never if the rate is always the same.
    [[nodiscard]] Instant next_change(Instant when) const;
    /// What [from, to) allows, exact. Requires from <= to.
    [[nodiscard]] ByteNanoseconds allowed(Instant from, Instant to) const;
    /// The first instant at which [from, instant) allows `amount`; never if there is none.
    [[nodiscard]] Instant allowed_at(Instant from, ByteNanoseconds amount) const;

  private:
    [[nodiscard]] std::int64_t into_period(Instant when) const;
    [[nodiscard]] std::size_t piece_at(std::int64_t into) const;
    /// Where the piece ends, after the period's start.
    [[nodiscard]] std::int64_t end_of(std::size_t piece) const;
    /// What the first `into` nanoseconds of a period allow.
    [[nodiscard]] ByteNanoseconds since_period_start(std::int64_t into) const;

    std::int64_t period_;
    std::vector<RatePiece> pieces_;
    std::int64_t at_start_;
};

}  // namespace landfall
