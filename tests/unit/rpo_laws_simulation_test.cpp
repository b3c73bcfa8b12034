// tests/unit/rpo_laws_simulation_test.cpp — the closed forms against small worlds that know nothing
// of them.
#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

#include <gtest/gtest.h>

#include "analysis/rpo_laws.hpp"
#include "model/replication/flow/copy_cadence.hpp"
#include "model/replication/flow/rpo_estimate.hpp"
#include "model/storage/dirty_bitmap.hpp"
#include "sim/kernel/random_streams.hpp"

namespace landfall {
namespace {

constexpr BytesPerSecond kBandwidth(12'500'000);
constexpr double kMegabyte = 1e6;

/// A guest that writes single chunks uniformly at a constant rate, and the bitmap that sees it.
class UniformGuest {
  public:
    UniformGuest(std::uint64_t chunks, Bytes chunk, std::int64_t writes_per_s)
        : dirty_(chunks, 1),
          chunk_(chunk),
          gap_(kNanosecondsPerSecond / writes_per_s),
          random_(17, "guest", "writes") {}

    /// All writes before `until`.
    void write(Instant until) {
        for (; next_ < until; next_ = next_ + gap_) {
            dirty_.set({random_.below(dirty_.chunks()), 1});
        }
    }
    /// What is dirty, as bytes to send; clean from then on.
    Bytes freeze() {
        const Bytes bytes = chunk_ * static_cast<std::int64_t>(dirty_.count());
        dirty_.clear_all();
        return bytes;
    }

  private:
    DirtyBitmap dirty_;
    Bytes chunk_;
    Duration gap_;
    Instant next_;
    kernel::RandomStream random_;
};

/// RPO as cuts arrive: its worst value and its integral.
class RpoMeter {
  public:
    /// The cut of source time `cut` is complete at `now`.
    void arrive(Instant now, Instant cut) {
        if (known_) {
            const Duration before = reported_rpo({.newest_cut = cut_}, now);
            worst_ = std::max(worst_, before);
            const double from = to_seconds(since_ - cut_);
            area_ += (from + to_seconds(before)) / 2 * to_seconds(now - since_);
            span_ += to_seconds(now - since_);
        }
        known_ = true;
        since_ = now;
        cut_ = cut;
    }
    [[nodiscard]] double worst_s() const { return to_seconds(worst_); }
    [[nodiscard]] double mean_s() const { return area_ / span_; }

