// model/recovery/recovery_plan_job.hpp — one job of a recovery plan: what its run asks for is done
// by jobs of the items.
//
// A machine of a plan has one job for the whole run. It waits for the plan at its gates (job.hpp:
// JobGate), so that the plan decides when the source is shut down, when the machine fails over and
// when it starts, and nothing is done by two. How far the run is follows from how far these jobs
// are: they are looked at, never counted. Laws:
// - what is kept (PlanJobRecord) is enough to go on; the run in memory dies with the orchestrator;
// - a machine's job is restarted only by a restart of the plan's, and then once;
// - a job of a machine that waits at a gate of a plan that is over fails: nobody waits for ever.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "model/recovery/job.hpp"
#include "model/recovery/recovery_plan_rules.hpp"
#include "model/recovery/recovery_plan_run.hpp"

namespace landfall {

class SiteRecovery;

/// What a timer of a plan's job is about.
enum class PlanTimer : std::uint8_t {
    StepOver,
    Timeout,
    Look,  ///< at the jobs of its machines: one has moved
};

/// What a plan's job needs of whoever keeps it.
class PlanJobHost {
  public:
    virtual ~PlanJobHost() = default;
    /// Calls RecoveryPlanJob::on_timer at `at`, if the orchestrator lives.
    virtual void set_plan_timer(JobId job, PlanTimer what, std::uint64_t token, Instant at) = 0;
};

struct PlanJobRecord {
    /// The job of a machine, and at which attempt of the plan's job it was begun, or begun anew.
    struct Child {
        JobId job;
        std::uint16_t attempt = 0;
    };

    JobId job;
    RecoveryPlanId plan;
    const PlanOperationRule* rule = nullptr;  ///< never null
    RecoveryPlanRecord run;
    std::map<MachineId, Child> children;
};

class RecoveryPlanJob : private RecoveryPlanPort {
  public:
    /// Nothing happens before begin(). References outlive this.
    RecoveryPlanJob(const Estate& estate, const Environment& environment, SiteRecovery& items,
                    PlanJobHost& host, PlanJobRecord record);

    [[nodiscard]] const PlanJobRecord& record() const { return record_; }
    [[nodiscard]] const RecoveryPlan& plan() const { return estate_.plan(record_.plan); }
    [[nodiscard]] PlanRunState state() const { return record_.run.state; }
    [[nodiscard]] bool is_over() const;
    /// All that could go on waits for users of jobs below: a failback that is to be completed.
    [[nodiscard]] bool waits_below() const;
    /// The task that a user is waited for in; empty: none.
    [[nodiscard]] std::string waits_in() const;
    /// What failed first, and why; empty: nothing.
    [[nodiscard]] std::string cause() const;

    void begin();
    /// The orchestrator died; the next one goes on.
    void drop();
    void go_on();

    void on_timer(PlanTimer what, std::uint64_t token);
    void on_action_ended(const ActionEnded& event);
    /// A job of a machine has moved.
    void child_moved();

    std::optional<std::string> resume(std::string_view comments);
    std::optional<std::string> restart();
    std::optional<std::string> cancel();

  private:
    // RecoveryPlanPort
    [[nodiscard]] Instant now() const override { return environment_.clock.now(); }
    void run_step(PlanTaskKind step, std::uint64_t token) override;
    void synchronize(MachineId machine, std::uint64_t token) override;
    void shut_down(MachineId machine, std::uint64_t token) override;
    void fail_over(MachineId machine, const PlanRunOptions& options, std::uint64_t token) override;
    void start_machine(MachineId machine, std::uint64_t token) override;
    void operate(MachineId machine, std::uint64_t token) override;
    void run_action(const ActionRequest& request) override;
    void set_timeout(std::uint64_t token, Instant at) override;
    void wait_for_user(std::uint64_t token, const std::string& description) override;
    [[nodiscard]] RecoveredMachine recovered(MachineId machine) const override;
    void task_changed(const RecoveryPlanRun& run, PlanTaskIndex index) override;
    void state_changed(const RecoveryPlanRun& run) override;

    RecoveryPlanRun& run();
    void ask(MachineId machine, PlanTaskKind what, JobGate gate);
    bool give_job(MachineId machine);
    void look(MachineId machine, PlanTaskKind what);
    void look_at_all();
    void let_go();
    [[nodiscard]] const JobRecord* child_of(MachineId machine) const;

    const Estate& estate_;
    Environment environment_;
    SiteRecovery& items_;
    PlanJobHost& host_;
    PlanJobRecord record_;
    std::unique_ptr<RecoveryPlanRun> run_;  ///< null: nobody is at work
    bool looks_soon_ = false;
};

}  // namespace landfall
