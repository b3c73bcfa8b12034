// sim/world/timeline.hpp — carries out a scenario's timeline: at times, and when states are
// reached.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/scenario/expand.hpp"
#include "sim/scenario/problem.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/operator.hpp"

namespace landfall::world {

class World;

class Timeline {
  public:
    /// Cues of this timeline carry `cue` and count their subjects from 0.
    Timeline(const scenario::Scenario& scenario,
             const std::vector<scenario::ExpandedMachine>& machines, World& world,
             const SiteRecovery& logic, Operator& carries_out, Observer& record, std::uint32_t cue);

    /// Schedules the entries that have a date.
    void start();
    /// Something about a machine has changed: entries that waited for its state are scheduled.
    void note_change(MachineId machine);
    /// A job of the plan has changed.
    void note_change(RecoveryPlanId plan);
    /// Carries out what the cue with this subject stands for; a problem if it is not allowed, or
    /// if it was expected not to be.
    std::optional<scenario::Problem> fire(std::uint32_t subject);

    [[nodiscard]] bool all_fired() const { return fired_ == steps_.size(); }
    [[nodiscard]] bool any_scheduled() const { return scheduled_ > fired_; }
    /// Share of the steps that were carried out, 0..1.
    [[nodiscard]] double progress() const;
    /// Steps that wait for a state, in words.
    [[nodiscard]] std::vector<std::string> waiting() const;

  private:
    /// One entry for one machine, for a recovery plan, or for the service as a whole.
    struct Step {
        std::size_t entry;
        MachineId machine;
        RecoveryPlanId plan;
        bool scheduled = false;
    };
    /// The machines that an entry is about, by rising id; those of its plan, if it has one.
    struct Members {
        std::vector<MachineId> machines;
        std::vector<bool> reached;  ///< whether each has come to the entry's state
        std::size_t reached_count = 0;
        std::size_t first_step = 0;
        std::size_t steps = 0;
        bool one_step = false;  ///< for all of them together
    };

    void schedule(std::size_t step, Instant at);
    void schedule_all(std::size_t entry, Instant at);
    void schedule_reached(std::size_t entry, std::size_t member);
    [[nodiscard]] RecoveryPlanId plan_named(const std::string& name) const;
    [[nodiscard]] std::vector<MachineId> machines_of(const scenario::TimelineEntry& entry) const;
    [[nodiscard]] std::string name_of_target(const Step& step) const;
    [[nodiscard]] scenario::Problem problem_of(const Step& step, const CarriedOut& done) const;

    const scenario::Scenario& scenario_;
    const std::vector<scenario::ExpandedMachine>& machines_;
    World& world_;
    const SiteRecovery& logic_;
    Operator& operator_;
    Observer& record_;
    std::uint32_t cue_;
    std::vector<Step> steps_;       ///< entry by entry, and machine by machine
    std::vector<Members> members_;  ///< entry by entry
    std::size_t fired_ = 0;
    std::size_t scheduled_ = 0;
};

}  // namespace landfall::world
