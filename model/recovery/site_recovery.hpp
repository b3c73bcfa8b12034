// model/recovery/site_recovery.hpp — the service: protected items, their jobs, and the engine
// below.
//
// The one entrance to the logic: operations go in by `start`, events of the environment by `on`.
// An operation is a job of named tasks; an item runs one job at a time; what is not allowed in the
// item's state is refused with the state and with what is allowed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "model/recovery/job_plan.hpp"
#include "model/recovery/operations.hpp"
#include "model/replication/replication_pipeline.hpp"

namespace landfall {

/// Which recovery point a failover uses (SR/site-recovery-failover.md).
enum class RecoveryPointChoice : std::uint8_t {
    Latest,           ///< process all that was sent, then the newest: least loss, longest time
    LatestProcessed,  ///< the newest that is already processed: shortest time
};

struct OperationOptions {
    bool shut_down_source = true;
    RecoveryPointChoice recovery_point = RecoveryPointChoice::Latest;
};

/// Why an operation did not start.
struct Refusal {
    ProtectionState state;
    std::vector<Operation> allowed;
    std::string why;
};

/// The dates of one item's migration; absent ones have not happened.
struct Milestones {
    std::optional<Instant> enable_started;
    std::optional<Instant> copy_completed;
    std::optional<Instant> protected_since;
    std::optional<Instant> failover_started;
    std::optional<Instant> source_down;   ///< users lost the source
    std::optional<Instant> writes_until;  ///< the last write that could be lost
    std::optional<Instant> replica_running;
    std::optional<Instant> migrated;
    std::optional<Instant> replication_ended;
    std::optional<RecoveryPoint> failed_over_to;
    std::optional<Bytes> data_loss;  ///< written after the point that was failed over to
};

class SiteRecovery : public EventSink, private ReplicationListener {
  public:
    SiteRecovery(const Estate& estate, Environment environment);

    /// Starts the job of `operation` on `machine`, or says why not.
    std::variant<JobId, Refusal> start(Operation operation, MachineId machine,
                                       OperationOptions options = {});
    /// Puts an unprotected item into Protected, its replica equal to the source now.
    void adopt_protected(MachineId machine);
    /// The source loses power; it boots again.
    void lose_power(MachineId machine);
    void power_returned(MachineId machine);

    /// Another disk is in the disk's place; or it has the size now that the estate says.
    void disk_replaced(DiskId disk);
    void disk_resized(DiskId disk);
    /// The replica's side of a machine crashes and recovers.
    void restart_replica(MachineId machine);

    void on(const Event& event) override;
    /// Evaluates health and thresholds; call it every profile.health_interval.
    void evaluate_health() { engine_.evaluate_health(); }

    [[nodiscard]] ProtectionState protection_state(MachineId machine) const;
    /// What the tables of operations judge the item by.
    [[nodiscard]] ItemView view_of(MachineId machine) const;
    [[nodiscard]] const Milestones& milestones(MachineId machine) const;
    [[nodiscard]] const ReplicationPipeline& engine() const { return engine_; }
    /// Names of jobs in progress and the task each is in, for a run that got stuck.
    [[nodiscard]] std::vector<std::string> waiting() const;
    [[nodiscard]] std::size_t jobs_in_progress() const { return jobs_in_progress_; }

  private:
    static constexpr std::uint32_t kAutomaticResyncTimer = ReplicationPipeline::kTimerKinds;
    /// And the ordinal of the task: a timer that outlives its task is of no consequence.
    static constexpr std::uint32_t kTaskTimer = ReplicationPipeline::kTimerKinds + 1;

    struct Job {
        JobKind kind;
        MachineId machine;
        OperationOptions options;
        std::size_t task = 0;
        bool ended = false;
        bool task_timed = false;  ///< the task's time is running
        Instant task_started;
        ProtectionState return_to;  ///< where the item goes when the job fails
    };
    struct Item {
        ProtectionState state = ProtectionState::UnprotectedStatesBegin;
        JobId job;  ///< in progress; none when idle
        bool copy_completed = false;
        bool source_off = false;     ///< shut down, and nobody starts it again
        Instant resync_due;          ///< of the automatic resynchronization; earlier timers are old
        bool sync_possible = false;  ///< the last changes of the shut-down source can follow
        Milestones milestones;
    };

    // ReplicationListener
    void copy_completed(MachineId machine) override;
    void recovery_point_published(MachineId machine, const RecoveryPoint& point) override;
    void resync_required(MachineId machine, std::string_view cause) override;

    JobId start_job(JobKind kind, MachineId machine, OperationOptions options);
    void begin_task(JobId job);
    void task_time_over(JobId job);
    void end_task(JobId job, std::string_view state);
    void end_job(JobId job, std::string_view state, std::string_view cause);
    void fail_job(JobId job, std::string_view cause);
    void cancel_job(JobId job, std::string_view cause);
    void leave_job(JobId job, std::string_view state, std::string_view cause);
    [[nodiscard]] std::optional<std::string> obstacle(Operation operation, MachineId machine,
                                                      const OperationOptions& options) const;
    [[nodiscard]] std::optional<RecoveryPoint> usable_point(const Job& failover) const;
    void wait_for(JobId job, Duration time);
    void enter(MachineId machine, ProtectionState state);
    void maybe_finalize(MachineId machine);
    void schedule_resync(MachineId machine);

    void request(JobId job, MachineInstance instance, MachineAction action);
    void machine_action_ended(const MachineActionEnded& ended);
    [[nodiscard]] std::uint64_t token_of(JobId job) const;
    void begin_shut_down(JobId job);
    void begin_synchronize(JobId job);
    void begin_create_replica(JobId job);
    void source_shut_down(MachineId machine);
    void remove_item(JobId job);
    [[nodiscard]] const TaskRow& current_task(const Job& job) const;
    [[nodiscard]] bool is_in(MachineId machine, TaskAction action) const;
    [[nodiscard]] Bytes written_between(MachineId machine, Instant from, Instant to);

    Item& item(MachineId machine) { return items_[machine.value]; }
    Job& job(JobId id) { return jobs_[id.value]; }

    const Estate& estate_;
    Environment environment_;
    std::vector<Item> items_;
    std::vector<Job> jobs_;
    std::size_t jobs_in_progress_ = 0;
    ReplicationPipeline engine_;
};

}  // namespace landfall
