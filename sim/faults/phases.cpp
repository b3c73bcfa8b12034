// sim/faults/phases.cpp — the path's own phases, then one for each task of each job, then those of
// recovery plans.
#include "sim/faults/phases.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace landfall::faults {

namespace {

struct PathRow {
    PathPhase phase;
    std::string_view name;
    PhaseClass phase_class;
};

constexpr std::array kPath = {
    PathRow{PathPhase::Idle, "idle", PhaseClass::Idle},
    PathRow{PathPhase::InitialCopy, "initial copy", PhaseClass::InitialCopy},
    PathRow{PathPhase::Journal, "journal", PhaseClass::Journal},
    PathRow{PathPhase::MarkerPrepare, "marker prepare", PhaseClass::Marker},
    PathRow{PathPhase::MarkerCommit, "marker commit", PhaseClass::Marker},
    PathRow{PathPhase::Apply, "apply", PhaseClass::Apply},
    PathRow{PathPhase::Publish, "publish", PhaseClass::Publish},
    PathRow{PathPhase::Prune, "prune", PhaseClass::Prune},
    PathRow{PathPhase::Disconnected, "disconnected", PhaseClass::Disconnected},
    PathRow{PathPhase::ResyncRequired, "resync required", PhaseClass::Resync},
    PathRow{PathPhase::Resync, "resync", PhaseClass::Resync},
    PathRow{PathPhase::TestMachine, "test machine", PhaseClass::TestFailover},
};
static_assert(kPath.size() == static_cast<std::size_t>(PathPhase::Count));

constexpr std::array<PhaseClass, static_cast<std::size_t>(JobKind::Count)> kClassOfJob = {
    PhaseClass::Enabling,           // Enable protection
    PhaseClass::Enabling,           // Finalize protection
    PhaseClass::TestFailover,       // Test failover
    PhaseClass::TestFailover,       // Test failover cleanup
    PhaseClass::Failover,           // Planned failover
    PhaseClass::Failover,           // Failover
    PhaseClass::Failback,           // Failback
    PhaseClass::Failover,           // Change recovery point
    PhaseClass::Commit,             // Commit
    PhaseClass::Reprotect,          // Reverse replicate
    PhaseClass::CompleteMigration,  // Complete migration
    PhaseClass::Disabling,          // Disable protection
    PhaseClass::Disabling,          // Remove replication
    PhaseClass::Resync,             // Resynchronize
    PhaseClass::Enabling,           // Add disks
    PhaseClass::Disabling,          // Remove disks
    PhaseClass::Journal,            // Switch process server
    PhaseClass::Journal,            // Pause replication
    PhaseClass::Journal,            // Resume replication
    PhaseClass::Failback,           // Cancel failover
};
static_assert(kClassOfJob.back() == PhaseClass::Failback, "every job has its class");

constexpr std::array<std::string_view, static_cast<std::size_t>(PlanPhase::Count)> kPlanNames = {
    "preflight checks",
    "create test environment",
    "synchronize data",
    "group shutdown",
    "group failover",
    "group start",
    "operation on all machines",
    "action before",
    "action after",
    "manual action",
};

constexpr std::array<std::string_view, static_cast<std::size_t>(PhaseClass::Count)> kClassNames = {
    "idle",         "enabling",     "initial copy",  "journal",
    "marker",       "apply",        "publish",       "prune",
    "disconnected", "resync",       "test failover", "failover",
    "commit",       "reprotect",    "failback",      "complete migration",
    "disabling",    "recovery plan"};

struct Catalogue {
    std::vector<Phase> phases;
    std::array<PhaseId, static_cast<std::size_t>(JobKind::Count)> first_of_job{};
    PhaseId first_of_plan = 0;
};

const Catalogue& catalogue() {
    static const Catalogue made = [] {
        Catalogue all;
        for (const PathRow& row : kPath) {
            all.phases.push_back({std::string(row.name), row.phase_class});
        }
        for (std::size_t job = 0; job < kClassOfJob.size(); ++job) {
            const auto kind = static_cast<JobKind>(job);
            all.first_of_job[job] = static_cast<PhaseId>(all.phases.size());
            for (const TaskRow& row : tasks_of(kind)) {
                std::string name = std::string(name_of(kind)) + ": " + std::string(row.name);
                all.phases.push_back({std::move(name), kClassOfJob[job]});
            }
        }
        all.first_of_plan = static_cast<PhaseId>(all.phases.size());
        for (const std::string_view name : kPlanNames) {
            all.phases.push_back({"Recovery plan: " + std::string(name), PhaseClass::RecoveryPlan});
        }
        // A failover that takes its machine home is a failback, whatever its job is called.
        for (const JobKind kind : {JobKind::PlannedFailover, JobKind::Failover}) {
            for (const TaskRow& row : tasks_of(kind)) {
                std::string name = std::string(name_of(kind)) + " home: " + std::string(row.name);
                all.phases.push_back({std::move(name), PhaseClass::Failback});
            }
        }
        return all;
    }();
    return made;
}

}  // namespace

std::span<const Phase> phases() {
    return catalogue().phases;
}

PhaseId phase_of(const TaskRow& task) {
    const std::span<const TaskRow> rows = tasks_of(task.job);
    const PhaseId first = catalogue().first_of_job[static_cast<std::size_t>(task.job)];
    return first + static_cast<PhaseId>(&task - rows.data());
}

PhaseId phase_of(PlanPhase phase) {
    return catalogue().first_of_plan + static_cast<PhaseId>(phase);
}

std::optional<PlanPhase> plan_phase_of(const PlanTaskTree& tree, PlanTaskIndex task, bool manual) {
    switch (tree[task].kind) {
        case PlanTaskKind::Preflight: return PlanPhase::Preflight;
        case PlanTaskKind::CreateTestEnvironment: return PlanPhase::CreateTestEnvironment;
        case PlanTaskKind::SynchronizeMachine: return PlanPhase::Synchronize;
        case PlanTaskKind::ShutDownMachine: return PlanPhase::Shutdown;
        case PlanTaskKind::FailOverMachine: return PlanPhase::Failover;
        case PlanTaskKind::StartMachine: return PlanPhase::Start;
        case PlanTaskKind::OperateMachine: return PlanPhase::Operation;
        case PlanTaskKind::RunAction: break;
        default: return std::nullopt;
    }
    if (manual) return PlanPhase::ManualAction;
    // Before a group's machines start, or before all are failed over, there is more to do with
    // machines in what follows.
    const std::string& group = tree[task].group_id;
    for (PlanTaskIndex later = task + 1; later < tree.size(); ++later) {
        if (tree[later].is_stage() || tree[later].kind == PlanTaskKind::RunAction) continue;
        if (tree[later].group_id == group) return PlanPhase::ActionBefore;
    }
    return PlanPhase::ActionAfter;
}

std::string_view name_of(PhaseClass phase_class) {
    return kClassNames[static_cast<std::size_t>(phase_class)];
}

}  // namespace landfall::faults
