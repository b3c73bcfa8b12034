// sim/scenario/topology.hpp — the network as a graph: nodes are sites, regions and routers.
//
// Routes are the paths of least latency (Boost.Graph, Dijkstra); among equals the one with fewer
// links, then the one declared first.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/scenario/scenario.hpp"

namespace landfall::scenario {

/// One link of a route, with the direction it is crossed in.
struct Hop {
    std::size_t link = 0;  ///< index into Scenario::links
    bool forward = true;   ///< from `from` to `to`
};

/// Hops from node `from` to node `to`, by name; nullopt when there is no way or no such node. Links
/// whose ends do not exist are passed over.
std::optional<std::vector<Hop>> find_route(const Scenario& scenario, std::string_view from,
                                           std::string_view to);

}  // namespace landfall::scenario
