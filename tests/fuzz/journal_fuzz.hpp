// tests/fuzz/journal_fuzz.hpp — any bytes, read as records, as an envelope and as a journal's
// objects: nothing outside is read, nothing is believed that does not hold together.
//
// The first byte says as what the rest is read: 'R' records, 'E' an envelope, 'O' objects; in lower
// case all checksums are put right first, so that what stands behind them is reached as well.
// Objects: each is a byte that says which one, its length u16, and its bytes.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "model/base/check.hpp"
#include "model/storage/checksum.hpp"
#include "model/storage/journal.hpp"
#include "model/storage/wire_envelope.hpp"
#include "sim/memory/crashable_store.hpp"

namespace landfall::test {

inline constexpr JournalOptions kFuzzJournal{.segment_bytes = 500, .buffer_bytes = 1};
inline constexpr WireKey kFuzzKey{.id = 7, .secret = 99};

/// The object of a fuzzed journal "j" that `which` stands for: two superblocks, then
/// segments from number 1 on.
inline std::string fuzz_object(std::uint8_t which) {
    if (which < 2) return which == 0 ? "j/superblock.0" : "j/superblock.1";
    return std::string("j/segment.000000000000000") + "123456789abcdef0"[(which - 2) % 16];
}

/// Puts the checksum of bytes[from, at) to `at`, if there is room.
inline void put_right(std::span<std::byte> bytes, std::size_t from, std::size_t at) {
    if (at < from || at > bytes.size() || bytes.size() - at < 4) return;
    store_little(bytes.data() + at, crc32c(bytes.subspan(from, at - from)));
}

inline void put_records_right(std::span<std::byte> bytes) {
    while (bytes.size() >= kRecordHeaderBytes) {
        const auto payload = load_little<std::uint32_t>(bytes.data() + 48);
        const auto rest = bytes.subspan(kRecordHeaderBytes);
        if (payload <= rest.size()) store_little(bytes.data() + 52, crc32c(rest.first(payload)));
        put_right(bytes, 0, 60);
        if (payload > rest.size()) return;
        bytes = rest.subspan(payload);
    }
}

inline void put_envelope_right(std::span<std::byte> bytes) {
    if (bytes.size() < kEnvelopeHeaderBytes) return;
    const auto coded = bytes.subspan(kEnvelopeHeaderBytes);
    const auto length =
        std::min<std::uint64_t>(load_little<std::uint32_t>(bytes.data() + 16), coded.size());
    store_little(bytes.data() + 20, crc32c(coded.first(length), crc32c(bytes.first(20))));
}

inline void put_object_right(std::uint8_t which, std::span<std::byte> bytes) {
    if (which >= 2) {
        put_right(bytes, 0, kSegmentHeaderBytes - 4);
        if (bytes.size() > kSegmentHeaderBytes)
            put_records_right(bytes.subspan(kSegmentHeaderBytes));
    } else if (bytes.size() >= 16) {
        put_right(bytes, 0, 16 + std::size_t{load_little<std::uint32_t>(bytes.data() + 4)});
    }
}

inline void check_encodes_alike(const RecordView& view) {
    std::vector<Stamp> stamps;
    view.copy_stamps(stamps);
    std::vector<std::byte> again;
    append_record(again, view.header(), stamps);
    LANDFALL_CHECK(std::ranges::equal(again, view.bytes()),
                   "a record that was read encodes to the bytes it was read from");
}

inline void fuzz_records(std::span<const std::byte> bytes) {
    RecordReader reader(bytes);
    std::size_t read = 0;
    while (const auto view = reader.next()) {
        check_encodes_alike(*view);
        read += view->bytes().size();
        LANDFALL_CHECK(read == reader.offset(), "records stand one behind the other");
    }
    LANDFALL_CHECK((reader.end() == ReadEnd::CleanEnd) == (read == bytes.size()),
                   "an end is clean behind the last byte");
    const auto behind = reader.next_readable(read + 1);
    LANDFALL_CHECK(!behind || (*behind > read && *behind + kRecordHeaderBytes <= bytes.size()),
                   "a header that is found lies in the bytes");
}

inline void fuzz_envelope(std::span<const std::byte> bytes) {
    for (const WireKey& key : {WireKey{}, kFuzzKey}) {
        const OpenedEnvelope opened = decode_envelope(bytes, key);
        LANDFALL_CHECK(opened.bytes <= bytes.size(), "an envelope lies in the bytes");
        if (opened.error != EnvelopeError::None) continue;
        fuzz_records(opened.plain);
        LANDFALL_CHECK(
            decode_envelope(encode_envelope(opened.plain, key), key).plain == opened.plain,
            "what came out of an envelope can go into one");
    }
}

/// All of a journal's records, which must be of its generation and in sequence.
inline std::vector<std::byte> checked_records(const Journal& journal) {
    std::vector<std::byte> all;
    std::uint64_t next = journal.first_seq();
    const ReplayEnd end = journal.replay(next, [&](const RecordView& view) {
        check_encodes_alike(view);
        LANDFALL_CHECK(view.header().generation == journal.generation(),
                       "a replay is of one generation");
        LANDFALL_CHECK(view.header().seq == next++, "a replay is in sequence");
        all.insert(all.end(), view.bytes().begin(), view.bytes().end());
    });
    LANDFALL_CHECK(end.next_seq == next, "a replay says where it ended");
    LANDFALL_CHECK(end.how == (journal.damage() ? Replayed::Damaged : Replayed::All),
                   "a replay tells of damage");
    return all;
}

inline void fuzz_journal(CrashableStore& store) {
    auto journal = Journal::open(store, "j", kFuzzJournal);
    if (!journal) return;
    auto records = checked_records(*journal);
    if (journal->damage()) {
        if (journal->generation() == 0xFFFFFFFF) return;
        const auto started = journal->start_generation(journal->generation() + 1);
        LANDFALL_CHECK(started == JournalStatus::Ok && !journal->damage(),
                       "a new generation ends a damage");
        records.clear();
    }
    for (int k = 0; k < 5; ++k) {
        const RecordHeader header{.generation = journal->generation(),
                                  .disk = DiskId(1),
                                  .seq = journal->last_seq() + 1,
                                  .range = {0, 2}};
        const std::vector<Stamp> stamps{1, 2};
        append_record(records, header, stamps);
        LANDFALL_CHECK(journal->append(header, stamps) == JournalStatus::Ok,
                       "a journal that was recovered takes records");
    }
    LANDFALL_CHECK(journal->flush() == JournalStatus::Ok, "a sound store takes a flush");
    store.crash([](std::uint64_t) { return 0; });
    auto again = Journal::open(store, "j", kFuzzJournal);
    LANDFALL_CHECK(again && !again->damage(), "a journal that was flushed opens");
    LANDFALL_CHECK(checked_records(*again) == records, "a journal gives what it was given");
    LANDFALL_CHECK(again->register_consumer("fuzz") == JournalStatus::Ok, "consumers may come");
    const auto committed = again->commit("fuzz", again->durable_seq());
    LANDFALL_CHECK(committed == JournalStatus::Ok && again->trim() == JournalStatus::Ok,
                   "a journal can be trimmed");
    (void)checked_records(*again);
}

inline void fuzz_objects(std::span<const std::byte> bytes, bool right) {
    CrashableStore store;
    LittleReader reader(bytes);
    while (!reader.at_end()) {
        const auto which = reader.take<std::uint8_t>();
        const auto content = reader.take_bytes(reader.take<std::uint16_t>());
        if (!reader.good()) break;
        std::vector<std::byte> object(content.begin(), content.end());
        if (right) put_object_right(which, object);
        store.remove(fuzz_object(which));
        store.write(fuzz_object(which), 0, object);
        store.flush(fuzz_object(which));
    }
    store.flush_names();
    fuzz_journal(store);
}

/// Throws InvariantViolation where something is believed that does not hold together.
inline void fuzz(std::span<const std::byte> input) {
    if (input.empty()) return;
    const char mode = static_cast<char>(input.front());
    // A copy with the exact length, so that a sanitizer sees any access past its end.
    std::vector<std::byte> bytes(input.begin() + 1, input.end());
    if (mode == 'r') put_records_right(bytes);
    if (mode == 'e') put_envelope_right(bytes);
    if (mode == 'R' || mode == 'r') fuzz_records(bytes);
    if (mode == 'E' || mode == 'e') fuzz_envelope(bytes);
    if (mode == 'O' || mode == 'o') fuzz_objects(bytes, mode == 'o');
}

}  // namespace landfall::test
