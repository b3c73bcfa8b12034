// tests/unit/journal_crash_test.cpp — power is lost at every operation of random histories, and
// again while the journal recovers; what was durable is there, and nothing that was not appended.
#include <algorithm>
#include <map>
#include <utility>

#include <gtest/gtest.h>

#include "model/storage/journal.hpp"
#include "sim/memory/crashable_store.hpp"
#include "tests/support/journal_records.hpp"

namespace landfall {
namespace {

using test::Record;
using test::replay_all;

/// What a journal has been asked to hold.
struct Expected {
    bool created = false;
    Generation generation = 5;
    std::uint64_t first_seq = 1;   ///< of the generation
    std::vector<Record> appended;  ///< of the generation
    std::uint64_t durable = 0;
    std::map<std::string, std::uint64_t> commits;
};

/// Performs a random history that depends on its seed only.
class History {
  public:
    History(CrashableStore& store, std::uint64_t seed)
        : store_(store), random_(seed, "test", "history") {
        options_.segment_bytes = 300 + random_.below(700);
        options_.buffer_bytes = random_.below(3) == 0 ? 400 : 1;
    }

    /// Throws PowerLost when the store does; then what is true is between before() and after().
    void run(int steps) {
        after_.created = true;
        journal_ = Journal::create(store_, "j", 5, options_);
        before_ = after_;
        for (int k = 0; k < steps; ++k) {
            step();
            before_ = after_;
        }
    }
    [[nodiscard]] const Expected& before() const { return before_; }
    [[nodiscard]] const Expected& after() const { return after_; }
    [[nodiscard]] const JournalOptions& options() const { return options_; }

  private:
    void step() {
        const std::uint64_t choice = random_.below(20);
        if (choice < 11)
            append();
        else if (choice < 14)
            flush();
        else if (choice < 18)
            commit();
        else if (choice < 19)
            ASSERT_EQ(journal_->trim(), JournalStatus::Ok);
        else if (random_.below(3) == 0)
            start_generation();
    }
    void append() {
        const std::uint64_t seq = after_.first_seq + after_.appended.size();
        after_.appended.push_back(test::random_record(random_, after_.generation, seq, 5));
        const Record& record = after_.appended.back();
        ASSERT_EQ(journal_->append(record.header, record.stamps), JournalStatus::Ok);
        after_.durable = journal_->durable_seq();
    }
    void flush() {
        ASSERT_EQ(journal_->flush(), JournalStatus::Ok);
        after_.durable = after_.first_seq + after_.appended.size() - 1;
        ASSERT_EQ(journal_->durable_seq(), after_.durable);
    }
    void commit() {
        const std::string consumer = random_.below(2) == 0 ? "a" : "b";
        if (!after_.commits.contains(consumer)) {
            after_.commits[consumer] = journal_->first_seq() - 1;
            ASSERT_EQ(journal_->register_consumer(consumer), JournalStatus::Ok);
            return;
        }
        std::uint64_t& committed = after_.commits[consumer];
        committed += random_.below(after_.durable - committed + 1);
        ASSERT_EQ(journal_->commit(consumer, committed), JournalStatus::Ok);
    }
    void start_generation() {
        ++after_.generation;
        after_.first_seq = 1 + random_.below(1000);
        after_.appended.clear();
        after_.durable = after_.first_seq - 1;
        for (auto& [consumer, seq] : after_.commits) seq = after_.first_seq - 1;
        ASSERT_EQ(journal_->start_generation(after_.generation, after_.first_seq),
                  JournalStatus::Ok);
    }

