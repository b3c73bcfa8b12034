// tests/unit/coalescing_curves_test.cpp — golden figures of coalescing: theory, generators, a
// trace.
//
// Expected values: replication-and-test-lab 5.1 and the description of the CloudPhysics trace. A
// figure printed with three digits holds when it rounds to them.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/coalescing.hpp"
#include "model/storage/coalescing.hpp"
#include "model/storage/dirty_bitmap.hpp"
#include "sim/kernel/random_streams.hpp"
#include "sim/workload/block_trace.hpp"
#include "sim/workload/block_writes.hpp"
#include "tests/support/shared_data.hpp"

namespace landfall::analysis {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;
constexpr double kMegabyte = 1e6;

double rounded(double value, int digits) {
    const double scale = std::pow(10.0, digits);
    return std::round(value * scale) / scale;
}

TEST(CoalescingCurves, UniformFollowsItsTable) {
    const double rows[][2] = {{0.1, .9516}, {0.5, .7869}, {1, .6321},
                              {2, .4323},   {5, .1987},   {10, .1000}};
    for (const auto& [x, ratio] : rows) {
        for (const double chunks : {1.0, 1e5, 1e12}) {
            EXPECT_DOUBLE_EQ(rounded(uniform_unique(chunks, x * chunks) / (x * chunks), 4), ratio);
        }
    }
}

TEST(CoalescingCurves, ZipfFollowsItsTable) {
    const struct {
        double alpha;
        double ratios[4];  // after 10^3, 10^4, 10^5, 10^6 writes
    } rows[] = {{.6, {.970, .858, .517, .100}},
                {.8, {.864, .687, .400, .097}},
                {.99, {.636, .445, .252, .082}},
                {1.2, {.355, .211, .112, .047}}};
    for (const auto& row : rows) {
        double writes = 1e3;
        for (const double ratio : row.ratios) {
            EXPECT_DOUBLE_EQ(rounded(zipf_unique(100'000, row.alpha, writes) / writes, 3), ratio)
                << row.alpha << " " << writes;
            writes *= 10;
        }
    }
}

TEST(CoalescingCurves, HotColdFollowsItsTable) {
    const double rows[][2] = {{1e3, .961}, {1e4, .693}, {1e5, .195}, {1e6, .070}};
    for (const auto& [writes, ratio] : rows) {
        EXPECT_DOUBLE_EQ(rounded(hot_cold_unique(1e5, 0.1, 0.9, writes) / writes, 3), ratio);
    }
}

TEST(CoalescingCurves, CoarseGrainsAmplifyByTheirTable) {
    // 1 TiB, 4 KiB uniform at random, 200 a second for an hour: 2.75 GiB written.
    const double writes = 200.0 * 3600;
    EXPECT_DOUBLE_EQ(rounded(writes * 4096 / kGibibyte, 2), 2.75);
    const struct {
        double grain;
        double gibibytes;
        int digits;
        double factor;
        int factor_digits;
    } rows[] = {{4096, 2.74, 2, 1.0, 1},
                {65'536, 43.0, 1, 15.7, 1},
                {1 << 20, 509, 0, 185, 0},
                {4 << 20, 958, 0, 349, 0}};
    for (const auto& row : rows) {
        const GrainCost cost = grain_cost(1024 * kGibibyte, 4096, writes, row.grain);
        EXPECT_DOUBLE_EQ(rounded(cost.unique_bytes / kGibibyte, row.digits), row.gibibytes);
        EXPECT_DOUBLE_EQ(rounded(cost.amplification, row.factor_digits), row.factor);
    }
    // A finer grain than the write gains nothing.
    EXPECT_DOUBLE_EQ(grain_cost(1e12, 8192, 1e6, 512).unique_bytes,
                     grain_cost(1e12, 8192, 1e6, 8192).unique_bytes);
}

TEST(CoalescingCurves, EveryLawIsACaseOfIndependentReferences) {
    std::vector<double> even(1000, 0.5);
    EXPECT_NEAR(independent_unique(even, 10), uniform_unique(1000, 5000), 1e-9);
    EXPECT_NEAR(zipf_unique(1000, 0, 700), uniform_unique(1000, 700), 1e-9);
    EXPECT_NEAR(hot_cold_unique(1000, 0.3, 0.3, 700), uniform_unique(1000, 700), 1e-9);
    std::vector<double> hot_cold(1000, 0.1 / 900);
    for (std::size_t i = 0; i < 100; ++i) hot_cold[i] = 0.9 / 100;
    EXPECT_NEAR(independent_unique(hot_cold, 700), hot_cold_unique(1000, 0.1, 0.9, 700), 1e-9);
    // Skew never leaves more distinct chunks, and the law of the volume model is the uniform one.
    EXPECT_LT(zipf_unique(1000, 1, 700), zipf_unique(1000, 0.5, 700));
    EXPECT_LT(zipf_unique(1000, 0.5, 700), uniform_unique(1000, 700));
    EXPECT_EQ(coalesced(Bytes(500'000), Bytes(1'000'000), Bytes(2'000'000)).count(),
              static_cast<std::int64_t>(std::ceil(uniform_unique(1e6, 5e5))));
}

TEST(CoalescingCurves, RefuseArgumentsOutOfRange) {
    const double nan = std::nan("");
    EXPECT_THROW(uniform_unique(0, 1), std::invalid_argument);
    EXPECT_THROW(uniform_unique(nan, 1), std::invalid_argument);
    EXPECT_THROW(uniform_unique(1, -1), std::invalid_argument);
    EXPECT_THROW(zipf_unique(0, 1, 1), std::invalid_argument);
    EXPECT_THROW(zipf_unique(1, -1, 1), std::invalid_argument);
    EXPECT_THROW(hot_cold_unique(10, 0, 0.5, 1), std::invalid_argument);
    EXPECT_THROW(hot_cold_unique(10, 0.5, 1.5, 1), std::invalid_argument);
    EXPECT_THROW(independent_unique(std::vector<double>{1, -1}, 1), std::invalid_argument);
    EXPECT_THROW(grain_cost(1e9, 4096, 10, 6000), std::invalid_argument);
    EXPECT_THROW(grain_cost(1e9, 4096, 0, 4096), std::invalid_argument);
    EXPECT_THROW(WindowFold({10, Bytes(512)}, Duration(0), Bytes(512)), std::invalid_argument);
    EXPECT_THROW(WindowFold({10, Bytes(512)}, seconds(1), Bytes(513)), std::invalid_argument);
}

TEST(UniqueCounter, CountsAsASetDoes) {
    kernel::RandomStream draw(5, "counter", "test");
    for (const std::uint64_t chunks : {1U, 63U, 64U, 65U, 4096U, 4097U, 20'000U}) {
        UniqueCounter counter(chunks);
        for (int round = 0; round < 3; ++round) {
            std::set<std::uint64_t> set;
            for (int i = 0; i < 60; ++i) {
                const std::uint64_t first = draw.below(chunks + 1);
                const std::uint64_t most = std::min<std::uint64_t>(chunks - first, 300);
                const std::uint64_t count = draw.below(most + 1);
                counter.add(first, count);
                for (std::uint64_t k = 0; k < count; ++k) set.insert(first + k);
                ASSERT_EQ(counter.unique(), set.size());
            }
            counter.clear();
            ASSERT_EQ(counter.unique(), 0U);
        }
        EXPECT_THROW(counter.add(chunks, 1), InvariantViolation);
        EXPECT_THROW(counter.add(0, chunks + 1), InvariantViolation);
    }
}

TEST(WindowFold, CountsByHand) {
    // Windows of 10 s; sectors of 512 bytes, chunks of two; the disk's last chunk is half a one.
    WindowFold fold({5, Bytes(512)}, seconds(10), Bytes(1024));
    fold.add(Instant(seconds(0)), {0, 1});   // chunk 0
    fold.add(Instant(seconds(9)), {1, 2});   // chunks 0, 1
    fold.add(Instant(seconds(10)), {4, 1});  // chunk 2, next window
    fold.add(Instant(seconds(49)), {4, 1});  // two empty windows between
    fold.add(Instant(seconds(49)), {4, 1});
    const FoldPoint point = fold.point();
    EXPECT_EQ(point.windows, 3U);
    EXPECT_EQ(point.written, Bytes(6 * 1024));
    EXPECT_EQ(point.unique, Bytes(4 * 1024));
    EXPECT_EQ(point.peak_written, Bytes(3 * 1024));
    EXPECT_EQ(point.peak_unique, Bytes(2 * 1024));
    EXPECT_DOUBLE_EQ(point.ratio(), 4.0 / 6.0);
    EXPECT_THROW(fold.add(Instant(seconds(39)), {0, 1}), InvariantViolation);
    EXPECT_THROW(fold.add(Instant(seconds(50)), {4, 2}), InvariantViolation);
    EXPECT_DOUBLE_EQ(WindowFold({5, Bytes(512)}, seconds(1), Bytes(512)).point().ratio(), 1.0);
}

// ---- generators against the closed forms
// ---------------------------------------------------------

/// Folds 2,000,000 writes, a thousand a second and evenly spaced, on 100,000 places: windows of
/// 10^3, 10^4, 10^5 and 10^6 writes.
std::vector<FoldPoint> fold_pattern(workload::BlockPattern pattern) {
    struct Bounded {
        std::unique_ptr<workload::BlockWriteSource> writes;
        int left = 2'000'000;
        std::optional<workload::BlockWrite> next() {
            return left-- > 0 ? writes->next() : std::nullopt;
        }
    };
    pattern.writes_per_second = 1000;
    pattern.poisson = false;
    const DiskGeometry disk{100'000, Bytes(4096)};
    Bounded source{workload::make_block_writes(pattern, disk, "vm", "os", 1)};
    const Duration windows[] = {seconds(1), seconds(10), seconds(100), seconds(1000)};
    return fold_curve(source, disk, Bytes(4096), windows);
}

TEST(GeneratedWrites, CoalesceAsTheClosedFormsSay) {
    using Kind = workload::BlockPattern::Kind;
    constexpr std::uint64_t kChunks = 100'000;
    const auto agree = [](const workload::BlockPattern& pattern, auto&& law, double alpha) {
        double writes = 1e3;
        for (const FoldPoint& point : fold_pattern(pattern)) {
            EXPECT_EQ(point.written, Bytes(4096) * 2'000'000);
            EXPECT_NEAR(point.ratio() / (law(writes) / writes), 1.0, 0.005)
                << static_cast<int>(pattern.kind) << " " << alpha << " " << writes;
            writes *= 10;
        }
    };
    workload::BlockPattern pattern;
    agree(
        pattern, [](double writes) { return uniform_unique(kChunks, writes); }, 0);
    pattern.kind = Kind::HotCold;
    agree(
        pattern, [](double writes) { return hot_cold_unique(kChunks, .1, .9, writes); }, 0);
    pattern.kind = Kind::Zipf;
    for (const double alpha : {.6, .8, .99, 1.2}) {
        pattern.zipf_alpha = alpha;
        agree(
            pattern, [&](double writes) { return zipf_unique(kChunks, alpha, writes); }, alpha);
    }
}

TEST(GeneratedWrites, CostMoreAtACoarserGrainAsTheClosedFormSays) {
    // 4 KiB on 4 GiB for 10,000 s at 20 a second: the table's case, 1/256 of its size.
    workload::BlockPattern pattern;
    pattern.writes_per_second = 20;
    pattern.poisson = false;
    const DiskGeometry disk{1 << 20, Bytes(4096)};
    for (const std::int64_t grain : {4096, 65'536, 1 << 20, 4 << 20}) {
        auto source = workload::make_block_writes(pattern, disk, "vm", "os", 3);
        WindowFold fold(disk, hours(24), Bytes(grain));
        for (int i = 0; i < 200'000; ++i) {
            const auto write = source->next();
            fold.add(write->at, write->range);
        }
        const double expected =
            grain_cost(4 * kGibibyte, 4096, 200'000, static_cast<double>(grain)).unique_bytes;
        EXPECT_NEAR(static_cast<double>(fold.point().unique.count()) / expected, 1.0, 0.005);
    }
}

// ---- the CloudPhysics disk
// -----------------------------------------------------------------------

class CloudPhysics : public ::testing::Test {
  protected:
    static constexpr DiskGeometry kDisk = {65'595'584, Bytes(512)};

    void SetUp() override {
        const auto file = landfall::testing::shared_data_file("cloudphysics/cloudPhysicsIO.vscsi");
        if (!file) GTEST_SKIP() << "no shared data";
        const auto source = workload::open_block_trace(*file, {}, kDisk);
        for (auto write = source->next(); write; write = source->next()) writes_.push_back(*write);
    }

    FoldPoint fold(Duration window, std::int64_t grain) const {
        WindowFold fold(kDisk, window, Bytes(grain));
        for (const auto& write : writes_) fold.add(write.at, write.range);
        return fold.point();
    }

    /// Distinct bytes of all windows, counted by a bitmap or a hash set instead.
    template <typename Start, typename Add, typename Count>
    Bytes counted(Duration window, std::int64_t grain, Start&& start, Add&& add,
                  Count&& count) const {
        std::uint64_t chunks = 0;
        std::int64_t index = 0;
        for (const auto& write : writes_) {
            const std::int64_t now = write.at.since_start().count() / window.count();
            if (now != index) {
                chunks += count();
                start();
            }
            index = now;
            add(write.range);
        }
        return Bytes(static_cast<std::int64_t>(chunks + count()) * grain);
    }

    std::vector<workload::BlockWrite> writes_;
};

double megabytes(Bytes bytes) {
    return static_cast<double>(bytes.count()) / kMegabyte;
}

TEST_F(CloudPhysics, FoldsBySectorsAsItsDescriptionSays) {
    const struct {
        Duration window;
        double ratio;
    } rows[] = {{seconds(1), .991},  {seconds(5), .973},  {minutes(1), .837}, {minutes(5), .751},
                {minutes(15), .743}, {minutes(30), .742}, {hours(1), .645},   {hours(2), .351}};
    for (const auto& row : rows) {
        const FoldPoint point = fold(row.window, 512);
        EXPECT_DOUBLE_EQ(rounded(point.ratio(), 3), row.ratio) << to_seconds(row.window);
        // What a continuous engine ships, whatever the window.
        EXPECT_DOUBLE_EQ(rounded(megabytes(point.written), 0), 2409);
    }
    EXPECT_DOUBLE_EQ(rounded(megabytes(fold(hours(2), 512).unique), 1), 844.9);
    EXPECT_DOUBLE_EQ(rounded(megabytes(fold(hours(2), 512).unique), 0), 845);
}

TEST_F(CloudPhysics, FoldsByPagesAsItsDescriptionSays) {
    const struct {
        Duration window;
        double ratio;
    } rows[] = {{minutes(5), .683}, {minutes(30), .673}, {hours(2), .318}};
    for (const auto& row : rows) {
        const FoldPoint point = fold(row.window, 4096);
        EXPECT_DOUBLE_EQ(rounded(point.ratio(), 3), row.ratio) << to_seconds(row.window);
        EXPECT_DOUBLE_EQ(rounded(megabytes(point.written), 1), 2687.7);
    }
}

TEST_F(CloudPhysics, PeaksAsItsDescriptionSays) {
    const struct {
        std::int64_t window_s;
        double rate;  // MB/s
        int digits;
    } rows[] = {{1, 148, 0}, {5, 58.6, 1}, {60, 10.5, 1}, {300, 3.3, 1}};
    for (const auto& row : rows) {
        const FoldPoint point = fold(seconds(row.window_s), 512);
        const double rate = megabytes(point.peak_written) / static_cast<double>(row.window_s);
        EXPECT_DOUBLE_EQ(rounded(rate, row.digits), row.rate) << row.window_s;
    }
}

TEST_F(CloudPhysics, CountsAlikeByFoldDirtyBitmapAndHashSet) {
    for (const std::int64_t grain : {512, 4096}) {
        const auto sectors = static_cast<std::uint64_t>(grain / 512);
        for (const Duration window : {minutes(1), minutes(5), minutes(30), hours(2)}) {
            const Bytes folded = fold(window, grain).unique;
            DirtyBitmap bitmap(kDisk.sectors, sectors);
            EXPECT_EQ(folded, counted(
                                  window, grain, [&] { bitmap.clear_all(); },
                                  [&](SectorRange range) { bitmap.set(range); },
                                  [&] { return bitmap.count(); }));
            if (window < minutes(5)) continue;
            std::unordered_set<std::uint64_t> set;
            const auto add = [&](SectorRange range) {
                for (auto k = range.first / sectors; k * sectors < range.end(); ++k) set.insert(k);
            };
            EXPECT_EQ(folded,
                      counted(
                          window, grain, [&] { set.clear(); }, add, [&] { return set.size(); }));
        }
    }
}

}  // namespace
}  // namespace landfall::analysis
