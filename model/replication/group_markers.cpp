// model/replication/group_markers.cpp — messages take their latency, and only reach who is on.
#include "model/replication/group_markers.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace landfall {

/// One group's side of the protocol.
class GroupMarkers::Port : public GroupPort {
  public:
    Port(GroupMarkers& owner, std::uint32_t group)
        : owner_(owner),
          group_(group),
          facts_(owner.estate_.groups[group]),
          placed_(facts_.members.size()) {
        if (facts_.members.empty()) return;
        const ServiceProfile& profile = owner.estate_.profile;
        const GroupSettings settings{facts_.hold, profile.group_confirm_within,
                                     profile.group_resend_every};
        protocol_.emplace(facts_.members.size(), GroupMember(0), settings, *this);
    }

    void begin(bool app_consistent) {
        const auto first = first_on();
        if (!first || !protocol_ || protocol_->under_way()) return;
        if (*first != coordinator_) {
            coordinator_ = *first;
            protocol_->coordinator_started(coordinator_);
        }
        app_consistent_ = app_consistent;
        leave_undecided_to_each();
        protocol_->begin(++epoch_, app_consistent);
    }

    void on(const Waiting& waiting) {
        if (const auto* timer = std::get_if<GroupTimer>(&waiting.what)) {
            if (owner_.host_.is_on(machine(timer->member))) protocol_->on_timer(*timer);
            return;
        }
        const Message& message = std::get<Message>(waiting.what);
        if (!owner_.host_.is_on(machine(message.to))) return;
        protocol_->on_message(message.from, message.to, message.message);
    }

    void lose(MachineId lost) {
        for (std::size_t k = 0; k < facts_.members.size(); ++k) {
            if (facts_.members[k] != lost) continue;
            release_writes(GroupMember(k));
            protocol_->member_lost(GroupMember(k));
            if (GroupMember(k) != coordinator_) continue;
            coordinator_ = GroupMember();
            leave_undecided_to_each();
        }
    }

    /// Publishes, in order, the points for which every member has all its data there.
    void settle() {
        while (!common_.empty()) {
            const GroupPoint point = common_.front();
            for (std::size_t k = 0; k < point.members.size(); ++k) {
                const Instant placed = point.members[k].mark.placed;
                if (!owner_.host_.marker_has_arrived(facts_.members[k], placed)) return;
            }
            common_.pop_front();
            decide(point, point.cut);
        }
    }

    /// No point that waits for its members' data is common any longer.
    void part() {
        const std::deque<GroupPoint> parted = std::exchange(common_, {});
        for (const GroupPoint& point : parted) {
            ++owner_.abandoned_;
            owner_.environment_.observer.noted("group_point_abandoned", facts_.name,
                                               "a member went on alone before its data was there");
            decide(point, std::nullopt);
        }
    }

    [[nodiscard]] std::optional<GroupMember> first_on() const {
        for (std::size_t k = 0; k < facts_.members.size(); ++k) {
            if (owner_.host_.is_on(facts_.members[k])) return GroupMember(k);
        }
        return std::nullopt;
    }
    [[nodiscard]] MachineId machine(GroupMember member) const {
        return facts_.members[member.value];
    }

    // GroupPort
    [[nodiscard]] Instant now(GroupMember) const override {
        return owner_.environment_.clock.now();
    }
    void set_timer(GroupMember, Duration after, const GroupTimer& timer) override {
        owner_.wait(after, {group_, timer});
    }
    void send_message(GroupMember from, GroupMember to, const GroupMessage& message) override {
        if (!owner_.host_.is_on(machine(from))) return;
        owner_.wait(from == to ? Duration(0) : facts_.latency,
                    {group_, Message{from, to, message}});
    }
    [[nodiscard]] MarkObstacle obstacle(GroupMember member, bool) const override {
        return owner_.host_.in_order(machine(member)) ? MarkObstacle::None
                                                      : MarkObstacle::NotInJournalMode;
    }
    void hold_writes(GroupMember member) override {
        auto* const source = blocks_of(member);
        if (source == nullptr) return;
        source->hold_writes(machine(member), now(member));
        if (auto* witness = owner_.environment_.blocks.witness) {
            witness->writes_held(machine(member), facts_.hold);
        }
    }
    void release_writes(GroupMember member) override {
        auto* const source = blocks_of(member);
        if (source == nullptr) return;
        source->release_writes(machine(member), now(member));
        if (auto* witness = owner_.environment_.blocks.witness) {
            witness->writes_released(machine(member));
        }
    }
    std::uint64_t place_marker(GroupMember member, GroupEpoch, Instant at) override {
        // A marker of an epoch that is over, whose end this member did not hear of.
        leave_to_itself(member.value);
        placed_[member.value] = at;
        owner_.host_.place_marker(machine(member), app_consistent_);
        return static_cast<std::uint64_t>(at.since_start().count());
    }
    void publish(const GroupPoint& point) override {
        std::fill(placed_.begin(), placed_.end(), std::nullopt);
        common_.push_back(point);
        for (std::size_t k = 0; k < point.members.size(); ++k) {
            const Instant placed = point.members[k].mark.placed;
            if (!owner_.host_.marker_stands(facts_.members[k], placed, point.cut)) return part();
        }
        settle();
    }
    void abandon(GroupEpoch, AbandonCause cause, GroupMember member) override {
        ++owner_.abandoned_;
        const std::string who =
            member.is_none() ? "" : " (" + owner_.estate_.machine(machine(member)).name + ")";
        owner_.environment_.observer.noted("group_point_abandoned", facts_.name,
                                           std::string(words_for(cause)) + who);
        // The members' own crash-consistent points go on.
        for (std::size_t k = 0; k < facts_.members.size(); ++k) {
            const MachineId id = facts_.members[k];
            if (placed_[k]) {
                leave_to_itself(k);
            } else if (owner_.host_.is_on(id) && owner_.host_.in_order(id)) {
                owner_.host_.place_marker(id, false);
                owner_.host_.marker_decided(id, owner_.environment_.clock.now(), std::nullopt);
            }
        }
    }

