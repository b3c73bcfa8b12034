// tests/support/engine_sample.hpp — a scenario with a machine for every engine, and changes that
// make it wrong.
#pragma once

#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scenario_sample.hpp"

namespace landfall::testing {

/// A machine for every engine; the Python tests read the same file.
inline Json engines() {
    std::ifstream file(LANDFALL_SOURCE_DIR "/tests/support/engines.json");
    return Json::parse(file);
}

inline scenario::Scenario loaded(const Json& document) {
    workload::TraceStore traces;
    scenario::LoadResult result = scenario::load_checked(document.dump(), traces);
    EXPECT_THAT(findings_of(result.problems), ::testing::IsEmpty());
    return result.scenario.value();
}

/// Changes, and every problem they must give; `says` is part of the first one's message.
struct Misfit {
    std::string title;
    std::vector<Change> changes;
    std::vector<Finding> findings;
    std::string says;

    friend std::ostream& operator<<(std::ostream& out, const Misfit& misfit) {
        return out << misfit.title;
    }
};

inline void expect_found(const Misfit& misfit) {
    const std::vector<scenario::Problem> problems = problems_of(changed(engines(), misfit.changes));
    EXPECT_EQ(findings_of(problems), misfit.findings);
    if (problems.empty()) return;
    EXPECT_THAT(problems[0].message, ::testing::HasSubstr(misfit.says));
}

inline std::string title_of(const ::testing::TestParamInfo<Misfit>& info) {
    return "Misfit" + std::to_string(info.index);
}

}  // namespace landfall::testing
