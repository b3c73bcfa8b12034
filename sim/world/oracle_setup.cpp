// sim/world/oracle_setup.cpp — machines and disks, as the oracles number them.
#include "sim/world/oracle_setup.hpp"

#include <algorithm>

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

}  // namespace landfall::world
