// sim/faults/fault_schedule.hpp — begins and ends the faults of a scenario when their time comes.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/faults/coverage.hpp"
#include "sim/faults/injector.hpp"

namespace landfall::faults {

class FaultSchedule {
  public:
    /// Cues of this schedule carry `cue`. All outlive this.
    FaultSchedule(const scenario::Scenario& scenario, Injector& injector, Coverage& coverage,
                  world::World& world, std::uint32_t cue)
        : scenario_(scenario), injector_(injector), coverage_(coverage), world_(world), cue_(cue) {}

    void start();
    void on_cue(std::uint32_t subject);
    /// Whether faults are still to begin or to end.
    [[nodiscard]] bool any_left() const { return left_ > 0; }
    /// From when on everything is to come right again: as the scenario says, or when its last
    /// fault ends. Nothing in a scenario with neither.
    [[nodiscard]] std::optional<Instant> calm_from() const;

  private:
    const scenario::Scenario& scenario_;
    Injector& injector_;
    Coverage& coverage_;
    world::World& world_;
    std::uint32_t cue_;
    std::size_t left_ = 0;  ///< faults that are not over
};

}  // namespace landfall::faults
