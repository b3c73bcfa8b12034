// sim/world/simulated_automation.cpp — runs that end on time.
#include "sim/world/simulated_automation.hpp"

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
    const auto known = by_token_.find(request.token);
    if (known != by_token_.end()) {
        // One that is under way rings when it ends.
        if (known->second.ends <= alarm_.now()) alarm_.ring(alarm_.now(), request.token);
        return;
    }
    LANDFALL_CHECK(request.action.value < actions_.size(), "every action of a plan has its facts");
    const scenario::ActionFacts& facts = actions_[request.action.value];
    LANDFALL_CHECK(facts.takes, "a manual action is no matter of automation");
    const Instant ends = alarm_.now() + *facts.takes;
    by_token_.insert({request.token, {ends, draw_success(request.action)}});
    ++runs_[request.action.value];
    alarm_.ring(ends, request.token);
}

ActionEnded SimulatedAutomation::over(std::uint64_t token) const {
    const auto found = by_token_.find(token);
    LANDFALL_CHECK(found != by_token_.end(), "only what was run is over");
    const bool good = found->second.succeeds;
    return {token, good, good ? "" : "the action failed: it wrote to STDERR"};
}

Instant SimulatedAutomation::manual_action_done(RecoveryActionId action) const {
    const std::optional<Duration>& takes = actions_[action.value].takes;
    return takes ? alarm_.now() + *takes : Instant::never();
}

}  // namespace landfall::world
