// tests/unit/units_test.cpp — quantities that cannot overflow or be mixed.
#include "model/base/units.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "model/storage/coalescing.hpp"

namespace landfall {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

template <typename A, typename B>
concept Addable = requires(A a, B b) {
    a + b;
};

TEST(Units, OfDifferentDimensionsDoNotMix) {
    static_assert(Addable<Bytes, Bytes>);
    static_assert(!Addable<Bytes, Duration>);
    static_assert(!Addable<Instant, Instant>);
    static_assert(Addable<Instant, Duration>);
}

TEST(Units, OverflowStopsInsteadOfWrapping) {
    EXPECT_THROW(Bytes(kMost) + Bytes(1), InvariantViolation);
    EXPECT_THROW(Duration(-kMost) - Duration(2), InvariantViolation);
    EXPECT_THROW(Bytes(kMost) * 2, InvariantViolation);
    EXPECT_THROW(days(kMost), InvariantViolation);
    EXPECT_THROW(transfer_time(Bytes(kMost), BytesPerSecond(1)), InvariantViolation);
}

TEST(Units, TransfersNeverEndEarlyAndNeverMoveMore) {
    EXPECT_EQ(transfer_time(Bytes(10), BytesPerSecond(3)), Duration(3'333'333'334));
    EXPECT_EQ(moved_bytes(BytesPerSecond(3), Duration(3'333'333'334)), Bytes(10));
    EXPECT_EQ(moved_bytes(BytesPerSecond(3), Duration(3'333'333'333)), Bytes(9));
    // Beyond 64 bits in between: 4 EiB at 1 GiB/s for one nanosecond more than 2^32 s.
    EXPECT_EQ(moved_bytes(BytesPerSecond(1 << 30), seconds(1LL << 32)), Bytes(1LL << 62));
}

TEST(Coalescing, FollowsTheDirtyBitmapCurve) {
    // U(W)/W for W/N = 0.1, 0.5, 1, 2, 5, 10: exact values of (1 - e^-x) / x.
    const std::pair<double, double> golden[] = {{0.1, 0.9516}, {0.5, 0.7869}, {1, 0.6321},
                                                {2, 0.4323},   {5, 0.1987},   {10, 0.1000}};
    const Bytes set(1'000'000'000);
    for (const auto& [x, share] : golden) {
        const Bytes written(static_cast<std::int64_t>(x * 1e9));
        const Bytes distinct = coalesced(written, set, Bytes(kMost));
        EXPECT_NEAR(static_cast<double>(distinct.count()) / static_cast<double>(written.count()),
                    share, 5e-5)
            << x;
    }
    EXPECT_EQ(coalesced(Bytes(700), std::nullopt, Bytes(500)), Bytes(500));
    EXPECT_EQ(coalesced(Bytes(300), std::nullopt, Bytes(500)), Bytes(300));
}

}  // namespace
}  // namespace landfall
