// tests/unit/oracle_policy_test.cpp — S19 as runs use it: a policy that thins, and acts only when a
// point is published.
#include "tests/unit/oracle_stage.hpp"

namespace landfall::lab {
namespace {

/// Keeps all points for 100 s, may keep some for 300 s.
BoardOptions thinning() {
    BoardOptions options = Stage::options_of_tests();
    options.policy_acts_at_publication = true;
    options.past_policy = [](const PublishedPoint& point, Instant newest) {
        return newest - point.cut >= seconds(300);
    };
    return options;
}

/// Publishes the first point, waits, publishes the second.
void two_points(Stage& stage, std::int64_t apart) {
    stage.write(0, 3);
    stage.wait(1);
    stage.publish(kWeb, 1);
    stage.wait(apart);
    stage.publish(kWeb, 2);
}

TEST(RetentionOracle, APointThatMustStayIsNotDroppedAtAPublication) {
    Stage stage(thinning());
    two_points(stage, 99);
    stage.drop(kWeb, 1);
    stage.board.checkpoint();
    EXPECT_EQ(stage.violations("S19"), 1U);
}

TEST(RetentionOracle, WhatGoesAtAnotherMomentGoesForAnotherReason) {
    Stage stage(thinning());
    two_points(stage, 50);
    stage.wait(1);
    stage.drop(kWeb, 1);
    stage.drop(kWeb, 2);
    EXPECT_EQ(stage.violations("S19"), 0U);
}

TEST(RetentionOracle, BetweenBothBoundsAPointMayStayOrGo) {
    for (const bool goes : {false, true}) {
        Stage stage(thinning());
        two_points(stage, 200);
        if (goes) stage.drop(kWeb, 1);
        stage.board.checkpoint();
        stage.wait(50);
        stage.publish(kWeb, 3);
        stage.board.checkpoint();
        EXPECT_EQ(stage.violations("S19"), 0U) << goes;
    }
}

// The age counts to the newest cut: while nothing new arrives nothing has to go.
TEST(RetentionOracle, APointPastItsPolicyGoesOnceNewerOnesArrive) {
    Stage stage(thinning());
    two_points(stage, 10);
    stage.wait(1000);
    stage.board.checkpoint();
    EXPECT_EQ(stage.violations("S19"), 0U);
    stage.publish(kWeb, 3);
    stage.board.checkpoint();
    stage.wait(21);
    stage.publish(kWeb, 4);
    stage.board.checkpoint();
    EXPECT_EQ(stage.violations("S19"), 2U);
}

}  // namespace
}  // namespace landfall::lab