  private:
    void decide(const GroupPoint& point, std::optional<Instant> cut) {
        for (std::size_t k = 0; k < point.members.size(); ++k) {
            owner_.host_.marker_decided(facts_.members[k], point.members[k].mark.placed, cut);
        }
    }
    /// A marker of which the group will decide nothing is the member's own.
    void leave_to_itself(std::size_t member) {
        if (const auto placed = std::exchange(placed_[member], std::nullopt)) {
            owner_.host_.marker_decided(facts_.members[member], *placed, std::nullopt);
        }
    }
    void leave_undecided_to_each() {
        for (std::size_t k = 0; k < placed_.size(); ++k) leave_to_itself(k);
    }

    [[nodiscard]] SourceBlocks* blocks_of(GroupMember member) const {
        const bool blocks = owner_.estate_.machine(machine(member)).fidelity == Fidelity::Block;
        return blocks ? owner_.environment_.blocks.source : nullptr;
    }

    GroupMarkers& owner_;
    std::uint32_t group_;
    const ConsistencyGroupFacts& facts_;
    std::optional<ConsistencyGroup> protocol_;
    GroupMember coordinator_{0};
    GroupEpoch epoch_ = 0;
    bool app_consistent_ = false;
    std::vector<std::optional<Instant>> placed_;  ///< and not decided
    std::deque<GroupPoint> common_;               ///< decided, and waiting for members' data
};

GroupMarkers::GroupMarkers(const Estate& estate, const Environment& environment, GroupHost& host,
                           std::uint32_t timer_kind)
    : estate_(estate), environment_(environment), host_(host), timer_kind_(timer_kind) {
    for (std::uint32_t group = 0; group < estate.groups.size(); ++group) {
        ports_.push_back(std::make_unique<Port>(*this, group));
    }
}

GroupMarkers::~GroupMarkers() = default;

bool GroupMarkers::coordinates(MachineId machine) const {
    const Port& port = *ports_[estate_.machine(machine).group.value];
    const auto first = port.first_on();
    return first && port.machine(*first) == machine;
}

void GroupMarkers::begin(ConsistencyGroupId group, bool app_consistent) {
    ports_[group.value]->begin(app_consistent);
}

void GroupMarkers::wait(Duration time, Waiting what) {
    const std::uint32_t slot = next_slot_++;
    waiting_.emplace(slot, std::move(what));
    environment_.clock.set_timer(environment_.clock.now() + time, {timer_kind_, slot});
}

void GroupMarkers::on_timer(std::uint32_t slot) {
    const auto found = waiting_.find(slot);
    LANDFALL_CHECK(found != waiting_.end(), "a slot is answered once");
    const Waiting waiting = std::move(found->second);
    waiting_.erase(found);
    ports_[waiting.group]->on(waiting);
}

void GroupMarkers::machine_lost(MachineId machine) {
    const ConsistencyGroupId group = estate_.machine(machine).group;
    if (!group.is_none()) ports_[group.value]->lose(machine);
}

void GroupMarkers::marker_arrived(MachineId machine) {
    ports_[estate_.machine(machine).group.value]->settle();
}

void GroupMarkers::goes_alone(MachineId machine) {
    const ConsistencyGroupId group = estate_.machine(machine).group;
    if (!group.is_none()) ports_[group.value]->part();
}

}  // namespace landfall
