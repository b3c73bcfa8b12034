// tests/unit/fencing_token_test.cpp — an old life writes nothing after a newer one has.
#include "model/replication/fencing_token.hpp"

#include <gtest/gtest.h>

namespace landfall {
namespace {

TEST(FencingToken, AdmitsNoLowerGenerationAfterAHigherOne) {
    // Every sequence of five writes by four generations.
    for (unsigned code = 0; code < 4 * 4 * 4 * 4 * 4; ++code) {
        FencingToken token;
        Generation highest = 0;
        for (unsigned rest = code, k = 0; k < 5; ++k, rest /= 4) {
            const Generation generation = rest % 4;
            EXPECT_EQ(token.admit(generation), generation >= highest);
            highest = std::max(highest, generation);
            EXPECT_EQ(token.highest(), highest);
        }
    }
}

TEST(FencingToken, FencesBeforeTheFirstWriteOfTheNewLife) {
    FencingToken token(3);
    token.raise(4);
    EXPECT_FALSE(token.admit(3));
    EXPECT_TRUE(token.admit(4));
    token.raise(2);
    EXPECT_EQ(token.highest(), 4U) << "a fence is never lowered";
    FencingToken restarted(token.highest());
    EXPECT_FALSE(restarted.admit(3));
}

TEST(Lease, IsNeverHeldByTwoWhoseClocksErrWithinTheMargin) {
    const Lease lease{Instant(seconds(10)), seconds(2)};
    for (std::int64_t now = 0; now < 20; ++now) {
        for (std::int64_t holder = -2; holder <= 2; ++holder) {
            for (std::int64_t taker = -2; taker <= 2; ++taker) {
                EXPECT_FALSE(lease.holder_may_write(Instant(seconds(now + holder))) &&
                             lease.taker_may_start(Instant(seconds(now + taker))));
            }
        }
    }
    EXPECT_TRUE(lease.holder_may_write(Instant(seconds(7))));
    EXPECT_TRUE(lease.taker_may_start(Instant(seconds(12))));
}

}  // namespace
}  // namespace landfall
