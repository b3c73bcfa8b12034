// sim/world/action_alarm.hpp — rings for the scripts of recovery plans through the run's calendar.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/world/simulated_automation.hpp"
#include "sim/world/world.hpp"

namespace landfall::world {

class ActionAlarm : public Alarm {
  public:
    /// Its cues carry `cue`.
    ActionAlarm(World& world, std::uint32_t cue) : world_(world), cue_(cue) {}

    [[nodiscard]] Instant now() const override { return world_.now(); }
    void ring(Instant at, std::uint64_t token) override {
        world_.schedule_cue(at, cue_, static_cast<std::uint32_t>(tokens_.size()));
        tokens_.push_back(token);
    }
    /// What the cue with this subject rings for.
    [[nodiscard]] std::uint64_t token_of(std::uint32_t subject) const { return tokens_[subject]; }

  private:
    World& world_;
    std::uint32_t cue_;
    std::vector<std::uint64_t> tokens_;
};

}  // namespace landfall::world
