// model/recovery/site_recovery_world.cpp — what happens to a machine without anybody asking for it.
#include <string>

#include "model/recovery/site_recovery.hpp"

namespace landfall {

void SiteRecovery::lose_power(MachineId machine) {
    environment_.observer.noted("power_lost", estate_.machine(machine).name, "");
    engine_.lose_power(machine);
}

void SiteRecovery::power_returned(MachineId machine) {
    engine_.power_returned(machine);
}

/// Somebody at the console of a machine switched it on, or tried to.
void SiteRecovery::note_console(const MachineActionEnded& event) {
    const bool at_home = event.instance == MachineInstance::Primary;
    const std::string where = at_home ? "Primary" : "Recovery";
    environment_.observer.noted(event.succeeded ? "powered_on" : "power_on_failed",
                                estate_.machine(event.machine).name,
                                event.succeeded ? where : where + ": " + std::string(event.cause));
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

void SiteRecovery::agent_stopped(MachineId leg) {
    environment_.observer.noted("agent_stopped", estate_.machine(leg).name, "");
    engine_.agent_stopped(leg);
}

void SiteRecovery::agent_started(MachineId leg) {
    environment_.observer.noted("agent_started", estate_.machine(leg).name, "");
    engine_.agent_started(leg);
    const MachineId machine = item_of(leg);
    const bool is_due = data_path(machine) == DataPath::ResyncRequired;
    if (up_ && active_leg(machine) == leg && is_due) schedule_resync(machine);
}

void SiteRecovery::cache_lost(ProcessServerId server) {
    environment_.observer.noted("cache_lost", estate_.process_server(server).name, "");
    engine_.lose_cache(server);
}

void SiteRecovery::cache_filled(ProcessServerId server, bool filled) {
    engine_.cache_filled(server, filled);
}

}  // namespace landfall
