// sim/world/assembly.hpp — from a checked scenario to what a run is made of: estate, network,
// churn.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/estate/estate.hpp"
#include "sim/kernel/kernel.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/plan_facts.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/workload/block_writes.hpp"
#include "sim/workload/churn.hpp"
#include "sim/world/world.hpp"

namespace landfall::world {

/// One direction of a scenario's link and the upload channels that cross it.
struct LinkUse {
    std::string link;
    bool forward = true;
    std::vector<ChannelId> channels;
    LinkSchedule schedule;  ///< what it could carry
};

struct Assembly {
    std::vector<scenario::ExpandedMachine> machines;
    Estate estate;
    kernel::NetworkPlan network;
    std::vector<ScheduledLink> links;
    std::vector<LinkUse> link_uses;
    std::vector<std::unique_ptr<workload::ChurnSource>> churn;        ///< per disk
    std::vector<std::unique_ptr<workload::BlockWriteSource>> writes;  ///< per disk, in blocks
    std::vector<scenario::ActionFacts> actions;                       ///< by RecoveryActionId
};

/// Requires a scenario without problems and traces that were read.
Assembly assemble(const scenario::Scenario& scenario, std::uint64_t seed,
                  const workload::TraceStore& traces);

}  // namespace landfall::world
