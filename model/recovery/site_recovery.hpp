// model/recovery/site_recovery.hpp — the service: protected items, their jobs, and the engine
// below.
//
// The one entrance to the logic: operations go in by `start`, events of the environment by `on`.
// An operation is a job of named tasks; an item runs one job at a time; what is not allowed in the
// item's state is refused with the state and with what is allowed. Whoever carries out the jobs
// (the orchestrator) may die between any two effects: replication goes on without it, and when it
// is back every job begins the task again that its record names (job.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "model/recovery/job.hpp"
#include "model/recovery/operations.hpp"
#include "model/recovery/protected_item.hpp"
#include "model/recovery/recovery_plans.hpp"
#include "model/replication/replication_pipeline.hpp"

namespace landfall {

class SiteRecovery : public EventSink, private ReplicationListener {
  public:
    SiteRecovery(const Estate& estate, Environment environment);

    // --- Operations
    /// Starts the job of `operation` on `machine`, or says why not. CancelFailover and
    /// FinalizeFailback answer with the job that they end or resume.
    std::variant<JobId, Refusal> start(Operation operation, MachineId machine,
                                       OperationOptions options = {});
    /// The same on the machines of a recovery plan: one job, with a job of each machine below it.
    std::variant<JobId, Refusal> start(Operation operation, RecoveryPlanId plan,
                                       const OperationOptions& options = {});
    // Of jobs of items and of plans alike. Each answers why not, or nothing.
    /// Ends a job that may be cancelled; what becomes of the item depends on the job.
    std::optional<std::string> cancel(JobId job);
    /// A failed job goes on from the task that failed.
    std::optional<std::string> restart(JobId job);
    /// Answers a job that waits for its user.
    std::optional<std::string> resume(JobId job, std::string_view comments);
    /// Opens the gates of a gated job up to this one.
    void release(JobId job, JobGate gate = JobGate::Start);
    /// Ends a job that waits at a gate which nobody is going to open.
    void fail_at_gate(JobId job, std::string_view cause);

    // --- What happens to the machines, and to the service
    /// Puts an unprotected item into Protected, its replica equal to the source now.
    void adopt_protected(MachineId machine);
    /// The source loses power; power_returned() when it is on again.
    void lose_power(MachineId machine);
    void power_returned(MachineId machine);
    /// Another disk is in the disk's place; or it has the size now that the estate says.
    void disk_replaced(DiskId disk);
    void disk_resized(DiskId disk);
    /// The replica's side of a machine crashes and recovers.
    void restart_replica(MachineId machine);
    // What goes wrong with what carries the data; `leg` is a machine or its way back.
    void agent_stopped(MachineId leg);
    void agent_started(MachineId leg);
    void cache_lost(ProcessServerId server);
    void cache_filled(ProcessServerId server, bool filled);
    void apply_logs_at(DiskId disk, BytesPerSecond rate) { engine_.apply_logs_at(disk, rate); }
    void app_consistency(MachineId leg, bool works) { engine_.app_consistency(leg, works); }
    /// The orchestrator dies; what it held in memory is gone.
    void orchestrator_down();
    void orchestrator_up();

    void on(const Event& event) override;
    /// Evaluates health and thresholds; call it every profile.health_interval.
    void evaluate_health() { engine_.evaluate_health(); }

    // --- Observation
    [[nodiscard]] ProtectionState protection_state(MachineId machine) const;
    [[nodiscard]] ProtectedItemView item(MachineId machine) const;
    [[nodiscard]] ItemView view_of(MachineId machine) const;
    [[nodiscard]] const Milestones& milestones(MachineId machine) const;
    [[nodiscard]] const ReplicationPipeline& engine() const { return engine_; }
    [[nodiscard]] const Estate& estate() const { return estate_; }
    /// The leg that carries, or would carry, the item's changes now.
    [[nodiscard]] MachineId active_leg(MachineId machine) const;
    /// Of the active leg; stopped where there is none.
    [[nodiscard]] DataPath data_path(MachineId machine) const;
    [[nodiscard]] const JobRecord& job(JobId id) const { return jobs_[id.value]; }
    [[nodiscard]] std::size_t jobs() const { return jobs_.size(); }
    [[nodiscard]] std::vector<JobControl> allowed_controls(JobId id) const;
    [[nodiscard]] const RecoveryPlans& plans() const { return plans_; }
    /// What a job that is not over waits for, in words; empty: for nothing, it will never end.
    [[nodiscard]] std::string_view waits_for(JobId id) const;
    /// The machine in Azure is of the item's present life, and not its user's.
    [[nodiscard]] bool owns_replica_machine(MachineId machine) const {
        return !at(machine).replica_by.is_none();
    }
    /// That machine is being deleted: nobody needs it.
    [[nodiscard]] bool discards_replica_machine(MachineId machine) const {
        return !at(machine).discarded_by.is_none();
    }
    /// Names of jobs in progress and the task each is in, for a run that got stuck.
    [[nodiscard]] std::vector<std::string> waiting() const;
    /// Jobs that are not over and do not wait for anybody, be it a user or their plan.
    [[nodiscard]] std::size_t jobs_in_progress() const;

