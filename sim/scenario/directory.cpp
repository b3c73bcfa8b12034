// sim/scenario/directory.cpp — one ordered map for each kind of thing.
#include "sim/scenario/directory.hpp"

namespace landfall::scenario {

namespace {

template <typename Map>
auto look_up(const Map& map, std::string_view name) -> std::optional<typename Map::mapped_type> {
    const auto found = map.find(name);
    if (found == map.end()) return std::nullopt;
    return found->second;
}

}  // namespace

Directory::Directory(const Scenario& scenario) {
    std::size_t hosts = 0;
    for (std::size_t i = 0; i < scenario.sites.size(); ++i) {
        const Site& site = scenario.sites[i];
        sites_.push_back(site.name);
        site_ids_.try_emplace(site.name, SiteId(i));
        nodes_.try_emplace(site.name, i);
        for (const Host& host : site.hosts) {
            hosts_.try_emplace(host.name, HostPlace{HostId(hosts++), SiteId(i)});
        }
    }
    std::size_t accounts = 0;
    for (std::size_t i = 0; i < scenario.regions.size(); ++i) {
        const Region& region = scenario.regions[i];
        regions_.try_emplace(region.name, i);
        nodes_.try_emplace(region.name, region_node(i));
        for (const StorageAccount& account : region.storage_accounts) {
            accounts_.try_emplace(account.name, AccountPlace{StorageAccountId(accounts++), i});
        }
    }
    for (std::size_t i = 0; i < scenario.routers.size(); ++i) {
        nodes_.try_emplace(scenario.routers[i], region_node(scenario.regions.size()) + i);
    }
    for (std::size_t i = 0; i < scenario.process_servers.size(); ++i) {
        process_servers_.try_emplace(scenario.process_servers[i].name, ProcessServerId(i));
    }
    for (std::size_t i = 0; i < scenario.policies.size(); ++i) {
        policies_.try_emplace(scenario.policies[i].name, PolicyId(i));
    }
    for (std::size_t i = 0; i < scenario.master_targets.size(); ++i) {
        master_targets_.try_emplace(scenario.master_targets[i].name, i);
    }
    for (std::size_t i = 0; i < scenario.consistency_groups.size(); ++i) {
        consistency_groups_.try_emplace(scenario.consistency_groups[i].name, i);
    }
}

std::optional<SiteId> Directory::site(std::string_view name) const {
    return look_up(site_ids_, name);
}
std::optional<std::size_t> Directory::region(std::string_view name) const {
    return look_up(regions_, name);
}
std::optional<std::size_t> Directory::node(std::string_view name) const {
    return look_up(nodes_, name);
}
std::optional<HostPlace> Directory::host(std::string_view name) const {
    return look_up(hosts_, name);
}
std::optional<AccountPlace> Directory::storage_account(std::string_view name) const {
    return look_up(accounts_, name);
}
std::optional<ProcessServerId> Directory::process_server(std::string_view name) const {
    return look_up(process_servers_, name);
}
std::optional<PolicyId> Directory::policy(std::string_view name) const {
    return look_up(policies_, name);
}
std::optional<std::size_t> Directory::master_target(std::string_view name) const {
    return look_up(master_targets_, name);
}
std::optional<std::size_t> Directory::consistency_group(std::string_view name) const {
    return look_up(consistency_groups_, name);
}

}  // namespace landfall::scenario
