// tests/unit/oracle_loss_test.cpp — right and wrong failovers, failbacks and RPOs.
#include <gtest/gtest.h>

#include "tests/unit/oracle_stage.hpp"

namespace landfall::lab {

namespace {

const std::vector<Case> kLossCases = {
    {"S6", "shows at least the true loss",
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         s.wait(2);
         s.board.rpo_reported(kWeb, s.clock, Duration(0));  // nothing was written since
         s.write(0, 9);
         s.wait(30);
         s.board.rpo_reported(kWeb, s.clock, seconds(30));
         s.board.rpo_reported(kWeb, s.clock, s.clock - point.cut);
     },
     [](Stage& s) {
         one_point(s);
         s.wait(2);
         s.write(0, 9);
         s.wait(30);
         s.board.rpo_reported(kWeb, s.clock, seconds(29));
     }},
    {"S6", "counts what a wrong point misses",
     [](Stage& s) {
         one_point(s);
         s.wait(1);
         s.board.rpo_reported(kWeb, s.clock, Duration(0));
     },
     [](Stage& s) {
         const Content before = s.content();
         s.write(0, 5);
         s.wait(10);
         s.publish(s.claim(kWeb, 1), before);
         s.board.rpo_reported(kWeb, s.clock, Duration(0));
     }},
    {"S7", "a planned failover ends on everything",
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         s.board.failed_over(point, true, s.reader());
     },
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         const ContentReader before = s.reader();
         s.write(0, 9);
         s.wait(1);
         s.board.failed_over(point, true, before);
     }},
    {"S35", "a failover is read as its point",
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         const ContentReader before = s.reader();
         s.write(0, 9);
         s.wait(1);
         s.board.failed_over(point, false, before);
     },
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         s.write(0, 9);
         s.wait(1);
         s.board.failed_over(point, false, s.reader());
     }},
    {"S35", "the machine has what its point holds",
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         const ContentReader before = s.reader();
         s.write(0, 9);
         s.wait(1);
         s.board.failed_over(point, false, before);
         s.board.machine_made(kWeb, point.cut, ContentReader(s.points.at({kWeb.value, point.id})));
     },
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         ContentReader rotten = s.points.at({kWeb.value, point.id});
         rotten.content_[0][7] = 99;
         s.board.machine_made(kWeb, point.cut, rotten);
     }},
    {"S8", "an unplanned failover loses what was shown",
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         const ContentReader before = s.reader();
         s.wait(5);
         s.board.rpo_reported(kWeb, s.clock, seconds(5));
         s.write(0, 9);
         s.wait(20);
         s.board.failed_over(point, false, before);
     },
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         const ContentReader before = s.reader();
         s.write(0, 9);
         s.wait(5);
         s.board.rpo_reported(kWeb, s.clock, seconds(1));
         s.wait(20);
         s.board.failed_over(point, false, before);
     }},
    {"S8", "an older point loses what its label says",
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         const ContentReader before = s.reader();
         s.write(0, 9);
         s.wait(5);
         s.publish(kWeb, 2);
         s.board.rpo_reported(kWeb, s.clock, seconds(0));
         s.board.failed_over(point, false, before);
     },
     [](Stage& s) {
         one_point(s);
         const ContentReader before = s.reader();
         s.wait(1);
         s.write(0, 9);
         s.wait(5);
         const PublishedPoint dishonest = s.publish(kWeb, 2);
         s.wait(5);
         s.publish(kWeb, 3);
         s.board.failed_over(dishonest, false, before);
     }},
    {"S30", "a failback ends on the target's content",
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         const ContentReader at_cut = s.reader();
         s.wait(1);
         s.write(0, 3);  // the tail
         s.wait(1);
         s.board.failed_over(point, false, at_cut);
         s.source_disks = at_cut;
         s.life = 1;
         s.write(0, 20);
         s.wait(1);
         s.board.failed_back(kWeb, s.clock, s.reader());
     },
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         const ContentReader at_cut = s.reader();
         s.wait(1);
         const Stamp tail = s.write(0, 3);
         s.wait(1);
         s.board.failed_over(point, false, at_cut);
         s.source_disks = at_cut;
         s.life = 1;
         s.write(0, 20);
         s.wait(1);
         Content resurrected = s.content();
         resurrected[0][3] = tail;
         s.board.failed_back(kWeb, s.clock, ContentReader(resurrected));
     }},
};

}  // namespace

std::vector<Case> loss_cases() {
    return kLossCases;
}

namespace {

// Both machines' stamps are of life 0 until a failover; writes of the next life begin at its cut.
TEST(OracleBoard, AnotherPointMayBeChosenUntilTheMachineGoesOn) {
    Stage stage;
    const PublishedPoint first = one_point(stage);
    const ContentReader at_first = stage.reader();
    stage.wait(1);
    stage.write(0, 9);
    stage.wait(1);
    const PublishedPoint second = stage.publish(kWeb, 2);
    const ContentReader at_second = stage.reader();
    stage.wait(1);
    stage.board.failed_over(first, false, at_first);
    stage.board.failed_over(second, false, at_second);
    stage.source_disks = at_second;
    stage.life = 1;
    stage.generation = 2;
    stage.write(0, 10);
    stage.wait(1);
    stage.publish(kWeb, 3);
    EXPECT_EQ(stage.board.violation_count(), 0U) << report_text(report_of(stage.board));
}

TEST(OracleBoard, AfterAFailoverPointsAreHeldAgainstWhatTheMachineWentOnFrom) {
    for (const bool resurrects : {false, true}) {
        Stage stage;
        const PublishedPoint point = one_point(stage);
        const ContentReader at_cut = stage.reader();
        stage.wait(1);
        stage.write(0, 9);
        const ContentReader with_tail = stage.reader();
        stage.wait(1);
        stage.board.failed_over(point, false, at_cut);
        stage.source_disks = resurrects ? with_tail : at_cut;
        stage.life = 1;
        stage.generation = 2;
        stage.write(1, 0);
        stage.wait(1);
        stage.publish(kWeb, 2);
        EXPECT_EQ(stage.violations("S1") > 0, resurrects);
        EXPECT_EQ(stage.board.violation_count() > 0, resurrects);
    }
}

}  // namespace
}  // namespace landfall::lab
