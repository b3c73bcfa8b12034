// model/storage/journal_segment.hpp — a piece of a journal: header, records, and a footer once it
// is full.
//
// Each segment's hash starts from the hash of the one before it and rolls over its own bytes, so
// that a segment that is missing, in another's place, or of an older life does not fit its
// neighbours (replication-and-test-lab A11). All numbers little-endian:
//   header 48 bytes: magic u32 | version u32 | number u64 | first seq u64 | previous hash u64
//                    generation u32 | zero u64 | crc32c of all before it u32
//   footer 48 bytes: magic u32 | version u32 | first seq u64 | last seq u64 | records u64
//                    hash of header and records u64 | zero u32 | crc32c of all before it u32
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "model/environment/witness.hpp"
#include "model/storage/journal_record.hpp"

namespace landfall {

struct SegmentHeader {
    std::uint64_t number = 0;  ///< rising by one along the chain
    Generation generation = 0;
    std::uint64_t first_seq = 0;
    std::uint64_t previous_hash = 0;

    constexpr bool operator==(const SegmentHeader&) const = default;
};

struct SegmentFooter {
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;
    std::uint64_t records = 0;
    std::uint64_t hash = 0;

    constexpr bool operator==(const SegmentFooter&) const = default;
};

inline constexpr std::size_t kSegmentHeaderBytes = 48;
inline constexpr std::size_t kSegmentFooterBytes = 48;

void append_segment_header(std::vector<std::byte>& out, const SegmentHeader& header);
void append_segment_footer(std::vector<std::byte>& out, const SegmentFooter& footer);
[[nodiscard]] std::optional<SegmentHeader> parse_segment_header(std::span<const std::byte> bytes);
[[nodiscard]] std::optional<SegmentFooter> parse_segment_footer(std::span<const std::byte> bytes);

/// `hash` gone on over `bytes`. Requires a multiple of 8 of them. Any change of one word changes
/// the result: each step is a bijection of the hash.
[[nodiscard]] std::uint64_t roll_hash(std::uint64_t hash, std::span<const std::byte> bytes);

/// What a segment holds, as far as it can be believed.
struct SegmentScan {
    SegmentHeader header;
    std::uint64_t next_seq = 0;    ///< behind the last good record
    std::uint64_t hash = 0;        ///< of header and good records
    std::size_t end = 0;           ///< bytes of header and good records
    bool sealed = false;           ///< a footer follows that fits them
    bool readable_behind = false;  ///< not sealed, and somewhere behind stands a sound header
};

/// Calls `visit` for each good record: readable, of the header's generation, in sequence; up to the
/// first one that is not. None if the header is unreadable.
[[nodiscard]] std::optional<SegmentScan> scan_segment(
    std::span<const std::byte> bytes, const std::function<void(const RecordView&)>& visit);

}  // namespace landfall
