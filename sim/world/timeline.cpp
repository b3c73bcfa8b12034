// sim/world/timeline.cpp — steps of the timeline, one per entry and machine.
#include "sim/world/timeline.hpp"

#include <algorithm>
#include <string>

#include "sim/world/world.hpp"

namespace landfall::world {

namespace {

std::string_view state_name(scenario::MachineState state) {
    switch (state) {
        case scenario::MachineState::Protected: return name_of(ProtectionState::Protected);
        case scenario::MachineState::FailedOver:
            return name_of(ProtectionState::UnplannedFailoverCommitPendingStatesBegin);
        case scenario::MachineState::Committed:
            return name_of(ProtectionState::UnplannedFailoverCommitted);
        case scenario::MachineState::Migrated: return name_of(ProtectionState::MigrationComplete);
    }
    return "";
}

/// The word that a scenario file has for a state.
std::string_view word_of(scenario::MachineState state) {
    switch (state) {
        case scenario::MachineState::Protected: return "protected";
        case scenario::MachineState::FailedOver: return "failed_over";
        case scenario::MachineState::Committed: return "committed";
        case scenario::MachineState::Migrated: return "migrated";
    }
    return "";
}

Operation operation_of(scenario::Operation operation) {
    switch (operation) {
        case scenario::Operation::EnableReplication: return Operation::EnableReplication;
        case scenario::Operation::Failover: return Operation::UnplannedFailover;
        case scenario::Operation::Commit: return Operation::Commit;
        case scenario::Operation::CompleteMigration: return Operation::CompleteMigration;
        case scenario::Operation::DisableReplication: return Operation::DisableProtection;
        case scenario::Operation::Resynchronize: return Operation::RepairReplication;
        case scenario::Operation::PowerOff:
        case scenario::Operation::ResizeDisk:
        case scenario::Operation::ReplaceDisk:
        case scenario::Operation::RestartTarget: break;
    }
    LANDFALL_CHECK(false, "a power loss is not an operation");
    return Operation::EnableReplication;
}

std::string in_words(Instant at) {
    const std::int64_t total = at.since_start().count() / kNanosecondsPerSecond;
    const auto two = [](std::int64_t value) {
        return (value < 10 ? "0" : "") + std::to_string(value);
    };
    return std::to_string(total / 86400) + " d " + two(total / 3600 % 24) + ":" +
           two(total / 60 % 60) + ":" + two(total % 60);
}

}  // namespace

Timeline::Timeline(const scenario::Scenario& scenario,
                   const std::vector<scenario::ExpandedMachine>& machines, World& world,
                   SiteRecovery& logic, std::uint32_t cue, Estate& estate, SimulatedBlocks& blocks,
                   StoreCrashes crashes)
    : scenario_(scenario),
      machines_(machines),
      world_(world),
      logic_(logic),
      cue_(cue),
      estate_(estate),
      blocks_(blocks),
      crashes_(std::move(crashes)) {
    for (std::size_t entry = 0; entry < scenario.timeline.size(); ++entry) {
        first_step_.push_back(steps_.size());
        const auto selected = scenario::select(machines, scenario.timeline[entry].machines);
        for (const MachineId machine : selected) steps_.push_back({entry, machine});
        reached_.emplace_back(selected.size());
        reached_count_.push_back(0);
    }
    first_step_.push_back(steps_.size());
}

void Timeline::start() {
    for (std::size_t step = 0; step < steps_.size(); ++step) {
        const auto& at = scenario_.timeline[steps_[step].entry].at;
        if (at) schedule(step, *at);
    }
}

void Timeline::schedule(std::size_t step, Instant at) {
    if (steps_[step].scheduled) return;
    steps_[step].scheduled = true;
    ++scheduled_;
    world_.schedule_cue(at, cue_, static_cast<std::uint32_t>(step));
}

void Timeline::note_state(MachineId machine, std::string_view state) {
    for (std::size_t entry = 0; entry < scenario_.timeline.size(); ++entry) {
        const auto& facts = scenario_.timeline[entry];
        if (!facts.when || state_name(facts.when->state) != state) continue;
        const Instant at = world_.now() + facts.delay;
        const std::size_t first = first_step_[entry];
        const std::size_t count = first_step_[entry + 1] - first;
        const auto begin = steps_.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = begin + static_cast<std::ptrdiff_t>(count);
        const auto step = std::lower_bound(
            begin, end, machine, [](const Step& a, MachineId b) { return a.machine < b; });
        if (step == end || step->machine != machine) continue;
        const auto k = static_cast<std::size_t>(step - begin);
        if (reached_[entry][k]) continue;
        reached_[entry][k] = true;
        ++reached_count_[entry];
        if (!facts.when->all) schedule(first + k, at);
        if (facts.when->all && reached_count_[entry] == count) {
            for (std::size_t k = 0; k < count; ++k) schedule(first + k, at);
        }
    }
}

std::optional<scenario::Problem> Timeline::fire(std::uint32_t subject) {
    const Step& step = steps_[subject];
    const auto& facts = scenario_.timeline[step.entry];
    ++fired_;
    if (happens_by_itself(facts, step.machine)) return std::nullopt;
    OperationOptions options;
    options.shut_down_source = facts.shut_down_source;
    options.recovery_point =
        facts.latest_processed ? RecoveryPointChoice::LatestProcessed : RecoveryPointChoice::Latest;
    const Operation operation = operation_of(facts.operation);
    const auto outcome = logic_.start(operation, step.machine, options);
    const auto* refusal = std::get_if<Refusal>(&outcome);
    if (refusal == nullptr) return std::nullopt;
    scenario::Problem problem;
    problem.code = scenario::code::kNotAllowed;
    problem.pointer = "/timeline/" + std::to_string(step.entry);
    problem.found = "\"" + std::string(name_of(operation)) + " of " +
                    machines_[step.machine.value].name + " at " + in_words(world_.now()) + "\"";
    problem.message = refusal->why + " at simulated time " + in_words(world_.now());
    for (const Operation allowed : refusal->allowed) {
        problem.allowed.emplace_back(name_of(allowed));
    }
    return problem;
}

/// Carries out an event of the world; false if the entry is an operation.
bool Timeline::happens_by_itself(const scenario::TimelineEntry& entry, MachineId machine) {
    switch (entry.operation) {
        case scenario::Operation::PowerOff:
            logic_.lose_power(machine);
            crashes_.source();
            logic_.power_returned(machine);
            return true;
        case scenario::Operation::RestartTarget:
            crashes_.replica();
            logic_.restart_replica(machine);
            return true;
        case scenario::Operation::ReplaceDisk: {
            const DiskId disk = disk_named(machine, *entry.disk);
            if (blocks_.has(disk)) blocks_.replace(disk, world_.now());
            logic_.disk_replaced(disk);
            return true;
        }
        case scenario::Operation::ResizeDisk: {
            const DiskId disk = disk_named(machine, *entry.disk);
            estate_.disks[disk.value].size = *entry.size;
            if (blocks_.has(disk)) blocks_.resize(disk);
            logic_.disk_resized(disk);
            return true;
        }
        default: return false;
    }
}

DiskId Timeline::disk_named(MachineId id, const std::string& name) const {
    const Machine& machine = estate_.machine(id);
    for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
        const DiskId disk(machine.first_disk.value + k);
        if (estate_.disk(disk).name == name) return disk;
    }
    LANDFALL_CHECK(false, "a checked scenario names disks that exist");
    return DiskId();
}

double Timeline::progress() const {
    return steps_.empty() ? 1.0 : static_cast<double>(fired_) / static_cast<double>(steps_.size());
}

std::vector<std::string> Timeline::waiting() const {
    std::vector<std::string> names;
    for (const Step& step : steps_) {
        if (step.scheduled) continue;
        const auto& when = scenario_.timeline[step.entry].when;
        names.push_back(machines_[step.machine.value].name + ": timeline entry " +
                        std::to_string(step.entry) + " waits for state " +
                        std::string(when ? word_of(when->state) : ""));
    }
    return names;
}

}  // namespace landfall::world
