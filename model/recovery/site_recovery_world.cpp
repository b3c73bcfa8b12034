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

}  // namespace landfall
