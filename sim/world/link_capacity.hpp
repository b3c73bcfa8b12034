// sim/world/link_capacity.hpp — what a link carries at which time: throttles by hours, and outages.
//
// The one room through which capacity changes. A link that is down is stalled, not zero
// (kernel::kStalledRate): its transfers wait and go on where they were when it is back.
#pragma once

#include <optional>

#include "sim/scenario/scenario.hpp"

namespace landfall::world {

class LinkSchedule {
  public:
    /// `payload_share` is the part of a link's rate that carries payload.
    LinkSchedule(const scenario::Link& link, double payload_share);

    [[nodiscard]] bool varies() const;
    /// Bytes per second at `at`; kernel::kStalledRate during an outage.
    [[nodiscard]] double capacity(Instant at) const;
    [[nodiscard]] bool is_down(Instant at) const;
    /// The next instant after `after` at which the capacity may change; nullopt if it never will.
    [[nodiscard]] std::optional<Instant> next_change(Instant after) const;

  private:
    scenario::Link link_;
    double payload_share_;
};

}  // namespace landfall::world
