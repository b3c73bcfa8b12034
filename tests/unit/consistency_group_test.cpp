// tests/unit/consistency_group_test.cpp — every point of a group is one cut, and nobody is held
// too long, on any network.
#include "model/replication/consistency_group.hpp"

#include <functional>
#include <map>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"
#include "tests/support/held_writers.hpp"
#include "tests/support/usual_group.hpp"

namespace landfall {
namespace {

constexpr Duration kMillisecond = nanoseconds(1'000'000);

/// What a run's network and machines do. Chances in percent.
struct Weather {
    std::size_t members = 3;
    Duration latency = kMillisecond;  ///< at most, one way, between machines
    std::uint64_t drop = 0;
    std::uint64_t twice = 0;
    std::uint64_t member_dies = 0;       ///< in each epoch
    std::uint64_t coordinator_dies = 0;  ///< in each epoch
    Duration clock_error;                ///< at most, ahead
};

/// A group, its guests and a network, in simulated time.
class GroupWorld : public GroupPort {
  public:
    GroupWorld(const Weather& weather, const GroupSettings& settings, std::uint64_t seed)
        : weather_(weather),
          settings_(settings),
          seed_(seed),
          writers(weather.members),
          held_since_(weather.members),
          up_(weather.members, 1),
          lives_(weather.members),
          group(weather.members, GroupMember(0), settings, *this) {
        for (std::size_t m = 0; m < weather.members; ++m) {
            clock_error_.push_back(upto(weather.clock_error));
        }
    }

    // --- GroupPort
    [[nodiscard]] Instant now(GroupMember machine) const override {
        return now_ + clock_error_[machine.value];
    }
    void set_timer(GroupMember machine, Duration after, const GroupTimer& timer) override {
        at(now_ + after, [this, machine, life = lives_[machine.value], timer] {
            if (lives_[machine.value] == life) group.on_timer(timer);
        });
    }
    void send_message(GroupMember from, GroupMember to, const GroupMessage& message) override {
        const int copies = chance(weather_.twice) ? 2 : 1;
        for (int copy = 0; copy < copies; ++copy) {
            if (from != to && chance(weather_.drop)) continue;
            const Duration delay = from == to ? Duration(0) : upto(weather_.latency);
            at(now_ + delay, [this, from, to, message] {
                if (up_[to.value]) group.on_message(from, to, message);
            });
        }
    }
    [[nodiscard]] MarkObstacle obstacle(GroupMember member, bool app_consistent) const override {
        if (member == without_journal) return MarkObstacle::NotInJournalMode;
        if (app_consistent && member == restless) return MarkObstacle::NotQuiesced;
        return MarkObstacle::None;
    }
    void hold_writes(GroupMember member) override {
        EXPECT_FALSE(writers.held(member.value));
        writers.hold(member.value);
        held_since_[member.value] = now_;
    }
    void release_writes(GroupMember member) override {
        EXPECT_TRUE(writers.held(member.value));
        EXPECT_LE(now_ - held_since_[member.value], settings_.hold_at_most);
        writers.release(member.value, now(member));
    }
    std::uint64_t place_marker(GroupMember member, GroupEpoch, Instant) override {
        EXPECT_TRUE(writers.held(member.value)) << "a marker is placed while nothing moves";
        return writers.issued(member.value);
    }
    void publish(const GroupPoint& point) override {
        published.push_back(point);
        EXPECT_LT(point.earliest, point.cut);
        EXPECT_LE(point.cut, point.latest);
        ASSERT_EQ(point.members.size(), weather_.members);
    }
    void abandon(GroupEpoch epoch, AbandonCause cause, GroupMember member) override {
        abandoned[epoch] = {cause, member};
    }

    // --- the run
    void at(Instant when, std::function<void()> what) {
        calendar_.emplace(std::pair(when, next_event_++), std::move(what));
    }
    void run_until(Instant end) {
        while (!calendar_.empty() && calendar_.begin()->first.first <= end) {
            auto event = calendar_.extract(calendar_.begin());
            now_ = event.key().first;
            event.mapped()();
        }
        now_ = end;
    }
    void run_for(Duration span) { run_until(now_ + span); }

