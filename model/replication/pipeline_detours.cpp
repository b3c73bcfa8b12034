// model/replication/pipeline_detours.cpp — changes that wait at their source: of a machine that is
// paused, whose agent does not run, or that leaves one process server for another.
//
// Paused, the log of a Hyper-V machine grows, and reaches its limit in the end
// (SR/hyper-v-azure-troubleshoot.md). One process server per machine at a time; which one is
// changed by hand (SR/vmware-azure-manage-process-server.md). No document says what becomes of the
// changes that the former server holds: here they arrive before anything goes by the new one [A].
// Switching appliances ends in a resynchronization (SR/switch-replication-appliance-modernized.md).
#include <algorithm>
#include <string>

#include "model/base/mutant.hpp"
#include "model/replication/replication_pipeline.hpp"

namespace landfall {

/// What has not left the source waits there from now on, and so do running copies.
void ReplicationPipeline::hold_back(MachineId machine) {
    MachineState& source = state(machine);
    ProcessServerState& server = state(source.server);
    source.holds_back = true;
    DeltaQueue& held = held_[machine];
    const auto is_its = [&](const Delta& delta) {
        return state(delta.disk).machine == machine && delta.generation == source.generation;
    };
    // Without a relay what waits for the upload is at the source still. It is the older part.
    server.source.move_to_front(held, is_its);
    if (!source.leaving.is_none()) state(source.leaving).source.move_to_front(held, is_its);
    if (estate_.process_server(source.server).receive_channel.is_none()) {
        DeltaQueue ready;
        server.cached_journal.move_to_front(ready, is_its);
        ready.move_to_front(held, [&](const Delta& delta) {
            state(delta.disk).pending_cache -= delta.bytes;
            state(delta.disk).pending_source += delta.bytes;
            server.leaves(delta);
            return true;
        });
    }
    for_each_disk(machine, [&](DiskId disk) { std::erase(server.copies, disk.value); });
}

/// What waited goes on, in its order, unless something else keeps it back still.
void ReplicationPipeline::go_on(MachineId machine) {
    MachineState& source = state(machine);
    if (source.paused || !source.agent_runs || !source.leaving.is_none()) return;
    let_go(machine);
    const bool double_log = source.design->capture == CaptureForm::DoubleLog;
    if (double_log && source.path == DataPath::Journal && !source.cycling &&
        !source.close_when_sent) {
        set_cycle_timer(machine);
    }
}

void ReplicationPipeline::let_go(MachineId machine) {
    MachineState& source = state(machine);
    source.holds_back = false;
    ProcessServerState& server = state(source.server);
    const auto held = held_.find(machine);
    LANDFALL_CHECK(held != held_.end(), "a machine that holds changes back has a place for them");
    DeltaQueue waited = std::move(held->second);
    held_.erase(held);
    waited.remove_if([&](const Delta& delta) {
        server.source.push(delta);
        return true;
    });
    server.purge_due = true;
    for_each_disk(machine, [&](DiskId disk) {
        if (copies_[disk.value]) server.copies.push_back(disk.value);
    });
}

/// A transfer failed: what it put back at the source of a machine that holds back waits again.
void ReplicationPipeline::hold_again(ProcessServerId server) {
    for (const auto& [machine, queue] : held_) {
        const MachineState& source = state(machine);
        if (source.server == server || source.leaving == server) hold_back(machine);
    }
}

/// The life of what waits is over: it goes the way of all stale changes. A machine that its user
/// paused, or whose agent does not run, goes on holding back.
void ReplicationPipeline::end_detour(MachineId machine) {
    MachineState& source = state(machine);
    if (source.holds_back) let_go(machine);
    if (!source.leaving.is_none()) {
        source.leaving = ProcessServerId();
        std::erase(leavers_, machine);
    }
    if (source.paused || !source.agent_runs) hold_back(machine);
}

// --- Pause and resume

void ReplicationPipeline::pause_replication(MachineId machine) {
    MachineState& source = state(machine);
    if (source.paused) return;
    LANDFALL_CHECK(source.path != DataPath::Stopped, "what does not replicate cannot be paused");
    if (source.source_running) capture(machine, Marker::None);
    source.paused = true;
    if (!source.holds_back) hold_back(machine);
    environment_.observer.noted("replication_paused", estate_.machine(machine).name, "");
}

void ReplicationPipeline::resume_replication(MachineId machine) {
    MachineState& source = state(machine);
    if (!source.paused) return;
    source.paused = false;
    environment_.observer.noted("replication_resumed", estate_.machine(machine).name, "");
    go_on(machine);
    if (source.holds_back) return;
    if (mutant(Mutant::ResumeForgetsPausedLog) && source.path == DataPath::Journal) {
        for_each_disk(machine, [&](DiskId disk) {
            blocks_->close_log(disk);
            const PayloadId log = blocks_->seal(disk);
            if (!log.is_none()) blocks_->drop(log);
        });
    }
    pump_receive(source.server);
}

// --- Another process server

void ReplicationPipeline::switch_process_server(MachineId machine, ProcessServerId server,
                                                Duration delay) {
    const Instant due = environment_.clock.now() + delay;
    switches_[machine] = {server, due};
    environment_.clock.set_timer(
        due, {static_cast<std::uint32_t>(TimerKind::SwitchServer), machine.value});
}

void ReplicationPipeline::on_switch_due(MachineId machine) {
    const auto wanted = switches_.find(machine);
    // Another one may have been asked for meanwhile: that one counts.
    if (wanted == switches_.end() || wanted->second.due > environment_.clock.now()) return;
    const ProcessServerId server = wanted->second.to;
    switches_.erase(wanted);
    change_server(machine, server);
}

void ReplicationPipeline::change_server(MachineId machine, ProcessServerId to) {
    MachineState& source = state(machine);
    if (source.server == to) return;
    // One that it leaves already is left first: the last word counts when that has ended.
    if (!source.leaving.is_none()) {
        switches_[machine] = {to, environment_.clock.now()};
        return;
    }
    const ProcessServerId from = source.server;
    const bool replicates = source.path != DataPath::Stopped;
    if (replicates && source.source_running) capture(machine, Marker::None);
    if (replicates && estate_.profile.switch_resynchronizes) {
        require_resync(machine, "it replicates by another appliance", Differing::NeedsCompare);
    }
    if (!source.holds_back) hold_back(machine);
    source.server = to;
    source.leaving = from;
    leavers_.push_back(machine);
    const std::uint32_t phases = estate_.capture.phases;
    std::uint32_t& group = group_of_machine_[machine.value];
    std::erase(groups_[group].machines, machine);
    group = to.value * phases + estate_.machine(machine).capture_phase % phases;
    auto& there = groups_[group].machines;
    there.insert(std::upper_bound(there.begin(), there.end(), machine), machine);
    if (replicates) tick_with_others(machine);
    environment_.observer.noted(
        "process_server_switched", estate_.machine(machine).name,
        estate_.process_server(from).name + " to " + estate_.process_server(to).name);
    environment_.observer.replication_changed(machine);
    state(from).purge_due = true;
    if (mutant(Mutant::SwitchForgetsCache)) {
        state(from).cached_journal.remove_if([&](const Delta& delta) {
            if (state(delta.disk).machine != machine) return false;
            state(delta.disk).pending_cache -= delta.bytes;
            state(from).leaves(delta);
            forget(delta);
            return true;
        });
    }
    look_at_leavers(from);
    pump_upload(from);
    pump_receive(from);
}

bool ReplicationPipeline::has_left(MachineId machine) const {
    const MachineState& source = machines_[machine.value];
    const ProcessServerState& server = servers_[source.leaving.value];
    const auto is_its = [&](const Delta& delta) {
        return disks_[delta.disk.value].machine == machine && delta.generation == source.generation;
    };
    const Batch& batch = server.uploading;
    const auto arrived = static_cast<std::ptrdiff_t>(batch.arrived);
    return !server.source.any_of(is_its) && !server.cached_journal.any_of(is_its) &&
           !server.cached_copies.any_of(is_its) &&
           std::none_of(server.receiving.deltas.begin(), server.receiving.deltas.end(), is_its) &&
           std::none_of(batch.deltas.begin() + arrived, batch.deltas.end(), is_its);
}

/// Machines of which nothing is left at this server go on by their new one.
void ReplicationPipeline::look_at_leavers(ProcessServerId server) {
    if (leavers_.empty()) return;
    const std::vector<MachineId> leavers = leavers_;
    for (const MachineId machine : leavers) {
        MachineState& source = state(machine);
        if (source.leaving != server) continue;
        if (!has_left(machine)) continue;
        source.leaving = ProcessServerId();
        std::erase(leavers_, machine);
        go_on(machine);
        environment_.observer.noted("process_server_left", estate_.machine(machine).name,
                                    estate_.process_server(server).name);
        pump_receive(source.server);
        on_switch_due(machine);
    }
}

}  // namespace landfall
