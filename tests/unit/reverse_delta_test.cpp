// tests/unit/reverse_delta_test.cpp — after a failback the old disk is the new one, and nothing
// that was given up is on it.
#include "model/replication/reverse_delta.hpp"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "model/base/stamp_image.hpp"
#include "sim/kernel/random_streams.hpp"

namespace landfall {
namespace {

constexpr std::uint64_t kSectors = 1003;  // its last chunk is a partial one

class Draw {
  public:
    explicit Draw(std::uint64_t seed) : seed_(seed) {}
    std::uint64_t below(std::uint64_t bound) {
        return kernel::member_seed(seed_, ++count_) % bound;
    }

  private:
    std::uint64_t seed_;
    std::uint64_t count_ = 0;
};

/// A disk whose writes are tracked, stamped with its machine's life.
struct TrackedDisk {
    TrackedDisk(StampImage content, std::uint64_t grain, std::uint16_t its_life)
        : image(std::move(content)), dirty(kSectors, grain), life(its_life) {}

    void write_some(Draw& draw, std::uint64_t most) {
        for (std::uint64_t left = draw.below(most + 1); left > 0; --left) {
            const std::uint64_t first = draw.below(kSectors);
            const SectorRange range{first,
                                    1 + draw.below(std::min<std::uint64_t>(kSectors - first, 24))};
            image.fill(range, make_stamp(life, ++writes));
            dirty.set(range);
        }
    }

    StampImage image;
    DirtyBitmap dirty;
    std::uint16_t life;
    std::uint64_t writes = 0;
};

void copy_blocks(const DirtyBitmap& blocks, const StampImage& from, StampImage& to) {
    std::uint64_t next = 0;
    while (const auto run = blocks.next_run(next, 64)) {
        std::vector<Stamp> stamps(run->count);
        from.read(run->first, stamps);
        to.write(run->first, stamps);
        next = run->end();
        if (next >= blocks.sectors()) return;
    }
}

bool holds_life_after(const StampImage& image, std::uint16_t life, std::uint64_t write) {
    bool found = false;
    image.for_each_touched([&](std::uint64_t, std::span<const Stamp> stamps) {
        for (const Stamp stamp : stamps) {
            if (stamp > make_stamp(life, write) && stamp < make_stamp(life + 1, 0)) found = true;
        }
    });
    return found;
}

/// A failover at a cut, with a tail at the source and a life at the target.
struct FailedOver {
    explicit FailedOver(std::uint64_t seed) : draw(seed) {
        const std::array<std::uint64_t, 3> grains{1, 16, 64};
        source.emplace(StampImage(kSectors), grains[draw.below(3)], std::uint16_t{0});
        source->write_some(draw, 60);
        cut = source->writes;
        target.emplace(source->image, grains[draw.below(3)], std::uint16_t{1});
        source->dirty.clear_all();  // both sides agree up to here
        source->write_some(draw, 30);
        target->write_some(draw, 60);
        situation.sectors = kSectors;
        situation.grain = grains[draw.below(3)];
        situation.cut = cut;
        situation.tail_given_up = true;
        situation.source = {&source->dirty, cut};
        situation.target = {&target->dirty, 0};
    }

    Draw draw;
    std::optional<TrackedDisk> source;
    std::optional<TrackedDisk> target;
    std::uint64_t cut = 0;
    ReverseSituation situation;
};

TEST(ReverseDelta, MakesTheOldDiskEqualAndResurrectsNothing) {
    int tails = 0;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        FailedOver world(seed);
        const ReversePlan plan = plan_reverse(world.situation);
        ASSERT_EQ(plan.method, ReverseMethod::CopyBlocks) << plan.why;
        tails += holds_life_after(world.source->image, 0, world.cut) ? 1 : 0;
        copy_blocks(plan.blocks, world.target->image, world.source->image);
        ASSERT_EQ(world.source->image, world.target->image) << "seed " << seed;
        ASSERT_FALSE(holds_life_after(world.source->image, 0, world.cut)) << "seed " << seed;
    }
    EXPECT_GT(tails, 100);
}

TEST(ReverseDelta, CopiesOnlyWhatEitherSideWrote) {
    FailedOver world(5);
    world.situation.grain = world.target->dirty.grain();
    const ReversePlan plan = plan_reverse(world.situation);
    for (std::uint64_t sector = 0; sector < kSectors; ++sector) {
        if (!world.source->dirty.is_set(sector) && !world.target->dirty.is_set(sector)) continue;
        EXPECT_TRUE(plan.blocks.is_set(sector)) << sector;
    }
    DirtyBitmap either(kSectors, world.situation.grain);
    either.merge(world.source->dirty);
    either.merge(world.target->dirty);
    EXPECT_EQ(plan.blocks, either);
    EXPECT_LT(plan.blocks.dirty_sectors(), kSectors);
}

TEST(ReverseDelta, ComparesWhenEitherBitmapHasAGap) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        FailedOver world(seed);
        ReverseSituation lost = world.situation;
        lost.source = {};
        EXPECT_EQ(plan_reverse(lost).method, ReverseMethod::Compare);
        lost = world.situation;
        lost.target = {};
        EXPECT_EQ(plan_reverse(lost).method, ReverseMethod::Compare);
        lost = world.situation;
        lost.target.after = 1;  // tracked from after power-on only
        EXPECT_EQ(plan_reverse(lost).method, ReverseMethod::Compare);
        lost = world.situation;
        lost.source.after = world.cut + 1;
        EXPECT_EQ(plan_reverse(lost).method, ReverseMethod::Compare);
        EXPECT_EQ(plan_reverse(lost).blocks.dirty_sectors(), kSectors);
        lost.source.after = 0;  // more than needed is as good
        EXPECT_EQ(plan_reverse(lost).method, ReverseMethod::CopyBlocks);
    }
}

TEST(ReverseDelta, DownloadsEverythingWhereNothingIsToBeFound) {
    FailedOver world(1);
    for (bool ReverseSituation::*fact :
         {&ReverseSituation::original_exists, &ReverseSituation::original_location}) {
        ReverseSituation gone = world.situation;
        gone.*fact = false;
        gone.tail_given_up = false;  // there is nothing to overwrite
        const ReversePlan plan = plan_reverse(gone);
        EXPECT_EQ(plan.method, ReverseMethod::FullDownload);
        StampImage fresh(kSectors);
        copy_blocks(plan.blocks, world.target->image, fresh);
        EXPECT_EQ(fresh, world.target->image);
    }
    world.situation.download_wanted = true;
    EXPECT_EQ(plan_reverse(world.situation).method, ReverseMethod::FullDownload);
}

TEST(ReverseDelta, OverwritesATailOnlyOnceItWasGivenUp) {
    FailedOver world(2);
    world.situation.tail_given_up = false;
    ASSERT_TRUE(world.source->dirty.any());
    EXPECT_EQ(plan_reverse(world.situation).method, ReverseMethod::Refuse);
    EXPECT_FALSE(plan_reverse(world.situation).blocks.any());
    ReverseSituation unknown = world.situation;
    unknown.source = {};
    EXPECT_EQ(plan_reverse(unknown).method, ReverseMethod::Refuse) << "there may be a tail";
    world.source->dirty.clear_all();
    EXPECT_EQ(plan_reverse(world.situation).method, ReverseMethod::CopyBlocks);
}

}  // namespace
}  // namespace landfall
