// model/replication/pipeline_disks.cpp — disks that are left out, added and removed.
//
// A disk may be left out when replication is enabled; Azure machines may add it later, one at a
// time, and remove one (azure-to-azure-enable-replication-added-disk.md;
// ReplicationProtectedItem.tsp: addDisks, removeDisks). While an added disk is copied, the others
// go on, and points say that they hold "1 of 2 disks" (azure-to-azure-common-questions.md). What is
// not replicated is not captured, and counts for no backlog and no RPO. Older points keep a removed
// disk until they expire [A].
#include <algorithm>
#include <string>

#include "model/base/mutant.hpp"
#include "model/replication/replication_pipeline.hpp"

namespace landfall {

/// A machine's marker rides on the changes of its last disk that points hold: those of all others
/// precede it.
DiskId ReplicationPipeline::marker_disk(MachineId machine) const {
    const MachineState& source = machines_[machine.value];
    DiskId carrier;
    for (std::uint32_t k = 0; k < source.disk_count; ++k) {
        const DiskId disk(source.first_disk.value + k);
        if (disks_[disk.value].part != Part::Member) continue;
        carrier = disk;
        if (mutant(Mutant::MarkerBeforePendingData)) break;
    }
    LANDFALL_CHECK(!carrier.is_none(), "the OS disk of a machine always replicates");
    return carrier;
}

bool ReplicationPipeline::holds(DiskId disk, const RecoveryPoint& point) const {
    const std::vector<DiskId>& without = left_out(disks_[disk.value].machine, point);
    return std::find(without.begin(), without.end(), disk) == without.end();
}

/// The disks of a point with this cut that is published now: those that replicate still, and had
/// been copied before the cut.
std::uint16_t ReplicationPipeline::disk_set_of(MachineId machine, Instant cut) {
    MachineState& source = state(machine);
    std::vector<DiskId> without;
    for (std::uint32_t k = 0; k < source.disk_count; ++k) {
        const DiskId disk(source.first_disk.value + k);
        const bool copied = state(disk).part == Part::Member && joined_[disk.value] < cut;
        if (copied && mutant(Mutant::PointForgetsAddedDisk) && joined_[disk.value] > Instant()) {
            without.push_back(disk);
            continue;
        }
        const bool claimed = mutant(Mutant::PointClaimsUncopiedDisk) && replicates(disk);
        if (!copied && !claimed) without.push_back(disk);
    }
    auto& sets = source.disk_sets;
    const auto known = std::find(sets.begin(), sets.end(), without);
    const auto number = static_cast<std::uint16_t>(known - sets.begin());
    if (known == sets.end()) sets.push_back(std::move(without));
    return number;
}

bool ReplicationPipeline::is_on_its_way(DiskId id) const {
    const DiskState& disk = disks_[id.value];
    const auto is_its = [id](const Delta& delta) { return delta.disk == id; };
    const MachineState& source = machines_[disk.machine.value];
    const ProcessServerState& server = servers_[source.server.value];
    const auto held = held_.find(disk.machine);
    return server.source.any_of(is_its) || server.cached_journal.any_of(is_its) ||
           std::any_of(server.receiving.deltas.begin(), server.receiving.deltas.end(), is_its) ||
           std::any_of(server.uploading.deltas.begin(), server.uploading.deltas.end(), is_its) ||
           (held != held_.end() && held->second.any_of(is_its));
}

void ReplicationPipeline::set_part(DiskId disk, Part part) {
    state(disk).part = part;
    if (state(disk).in_blocks) blocks_->set_left_out(disk, part == Part::LeftOut);
}

void ReplicationPipeline::add_disk(DiskId id) {
    DiskState& disk = state(id);
    if (replicates(id)) return;
    const MachineId machine = disk.machine;
    MachineState& source = state(machine);
    LANDFALL_CHECK(source.path == DataPath::Stopped || !is_on_its_way(id),
                   "a disk is added when nothing of it is on its way");
    set_part(id, Part::Joining);
    disk.seeded = false;
    disk.compare_needed = false;
    disk.memory_lost = false;
    disk.consistent = false;
    disk.owed = estate_.disk(id).used;
    disk.changed = Bytes(0);
    disk.open_log = Bytes(0);
    environment_.observer.replication_changed(machine);
    if (source.path == DataPath::Stopped) return;  // it is copied with the others
    if (source.source_running) capture(machine, Marker::None);
    tell_replicates(id, false);  // whatever it held before
    if (disk.in_blocks) blocks_->start_anew(id, environment_.clock.now());
    disk.capture = Capture::ChangedBlocks;
    if (source.path == DataPath::ResyncRequired) return;
    source.copies_waiting.push_back(id);
    start_waiting_copies(machine);
    pump_receive(source.server);
}

void ReplicationPipeline::remove_disk(DiskId id) {
    DiskState& disk = state(id);
    if (!replicates(id)) return;
    const MachineId machine = disk.machine;
    MachineState& source = state(machine);
    LANDFALL_CHECK(id != source.first_disk, "the OS disk always replicates");
    LANDFALL_CHECK(disk.part == Part::Member && source.path != DataPath::Copying,
                   "a disk that is being copied is not removed");
    // What was captured arrives, so that a marker that rides on it does; no point holds it.
    if (source.path != DataPath::Stopped && source.source_running) capture(machine, Marker::None);
    const bool double_log = source.design->capture == CaptureForm::DoubleLog;
    if (double_log && source.path == DataPath::Journal) close_log(id, Marker::None);
    set_part(id, Part::LeftOut);
    disk.capture = Capture::Off;
    tell_replicates(id, false);
    environment_.observer.noted("disk_removed", estate_.machine(machine).name,
                                estate_.disk(id).name);
    environment_.observer.replication_changed(machine);
}

/// The disk's copy is whole: points with a later cut hold it.
void ReplicationPipeline::join(DiskId id) {
    const MachineId machine = state(id).machine;
    const Instant now = environment_.clock.now();
    state(id).part = Part::Member;
    joined_[id.value] = now;
    // Its copied blocks are as of some instant before: no point made by hand has an earlier cut.
    state(machine).in_order_since = now;
    tell_replicates(id, true);
    environment_.observer.noted("disk_protected", estate_.machine(machine).name,
                                estate_.disk(id).name);
}

void ReplicationPipeline::join_all(MachineId machine) {
    for_each_disk(machine, [&](DiskId disk) {
        if (state(disk).part == Part::Joining) join(disk);
    });
}

void ReplicationPipeline::tell_replicates(DiskId disk, bool does) {
    BlockWitness* witness = environment_.blocks.witness;
    if (witness == nullptr || !state(disk).in_blocks) return;
    told_left_out_[disk.value] = !does;
    witness->disk_replicates(disk, does);
}

/// A leg begins: its witness hears which disks are no part of it, or are again.
void ReplicationPipeline::tell_left_out(MachineId machine) {
    const Machine& facts = estate_.machine(machine);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        const DiskId disk(facts.first_disk.value + k);
        const bool is_member = state(disk).part == Part::Member;
        if (told_left_out_[disk.value] == is_member) tell_replicates(disk, is_member);
    }
}

}  // namespace landfall
