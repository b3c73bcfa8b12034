// model/storage/point_layer.cpp — sealing, merging and looking up pages of changed sectors.
#include "model/storage/point_layer.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace landfall {

namespace {

/// Calls visit(k) for every sector k of the mask, rising.
template <typename Visit>
void for_each_sector(SectorMask mask, Visit&& visit) {
    for (; mask != 0; mask &= mask - 1) visit(static_cast<unsigned>(std::countr_zero(mask)));
}

/// How many sectors of the mask lie below `sector`.
std::size_t rank(SectorMask mask, unsigned sector) {
    return static_cast<std::size_t>(std::popcount(mask & sectors_between(0, sector)));
}

/// Sorts by sector and keeps the order of those of one sector: by digits, lowest first, which for
/// tens of thousands of changes costs a third of comparing them.
void sort_by_sector(std::vector<SectorChange>& changes, std::vector<SectorChange>& scratch) {
    constexpr unsigned kDigitBits = 11;
    constexpr std::uint64_t kDigitMask = (1U << kDigitBits) - 1;
    std::uint64_t all_bits = 0;
    for (const SectorChange& change : changes) all_bits |= change.sector;
    scratch.resize(changes.size());
    for (unsigned shift = 0; shift < 64 && (all_bits >> shift) != 0; shift += kDigitBits) {
        std::array<std::size_t, kDigitMask + 1> place{};
        const auto digit = [&](const SectorChange& change) {
            return static_cast<std::size_t>((change.sector >> shift) & kDigitMask);
        };
        for (const SectorChange& change : changes) ++place[digit(change)];
        std::exclusive_scan(place.begin(), place.end(), place.begin(), std::size_t{0});
        for (const SectorChange& change : changes) scratch[place[digit(change)]++] = change;
        changes.swap(scratch);
    }
}

}  // namespace

SectorMask OpenLayer::read(std::size_t number, SectorMask wanted, Stamp* page_out) const {
    if (place_[number] == 0) return 0;
    const Page& page = pages_[place_[number] - 1];
    const SectorMask found = wanted & page.changed;
    for_each_sector(found, [&](unsigned k) { page_out[k] = page.stamps[k]; });
    return found;
}

void OpenLayer::clear() {
    for (std::size_t word = 0; word < touched_.size(); ++word) {
        for_each_sector(touched_[word], [&](unsigned k) { place_[word * 64 + k] = 0; });
        touched_[word] = 0;
    }
    used_ = 0;
}

void SealedLayer::append(std::size_t number, SectorMask changed) {
    LANDFALL_CHECK(number <= std::numeric_limits<std::uint32_t>::max() &&
                       stamps_.size() <= std::numeric_limits<std::uint32_t>::max(),
                   "a layer has at most 2^32 pages and sectors");
    pages_.push_back(
        {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(stamps_.size()), changed});
}

SealedLayer::SealedLayer(const OpenLayer& open) {
    std::size_t pages = 0;
    std::size_t sectors = 0;
    open.for_each_touched([&](std::size_t, SectorMask changed, const auto&) {
        ++pages;
        sectors += static_cast<std::size_t>(std::popcount(changed));
    });
    pages_.reserve(pages);
    stamps_.reserve(sectors);
    open.for_each_touched([&](std::size_t number, SectorMask changed, const auto& stamps) {
        append(number, changed);
        for_each_sector(changed, [&](unsigned k) { stamps_.push_back(stamps[k]); });
    });
}

SealedLayer::SealedLayer(std::vector<SectorChange>& changes, std::vector<SectorChange>& scratch) {
    sort_by_sector(changes, scratch);
    std::size_t pages = 0;
    std::size_t sectors = 0;
    const auto is_last = [&](std::size_t k) {
        return k + 1 == changes.size() || changes[k + 1].sector != changes[k].sector;
    };
    std::uint64_t page = ~std::uint64_t{0};
    for (std::size_t k = 0; k < changes.size(); ++k) {
        sectors += is_last(k) ? 1 : 0;
        pages += changes[k].sector / kSectorsPerPage != page ? 1 : 0;
        page = changes[k].sector / kSectorsPerPage;
    }
    pages_.reserve(pages);
    stamps_.reserve(sectors);
    for (std::size_t k = 0; k < changes.size(); ++k) {
        if (!is_last(k)) continue;
        const std::uint64_t number = changes[k].sector / kSectorsPerPage;
        if (pages_.empty() || pages_.back().number != number) append(number, 0);
        pages_.back().changed |= SectorMask{1} << (changes[k].sector % kSectorsPerPage);
        stamps_.push_back(changes[k].stamp);
    }
}

