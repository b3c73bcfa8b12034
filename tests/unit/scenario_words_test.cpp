// tests/unit/scenario_words_test.cpp — machine names, patterns, JSON pointers, near words, safe
// text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario/expand.hpp"
#include "sim/scenario/printable.hpp"
#include "sim/scenario/problem.hpp"
#include "sim/scenario/templates.hpp"
#include "tests/support/scenario_sample.hpp"

namespace landfall::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Scenario sample() {
    return load(testing::sample_scenario().dump()).scenario.value();
}

TEST(ScenarioExpand, NumbersMachinesInAsManyDigitsAsTheCountHas) {
    const std::vector<ExpandedMachine> machines = expand(sample());
    ASSERT_THAT(machines, SizeIs(12 + 1 + 3));
    EXPECT_EQ(machines[0].name, "web-01");
    EXPECT_EQ(machines[11].name, "web-12");
    EXPECT_EQ(machines[11].index, 12);
    EXPECT_EQ(machines[12].name, "db");
    EXPECT_EQ(machines[12].index, 1);
    EXPECT_EQ(machines[15].name, "till-3");
    EXPECT_EQ(machines[15].group, 2U);
}

TEST(ScenarioExpand, ResolvesNamesToIdsInFileOrder) {
    const std::vector<ExpandedMachine> machines = expand(sample());
    const ExpandedMachine& db = machines[12];
    EXPECT_EQ(db.site, SiteId(0));
    EXPECT_EQ(db.host, HostId(1));
    EXPECT_EQ(db.process_server, ProcessServerId(0));
    EXPECT_EQ(db.storage_account, StorageAccountId(0));
    EXPECT_EQ(db.policy, PolicyId(0));
    const ExpandedMachine& till = machines[13];
    EXPECT_EQ(till.site, SiteId(1));
    EXPECT_TRUE(till.host.is_none());
    EXPECT_EQ(till.process_server, ProcessServerId(1));
}

TEST(ScenarioExpand, PatternsMatchWholeNames) {
    EXPECT_TRUE(matches("web-*", "web-01"));
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("*-0?", "web-01"));
    EXPECT_TRUE(matches("w*b*1", "web-b-01"));
    EXPECT_TRUE(matches("a*b*c", "abbcbc"));
    EXPECT_FALSE(matches("web-", "web-01"));
    EXPECT_FALSE(matches("web-?", "web-01"));
    EXPECT_FALSE(matches("WEB-*", "web-01"));
    EXPECT_FALSE(matches("a*b", "abc"));
    EXPECT_FALSE(matches("?", ""));
    EXPECT_FALSE(matches(std::string(40, '*') + "b", std::string(2000, 'a'))) << "in no time";
}

TEST(ScenarioExpand, SelectsInOrderAndOnce) {
    const std::vector<ExpandedMachine> machines = expand(sample());
    EXPECT_THAT(select(machines, {}), SizeIs(16));
    EXPECT_THAT(select(machines, {"till-*", "db", "*b"}),
                ElementsAre(MachineId(12), MachineId(13), MachineId(14), MachineId(15)));
    EXPECT_THAT(select(machines, {"nobody"}), IsEmpty());
}

TEST(ScenarioWords, PointersEscapeTheirTokens) {
    EXPECT_EQ(pointer_to("/machines", 3), "/machines/3");
    EXPECT_EQ(pointer_to("", "a/b~c"), "/a~1b~0c");
}

TEST(ScenarioWords, TheNearestWordIsTheLikelyOne) {
    const std::vector<std::string> keys = {"bandwidth", "latency", "throttles", "from", "to"};
    EXPECT_EQ(nearest_word("bandwith", keys), "bandwidth");
    EXPECT_EQ(nearest_word("BANDWIDTH", keys), "bandwidth") << "case does not count";
    EXPECT_EQ(nearest_word("latnecy", keys), "latency") << "two letters swapped";
    EXPECT_EQ(nearest_word("form", keys), "from");
    EXPECT_EQ(nearest_word("colour", keys), std::nullopt);
    EXPECT_EQ(nearest_word("x", keys), std::nullopt) << "nothing in common with \"to\"";
    EXPECT_EQ(nearest_word("ab", {"ax", "ay"}), "ax") << "the earlier of two equals";
    EXPECT_EQ(nearest_word("", keys), std::nullopt);
    EXPECT_EQ(nearest_word(std::string(100'000, 'x'), keys), std::nullopt);
}

TEST(ScenarioWords, ForeignTextIsMadeSafe) {
    EXPECT_EQ(printable("plain, Käse, 漢字, 🜁"), "plain, Käse, 漢字, 🜁");
    EXPECT_EQ(printable("\x1b[31m\n\x7f\xc2\x9b"), "?[31m???");
    EXPECT_EQ(printable("\xff\xc3(\xe2\x82"),
              "?"
              "?(?"
              "?")
        << "not UTF-8";
    EXPECT_EQ(printable("\xc0\xaf\xed\xa0\x80"), "?????") << "overlong, surrogate";
    EXPECT_EQ(printable(std::string(1000, 'x'), 5), "xxxxx...");
    EXPECT_EQ(printable("ääää", 5), "ää...") << "never half a character";
}

TEST(ScenarioWords, MergedValuesAreFoundInTheirFile) {
    const testing::Json document = {
        {"templates", {{"a/b", {{"churn", {{"kind", "none"}}}, {"disks", {{{"size", 1}}}}}}}},
        {"machines",
         {{{"name", "x"}, {"template", "a/b"}, {"churn", {{"rate", 1}}}}, {{"name", "y"}}}}};
    EXPECT_EQ(place_in_file(document, "/machines/0/churn/rate"), "/machines/0/churn/rate");
    EXPECT_EQ(place_in_file(document, "/machines/0/churn/kind"), "/templates/a~1b/churn/kind");
    EXPECT_EQ(place_in_file(document, "/machines/0/disks/0/size"), "/templates/a~1b/disks/0/size");
    EXPECT_EQ(place_in_file(document, "/machines/0/disks/0/used"), "/templates/a~1b/disks/0/used")
        << "what is missing belongs where it should stand";
    EXPECT_EQ(place_in_file(document, "/machines/0/site"), "/machines/0/site");
    EXPECT_EQ(place_in_file(document, "/machines/1/site"), "/machines/1/site");
    EXPECT_EQ(place_in_file(document, "/machines/7/site"), "/machines/7/site");
    EXPECT_EQ(place_in_file(document, ""), "");
}

}  // namespace
}  // namespace landfall::scenario
