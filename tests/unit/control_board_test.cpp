// tests/unit/control_board_test.cpp — every oracle of the control plane fires at what it is about,
// and at no item that is well.
#include "sim/lab/control_board.hpp"

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
    item.state = "Protected";
    item.in_vault = item.is_billed = item.takes_room = item.forward_replicates = true;
    of(item, Primary) = {.exists = true, .runs = true};
    return item;
}

/// Failed over, its source shut down.
ItemSight failed_over() {
    ItemSight item = protected_item();
    item.state = "UnplannedFailoverCommitPendingStatesBegin";
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
    gone.in_vault = false;
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

TEST(ControlBoard, AddsItsRowsAndViolationsToAReport) {
    ItemSight hung = protected_item();
    hung.job = "Failover";
    const OneItem probe(hung);
    ControlBoard board(probe, [] { return Instant(seconds(5)); });
    board.look_at_all();
    OracleReport report;
    board.add_to(report);
    EXPECT_EQ(report.oracles.size(), control_oracles().size());
    EXPECT_EQ(report.violation_count, 1U);
    ASSERT_EQ(report.violations.size(), 1U);
    EXPECT_EQ(report.violations[0].text,
              "FAIL C7 no job hangs  job \"Failover\" is in progress and waits for nothing "
              "(in state Protected)");
}

}  // namespace
}  // namespace landfall::lab
