// tests/unit/oracle_history_test.cpp — the history of writes, images of it, sets of sectors.
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"
#include "sim/lab/write_history.hpp"

namespace landfall::lab {
namespace {

const DiskId kDisk(0);

GuestWrite write_of(Stamp stamp, std::int64_t at, std::uint64_t first, std::uint64_t count) {
    return {.stamp = stamp, .at = Instant(Duration(at)), .range = {first, count}};
}

Instant instant(std::int64_t at) {
    return Instant(Duration(at));
}

std::vector<Stamp> content_of(const StampImage& image) {
    std::vector<Stamp> content(image.sectors());
    image.read(0, content);
    return content;
}

TEST(SectorSet, HoldsWhatASetOfNumbersHolds) {
    kernel::RandomStream random(5, "test", "sectors");
    SectorSet set;
    for (int round = 0; round < 50; ++round) {
        std::set<std::uint64_t> truth;
        for (std::uint64_t k = random.below(40); k > 0; --k) {
            const SectorRange range{random.below(20'000), random.below(200)};
            set.insert(range);
            for (std::uint64_t s = range.first; s < range.end(); ++s) truth.insert(s);
            if (random.below(3) == 0 && !truth.empty()) {
                const std::uint64_t gone = *truth.begin();
                set.erase(gone);
                truth.erase(gone);
            }
        }
        std::set<std::uint64_t> walked;
        set.for_each_run([&](SectorRange run) {
            for (std::uint64_t s = run.first; s < run.end(); ++s) {
                EXPECT_TRUE(walked.empty() || s > *walked.rbegin());
                walked.insert(s);
            }
        });
        EXPECT_EQ(walked, truth);
        EXPECT_EQ(set.count(), truth.size());
        set.clear();
        EXPECT_TRUE(set.empty());
    }
}

TEST(WriteHistory, ACutHoldsEveryWriteBeforeItAndNoneFromItOn) {
    WriteHistory history(std::vector<DiskGeometry>{{.sectors = 8}});
    history.add(kDisk, write_of(1, 10, 0, 4));
    history.add(kDisk, write_of(2, 20, 2, 4));
    history.add(kDisk, write_of(3, 20, 0, 1));
    EXPECT_EQ(history.position(kDisk, instant(10)), 0U);
    EXPECT_EQ(history.position(kDisk, instant(11)), 1U);
    EXPECT_EQ(history.position(kDisk, instant(20)), 1U);
    EXPECT_EQ(history.position(kDisk, instant(21)), 3U);
    EXPECT_EQ(history.content_at(kDisk, 2, instant(20)), 1U);
    EXPECT_EQ(history.content_at(kDisk, 2, instant(21)), 2U);
    EXPECT_EQ(history.next_write(kDisk, 0, 1), 2U);
    EXPECT_EQ(history.next_write(kDisk, 7, 0), kNoWrite);
}

TEST(WriteHistory, TakesNoWriteOutOfOrderOrOffTheDisk) {
    WriteHistory history(std::vector<DiskGeometry>{{.sectors = 8}});
    history.add(kDisk, write_of(5, 10, 0, 4));
    for (const GuestWrite& wrong :
         {write_of(5, 11, 0, 1), write_of(4, 11, 0, 1), write_of(6, 9, 0, 1), write_of(6, 11, 7, 2),
          write_of(6, 11, ~std::uint64_t{0}, 2)}) {
        EXPECT_FALSE(history.fits(kDisk, wrong));
        EXPECT_THROW(history.add(kDisk, wrong), InvariantViolation);
    }
}

// The straightforward history: a list of whole contents.
TEST(WriteHistory, AgreesWithAListOfWholeContentsThroughRewindsAndGrowth) {
    kernel::RandomStream random(11, "test", "history");
    for (int round = 0; round < 40; ++round) {
        std::uint64_t sectors = 600 + random.below(600);
        WriteHistory history(std::vector<DiskGeometry>{{.sectors = sectors}});
        std::vector<std::vector<Stamp>> contents(1, std::vector<Stamp>(2400));
        std::vector<std::int64_t> times;
        ShadowImage shadow(kDisk);
        shadow.keep_hash();
        std::int64_t at = 0;
        std::uint16_t life = 0;
        std::uint64_t number = 0;
        for (int step = 0; step < 200; ++step) {
            at += static_cast<std::int64_t>(random.below(3));
            if (random.below(40) == 0) {
                const Instant cut = instant(static_cast<std::int64_t>(random.below(at + 1)));
                const std::uint64_t keep = history.position(kDisk, cut);
                const Stamp newest = times.empty() ? 0 : history.stamp(kDisk, times.size() - 1);
                history.rewind(kDisk, cut, Instant::never());
                EXPECT_EQ(history.given_up(kDisk, newest), keep < times.size());
                times.resize(keep);
                contents.resize(keep + 1);
                ++life;
                number = 0;
            } else if (random.below(60) == 0 && sectors < 2000) {
                sectors += random.below(400);
                history.resize(kDisk, {.sectors = sectors}, instant(at));
            } else {
                sectors = history.geometry(kDisk, Instant::never()).sectors;
                const std::uint64_t first = random.below(sectors);
                const std::uint64_t count =
                    random.below(std::min<std::uint64_t>(sectors - first, 9) + 1);
                const Stamp stamp = make_stamp(life, ++number);
                history.add(kDisk, write_of(stamp, at, first, count));
                times.push_back(at);
                contents.push_back(contents.back());
                std::fill_n(contents.back().begin() + static_cast<std::ptrdiff_t>(first), count,
                            stamp);
            }
            ASSERT_EQ(history.count(kDisk), times.size());
            const std::uint64_t position = random.below(times.size() + 1);
            shadow.advance(history, position, nullptr);
            const std::vector<Stamp> seen = content_of(shadow.image());
            ASSERT_TRUE(std::equal(seen.begin(), seen.end(), contents[position].begin()));
            std::uint64_t hash = 0;
            for (std::uint64_t s = 0; s < seen.size(); ++s) hash += content_hash(kDisk, s, seen[s]);
            ASSERT_EQ(shadow.hash(), hash);
            const Instant cut = instant(static_cast<std::int64_t>(random.below(at + 2)));
            const std::uint64_t sector = random.below(seen.size());
            ASSERT_EQ(history.content_at(kDisk, sector, cut),
                      contents[history.position(kDisk, cut)][sector]);
            if (!times.empty()) {
                const std::uint64_t index = random.below(times.size());
                EXPECT_EQ(history.index_of(kDisk, history.stamp(kDisk, index)), index);
            }
        }
    }
}

TEST(ShadowImage, NamesTheSectorsThatItChangesOnTheWay) {
    WriteHistory history(std::vector<DiskGeometry>{{.sectors = 100}});
    history.add(kDisk, write_of(1, 1, 3, 2));
    history.add(kDisk, write_of(2, 2, 50, 1));
    history.add(kDisk, write_of(3, 3, 4, 3));
    ShadowImage shadow(kDisk);
    SectorSet changed;
    EXPECT_TRUE(shadow.advance(history, 1, nullptr));
    EXPECT_TRUE(shadow.advance(history, 3, &changed));
    EXPECT_EQ(changed.count(), 4U);
    EXPECT_FALSE(changed.contains(3));
    EXPECT_TRUE(changed.contains(50));
    EXPECT_FALSE(shadow.advance(history, 2, nullptr));  // backwards: built anew
    EXPECT_EQ(shadow.image().at(6), 0U);
}

TEST(WriteHistory, AResizeHoldsForCutsBehindIt) {
    WriteHistory history(std::vector<DiskGeometry>{{.sectors = 10}});
    history.resize(kDisk, {.sectors = 20}, instant(100));
    EXPECT_EQ(history.geometry(kDisk, instant(100)).sectors, 10U);
    EXPECT_EQ(history.geometry(kDisk, instant(101)).sectors, 20U);
    history.rewind(kDisk, instant(50), instant(101));
    EXPECT_EQ(history.geometry(kDisk, Instant::never()).sectors, 10U);
}

// Found by the lab: a machine came home, its disk grew before anything was written there.
TEST(WriteHistory, AShapeOfTheNewLifeIsKeptWhenTheOldOneIsGivenUp) {
    WriteHistory history(std::vector<DiskGeometry>{{.sectors = 10}});
    history.resize(kDisk, {.sectors = 20}, instant(60));
    history.resize(kDisk, {.sectors = 30}, instant(100));
    history.rewind(kDisk, instant(50), instant(70));
    EXPECT_EQ(history.geometry(kDisk, instant(101)).sectors, 30U);
    EXPECT_EQ(history.geometry(kDisk, instant(99)).sectors, 10U);
}

}  // namespace
}  // namespace landfall::lab
