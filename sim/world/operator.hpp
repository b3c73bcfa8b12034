// sim/world/operator.hpp — carries out one operation or event of the world on one machine.
//
// The timeline of a scenario and a run that is stepped from outside act through the same operator,
// so that the same operation at the same instant is the same run.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "model/recovery/site_recovery.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/simulated_blocks.hpp"

namespace landfall::world {

class World;

/// What a power loss does to what was stored and not flushed, on either side.
struct StoreCrashes {
    std::function<void()> source;
    std::function<void()> replica;
};

/// What became of it: a job, a refusal, or neither when an event of the world took place.
struct CarriedOut {
    std::optional<JobId> job;
    std::optional<Refusal> refusal;
};

class Operator {
  public:
    Operator(World& world, SiteRecovery& logic, Estate& estate, SimulatedBlocks& blocks,
             StoreCrashes crashes)
        : world_(world),
          logic_(logic),
          estate_(estate),
          blocks_(blocks),
          crashes_(std::move(crashes)) {}

    /// Requires a checked entry; its `at`, `when` and `machines` are of no consequence here.
    CarriedOut carry_out(const scenario::TimelineEntry& entry, MachineId machine);

  private:
    bool happens_by_itself(const scenario::TimelineEntry& entry, MachineId machine);
    [[nodiscard]] DiskId disk_named(MachineId machine, const std::string& name) const;

    World& world_;
    SiteRecovery& logic_;
    Estate& estate_;  ///< a disk that is resized changes it
    SimulatedBlocks& blocks_;
    StoreCrashes crashes_;
};

/// The operation of Site Recovery that an entry stands for. Requires that it is one.
Operation operation_of(scenario::Operation operation);

}  // namespace landfall::world
