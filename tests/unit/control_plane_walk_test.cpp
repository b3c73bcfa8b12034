// tests/unit/control_plane_walk_test.cpp — random walks over all operations and all kinds, and the
// death of the orchestrator between any two tasks.
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/control_walk.hpp"

namespace landfall::test {
namespace {

std::vector<ScenarioKind> every_kind() {
    std::vector<ScenarioKind> kinds;
    for (std::size_t k = 0; k < kScenarioKinds; ++k) kinds.push_back(static_cast<ScenarioKind>(k));
    return kinds;
}

TEST(ControlPlaneWalk, TwentyThousandOperationsOverEveryKindLeaveNothingHanging) {
    int started = 0;
    int refused = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        ControlPlaneWalk walk(every_kind(), seed);
        for (int k = 0; k < 1000; ++k) {
            walk.step();
            if (testing::Test::HasFatalFailure()) return;
        }
        walk.finish();
        if (testing::Test::HasFailure()) return;
        started += walk.started();
        refused += walk.refused();
    }
    EXPECT_GT(started, 500);
    EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace landfall::test
