// sim/world/timeline.hpp — carries out a scenario's timeline: at times, and when states are
// reached.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "model/recovery/site_recovery.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/problem.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/simulated_blocks.hpp"

namespace landfall::world {

class World;

/// What a power loss does to what was stored and not flushed, on either side.
struct StoreCrashes {
    std::function<void()> source;
    std::function<void()> replica;
};

class Timeline {
  public:
    /// Cues of this timeline carry `cue` and count their subjects from 0.
    Timeline(const scenario::Scenario& scenario,
             const std::vector<scenario::ExpandedMachine>& machines, World& world,
             SiteRecovery& logic, std::uint32_t cue, Estate& estate, SimulatedBlocks& blocks,
             StoreCrashes crashes);

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
    bool happens_by_itself(const scenario::TimelineEntry& entry, MachineId machine);
    [[nodiscard]] DiskId disk_named(MachineId machine, const std::string& name) const;

    const scenario::Scenario& scenario_;
    const std::vector<scenario::ExpandedMachine>& machines_;
    World& world_;
    SiteRecovery& logic_;
    std::uint32_t cue_;
    Estate& estate_;  ///< a disk that is resized changes it
    SimulatedBlocks& blocks_;
    StoreCrashes crashes_;
    std::vector<Step> steps_;                 ///< entry by entry
    std::vector<std::size_t> first_step_;     ///< per entry, and one past the last
    std::vector<std::vector<bool>> reached_;  ///< per entry and machine of it
    std::vector<std::size_t> reached_count_;
    std::size_t fired_ = 0;
    std::size_t scheduled_ = 0;
};

}  // namespace landfall::world
