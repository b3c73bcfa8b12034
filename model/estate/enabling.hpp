// model/estate/enabling.hpp — what "Prerequisites check" asks before a machine is protected: is it
// known to the vault, and can it be protected at all.
//
// Machines that are alike share their facts. An estate without facts has nothing against anyone.
#pragma once

#include <cstdint>
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

/// Every reason why the machine cannot be protected at `now`, each a sentence; none: it can.
std::vector<std::string> enabling_problems(const Estate& estate, MachineId machine, Instant now);

}  // namespace landfall
