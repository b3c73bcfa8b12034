// analysis/network_cuts.cpp — Boost.Graph's flows and components on one graph that is built once.
#include "analysis/network_cuts.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/biconnected_components.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>

#include "analysis/require.hpp"

namespace landfall::analysis {

namespace {

using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::bidirectionalS>;
struct Site {
    boost::default_color_type color;
    Traits::edge_descriptor predecessor;
    std::int64_t distance;
    std::size_t index;
};
struct Arc {
    std::int64_t capacity = 0;
    std::int64_t residual = 0;
    Traits::edge_descriptor reverse;
};
using FlowGraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Site, Arc>;
struct Number {
    std::int64_t link = 0;
    std::size_t component = 0;
};
using PlainGraph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property, Number>;

// Flows add up capacities: so many whole numbers stay below 2^63.
constexpr std::int64_t kMostCapacity = std::int64_t{1} << 62;

void check(const Links& links) {
    require(links.from.size() == links.to.size() && links.to.size() == links.capacity.size(),
            "from, to and capacity must have an element per link");
    double sum = 0;
    for (Eigen::Index link = 0; link < links.from.size(); ++link) {
        const std::int64_t from = links.from[link];
        const std::int64_t to = links.to[link];
        require(from >= 0 && from < links.sites && to >= 0 && to < links.sites,
                "links must join sites that there are");
        require(from != to, "a link must join two sites");
        require(links.capacity[link] >= 0, "capacity must not be negative");
        sum += static_cast<double>(links.capacity[link]);
    }
    require(sum < static_cast<double>(kMostCapacity), "capacities add up to more than 2^62");
}

void check(const Links& links, std::int64_t source, std::int64_t target) {
    require(source >= 0 && source < links.sites && target >= 0 && target < links.sites,
            "source and target must be sites that there are");
    require(source != target, "source and target must differ");
}

/// A graph whose links can fail and come back.
class Flows {
  public:
    explicit Flows(const Links& links) : links_(links), graph_(count(links.sites)) {
        check(links);
        arcs_.reserve(count(links.from.size()));
        for (Eigen::Index link = 0; link < links.from.size(); ++link) {
            const auto from = count(links.from[link]);
            const auto to = count(links.to[link]);
            const auto there = boost::add_edge(from, to, graph_).first;
            const auto back = boost::add_edge(to, from, graph_).first;
            graph_[there].reverse = back;
            graph_[back].reverse = there;
            arcs_.push_back(there);
            set(link, links.capacity[link]);
        }
    }

    void fail(std::int64_t link) { set(link, 0); }
    void mend(std::int64_t link) { set(link, links_.capacity[link]); }

    std::int64_t between(std::int64_t source, std::int64_t target) {
        return boost::boykov_kolmogorov_max_flow(
            graph_, boost::get(&Arc::capacity, graph_), boost::get(&Arc::residual, graph_),
            boost::get(&Arc::reverse, graph_), boost::get(&Site::predecessor, graph_),
            boost::get(&Site::color, graph_), boost::get(&Site::distance, graph_),
            boost::get(boost::vertex_index, graph_), count(source), count(target));
    }

    /// Sites that the source still reaches after between(): the inside of the nearest cut.
    std::vector<bool> reached_from(std::int64_t source) const {
        std::vector<bool> seen(count(links_.sites), false);
        std::vector<std::size_t> open{count(source)};
        seen[count(source)] = true;
        while (!open.empty()) {
            const std::size_t site = open.back();
            open.pop_back();
            const auto [begin, end] = boost::out_edges(site, graph_);
            for (auto arc = begin; arc != end; ++arc) {
                const std::size_t next = boost::target(*arc, graph_);
                if (graph_[*arc].residual <= 0 || seen[next]) continue;
                seen[next] = true;
                open.push_back(next);
            }
        }
        return seen;
    }

  private:
    static std::size_t count(std::int64_t number) { return static_cast<std::size_t>(number); }

    void set(std::int64_t link, std::int64_t capacity) {
        const auto there = arcs_[count(link)];
        graph_[there].capacity = capacity;
        graph_[graph_[there].reverse].capacity = capacity;
    }

