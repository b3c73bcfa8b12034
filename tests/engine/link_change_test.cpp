// tests/engine/link_change_test.cpp — links that change, fail or were never there for a flow.
#include "tests/engine/simgrid_fact.hpp"

namespace landfall::engine_facts {
namespace {

class LinkChange : public SimGridFact {};
using LinkChangeDeathTest = LinkChange;

constexpr double kLatency = 1e-3;

// Fact 2. A flow keeps the bandwidth bound of its start: raising a link from 1e5 to 1e6 B/s at t =
// 2 leaves a flow of 1e6 B to end at 10 s, while one started after it runs at the new speed.
TEST_F(LinkChange, RaisedBandwidthDoesNotSpeedUpARunningFlow) {
    Simulation simulation(kPlainNetworkWithWindow);
    simulation.connect(1e5, kLatency);
    const auto running = simulation.send(1'000'000);
    Simulation::at(2.0, [&] { simulation.wan->set_bandwidth(1e6); });
    s4u::CommPtr later;
    Simulation::at(20.0, [&] { later = simulation.send(1'000'000); });
    simulation.run();
    EXPECT_NEAR(simulation.end_s(running), kLatency + 1e6 / 1e5, 1e-6);
    EXPECT_NEAR(simulation.end_s(later), 20.0 + kLatency + 1e6 / 1e6, 1e-6);
}

// Fact 2 holds with a window only: at gamma 0 there is no bound to keep, and the flow speeds up.
TEST_F(LinkChange, RaisedBandwidthSpeedsUpAFlowWithoutWindow) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e5, kLatency);
    const auto running = simulation.send(1'000'000);
    Simulation::at(2.0, [&] { simulation.wan->set_bandwidth(1e6); });
    simulation.run();
    const double moved = (2.0 - kLatency) * 1e5;
    EXPECT_NEAR(simulation.end_s(running), 2.0 + (1e6 - moved) / 1e6, 1e-6);
}

// What latency spikes rely on (sim/faults): a flow under way ends when it would have, one that
// starts later waits for the new latency, and without window (gamma 0) neither loses bandwidth.
TEST_F(LinkChange, RaisedLatencyDelaysWhatStartsAfterItAndNothingElse) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e5, kLatency);
    const auto running = simulation.send(1'000'000);
    Simulation::at(2.0, [&] { simulation.wan->set_latency(1.0); });
    s4u::CommPtr later;
    Simulation::at(20.0, [&] { later = simulation.send(1'000'000); });
    simulation.run();
    EXPECT_NEAR(simulation.end_s(running), kLatency + 1e6 / 1e5, 1e-6);
    EXPECT_NEAR(simulation.end_s(later), 20.0 + 1.0 + 1e6 / 1e5, 1e-6);
}

// Lowering does work at once: 2 s at 1e5 B/s, the remaining 8e5 B at 5e4 B/s.
TEST_F(LinkChange, LoweredBandwidthSlowsARunningFlow) {
    Simulation simulation(kPlainNetworkWithWindow);
    simulation.connect(1e5, kLatency);
    const auto running = simulation.send(1'000'000);
    Simulation::at(2.0, [&] { simulation.wan->set_bandwidth(5e4); });
    simulation.run();
    const double moved = (2.0 - kLatency) * 1e5;
    EXPECT_NEAR(simulation.end_s(running), 2.0 + (1e6 - moved) / 5e4, 1e-6);
}

// Fact 3. Bandwidth 0 does not stop a flow: it runs on at its old rate, to completion.
TEST_F(LinkChange, ZeroBandwidthLeavesAFlowAtItsOldRate) {
    Simulation simulation(kPlainNetworkWithWindow);
    simulation.connect(1e5, kLatency);
    const auto running = simulation.send(1'000'000);
    Simulation::at(2.0, [&] { simulation.wan->set_bandwidth(0); });
    simulation.run();
    EXPECT_NEAR(simulation.end_s(running), kLatency + 1e6 / 1e5, 1e-6);
}

