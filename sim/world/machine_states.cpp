// sim/world/machine_states.cpp — one row per word.
#include "sim/world/machine_states.hpp"

namespace landfall::world {

bool has_reached(const SiteRecovery& logic, MachineId machine, scenario::MachineState state) {
    const ItemView item = logic.view_of(machine);
    const Milestones& dates = logic.milestones(machine);
    const bool is_protected = item.state == ProtectionState::Protected;
    switch (state) {
        case scenario::MachineState::Protected:
            return is_protected && item.active == ActiveLocation::Primary;
        case scenario::MachineState::TestFailedOver:
            return item.test == TestFailoverState::WaitingForCompletion;
        case scenario::MachineState::TestCleanedUp: return dates.tested.has_value();
        case scenario::MachineState::FailedOver:
            return item.state == ProtectionState::UnplannedFailoverCommitPendingStatesBegin ||
                   item.state == ProtectionState::PlannedFailoverCommitRequired;
        case scenario::MachineState::Committed:
            return item.state == ProtectionState::UnplannedFailoverCommitted ||
                   item.state == ProtectionState::PlannedFailoverStatesBegin;
        case scenario::MachineState::Reprotected:
            return is_protected && item.active == ActiveLocation::Recovery;
        case scenario::MachineState::FailedBack: return dates.primary_running.has_value();
        case scenario::MachineState::Migrated:
            return item.state == ProtectionState::MigrationComplete;
    }
    return false;
}

std::string_view word_of(scenario::MachineState state) {
    switch (state) {
        case scenario::MachineState::Protected: return "protected";
        case scenario::MachineState::TestFailedOver: return "test_failed_over";
        case scenario::MachineState::TestCleanedUp: return "test_cleaned_up";
        case scenario::MachineState::FailedOver: return "failed_over";
        case scenario::MachineState::Committed: return "committed";
        case scenario::MachineState::Reprotected: return "reprotected";
        case scenario::MachineState::FailedBack: return "failed_back";
        case scenario::MachineState::Migrated: return "migrated";
    }
    return "";
}

}  // namespace landfall::world
