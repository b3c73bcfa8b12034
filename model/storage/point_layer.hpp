// model/storage/point_layer.hpp — what changed between two recovery points, sector by sector.
//
// A layer lies over the content of the point before it: where the layer has a sector, its stamp
// counts, elsewhere what lies below (replication-and-test-lab A12, layered). Sectors are kept in
// pages of 64 with one bit each for "changed here", so that reading through many layers and merging
// two of them work on whole pages. An open layer is written to; a sealed one is packed and never
// changes: 8 bytes a sector and 16 a page.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/base/block.hpp"
#include "model/base/check.hpp"
#include "model/base/stamp_image.hpp"
#include "model/storage/little_endian.hpp"

namespace landfall {

/// One bit for each sector of a page, the first sector lowest.
using SectorMask = std::uint64_t;
inline constexpr unsigned kSectorsPerPage = 64;

/// The sectors from `from` up to, but not with, `to` of a page. Requires from <= to <= 64.
constexpr SectorMask sectors_between(unsigned from, unsigned to) {
    const auto below = [](unsigned end) {
        return end == kSectorsPerPage ? ~SectorMask{0} : (SectorMask{1} << end) - 1;
    };
    return below(to) & ~below(from);
}

/// Calls visit(page, from, to, done) for each page that `range` touches: the sectors [from, to) of
/// it, before which `done` sectors of the range lie.
template <typename Visit>
void for_each_page(SectorRange range, Visit&& visit) {
    for (std::uint64_t done = 0; done < range.count;) {
        const std::uint64_t at = range.first + done;
        const auto from = static_cast<unsigned>(at % kSectorsPerPage);
        const std::uint64_t rest = range.count - done;
        const unsigned to =
            rest < kSectorsPerPage - from ? from + static_cast<unsigned>(rest) : kSectorsPerPage;
        visit(static_cast<std::size_t>(at / kSectorsPerPage), from, to, done);
        done += to - from;
    }
}

/// The changes of one disk while they are collected.
class OpenLayer {
  public:
    explicit OpenLayer(std::uint64_t sectors)
        : sectors_(sectors),
          place_((sectors + kSectorsPerPage - 1) / kSectorsPerPage),
          touched_((place_.size() + 63) / 64) {}

    [[nodiscard]] bool empty() const { return used_ == 0; }

    /// Requires the range to lie on the disk.
    void write(std::uint64_t first, std::span<const Stamp> stamps) {
        LANDFALL_CHECK(first <= sectors_ && stamps.size() <= sectors_ - first,
                       "a change lies on its disk");
        for_each_page({first, stamps.size()},
                      [&](std::size_t number, unsigned from, unsigned to, std::uint64_t done) {
                          Page& page = touch(number);
                          page.changed |= sectors_between(from, to);
                          for (unsigned k = from; k < to; ++k)
                              page.stamps[k] = stamps[done + k - from];
                      });
    }

    /// Copies those of the `wanted` sectors of a page that the layer has; returns which.
    SectorMask read(std::size_t number, SectorMask wanted, Stamp* page_out) const;

    void clear();

    /// Calls visit(number, changed, stamps of the whole page) in rising order.
    template <typename Visit>
    void for_each_touched(Visit&& visit) const {
        for (std::size_t word = 0; word < touched_.size(); ++word) {
            for (std::uint64_t bits = touched_[word]; bits != 0; bits &= bits - 1) {
                const std::size_t number =
                    word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
                const Page& page = pages_[place_[number] - 1];
                visit(number, page.changed, page.stamps);
            }
        }
    }

  private:
    struct Page {
        SectorMask changed = 0;
        std::array<Stamp, kSectorsPerPage> stamps;
    };

    Page& touch(std::size_t number) {
        std::uint32_t& place = place_[number];
        if (place == 0) {
            if (used_ == pages_.size()) pages_.emplace_back();
            place = static_cast<std::uint32_t>(++used_);
            pages_[place - 1].changed = 0;
            touched_[number / 64] |= std::uint64_t{1} << (number % 64);
        }
        return pages_[place - 1];
    }

    std::uint64_t sectors_;
    std::vector<std::uint32_t> place_;    ///< of each page, in pages_, from 1; 0: not touched
    std::vector<std::uint64_t> touched_;  ///< a bit for each page
    std::vector<Page> pages_;             ///< used again after clear()
    std::size_t used_ = 0;
};

/// One sector's new content.
struct SectorChange {
    std::uint64_t sector = 0;
    Stamp stamp = 0;
};

/// The changes of one disk, sealed.
class SealedLayer {
  public:
    SealedLayer() = default;
    explicit SealedLayer(const OpenLayer& open);
    /// Of changes in their order: the last one to a sector counts. Leaves `changes` sorted;
    /// `scratch` is memory that may be used again.
    SealedLayer(std::vector<SectorChange>& changes, std::vector<SectorChange>& scratch);
    /// All of an image: what makes it of an empty disk.
    explicit SealedLayer(const StampImage& image);
    /// `above` over `below`: where both have a sector, `above` counts.
    SealedLayer(const SealedLayer& below, const SealedLayer& above);

    [[nodiscard]] std::uint64_t changed_sectors() const { return stamps_.size(); }

    /// Copies those of the `wanted` sectors of a page that the layer has; returns which.
    SectorMask read(std::size_t number, SectorMask wanted, Stamp* page_out) const;
    void apply_to(StampImage& image) const;

    /// Calls visit(first, stamps) for each run of neighbouring changed sectors, in rising order.
    template <typename Visit>
    void for_each_run(Visit&& visit) const {
        std::uint64_t first = 0;
        std::size_t begin = 0;
        std::size_t end = 0;
        const auto flush = [&] {
            if (end > begin) visit(first, std::span(stamps_).subspan(begin, end - begin));
        };
        for (const Page& page : pages_) {
            for (SectorMask left = page.changed; left != 0;) {
                const auto from = static_cast<unsigned>(std::countr_zero(left));
                const auto length = static_cast<unsigned>(std::countr_one(left >> from));
                const std::uint64_t at = std::uint64_t{page.number} * kSectorsPerPage + from;
                if (end == begin || at != first + (end - begin)) {
                    flush();
                    first = at;
                    begin = end;
                }
                end += length;
                left &= ~sectors_between(from, from + length);
            }
        }
        flush();
    }

    void encode(std::vector<std::byte>& out) const;
    /// Requires bytes that encode() made, for a disk of `sectors`.
    static SealedLayer decode(LittleReader& in, std::uint64_t sectors);

  private:
    struct Page {
        std::uint32_t number = 0;
        std::uint32_t begin = 0;  ///< of its stamps, packed, in stamps_
        SectorMask changed = 0;
    };

    void append(std::size_t number, SectorMask changed);

    std::vector<Page> pages_;  ///< rising
    std::vector<Stamp> stamps_;
};

}  // namespace landfall