// The pattern of sim/world/link_capacity: the link is declared at its physical maximum, a NONLINEAR
// callback returns the capacity of the moment, and setting the bandwidth to itself (the poke) makes
// the solver look again. 2 s at 1e5 B/s, the rest at 1e6 B/s: as computed, both up and down.
TEST_F(LinkChange, ThrottlePatternChangesRunningFlowsBothWays) {
    Simulation simulation(kPlainNetworkWithWindow);
    simulation.connect(1e6, kLatency);
    double capacity = 1e5;
    simulation.wan->set_sharing_policy(s4u::Link::SharingPolicy::NONLINEAR,
                                       [&capacity](double, int) { return capacity; });
    const auto change = [&](double to) {
        capacity = to;
        simulation.wan->set_bandwidth(simulation.wan->get_bandwidth());
    };
    const auto running = simulation.send(1'000'000);
    Simulation::at(2.0, [&] { change(1e6); });
    Simulation::at(2.5, [&] { change(2e5); });
    simulation.run();
    const double moved = (2.0 - kLatency) * 1e5 + 0.5 * 1e6;
    EXPECT_NEAR(simulation.end_s(running), 2.5 + (1e6 - moved) / 2e5, 1e-6);
}

// The same without the poke: the change is not seen while nothing else happens on the link.
TEST_F(LinkChange, ThrottleWithoutPokeChangesNothing) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e6, kLatency);
    double capacity = 1e5;
    simulation.wan->set_sharing_policy(s4u::Link::SharingPolicy::NONLINEAR,
                                       [&capacity](double, int) { return capacity; });
    const auto running = simulation.send(1'000'000);
    Simulation::at(2.0, [&] { capacity = 1e6; });
    simulation.run();
    EXPECT_NEAR(simulation.end_s(running), kLatency + 1e6 / 1e5, 1e-6);
}

// "Blocked" is a tiny positive capacity: the flow stalls, and picks up at full speed afterwards.
TEST_F(LinkChange, TinyCapacityStallsAFlow) {
    Simulation simulation(kPlainNetworkWithWindow);
    simulation.connect(1e5, kLatency);
    double capacity = 1e5;
    simulation.wan->set_sharing_policy(s4u::Link::SharingPolicy::NONLINEAR,
                                       [&capacity](double, int) { return capacity; });
    const auto change = [&](double to) {
        capacity = to;
        simulation.wan->set_bandwidth(simulation.wan->get_bandwidth());
    };
    const auto running = simulation.send(1'000'000);
    Simulation::at(2.0, [&] { change(1e-3); });
    Simulation::at(102.0, [&] { change(1e5); });
    simulation.run();
    EXPECT_NEAR(simulation.end_s(running), 100.0 + kLatency + 1e6 / 1e5, 1e-3);
}

// Turning a link off fails its flows at that date, and the report carries what was left.
TEST_F(LinkChange, TurningALinkOffFailsItsFlows) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e5, kLatency);
    const auto running = simulation.send(1'000'000);
    double remaining = 0;
    simulation.on_end = [&](const s4u::Activity& activity) {
        remaining = activity.get_remaining();
    };
    Simulation::at(2.0, [&] { simulation.wan->turn_off(); });
    simulation.run();
    ASSERT_EQ(simulation.ends_of(running).size(), 1U);
    EXPECT_EQ(simulation.ends_of(running)[0].state, State::FAILED);
    EXPECT_NEAR(simulation.ends_of(running)[0].at_s, 2.0, 1e-9);
    EXPECT_NEAR(remaining, 1e6 - (2.0 - kLatency) * 1e5, 1e-3);
}

// Fact 5. A flow started over a link that is off is lost: no callback, and its state stays STARTED.
// sim/ asks every link of the route before it starts anything.
TEST_F(LinkChange, AFlowStartedOverAnOffLinkIsLost) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e5, kLatency);
    simulation.wan->turn_off();
    const auto lost = simulation.send(1'000);
    Simulation::at(1000.0, [] {});
    simulation.run();
    EXPECT_TRUE(simulation.ends_of(lost).empty());
    EXPECT_EQ(lost->get_state(), State::STARTED);
}

// Fact 6. A flow started to or from a host that is off aborts the process.
TEST_F(LinkChangeDeathTest, AFlowStartedFromAnOffHostAborts) {
    EXPECT_DEATH(
        {
            Simulation simulation(kPlainNetwork);
            simulation.connect(1e5, kLatency);
            simulation.a->turn_off();
            simulation.send(1'000);
            simulation.run();
        },
        "");
}

}  // namespace
}  // namespace landfall::engine_facts
