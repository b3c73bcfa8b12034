// analysis/bundles.hpp — which machines can only move together, and in which order what is left
// may.
//
// Affinity ties two machines to each other; a dependency says that one may not move before the
// other. Dependencies round a circle tie all machines on it: those move together too. What moves
// together is a bundle. Between bundles the dependencies have no circle, so they have levels: a
// bundle's level is the longest way down to one that depends on nothing.
//
// Strong components of the graph in which affinity is an edge both ways (Boost.Graph).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace landfall::analysis {

/// From, to: indices of machines.
using Ties = std::vector<std::pair<std::int64_t, std::int64_t>>;

struct Bundles {
    /// By machine: the number of its bundle. Bundles are numbered by their first machine.
    std::vector<std::int64_t> of_machine;
    /// By bundle: 0 for one that depends on nothing, else one more than the highest it depends on.
    std::vector<std::int64_t> level;
    /// Dependencies between bundles (first needs second), each once, sorted.
    Ties needs;
};

/// `together`: machines that move with each other. `needs`: the first depends on the second.
/// Throws std::out_of_range for an index that is no machine.
Bundles bundle(std::int64_t machines, const Ties& together, const Ties& needs);

}  // namespace landfall::analysis
