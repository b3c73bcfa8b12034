// model/base/stamp_image.hpp — the content of a disk, sector by sector; untouched parts cost
// nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "model/base/block.hpp"
#include "model/base/check.hpp"

namespace landfall {

class StampImage {
  public:
    explicit StampImage(std::uint64_t sectors)
        : sectors_(sectors), pages_((sectors + kPage - 1) / kPage) {}
    StampImage(const StampImage& other) : sectors_(other.sectors_), pages_(other.pages_.size()) {
        for (std::size_t k = 0; k < pages_.size(); ++k) {
            if (other.pages_[k]) pages_[k] = std::make_unique<Page>(*other.pages_[k]);
        }
    }
    StampImage(StampImage&&) noexcept = default;
    StampImage& operator=(const StampImage& other) { return *this = StampImage(other); }
    StampImage& operator=(StampImage&&) noexcept = default;
    ~StampImage() = default;

    [[nodiscard]] std::uint64_t sectors() const { return sectors_; }

    /// Requires sector < sectors().
    [[nodiscard]] Stamp at(std::uint64_t sector) const {
        LANDFALL_CHECK(sector < sectors_, "a sector lies on its disk");
        const auto& page = pages_[sector / kPage];
        return page ? (*page)[sector % kPage] : 0;
    }

    /// Requires the range to lie on the disk.
    void fill(SectorRange range, Stamp stamp) {
        for_pages(range, [&](std::uint64_t page, std::size_t from, std::size_t to, std::uint64_t) {
            Page& content = touch(page);
            std::fill(content.begin() + from, content.begin() + to, stamp);
        });
    }

    /// Writes stamps.size() sectors from `first` on.
    void write(std::uint64_t first, std::span<const Stamp> stamps) {
        for_pages({first, stamps.size()},
                  [&](std::uint64_t page, std::size_t from, std::size_t to, std::uint64_t done) {
                      Page& content = touch(page);
                      std::copy_n(stamps.begin() + static_cast<std::ptrdiff_t>(done), to - from,
                                  content.begin() + from);
                  });
    }

    /// Reads out.size() sectors from `first` on.
    void read(std::uint64_t first, std::span<Stamp> out) const {
        for_pages({first, out.size()}, [&](std::uint64_t page, std::size_t from, std::size_t to,
                                           std::uint64_t done) {
            const auto target = out.begin() + static_cast<std::ptrdiff_t>(done);
            if (pages_[page])
                std::copy(pages_[page]->begin() + from, pages_[page]->begin() + to, target);
            else
                std::fill_n(target, to - from, 0);
        });
    }

    bool operator==(const StampImage& other) const {
        if (sectors_ != other.sectors_) return false;
        static const Page empty{};
        for (std::size_t k = 0; k < pages_.size(); ++k) {
            const Page& a = pages_[k] ? *pages_[k] : empty;
            const Page& b = other.pages_[k] ? *other.pages_[k] : empty;
            if (a != b) return false;
        }
        return true;
    }

    /// Calls visit(first, span of stamps) for every part that was ever touched, in order.
    template <typename Visit>
    void for_each_touched(Visit&& visit) const {
        for (std::size_t k = 0; k < pages_.size(); ++k) {
            if (!pages_[k]) continue;
            const std::uint64_t first = k * kPage;
            visit(first, std::span<const Stamp>(pages_[k]->data(),
                                                std::min<std::uint64_t>(kPage, sectors_ - first)));
        }
    }

  private:
    static constexpr std::uint64_t kPage = 512;
    using Page = std::array<Stamp, kPage>;

    Page& touch(std::uint64_t page) {
        if (!pages_[page]) pages_[page] = std::make_unique<Page>();
        return *pages_[page];
    }

    template <typename Visit>
    void for_pages(SectorRange range, Visit&& visit) const {
        LANDFALL_CHECK(range.first <= sectors_ && range.count <= sectors_ - range.first,
                       "a range of sectors lies on its disk");
        std::uint64_t done = 0;
        while (done < range.count) {
            const std::uint64_t at = range.first + done;
            const std::uint64_t piece = std::min(kPage - at % kPage, range.count - done);
            visit(at / kPage, static_cast<std::size_t>(at % kPage),
                  static_cast<std::size_t>(at % kPage + piece), done);
            done += piece;
        }
    }

    std::uint64_t sectors_;
    std::vector<std::unique_ptr<Page>> pages_;
};

}  // namespace landfall
