// tests/unit/scenario_plans_test.cpp — recovery plans in scenarios: read, resolved, and judged with
// places in the file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario/plan_facts.hpp"
#include "tests/support/scenario_sample.hpp"

namespace landfall {
namespace {

using landfall::testing::Change;
using landfall::testing::changed;
using landfall::testing::Finding;
using landfall::testing::findings_of;
using landfall::testing::gone;
using landfall::testing::Json;
using landfall::testing::problems_of;
using landfall::testing::sample_scenario;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The database, then the web servers of which the first comes up first, with a runbook and a
/// manual action.
Json with_plan() {
    Json document = sample_scenario();
    document["runbooks"] = Json::parse(R"([{"name": "switch-dns", "takes": 120}])");
    document["recovery_plans"] = Json::parse(R"([{
      "name": "shop",
      "groups": [
        {"machines": "db",
         "after": [{"do": "manual", "name": "look", "description": "look at the database"}]},
        {"machines": ["web-01", "web-*"],
         "after": [{"do": "runbook", "name": "DNS", "runbook": "switch-dns",
                    "failover_types": ["planned", "unplanned"]}]}
      ],
      "dependencies": [{"machines": ["web-02", "web-03"], "on": "web-01"}]
    }])");
    return document;
}

scenario::Scenario loaded(const Json& document) {
    const scenario::LoadResult result = scenario::load(document.dump());
    EXPECT_TRUE(result.scenario.has_value());
    return *result.scenario;
}

TEST(ScenarioPlans, AreReadAndResolved) {
    EXPECT_THAT(findings_of(problems_of(with_plan())), ElementsAre());
    const scenario::Scenario scenario = loaded(with_plan());
    const scenario::PlanFacts facts = plan_facts(scenario, expand(scenario));
    ASSERT_EQ(facts.plans.size(), 1U);
    const RecoveryPlan& plan = facts.plans[0];
    ASSERT_EQ(plan.groups.size(), 2U);
    EXPECT_EQ(plan.groups[0].items[0].name, "db");
    ASSERT_EQ(plan.groups[1].items.size(), 12U);
    EXPECT_TRUE(plan.groups[1].items[0].depends_on.empty());
    EXPECT_THAT(plan.groups[1].items[1].depends_on, ElementsAre(plan.groups[1].items[0].machine));
    const PlanAction& look = plan.groups[0].steps.after[0];
    EXPECT_EQ(look.kind, PlanActionKind::Manual);
    EXPECT_EQ(look.description, "look at the database");
    EXPECT_EQ(facts.actions[look.id.value].takes, std::nullopt);
    const PlanAction& dns = plan.groups[1].steps.after[0];
    EXPECT_EQ(dns.timeout, scenario.profile.recovery_plan_runbook_timeout);
    EXPECT_EQ(dns.types, (std::array{false, true, true}));
    EXPECT_EQ(dns.directions, (std::array{true, false}));
    EXPECT_EQ(facts.actions[dns.id.value].takes, minutes(2));
    EXPECT_EQ(plan.gate, GroupsGate::Start);
}

struct Case {
    std::string about;
    std::vector<Change> changes;
    std::vector<Finding> findings;
};

TEST(ScenarioPlans, WhatIsWrongIsToldWithItsPlace) {
    const std::string plan = "/recovery_plans/0";
    const Json script = Json::parse(R"([{"do": "script", "name": "s", "path": "s.ps1"}])");
    const std::vector<Case> cases = {
        {"a machine in two groups",
         {{plan + "/groups/1/machines", Json::array({"web-*", "db"})}},
         {{"SCN046", plan + "/groups/1/machines/1", "\"db\""}}},
        {"a circle",
         {{plan + "/dependencies/1", {{"machines", "web-01"}, {"on", "web-02"}}}},
         {{"SCN047", plan + "/dependencies", "\"web-01\""}}},
        {"a dependency against the groups",
         {{plan + "/dependencies/0", {{"machines", "db"}, {"on", "web-01"}}}},
         {{"SCN046", plan + "/dependencies", "\"db\""}}},
        {"a dependency on a stranger",
         {{plan + "/dependencies/0/on", "till-1"}},
         {{"SCN046", plan + "/dependencies", "\"web-02\""},
          {"SCN046", plan + "/dependencies", "\"web-03\""}}},
        {"a script where there is no VMM server",
         {{plan + "/failover", {{"before", script}}}},
         {{"SCN046", plan + "/failover/before/0/do", "\"script\""}}},
        {"no such runbook",
         {{plan + "/groups/1/after/0/runbook", "switch-dsn"}},
         {{"SCN010", plan + "/groups/1/after/0/runbook", "\"switch-dsn\""}}},
        {"no such machine",
         {{plan + "/groups/0/machines", "bd"}},
         {{"SCN040", plan + "/groups/0/machines", "\"bd\""}}},
        {"too many groups",
         {{"/profile", {{"name", "asr-2024"}, {"override", {{"recovery_plan_most_groups", 1}}}}}},
         {{"SCN046", plan + "/groups", "\"shop\""}}},
        {"no groups", {{plan + "/groups", Json::array()}}, {{"SCN012", plan + "/groups", "[]"}}},
        {"groups left out", {{plan + "/groups", gone()}}, {{"SCN005", plan + "/groups", ""}}},
        {"machines left out",
         {{plan + "/groups/0/machines", gone()}},
         {{"SCN005", plan + "/groups/0/machines", ""}}},
        {"a key of another kind of action",
         {{plan + "/groups/0/after/0/path", "x"}},
         {{"SCN008", plan + "/groups/0/after/0/path", "\"x\""}}},
        {"a runbook without its name",
         {{plan + "/groups/1/after/0/runbook", gone()}},
         {{"SCN005", plan + "/groups/1/after/0/runbook", ""}}},
        {"an unknown word",
         {{plan + "/groups_gate", "boot"}},
         {{"SCN006", plan + "/groups_gate", "\"boot\""}}},
        {"two plans of one name",
         {{"/recovery_plans/1", with_plan()["recovery_plans"][0]}},
         {{"SCN011", "/recovery_plans/1/name", "\"shop\""}}},
    };
    for (const Case& each : cases) {
        EXPECT_EQ(findings_of(problems_of(changed(with_plan(), each.changes))), each.findings)
            << each.about;
    }
}

TEST(ScenarioPlans, ACircleIsPrinted) {
    const auto problems = problems_of(changed(
        with_plan(),
        {{"/recovery_plans/0/dependencies/1", {{"machines", "web-01"}, {"on", "web-02"}}}}));
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_THAT(problems[0].message, HasSubstr("web-01 -> web-02 -> web-01"));
}

TEST(ScenarioPlans, APlanOfAMillionMachinesIsOnlyCounted) {
    const auto problems = problems_of(changed(
        with_plan(), {{"/machines/0/count", 100'000},
                      {"/recovery_plans/0/groups/1/machines", "web-*"},
                      {"/recovery_plans/0/dependencies/0", {{"machines", "all"}, {"on", "db"}}},
                      {"/duration", 60}}));
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].pointer, "/recovery_plans/0/groups");
    EXPECT_THAT(problems[0].message, HasSubstr("at most 100 machines, not 100001"));
}

}  // namespace
}  // namespace landfall
