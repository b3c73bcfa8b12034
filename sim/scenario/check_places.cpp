// sim/scenario/check_places.cpp — where a machine lives and where it sends, by the rules of its
// engine.
#include <algorithm>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/replication_rules.hpp"

namespace landfall::scenario {

namespace {

/// Notes a name that the list it refers to does not have.
void note_reference(Checking& checking, const std::string& name, const std::string& pointer,
                    std::string message, std::vector<std::string> allowed) {
    if (name.empty()) return;
    note_unknown(checking.problems, code::kUnknownName, pointer, name, std::move(message),
                 std::move(allowed));
}

/// Whether the machine lives where its engine expects: in a region or in a site.
bool check_home(Checking& checking, const MachineGroup& group, const ReplicationRule& rule,
                const std::string& pointer) {
    const Directory& directory = checking.directory;
    const bool is_there = rule.in_region ? directory.region(group.site).has_value()
                                         : directory.site(group.site).has_value();
    if (is_there) return true;
    const bool elsewhere = directory.site(group.site) || directory.region(group.site);
    const std::string place = rule.in_region ? "region" : "site";
    note_reference(
        checking, group.site, pointer + "/site",
        elsewhere ? "\"" + rule.name + "\" replicates machines that live in a " + place
                  : "no such " + place,
        rule.in_region ? names_of(checking.scenario.regions) : names_of(checking.scenario.sites));
    return false;
}

void check_machine_host(Checking& checking, const MachineGroup& group, const std::string& pointer) {
    if (!group.host) return;
    const std::optional<SiteId> site = checking.directory.site(group.site);
    const std::optional<HostPlace> host = checking.directory.host(*group.host);
    std::vector<std::string> here;
    if (site) here = names_of(checking.scenario.sites[site->value].hosts);
    if (!host) {
        note_reference(checking, *group.host, pointer + "/host", "no such host", std::move(here));
    } else if (site && host->site != *site) {
        note(checking.problems, code::kOtherSite, pointer + "/host", json_text(*group.host),
             "the host stands in site \"" + checking.scenario.sites[host->site.value].name +
                 "\", the machine in \"" + group.site + "\"",
             std::move(here));
    }
}

void check_process_server(Checking& checking, const MachineGroup& group,
                          const ReplicationRule& rule, bool home_known,
                          const std::string& pointer) {
    if (!group.process_server) return;
    const std::vector<ProcessServer>& servers = checking.scenario.process_servers;
    const std::string at = pointer + "/process_server";
    const auto found = checking.directory.process_server(*group.process_server);
    if (!found) {
        note_reference(checking, *group.process_server, at, "no such process server",
                       names_of(servers));
        return;
    }
    const auto sends_right = [&](const ProcessServer& server) {
        return server.master_target.has_value() == rule.master_target;
    };
    const ProcessServer& server = servers[found->value];
    std::vector<std::string> here;
    for (const ProcessServer& candidate : servers) {
        if (candidate.site == group.site && sends_right(candidate)) here.push_back(candidate.name);
    }
    const bool to_one = server.master_target.has_value() != server.storage_account.has_value();
    if (!to_one) return;  // said already
    if (!sends_right(server)) {
        note(checking.problems, code::kReplication, at, json_text(*group.process_server),
             std::string("sends on to a ") +
                 (rule.master_target ? "storage account" : "master target") + ", but \"" +
                 rule.name + "\" replication goes to a " +
                 (rule.master_target ? "master target" : "storage account"),
             std::move(here));
        return;
    }
    if (!home_known || !checking.directory.node(server.site) || server.site == group.site) return;
    note(checking.problems, code::kOtherSite, at, json_text(*group.process_server),
         std::string("the process server stands in ") +
             (checking.directory.site(server.site) ? "site" : "region") + " \"" + server.site +
             "\", the machine in \"" + group.site +
             "\"; changes reach a process server over the site's own network only",
         std::move(here));
}

/// The replica of a second datacenter is in another site than the machine.
void check_scout_target(Checking& checking, const MachineGroup& group, const std::string& pointer) {
    if (group.replication != Replication::ScoutToSecondary || !group.process_server) return;
    const Scenario& scenario = checking.scenario;
    const auto server = checking.directory.process_server(*group.process_server);
    if (!server || !scenario.process_servers[server->value].master_target) return;
    const std::string& name = *scenario.process_servers[server->value].master_target;
    const auto target = checking.directory.master_target(name);
    if (!target || scenario.master_targets[*target].site != group.site) return;
    note(checking.problems, code::kOtherSite, pointer + "/process_server",
         json_text(*group.process_server),
         "its master target \"" + name + "\" stands in the machine's own site \"" + group.site +
             "\": the replica must be in another");
}

/// The cache storage account: of the vault's region, or for Azure machines of their own.
void check_account(Checking& checking, const MachineGroup& group, const std::string& pointer) {
    if (!group.storage_account) return;
    const Scenario& scenario = checking.scenario;
    const std::string at = pointer + "/storage_account";
    const auto place = checking.directory.storage_account(*group.storage_account);
    if (!place) {
        std::vector<std::string> all;
        for (const Region& region : scenario.regions) {
            for (const StorageAccount& account : region.storage_accounts) {
                all.push_back(account.name);
            }
        }
        note_reference(checking, *group.storage_account, at, "no such storage account", all);
        return;
    }
    const bool own = group.replication == Replication::AzureToAzure;
    const std::string& wanted = own ? group.site : scenario.vault.region;
    const auto region = checking.directory.region(wanted);
    if (!region || place->region == *region) return;
    note(checking.problems, code::kOtherSite, at, json_text(*group.storage_account),
         "the cache storage account stands in region \"" + scenario.regions[place->region].name +
             "\", but must be in the region of the " + (own ? "machine" : "vault") + ", \"" +
             wanted + '"',
         names_of(scenario.regions[*region].storage_accounts));
}

void check_target_site(Checking& checking, const MachineGroup& group, const std::string& pointer) {
    if (!group.target_site) return;
    std::vector<std::string> others;
    for (const Site& site : checking.scenario.sites) {
        if (site.name != group.site) others.push_back(site.name);
    }
    const std::string at = pointer + "/target_site";
    if (!checking.directory.site(*group.target_site)) {
        note_reference(checking, *group.target_site, at, "no such site", std::move(others));
    } else if (*group.target_site == group.site) {
        note(checking.problems, code::kOtherSite, at, json_text(*group.target_site),
             "is the machine's own site: the replica must be in another", std::move(others));
    }
}

/// Another region than the machine's; from zone to zone the same. The vault is not in the source
/// region, which may be lost with it (SR/azure-to-azure-support-matrix.md).
void check_target_region(Checking& checking, const MachineGroup& group,
                         const std::string& pointer) {
    if (!group.target_region) return;
    const Scenario& scenario = checking.scenario;
    const std::string at = pointer + "/target_region";
    const bool same = *group.target_region == group.site;
    if (!checking.directory.region(*group.target_region)) {
        note_reference(checking, *group.target_region, at, "no such region",
                       names_of(scenario.regions));
    } else if (same && !group.zone_to_zone) {
        note(checking.problems, code::kOtherSite, at, json_text(*group.target_region),
             "is the machine's own region; set \"zone_to_zone\": true to replicate between its "
             "zones");
    } else if (!same && group.zone_to_zone) {
        note(checking.problems, code::kOtherSite, at, json_text(*group.target_region),
             "must be the machine's own region \"" + group.site + "\": \"zone_to_zone\" is set",
             {group.site});
    } else if (!group.zone_to_zone && scenario.vault.region == group.site) {
        note(checking.problems, code::kOtherSite, pointer + "/site", json_text(group.site),
             "is the region of the vault, which must not be that of the machines it protects");
    }
}

void check_policy(Checking& checking, const MachineGroup& group, const std::string& pointer) {
    const std::vector<Policy>& policies = checking.scenario.policies;
    const auto policy = checking.directory.policy(group.policy);
    if (!policy) {
        note_reference(checking, group.policy, pointer + "/policy", "no such policy",
                       names_of(policies));
        return;
    }
    const bool often = policies[policy->value].replication_interval < minutes(5);
    if (group.replication != Replication::HyperVToAzure || !often) return;
    for (std::size_t i = 0; i < group.disks.size(); ++i) {
        if (group.disks[i].target_type != "premium_ssd") continue;
        note(checking.problems, code::kInterval, pointer_to(pointer + "/disks", i) + "/target",
             json_text(group.disks[i].target_type),
             "does not go with the replication_interval of 30 seconds of policy \"" + group.policy +
                 "\": premium disks take 5 minutes or 15 minutes",
             {"standard_hdd", "standard_ssd"});
    }
}

}  // namespace

void check_place(Checking& checking, const MachineGroup& group, const std::string& pointer) {
    const ReplicationRule& rule = rule_of(group.replication);
    check_policy(checking, group, pointer);
    if (!rule.takes(group.kind)) return;  // said already
    const bool home_known = check_home(checking, group, rule, pointer);
    check_process_server(checking, group, rule, home_known, pointer);
    if (home_known) check_scout_target(checking, group, pointer);
    check_account(checking, group, pointer);
    check_target_site(checking, group, pointer);
    if (home_known) check_target_region(checking, group, pointer);
    check_machine_host(checking, group, pointer);
}

}  // namespace landfall::scenario
