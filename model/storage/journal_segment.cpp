// model/storage/journal_segment.cpp — writes and reads segments.
#include "model/storage/journal_segment.hpp"

#include <bit>

#include "model/storage/checksum.hpp"
#include "model/storage/sequence_filter.hpp"

namespace landfall {
namespace {

constexpr std::uint32_t kHeaderMagic = 0x4C465348;  // "HSFL" as bytes
constexpr std::uint32_t kFooterMagic = 0x4C465346;  // "FSFL" as bytes
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kCrcBytes = sizeof(std::uint32_t);
static_assert(kSegmentHeaderBytes == kSegmentFooterBytes);

/// Ends what was written from `begin` on with its checksum.
void put_crc(std::vector<std::byte>& out, std::size_t begin) {
    LittleWriter(out).put(crc32c(std::span(out).subspan(begin)));
}

/// A header or footer without its checksum; empty if it is short or the checksum is wrong.
std::span<const std::byte> checked(std::span<const std::byte> bytes) {
    if (bytes.size() < kSegmentHeaderBytes) return {};
    const auto content = bytes.first(kSegmentHeaderBytes - kCrcBytes);
    const auto crc = load_little<std::uint32_t>(bytes.data() + content.size());
    return crc32c(content) == crc ? content : std::span<const std::byte>{};
}

}  // namespace

void append_segment_header(std::vector<std::byte>& out, const SegmentHeader& header) {
    const std::size_t begin = out.size();
    LittleWriter writer(out);
    writer.put(kHeaderMagic).put(kVersion).put(header.number).put(header.first_seq);
    writer.put(header.previous_hash).put(header.generation).put(std::uint64_t{0});
    put_crc(out, begin);
}

void append_segment_footer(std::vector<std::byte>& out, const SegmentFooter& footer) {
    const std::size_t begin = out.size();
    LittleWriter writer(out);
    writer.put(kFooterMagic).put(kVersion).put(footer.first_seq).put(footer.last_seq);
    writer.put(footer.records).put(footer.hash).put(std::uint32_t{0});
    put_crc(out, begin);
}

std::optional<SegmentHeader> parse_segment_header(std::span<const std::byte> bytes) {
    LittleReader reader(checked(bytes));
    if (reader.take<std::uint32_t>() != kHeaderMagic) return std::nullopt;
    if (reader.take<std::uint32_t>() != kVersion) return std::nullopt;
    SegmentHeader header;
    header.number = reader.take<std::uint64_t>();
    header.first_seq = reader.take<std::uint64_t>();
    header.previous_hash = reader.take<std::uint64_t>();
    header.generation = reader.take<std::uint32_t>();
    return header;
}

std::optional<SegmentFooter> parse_segment_footer(std::span<const std::byte> bytes) {
    LittleReader reader(checked(bytes));
    if (reader.take<std::uint32_t>() != kFooterMagic) return std::nullopt;
    if (reader.take<std::uint32_t>() != kVersion) return std::nullopt;
    SegmentFooter footer;
    footer.first_seq = reader.take<std::uint64_t>();
    footer.last_seq = reader.take<std::uint64_t>();
    footer.records = reader.take<std::uint64_t>();
    footer.hash = reader.take<std::uint64_t>();
    return footer;
}

std::uint64_t roll_hash(std::uint64_t hash, std::span<const std::byte> bytes) {
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    LANDFALL_CHECK(bytes.size() % kWord == 0, "a segment is made of words of 8 bytes");
    for (; !bytes.empty(); bytes = bytes.subspan(kWord)) {
        hash = (hash ^ load_little<std::uint64_t>(bytes.data())) * 0x9E3779B97F4A7C15ULL;
        hash = std::rotl(hash, 29);
    }
    return hash;
}

std::optional<SegmentScan> scan_segment(std::span<const std::byte> bytes,
                                        const std::function<void(const RecordView&)>& visit) {
    const auto header = parse_segment_header(bytes);
    if (!header) return std::nullopt;
    SegmentScan scan;
    scan.header = *header;
    scan.end = kSegmentHeaderBytes;
    SequenceFilter filter(header->generation, header->first_seq);
    RecordReader reader(bytes.subspan(kSegmentHeaderBytes));
    while (const auto record = reader.next()) {
        if (filter.accept(record->header().generation, record->header().seq) != Sequenced::Apply)
            break;
        scan.end = kSegmentHeaderBytes + reader.offset();
        if (visit) visit(*record);
    }
    scan.next_seq = filter.next_seq();
    scan.hash = roll_hash(header->previous_hash, bytes.first(scan.end));
    const SegmentFooter fitting{header->first_seq, scan.next_seq - 1,
                                scan.next_seq - header->first_seq, scan.hash};
    scan.sealed = parse_segment_footer(bytes.subspan(scan.end)) == fitting;
    scan.readable_behind = !scan.sealed && reader.next_readable(scan.end - kSegmentHeaderBytes + 1);
    return scan;
}

}  // namespace landfall
