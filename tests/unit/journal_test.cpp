// tests/unit/journal_test.cpp — a journal keeps what it promised and never believes what is
// damaged.
#include "model/storage/journal.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "sim/memory/crashable_store.hpp"
#include "tests/support/journal_records.hpp"

namespace landfall {
namespace {

using test::Record;
using test::replay_all;

constexpr JournalOptions kSmall{.segment_bytes = 500, .buffer_bytes = 1};
constexpr std::string_view kFirstSegment = "j/segment.0000000000000001";

/// A store with a journal "j" and the records that were put into it.
struct Written {
    CrashableStore store;
    std::optional<Journal> journal;
    std::vector<Record> records;
    kernel::RandomStream random{1, "test", "journal"};

    explicit Written(std::uint64_t count, const JournalOptions& options = kSmall)
        : journal(Journal::create(store, "j", 5, options)) {
        append(count);
        EXPECT_EQ(journal->flush(), JournalStatus::Ok);
    }
    void append(std::uint64_t count) {
        for (std::uint64_t k = 0; k < count; ++k) {
            records.push_back(
                test::random_record(random, journal->generation(), journal->last_seq() + 1));
            EXPECT_EQ(journal->append(records.back().header, records.back().stamps),
                      JournalStatus::Ok);
        }
    }
    [[nodiscard]] std::vector<Record> from(std::uint64_t seq) const {
        return {records.begin() + static_cast<std::ptrdiff_t>(seq - 1), records.end()};
    }
};

std::vector<std::byte> object(const StableStore& store, std::string_view name) {
    return store.read(name, 0, store.size(name));
}

bool is_front(std::span<const Record> part, std::span<const Record> whole) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

/// Of a store's choices, 0 is always to lose what was not flushed.
void lose_everything_unflushed(CrashableStore& store) {
    store.crash([](std::uint64_t) { return 0; });
}

TEST(Journal, ReplaysWhatWasAppendedFromAnyRecordOn) {
    for (const std::uint64_t buffer : {1U, 300U, 1U << 20}) {
        Written w(40, {.segment_bytes = 500, .buffer_bytes = buffer});
        w.append(3);
        EXPECT_GT(w.journal->segments(), 5U);
        for (std::uint64_t from = 1; from <= 44; ++from) {
            std::vector<Record> seen;
            const ReplayEnd end = w.journal->replay(
                from, [&](const RecordView& view) { seen.push_back(test::record_of(view)); });
            EXPECT_EQ(seen, w.from(from));
            EXPECT_EQ(end.how, Replayed::All);
            EXPECT_EQ(end.next_seq, 44U);
        }
        EXPECT_EQ(w.journal->durable_seq(), 40U);
        EXPECT_EQ(w.journal->last_seq(), 43U);
        EXPECT_EQ(replay_all(*w.journal), replay_all(*w.journal));
    }
}

TEST(Journal, TakesEncodedRecordsAsTheyAre) {
    Written w(10);
    CrashableStore other;
    Journal copy = Journal::create(other, "copy", 5, kSmall);
    w.journal->replay(
        1, [&](const RecordView& view) { EXPECT_EQ(copy.append(view), JournalStatus::Ok); });
    EXPECT_EQ(replay_all(copy), w.records);
}

TEST(Journal, OpensWithAllThatWasFlushedAfterTheWorstCrash) {
    for (std::uint64_t count = 0; count < 30; ++count) {
        Written w(count, {.segment_bytes = 500, .buffer_bytes = 200});
        w.append(3);
        const std::uint64_t durable = w.journal->durable_seq();
        EXPECT_GE(durable, count);  // a seal on the way flushes as well
        lose_everything_unflushed(w.store);
        const auto opened = Journal::open(w.store, "j", kSmall);
        ASSERT_TRUE(opened);
        EXPECT_FALSE(opened->damage());
        EXPECT_EQ(opened->generation(), 5U);
        EXPECT_EQ(opened->last_seq(), durable);
        EXPECT_EQ(opened->durable_seq(), durable);
        w.records.resize(durable);
        EXPECT_EQ(replay_all(*opened), w.records);
    }
}

TEST(Journal, RefusesRecordsOutOfSequenceOrOfAnotherGeneration) {
    Written w(3);
    const auto append = [&](Generation generation, std::uint64_t seq) {
        (void)w.journal->append({.kind = RecordKind::Mark, .generation = generation, .seq = seq},
                                {});
    };
    EXPECT_THROW(append(5, 3), InvariantViolation);
    EXPECT_THROW(append(5, 5), InvariantViolation);
    EXPECT_THROW(append(4, 4), InvariantViolation);
    append(5, 4);
    EXPECT_EQ(w.journal->last_seq(), 4U);
}

TEST(Journal, IsNotThereBeforeItIsCreated) {
    CrashableStore store;
    EXPECT_FALSE(Journal::open(store, "j"));
    (void)Journal::create(store, "j", 1);
    EXPECT_TRUE(Journal::open(store, "j"));
    EXPECT_FALSE(Journal::open(store, "k"));
}

TEST(Journal, CreatedAnewForgetsTheOldOne) {
    Written w(30);
    const Journal fresh = Journal::create(w.store, "j", 6, kSmall, 100);
    EXPECT_TRUE(replay_all(fresh).empty());
    const auto opened = Journal::open(w.store, "j", kSmall);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->generation(), 6U);
    EXPECT_EQ(opened->last_seq(), 99U);
    EXPECT_EQ(w.store.list("j/segment").size(), 1U);
}

TEST(Journal, EndsBeforeTheTornRecordWhereverItIsCut) {
    Written w(6, {});
    const auto whole = object(w.store, kFirstSegment);
    std::size_t good = 0;
    std::size_t end = kSegmentHeaderBytes;
    for (std::size_t length = kSegmentHeaderBytes; length <= whole.size(); ++length) {
        if (good < 6 && length == end + record_bytes(w.records[good].stamps.size())) {
            end = length;
            ++good;
        }
        CrashableStore cut = w.store;
        cut.remove(kFirstSegment);
        cut.write(kFirstSegment, 0, std::span(whole).first(length));
        auto opened = Journal::open(cut, "j");
        ASSERT_TRUE(opened);
        ASSERT_FALSE(opened->damage());
        ASSERT_EQ(opened->last_seq(), good) << length;
        ASSERT_TRUE(is_front(replay_all(*opened), w.records));
        // The end takes new records, and they are all there is behind it.
        const Record next = test::random_record(w.random, 5, good + 1);
        ASSERT_EQ(opened->append(next.header, next.stamps), JournalStatus::Ok);
        ASSERT_EQ(opened->flush(), JournalStatus::Ok);
        const auto again = Journal::open(cut, "j");
        ASSERT_EQ(again->last_seq(), good + 1);
        ASSERT_EQ(replay_all(*again).back(), next);
    }
}

TEST(Journal, NeverRevivesARecordThatLayBehindTheTornOne) {
    // Of three records of equal length the second is lost in a crash and the third is not. A new
    // second record must not bring the old third one back.
    CrashableStore store;
    const JournalOptions options{.segment_bytes = 5000, .buffer_bytes = 1};
    Journal journal = Journal::create(store, "j", 5, options);
    const std::vector<Stamp> stamps{1, 2, 3};
    RecordHeader header{.generation = 5, .disk = DiskId(1), .range = {0, 3}};
    for (header.seq = 1; header.seq <= 3; ++header.seq)
        ASSERT_EQ(journal.append(header, stamps), JournalStatus::Ok);
    const std::vector<std::byte> hole(record_bytes(3));
    store.write(kFirstSegment, kSegmentHeaderBytes + hole.size(), hole);

    auto opened = Journal::open(store, "j", options);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->last_seq(), 1U);
    EXPECT_GT(opened->recovery().dropped_bytes, hole.size());
    EXPECT_TRUE(opened->recovery().readable_behind);
    header.seq = 2;
    ASSERT_EQ(opened->append(header, stamps), JournalStatus::Ok);
    ASSERT_EQ(opened->flush(), JournalStatus::Ok);
    EXPECT_EQ(Journal::open(store, "j", options)->last_seq(), 2U);
}