    /// Guests write and tell one another what they wrote, until `end`.
    void keep_writing(std::size_t guest, Instant end) {
        if (now_ > end) return;
        write_and_tell(guest);
        at(now_ + upto(kMillisecond * 6), [this, guest, end] { keep_writing(guest, end); });
    }
    void lose(GroupMember member) {
        up_[member.value] = 0;
        ++lives_[member.value];
        writers.forget_waiting(member.value);
        group.member_lost(member);
    }
    void start(GroupMember member) { up_[member.value] = 1; }

    /// What is wrong with any published point; empty if nothing.
    [[nodiscard]] std::string fault() const {
        for (const GroupPoint& point : published) {
            std::vector<std::size_t> counts;
            for (const auto& member : point.members) counts.push_back(member.mark.position);
            const std::string fault = writers.fault_of(counts, point.cut);
            if (!fault.empty()) return "epoch " + std::to_string(point.epoch) + ": " + fault;
        }
        return "";
    }
    [[nodiscard]] Instant now() const { return now_; }
    [[nodiscard]] bool up(std::size_t member) const { return up_[member] != 0; }
    bool chance(std::uint64_t percent) { return below(100) < percent; }
    std::uint64_t below(std::uint64_t bound) {
        return kernel::member_seed(seed_, ++draws_) % bound;
    }
    Duration upto(Duration most) {
        const auto bound = static_cast<std::uint64_t>(most.count()) + 1;
        return Duration(static_cast<std::int64_t>(below(bound)));
    }

  private:
    void write_and_tell(std::size_t guest) {
        if (!up_[guest] || !writers.submit(guest, now(GroupMember(guest)))) return;
        if (!chance(60)) return;
        const std::size_t other = below(weather_.members);
        at(now_ + upto(kMillisecond), [this, other, told = writers.past(guest)] {
            if (!up_[other]) return;
            writers.hear(other, told);
            writers.submit(other, now(GroupMember(other)));
        });
    }

    Weather weather_;
    GroupSettings settings_;
    std::uint64_t seed_;
    std::uint64_t draws_ = 0;
    Instant now_;
    std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> calendar_;
    std::uint64_t next_event_ = 0;

  public:
    test::HeldWriters writers;

  private:
    std::vector<Instant> held_since_;
    std::vector<char> up_;
    std::vector<int> lives_;
    std::vector<Duration> clock_error_;

