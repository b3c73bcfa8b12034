// tests/unit/control_board_test.cpp — every oracle of the control plane fires at what it is about,
// and at no item that is well.
#include "sim/lab/control_board.hpp"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace landfall::lab {
namespace {

using enum MachineInstance;

MachineSight& of(ItemSight& item, MachineInstance which) {
    return item.machines[static_cast<std::size_t>(which)];
}

/// Protected, at home.
ItemSight protected_item() {
    ItemSight item;
    item.protection = ProtectionState::Protected;
    item.state = "Protected";
    item.in_vault = item.is_billed = item.takes_room = item.forward_replicates = true;
    of(item, Primary) = {.exists = true, .runs = true};
    return item;
}

/// Failed over, its source shut down.
ItemSight failed_over() {
    ItemSight item = protected_item();
    item.protection = ProtectionState::UnplannedFailoverCommitPendingStatesBegin;
    item.state = name_of(item.protection);
    item.is_away = item.owns_replica = true;
    item.forward_replicates = false;
    of(item, Primary).runs = false;
    of(item, Recovery) = {.exists = true, .runs = true, .has_room = true, .is_metered = true};
    return item;
}

class OneItem : public ControlProbe {
  public:
    explicit OneItem(ItemSight item) : item_(item) {}
    [[nodiscard]] std::size_t items() const override { return 1; }
    [[nodiscard]] ItemSight item(MachineId) const override { return item_; }

