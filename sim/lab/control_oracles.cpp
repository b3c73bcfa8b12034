// sim/lab/control_oracles.cpp — the sentences about items.
#include <algorithm>
#include <initializer_list>

#include "sim/lab/control_board.hpp"

namespace landfall::lab {

namespace {

using enum MachineInstance;

constexpr std::string_view kStateMachine = "common.md 4.5; issue: at most one active copy";
constexpr std::string_view kDrills = "SR/site-recovery-test-failover-to-azure.md";
constexpr std::string_view kQuota = "SR/site-recovery-failover-to-azure-troubleshoot.md";
constexpr std::string_view kMeters = "site-recovery-faq.md; common.md 4.7";

/// C1
std::string two_copies_run(const ItemSight& item) {
    if (!item.machine(Primary).runs || !item.machine(Recovery).runs) return {};
    const bool is_users = !item.in_vault || !item.owns_replica;
    if (item.source_was_left_on || is_users || item.discards_replica) return {};
    return "source and replica both run, and the failover shut the source down";
}

/// C2
std::string two_ways_at_once(const ItemSight& item) {
    if (!item.forward_replicates || !item.backward_replicates) return {};
    return "it is replicated in both directions at once";
}

/// C3
std::string drill_left_behind(const ItemSight& item) {
    if (!item.machine(Test).exists || item.drill_open || item.is_making) return {};
    return "a test machine exists, and no drill is open";
}

/// C4
std::string replica_left_behind(const ItemSight& item) {
    if (!item.machine(Recovery).exists || item.is_away || !item.owns_replica) return {};
    if (item.discards_replica || item.may_keep_replica || item.is_making) return {};
    return "a machine exists in Azure that no failover is about";
}

/// C5
std::string quota_taken(const ItemSight& item) {
    for (const MachineInstance which : {Recovery, Test}) {
        const MachineSight& machine = item.machine(which);
        const std::string name = which == Test ? "test machine" : "failed over machine";
        if (machine.has_room && !machine.exists && !(machine.room_is_held && item.is_making) &&
            !item.discards_replica) {
            return "quota is taken by a " + name + " that does not exist";
        }
        // The machine of a drill on the way home takes none at the target.
        const bool counts = item.takes_room && (which == Recovery || !item.is_away);
        if (counts && machine.exists && !machine.has_room) {
            return "a " + name + " exists and takes no quota";
        }
    }
    return {};
}

/// C6
std::string meter_runs_on(const ItemSight& item) {
    if (!item.in_vault && item.is_billed) return "a meter runs for an item that is gone";
    for (const MachineInstance which : {Recovery, Test}) {
        const MachineSight& machine = item.machine(which);
        if (machine.is_metered && !machine.exists) {
            return std::string("a meter runs for a ") +
                   (which == Test ? "test machine" : "failed over machine") +
                   " that does not exist";
        }
    }
    return {};
}

/// C7
std::string hangs(const ItemSight& item) {
    if (item.job.empty() || !item.waits_for.empty()) return {};
    return "job \"" + std::string(item.job) + "\" is in progress and waits for nothing";
}

bool is_one_of(ProtectionState state, std::initializer_list<ProtectionState> states) {
    return std::find(states.begin(), states.end(), state) != states.end();
}

bool is_drill(JobKind kind) {
    return kind == JobKind::TestFailover || kind == JobKind::TestFailoverCleanup;
}

bool is_failover(JobKind kind) {
    return kind == JobKind::Failover || kind == JobKind::PlannedFailover ||
           kind == JobKind::Failback;
}

std::string named(const JobSight& job) {
    return "job \"" + std::string(name_of(job.kind)) + "\" (" + std::string(name_of(job.state)) +
           ")";
}

/// C8: the circle of an item's life; an operation that ends none of its states may come in many.
std::string out_of_order(const ItemSight& item) {
    using enum ProtectionState;
    if (!item.last_job) return {};
    const JobSight& job = *item.last_job;
    const auto began_in = [&](std::initializer_list<ProtectionState> states) {
        return is_one_of(job.state_before, states);
    };
    bool fits = true;
    switch (job.kind) {
        case JobKind::EnableProtection:
            fits = began_in({UnprotectedStatesBegin, UnprotectedStatesEnd, EnablingFailed,
                             CancelFailoverStatesEnd});
            break;
        case JobKind::TestFailover:
        case JobKind::Failover:
        case JobKind::PlannedFailover:
            fits = began_in({Protected, UnplannedFailoverFailed, PlannedFailoverFailed});
            break;
        case JobKind::Failback:
            fits =
                job.was_away && began_in({PlannedFailoverStatesBegin, UnplannedFailoverCommitted});
            break;
        case JobKind::Commit:
        case JobKind::ChangeRecoveryPoint:
            fits = began_in(
                {PlannedFailoverCommitRequired, UnplannedFailoverCommitPendingStatesBegin});
            break;
        case JobKind::ReverseReplicate:
            // SR/vmware-physical-secondary-disaster-recovery.md: Scout commits nothing.
            fits = began_in(
                       {PlannedFailoverStatesBegin, UnplannedFailoverCommitted, ReprotectFailed}) ||
                   (item.kind == ScenarioKind::ScoutToSecondary &&
                    began_in({UnplannedFailoverCommitPendingStatesBegin}));
            break;
        case JobKind::CompleteMigration:
            fits =
                job.was_away && began_in({PlannedFailoverCommitRequired, PlannedFailoverStatesBegin,
                                          UnplannedFailoverCommitPendingStatesBegin,
                                          UnplannedFailoverCommitted, ReprotectFailed});
            break;
        default: break;
    }
    if (!fits) {
        return named(job) + " was begun in state " + std::string(name_of(job.state_before));
    }
    const bool may_meet_a_drill =
        job.kind == JobKind::TestFailoverCleanup || job.kind == JobKind::Resynchronize;
    if (job.drill_was_open && !may_meet_a_drill) return named(job) + " was begun during a drill";
    return {};
}

/// Whether an item may be in this state after a job of the kind has succeeded.
bool is_state_after(JobKind kind, ProtectionState state) {
    using enum ProtectionState;
    switch (kind) {
        case JobKind::Failover:
        case JobKind::PlannedFailover:
        case JobKind::Failback:
            return is_one_of(
                state, {PlannedFailoverCommitRequired, UnplannedFailoverCommitPendingStatesBegin});
        case JobKind::Commit:
            return is_one_of(state, {PlannedFailoverStatesBegin, UnplannedFailoverCommitted});
        case JobKind::FinalizeProtection:
        case JobKind::ReverseReplicate:
        case JobKind::CancelFailover: return state == Protected;
        case JobKind::DisableProtection:
        case JobKind::RemoveReplication: return state == UnprotectedStatesEnd;
        case JobKind::CompleteMigration: return state == MigrationComplete;
        default: return true;
    }
}

std::string unkept(const ItemSight& item, const JobSight& job) {
    if (!is_state_after(job.kind, item.protection)) return "the item is in another state";
    const bool replicates = item.forward_replicates || item.backward_replicates;
    switch (job.kind) {
        case JobKind::TestFailover:
            return item.machine(Test).exists ? "" : "there is no test machine";
        case JobKind::Failover:
        case JobKind::PlannedFailover:
        case JobKind::Failback:
            if (item.is_away == job.was_away) return "the item is where it was";
            if (!item.machine(item.is_away ? Recovery : Primary).exists) return "no machine exists";
            return replicates ? "the item is replicated still" : "";
        case JobKind::Commit:
            if (item.arrival_points <= 1) return {};
            return std::to_string(item.arrival_points) + " recovery points are listed";
        case JobKind::CompleteMigration:
        case JobKind::DisableProtection:
        case JobKind::RemoveReplication:
            return item.points > 0 ? "recovery points are listed still" : "";
        case JobKind::ReverseReplicate:
        case JobKind::CancelFailover:
            return (item.is_away ? item.backward_replicates : item.forward_replicates)
                       ? ""
                       : "the item is not replicated";
        case JobKind::PauseReplication: return item.is_paused ? "" : "replication goes on";
        case JobKind::ResumeReplication: return item.is_paused ? "replication stands still" : "";
        default: return {};
    }
}

/// C9
std::string promise_broken(const ItemSight& item) {
    if (!item.in_vault && (item.forward_replicates || item.backward_replicates)) {
        return "an item that is gone is replicated";
    }
    if (!item.last_job || item.last_job->state != JobState::Succeeded) return {};
    const std::string fault = unkept(item, *item.last_job);
    return fault.empty() ? "" : "after " + named(*item.last_job) + ": " + fault;
}

/// C10
std::string other_point(const ItemSight& item) {
    if (!item.last_job || !item.last_job->point || !item.last_job->best_point) return {};
    const JobSight& job = *item.last_job;
    if (*job.point >= *job.best_point) return {};
    return named(job) + " took the recovery point of " + time_text(*job.point) +
           ", and could have that of " + time_text(*job.best_point);
}

/// C11
std::string planned_loss(const ItemSight& item) {
    if (!item.last_job || !item.planned_loss || *item.planned_loss == Bytes(0)) return {};
    return named(*item.last_job) + " lost " + std::to_string(item.planned_loss->count()) + " bytes";
}

/// C12
std::string quota_exceeded(const ItemSight& item) {
    return item.over_quota;
}

/// S21
std::string drill_left_a_trace(const ItemSight& item) {
    if (!item.last_job || !is_drill(item.last_job->kind)) return {};
    const JobSight& job = *item.last_job;
    if (item.protection != job.state_before) {
        return "the item was in state " + std::string(name_of(job.state_before)) + " before it";
    }
    if (item.is_away != job.was_away) return "the item is active at the other location";
    const bool replicates = item.is_away ? item.backward_replicates : item.forward_replicates;
    if (item.protection == ProtectionState::Protected && !replicates) {
        return "replication has stopped";
    }
    if (item.source_stopped) return "the source was shut down";
    const MachineSight& test = item.machine(Test);
    if (job.kind == JobKind::TestFailover && test.exists && test.network != job.network) {
        return "the test machine is in network \"" + test.network + "\" and was asked for in \"" +
               job.network + "\"";
    }
    return {};
}

/// S27
std::string made_twice(const ItemSight& item) {
    for (const MachineInstance which : {Recovery, Test}) {
        if (!item.machine(which).made_twice) continue;
        return std::string("one job made two ") + (which == Test ? "test" : "failed over") +
               " machines";
    }
    return {};
}

/// S28
std::string cancellation_left_a_trace(const ItemSight& item) {
    if (!item.last_job) return {};
    const JobSight& job = *item.last_job;
    if (job.state != JobState::Cancelled && job.state != JobState::Failed) return {};
    if (item.source_stopped && !job.shut_source_down) {
        return "the source was shut down by " + named(job) + ", which never came to that";
    }
    const bool ends_replication = is_failover(job.kind) || job.kind == JobKind::EnableProtection;
    if (job.state == JobState::Cancelled && ends_replication &&
        (item.forward_replicates || item.backward_replicates)) {
        return "the item is replicated on after " + named(job);
    }
    return {};
}

/// S29
std::string running_is_overwritten(const ItemSight& item) {
    const MachineSight& away = item.machine(Recovery);
    const MachineSight& home = item.machine(Primary);
    const bool is_items = item.in_vault && item.owns_replica && !item.discards_replica;
    if (item.forward_replicates && is_items && away.runs && !away.by_hand) {
        return "the machine in Azure runs, and the item is replicated to it";
    }
    if (item.backward_replicates && home.runs && !home.by_hand) {
        return "the machine at home runs, and the item is replicated to it";
    }
    return {};
}

constexpr std::string_view kLife = "common.md 4.5";
constexpr std::string_view kLab = "replication-and-test-lab 2.1";

constexpr std::array kOracles = {
    ControlOracle{{"C1", "one active copy",
                   "Source and replica of an item do not both run, unless the failover left the "
                   "source on or somebody switched it on.",
                   kStateMachine},
                  two_copies_run},
    ControlOracle{
        {"C2", "one direction", "An item is replicated in one direction at a time.", kStateMachine},
        two_ways_at_once},
    ControlOracle{{"C3", "drills are cleaned up",
                   "A test machine exists while its drill is open, and no longer.", kDrills},
                  drill_left_behind},
    ControlOracle{{"C4", "no machine is left behind",
                   "A machine that Site Recovery made at the target is active, or can still become "
                   "so, or is being deleted.",
                   kStateMachine},
                  replica_left_behind},
    ControlOracle{
        {"C5", "quota is what exists",
         "What takes of a quota exists, or a job is about to make it; and the reverse.", kQuota},
        quota_taken},
    ControlOracle{
        {"C6", "meters end",
         "No meter runs for an item that is gone, or for a machine that does not exist.", kMeters},
        meter_runs_on},
    ControlOracle{{"C7", "no job hangs", "A job in progress waits for something that can come.",
                   "common.md 6"},
                  hangs},
    ControlOracle{{"C8", "operations in their order",
                   "An operation begins only in a state that the one before it leaves, and none "
                   "but its clean-up during a drill.",
                   kLife},
                  out_of_order},
    ControlOracle{
        {"C9", "jobs keep their promises",
         "What an operation is for is so when its job has succeeded; an item that is gone "
         "is not replicated.",
         kLife},
        promise_broken},
    ControlOracle{{"C10", "the point that was asked for",
                   "A failover or drill takes the newest recovery point of the kind that was asked "
                   "for.",
                   "SR/site-recovery-failover.md"},
                  other_point},
    ControlOracle{{"C11", "a planned failover loses nothing",
                   "Nothing was written to the source after the point of a planned failover.",
                   "replication-and-test-lab 2.1 S7, at any fidelity"},
                  planned_loss},
    ControlOracle{{"C12", "quota is kept",
                   "No region has more cores, cores of a family or interfaces in use than its "
                   "quota.",
                   kQuota},
                  quota_exceeded},
    ControlOracle{{"S21", "a drill changes nothing",
                   "A test failover and its clean-up leave state, direction, replication and "
                   "source as they were, and its machine is in the network that was named.",
                   kLab},
                  drill_left_a_trace},
    ControlOracle{
        {"S27", "machines are made once",
         "A job makes a machine at most once, however often it begins a task again.", kLab},
        made_twice},
    ControlOracle{{"S28", "cancelling leaves the source",
                   "A job that ends without success leaves the source on, unless it came to the "
                   "task that shuts it down, and replicates nothing on.",
                   kLab},
                  cancellation_left_a_trace},
    ControlOracle{{"S29", "nothing that runs is overwritten",
                   "An item is replicated to a side that does not run, unless somebody switched "
                   "that on.",
                   kLab},
                  running_is_overwritten},
};

}  // namespace

std::span<const ControlOracle> control_oracles() {
    return kOracles;
}

}  // namespace landfall::lab
