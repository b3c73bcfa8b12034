// tests/unit/conformance_test.cpp — every cell of the support matrix that is an operation is
// carried out: supported ones succeed somewhere in an item's life, the others are refused
// everywhere, with the reason that the matrix has.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/recovery/support_matrix.hpp"
#include "sim/scenario/profile_data.hpp"
#include "tests/support/control_world.hpp"

namespace landfall::test {
namespace {

constexpr MachineId kVm = MachineId(0);

/// A life of an item that comes through every state, and tries every operation in each of them.
class Life {
  public:
    explicit Life(ScenarioKind kind, const ServiceProfile& profile)
        : kind_(kind), profile_(profile) {}

    /// Whether the operation succeeded anywhere, and each reason why it was refused.
    struct Outcome {
        bool succeeded = false;
        std::set<std::string> refusals;
    };

    Outcome try_everywhere(Operation operation) {
        Outcome outcome;
        for (std::size_t stop = 0; stop <= kStops; ++stop) {
            ControlWorld world({kind_}, profile_);
            if (!live(world, stop)) continue;
            const auto answer =
                world.logic().start(operation, kVm, world.options_for(operation, kVm));
            if (const auto* refused = std::get_if<Refusal>(&answer)) {
                outcome.refusals.insert(refused->why);
                continue;
            }
            const JobId job = std::get<JobId>(answer);
            world.settle();
            const JobState state = world.logic().job(job).state;
            const bool cancels = operation == Operation::CancelFailover;
            outcome.succeeded |= state == (cancels ? JobState::Cancelled : JobState::Succeeded) ||
                                 state == JobState::Suspended;
        }
        return outcome;
    }

  private:
    static constexpr std::size_t kStops = 10;

    /// Lives until `stop`; false if this kind never comes there.
    bool live(ControlWorld& world, std::size_t stop) {
        SiteRecovery& logic = world.logic();
        const auto legal = [&](Operation operation) {
            return is_legal(logic.view_of(kVm), operation);
        };
        if (stop == 0) return true;  // never protected
        world.protect(kVm);
        if (stop == 1) return true;
        if (stop == 2) {
            world.carry_out(Operation::TestFailover, kVm);
            return true;  // a drill waits for its cleanup
        }
        if (stop == kStops) {
            if (legal(Operation::PauseReplication)) {
                world.carry_out(Operation::PauseReplication, kVm);
            }
            return true;
        }
        logic.start(Operation::UnplannedFailover, kVm);
        world.run_for(seconds(5));
        if (stop == 3) return true;  // while it runs
        world.settle();
        if (stop == 4) return true;  // to be committed
        if (legal(Operation::Commit)) world.carry_out(Operation::Commit, kVm);
        if (stop == 5) return true;
        if (!way_back_of(kind_)) return false;
        world.run_for(minutes(30));
        if (engine_of(kind_) == ReplicationEngine::HyperVToAzure) {
            const JobId failback = world.carry_out(Operation::Failback, kVm);
            if (stop == 6) return true;  // waits for its user
            logic.resume(failback, "");
            world.settle();
        } else {
            world.carry_out(Operation::ReverseReplicate, kVm);
            if (stop == 6) return true;  // protected in the other direction
            world.carry_out(Operation::Failback, kVm);
        }
        if (stop == 7) return true;
        if (legal(Operation::Commit)) world.carry_out(Operation::Commit, kVm);
        if (stop == 8) return true;
        world.carry_out(Operation::DisableProtection, kVm);
        return true;
    }

    ScenarioKind kind_;
    const ServiceProfile& profile_;
};

class Conformance : public testing::TestWithParam<const char*> {};

TEST_P(Conformance, EveryCellIsCarriedOut) {
    // The versions of the service, with the times of the small world.
    ServiceProfile profile = ControlWorld::quick_profile();
    const ServiceProfile version = scenario::find_profile(GetParam())->profile;
    profile.azure_complete_migration = version.azure_complete_migration;
    profile.physical_test_failover = version.physical_test_failover;
    profile.modernized_failback = version.modernized_failback;
    std::size_t cells = 0;
    for (const ConformanceCell& cell : conformance_cells(profile)) {
        SCOPED_TRACE(std::string(name_of(cell.operation)) + ", " + std::string(name_of(cell.kind)));
        const auto outcome = Life(cell.kind, profile).try_everywhere(cell.operation);
        EXPECT_EQ(outcome.succeeded, cell.supported);
        ++cells;
        if (cell.supported) continue;
        // Wherever nothing else is in the way, the matrix is the reason.
        const std::string note = support(cell.feature, cell.kind, profile).note;
        EXPECT_TRUE(std::any_of(
            outcome.refusals.begin(), outcome.refusals.end(),
            [&](const std::string& why) { return why.find(note) != std::string::npos; }))
            << note;
    }
    EXPECT_EQ(cells, conformance_cells(profile).size());
    EXPECT_GT(cells, 160U);
}

INSTANTIATE_TEST_SUITE_P(Profiles, Conformance, testing::Values("asr-2018", "asr-2024"));

}  // namespace
}  // namespace landfall::test