TEST(Journal, EndsAtARecordOfAnotherGenerationOrOutOfSequence) {
    const struct {
        Generation generation;
        std::uint64_t seq;
        bool good;
    } cases[] = {{5, 7, true},  {4, 7, false}, {6, 7, false}, {5, 6, false},
                 {5, 8, false}, {5, 1, false}, {0, 1, false}};
    for (const auto& row : cases) {
        Written w(6, {});
        const Record stray = test::random_record(w.random, row.generation, row.seq);
        std::vector<std::byte> bytes;
        append_record(bytes, stray.header, stray.stamps);
        w.store.write(kFirstSegment, w.store.size(kFirstSegment), bytes);
        const auto opened = Journal::open(w.store, "j");
        ASSERT_TRUE(opened);
        EXPECT_EQ(opened->last_seq(), row.good ? 7U : 6U) << row.generation << " " << row.seq;
        EXPECT_EQ(opened->recovery().dropped_bytes > 0, !row.good);
    }
}

TEST(Journal, KnowsAnyFlippedBitOfAnyOfItsObjects) {
    Written w(14);
    ASSERT_EQ(w.journal->register_consumer("target"), JournalStatus::Ok);
    ASSERT_EQ(w.journal->commit("target", 14), JournalStatus::Ok);
    ASSERT_GE(w.journal->segments(), 3U);
    for (const std::string& name : w.store.list("j")) {
        const bool superblock = name.find("superblock") != std::string::npos;
        for (std::uint64_t bit = 0; bit < 8 * w.store.size(name); ++bit) {
            CrashableStore rotten = w.store;
            rotten.flip_bit(name, bit);
            auto opened = Journal::open(rotten, "j", kSmall);
            ASSERT_TRUE(opened) << name << " " << bit;
            const auto records = replay_all(*opened);
            ASSERT_TRUE(is_front(records, w.records)) << name << " " << bit;
            // The commit tells that all records were there.
            const bool told = opened->damage() && !superblock;
            ASSERT_TRUE(told || records.size() == 14) << name << " " << bit;
            if (!opened->damage()) continue;
            const std::uint64_t next = records.size() + 1;
            ASSERT_EQ(opened->damage()->seq, next);
            ASSERT_EQ(opened->append({.kind = RecordKind::Mark, .generation = 5, .seq = next}, {}),
                      JournalStatus::Damaged);
            ASSERT_EQ(opened->flush(), JournalStatus::Damaged);
            ASSERT_EQ(opened->trim(), JournalStatus::Damaged);
        }
    }
}

