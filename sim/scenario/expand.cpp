// sim/scenario/expand.cpp — names with padded numbers, resolved ids, glob matching.
#include "sim/scenario/expand.hpp"

#include <algorithm>

#include "sim/scenario/directory.hpp"

namespace landfall::scenario {

std::string machine_name(const MachineGroup& group, std::int64_t index) {
    if (group.count == 1) return group.name;
    const std::string number = std::to_string(index);
    const std::size_t width = std::to_string(group.count).size();
    return group.name + '-' + std::string(width - number.size(), '0') + number;
}

namespace {

/// Where the replica of a group is, in the words of its engine.
void resolve_target(const Scenario& scenario, const Directory& directory, const MachineGroup& group,
                    ExpandedMachine& machine) {
    std::optional<std::string> account = group.storage_account;
    std::optional<std::string> site = group.target_site;
    if (!machine.process_server.is_none()) {
        const ProcessServer& server = scenario.process_servers[machine.process_server.value];
        account = server.storage_account;
        if (server.master_target) {
            const auto target = directory.master_target(*server.master_target);
            if (target) site = scenario.master_targets[*target].site;
        }
    }
    if (account) {
        const auto place = directory.storage_account(*account);
        if (place) {
            machine.storage_account = place->id;
            machine.target_region = place->region;
        }
    }
    if (group.target_region) machine.target_region = directory.region(*group.target_region);
    if (site) machine.target_site = directory.site(*site).value_or(SiteId());
}

}  // namespace

ExpandedMachine expand_group(const Scenario& scenario, const Directory& directory,
                             std::size_t index) {
    const MachineGroup& group = scenario.machines[index];
    ExpandedMachine machine;
    machine.group = index;
    machine.name = machine_name(group, 1);
    machine.site = directory.site(group.site).value_or(SiteId());
    machine.region = directory.region(group.site);
    if (group.host) machine.host = directory.host(*group.host).value_or(HostPlace()).id;
    if (group.process_server) {
        machine.process_server =
            directory.process_server(*group.process_server).value_or(ProcessServerId());
    }
    resolve_target(scenario, directory, group, machine);
    machine.policy = directory.policy(group.policy).value_or(PolicyId());
    if (group.consistency_group) {
        machine.consistency_group = directory.consistency_group(*group.consistency_group);
    }
    return machine;
}

std::vector<ExpandedMachine> expand(const Scenario& scenario) {
    const Directory directory(scenario);
    std::vector<ExpandedMachine> machines;
    for (std::size_t g = 0; g < scenario.machines.size(); ++g) {
        const MachineGroup& group = scenario.machines[g];
        ExpandedMachine machine = expand_group(scenario, directory, g);
        for (std::int64_t index = 1; index <= group.count; ++index) {
            machine.name = machine_name(group, index);
            machine.index = index;
            machines.push_back(machine);
        }
    }
    return machines;
}

bool matches(std::string_view pattern, std::string_view name) {
    std::size_t p = 0;
    std::size_t n = 0;
    std::size_t star =
        std::string_view::npos;  // the last * seen, and where its text may go on from
    std::size_t resume = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

std::vector<MachineId> select(const std::vector<ExpandedMachine>& machines,
                              const std::vector<std::string>& patterns) {
    std::vector<MachineId> selected;
    for (std::size_t i = 0; i < machines.size(); ++i) {
        const bool fits = std::any_of(
            patterns.begin(), patterns.end(),
            [&](const std::string& pattern) { return matches(pattern, machines[i].name); });
        if (patterns.empty() || fits) selected.emplace_back(i);
    }
    return selected;
}

}  // namespace landfall::scenario
