// tests/unit/journal_record_test.cpp — records come back as they were written, or not at all.
#include "model/storage/journal_record.hpp"

#include <gtest/gtest.h>

#include "model/storage/sequence_filter.hpp"
#include "sim/kernel/random_streams.hpp"
#include "tests/support/journal_records.hpp"

namespace landfall {
namespace {

using Encoded = std::vector<std::byte>;

using test::Record;

std::vector<Record> random_records(std::uint64_t seed, std::uint64_t count) {
    kernel::RandomStream random(seed, "test", "records");
    std::vector<Record> records;
    for (std::uint64_t k = 0; k < count; ++k)
        records.push_back(
            test::random_record(random, static_cast<Generation>(random.below(5)), k + 1));
    return records;
}

Encoded encode(std::span<const Record> records) {
    Encoded out;
    for (const Record& record : records) append_record(out, record.header, record.stamps);
    return out;
}

/// All records up to the end, and why it ended.
std::pair<std::vector<Record>, ReadEnd> decode(std::span<const std::byte> bytes) {
    std::vector<Record> records;
    RecordReader reader(bytes);
    while (const auto view = reader.next()) {
        records.push_back(test::record_of(*view));
    }
    return {records, reader.end()};
}

/// A copy with the exact length, so that a sanitizer sees any access past its end.
Encoded front(const Encoded& bytes, std::size_t length) {
    return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)};
}

TEST(JournalRecord, ComesBackAsItWasWritten) {
    const auto records = random_records(1, 200);
    const auto [read, end] = decode(encode(records));
    EXPECT_EQ(read, records);
    EXPECT_EQ(end, ReadEnd::CleanEnd);
}

TEST(JournalRecord, HasOneLayoutOnEveryMachine) {
    Encoded out;
    append_guest_write(out,
                       {.stamp = make_stamp(1, 5),
                        .at = Instant(Duration(0x0102030405060708)),
                        .range = {0x1122, 1},
                        .kind = WriteKind::Write},
                       DiskId(7), 0xA1B2C3D4, 9);
    ASSERT_EQ(out.size(), 72U);
    std::string hex;
    for (const std::byte b : out) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        hex += kDigits[static_cast<unsigned>(b) >> 4];
        hex += kDigits[static_cast<unsigned>(b) & 15];
    }
    EXPECT_EQ(hex.substr(0, 104),
              "524a464c"          // magic
              "01010000"          // version, kind, flags
              "d4c3b2a1"          // generation
              "07000000"          // disk
              "0900000000000000"  // seq
              "2211000000000000"  // first sector
              "0100000000000000"  // sectors
              "0807060504030201"  // source time
              "08000000");        // bytes of payload
    EXPECT_EQ(hex.substr(112, 8), "00000000");
    EXPECT_EQ(hex.substr(128), "0500000000000100");
}

TEST(JournalRecord, OfAGuestsWriteHoldsItsStampInEverySector) {
    Encoded out;
    const GuestWrite write{.stamp = 77, .at = Instant(seconds(3)), .range = {10, 4}};
    append_guest_write(out, write, DiskId(2), 6, 1);
    GuestWrite discard = write;
    discard.kind = WriteKind::Discard;
    discard.stamp = 78;
    discard.range.count = 1ULL << 40;
    append_guest_write(out, discard, DiskId(2), 6, 2);
    EXPECT_EQ(out.size(), record_bytes(4) + record_bytes(1));

    RecordReader reader(out);
    const auto first = reader.next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->header().range, write.range);
    EXPECT_EQ(first->header().at, write.at);
    for (std::uint64_t k = 0; k < 4; ++k) EXPECT_EQ(first->sector(k), 77U);
    EXPECT_THROW((void)first->sector(4), InvariantViolation);
    const auto second = reader.next();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->header().kind, RecordKind::Discard);
    EXPECT_EQ(second->sector((1ULL << 40) - 1), 78U);
}

TEST(JournalRecord, RefusesToWriteWhatItWouldNotRead) {
    Encoded out;
    const std::vector<Stamp> two{1, 2};
    const auto write = [&](RecordKind kind, SectorRange range, std::span<const Stamp> stamps) {
        append_record(out, {.kind = kind, .range = range}, stamps);
    };
    EXPECT_THROW(write(RecordKind::Write, {0, 1}, two), InvariantViolation);
    EXPECT_THROW(write(RecordKind::Write, {0, 0}, {}), InvariantViolation);
    EXPECT_THROW(write(RecordKind::Write, {~0ULL, 2}, two), InvariantViolation);
    EXPECT_THROW(write(RecordKind::Discard, {0, 2}, two), InvariantViolation);
    EXPECT_TRUE(out.empty());
}

TEST(JournalRecord, GivesTheWholeRecordsOfAnyFront) {
    const auto records = random_records(2, 12);
    const Encoded all = encode(records);
    std::size_t whole = 0;
    std::size_t next_end = record_bytes(records[0].stamps.size());
    for (std::size_t length = 0; length <= all.size(); ++length) {
        if (length == next_end) {
            ++whole;
            if (whole < records.size()) next_end += record_bytes(records[whole].stamps.size());
        }
        const Encoded part = front(all, length);
        const auto [read, end] = decode(part);
        ASSERT_EQ(read.size(), whole) << length;
        ASSERT_TRUE(std::equal(read.begin(), read.end(), records.begin())) << length;
        const bool at_boundary = encode(std::span(records).first(whole)).size() == length;
        ASSERT_EQ(end, at_boundary ? ReadEnd::CleanEnd : ReadEnd::Truncated) << length;
    }
}

