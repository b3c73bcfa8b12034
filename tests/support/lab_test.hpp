// tests/support/lab_test.hpp — scenarios with faults in GoogleTest: run them, and no invariant
// fails.
//
//   class OurPlan : public landfall::testing::LabTest {};
//
//   TEST_F(OurPlan, SurvivesACutLink) {
//       const auto text = R"({"version": 1, ...})";
//       expect_no_violation(with(text, {{"/links/0/outages", R"([{"at": 3600, "lasts": 600}])"}}));
//   }
//
// A scenario is in canonical form: quantities are numbers. Each run is a process of its own, since
// SimGrid has one engine per process, so a test may make as many as it likes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sim/worker/batch.hpp"

namespace landfall::testing {

class LabTest : public ::testing::Test {
  protected:
    using json = nlohmann::json;

    /// Runs a scenario and returns the verdict on it (sim/worker/verdict.hpp).
    static json run(const json& scenario, std::uint64_t seed = 1) {
        return worker::run_apart(scenario, seed);
    }

    /// A scenario with other values, each a JSON text, by JSON pointer.
    static json with(std::string_view scenario, const std::map<std::string, std::string>& changes) {
        json document = json::parse(scenario);
        for (const auto& [pointer, value] : changes) {
            document[json::json_pointer(pointer)] = json::parse(value);
        }
        return document;
    }

    /// Every oracle holds, and nothing crashes, hangs or is refused, with each of the first seeds.
    static void expect_no_violation(const json& scenario, std::uint64_t seeds = 1) {
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
            const json verdict = run(scenario, seed);
            ASSERT_EQ(verdict.value("verdict", ""), "done") << "seed " << seed << ": " << verdict;
            EXPECT_TRUE(verdict.at("violations").empty())
                << "seed " << seed << ": " << verdict.at("violations").dump(2)
                << "\nlog: " << verdict.at("log").dump();
        }
    }

    /// The same run twice leaves the same behind, to the byte.
    static void expect_same_twice(const json& scenario, std::uint64_t seed = 1) {
        EXPECT_EQ(run(scenario, seed).value("hash", "first"),
                  run(scenario, seed).value("hash", "second"));
    }
};

}  // namespace landfall::testing
