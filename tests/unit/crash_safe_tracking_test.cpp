// tests/unit/crash_safe_tracking_test.cpp — S11 across crashes at every persistence operation, and
// what each policy costs.
#include "model/storage/crash_safe_tracking.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/memory/crashable_store.hpp"

namespace landfall {
namespace {

constexpr std::uint64_t kSectors = 509;  // of extents of 16 and chunks of 4: both end in a part
constexpr DiskGeometry kDisk{kSectors, Bytes(4096)};

TrackingSettings settings_of(TrackingPolicy policy, ActivityLogShape log = {3, 2}) {
    return {.policy = policy, .grain = 4, .extent_sectors = 16, .log = log};
}

DirtyBitmap clean() {
    return {kSectors, 4};
}

/// A history that a seed decides, and which sectors the replica lacks for certain.
class History {
  public:
    History(CrashableStore& store, TrackingSettings settings, std::uint64_t seed)
        : store_(store), settings_(settings), random_(seed) {}

    /// Throws PowerLost when the store does.
    void run(int steps) {
        if (!tracking_) start();
        for (int k = 0; k < steps; ++k) step();
    }
    void after_crash() { tracking_.reset(); }

    void expect_superset(const DirtyBitmap& dirty) const {
        for (std::uint64_t s = 0; s < kSectors; ++s) {
            ASSERT_TRUE(dirty.is_set(s) || !lacking_[s]) << "sector " << s << " is forgotten";
        }
    }
    /// Writes and closes that the store did not take.
    [[nodiscard]] int refused() const { return refused_; }
    /// Some life has begun: from then on there is something to recover.
    [[nodiscard]] bool begun() const { return started_; }
    [[nodiscard]] std::uint64_t draw(std::uint64_t n) { return random_() % n; }
    [[nodiscard]] CrashSafeTracking& tracking() { return *tracking_; }

  private:
    void start() {
        auto found = CrashSafeTracking::recover(store_, "d", kDisk, settings_.grain);
        // Nothing stored is nothing written, the first time only.
        if (!started_) found.dirty.clear_all();
        tracking_.emplace(store_, "d", kDisk, settings_, found.dirty);
        started_ = true;
    }

    SectorRange some_range(std::uint64_t most) {
        const std::uint64_t first = random_() % kSectors;
        return {first, std::min(kSectors - first, 1 + random_() % most)};
    }

    void step() {
        switch (random_() % 8) {
            case 0:
            case 1: acknowledge(); break;
            case 2: tracking_->write_back(); break;
            case 3:
                if (random_() % 3 == 0) {
                    refused_ += tracking_->clean_close() ? 0 : 1;
                    tracking_.reset();
                    start();
                    break;
                }
                [[fallthrough]];
            default: {
                const SectorRange range = some_range(random_() % 10 == 0 ? 100 : 12);
                if (!tracking_->before_write(range)) {
                    ++refused_;  // and the guest is not told that it wrote
                    break;
                }
                std::fill_n(lacking_.begin() + static_cast<std::ptrdiff_t>(range.first),
                            range.count, true);
            }
        }
    }

    void acknowledge() {
        const SectorRange range = some_range(200);
        DirtyBitmap newer(kSectors, 2);
        newer.set(some_range(30));
        tracking_->acknowledged(range, newer);
        for (auto s = range.first; s < range.end(); ++s) {
            if (!newer.is_set(s)) lacking_[s] = false;
        }
    }

