// model/replication/group_markers.hpp — runs the marker protocol of every consistency group.
//
// The protocol itself is consistency_group.hpp; this gives it clock, messages and machines. What a
// message or a timer is about waits in a slot until its time comes.
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
    /// The marker that `machine` placed at `placed` belongs to a point of the group with this cut,
    /// or, without one, to a point of the machine alone.
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
