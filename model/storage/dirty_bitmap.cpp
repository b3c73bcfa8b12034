// model/storage/dirty_bitmap.cpp — levels of words, see the header.
#include "model/storage/dirty_bitmap.hpp"

#include <algorithm>
#include <bit>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"

namespace landfall {
namespace {

constexpr unsigned kWordShift = 6;
constexpr std::uint64_t kWordBits = 64;
constexpr std::uint64_t kAll = ~std::uint64_t{0};

constexpr std::uint64_t ceil_shift(std::uint64_t value, unsigned shift) {
    const std::uint64_t whole = value >> shift;
    return whole + ((whole << shift) == value ? 0 : 1);
}

/// The bits of word `word` that lie in the bits first..last of its level.
constexpr std::uint64_t mask_in(std::uint64_t word, std::uint64_t first, std::uint64_t last) {
    std::uint64_t mask = kAll;
    if (word == first >> kWordShift) mask &= kAll << (first % kWordBits);
    if (word == last >> kWordShift) mask &= kAll >> (kWordBits - 1 - last % kWordBits);
    return mask;
}

}  // namespace

DirtyBitmap::DirtyBitmap(std::uint64_t sectors, std::uint64_t grain)
    : sectors_(sectors),
      shift_(static_cast<unsigned>(std::countr_zero(grain))),
      chunks_(ceil_shift(sectors, shift_ % kWordBits)) {
    LANDFALL_CHECK(std::has_single_bit(grain), "the grain of a bitmap is a power of two");
    std::uint64_t bits = chunks_;
    do {
        bits = std::max<std::uint64_t>(1, ceil_shift(bits, kWordShift));
        levels_.emplace_back(bits);
    } while (bits > 1);
}

DirtyBitmap DirtyBitmap::from_words(std::uint64_t sectors, std::uint64_t grain,
                                    std::span<const std::uint64_t> words) {
    DirtyBitmap bitmap(sectors, grain);
    auto& leaves = bitmap.levels_.front();
    LANDFALL_CHECK(words.size() == leaves.size(), "a bitmap's words fit its shape");
    std::copy(words.begin(), words.end(), leaves.begin());
    const std::uint64_t used = bitmap.chunks_ - ((leaves.size() - 1) << kWordShift);
    LANDFALL_CHECK(used == kWordBits || leaves.back() >> used == 0,
                   "a bitmap has no bit beyond its last chunk");
    bitmap.rebuild();
    return bitmap;
}

void DirtyBitmap::check(SectorRange range) const {
    LANDFALL_CHECK(range.first <= sectors_ && range.count <= sectors_ - range.first,
                   "a range of sectors lies on its disk");
}

SectorRange DirtyBitmap::sectors_of(std::uint64_t first, std::uint64_t last) const {
    const std::uint64_t begin = first << shift_;
    // The last chunk's end is compared from below: it may pass 2^64.
    const std::uint64_t end = last + 1 == chunks_ ? sectors_ : (last + 1) << shift_;
    return {begin, end - begin};
}

void DirtyBitmap::set(SectorRange range) {
    check(range);
    if (range.empty()) return;
    std::uint64_t end = ceil_shift(range.end(), shift_);
    if (mutant(Mutant::SkipLastPartialChunk)) end = std::min(end, sectors_ >> shift_);
    const std::uint64_t first = range.first >> shift_;
    if (first < end) set_bits(first, end - 1);
}

void DirtyBitmap::clear(SectorRange range) {
    check(range);
    if (range.empty()) return;
    std::uint64_t first = ceil_shift(range.first, shift_);
    std::uint64_t end = range.end() == sectors_ ? chunks_ : range.end() >> shift_;
    if (mutant(Mutant::RoundClearOutward)) {
        first = range.first >> shift_;
        end = ceil_shift(range.end(), shift_);
    }
    if (first < end) clear_bits(first, end - 1);
}

void DirtyBitmap::clear_all() {
    for (auto& level : levels_) std::fill(level.begin(), level.end(), 0);
    count_ = 0;
}

void DirtyBitmap::set_bits(std::uint64_t first, std::uint64_t last) {
    for (std::size_t k = 0; k < levels_.size(); ++k) {
        const std::uint64_t from = first >> kWordShift;
        const std::uint64_t to = last >> kWordShift;
        bool grew = false;
        for (std::uint64_t w = from; w <= to; ++w) {
            std::uint64_t& word = levels_[k][w];
            const std::uint64_t added = mask_in(w, first, last) & ~word;
            grew |= word == 0;
            if (k == 0) count_ += static_cast<std::uint64_t>(std::popcount(added));
            word |= added;
        }
        if (!grew) return;  // the levels above know of all these words
        first = from;
        last = to;
    }
}

void DirtyBitmap::clear_bits(std::uint64_t first, std::uint64_t last) {
    for (std::size_t k = 0; k < levels_.size(); ++k) {
        std::uint64_t from = first >> kWordShift;
        std::uint64_t to = last >> kWordShift;
        for (std::uint64_t w = from; w <= to; ++w) {
            std::uint64_t& word = levels_[k][w];
            const std::uint64_t gone = mask_in(w, first, last) & word;
            if (k == 0) count_ -= static_cast<std::uint64_t>(std::popcount(gone));
            word &= ~gone;
        }
        // Only the words at the two ends can hold bits outside the range.
        if (levels_[k][from] != 0) ++from;
        if (from > to) return;
        if (levels_[k][to] != 0) {
            if (to == from) return;
            --to;
        }
        first = from;
        last = to;
    }
}

void DirtyBitmap::rebuild() {
    count_ = 0;
    for (const std::uint64_t word : levels_.front()) {
        count_ += static_cast<std::uint64_t>(std::popcount(word));
    }
    for (std::size_t k = 1; k < levels_.size(); ++k) {
        std::fill(levels_[k].begin(), levels_[k].end(), 0);
        for (std::uint64_t w = 0; w < levels_[k - 1].size(); ++w) {
            if (levels_[k - 1][w] == 0) continue;
            levels_[k][w >> kWordShift] |= std::uint64_t{1} << (w % kWordBits);
        }
    }
}

void DirtyBitmap::merge(const DirtyBitmap& other) {
    LANDFALL_CHECK(sectors_ == other.sectors_, "bitmaps that are merged are of equal disks");
    if (shift_ != other.shift_) {
        for (auto run = other.next_run(0, sectors_); run;
             run = other.next_run(run->end(), sectors_)) {
            set(*run);
        }
        return;
    }
    auto& leaves = levels_.front();
    for (std::uint64_t w = 0; w < leaves.size(); ++w) leaves[w] |= other.levels_.front()[w];
    rebuild();
}

bool DirtyBitmap::is_set(std::uint64_t sector) const {
    LANDFALL_CHECK(sector < sectors_, "a sector lies on its disk");
    const std::uint64_t chunk = sector >> shift_;
    return ((levels_.front()[chunk >> kWordShift] >> (chunk % kWordBits)) & 1) != 0;
}

std::uint64_t DirtyBitmap::dirty_sectors() const {
    if (count_ == 0) return 0;
    // Every chunk is whole but perhaps the last.
    if (!is_set(sectors_ - 1)) return count_ << shift_;
    return ((count_ - 1) << shift_) + sectors_of(chunks_ - 1, chunks_ - 1).count;
}

std::optional<std::uint64_t> DirtyBitmap::next_chunk(std::uint64_t from) const {
    // Up until a word has a bit at or after `from`, then down along the lowest bits.
    for (std::size_t k = 0; k < levels_.size(); ++k) {
        const std::uint64_t w = from >> kWordShift;
        if (w >= levels_[k].size()) return std::nullopt;
        const std::uint64_t rest = levels_[k][w] & (kAll << (from % kWordBits));
        if (rest == 0) {
            from = w + 1;
            continue;
        }
        std::uint64_t bit = (w << kWordShift) + static_cast<std::uint64_t>(std::countr_zero(rest));
        while (k-- > 0) {
            const auto low = static_cast<std::uint64_t>(std::countr_zero(levels_[k][bit]));
            bit = (bit << kWordShift) + low;
        }
        return bit;
    }
    return std::nullopt;
}

std::uint64_t DirtyBitmap::next_clean(std::uint64_t from, std::uint64_t limit) const {
    while (from < limit) {
        const std::uint64_t clean =
            ~levels_.front()[from >> kWordShift] & (kAll << (from % kWordBits));
        if (clean != 0) {
            const auto low = static_cast<std::uint64_t>(std::countr_zero(clean));
            return std::min(limit, (from & ~(kWordBits - 1)) + low);
        }
        from = (from | (kWordBits - 1)) + 1;
    }
    return limit;
}

std::optional<SectorRange> DirtyBitmap::next(std::uint64_t from_sector) const {
    return next_run(from_sector, grain());
}

std::optional<SectorRange> DirtyBitmap::next_run(std::uint64_t from_sector,
                                                 std::uint64_t most_sectors) const {
    if (from_sector >= sectors_) return std::nullopt;
    const auto first = next_chunk(from_sector >> shift_);
    if (!first) return std::nullopt;
    // A shorter last chunk counts as a whole one here: the limit is never passed.
    const std::uint64_t most = std::max<std::uint64_t>(1, most_sectors >> shift_);
    const std::uint64_t limit = most < chunks_ - *first ? *first + most : chunks_;
    return sectors_of(*first, next_clean(*first + 1, limit) - 1);
}

std::uint64_t DirtyBitmap::memory_bytes() const {
    std::uint64_t words = 0;
    for (const auto& level : levels_) words += level.size();
    return words * sizeof(std::uint64_t);
}

std::uint64_t DirtyBitmap::stored_bytes(std::uint64_t sectors, std::uint64_t grain) {
    LANDFALL_CHECK(std::has_single_bit(grain), "the grain of a bitmap is a power of two");
    return ceil_shift(ceil_shift(sectors, static_cast<unsigned>(std::countr_zero(grain))), 3);
}

}  // namespace landfall
