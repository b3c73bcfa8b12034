// model/storage/journal_record.cpp — writes and reads records; never looks past the bytes it got.
#include "model/storage/journal_record.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "model/base/mutant.hpp"
#include "model/storage/checksum.hpp"

namespace landfall {
namespace {

constexpr std::uint32_t kMagic = 0x4C464A52;  // "RJFL" as bytes
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderCrcAt = 60;

struct RawHeader {
    RecordHeader header;
    std::uint64_t payload_bytes = 0;
    std::uint32_t payload_crc = 0;
};

bool is_kind(std::uint8_t kind) {
    return kind >= static_cast<std::uint8_t>(RecordKind::Write) &&
           kind <= static_cast<std::uint8_t>(RecordKind::Epoch);
}

/// Whether kind, sectors and number of stamps belong together.
bool fits(RecordKind kind, SectorRange range, std::uint64_t stamps) {
    if (range.count > std::numeric_limits<std::uint64_t>::max() - range.first) return false;
    if (kind == RecordKind::Write) return !range.empty() && stamps == range.count;
    if (kind == RecordKind::Discard) return !range.empty() && stamps == 1;
    return true;
}

void put_header(std::byte* to, const RecordHeader& header, std::uint32_t payload_bytes,
                std::uint32_t payload_crc) {
    store_little(to, kMagic);
    store_little(to + 4, kVersion);
    store_little(to + 5, static_cast<std::uint8_t>(header.kind));
    store_little(to + 6, header.flags);
    store_little(to + 8, header.generation);
    store_little(to + 12, header.disk.value);
    store_little(to + 16, header.seq);
    store_little(to + 24, header.range.first);
    store_little(to + 32, header.range.count);
    store_little(to + 40, static_cast<std::uint64_t>(header.at.since_start().count()));
    store_little(to + 48, payload_bytes);
    store_little(to + 52, payload_crc);
    store_little(to + 56, std::uint32_t{0});
    store_little(to + kHeaderCrcAt, crc32c({to, kHeaderCrcAt}));
}

/// Requires a whole header whose checksum is right; none if its fields make no sense.
std::optional<RawHeader> parse_header(const std::byte* from) {
    const auto kind = load_little<std::uint8_t>(from + 5);
    if (load_little<std::uint8_t>(from + 4) != kVersion || !is_kind(kind)) return std::nullopt;
    RawHeader raw;
    RecordHeader& header = raw.header;
    header.kind = static_cast<RecordKind>(kind);
    header.flags = load_little<std::uint16_t>(from + 6);
    header.generation = load_little<std::uint32_t>(from + 8);
    header.disk.value = load_little<std::uint32_t>(from + 12);
    header.seq = load_little<std::uint64_t>(from + 16);
    header.range = {load_little<std::uint64_t>(from + 24), load_little<std::uint64_t>(from + 32)};
    header.at = Instant(Duration(static_cast<std::int64_t>(load_little<std::uint64_t>(from + 40))));
    raw.payload_bytes = load_little<std::uint32_t>(from + 48);
    raw.payload_crc = load_little<std::uint32_t>(from + 52);
    if (load_little<std::uint32_t>(from + 56) != 0) return std::nullopt;
    if (raw.payload_bytes % sizeof(Stamp) != 0) return std::nullopt;
    if (!fits(header.kind, header.range, raw.payload_bytes / sizeof(Stamp))) return std::nullopt;
    return raw;
}

bool has_sound_crc(const std::byte* header) {
    return crc32c({header, kHeaderCrcAt}) == load_little<std::uint32_t>(header + kHeaderCrcAt);
}

/// Makes room for a record; `fill` then writes its payload.
template <typename Fill>
void append_framed(std::vector<std::byte>& out, const RecordHeader& header, std::uint64_t stamps,
                   Fill&& fill) {
    LANDFALL_CHECK(fits(header.kind, header.range, stamps),
                   "a record has the sectors and stamps that its kind has");
    LANDFALL_CHECK(stamps <= std::numeric_limits<std::uint32_t>::max() / sizeof(Stamp),
                   "the length of a payload fits its field");
    const std::size_t at = out.size();
    out.resize(at + record_bytes(stamps));
    std::byte* const payload = out.data() + at + kRecordHeaderBytes;
    fill(payload);
    const auto bytes = static_cast<std::uint32_t>(stamps * sizeof(Stamp));
    put_header(out.data() + at, header, bytes, crc32c({payload, bytes}));
}

}  // namespace

void append_record(std::vector<std::byte>& out, const RecordHeader& header,
                   std::span<const Stamp> stamps) {
    append_framed(out, header, stamps.size(), [&](std::byte* to) {
        for (const Stamp stamp : stamps) {
            store_little(to, stamp);
            to += sizeof stamp;
        }
    });
}

void append_guest_write(std::vector<std::byte>& out, const GuestWrite& write, DiskId disk,
                        Generation generation, std::uint64_t seq) {
    const bool discard = write.kind == WriteKind::Discard;
    const RecordHeader header{.kind = discard ? RecordKind::Discard : RecordKind::Write,
                              .flags = 0,
                              .generation = generation,
                              .disk = disk,
                              .seq = seq,
                              .range = write.range,
                              .at = write.at};
    const std::uint64_t stamps = discard ? 1 : write.range.count;
    append_framed(out, header, stamps, [&](std::byte* to) {
        for (std::uint64_t k = 0; k < stamps; ++k)
            store_little(to + k * sizeof(Stamp), write.stamp);
    });
}

void RecordView::copy_stamps(std::vector<Stamp>& out) const {
    out.resize(stamp_count());
    const std::byte* from = bytes_.data() + kRecordHeaderBytes;
    for (Stamp& stamp : out) {
        stamp = load_little<Stamp>(from);
        from += sizeof stamp;
    }
}

std::string_view to_text(ReadEnd end) {
    constexpr std::array<std::string_view, 6> kTexts{"clean end",  "truncated",  "bad magic",
                                                     "bad header", "bad fields", "bad payload"};
    return kTexts.at(static_cast<std::size_t>(end));
}

std::optional<RecordView> RecordReader::next() {
    if (end_) return std::nullopt;
    const auto rest = bytes_.subspan(offset_);
    if (rest.empty()) return stop(ReadEnd::CleanEnd);
    if (rest.size() < kRecordHeaderBytes) return stop(ReadEnd::Truncated);
    if (load_little<std::uint32_t>(rest.data()) != kMagic) return stop(ReadEnd::BadMagic);
    if (!has_sound_crc(rest.data())) return stop(ReadEnd::BadHeader);
    const auto raw = parse_header(rest.data());
    if (!raw) return stop(ReadEnd::BadFields);
    if (raw->payload_bytes > rest.size() - kRecordHeaderBytes) return stop(ReadEnd::Truncated);
    const auto payload = rest.subspan(kRecordHeaderBytes, raw->payload_bytes);
    const bool sound = crc32c(payload) == raw->payload_crc;
    // The planted bug trusts that whoever packed the bytes for the way checked them.
    if (!sound && !mutant(Mutant::ChecksumOverCompressedOnly)) return stop(ReadEnd::BadPayload);
    const std::size_t bytes = kRecordHeaderBytes + payload.size();
    offset_ += bytes;
    return RecordView(raw->header, rest.first(bytes));
}

std::optional<std::size_t> RecordReader::next_readable(std::size_t offset) const {
    std::array<std::byte, sizeof kMagic> magic;
    store_little(magic.data(), kMagic);
    while (offset < bytes_.size()) {
        const auto rest = bytes_.subspan(offset);
        const auto found = std::search(rest.begin(), rest.end(), magic.begin(), magic.end());
        offset += static_cast<std::size_t>(found - rest.begin());
        if (bytes_.size() - offset < kRecordHeaderBytes) return std::nullopt;
        const std::byte* const header = bytes_.data() + offset;
        if (has_sound_crc(header) && parse_header(header)) return offset;
        ++offset;
    }
    return std::nullopt;
}

}  // namespace landfall
