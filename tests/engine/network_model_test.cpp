// tests/engine/network_model_test.cpp — what a transfer costs under LV08, and who gets which share.
#include <vector>

#include "tests/engine/simgrid_fact.hpp"

namespace landfall::engine_facts {
namespace {

class NetworkCost : public SimGridFact {};

constexpr double kLatencyFactor = 13.01;     // LV08
constexpr double kBandwidthFactor = 0.97;    // LV08
constexpr double kDefaultGamma = 4194304.0;  // network/TCP-gamma: bytes in flight
constexpr double kWeightS = 20537.0;         // network/weight-S of LV08
constexpr double kCrossTraffic = 1.05;       // 5 % of a flow is charged on the way back

// Fact 1. A flow is capped at bandwidth-factor * gamma / (2 * one-way latency), whatever the link.
// sim/ sets network/TCP-gamma from the scenario's window for that reason.
TEST_F(NetworkCost, CapsAFlowAtItsWindowPerRoundTrip) {
    Simulation simulation(kDefaultNetwork);
    const double latency_s = 0.02;
    simulation.connect(1.25e9, latency_s);
    const auto comm = simulation.send(1'000'000'000);
    simulation.run();
    const double cap = kBandwidthFactor * kDefaultGamma / (2 * latency_s);  // 101.7 MB/s
    EXPECT_NEAR(simulation.end_s(comm), kLatencyFactor * latency_s + 1e9 / cap, 1e-6);
}

// Fact 1, the other half: gamma 0 means no cap in 3.32, although only later versions say so.
TEST_F(NetworkCost, HasNoWindowAtGammaZero) {
    Simulation simulation({"network/TCP-gamma:0"});
    const double latency_s = 0.02;
    const double bandwidth = 1.25e9;
    simulation.connect(bandwidth, latency_s);
    const auto comm = simulation.send(1'000'000'000);
    simulation.run();
    const double rate = kBandwidthFactor * bandwidth / kCrossTraffic;
    EXPECT_NEAR(simulation.end_s(comm), kLatencyFactor * latency_s + 1e9 / rate, 1e-6);
}

// LV08 on a SHARED link: 13.01 * latency + bytes * 1.05 / (0.97 * bandwidth). The documented case,
// 100 kB over 1 Mbit/s (125 kB/s) and 10 ms, takes 0.996079 s.
TEST_F(NetworkCost, FollowsTheFormulaOfLv08) {
    Simulation simulation(kDefaultNetwork);
    simulation.connect(125e3, 0.01);
    const auto comm = simulation.send(100'000);
    simulation.run();
    const double formula = 13.01 * 0.01 + 100e3 * 1.05 / (0.97 * 125e3);
    EXPECT_NEAR(formula, 0.996079, 1e-6);
    EXPECT_NEAR(simulation.end_s(comm), formula, 1e-9);
}

// The latency factor is paid by every message, also by an empty one: a long-lived stream must not
// be cut into messages under the default factor.
TEST_F(NetworkCost, ChargesTheLatencyFactorToEveryMessage) {
    Simulation simulation(kDefaultNetwork);
    simulation.connect(1e6, 0.1);
    const auto comm = simulation.send(0);
    simulation.run();
    EXPECT_NEAR(simulation.end_s(comm), kLatencyFactor * 0.1, 1e-9);
}

// With every factor set to one the cost is latency + bytes / bandwidth: what sim/ builds on.
TEST_F(NetworkCost, IsPlainWhenEveryOptionIsSet) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e6, 0.1);
    const auto comm = simulation.send(5'000'000);
    simulation.run();
    EXPECT_NEAR(simulation.end_s(comm), 0.1 + 5e6 / 1e6, 1e-9);
}

// Three flows of 1, 2 and 3 GB share 1 GB/s fairly: the first ends after 3 * 1 GB, the second when
// 1 GB more has passed for each of two, the third alone: 3, 5 and 6 s.
TEST_F(NetworkCost, SharesALinkFairly) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e9, 1e-9);
    const auto one = simulation.send(1'000'000'000);
    const auto two = simulation.send(2'000'000'000);
    const auto three = simulation.send(3'000'000'000);
    simulation.run();
    EXPECT_NEAR(simulation.end_s(one), 3.0, 1e-6);
    EXPECT_NEAR(simulation.end_s(two), 5.0, 1e-6);
    EXPECT_NEAR(simulation.end_s(three), 6.0, 1e-6);
}

/// Three senders with access links of the given latencies behind one WAN link; bytes that each of
/// them had moved when 10 s had passed.
std::vector<double> bytes_after_10_s(Simulation& simulation,
                                     const std::vector<double>& latencies_s) {
    constexpr double kBandwidth = 1e8;
    constexpr double kSize = 1e12;
    auto* zone = s4u::create_full_zone("world");
    auto* sink = zone->create_host("sink", 1e9);
    const auto* wan = zone->create_link("wan", kBandwidth)->set_latency(1e-9);
    std::vector<s4u::Host*> senders;
    for (std::size_t i = 0; i < latencies_s.size(); ++i) {
        const std::string name = "sender-" + std::to_string(i);
        auto* host = zone->create_host(name, 1e9);
        const auto* access = zone->create_link(name, kBandwidth)->set_latency(latencies_s[i]);
        zone->add_route(host->get_netpoint(), sink->get_netpoint(), nullptr, nullptr,
                        {s4u::LinkInRoute(access), s4u::LinkInRoute(wan)}, true);
        senders.push_back(host);
    }
    zone->seal();
    std::vector<s4u::CommPtr> comms;
    for (auto* sender : senders) {
        comms.push_back(simulation.send(sender, sink, static_cast<std::uint64_t>(kSize)));
    }
    std::vector<double> moved;
    Simulation::at(10.0, [&] {
        for (const auto& comm : comms) moved.push_back(kSize - comm->get_remaining());
        for (const auto& comm : comms) comm->cancel();
    });
    simulation.run();
    return moved;
}

// Fact 11. A link is shared in proportion to 1 / (latency of the route + the sum of weight-S /
// bandwidth over its links), not equally: latency differences belong on links that all flows share.
TEST_F(NetworkCost, SharesByInverseLatency) {
    Simulation simulation(
        {"network/latency-factor:1", "network/TCP-gamma:0", "network/crosstraffic:0"});
    const std::vector<double> moved = bytes_after_10_s(simulation, {0.001, 0.020, 0.080});
    const auto penalty = [](double latency_s) { return latency_s + 1e-9 + 2 * kWeightS / 1e8; };
    ASSERT_EQ(moved.size(), 3U);
    EXPECT_NEAR(moved[0] / moved[1], penalty(0.020) / penalty(0.001), 0.2);
    EXPECT_NEAR(moved[1] / moved[2], penalty(0.080) / penalty(0.020), 0.2);
}

// Fact 11, the way out: a huge weight-S drowns the latencies, so that all get the same.
TEST_F(NetworkCost, SharesEquallyUnderAHugeWeight) {
    Simulation simulation({"network/latency-factor:1", "network/TCP-gamma:0",
                           "network/crosstraffic:0", "network/weight-S:1e12"});
    const std::vector<double> moved = bytes_after_10_s(simulation, {0.0001, 0.0002, 0.0003});
    ASSERT_EQ(moved.size(), 3U);
    EXPECT_NEAR(moved[0] / moved[1], 1.0, 1e-3);
    EXPECT_NEAR(moved[1] / moved[2], 1.0, 1e-3);
}

}  // namespace
}  // namespace landfall::engine_facts
