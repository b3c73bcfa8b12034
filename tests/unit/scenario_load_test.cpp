// tests/unit/scenario_load_test.cpp — reading the canonical form: values, defaults and every fault.
#include <ostream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario/load.hpp"
#include "sim/scenario/schema_check.hpp"
#include "tests/support/scenario_sample.hpp"

namespace landfall::testing {
namespace {

using scenario::load;
using scenario::LoadResult;
using scenario::Scenario;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Scenario loaded(const Json& document) {
    LoadResult result = load(document.dump());
    EXPECT_THAT(findings_of(result.problems), IsEmpty());
    return result.scenario.value();
}

TEST(ScenarioLoad, ReadsCanonicalUnits) {
    const Scenario scenario = loaded(sample_scenario());
    EXPECT_EQ(scenario.name, "sample");
    EXPECT_EQ(scenario.duration, hours(24));
    EXPECT_EQ(scenario.links[0].bandwidth, BytesPerSecond(25'000'000)) << "bits become bytes";
    EXPECT_EQ(scenario.links[0].latency, nanoseconds(2'000'000));
    EXPECT_EQ(scenario.links[1].throttles[0].window.from, hours(8));
    EXPECT_EQ(scenario.links[1].throttles[0].bandwidth, BytesPerSecond(12'500'000));
    EXPECT_EQ(scenario.links[1].outages[0].at, Instant(hours(1)));
    EXPECT_EQ(scenario.policies[0].app_consistent_every, hours(4));
    EXPECT_EQ(scenario.machines[1].disks[1].size, gibibytes(1024));
    EXPECT_EQ(scenario.timeline[1].when->state, scenario::MachineState::Protected);
    EXPECT_THAT(scenario.timeline[1].machines, ElementsAre("web-*", "db"));
    EXPECT_EQ(scenario.expect[0].at_most, 900.0);
}

TEST(ScenarioLoad, FillsTheDefaultsOfThePythonModels) {
    const Scenario scenario =
        loaded(changed(sample_scenario(), {{"/links/0/tcp_window", nullptr}}));
    EXPECT_EQ(scenario.profile.name, "asr-2024");
    EXPECT_EQ(scenario.network.bandwidth_factor, 0.965);
    EXPECT_EQ(scenario.detail.capture_step, minutes(1));
    EXPECT_EQ(scenario.detail.capture_phases, 5);
    EXPECT_TRUE(scenario.detail.rpo_steps);
    EXPECT_EQ(scenario.detail.sample_every, minutes(5));
    EXPECT_EQ(scenario.sites[0].lan_bandwidth, BytesPerSecond(1'250'000'000));
    EXPECT_EQ(scenario.sites[0].lan_latency, nanoseconds(200'000));
    EXPECT_EQ(scenario.sites[0].hosts[0].nic, BytesPerSecond(1'250'000'000));
    EXPECT_EQ(scenario.process_servers[0].cores, 8);
    EXPECT_EQ(scenario.process_servers[0].cache, gibibytes(600));
    EXPECT_EQ(scenario.process_servers[0].cache_rate, BytesPerSecond(400'000'000));
    EXPECT_EQ(scenario.process_servers[0].compression_ratio, 1.0);
    EXPECT_FALSE(scenario.links[0].tcp_window.has_value());
    const scenario::MachineGroup& db = scenario.machines[1];
    EXPECT_EQ(db.count, 1);
    EXPECT_EQ(db.os, "windows");
    EXPECT_EQ(db.kind, "vmware");
    EXPECT_TRUE(db.hydration_drivers_ready);
    EXPECT_EQ(db.initial_state, scenario::InitialState::Unprotected);
    EXPECT_EQ(db.disks[0].target_type, "standard_hdd");
    const auto& churn = std::get<scenario::DiurnalChurn>(db.churn);
    EXPECT_EQ(churn.peak_at, hours(14));
    EXPECT_EQ(churn.step, minutes(5));
    EXPECT_TRUE(scenario.timeline[0].machines.empty()) << "all";
    EXPECT_TRUE(scenario.timeline[0].shut_down_source);
    EXPECT_EQ(scenario.timeline[0].recovery_point, scenario::PointChoice::Latest);
}

TEST(ScenarioLoad, MergesMachinesOverTemplates) {
    const Scenario scenario = loaded(changed(
        sample_scenario(), {{"/machines/0/churn", {{"rate", 5}}}, {"/machines/0/os", nullptr}}));
    const scenario::MachineGroup& web = scenario.machines[0];
    EXPECT_EQ(web.site, "hq") << "from the template";
    EXPECT_EQ(std::get<scenario::ConstantChurn>(web.churn).rate, BytesPerSecond(5))
        << "kind of the template, rate of the entry";
    EXPECT_EQ(web.os, "windows") << "null takes the template's value away: the default is left";
}

TEST(ScenarioLoad, StatesOfTheScenarioAreDefaultsOfItsMachines) {
    const Scenario scenario =
        loaded(changed(sample_scenario(), {{"/initial_state", "protected"},
                                           {"/machines/1/initial_state", "unprotected"}}));
    EXPECT_EQ(scenario.machines[0].initial_state, scenario::InitialState::Protected);
    EXPECT_EQ(scenario.machines[1].initial_state, scenario::InitialState::Unprotected);
}

TEST(ScenarioLoad, ChangesFieldsOfTheProfile) {
    const Scenario scenario =
        loaded(changed(sample_scenario(), {{"/profile",
                                            {{"name", "asr-2018"},
                                             {"override",
                                              {{"hydration_time", 1.5},
                                               {"disks_at_once", 5},
                                               {"source_buffer", 0},
                                               {"log_processing_rate", 1000}}}}}}));
    EXPECT_EQ(scenario.profile.name, "asr-2018");
    EXPECT_EQ(scenario.profile.hydration_time, nanoseconds(1'500'000'000));
    EXPECT_EQ(scenario.profile.disks_at_once, 5);
    EXPECT_EQ(scenario.profile.source_buffer, Bytes(0));
    EXPECT_EQ(scenario.profile.log_processing_rate, BytesPerSecond(1000));
    EXPECT_EQ(scenario.profile.retention_max, days(3)) << "the rest is the profile's";
}

TEST(ScenarioLoad, ReadsSeparatorsWithBlanksAround) {
    const auto separator_of = [](const char* text) {
        const Json trace = {
            {"kind", "trace"}, {"file", "/t.csv"}, {"column", "c"}, {"separator", text}};
        const Scenario scenario =
            loaded(changed(sample_scenario(), {{"/machines/1/churn", trace}}));
        return std::get<scenario::TraceChurn>(scenario.machines[1].churn).separator;
    };
    EXPECT_EQ(separator_of(","), ',');
    EXPECT_EQ(separator_of(";\t"), ';');
    EXPECT_EQ(separator_of(" | "), '|');
    EXPECT_EQ(separator_of("\t"), '\t');
    EXPECT_EQ(separator_of(" "), ' ');
}

struct Fault {
    std::string title;
    std::vector<Change> changes;
    std::vector<Finding> findings;

    friend std::ostream& operator<<(std::ostream& out, const Fault& fault) {
        return out << fault.title;
    }
};

class ScenarioFault : public ::testing::TestWithParam<Fault> {};

TEST_P(ScenarioFault, IsFoundWithItsPlace) {
    const LoadResult result = load(changed(sample_scenario(), GetParam().changes).dump());
    EXPECT_EQ(findings_of(result.problems), GetParam().findings);
    EXPECT_FALSE(result.scenario.has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Keys, ScenarioFault,
    ::testing::Values(
        Fault{"unknown key", {{"/link", 1}}, {{"SCN002", "/link", "\"link\""}}},
        Fault{"unknown key deep down",
              {{"/machines/1/disks/0/sise", 1}},
              {{"SCN002", "/machines/1/disks/0/sise", "\"sise\""}}},
        Fault{"key of another churn kind",
              {{"/machines/1/churn/rate", 1}},
              {{"SCN002", "/machines/1/churn/rate", "\"rate\""}}},
        Fault{"missing name", {{"/name", gone()}}, {{"SCN005", "/name", ""}}},
        Fault{"null for a key that must be", {{"/vault", nullptr}}, {{"SCN005", "/vault", ""}}},
        Fault{"missing size",
              {{"/machines/1/disks/1/size", gone()}},
              {{"SCN005", "/machines/1/disks/1/size", ""}}},
        Fault{"missing churn kind",
              {{"/machines/1/churn/kind", gone()}},
              {{"SCN005", "/machines/1/churn/kind", ""}}},
        Fault{"missing disks",
              {{"/machines/1/disks", gone()}},
              {{"SCN005", "/machines/1/disks", ""}}},
        Fault{"two times",
              {{"/timeline/0/when", {{"state", "protected"}}}},
              {{"SCN008", "/timeline/0", "{...}"}}},
        Fault{"no time", {{"/timeline/0/at", gone()}}, {{"SCN008", "/timeline/0", "{...}"}}},
        Fault{"delay after a time",
              {{"/timeline/0/delay", 5}},
              {{"SCN008", "/timeline/0/delay", "5"}}},
        Fault{"shutdown of no failover",
              {{"/timeline/0/shutdown", false}},
              {{"SCN008", "/timeline/0/shutdown", "false"}}},
        Fault{"point of no failover",
              {{"/timeline/0/recovery_point", "latest_processed"}},
              {{"SCN008", "/timeline/0/recovery_point", "\"latest_processed\""}}},
        Fault{"no rule", {{"/expect/0/at_most", nullptr}}, {{"SCN008", "/expect/0", "{...}"}}},
        Fault{"two rules", {{"/expect/0/equals", 1}}, {{"SCN008", "/expect/0", "{...}"}}},
        Fault{"limit on a text",
              {{"/expect/0/metric", "state"}},
              {{"SCN008", "/expect/0/at_most", "900"}}},
        Fault{"unknown metric",
              {{"/expect/0/metric", "rpo_p95"}},
              {{"SCN006", "/expect/0/metric", "\"rpo_p95\""}}},
        Fault{"metric without a total",
              {{"/expect/0/metric", "rto_s"}, {"/expect/0/of", "total"}},
              {{"SCN006", "/expect/0/metric", "\"rto_s\""}}},
        Fault{"unknown template",
              {{"/machines/0/template", "wep"}},
              {{"SCN010", "/machines/0/template", "\"wep\""},
               {"SCN005", "/machines/0/site", ""},
               {"SCN005", "/machines/0/policy", ""},
               {"SCN005", "/machines/0/disks", ""},
               {"SCN005", "/machines/0/process_server", ""}}}),
    [](const auto& info) { return "Fault" + std::to_string(info.index); });

INSTANTIATE_TEST_SUITE_P(
    Values, ScenarioFault,
    ::testing::Values(
        Fault{"size with a unit",
              {{"/machines/1/disks/0/size", "128 GiB"}},
              {{"SCN003", "/machines/1/disks/0/size", "\"128 GiB\""}}},
        Fault{"duration with a unit", {{"/duration", "5 d"}}, {{"SCN003", "/duration", "\"5 d\""}}},
        Fault{"limit with a unit",
              {{"/expect/0/at_most", "15 min"}},
              {{"SCN003", "/expect/0/at_most", "\"15 min\""}}},
        Fault{"time of day as text",
              {{"/links/1/throttles/0/from", "08:00"}},
              {{"SCN003", "/links/1/throttles/0/from", "\"08:00\""}}},
        Fault{"negative size",
              {{"/machines/1/disks/0/size", -5}},
              {{"SCN007", "/machines/1/disks/0/size", "-5"}}},
        Fault{"size of nothing",
              {{"/machines/1/disks/0/size", 0}},
              {{"SCN007", "/machines/1/disks/0/size", "0"}}},
        Fault{"part of a byte",
              {{"/machines/1/disks/0/used", 1.5}},
              {{"SCN004", "/machines/1/disks/0/used", "1.5"}}},
        Fault{"size beyond all bounds",
              {{"/machines/1/disks/0/size", 1e30}},
              {{"SCN007", "/machines/1/disks/0/size", "1e+30"}}},
        Fault{"size beyond 64 bits",
              {{"/machines/1/disks/0/size", 18446744073709551615ULL}},
              {{"SCN007", "/machines/1/disks/0/size", "18446744073709551615"}}},
        Fault{"negative duration",
              {{"/links/1/outages/0/lasts", -1}},
              {{"SCN007", "/links/1/outages/0/lasts", "-1"}}},
        Fault{"outage of no time",
              {{"/links/1/outages/0/lasts", 0}},
              {{"SCN007", "/links/1/outages/0/lasts", "0"}}},
        Fault{"run of ten thousand years",
              {{"/duration", 3e11}},
              {{"SCN007", "/duration", "300000000000.0"}}},
        Fault{"later than a day",
              {{"/links/1/throttles/0/to", 86401}},
              {{"SCN007", "/links/1/throttles/0/to", "86401"}}},
        Fault{"throttle to nothing",
              {{"/links/1/throttles/0/bandwidth", 0}},
              {{"SCN007", "/links/1/throttles/0/bandwidth", "0"}}},
        Fault{"link of no bandwidth",
              {{"/links/0/bandwidth", 0}},
              {{"SCN007", "/links/0/bandwidth", "0"}}},
        Fault{"compression to nothing",
              {{"/process_servers/0/compression_ratio", 0}},
              {{"SCN007", "/process_servers/0/compression_ratio", "0"}}},
        Fault{"amplitude above one",
              {{"/machines/1/churn/amplitude", 1.5}},
              {{"SCN007", "/machines/1/churn/amplitude", "1.5"}}},
        Fault{"count of none", {{"/machines/0/count", 0}}, {{"SCN007", "/machines/0/count", "0"}}},
        Fault{"half a machine",
              {{"/machines/0/count", 1.5}},
              {{"SCN004", "/machines/0/count", "1.5"}}},
        Fault{"truth for a number",
              {{"/machines/0/count", true}},
              {{"SCN004", "/machines/0/count", "true"}}},
        Fault{"number for text", {{"/name", 5}}, {{"SCN004", "/name", "5"}}},
        Fault{"text for truth",
              {{"/detail", {{"rpo_steps", "yes"}}}},
              {{"SCN004", "/detail/rpo_steps", "\"yes\""}}},
        Fault{"object for a list", {{"/links", {{"name", "x"}}}}, {{"SCN004", "/links", "{...}"}}},
        Fault{"text for an object", {{"/sites/0", "hq"}}, {{"SCN004", "/sites/0", "\"hq\""}}},
        Fault{"empty name", {{"/policies/0/name", ""}}, {{"SCN013", "/policies/0/name", ""}}},
        Fault{"no machines selected",
              {{"/timeline/0/machines", Json::array()}},
              {{"SCN012", "/timeline/0/machines", "[]"}}},
        Fault{"unknown choice",
              {{"/timeline/0/do", "fail_over"}},
              {{"SCN006", "/timeline/0/do", "\"fail_over\""}}},
        Fault{"unknown kind of churn",
              {{"/machines/1/churn/kind", "daily"}},
              {{"SCN006", "/machines/1/churn/kind", "\"daily\""}}},
        Fault{"wrong version", {{"/version", 2}}, {{"SCN007", "/version", "2"}}},
        Fault{"unknown profile",
              {{"/profile", "asr-2020"}},
              {{"SCN006", "/profile", "\"asr-2020\""}}},
        Fault{"unknown profile field",
              {{"/profile", {{"override", {{"hydration_times", 5}}}}}},
              {{"SCN002", "/profile/override/hydration_times", "\"hydration_times\""}}},
        Fault{"profile field out of bounds",
              {{"/profile", {{"override", {{"copy_share_percent", 101}, {"upload_threads", 0}}}}}},
              {{"SCN007", "/profile/override/copy_share_percent", "101"},
               {"SCN007", "/profile/override/upload_threads", "0"}}},
        Fault{"fault inside a template",
              {{"/templates/web/os", "lynux"}},
              {{"SCN006", "/templates/web/os", "\"lynux\""}}},
        Fault{"long separator",
              {{"/machines/1/churn",
                {{"kind", "trace"}, {"file", "f"}, {"column", "c"}, {"separator", "; ;"}}}},
              {{"SCN007", "/machines/1/churn/separator", "\"; ;\""}}}),
    [](const auto& info) { return "Fault" + std::to_string(info.index); });

TEST(ScenarioLoad, NamesTheNearestKeyAndChoice) {
    const auto nearest = [](const Change& change) {
        const LoadResult result = load(changed(sample_scenario(), {change}).dump());
        return result.problems.at(0).nearest.value_or("(none)");
    };
    EXPECT_EQ(nearest({"/process_sever", Json::array()}), "process_servers");
    EXPECT_EQ(nearest({"/links/0/bandwith", 1}), "bandwidth");
    EXPECT_EQ(nearest({"/timeline/0/do", "enable_replicaton"}), "enable_replication");
    EXPECT_EQ(nearest({"/machines/0/template", "wbe"}), "web");
    EXPECT_EQ(nearest({"/profile", "asr-2025"}), "asr-2024");
    EXPECT_EQ(nearest({"/expect/0/metric", "rpo_p95"}), "rpo_s_p95");
    EXPECT_EQ(nearest({"/something-else-entirely", 1}), "(none)");
}

TEST(ScenarioLoad, SaysWhatToDoInstead) {
    const auto message = [](const Change& change) {
        return load(changed(sample_scenario(), {change}).dump()).problems.at(0).message;
    };
    EXPECT_THAT(message({"/duration", "5 d"}), HasSubstr("landfall check"));
    EXPECT_THAT(message({"/links/1/throttles/0/bandwidth", 0}), HasSubstr("\"outages\""));
    EXPECT_EQ(message({"/machines/1/disks/0/size", -5}), "must be more than 0");
    EXPECT_EQ(message({"/machines/1/disks/0/used", -5}), "must not be negative");
}

TEST(ScenarioLoad, FindsEverythingAtOnce) {
    const LoadResult result = load(changed(sample_scenario(), {{"/name", gone()},
                                                               {"/links/0/latency", "5 ms"},
                                                               {"/machines/1/disks/0/size", -5},
                                                               {"/zone", 1}})
                                       .dump());
    EXPECT_THAT(result.problems, SizeIs(4));
}

TEST(ScenarioLoad, SharesFaultsOfATemplateOnce) {
    const Json second = changed(sample_scenario(), {{"/templates/web/policy", 5}});
    Json document = second;
    document["machines"].push_back({{"name", "more"}, {"template", "web"}});
    EXPECT_EQ(findings_of(load(document.dump()).problems),
              (std::vector<Finding>{{"SCN004", "/templates/web/policy", "5"}}));
}

TEST(ScenarioLoad, RefusesWhatIsNoScenario) {
    const auto code_of = [](const std::string& text) {
        const LoadResult result = load(text);
        EXPECT_FALSE(result.scenario.has_value());
        EXPECT_THAT(result.problems, SizeIs(1));
        return result.problems.empty() ? "" : result.problems[0].code;
    };
    EXPECT_EQ(code_of(""), "SCN001");
    EXPECT_EQ(code_of("{"), "SCN001");
    EXPECT_EQ(code_of("{\"name\": \"\xff\"}"), "SCN001") << "not UTF-8";
    EXPECT_EQ(code_of(std::string(100'000, '[')), "SCN001") << "nested without end";
    EXPECT_EQ(code_of(std::string(100'000, '{')), "SCN001");
    EXPECT_EQ(code_of("[]"), "SCN004");
    EXPECT_EQ(code_of("null"), "SCN004");
}

TEST(ScenarioLoad, SurvivesAnyValueAnywhere) {
    const std::vector<Json> strange = {nullptr,   true,
                                       -1,        0,
                                       1.5,       1e300,
                                       "strange", "",
                                       "*",       Json::array(),
                                       {1},       Json::object(),
                                       gone(),    {{"kind", "trace"}}};
    const Json sample = sample_scenario();
    std::vector<std::string> places;
    const auto walk = [&](const auto& self, const Json& value, const std::string& at) -> void {
        places.push_back(at);
        if (!value.is_structured()) return;
        for (const auto& [key, child] : value.items()) {
            self(self, child, scenario::pointer_to(at, key));
        }
    };
    for (const auto& [key, child] : sample.items()) walk(walk, child, "/" + key);
    EXPECT_GT(places.size(), 140U);
    for (const std::string& place : places) {
        for (const Json& value : strange) {
            const Json document = changed(sample, {{place, value}});
            workload::TraceStore traces;
            LoadResult result;
            ASSERT_NO_THROW(result = scenario::load_checked(document.dump(), traces))
                << place << " = " << value;
            EXPECT_EQ(result.scenario.has_value(), result.problems.empty());
        }
    }
}

TEST(ScenarioLoad, BracketsInsideTextDoNotNest) {
    const std::string text = std::string(200, '[') + "\\\"" + std::string(200, '{');
    EXPECT_EQ(loaded(changed(sample_scenario(), {{"/description", text}})).description, text);
}

TEST(ScenarioLoad, ShowsForeignTextSafely) {
    const Json document = changed(sample_scenario(), {{"/duration", std::string(500, 'x')},
                                                      {"/timeline/0/do", "\x1b[31m\xc3\xa9"}});
    const LoadResult result = load(document.dump());
    ASSERT_THAT(result.problems, SizeIs(2));
    EXPECT_LE(result.problems[0].found.size(), 90U);
    EXPECT_EQ(result.problems[1].found, "\"\\u001b[31mé\"");
}

TEST(ScenarioLoad, SchemaAgreesWithTheTypedReading) {
    EXPECT_EQ(scenario::schema_problem(sample_scenario()), std::nullopt);
    const auto problem =
        scenario::schema_problem(changed(sample_scenario(), {{"/links/0/latency", -1}}));
    ASSERT_TRUE(problem.has_value());
    EXPECT_EQ(problem->code, "SCN090");
    EXPECT_THAT(problem->pointer, HasSubstr("/links/0"));
}

}  // namespace
}  // namespace landfall::testing
