// sim/scenario/replication_rules.hpp — which engine takes which machines, and what it needs of
// them.
//
// One row for each engine; the Python models have the same rows (bindings/landfall/estate.py).
// Sources: design.md section 3, SR/vmware-azure-architecture.md, SR/hyper-v-azure-architecture.md,
// SR/azure-to-azure-architecture.md, SR/vmware-physical-secondary-architecture.md,
// SR/migrate-tutorial-aws-azure.md (no way back to AWS), SR/hyper-v-azure-support-matrix.md (no
// groups), SR/azure-to-azure-common-questions.md (groups).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/estate/scenario_kind.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::scenario {

enum class Need { Required, Optional, Forbidden };

struct ReplicationRule {
    Replication replication;
    std::string name;                ///< as scenario files have it
    std::vector<std::string> kinds;  ///< of machines it takes
    Need process_server;
    Need host;
    Need storage_account;
    Need target_site;
    Need target_region;
    Need failed_over;
    bool in_region;      ///< the machine lives in a region, not in a site
    bool master_target;  ///< its process server sends on to a master target, not to an account
    bool groups;         ///< its machines may stand in a consistency group
    bool offline;        ///< the first copy may travel on a disk

    [[nodiscard]] bool takes(std::string_view kind) const;
};

/// All rows, in the order of Replication.
const std::vector<ReplicationRule>& replication_rules();

const ReplicationRule& rule_of(Replication replication);

/// Which scenario of Site Recovery the machines of the entry are in. An Azure machine that a
/// process server replicates counts as one through a configuration server
/// (SR/migrate-to-azure-with-site-recovery.md).
ScenarioKind kind_of(const MachineGroup& group);

/// Whether the machines are protected as physical servers: somebody types in their addresses, and
/// no hypervisor shuts them down. AWS instances are, and Azure machines through a configuration
/// server (SR/migrate-to-azure-with-site-recovery.md, SR/migrate-tutorial-aws-azure.md).
bool is_physical_server(const MachineGroup& group);

/// What a machine of that kind replicates by when its entry does not say.
Replication default_replication(std::string_view kind);

/// The names of the engines that take machines of that kind.
std::vector<std::string> replications_for(std::string_view kind);

}  // namespace landfall::scenario