    CrashableStore& store_;
    TrackingSettings settings_;
    std::mt19937_64 random_;
    std::optional<CrashSafeTracking> tracking_;
    std::vector<bool> lacking_ = std::vector<bool>(kSectors);
    bool started_ = false;
    int refused_ = 0;
};

struct Case {
    const char* name;
    TrackingSettings settings;
};

class TrackingAcrossCrashes : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(
    Policies, TrackingAcrossCrashes,
    testing::Values(Case{"ActivityLog", settings_of(TrackingPolicy::ActivityLog)},
                    Case{"ActivityLogOfOneSlot", settings_of(TrackingPolicy::ActivityLog, {1, 1})},
                    Case{"ActivityLogOfManySlots",
                         settings_of(TrackingPolicy::ActivityLog, {9, 2})},
                    Case{"IntentBit", settings_of(TrackingPolicy::IntentBit)},
                    Case{"CleanFlag", settings_of(TrackingPolicy::CleanFlag)}),
    [](const auto& info) { return info.param.name; });

TEST_P(TrackingAcrossCrashes, ForgetNothingWhicheverOperationTheyHit) {
    const TrackingSettings settings = GetParam().settings;
    constexpr int kSteps = 14;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        CrashableStore whole;
        History(whole, settings, seed).run(kSteps);
        for (std::uint64_t at = 0; at <= whole.operations(); ++at) {
            for (std::uint64_t survival = 0; survival < 4; ++survival) {
                CrashableStore store;
                History history(store, settings, seed);
                std::mt19937_64 random(survival);
                const auto draw = [&](std::uint64_t n) { return random() % n; };
                store.crash_at(at);
                // Crashes, recovers and goes on; the second crash comes at a random operation.
                for (int life = 0; life < 3; ++life) {
                    bool lost = false;
                    try {
                        history.run(kSteps);
                    } catch (const PowerLost&) {
                        lost = true;
                    }
                    ASSERT_EQ(history.refused(), 0);
                    history.after_crash();
                    store.crash(draw);
                    const auto found = CrashSafeTracking::recover(store, "d", kDisk, 4);
                    ASSERT_NO_FATAL_FAILURE(history.expect_superset(found.dirty))
                        << "seed " << seed << " operation " << at << " survival " << survival
                        << " life " << life << (lost ? " lost power" : "");
                    if (history.begun() && settings.policy != TrackingPolicy::CleanFlag) {
                        ASSERT_FALSE(found.full_compare_needed) << "no crash costs the bitmap";
                    }
                    store.crash_at(store.operations() + 1 + draw(40));
                }
            }
        }
    }
}

TEST_P(TrackingAcrossCrashes, LoseNothingToWritesThatTheStoreCutsShort) {
    const TrackingSettings settings = GetParam().settings;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        CrashableStore store;
        History history(store, settings, seed);
        history.run(3);
        for (int k = 0; k < 6; ++k) {
            store.short_writes(k % 2 == 0 ? "d/log" : "d/bitmap", 100 * seed);
            history.run(4);
        }
        history.after_crash();
        store.crash([&](std::uint64_t n) { return history.draw(n); });
        const auto found = CrashSafeTracking::recover(store, "d", kDisk, 4);
        ASSERT_NO_FATAL_FAILURE(history.expect_superset(found.dirty)) << "seed " << seed;
    }
}

TEST_P(TrackingAcrossCrashes, LoseNothingWhenOneCopyOfTheStateRots) {
    for (const char* copy : {"d/state.0", "d/state.1"}) {
        CrashableStore store;
        History history(store, GetParam().settings, 5);
        history.run(20);
        store.flip_bit(copy, 8 * 20);
        const auto found = CrashSafeTracking::recover(store, "d", kDisk, 4);
        ASSERT_NO_FATAL_FAILURE(history.expect_superset(found.dirty));
    }
}

/// The life before was closed in order and, its removal being lost, can still be read: believing it
/// would forget all of this life.
TEST_P(TrackingAcrossCrashes, NeverGoBackToALifeBefore) {
    for (const char* copy : {"d/state.0", "d/state.1"}) {
        CrashableStore store;
        CrashSafeTracking before(store, "d", kDisk, GetParam().settings, clean());
        ASSERT_TRUE(before.clean_close());
        CrashSafeTracking now(store, "d", kDisk, GetParam().settings, clean());
        ASSERT_TRUE(now.before_write({40, 1}));
        store.crash([](std::uint64_t) { return 0U; });
        store.flip_bit(copy, 8 * 20);
        EXPECT_TRUE(CrashSafeTracking::recover(store, "d", kDisk, 4).dirty.is_set(40)) << copy;
    }
}

