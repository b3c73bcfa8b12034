// model/environment/automation.hpp — the port that runs the scripts and runbooks of recovery plans.
//
// Law: a token stands for one request. Asked again with a token that it knows (whoever asked has
// died since), the environment does not run the action a second time: it answers once it is over,
// at once when it is over already. The same holds for what people are told to do.
// Source of the context: SR/site-recovery-runbook-automation.md (RecoveryPlanContext).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/failover_kind.hpp"
#include "model/base/ids.hpp"

namespace landfall {

/// What a runbook is told of one machine. All blank: the machine does not exist yet, or its
/// failover failed.
struct RecoveredMachine {
    std::string subscription_id;
    std::string resource_group_name;
    std::string cloud_service_name;  ///< of the classic deployment model
    std::string role_name;           ///< the machine's name at the target
    std::string recovery_point_id;
    bool operator==(const RecoveredMachine&) const = default;
};

struct VmMapEntry {
    MachineId machine;
    RecoveredMachine values;
    bool operator==(const VmMapEntry&) const = default;
};

/// What every script and runbook of a plan is given.
struct RecoveryPlanContext {
    std::string recovery_plan_name;
    FailoverType failover_type = FailoverType::Unplanned;
    FailoverDirection failover_direction = FailoverDirection::PrimaryToRecovery;
    std::string group_id;            ///< "1" to "7"; "Shutdown" or "Failover" beside the groups
    std::vector<VmMapEntry> vm_map;  ///< the machines of the plan, in its order
    bool operator==(const RecoveryPlanContext&) const = default;
};

struct ActionRequest {
    std::uint64_t token = 0;
    RecoveryActionId action;
    const RecoveryPlanContext& context;  ///< lives only for the call
};

/// Event: the action of `token` is over, or somebody has done what it asks for. `cause` is a static
/// string, empty after a success.
struct ActionEnded {
    std::uint64_t token = 0;
    bool succeeded = false;
    std::string_view cause;
};

class Automation {
  public:
    virtual ~Automation() = default;
    /// Runs a script or runbook; answers with ActionEnded.
    virtual void run(const ActionRequest& request) = 0;
    /// A manual action is due. Answers with ActionEnded when somebody has done it; never, if nobody
    /// does.
    virtual void tell_people(std::uint64_t token, RecoveryActionId action) = 0;
};

}  // namespace landfall
