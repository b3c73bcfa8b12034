// sim/world/oracle_setup.cpp — machines and disks, as the oracles number them.
#include "sim/world/oracle_setup.hpp"

#include <algorithm>

#include "model/replication/engine_design.hpp"
#include "model/storage/recovery_points.hpp"

namespace landfall::world {

bool any_in_blocks(const Estate& estate) {
    return std::any_of(estate.machines.begin(), estate.machines.end(),
                       [](const Machine& machine) { return machine.fidelity == Fidelity::Block; });
}

lab::BoardSetup board_setup(const Estate& estate) {
    lab::BoardSetup setup;
    for (const Machine& machine : estate.machines) {
        setup.machines.push_back(
            {machine.name, machine.first_disk, machine.disk_count, machine.group.value});
        for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
            const Disk& disk = estate.disks[machine.first_disk.value + k];
            // At volume fidelity a disk has no sectors that could be looked at.
            const bool in_blocks = machine.fidelity == Fidelity::Block;
            const auto sectors = static_cast<std::uint64_t>(
                in_blocks ? disk.size.count() / machine.sector_size.count() : 0);
            setup.disks.push_back({disk.name, {sectors, machine.sector_size}});
        }
    }
    return setup;
}

lab::BoardOptions board_options(const Estate& estate) {
    struct Bounds {
        Duration all;     ///< every point younger than this is listed...
        Duration oldest;  ///< ...and none that is as old as this
    };
    std::vector<Bounds> bounds;
    for (const Machine& machine : estate.machines) {
        const Policy& policy = estate.policy(machine.policy);
        const auto tiers = retention_tiers(estate.profile, policy.retention);
        Duration all = tiers.empty() ? Duration(0) : tiers.front().until;
        // Set-up-Hyper-V-Replica.md: the newest point, and additional ones an hour apart.
        const bool hourly = design_of(machine.engine, estate.profile).hourly_points;
        if (hourly) all = std::min(all, policy.replication_interval);
        bounds.push_back({all, policy.retention});
    }
    lab::BoardOptions options;
    options.policy_acts_at_publication = true;
    options.inside_policy = [bounds](const PublishedPoint& point, Instant now) {
        return now - point.cut < bounds[point.machine.value].all;
    };
    options.past_policy = [bounds](const PublishedPoint& point, Instant newest) {
        return newest - point.cut >= bounds[point.machine.value].oldest;
    };
    return options;
}

}  // namespace landfall::world
