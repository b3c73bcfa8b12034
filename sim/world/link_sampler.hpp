// sim/world/link_sampler.hpp — what links carried between two looks, and what they could have: the
// table `link_use`; and whose uploads cross which: the table `routes`.
//
// Bytes count when their transfer has arrived, so a single look can show a little more or less than
// flowed; over several they agree. What only stands ready for a way home is left out until it
// carries something: whether a way home was prepared is nobody's concern.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/record/blob_writer.hpp"
#include "sim/world/assembly.hpp"

namespace landfall::world {

class LinkSampler {
  public:
    LinkSampler(const std::vector<LinkUse>& uses, const Estate& estate, const World& world)
        : uses_(uses), estate_(estate), world_(world), carried_(uses.size()) {}

    /// Adds a row for each direction of a link that an upload crosses.
    void take();
    [[nodiscard]] record::Table take_table();
    [[nodiscard]] record::Table routes_table() const;

  private:
    [[nodiscard]] bool is_shown(const ProcessServer& server) const;
    [[nodiscard]] bool is_shown(const LinkUse& use) const;

    const std::vector<LinkUse>& uses_;
    const Estate& estate_;
    const World& world_;
    std::vector<Bytes> carried_;  ///< by use, at the look before
    Instant looked_;

    std::vector<double> t_s_;
    std::vector<std::size_t> use_;
    std::vector<std::int64_t> bytes_;
    std::vector<std::int64_t> capacity_bytes_;
    std::vector<double> closed_s_;
};

}  // namespace landfall::world
