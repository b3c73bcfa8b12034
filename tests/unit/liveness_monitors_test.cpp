// tests/unit/liveness_monitors_test.cpp — monitors of what must come true, each about a run that it
// accepts and one that it accuses.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/lab/run_monitor.hpp"
#include "tests/support/control_world.hpp"

namespace landfall::lab {
namespace {

constexpr MachineId kMachine(0);

std::unique_ptr<RunMonitor> monitor(const std::string& id) {
    for (auto& each : run_monitors()) {
        if (each->card().id == id) return std::move(each);
    }
    throw std::out_of_range(id);
}

/// One machine, all of its life calm, with this long to come right.
struct Stage {
    Stage() : world({ScenarioKind::VMwareToAzure}) {}
    [[nodiscard]] RunView view(const Estate& estate, Duration bound) {
        return {estate,
                world.logic(),
                health,
                1,
                Instant(),
                {true},
                [bound](MachineId, Instant) { return bound; }};
    }
    test::ControlWorld world;
    HealthMonitor health;
};

TEST(LivenessMonitors, L1AccusesAnInitialReplicationThatGoesOn) {
    for (const bool judged_early : {false, true}) {
        Stage stage;
        const auto l1 = monitor("L1");
        const RunView view =
            stage.view(stage.world.estate(), judged_early ? Duration(0) - hours(1) : hours(1));
        stage.world.carry_out(Operation::EnableReplication, kMachine);
        for (int k = 0; k < 60; ++k) {
            l1->look(view, stage.world.now());
            stage.world.run_for(seconds(1));
        }
        ASSERT_EQ(stage.world.logic().protection_state(kMachine), ProtectionState::Protected);
        l1->look(view, stage.world.now());
        EXPECT_GT(l1->checked(), 0U);
        EXPECT_EQ(l1->violation_count(), judged_early ? 1U : 0U);
    }
}

TEST(LivenessMonitors, L8AccusesPointsThatOutliveTheirRetention) {
    for (const bool shorter : {false, true}) {
        Stage stage;
        stage.world.protect(kMachine);
        // The service prunes by its own estate; the monitor is told of another retention.
        Estate told = stage.world.estate();
        if (shorter) told.policies[0].retention = minutes(1);
        const auto l8 = monitor("L8");
        const RunView view = stage.view(told, minutes(1));
        for (int k = 0; k < 30; ++k) {
            stage.world.run_for(minutes(2));
            l8->look(view, stage.world.now());
        }
        EXPECT_GT(l8->checked(), 0U);
        EXPECT_EQ(l8->violation_count(), shorter ? 1U : 0U);
    }
}

}  // namespace
}  // namespace landfall::lab