TEST(Journal, NoticesRotThatComesWhileItIsOpen) {
    Written w(14);
    for (const std::string& name : w.store.list("j/segment")) {
        for (std::uint64_t bit = 0; bit < 8 * w.store.size(name); bit += 3) {
            w.store.flip_bit(name, bit);
            ReplayEnd end;
            const auto records = replay_all(*w.journal, &end);
            ASSERT_TRUE(is_front(records, w.records)) << name << " " << bit;
            ASSERT_EQ(end.next_seq, records.size() + 1);
            ASSERT_TRUE(end.how == Replayed::Damaged || records.size() == 14) << name << bit;
            w.store.flip_bit(name, bit);
        }
    }
    EXPECT_EQ(replay_all(*w.journal), w.records);
}

TEST(Journal, KnowsSegmentsThatAreMissingOrInEachOthersPlace) {
    Written w(30);
    const auto names = w.store.list("j/segment");
    ASSERT_GE(names.size(), 4U);
    const auto check = [&](CrashableStore& store, std::size_t first_bad) {
        const auto opened = Journal::open(store, "j", kSmall);
        ASSERT_TRUE(opened);
        ASSERT_TRUE(opened->damage());
        EXPECT_EQ(opened->segments(), first_bad);
        EXPECT_TRUE(is_front(replay_all(*opened), w.records));
    };
    for (std::size_t a = 0; a < names.size(); ++a) {
        CrashableStore missing = w.store;
        missing.remove(names[a]);
        check(missing, a);
        for (std::size_t b = a + 1; b < names.size(); ++b) {
            CrashableStore swapped = w.store;
            const auto first = object(w.store, names[a]);
            const auto second = object(w.store, names[b]);
            swapped.remove(names[a]);
            swapped.remove(names[b]);
            swapped.write(names[a], 0, second);
            swapped.write(names[b], 0, first);
            check(swapped, a);
        }
    }
}

