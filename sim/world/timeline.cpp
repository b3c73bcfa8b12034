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
                   const SiteRecovery& logic, Operator& carries_out, Observer& record,
                   std::uint32_t cue)
    : scenario_(scenario),
      machines_(machines),
      world_(world),
      logic_(logic),
      operator_(carries_out),
      record_(record),
      cue_(cue) {
    for (std::size_t entry = 0; entry < scenario.timeline.size(); ++entry) {
        const auto& facts = scenario.timeline[entry];
        Members members;
        members.machines = scenario::select(machines, facts.machines);
        members.reached.resize(members.machines.size());
        members.first_step = steps_.size();
        members.one_step = is_of_service(facts.operation);
        if (members.one_step) {
            steps_.push_back({entry, MachineId()});
        } else {
            for (const MachineId machine : members.machines) steps_.push_back({entry, machine});
        }
        members_.push_back(std::move(members));
    }
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

void Timeline::note_change(MachineId machine) {
    for (std::size_t entry = 0; entry < members_.size(); ++entry) {
        const auto& when = scenario_.timeline[entry].when;
        if (!when || members_[entry].reached_count == members_[entry].machines.size()) continue;
        const auto& machines = members_[entry].machines;
        const auto place = std::lower_bound(machines.begin(), machines.end(), machine);
        if (place == machines.end() || *place != machine) continue;
        const auto member = static_cast<std::size_t>(place - machines.begin());
        if (members_[entry].reached[member] || !has_reached(logic_, machine, when->state)) continue;
        schedule_reached(entry, member);
    }
}

/// A member has come to the state of its entry for the first time.
void Timeline::schedule_reached(std::size_t entry, std::size_t member) {
    Members& members = members_[entry];
    const auto& facts = scenario_.timeline[entry];
    members.reached[member] = true;
    ++members.reached_count;
    const Instant at = world_.now() + facts.delay;
    const bool all_have = members.reached_count == members.machines.size();
    if (!facts.when->all) {
        schedule(members.first_step + (members.one_step ? 0 : member), at);
    } else if (all_have) {
        const std::size_t steps = members.one_step ? 1 : members.machines.size();
        for (std::size_t k = 0; k < steps; ++k) schedule(members.first_step + k, at);
    }
}

std::optional<scenario::Problem> Timeline::fire(std::uint32_t subject) {
    const Step& step = steps_[subject];
    const auto& facts = scenario_.timeline[step.entry];
    ++fired_;
    const CarriedOut done = operator_.carry_out(facts, step.machine);
    if (done.refusal && facts.refused != scenario::Refused::No) {
        note_refusal(record_, machines_[step.machine.value].name, facts, *done.refusal);
        return std::nullopt;
    }
    if (!done.refusal && facts.refused != scenario::Refused::Yes) return std::nullopt;
    return problem_of(step, done);
}

scenario::Problem Timeline::problem_of(const Step& step, const CarriedOut& done) const {
    const std::string when = in_words(world_.now());
    const scenario::TimelineEntry& facts = scenario_.timeline[step.entry];
    scenario::Problem problem;
    problem.code = scenario::code::kNotAllowed;
    problem.pointer = "/timeline/" + std::to_string(step.entry);
    problem.found = "\"" + std::string(name_of(facts.operation)) + " of " +
                    machines_[step.machine.value].name + " at " + when + "\"";
    if (!done.refusal) {
        problem.pointer += "/refused";
        problem.message = "was to be refused, but was started at simulated time " + when;
        return problem;
    }
    problem.message = done.refusal->why + " at simulated time " + when;
    for (const Operation allowed : done.refusal->allowed) {
        problem.allowed.emplace_back(landfall::name_of(allowed));
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
        const std::string whose =
            step.machine.is_none() ? "the service" : machines_[step.machine.value].name;
        names.push_back(whose + ": timeline entry " + std::to_string(step.entry) +
                        " waits for state " + std::string(when ? word_of(when->state) : ""));
    }
    return names;
}

}  // namespace landfall::world
