// model/replication/engines/hyper_v_to_azure.cpp — Hyper-V machines, with or without VMM, to Azure.
//
// Hyper-V Replica logs the writes of each disk into an .hrl file; every 30 s, 5 min or 15 min the
// log is closed and the host itself uploads it, while the next one fills. The initial copy is made
// from a snapshot, one disk after the other. A log of half the disk's size ends in a
// resynchronization. A failed transfer is tried again after 1, 2, 4, 8, 10 and then every 30
// minutes (hyper-v-azure-architecture.md). Up to 24 hourly points are kept
// (Set-up-Hyper-V-Replica.md).
#include "model/replication/engine_design.hpp"

namespace landfall {

EngineDesign hyper_v_to_azure(const ServiceProfile& profile) {
    EngineDesign design;
    design.name = "hyper-v-to-azure";
    design.capture = CaptureForm::DoubleLog;
    design.first_copy = FirstCopy::Snapshot;
    design.disks_at_once = profile.hyper_v_disks_at_once;
    design.log_limit_percent = profile.hyper_v_log_resync_percent;
    design.coalesces_log = profile.hyper_v_coalesce_log;
    design.hourly_points = true;
    design.retry_delays = profile.hyper_v_retry_delays;
    design.retry_every = profile.hyper_v_retry_every;
    return design;
}

}  // namespace landfall
