// analysis/coalescing.cpp — sums of 1 - e^-x, and bits counted window by window.
#include "analysis/coalescing.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

namespace landfall::analysis {

namespace {

void require(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(what);
}

bool is_share(double value) {
    return 0 <= value && value <= 1;
}

bool is_amount(double value) {
    return std::isfinite(value) && value >= 0;
}

/// Probability that a chunk with `expected` writes has at least one.
double touched(double expected) {
    return -std::expm1(-expected);
}

}  // namespace

double uniform_unique(double chunks, double writes) {
    require(is_amount(chunks) && chunks > 0, "chunks must be positive");
    require(is_amount(writes), "writes must not be negative");
    return chunks * touched(writes / chunks);
}

double independent_unique(std::span<const double> rates, double span_s) {
    require(is_amount(span_s), "a span must not be negative");
    double sum = 0;
    for (const double rate : rates) {
        require(is_amount(rate), "rates must not be negative");
        sum += touched(rate * span_s);
    }
    return sum;
}

double zipf_unique(std::uint64_t chunks, double alpha, double writes) {
    require(chunks > 0, "chunks must be positive");
    require(is_amount(alpha), "alpha must not be negative");
    require(is_amount(writes), "writes must not be negative");
    const auto weight = [alpha](std::uint64_t rank) {
        return std::pow(static_cast<double>(rank), -alpha);
    };
    double total = 0;  // the small ones first, which keeps the digits
    for (std::uint64_t rank = chunks; rank > 0; --rank) total += weight(rank);
    double sum = 0;
    for (std::uint64_t rank = chunks; rank > 0; --rank) {
        sum += touched(writes * weight(rank) / total);
    }
    return sum;
}

double hot_cold_unique(double chunks, double hot_chunks, double hot_writes, double writes) {
    require(is_amount(chunks) && chunks > 0, "chunks must be positive");
    require(0 < hot_chunks && hot_chunks < 1, "hot_chunks must be between 0 and 1");
    require(is_share(hot_writes), "hot_writes must be 0 to 1");
    return uniform_unique(chunks * hot_chunks, writes * hot_writes) +
           uniform_unique(chunks * (1 - hot_chunks), writes * (1 - hot_writes));
}

GrainCost grain_cost(double disk_bytes, double write_bytes, double writes, double grain_bytes) {
    require(is_amount(disk_bytes) && is_amount(write_bytes) && is_amount(grain_bytes),
            "sizes must not be negative");
    require(0 < write_bytes && write_bytes <= disk_bytes, "a write must fit on the disk");
    require(0 < grain_bytes && grain_bytes <= disk_bytes, "a chunk must fit on the disk");
    require(is_amount(writes) && writes > 0, "writes must be positive");
    require(std::fmod(grain_bytes, write_bytes) == 0 || std::fmod(write_bytes, grain_bytes) == 0,
            "the sizes of write and chunk must divide");
    // A place of the larger of the two sizes is touched as a whole or, seen by chunks, not at all.
    const double place = std::max(write_bytes, grain_bytes);
    GrainCost cost;
    cost.unique_bytes = place * uniform_unique(disk_bytes / place, writes);
    cost.amplification = cost.unique_bytes / (write_bytes * writes);
    return cost;
}

UniqueCounter::UniqueCounter(std::uint64_t chunks) : chunks_(chunks) {
    constexpr std::uint64_t kPerPage = kBits * kWordsPerPage;
    pages_.resize(chunks / kPerPage + (chunks % kPerPage != 0 ? 1 : 0));
}

std::uint64_t& UniqueCounter::word(std::uint64_t index) {
    std::unique_ptr<Page>& page = pages_[index / kWordsPerPage];
    if (!page) page = std::make_unique<Page>();
    if (!page->touched) {
        page->touched = true;
        touched_.push_back(page.get());
    }
    return page->words[index % kWordsPerPage];
}

void UniqueCounter::add(std::uint64_t first, std::uint64_t count) {
    LANDFALL_CHECK(first <= chunks_ && count <= chunks_ - first, "chunks lie on their disk");
    const std::uint64_t end = first + count;
    for (std::uint64_t at = first; at < end;) {
        const std::uint64_t bit = at % kBits;
        const std::uint64_t piece = std::min(kBits - bit, end - at);
        const std::uint64_t ones = ~std::uint64_t{0} >> (kBits - piece);
        std::uint64_t& bits = word(at / kBits);
        const std::uint64_t fresh = (ones << bit) & ~bits;
        bits |= fresh;
        unique_ += static_cast<std::uint64_t>(std::popcount(fresh));
        at += piece;
    }
}

void UniqueCounter::clear() {
    for (Page* page : touched_) *page = Page{};
    touched_.clear();
    unique_ = 0;
}

double FoldPoint::ratio() const {
    if (written == Bytes(0)) return 1.0;
    return static_cast<double>(unique.count()) / static_cast<double>(written.count());
}

WindowFold::WindowFold(const DiskGeometry& disk, Duration window, Bytes grain)
    : window_(window), grain_(grain), sectors_(disk.sectors), sectors_per_chunk_(1), counter_(0) {
    require(disk.sector_size > Bytes(0), "a sector has at least one byte");
    require(window > Duration(0), "a window must be positive");
    require(grain > Bytes(0) && grain.count() % disk.sector_size.count() == 0,
            "a grain must be a positive multiple of the sector size");
    sectors_per_chunk_ = static_cast<std::uint64_t>(grain.count() / disk.sector_size.count());
    counter_ = UniqueCounter(disk.sectors / sectors_per_chunk_ +
                             (disk.sectors % sectors_per_chunk_ != 0 ? 1 : 0));
    closed_.window = window;
}

void WindowFold::add(Instant at, SectorRange range) {
    LANDFALL_CHECK(range.first <= sectors_ && range.count <= sectors_ - range.first,
                   "a write lies on its disk");
    if (range.empty()) return;
    const std::int64_t index = at.since_start().count() / window_.count();
    LANDFALL_CHECK(index >= index_, "writes come in order of time");
    if (index > index_) close_window();
    index_ = index;
    const std::uint64_t first = range.first / sectors_per_chunk_;
    const std::uint64_t count = (range.end() - 1) / sectors_per_chunk_ - first + 1;
    counter_.add(first, count);
    chunks_written_ += count;
}

void WindowFold::close_window() {
    closed_ = point();
    counter_.clear();
    chunks_written_ = 0;
}

FoldPoint WindowFold::point() const {
    FoldPoint all = closed_;
    if (chunks_written_ == 0) return all;
    const Bytes written = grain_ * static_cast<std::int64_t>(chunks_written_);
    const Bytes unique = grain_ * static_cast<std::int64_t>(counter_.unique());
    ++all.windows;
    all.written += written;
    all.unique += unique;
    all.peak_written = std::max(all.peak_written, written);
    all.peak_unique = std::max(all.peak_unique, unique);
    return all;
}

}  // namespace landfall::analysis
