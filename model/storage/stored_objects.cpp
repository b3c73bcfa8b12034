// model/storage/stored_objects.cpp — a frame is length, its complement, checksum, content; a name
// is owner/number.kind.
#include "model/storage/stored_objects.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "model/base/check.hpp"
#include "model/storage/checksum.hpp"
#include "model/storage/little_endian.hpp"
#include "model/storage/verified_write.hpp"

namespace landfall {

namespace {

constexpr std::size_t kFrame = 12;  ///< bytes before the content
constexpr std::size_t kDigits = 12;
constexpr std::array<std::string_view, 3> kKinds = {".catalogue", ".layer", ".redo"};

/// Over the length and the content.
std::uint32_t frame_checksum(std::span<const std::byte> frame) {
    return crc32c(frame.subspan(kFrame), crc32c(frame.first(4)));
}

}  // namespace

std::size_t begin_frame(std::vector<std::byte>& out) {
    const std::size_t begin = out.size();
    out.resize(begin + kFrame);
    return begin;
}

void end_frame(std::vector<std::byte>& out, std::size_t begin) {
    const std::size_t length = out.size() - begin - kFrame;
    LANDFALL_CHECK(length <= std::numeric_limits<std::uint32_t>::max(),
                   "a frame is shorter than 4 GiB");
    const auto frame = std::span(out).subspan(begin);
    store_little(&frame[0], static_cast<std::uint32_t>(length));
    store_little(&frame[4], ~static_cast<std::uint32_t>(length));
    store_little(&frame[8], frame_checksum(frame));
}

std::optional<std::span<const std::byte>> FrameReader::next() {
    if (rest_.size() < kFrame) return std::nullopt;
    const auto length = load_little<std::uint32_t>(&rest_[0]);
    rotten_ = load_little<std::uint32_t>(&rest_[4]) != ~length;
    if (rotten_ || length > rest_.size() - kFrame) return std::nullopt;
    const auto frame = rest_.first(kFrame + length);
    rotten_ = load_little<std::uint32_t>(&rest_[8]) != frame_checksum(frame);
    if (rotten_) return std::nullopt;
    rest_ = rest_.subspan(frame.size());
    return frame.subspan(kFrame);
}

StoredObjects::StoredObjects(StableStore* store, std::string owner)
    : store_(store), owner_(std::move(owner)) {
    for (const ObjectNumber object : list()) last_number_ = std::max(last_number_, object.number);
}

std::string StoredObjects::name(ObjectNumber object) const {
    const std::string digits = std::to_string(object.number);
    LANDFALL_CHECK(digits.size() <= kDigits, "an object's number has at most 12 digits");
    return owner_ + '/' + std::string(kDigits - digits.size(), '0') + digits +
           std::string(kKinds[static_cast<std::size_t>(object.kind)]);
}

void StoredObjects::append(ObjectNumber object, std::uint64_t offset,
                           std::span<const std::byte> bytes) {
    if (!store_ || bytes.empty()) return;
    LANDFALL_CHECK(write_verified(*store_, name(object), offset, bytes),
                   "the replica's store takes what is written to it");
}

std::vector<std::byte> StoredObjects::read(ObjectNumber object) const {
    if (!store_ || object.number == 0) return {};
    const std::string source = name(object);
    return store_->read(source, 0, store_->size(source));
}

void StoredObjects::flush(ObjectNumber object) {
    if (store_) store_->flush(name(object));
}

void StoredObjects::flush_names() {
    if (store_) store_->flush_names();
}

void StoredObjects::remove(ObjectNumber object) {
    if (store_ && object.number != 0) store_->remove(name(object));
}

std::vector<ObjectNumber> StoredObjects::list() const {
    std::vector<ObjectNumber> objects;
    if (!store_) return objects;
    // Whatever does not have our form of name belongs to somebody else and is left alone.
    for (const std::string& found : store_->list(owner_ + '/')) {
        const std::string_view rest = std::string_view(found).substr(owner_.size() + 1);
        if (rest.size() <= kDigits) continue;
        const std::string_view digits = rest.substr(0, kDigits);
        const auto* const kind = std::find(kKinds.begin(), kKinds.end(), rest.substr(kDigits));
        if (kind == kKinds.end() ||
            digits.find_first_not_of("0123456789") != std::string_view::npos) {
            continue;
        }
        std::uint64_t number = 0;
        for (const char digit : digits)
            number = number * 10 + static_cast<std::uint64_t>(digit - '0');
        objects.push_back({static_cast<ObjectKind>(kind - kKinds.begin()), number});
    }
    std::sort(objects.begin(), objects.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
    return objects;
}

}  // namespace landfall
