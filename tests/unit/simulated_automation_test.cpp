// tests/unit/simulated_automation_test.cpp — scripts and runbooks run once, on time, and fail as
// the scenario tells.
#include "sim/world/simulated_automation.hpp"

#include <set>

#include <gtest/gtest.h>

namespace landfall::world {
namespace {

class Bell : public Alarm {
  public:
    [[nodiscard]] Instant now() const override { return now_; }
    void ring(Instant at, std::uint64_t token) override { rings.emplace(at, token); }
    void go_to(Instant at) { now_ = at; }

    std::multiset<std::pair<Instant, std::uint64_t>> rings;

  private:
    Instant now_;
};

const RecoveryPlanContext kContext;

TEST(SimulatedAutomation, RunsAnActionForItsTime) {
    Bell bell;
    SimulatedAutomation automation(bell, {{"plan/a", minutes(2)}}, 1);
    bell.go_to(Instant(seconds(10)));
    automation.run({5, RecoveryActionId(0), kContext});
    EXPECT_EQ(bell.rings, (std::multiset{std::pair(Instant(seconds(130)), std::uint64_t{5})}));
    EXPECT_TRUE(automation.over(5).succeeded);
    EXPECT_EQ(automation.over(5).token, 5U);
}

TEST(SimulatedAutomation, ATokenIsRunOnceAndAnsweredAgain) {
    Bell bell;
    SimulatedAutomation automation(bell, {{"plan/a", minutes(2), false}}, 1);
    automation.run({5, RecoveryActionId(0), kContext});
    bell.go_to(Instant(minutes(1)));
    automation.run({5, RecoveryActionId(0), kContext});
    EXPECT_EQ(bell.rings.size(), 1U) << "it is under way";
    bell.go_to(Instant(minutes(3)));
    automation.run({5, RecoveryActionId(0), kContext});
    EXPECT_EQ(bell.rings.count({Instant(minutes(3)), 5}), 1U) << "it is over";
    EXPECT_EQ(automation.runs(RecoveryActionId(0)), 1U);
    EXPECT_FALSE(automation.over(5).succeeded);
    EXPECT_FALSE(automation.over(5).cause.empty());
}

// Of 1,000 runs 250 +- 4 sigma fail, sigma = sqrt(1000 x 0.25 x 0.75) = 13.7.
TEST(SimulatedAutomation, FailsAsOftenAsTheScenarioSays) {
    Bell bell;
    const std::vector<scenario::ActionFacts> actions = {{"plan/a", seconds(1), true, 0.25},
                                                        {"plan/b", seconds(1), true, 0.25}};
    SimulatedAutomation automation(bell, actions, 1);
    SimulatedAutomation alone(bell, {actions[0]}, 1);
    int failed = 0;
    for (std::uint64_t token = 0; token < 1000; ++token) {
        automation.run({2 * token, RecoveryActionId(0), kContext});
        automation.run({2 * token + 1, RecoveryActionId(1), kContext});
        alone.run({2 * token, RecoveryActionId(0), kContext});
        failed += automation.over(2 * token).succeeded ? 0 : 1;
        EXPECT_EQ(alone.over(2 * token).succeeded, automation.over(2 * token).succeeded)
            << "another action moves no draw";
    }
    EXPECT_NEAR(failed, 250, 55);
}

TEST(SimulatedAutomation, AManualActionIsDoneWhenItsTimeIsOverOrNever) {
    Bell bell;
    SimulatedAutomation automation(bell, {{"plan/a", hours(1)}, {"plan/b", std::nullopt}}, 1);
    automation.tell_people(7, RecoveryActionId(0));
    EXPECT_TRUE(automation.is_busy());
    bell.go_to(Instant(minutes(10)));
    automation.tell_people(7, RecoveryActionId(0));  // another orchestrator
    automation.tell_people(8, RecoveryActionId(1));
    EXPECT_EQ(bell.rings, (std::multiset{std::pair(Instant(hours(1)), std::uint64_t{7})}));
    EXPECT_TRUE(automation.over(7).succeeded);
    bell.go_to(Instant(hours(1)));
    EXPECT_FALSE(automation.is_busy()) << "nobody does the other one";
}

}  // namespace
}  // namespace landfall::world
