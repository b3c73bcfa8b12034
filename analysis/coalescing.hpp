// analysis/coalescing.hpp — how much of what is written remains distinct: closed forms, and exact
// counts.
//
// A delta ships a chunk once however often it was written meanwhile. With chunks that are written
// independently, chunk i at rate r_i, the expected number of distinct chunks after T seconds is
//
//     U(T) = sum over i of (1 - e^(-r_i T))          (independent reference model)
//
// and every law below is a case of it. Counts are exact for the writes given and serve to check a
// simulation and to fold a recorded trace. Sources: replication-and-test-lab 5.1; the curve is that
// of a dirty bitmap, as in Keeton and Merchant, "A framework for evaluating storage system
// dependability", DSN 2004.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/base/block.hpp"
#include "model/base/units.hpp"

namespace landfall::analysis {

// ---- closed forms: expected distinct chunks. std::invalid_argument for arguments out of range
// ----

/// `writes` uniform at random on `chunks`: N (1 - e^(-W/N)). Requires chunks > 0, writes >= 0.
double uniform_unique(double chunks, double writes);

/// The independent reference model: chunk i at rates[i] writes per second, for `span_s` seconds.
double independent_unique(std::span<const double> rates, double span_s);

/// `writes` whose popularity falls as rank^-alpha over `chunks`. Costs one pass over the chunks.
double zipf_unique(std::uint64_t chunks, double alpha, double writes);

/// The share `hot_writes` of the writes goes to the share `hot_chunks` of the chunks.
double hot_cold_unique(double chunks, double hot_chunks, double hot_writes, double writes);

/// What tracking at a coarser grain costs: distinct bytes, and those over the bytes written.
struct GrainCost {
    double unique_bytes = 0;
    double amplification = 0;  ///< g/w * U/W; below 1 where coalescing saves more than grain costs
};

/// `writes` of `write_bytes` uniform at random on a disk of `disk_bytes`, tracked in chunks of
/// `grain_bytes`. Writes are aligned; requires one of the two sizes to divide the other.
GrainCost grain_cost(double disk_bytes, double write_bytes, double writes, double grain_bytes);

// ---- exact counts
// --------------------------------------------------------------------------------

/// Counts distinct chunks: a bitmap in pages, so that untouched parts cost nothing and starting
/// afresh costs what was touched.
class UniqueCounter {
  public:
    explicit UniqueCounter(std::uint64_t chunks);

    /// Marks `count` chunks from `first` on. Requires them to be below chunks().
    void add(std::uint64_t first, std::uint64_t count);
    void clear();

    [[nodiscard]] std::uint64_t chunks() const { return chunks_; }
    [[nodiscard]] std::uint64_t unique() const { return unique_; }

  private:
    static constexpr std::uint64_t kBits = 64;
    static constexpr std::uint64_t kWordsPerPage = 64;
    struct Page {
        std::uint64_t words[kWordsPerPage] = {};
        bool touched = false;
    };

    std::uint64_t& word(std::uint64_t index);

    std::uint64_t chunks_;
    std::uint64_t unique_ = 0;
    std::vector<std::unique_ptr<Page>> pages_;
    std::vector<Page*> touched_;
};

/// What a trace becomes when it is shipped once per window.
struct FoldPoint {
    Duration window;
    std::uint64_t windows = 0;  ///< with at least one write
    Bytes written;              ///< every chunk touched counts as a whole
    Bytes unique;               ///< distinct within each window, summed
    Bytes peak_written;         ///< of the window with most
    Bytes peak_unique;

    /// unique / written; 1 when nothing was written.
    [[nodiscard]] double ratio() const;
};

/// Folds writes into windows of one length, [k w, (k + 1) w) from time 0 on.
class WindowFold {
  public:
    /// Requires window > 0 and a grain that is a positive multiple of the sector size.
    WindowFold(const DiskGeometry& disk, Duration window, Bytes grain);

    /// The next write, in order of time. Requires a range on the disk.
    void add(Instant at, SectorRange range);
    /// All writes so far, the last window as far as it got.
    [[nodiscard]] FoldPoint point() const;

  private:
    void close_window();

    Duration window_;
    Bytes grain_;
    std::uint64_t sectors_;
    std::uint64_t sectors_per_chunk_;
    UniqueCounter counter_;
    std::int64_t index_ = 0;  ///< of the open window
    std::uint64_t chunks_written_ = 0;
    FoldPoint closed_;
};

/// The fold curve of a source of writes: one point for each window. A source has next(), which
/// gives an optional of something with `at` and `range`, in order of time; it is used up.
template <typename Source>
std::vector<FoldPoint> fold_curve(Source& source, const DiskGeometry& disk, Bytes grain,
                                  std::span<const Duration> windows) {
    std::vector<WindowFold> folds;
    for (const Duration window : windows) folds.emplace_back(disk, window, grain);
    for (auto write = source.next(); write; write = source.next()) {
        for (WindowFold& fold : folds) fold.add(write->at, write->range);
    }
    std::vector<FoldPoint> points;
    for (const WindowFold& fold : folds) points.push_back(fold.point());
    return points;
}

}  // namespace landfall::analysis
