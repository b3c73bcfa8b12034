// model/replication/pipeline_copies.cpp — initial copies, compares, reverse deltas, catch-up.
#include <algorithm>

#include "model/base/mutant.hpp"
#include "model/replication/distinct_bytes.hpp"
#include "model/replication/replication_pipeline.hpp"

namespace landfall {

/// The data path of a machine changes, and whoever watches is told.
void ReplicationPipeline::enter(MachineId machine, DataPath path) {
    state(machine).path = path;
    if (environment_.blocks.witness != nullptr &&
        estate_.machine(machine).fidelity == Fidelity::Block) {
        environment_.blocks.witness->path_changed(machine, name_of(path),
                                                  path == DataPath::Journal);
    }
}

void ReplicationPipeline::begin_copies(MachineId machine) {
    MachineState& source = state(machine);
    enter(machine, DataPath::Copying);
    source.copies_waiting.clear();
    for_each_disk(machine, [&](DiskId disk) {
        state(disk).capture = Capture::ChangedBlocks;
        state(disk).consistent = false;
        source.copies_waiting.push_back(disk);
    });
    std::reverse(source.copies_waiting.begin(), source.copies_waiting.end());
    // Disks that travel by other means all travel at once.
    const bool offline = estate_.machine(machine).offline_copy.has_value();
    const std::int64_t at_once = offline ? source.disk_count : source.design->disks_at_once;
    for (std::int64_t k = 0; k < at_once; ++k) start_waiting_copies(machine);
}

void ReplicationPipeline::start_waiting_copies(MachineId machine) {
    MachineState& source = state(machine);
    if (source.copies_waiting.empty()) return;
    const DiskId id = source.copies_waiting.back();
    source.copies_waiting.pop_back();
    const DiskState& disk = state(id);
    if (!disk.seeded)
        start_first_copy(id);
    else if (disk.compare_needed || disk.memory_lost)
        start_compare(id);
    else
        start_changed_blocks(id);
}

/// Distinct bytes that changed since the copy before; at volume fidelity what an interrupted one
/// owed is distinct already, and only what was written since is folded.
Bytes ReplicationPipeline::changed_bytes(DiskId id) const {
    const DiskState& disk = disks_[id.value];
    const Disk& facts = estate_.disk(id);
    return std::min(disk.owed + distinct_bytes(disk.changed, facts), facts.size);
}

void ReplicationPipeline::start_first_copy(DiskId id) {
    DiskState& disk = state(id);
    const Machine& machine = estate_.machine(disk.machine);
    const ServiceProfile& profile = estate_.profile;
    Bytes wire = changed_bytes(id);
    disk.owed = Bytes(0);
    disk.changed = Bytes(0);
    const auto& parted = parted_[disk.machine.value];
    if (parted && disk.part != Part::Joining) {
        start_reverse_delta(id, *parted);
        return;
    }
    if (machine.offline_copy) {
        // site-recovery-vmm-to-vmm.md: exported and imported; the network carries nothing of it.
        if (disk.in_blocks) blocks_->begin_copy(id, CopyKind::Offline);
        start_copy(id, CopyKind::Offline, Bytes(0), *machine.offline_copy);
        return;
    }
    if (disk.in_blocks) wire = blocks_->begin_copy(id, CopyKind::InitialCopy);
    start_copy(id, CopyKind::InitialCopy, wire, transfer_time(wire, profile.source_read_rate));
}

/// Bytes in which a disk differs from its former self, if either side's writes fall apart.
Bytes ReplicationPipeline::parted_bytes(DiskId id, const FailedOver& parted) {
    const Disk& facts = estate_.disk(id);
    Bytes total = parted.unreplicated + parted.written_in_azure;
    if (parted.cut) {
        const Instant now = environment_.clock.now();
        for (const DiskId side : {id, estate_.counterpart(id)}) {
            if (side.is_none() || *parted.cut >= now) continue;
            total +=
                distinct_bytes(environment_.source_disks.written(side, *parted.cut, now), facts);
        }
    }
    return std::min(total, facts.size);
}

/// A machine goes home: what differs between its two selves (SR/vmware-azure-reprotect.md).
void ReplicationPipeline::start_reverse_delta(DiskId id, const FailedOver& parted) {
    DiskState& disk = state(id);
    const Disk& facts = estate_.disk(id);
    const ServiceProfile& profile = estate_.profile;
    switch (parted.method) {
        case FailbackMethod::Checksum:
            disk.owed = parted_bytes(id, parted);
            start_compare(id);
            return;
        case FailbackMethod::FullDownload: {
            const Bytes wire =
                disk.in_blocks ? blocks_->begin_copy(id, CopyKind::InitialCopy) : facts.used;
            start_copy(id, CopyKind::InitialCopy, wire,
                       transfer_time(wire, profile.source_read_rate));
            return;
        }
        case FailbackMethod::Bitmaps: {
            const Bytes wire = disk.in_blocks ? blocks_->begin_copy(id, CopyKind::ReverseDelta)
                                              : parted_bytes(id, parted);
            start_copy(id, CopyKind::ReverseDelta, wire,
                       transfer_time(wire, profile.source_read_rate));
            return;
        }
    }
}

/// Checksums of the whole disk, and the blocks that differ.
void ReplicationPipeline::start_compare(DiskId id) {
    DiskState& disk = state(id);
    const Disk& facts = estate_.disk(id);
    const ServiceProfile& profile = estate_.profile;
    const Bytes checksums(detail::scale(facts.size.count(), profile.resync_checksum.count(),
                                        profile.resync_chunk.count(), true));
    Bytes differing = changed_bytes(id);
    disk.owed = Bytes(0);
    disk.changed = Bytes(0);
    if (disk.in_blocks) differing = blocks_->begin_copy(id, CopyKind::Compare, checksums);
    start_copy(id, CopyKind::Compare, differing + checksums,
               transfer_time(facts.size, profile.resync_compare_rate));
}

/// The blocks that the bitmap holds, which is whole: nothing needs to be compared.
void ReplicationPipeline::start_changed_blocks(DiskId id) {
    DiskState& disk = state(id);
    Bytes wire = changed_bytes(id);
    disk.owed = Bytes(0);
    disk.changed = Bytes(0);
    if (disk.in_blocks) wire = blocks_->begin_copy(id, CopyKind::ChangedBlocks);
    start_copy(id, CopyKind::ChangedBlocks, wire,
               transfer_time(wire, estate_.profile.source_read_rate));
}

void ReplicationPipeline::start_copy(DiskId disk, CopyKind kind, Bytes wire_bytes,
                                     Duration reading_time) {
    copies_[disk.value].emplace(disk, kind, wire_bytes, reading_time, environment_.clock.now());
    const MachineState& source = state(state(disk).machine);
    if (!source.holds_back) state(source.server).copies.push_back(disk.value);
}

void ReplicationPipeline::on_copy_done(DiskId id) {
    DiskState& disk = state(id);
    const MachineId machine = disk.machine;
    MachineState& source = state(machine);
    const CopyKind kind = copies_[id.value]->kind();
    environment_.observer.disk_copied(id, name_of(kind), copies_[id.value]->started(),
                                      copies_[id.value]->wire_bytes());
    copies_[id.value].reset();
    if (disk.in_blocks) blocks_->end_copy(id);
    if (kind != CopyKind::CatchUp) {
        disk.seeded = true;
        disk.compare_needed = false;
        disk.memory_lost = false;
    }
    if (kind == CopyKind::CatchUp) {
        disk.consistent = true;
    } else {
        const std::uint16_t life = source.generation;
        if (source.source_running) capture(machine, Marker::None);
        if (source.generation != life) return;  // that capture filled another disk's buffer
        const Bytes changed = disk.in_blocks ? blocks_->begin_copy(id, CopyKind::CatchUp)
                                             : distinct_bytes(disk.changed, estate_.disk(id));
        disk.changed = Bytes(0);
        disk.capture = Capture::Ordered;
        disk.consistent = changed == Bytes(0);
        if (!disk.consistent)
            start_copy(id, CopyKind::CatchUp, changed, Duration(0));
        else if (disk.in_blocks)
            blocks_->end_copy(id);  // of nothing
        start_waiting_copies(machine);
    }
    if (source.path == DataPath::Journal) {  // the disk was added
        if (disk.consistent) join(id);
        return;
    }
    bool all_consistent = source.copies_waiting.empty();
    for_each_disk(machine, [&](DiskId other) { all_consistent &= state(other).consistent; });
    if (mutant(Mutant::ResyncEndsWithFirstDisk)) all_consistent = source.copies_waiting.empty();
    if (!all_consistent) return;
    if (disk.in_blocks) blocks_->replica_copied(machine);
    join_all(machine);
    enter(machine, DataPath::Journal);
    source.in_order_since = environment_.clock.now();
    start_cycle(machine);
    listener_.copy_completed(machine);
}

/// Ends the present life of a machine's change stream: what waits of it is dropped, what is under
/// way will not be applied, and all of that counts as changed or owed.
void ReplicationPipeline::abandon_stream(MachineId machine) {
    MachineState& source = state(machine);
    if (!source.group_marks.empty()) go_alone(machine);
    ++source.generation;
    source.copies_waiting.clear();
    source.group_marks.clear();
    source.logs_on_the_way = 0;
    source.close_when_sent = false;
    ProcessServerState& server = state(state(machine).server);
    server.purge_due = true;
    if (!source.leaving.is_none()) state(source.leaving).purge_due = true;
    for_each_disk(machine, [&](DiskId id) {
        DiskState& disk = state(id);
        disk.changed += disk.pending_source + disk.pending_cache + disk.open_log;
        disk.open_log = Bytes(0);
        if (auto& copy = copies_[id.value]) {
            std::erase(server.copies, id.value);
            disk.owed += copy->wire_bytes() - copy->acknowledged();
            copy.reset();
        }
        disk.consistent = false;
    });
    if (estate_.machine(machine).fidelity == Fidelity::Block) {
        blocks_->abandon(machine, source.generation);
    }
    if (source.holds_back) end_detour(machine);
}

void ReplicationPipeline::require_resync(MachineId machine, std::string_view cause,
                                         Differing blocks) {
    MachineState& source = state(machine);
    if (blocks == Differing::NeedsCompare) {
        for_each_disk(machine, [&](DiskId disk) { state(disk).compare_needed = true; });
    }
    if (source.path == DataPath::ResyncRequired) return;
    abandon_stream(machine);
    enter(machine, DataPath::ResyncRequired);
    for_each_disk(machine, [&](DiskId disk) { state(disk).capture = Capture::ChangedBlocks; });
    listener_.resync_required(machine, cause);
}

}  // namespace landfall
