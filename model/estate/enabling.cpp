// model/estate/enabling.cpp — discovery and the compatibility table, asked of one machine.
#include "model/estate/enabling.hpp"

#include <algorithm>

#include "model/estate/compatibility.hpp"
#include "model/estate/estate.hpp"

namespace landfall {

std::vector<Incompatibility> Estate::compatibility(MachineId id) const {
    const MachineFacts* facts = enabling.find(id);
    // A machine on its way back from Azure was protected long ago.
    if (facts == nullptr || machine(id).engine == ReplicationEngine::Failback) return {};
    MachineFacts own = *facts;
    own.name = machine(id).name;
    const std::size_t disks = std::min<std::size_t>(own.disks.size(), machine(id).disk_count);
    for (std::size_t k = 0; k < disks; ++k) {
        own.disks[k].size = disk(DiskId(machine(id).first_disk.value + k)).size;
    }
    return check_compatibility(own, machine(id).kind, profile);
}

std::vector<std::string> enabling_problems(const Estate& estate, MachineId machine, Instant now) {
    std::vector<std::string> problems;
    if (estate.enabling.find(machine) == nullptr) return problems;
    const Instant seen = estate.enabling.seen_at[estate.enabling.facts_of[machine.value]];
    if (now < seen) {
        problems.push_back(
            "the vault does not know the machine yet: discovery shows it " +
            (seen == Instant::never()
                 ? "never, for no server of its fabric is registered"
                 : "after " + std::to_string(seen.since_start().count() / kNanosecondsPerSecond) +
                       " s") +
            " (SR/vmware-azure-enable-replication.md)");
    }
    const SetupId mapping = estate.enabling.mappings[estate.enabling.facts_of[machine.value]];
    if (!mapping.is_none() && !estate.vault_setup.is_alive(mapping)) {
        problems.emplace_back(
            "its container is not mapped to a target by a policy "
            "(SR/hyper-v-azure-tutorial.md)");
    }
    for (const Incompatibility& reason : estate.compatibility(machine)) {
        problems.push_back(sentence(reason));
    }
    return problems;
}

}  // namespace landfall
