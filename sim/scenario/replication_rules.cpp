// sim/scenario/replication_rules.cpp — the rows.
#include "sim/scenario/replication_rules.hpp"

#include <algorithm>

#include "model/base/check.hpp"

namespace landfall::scenario {

bool ReplicationRule::takes(std::string_view kind) const {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

const std::vector<ReplicationRule>& replication_rules() {
    constexpr Need kMust = Need::Required;
    constexpr Need kMay = Need::Optional;
    constexpr Need kNot = Need::Forbidden;
    // Needs: process server, host, storage account, target site, target region, failed over. Then:
    // lives in a region, master target, groups, offline copy. Not formatted: a table is read by its
    // rows.
    // clang-format off
    static const std::vector<ReplicationRule> rules = {
        {Replication::InMageToAzure, "inmage-to-azure", {"vmware", "physical", "aws", "azure"},
         kMust, kMay, kNot, kNot, kNot, kNot, false, false, true, false},
        {Replication::HyperVToAzure, "hyper-v-to-azure", {"hyper-v"},
         kNot, kMust, kMust, kNot, kNot, kNot, false, false, false, false},
        {Replication::AzureToAzure, "azure-to-azure", {"azure"},
         kNot, kNot, kMust, kNot, kMust, kNot, true, false, true, false},
        {Replication::HyperVToSecondary, "hyper-v-to-secondary", {"hyper-v"},
         kNot, kMust, kNot, kMust, kNot, kNot, false, false, false, true},
        {Replication::ScoutToSecondary, "scout-to-secondary", {"vmware", "physical"},
         kMust, kMay, kNot, kNot, kNot, kNot, false, true, true, true},
        {Replication::Failback, "failback", {"vmware", "physical"},
         kMust, kNot, kNot, kNot, kNot, kMust, true, true, false, false},
    };
    // clang-format on
    return rules;
}

const ReplicationRule& rule_of(Replication replication) {
    const ReplicationRule& rule = replication_rules().at(static_cast<std::size_t>(replication));
    LANDFALL_CHECK(rule.replication == replication, "the rows stand in the order of Replication");
    return rule;
}

Replication default_replication(std::string_view kind) {
    if (kind == "hyper-v") return Replication::HyperVToAzure;
    if (kind == "azure") return Replication::AzureToAzure;
    return Replication::InMageToAzure;
}

std::vector<std::string> replications_for(std::string_view kind) {
    std::vector<std::string> names;
    for (const ReplicationRule& rule : replication_rules()) {
        if (rule.takes(kind)) names.push_back(rule.name);
    }
    return names;
}

bool is_physical_server(const MachineGroup& group) {
    return group.kind == "physical" || group.kind == "aws" ||
           kind_of(group) == ScenarioKind::AzureThroughConfigurationServer;
}

ScenarioKind kind_of(const MachineGroup& group) {
    switch (group.replication) {
        case Replication::HyperVToAzure:
            return group.cloud ? ScenarioKind::VmmToAzure : ScenarioKind::HyperVSiteToAzure;
        case Replication::HyperVToSecondary: return ScenarioKind::VmmToVmm;
        case Replication::ScoutToSecondary: return ScenarioKind::ScoutToSecondary;
        case Replication::AzureToAzure:
            return group.zone_to_zone ? ScenarioKind::ZoneToZone : ScenarioKind::AzureToAzure;
        case Replication::InMageToAzure:
        case Replication::Failback: break;
    }
    if (group.kind == "physical") return ScenarioKind::PhysicalToAzure;
    if (group.kind == "aws") return ScenarioKind::AwsToAzure;
    if (group.kind == "azure") return ScenarioKind::AzureThroughConfigurationServer;
    return ScenarioKind::VMwareToAzure;
}

}  // namespace landfall::scenario
