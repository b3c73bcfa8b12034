// model/replication/engines/scout_to_secondary.cpp — InMage Scout, to a second datacenter.
//
// Unified Agent, process server at the primary site, and a master target at the secondary one that
// applies what arrives and keeps a retention log; replication is continuous, so that a machine can
// be brought back to nearly any instant (vmware-physical-secondary-architecture.md).
#include "model/replication/engine_design.hpp"

namespace landfall {

EngineDesign scout_to_secondary(const ServiceProfile& profile) {
    EngineDesign design = inmage_to_azure(profile);
    design.name = "scout-to-secondary";
    design.marks_every_step = true;
    return design;
}

}  // namespace landfall
