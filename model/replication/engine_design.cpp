// model/replication/engine_design.cpp — from an engine's name to its design.
#include "model/replication/engine_design.hpp"

namespace landfall {

EngineDesign design_of(ReplicationEngine engine, const ServiceProfile& profile) {
    switch (engine) {
        case ReplicationEngine::InMageToAzure: return inmage_to_azure(profile);
        case ReplicationEngine::HyperVToAzure: return hyper_v_to_azure(profile);
        case ReplicationEngine::AzureToAzure: return azure_to_azure(profile);
        case ReplicationEngine::HyperVToSecondary: return hyper_v_to_secondary(profile);
        case ReplicationEngine::ScoutToSecondary: return scout_to_secondary(profile);
        case ReplicationEngine::Failback: return failback(profile);
    }
    LANDFALL_CHECK(false, "every engine has a design");
    return {};
}

}  // namespace landfall
