// analysis/network_cuts.hpp — what a network carries between two sites, and what its loss costs.
//
// Networks are undirected multigraphs: each link carries up to its capacity in each direction, and
// two sites may have several links. Maximum flow is minimum cut (Ford and Fulkerson 1956; found
// with Boykov and Kolmogorov's algorithm), capacities are whole numbers (bits per second), so cuts
// and flows are exact. Sites are numbered from 0, links in their order.
#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

namespace landfall::analysis {

using Indices = Eigen::Ref<const Eigen::Array<std::int64_t, Eigen::Dynamic, 1>>;

/// The same views in every function: `from`, `to` in [0, sites), `capacity` >= 0, one element per
/// link. Every function throws std::invalid_argument for arguments out of range, as for a link
/// from a site to itself.
struct Links {
    std::int64_t sites = 0;
    Indices from;
    Indices to;
    Indices capacity;
};

/// What limits the flow between two sites.
struct Bottleneck {
    std::int64_t flow = 0;
    std::vector<std::int64_t> links;   ///< of the minimum cut nearest to the source, ascending
    std::vector<std::int64_t> inside;  ///< sites on the source's side of it, ascending
};
Bottleneck bottleneck(const Links& links, std::int64_t source, std::int64_t target);

/// The flow that remains when links fail together. `failures` is row after row of `together` links
/// that fail at once; one flow for each row.
std::vector<std::int64_t> remaining_flow(const Links& links, std::int64_t source,
                                         std::int64_t target, const Indices& failures,
                                         std::int64_t together);

/// The flow left between each pair of sites when each link fails alone: `pairs` is row after row
/// (source, target), the answer of shape (pairs, links), row after row.
std::vector<std::int64_t> flow_without_each_link(const Links& links, const Indices& pairs);

/// What the network falls apart without: sites and links, ascending (Tarjan 1972). A link of
/// capacity 0 connects nothing.
struct WeakPoints {
    std::vector<std::int64_t> sites;
    std::vector<std::int64_t> links;
};
/// Of the whole network.
WeakPoints weak_points(const Links& links);
/// Those that separate two sites, which are not among them.
WeakPoints weak_points(const Links& links, std::int64_t source, std::int64_t target);

}  // namespace landfall::analysis
