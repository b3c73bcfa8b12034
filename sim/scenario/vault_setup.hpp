// sim/scenario/vault_setup.hpp — the vault as a scenario sets it up.
//
// What a scenario does not state is there before the run: hosts and servers are registered, a
// configuration server stands in front of process servers, a VMM server in front of sites that
// replicate to one another. The vault itself decides what it takes; what it refuses is a problem of
// the file. Containers are mapped by the policies that machines in them use.
#pragma once

#include <vector>

#include "model/estate/vault.hpp"
#include "sim/scenario/json_reader.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::scenario {

struct BuiltVault {
    VaultSetup setup;
    Problems problems;
    std::vector<Instant> seen_at;   ///< by entry of machines: when the vault knows them
    std::vector<SetupId> mappings;  ///< by entry of machines: what they are protected by; or none
};

/// Requires nothing of the scenario: what refers to nothing is left out.
BuiltVault build_vault(const Scenario& scenario);

}  // namespace landfall::scenario
