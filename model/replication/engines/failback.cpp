// model/replication/engines/failback.cpp — a failed-over machine from Azure back on-premises.
//
// Reprotection ships the reverse delta: what either side wrote since they parted, from both sides'
// bitmaps; by checksums if one of them is lost; or whole disks to an alternate location. After that
// it replicates as the way out did, through a process server in the Azure network and the master
// target on-premises (SR/vmware-azure-reprotect.md).
#include "model/replication/engine_design.hpp"

namespace landfall {

EngineDesign failback(const ServiceProfile& profile) {
    EngineDesign design = inmage_to_azure(profile);
    design.name = "failback";
    design.first_copy = FirstCopy::ReverseDelta;
    return design;
}

}  // namespace landfall
