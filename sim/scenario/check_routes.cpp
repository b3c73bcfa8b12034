// sim/scenario/check_routes.cpp — which regions the links lead to from a site (Boost.Graph).
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/connected_components.hpp>

#include "sim/scenario/checks.hpp"

namespace landfall::scenario {

namespace {

/// Number of the connected part of the network that each node lies in.
std::vector<std::size_t> connected_parts(const Checking& checking) {
    using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;
    const Scenario& scenario = checking.scenario;
    Graph graph(scenario.sites.size() + scenario.regions.size() + scenario.routers.size());
    for (const Link& link : scenario.links) {
        const auto from = checking.directory.node(link.from);
        const auto to = checking.directory.node(link.to);
        if (from && to) boost::add_edge(*from, *to, graph);
    }
    std::vector<std::size_t> parts(boost::num_vertices(graph));
    if (!parts.empty()) boost::connected_components(graph, parts.data());
    return parts;
}

}  // namespace

void check_routes(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    const std::vector<std::size_t> parts = connected_parts(checking);
    for (std::size_t i = 0; i < scenario.process_servers.size(); ++i) {
        const ProcessServer& server = scenario.process_servers[i];
        const auto site = checking.directory.node(server.site);
        if (!server.storage_account) continue;
        const auto account = checking.directory.storage_account(*server.storage_account);
        if (!checking.directory.site(server.site) || !site || !account) continue;  // said already
        if (parts[*site] == parts[checking.directory.region_node(account->region)]) continue;
        std::vector<std::string> reachable;
        for (std::size_t r = 0; r < scenario.regions.size(); ++r) {
            if (parts[checking.directory.region_node(r)] == parts[*site]) {
                reachable.push_back(scenario.regions[r].name);
            }
        }
        note(checking.problems, code::kUnreachable, pointer_to("/process_servers", i) + "/site",
             json_text(server.site),
             "no links lead from site \"" + server.site + "\" to region \"" +
                 scenario.regions[account->region].name + "\", where storage account \"" +
                 *server.storage_account + "\" is",
             std::move(reachable));
    }
}

}  // namespace landfall::scenario
