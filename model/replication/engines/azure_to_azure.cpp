// model/replication/engines/azure_to_azure.cpp — Azure machines to another region or zone.
//
// The Mobility extension sends every write at once to a cache storage account in the source region,
// with no relay in between; the service carries it to the replica disks and makes a
// crash-consistent point every five minutes (azure-to-azure-architecture.md). What a disk and a
// machine may write is limited by the churn ceilings of the support matrix; the world gives the
// machine's channel that rate.
#include "model/replication/engine_design.hpp"

namespace landfall {

EngineDesign azure_to_azure(const ServiceProfile& profile) {
    EngineDesign design = inmage_to_azure(profile);
    design.name = "azure-to-azure";
    return design;
}

}  // namespace landfall