TEST(JournalRecord, IsUnreadableWithAnyBitFlipped) {
    const auto records = random_records(3, 6);
    Encoded bytes = encode(records);
    std::size_t record = 0;
    std::size_t record_end = record_bytes(records[0].stamps.size());
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        if (bit / 8 == record_end) record_end += record_bytes(records[++record].stamps.size());
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        const auto [read, end] = decode(bytes);
        ASSERT_EQ(read.size(), record) << bit;
        ASSERT_TRUE(std::equal(read.begin(), read.end(), records.begin())) << bit;
        ASSERT_TRUE(end == ReadEnd::BadMagic || end == ReadEnd::BadHeader ||
                    end == ReadEnd::BadPayload)
            << bit << ": " << to_text(end);
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    }
}

TEST(JournalRecord, EndsAtEveryPlaceThatIsNotARecord) {
    const auto records = random_records(4, 3);
    const Encoded good = encode(records);
    for (const std::byte filler : {std::byte{0}, std::byte{0xFF}, std::byte{'R'}}) {
        Encoded bytes = good;
        bytes.insert(bytes.end(), 100, filler);
        const auto [read, end] = decode(bytes);
        EXPECT_EQ(read, records);
        EXPECT_EQ(end, ReadEnd::BadMagic);
    }
    EXPECT_EQ(decode({}).second, ReadEnd::CleanEnd);
}

TEST(RecordReader, StaysAtItsEnd) {
    Encoded bytes = encode(random_records(5, 3));
    const std::size_t good = bytes.size();
    bytes.resize(good + 64);
    RecordReader reader(bytes);
    EXPECT_THROW((void)reader.end(), InvariantViolation);
    while (reader.next()) {
    }
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.end(), ReadEnd::BadMagic);
    EXPECT_EQ(reader.offset(), good);
}

TEST(RecordReader, FindsTheNextHeaderBehindATornPayload) {
    const auto records = random_records(6, 8);
    for (std::size_t torn = 0; torn + 1 < records.size(); ++torn) {
        if (records[torn].stamps.empty()) continue;
        Encoded bytes = encode(records);
        const std::size_t at = encode(std::span(records).first(torn)).size();
        const std::size_t behind = at + record_bytes(records[torn].stamps.size());
        bytes[behind - 1] ^= std::byte{0x40};
        RecordReader reader(bytes);
        while (reader.next()) {
        }
        EXPECT_EQ(reader.end(), ReadEnd::BadPayload);
        EXPECT_EQ(reader.offset(), at);
        EXPECT_EQ(reader.next_readable(at), at);
        EXPECT_EQ(reader.next_readable(at + 1), behind);
    }
    const Encoded nothing(1000, std::byte{'R'});
    EXPECT_EQ(RecordReader(nothing).next_readable(0), std::nullopt);
    EXPECT_EQ(RecordReader(nothing).next_readable(5000), std::nullopt);
}

TEST(SequenceFilter, AnswersEveryCaseOfNumberAndGeneration) {
    const struct {
        Generation generation;
        std::uint64_t seq;
        Sequenced answer;
    } cases[] = {
        {2, 0, Sequenced::Duplicate},        {2, 9, Sequenced::Duplicate},
        {2, 10, Sequenced::Apply},           {2, 11, Sequenced::Gap},
        {2, ~0ULL, Sequenced::Gap},          {1, 10, Sequenced::WrongGeneration},
        {3, 10, Sequenced::WrongGeneration}, {1, 5, Sequenced::WrongGeneration},
    };
    for (const auto& row : cases) {
        SequenceFilter filter(2, 10);
        EXPECT_EQ(filter.accept(row.generation, row.seq), row.answer) << row.seq;
        EXPECT_EQ(filter.next_seq(), row.answer == Sequenced::Apply ? 11U : 10U);
    }
    SequenceFilter filter(2, 10);
    filter.start(3, 1);
    EXPECT_EQ(filter.accept(2, 10), Sequenced::WrongGeneration);
    EXPECT_EQ(filter.accept(3, 1), Sequenced::Apply);
    EXPECT_EQ(filter.generation(), 3U);
}

TEST(SequenceFilter, AppliesEachRecordOnceAndInOrderHoweverTheyArrive) {
    kernel::RandomStream random(7, "test", "filter");
    for (int round = 0; round < 200; ++round) {
        SequenceFilter filter(4, 1);
        std::uint64_t applied = 0;
        while (applied < 30) {
            // A window of resent, reordered and stale records around the right one.
            const std::uint64_t seq = applied + random.below(4);
            const auto generation = static_cast<Generation>(random.below(4) == 0 ? 3 : 4);
            if (filter.accept(generation, seq) != Sequenced::Apply) continue;
            ASSERT_EQ(generation, 4U);
            ASSERT_EQ(seq, applied + 1);
            ++applied;
        }
    }
}

}  // namespace
}  // namespace landfall
