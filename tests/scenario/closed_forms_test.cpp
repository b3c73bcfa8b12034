// tests/scenario/closed_forms_test.cpp — what SimGrid's sharing, outages and throttles must amount
// to.
#include <gtest/gtest.h>

#include "sim/kernel/simgrid_kernel.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::test {
namespace {

std::unique_ptr<kernel::Kernel> simgrid(const kernel::NetworkPlan& plan) {
    return std::make_unique<kernel::SimGridKernel>(plan);
}

class TransferEnds : public kernel::KernelSink {
  public:
    explicit TransferEnds(kernel::Kernel& kernel) : kernel_(kernel) {}
    void on_event(const kernel::CalendarEvent&) override {}
    void on_transfer_completed(ChannelId channel) override {
        ends_s[channel.value] = to_seconds(kernel_.now().since_start());
    }
    std::map<std::uint32_t, double> ends_s;

  private:
    kernel::Kernel& kernel_;
};

/// Processor sharing: 1, 2 and 3 GB on 1 GB/s. A third each until the first is done at 3 s, a half
/// each until the second is at 5 s, then the rest alone until 6 s.
TEST(Sharing, ThreeFlowsOfOneTwoAndThreeGigabytesEndAtThreeFiveAndSixSeconds) {
    kernel::NetworkPlan plan;
    plan.links.push_back({"wan", 1e9, 1e-6, false});
    for (const char* name : {"a", "b", "c"}) plan.channels.push_back({name, {0}});
    kernel::SimGridKernel kernel(plan);
    TransferEnds ends(kernel);
    for (std::uint32_t k = 0; k < 3; ++k) {
        kernel.send(ChannelId(k), Bytes((k + 1) * kGB));
    }
    kernel.run(ends);
    EXPECT_NEAR(ends.ends_s[0], 3, 1e-4);
    EXPECT_NEAR(ends.ends_s[1], 5, 1e-4);
    EXPECT_NEAR(ends.ends_s[2], 6, 1e-4);
}

TEST(Sharing, ASecondKernelInOneProcessIsRefused) {
    kernel::NetworkPlan plan;
    plan.links.push_back({"wan", 1e9, 1e-6, false});
    plan.channels.push_back({"a", {0}});
    const kernel::SimGridKernel first(plan);
    EXPECT_THROW(kernel::SimGridKernel second(plan), std::logic_error);
}

/// An outage of L seconds: the RPO peaks at L (and the marker that was due), and the backlog c L
/// drains at B - c, in c L / (B - c) seconds.
TEST(Outage, RpoPeaksAtItsLengthAndTheBacklogDrainsInClOverBMinusC) {
    const std::int64_t churn = 5 * kMB;
    const std::int64_t rate = 12'500'000;
    const Duration outage = seconds(3600);
    SmallSetup setup;
    setup.profile.crash_consistent_interval = seconds(10);
    setup.profile.retention_grids = {{days(1), {{days(1), seconds(10)}}}};
    setup.wan = BytesPerSecond(rate);
    setup.wan_outages = {{Instant(hours(1)), outage}};
    setup.machines = {{"vm", {Bytes(10 * kGB)}, BytesPerSecond(churn)}};
    SmallWorld world(setup, simgrid);
    world.at(Instant(), [&] { world.logic().adopt_protected(MachineId(0)); });

    const double drain_s = 3600.0 * 5 / (12.5 - 5);
    std::optional<double> drained_s;
    for (std::int64_t second = 7200; second < 7200 + 3600; second += 5) {
        world.at(Instant(seconds(second)), [&, second] {
            const auto& server = world.engine().process_server(ProcessServerId(0));
            const Bytes waiting = server.source.bytes() + server.cache_used();
            if (!drained_s && waiting <= Bytes(3 * rate)) {
                drained_s = static_cast<double>(second - 7200);
            }
        });
    }
    Bytes backlog_at_end;
    world.at(Instant(seconds(7200)), [&] {
        const auto& server = world.engine().process_server(ProcessServerId(0));
        backlog_at_end = server.source.bytes() + server.receiving.bytes + server.cache_used();
    });
    world.run_until(Instant(hours(4)));
    EXPECT_NEAR(static_cast<double>(backlog_at_end.count()), 3600.0 * churn, 0.01 * 3600 * churn);
    // Between markers of 10 s, and with batches of a second.
    EXPECT_NEAR(world.recorder().rpo(MachineId(0)).maximum(), 3600, 15);
    ASSERT_TRUE(drained_s);
    EXPECT_NEAR(*drained_s, drain_s, 0.01 * drain_s + 5);
}

/// While a backlog drains, RPO(t) = backlog / c falls with slope 1 - B/c.
TEST(Outage, RpoFallsWithSlopeOneMinusBOverC) {
    SmallSetup setup;
    setup.profile.crash_consistent_interval = seconds(10);
    setup.profile.retention_grids = {{days(1), {{days(1), seconds(10)}}}};
    setup.wan = BytesPerSecond(12'500'000);
    setup.wan_outages = {{Instant(hours(1)), seconds(600)}};
    setup.machines = {{"vm", {Bytes(10 * kGB)}, BytesPerSecond(5 * kMB)}};
    SmallWorld world(setup, simgrid);
    world.at(Instant(), [&] { world.logic().adopt_protected(MachineId(0)); });
    std::optional<double> first;
    std::optional<double> second;
    world.at(Instant(seconds(4200 + 100)),
             [&] { first = to_seconds(*world.engine().rpo(MachineId(0))); });
    world.at(Instant(seconds(4200 + 300)),
             [&] { second = to_seconds(*world.engine().rpo(MachineId(0))); });
    world.run_until(Instant(hours(2)));
    ASSERT_TRUE(first && second);
    EXPECT_NEAR((*second - *first) / 200, 1 - 12.5 / 5, 0.12);
}

/// A batch that is under way when the link is throttled to a hundredth takes a hundred times
/// longer. What lies at its front has arrived all the same: the RPO of a quiet machine beside a
/// copy does not show the batch.
TEST(Throttle, DoesNotShowInTheRpoOfWhatHasArrived) {
    SmallSetup setup;
    setup.capture_step = seconds(60);
    setup.profile.transfer_slice = seconds(10);
    setup.wan = BytesPerSecond(125 * kMB);
    setup.wan_throttles = {{{hours(1), hours(23)}, BytesPerSecond(1'250'000)}};
    setup.machines = {{"quiet", {Bytes(kGB)}, BytesPerSecond(1000)},
                      {"copied", {Bytes(600 * kGB)}, BytesPerSecond(0)}};
    SmallWorld world(setup, simgrid);
    world.at(Instant(), [&] { world.logic().adopt_protected(MachineId(0)); });
    world.at(Instant(), [&] { world.logic().start(Operation::EnableReplication, MachineId(1)); });
    world.run_until(Instant(hours(2)));
    // The batch alone would take 1,000 s. What is captured after it was sent still waits behind it.
    EXPECT_LT(world.recorder().rpo(MachineId(0)).maximum(), 600);
}

TEST(LinkSchedule, ThrottlesByTheClockAndStallsDuringOutages) {
    scenario::Link link;
    link.bandwidth = BytesPerSecond(100);
    link.throttles = {{{hours(8), hours(18)}, BytesPerSecond(20)},
                      {{hours(22), hours(2)}, BytesPerSecond(50)}};
    link.outages = {{Instant(hours(30)), hours(1)}};
    const world::LinkSchedule schedule(link, 0.5);
    EXPECT_DOUBLE_EQ(schedule.capacity(Instant(hours(7))), 50);
    EXPECT_DOUBLE_EQ(schedule.capacity(Instant(hours(8))), 10);
    EXPECT_DOUBLE_EQ(schedule.capacity(Instant(hours(18))), 50);
    EXPECT_DOUBLE_EQ(schedule.capacity(Instant(hours(23))), 25);
    EXPECT_DOUBLE_EQ(schedule.capacity(Instant(hours(25))), 25);
    EXPECT_DOUBLE_EQ(schedule.capacity(Instant(hours(30))), kernel::kStalledRate);
    EXPECT_EQ(schedule.next_change(Instant(hours(9))), Instant(hours(18)));
    EXPECT_EQ(schedule.next_change(Instant(hours(26))), Instant(hours(30)));
    EXPECT_EQ(schedule.next_change(Instant(hours(30))), Instant(hours(31)));
    // An hour at 50 and an hour at 10.
    EXPECT_DOUBLE_EQ(schedule.room(Instant(hours(7)), Instant(hours(9))).bytes, 3600 * 60);
    EXPECT_EQ(schedule.room(Instant(hours(7)), Instant(hours(9))).closed, Duration(0));
    // An hour down, an hour at 50.
    EXPECT_DOUBLE_EQ(schedule.room(Instant(hours(30)), Instant(hours(32))).bytes, 3600 * 50);
    EXPECT_EQ(schedule.room(Instant(hours(30)), Instant(hours(32))).closed, hours(1));
}

}  // namespace
}  // namespace landfall::test