  private:
    friend class RecoveryPlans;  // its jobs stand in the same list

    static constexpr std::uint32_t kAutomaticResyncTimer = ReplicationPipeline::kTimerKinds;
    /// The subject is the timer's number: one that outlives its task is of no consequence.
    static constexpr std::uint32_t kTaskTimer = ReplicationPipeline::kTimerKinds + 1;
    static constexpr std::uint32_t kPlanTimer = ReplicationPipeline::kTimerKinds + 2;
    static constexpr std::uint32_t kDiscardTimer = ReplicationPipeline::kTimerKinds + 3;
    /// The step of the token by which a job has its machine in Azure deleted after its end.
    static constexpr std::uint64_t kDiscardStep = 0xFF;
    /// And by which it has a machine shut down that it was about to start.
    static constexpr std::uint64_t kAbandonStep = 0xFE;

    /// What the orchestrator holds in memory of a job.
    struct Execution {
        std::uint32_t timer = 0;             ///< the one that counts; 0: none
        std::optional<std::uint64_t> token;  ///< of the effect that is waited for
    };
    struct Item {
        ProtectionState state = ProtectionState::UnprotectedStatesBegin;
        ActiveLocation active = ActiveLocation::Primary;
        TestFailoverState test = TestFailoverState::None;
        JobId job;       ///< in progress; none when idle
        JobId last_job;  ///< the one before
        bool copy_completed = false;
        bool primary_on = true;
        bool recovery_on = false;
        bool recovery_exists = false;  ///< the machine in Azure, on or off
        JobId replica_by;              ///< the job of this life that made it; none: its user's
        JobId discarded_by;            ///< the job that left it to be deleted; none: it stays
        Instant discard_due;           ///< of the next attempt; earlier timers are old
        Instant booted;                ///< the first boot of the machine that is active
        bool waiting_for_user = false;
        bool sync_possible = false;  ///< the last changes of the shut-down source can follow
        bool planned = false;        ///< how it was failed over
        Instant resync_due;          ///< of the automatic resynchronization; earlier timers are old
        std::optional<Instant> writes_until;    ///< the last write that the failover could lose
        std::optional<RecoveryPoint> promoted;  ///< the point that it was failed over to last
        Milestones milestones;
    };

    // ReplicationListener
    void copy_completed(MachineId leg) override;
    void recovery_point_published(MachineId leg, const RecoveryPoint& point) override;
    void resync_required(MachineId leg, std::string_view cause) override;

    // site_recovery.cpp: operations in
    [[nodiscard]] std::optional<std::string> unsupported_options(
        Operation operation, MachineId machine, const OperationOptions& options) const;
    [[nodiscard]] std::optional<std::string> obstacle(Operation operation, MachineId machine,
                                                      const OperationOptions& options) const;
    // site_recovery_limits.cpp
    [[nodiscard]] std::optional<std::string> group_obstacle(MachineId machine,
                                                            const OperationOptions& options) const;
    [[nodiscard]] std::optional<std::string> master_target_obstacle(MachineId machine) const;
    [[nodiscard]] Refusal refusal(MachineId machine, std::string why) const;
    JobId start_job(JobKind kind, MachineId machine, const OperationOptions& options);
    std::variant<JobId, Refusal> control_failover(Operation operation, MachineId machine);

    // site_recovery_disks.cpp: disks, process servers, pauses
    [[nodiscard]] std::optional<std::string> disk_obstacle(Operation operation, MachineId machine,
                                                           DiskId disk) const;
    [[nodiscard]] std::optional<std::string> server_obstacle(MachineId machine,
                                                             ProcessServerId server) const;
    [[nodiscard]] std::optional<std::string> pause_obstacle(Operation operation,
                                                            MachineId machine) const;
    bool change_replication(JobId id);

