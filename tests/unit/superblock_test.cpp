// tests/unit/superblock_test.cpp — the old content or the new one, whatever happens to one copy.
#include "model/storage/superblock.hpp"

#include <gtest/gtest.h>

#include "model/storage/journal_state.hpp"
#include "sim/kernel/random_streams.hpp"
#include "sim/memory/crashable_store.hpp"

namespace landfall {
namespace {

using Content = std::vector<std::byte>;

Content content_of(std::uint64_t number) {
    return Content(number % 7, static_cast<std::byte>(number));
}

TEST(Superblock, HasNoContentBeforeTheFirstStore) {
    CrashableStore store;
    const Superblock block(store, "s");
    EXPECT_FALSE(block.content());
    EXPECT_EQ(block.number(), 0U);
}

TEST(Superblock, GivesTheContentStoredLastWhereverItIsRead) {
    CrashableStore store;
    Superblock block(store, "s");
    for (std::uint64_t k = 1; k < 20; ++k) {
        ASSERT_TRUE(block.store(content_of(k)));
        EXPECT_EQ(block.content(), content_of(k));
        const Superblock read(store, "s");
        EXPECT_EQ(read.content(), content_of(k));
        EXPECT_EQ(read.number(), k);
    }
    EXPECT_EQ(store.list(""), (std::vector<std::string>{"s.0", "s.1"}));
    block.remove();
    EXPECT_FALSE(Superblock(store, "s").content());
}

TEST(Superblock, HoldsTheOldContentOrTheNewOneAfterACrash) {
    for (std::uint64_t number = 1; number < 6; ++number) {
        for (std::uint64_t operation = 0; operation < 2; ++operation) {
            for (std::uint64_t draw = 0; draw < 50; ++draw) {
                CrashableStore store;
                Superblock block(store, "s");
                for (std::uint64_t k = 0; k < number; ++k) ASSERT_TRUE(block.store(content_of(k)));
                store.flush_names();
                store.crash_at(store.operations() + operation);
                EXPECT_THROW((void)block.store(content_of(number)), PowerLost);
                kernel::RandomStream random(draw, "test", "superblock");
                store.crash([&](std::uint64_t n) { return random.below(n); });
                Superblock read(store, "s");
                ASSERT_TRUE(read.content());
                ASSERT_TRUE(read.content() == content_of(number - 1) ||
                            read.content() == content_of(number));
                // The next store spares the copy that counts, whichever it is.
                ASSERT_TRUE(read.store(content_of(100)));
                ASSERT_EQ(Superblock(store, "s").content(), content_of(100));
            }
        }
    }
}

TEST(Superblock, LosesAtMostTheLastStoreToAnyFlippedBit) {
    CrashableStore store;
    Superblock block(store, "s");
    for (std::uint64_t k = 1; k <= 5; ++k) ASSERT_TRUE(block.store(content_of(k)));
    for (const std::string& name : store.list("s")) {
        for (std::uint64_t bit = 0; bit < 8 * store.size(name); ++bit) {
            CrashableStore rotten = store;
            rotten.flip_bit(name, bit);
            const Superblock read(rotten, "s");
            ASSERT_TRUE(read.content() == content_of(5) || read.content() == content_of(4))
                << name << " " << bit;
        }
    }
}

TEST(Superblock, LosesNothingOfBothToAnyFlippedBit) {
    CrashableStore store;
    Superblock block(store, "s");
    ASSERT_TRUE(block.store_both(content_of(3)));
    for (const std::string& name : store.list("s")) {
        for (std::uint64_t bit = 0; bit < 8 * store.size(name); ++bit) {
            CrashableStore rotten = store;
            rotten.flip_bit(name, bit);
            const Superblock read(rotten, "s");
            // Behind a shorter content, bytes of an older one may lie and rot.
            ASSERT_EQ(read.content(), content_of(3)) << name << " " << bit;
        }
    }
}

TEST(Superblock, WritesAgainOnceAndThenSaysThatItCannot) {
    CrashableStore store;
    Superblock block(store, "s");
    ASSERT_TRUE(block.store_both(content_of(3)));
    store.short_writes("s", 5);
    ASSERT_TRUE(block.store(content_of(6)));
    EXPECT_EQ(Superblock(store, "s").content(), content_of(6));
    store.short_writes("s", 15);
    store.short_writes("s", 5);
    EXPECT_FALSE(block.store(content_of(5)));
    EXPECT_EQ(block.content(), content_of(6));
    EXPECT_EQ(Superblock(store, "s").content(), content_of(6));
}

TEST(JournalState, ComesBackAsItWasAndNotFromAnyFront) {
    JournalState state{.generation = 7,
                       .first_segment = 3,
                       .first_seq = 99,
                       .sealed = 2,
                       .commits = {{"", 5}, {"a", 0}, {"target", 1234567}}};
    const auto bytes = encode(state);
    EXPECT_EQ(decode_journal_state(bytes), state);
    for (std::size_t length = 0; length < bytes.size(); ++length)
        EXPECT_FALSE(decode_journal_state(std::span(bytes).first(length))) << length;
    auto longer = bytes;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(decode_journal_state(longer));
    state.first_seq = 0;
    EXPECT_FALSE(decode_journal_state(encode(state)));
    state.first_seq = ~0ULL;
    EXPECT_FALSE(decode_journal_state(encode(state)));
}

}  // namespace
}  // namespace landfall