  private:
    ItemSight item_;
};

std::string fired(const ItemSight& item) {
    const OneItem probe(item);
    ControlBoard board(probe, [] { return Instant(); });
    board.look_at_all();
    board.look_at_all();  // what lasts is told once
    std::string ids;
    for (const Violation& violation : board.violations()) ids += violation.oracle + " ";
    return ids;
}

TEST(ControlBoard, AnItemThatIsWellViolatesNothing) {
    EXPECT_EQ(fired(protected_item()), "");
    EXPECT_EQ(fired(failed_over()), "");
    ItemSight drill = protected_item();
    drill.drill_open = true;
    of(drill, MachineInstance::Test) = {
        .exists = true, .runs = true, .has_room = true, .is_metered = true};
    EXPECT_EQ(fired(drill), "");
    ItemSight migrated = failed_over();  // its user's machine
    migrated.protection = ProtectionState::MigrationComplete;
    migrated.in_vault = migrated.is_billed = false;
    of(migrated, Recovery).is_metered = false;
    of(migrated, Primary).runs = true;
    EXPECT_EQ(fired(migrated), "");
}

TEST(ControlBoard, EachOracleFiresAtWhatItIsAbout) {
    ItemSight two_copies = failed_over();
    of(two_copies, Primary).runs = true;
    EXPECT_EQ(fired(two_copies), "C1 ");
    two_copies.source_was_left_on = true;
    EXPECT_EQ(fired(two_copies), "") << "a documented overlap";

    ItemSight both_ways = protected_item();
    both_ways.backward_replicates = true;
    of(both_ways, Primary).runs = false;
    EXPECT_EQ(fired(both_ways), "C2 ");

    ItemSight drill = protected_item();
    of(drill, MachineInstance::Test) = {
        .exists = true, .runs = true, .has_room = true, .is_metered = true};
    EXPECT_EQ(fired(drill), "C3 ");

    ItemSight left = protected_item();
    left.owns_replica = true;
    of(left, Recovery) = {.exists = true, .has_room = true};
    EXPECT_EQ(fired(left), "C4 ");
    left.discards_replica = true;
    EXPECT_EQ(fired(left), "");

    ItemSight quota = protected_item();
    of(quota, Recovery).has_room = true;
    EXPECT_EQ(fired(quota), "C5 ");
    quota.is_making = of(quota, Recovery).room_is_held = true;
    EXPECT_EQ(fired(quota), "") << "held for a job";
    ItemSight free_of_charge = failed_over();
    of(free_of_charge, Recovery).has_room = false;
    EXPECT_EQ(fired(free_of_charge), "C5 ");

    ItemSight gone = protected_item();
    gone.in_vault = gone.forward_replicates = false;
    EXPECT_EQ(fired(gone), "C6 ");
    ItemSight ghost = protected_item();
    of(ghost, MachineInstance::Test).is_metered = true;
    EXPECT_EQ(fired(ghost), "C6 ");

    ItemSight hung = protected_item();
    hung.job = "Failover";
    EXPECT_EQ(fired(hung), "C7 ");
    hung.waits_for = "a machine";
    EXPECT_EQ(fired(hung), "");
}

// --- What the last job left

ItemSight after(ItemSight item, JobKind kind, ProtectionState before,
                JobState state = JobState::Succeeded) {
    item.last_job = JobSight{.kind = kind, .state = state, .state_before = before};
    return item;
}

TEST(ControlBoard, AnItemAfterAJobThatDidItsWorkViolatesNothing) {
    using enum ProtectionState;
    EXPECT_EQ(fired(after(failed_over(), JobKind::Failover, Protected)), "");
    ItemSight committed = failed_over();
    committed.protection = UnplannedFailoverCommitted;
    committed.arrival_points = 1;
    EXPECT_EQ(fired(after(committed, JobKind::Commit, UnplannedFailoverCommitPendingStatesBegin)),
              "");
    EXPECT_EQ(fired(after(protected_item(), JobKind::TestFailoverCleanup, Protected)), "");
}

TEST(ControlBoard, AnOperationOutOfItsOrderIsTold) {
    using enum ProtectionState;
    const auto waits = UnplannedFailoverCommitPendingStatesBegin;
    const auto failed = JobState::Failed;
    EXPECT_EQ(fired(after(failed_over(), JobKind::Failover, waits, failed)), "C8 ");
    EXPECT_EQ(fired(after(failed_over(), JobKind::ReverseReplicate, waits, failed)), "C8 ");
    EXPECT_EQ(fired(after(protected_item(), JobKind::Commit, Protected, failed)), "C8 ");
    ItemSight scout = after(failed_over(), JobKind::ReverseReplicate, waits, failed);
    scout.kind = ScenarioKind::ScoutToSecondary;
    EXPECT_EQ(fired(scout), "") << "it commits nothing";
    ItemSight drill = after(failed_over(), JobKind::Failover, Protected);
    drill.last_job->drill_was_open = true;
    EXPECT_EQ(fired(drill), "C8 ");
    drill = after(protected_item(), JobKind::Resynchronize, Protected);
    drill.last_job->drill_was_open = true;
    EXPECT_EQ(fired(drill), "") << "a drill does not stand in its way";
}

TEST(ControlBoard, APromiseThatIsNotKeptIsTold) {
    using enum ProtectionState;
    const auto waits = UnplannedFailoverCommitPendingStatesBegin;
    ItemSight item = after(failed_over(), JobKind::Commit, waits);
    EXPECT_EQ(fired(item), "C9 ") << "it is as it was before the commit";
    item.protection = UnplannedFailoverCommitted;
    item.arrival_points = 2;
    EXPECT_EQ(fired(item), "C9 ");
    ItemSight gone = after(protected_item(), JobKind::DisableProtection, Protected);
    gone.protection = UnprotectedStatesEnd;
    gone.in_vault = gone.is_billed = false;
    EXPECT_EQ(fired(gone), "C9 ") << "it is replicated still";
    gone.forward_replicates = false;
    EXPECT_EQ(fired(gone), "");
    gone.points = 3;
    EXPECT_EQ(fired(gone), "C9 ");
    ItemSight paused = after(protected_item(), JobKind::ResumeReplication, Protected);
    EXPECT_EQ(fired(paused), "");
    paused.is_paused = true;
    EXPECT_EQ(fired(paused), "C9 ");
}

TEST(ControlBoard, AnotherPointThanTheOneThatWasAskedForIsTold) {
    ItemSight item = after(failed_over(), JobKind::Failover, ProtectionState::Protected);
    item.last_job->point = item.last_job->best_point = Instant(seconds(300));
    EXPECT_EQ(fired(item), "");
    item.last_job->point = Instant(seconds(299));
    EXPECT_EQ(fired(item), "C10 ");
}

TEST(ControlBoard, ALossOfAPlannedFailoverIsTold) {
    ItemSight item = after(failed_over(), JobKind::PlannedFailover, ProtectionState::Protected);
    item.planned_loss = Bytes(0);
    EXPECT_EQ(fired(item), "");
    item.planned_loss = Bytes(1);
    EXPECT_EQ(fired(item), "C11 ");
}

TEST(ControlBoard, AQuotaThatIsExceededIsTold) {
    ItemSight item = failed_over();
    item.over_quota = "5 of 4 cores of West are in use";
    EXPECT_EQ(fired(item), "C12 ");
}

TEST(ControlBoard, ADrillThatLeavesATraceIsTold) {
    using enum ProtectionState;
    const ItemSight fine = after(protected_item(), JobKind::TestFailoverCleanup, Protected);
    ItemSight item = fine;
    item.forward_replicates = false;
    EXPECT_EQ(fired(item), "S21 ");
    item = fine;
    item.source_stopped = true;
    EXPECT_EQ(fired(item), "S21 ");
    item = fine;
    item.last_job->state_before = UnplannedFailoverFailed;
    EXPECT_EQ(fired(item), "S21 ");
    item = after(protected_item(), JobKind::TestFailover, Protected);
    item.drill_open = true;
    of(item, MachineInstance::Test) = {.exists = true, .has_room = true, .network = "prod"};
    item.last_job->network = "prod";
    EXPECT_EQ(fired(item), "");
    item.last_job->network = "isolated";
    EXPECT_EQ(fired(item), "S21 ");
}

TEST(ControlBoard, AMachineThatOneJobMadeTwiceIsTold) {
    ItemSight item = failed_over();
    of(item, Recovery).made_twice = true;
    EXPECT_EQ(fired(item), "S27 ");
}

TEST(ControlBoard, ACancelledJobThatLeavesATraceIsTold) {
    const auto before = ProtectionState::Protected;
    ItemSight item = after(protected_item(), JobKind::Failover, before, JobState::Failed);
    EXPECT_EQ(fired(item), "");
    item.source_stopped = true;
    of(item, Primary).runs = false;
    EXPECT_EQ(fired(item), "S28 ");
    item.last_job->shut_source_down = true;
    EXPECT_EQ(fired(item), "");
    item = after(protected_item(), JobKind::Failover, before, JobState::Cancelled);
    EXPECT_EQ(fired(item), "S28 ") << "it is replicated on";
}

TEST(ControlBoard, AMachineThatRunsAndIsReplicatedToIsTold) {
    ItemSight item = failed_over();
    item.protection = ProtectionState::Protected;
    item.backward_replicates = true;
    EXPECT_EQ(fired(item), "");
    item.source_was_left_on = true;
    of(item, Primary).runs = true;
    EXPECT_EQ(fired(item), "S29 ");
    of(item, Primary).by_hand = true;
    EXPECT_EQ(fired(item), "") << "somebody wanted it so";
}

// --- Between items

class TwoItems : public ControlProbe {
  public:
    [[nodiscard]] std::size_t items() const override { return 2; }
    [[nodiscard]] ItemSight item(MachineId machine) const override {
        ItemSight seen = failed_over();
        seen.name = machine.value == 0 ? "web" : "db";
        of(seen, Recovery).addresses = addresses[machine.value];
        return seen;
    }
    std::array<std::vector<std::string>, 2> addresses;
};

TEST(ControlBoard, AnAddressOfTwoMachinesIsTold) {
    TwoItems probe;
    probe.addresses = {{{"West/vnet/10.0.0.4"}, {"West/vnet/10.0.0.5"}}};
    ControlBoard board(probe, [] { return Instant(); });
    board.look_at_all();
    // It has another one since, and nobody looked.
    probe.addresses = {{{"West/vnet/10.0.0.6"}, {"West/vnet/10.0.0.4"}}};
    board.look(MachineId(1));
    EXPECT_EQ(board.violation_count(), 0U);
    probe.addresses[0] = {"West/vnet/10.0.0.4"};
    board.look(MachineId(0));
    ASSERT_EQ(board.violations().size(), 1U);
    EXPECT_EQ(board.violations()[0].text,
              "FAIL S22 nothing is shared at the target  it and db both have West/vnet/10.0.0.4 "
              "(in state UnplannedFailoverCommitPendingStatesBegin)");
}

TEST(ControlBoard, AddsItsRowsAndViolationsToAReport) {
    ItemSight hung = protected_item();
    hung.job = "Failover";
    const OneItem probe(hung);
    ControlBoard board(probe, [] { return Instant(seconds(5)); });
    board.look_at_all();
    OracleReport report;
    board.add_to(report);
    EXPECT_EQ(report.oracles.size(), control_oracles().size() + 1 + plan_oracles().size());
    EXPECT_EQ(report.violation_count, 1U);
    ASSERT_EQ(report.violations.size(), 1U);
    EXPECT_EQ(report.violations[0].text,
              "FAIL C7 no job hangs  job \"Failover\" is in progress and waits for nothing "
              "(in state Protected)");
}

}  // namespace
}  // namespace landfall::lab