    const Links& links_;
    FlowGraph graph_;
    std::vector<Traits::edge_descriptor> arcs_;
};

PlainGraph plain_graph(const Links& links) {
    check(links);
    PlainGraph graph(static_cast<std::size_t>(links.sites));
    for (Eigen::Index link = 0; link < links.from.size(); ++link) {
        if (links.capacity[link] == 0) continue;
        boost::add_edge(static_cast<std::size_t>(links.from[link]),
                        static_cast<std::size_t>(links.to[link]), Number{link, 0}, graph);
    }
    return graph;
}

/// Whether two sites are joined without one site (or -1) and one link (or -1).
bool joined(const PlainGraph& graph, std::int64_t source, std::int64_t target, std::int64_t site,
            std::int64_t link) {
    std::vector<bool> seen(boost::num_vertices(graph), false);
    if (site >= 0) seen[static_cast<std::size_t>(site)] = true;
    std::vector<std::size_t> open{static_cast<std::size_t>(source)};
    seen[open.front()] = true;
    while (!open.empty()) {
        const std::size_t here = open.back();
        open.pop_back();
        if (here == static_cast<std::size_t>(target)) return true;
        const auto [begin, end] = boost::out_edges(here, graph);
        for (auto edge = begin; edge != end; ++edge) {
            const std::size_t next = boost::target(*edge, graph);
            if (graph[*edge].link == link || seen[next]) continue;
            seen[next] = true;
            open.push_back(next);
        }
    }
    return false;
}

}  // namespace

Bottleneck bottleneck(const Links& links, std::int64_t source, std::int64_t target) {
    check(links, source, target);
    Flows flows(links);
    Bottleneck found{flows.between(source, target), {}, {}};
    const std::vector<bool> inside = flows.reached_from(source);
    for (std::int64_t site = 0; site < links.sites; ++site) {
        if (inside[static_cast<std::size_t>(site)]) found.inside.push_back(site);
    }
    for (Eigen::Index link = 0; link < links.from.size(); ++link) {
        const bool here = inside[static_cast<std::size_t>(links.from[link])];
        const bool there = inside[static_cast<std::size_t>(links.to[link])];
        if (here != there && links.capacity[link] > 0) found.links.push_back(link);
    }
    return found;
}

std::vector<std::int64_t> remaining_flow(const Links& links, std::int64_t source,
                                         std::int64_t target, const Indices& failures,
                                         std::int64_t together) {
    check(links, source, target);
    require(together > 0 && failures.size() % together == 0,
            "failures must have rows of as many links");
    for (const std::int64_t link : failures) {
        require(link >= 0 && link < links.from.size(), "failures must name links that there are");
    }
    Flows flows(links);
    std::vector<std::int64_t> left;
    for (Eigen::Index row = 0; row < failures.size(); row += together) {
        for (Eigen::Index k = row; k < row + together; ++k) flows.fail(failures[k]);
        left.push_back(flows.between(source, target));
        for (Eigen::Index k = row; k < row + together; ++k) flows.mend(failures[k]);
    }
    return left;
}

std::vector<std::int64_t> flow_without_each_link(const Links& links, const Indices& pairs) {
    require(pairs.size() % 2 == 0, "pairs must have two sites each");
    Flows flows(links);
    std::vector<std::int64_t> left;
    for (Eigen::Index pair = 0; pair < pairs.size(); pair += 2) {
        check(links, pairs[pair], pairs[pair + 1]);
        for (Eigen::Index link = 0; link < links.from.size(); ++link) {
            flows.fail(link);
            left.push_back(flows.between(pairs[pair], pairs[pair + 1]));
            flows.mend(link);
        }
    }
    return left;
}

// Boost's components know no parallel edges: pairs of sites are joined once, and what joins them
// by two links is no bridge.
WeakPoints weak_points(const Links& links) {
    check(links);
    std::map<std::pair<std::int64_t, std::int64_t>, std::vector<std::int64_t>> joins;
    for (Eigen::Index link = 0; link < links.from.size(); ++link) {
        if (links.capacity[link] == 0) continue;
        joins[std::minmax(links.from[link], links.to[link])].push_back(link);
    }
    PlainGraph graph(static_cast<std::size_t>(links.sites));
    for (const auto& [ends, members] : joins) {
        const Number number{members.size() == 1 ? members.front() : -1, 0};
        boost::add_edge(static_cast<std::size_t>(ends.first), static_cast<std::size_t>(ends.second),
                        number, graph);
    }
    std::vector<std::size_t> sites;
    const auto [components, end] = boost::biconnected_components(
        graph, boost::get(&Number::component, graph), std::back_inserter(sites));
    std::vector<std::vector<std::int64_t>> members(components);
    const auto [first, last] = boost::edges(graph);
    for (auto edge = first; edge != last; ++edge) {
        members[graph[*edge].component].push_back(graph[*edge].link);
    }
    WeakPoints found;
    for (const std::vector<std::int64_t>& each : members) {
        if (each.size() == 1 && each.front() >= 0) found.links.push_back(each.front());
    }
    found.sites.assign(sites.begin(), sites.end());
    std::sort(found.links.begin(), found.links.end());
    std::sort(found.sites.begin(), found.sites.end());
    return found;
}

WeakPoints weak_points(const Links& links, std::int64_t source, std::int64_t target) {
    check(links, source, target);
    const PlainGraph graph = plain_graph(links);
    require(joined(graph, source, target, -1, -1), "source and target must be joined");
    const WeakPoints all = weak_points(links);
    WeakPoints found;
    for (const std::int64_t site : all.sites) {
        if (site == source || site == target) continue;
        if (!joined(graph, source, target, site, -1)) found.sites.push_back(site);
    }
    for (const std::int64_t link : all.links) {
        if (!joined(graph, source, target, -1, link)) found.links.push_back(link);
    }
    return found;
}

}  // namespace landfall::analysis