TEST(Journal, KnowsASegmentOfAnotherHistoryWithTheSameNumbers) {
    // Sound in itself, of the same generation, with the same sequence: only its hash is another.
    const auto write = [](CrashableStore& store, Stamp stamp) {
        Journal journal = Journal::create(store, "j", 5, kSmall);
        RecordHeader header{.generation = 5, .disk = DiskId(1), .range = {0, 1}};
        for (header.seq = 1; header.seq <= 30; ++header.seq)
            ASSERT_EQ(journal.append(header, std::vector<Stamp>{stamp}), JournalStatus::Ok);
        ASSERT_EQ(journal.flush(), JournalStatus::Ok);
    };
    CrashableStore store;
    CrashableStore other;
    write(store, 1);
    write(other, 2);
    const auto names = store.list("j/segment");
    ASSERT_GE(names.size(), 4U);
    for (const std::size_t alien : {0U, 1U, 2U}) {
        CrashableStore mixed = store;
        mixed.write(names[alien], 0, object(other, names[alien]));
        const auto opened = Journal::open(mixed, "j", kSmall);
        ASSERT_TRUE(opened);
        ASSERT_TRUE(opened->damage());
        EXPECT_EQ(opened->damage()->segment, alien == 0 ? 2U : alien + 1);
    }
}

TEST(Journal, TrimsWhatEveryConsumerHasCommitted) {
    Written w(60);
    Journal& journal = *w.journal;
    ASSERT_EQ(journal.trim(), JournalStatus::Ok);
    EXPECT_EQ(journal.first_seq(), 1U);  // nobody said that it may go
    ASSERT_EQ(journal.register_consumer("fast"), JournalStatus::Ok);
    ASSERT_EQ(journal.register_consumer("slow"), JournalStatus::Ok);
    ASSERT_EQ(journal.commit("fast", 60), JournalStatus::Ok);
    for (std::uint64_t slow = 0; slow <= 60; ++slow) {
        ASSERT_EQ(journal.commit("slow", slow), JournalStatus::Ok);
        ASSERT_EQ(journal.trim(), JournalStatus::Ok);
        ASSERT_LE(journal.first_seq(), slow + 1);
        ReplayEnd end;
        const auto from = journal.first_seq();
        ASSERT_EQ(replay_all(journal, &end), w.from(from));
        ASSERT_EQ(end.how, Replayed::All);
        if (from > 1) {
            ASSERT_EQ(journal.replay(from - 1, nullptr).how, Replayed::Trimmed);
        }
        CrashableStore copy = w.store;
        const auto opened = Journal::open(copy, "j", kSmall);
        ASSERT_TRUE(opened && !opened->damage());
        ASSERT_EQ(opened->committed("slow"), slow);
        ASSERT_EQ(opened->committed("fast"), 60U);
        ASSERT_EQ(replay_all(*opened), w.from(from));
    }
    EXPECT_EQ(journal.segments(), 1U);  // all sealed ones
    EXPECT_EQ(w.store.list("j/segment").size(), 1U);
}

TEST(Journal, KeepsCommitsFromGoingBackAndTrimsForThoseThatStay) {
    Written w(40);
    Journal& journal = *w.journal;
    ASSERT_EQ(journal.register_consumer("a"), JournalStatus::Ok);
    ASSERT_EQ(journal.register_consumer("b"), JournalStatus::Ok);
    ASSERT_EQ(journal.commit("a", 30), JournalStatus::Ok);
    ASSERT_EQ(journal.commit("a", 20), JournalStatus::Ok);
    EXPECT_EQ(journal.committed("a"), 30U);
    EXPECT_THROW((void)journal.commit("a", 41), InvariantViolation);
    EXPECT_THROW((void)journal.commit("c", 1), InvariantViolation);
    EXPECT_EQ(journal.committed("c"), std::nullopt);
    ASSERT_EQ(journal.remove_consumer("b"), JournalStatus::Ok);
    ASSERT_EQ(journal.trim(), JournalStatus::Ok);
    EXPECT_GT(journal.first_seq(), 1U);
    EXPECT_LE(journal.first_seq(), 31U);
    ASSERT_EQ(journal.register_consumer("b"), JournalStatus::Ok);
    EXPECT_EQ(journal.committed("b"), journal.first_seq() - 1);
}

