// sim/world/link_capacity.hpp — what a link carries at which time: throttles by hours, and outages.
//
// The one room through which capacity changes. A link that is down is stalled, not zero
// (kernel::kStalledRate): its transfers wait and go on where they were when it is back.
#pragma once

#include <optional>
#include <vector>

#include "sim/scenario/scenario.hpp"

namespace landfall::world {

/// A time in which a link is not what it should be.
struct LinkDisturbance {
    Instant from;
    Instant until;
    double factor = 1.0;    ///< of its capacity
    bool stalls = false;    ///< nothing moves
    bool is_down = false;   ///< nothing moves, and connections that can break do
    Duration latency = {};  ///< on top
};

class LinkSchedule {
  public:
    /// `payload_share` is the part of a link's rate that carries payload.
    LinkSchedule(const scenario::Link& link, double payload_share);

    void add(const LinkDisturbance& disturbance);
    [[nodiscard]] bool varies() const;
    /// Whether its latency ever changes.
    [[nodiscard]] bool latency_varies() const;
    /// What is on top of its latency at `at`.
    [[nodiscard]] Duration latency(Instant at) const;
    /// Bytes per second at `at`; kernel::kStalledRate during an outage.
    [[nodiscard]] double capacity(Instant at) const;
    [[nodiscard]] bool is_down(Instant at) const;
    /// Bytes that fit through in [from, to), and for how long of it nothing does.
    struct Room {
        double bytes = 0;
        Duration closed = {};
    };
    [[nodiscard]] Room room(Instant from, Instant to) const;
    /// The next instant after `after` at which the capacity may change; nullopt if it never will.
    [[nodiscard]] std::optional<Instant> next_change(Instant after) const;

  private:
    scenario::Link link_;
    double payload_share_;
    std::vector<LinkDisturbance> disturbances_;
};

}  // namespace landfall::world
