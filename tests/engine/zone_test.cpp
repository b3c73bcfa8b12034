// tests/engine/zone_test.cpp — a star zone per site gives what the costly full zone gives.
#include <cmath>
#include <string>
#include <vector>

#include "tests/engine/simgrid_fact.hpp"

namespace landfall::engine_facts {
namespace {

class Zones : public SimGridFact {};

constexpr int kHosts = 8;
constexpr double kBandwidth = 1e8;
constexpr double kLatency = 1e-3;

/// Hosts with an access link each, in one zone of the given kind.
std::vector<s4u::Host*> make_site(const std::string& name, bool star) {
    auto* zone = star ? s4u::create_star_zone(name) : s4u::create_full_zone(name);
    std::vector<s4u::Host*> hosts;
    std::vector<const s4u::Link*> links;
    for (int i = 0; i < kHosts; ++i) {
        const std::string host = name + "-" + std::to_string(i);
        hosts.push_back(zone->create_host(host, 1e9));
        links.push_back(zone->create_link(host + "-access", kBandwidth)->set_latency(kLatency));
        if (star) {
            zone->add_route(hosts[i]->get_netpoint(), nullptr, nullptr, nullptr,
                            {s4u::LinkInRoute(links[i])}, true);
        }
    }
    for (int i = 0; !star && i < kHosts; ++i) {
        for (int j = i + 1; j < kHosts; ++j) {
            zone->add_route(hosts[i]->get_netpoint(), hosts[j]->get_netpoint(), nullptr, nullptr,
                            {s4u::LinkInRoute(links[i]), s4u::LinkInRoute(links[j])}, true);
        }
    }
    zone->seal();
    return hosts;
}

/// Ends of one transfer between each pair of neighbours, all at once.
std::vector<double> ends_of_a_ring(bool star) {
    Simulation simulation(kPlainNetwork);
    const auto hosts = make_site("site", star);
    std::vector<s4u::CommPtr> comms;
    for (int i = 0; i < kHosts; ++i) {
        const auto bytes = static_cast<std::uint64_t>(1'000'000) * (i + 1);
        comms.push_back(simulation.send(hosts[i], hosts[(i + 1) % kHosts], bytes));
    }
    simulation.run();
    std::vector<double> ends;
    for (const auto& comm : comms) ends.push_back(simulation.end_s(comm));
    return ends;
}

// Host i sends i + 1 MB to its neighbour. Each access link carries two transfers, so the first to
// end, the smallest, ran at half speed: latency of two links + 1 MB / (bandwidth / 2). The star and
// the full zone are held to the same numbers, each in a process of its own.
const double kFirstEnd = 2 * kLatency + 1e6 / (kBandwidth / 2);

// The last two: 7 MB and 8 MB share a link throughout, hosts 6 -> 7 -> 0. What the others leave
// free is used, so both run at least at half speed, and the larger ends last.
void expect_ring(const std::vector<double>& ends) {
    EXPECT_NEAR(ends[0], kFirstEnd, 1e-6);
    for (int i = 0; i < kHosts; ++i) {
        EXPECT_LE(ends[i], 2 * kLatency + (i + 1) * 1e6 / (kBandwidth / 2) + 1e-6);
        EXPECT_GE(ends[i], 2 * kLatency + (i + 1) * 1e6 / kBandwidth - 1e-6);
    }
    // 7 MB at half speed; by then 7 of the 8 MB have passed, and the last one has the link alone.
    EXPECT_NEAR(ends[6], 2 * kLatency + 7e6 / (kBandwidth / 2), 1e-6);
    EXPECT_NEAR(ends[7], ends[6] + 1e6 / kBandwidth, 1e-6);
}

TEST_F(Zones, AFullZoneCarriesARing) {
    expect_ring(ends_of_a_ring(false));
}

TEST_F(Zones, AStarZoneCarriesTheSameRing) {
    expect_ring(ends_of_a_ring(true));
}

// Star zones of two sites under one full zone, joined by a declared route between their routers:
// the platform that sim/ builds. Two flows of different hosts share the WAN link.
TEST_F(Zones, SitesAreJoinedByADeclaredRoute) {
    Simulation simulation(kPlainNetwork);
    auto* world = s4u::create_full_zone("world");
    const auto make_child = [world](const std::string& name) {
        auto* zone = s4u::create_star_zone(name);
        zone->set_parent(world);
        const auto gateway = zone->create_router(name + "-gateway");
        std::vector<s4u::Host*> hosts;
        for (int i = 0; i < 2; ++i) {
            auto* host = zone->create_host(name + "-" + std::to_string(i), 1e9);
            const auto* link =
                zone->create_link(host->get_name() + "-nic", 1e9)->set_latency(kLatency);
            zone->add_route(host->get_netpoint(), nullptr, nullptr, nullptr,
                            {s4u::LinkInRoute(link)}, true);
            hosts.push_back(host);
        }
        zone->seal();
        return std::tuple{zone, gateway, hosts};
    };
    const auto [left, left_gateway, left_hosts] = make_child("left");
    const auto [right, right_gateway, right_hosts] = make_child("right");
    const auto* wan = world->create_link("wan", 1e6)->set_latency(0.02);
    world->add_route(left->get_netpoint(), right->get_netpoint(), left_gateway, right_gateway,
                     {s4u::LinkInRoute(wan)}, true);
    world->seal();
    const auto one = simulation.send(left_hosts[0], right_hosts[0], 1'000'000);
    const auto two = simulation.send(left_hosts[1], right_hosts[1], 1'000'000);
    simulation.run();
    const double expected = 2 * kLatency + 0.02 + 1e6 / (1e6 / 2);
    EXPECT_NEAR(simulation.end_s(one), expected, 1e-6);
    EXPECT_NEAR(simulation.end_s(two), expected, 1e-6);
}

}  // namespace
}  // namespace landfall::engine_facts
