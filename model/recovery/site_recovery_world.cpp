// model/recovery/site_recovery_world.cpp — machines: what jobs ask of them, and what befalls them.
#include "model/recovery/site_recovery.hpp"

namespace landfall {

void SiteRecovery::lose_power(MachineId machine) {
    environment_.observer.noted("power_lost", estate_.machine(machine).name, "");
    engine_.lose_power(machine);
}

void SiteRecovery::power_returned(MachineId machine) {
    engine_.power_returned(machine);
}

void SiteRecovery::disk_replaced(DiskId disk) {
    environment_.observer.noted("disk_replaced", estate_.machine(estate_.disk(disk).machine).name,
                                estate_.disk(disk).name);
    engine_.disk_replaced(disk);
}

void SiteRecovery::disk_resized(DiskId disk) {
    environment_.observer.noted("disk_resized", estate_.machine(estate_.disk(disk).machine).name,
                                estate_.disk(disk).name);
    engine_.disk_resized(disk);
}

void SiteRecovery::restart_replica(MachineId machine) {
    environment_.observer.noted("replica_restarted", estate_.machine(machine).name, "");
    engine_.replica_restarted(machine);
}

// --- What a job asks for

void SiteRecovery::request(JobId id, MachineInstance instance, MachineAction action) {
    const MachineId machine = job(id).machine;
    environment_.compute.request({.machine = machine,
                                  .instance = instance,
                                  .action = action,
                                  .hydrate = estate_.machine(machine).needs_hydration,
                                  .token = token_of(id)});
}

/// Of the machine that the job's present task acts on.
std::uint64_t SiteRecovery::token_of(JobId id) const {
    return (static_cast<std::uint64_t>(id.value) << 32U) | jobs_[id.value].task;
}

void SiteRecovery::machine_action_ended(const MachineActionEnded& ended) {
    const JobId id = item(ended.machine).job;
    LANDFALL_CHECK(!id.is_none() && ended.token == token_of(id),
                   "a machine's action ends in the task that asked for it");
    if (!ended.succeeded) {
        fail_job(id, ended.cause);
        return;
    }
    if (ended.action == MachineAction::ShutDown) {
        source_shut_down(ended.machine);
        return;
    }
    if (ended.action == MachineAction::Start) {
        item(ended.machine).milestones.replica_running = environment_.clock.now();
    }
    end_task(id, "Succeeded");
}

}  // namespace landfall
