// sim/world/machine_states.cpp — one row per word.
#include "sim/world/machine_states.hpp"

#include "model/recovery/operations.hpp"

namespace landfall::world {

std::string_view reached_by(scenario::MachineState state) {
    switch (state) {
        case scenario::MachineState::Protected: return name_of(ProtectionState::Protected);
        case scenario::MachineState::FailedOver:
            return name_of(ProtectionState::UnplannedFailoverCommitPendingStatesBegin);
        case scenario::MachineState::Committed:
            return name_of(ProtectionState::UnplannedFailoverCommitted);
        case scenario::MachineState::Migrated: return name_of(ProtectionState::MigrationComplete);
    }
    return "";
}

std::string_view word_of(scenario::MachineState state) {
    switch (state) {
        case scenario::MachineState::Protected: return "protected";
        case scenario::MachineState::FailedOver: return "failed_over";
        case scenario::MachineState::Committed: return "committed";
        case scenario::MachineState::Migrated: return "migrated";
    }
    return "";
}

}  // namespace landfall::world