TEST(Journal, StartsAGenerationWithoutAnythingOfTheOldOne) {
    Written w(30);
    Journal& journal = *w.journal;
    ASSERT_EQ(journal.register_consumer("a"), JournalStatus::Ok);
    ASSERT_EQ(journal.commit("a", 30), JournalStatus::Ok);
    EXPECT_THROW((void)journal.start_generation(5), InvariantViolation);
    ASSERT_EQ(journal.start_generation(6), JournalStatus::Ok);
    EXPECT_TRUE(replay_all(journal).empty());
    EXPECT_EQ(journal.committed("a"), 0U);
    w.records.clear();
    w.append(10);
    ASSERT_EQ(journal.flush(), JournalStatus::Ok);
    const auto opened = Journal::open(w.store, "j", kSmall);
    ASSERT_TRUE(opened && !opened->damage());
    EXPECT_EQ(opened->generation(), 6U);
    EXPECT_EQ(replay_all(*opened), w.records);
}

TEST(Journal, EndsItsDamageWithANewGeneration) {
    for (const std::size_t rotten : {0U, 1U, 2U}) {
        Written w(30);
        w.store.flip_bit(w.store.list("j/segment")[rotten], 1);
        auto opened = Journal::open(w.store, "j", kSmall);
        ASSERT_TRUE(opened && opened->damage());
        ASSERT_EQ(opened->start_generation(6), JournalStatus::Ok);
        const Record record = test::random_record(w.random, 6, 1);
        ASSERT_EQ(opened->append(record.header, record.stamps), JournalStatus::Ok);
        ASSERT_EQ(opened->flush(), JournalStatus::Ok);
        const auto again = Journal::open(w.store, "j", kSmall);
        ASSERT_TRUE(again && !again->damage());
        EXPECT_EQ(replay_all(*again), std::vector<Record>{record});
    }
}

TEST(Journal, WritesAgainWhatAStoreDidNotKeepWhole) {
    for (std::uint64_t kept = 0; kept < 60; kept += 7) {
        for (const char* name : {"j/segment", "j/superblock"}) {
            Written w(2);
            w.store.short_writes(name, kept);
            w.append(20);
            ASSERT_EQ(w.journal->register_consumer("a"), JournalStatus::Ok);
            ASSERT_EQ(w.journal->flush(), JournalStatus::Ok);
            lose_everything_unflushed(w.store);
            const auto opened = Journal::open(w.store, "j", kSmall);
            ASSERT_TRUE(opened && !opened->damage());
            EXPECT_EQ(replay_all(*opened), w.records) << name << " " << kept;
            EXPECT_EQ(opened->committed("a"), 0U);
        }
    }
}

TEST(Journal, SaysSoWhenAStoreDoesNotKeepWhatIsWrittenAgain) {
    Written w(6, {});
    w.append(3);
    w.store.short_writes("j/segment", 50);
    w.store.short_writes("j/segment", 10);
    EXPECT_EQ(w.journal->flush(), JournalStatus::Damaged);
    EXPECT_EQ(w.journal->flush(), JournalStatus::Damaged);
    ASSERT_TRUE(w.journal->damage());
    EXPECT_EQ(w.journal->damage()->seq, 7U);
    EXPECT_EQ(w.journal->durable_seq(), 6U);
    const auto opened = Journal::open(w.store, "j");
    ASSERT_TRUE(opened && !opened->damage());
    w.records.resize(6);
    EXPECT_EQ(replay_all(*opened), w.records);
}

}  // namespace
}  // namespace landfall
