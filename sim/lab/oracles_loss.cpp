// sim/lab/oracles_loss.cpp — the oracles of loss: reported, planned, unplanned, and back again.
#include "sim/lab/oracles_loss.hpp"

#include <algorithm>

namespace landfall::lab {

// ---- S6
// ------------------------------------------------------------------------------------------
HonestRpo::HonestRpo(LabContext& lab)
    : Oracle(lab, {"S6", "honest RPO",
                   "The RPO shown is never below the true loss: the age of the oldest acknowledged "
                   "write that the newest recovery point misses.",
                   "replication-and-test-lab 2.1 S6"}) {}

void HonestRpo::rpo_reported(MachineId machine, Instant now, Duration rpo) {
    count_check();
    const ListedPoint* const newest = lab_.points.newest(machine);
    const Instant from = newest == nullptr ? Instant() : newest->complete_until;
    const Instant missing = lab_.first_write_from(machine, from);
    if (missing >= now || rpo >= now - missing) return;
    fail(machine, [&] {
        return lab_.machine(machine).name + " shows RPO " + duration_text(rpo) + " at " +
               time_text(now) + ", a write acked " + time_text(missing) +
               " is in no point: true loss " + duration_text(now - missing);
    });
}

// ---- S7
// ------------------------------------------------------------------------------------------
PlannedLosesNothing::PlannedLosesNothing(LabContext& lab)
    : Oracle(lab, {"S7", "planned failover loses nothing",
                   "After a planned failover the target equals the source, byte for byte.",
                   "replication-and-test-lab A27, 2.1 S7"}) {}

void PlannedLosesNothing::failover_compared(const FailoverFinding& found) {
    if (found.at_end == nullptr) return;
    count_check();
    count_compared(found.at_end->compared());
    if (found.at_end->wrong() == 0) return;
    fail(found.point.machine, found.at_end->examples().front().disk, [&] {
        std::string text =
            "planned failover to rp=" + lab_.point_text(found.point.machine, found.point.id) +
            ": " + found.at_end->example_text();
        if (found.at_end->misses_writes()) text += "; " + found.at_end->missing_text();
        return text;
    });
}

// ---- S8
// ------------------------------------------------------------------------------------------
LossWithinReportedRpo::LossWithinReportedRpo(LabContext& lab)
    : Oracle(lab, {"S8", "loss within the reported RPO",
                   "An unplanned failover loses at most the RPO that was shown.",
                   "replication-and-test-lab A28, 2.1 S8"}),
      last_(lab.setup.machines.size()) {}

void LossWithinReportedRpo::rpo_reported(MachineId machine, Instant now, Duration rpo) {
    last_[machine.value] = Report{now, rpo};
}

/// Points that were promised are gone, and that was told.
void LossWithinReportedRpo::replica_damaged(MachineId machine, std::span<const std::uint64_t>) {
    last_[machine.value].reset();
}

void LossWithinReportedRpo::failover_compared(const FailoverFinding& found) {
    if (found.at_end != nullptr) return;
    count_check();
    count_compared(found.at_cut.compared());
    const PublishedPoint& point = found.point;
    const Instant now = lab_.now();
    const Instant complete =
        found.at_cut.misses_writes() ? found.at_cut.oldest_missing().at : point.cut;
    const Instant missing = lab_.first_write_from(point.machine, complete);
    if (missing >= now) return;
    Duration promised = now - point.cut;
    const ListedPoint* const newest = lab_.points.newest(point.machine);
    const bool chose_newest = newest == nullptr || newest->point.cut <= point.cut;
    const auto& report = last_[point.machine.value];
    if (chose_newest && report) promised = report->rpo + (now - report->at);
    if (now - missing <= promised) return;
    fail(point.machine, [&] {
        return "failover to rp=" + lab_.point_text(point.machine, point.id) + " at " +
               time_text(now) + " loses " + duration_text(now - missing) + " (from a write acked " +
               time_text(missing) + "), promised " + duration_text(promised);
    });
}

// ---- S30
// -----------------------------------------------------------------------------------------
FailbackIsTheTarget::FailbackIsTheTarget(LabContext& lab)
    : Oracle(lab, {"S30", "failback is the target",
                   "A failback ends on the target's content at its cut; nothing of the old "
                   "source's tail comes back.",
                   "replication-and-test-lab A31, 2.1 S30"}) {}

void FailbackIsTheTarget::failback_compared(MachineId machine, Instant cut,
                                            const ImageComparison& found) {
    count_check();
    count_compared(found.compared());
    if (found.wrong() == 0) return;
    fail(machine, found.examples().front().disk, [&] {
        std::string text = "failback of " + lab_.machine(machine).name + " at cut " +
                           time_text(cut) + ": " + found.example_text();
        if (!found.foreign().disk.is_none()) text += "; " + found.foreign_text();
        if (found.misses_writes()) text += "; " + found.missing_text();
        return text;
    });
}

// ---- S35
// -----------------------------------------------------------------------------------------
FailoverIsItsPoint::FailoverIsItsPoint(LabContext& lab)
    : Oracle(lab, {"S35", "failover is its point",
                   "A machine that is failed over starts with what its recovery point holds: every "
                   "write before its time, and nothing else.",
                   "SR/site-recovery-failover.md; follows from S1 and S3"}) {}

void FailoverIsItsPoint::failover_compared(const FailoverFinding& found) {
    count_check();
    count_compared(found.at_cut.compared());
    judge(found.point.machine, found.point.cut, found.at_cut, "the replica is read as");
}

void FailoverIsItsPoint::machine_compared(MachineId leg, Instant cut,
                                          const ImageComparison& found) {
    judge(leg, cut, found, "the machine was given");
}

void FailoverIsItsPoint::judge(MachineId machine, Instant cut, const ImageComparison& found,
                               std::string_view what) {
    if (found.wrong() == 0) return;
    fail(machine, found.examples().front().disk, [&] {
        std::string text = "failover of " + lab_.machine(machine).name + " to " + time_text(cut) +
                           ": " + std::string(what) + " " + found.example_text();
        if (!found.foreign().disk.is_none()) text += "; " + found.foreign_text();
        if (found.misses_writes()) text += "; " + found.missing_text();
        return text;
    });
}

}  // namespace landfall::lab
