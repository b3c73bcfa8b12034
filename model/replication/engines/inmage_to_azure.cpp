// model/replication/engines/inmage_to_azure.cpp — VMware, physical and AWS machines to Azure.
//
// The Mobility agent sees every write and streams it, in order, to one process server, which
// caches, compresses, encrypts and uploads it into the cache storage account; the service applies
// it to the replica disks. A crash-consistent marker every five minutes
// (SR/vmware-azure-architecture.md). Three disks of a machine are copied at once
// (SR/vmware-azure-enable-replication.md). An agent that can no longer keep its changes in order
// falls back to changed blocks, and a resynchronization follows.
#include "model/replication/engine_design.hpp"

namespace landfall {

EngineDesign inmage_to_azure(const ServiceProfile& profile) {
    EngineDesign design;
    design.name = "inmage-to-azure";
    design.capture = CaptureForm::ContinuousJournal;
    design.first_copy = FirstCopy::UsedBlocks;
    design.disks_at_once = profile.disks_at_once;
    design.source_buffer = profile.source_buffer;
    return design;
}

}  // namespace landfall