  private:
    bool known_ = false;
    Instant since_;
    Instant cut_;
    Duration worst_;
    double area_ = 0;
    double span_ = 0;
};

/// Runs cycles of `send_time(start)` each; measures after `warm_up` of them.
template <typename SendTime>
RpoMeter run_cycles(const CopyCadence& cadence, int warm_up, int cycles, SendTime send_time) {
    RpoMeter meter;
    Instant start;
    for (int i = 0; i < warm_up + cycles; ++i) {
        const Instant end = start + send_time(start);
        if (i >= warm_up) meter.arrive(end, start);
        start = cadence.next(start, end);
    }
    return meter;
}

/// 100 GB in chunks of 1 MB, uniform writes, every 300 s: below the bandwidth, just below, and
/// above it, where cycles grow until rewriting keeps them together.
TEST(CycleSimulation, SettlesWhereTheClosedFormSays) {
    for (const std::int64_t churn : {1, 5, 12, 20, 50}) {
        UniformGuest guest(100'000, Bytes(1'000'000), churn);
        const RpoMeter found =
            run_cycles(CopyCadence(PeriodicCadence{minutes(5)}), 25, 25, [&](Instant start) {
                guest.write(start);
                return transfer_time(guest.freeze(), kBandwidth);
            });
        const auto law = analysis::self_consistent_cycle(
            {static_cast<double>(churn) * kMegabyte, 100'000 * kMegabyte},
            static_cast<double>(kBandwidth.count()), 300);
        EXPECT_NEAR(found.mean_s() / law.mean_rpo_s, 1, 0.01) << churn;
        EXPECT_NEAR(found.worst_s() / law.worst_rpo_s, 1, 0.02) << churn;
    }
}

/// Sends of constant length: exact.
TEST(CycleSimulation, GapScheduledCyclesAgeAsTheClosedFormSays) {
    for (const std::int64_t send_min : {10, 30, 120, 240, 1800}) {
        const RpoMeter found = run_cycles(CopyCadence(GapCadence{hours(1), hours(12)}), 1, 20,
                                          [&](Instant) { return minutes(send_min); });
        const auto law =
            analysis::gap_scheduled_cycle(60.0 * static_cast<double>(send_min), 3600, 12 * 3600);
        EXPECT_NEAR(found.worst_s(), law.worst_rpo_s, 1e-6);
        EXPECT_NEAR(found.mean_s(), law.mean_rpo_s, 1e-6);
    }
}

TEST(CycleSimulation, PeriodicCyclesAgeAsTheClosedFormSays) {
    for (const std::int64_t send_s : {0, 120, 299, 300}) {
        const RpoMeter found = run_cycles(CopyCadence(PeriodicCadence{minutes(5)}), 1, 20,
                                          [&](Instant) { return seconds(send_s); });
        const auto law = analysis::periodic_cycle(static_cast<double>(send_s), 300);
        EXPECT_NEAR(found.worst_s(), law.worst_rpo_s, 1e-6);
        EXPECT_NEAR(found.mean_s(), law.mean_rpo_s, 1e-6);
    }
}

constexpr Duration kTick = nanoseconds(10'000'000);
constexpr Duration kOutage = seconds(600);

/// Each tick is one write; an ordered journal sends the oldest first once the link is back.
class JournalWorld {
  public:
    JournalWorld(BytesPerSecond churn, BytesPerSecond bandwidth)
        : written_(moved_bytes(churn, kTick)), sent_(moved_bytes(bandwidth, kTick)) {}

    void tick() {
        unsent_.emplace_back(now_, written_);
        backlog_ += written_;
        now_ = now_ + kTick;
        Bytes room = now_ > Instant(kOutage) ? sent_ : Bytes(0);
        while (room > Bytes(0) && !unsent_.empty()) {
            Bytes& head = unsent_.front().second;
            const Bytes part = std::min(room, head);
            head -= part;
            room -= part;
            backlog_ -= part;
            if (head == Bytes(0)) unsent_.pop_front();
        }
    }
    [[nodiscard]] Instant now() const { return now_; }
    [[nodiscard]] Bytes backlog() const { return backlog_; }
    [[nodiscard]] Duration rpo() const {
        const Instant cut = unsent_.empty() ? now_ : unsent_.front().first;
        return reported_rpo({.newest_cut = cut, .backlog = backlog_, .bandwidth = kBandwidth},
                            now_);
    }

  private:
    Bytes written_;
    Bytes sent_;
    Instant now_;
    Bytes backlog_;
    std::deque<std::pair<Instant, Bytes>> unsent_;
};

TEST(OutageSimulation, JournalIsAsOldAsTheOutageAndThenCatchesUp) {
    const BytesPerSecond churn(5'000'000);
    const auto law = analysis::journal_after_outage(to_seconds(kOutage), 5 * kMegabyte,
                                                    static_cast<double>(kBandwidth.count()));
    JournalWorld world(churn, kBandwidth);
    Duration worst;
    while (world.now() < Instant(kOutage) || world.backlog() > Bytes(0)) {
        world.tick();
        worst = std::max(worst, world.rpo());
        const double since = to_seconds(world.now().since_start() - kOutage);
        if (since >= 0) {
            // The age falls by 1.5 s per second, and equals backlog / churn, not / bandwidth.
            EXPECT_NEAR(to_seconds(world.rpo()), law.worst_rpo_s + law.rpo_per_s * since, 0.05);
            EXPECT_NEAR(to_seconds(*age_of_backlog(world.backlog(), churn)),
                        to_seconds(world.rpo()), 0.05);
            // What is left to do is told right at every moment.
            EXPECT_NEAR(to_seconds(*catch_up_time(world.backlog(), kBandwidth, churn)),
                        law.catch_up_s - since, 0.05);
        }
    }
    EXPECT_NEAR(to_seconds(worst), 600, 0.05);
    EXPECT_NEAR(to_seconds(world.now().since_start()), 1000, 0.05);
}

/// The same outage with a bitmap over 2 GB: about 794 s old at worst, against 600 s, though half
/// as many bytes are sent and the link is free after 194 s instead of 400 s.
TEST(OutageSimulation, BitmapSendsLessButIsInconsistentUntilItsLastPass) {
    UniformGuest guest(200'000, Bytes(10'000), 500);
    const double stop = 3 * kMegabyte;
    Instant now(kOutage);
    Bytes total(0);
    int passes = 0;
    for (Bytes pass(0);;) {
        guest.write(now);
        pass = guest.freeze();
        now = now + transfer_time(pass, kBandwidth);
        total += pass;
        ++passes;
        if (static_cast<double>(pass.count()) <= stop) break;
    }
    const auto law =
        analysis::bitmap_after_outage(to_seconds(kOutage), {5 * kMegabyte, 2000 * kMegabyte},
                                      static_cast<double>(kBandwidth.count()), stop);
    EXPECT_EQ(passes, law.passes);
    EXPECT_NEAR(static_cast<double>(total.count()) / law.bytes, 1, 0.01);
    // Nothing newer than the start of the outage can be failed over to before the last pass.
    const Duration worst = reported_rpo({.newest_cut = Instant()}, now);
    EXPECT_NEAR(to_seconds(worst), 793.7, 2);
    EXPECT_NEAR(to_seconds(worst), to_seconds(kOutage) + law.total_s, 2);
}

/// Lindley: the next one waits for what is left of the one before.
template <typename Service>
double simulated_sojourn(double load, Service service) {
    kernel::RandomStream random(29, "queue", "arrivals");
    constexpr int kCustomers = 2'000'000;
    double waiting = 0;
    double sum = 0;
    for (int i = 0; i < kCustomers; ++i) {
        const double served = service(random);
        sum += waiting + served;
        waiting = std::max(0.0, waiting + served - random.exponential(1 / load));
    }
    return sum / kCustomers;
}

TEST(QueueSimulation, SojournsAreThoseOfTheFormulas) {
    for (const double load : {.5, .8, .9}) {
        const double mm1 = simulated_sojourn(
            load, [](kernel::RandomStream& random) { return random.exponential(1); });
        const double md1 = simulated_sojourn(load, [](kernel::RandomStream&) { return 1.0; });
        EXPECT_NEAR(mm1 / analysis::sojourn_mm1(load), 1, 0.03);
        EXPECT_NEAR(md1 / analysis::sojourn_md1(load), 1, 0.03);
    }
}

/// Bursts of 50 MB/s, 10 s on and 90 s off, into 12.5 MB/s: the part of time with more than x
/// waiting, from the straight lines of the fluid.
TEST(QueueSimulation, BurstsWaitAsTheFluidFormulaSays) {
    const auto law = analysis::burst_queue(50, 12.5, 10, 90);
    kernel::RandomStream random(31, "queue", "bursts");
    const double levels[] = {10, 40, 80, 400};
    double above[] = {0, 0, 0, 0};
    double time = 0;
    double queue = 0;
    for (int i = 0; i < 300'000; ++i) {
        const double burst = random.exponential(10);
        const double pause = random.exponential(90);
        const double peak = queue + 37.5 * burst;
        const double rest = std::max(0.0, peak - 12.5 * pause);
        for (std::size_t k = 0; k < std::size(levels); ++k) {
            const auto over = [&](double value) { return std::max(0.0, value - levels[k]); };
            above[k] += (over(peak) - over(queue)) / 37.5 + (over(peak) - over(rest)) / 12.5;
        }
        queue = rest;
        time += burst + pause;
    }
    for (std::size_t k = 0; k < std::size(levels); ++k) {
        EXPECT_NEAR(above[k] / time / law.exceeds(levels[k]), 1, 0.03) << levels[k];
    }
}

}  // namespace
}  // namespace landfall
