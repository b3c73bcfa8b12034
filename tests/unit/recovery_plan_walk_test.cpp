// tests/unit/recovery_plan_walk_test.cpp — random walks of operations on recovery plans mixed with
// operations on their machines: nothing hangs, and no item has two jobs.
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/control_walk.hpp"
#include "tests/support/plan_control.hpp"

namespace landfall::test {
namespace {

/// Four machines of a kind; the plans share two of them.
ControlPlaneWalk walk_of(ScenarioKind kind, std::uint64_t seed) {
    ActionBook book;
    RecoveryPlan all = plan_of({1, 2, 1}, "all");
    all.failover.before = {book.manual("say go")};
    all.groups[0].steps.after = {book.script("check"), book.script("broken", seconds(5), false)};
    RecoveryPlan some = plan_of({2}, "some");
    some.gate = GroupsGate::Failover;
    some.groups[0].steps.after = {book.manual("look", minutes(3))};
    return {std::vector(4, kind), seed, {all, some}, book.facts()};
}

class RecoveryPlanWalk : public testing::TestWithParam<int> {};

TEST_P(RecoveryPlanWalk, LeavesNothingHanging) {
    const auto kind = static_cast<ScenarioKind>(GetParam());
    int plan_jobs = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE(seed);
        ControlPlaneWalk walk = walk_of(kind, seed);
        for (std::size_t m = 0; m < 4; ++m) walk.world().protect(MachineId(m));
        for (int k = 0; k < 600; ++k) {
            walk.step();
            if (testing::Test::HasFatalFailure()) return;
        }
        walk.finish();
        if (testing::Test::HasFailure()) return;
        plan_jobs += walk.plan_jobs();
    }
    EXPECT_GT(plan_jobs, 40);
}

INSTANTIATE_TEST_SUITE_P(EveryKind, RecoveryPlanWalk,
                         testing::Range(0, static_cast<int>(kScenarioKinds)));

}  // namespace
}  // namespace landfall::test
