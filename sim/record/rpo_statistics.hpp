// sim/record/rpo_statistics.hpp — time-weighted statistics of an RPO, without keeping its steps.
//
// An RPO rises one second per second and drops when a recovery point is published, so its history
// is a series of ramps. Each ramp spends equal time at every value it passes: the density of time
// over values is a sum of boxes, kept as a histogram with 32 cells per octave, so that a quantile
// is within 3.2 % of the exact one at any level of detail, or within a second where it is below 32
// s (and exact where time is spread evenly inside a cell, as ramps spread it). Mean and maximum are
// exact. A ramp costs two cells, however long.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "model/base/units.hpp"

namespace landfall::record {

class RpoStatistics {
  public:
    /// The RPO rose from `from` to `to` >= from, for as long as that takes.
    void add_ramp(Duration from, Duration to) {
        const double low = to_seconds(from);
        const double high = to_seconds(to);
        if (high <= low) {
            maximum_ = std::max(maximum_, high);
            return;
        }
        seconds_ += high - low;
        value_seconds_ += (high - low) * (low + high) / 2;
        maximum_ = std::max(maximum_, high);
        const std::size_t first = cell_of(low);
        const std::size_t last = cell_of(high);
        if (cells_.size() <= last) cells_.resize(last + 1);
        if (first == last) {
            cells_[first].partly += high - low;
            return;
        }
        cells_[first].partly += upper(first) - low;
        cells_[last].partly += high - lower(last);
        // Cells between them are crossed whole: counted where that begins and where it ends.
        ++cells_[first + 1].whole_crossings_change;
        --cells_[last].whole_crossings_change;
    }

    void merge(const RpoStatistics& other) {
        seconds_ += other.seconds_;
        value_seconds_ += other.value_seconds_;
        maximum_ = std::max(maximum_, other.maximum_);
        if (cells_.size() < other.cells_.size()) cells_.resize(other.cells_.size());
        for (std::size_t cell = 0; cell < other.cells_.size(); ++cell) {
            cells_[cell].partly += other.cells_[cell].partly;
            cells_[cell].whole_crossings_change += other.cells_[cell].whole_crossings_change;
        }
    }

    [[nodiscard]] bool empty() const { return seconds_ <= 0; }
    /// Seconds of time that were counted.
    [[nodiscard]] double seconds() const { return seconds_; }
    /// NaN when empty.
    [[nodiscard]] double mean() const { return empty() ? nan() : value_seconds_ / seconds_; }
    [[nodiscard]] double maximum() const { return empty() ? nan() : maximum_; }
    /// The value that the RPO stays at or below for `share` of the time. NaN when empty.
    [[nodiscard]] double quantile(double share) const {
        if (empty()) return nan();
        double below = 0;
        std::int64_t crossings = 0;
        const double wanted = share * seconds_;
        for (std::size_t cell = 0; cell < cells_.size(); ++cell) {
            crossings += cells_[cell].whole_crossings_change;
            const double width = upper(cell) - lower(cell);
            const double inside = cells_[cell].partly + static_cast<double>(crossings) * width;
            if (inside > 0 && below + inside >= wanted) {
                const double part = (wanted - below) / inside;
                return std::min(maximum_, lower(cell) + part * width);
            }
            below += inside;
        }
        return maximum_;
    }

  private:
    struct Cell {
        double partly = 0;                        ///< seconds of ramps that end or begin in here
        std::int64_t whole_crossings_change = 0;  ///< against the cell before
    };
    static constexpr std::size_t kPerOctave = 32;
    static constexpr int kPerOctaveBits = 6;  ///< bits of the first value of octave 0
    static double nan() { return std::numeric_limits<double>::quiet_NaN(); }

    // Cells of one second up to 32 s, then 32 cells per doubling.
    static std::size_t cell_of(double value) {
        const auto whole = static_cast<std::uint64_t>(value);
        if (whole < kPerOctave) return static_cast<std::size_t>(whole);
        const int octave = std::bit_width(whole) - kPerOctaveBits;
        return kPerOctave * static_cast<std::size_t>(octave + 1) +
               static_cast<std::size_t>((whole >> octave) - kPerOctave);
    }
    static double lower(std::size_t cell) {
        if (cell < kPerOctave) return static_cast<double>(cell);
        const std::size_t octave = cell / kPerOctave - 1;
        return static_cast<double>((kPerOctave + cell % kPerOctave) << octave);
    }
    static double upper(std::size_t cell) { return lower(cell + 1); }

    double seconds_ = 0;
    double value_seconds_ = 0;
    double maximum_ = 0;
    std::vector<Cell> cells_;
};

}  // namespace landfall::record
