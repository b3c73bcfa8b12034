// sim/lab/oracles_points.cpp — the oracles of recovery points: content, order, publishing.
#include "sim/lab/oracles_points.hpp"

#include <algorithm>

namespace landfall::lab {

// ---- S1
// ------------------------------------------------------------------------------------------
PrefixConsistentCut::PrefixConsistentCut(LabContext& lab)
    : Oracle(lab, {"S1", "prefix-consistent cut",
                   "A recovery point holds the state after a prefix of the writes, and none from "
                   "its cut on.",
                   "replication-and-test-lab 2.0, 2.1 S1"}) {}

void PrefixConsistentCut::point_compared(const PublishedPoint& point,
                                         const ImageComparison& found) {
    count_check();
    count_compared(found.compared());
    const auto head = [&] { return "rp=" + lab_.point_text(point.machine, point.id) + ' '; };
    if (!found.foreign().disk.is_none()) {
        fail(point.machine, found.foreign().disk, [&] { return head() + found.foreign_text(); });
    } else if (found.too_new().index != kNoWrite) {
        const WriteSight& sight = found.too_new();
        fail(point.machine, sight.disk, [&] {
            return head() + "cut " + time_text(point.cut) + " but " + lab_.disk_text(sight.disk) +
                   " lba " + std::to_string(sight.sector) + " = " +
                   stamp_text(lab_.history.stamp(sight.disk, sight.index)) + " written " +
                   time_text(sight.at);
        });
    } else if (found.torn()) {
        fail(point.machine, found.oldest_missing().disk, [&] { return head() + found.cut_text(); });
    }
}

// ---- S2
// ------------------------------------------------------------------------------------------
OneCutPerGroup::OneCutPerGroup(LabContext& lab)
    : Oracle(lab, {"S2", "one cut per group",
                   "A recovery point of a group shows all its members at one cut.",
                   "replication-and-test-lab A17, 2.1 S2"}) {
    for (const BoardMachine& machine : lab.setup.machines) {
        if (machine.group != kNoGroup) ++groups_[machine.group].members;
    }
}

OneCutPerGroup::OpenCut* OneCutPerGroup::cut_of(Group& group, const PublishedPoint& point) {
    for (OpenCut& open : group.open) {
        if (open.cut == point.cut) return &open;
    }
    if (group.any && point.cut <= group.newest) return nullptr;
    group.any = true;
    group.newest = point.cut;
    group.open.push_back({point.cut, {}, {}, Instant::never()});
    return &group.open.back();
}

// Cuts that others published and this member, now further, did not.
void OneCutPerGroup::left_out(Group& group, const PublishedPoint& point) {
    std::erase_if(group.open, [&](const OpenCut& open) {
        const bool has =
            std::any_of(open.points.begin(), open.points.end(),
                        [&](const auto& published) { return published.first == point.machine; });
        if (open.cut >= point.cut || has || open.points.empty()) return false;
        fail(point.machine, [&] {
            return "rp=" + lab_.point_text(point.machine, point.id) + " cut " +
                   time_text(point.cut) + " follows no point at cut " + time_text(open.cut) +
                   ", which rp=" +
                   lab_.point_text(open.points.front().first, open.points.front().second) +
                   " of group " + std::to_string(point.group) + " has";
        });
        return true;
    });
}

void OneCutPerGroup::point_compared(const PublishedPoint& point, const ImageComparison& found) {
    if (point.group == kNoGroup) return;
    count_check();
    count_compared(found.compared());
    Group& group = groups_[point.group];
    const auto head = [&] {
        return "rp=" + lab_.point_text(point.machine, point.id) + " of group " +
               std::to_string(point.group) + " cut " + time_text(point.cut);
    };
    if (lab_.machine(point.machine).group != point.group) {
        fail(point.machine, [&] { return head() + ": not a member"; });
        return;
    }
    left_out(group, point);
    OpenCut* const open = cut_of(group, point);
    if (open == nullptr) {
        fail(point.machine, [&] {
            return head() + ": no member has this cut, the group's newest is " +
                   time_text(group.newest);
        });
        return;
    }
    open->points.emplace_back(point.machine, point.id);
    std::optional<Instant> held = lab_.last_write_before(point.machine, point.cut);
    if (found.wrong() > 0)
        held = found.newest_held().index == kNoWrite ? std::optional<Instant>()
                                                     : found.newest_held().at;
    if (held) open->newest_held = std::max(open->newest_held.value_or(Instant()), *held);
    if (found.misses_writes())
        open->oldest_missing = std::min(open->oldest_missing, found.oldest_missing().at);
    if (open->newest_held && *open->newest_held > open->oldest_missing) {
        fail(point.machine, [&] {
            return head() + ": a member holds a write of " + time_text(*open->newest_held) +
                   ", a member misses one of " + time_text(open->oldest_missing);
        });
    }
    if (open->points.size() >= group.members)
        std::erase_if(group.open, [&](const OpenCut& o) { return o.cut == point.cut; });
}

// A member that failed over publishes what was open no more.
void OneCutPerGroup::branched(MachineId machine, Instant) {
    const std::uint32_t group = lab_.machine(machine).group;
    if (group != kNoGroup) groups_[group].open.clear();
}

// ---- S4
// ------------------------------------------------------------------------------------------
PointsInOrder::PointsInOrder(LabContext& lab)
    : Oracle(lab, {"S4", "points in order",
                   "Along a machine's recovery points ids and cuts rise and generations never "
                   "fall.",
                   "replication-and-test-lab 2.1 S4"}),
      last_(lab.setup.machines.size()) {}

void PointsInOrder::point_published(const PublishedPoint& point, const BlockReader&) {
    count_check();
    std::optional<PublishedPoint>& last = last_[point.machine.value];
    if (last &&
        (point.id <= last->id || point.cut <= last->cut || point.generation < last->generation)) {
        fail(point.machine, [&] {
            return "rp=" + lab_.point_text(point.machine, point.id) + " cut " +
                   time_text(point.cut) + " generation " + std::to_string(point.generation) +
                   " follows rp=" + lab_.point_text(point.machine, last->id) + " cut " +
                   time_text(last->cut) + " generation " + std::to_string(last->generation);
        });
    }
    last = point;
}

// ---- S5
// ------------------------------------------------------------------------------------------
HonestLabel::HonestLabel(LabContext& lab)
    : Oracle(lab, {"S5", "honest label",
                   "Every write acknowledged before a recovery point's time is in it.",
                   "replication-and-test-lab 2.1 S5"}) {}

void HonestLabel::point_compared(const PublishedPoint& point, const ImageComparison& found) {
    count_check();
    count_compared(found.compared());
    if (!found.misses_writes()) return;
    fail(point.machine, found.oldest_missing().disk, [&] {
        return "rp=" + lab_.point_text(point.machine, point.id) + " says " + time_text(point.cut) +
               " but " + found.missing_text();
    });
}

// ---- S12
// -----------------------------------------------------------------------------------------
PublishInJournalOnly::PublishInJournalOnly(LabContext& lab)
    : Oracle(lab, {"S12", "publish in journal mode only",
                   "No recovery point is published while the order of writes is lost: in initial "
                   "copy, bitmap mode or resynchronization.",
                   "replication-and-test-lab 2.1 S12"}),
      paths_(lab.setup.machines.size()) {}

void PublishInJournalOnly::path_changed(MachineId machine, std::string_view path, bool publishes) {
    paths_[machine.value] = {std::string(path), publishes};
}

void PublishInJournalOnly::point_published(const PublishedPoint& point, const BlockReader&) {
    count_check();
    const Path& path = paths_[point.machine.value];
    if (path.publishes) return;
    fail(point.machine, [&] {
        return "rp=" + lab_.point_text(point.machine, point.id) + " published while on " +
               path.name;
    });
}

// ---- S18
// -----------------------------------------------------------------------------------------
OneGeometryPerPoint::OneGeometryPerPoint(LabContext& lab)
    : Oracle(lab, {"S18", "one geometry per point",
                   "A recovery point keeps every disk in the shape it had at the cut.",
                   "replication-and-test-lab 2.1 S18"}) {}

void OneGeometryPerPoint::point_geometry(const PublishedPoint& point, DiskId disk,
                                         const DiskGeometry& geometry) {
    count_check();
    // At the very instant of the change a point may show either shape: no write tells them apart.
    if (geometry == lab_.history.geometry(disk, point.cut) ||
        geometry == lab_.history.geometry(disk, point.cut + nanoseconds(1)))
        return;
    fail(disk, [&] {
        return "rp=" + lab_.point_text(point.machine, point.id) + " keeps " + lab_.disk_text(disk) +
               " with " + std::to_string(geometry.sectors) + " sectors, at its cut it had " +
               std::to_string(lab_.history.geometry(disk, point.cut).sectors);
    });
}

// ---- S31
// -----------------------------------------------------------------------------------------
DamageIsDetected::DamageIsDetected(LabContext& lab)
    : Oracle(lab,
             {"S31", "damage is detected",
              "A damaged byte on the wire, in a journal or in the replica's log is noticed before "
              "anything of it is published.",
              "replication-and-test-lab 2.1 S31"},
             Hears::Records),
      unnoticed_(lab.setup.disks.size()) {}

void DamageIsDetected::record_damaged(DiskId disk, Generation generation, std::uint64_t sequence) {
    count_check();
    unnoticed_[disk.value].push_back({generation, sequence});
}

void DamageIsDetected::record_accepted(DiskId disk, Generation generation, std::uint64_t sequence) {
    std::erase_if(unnoticed_[disk.value], [&](const Damage& damage) {
        if (damage.generation != generation || damage.sequence != sequence) return false;
        fail(disk, [&] {
            return lab_.disk_text(disk) + ": damaged record " + std::to_string(sequence) +
                   " of generation " + std::to_string(generation) + " was accepted";
        });
        return true;
    });
}

void DamageIsDetected::refused(DiskId disk, Generation, std::string_view why) {
    auto& damages = unnoticed_[disk.value];
    if (why == "checksum" && !damages.empty()) damages.erase(damages.begin());
}

void DamageIsDetected::replay_ended(DiskId disk, std::uint64_t damaged, std::uint64_t) {
    if (damaged != 0) unnoticed_[disk.value].clear();
}

void DamageIsDetected::point_compared(const PublishedPoint& point, const ImageComparison& found) {
    if (found.wrong() == 0) return;
    for (const DiskId disk : lab_.disks_of(point.machine)) {
        if (unnoticed_[disk.value].empty()) continue;
        fail(disk, [&] {
            return "rp=" + lab_.point_text(point.machine, point.id) + " published after record " +
                   std::to_string(unnoticed_[disk.value].front().sequence) + " of " +
                   lab_.disk_text(disk) + " was damaged and not refused: " + found.example_text();
        });
    }
}

// ---- S35
// -----------------------------------------------------------------------------------------
PointsHoldWhatReplicates::PointsHoldWhatReplicates(LabContext& lab)
    : Oracle(lab, {"S36", "points hold what replicates",
                   "A recovery point holds every disk that replicated before its cut and does "
                   "still, and no disk that does not.",
                   "azure-to-azure-common-questions.md: points of a machine with an added disk"}),
      disks_(lab.setup.disks.size()) {}

void PointsHoldWhatReplicates::disk_replicates(DiskId disk, bool does) {
    disks_[disk.value] = {does, lab_.now()};
}

void PointsHoldWhatReplicates::point_published(const PublishedPoint& point,
                                               const BlockReader& content) {
    count_check();
    for (const DiskId disk : lab_.disks_of(point.machine)) {
        const Disk& known = disks_[disk.value];
        const bool must = known.replicates && known.since < point.cut;
        if (content.holds(disk) == must || (known.replicates && !must)) continue;
        fail(disk, [&] {
            return "rp=" + lab_.point_text(point.machine, point.id) + " cut " +
                   time_text(point.cut) + (must ? " lacks " : " claims ") + lab_.disk_text(disk) +
                   ", which " + (must ? "replicates" : "does not replicate") + " since " +
                   time_text(known.since);
        });
    }
}

}  // namespace landfall::lab
