// sim/world/timeline.cpp — steps of the timeline, one per entry and machine.
#include "sim/world/timeline.hpp"

#include <algorithm>
#include <string>

#include "sim/world/machine_states.hpp"
#include "sim/world/world.hpp"

namespace landfall::world {

namespace {

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
                   Operator& carries_out, std::uint32_t cue)
    : scenario_(scenario), machines_(machines), world_(world), operator_(carries_out), cue_(cue) {
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
    const auto subject = static_cast<std::uint32_t>(step);
    // At an instant that is known before it comes, the operator acts before all else happens.
    if (scenario_.timeline[steps_[step].entry].at || at > world_.now()) {
        world_.schedule_cue_first(at, cue_, subject);
    } else {
        world_.schedule_cue(at, cue_, subject);
    }
}

void Timeline::note_state(MachineId machine, std::string_view state) {
    for (std::size_t entry = 0; entry < scenario_.timeline.size(); ++entry) {
        const auto& facts = scenario_.timeline[entry];
        if (!facts.when || reached_by(facts.when->state) != state) continue;
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
    const CarriedOut done = operator_.carry_out(facts, step.machine);
    if (!done.refusal) return std::nullopt;
    scenario::Problem problem;
    problem.code = scenario::code::kNotAllowed;
    problem.pointer = "/timeline/" + std::to_string(step.entry);
    problem.found = "\"" + std::string(name_of(operation_of(facts.operation))) + " of " +
                    machines_[step.machine.value].name + " at " + in_words(world_.now()) + "\"";
    problem.message = done.refusal->why + " at simulated time " + in_words(world_.now());
    for (const Operation allowed : done.refusal->allowed) {
        problem.allowed.emplace_back(name_of(allowed));
    }
    return problem;
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
