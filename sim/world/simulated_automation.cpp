// sim/world/simulated_automation.cpp — runs that end on time.
#include "sim/world/simulated_automation.hpp"

#include <algorithm>
#include <utility>

#include "sim/kernel/random_streams.hpp"

namespace landfall::world {

SimulatedAutomation::SimulatedAutomation(Alarm& alarm, std::vector<scenario::ActionFacts> actions,
                                         std::uint64_t seed)
    : alarm_(alarm), actions_(std::move(actions)), seed_(seed), runs_(actions_.size()) {}

bool SimulatedAutomation::draw_success(RecoveryActionId action) const {
    const scenario::ActionFacts& facts = actions_[action.value];
    if (!facts.succeeds) return false;
    const std::uint64_t stream = kernel::stream_seed(seed_, facts.name, "outcome");
    kernel::RandomStream draws(kernel::member_seed(stream, runs_[action.value]));
    return draws.uniform01() >= facts.failure_probability;
}

void SimulatedAutomation::run(const ActionRequest& request) {
    LANDFALL_CHECK(request.action.value < actions_.size(), "every action of a plan has its facts");
    LANDFALL_CHECK(actions_[request.action.value].takes, "every script takes its time");
    begin(request.token, request.action);
}

void SimulatedAutomation::tell_people(std::uint64_t token, RecoveryActionId action) {
    LANDFALL_CHECK(action.value < actions_.size(), "every action of a plan has its facts");
    if (actions_[action.value].takes) return begin(token, action);
    const bool is_known = std::any_of(deeds_.begin(), deeds_.end(),
                                      [&](const Deed& deed) { return deed.token == token; });
    if (!is_known) deeds_.push_back({token, action, alarm_.now()});
}

void SimulatedAutomation::begin(std::uint64_t token, RecoveryActionId action) {
    const auto known = by_token_.find(token);
    if (known != by_token_.end()) {
        // One that is under way rings when it ends.
        if (known->second.ends <= alarm_.now()) alarm_.ring(alarm_.now(), token);
        return;
    }
    const Instant ends = alarm_.now() + *actions_[action.value].takes;
    by_token_.insert({token, {ends, draw_success(action)}});
    deeds_.push_back({token, action, alarm_.now(), ends, by_token_.at(token).succeeds});
    ++runs_[action.value];
    latest_end_ = std::max(latest_end_, ends);
    alarm_.ring(ends, token);
}

bool SimulatedAutomation::is_busy() const {
    return latest_end_ > alarm_.now();
}

ActionEnded SimulatedAutomation::over(std::uint64_t token) const {
    const auto found = by_token_.find(token);
    LANDFALL_CHECK(found != by_token_.end(), "only what was run is over");
    const bool good = found->second.succeeds;
    return {token, good, good ? "" : "the action failed: it wrote to STDERR"};
}

}  // namespace landfall::world
