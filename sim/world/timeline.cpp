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
        members.machines = machines_of(facts);
        members.reached.resize(members.machines.size());
        members.first_step = steps_.size();
        members.one_step = is_of_service(facts.operation) || facts.plan;
        if (members.one_step) {
            const auto plan = facts.plan ? plan_named(*facts.plan) : RecoveryPlanId();
            steps_.push_back({entry, MachineId(), plan});
        } else {
            for (const MachineId machine : members.machines) {
                steps_.push_back({entry, machine, RecoveryPlanId()});
            }
        }
        members.steps = steps_.size() - members.first_step;
        members_.push_back(std::move(members));
    }
}

RecoveryPlanId Timeline::plan_named(const std::string& name) const {
    const auto& plans = scenario_.recovery_plans;
    const auto found = std::find_if(plans.begin(), plans.end(),
                                    [&](const auto& plan) { return plan.name == name; });
    LANDFALL_CHECK(found != plans.end(), "a checked scenario names plans that exist");
    return RecoveryPlanId(static_cast<std::size_t>(found - plans.begin()));
}

std::vector<MachineId> Timeline::machines_of(const scenario::TimelineEntry& entry) const {
    if (!entry.plan) return scenario::select(machines_, entry.machines);
    std::vector<MachineId> all;
    for (const auto& group : scenario_.recovery_plans[plan_named(*entry.plan).value].groups) {
        const auto some = scenario::select(machines_, group.machines);
        all.insert(all.end(), some.begin(), some.end());
    }
    std::sort(all.begin(), all.end());
    return all;
}

std::string Timeline::name_of_target(const Step& step) const {
    if (!step.plan.is_none()) {
        return "recovery plan " + scenario_.recovery_plans[step.plan.value].name;
    }
    return step.machine.is_none() ? kNameOfService : machines_[step.machine.value].name;
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
        if (!when || when->plan) continue;
        if (members_[entry].reached_count == members_[entry].machines.size()) continue;
        const auto& machines = members_[entry].machines;
        const auto place = std::lower_bound(machines.begin(), machines.end(), machine);
        if (place == machines.end() || *place != machine) continue;
        const auto member = static_cast<std::size_t>(place - machines.begin());
        if (members_[entry].reached[member] || !has_reached(logic_, machine, when->state)) continue;
        schedule_reached(entry, member);
    }
}

void Timeline::note_change(RecoveryPlanId plan) {
    for (std::size_t entry = 0; entry < members_.size(); ++entry) {
        const auto& facts = scenario_.timeline[entry];
        if (!facts.when || !facts.when->plan || plan_named(*facts.when->plan) != plan) continue;
        if (!has_reached(logic_, plan, facts.when->plan_state)) continue;
        schedule_all(entry, world_.now() + facts.delay);
    }
}

void Timeline::schedule_all(std::size_t entry, Instant at) {
    const Members& members = members_[entry];
    for (std::size_t k = 0; k < members.steps; ++k) schedule(members.first_step + k, at);
}

/// A member has come to the state of its entry for the first time.
void Timeline::schedule_reached(std::size_t entry, std::size_t member) {
    Members& members = members_[entry];
    const auto& facts = scenario_.timeline[entry];
    members.reached[member] = true;
    ++members.reached_count;
    const Instant at = world_.now() + facts.delay;
    const bool all_have = members.reached_count == members.machines.size();
    // What is done to a plan waits for the last of its machines.
    if (facts.when->all || facts.plan) {
        if (all_have) schedule_all(entry, at);
    } else {
        schedule(members.first_step + (members.one_step ? 0 : member), at);
    }
}

std::optional<scenario::Problem> Timeline::fire(std::uint32_t subject) {
    const Step& step = steps_[subject];
    const auto& facts = scenario_.timeline[step.entry];
    ++fired_;
    const CarriedOut done = step.plan.is_none() ? operator_.carry_out(facts, step.machine)
                                                : operator_.carry_out(facts, step.plan);
    if (done.refusal && facts.refused != scenario::Refused::No) {
        note_refusal(record_, name_of_target(step), facts, *done.refusal);
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
    problem.found = "\"" + std::string(name_of(facts.operation)) + " of " + name_of_target(step) +
                    " at " + when + "\"";
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
        std::string state(when ? word_of(when->state) : "");
        if (when && when->plan) {
            state = std::string(word_of(when->plan_state)) + " of recovery plan " + *when->plan;
        }
        names.push_back(name_of_target(step) + ": timeline entry " + std::to_string(step.entry) +
                        " waits for state " + state);
    }
    return names;
}

}  // namespace landfall::world
