// tests/unit/block_writes_test.cpp — synthetic block writes: rates, places, kinds, repeatability.
#include "sim/workload/block_writes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <ostream>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/workload/zipf.hpp"

namespace landfall::workload {

// GoogleTest prints values by this.
std::ostream& operator<<(std::ostream& out, const BlockWrite& write) {
    return out << (write.kind == WriteKind::Write ? "write " : "discard ") << write.range.first
               << "+" << write.range.count << " at " << write.at.since_start().count();
}

namespace {

using ::testing::HasSubstr;
using Kind = BlockPattern::Kind;

constexpr Kind kAllKinds[] = {Kind::Uniform,    Kind::Zipf,        Kind::HotCold,
                              Kind::Sequential, Kind::BackupFlood, Kind::FullRewrite};

DiskGeometry disk_of(std::uint64_t sectors) {
    return {sectors, Bytes(4096)};
}

BlockPattern pattern_of(Kind kind, double writes_per_second) {
    BlockPattern pattern;
    pattern.kind = kind;
    pattern.writes_per_second = writes_per_second;
    pattern.period = seconds(10);
    pattern.window = {hours(0), hours(1)};
    return pattern;
}

std::unique_ptr<BlockWriteSource> make(const BlockPattern& pattern, const DiskGeometry& disk,
                                       std::string_view name = "web-1", std::uint64_t seed = 7) {
    return make_block_writes(pattern, disk, name, "os", seed);
}

std::vector<BlockWrite> first_writes(BlockWriteSource& source, std::size_t count) {
    std::vector<BlockWrite> writes;
    while (writes.size() < count) writes.push_back(source.next().value());
    return writes;
}

std::vector<BlockWrite> writes_before(BlockWriteSource& source, Instant end) {
    std::vector<BlockWrite> writes;
    for (auto write = source.next(); write && write->at < end; write = source.next()) {
        writes.push_back(*write);
    }
    return writes;
}

Instant at(Duration since_start) {
    return Instant(since_start);
}

TEST(BlockWrites, ComeInOrderAndLieOnTheDiskWhateverThePattern) {
    for (const Kind kind : kAllKinds) {
        for (const bool poisson : {true, false}) {
            for (const std::uint64_t sectors : {2U, 3U, 4U, 7U, 64U, 1001U}) {
                BlockPattern pattern = pattern_of(kind, 50);
                pattern.poisson = poisson;
                for (const std::int64_t size : {4096, 2 * 4096, 3 * 4096, 2000 * 4096}) {
                    pattern.write_size = Bytes(size);
                    if (!pattern_fault(pattern, disk_of(sectors)).empty()) continue;
                    Instant last;
                    for (const auto& write : first_writes(*make(pattern, disk_of(sectors)), 500)) {
                        ASSERT_LE(last, write.at);
                        ASSERT_FALSE(write.range.empty());
                        ASSERT_LE(write.range.end(), sectors);
                        ASSERT_LE(write.range.count, static_cast<std::uint64_t>(size / 4096));
                        last = write.at;
                    }
                }
            }
        }
    }
}

TEST(BlockWrites, RepeatExactlyAndDependOnSeedAndNamesOnly) {
    for (const Kind kind : {Kind::Uniform, Kind::Zipf, Kind::HotCold}) {
        const BlockPattern pattern = pattern_of(kind, 100);
        const DiskGeometry disk = disk_of(10'000);
        const auto writes = first_writes(*make(pattern, disk), 200);
        EXPECT_EQ(writes, first_writes(*make(pattern, disk), 200));
        EXPECT_NE(writes, first_writes(*make(pattern, disk, "web-1", 8), 200));
        EXPECT_NE(writes, first_writes(*make(pattern, disk, "web-2"), 200));
        EXPECT_NE(writes, first_writes(*make_block_writes(pattern, disk, "web-1", "data", 7), 200));
    }
}

TEST(BlockWrites, KeepTheirPlacesWhenSomeBecomeDiscards) {
    BlockPattern pattern = pattern_of(Kind::Zipf, 100);
    const auto plain = first_writes(*make(pattern, disk_of(1000)), 20'000);
    pattern.trim_share = 0.25;
    const auto trimmed = first_writes(*make(pattern, disk_of(1000)), 20'000);
    std::size_t discards = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        ASSERT_EQ(plain[i].at, trimmed[i].at);
        ASSERT_EQ(plain[i].range, trimmed[i].range);
        ASSERT_EQ(plain[i].kind, WriteKind::Write);
        if (trimmed[i].kind == WriteKind::Discard) ++discards;
    }
    // Binomial: standard deviation sqrt(20000 * 0.25 * 0.75) = 61.
    EXPECT_NEAR(static_cast<double>(discards), 5000, 5 * 61);
}

TEST(BlockWrites, ComeEvenlyWithoutDrift) {
    BlockPattern pattern = pattern_of(Kind::Sequential, 3);
    pattern.poisson = false;
    const auto writes = first_writes(*make(pattern, disk_of(10)), 3'000'001);
    EXPECT_EQ(writes[0].at, Instant());
    EXPECT_EQ(writes[1].at, at(nanoseconds(333'333'333)));
    EXPECT_EQ(writes[3'000'000].at, at(seconds(1'000'000)));
}

TEST(BlockWrites, ComeAtRandomWithTheSpreadOfPoisson) {
    const auto source = make(pattern_of(Kind::Uniform, 40), disk_of(100));
    std::vector<double> counts(2000, 0.0);  // writes of each second
    for (const auto& write : writes_before(*source, at(seconds(2000)))) {
        counts[static_cast<std::size_t>(write.at.since_start().count() / kNanosecondsPerSecond)] +=
            1;
    }
    const double mean = std::accumulate(counts.begin(), counts.end(), 0.0) / 2000;
    double variance = 0;
    for (const double count : counts) variance += (count - mean) * (count - mean) / 1999;
    EXPECT_NEAR(mean, 40, 5 * std::sqrt(40.0 / 2000));
    EXPECT_NEAR(variance / mean, 1.0, 5 * std::sqrt(2.0 / 2000));
}

TEST(BlockWrites, MakeTheExpectedVolumeWhateverThePattern) {
    for (const Kind kind : kAllKinds) {
        BlockPattern pattern = pattern_of(kind, 500);
        pattern.write_size = Bytes(8 * 4096);
        pattern.trim_share = 0.2;
        const DiskGeometry disk = disk_of(8 * 6 + 1);  // seven places, the last of one sector
        pattern.period = seconds(1);
        const auto source = make(pattern, disk);
        const Instant end = at(seconds(1000));
        double bytes = 0;
        for (const auto& write : writes_before(*source, end)) {
            if (write.kind == WriteKind::Write) {
                bytes += static_cast<double>(write.range.count) * 4096;
            }
        }
        const auto expected =
            static_cast<double>(expected_bytes(pattern, disk, Instant(), end).count());
        // A pass of seven random writes lasts longer or shorter, but there is one a second.
        EXPECT_NEAR(bytes / expected, 1.0, kind == Kind::FullRewrite ? 0.02 : 0.01)
            << static_cast<int>(kind);
    }
}

TEST(BlockWrites, ExpectedBytesAddUpAndMatchTheMeanRate) {
    for (const Kind kind : kAllKinds) {
        BlockPattern pattern = pattern_of(kind, 123.4);
        pattern.window = {hours(22), hours(3)};
        pattern.period = hours(6);
        const DiskGeometry disk = disk_of(100'003);
        const Instant day = at(days(1));
        Bytes sum;
        for (int hour = 0; hour < 24; ++hour) {
            sum += expected_bytes(pattern, disk, at(hours(hour)), at(hours(hour + 1)));
        }
        EXPECT_EQ(sum, expected_bytes(pattern, disk, Instant(), day));
        EXPECT_NEAR(static_cast<double>(sum.count()) / 86'400, bytes_per_second(pattern, disk),
                    1e-6 * bytes_per_second(pattern, disk) + 1);
    }
    // 22:00 to 03:00 are 5 of 24 hours; four passes a day write the disk four times.
    BlockPattern flood = pattern_of(Kind::BackupFlood, 10);
    flood.window = {hours(22), hours(3)};
    EXPECT_DOUBLE_EQ(bytes_per_second(flood, disk_of(50)), 10.0 * 4096 * 5 / 24);
    BlockPattern rewrite = pattern_of(Kind::FullRewrite, 1000);
    rewrite.period = hours(6);
    EXPECT_DOUBLE_EQ(bytes_per_second(rewrite, disk_of(50)), 50.0 * 4096 * 4 / 86'400);
}

TEST(BlockWrites, SequentialGoesRoundAndRound) {
    BlockPattern pattern = pattern_of(Kind::Sequential, 1);
    pattern.write_size = Bytes(2 * 4096);
    std::vector<SectorRange> ranges;
    for (const auto& write : first_writes(*make(pattern, disk_of(5)), 5)) {
        ranges.push_back(write.range);
    }
    EXPECT_EQ(ranges, (std::vector<SectorRange>{{0, 2}, {2, 2}, {4, 1}, {0, 2}, {2, 2}}));
}

TEST(BlockWrites, StayInTheirWorkingSet) {
    for (const Kind kind : kAllKinds) {
        BlockPattern pattern = pattern_of(kind, 100);
        pattern.working_set = Bytes(10 * 4096);
        std::set<std::uint64_t> touched;
        for (const auto& write : first_writes(*make(pattern, disk_of(1000)), 2000)) {
            ASSERT_LE(write.range.end(), 10U);
            touched.insert(write.range.first);
        }
        EXPECT_EQ(touched.size(), 10U);
    }
}

TEST(BlockWrites, FloodWritesInItsWindowOnly) {
    const std::vector<scenario::DailyWindow> windows = {
        {hours(1), hours(2)}, {hours(23), hours(1)}, {hours(5), hours(5)}, {hours(0), hours(24)}};
    for (const auto& window : windows) {
        BlockPattern pattern = pattern_of(Kind::BackupFlood, 0.5);
        pattern.window = window;
        pattern.poisson = false;
        const auto writes = writes_before(*make(pattern, disk_of(1'000'000)), at(days(3)));
        std::int64_t open_hours = 24 - (window.from - window.to).count() / hours(1).count();
        if (window.to > window.from) open_hours -= 24;
        EXPECT_EQ(writes.size(), static_cast<std::size_t>(3 * open_hours * 1800));
        std::uint64_t place = 0;
        for (const auto& write : writes) {
            const Duration clock(write.at.since_start().count() % days(1).count());
            const bool inside = window.from < window.to ? window.from <= clock && clock < window.to
                                                        : clock >= window.from || clock < window.to;
            ASSERT_TRUE(inside) << write;
            ASSERT_EQ(write.range.first, place++) << "a flood goes on where it stopped";
        }
    }
}

TEST(BlockWrites, FullRewriteTouchesEveryPlaceOnceInEveryPeriod) {
    BlockPattern pattern = pattern_of(Kind::FullRewrite, 100);
    for (const bool poisson : {true, false}) {
        pattern.poisson = poisson;
        pattern.period = seconds(60);
        const auto writes = writes_before(*make(pattern, disk_of(1000)), at(seconds(600)));
        ASSERT_EQ(writes.size(), 10'000U);
        for (std::size_t i = 0; i < writes.size(); ++i) {
            ASSERT_EQ(writes[i].range.first, i % 1000);
            const auto pass = static_cast<std::int64_t>(i / 1000);
            ASSERT_GE(writes[i].at, at(seconds(60 * pass)));
            ASSERT_LT(writes[i].at, at(seconds(60 * pass + 20)));
        }
    }
    pattern.period = seconds(4);  // a pass takes ten: the next follows at once
    pattern.poisson = false;
    const auto writes = first_writes(*make(pattern, disk_of(1000)), 2001);
    EXPECT_EQ(writes[1000].at, at(seconds(10)));
    EXPECT_EQ(writes[2000].at, at(seconds(20)));
}

TEST(BlockWrites, HotPlacesGetTheirShareAndLieScattered) {
    BlockPattern pattern = pattern_of(Kind::HotCold, 100);
    const std::size_t draws = 200'000;
    std::map<std::uint64_t, std::size_t> hits;
    for (const auto& write : first_writes(*make(pattern, disk_of(1000)), draws)) {
        ++hits[write.range.first];
    }
    // A hot place expects 200000 * 0.9 / 100 = 1800 hits, a cold one 22.
    std::vector<std::uint64_t> hot;
    double hot_hits = 0;
    for (const auto& [place, count] : hits) {
        if (count <= 500) continue;
        hot.push_back(place);
        hot_hits += static_cast<double>(count);
    }
    EXPECT_EQ(hot.size(), 100U);
    EXPECT_NEAR(hot_hits / draws, 0.9, 5 * std::sqrt(0.09 / draws));
    std::size_t neighbours = 0;
    for (std::size_t i = 1; i < hot.size(); ++i) neighbours += hot[i] == hot[i - 1] + 1 ? 1U : 0U;
    EXPECT_LT(neighbours, 25U);  // about 10 by chance, 99 if they lay together
}

TEST(BlockWrites, NeverWriteAtRateZero) {
    const auto source = make(pattern_of(Kind::Uniform, 0), disk_of(10));
    EXPECT_EQ(source->next(), std::nullopt);
    EXPECT_EQ(bytes_per_second(pattern_of(Kind::FullRewrite, 0), disk_of(10)), 0.0);
}

TEST(BlockWrites, EndWithTheClock) {
    BlockPattern pattern = pattern_of(Kind::Uniform, 1e-9);  // one in 32 years
    pattern.poisson = false;
    const auto source = make(pattern, disk_of(10));
    EXPECT_EQ(first_writes(*source, 9).back().at, at(seconds(8'000'000'000)));
    EXPECT_EQ(source->next(), std::nullopt);
    EXPECT_EQ(source->next(), std::nullopt);
}

TEST(BlockWrites, SayWhatIsWrongWithAPattern) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    struct Case {
        void (*spoil)(BlockPattern&);
        const char* word;
    };
    const Case cases[] = {
        {[](BlockPattern& p) { p.writes_per_second = -1; }, "writes_per_second"},
        {[](BlockPattern& p) { p.write_size = Bytes(0); }, "write_size"},
        {[](BlockPattern& p) { p.write_size = Bytes(4097); }, "write_size"},
        {[](BlockPattern& p) { p.zipf_alpha = 11; }, "zipf_alpha"},
        {[](BlockPattern& p) { p.hot_share = 1; }, "hot_share"},
        {[](BlockPattern& p) { p.hot_writes = 1.5; }, "hot_writes"},
        {[](BlockPattern& p) { p.trim_share = -0.1; }, "trim_share"},
        {[](BlockPattern& p) { p.working_set = Bytes(4096 * 11); }, "working_set"},
        {[](BlockPattern& p) { p.working_set = Bytes(100); }, "working_set"},
        {[](BlockPattern& p) {
             p.window = {hours(25), hours(1)};
         },
         "window"},
        {[](BlockPattern& p) {
             p.window = {hours(24), hours(0)};
         },
         "window"},
        {[](BlockPattern& p) { p.period = Duration(0); }, "period"},
    };
    for (const Case& one : cases) {
        BlockPattern pattern = pattern_of(Kind::Uniform, 1);
        EXPECT_EQ(pattern_fault(pattern, disk_of(10)), "");
        one.spoil(pattern);
        EXPECT_THAT(pattern_fault(pattern, disk_of(10)), HasSubstr(one.word));
        EXPECT_THROW(make(pattern, disk_of(10)), InvariantViolation);
    }
    for (double BlockPattern::*member :
         {&BlockPattern::writes_per_second, &BlockPattern::zipf_alpha, &BlockPattern::hot_share,
          &BlockPattern::hot_writes, &BlockPattern::trim_share}) {
        BlockPattern pattern = pattern_of(Kind::Uniform, 1);
        pattern.*member = nan;
        EXPECT_NE(pattern_fault(pattern, disk_of(10)), "");
    }
    EXPECT_THAT(pattern_fault(pattern_of(Kind::HotCold, 1), disk_of(1)), HasSubstr("two places"));
    EXPECT_THAT(pattern_fault(pattern_of(Kind::Uniform, 1), disk_of(0)), HasSubstr("sector"));
}

TEST(Zipf, DrawsEveryRankWithItsProbability) {
    for (const double alpha : {0.0, 0.6, 0.99, 1.0, 1.2, 3.0}) {
        for (const std::uint64_t ranks : {1U, 2U, 3U, 50U, 1000U}) {
            const ZipfRanks zipf(ranks, alpha);
            kernel::RandomStream stream(11, "zipf", "test");
            constexpr double kDraws = 200'000;
            std::vector<double> hits(ranks + 1, 0.0);
            for (int i = 0; i < kDraws; ++i) hits.at(zipf.draw(stream)) += 1;
            // Pearson's statistic over ranks that expect at least 10 hits, the rest as one.
            double statistic = 0;
            double cells = 0;
            double rest = kDraws;
            double rest_hits = kDraws;
            for (std::uint64_t rank = 1; rank <= ranks; ++rank) {
                const double expected = kDraws * zipf.probability(rank);
                if (expected < 10) break;
                statistic += (hits[rank] - expected) * (hits[rank] - expected) / expected;
                rest -= expected;
                rest_hits -= hits[rank];
                cells += 1;
            }
            if (rest > 10) statistic += (rest_hits - rest) * (rest_hits - rest) / rest;
            // Mean `cells`, variance twice that; five deviations.
            EXPECT_LT(statistic, cells + 5 * std::sqrt(2 * cells + 2)) << alpha << " " << ranks;
        }
    }
}

TEST(Zipf, ProbabilitiesAreThoseOfTheSum) {
    for (const double alpha : {0.0, 0.6, 0.99, 1.0, 1.2, 3.0}) {
        for (const std::uint64_t ranks : {1U, 100U, 101U, 100'000U}) {
            const ZipfRanks zipf(ranks, alpha);
            double sum = 0;
            for (std::uint64_t k = ranks; k > 0; --k) sum += zipf.probability(k);
            EXPECT_NEAR(sum, 1.0, 1e-11) << alpha << " " << ranks;
            EXPECT_NEAR(zipf.probability(ranks) / zipf.probability(1),
                        std::pow(static_cast<double>(ranks), -alpha), 1e-12);
        }
    }
}

TEST(Zipf, ReachesTheFarEndOfALargeDisk) {
    const ZipfRanks zipf(std::uint64_t{1} << 40, 0.6);
    kernel::RandomStream stream(1);
    std::uint64_t furthest = 0;
    for (int i = 0; i < 1000; ++i) furthest = std::max(furthest, zipf.draw(stream));
    EXPECT_GT(furthest, std::uint64_t{1} << 39);
    EXPECT_LE(furthest, zipf.ranks());
}

TEST(ScatteredPlaces, IsABijection) {
    for (const std::uint64_t places : {1U, 2U, 3U, 4U, 5U, 63U, 64U, 65U, 1000U, 4097U}) {
        const ScatteredPlaces scatter(places, 99);
        std::vector<bool> met(places, false);
        std::uint64_t moved = 0;
        for (std::uint64_t rank = 0; rank < places; ++rank) {
            const std::uint64_t place = scatter.place(rank);
            ASSERT_LT(place, places);
            ASSERT_FALSE(met[place]);
            met[place] = true;
            moved += place == rank ? 0U : 1U;
        }
        if (places >= 1000) {
            EXPECT_GT(moved, places * 9 / 10);
        }
    }
}

}  // namespace
}  // namespace landfall::workload