TEST_P(TrackingAcrossCrashes, ClosedInOrderLeaveExactlyWhatIsDirty) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        CrashableStore store;
        History history(store, GetParam().settings, seed);
        history.run(20);
        ASSERT_TRUE(history.tracking().clean_close());
        store.crash([&](std::uint64_t n) { return history.draw(n); });
        const auto found = CrashSafeTracking::recover(store, "d", kDisk, 4);
        EXPECT_FALSE(found.full_compare_needed);
        EXPECT_EQ(found.dirty, history.tracking().dirty());
        EXPECT_THROW((void)history.tracking().before_write({0, 1}), InvariantViolation);
    }
}

TEST(CrashSafeTracking, RefusesAWriteThatTheStoreDoesNotTake) {
    for (const auto policy : {TrackingPolicy::ActivityLog, TrackingPolicy::IntentBit}) {
        CrashableStore store;
        CrashSafeTracking tracking(store, "d", kDisk, settings_of(policy), clean());
        store.short_writes("d/", 1);
        store.short_writes("d/", 1);
        EXPECT_FALSE(tracking.before_write({100, 4}));
        EXPECT_TRUE(tracking.before_write({100, 4})) << "the store works again";
        store.crash([](std::uint64_t) { return 0U; });
        EXPECT_TRUE(CrashSafeTracking::recover(store, "d", kDisk, 4).dirty.is_set(100));
    }
}

/// With one bit cleared in memory only, a rewrite of its page that fails may have cleared it in
/// storage: the next write to the chunk has to store it again.
TEST(CrashSafeTracking, DoesNotTrustAPageWhoseRewriteFailed) {
    CrashableStore store;
    CrashSafeTracking tracking(store, "d", kDisk, settings_of(TrackingPolicy::IntentBit), clean());
    ASSERT_TRUE(tracking.before_write({0, 4}));
    tracking.acknowledged({0, 4}, clean());
    store.short_writes("d/", 1);
    store.short_writes("d/", 1);
    ASSERT_FALSE(tracking.before_write({400, 4}));  // its bit lies beyond the byte that is written
    ASSERT_TRUE(tracking.before_write({0, 4}));
    store.crash([](std::uint64_t) { return 0U; });
    EXPECT_TRUE(CrashSafeTracking::recover(store, "d", kDisk, 4).dirty.is_set(0));
}

TEST(CrashSafeTracking, GoesOnInAnotherGrainAndByAnotherPolicy) {
    CrashableStore store;
    CrashSafeTracking fine(store, "d", kDisk, settings_of(TrackingPolicy::IntentBit), clean());
    ASSERT_TRUE(fine.before_write({17, 1}));
    auto found = CrashSafeTracking::recover(store, "d", kDisk, 16);
    EXPECT_EQ(found.dirty.next(0), (SectorRange{16, 16}));
    auto settings = settings_of(TrackingPolicy::CleanFlag);
    settings.grain = 16;
    CrashSafeTracking coarse(store, "d", kDisk, settings, found.dirty);
    ASSERT_TRUE(coarse.before_write({200, 1}));
    EXPECT_TRUE(CrashSafeTracking::recover(store, "d", kDisk, 16).full_compare_needed);
    EXPECT_TRUE(coarse.clean_close());
    found = CrashSafeTracking::recover(store, "d", kDisk, 16);
    EXPECT_FALSE(found.full_compare_needed);
    EXPECT_EQ(found.dirty.count(), 2U);
}

TEST(CrashSafeTracking, NeedsAFullCompareWhenNothingCanBeBelieved) {
    CrashableStore store;
    const auto nothing = CrashSafeTracking::recover(store, "d", kDisk, 4);
    EXPECT_TRUE(nothing.full_compare_needed);
    EXPECT_EQ(nothing.dirty.dirty_sectors(), kSectors);
    CrashSafeTracking tracking(store, "d", kDisk, settings_of(TrackingPolicy::ActivityLog),
                               clean());
    EXPECT_FALSE(CrashSafeTracking::recover(store, "d", kDisk, 4).full_compare_needed);
    const DiskGeometry larger{kSectors + 1, Bytes(4096)};
    EXPECT_TRUE(CrashSafeTracking::recover(store, "d", larger, 4).full_compare_needed);
    const auto ring = store.list("d/log");
    ASSERT_EQ(ring.size(), 1U);
    for (int k = 0; k < 3; ++k) ASSERT_TRUE(tracking.before_write({16U * k, 1}));
    store.flip_bit(ring.front(), 8 * ActivityLog::kTransactionBytes + 5);
    EXPECT_TRUE(CrashSafeTracking::recover(store, "d", kDisk, 4).full_compare_needed);
}

