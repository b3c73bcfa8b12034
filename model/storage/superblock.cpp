// model/storage/superblock.cpp — which copy counts, and the order of write, check and flush.
#include "model/storage/superblock.hpp"

#include "model/base/check.hpp"
#include "model/storage/checksum.hpp"
#include "model/storage/little_endian.hpp"
#include "model/storage/verified_write.hpp"

namespace landfall {
namespace {

constexpr std::uint32_t kMagic = 0x4C465342;  // "BSFL" as bytes
constexpr std::uint64_t kHeaderBytes = 16;
constexpr std::uint64_t kMostContent = 1U << 20;

struct Copy {
    std::uint64_t number = 0;
    std::vector<std::byte> content;
};

// magic u32 | length u32 | number u64 | content | crc32c of all before it u32
std::vector<std::byte> encode(std::uint64_t number, std::span<const std::byte> content) {
    std::vector<std::byte> out;
    LittleWriter writer(out);
    writer.put(kMagic).put(static_cast<std::uint32_t>(content.size())).put(number);
    writer.put_bytes(content);
    writer.put(crc32c(out));
    return out;
}

std::optional<Copy> decode(std::span<const std::byte> bytes) {
    LittleReader reader(bytes);
    const bool magic = reader.take<std::uint32_t>() == kMagic;
    const auto length = reader.take<std::uint32_t>();
    Copy copy;
    copy.number = reader.take<std::uint64_t>();
    const auto content = reader.take_bytes(length);
    const auto crc = reader.take<std::uint32_t>();
    if (!reader.good() || !magic || crc != crc32c(bytes.first(kHeaderBytes + length)))
        return std::nullopt;
    copy.content.assign(content.begin(), content.end());
    return copy;
}

std::string copy_name(const std::string& name, unsigned copy) {
    return name + (copy == 0 ? ".0" : ".1");
}

}  // namespace

Superblock::Superblock(StableStore& store, std::string_view name) : store_(&store), name_(name) {
    for (unsigned k = 0; k < 2; ++k) {
        auto copy = decode(store.read(copy_name(name_, k), 0, kHeaderBytes + kMostContent + 4));
        if (!copy || (content_ && copy->number <= number_)) continue;
        number_ = copy->number;
        content_ = std::move(copy->content);
        current_ = k;
    }
}

bool Superblock::store(std::span<const std::byte> content) {
    LANDFALL_CHECK(content.size() <= kMostContent, "the content of a superblock is small");
    const unsigned other = 1 - current_;
    const std::string name = copy_name(name_, other);
    if (!write_verified(*store_, name, 0, encode(number_ + 1, content))) return false;
    store_->flush(name);
    current_ = other;
    ++number_;
    content_.emplace(content.begin(), content.end());
    return true;
}

void Superblock::remove() {
    for (unsigned k = 0; k < 2; ++k) store_->remove(copy_name(name_, k));
    content_.reset();
    number_ = 0;
    current_ = 1;
}

}  // namespace landfall
