// sim/scenario/check_cache_accounts.cpp — disks behind the cache storage accounts of Azure to
// Azure, counted without expanding.
#include "model/estate/target.hpp"
#include "sim/scenario/checks.hpp"
#include "sim/scenario/profile_data.hpp"

namespace landfall::scenario {

/// SR/azure-to-azure-support-matrix.md: so many disks behind an account. Of premium accounts (high
/// churn) no number is known here.
void check_cache_accounts(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    for (std::size_t r = 0; r < scenario.regions.size(); ++r) {
        const auto& accounts = scenario.regions[r].storage_accounts;
        for (std::size_t k = 0; k < accounts.size(); ++k) {
            if (accounts[k].high_churn) continue;
            CacheAccountUse use(scenario.profile);
            std::int64_t slow = 0;
            std::int64_t fast = 0;
            for (const MachineGroup& group : scenario.machines) {
                if (group.replication != Replication::AzureToAzure) continue;
                if (group.storage_account != accounts[k].name) continue;
                for (const Disk& disk : group.disks) {
                    const auto* tier = find_tier(scenario.profile, disk.target_type, disk.size);
                    if (tier == nullptr) continue;  // said already
                    (use.is_fast(*tier) ? fast : slow) += group.count;
                }
            }
            use.attach(slow, fast);
            const auto problem = use.why_not(0, 0);
            if (!problem) continue;
            const std::string list = pointer_to(pointer_to("/regions", r) + "/storage_accounts", k);
            note(checking.problems, code::kSetup, list,
                 json_text(std::to_string(slow + fast) + " disks"),
                 problem->why + " (" + std::string(problem->source) + ")");
        }
    }
}

}  // namespace landfall::scenario
