// sim/world/steering.hpp — a run that somebody outside steps: where it pauses, and what can be done
// there.
//
// Simulated time stands while the pilot decides, and moves on only to the goal that it names. Laws:
// the pilot acts at an instant before all that happens by itself at it, as dated entries of a
// timeline do, so a script and a timeline of the same operations are the same run; a run without a
// pilot knows nothing of all this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/recovery/site_recovery.hpp"
#include "sim/record/recorder.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/operator.hpp"

namespace landfall::world {

/// Machines, or a recovery plan, that are in a state, or come into it.
struct AwaitedState {
    scenario::MachineState state = scenario::MachineState::Protected;
    std::vector<MachineId> machines;
    bool all = true;           ///< false: any of them
    RecoveryPlanId plan = {};  ///< then it is about this plan, and `plan_state` counts
    scenario::PlanState plan_state = scenario::PlanState::FailedOver;
};

/// What the pilot wants to happen next. The run pauses at the first of what is given.
struct Goal {
    enum class Kind : std::uint8_t {
        Pause,   ///< go on until one of the below
        Finish,  ///< go on without a pilot until the run's end
        Stop,    ///< end here
    };
    Kind kind = Kind::Pause;
    std::optional<Instant> at;  ///< not before now
    std::optional<JobId> job;   ///< it has ended, or waits for its user
    std::optional<AwaitedState> state;
    std::optional<std::size_t> news;  ///< more than so many reports have been written down
};

enum class PauseReason : std::uint8_t {
    Begin,         ///< nothing has happened yet
    Time,          ///< the goal's instant
    JobEnded,      ///< the goal's job
    StateReached,  ///< the goal's state
    News,          ///< something was written down: an event, or a job's start or end
    RunEnded,      ///< the scenario's duration is over: time does not go on
    NothingLeft,   ///< without anything done nothing more would happen, and the goal is not met
};

/// What the pilot sees and may do while time stands.
class Cockpit {
  public:
    virtual ~Cockpit() = default;
    [[nodiscard]] virtual const scenario::Scenario& scenario() const = 0;
    [[nodiscard]] virtual const std::vector<scenario::ExpandedMachine>& machines() const = 0;
    [[nodiscard]] virtual Instant now() const = 0;
    [[nodiscard]] virtual SiteRecovery& logic() = 0;
    [[nodiscard]] virtual const record::Recorder& records() const = 0;
    virtual LiveVault& vault() = 0;
    [[nodiscard]] virtual bool has_ended(JobId job) const = 0;
    [[nodiscard]] virtual bool has_reached(MachineId machine,
                                           scenario::MachineState state) const = 0;
    [[nodiscard]] virtual bool has_reached(RecoveryPlanId plan,
                                           scenario::PlanState state) const = 0;
    /// Carries out a checked entry on one machine (none: the service); its date and condition are
    /// of no consequence. A refusal is written down.
    virtual CarriedOut carry_out(const scenario::TimelineEntry& entry, MachineId machine) = 0;
    virtual CarriedOut carry_out(const scenario::TimelineEntry& entry, RecoveryPlanId plan) = 0;
    /// What would have to happen for the goal to be met, in words.
    [[nodiscard]] virtual std::vector<std::string> waiting() const = 0;
};

class Pilot {
  public:
    virtual ~Pilot() = default;
    /// Called at each pause; returns when time may go on.
    virtual Goal decide(PauseReason reason, Cockpit& cockpit) = 0;
};

}  // namespace landfall::world