  public:
    ConsistencyGroup group;
    std::vector<GroupPoint> published;
    std::map<GroupEpoch, std::pair<AbandonCause, GroupMember>> abandoned;
    GroupMember without_journal;
    GroupMember restless;
};

constexpr int kEpochs = 6;

/// Six epochs in the given weather, with a member or the coordinator dying now and then.
void run_epochs(GroupWorld& world, const Weather& weather, const GroupSettings& settings) {
    const Duration pause = settings.hold_at_most * 2 + kMillisecond * 5;
    const Instant end = world.now() + pause * (kEpochs + 1);
    for (std::size_t m = 0; m < weather.members; ++m) world.keep_writing(m, end);
    for (GroupEpoch epoch = 1; epoch <= kEpochs; ++epoch) {
        world.run_for(world.upto(kMillisecond * 5));
        world.group.begin(epoch, false);
        const Duration lived = world.upto(settings.hold_at_most);
        world.run_for(lived);
        GroupMember dead;
        if (world.chance(weather.coordinator_dies)) dead = GroupMember(0);
        if (world.chance(weather.member_dies)) dead = GroupMember(world.below(weather.members));
        if (!dead.is_none()) world.lose(dead);
        const Duration down = world.chance(50) ? kMillisecond : pause - lived;
        world.run_for(down);
        if (!dead.is_none()) {
            world.start(dead);
            if (dead == GroupMember(0)) world.group.coordinator_started(GroupMember(0));
        }
        world.run_for(pause - lived - down);
    }
    world.run_until(end + settings.hold_at_most + seconds(10));
    for (std::size_t m = 0; m < weather.members; ++m) EXPECT_FALSE(world.writers.held(m));
}

Weather draw_weather(std::uint64_t seed) {
    std::uint64_t state = seed;
    const auto pick = [&state](auto... choices) {
        const std::array all{choices...};
        state = kernel::mix_bits(state);
        return all[state % all.size()];
    };
    Weather weather;
    weather.members = pick(1U, 2U, 2U, 3U, 5U, 16U);
    weather.latency = pick(Duration(0), Duration(3), kMillisecond, kMillisecond * 15,
                           kMillisecond * 25, kMillisecond * 40, kMillisecond * 90);
    weather.drop = pick(0U, 0U, 3U, 25U);
    weather.twice = pick(0U, 20U);
    weather.member_dies = pick(0U, 0U, 40U);
    weather.coordinator_dies = pick(0U, 0U, 30U);
    weather.clock_error = pick(Duration(0), Duration(0), kMillisecond, kMillisecond * 30);
    return weather;
}

TEST(ConsistencyGroup, PublishesOnlyConsistentCutsInAnyWeather) {
    std::map<AbandonCause, int> causes;
    std::size_t published = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        const Weather weather = draw_weather(seed);
        GroupSettings settings = test::kUsualGroup;
        if (seed % 3 == 0) settings.resend_every = Duration(0);
        if (seed % 2 == 0) settings.confirm_within = kMillisecond * 40;
        GroupWorld world(weather, settings, seed);
        run_epochs(world, weather, settings);
        ASSERT_EQ(world.fault(), "") << "seed " << seed;
        ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
        published += world.published.size();
        for (const auto& [epoch, why] : world.abandoned) ++causes[why.first];
        for (const GroupPoint& point : world.published) {
            ASSERT_FALSE(world.abandoned.contains(point.epoch)) << "seed " << seed;
        }
    }
    // The property says something only if the runs meet what it is about.
    EXPECT_GT(published, 400U);
    for (const AbandonCause cause :
         {AbandonCause::MemberSilent, AbandonCause::ReleasedEarly, AbandonCause::ClocksDisagree,
          AbandonCause::Unconfirmed, AbandonCause::MemberRestarted}) {
        EXPECT_GT(causes[cause], 5) << words_for(cause);
    }
}

TEST(ConsistencyGroup, PublishesEveryEpochWhenHealthy) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Weather weather;
        weather.members = 1 + seed % 16;
        // Four one-way trips at most lie between PREPARE and the last release.
        weather.latency = seed % 4 == 0 ? Duration(0) : kMillisecond * 12;
        weather.twice = seed % 2 == 0 ? 30 : 0;
        GroupWorld world(weather, test::kUsualGroup, seed);
        run_epochs(world, weather, test::kUsualGroup);
        EXPECT_EQ(world.published.size(), static_cast<std::size_t>(kEpochs)) << "seed " << seed;
        EXPECT_EQ(world.fault(), "");
        EXPECT_TRUE(world.abandoned.empty());
    }
}

TEST(ConsistencyGroup, MasksLostMessagesByAskingAgain) {
    Weather weather;
    weather.latency = kMillisecond;
    weather.drop = 20;
    GroupSettings settings = test::kUsualGroup;
    settings.resend_every = kMillisecond * 4;
    std::size_t published = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        GroupWorld world(weather, settings, seed);
        run_epochs(world, weather, settings);
        EXPECT_EQ(world.fault(), "");
        published += world.published.size();
    }
    EXPECT_GT(published, std::size_t{40} * kEpochs * 9 / 10);
}

TEST(ConsistencyGroup, LabelsTheCutBetweenTheLastMarkerAndTheFirstRelease) {
    // Messages that take no time: marker, commit and release would share one instant, and a write
    // of that instant lie on either side of it. The label waits for the next one.
    Weather weather;
    weather.latency = Duration(0);
    GroupWorld world(weather, test::kUsualGroup, 1);
    for (std::size_t m = 0; m < weather.members; ++m) world.writers.submit(m, world.now());
    world.group.begin(1, true);
    for (std::size_t m = 0; m < weather.members; ++m) world.writers.submit(m, world.now());
    world.run_for(seconds(1));
    ASSERT_EQ(world.published.size(), 1U);
    const GroupPoint& point = world.published.front();
    EXPECT_TRUE(point.app_consistent);
    EXPECT_EQ(point.earliest, Instant());
    EXPECT_EQ(point.cut, Instant(nanoseconds(1)));
    EXPECT_EQ(point.latest, Instant(nanoseconds(1)));
    EXPECT_EQ(world.fault(), "");
}

