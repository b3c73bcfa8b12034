// sim/world/operator.hpp — carries out one operation or event of the world on one machine, or an
// operation on one recovery plan.
//
// The timeline of a scenario and a run that is stepped from outside act through the same operator,
// so that the same operation at the same instant is the same run.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/recovery/site_recovery.hpp"
#include "sim/faults/world_events.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/live_vault.hpp"

namespace landfall::world {

class World;

/// What became of it: a job, a refusal, or neither when an event of the world took place.
struct CarriedOut {
    std::optional<JobId> job;
    std::optional<Refusal> refusal;
};

class Operator {
  public:
    /// Cues of this operator carry `cue`: the ends of orchestrator outages.
    /// `draw`: what a power loss does to what was stored and not flushed.
    Operator(World& world, SiteRecovery& logic, const Estate& estate, faults::WorldEvents& events,
             LiveVault& vault, std::string_view vault_name, faults::Draw draw, std::uint32_t cue)
        : world_(world),
          logic_(logic),
          estate_(estate),
          events_(events),
          vault_(vault),
          vault_name_(vault_name),
          draw_(std::move(draw)),
          cue_(cue) {}

    /// Requires a checked entry; its `at`, `when` and `machines` are of no consequence here. The
    /// machine is none where the entry is about the service as a whole.
    CarriedOut carry_out(const scenario::TimelineEntry& entry, MachineId machine);
    /// The same on a recovery plan, or on its latest job.
    CarriedOut carry_out(const scenario::TimelineEntry& entry, RecoveryPlanId plan);
    void on_cue();

  private:
    bool happens_by_itself(const scenario::TimelineEntry& entry, MachineId machine);
    [[nodiscard]] MachineInstance switched_on(const scenario::TimelineEntry& entry,
                                              MachineId machine) const;
    CarriedOut delete_vault();
    CarriedOut control_job(const scenario::TimelineEntry& entry, MachineId machine);
    std::optional<std::string> control(const scenario::TimelineEntry& entry, JobId job);
    [[nodiscard]] OperationOptions options_of(const scenario::TimelineEntry& entry,
                                              MachineId machine) const;
    [[nodiscard]] bool is_of_whole_group(const scenario::TimelineEntry& entry,
                                         MachineId machine) const;
    [[nodiscard]] DiskId disk_named(MachineId machine, const std::string& name) const;

    World& world_;
    SiteRecovery& logic_;
    const Estate& estate_;
    faults::WorldEvents& events_;
    LiveVault& vault_;
    std::string_view vault_name_;
    faults::Draw draw_;
    std::uint32_t cue_;
};

/// What is refused to nobody's machine is refused by it.
inline const std::string kNameOfService = "the service";
/// Writes down that an operation was refused: a script that looks at a refusal and a timeline that
/// expects it leave the same trace.
void note_refusal(Observer& record, std::string_view machine, const scenario::TimelineEntry& entry,
                  const Refusal& refusal);
/// Whether the entry is about the service as a whole, and not about each machine.
bool is_of_service(scenario::Operation operation);
/// The operation of Site Recovery that an entry stands for. Requires that it is one of an item.
Operation operation_of(scenario::Operation operation);
/// What a scenario calls an operation, or what is done to a job, in Site Recovery's words.
std::string_view name_of(scenario::Operation operation);

}  // namespace landfall::world