    CrashableStore& store_;
    kernel::RandomStream random_;
    JournalOptions options_;
    std::optional<Journal> journal_;
    Expected before_;
    Expected after_;
};

/// What must hold of a journal that is opened after a crash between `before` and `after`.
void check_recovered(const Journal& journal, const Expected& before, const Expected& after) {
    ASSERT_FALSE(journal.damage()) << journal.damage()->why;
    const bool renewed = journal.generation() != before.generation;
    if (renewed) {
        ASSERT_EQ(journal.generation(), after.generation);
    }
    const Expected& now = renewed || after.generation == before.generation ? after : before;
    const std::uint64_t durable = renewed ? after.durable : before.durable;
    ASSERT_GE(journal.last_seq(), durable);
    ASSERT_LE(journal.last_seq(), now.first_seq + now.appended.size() - 1);
    ASSERT_GE(journal.first_seq(), now.first_seq);
    ReplayEnd end;
    const auto records = replay_all(journal, &end);
    ASSERT_EQ(end.how, Replayed::All);
    ASSERT_EQ(records.size(), journal.last_seq() + 1 - journal.first_seq());
    const auto from =
        now.appended.begin() + static_cast<std::ptrdiff_t>(journal.first_seq() - now.first_seq);
    ASSERT_TRUE(std::equal(records.begin(), records.end(), from));

    std::uint64_t least = ~0ULL;
    for (const auto& [consumer, seq] : now.commits) {
        const auto committed = journal.committed(consumer);
        const auto was = before.commits.find(consumer);
        if (!committed) {
            ASSERT_EQ(was, before.commits.end());
            continue;
        }
        ASSERT_TRUE(committed == seq || (was != before.commits.end() && committed == was->second));
        least = std::min(least, *committed);
    }
    ASSERT_LE(journal.first_seq(), least == ~0ULL ? now.first_seq : least + 1);
}

/// Goes on with a recovered journal as if nothing had happened.
void check_usable(CrashableStore& store, Journal& journal, const JournalOptions& options,
                  kernel::RandomStream& random) {
    auto records = replay_all(journal);
    for (int k = 0; k < 8; ++k) {
        records.push_back(
            test::random_record(random, journal.generation(), journal.last_seq() + 1, 5));
        ASSERT_EQ(journal.append(records.back().header, records.back().stamps), JournalStatus::Ok);
    }
    ASSERT_EQ(journal.flush(), JournalStatus::Ok);
    store.crash([](std::uint64_t) { return 0; });
    const auto again = Journal::open(store, "j", options);
    ASSERT_TRUE(again && !again->damage());
    ASSERT_EQ(replay_all(*again), records);
}

/// Opens the journal, losing power up to `times` times on the way.
std::optional<Journal> open_with_crashes(CrashableStore& store, const JournalOptions& options,
                                         int times, kernel::RandomStream& random) {
    for (int k = 0; k < times; ++k) {
        store.crash_at(store.operations() + random.below(8));
        try {
            (void)Journal::open(store, "j", options);
        } catch (const PowerLost&) {
        }
        store.crash([&](std::uint64_t n) { return random.below(n); });
    }
    return Journal::open(store, "j", options);
}

class JournalCrash : public testing::TestWithParam<std::uint64_t> {};

TEST_P(JournalCrash, LosesNothingDurableAtAnyOperation) {
    constexpr int kSteps = 70;
    constexpr std::uint64_t kDraws = 6;
    const std::uint64_t seed = GetParam();
    CrashableStore quiet;
    History(quiet, seed).run(kSteps);
    ASSERT_FALSE(HasFatalFailure());
    for (std::uint64_t operation = 0; operation < quiet.operations(); ++operation) {
        CrashableStore lost;
        lost.crash_at(operation);
        History history(lost, seed);
        EXPECT_THROW(history.run(kSteps), PowerLost);
        for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
            SCOPED_TRACE("operation " + std::to_string(operation) + ", draw " +
                         std::to_string(draw));
            CrashableStore store = lost;
            kernel::RandomStream random(seed * 1000 + operation, "test", std::to_string(draw));
            // The first two draws are the extremes: nothing unflushed survives, or all of it.
            store.crash([&](std::uint64_t n) {
                return draw == 0 ? 0 : draw == 1 ? n - 1 : random.below(n);
            });
            auto journal =
                open_with_crashes(store, history.options(), static_cast<int>(draw % 3), random);
            ASSERT_TRUE(journal || !history.before().created);
            if (!journal) continue;
            check_recovered(*journal, history.before(), history.after());
            if (HasFatalFailure()) return;
            check_usable(store, *journal, history.options(), random);
            if (HasFatalFailure()) return;
        }
    }
}

TEST_P(JournalCrash, KeepsWhatItFoundAfterItsProcessDied) {
    // What was not flushed is still to be seen when the journal is opened; then power is lost.
    constexpr int kSteps = 70;
    const std::uint64_t seed = GetParam();
    CrashableStore quiet;
    History(quiet, seed).run(kSteps);
    for (std::uint64_t operation = 0; operation < quiet.operations(); ++operation) {
        SCOPED_TRACE("operation " + std::to_string(operation));
        CrashableStore store;
        store.crash_at(operation);
        History history(store, seed);
        EXPECT_THROW(history.run(kSteps), PowerLost);
        store.crash_at(~0ULL);
        const auto found = Journal::open(store, "j", history.options());
        ASSERT_TRUE(found || !history.before().created);
        if (!found) continue;
        store.crash([](std::uint64_t) { return 0; });
        for (const char* copy : {"j/superblock.0", "j/superblock.1"}) {
            CrashableStore rotten = store;
            rotten.flip_bit(copy, 70);
            const auto again = Journal::open(rotten, "j", history.options());
            ASSERT_TRUE(again && !again->damage());
            ASSERT_EQ(again->generation(), found->generation());
            ASSERT_EQ(again->first_seq(), found->first_seq());
            ASSERT_EQ(replay_all(*again), replay_all(*found));
        }
        check_recovered(*found, history.before(), history.after());
        if (HasFatalFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(Histories, JournalCrash, testing::Range<std::uint64_t>(0, 12));

constexpr JournalOptions kSmall{.segment_bytes = 500, .buffer_bytes = 1};

/// Appends `count` records of three sectors; leaves them unflushed.
void append_writes(Journal& journal, std::uint64_t count) {
    const std::vector<Stamp> stamps{1, 2, 3};
    for (std::uint64_t k = 0; k < count; ++k) {
        const RecordHeader header{.generation = journal.generation(),
                                  .disk = DiskId(1),
                                  .seq = journal.last_seq() + 1,
                                  .range = {0, 3}};
        ASSERT_EQ(journal.append(header, stamps), JournalStatus::Ok);
    }
}

void lose_everything_unflushed(CrashableStore& store) {
    store.crash([](std::uint64_t) { return 0; });
}

TEST(JournalOpen, MakesDurableWhatItFound) {
    // A process dies and its unflushed writes are still to be seen; then power is lost as well.
    for (std::uint64_t count = 0; count < 20; ++count) {
        CrashableStore store;
        Journal journal = Journal::create(store, "j", 5, kSmall);
        append_writes(journal, count);
        const auto opened = Journal::open(store, "j", kSmall);
        ASSERT_EQ(opened->durable_seq(), count);
        lose_everything_unflushed(store);
        const auto again = Journal::open(store, "j", kSmall);
        ASSERT_FALSE(again->damage());
        EXPECT_EQ(again->last_seq(), count);
    }
}

TEST(JournalOpen, ClearsDurablyWhatLiesBehindTheEnd) {
    // The second of three records is missing. What open() writes over the third must not be lost
    // where a new second record survives.
    CrashableStore store;
    Journal journal = Journal::create(store, "j", 5, kSmall);
    append_writes(journal, 3);
    const std::vector<std::byte> hole(record_bytes(3));
    store.write(store.list("j/segment")[0], kSegmentHeaderBytes + hole.size(), hole);
    auto opened = Journal::open(store, "j", kSmall);
    ASSERT_EQ(opened->last_seq(), 1U);
    append_writes(*opened, 1);
    bool first = true;  // of the writes that are not durable yet
    const std::uint64_t kept = 2;
    store.crash([&](std::uint64_t) { return std::exchange(first, false) ? 0 : kept; });
    EXPECT_LE(Journal::open(store, "j", kSmall)->last_seq(), 2U);
}

TEST(JournalOpen, RemovesSegmentsThatAreNotOfItsChain) {
    CrashableStore store;
    Journal journal = Journal::create(store, "j", 5, kSmall);
    append_writes(journal, 20);
    ASSERT_EQ(journal.flush(), JournalStatus::Ok);
    const auto names = store.list("j/segment");
    // A generation that was not started: its first segment is there, the superblock is not.
    std::vector<std::byte> bytes;
    append_segment_header(bytes, {.number = 100, .generation = 6, .first_seq = 1});
    store.write("j/segment.0000000000000064", 0, bytes);
    store.write("j/segment.0000000000000000", 0, bytes);  // and one that was trimmed
    const auto opened = Journal::open(store, "j", kSmall);
    ASSERT_TRUE(opened && !opened->damage());
    EXPECT_EQ(store.list("j/segment"), names);
    lose_everything_unflushed(store);
    EXPECT_EQ(store.list("j/segment"), names);
}

TEST(JournalCreate, OverAnOlderOneLeavesTheOldOneOrNoneOrTheNewOne) {
    CrashableStore old;
    Journal journal = Journal::create(old, "j", 5, kSmall);
    append_writes(journal, 20);
    ASSERT_EQ(journal.flush(), JournalStatus::Ok);
    for (std::uint64_t operation = 0;; ++operation) {
        bool done = true;
        for (std::uint64_t draw = 0; draw < 20; ++draw) {
            CrashableStore store = old;
            kernel::RandomStream random(operation, "test", std::to_string(draw));
            store.crash_at(old.operations() + operation);
            try {
                (void)Journal::create(store, "j", 6, kSmall);
            } catch (const PowerLost&) {
                done = false;
            }
            store.crash([&](std::uint64_t n) { return draw == 0 ? 0 : random.below(n); });
            const auto opened = Journal::open(store, "j", kSmall);
            if (!opened) continue;
            ASSERT_FALSE(opened->damage()) << operation << " " << draw;
            ASSERT_EQ(opened->last_seq(), opened->generation() == 5 ? 20U : 0U);
        }
        if (done) break;
    }
}

TEST(JournalTrim, IsNotUndoneByTheLossOfOneSuperblock) {
    for (const char* copy : {"j/superblock.0", "j/superblock.1"}) {
        CrashableStore store;
        Journal journal = Journal::create(store, "j", 5, kSmall);
        append_writes(journal, 20);
        ASSERT_EQ(journal.flush(), JournalStatus::Ok);
        ASSERT_EQ(journal.register_consumer("a"), JournalStatus::Ok);
        ASSERT_EQ(journal.commit("a", 17), JournalStatus::Ok);
        ASSERT_EQ(journal.trim(), JournalStatus::Ok);
        ASSERT_GT(journal.first_seq(), 1U);
        store.flip_bit(copy, 100);
        const auto opened = Journal::open(store, "j", kSmall);
        ASSERT_TRUE(opened && !opened->damage());
        EXPECT_EQ(opened->first_seq(), journal.first_seq());
        EXPECT_EQ(opened->last_seq(), 20U);
    }
}

}  // namespace
}  // namespace landfall
