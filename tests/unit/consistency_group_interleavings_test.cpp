// tests/unit/consistency_group_interleavings_test.cpp — a group of two, every order of events: no
// order publishes an effect without its cause.
#include <algorithm>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "model/replication/consistency_group.hpp"
#include "tests/support/held_writers.hpp"
#include "tests/support/usual_group.hpp"

namespace landfall {
namespace {

/// Runs something again and again, each time with other answers to choose(), until it has met all.
class Odometer {
  public:
    /// One of 0 .. options - 1.
    std::size_t choose(std::size_t options) {
        if (place_ == wheels_.size()) wheels_.push_back({0, options});
        return wheels_[place_++].first;
    }
    /// False when every sequence of choices has been run.
    bool next() {
        place_ = 0;
        while (!wheels_.empty() && wheels_.back().first + 1 == wheels_.back().second) {
            wheels_.pop_back();
        }
        if (wheels_.empty()) return false;
        ++wheels_.back().first;
        return true;
    }

  private:
    std::vector<std::pair<std::size_t, std::size_t>> wheels_;
    std::size_t place_ = 0;
};

/// Two members; the order of deliveries and timeouts is free, time only counts the steps. Writer
GroupSettings without_resending() {
    GroupSettings settings = test::kUsualGroup;
    settings.resend_every = Duration(0);
    return settings;
}

/// `first` writes, tells the other, and that one writes in turn.
class TwoMembers : public GroupPort {
  public:
    TwoMembers(Odometer& odometer, std::size_t first, int losses, int crashes)
        : odometer_(odometer),
          first_(first),
          losses_(losses),
          crashes_(crashes),
          writers_(2),
          group_(2, GroupMember(0), without_resending(), *this) {}

    /// Runs one epoch to its end; what is wrong with it, or nothing.
    std::string run() {
        pending_.push_back({.what = What::Write});
        group_.begin(1, false);
        while (group_.under_way()) step();
        if (!point_) return "";
        // What goes on after the decision cannot change the point, but belongs to its label.
        while (!pending_.empty()) step();
        return writers_.fault_of({static_cast<std::size_t>(point_->members[0].mark.position),
                                  static_cast<std::size_t>(point_->members[1].mark.position)},
                                 point_->cut);
    }
    [[nodiscard]] bool published() const { return point_.has_value(); }

    [[nodiscard]] Instant now(GroupMember) const override { return now_; }
    void set_timer(GroupMember, Duration, const GroupTimer& timer) override {
        pending_.push_back({.what = What::Timer, .timer = timer});
    }
    void send_message(GroupMember from, GroupMember to, const GroupMessage& message) override {
        pending_.push_back({.what = What::Message, .from = from, .to = to, .message = message});
    }
    [[nodiscard]] MarkObstacle obstacle(GroupMember, bool) const override {
        return MarkObstacle::None;
    }
    void hold_writes(GroupMember member) override { writers_.hold(member.value); }
    void release_writes(GroupMember member) override { writers_.release(member.value, now_); }
    std::uint64_t place_marker(GroupMember member, GroupEpoch, Instant) override {
        return writers_.issued(member.value);
    }
    void publish(const GroupPoint& point) override { point_ = point; }
    void abandon(GroupEpoch, AbandonCause, GroupMember) override {}

  private:
    enum class What : std::uint8_t { Write, Tell, Message, Timer };
    struct Pending {
        What what = What::Write;
        GroupMember from = {};
        GroupMember to = {};
        GroupMessage message = {};
        GroupTimer timer = {};
    };

    /// A timer that finds nothing to do makes no difference, whenever it fires.
    [[nodiscard]] bool idle(const Pending& pending) const {
        if (pending.what != What::Timer) return false;
        if (pending.timer.kind == GroupTimer::Kind::Hold)
            return !group_.holding(pending.timer.member);
        return !group_.under_way();
    }
    void step() {
        now_ = now_ + nanoseconds(1);
        std::erase_if(pending_, [&](const Pending& pending) { return idle(pending); });
        if (pending_.empty()) return;
        if (crashes_ > 0 && odometer_.choose(2) == 1) {
            --crashes_;
            writers_.forget_waiting(1);
            return group_.member_lost(GroupMember(1));
        }
        const Pending event = take_one();
        switch (event.what) {
            case What::Write: return write_first();
            case What::Tell: return write_second();
            case What::Timer: return group_.on_timer(event.timer);
            case What::Message: return deliver(event);
        }
    }
    /// Any of what is pending; the coordinator gives up only when nothing else is: giving up
    /// sooner publishes nothing.
    Pending take_one() {
        const auto patient = [](const Pending& pending) {
            return pending.what == What::Timer && pending.timer.kind != GroupTimer::Kind::Hold;
        };
        const auto last = std::stable_partition(pending_.begin(), pending_.end(),
                                                [&](const auto& one) { return !patient(one); });
        const auto eager = static_cast<std::size_t>(last - pending_.begin());
        const std::size_t chosen = odometer_.choose(eager == 0 ? pending_.size() : eager);
        const Pending event = pending_[chosen];
        pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(chosen));
        return event;
    }
    void write_first() {
        // A write that has to wait is acknowledged, and told of, when it is issued: not here.
        if (writers_.submit(first_, now_)) pending_.push_back({.what = What::Tell});
    }
    void write_second() {
        writers_.hear(1 - first_, writers_.past(first_));
        writers_.submit(1 - first_, now_);
    }
    void deliver(const Pending& event) {
        if (losses_ > 0 && odometer_.choose(2) == 1) {
            --losses_;
            return;
        }
        group_.on_message(event.from, event.to, event.message);
    }

    Odometer& odometer_;
    std::size_t first_;
    int losses_;
    int crashes_;
    Instant now_;
    std::vector<Pending> pending_;
    test::HeldWriters writers_;
    ConsistencyGroup group_;
    std::optional<GroupPoint> point_;
};

struct Bounds {
    const char* name;
    int losses;
    int crashes;
};

class EveryOrderOfTwoMembers : public testing::TestWithParam<Bounds> {};

INSTANTIATE_TEST_SUITE_P(With, EveryOrderOfTwoMembers,
                         testing::Values(Bounds{"NoFault", 0, 0}, Bounds{"OneLoss", 1, 0},
                                         Bounds{"OneCrash", 0, 1}),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryOrderOfTwoMembers, PublishesNoEffectWithoutItsCause) {
    const Bounds bounds = GetParam();
    for (std::size_t first = 0; first < 2; ++first) {
        Odometer odometer;
        std::size_t runs = 0;
        std::size_t published = 0;
        do {
            TwoMembers world(odometer, first, bounds.losses, bounds.crashes);
            ASSERT_EQ(world.run(), "") << "run " << runs;
            ++runs;
            published += world.published() ? 1 : 0;
        } while (odometer.next());
        EXPECT_GT(published, 0U);
        EXPECT_GT(runs, published) << "some orders end without a point";
    }
}

}  // namespace
}  // namespace landfall
