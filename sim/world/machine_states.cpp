// sim/world/machine_states.cpp — one row per word.
#include "sim/world/machine_states.hpp"

#include <array>

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

bool has_reached(const SiteRecovery& logic, RecoveryPlanId plan, scenario::PlanState state) {
    const JobId latest = logic.plans().last_job(plan);
    if (latest.is_none()) return false;
    const JobRecord& job = logic.job(latest);
    const PlanRunState run = logic.plans().record(latest).run.state;
    const bool done = job.is_over() &&
                      (run == PlanRunState::Succeeded || run == PlanRunState::PartiallySucceeded);
    const bool home = job.options.direction == FailoverDirection::RecoveryToPrimary;
    const bool failover = job.kind == JobKind::Failover || job.kind == JobKind::PlannedFailover ||
                          job.kind == JobKind::Failback;
    switch (state) {
        case scenario::PlanState::TestFailedOver: return done && job.kind == JobKind::TestFailover;
        case scenario::PlanState::TestCleanedUp:
            return done && job.kind == JobKind::TestFailoverCleanup;
        case scenario::PlanState::FailedOver: return done && failover && !home;
        case scenario::PlanState::Committed: return done && job.kind == JobKind::Commit;
        case scenario::PlanState::Reprotected: return done && job.kind == JobKind::ReverseReplicate;
        case scenario::PlanState::FailedBack: return done && failover && home;
        case scenario::PlanState::Suspended: return job.state == JobState::Suspended;
        case scenario::PlanState::Failed: return job.state == JobState::Failed;
        case scenario::PlanState::Cancelled: return job.state == JobState::Cancelled;
    }
    return false;
}

std::string_view word_of(scenario::PlanState state) {
    constexpr std::array<std::string_view, 9> kWords = {
        "test_failed_over", "test_cleaned_up", "failed_over", "committed", "reprotected",
        "failed_back",      "suspended",       "failed",      "cancelled"};
    return kWords[static_cast<std::size_t>(state)];
}

}  // namespace landfall::world
