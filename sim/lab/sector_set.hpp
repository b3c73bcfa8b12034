// sim/lab/sector_set.hpp — a set of sectors of one disk that is cheap to fill, walk and empty.
//
// The oracles' own bitmap, on purpose not the tracker's: a bug there must not blind those who look
// for it. Two levels: 64 sectors per word, 64 words per word above, so that a walk over few sectors
// of a large disk costs little.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/base/block.hpp"

namespace landfall::lab {

class SectorSet {
  public:
    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] std::uint64_t count() const { return count_; }

    void insert(SectorRange range) {
        if (range.empty()) return;
        grow(range.end());
        for_words(range, [this](std::size_t word, std::uint64_t mask) {
            count_ += static_cast<std::uint64_t>(std::popcount(mask & ~words_[word]));
            words_[word] |= mask;
            above_[word / 64] |= std::uint64_t{1} << (word % 64);
            return false;
        });
    }

    void erase(std::uint64_t sector) { erase(SectorRange{sector, 1}); }
    void erase(SectorRange range) {
        for_words(range, [this](std::size_t word, std::uint64_t mask) {
            count_ -= static_cast<std::uint64_t>(std::popcount(words_[word] & mask));
            words_[word] &= ~mask;
            return false;
        });
    }

    /// The first of the range's sectors that is in the set, else range.end().
    [[nodiscard]] std::uint64_t first_in(SectorRange range) const {
        std::uint64_t found = range.end();
        for_words(range, [&](std::size_t word, std::uint64_t mask) {
            const std::uint64_t bits = words_[word] & mask;
            if (bits != 0) found = word * 64 + static_cast<std::uint64_t>(std::countr_zero(bits));
            return bits != 0;
        });
        return found;
    }

    [[nodiscard]] bool contains(std::uint64_t sector) const {
        return sector / 64 < words_.size() && ((words_[sector / 64] >> (sector % 64)) & 1) != 0;
    }

    /// Calls visit(range) for every run of neighbours, rising; runs end at multiples of 64.
    template <typename Visit>
    void for_each_run(Visit&& visit) const {
        for (std::size_t k = 0; k < above_.size(); ++k) {
            for (std::uint64_t left = above_[k]; left != 0; left &= left - 1) {
                const std::size_t word = k * 64 + static_cast<std::size_t>(std::countr_zero(left));
                runs_of(words_[word], word * 64, visit);
            }
        }
    }

    /// Costs as much as what is in it.
    void clear() {
        for (std::size_t k = 0; k < above_.size(); ++k) {
            for (std::uint64_t left = above_[k]; left != 0; left &= left - 1)
                words_[k * 64 + static_cast<std::size_t>(std::countr_zero(left))] = 0;
            above_[k] = 0;
        }
        count_ = 0;
    }

  private:
    static constexpr std::uint64_t ones(std::uint64_t count) {
        return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    }

    /// Calls visit(word, mask of the range's sectors in it) until one says true; words that the set
    /// does not have are left out.
    template <typename Visit>
    void for_words(SectorRange range, Visit&& visit) const {
        if (range.empty()) return;
        const std::uint64_t last =
            std::min<std::uint64_t>((range.end() - 1) / 64 + 1, words_.size());
        for (std::uint64_t word = range.first / 64; word < last; ++word) {
            const std::uint64_t low = std::max(range.first, word * 64);
            const std::uint64_t high = std::min(range.end(), word * 64 + 64);
            if (visit(static_cast<std::size_t>(word), ones(high - low) << (low - word * 64)))
                return;
        }
    }

    template <typename Visit>
    static void runs_of(std::uint64_t bits, std::uint64_t base, Visit& visit) {
        while (bits != 0) {
            const auto skip = static_cast<std::uint64_t>(std::countr_zero(bits));
            const auto length = static_cast<std::uint64_t>(std::countr_one(bits >> skip));
            visit(SectorRange{base + skip, length});
            bits &= ~(ones(length) << skip);
        }
    }

    void grow(std::uint64_t sectors) {
        const std::size_t words = static_cast<std::size_t>((sectors + 63) / 64);
        if (words <= words_.size()) return;
        words_.resize(std::max(words, words_.size() * 2));
        above_.resize((words_.size() + 63) / 64);
    }

    std::vector<std::uint64_t> words_;
    std::vector<std::uint64_t> above_;  ///< bit k: word k may have a bit set
    std::uint64_t count_ = 0;
};

}  // namespace landfall::lab
