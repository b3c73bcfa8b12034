// model/recovery/job_plan.cpp — the task table.
#include "model/recovery/job_plan.hpp"

#include <array>

namespace landfall {

namespace {

using enum JobKind;
using enum TaskAction;
using Profile = ServiceProfile;

// Rows of one job are neighbours and stand in their order of execution.
constexpr std::array kTasks = {
    TaskRow{EnableProtection, "Prerequisites check", Wait, &Profile::prerequisites_check_time},
    TaskRow{EnableProtection, "Install mobility service and prepare target", Wait,
            &Profile::install_mobility_service_time},
    TaskRow{EnableProtection, "Enable replication", Wait, &Profile::enable_replication_time},
    TaskRow{EnableProtection, "Start initial replication", StartInitialReplication,
            &Profile::start_initial_replication_time},
    TaskRow{EnableProtection, "Update provider states", Wait,
            &Profile::update_provider_states_time},
    TaskRow{FinalizeProtection, "Finalize protection on the virtual machine", AwaitRecoveryPoint,
            &Profile::finalize_protection_time},
    TaskRow{JobKind::Failover, "Prerequisites check", CheckRecoveryPoint,
            &Profile::prerequisites_check_time},
    TaskRow{JobKind::Failover, "Shut down the virtual machine", ShutDownSource, nullptr},
    TaskRow{JobKind::Failover, "Synchronizing the latest changes", SynchronizeLatestChanges,
            nullptr},
    TaskRow{JobKind::Failover, "Start failover", CreateReplicaMachine, nullptr},
    TaskRow{JobKind::Failover, "Start the replica virtual machine", StartReplicaMachine, nullptr},
    TaskRow{JobKind::Commit, "Prerequisites check", Wait, &Profile::prerequisites_check_time},
    TaskRow{JobKind::Commit, "Commit", KeepChosenPoint, &Profile::commit_time},
    TaskRow{JobKind::CompleteMigration, "Prerequisites check", Wait,
            &Profile::prerequisites_check_time},
    TaskRow{JobKind::CompleteMigration, "Complete migration", RemoveItem,
            &Profile::complete_migration_time},
    TaskRow{JobKind::DisableProtection, "Disable protection", RemoveItem,
            &Profile::disable_replication_time},
    TaskRow{Resynchronize, "Resynchronize", CompareDisks, nullptr},
};

constexpr std::array<std::string_view, 7> kJobNames = {
    "Enable protection",  "Finalize protection", "Failover",      "Commit",
    "Complete migration", "Disable protection",  "Resynchronize",
};

}  // namespace

std::string_view name_of(JobKind kind) {
    return kJobNames[static_cast<std::size_t>(kind)];
}

std::span<const TaskRow> tasks_of(JobKind kind) {
    std::size_t first = 0;
    while (kTasks[first].job != kind) ++first;
    std::size_t last = first;
    while (last < kTasks.size() && kTasks[last].job == kind) ++last;
    return std::span(kTasks).subspan(first, last - first);
}

}  // namespace landfall