TEST(ConsistencyGroup, AbortsWithinTheHoldWhenAMemberIsOff) {
    GroupWorld world({}, test::kUsualGroup, 1);
    const GroupMember off(2);
    world.lose(off);
    world.group.begin(1, false);
    world.run_for(test::kUsualGroup.hold_at_most);
    ASSERT_TRUE(world.abandoned.contains(1));
    EXPECT_EQ(world.abandoned[1], std::pair(AbandonCause::MemberSilent, off));
    world.run_for(kMillisecond * 2);
    EXPECT_FALSE(world.group.under_way());
    for (std::size_t m = 0; m < 3; ++m) EXPECT_FALSE(world.writers.held(m));

    world.start(off);
    EXPECT_TRUE(world.group.begin(2, false));
    world.run_for(seconds(1));
    EXPECT_EQ(world.published.size(), 1U);
}

TEST(ConsistencyGroup, AsksAgainstAMemberThatLostItsOrderInVain) {
    GroupWorld world({}, test::kUsualGroup, 1);
    world.without_journal = GroupMember(1);
    world.group.begin(1, false);
    world.run_for(kMillisecond * 4);
    EXPECT_EQ(world.abandoned[1], std::pair(AbandonCause::NotInJournalMode, GroupMember(1)));
    for (std::size_t m = 0; m < 3; ++m) EXPECT_FALSE(world.writers.held(m));
}

TEST(ConsistencyGroup, GoesOnCrashConsistentlyWhenApplicationsDoNotRest) {
    GroupWorld world({}, test::kUsualGroup, 1);
    world.restless = GroupMember(1);
    for (GroupEpoch epoch = 1; epoch <= 6; ++epoch) {
        world.group.begin(epoch, epoch % 2 == 1);
        world.run_for(seconds(1));
    }
    EXPECT_EQ(world.published.size(), 3U);
    EXPECT_EQ(world.abandoned.size(), 3U);
    for (const auto& [epoch, why] : world.abandoned) {
        EXPECT_EQ(why.first, AbandonCause::NotQuiesced);
    }
}

TEST(ConsistencyGroup, ReleasesItsMembersWhenTheCoordinatorDies) {
    GroupWorld world({}, test::kUsualGroup, 1);
    world.group.begin(1, false);
    world.run_for(nanoseconds(1));
    world.lose(GroupMember(0));
    world.run_for(test::kUsualGroup.hold_at_most + kMillisecond);
    for (std::size_t m = 0; m < 3; ++m) EXPECT_FALSE(world.writers.held(m));
    EXPECT_FALSE(world.group.begin(2, false)) << "nobody leads";

    world.group.coordinator_started(GroupMember(1));
    world.start(GroupMember(0));
    EXPECT_TRUE(world.group.begin(2, false));
    world.run_for(seconds(1));
    ASSERT_EQ(world.published.size(), 1U);
    EXPECT_EQ(world.published.front().epoch, 2U);
}

TEST(ConsistencyGroup, NeverOverlapsEpochs) {
    GroupWorld world({}, test::kUsualGroup, 1);
    EXPECT_TRUE(world.group.begin(1, false));
    EXPECT_FALSE(world.group.begin(2, false));
    world.run_for(seconds(1));
    EXPECT_THROW(world.group.begin(1, false), InvariantViolation) << "an epoch is used once";
    EXPECT_TRUE(world.group.begin(2, false));
}

TEST(ConsistencyGroup, HoldsNobodyForAnEpochWhoseAbortCameFirst) {
    GroupWorld world({}, test::kUsualGroup, 1);
    const GroupMember lead(0);
    const GroupMember member(1);
    world.group.on_message(lead, member, {.word = GroupWord::Abort, .epoch = 4});
    world.group.on_message(lead, member, {.word = GroupWord::Prepare, .epoch = 4});
    EXPECT_FALSE(world.writers.held(1));
    world.group.on_message(lead, member, {.word = GroupWord::Prepare, .epoch = 5});
    EXPECT_TRUE(world.writers.held(1));
    world.group.on_message(lead, member, {.word = GroupWord::Abort, .epoch = 5});
    EXPECT_FALSE(world.writers.held(1));
}

}  // namespace
}  // namespace landfall
