// model/replication/pipeline_disturbances.cpp — what goes wrong at the source's agent, in a relay's
// cache, and at a replica disk.
#include <algorithm>

#include "model/base/mutant.hpp"
#include "model/replication/replication_pipeline.hpp"

namespace landfall {

/// The guest goes on writing, and the driver keeps what it writes in order as long as it has room;
/// nothing leaves, neither changes nor copies (SR/vmware-azure-troubleshoot-replication.md, 78174).
void ReplicationPipeline::agent_stopped(MachineId machine) {
    MachineState& source = state(machine);
    if (!source.agent_runs) return;
    source.agent_runs = false;
    if (groups_of_machines_) groups_of_machines_->machine_lost(machine);
    if (!source.holds_back) hold_back(machine);
}

void ReplicationPipeline::agent_started(MachineId machine) {
    MachineState& source = state(machine);
    if (source.agent_runs) return;
    source.agent_runs = true;
    go_on(machine);
    if (source.path == DataPath::Stopped || !source.source_running)
        return pump_receive(source.server);
    capture(machine, Marker::None);
    bool overflow = false;
    for_each_disk(machine, [&](DiskId disk) {
        overflow |= state(disk).capture == Capture::Ordered && order_lost(disk);
    });
    if (overflow && source.path != DataPath::ResyncRequired) {
        require_resync(
            machine, "the source kept more changes than it can hold while its agent was stopped",
            estate_.profile.resync_by_bitmap ? Differing::IsKnown : Differing::NeedsCompare);
    }
    pump_receive(source.server);
}

/// What a machine had in the cache, or on its way from there, is gone for good.
void ReplicationPipeline::lose_cache(ProcessServerId id) {
    ProcessServerState& server = state(id);
    std::vector<MachineId> machines;
    const auto note = [&](const Delta& delta) {
        const MachineId machine = state(delta.disk).machine;
        if (delta.generation == state(machine).generation) machines.push_back(machine);
        return false;
    };
    server.cached_journal.remove_if(note);
    server.cached_copies.remove_if(note);
    for (std::size_t k = server.uploading.arrived; k < server.uploading.deltas.size(); ++k) {
        note(server.uploading.deltas[k]);
    }
    std::sort(machines.begin(), machines.end());
    machines.erase(std::unique(machines.begin(), machines.end()), machines.end());
    if (mutant(Mutant::CacheLossGoesUnnoticed)) {
        server.cached_journal.remove_if([&](const Delta& delta) {
            state(delta.disk).pending_cache -= delta.bytes;
            server.leaves(delta);
            forget(delta);
            return true;
        });
        machines.clear();
    }
    for (const MachineId machine : machines) {
        require_resync(machine, "the cache of its process server was lost",
                       Differing::NeedsCompare);
    }
    server.purge_due = true;
    pump_receive(id);
}

/// ENOSPC: something else takes the disk, or leaves it again.
void ReplicationPipeline::cache_filled(ProcessServerId id, bool filled) {
    ProcessServerState& server = state(id);
    const ProcessServer& facts = estate_.process_server(id);
    server.disk_filled = filled;
    if (server.update_throttle(estate_.profile, facts.cache)) {
        environment_.observer.noted(
            server.throttled ? "process_server_throttled" : "process_server_resumed", facts.name,
            server.throttled ? "its cache disk is full: its machines wait"
                             : "enough cache is free again");
    }
    pump_receive(id);
}

/// Of logs that arrive from now on.
void ReplicationPipeline::apply_logs_at(DiskId disk, BytesPerSecond rate) {
    state(disk).replica.set_rate(rate);
}

void ReplicationPipeline::app_consistency(MachineId machine, bool works) {
    state(machine).app_consistency_works = works;
}

// --- What coverage looks at

bool ReplicationPipeline::waits_to_retry(MachineId machine) const {
    return servers_[machines_[machine.value].server.value].waiting_to_retry;
}

bool ReplicationPipeline::applies_logs(MachineId machine) const {
    const MachineState& source = machines_[machine.value];
    const Instant now = environment_.clock.now();
    for (std::uint32_t k = 0; k < source.disk_count; ++k) {
        if (disks_[source.first_disk.value + k].replica.processed_at() > now) return true;
    }
    return false;
}

MarkerProgress ReplicationPipeline::marker_progress(MachineId machine) const {
    const std::vector<PlacedMark>& marks = machines_[machine.value].group_marks;
    if (marks.empty()) return MarkerProgress::None;
    return marks.front().decided ? MarkerProgress::Decided : MarkerProgress::Placed;
}

}  // namespace landfall
