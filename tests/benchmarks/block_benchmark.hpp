// tests/benchmarks/block_benchmark.hpp — the writes, the yardstick and the columns that the
// benchmarks of block fidelity share.
//
// All lines work on the same writes: 4 KiB each, 100 a second, every place of the disk alike, which
// is the worst for caches and leaves no rewrites to save on. A recovery point follows every 30,000
// of them, five minutes, as by default. Columns, of CPU time on one core:
//   writes/s     the budget (design, section 10) is a million through all stages together
//   of budget    the share of the budget's microsecond that a write takes; 1 is the limit
//   x memcpy     how many times as long as a memcpy of the bytes that the guest wrote, measured in
//                the same run: the ratio to quote. The lab moves a stamp of 8 bytes per sector in
//                their place.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <span>
#include <vector>

#include <benchmark/benchmark.h>

#include "model/base/block.hpp"
#include "sim/lab/oracle_board.hpp"
#include "sim/workload/block_writes.hpp"

namespace landfall::benchmarks {

inline constexpr std::uint64_t kPointWrites = 30'000;
inline constexpr std::uint64_t kPoints = 33;
inline constexpr std::uint64_t kWrites = kPoints * kPointWrites;
inline constexpr std::uint64_t kPayloadWrites = 500;  ///< of five seconds
inline constexpr std::uint64_t kPointsKept = 24;      ///< of the last two hours
inline constexpr std::uint64_t kGrain = 16;           ///< sectors per bit: 64 KiB
inline constexpr std::uint64_t kBudget = 1'000'000;   ///< writes per second
inline constexpr DiskGeometry kDisk{std::uint64_t{4} << 18U, Bytes(4096)};  ///< 4 GiB
inline const DiskId kDiskId(0);
inline const MachineId kMachineId(0);

inline workload::BlockPattern pattern_of_all(bool poisson) {
    workload::BlockPattern pattern;
    pattern.writes_per_second = 100;
    pattern.poisson = poisson;
    return pattern;
}

/// Drawn once, outside of all that is measured; evenly spaced, so that each point has its number.
inline const std::vector<GuestWrite>& guest_writes() {
    static const std::vector<GuestWrite> writes = [] {
        std::vector<GuestWrite> drawn;
        const auto source =
            workload::make_block_writes(pattern_of_all(false), kDisk, "machine", "disk", 1);
        for (std::uint64_t k = 1; k <= kWrites; ++k) {
            const auto write = source->next();
            drawn.push_back({make_stamp(0, k), write->at, write->range, write->kind});
        }
        return drawn;
    }();
    return writes;
}

/// The writes of point `k` of all.
inline std::span<const GuestWrite> writes_of_point(std::uint64_t k) {
    return std::span(guest_writes()).subspan(k * kPointWrites, kPointWrites);
}

/// Above the time of its last write and not above that of the next one.
inline Instant cut_of_point(std::uint64_t k) {
    return writes_of_point(k).back().at + Duration(1);
}

/// Two pieces of memory far beyond all caches.
struct CopyGround {
    static constexpr std::uint64_t kSectors = 65536;
    std::vector<std::byte> from = std::vector<std::byte>(kSectors * 4096, std::byte{1});
    std::vector<std::byte> to = std::vector<std::byte>(kSectors * 4096, std::byte{2});

    void copy(std::span<const GuestWrite> writes) {
        std::uint64_t at = 0;
        for (const GuestWrite& write : writes) {
            std::memcpy(&to[write.range.first % kSectors * 4096], &from[at * 4096], 4096);
            at = (at + 1) % kSectors;
        }
        benchmark::ClobberMemory();
    }
};

/// Of one thread, the best of some passes: noise only ever adds.
inline double memcpy_writes_per_second() {
    static const double rate = [] {
        CopyGround ground;
        double best = 0;
        for (int pass = 0; pass < 7; ++pass) {
            const std::clock_t begin = std::clock();
            for (std::uint64_t k = 0; k < 5; ++k) ground.copy(writes_of_point(k));
            const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
            best = std::max(best, static_cast<double>(5 * kPointWrites) / seconds);
        }
        return best;
    }();
    return rate;
}

inline double rounded(double value) {
    const double scale = std::pow(10, 2 - std::floor(std::log10(value)));
    return std::round(value * scale) / scale;
}

inline void report(benchmark::State& state, double seconds_per_write) {
    state.counters["ns/write"] = rounded(seconds_per_write * 1e9);
    state.counters["writes/s"] = rounded(1 / seconds_per_write);
    state.counters["of budget"] = rounded(seconds_per_write * kBudget);
    state.counters["x memcpy"] = rounded(seconds_per_write * memcpy_writes_per_second());
}

/// CPU time of this process.
inline double cpu_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Calls `point(k)` for one recovery point's writes after the other, k < kPoints, as long as the
/// benchmark runs, and reports; what `prepare(k)` does before each of them is not measured.
template <typename Prepare, typename Point>
void measure_points(benchmark::State& state, Prepare&& prepare, Point&& point) {
    guest_writes();
    memcpy_writes_per_second();
    double seconds = 0;
    std::uint64_t count = 0;
    while (state.KeepRunning()) {
        state.PauseTiming();
        prepare(count % kPoints);
        state.ResumeTiming();
        const double begin = cpu_seconds();
        point(count % kPoints);
        seconds += cpu_seconds() - begin;
        ++count;
    }
    report(state, seconds / static_cast<double>(count * kPointWrites));
}

template <typename Point>
void measure_points(benchmark::State& state, Point&& point) {
    measure_points(
        state, [](std::uint64_t) {}, point);
}

inline lab::BoardSetup board_setup() {
    return {{{"machine", kDiskId, 1}}, {{"disk", kDisk}}, {}};
}

}  // namespace landfall::benchmarks
