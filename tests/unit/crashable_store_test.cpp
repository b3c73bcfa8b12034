// tests/unit/crashable_store_test.cpp — what is durable stays, what is not may go, and nothing is
// invented.
#include "sim/memory/crashable_store.hpp"

#include <set>

#include <gtest/gtest.h>

#include "model/base/check.hpp"

namespace landfall {
namespace {

std::vector<std::byte> bytes(std::string_view text) {
    std::vector<std::byte> out;
    for (const char c : text) out.push_back(static_cast<std::byte>(c));
    return out;
}

std::string text(const StableStore& store, std::string_view name) {
    std::string out;
    for (const std::byte b : store.read(name, 0, store.size(name)))
        out.push_back(static_cast<char>(b));
    return out;
}

/// Answers each draw with the next digit of a number in mixed radix, so that counting up from 0
/// visits every course a crash can take.
class EveryDraw {
  public:
    explicit EveryDraw(std::uint64_t course) : rest_(course) {}
    std::uint64_t operator()(std::uint64_t n) {
        const std::uint64_t digit = rest_ % n;
        rest_ /= n;
        return digit;
    }
    [[nodiscard]] bool is_past_the_last() const { return rest_ > 0; }

  private:
    std::uint64_t rest_;
};

/// What `object` can hold after a crash of `store`; "-" when it is not there.
std::set<std::string> outcomes(const CrashableStore& store, std::string_view object) {
    std::set<std::string> seen;
    for (std::uint64_t course = 0; course < 5000; ++course) {
        CrashableStore crashed = store;
        EveryDraw draw(course);
        crashed.crash([&](std::uint64_t n) { return draw(n); });
        if (draw.is_past_the_last()) continue;
        seen.insert(crashed.exists(object) ? text(crashed, object) : "-");
    }
    return seen;
}

TEST(CrashableStore, ShowsAWriteAtOnce) {
    CrashableStore store;
    store.write("a", 0, bytes("hello"));
    store.write("a", 3, bytes("p!"));
    EXPECT_EQ(text(store, "a"), "help!");
    EXPECT_EQ(store.size("a"), 5U);
    EXPECT_EQ(store.read("a", 4, 100), bytes("!"));
    EXPECT_TRUE(store.read("a", 5, 1).empty());
    EXPECT_TRUE(store.read("b", 0, 1).empty());
    EXPECT_FALSE(store.exists("b"));
}

TEST(CrashableStore, ListsNamesWithAPrefixInOrder) {
    CrashableStore store;
    for (const char* name : {"b/2", "a", "b/1", "c", "b"}) store.write(name, 0, bytes("x"));
    store.remove("b/2");
    EXPECT_EQ(store.list("b"), (std::vector<std::string>{"b", "b/1"}));
    EXPECT_EQ(store.list(""), (std::vector<std::string>{"a", "b", "b/1", "c"}));
}

TEST(CrashableStore, KeepsWhatWasFlushedThroughEveryCrash) {
    CrashableStore store;
    store.write("a", 0, bytes("abc"));
    store.flush("a");
    store.flush_names();
    EXPECT_EQ(outcomes(store, "a"), (std::set<std::string>{"abc"}));
}

TEST(CrashableStore, LosesANameThatWasNotFlushedWithAllItsFlushedContent) {
    CrashableStore store;
    store.write("a", 0, bytes("abc"));
    store.flush("a");
    EXPECT_EQ(outcomes(store, "a"), (std::set<std::string>{"-", "abc"}));
    store.flush_names();
    store.remove("a");
    EXPECT_EQ(outcomes(store, "a"), (std::set<std::string>{"-", "abc"}));
    store.flush_names();
    EXPECT_EQ(outcomes(store, "a"), (std::set<std::string>{"-"}));
}

TEST(CrashableStore, KeepsDropsOrTearsEachUnflushedWriteByItself) {
    CrashableStore store;
    store.write("a", 0, bytes("...."));
    store.flush("a");
    store.flush_names();
    store.write("a", 0, bytes("ab"));
    store.write("a", 2, bytes("cd"));
    EXPECT_EQ(outcomes(store, "a"), (std::set<std::string>{"....", "a...", "ab..", "..c.", "..cd",
                                                           "a.c.", "a.cd", "abc.", "abcd"}));
}

TEST(CrashableStore, MayKeepTheOldObjectOrTheNewOneUnderANameThatWasGivenAgain) {
    CrashableStore store;
    store.write("a", 0, bytes("old"));
    store.flush("a");
    store.flush_names();
    store.remove("a");
    store.write("a", 0, bytes("new"));
    store.flush("a");
    EXPECT_EQ(text(store, "a"), "new");
    EXPECT_EQ(outcomes(store, "a"), (std::set<std::string>{"-", "old", "new"}));
}

TEST(CrashableStore, StopsAtTheChosenOperationUntilPowerIsBack) {
    CrashableStore store;
    store.write("a", 0, bytes("a"));
    store.crash_at(2);
    store.flush("a");
    EXPECT_EQ(store.operations(), 2U);
    EXPECT_THROW(store.flush_names(), PowerLost);
    EXPECT_THROW(store.write("b", 0, bytes("b")), PowerLost);
    EXPECT_THROW(store.remove("a"), PowerLost);
    EXPECT_EQ(store.operations(), 2U);
    store.crash([](std::uint64_t n) { return n - 1; });
    EXPECT_EQ(text(store, "a"), "a");
    EXPECT_FALSE(store.exists("b"));
    store.write("b", 0, bytes("b"));
    EXPECT_EQ(store.operations(), 3U);
}

TEST(CrashableStore, FlipsABitThatStaysFlipped) {
    CrashableStore store;
    store.write("a", 0, bytes("ab"));
    store.flush("a");
    store.flush_names();
    store.flip_bit("a", 9);  // 'b' is 0x62; bit 1 of it makes '`'
    EXPECT_EQ(text(store, "a"), "a`");
    EXPECT_EQ(outcomes(store, "a"), (std::set<std::string>{"a`"}));
    EXPECT_THROW(store.flip_bit("a", 16), InvariantViolation);
}

TEST(CrashableStore, StoresTheFrontOfOneWriteOnlyWhenToldTo) {
    CrashableStore store;
    store.short_writes("log/", 2);
    store.write("other", 0, bytes("abcd"));
    store.write("log/1", 0, bytes("ab"));
    store.write("log/1", 2, bytes("cdef"));
    store.write("log/2", 0, bytes("abcd"));
    EXPECT_EQ(text(store, "other"), "abcd");
    EXPECT_EQ(text(store, "log/1"), "abcd");
    EXPECT_EQ(text(store, "log/2"), "abcd");
}

}  // namespace
}  // namespace landfall
