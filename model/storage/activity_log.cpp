// model/storage/activity_log.cpp — least recently used slots, and their ring of transactions.
#include "model/storage/activity_log.hpp"

#include <algorithm>

#include "model/base/check.hpp"
#include "model/storage/checksum.hpp"
#include "model/storage/little_endian.hpp"

namespace landfall {
namespace {

constexpr std::uint32_t kMagic = 0x4C414C4C;  // "LLAL" as bytes
constexpr std::uint32_t kNone = 0xFFFFFFFF;
constexpr std::uint32_t kMostRepeated = 919;

struct Slot {
    std::uint32_t slot = 0;
    std::uint32_t extent = kNone;
};

struct Decoded {
    std::uint64_t number = 0;
    std::vector<Slot> slots;
};

std::uint32_t repeated(ActivityLogShape shape) {
    return std::min<std::uint32_t>(shape.repeated, shape.slots);
}

/// One place more than it takes to repeat every slot: the newest transaction may be torn.
std::uint64_t places(ActivityLogShape shape) {
    return 1 + (shape.slots + repeated(shape) - 1) / repeated(shape);
}

// magic u32 | number u64 | updates u16 | repeated u16 | first repeated slot u16
// | updates: slot u16, extent u32 | repeated: extent u32 | zeros | crc32c of all before it u32
std::optional<Decoded> decode(std::span<const std::byte> bytes, ActivityLogShape shape) {
    const auto body = bytes.first(ActivityLog::kTransactionBytes - 4);
    if (load_little<std::uint32_t>(bytes.data() + body.size()) != crc32c(body)) return std::nullopt;
    LittleReader reader(body);
    if (reader.take<std::uint32_t>() != kMagic) return std::nullopt;
    Decoded decoded;
    decoded.number = reader.take<std::uint64_t>();
    const auto updates = reader.take<std::uint16_t>();
    const auto count = reader.take<std::uint16_t>();
    const std::uint32_t first = reader.take<std::uint16_t>();
    for (std::uint32_t k = 0; k < updates; ++k) {
        const std::uint32_t slot = reader.take<std::uint16_t>();
        decoded.slots.push_back({slot, reader.take<std::uint32_t>()});
    }
    for (std::uint32_t k = 0; k < count; ++k) {
        decoded.slots.push_back({(first + k) % shape.slots, reader.take<std::uint32_t>()});
    }
    const bool fits =
        reader.good() && count == repeated(shape) &&
        std::ranges::all_of(decoded.slots, [&](const Slot& s) { return s.slot < shape.slots; });
    if (!fits) return std::nullopt;
    return decoded;
}

}  // namespace

ActivityLog::ActivityLog(ActivityLogShape shape)
    : shape_(shape), extents_(shape.slots, kNone), used_(shape.slots), next_(places(shape)) {
    LANDFALL_CHECK(shape.slots > 0 && shape.slots <= 0xFFFF,
                   "an activity log has 1 to 65535 slots");
    LANDFALL_CHECK(shape.repeated > 0 && shape.repeated <= kMostRepeated,
                   "a transaction repeats as many slots as fit into it");
    for (std::uint32_t slot = 0; slot < shape.slots; ++slot) {
        used_[slot] = ++uses_;
        by_use_.emplace(uses_, static_cast<std::uint16_t>(slot));
    }
}

std::vector<std::byte> ActivityLog::encode(std::uint64_t number,
                                           std::span<const Update> updates) const {
    auto extents = extents_;
    for (const Update& update : updates) extents[update.slot] = update.extent;
    const std::uint32_t count = repeated(shape_);
    const auto first = static_cast<std::uint32_t>(number % shape_.slots * count % shape_.slots);
    std::vector<std::byte> bytes;
    LittleWriter writer(bytes);
    writer.put(kMagic).put(number).put(static_cast<std::uint16_t>(updates.size()));
    writer.put(static_cast<std::uint16_t>(count)).put(static_cast<std::uint16_t>(first));
    for (const Update& update : updates) writer.put(update.slot).put(update.extent);
    for (std::uint32_t k = 0; k < count; ++k) writer.put(extents[(first + k) % shape_.slots]);
    bytes.resize(kTransactionBytes - 4);
    writer.put(crc32c(bytes));
    return bytes;
}

std::vector<std::byte> ActivityLog::empty_ring() const {
    const ActivityLog empty(shape_);
    std::vector<std::byte> ring;
    for (std::uint64_t number = 0; number < places(shape_); ++number) {
        const auto bytes = empty.encode(number, {});
        ring.insert(ring.end(), bytes.begin(), bytes.end());
    }
    return ring;
}

bool ActivityLog::touch(std::uint32_t extent) {
    const auto found = slot_of_.find(extent);
    if (found == slot_of_.end()) return false;
    const std::uint16_t slot = found->second;
    by_use_.erase(used_[slot]);
    used_[slot] = ++uses_;
    by_use_.emplace(uses_, slot);
    return true;
}

std::size_t ActivityLog::most_updates() const {
    return std::min<std::size_t>(kMostUpdates, shape_.slots);
}

ActivityLog::Transaction ActivityLog::plan(std::span<const std::uint32_t> entering) const {
    LANDFALL_CHECK(!entering.empty() && entering.size() <= most_updates(),
                   "a transaction has room for its updates");
    Transaction transaction;
    auto oldest = by_use_.begin();
    for (const std::uint32_t extent : entering) {
        LANDFALL_CHECK(!slot_of_.contains(extent), "an extent that enters was not active");
        Update update{.slot = oldest->second, .extent = extent, .evicted = {}};
        if (extents_[update.slot] != kNone) update.evicted = extents_[update.slot];
        transaction.updates.push_back(update);
        ++oldest;
    }
    transaction.offset = next_ % places(shape_) * kTransactionBytes;
    transaction.bytes = encode(next_, transaction.updates);
    return transaction;
}

void ActivityLog::commit(const Transaction& transaction) {
    for (const Update& update : transaction.updates) {
        if (update.evicted) slot_of_.erase(*update.evicted);
        extents_[update.slot] = update.extent;
        slot_of_.emplace(update.extent, update.slot);
        touch(update.extent);
    }
    ++next_;
}

std::optional<std::vector<std::uint32_t>> ActivityLog::replay(std::span<const std::byte> ring,
                                                              ActivityLogShape shape) {
    const std::uint64_t count = places(shape);
    if (ring.size() != count * kTransactionBytes) return std::nullopt;
    std::vector<std::optional<Decoded>> transactions;
    std::uint64_t newest = 0;
    for (std::uint64_t place = 0; place < count; ++place) {
        auto& at = transactions.emplace_back(
            decode(ring.subspan(place * kTransactionBytes, kTransactionBytes), shape));
        if (at && at->number % count != place) at.reset();
        if (at) newest = std::max(newest, at->number);
    }
    std::vector<std::uint32_t> slots(shape.slots, kNone);
    for (std::uint64_t back = count - 1; back-- > 0;) {
        if (newest < back) return std::nullopt;
        const auto& transaction = transactions[(newest - back) % count];
        if (!transaction || transaction->number != newest - back) return std::nullopt;
        for (const Slot& slot : transaction->slots) slots[slot.slot] = slot.extent;
    }
    std::erase(slots, kNone);
    std::ranges::sort(slots);
    return slots;
}

}  // namespace landfall
