// model/recovery/job_plan.cpp — the task table.
#include "model/recovery/job_plan.hpp"

#include <array>

#include "model/base/check.hpp"

namespace landfall {

namespace {

using enum TaskAction;
using enum TaskFor;
using Profile = ServiceProfile;
using Job = JobKind;

constexpr std::string_view kCheck = "Prerequisites check";
constexpr std::string_view kShutDown = "Shut down the virtual machine";
constexpr std::string_view kSynchronize = "Synchronizing the latest changes";
constexpr std::string_view kStartFailover = "Start failover";
constexpr std::string_view kStartReplica = "Start the replica virtual machine";

// Rows of one job are neighbours and stand in their order of execution.
constexpr std::array kTasks = {
    TaskRow{Job::EnableProtection, kCheck, CheckCompatibility, &Profile::prerequisites_check_time},
    TaskRow{Job::EnableProtection, "Install mobility service and prepare target", Wait,
            &Profile::install_mobility_service_time, MachinesWithAgent},
    TaskRow{Job::EnableProtection, "Enable replication", Wait, &Profile::enable_replication_time,
            MachinesWithAgent},
    TaskRow{Job::EnableProtection, "Start initial replication", StartInitialReplication,
            &Profile::start_initial_replication_time, MachinesWithAgent},
    TaskRow{Job::EnableProtection, "Update provider states", Wait,
            &Profile::update_provider_states_time, MachinesWithAgent},
    // hyper-v-azure-architecture.md: CreateReplicationRelationship, StartReplication
    TaskRow{Job::EnableProtection, "Create replication relationship", Wait,
            &Profile::enable_replication_time, HyperV},
    TaskRow{Job::EnableProtection, "Start replication", StartInitialReplication,
            &Profile::start_initial_replication_time, HyperV},

    TaskRow{Job::FinalizeProtection, "Finalize protection on the virtual machine",
            AwaitRecoveryPoint, &Profile::finalize_protection_time},

    // REST18/ReplicationJobs_*.json
    TaskRow{Job::TestFailover, "Prerequisites check for test failover", CheckRecoveryPoint,
            &Profile::prerequisites_check_time},
    TaskRow{Job::TestFailover, "Create test virtual machine", CreateTestMachine},
    TaskRow{Job::TestFailover, "Preparing the virtual machine", PrepareTestMachine},
    TaskRow{Job::TestFailover, "Start the virtual machine", StartTestMachine},

    TaskRow{Job::TestFailoverCleanup, "Clean up test environment", DeleteTestMachine},

    TaskRow{Job::PlannedFailover, kCheck, CheckRecoveryPoint, &Profile::prerequisites_check_time},
    TaskRow{Job::PlannedFailover, kShutDown, ShutDownSourceOrFail},
    TaskRow{Job::PlannedFailover, kSynchronize, SynchronizeOrFail},
    TaskRow{Job::PlannedFailover, kStartFailover, CreateReplicaMachine},
    TaskRow{Job::PlannedFailover, kStartReplica, StartReplicaMachine},

    TaskRow{Job::Failover, kCheck, CheckRecoveryPoint, &Profile::prerequisites_check_time},
    TaskRow{Job::Failover, kShutDown, ShutDownSource},
    TaskRow{Job::Failover, kSynchronize, SynchronizeLatestChanges},
    TaskRow{Job::Failover, kStartFailover, CreateReplicaMachine},
    TaskRow{Job::Failover, kStartReplica, StartReplicaMachine},

    // hyper-v-azure-failback.md
    TaskRow{Job::Failback, kCheck, CheckFailback, &Profile::prerequisites_check_time},
    TaskRow{Job::Failback, "Synchronize data", StartReverse, nullptr, MinimiseDowntime},
    TaskRow{Job::Failback, "Waiting for user input", AwaitUser, nullptr, MinimiseDowntime},
    TaskRow{Job::Failback, kShutDown, ShutDownSourceOrFail},
    TaskRow{Job::Failback, "Synchronize data", StartReverse, nullptr, FullDownload},
    TaskRow{Job::Failback, kSynchronize, SynchronizeOrFail},
    TaskRow{Job::Failback, kStartFailover, CreateReplicaMachine},
    TaskRow{Job::Failback, "Start the virtual machine", StartReplicaMachine},

    TaskRow{Job::ChangeRecoveryPoint, kCheck, CheckRecoveryPoint,
            &Profile::prerequisites_check_time},
    TaskRow{Job::ChangeRecoveryPoint, "Change recovery point", ReplaceReplicaMachine},

    TaskRow{Job::Commit, kCheck, CheckMachine, &Profile::prerequisites_check_time},
    TaskRow{Job::Commit, "Commit", KeepChosenPoint, &Profile::commit_time},

    TaskRow{Job::ReverseReplicate, kCheck, CheckReprotect, &Profile::prerequisites_check_time},
    TaskRow{Job::ReverseReplicate, "Reverse replicate", StartReverse},
    TaskRow{Job::ReverseReplicate, "Finalize protection on the virtual machine", AwaitRecoveryPoint,
            &Profile::finalize_protection_time},

    TaskRow{Job::CompleteMigration, kCheck, CheckMachine, &Profile::prerequisites_check_time},
    TaskRow{Job::CompleteMigration, "Complete migration", RemoveItem,
            &Profile::complete_migration_time},

    TaskRow{Job::DisableProtection, "Disable protection", RemoveItem,
            &Profile::disable_replication_time},
    TaskRow{Job::RemoveReplication, "Remove from the vault", RemoveItem},
    TaskRow{Job::Resynchronize, "Resynchronize", CompareDisks},

    // azure-to-azure-enable-replication-added-disk.md: "the enable replication job runs", and the
    // disk's initial replication follows
    TaskRow{Job::AddDisks, kCheck, Wait, &Profile::prerequisites_check_time},
    TaskRow{Job::AddDisks, "Enable replication", AddDisk, &Profile::enable_replication_time},
    TaskRow{Job::RemoveDisks, kCheck, Wait, &Profile::prerequisites_check_time},
    TaskRow{Job::RemoveDisks, "Disable replication", RemoveDisk,
            &Profile::disable_replication_time},
    TaskRow{Job::SwitchProcessServer, kCheck, Wait, &Profile::prerequisites_check_time},
    TaskRow{Job::SwitchProcessServer, "Switch process server", SwitchServer,
            &Profile::switch_server_time},
    TaskRow{Job::PauseReplication, "Pause replication", PauseReplicating,
            &Profile::pause_replication_time},
    TaskRow{Job::ResumeReplication, "Resume replication", ResumeReplicating,
            &Profile::pause_replication_time},

    // vmware-azure-tutorial-failover-failback-modernized.md: the machine at home reverts to its
    // snapshot, the one in Azure is powered on, replication resumes; names are ours [A]
    TaskRow{Job::CancelFailover, kCheck, Wait, &Profile::prerequisites_check_time},
    TaskRow{Job::CancelFailover, kShutDown, ShutDownAbandoned},
    TaskRow{Job::CancelFailover, "Start the virtual machine", StartSourceAgain},
    TaskRow{Job::CancelFailover, "Reverse replicate", StartReverse},
    TaskRow{Job::CancelFailover, "Finalize protection on the virtual machine", AwaitRecoveryPoint,
            &Profile::finalize_protection_time},
};

struct JobRow {
    Job kind;
    std::string_view name;
    Operation operation;
};

constexpr std::array kJobs = {
    JobRow{Job::EnableProtection, "Enable protection", Operation::EnableReplication},
    JobRow{Job::FinalizeProtection, "Finalize protection", Operation::EnableReplication},
    JobRow{Job::TestFailover, "Test failover", Operation::TestFailover},
    JobRow{Job::TestFailoverCleanup, "Test failover cleanup", Operation::TestFailoverCleanup},
    JobRow{Job::PlannedFailover, "Planned failover", Operation::PlannedFailover},
    JobRow{Job::Failover, "Failover", Operation::UnplannedFailover},
    JobRow{Job::Failback, "Failback", Operation::Failback},
    JobRow{Job::ChangeRecoveryPoint, "Change recovery point", Operation::ChangePit},
    JobRow{Job::Commit, "Commit", Operation::Commit},
    JobRow{Job::ReverseReplicate, "Reverse replicate", Operation::ReverseReplicate},
    JobRow{Job::CompleteMigration, "Complete migration", Operation::CompleteMigration},
    JobRow{Job::DisableProtection, "Disable protection", Operation::DisableProtection},
    JobRow{Job::RemoveReplication, "Remove replication", Operation::RemoveReplication},
    JobRow{Job::Resynchronize, "Resynchronize", Operation::RepairReplication},
    JobRow{Job::AddDisks, "Add disks", Operation::AddDisks},
    JobRow{Job::RemoveDisks, "Remove disks", Operation::RemoveDisks},
    JobRow{Job::SwitchProcessServer, "Switch process server", Operation::SwitchProcessServer},
    JobRow{Job::PauseReplication, "Pause replication", Operation::PauseReplication},
    JobRow{Job::ResumeReplication, "Resume replication", Operation::ResumeReplication},
    JobRow{Job::CancelFailover, "Cancel failover", Operation::CancelFailover},
};

constexpr bool jobs_stand_in_order() {
    if (kJobs.size() != static_cast<std::size_t>(Job::Count)) return false;
    for (std::size_t k = 0; k < kJobs.size(); ++k) {
        if (static_cast<std::size_t>(kJobs[k].kind) != k) return false;
    }
    return true;
}
static_assert(jobs_stand_in_order(), "every job has its row");

}  // namespace

std::string_view name_of(JobKind kind) {
    return kJobs[static_cast<std::size_t>(kind)].name;
}

Operation operation_of(JobKind kind) {
    return kJobs[static_cast<std::size_t>(kind)].operation;
}

JobKind job_of(Operation operation) {
    for (const JobRow& row : kJobs) {
        if (row.operation == operation) return row.kind;
    }
    LANDFALL_CHECK(false, "the operation has a job of its own");
    return Job::EnableProtection;
}

std::span<const TaskRow> tasks_of(JobKind kind) {
    std::size_t first = 0;
    while (kTasks[first].job != kind) ++first;
    std::size_t last = first;
    while (last < kTasks.size() && kTasks[last].job == kind) ++last;
    return std::span(kTasks).subspan(first, last - first);
}

bool is_hyper_v(ScenarioKind kind) {
    return kind == ScenarioKind::HyperVSiteToAzure || kind == ScenarioKind::VmmToAzure ||
           kind == ScenarioKind::VmmToVmm;
}

std::vector<const TaskRow*> tasks_of(JobKind job, ScenarioKind kind, DataSync sync) {
    std::vector<const TaskRow*> rows;
    for (const TaskRow& row : tasks_of(job)) {
        const bool is_its =
            row.whose == TaskFor::All || (row.whose == TaskFor::HyperV && is_hyper_v(kind)) ||
            (row.whose == TaskFor::MachinesWithAgent && !is_hyper_v(kind)) ||
            (row.whose == TaskFor::MinimiseDowntime && sync == DataSync::ForDownTime) ||
            (row.whose == TaskFor::FullDownload && sync == DataSync::ForSynchronization);
        if (is_its) rows.push_back(&row);
    }
    return rows;
}

}  // namespace landfall