/// DRBD's default: 1237 extents of 4 MiB, which is 4.83 GiB.
TEST(CrashSafeTracking, HasABoundOnWhatACrashMakesDirty) {
    const DiskGeometry large{(std::uint64_t{2} << 40) / 4096, Bytes(4096)};
    TrackingSettings settings;
    EXPECT_EQ(crash_resync_bound(large, settings), mebibytes(1237 * 4));
    EXPECT_NEAR(static_cast<double>(crash_resync_bound(large, settings).count()) /
                    static_cast<double>(gibibytes(1).count()),
                4.83, 0.005);
    EXPECT_EQ(crash_resync_bound({256, Bytes(4096)}, settings), mebibytes(1)) << "a small disk";
    settings.policy = TrackingPolicy::IntentBit;
    EXPECT_EQ(crash_resync_bound(large, settings), Bytes(0));
    settings.policy = TrackingPolicy::CleanFlag;
    EXPECT_EQ(crash_resync_bound(large, settings), gibibytes(2048));
}

TEST(CrashSafeTracking, StaysWithinItsBoundAfterACrash) {
    constexpr std::uint64_t kLarge = 102'400;  // whole extents
    const DiskGeometry disk{kLarge, Bytes(4096)};
    for (const auto policy : {TrackingPolicy::ActivityLog, TrackingPolicy::IntentBit}) {
        auto settings = settings_of(policy, {20, 7});
        settings.extent_sectors = 256;
        CrashableStore store;
        CrashSafeTracking tracking(store, "d", disk, settings, DirtyBitmap(kLarge, 4));
        const DirtyBitmap none(kLarge, 4);
        std::mt19937_64 random(3);
        for (int k = 0; k < 500; ++k) {
            const SectorRange range{random() % kLarge, 1};
            ASSERT_TRUE(tracking.before_write(range));
            tracking.acknowledged({range.first & ~std::uint64_t{3}, 4}, none);
        }
        tracking.write_back();
        store.crash([](std::uint64_t) { return 0U; });
        // The replica has everything: all that a crash leaves dirty is the policy's price.
        const auto found = CrashSafeTracking::recover(store, "d", disk, 4);
        EXPECT_EQ(disk.sector_size * static_cast<std::int64_t>(found.dirty.dirty_sectors()),
                  crash_resync_bound(disk, settings));
    }
}

/// The trade of A4, in persistence operations of a hot and a cold workload.
TEST(CrashSafeTracking, CostsWhatItsPolicyPromises) {
    struct Trade {
        TrackingPolicy policy;
        PersistenceCost hot, cold;
    };
    // Hot: 100 writes into one extent. Cold: one write into each of 30 extents, with three slots,
    // so 27 evictions; all bits lie in one page, which is written when an evicted extent has bits
    // that are not stored. Each such write stores those of the entering and the active ones too,
    // so every fourth eviction needs one, from the first: 7 of 27.
    for (const auto& [policy, hot, cold] :
         {Trade{TrackingPolicy::CleanFlag, {0, 0}, {0, 0}},
          Trade{TrackingPolicy::ActivityLog, {1, 1}, {30 + 7, 30 + 7}},
          Trade{TrackingPolicy::IntentBit, {4, 4}, {30, 30}}}) {
        CrashableStore store;
        CrashSafeTracking warm(store, "a", kDisk, settings_of(policy), clean());
        for (std::uint64_t k = 0; k < 100; ++k) ASSERT_TRUE(warm.before_write({k % 16, 1}));
        EXPECT_EQ(warm.cost(), hot);  // by intent: one page write for each of the extent's chunks
        CrashSafeTracking wide(store, "b", kDisk, settings_of(policy), clean());
        for (std::uint64_t k = 0; k < 30; ++k) ASSERT_TRUE(wide.before_write({k * 16, 1}));
        EXPECT_EQ(wide.cost().writes, cold.writes);
        EXPECT_EQ(wide.cost().flushes, cold.flushes);
    }
}

}  // namespace
}  // namespace landfall
