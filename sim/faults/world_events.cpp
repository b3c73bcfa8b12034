// sim/faults/world_events.cpp — each event in the order in which its parts happen.
#include "sim/faults/world_events.hpp"

#include <algorithm>

namespace landfall::faults {

namespace {

/// What was not flushed survives whole: nothing is lost but the power.
std::uint64_t keep_all(std::uint64_t bound) {
    return bound - 1;
}

}  // namespace

WorldEvents::WorldEvents(Stage stage, std::size_t configuration_servers) : stage_(stage) {
    const Estate& estate = stage_.estate;
    troubles_.servers.resize(estate.process_servers.size());
    troubles_.ports.resize(estate.process_servers.size());
    troubles_.uploads.resize(estate.process_servers.size());
    troubles_.master_targets.resize(estate.process_servers.size());
    troubles_.agents.resize(estate.machines.size());
    troubles_.certificates.resize(configuration_servers);
    agent_stops_.resize(estate.machines.size());
    offs_.resize(estate.machines.size());
}

MachineId WorldEvents::running_leg(MachineId item) const {
    const MachineId leg = stage_.logic.active_leg(item);
    return leg.is_none() ? item : leg;
}

// --- Machines

void WorldEvents::power_blinks(MachineId item, const Draw& draw) {
    stage_.logic.lose_power(item);
    stage_.source_store.crash(draw, stage_.estate.machine(item).name + '/');
    stage_.logic.power_returned(item);
}

bool WorldEvents::power_fails(MachineId item, const Draw& draw) {
    const MachineId leg = running_leg(item);
    const SwitchedOff off = switch_off(item, true);
    if (off != SwitchedOff::Now) return off == SwitchedOff::Before;
    stage_.logic.lose_power(leg);
    stage_.source_store.crash(draw, stage_.estate.machine(leg).name + '/');
    agent_stops(leg);
    return true;
}

void WorldEvents::power_returns(MachineId item) {
    switch_on(item);
}

bool WorldEvents::guest_stops(MachineId item) {
    const MachineId leg = running_leg(item);
    const SwitchedOff off = switch_off(item, false);
    if (off != SwitchedOff::Now) return off == SwitchedOff::Before;
    agent_stops(leg);
    return true;
}

void WorldEvents::guest_starts(MachineId item) {
    switch_on(item);
}

/// A machine that is off already stays off for one more reason.
WorldEvents::SwitchedOff WorldEvents::switch_off(MachineId item, bool crashes) {
    const MachineInstance instance = stage_.logic.view_of(item).active == ActiveLocation::Primary
                                         ? MachineInstance::Primary
                                         : MachineInstance::Recovery;
    if (offs_[item.value] > 0) {
        ++offs_[item.value];
        return SwitchedOff::Before;
    }
    const MachineId leg = running_leg(item);
    if (!stage_.world.cut_power(item, instance)) return SwitchedOff::No;
    ++offs_[item.value];
    off_.push_back({item, instance, leg, crashes});
    return SwitchedOff::Now;
}

void WorldEvents::switch_on(MachineId item) {
    std::uint32_t& reasons = offs_[item.value];
    if (reasons == 0 || --reasons > 0) return;
    const auto off =
        std::find_if(off_.begin(), off_.end(), [&](const Off& each) { return each.item == item; });
    LANDFALL_CHECK(off != off_.end(), "what is switched on was switched off");
    const Off was = *off;
    off_.erase(off);
    stage_.world.restore_power(was.item, was.instance);
    if (was.crashed) stage_.logic.power_returned(was.leg);
    agent_starts(was.leg);
}

void WorldEvents::agent_stops(MachineId leg) {
    troubles_.agents[leg.value].begin(stage_.world.now());
    if (agent_stops_[leg.value]++ == 0) stage_.logic.agent_stopped(leg);
}

void WorldEvents::agent_starts(MachineId leg) {
    troubles_.agents[leg.value].end();
    if (--agent_stops_[leg.value] == 0) stage_.logic.agent_started(leg);
}

// --- Disks and stores

void WorldEvents::disk_replaced(DiskId disk) {
    if (stage_.blocks.has(disk)) stage_.blocks.replace(disk, stage_.world.now());
    stage_.logic.disk_replaced(disk);
}

void WorldEvents::disk_resized(DiskId disk, Bytes size) {
    for (const DiskId side : {disk, stage_.estate.counterpart(disk)}) {
        if (side.is_none()) continue;  // both legs of an item have the same disks
        stage_.estate.disks[side.value].size = size;
        if (stage_.blocks.has(side)) stage_.blocks.resize(side);
        stage_.logic.disk_resized(side);
    }
}

void WorldEvents::replica_crashes(MachineId leg, const Draw& draw) {
    stage_.replica_store.crash(draw, stage_.estate.machine(leg).name + '/');
    stage_.logic.restart_replica(leg);
}

bool WorldEvents::replica_rots(MachineId leg, double position) {
    const std::string prefix = stage_.estate.machine(leg).name + '/';
    std::uint64_t bits = 0;
    const std::vector<std::string> names = stage_.replica_store.list(prefix);
    for (const std::string& name : names) bits += 8 * stage_.replica_store.size(name);
    if (bits == 0) return false;
    auto at = std::min(static_cast<std::uint64_t>(position * static_cast<double>(bits)), bits - 1);
    for (const std::string& name : names) {
        const std::uint64_t here = 8 * stage_.replica_store.size(name);
        if (at < here) {
            stage_.replica_store.flip_bit(name, at);
            break;
        }
        at -= here;
    }
    replica_crashes(leg, keep_all);
    return true;
}

void WorldEvents::transfer_damaged(MachineId leg) {
    if (leg.is_none()) return;
    const Machine& machine = stage_.estate.machine(leg);
    for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
        stage_.wire.damage_next(DiskId(machine.first_disk.value + k));
    }
}

// --- The service

void WorldEvents::orchestrator_leaves() {
    ++outages_;
    stage_.logic.orchestrator_down();
}

void WorldEvents::orchestrator_returns() {
    if (--outages_ == 0) stage_.logic.orchestrator_up();
}

}  // namespace landfall::faults
