// model/storage/journal_record.hpp — one change of a disk as bytes: framed, numbered, checksummed.
//
// A record is a header of 64 bytes and a payload of stamps, all little-endian:
//   0 magic u32 | 4 version u8 | 5 kind u8 | 6 flags u16 | 8 generation u32 | 12 disk u32
//   16 seq u64 | 24 first sector u64 | 32 sectors u64 | 40 source time i64 (ns)
//   48 payload bytes u32 | 52 crc32c of the payload u32 | 56 zero u32 | 60 crc32c of bytes 0..59
// Stamps are 8 bytes each, so that every record ends on a multiple of 8.
//
// Laws: the first record that cannot be read is the end (S15); a flipped bit anywhere in a record
// makes it unreadable (S31); a record that was read encodes to the very bytes it was read from.
// Layout after replication-and-test-lab A11, after Ceph's src/journal/Entry.cc. The header has a
// checksum of its own so that a scan finds the next record behind a torn payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/base/block.hpp"
#include "model/base/check.hpp"
#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/environment/witness.hpp"
#include "model/storage/little_endian.hpp"

namespace landfall {

enum class RecordKind : std::uint8_t {
    Write = 1,  ///< one stamp for each sector
    Discard,    ///< one stamp, that all sectors then hold
    Mark,       ///< a marker in the stream; any words as payload
    Epoch,      ///< what follows belongs together; any words as payload
};

struct RecordHeader {
    RecordKind kind = RecordKind::Write;
    std::uint16_t flags = 0;  ///< of the sender; carried as they are
    Generation generation = 0;
    DiskId disk{};
    std::uint64_t seq = 0;  ///< dense within the stream of a generation
    SectorRange range{};    ///< not empty for Write and Discard
    Instant at{};           ///< source time

    constexpr bool operator==(const RecordHeader&) const = default;
};

inline constexpr std::size_t kRecordHeaderBytes = 64;

/// Bytes that a record with `stamps` stamps takes.
constexpr std::uint64_t record_bytes(std::uint64_t stamps) {
    return kRecordHeaderBytes + stamps * sizeof(Stamp);
}

/// Requires as many stamps as the kind has, and a range that ends at a sector with a number.
void append_record(std::vector<std::byte>& out, const RecordHeader& header,
                   std::span<const Stamp> stamps);

/// The record of a guest's write: a Write with its stamp in every sector, or a Discard.
void append_guest_write(std::vector<std::byte>& out, const GuestWrite& write, DiskId disk,
                        Generation generation, std::uint64_t seq);

/// A record that was read. Refers to the bytes it was read from.
class RecordView {
  public:
    RecordView(const RecordHeader& header, std::span<const std::byte> bytes)
        : header_(header), bytes_(bytes) {}

    [[nodiscard]] const RecordHeader& header() const { return header_; }
    /// Header and payload.
    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
    [[nodiscard]] std::size_t stamp_count() const {
        return (bytes_.size() - kRecordHeaderBytes) / sizeof(Stamp);
    }
    /// Requires k < stamp_count().
    [[nodiscard]] Stamp stamp(std::size_t k) const {
        LANDFALL_CHECK(k < stamp_count(), "a stamp is one of its record's");
        return load_little<Stamp>(bytes_.data() + record_bytes(k));
    }
    /// What sector `range.first + k` then holds. Requires a Write or Discard and k < range.count.
    [[nodiscard]] Stamp sector(std::uint64_t k) const {
        return stamp(header_.kind == RecordKind::Discard ? 0 : k);
    }
    /// Replaces `out` by the stamps.
    void copy_stamps(std::vector<Stamp>& out) const;

  private:
    RecordHeader header_;
    std::span<const std::byte> bytes_;
};

/// Why there is no further record.
enum class ReadEnd : std::uint8_t {
    CleanEnd,    ///< the bytes end behind a record
    Truncated,   ///< the bytes end within a record
    BadMagic,    ///< what follows is no record
    BadHeader,   ///< the header's checksum is wrong
    BadFields,   ///< the header says what no sender says: version, kind, lengths
    BadPayload,  ///< the payload's checksum is wrong
};

[[nodiscard]] std::string_view to_text(ReadEnd end);

/// Reads records one behind the other; what it read stays valid as long as the bytes do.
class RecordReader {
  public:
    explicit RecordReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    /// The next record; none from the first on that cannot be read.
    [[nodiscard]] std::optional<RecordView> next();
    /// Requires that next() answered none.
    [[nodiscard]] ReadEnd end() const {
        LANDFALL_CHECK(end_.has_value(), "a reader that is asked for its end has reached it");
        return *end_;
    }
    /// Bytes of all records read so far.
    [[nodiscard]] std::size_t offset() const { return offset_; }
    /// Where, from `offset` on, the next sound header stands. For diagnosis: what lies behind a bad
    /// record must never be applied.
    [[nodiscard]] std::optional<std::size_t> next_readable(std::size_t offset) const;

  private:
    [[nodiscard]] std::optional<RecordView> stop(ReadEnd end) {
        end_ = end;
        return std::nullopt;
    }

    std::span<const std::byte> bytes_;
    std::size_t offset_ = 0;
    std::optional<ReadEnd> end_;
};

}  // namespace landfall
