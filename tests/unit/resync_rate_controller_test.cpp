// tests/unit/resync_rate_controller_test.cpp — a resync that fills the link.
#include "model/replication/flow/resync_rate_controller.hpp"

#include <deque>

#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"

namespace landfall {
namespace {

constexpr Duration kInterval = nanoseconds(100'000'000);

/// DRBD's own figures (linux/drbd_limits.h).
constexpr ResyncRateSettings kDrbd{.interval = kInterval,
                                   .plan_ahead = seconds(2),
                                   .delay_target = seconds(1),
                                   .fill_target = Bytes(51'200),
                                   .start_rate = BytesPerSecond(250 * 1024),
                                   .most_in_flight = mebibytes(4)};

/// Requests travel a constant delay and then leave a serial link of constant rate. Returns what
/// arrived within each step.
class ConstantLink {
  public:
    ConstantLink(BytesPerSecond rate, Duration delay) : rate_(rate), delay_(delay) {}

    void request(Instant now, Bytes amount) {
        if (amount == Bytes(0)) return;
        free_ = std::max(free_, now + delay_) + transfer_time(amount, rate_);
        under_way_.push_back({free_, amount});
    }
    /// What of it is there at `now`; the head is counted by the part that has passed.
    Bytes arrived(Instant now) {
        Bytes total(0);
        while (!under_way_.empty()) {
            auto& [end, left] = under_way_.front();
            if (end <= now) {
                total += left;
                under_way_.pop_front();
                continue;
            }
            const Bytes rest = std::min(left, moved_bytes(rate_, end - now) + Bytes(1));
            total += left - rest;
            left = rest;
            break;
        }
        return total;
    }

  private:
    struct Request {
        Instant end;
        Bytes left;
    };
    BytesPerSecond rate_;
    Duration delay_;
    Instant free_;
    std::deque<Request> under_way_;
};

struct LinkCase {
    std::int64_t rate;
    std::int64_t delay_ms;
    std::int64_t fill_target;
};

TEST(ResyncRateController, SettlesAtTheFillTargetOnALinkOfConstantRate) {
    // Targets from half of what the link moves in a step to five times as much.
    for (const LinkCase& link :
         {LinkCase{1'000'000, 5, 51'200}, LinkCase{100'000, 20, 51'200},
          LinkCase{10'000'000, 30, 1'000'000}, LinkCase{50'000'000, 10, 3'000'000}}) {
        ResyncRateSettings settings = kDrbd;
        settings.fill_target = Bytes(link.fill_target);
        settings.most_in_flight = mebibytes(32);
        ResyncRateController controller(settings);
        ConstantLink wire(BytesPerSecond(link.rate), nanoseconds(link.delay_ms * 1'000'000));
        Instant now;
        Bytes total(0);
        for (int step = 0; step < 600; ++step) {
            now = now + kInterval;
            const Bytes arrived = wire.arrived(now);
            const Bytes allowed = controller.next(arrived, kInterval);
            controller.on_requested(allowed);
            wire.request(now, allowed);
            if (step >= 300) {
                total += arrived;
                // What is left in flight when a step begins, to the rounding of a plan's steps.
                ASSERT_NEAR((controller.in_flight() - allowed).count(), link.fill_target,
                            0.02 * static_cast<double>(link.fill_target) + 20)
                    << link.rate << " B/s, step " << step;
            }
        }
        // With more in the queue than the delay takes, the link is never idle.
        EXPECT_NEAR(total.count() / 30.0, link.rate, 0.01 * link.rate);
    }
}

/// 4 MiB at a time, ten times a second, on a link that could do more.
TEST(ResyncRateController, IsBoundByTheBuffersOfTheReceiver) {
    ResyncRateSettings settings = kDrbd;
    settings.fill_target = mebibytes(3);
    ResyncRateController controller(settings);
    ConstantLink wire(BytesPerSecond(50'000'000), nanoseconds(10'000'000));
    Instant now;
    Bytes total(0);
    for (int step = 0; step < 600; ++step) {
        now = now + kInterval;
        const Bytes arrived = wire.arrived(now);
        const Bytes allowed = controller.next(arrived, kInterval);
        controller.on_requested(allowed);
        wire.request(now, allowed);
        if (step >= 300) total += arrived;
    }
    EXPECT_EQ(total, mebibytes(4) * 300);
}

TEST(ResyncRateController, KeepsTheDelayTargetOfTheLinkWhenThereIsNoFillTarget) {
    ResyncRateSettings settings = kDrbd;
    settings.fill_target = Bytes(0);
    ResyncRateController controller(settings);
    const BytesPerSecond rate(2'000'000);
    ConstantLink wire(rate, nanoseconds(2'000'000));
    Instant now;
    for (int step = 0; step < 900; ++step) {
        now = now + kInterval;
        const Bytes allowed = controller.next(wire.arrived(now), kInterval);
        if (step >= 600) {
            ASSERT_NEAR(controller.in_flight().count(), 2'000'000, 60'000) << step;  // rate x 1 s
        }
        controller.on_requested(allowed);
        wire.request(now, allowed);
    }
}

TEST(ResyncRateController, StaysWithinItsLimitsWhateverArrivesAndWhen) {
    kernel::RandomStream random(23, "test", "resync rate");
    for (int round = 0; round < 60; ++round) {
        ResyncRateSettings settings = kDrbd;
        settings.fill_target = Bytes(static_cast<std::int64_t>(random.below(3)) * 700'000);
        settings.most_in_flight = Bytes(static_cast<std::int64_t>(random.below(2'000'000)) + 1);
        ResyncRateController controller(settings);
        for (int step = 0; step < 300; ++step) {
            const auto draw = [&](Bytes most) {
                return Bytes(static_cast<std::int64_t>(
                    random.below(static_cast<std::uint64_t>(most.count()) + 1)));
            };
            const Duration elapsed(static_cast<std::int64_t>(random.below(3'000'000'000)) + 1);
            const Bytes arrived =
                random.below(3) == 0 ? controller.in_flight() : draw(controller.in_flight());
            const Bytes allowed = controller.next(arrived, elapsed);
            ASSERT_GE(allowed, Bytes(0));
            controller.on_requested(random.below(2) == 0 ? allowed : draw(allowed));
            ASSERT_LE(controller.in_flight(), settings.most_in_flight);
        }
    }
}

TEST(ResyncRateController, StartsAtTheStartRateAndStopsWhoeverCheats) {
    ResyncRateController controller(kDrbd);
    // 250 KiB/s over 2 s in 20 steps.
    EXPECT_EQ(controller.next(Bytes(0), kInterval), Bytes(250 * 1024 / 10));
    EXPECT_THROW(controller.on_requested(Bytes(250 * 1024)), InvariantViolation);
    EXPECT_THROW((void)controller.next(Bytes(1), kInterval), InvariantViolation);
    EXPECT_THROW((void)controller.next(Bytes(0), Duration(0)), InvariantViolation);
}

}  // namespace
}  // namespace landfall