    // site_recovery_jobs.cpp: one task after the other
    void begin_task(JobId id, bool again = false);
    void wait_for(JobId id, Duration time);
    void request(JobId id, MachineInstance instance, MachineAction action, std::uint64_t step = 0);
    [[nodiscard]] MachineRequest request_of(JobId id, MachineInstance instance,
                                            MachineAction action, std::uint64_t token) const;
    void on_timer(TimerTag tag);
    void on_machine(const MachineActionEnded& event);
    void end_task(JobId id, TaskState state);
    void end_job(JobId id, JobState state, std::string_view cause);
    void leave_job(JobId id, JobState state, std::string_view cause);
    void fail_job(JobId id, std::string_view cause);
    void suspend(JobId id, std::string_view description);
    void tell_plan(JobId id);
    void succeed(MachineId machine, JobId id);
    void leave_failover(JobId id);
    [[nodiscard]] bool is_reverted(const JobRecord& failover) const;
    void source_is_back(MachineId machine);
    void fall_back(MachineId machine, const JobRecord& failed);
    [[nodiscard]] ProtectionState state_during(JobKind kind, const Item& item) const;

    // site_recovery_tasks.cpp: what tasks do
    void begin_action(JobId id, bool again);
    [[nodiscard]] Duration until_scheduled_copy(JobId id) const;
    void time_over(JobId id);
    void begin_shut_down(JobId id);
    void begin_synchronize(JobId id);
    void begin_create_replica(JobId id);
    [[nodiscard]] Duration making_time(const JobRecord& wanted) const;
    void begin_reverse(JobId id);
    void start_reverse(JobId id, MachineId leg);
    void begin_resync(JobId id, bool again);
    void replace_replica(JobId id);
    void machine_done(JobId id, const MachineActionEnded& event);
    void replica_runs(JobId id);
    void commit_points(JobId id);
    void remove_item(JobId id);
    void promote(JobId id, const RecoveryPoint& point, bool drained);

    // site_recovery_checks.cpp: what is asked before, and what is cleared away after
    [[nodiscard]] std::optional<std::string> why_not_enable(JobId id) const;
    [[nodiscard]] std::optional<std::string> why_not_fail_over(JobId id);
    [[nodiscard]] std::optional<std::string> why_not_reprotect(JobId id) const;
    [[nodiscard]] std::optional<std::string> why_not_go_on(JobId id) const;
    [[nodiscard]] std::optional<std::string> failed_check(JobId id);
    [[nodiscard]] std::optional<MachineInstance> made_by(const JobRecord& job) const;
    void give_back_room(JobId id);
    void discard_replica_machine(JobId by);
    void delete_discarded(MachineId machine);
    void on_discard_ended(const MachineActionEnded& event);
    void note_machine(const MachineActionEnded& event);
    void note_console(const MachineActionEnded& event);

    void enter(MachineId machine, ProtectionState state);
    void enter_test(MachineId machine, TestFailoverState state);
    void maybe_finalize(MachineId machine);
    void schedule_resync(MachineId machine);
    void answer_resync(MachineId machine, std::string_view cause);
    [[nodiscard]] bool is_in(MachineId machine, TaskAction action) const;
    [[nodiscard]] std::optional<RecoveryPoint> usable_point(const JobRecord& job) const;
    [[nodiscard]] Bytes written_between(MachineId leg, Instant from, Instant to);
    [[nodiscard]] MachineInstance source_of(MachineId machine) const;
    [[nodiscard]] MachineInstance target_of(MachineId machine) const;
    [[nodiscard]] bool& is_on(MachineId machine, MachineInstance instance);
    [[nodiscard]] bool can_shut_down(MachineId machine) const;
    [[nodiscard]] MachineId item_of(MachineId leg) const;
    /// Of a machine that was failed over: the leg that brought it where it is, whose points it has.
    [[nodiscard]] MachineId arrival_leg(MachineId machine) const;

    Item& at(MachineId machine) { return items_[machine.value]; }
    [[nodiscard]] const Item& at(MachineId machine) const { return items_[machine.value]; }
    JobRecord& record(JobId id) { return jobs_[id.value]; }

    const Estate& estate_;
    Environment environment_;
    std::vector<Item> items_;
    std::vector<JobRecord> jobs_;
    std::vector<Execution> executions_;    ///< by job
    std::vector<JobId> job_of_timer_;      ///< by timer number
    std::set<std::uint64_t> carried_out_;  ///< tokens of machine actions that were told
    bool up_ = true;
    ReplicationPipeline engine_;
    RecoveryPlans plans_;
};

}  // namespace landfall
