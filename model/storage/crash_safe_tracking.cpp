// model/storage/crash_safe_tracking.cpp — what is stored before what, see the header.
#include "model/storage/crash_safe_tracking.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"
#include "model/storage/little_endian.hpp"
#include "model/storage/superblock.hpp"
#include "model/storage/verified_write.hpp"

namespace landfall {
namespace {

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kPageWords = kPageBytes / sizeof(std::uint64_t);
constexpr std::uint64_t kWordBits = 64;
constexpr std::uint64_t kAll = ~std::uint64_t{0};

struct State {
    std::uint64_t life = 0;
    DiskGeometry geometry;
    TrackingSettings settings;
    bool closed = false;
};

std::vector<std::byte> encode(const State& state) {
    std::vector<std::byte> bytes;
    LittleWriter writer(bytes);
    writer.put(state.life).put(state.geometry.sectors);
    writer.put(static_cast<std::uint64_t>(state.geometry.sector_size.count()));
    writer.put(state.settings.grain).put(state.settings.extent_sectors);
    writer.put(state.settings.log.slots).put(state.settings.log.repeated);
    writer.put(static_cast<std::uint8_t>(state.settings.policy));
    writer.put(static_cast<std::uint8_t>(state.closed));
    return bytes;
}

std::optional<State> read_state(StableStore& store, std::string_view name) {
    const Superblock block(store, std::string(name) + "/state");
    if (!block.content()) return std::nullopt;
    LittleReader reader(*block.content());
    State state;
    state.life = reader.take<std::uint64_t>();
    state.geometry.sectors = reader.take<std::uint64_t>();
    state.geometry.sector_size = Bytes(static_cast<std::int64_t>(reader.take<std::uint64_t>()));
    state.settings.grain = reader.take<std::uint64_t>();
    state.settings.extent_sectors = reader.take<std::uint64_t>();
    state.settings.log.slots = reader.take<std::uint32_t>();
    state.settings.log.repeated = reader.take<std::uint16_t>();
    state.settings.policy = static_cast<TrackingPolicy>(reader.take<std::uint8_t>());
    state.closed = reader.take<std::uint8_t>() != 0;
    if (!reader.good()) return std::nullopt;
    return state;
}

std::string bitmap_name(std::string_view name, std::uint64_t life) {
    return std::string(name) + "/bitmap." + std::to_string(life);
}
std::string log_name(std::string_view name, std::uint64_t life) {
    return std::string(name) + "/log." + std::to_string(life);
}

std::uint64_t pages_of(std::uint64_t words) {
    return (words + kPageWords - 1) / kPageWords;
}

/// Pages from `page` on, the last one filled up with zeros.
std::vector<std::byte> page_bytes(std::span<const std::uint64_t> words, std::uint64_t page,
                                  std::uint64_t pages) {
    std::vector<std::byte> bytes(pages * kPageBytes);
    const std::uint64_t first = page * kPageWords;
    const std::uint64_t end = std::min<std::uint64_t>(words.size(), first + pages * kPageWords);
    for (std::uint64_t w = first; w < end; ++w) {
        store_little(bytes.data() + (w - first) * sizeof(std::uint64_t), words[w]);
    }
    return bytes;
}

SectorRange extent_on_disk(std::uint64_t extent, const State& state) {
    const std::uint64_t first = extent * state.settings.extent_sectors;
    return {first, std::min(state.settings.extent_sectors, state.geometry.sectors - first)};
}

/// What the bits in storage say; none if they are not all there.
std::optional<DirtyBitmap> read_bits(const StableStore& store, std::string_view name,
                                     const State& state) {
    DirtyBitmap dirty(state.geometry.sectors, state.settings.grain);
    std::vector<std::uint64_t> words(dirty.words().size());
    const std::uint64_t size = pages_of(words.size()) * kPageBytes;
    const auto bytes = store.read(bitmap_name(name, state.life), 0, size);
    if (bytes.size() != size) return std::nullopt;
    for (std::uint64_t w = 0; w < words.size(); ++w) {
        words[w] = load_little<std::uint64_t>(bytes.data() + w * sizeof(std::uint64_t));
    }
    // Rot may have set bits that stand for nothing.
    const std::uint64_t used = dirty.chunks() % kWordBits;
    if (used != 0) words.back() &= (std::uint64_t{1} << used) - 1;
    return DirtyBitmap::from_words(state.geometry.sectors, state.settings.grain, words);
}

/// Marks the extents that were active; false if nobody can say which.
bool replay_log(const StableStore& store, std::string_view name, const State& state,
                DirtyBitmap& dirty) {
    if (mutant(Mutant::NoActivityLogReplay)) return true;
    const std::string log = log_name(name, state.life);
    const auto active =
        ActivityLog::replay(store.read(log, 0, store.size(log)), state.settings.log);
    if (!active) return false;
    for (const std::uint32_t extent : *active) dirty.set(extent_on_disk(extent, state));
    return true;
}

}  // namespace

CrashSafeTracking::CrashSafeTracking(StableStore& store, std::string name, DiskGeometry geometry,
                                     TrackingSettings settings, const DirtyBitmap& dirty)
    : store_(&store),
      name_(std::move(name)),
      geometry_(geometry),
      settings_(settings),
      dirty_(geometry.sectors, settings.grain),
      stored_(dirty_.words().size()),
      log_(settings.log) {
    LANDFALL_CHECK(settings.extent_sectors > 0 && settings.extent_sectors % settings.grain == 0,
                   "an extent is a number of whole chunks");
    LANDFALL_CHECK(geometry.sectors / settings.extent_sectors < 0xFFFFFFFF,
                   "the extents of a disk have numbers of 32 bits");
    dirty_.merge(dirty);
    begun_ = begin();
}

bool CrashSafeTracking::begin() {
    const auto before = read_state(*store_, name_);
    remove_lives_but(before ? before->life : 0);
    life_ = before ? before->life + 1 : 1;
    const std::string bitmap = bitmap_name(name_, life_);
    const auto bits = page_bytes(dirty_.words(), 0, pages_of(stored_.size()));
    if (!write_verified(*store_, bitmap, 0, bits)) return false;
    store_->flush(bitmap);
    stored_.assign(dirty_.words().begin(), dirty_.words().end());
    if (settings_.policy == TrackingPolicy::ActivityLog) {
        const std::string log = log_name(name_, life_);
        if (!write_verified(*store_, log, 0, log_.empty_ring())) return false;
        store_->flush(log);
    }
    store_->flush_names();
    // From here on the life before does not count any more, also when a copy of the state rots.
    Superblock block(*store_, name_ + "/state");
    if (!block.store_both(encode({life_, geometry_, settings_, false}))) return false;
    store_->flush_names();
    remove_lives_but(life_);
    return true;
}

void CrashSafeTracking::remove_lives_but(std::uint64_t life) {
    for (const char* kind : {"/bitmap.", "/log."}) {
        for (const auto& object : store_->list(name_ + kind)) {
            if (object == bitmap_name(name_, life) || object == log_name(name_, life)) continue;
            store_->remove(object);
        }
    }
}

bool CrashSafeTracking::before_write(SectorRange range) {
    LANDFALL_CHECK(!closed_, "nobody writes to a disk whose tracking is closed");
    if (!begun_) begun_ = begin();
    if (!begun_) return false;
    if (range.empty()) return true;
    // In memory first: whoever is evicted below has the bits of this write stored.
    dirty_.set(range);
    switch (settings_.policy) {
        case TrackingPolicy::ActivityLog: return enter_extents(range);
        case TrackingPolicy::IntentBit: return persist({range});
        case TrackingPolicy::CleanFlag: return true;
    }
    return false;
}

bool CrashSafeTracking::enter_extents(SectorRange range) {
    std::vector<std::uint32_t> entering;
    const std::uint64_t last = (range.end() - 1) / settings_.extent_sectors;
    for (std::uint64_t k = range.first / settings_.extent_sectors; k <= last; ++k) {
        const auto extent = static_cast<std::uint32_t>(k);
        if (!log_.touch(extent)) entering.push_back(extent);
    }
    for (std::span<const std::uint32_t> rest(entering); !rest.empty();) {
        const std::size_t now = std::min(rest.size(), log_.most_updates());
        if (!make_active(rest.first(now))) return false;
        rest = rest.subspan(now);
    }
    return true;
}

bool CrashSafeTracking::make_active(std::span<const std::uint32_t> entering) {
    const auto transaction = log_.plan(entering);
    std::vector<SectorRange> evicted;
    for (const auto& update : transaction.updates) {
        if (update.evicted) evicted.push_back(extent_range(*update.evicted));
    }
    if (!persist(evicted)) return false;
    const std::string log = log_name(name_, life_);
    ++cost_.writes;
    if (!write_verified(*store_, log, transaction.offset, transaction.bytes)) return false;
    ++cost_.flushes;
    store_->flush(log);
    log_.commit(transaction);
    return true;
}

SectorRange CrashSafeTracking::extent_range(std::uint64_t extent) const {
    return extent_on_disk(extent, {life_, geometry_, settings_, false});
}

bool CrashSafeTracking::persist(const std::vector<SectorRange>& ranges) {
    std::vector<std::uint64_t> pages;
    for (const SectorRange& range : ranges) {
        const std::uint64_t first = range.first / settings_.grain;
        const std::uint64_t last = (range.end() - 1) / settings_.grain;
        for (std::uint64_t w = first / kWordBits; w <= last / kWordBits; ++w) {
            std::uint64_t missing = dirty_.words()[w] & ~stored_[w];
            if (w == first / kWordBits) missing &= kAll << (first % kWordBits);
            if (w == last / kWordBits) missing &= kAll >> (kWordBits - 1 - last % kWordBits);
            if (missing != 0) pages.push_back(w / kPageWords);
        }
    }
    std::ranges::sort(pages);
    pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
    return flush_pages(pages);
}

bool CrashSafeTracking::flush_pages(const std::vector<std::uint64_t>& pages) {
    if (pages.empty()) return true;
    const auto words = dirty_.words();
    const std::string bitmap = bitmap_name(name_, life_);
    bool complete = true;
    for (const std::uint64_t page : pages) complete = store_page(page) && complete;
    ++cost_.flushes;
    store_->flush(bitmap);
    if (!complete) return false;
    for (const std::uint64_t page : pages) {
        const std::uint64_t end = std::min<std::uint64_t>(words.size(), (page + 1) * kPageWords);
        std::copy(words.begin() + static_cast<std::ptrdiff_t>(page * kPageWords),
                  words.begin() + static_cast<std::ptrdiff_t>(end),
                  stored_.begin() + static_cast<std::ptrdiff_t>(page * kPageWords));
    }
    return true;
}

bool CrashSafeTracking::store_page(std::uint64_t page) {
    // Until the flush, and for ever if the write fails, storage has the old bits or the new ones.
    const std::uint64_t end = std::min<std::uint64_t>(stored_.size(), (page + 1) * kPageWords);
    for (std::uint64_t w = page * kPageWords; w < end; ++w) stored_[w] &= dirty_.words()[w];
    ++cost_.writes;
    return write_verified(*store_, bitmap_name(name_, life_), page * kPageBytes,
                          page_bytes(dirty_.words(), page, 1));
}

void CrashSafeTracking::acknowledged(SectorRange range, const DirtyBitmap& newer) {
    const DirtyBitmap* const one = &newer;
    acknowledged(range, {&one, 1});
}

void CrashSafeTracking::acknowledged(SectorRange range, std::span<const DirtyBitmap* const> newer) {
    dirty_.clear(range);
    for (const DirtyBitmap* bits : newer) {
        for (auto run = bits->next_run(range.first, range.count); run && run->first < range.end();
             run = bits->next_run(run->end(), range.count)) {
            dirty_.set(*run);
        }
    }
}

bool CrashSafeTracking::write_back() {
    if (!begun_) return false;
    std::vector<std::uint64_t> pages;
    for (std::uint64_t w = 0; w < stored_.size(); ++w) {
        if (stored_[w] == dirty_.words()[w]) continue;
        const std::uint64_t page = w / kPageWords;
        if (pages.empty() || pages.back() != page) pages.push_back(page);
    }
    return flush_pages(pages);
}

bool CrashSafeTracking::clean_close() {
    if (!begun_) begun_ = begin();
    if (!begun_ || !write_back()) return false;
    closed_ = true;
    ++cost_.writes;
    cost_.flushes += 2;
    Superblock block(*store_, name_ + "/state");
    const bool stored = block.store(encode({life_, geometry_, settings_, true}));
    store_->flush_names();
    return stored;
}

RecoveredTracking CrashSafeTracking::recover(StableStore& store, std::string_view name,
                                             DiskGeometry geometry, std::uint64_t grain) {
    DirtyBitmap dirty(geometry.sectors, grain);
    const auto nothing_known = [&] {
        dirty.set({0, geometry.sectors});
        return RecoveredTracking{std::move(dirty), true};
    };
    const auto state = read_state(store, name);
    if (!state || state->geometry != geometry) return nothing_known();
    if (!state->closed && state->settings.policy == TrackingPolicy::CleanFlag)
        return nothing_known();
    auto bits = read_bits(store, name, *state);
    if (!bits) return nothing_known();
    const bool replays = !state->closed && state->settings.policy == TrackingPolicy::ActivityLog;
    if (replays && !replay_log(store, name, *state, *bits)) return nothing_known();
    dirty.merge(*bits);
    return {std::move(dirty), false};
}

Bytes crash_resync_bound(const DiskGeometry& geometry, const TrackingSettings& settings) {
    std::uint64_t sectors = 0;
    switch (settings.policy) {
        case TrackingPolicy::ActivityLog:
            sectors = std::min(geometry.sectors, settings.log.slots * settings.extent_sectors);
            break;
        case TrackingPolicy::IntentBit: break;
        case TrackingPolicy::CleanFlag: sectors = geometry.sectors; break;
    }
    return geometry.sector_size * static_cast<std::int64_t>(sectors);
}

}  // namespace landfall
