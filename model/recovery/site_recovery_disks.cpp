// model/recovery/site_recovery_disks.cpp — disks that are added and removed, the process server
// that is switched, replication that is paused: what stands in the way, and what their tasks do.
//
// Each of these is a short job; what it begins (the copy of a disk, the way to another server) goes
// on without it, so that a disaster need not wait for its end.
#include "model/base/mutant.hpp"
#include "model/recovery/site_recovery.hpp"

namespace landfall {

std::optional<std::string> SiteRecovery::disk_obstacle(Operation operation, MachineId machine,
                                                       DiskId disk) const {
    const Machine& facts = estate_.machine(machine);
    const bool is_its = !disk.is_none() && disk.value < estate_.disks.size() &&
                        estate_.disk(disk).machine == machine;
    if (!is_its) return "no disk of " + facts.name + " is named";
    const std::string name = "disk " + estate_.disk(disk).name + " of " + facts.name;
    if (operation == Operation::AddDisks) {
        if (engine_.replicates(disk)) return name + " replicates already";
        if (engine_.is_on_its_way(disk)) {
            return "changes of " + name + " are still on their way to its former replica";
        }
        // azure-to-azure-support-matrix.md: one disk at a time.
        for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
            const DiskId other(facts.first_disk.value + k);
            if (!engine_.is_joining(other)) continue;
            return "disk " + estate_.disk(other).name + " of " + facts.name +
                   " is being added: one disk at a time";
        }
        return std::nullopt;
    }
    if (!engine_.replicates(disk)) return name + " does not replicate";
    if (disk == facts.first_disk) return name + " is its OS disk, which always replicates";
    if (engine_.is_joining(disk) || engine_.data_path(machine) == DataPath::Copying) {
        return name + " is being copied: wait for the end";  // [A]
    }
    return std::nullopt;
}

std::optional<std::string> SiteRecovery::server_obstacle(MachineId machine,
                                                         ProcessServerId server) const {
    const Machine& facts = estate_.machine(machine);
    const MachineId leg = active_leg(machine);
    if (server.is_none() || server.value >= estate_.process_servers.size()) {
        return "no process server is named for " + facts.name;
    }
    // SR/switch-replication-appliance-modernized.md: only items that replicate to Azure.
    if (estate_.profile.switch_resynchronizes && at(machine).active == ActiveLocation::Recovery) {
        return facts.name + " is on its way home: appliances are switched on the way to Azure only";
    }
    if (leg.is_none()) return facts.name + " does not replicate";
    const ProcessServer& there = estate_.process_server(server);
    const ProcessServer& here = estate_.process_server(engine_.server_of(leg));
    if (engine_.server_of(leg) == server) {
        return facts.name + " replicates by process server " + there.name + " already";
    }
    if (there.receive_channel.is_none() || here.receive_channel.is_none() ||
        there.stands_in != here.stands_in || there.sends_to != here.sends_to) {
        return facts.name + " cannot replicate by " + there.name + ", only by servers that stand " +
               "and send where " + here.name + " does";
    }
    // SR/vmware-physical-azure-monitor-process-server.md: a critical one cannot be selected.
    if (engine_.process_server(server).judge(estate_.profile, there) == Health::Critical) {
        return "process server " + there.name + " is critical";
    }
    return std::nullopt;
}

/// What cannot be done while replication is paused [A].
std::optional<std::string> SiteRecovery::pause_obstacle(Operation operation,
                                                        MachineId machine) const {
    const MachineId leg = active_leg(machine);
    if (leg.is_none() || !engine_.is_paused(leg)) return std::nullopt;
    return std::string(name_of(operation)) + " needs replication, and that of " +
           estate_.machine(machine).name + " is paused: resume it first";
}

/// The task's time is over; does nothing for a task that only waits. False if there is nothing to
/// change any more.
bool SiteRecovery::change_replication(JobId id) {
    const JobRecord& running = job(id);
    const MachineId machine = running.machine;
    const MachineId leg = active_leg(machine);
    const bool replicates = !leg.is_none() && engine_.data_path(leg) != DataPath::Stopped;
    const OperationOptions& options = running.options;
    switch (running.row().action) {
        case TaskAction::AddDisk:
            if (replicates) engine_.add_disk(options.disk);
            return replicates;
        case TaskAction::RemoveDisk:
            if (replicates) engine_.remove_disk(options.disk);
            return replicates;
        case TaskAction::SwitchServer:
            if (!replicates) return false;
            engine_.switch_process_server(leg, options.process_server,
                                          estate_.profile.switch_server_effect_time);
            return true;
        case TaskAction::PauseReplicating:
            if (replicates) engine_.pause_replication(leg);
            return replicates;
        case TaskAction::ResumeReplicating:
            if (mutant(Mutant::ResumeDoesNothing)) return replicates;
            if (replicates) engine_.resume_replication(leg);
            return replicates;
        default: return true;
    }
}

}  // namespace landfall
