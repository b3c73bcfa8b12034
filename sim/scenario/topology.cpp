// sim/scenario/topology.cpp — shortest paths by Boost.Graph.
#include "sim/scenario/topology.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>

namespace landfall::scenario {

namespace {

/// Latency first, then the number of links: compared as a pair.
using Distance = std::pair<std::int64_t, std::int64_t>;

struct Edge {
    Distance length;
    Hop hop;
};

using Graph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, Edge>;

std::map<std::string, std::size_t, std::less<>> number_nodes(const Scenario& scenario) {
    std::map<std::string, std::size_t, std::less<>> nodes;
    const auto add = [&nodes](const std::string& name) { nodes.emplace(name, nodes.size()); };
    for (const Site& site : scenario.sites) add(site.name);
    for (const Region& region : scenario.regions) add(region.name);
    for (const std::string& router : scenario.routers) add(router);
    return nodes;
}

}  // namespace

std::optional<std::vector<Hop>> find_route(const Scenario& scenario, std::string_view from,
                                           std::string_view to) {
    const auto nodes = number_nodes(scenario);
    const auto start = nodes.find(from);
    const auto goal = nodes.find(to);
    if (start == nodes.end() || goal == nodes.end()) return std::nullopt;

    Graph graph(nodes.size());
    for (std::size_t index = 0; index < scenario.links.size(); ++index) {
        const Link& link = scenario.links[index];
        const auto a = nodes.find(link.from);
        const auto b = nodes.find(link.to);
        if (a == nodes.end() || b == nodes.end()) continue;
        const Distance length{link.latency.count(), 1};
        boost::add_edge(a->second, b->second, Edge{length, {index, true}}, graph);
        boost::add_edge(b->second, a->second, Edge{length, {index, false}}, graph);
    }

    static constexpr Distance kInfinity{std::numeric_limits<std::int64_t>::max(), 0};
    std::vector<std::size_t> before(nodes.size());
    std::vector<Distance> distance(nodes.size(), kInfinity);
    const auto add = [](const Distance& a, const Distance& b) {
        return a == kInfinity || b == kInfinity ? kInfinity
                                                : Distance{a.first + b.first, a.second + b.second};
    };
    boost::dijkstra_shortest_paths(graph, start->second,
                                   boost::weight_map(boost::get(&Edge::length, graph))
                                       .predecessor_map(before.data())
                                       .distance_map(distance.data())
                                       .distance_compare(std::less<Distance>())
                                       .distance_combine(add)
                                       .distance_inf(kInfinity)
                                       .distance_zero(Distance{0, 0}));
    if (distance[goal->second] == kInfinity) return std::nullopt;

    std::vector<Hop> hops;
    for (std::size_t node = goal->second; node != start->second; node = before[node]) {
        // Of parallel links the shortest was used; the first declared one stands for equals.
        std::optional<Edge> best;
        const auto [first, last] = boost::out_edges(before[node], graph);
        for (auto edge = first; edge != last; ++edge) {
            if (boost::target(*edge, graph) != node) continue;
            if (!best || graph[*edge].length < best->length) best = graph[*edge];
        }
        hops.push_back(best->hop);
    }
    std::reverse(hops.begin(), hops.end());
    return hops;
}

}  // namespace landfall::scenario
