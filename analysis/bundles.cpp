// analysis/bundles.cpp — strong components, renumbered, and the longest ways between them.
#include "analysis/bundles.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>

namespace landfall::analysis {

namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

std::size_t vertex(std::int64_t index, std::int64_t machines) {
    if (index < 0 || index >= machines)
        throw std::out_of_range("machine " + std::to_string(index) + " of " +
                                std::to_string(machines));
    return static_cast<std::size_t>(index);
}

}  // namespace

Bundles bundle(std::int64_t machines, const Ties& together, const Ties& needs) {
    if (machines < 0) throw std::out_of_range("machines must not be negative");
    Graph graph(static_cast<std::size_t>(machines));
    for (const auto& [a, b] : together) {
        add_edge(vertex(a, machines), vertex(b, machines), graph);
        add_edge(vertex(b, machines), vertex(a, machines), graph);
    }
    for (const auto& [a, b] : needs) add_edge(vertex(a, machines), vertex(b, machines), graph);

    Bundles bundles;
    bundles.of_machine.resize(num_vertices(graph));
    const auto count =
        static_cast<std::size_t>(boost::strong_components(graph, bundles.of_machine.data()));

    // Boost numbers a component after all those that it reaches, so its needs have their levels.
    std::vector<std::int64_t> level(count, 0);
    Ties edges;
    for (const auto& [a, b] : needs) {
        const std::int64_t from = bundles.of_machine[static_cast<std::size_t>(a)];
        const std::int64_t to = bundles.of_machine[static_cast<std::size_t>(b)];
        if (from != to) edges.emplace_back(from, to);
    }
    std::sort(edges.begin(), edges.end());
    for (const auto& [from, to] : edges) {
        auto& own = level[static_cast<std::size_t>(from)];
        own = std::max(own, level[static_cast<std::size_t>(to)] + 1);
    }

    std::vector<std::int64_t> number(count, -1);
    std::int64_t next = 0;
    for (std::int64_t& component : bundles.of_machine) {
        std::int64_t& renumbered = number[static_cast<std::size_t>(component)];
        if (renumbered < 0) renumbered = next++;
        component = renumbered;
    }
    bundles.level.resize(count);
    for (std::size_t k = 0; k < count; ++k)
        bundles.level[static_cast<std::size_t>(number[k])] = level[k];
    for (auto& [from, to] : edges) {
        from = number[static_cast<std::size_t>(from)];
        to = number[static_cast<std::size_t>(to)];
    }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    bundles.needs = std::move(edges);
    return bundles;
}

}  // namespace landfall::analysis
