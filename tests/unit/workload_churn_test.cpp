// tests/unit/workload_churn_test.cpp — bytes written in intervals: exact, additive, of the right
// mean.
#include <cmath>
#include <fstream>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/workload/churn.hpp"
#include "sim/workload/daily.hpp"
#include "sim/workload/slots.hpp"
#include "tests/support/scratch_folder.hpp"

namespace landfall::workload {
namespace {

using scenario::Churn;
using scenario::ConstantChurn;
using scenario::DiurnalChurn;
using scenario::NoChurn;
using scenario::TraceChurn;

Instant at(Duration since_start) {
    return Instant(since_start);
}

std::unique_ptr<ChurnSource> make(const Churn& churn, std::uint64_t seed = 1,
                                  const std::string& machine = "m", const std::string& disk = "d",
                                  double share = 1.0) {
    return make_churn(churn, machine, disk, 1, share, seed, TraceStore());
}

DiurnalChurn office() {
    DiurnalChurn churn;
    churn.mean = BytesPerSecond(1'234'567);
    churn.amplitude = 0.6;
    churn.peak_at = hours(14);
    churn.noise = 0.5;
    churn.step = minutes(5);
    churn.backups = {{{hours(22), hours(2)}, BytesPerSecond(5'000'001)},
                     {{hours(12), hours(13)}, BytesPerSecond(777)}};
    return churn;
}

/// A trace of 100 uneven samples with holes, and its store.
class ReplayedTrace : public ::testing::Test {
  protected:
    ReplayedTrace() {
        std::ofstream file(folder_.file("trace.csv"));
        file << "time,a,b\n";
        for (int row = 0; row < 100; ++row) {
            file << row * 300 << ',';
            if (row % 10 != 3) file << row * 17.25;
            file << ',' << 8 << '\n';
        }
        file.close();
        churn_.file = folder_.file("trace.csv");
        churn_.column = "a";
        churn_.unit = BytesPerSecond(1024);
        churn_.step = minutes(5);
    }

    std::unique_ptr<ChurnSource> make(double share = 1.0) {
        const TraceAddress address = trace_address(churn_, "m", 1);
        store_.require(address.file, churn_.separator, address.column);
        EXPECT_TRUE(store_.read_all().empty());
        return make_churn(churn_, "m", "d", 1, share, 1, store_);
    }

