// model/replication/group_markers.hpp — runs the marker protocol of every consistency group.
//
// The protocol itself is consistency_group.hpp; this gives it clock, messages and machines. What a
// message or a timer is about waits in a slot until its time comes. Laws:
//   - a marker is common from the protocol's decision on, and the group's point is published only
//     when the data before it of every member has arrived: for all members at one instant;
//   - a member that loses its stream, or goes on alone, before that takes the common point from
//     all: each of the others publishes its own, at its own marker;
//   - no marker stays undecided for good.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "model/replication/consistency_group.hpp"

namespace landfall {

/// What the protocol needs of the pipeline.
class GroupHost {
  public:
    virtual ~GroupHost() = default;
    /// The machine is on: it hears and answers.
    [[nodiscard]] virtual bool is_on(MachineId machine) const = 0;
    /// It replicates in write order.
    [[nodiscard]] virtual bool in_order(MachineId machine) const = 0;
    /// Puts a marker after the machine's last write, now.
    virtual void place_marker(MachineId machine, bool app_consistent) = 0;
    /// The stream that the marker of `placed` was put into lives, the marker is in no point yet,
    /// and a point with this cut would be the machine's newest.
    [[nodiscard]] virtual bool marker_stands(MachineId machine, Instant placed,
                                             Instant cut) const = 0;
    /// All that precedes the marker has arrived.
    [[nodiscard]] virtual bool marker_has_arrived(MachineId machine, Instant placed) const = 0;
    /// The marker, if it still stands, belongs to a point of the group with this cut, or, without
    /// one, to a point of the machine alone. It is published once it has arrived.
    virtual void marker_decided(MachineId machine, Instant placed, std::optional<Instant> cut) = 0;
};

class GroupMarkers {
  public:
    /// Timers of `timer_kind` are its own; their subject is for on_timer.
    GroupMarkers(const Estate& estate, const Environment& environment, GroupHost& host,
                 std::uint32_t timer_kind);
    ~GroupMarkers();

    /// The machine whose marker interval drives its group's epochs: the first one that is on.
    [[nodiscard]] bool coordinates(MachineId machine) const;
    /// Tries for a common point of the group; does nothing while an attempt is under way.
    void begin(ConsistencyGroupId group, bool app_consistent);
    void on_timer(std::uint32_t slot);
    void machine_lost(MachineId machine);
    /// All that precedes a marker of the machine has arrived.
    void marker_arrived(MachineId machine);
    /// The machine's stream ends, or it makes a point of its own now: what the group has decided
    /// and not published is common no more.
    void goes_alone(MachineId machine);

    /// Epochs that ended without a point of the group.
    [[nodiscard]] std::uint64_t abandoned() const { return abandoned_; }

  private:
    class Port;
    struct Message {
        GroupMember from;
        GroupMember to;
        GroupMessage message;
    };
    struct Waiting {
        std::uint32_t group = 0;
        std::variant<GroupTimer, Message> what;
    };

    void wait(Duration time, Waiting what);

    const Estate& estate_;
    Environment environment_;
    GroupHost& host_;
    std::uint32_t timer_kind_;
    std::vector<std::unique_ptr<Port>> ports_;
    std::map<std::uint32_t, Waiting> waiting_;  ///< by slot
    std::uint32_t next_slot_ = 0;
    std::uint64_t abandoned_ = 0;
};

}  // namespace landfall
