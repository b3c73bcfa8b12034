// tests/unit/activity_log_test.cpp — the ring of an activity log against the set that it stands
// for.
#include "model/storage/activity_log.hpp"

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "model/base/check.hpp"

namespace landfall {
namespace {

using Extents = std::vector<std::uint32_t>;

/// The log, its ring, and a naive list of the active extents, most recently used first.
struct Writer {
    explicit Writer(ActivityLogShape s) : shape(s), log(s), ring(log.empty_ring()) {}

    void use(std::uint32_t extent) {
        const auto at = std::ranges::find(active, extent);
        if (log.touch(extent)) {
            ASSERT_NE(at, active.end());
            active.erase(at);
        } else {
            ASSERT_EQ(at, active.end());
            ring_before = ring;
            active_before = active;
            const auto transaction = log.plan(std::span(&extent, 1));
            ASSERT_EQ(transaction.bytes.size(), ActivityLog::kTransactionBytes);
            std::ranges::copy(transaction.bytes,
                              ring.begin() + static_cast<std::ptrdiff_t>(transaction.offset));
            newest = transaction.offset;
            log.commit(transaction);
            const auto evicted = transaction.updates.front().evicted;
            ASSERT_EQ(evicted.has_value(), active.size() == shape.slots);
            if (evicted) {
                ASSERT_EQ(*evicted, active.back()) << "the least recently used one gives way";
                active.pop_back();
            }
        }
        active.push_front(extent);
    }

    static Extents sorted(const std::deque<std::uint32_t>& extents) {
        Extents out(extents.begin(), extents.end());
        std::ranges::sort(out);
        return out;
    }

    ActivityLogShape shape;
    ActivityLog log;
    std::vector<std::byte> ring;
    std::deque<std::uint32_t> active;
    std::vector<std::byte> ring_before;  ///< and active_before: before the newest transaction
    std::deque<std::uint32_t> active_before;
    std::uint64_t newest = 0;
};

class ActivityLogRing : public testing::TestWithParam<ActivityLogShape> {};

INSTANTIATE_TEST_SUITE_P(Shapes, ActivityLogRing,
                         testing::Values(ActivityLogShape{1, 1}, ActivityLogShape{2, 919},
                                         ActivityLogShape{7, 3}, ActivityLogShape{8, 2},
                                         ActivityLogShape{60, 1}, ActivityLogShape{1237, 919},
                                         ActivityLogShape{2000, 919}),
                         [](const auto& info) {
                             return std::to_string(info.param.slots) + "repeating" +
                                    std::to_string(info.param.repeated);
                         });

TEST_P(ActivityLogRing, GivesBackTheSetAlsoWhenTheNewestTransactionIsTorn) {
    const ActivityLogShape shape = GetParam();
    Writer writer(shape);
    std::mt19937_64 random(shape.slots);
    EXPECT_EQ(ActivityLog::replay(writer.ring, shape), Extents{});
    const std::uint64_t uses = std::min<std::uint64_t>(3 * shape.slots + 60, 2600);
    for (std::uint64_t use = 0; use < uses; ++use) {
        writer.use(static_cast<std::uint32_t>(random() % (2 * shape.slots)));
        if (testing::Test::HasFatalFailure()) return;
        if (shape.slots > 100 && use % 97 != 0) continue;
        ASSERT_EQ(ActivityLog::replay(writer.ring, shape), Writer::sorted(writer.active));
        // A prefix of the newest transaction over what was there: the set before it, or after it
        // if the rest was the same.
        auto torn = writer.ring_before;
        const auto from = static_cast<std::ptrdiff_t>(writer.newest);
        const auto length = static_cast<std::ptrdiff_t>(random() % ActivityLog::kTransactionBytes);
        std::copy_n(writer.ring.begin() + from, length, torn.begin() + from);
        ASSERT_EQ(ActivityLog::replay(torn, shape),
                  Writer::sorted(torn == writer.ring ? writer.active : writer.active_before));
    }
}

TEST(ActivityLog, IsNotBelievedWhenAnOlderTransactionIsDamaged) {
    const ActivityLogShape shape{6, 2};  // four places, three of them needed
    Writer writer(shape);
    for (std::uint32_t extent = 0; extent < 9; ++extent) writer.use(extent);
    const std::uint64_t places = writer.ring.size() / ActivityLog::kTransactionBytes;
    ASSERT_EQ(places, 4U);
    const std::uint64_t newest = writer.newest / ActivityLog::kTransactionBytes;
    for (std::uint64_t back = 1; back < places; ++back) {
        auto ring = writer.ring;
        const std::uint64_t place = (newest + places - back) % places;
        ring[place * ActivityLog::kTransactionBytes + 20] ^= std::byte{1};
        EXPECT_EQ(ActivityLog::replay(ring, shape).has_value(), back == 3) << back << " before";
    }
    writer.ring.pop_back();
    EXPECT_EQ(ActivityLog::replay(writer.ring, shape), std::nullopt) << "a ring cut short";
}

TEST(ActivityLog, MakesSeveralExtentsActiveAtOnce) {
    ActivityLog log({100, 919});
    Extents entering(64);
    for (std::uint32_t k = 0; k < 64; ++k) entering[k] = 3 * k;
    const auto transaction = log.plan(entering);
    log.commit(transaction);
    for (const auto extent : entering) EXPECT_TRUE(log.touch(extent));
    EXPECT_FALSE(log.touch(1));
    EXPECT_EQ(log.most_updates(), 64U);
    EXPECT_EQ(ActivityLog({5, 919}).most_updates(), 5U);
    EXPECT_THROW((void)log.plan(entering), InvariantViolation) << "they are active already";
}

}  // namespace
}  // namespace landfall
