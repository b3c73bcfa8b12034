// sim/world/stepper.hpp — pauses a run at its pilot's goals.
#pragma once

#include <cstdint>
#include <functional>

#include "sim/world/steering.hpp"

namespace landfall::world {

class World;

class Stepper {
  public:
    /// Cues of this stepper carry `cue`. Without a pilot it does nothing. `end` is called once,
    /// when the pilot finishes (run on) or stops (end now).
    Stepper(Pilot* pilot, World& world, Cockpit& cockpit, std::uint32_t cue,
            std::function<void(Goal::Kind)> end)
        : pilot_(pilot), world_(world), cockpit_(cockpit), cue_(cue), end_(std::move(end)) {}

    /// Asks the pilot for the first goal at the first instant.
    void begin();
    /// Whether a pilot decides when the run ends.
    [[nodiscard]] bool is_steered() const { return pilot_ != nullptr; }
    /// Whether the next pause comes by itself, whatever happens before.
    [[nodiscard]] bool has_date() const { return goal_.at.has_value(); }

    /// Something about a machine, or about a job of it, has changed.
    void note_change();
    /// Something was written down.
    void note_news();
    /// The cue with this subject.
    void on_cue(std::uint32_t subject);
    /// Hands the run to the pilot now, for a reason of the run itself.
    void pause(PauseReason reason);

  private:
    [[nodiscard]] std::optional<PauseReason> met() const;
    void pause_soon();

    Pilot* pilot_;
    World& world_;
    Cockpit& cockpit_;
    std::uint32_t cue_;
    std::function<void(Goal::Kind)> end_;
    Goal goal_;
    std::uint32_t serial_ = 0;  ///< of the goal; cues of earlier ones are old
    bool is_due_ = false;       ///< a cue of this instant will pause
    bool run_ended_ = false;
};

}  // namespace landfall::world
