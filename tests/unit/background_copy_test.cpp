// tests/unit/background_copy_test.cpp — the copy by bitmap, against a source that keeps changing
// and a target that fails.
#include "model/replication/background_copy.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "model/base/stamp_image.hpp"

namespace landfall {
namespace {

/// A source, a target, and a copy between them whose every step a draw may move, fail or cut off.
class CopyWorld {
  public:
    CopyWorld(std::uint64_t seed, std::uint64_t sectors, std::uint64_t grain)
        : random_(seed), source_(sectors), target_(sectors), dirty_(sectors, grain) {
        guest_writes({0, sectors});
        copy_ = std::make_unique<BackgroundCopy>(dirty_, kLimits);
    }

    void step() {
        switch (random_() % 16) {
            case 0:
            case 1:
            case 2: {
                const std::uint64_t first = random_() % source_.sectors();
                guest_writes({first, std::min(source_.sectors() - first, 1 + random_() % 9)});
                break;
            }
            case 3: disconnect(); break;
            case 4: resume(); break;
            default: advance(random_() % 8 == 0);
        }
    }

    void advance(bool fails) {
        if (operations_.empty() || random_() % 3 == 0) {
            if (const auto range = copy_->next()) {
                operations_.push_back({*range, {}});
                return;
            }
        }
        if (operations_.empty()) return;
        const std::size_t k = random_() % operations_.size();
        Operation& operation = operations_[k];
        if (operation.data.empty() && !fails) {
            operation.data.resize(operation.range.count);
            source_.read(operation.range.first, operation.data);
            return;
        }
        // A write that fails may have happened nevertheless, as a whole or in part.
        if (fails && !operation.data.empty()) {
            operation.data.resize(random_() % (operation.data.size() + 1));
        }
        target_.write(operation.range.first, operation.data);
        if (fails) {
            copy_->failed(operation.range);
        } else {
            copy_->completed(operation.range);
        }
        operations_.erase(operations_.begin() + static_cast<std::ptrdiff_t>(k));
    }

    /// S11, and the limits.
    void expect_laws() const {
        const DirtyBitmap outstanding = copy_->outstanding();
        std::vector<Stamp> source(source_.sectors());
        std::vector<Stamp> target(source_.sectors());
        source_.read(0, source);
        target_.read(0, target);
        for (std::uint64_t s = 0; s < source.size(); ++s) {
            ASSERT_TRUE(source[s] == target[s] || outstanding.is_set(s)) << "sector " << s;
        }
        std::uint64_t in_flight = 0;
        for (const auto& operation : operations_) in_flight += operation.range.count;
        ASSERT_EQ(copy_->in_flight(), operations_.size());
        ASSERT_EQ(copy_->sectors_in_flight(), in_flight);
        ASSERT_LE(copy_->in_flight(), kLimits.most_in_flight);
        for (std::size_t a = 0; a < operations_.size(); ++a) {
            ASSERT_LE(operations_[a].range.count, std::max(kLimits.most_sectors, dirty_.grain()));
            for (std::size_t b = 0; b < a; ++b) {
                const auto& x = operations_[a].range;
                const auto& y = operations_[b].range;
                ASSERT_TRUE(x.end() <= y.first || y.end() <= x.first) << "overlap in flight";
            }
        }
    }

    /// The guest stops, the faults too.
    void drain() {
        for (int steps = 0; !copy_->ready(); ++steps) {
            ASSERT_LT(steps, 100000) << "a copy without faults ends";
            advance(false);
        }
    }

    [[nodiscard]] bool equal() const { return source_ == target_; }

  private:
    static constexpr CopyLimits kLimits{.most_in_flight = 3, .most_sectors = 12};

    struct Operation {
        SectorRange range;
        std::vector<Stamp> data;  ///< as read; empty before
    };

    void guest_writes(SectorRange range) {
        source_.fill(range, ++stamp_);
        dirty_.set(range);
    }
    void disconnect() {
        for (const auto& operation : operations_) {
            // What was on its way may have arrived: only the acknowledgement is lost for certain.
            if (random_() % 2 == 0) target_.write(operation.range.first, operation.data);
        }
        operations_.clear();
        copy_->fail_all();
    }
    /// Everything in memory is lost but what a resume needs.
    void resume() {
        DirtyBitmap saved = copy_->outstanding();
        const std::uint64_t cursor = copy_->cursor();
        operations_.clear();
        dirty_.clear_all();
        dirty_.merge(saved);
        copy_ = std::make_unique<BackgroundCopy>(dirty_, kLimits, cursor);
    }

