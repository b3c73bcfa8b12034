// model/estate/enabling.hpp — what "Prerequisites check" asks before a machine is protected: is it
// known to the vault, and can it be protected at all.
//
// Machines that are alike share their facts. An estate without facts has nothing against anyone.
//
// Where the vault counts in time: what it refuses for good (a key that had expired when a server
// registered with it, a mapping that does not fit) is a fault of the scenario file, told by its
// check. What only takes time, registration within the run and the looks at an inventory, is the
// date from which a machine is known. Enabling asks for that date, and for the container mapping.
// What a machine is may change within a run: its disks are judged by the sizes that they have now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/estate/machine_facts.hpp"
#include "model/estate/vault.hpp"

namespace landfall {

struct Estate;

struct EnablingFacts {
    std::vector<MachineFacts> facts;      ///< the name is that of the first of them
    std::vector<Instant> seen_at;         ///< by facts: when the vault knows the machine
    std::vector<SetupId> mappings;        ///< by facts: what the vault protects it by, or none
    std::vector<std::uint32_t> facts_of;  ///< by machine

    /// Null: nothing is known of it.
    [[nodiscard]] const MachineFacts* find(MachineId machine) const {
        return machine.value < facts_of.size() ? &facts[facts_of[machine.value]] : nullptr;
    }
};

/// Why the vault takes no further machine, or not this one, at all: it was deleted, or its
/// subscription protects as many disks as it may. Nothing: it takes it.
std::optional<std::string> why_not_in_vault(const Estate& estate, MachineId machine);
/// Why its subscription protects no further disk of a machine that is protected; nothing: it does.
std::optional<std::string> why_no_further_disk(const Estate& estate, MachineId machine);
/// The disks of it that are replicated when it is enabled.
std::int64_t disks_to_protect(const Estate& estate, MachineId machine);
/// What the vault protects the machine by; none: it is in no vault of this estate.
SetupId mapping_of(const Estate& estate, MachineId machine);

/// Every reason why the machine cannot be protected at `now`, each a sentence; none: it can.
std::vector<std::string> enabling_problems(const Estate& estate, MachineId machine, Instant now);

}  // namespace landfall
