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
             Operator& carries_out, std::uint32_t cue);

    /// Schedules the entries that have a date.
    void start();
    /// A machine has reached a state: entries that waited for it are scheduled.
    void note_state(MachineId machine, std::string_view state);
    /// Carries out what the cue with this subject stands for; a problem if it is not allowed.
    std::optional<scenario::Problem> fire(std::uint32_t subject);

    [[nodiscard]] bool all_fired() const { return fired_ == steps_.size(); }
    [[nodiscard]] bool any_scheduled() const { return scheduled_ > fired_; }
    /// Share of the steps that were carried out, 0..1.
    [[nodiscard]] double progress() const;
    /// Steps that wait for a state, in words.
    [[nodiscard]] std::vector<std::string> waiting() const;

  private:
    /// One entry for one machine.
    struct Step {
        std::size_t entry;
        MachineId machine;
        bool scheduled = false;
    };

    void schedule(std::size_t step, Instant at);

    const scenario::Scenario& scenario_;
    const std::vector<scenario::ExpandedMachine>& machines_;
    World& world_;
    Operator& operator_;
    std::uint32_t cue_;
    std::vector<Step> steps_;                 ///< entry by entry
    std::vector<std::size_t> first_step_;     ///< per entry, and one past the last
    std::vector<std::vector<bool>> reached_;  ///< per entry and machine of it
    std::vector<std::size_t> reached_count_;
    std::size_t fired_ = 0;
    std::size_t scheduled_ = 0;
};

}  // namespace landfall::world
