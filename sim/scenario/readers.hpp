// sim/scenario/readers.hpp — the parts of a scenario document, one function for each.
//
// Every function reads one JSON value at a pointer, notes what is wrong with it, and returns what
// it could make of it. Defaults are those of the Python models. For load.cpp only.
#pragma once

#include <string>

#include "sim/scenario/json_reader.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::scenario {

// Estate (read_estate.cpp)
Site read_site(const Json& value, const std::string& pointer, Problems& problems);
Region read_region(const Json& value, const std::string& pointer, Problems& problems);
Link read_link(const Json& value, const std::string& pointer, Problems& problems);
ProcessServer read_process_server(const Json& value, const std::string& pointer,
                                  Problems& problems);
ConfigurationServer read_configuration_server(const Json& value, const std::string& pointer,
                                              Problems& problems);
MasterTarget read_master_target(const Json& value, const std::string& pointer, Problems& problems);
ConsistencyGroup read_consistency_group(const Json& value, const std::string& pointer,
                                        const ServiceProfile& profile, Problems& problems);
Policy read_policy(const Json& value, const std::string& pointer, Problems& problems);
Vault read_vault(const Json& value, const std::string& pointer, Problems& problems);
ServiceProfile read_profile(const Json* value, const std::string& pointer, Problems& problems);

// What it costs (read_billing.cpp)
Billing read_billing(const Json* value, const std::string& pointer, const ServiceProfile& profile,
                     Problems& problems);
// Set-up of the vault and the target (read_setup.cpp)
ServerRegistration read_registration(ObjectReader& server);
VmmServer read_vmm_server(const Json& value, const std::string& pointer, Problems& problems);
NetworkMapping read_network_mapping(const Json& value, const std::string& pointer,
                                    Problems& problems);
void read_quota(ObjectReader& region_object, Region& region);
TargetNetwork read_target_network(const Json& value, const std::string& pointer,
                                  Problems& problems);
DiskFacts read_disk_facts(ObjectReader& disk);
/// Everything of a machine that compatibility and the target ask for.
void read_machine_setup(ObjectReader& machine, MachineGroup& group);

// What is written (read_workloads.cpp)
Churn read_churn(const Json& value, const std::string& pointer, Problems& problems);

// Machines (read_machines.cpp)
MachineGroup read_machine(const Json& value, const std::string& pointer, InitialState initial_state,
                          Problems& problems);

// Recovery plans (read_recovery_plans.cpp)
Runbook read_runbook(const Json& value, const std::string& pointer, Problems& problems);
RecoveryPlan read_recovery_plan(const Json& value, const std::string& pointer,
                                const ServiceProfile& profile, Problems& problems);

// What happens and what must hold (read_timeline.cpp)
TimelineEntry read_timeline_entry(const Json& value, const std::string& pointer,
                                  Problems& problems);
/// The member `key`: "all", one name or pattern, or a list of these; all is an empty list.
std::vector<std::string> read_selection(ObjectReader& object, std::string_view key = "machines");
std::optional<StateCondition> read_condition(const Json& value, const std::string& pointer,
                                             Problems& problems);
Expectation read_expectation(const Json& value, const std::string& pointer, Problems& problems);

// What goes wrong (read_faults.cpp)
Fault read_fault(const Json& value, const std::string& pointer, Problems& problems);

/// Versions of Windows Server that a Hyper-V host may have.
inline const ReadChoice<std::string> kHostVersions = {{{"2008-r2", "2008-r2"},
                                                       {"2012", "2012"},
                                                       {"2012-r2", "2012-r2"},
                                                       {"2016", "2016"},
                                                       {"2019", "2019"},
                                                       {"2022", "2022"}}};

/// Most machines of one group, and of a scenario.
inline constexpr std::int64_t kMachinesMax = 10'000'000;

}  // namespace landfall::scenario
