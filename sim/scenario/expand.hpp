// sim/scenario/expand.hpp — machine groups to single machines with their ids; selecting by pattern.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/ids.hpp"
#include "sim/scenario/directory.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::scenario {

/// One machine. Its place in expand()'s result is its MachineId.
struct ExpandedMachine {
    std::string name;
    std::size_t group = 0;              ///< index into Scenario::machines
    std::int64_t index = 1;             ///< number in the group, from 1
    SiteId site;                        ///< none: it lives in `region`
    std::optional<std::size_t> region;  ///< index into Scenario::regions
    HostId host;                        ///< none: any of the site
    ProcessServerId process_server;     ///< none: its engine needs none
    StorageAccountId storage_account;   ///< its own, or of its process server; none: no account
    PolicyId policy;
    SiteId target_site;                            ///< where the replica is; none: in a region
    std::optional<std::size_t> target_region;      ///< index into Scenario::regions
    std::optional<std::size_t> consistency_group;  ///< index into Scenario::consistency_groups
};

/// Name of machine `index` (from 1) of a group: "web-07" of "web" when there are 10 to 99, the bare
/// name when there is one.
std::string machine_name(const MachineGroup& group, std::int64_t index);

/// The first machine of the entry at `index`.
ExpandedMachine expand_group(const Scenario& scenario, const Directory& directory,
                             std::size_t index);

/// All machines in the order of the file. Names that refer to nothing give ids that are none;
/// check() reports them.
std::vector<ExpandedMachine> expand(const Scenario& scenario);

/// Whether `name` fits `pattern`, in which * stands for any text and ? for one character. Case
/// counts.
bool matches(std::string_view pattern, std::string_view name);

/// The machines that fit any of `patterns`, in order, each once; no pattern at all means every
/// machine.
std::vector<MachineId> select(const std::vector<ExpandedMachine>& machines,
                              const std::vector<std::string>& patterns);

}  // namespace landfall::scenario
