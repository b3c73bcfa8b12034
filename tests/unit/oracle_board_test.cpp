// tests/unit/oracle_board_test.cpp — each oracle is silent on a right history, fires on a wrong
// one.
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/oracle_stage.hpp"

namespace landfall::lab {
namespace {

std::vector<Case> all_cases() {
    std::vector<Case> all = point_cases();
    for (auto* const more : {&loss_cases, &data_path_cases}) {
        const std::vector<Case> cases = more();
        all.insert(all.end(), cases.begin(), cases.end());
    }
    return all;
}

TEST(OracleBoard, IsSilentOnEveryRightHistory) {
    for (const Case& c : all_cases()) {
        Stage stage;
        c.right(stage);
        EXPECT_GT(stage.checked(c.oracle), 0U) << c.oracle << ": " << c.title;
        EXPECT_EQ(stage.board.violation_count(), 0U) << c.oracle << ": " << c.title << '\n'
                                                     << report_text(report_of(stage.board));
    }
}

TEST(OracleBoard, NoticesEveryWrongHistoryByTheNameOfItsOracle) {
    for (const Case& c : all_cases()) {
        Stage stage;
        c.wrong(stage);
        EXPECT_GT(stage.violations(c.oracle), 0U) << c.oracle << ": " << c.title;
        bool named = false;
        for (const Violation& violation : stage.board.violations())
            named = named || violation.text.starts_with("FAIL " + c.oracle + " ");
        EXPECT_TRUE(named) << c.oracle << ": " << c.title;
    }
}

TEST(OracleBoard, EveryOracleHasACaseAndAName) {
    std::set<std::string> covered;
    for (const Case& c : all_cases()) covered.insert(c.oracle);
    const Stage stage;
    std::set<std::string> ids;
    for (const OracleRow& row : report_of(stage.board).oracles) {
        EXPECT_TRUE(covered.contains(row.id)) << row.id;
        EXPECT_TRUE(ids.insert(row.id).second) << row.id;
        EXPECT_FALSE(row.name.empty() || row.statement.empty() || row.source.empty());
    }
    EXPECT_EQ(ids.size(), 30U);
}

TEST(OracleBoard, SaysWhereAndBetweenWhichWritesAnImageWouldHaveToBeCut) {
    Stage stage;
    stage.clock = Instant(seconds(7863));
    stage.write(0, 8);
    stage.wait(1);
    stage.write(1, 40);
    stage.wait(1);
    Content torn = stage.content();
    torn[0][8] = 0;
    stage.publish(stage.claim(kWeb, 17), torn);
    ASSERT_FALSE(stage.board.violations().empty());
    EXPECT_EQ(stage.board.violations().front().text,
              "FAIL S1 prefix-consistent cut  rp=web/17 cut needs [1,0] lo=1 (web/d1 lba 40 = w1) "
              "> hi=0 (web/d0 lba 8 misses w1 acked 02:11:03.000)");
}

TEST(OracleBoard, KeepsABoundedNumberOfTextsAndCountsAll) {
    BoardOptions options = Stage::options_of_tests();
    options.violations_kept = 3;
    Stage stage(options);
    for (int k = 0; k < 10; ++k) stage.board.queue_filled("relay", Bytes(2), Bytes(1));
    const OracleReport report = report_of(stage.board);
    EXPECT_EQ(report.violations.size(), 3U);
    EXPECT_EQ(report.violation_count, 10U);
    EXPECT_FALSE(report.clean());
    EXPECT_NE(report_text(report).find("and 7 more"), std::string::npos);
}

}  // namespace
}  // namespace landfall::lab
