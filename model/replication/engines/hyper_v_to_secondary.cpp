// model/replication/engines/hyper_v_to_secondary.cpp — Hyper-V Replica between two VMM sites.
//
// The same logs, intervals and limits as to Azure, but from host to host
// (site-recovery-vmm-to-vmm.md); the initial copy may travel on a disk instead of the network,
// which is a property of the machine, not of the engine.
#include "model/replication/engine_design.hpp"

namespace landfall {

EngineDesign hyper_v_to_secondary(const ServiceProfile& profile) {
    EngineDesign design = hyper_v_to_azure(profile);
    design.name = "hyper-v-to-secondary";
    return design;
}

}  // namespace landfall
