// sim/scenario/check_routes.cpp — whether links lead from machines and servers to where they send
// (Boost.Graph).
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

/// Which nodes links lead to from a node; notes where none do.
class Reach {
  public:
    explicit Reach(Checking& checking) : checking_(checking), parts_(connected_parts(checking)) {}

    /// `why` says in words what is there, such as ", where storage account \"a\" is".
    void check(const std::string& from, const std::string& to, const std::string& why,
               const std::string& pointer) {
        const auto start = checking_.directory.node(from);
        const auto goal = checking_.directory.node(to);
        if (!start || !goal || parts_[*start] == parts_[*goal]) return;
        const std::size_t region_node = checking_.directory.region_node(0);
        const bool to_region = *goal >= region_node;
        std::vector<std::string> reachable;
        if (to_region) {
            for (std::size_t r = 0; r < checking_.scenario.regions.size(); ++r) {
                if (parts_[region_node + r] != parts_[*start]) continue;
                reachable.push_back(checking_.scenario.regions[r].name);
            }
        }
        note(checking_.problems, code::kUnreachable, pointer, json_text(from),
             "no links lead from " + described(*start) + " to " + described(*goal) + why,
             std::move(reachable));
    }

  private:
    [[nodiscard]] std::string described(std::size_t node) const {
        const Scenario& scenario = checking_.scenario;
        const bool is_site = node < scenario.sites.size();
        const std::size_t region = node - (is_site ? 0 : scenario.sites.size());
        return is_site ? "site \"" + scenario.sites[node].name + '"'
                       : "region \"" + scenario.regions[region].name + '"';
    }

    Checking& checking_;
    std::vector<std::size_t> parts_;
};

void check_server(Checking& checking, Reach& reach, const ProcessServer& server,
                  const std::string& pointer) {
    const Scenario& scenario = checking.scenario;
    if (server.storage_account && checking.directory.site(server.site)) {
        const auto account = checking.directory.storage_account(*server.storage_account);
        if (!account) return;  // said already
        reach.check(server.site, scenario.regions[account->region].name,
                    ", where storage account \"" + *server.storage_account + "\" is", pointer);
    } else if (server.master_target) {
        const auto target = checking.directory.master_target(*server.master_target);
        if (!target) return;
        reach.check(server.site, scenario.master_targets[*target].site,
                    ", where master target \"" + *server.master_target + "\" is", pointer);
    }
}

/// Machines that send without a process server.
void check_machine_route(Checking& checking, Reach& reach, const MachineGroup& group,
                         const std::string& pointer) {
    const Scenario& scenario = checking.scenario;
    if (group.replication == Replication::HyperVToAzure && group.storage_account) {
        const auto account = checking.directory.storage_account(*group.storage_account);
        if (!account || !checking.directory.site(group.site)) return;
        reach.check(group.site, scenario.regions[account->region].name,
                    ", where storage account \"" + *group.storage_account + "\" is", pointer);
    } else if (group.replication == Replication::HyperVToSecondary && group.target_site) {
        if (!checking.directory.site(group.site)) return;
        if (!checking.directory.site(*group.target_site)) return;
        reach.check(group.site, *group.target_site, ", where the replica is to be", pointer);
    } else if (group.replication == Replication::AzureToAzure && group.target_region) {
        if (!checking.directory.region(group.site)) return;
        if (!checking.directory.region(*group.target_region)) return;
        reach.check(group.site, *group.target_region, ", where the replica is to be", pointer);
    }
}

}  // namespace

void check_routes(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    Reach reach(checking);
    for (std::size_t i = 0; i < scenario.process_servers.size(); ++i) {
        check_server(checking, reach, scenario.process_servers[i],
                     pointer_to("/process_servers", i) + "/site");
    }
    for (std::size_t i = 0; i < scenario.machines.size(); ++i) {
        check_machine_route(checking, reach, scenario.machines[i],
                            pointer_to("/machines", i) + "/site");
    }
}

}  // namespace landfall::scenario