    testing::ScratchFolder folder_;
    TraceChurn churn_;
    TraceStore store_;
};

/// written(a, c) == written(a, b) + written(b, c), for pieces of all sizes in and out of order.
void expect_additive(ChurnSource& source, Duration until) {
    std::mt19937_64 draw(7);  // of test points only; its raw numbers are the same everywhere
    const auto instant = [&] {
        const auto span = static_cast<std::uint64_t>(until.count());
        return at(Duration(static_cast<std::int64_t>(draw() % span)));
    };
    for (int round = 0; round < 2'000; ++round) {
        Instant points[3] = {instant(), instant(), instant()};
        std::sort(std::begin(points), std::end(points));
        EXPECT_EQ(source.written(points[0], points[2]),
                  source.written(points[0], points[1]) + source.written(points[1], points[2]));
        EXPECT_EQ(source.without_sample(points[0], points[2]),
                  source.without_sample(points[0], points[1]) +
                      source.without_sample(points[1], points[2]));
    }
    Bytes sum;
    Instant from = at(Duration(0));
    while (from < at(until)) {
        const auto step = Duration(1 + static_cast<std::int64_t>(draw() % 500'000'000'000ULL));
        const Instant to = std::min(from + step, at(until));
        sum += source.written(from, to);
        from = to;
    }
    EXPECT_EQ(sum, source.written(at(Duration(0)), at(until))) << "no drift over many steps";
}

TEST(Churn, IsAdditiveToTheByte) {
    expect_additive(*make(NoChurn()), days(3));
    expect_additive(*make(ConstantChurn{BytesPerSecond(123'457)}), days(3));
    expect_additive(*make(ConstantChurn{BytesPerSecond(999'999'999'999)}), days(3));
    expect_additive(*make(office()), days(3));
    DiurnalChurn odd = office();
    odd.step = nanoseconds(700'000'000'001);  // no day is a whole number of these
    expect_additive(*make(odd), days(3));
}

TEST_F(ReplayedTrace, IsAdditiveToTheByte) {
    expect_additive(*make(), hours(9));  // beyond the end of the trace, too
    churn_.repeat = true;
    expect_additive(*make(), days(3));
}

TEST(Churn, ConstantWritesItsRate) {
    const auto source = make(ConstantChurn{BytesPerSecond(1'000)});
    EXPECT_EQ(source->written(at(seconds(5)), at(seconds(65))), Bytes(60'000));
    EXPECT_EQ(source->written(at(seconds(5)), at(seconds(5))), Bytes(0));
    EXPECT_EQ(source->written(at(Duration(0)), at(nanoseconds(1'500'000))), Bytes(1))
        << "1.5 bytes: the half is still to come";
    EXPECT_EQ(source->without_sample(at(Duration(0)), at(days(1))), Duration(0));
}

TEST(Churn, SharesScaleEveryRate) {
    const auto share = make(ConstantChurn{BytesPerSecond(1'000)}, 1, "m", "d", 0.25);
    EXPECT_EQ(share->written(at(Duration(0)), at(seconds(10))), Bytes(2'500));
    DiurnalChurn churn = office();
    churn.noise = 0;
    const double whole = to_seconds(days(1)) * 1'234'567 + 4.0 * 3600 * 5'000'001 + 3600.0 * 777;
    const auto third = make(churn, 1, "m", "d", 1.0 / 3);
    const Bytes day = third->written(at(days(1)), at(days(2)));
    EXPECT_NEAR(static_cast<double>(day.count()), whole / 3, whole * 1e-6);
}

TEST(Churn, DiurnalFollowsTheCosine) {
    DiurnalChurn churn;
    churn.mean = BytesPerSecond(1'000'000);
    churn.amplitude = 0.5;
    churn.peak_at = hours(14);
    churn.step = minutes(5);
    const auto source = make(churn);
    const auto rate_at = [&](Duration clock) {
        const Bytes bytes = source->written(at(days(3) + clock), at(days(3) + clock + minutes(5)));
        return static_cast<double>(bytes.count()) / 300;
    };
    EXPECT_NEAR(rate_at(hours(14)), 1'500'000, 200);
    EXPECT_NEAR(rate_at(hours(2)), 500'000, 200);
    // cos(2 pi 6 h / 24 h) = 0 at 20:00; the slot that follows lies 2.5 min later on average
    const double after = 1'000'000 * (1 - 0.5 * std::sin(2 * M_PI * 150.0 / 86'400));
    EXPECT_NEAR(rate_at(hours(20)), after, 10);
    const Bytes day = source->written(at(Duration(0)), at(days(1)));
    EXPECT_NEAR(static_cast<double>(day.count()), 86'400e6, 86'400e6 * 1e-6);
}

TEST(Churn, StepOfHoursWritesTheMeanOfTheCosineOverIt) {
    DiurnalChurn churn;
    churn.mean = BytesPerSecond(1'000'000);
    churn.amplitude = 1;
    churn.peak_at = hours(0);
    churn.step = hours(6);
    const auto source = make(churn);
    // Integral of 1 + cos(2 pi t / day) over the first quarter: 6 h + day / (2 pi).
    const double expected = 1e6 * (6 * 3600 + 86'400 / (2 * M_PI));
    EXPECT_NEAR(static_cast<double>(source->written(at(Duration(0)), at(hours(6))).count()),
                expected, expected * 2e-6);
}

TEST(Churn, BackupWindowsComeDaily) {
    DiurnalChurn churn;
    churn.step = minutes(5);
    churn.backups = {{{hours(22), hours(2)}, BytesPerSecond(100)}};
    const auto night = make(churn);
    const auto bytes = [&](Duration from, Duration to) {
        return night->written(at(from), at(to)).count();
    };
    EXPECT_EQ(bytes(hours(0), hours(3)), 100 * 2 * 3600) << "the tail of the night before";
    EXPECT_EQ(bytes(hours(3), hours(22)), 0);
    EXPECT_EQ(bytes(hours(21), hours(23)), 100 * 3600);
    EXPECT_EQ(bytes(hours(0), days(10)), 10 * 100 * 4 * 3600);

    churn.backups = {{{hours(5), hours(5)}, BytesPerSecond(100)}};
    EXPECT_EQ(make(churn)->written(at(Duration(0)), at(days(1))).count(), 100 * 86'400)
        << "from equal to: the whole day";
    churn.backups = {{{hours(20), hours(24)}, BytesPerSecond(100)}};
    EXPECT_EQ(make(churn)->written(at(Duration(0)), at(days(1))).count(), 100 * 4 * 3600);
}

TEST(Churn, NoiseHasMeanOneAndTheSigmaAskedFor) {
    DiurnalChurn churn;
    churn.mean = BytesPerSecond(1'000'000);
    churn.noise = 0.5;
    churn.step = minutes(5);
    const auto source = make(churn, 42);
    constexpr int kSlots = 100'000;
    double sum = 0;
    double sum_of_logs = 0;
    double sum_of_squares = 0;
    for (int slot = 0; slot < kSlots; ++slot) {
        const Instant from = at(minutes(5LL * slot));
        const double factor =
            static_cast<double>(source->written(from, from + minutes(5)).count()) / 300e6;
        sum += factor;
        sum_of_logs += std::log(factor);
        sum_of_squares += std::log(factor) * std::log(factor);
    }
    const double mean_log = sum_of_logs / kSlots;
    const double sigma = std::sqrt(sum_of_squares / kSlots - mean_log * mean_log);
    // Standard errors: 0.53 / sqrt(n) of the mean, 0.5 / sqrt(2 n) of sigma; four of each.
    EXPECT_NEAR(sum / kSlots, 1.0, 4 * 0.53 / std::sqrt(kSlots));
    EXPECT_NEAR(sigma, 0.5, 4 * 0.5 / std::sqrt(2.0 * kSlots));
    EXPECT_NEAR(mean_log, -0.125, 4 * 0.5 / std::sqrt(kSlots));
}

TEST(Churn, DrawsDependOnSeedAndNamesOnly) {
    DiurnalChurn churn = office();
    const auto bytes = [&](std::uint64_t seed, const char* machine, const char* disk) {
        return make(churn, seed, machine, disk)->written(at(hours(1)), at(hours(2)));
    };
    EXPECT_EQ(bytes(1, "web-1", "os"), bytes(1, "web-1", "os"));
    EXPECT_NE(bytes(1, "web-1", "os"), bytes(2, "web-1", "os"));
    EXPECT_NE(bytes(1, "web-1", "os"), bytes(1, "web-2", "os"));
    EXPECT_NE(bytes(1, "web-1", "os"), bytes(1, "web-1", "data"));
}

TEST(Churn, DrawsDoNotDependOnWhatWasAskedBefore) {
    const auto straight = make(office());
    const auto jumping = make(office());
    jumping->written(at(days(20)), at(days(21)));
    jumping->written(at(Duration(0)), at(minutes(1)));
    EXPECT_EQ(jumping->written(at(hours(7)), at(hours(8))),
              straight->written(at(hours(7)), at(hours(8))));
}

TEST_F(ReplayedTrace, WritesTheSamplesInTheirUnit) {
    const auto source = make();
    EXPECT_EQ(source->written(at(minutes(5)), at(minutes(10))), Bytes(17 * 307'200 + 307'200 / 4))
        << "17.25 KiB/s for 300 s";
    EXPECT_EQ(source->written(at(minutes(10)), at(minutes(10) + seconds(1))),
              Bytes(34 * 1024 + 512));
    churn_.scale = 2;
    EXPECT_EQ(make(0.5)->written(at(minutes(5)), at(minutes(10))),
              Bytes(17 * 307'200 + 307'200 / 4))
        << "scale and share";
}

TEST_F(ReplayedTrace, EmptyCellsAreNoSampleAndNoBytes) {
    const auto source = make();
    EXPECT_EQ(source->written(at(minutes(15)), at(minutes(20))), Bytes(0));
    EXPECT_EQ(source->without_sample(at(minutes(15)), at(minutes(20))), minutes(5));
    EXPECT_EQ(source->without_sample(at(minutes(17)), at(minutes(27))), minutes(3));
    EXPECT_EQ(source->without_sample(at(Duration(0)), at(minutes(500))), minutes(50));
}

TEST_F(ReplayedTrace, AfterTheEndThereIsNoSampleUnlessItRepeats) {
    const Instant end = at(minutes(500));
    auto source = make();
    EXPECT_EQ(source->written(end, end + hours(1)), Bytes(0));
    EXPECT_EQ(source->without_sample(end - minutes(5), end + hours(1)), hours(1));
    churn_.repeat = true;
    source = make();
    EXPECT_EQ(source->without_sample(end + minutes(15), end + minutes(20)), minutes(5));
    EXPECT_EQ(source->written(end + minutes(5), end + minutes(10)),
              source->written(at(minutes(5)), at(minutes(10))));
}

TEST_F(ReplayedTrace, NamesOfMachinesFillInTheAddress) {
    churn_.file = "/data/{name}-{index}.csv";
    churn_.column = "vm{index}";
    const TraceAddress address = trace_address(churn_, "web-07", 7);
    EXPECT_EQ(address.file, "/data/web-07-7.csv");
    EXPECT_EQ(address.column, "vm7");
    EXPECT_EQ(trace_address(churn_, "{index}", 3).file, "/data/{index}-3.csv")
        << "what was filled in is left alone";
}

TEST_F(ReplayedTrace, WithoutItsColumnIsOurOwnMistake) {
    EXPECT_THROW(make_churn(churn_, "m", "d", 1, 1.0, 1, TraceStore()), InvariantViolation);
}

TEST(Churn, RefusesIntervalsThatAreNone) {
    const auto source = make(office());
    EXPECT_THROW(source->written(at(seconds(2)), at(seconds(1))), InvariantViolation);
    EXPECT_THROW(source->written(at(seconds(-2)), at(seconds(1))), InvariantViolation);
}

TEST(SlotArithmetic, FloorShareIsExact) {
    std::mt19937_64 draw(11);
    for (int round = 0; round < 200'000; ++round) {
        const auto length = static_cast<std::int64_t>(draw() % kSlotLengthMax) + 1;
        const auto bytes = static_cast<std::int64_t>(draw() % (kSlotBytesMax + 1));
        std::int64_t x = static_cast<std::int64_t>(draw() % static_cast<std::uint64_t>(length));
        if (round % 3 == 0) x = length - 1;
        const std::int64_t expected = detail::scale(bytes, x, length, false);
        ASSERT_EQ(floor_share(bytes, x, length, 1.0 / static_cast<double>(length)), expected);
    }
    EXPECT_EQ(floor_share(kSlotBytesMax, 150, 300, 1.0 / 300), kSlotBytesMax / 2);
}

}  // namespace
}  // namespace landfall::workload
