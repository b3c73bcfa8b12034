// model/estate/enabling.cpp — discovery and the compatibility table, asked of one machine.
#include "model/estate/enabling.hpp"

#include <algorithm>

#include "model/estate/compatibility.hpp"
#include "model/estate/estate.hpp"

namespace landfall {

namespace {

std::optional<std::string> in_words(const std::optional<SetupRefusal>& refusal) {
    if (!refusal) return std::nullopt;
    return refusal->why + " (" + std::string(refusal->source) + ")";
}

}  // namespace

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

SetupId mapping_of(const Estate& estate, MachineId machine) {
    if (estate.enabling.find(machine) == nullptr) return {};
    return estate.enabling.mappings[estate.enabling.facts_of[machine.value]];
}

std::int64_t disks_to_protect(const Estate& estate, MachineId machine) {
    const Machine& facts = estate.machine(machine);
    std::int64_t disks = 0;
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        disks += estate.disk(DiskId(facts.first_disk.value + k)).replicated ? 1 : 0;
    }
    return disks;
}

std::optional<std::string> why_not_in_vault(const Estate& estate, MachineId machine) {
    const VaultSetup& vault = estate.vault_setup;
    if (vault.is_deleted()) return "the vault was deleted";
    const SetupId mapping = mapping_of(estate, machine);
    // A mapping that is gone is found by the check of prerequisites.
    if (mapping.is_none() || !vault.is_alive(mapping)) return std::nullopt;
    const std::string& name = estate.machine(machine).name;
    if (!vault.item_of(name, mapping).is_none()) return std::nullopt;  // an attempt is made again
    return in_words(vault.why_not_protect(name, mapping, disks_to_protect(estate, machine)));
}

std::optional<std::string> why_no_further_disk(const Estate& estate, MachineId machine) {
    const SetupId mapping = mapping_of(estate, machine);
    if (mapping.is_none()) return std::nullopt;
    return in_words(estate.vault_setup.why_not_disks(mapping, 1));
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
    const SetupId mapping = mapping_of(estate, machine);
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