    std::mt19937_64 random_;
    StampImage source_;
    StampImage target_;
    DirtyBitmap dirty_;
    std::unique_ptr<BackgroundCopy> copy_;
    std::vector<Operation> operations_;
    Stamp stamp_ = 0;
};

TEST(BackgroundCopy, EndsWithTheTargetEqualToTheSourceWhateverHappened) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        const std::uint64_t sectors = 40 + seed * 3;
        CopyWorld world(seed, sectors, std::uint64_t{1} << seed % 4);
        for (int step = 0; step < 250; ++step) {
            world.step();
            ASSERT_NO_FATAL_FAILURE(world.expect_laws()) << "seed " << seed << " step " << step;
        }
        ASSERT_NO_FATAL_FAILURE(world.drain()) << "seed " << seed;
        EXPECT_TRUE(world.equal()) << "seed " << seed;
    }
}

TEST(BackgroundCopy, CopiesAgainWhatWasWrittenAfterItWasRead) {
    DirtyBitmap dirty(64, 8);
    dirty.set({0, 8});
    BackgroundCopy copy(dirty);
    const auto operation = copy.next();
    ASSERT_EQ(operation, (SectorRange{0, 8}));
    EXPECT_FALSE(dirty.any()) << "cleared before anybody read";
    dirty.set({3, 1});  // the guest, after the read
    EXPECT_EQ(copy.next(), std::nullopt) << "no second operation on a chunk in flight";
    copy.completed(*operation);
    EXPECT_FALSE(copy.ready());
    EXPECT_EQ(copy.next(), (SectorRange{0, 8}));
}

TEST(BackgroundCopy, TakesUpAFailedRunAgain) {
    DirtyBitmap dirty(64, 8);
    dirty.set({0, 24});
    BackgroundCopy copy(dirty, {.most_in_flight = 16, .most_sectors = 16});
    const auto first = copy.next();
    const auto second = copy.next();
    ASSERT_EQ(first, (SectorRange{0, 16}));
    ASSERT_EQ(second, (SectorRange{16, 8}));
    copy.failed(*first);
    EXPECT_EQ(dirty.dirty_sectors(), 16U);
    copy.fail_all();
    EXPECT_EQ(dirty.dirty_sectors(), 24U);
    EXPECT_EQ(copy.in_flight(), 0U);
    EXPECT_THROW(copy.completed(*second), InvariantViolation) << "it ended before";
}

TEST(BackgroundCopy, CutsARunWhereSomethingIsInFlight) {
    DirtyBitmap dirty(64, 1);
    dirty.set({10, 4});
    BackgroundCopy copy(dirty);
    ASSERT_EQ(copy.next(), (SectorRange{10, 4}));
    dirty.set({5, 20});
    EXPECT_EQ(copy.next(), (SectorRange{14, 11})) << "on from the cursor";
    EXPECT_EQ(copy.next(), (SectorRange{5, 5})) << "round, up to what is in flight";
    EXPECT_EQ(copy.next(), std::nullopt);
}

TEST(BackgroundCopy, ForgetsNothingBehindTheCursorOfAResume) {
    DirtyBitmap dirty(64, 8);
    dirty.set({8, 8});
    dirty.set({48, 8});
    BackgroundCopy copy(dirty, {}, 32);
    EXPECT_EQ(copy.next(), (SectorRange{48, 8}));
    EXPECT_EQ(copy.next(), (SectorRange{8, 8}));
}

/// L5: with a hot chunk that is dirty again after every step, each of n dirty chunks is offered
/// within one round, that is within n operations of one chunk each.
TEST(BackgroundCopy, KeepsNoColdChunkWaitingForAHotOne) {
    constexpr std::uint64_t kChunks = 50;
    for (std::uint64_t hot = 0; hot < kChunks; hot += 7) {
        for (std::uint64_t cursor = 0; cursor <= kChunks; cursor += 10) {
            DirtyBitmap dirty(kChunks, 1);
            dirty.set({0, kChunks});
            BackgroundCopy copy(dirty, {.most_in_flight = 1, .most_sectors = 1}, cursor);
            std::vector<bool> offered(kChunks);
            for (std::uint64_t k = 0; k < kChunks; ++k) {
                const auto operation = copy.next();
                ASSERT_TRUE(operation);
                offered[operation->first] = true;
                copy.completed(*operation);
                dirty.set({hot, 1});
            }
            EXPECT_EQ(std::count(offered.begin(), offered.end(), true),
                      static_cast<std::ptrdiff_t>(kChunks))
                << "hot " << hot << " cursor " << cursor;
        }
    }
}

}  // namespace
}  // namespace landfall