SealedLayer::SealedLayer(const StampImage& image) {
    image.for_each_touched([&](std::uint64_t first, std::span<const Stamp> part) {
        for_each_page({first, part.size()}, [&](std::size_t number, unsigned from, unsigned to,
                                                std::uint64_t done) {
            SectorMask written = 0;
            for (unsigned k = from; k < to; ++k)
                written |= SectorMask{part[done + k - from] != 0} << k;
            if (written == 0) return;
            append(number, written);
            for_each_sector(written, [&](unsigned k) { stamps_.push_back(part[done + k - from]); });
        });
    });
}

SealedLayer::SealedLayer(const SealedLayer& below, const SealedLayer& above) {
    stamps_.reserve(std::max(below.stamps_.size(), above.stamps_.size()));
    auto low = below.pages_.begin();
    auto high = above.pages_.begin();
    while (low != below.pages_.end() || high != above.pages_.end()) {
        const bool from_low = high == above.pages_.end() ||
                              (low != below.pages_.end() && low->number <= high->number);
        const bool from_high = low == below.pages_.end() ||
                               (high != above.pages_.end() && high->number <= low->number);
        const Page lower = from_low ? *low++ : Page{};
        const Page upper = from_high ? *high++ : Page{};
        const SectorMask changed = lower.changed | upper.changed;
        append(from_low ? lower.number : upper.number, changed);
        const Stamp* old_stamps = below.stamps_.data() + lower.begin;
        const Stamp* new_stamps = above.stamps_.data() + upper.begin;
        for_each_sector(changed, [&](unsigned k) {
            const Stamp old_stamp = ((lower.changed >> k) & 1) != 0 ? *old_stamps++ : 0;
            const Stamp new_stamp = ((upper.changed >> k) & 1) != 0 ? *new_stamps++ : 0;
            stamps_.push_back(((upper.changed >> k) & 1) != 0 ? new_stamp : old_stamp);
        });
    }
    stamps_.shrink_to_fit();
    pages_.shrink_to_fit();
}

SectorMask SealedLayer::read(std::size_t number, SectorMask wanted, Stamp* page_out) const {
    const auto page = std::lower_bound(
        pages_.begin(), pages_.end(), number,
        [](const Page& candidate, std::size_t target) { return candidate.number < target; });
    if (page == pages_.end() || page->number != number) return 0;
    const SectorMask found = wanted & page->changed;
    const Stamp* packed = stamps_.data() + page->begin;
    if (found == page->changed)
        for_each_sector(found, [&](unsigned k) { page_out[k] = *packed++; });
    else
        for_each_sector(found, [&](unsigned k) { page_out[k] = packed[rank(page->changed, k)]; });
    return found;
}

void SealedLayer::apply_to(StampImage& image) const {
    for_each_run(
        [&](std::uint64_t first, std::span<const Stamp> stamps) { image.write(first, stamps); });
}

void SealedLayer::encode(std::vector<std::byte>& out) const {
    LittleWriter writer(out);
    writer.put(static_cast<std::uint64_t>(pages_.size()));
    for (const Page& page : pages_) writer.put(page.number).put(page.changed);
    for (const Stamp stamp : stamps_) writer.put(stamp);
}

SealedLayer SealedLayer::decode(LittleReader& in, std::uint64_t sectors) {
    SealedLayer layer;
    const auto pages = in.take<std::uint64_t>();
    std::size_t stamps = 0;
    for (std::uint64_t k = 0; k < pages && in.good(); ++k) {
        const auto number = in.take<std::uint32_t>();
        const auto changed = in.take<SectorMask>();
        LANDFALL_CHECK(number * std::uint64_t{kSectorsPerPage} < sectors,
                       "a stored layer belongs to the disk it is read for");
        layer.pages_.push_back({number, static_cast<std::uint32_t>(stamps), changed});
        stamps += static_cast<std::size_t>(std::popcount(changed));
    }
    const auto packed = in.take_bytes(stamps * sizeof(Stamp));
    LANDFALL_CHECK(in.good(), "a stored layer is complete");
    layer.stamps_.resize(stamps);
    for (std::size_t k = 0; k < stamps; ++k)
        layer.stamps_[k] = load_little<Stamp>(packed.data() + k * sizeof(Stamp));
    return layer;
}

}  // namespace landfall
