// tests/unit/group_markers_test.cpp — a point is the group's when every member's data is there, and
// otherwise nobody's: members whose data arrives late, whose stream ends, who go on alone.
#include "model/replication/group_markers.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"

namespace landfall {
namespace {

constexpr Duration milliseconds(std::int64_t count) {
    return nanoseconds(1'000'000 * count);
}

constexpr std::uint32_t kMembers = 3;
constexpr Duration kLatency = milliseconds(2);
constexpr Duration kHold = milliseconds(100);
constexpr Duration kInterval = seconds(1);
constexpr std::uint32_t kMarkers = 1;  ///< timers of the protocol...
constexpr std::uint32_t kSteps = 2;    ///< ...and of the test

/// A point of one member: the group's where it has a cut.
struct Point {
    MachineId machine;
    Instant placed;
    std::optional<Instant> cut;
    Instant published;
};

/// Members of one group whose markers arrive when the test says.
class Members : public Clock,
                public Transport,
                public SourceDisks,
                public Compute,
                public Observer,
                public GroupHost {
  public:
    Members() {
        estate_.profile.group_confirm_within = seconds(5);
        estate_.groups.push_back({"g", {}, kHold, kLatency});
        for (std::uint32_t m = 0; m < kMembers; ++m) {
            Machine machine;
            machine.name = "m" + std::to_string(m);
            machine.group = ConsistencyGroupId(0);
            estate_.machines.push_back(machine);
            estate_.groups[0].members.emplace_back(m);
        }
        markers_.emplace(estate_, Environment{*this, *this, *this, *this, *this}, *this, kMarkers);
    }

    void at(Instant when, std::function<void()> step) {
        steps_.push_back(std::move(step));
        set_timer(when, {kSteps, static_cast<std::uint32_t>(steps_.size() - 1)});
    }
    void run() {
        while (!timers_.empty()) {
            const auto next = timers_.begin();
            now_ = next->first.first;
            const TimerTag tag = next->second;
            timers_.erase(next);
            if (tag.kind == kMarkers)
                markers_->on_timer(tag.subject);
            else
                steps_[tag.subject]();
        }
    }
    /// How long a marker placed now by the member is on its way.
    void set_delay(std::uint32_t member, Duration delay) { members_[member].delay = delay; }
    void begin() { markers_->begin(ConsistencyGroupId(0), false); }
    void lose_stream(std::uint32_t member) {
        markers_->goes_alone(MachineId(member));
        Member& lost = members_[member];
        for (Mark& mark : lost.marks) mark.decided |= mark.arrived;
        publish(MachineId(member));
        lost.marks.clear();
        ++lost.life;
    }
    void lose_power(std::uint32_t member) {
        markers_->machine_lost(MachineId(member));
        lose_stream(member);
    }

    [[nodiscard]] const std::vector<Point>& points() const { return points_; }
    [[nodiscard]] bool all_marks_ended() const {
        return std::all_of(std::begin(members_), std::end(members_),
                           [](const Member& member) { return member.marks.empty(); });
    }

    // GroupHost
    [[nodiscard]] bool is_on(MachineId) const override { return true; }
    [[nodiscard]] bool in_order(MachineId) const override { return true; }
    void place_marker(MachineId machine, bool) override {
        Member& member = members_[machine.value];
        member.marks.push_back({now_, false, false, std::nullopt});
        // The lane keeps its order.
        member.busy_until = std::max(now_ + member.delay, member.busy_until);
        at(member.busy_until, [this, machine, placed = now_, life = member.life] {
            if (members_[machine.value].life == life) arrive(machine, placed);
        });
    }
    [[nodiscard]] bool marker_stands(MachineId machine, Instant placed, Instant) const override {
        const auto& marks = members_[machine.value].marks;
        return std::any_of(marks.begin(), marks.end(),
                           [&](const Mark& mark) { return mark.placed == placed; });
    }
    [[nodiscard]] bool marker_has_arrived(MachineId machine, Instant placed) const override {
        const auto& marks = members_[machine.value].marks;
        return std::any_of(marks.begin(), marks.end(),
                           [&](const Mark& mark) { return mark.placed == placed && mark.arrived; });
    }
    void marker_decided(MachineId machine, Instant placed, std::optional<Instant> cut) override {
        for (Mark& mark : members_[machine.value].marks) {
            if (mark.placed != placed) continue;
            mark.decided = true;
            mark.cut = cut;
        }
        publish(machine);
    }

    // The rest of the world
    [[nodiscard]] Instant now() const override { return now_; }
    void set_timer(Instant at, TimerTag tag) override {
        timers_.emplace(std::pair(at, ++set_), tag);
    }
    void send(ChannelId, Bytes) override {}
    [[nodiscard]] Bytes delivered(ChannelId) const override { return Bytes(0); }
    Bytes written(DiskId, Instant, Instant) override { return Bytes(0); }
    void request(const MachineRequest&) override {}
    void recovery_point_published(MachineId, Instant, Instant, bool) override {}
    void disk_copied(DiskId, std::string_view, Instant, Bytes) override {}
    void noted(std::string_view, std::string_view, std::string_view) override {}
    void state_changed(MachineId, std::string_view) override {}
    void job_started(JobId, MachineId, std::string_view) override {}
    void task_ended(JobId, std::string_view, std::string_view, Instant) override {}
    void job_ended(JobId, std::string_view, std::string_view) override {}

  private:
    struct Mark {
        Instant placed;
        bool arrived = false;
        bool decided = false;
        std::optional<Instant> cut;
    };
    struct Member {
        std::vector<Mark> marks;
        Duration delay;
        Instant busy_until;
        int life = 0;
    };

    void arrive(MachineId machine, Instant placed) {
        for (Mark& mark : members_[machine.value].marks) mark.arrived |= mark.placed == placed;
        publish(machine);
        markers_->marker_arrived(machine);
    }
    void publish(MachineId machine) {
        auto& marks = members_[machine.value].marks;
        while (!marks.empty() && marks.front().arrived && marks.front().decided) {
            points_.push_back({machine, marks.front().placed, marks.front().cut, now_});
            marks.erase(marks.begin());
        }
    }

    Estate estate_;
    Instant now_;
    std::uint64_t set_ = 0;
    std::map<std::pair<Instant, std::uint64_t>, TimerTag> timers_;
    std::deque<std::function<void()>> steps_;  ///< a step may add more
    Member members_[kMembers];
    std::vector<Point> points_;
    std::optional<GroupMarkers> markers_;
};

/// Whatever has a group's cut, all members have, published at one instant.
void expect_common_or_alone(const std::vector<Point>& points) {
    std::map<Instant, std::vector<Point>> by_cut;
    for (const Point& point : points) {
        if (point.cut) by_cut[*point.cut].push_back(point);
    }
    for (const auto& [cut, members] : by_cut) {
        EXPECT_EQ(members.size(), kMembers) << "cut " << cut.since_start().count();
        for (const Point& point : members) EXPECT_EQ(point.published, members[0].published);
    }
}

TEST(GroupMarkers, APointIsTheGroupsWhenTheDataOfItsLastMemberIsThere) {
    Members group;
    group.set_delay(1, seconds(5));
    group.at(Instant(seconds(1)), [&] { group.begin(); });
    group.run();
    ASSERT_EQ(group.points().size(), kMembers);
    expect_common_or_alone(group.points());
    // The marker is placed when PREPARE has come.
    for (const Point& point : group.points()) {
        ASSERT_TRUE(point.cut);
        EXPECT_EQ(point.published, Instant(seconds(6)) + kLatency);
    }
}

TEST(GroupMarkers, WhoLosesItsStreamBeforeThatLeavesTheOthersPointsOfTheirOwn) {
    for (const std::uint32_t lost : {0U, 1U, 2U}) {
        for (const bool power : {false, true}) {
            Members group;
            group.set_delay(lost, seconds(5));
            group.at(Instant(seconds(1)), [&] { group.begin(); });
            group.at(Instant(seconds(3)),
                     [&] { power ? group.lose_power(lost) : group.lose_stream(lost); });
            group.run();
            ASSERT_EQ(group.points().size(), kMembers - 1);
            for (const Point& point : group.points()) {
                EXPECT_FALSE(point.cut);
                EXPECT_NE(point.machine, MachineId(lost));
                EXPECT_EQ(point.published, Instant(seconds(3)));
            }
        }
    }
}

TEST(GroupMarkers, EveryMarkerEndsInAPointAndACutIsOfAllMembersOrOfNone) {
    std::size_t common = 0;
    std::size_t alone = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE(seed);
        kernel::RandomStream draw(seed, "test", "group markers");
        const auto below = [&](std::uint64_t bound) { return draw.below(bound); };
        Members group;
        for (int k = 0; k < 40; ++k) {
            const Instant when(kInterval * (k + 1));
            group.at(when, [&] {
                const auto member = static_cast<std::uint32_t>(below(kMembers));
                group.set_delay(member, milliseconds(static_cast<std::int64_t>(below(4000))));
                group.begin();
            });
            if (below(4) != 0) continue;
            const auto lost = static_cast<std::uint32_t>(below(kMembers));
            const bool power = below(2) == 0;
            // In the middle of the protocol or long after it.
            const auto later = static_cast<std::int64_t>(below(2) == 0 ? below(10) : below(1000));
            group.at(when + milliseconds(later), [&, lost, power] {
                power ? group.lose_power(lost) : group.lose_stream(lost);
            });
        }
        // The last epoch ends what the others left open.
        group.at(Instant(kInterval * 60), [&] { group.begin(); });
        group.run();
        expect_common_or_alone(group.points());
        EXPECT_TRUE(group.all_marks_ended());
        for (const Point& point : group.points()) ++(point.cut ? common : alone);
    }
    EXPECT_GT(common, 3'000U);
    EXPECT_GT(alone, 300U);
}

}  // namespace
}  // namespace landfall
