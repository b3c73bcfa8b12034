// tests/scenario/lab_test.cpp — the fixture for tests of scenarios, and what a verdict says.
#include "tests/support/lab_test.hpp"

#include <gmock/gmock.h>

namespace landfall::testing {
namespace {

constexpr const char* kPair = R"({
  "version": 1, "name": "pair", "duration": 10800,
  "profile": {"name": "asr-2024", "override": {"disk_size_min": 0}},
  "sites": [{"name": "hq"}],
  "regions": [{"name": "weu", "storage_accounts": [{"name": "cache"}]}],
  "links": [{"name": "wan", "from": "hq", "to": "weu", "bandwidth": 20000000, "latency": 0.005}],
  "vault": {"name": "vault", "region": "weu"},
  "process_servers": [{"name": "ps", "site": "hq", "storage_account": "cache"}],
  "policies": [{"name": "day", "retention": 86400}],
  "machines": [{"name": "vm", "count": 2, "fidelity": "block", "site": "hq",
    "process_server": "ps", "policy": "day",
    "disks": [{"name": "os", "size": 16777216, "used": 8388608,
      "churn": {"kind": "block", "pattern": "zipf", "writes_per_second": 0.5,
                "write_size": 4096}}]}],
  "timeline": [{"at": 0, "do": "enable_replication"}]
})";

class Pair : public LabTest {};

TEST_F(Pair, HoldsEveryInvariantWithoutFaults) {
    expect_no_violation(with(kPair, {}), 3);
}

TEST_F(Pair, HoldsEveryInvariantWithALinkThatFailsAndAMachineThatLosesPower) {
    expect_no_violation(with(kPair, {{"/links/0/outages", R"([{"at": 3600, "lasts": 600}])"},
                                     {"/timeline/1", R"({"at": 5400, "do": "power_off",
                                                         "machines": ["vm-2"]})"}}),
                        3);
}

/// Met by the lab: the emptied disk was told of with the size that it grew to afterwards.
TEST_F(Pair, HoldsEveryInvariantWhenADiskIsReplacedAndGrowsAtOnce) {
    const auto event = [](int at, const std::string& rest) {
        return R"({"at": )" + std::to_string(at) + R"(, "machines": ["vm-1"], "disk": "os", )" +
               rest + "}";
    };
    expect_no_violation(
        with(kPair, {{"/timeline/1", event(5000, R"("do": "replace_disk")")},
                     {"/timeline/2", event(5001, R"("do": "resize_disk", "size": 18874368)")}}),
        3);
}

TEST_F(Pair, IsTheSameRunTwice) {
    expect_same_twice(with(kPair, {}));
}

TEST_F(Pair, IsAnotherRunWithAnotherSeed) {
    EXPECT_NE(run(with(kPair, {}), 1).at("hash"), run(with(kPair, {}), 2).at("hash"));
}

TEST_F(Pair, AnOperationThatIsRefusedIsAProblemUnlessEitherAnswerIsRight) {
    const std::string commit = R"({"at": 60, "do": "commit", "machines": ["vm-1"])";
    const json refused = run(with(kPair, {{"/timeline/1", commit + "}"}}));
    EXPECT_EQ(refused.at("verdict"), "problems");
    EXPECT_EQ(refused.at("problems")[0].at("code"), "RUN001");
    const json either = run(with(kPair, {{"/timeline/1", commit + R"(, "refused": "either"})"}}));
    EXPECT_EQ(either.at("verdict"), "done");
    EXPECT_EQ(either.at("features").at("event/refused"), 1);
}

TEST_F(Pair, AVerdictSaysWhatHappened) {
    const json verdict = run(with(kPair, {}));
    EXPECT_EQ(verdict.at("end_s"), 10800.0);
    EXPECT_EQ(verdict.at("features").at("state/Protected"), 2);
    EXPECT_EQ(verdict.at("oracles").at("violations"), 0);
    EXPECT_TRUE(verdict.at("unfinished").empty());
    EXPECT_FALSE(verdict.at("log").at("jobs").empty());
}

TEST_F(Pair, WhatIsWrongWithTheScenarioIsToldAsProblems) {
    const json verdict = run(with(kPair, {{"/machines/0/process_server", R"("none")"}}));
    EXPECT_EQ(verdict.at("verdict"), "problems");
    EXPECT_EQ(verdict.at("problems")[0].at("pointer"), "/machines/0/process_server");
}

TEST(Variants, ReplaceKeysAtTheTopAndLeaveOthersOut) {
    const nlohmann::json base = {{"a", 1}, {"b", {2, 3}}};
    EXPECT_EQ(worker::changed(base, {{"b", 4}, {"a", nullptr}}), nlohmann::json({{"b", 4}}));
    EXPECT_EQ(worker::changed(base, nlohmann::json::object()), base);
}

}  // namespace
}  // namespace landfall::testing
