// sim/world/target_room.cpp — room held, taken and given back.
#include "sim/world/target_room.hpp"

namespace landfall::world {

namespace {

TargetInstance as_target(MachineInstance instance) {
    return instance == MachineInstance::Test ? TargetInstance::Test : TargetInstance::Recovery;
}

std::vector<std::string> sentences(const Fit& fit) {
    std::vector<std::string> reasons;
    for (const TargetProblem& problem : fit.problems) reasons.push_back(sentence(problem));
    return reasons;
}

}  // namespace

TargetRoom::TargetRoom(const Estate& estate)
    : estate_(estate),
      capacity_(estate.target, estate.profile),
      known_(estate.target.regions.size()) {}

bool TargetRoom::counts(MachineId machine) const {
    const TargetSettings* const settings = estate_.target.find(machine);
    return settings != nullptr && settings->region.has_value();
}

/// The source takes nothing there, nor does what is made at its site.
bool TargetRoom::is_at_target(const MachineRequest& request) const {
    return request.instance != MachineInstance::Primary && !request.at_source &&
           counts(request.machine);
}

std::vector<std::string> TargetRoom::hold(const MachineRequest& request, Instant now) {
    const auto [machine, instance] = Key(request.machine, request.instance);
    if (!is_at_target(request)) return {};
    const bool had = has_room(machine, instance);
    Fit fit = capacity_.create(machine, as_target(instance), request.network);
    if (!fit.fits()) return sentences(fit);
    if (request.hydrate) {
        fit = capacity_.create(machine, TargetInstance::Helper);
        if (!fit.fits()) {
            if (!had) capacity_.remove(machine, as_target(instance));
            return sentences(fit);
        }
    }
    claims_[{machine, instance}].held = true;
    note(machine, now);
    return {};
}

std::vector<std::string> TargetRoom::created(const MachineRequest& request, Instant now) {
    const auto [machine, instance] = Key(request.machine, request.instance);
    if (!is_at_target(request)) return {};
    const Fit fit = capacity_.create(machine, as_target(instance), request.network);
    if (!fit.fits()) return sentences(fit);
    claims_[{machine, instance}] = {.held = false, .exists = true};
    capacity_.remove(machine, TargetInstance::Helper);
    note(machine, now);
    return {};
}

void TargetRoom::deleted(MachineId machine, MachineInstance instance, Instant now) {
    const auto claim = claims_.find({machine, instance});
    if (claim == claims_.end()) return;
    claim->second.exists = false;
    let_go(machine, instance);
    note(machine, now);
}

void TargetRoom::give_back(MachineId machine, MachineInstance instance, Instant now) {
    const auto claim = claims_.find({machine, instance});
    if (claim == claims_.end()) return;
    claim->second.held = false;
    capacity_.remove(machine, TargetInstance::Helper);
    let_go(machine, instance);
    note(machine, now);
}

void TargetRoom::let_go(MachineId machine, MachineInstance instance) {
    const Claim& claim = claims_[{machine, instance}];
    if (claim.held || claim.exists) return;
    capacity_.remove(machine, as_target(instance));
    claims_.erase({machine, instance});
}

bool TargetRoom::has_room(MachineId machine, MachineInstance instance) const {
    return placement(machine, instance) != nullptr;
}

bool TargetRoom::is_held(MachineId machine, MachineInstance instance) const {
    const auto claim = claims_.find({machine, instance});
    return claim != claims_.end() && claim->second.held;
}

const Placement* TargetRoom::placement(MachineId machine, MachineInstance instance) const {
    if (instance == MachineInstance::Primary) return nullptr;
    return capacity_.find(machine, as_target(instance));
}

void TargetRoom::note(MachineId machine, Instant now) {
    const std::uint32_t region = *estate_.target.find(machine)->region;
    const TargetUse& use = capacity_.use(region);
    if (use == known_[region]) return;
    known_[region] = use;
    // Of several changes at one instant the last one counts.
    if (!steps_.empty() && steps_.back().at == now && steps_.back().region == region) {
        steps_.back().use = use;
        return;
    }
    steps_.push_back({now, region, use});
}

}  // namespace landfall::world
