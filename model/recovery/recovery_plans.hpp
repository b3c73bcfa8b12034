// model/recovery/recovery_plans.hpp — the recovery plans of a vault: operations on them, and the
// jobs that carry these out.
//
// A part of SiteRecovery, which is the entrance. A plan runs one job at a time. Its job stands in
// the list of all jobs: it has a state, tasks (those of its run), and what may be done to it; jobs
// of machines name it as their parent. Like every job it survives the death of the orchestrator
// between any two effects.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "model/recovery/job.hpp"
#include "model/recovery/recovery_plan_job.hpp"

namespace landfall {

class SiteRecovery;

/// What a vault shows of a plan.
struct RecoveryPlanView {
    std::string state;  ///< of its machines, in words
    std::vector<Operation> allowed_operations;
    JobId current_job;  ///< none when idle
    JobId last_job;     ///< the latest, under way or over; none: it has had none
};

class RecoveryPlans : private PlanJobHost {
  public:
    RecoveryPlans(const Estate& estate, const Environment& environment, SiteRecovery& items);

    // --- What SiteRecovery passes on
    std::variant<JobId, Refusal> start(Operation operation, RecoveryPlanId plan,
                                       const OperationOptions& options);
    std::optional<std::string> cancel(JobId job);
    std::optional<std::string> restart(JobId job);
    std::optional<std::string> resume(JobId job, std::string_view comments);
    void down();
    void up();
    void on_timer(std::uint32_t number);
    void on_action_ended(const ActionEnded& event);
    /// The job of a machine, below one of a plan, has moved.
    void child_moved(JobId child);

    // --- Observation
    [[nodiscard]] RecoveryPlanView view(RecoveryPlanId plan) const;
    [[nodiscard]] std::vector<JobControl> allowed_controls(JobId job) const;
    /// What is kept of a plan's job.
    [[nodiscard]] const PlanJobRecord& record(JobId job) const { return jobs_.at(job)->record(); }
    /// The latest job of a plan, under way or over; none: it has had none.
    [[nodiscard]] JobId last_job(RecoveryPlanId plan) const { return plans_[plan.value].last_job; }
    /// All jobs of plans, in the order in which they were started.
    [[nodiscard]] std::vector<JobId> jobs() const;
    [[nodiscard]] std::size_t jobs_in_progress() const;
    /// Jobs that are not over and what they wait for, in words.
    [[nodiscard]] std::vector<std::string> waiting() const;

  private:
    struct Plan {
        JobId job;  ///< in progress; none when idle
        JobId last_job;
    };
    struct Timer {
        JobId job;
        PlanTimer what;
        std::uint64_t token;
    };

    void set_plan_timer(JobId job, PlanTimer what, std::uint64_t token, Instant at) override;
    [[nodiscard]] Refusal refusal(RecoveryPlanId plan, std::string why) const;
    [[nodiscard]] std::optional<std::string> obstacle(const PlanOperationRule& rule,
                                                      RecoveryPlanId plan,
                                                      const OperationOptions& options) const;
    [[nodiscard]] PlanRunOptions run_options(const PlanOperationRule& rule, RecoveryPlanId plan,
                                             const OperationOptions& options) const;
    void settle(RecoveryPlanJob& job);
    void set_state(RecoveryPlanJob& job, JobState state, std::string_view description);
    void end(RecoveryPlanJob& job, JobState state, std::string_view description);

    const Estate& estate_;
    Environment environment_;
    SiteRecovery& items_;
    std::vector<Plan> plans_;  ///< by plan
    std::map<JobId, std::unique_ptr<RecoveryPlanJob>> jobs_;
    std::vector<Timer> timers_;  ///< by number
};

}  // namespace landfall
