// tests/unit/scenario_check_test.cpp — what does not fit together, each with code, place and value.
#include <ostream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario/check.hpp"
#include "tests/support/scenario_sample.hpp"

namespace landfall::testing {
namespace {

using scenario::Problem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;

TEST(ScenarioCheck, FindsNothingWrongWithTheSample) {
    EXPECT_THAT(findings_of(problems_of(sample_scenario())), IsEmpty());
}

struct Misfit {
    std::string title;
    std::vector<Change> changes;
    std::vector<Finding> findings;

    friend std::ostream& operator<<(std::ostream& out, const Misfit& misfit) {
        return out << misfit.title;
    }
};

class ScenarioMisfit : public ::testing::TestWithParam<Misfit> {};

TEST_P(ScenarioMisfit, IsFoundWithItsPlace) {
    const std::vector<Problem> problems =
        problems_of(changed(sample_scenario(), GetParam().changes));
    EXPECT_EQ(findings_of(problems), GetParam().findings);
    for (const Problem& problem : problems) EXPECT_NE(problem.message, "");
}

std::string title_of(const ::testing::TestParamInfo<Misfit>& info) {
    return "Misfit" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(
    Names, ScenarioMisfit,
    ::testing::Values(
        Misfit{"unknown site of a machine",
               {{"/machines/1/site", "hg"}},
               {{"SCN010", "/machines/1/site", "\"hg\""}}},
        Misfit{"unknown site in a template",
               {{"/templates/web/site", "hg"}},
               {{"SCN010", "/templates/web/site", "\"hg\""}}},
        Misfit{"unknown host",
               {{"/machines/1/host", "esx-9"}},
               {{"SCN010", "/machines/1/host", "\"esx-9\""}}},
        Misfit{"unknown process server",
               {{"/machines/1/process_server", "ps"}},
               {{"SCN010", "/machines/1/process_server", "\"ps\""}}},
        Misfit{"a capture step that does not divide the marker interval",
               {{"/detail/capture_step", 420}},
               {{"SCN007", "/detail/capture_step", "420"}}},
        Misfit{"a marker interval that the capture step does not divide",
               {{"/profile",
                 Json{{"name", "asr-2024"}, {"override", {{"crash_consistent_interval", 90}}}}}},
               {{"SCN007", "/detail/capture_step", "60"}}},
        Misfit{
            "no cache for copies",
            {{"/profile", Json{{"name", "asr-2024"}, {"override", {{"copy_cache_percent", 0}}}}}},
            {{"SCN007", "/profile", "0"}}},
        Misfit{"no source buffer",
               {{"/profile", Json{{"name", "asr-2024"}, {"override", {{"source_buffer", 0}}}}}},
               {{"SCN007", "/profile", "0"}}},
        Misfit{"a throttle that never ends",
               {{"/profile",
                 Json{{"name", "asr-2024"}, {"override", {{"cache_resume_free_percent", 10}}}}}},
               {{"SCN007", "/profile", "10"}}},
        Misfit{"unknown policy",
               {{"/machines/1/policy", "dialy"}},
               {{"SCN010", "/machines/1/policy", "\"dialy\""}}},
        Misfit{"unknown region of the vault",
               {{"/vault/region", "eastus"}},
               {{"SCN010", "/vault/region", "\"eastus\""}}},
        Misfit{"unknown storage account",
               {{"/process_servers/0/storage_account", "cash1"}},
               {{"SCN010", "/process_servers/0/storage_account", "\"cash1\""}}},
        Misfit{"unknown site of a process server",
               {{"/process_servers/1/site", "brunch"}},
               {{"SCN010", "/process_servers/1/site", "\"brunch\""}}},
        Misfit{"unknown site of a configuration server",
               {{"/configuration_servers/0/site", "brunch"}},
               {{"SCN010", "/configuration_servers/0/site", "\"brunch\""}}},
        Misfit{"unknown node of a link",
               {{"/links/0/to", "edgy"}},
               {{"SCN010", "/links/0/to", "\"edgy\""},
                {"SCN015", "/process_servers/0/site", "\"hq\""},
                {"SCN015", "/process_servers/1/site", "\"branch\""}}},
        Misfit{"two nodes of one name",
               {{"/routers/0", "hq"}, {"/links", Json::array()}},
               {{"SCN011", "/routers/0", "\"hq\""},
                {"SCN015", "/process_servers/0/site", "\"hq\""},
                {"SCN015", "/process_servers/1/site", "\"branch\""}}},
        Misfit{"two hosts of one name",
               {{"/sites/1/hosts/0/name", "esx-1"}},
               {{"SCN011", "/sites/1/hosts/0/name", "\"esx-1\""}}},
        Misfit{"two accounts of one name",
               {{"/regions/1/storage_accounts/0/name", "cache1"}},
               {{"SCN011", "/regions/1/storage_accounts/0/name", "\"cache1\""}}},
        Misfit{"two links of one name",
               {{"/links/2/name", "uplink"}},
               {{"SCN011", "/links/2/name", "\"uplink\""}}},
        Misfit{"two disks of one name",
               {{"/machines/1/disks/1/name", "os"}},
               {{"SCN011", "/machines/1/disks/1/name", "\"os\""}}},
        Misfit{"two machines of one name",
               {{"/machines/2/name", "db"}, {"/machines/2/count", 1}},
               {{"SCN011", "/machines/2/name", "\"db\""}}},
        Misfit{"a machine named as one of a group",
               {{"/machines/1/name", "web-07"}, {"/timeline/1/machines", "all"}},
               {{"SCN011", "/machines/1/name", "\"web-07\""}}},
        Misfit{"a machine named as no one of a group",
               {{"/machines/1/name", "web-7"}, {"/timeline/1/machines", "all"}},
               {}},
        Misfit{"a number beyond the group",
               {{"/machines/1/name", "web-13"}, {"/timeline/1/machines", "all"}},
               {}},
        Misfit{"two groups of one name",
               {{"/machines/2/name", "web"}, {"/machines/2/count", 99}},
               {{"SCN011", "/machines/2/name", "\"web-01\""}}},
        Misfit{"two groups of one name and other width",
               {{"/machines/2/name", "web"}, {"/machines/2/count", 100}},
               {}},
        Misfit{"name with a blank",
               {{"/machines/2/name", "my till"}},
               {{"SCN013", "/machines/2/name", "\"my till\""}}},
        Misfit{"name of 62 letters and a number",
               {{"/machines/2/name", std::string(62, 'a')}},
               {{"SCN013", "/machines/2/name", '"' + std::string(62, 'a') + '"'}}},
        Misfit{"name of 61 letters and a number", {{"/machines/2/name", std::string(61, 'a')}}, {}},
        Misfit{"name at the hyphen",
               {{"/machines/2/name", "-till"}},
               {{"SCN013", "/machines/2/name", "\"-till\""}}},
        Misfit{"the name of everything",
               {{"/machines/2/name", "all"}, {"/machines/2/count", 1}},
               {{"SCN013", "/machines/2/name", "\"all\""}}}),
    title_of);

INSTANTIATE_TEST_SUITE_P(
    Places, ScenarioMisfit,
    ::testing::Values(
        Misfit{"process server of another site",
               {{"/machines/2/process_server", "ps-hq"}},
               {{"SCN014", "/machines/2/process_server", "\"ps-hq\""}}},
        Misfit{"host of another site",
               {{"/machines/1/host", "box"}},
               {{"SCN014", "/machines/1/host", "\"box\""}}},
        Misfit{"process server on a host of another site",
               {{"/process_servers/0/host", "box"}},
               {{"SCN014", "/process_servers/0/host", "\"box\""}}},
        Misfit{"account outside the vault's region",
               {{"/process_servers/0/storage_account", "cache2"}},
               {{"SCN014", "/process_servers/0/storage_account", "\"cache2\""},
                {"SCN015", "/process_servers/0/site", "\"hq\""}}},
        Misfit{"site without a link",
               {{"/links/2/from", "edge"}},
               {{"SCN015", "/process_servers/1/site", "\"branch\""}}},
        Misfit{"link to itself",
               {{"/links/2/from", "hq"}},
               {{"SCN016", "/links/2/to", "\"hq\""},
                {"SCN015", "/process_servers/1/site", "\"branch\""}}},
        Misfit{"overlapping throttles",
               {{"/links/1/throttles/1", {{"from", 64799}, {"to", 70000}, {"bandwidth", 8000}}}},
               {{"SCN060", "/links/1/throttles/1", ""}}},
        Misfit{"overlap over midnight",
               {{"/links/1/throttles/1", {{"from", 79200}, {"to", 28801}, {"bandwidth", 8000}}}},
               {{"SCN060", "/links/1/throttles/1", ""}}},
        Misfit{"touching throttles",
               {{"/links/1/throttles/1", {{"from", 64800}, {"to", 28800}, {"bandwidth", 8000}}}},
               {}},
        Misfit{
            "a host's throttle below what its agent takes",
            {{"/sites/0/hosts/0/throttles", {{{"from", 0}, {"to", 3600}, {"bandwidth", 511000}}}}},
            {{"SCN007", "/sites/0/hosts/0/throttles/0/bandwidth", "511000"}}},
        Misfit{"a host's throttle above what its agent takes",
               {{"/sites/0/hosts/0/throttles",
                 {{{"from", 0}, {"to", 3600}, {"bandwidth", 1024000000}}}}},
               {{"SCN007", "/sites/0/hosts/0/throttles/0/bandwidth", "1024000000"}}},
        Misfit{"throttle above the link",
               {{"/links/1/throttles/0/bandwidth", 2000000000}},
               {{"SCN060", "/links/1/throttles/0/bandwidth", "2000000000"}}}),
    title_of);

INSTANTIATE_TEST_SUITE_P(
    Limits, ScenarioMisfit,
    ::testing::Values(
        Misfit{"no machines",
               {{"/machines", Json::array()},
                {"/timeline/1/machines", "all"},
                {"/expect", Json::array()}},
               {{"SCN012", "/machines", "[]"}}},
        Misfit{"no disks",
               {{"/machines/2/disks", Json::array()}},
               {{"SCN012", "/machines/2/disks", "[]"}}},
        Misfit{"OS disk over the profile's limit",
               {{"/machines/1/disks/0/size", 4096 * kGibibyte}},
               {{"SCN020", "/machines/1/disks/0/size", "4398046511104"}}},
        Misfit{"data disk of that size", {{"/machines/1/disks/1/size", 4096 * kGibibyte}}, {}},
        Misfit{"data disk over the limit of 2018",
               {{"/machines/1/disks/1/size", 4096 * kGibibyte}, {"/profile", "asr-2018"}},
               {{"SCN020", "/machines/1/disks/1/size", "4398046511104"}}},
        Misfit{"data disk over the limit of 2024",
               {{"/machines/1/disks/1/size", 32768 * kGibibyte}},
               {{"SCN020", "/machines/1/disks/1/size", "35184372088832"}}},
        Misfit{"tiny disk",
               {{"/machines/2/disks/0", {{"name", "os"}, {"size", 5}, {"used", 0}}}},
               {{"SCN021", "/machines/2/disks/0/size", "5"}}},
        Misfit{"too many data disks",
               {{"/profile", {{"override", {{"data_disks_max", 0}}}}}},
               {{"SCN022", "/machines/1/disks", "\"1 data disks\""}}},
        Misfit{"no tier",
               {{"/machines/1/disks/1/size", 40000 * kGibibyte},
                {"/profile", {{"override", {{"data_disk_size_max", 1 << 30}}}}}},
               {{"SCN020", "/machines/1/disks/1/size", "42949672960000"}}},
        Misfit{"a disk no tier takes",
               {{"/machines/1/disks/1/size", 40000 * kGibibyte},
                {"/profile", {{"override", {{"data_disk_size_max", 50000 * kGibibyte}}}}}},
               {{"SCN023", "/machines/1/disks/1/size", "42949672960000"}}},
        Misfit{"more used than there is",
               {{"/machines/1/disks/0/used", 137438953473}},
               {{"SCN008", "/machines/1/disks/0/used", "137438953473"}}},
        Misfit{"working set over the size",
               {{"/machines/1/disks/0/working_set", 137438953473}},
               {{"SCN008", "/machines/1/disks/0/working_set", "137438953473"}}},
        Misfit{"churn that no disk takes",
               {{"/machines/1/disks/0/churn_share", 0}, {"/machines/1/disks/1/churn_share", 0}},
               {{"SCN008", "/machines/1/churn", "{...}"}}},
        Misfit{"retention of 16 days",
               {{"/policies/0/retention", 16 * 86400}},
               {{"SCN030", "/policies/0/retention", "1382400"}}},
        Misfit{"retention of 4 days in 2018",
               {{"/policies/0/retention", 4 * 86400}, {"/profile", "asr-2018"}},
               {{"SCN030", "/policies/0/retention", "345600"}}},
        Misfit{"application-consistent every half hour",
               {{"/policies/0/app_consistent_every", 1800}},
               {{"SCN031", "/policies/0/app_consistent_every", "1800"}}},
        Misfit{"application-consistent every 13 hours",
               {{"/policies/0/app_consistent_every", 13 * 3600}},
               {{"SCN031", "/policies/0/app_consistent_every", "46800"}}},
        Misfit{"application-consistent as rare as the retention",
               {{"/policies/0/retention", 14400}},
               {{"SCN031", "/policies/0/app_consistent_every", "14400"}}},
        Misfit{"more machines than a run can have",
               {{"/machines/0/count", 10'000'000}},
               {{"SCN007", "/machines", "\"10000004 machines\""}}}),
    title_of);

INSTANTIATE_TEST_SUITE_P(
    Times, ScenarioMisfit,
    ::testing::Values(Misfit{"a run without an end",
                             {{"/duration", nullptr}, {"/timeline", Json::array()}},
                             {{"SCN041", "/duration", ""}}},
                      Misfit{"a run that its timeline ends", {{"/duration", nullptr}}, {}},
                      Misfit{"after the end",
                             {{"/timeline/0/at", 86401}},
                             {{"SCN007", "/timeline/0/at", "86401"}}},
                      Misfit{"a pattern for nothing",
                             {{"/timeline/1/machines", "weeb-*"}},
                             {{"SCN040", "/timeline/1/machines", "\"weeb-*\""}}},
                      Misfit{"one of several patterns",
                             {{"/timeline/1/machines", {"web-0?", "db-*"}}},
                             {{"SCN040", "/timeline/1/machines/1", "\"db-*\""}}},
                      Misfit{"a group by its bare name",
                             {{"/timeline/1/machines", "web"}},
                             {{"SCN040", "/timeline/1/machines", "\"web\""}}},
                      Misfit{"one machine of a group", {{"/timeline/1/machines", "web-12"}}, {}},
                      Misfit{"an expectation of nothing",
                             {{"/expect/0/machines", "mail*"}},
                             {{"SCN040", "/expect/0/machines", "\"mail*\""}}},
                      Misfit{"a total of some",
                             {{"/expect/0/of", "total"}},
                             {{"SCN008", "/expect/0/machines", "[...]"}}}),
    title_of);

TEST(ScenarioCheck, NamesTheNearestAndWhatIsAllowed) {
    const auto only = [](const Change& change) {
        return problems_of(changed(sample_scenario(), {change})).at(0);
    };
    Problem problem = only({"/machines/1/site", "hg"});
    EXPECT_EQ(problem.nearest, "hq");
    EXPECT_THAT(problem.allowed, ElementsAre("hq", "branch"));
    EXPECT_EQ(only({"/machines/1/policy", "dialy"}).nearest, "daily");
    problem = only({"/machines/2/process_server", "ps-hq"});
    EXPECT_THAT(problem.allowed, ElementsAre("ps-branch")) << "those of the machine's own site";
    EXPECT_EQ(only({"/timeline/1/machines", "web"}).nearest, "web-*");
    problem = only({"/links/2/from", "edge"});
    EXPECT_THAT(problem.message, HasSubstr("from site \"branch\" to region \"westeurope\""));
}

TEST(ScenarioCheck, SaysTheDiskLimitOfTheProfile) {
    const Problem problem =
        problems_of(changed(sample_scenario(), {{"/machines/1/disks/0/size", 4096 * kGibibyte}}))
            .at(0);
    EXPECT_THAT(problem.message, HasSubstr("asr-2024"));
    EXPECT_THAT(problem.message, HasSubstr("4095 GiB"));
}

TEST(ScenarioCheck, FindsFaultsOfBothStagesAtOnce) {
    const std::vector<Problem> problems = problems_of(changed(
        sample_scenario(), {{"/machines/1/disks/0/size", -5}, {"/machines/2/policy", "weekly"}}));
    EXPECT_EQ(findings_of(problems),
              (std::vector<Finding>{{"SCN007", "/machines/1/disks/0/size", "-5"},
                                    {"SCN010", "/machines/2/policy", "\"weekly\""}}));
}

TEST(ScenarioCheck, DoesNotRepeatAFaultAsItsConsequences) {
    const auto found = [](const std::vector<Change>& changes) {
        return findings_of(problems_of(changed(sample_scenario(), changes)));
    };
    EXPECT_THAT(found({{"/sites/0/name", 5}}), SizeIs(1))
        << "all that refer to the site are silent";
    EXPECT_THAT(found({{"/policies", "daily"}}), SizeIs(1));
    EXPECT_THAT(found({{"/links/0/to", nullptr}}), SizeIs(1)) << "so is reachability";
    EXPECT_THAT(found({{"/machines/0/name", nullptr}}), SizeIs(1)) << "so are patterns";
    EXPECT_THAT(found({{"/machines", 5}}), SizeIs(1));
}

TEST(ScenarioCheck, JudgesTenMillionMachinesAtOnce) {
    const Json document = changed(
        sample_scenario(), {{"/machines/0/count", 9'000'000}, {"/timeline/1/machines", "db"}});
    EXPECT_THAT(findings_of(problems_of(document)), IsEmpty());
}

TEST(ScenarioEstimate, CountsMachinesDisksAndDeltas) {
    const scenario::LoadResult sample = scenario::load(sample_scenario().dump());
    const scenario::CostEstimate cost = scenario::estimate(sample.scenario.value());
    EXPECT_EQ(cost.machines, 12 + 1 + 3);
    EXPECT_EQ(cost.disks, 12 + 2 + 3);
    EXPECT_EQ(cost.simulated, hours(24));
    EXPECT_DOUBLE_EQ(cost.deltas, 17 * 1440.0) << "one a disk a minute";
    EXPECT_LT(cost.seconds, 1);
    EXPECT_LT(cost.memory_bytes, 1e9);
}

TEST(ScenarioEstimate, SeesAHundredThousandMachines) {
    const Json document = changed(sample_scenario(), {{"/machines/0/count", 100'000}});
    const scenario::CostEstimate cost =
        scenario::estimate(scenario::load(document.dump()).scenario.value());
    EXPECT_GT(cost.seconds, 20);
    EXPECT_GT(cost.memory_bytes, 500e6);
}

TEST(ScenarioEstimate, GuessesTheLengthOfAnOpenRun) {
    const Json document =
        changed(sample_scenario(), {{"/duration", nullptr}, {"/timeline/1/delay", 7200}});
    const scenario::CostEstimate cost =
        scenario::estimate(scenario::load(document.dump()).scenario.value());
    // 12 x 20 GiB, 40 + 512 GiB and 3 x 10 GiB over the narrowest link, 50 Mbit/s.
    const double copy_s = (12 * 20 + 40 + 512 + 3 * 10) * static_cast<double>(kGibibyte) * 8 / 50e6;
    EXPECT_NEAR(to_seconds(cost.simulated), copy_s + 7200 + 86400, 1);
}

}  // namespace
}  // namespace landfall::testing
