// sim/scenario/check_estate.cpp — names used twice, references to nothing, windows that make no
// sense.
#include <algorithm>
#include <map>

#include "sim/scenario/checks.hpp"

namespace landfall::scenario {

namespace {

/// Notes every name of `namespace_of` things that an earlier one has; remembers across calls.
class NameCheck {
  public:
    explicit NameCheck(Problems& problems) : problems_(problems) {}

    void add(const std::string& name, const std::string& pointer) {
        if (name.empty()) return;  // not there: said already
        const auto [earlier, is_new] = places_.try_emplace(name, pointer);
        if (is_new) return;
        note(problems_, code::kDuplicateName, pointer, json_text(name),
             "is also the name of " + earlier->second);
    }

    template <typename T>
    void add_all(const std::vector<T>& things, const std::string& list) {
        for (std::size_t i = 0; i < things.size(); ++i) {
            add(things[i].name, pointer_to(pointer_to(list, i), "name"));
        }
    }

  private:
    Problems& problems_;
    std::map<std::string, std::string> places_;
};

void check_names(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    NameCheck nodes(checking.problems);
    nodes.add_all(scenario.sites, "/sites");
    nodes.add_all(scenario.regions, "/regions");
    for (std::size_t i = 0; i < scenario.routers.size(); ++i) {
        nodes.add(scenario.routers[i], pointer_to("/routers", i));
    }
    NameCheck hosts(checking.problems);
    for (std::size_t i = 0; i < scenario.sites.size(); ++i) {
        hosts.add_all(scenario.sites[i].hosts, pointer_to("/sites", i) + "/hosts");
    }
    NameCheck accounts(checking.problems);
    for (std::size_t i = 0; i < scenario.regions.size(); ++i) {
        accounts.add_all(scenario.regions[i].storage_accounts,
                         pointer_to("/regions", i) + "/storage_accounts");
    }
    NameCheck(checking.problems).add_all(scenario.links, "/links");
    NameCheck(checking.problems).add_all(scenario.configuration_servers, "/configuration_servers");
    NameCheck(checking.problems).add_all(scenario.process_servers, "/process_servers");
    NameCheck(checking.problems).add_all(scenario.master_targets, "/master_targets");
    NameCheck(checking.problems).add_all(scenario.policies, "/policies");
    NameCheck(checking.problems).add_all(scenario.consistency_groups, "/consistency_groups");
    NameCheck(checking.problems).add_all(scenario.runbooks, "/runbooks");
    NameCheck(checking.problems).add_all(scenario.recovery_plans, "/recovery_plans");
}

/// Notes `name` when the list it refers to does not have it.
void check_reference(Checking& checking, bool is_known, const std::string& name,
                     const std::string& pointer, const char* what,
                     std::vector<std::string> allowed) {
    if (is_known || name.empty()) return;
    note_unknown(checking.problems, code::kUnknownName, pointer, name,
                 std::string("no such ") + what, std::move(allowed));
}

void check_host(Checking& checking, const std::optional<std::string>& host,
                const std::string& site_name, const std::string& pointer) {
    if (!host) return;
    const std::optional<SiteId> site = checking.directory.site(site_name);
    const std::optional<HostPlace> place = checking.directory.host(*host);
    std::vector<std::string> here;
    if (site) here = names_of(checking.scenario.sites[site->value].hosts);
    check_reference(checking, place.has_value(), *host, pointer, "host", here);
    if (place && site && place->site != *site) {
        note(checking.problems, code::kOtherSite, pointer, json_text(*host),
             "the host stands in site \"" + checking.scenario.sites[place->site.value].name +
                 "\", not in \"" + site_name + "\"",
             std::move(here));
    }
}

/// The cache storage account of a process server: there, and in the region of the vault.
void check_server_account(Checking& checking, const std::string& account,
                          const std::string& pointer) {
    const Scenario& scenario = checking.scenario;
    std::vector<std::string> all;
    for (const Region& region : scenario.regions) {
        for (const StorageAccount& other : region.storage_accounts) all.push_back(other.name);
    }
    const auto place = checking.directory.storage_account(account);
    check_reference(checking, place.has_value(), account, pointer, "storage account", all);
    const auto target = checking.directory.region(scenario.vault.region);
    if (!place || !target || place->region == *target) return;
    note(checking.problems, code::kOtherSite, pointer, json_text(account),
         "the cache storage account stands in region \"" + scenario.regions[place->region].name +
             "\", but must be in the region of the vault, \"" + scenario.vault.region + "\"",
         names_of(scenario.regions[*target].storage_accounts));
}

void check_servers(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    const std::vector<std::string> sites = names_of(scenario.sites);
    check_reference(checking, checking.directory.region(scenario.vault.region).has_value(),
                    scenario.vault.region, "/vault/region", "region", names_of(scenario.regions));
    for (std::size_t i = 0; i < scenario.configuration_servers.size(); ++i) {
        const std::string& site = scenario.configuration_servers[i].site;
        check_reference(checking, checking.directory.site(site).has_value(), site,
                        pointer_to("/configuration_servers", i) + "/site", "site", sites);
    }
    for (std::size_t i = 0; i < scenario.master_targets.size(); ++i) {
        const std::string& site = scenario.master_targets[i].site;
        check_reference(checking, checking.directory.site(site).has_value(), site,
                        pointer_to("/master_targets", i) + "/site", "site", sites);
    }
    for (std::size_t i = 0; i < scenario.process_servers.size(); ++i) {
        const ProcessServer& server = scenario.process_servers[i];
        const std::string pointer = pointer_to("/process_servers", i);
        // One with a master target may stand in Azure, for failback.
        const bool in_region =
            server.master_target && checking.directory.region(server.site).has_value();
        check_reference(checking, in_region || checking.directory.site(server.site).has_value(),
                        server.site, pointer + "/site", "site", sites);
        check_host(checking, server.host, server.site, pointer + "/host");
        if (server.master_target) {
            const std::string& target = *server.master_target;
            check_reference(checking, checking.directory.master_target(target).has_value(), target,
                            pointer + "/master_target", "master target",
                            names_of(scenario.master_targets));
        }
        if (server.storage_account) {
            check_server_account(checking, *server.storage_account, pointer + "/storage_account");
        }
    }
}

/// Whether two daily windows share a moment. A window with `to` <= `from` wraps over midnight.
bool overlap(const DailyWindow& a, const DailyWindow& b) {
    const auto holds = [](const DailyWindow& window, Duration clock) {
        if (window.to <= window.from) return clock >= window.from || clock < window.to;
        return clock >= window.from && clock < window.to;
    };
    return holds(a, b.from) || holds(b, a.from);
}

/// Throttles of a link or a host, `what`, whose rate is `bandwidth`.
void check_throttles(Checking& checking, const std::vector<Throttle>& throttles,
                     BytesPerSecond bandwidth, const std::string& what,
                     const std::string& pointer) {
    for (std::size_t i = 0; i < throttles.size(); ++i) {
        const Throttle& throttle = throttles[i];
        const std::string at = pointer_to(pointer + "/throttles", i);
        const bool known = bandwidth > BytesPerSecond(0);
        if (known && throttle.bandwidth > bandwidth) {
            note(checking.problems, code::kBadWindow, at + "/bandwidth",
                 std::to_string(8 * throttle.bandwidth.count()),
                 "is more than the " + what + " has: " + std::to_string(8 * bandwidth.count()) +
                     " bit/s");
        }
        for (std::size_t k = 0; k < i; ++k) {
            if (!overlap(throttle.window, throttles[k].window)) continue;
            note(checking.problems, code::kBadWindow, at, "",
                 "overlaps the throttle at " + pointer_to(pointer + "/throttles", k) +
                     "; two windows of a " + what + " must not");
            break;
        }
    }
}

void check_links(Checking& checking) {
    const Scenario& scenario = checking.scenario;
    std::vector<std::string> nodes = names_of(scenario.sites);
    for (const Region& region : scenario.regions) nodes.push_back(region.name);
    nodes.insert(nodes.end(), scenario.routers.begin(), scenario.routers.end());
    for (std::size_t i = 0; i < scenario.links.size(); ++i) {
        const Link& link = scenario.links[i];
        const std::string pointer = pointer_to("/links", i);
        const char* const what = "site, region or router";
        check_reference(checking, checking.directory.node(link.from).has_value(), link.from,
                        pointer + "/from", what, nodes);
        check_reference(checking, checking.directory.node(link.to).has_value(), link.to,
                        pointer + "/to", what, nodes);
        if (link.from == link.to && !link.from.empty()) {
            note(checking.problems, code::kBadLink, pointer + "/to", json_text(link.to),
                 "a link leads from one node to another");
        }
        check_throttles(checking, link.throttles, link.bandwidth, "link", pointer);
    }
}

/// A host's throttle by hours is one of its Recovery Services agent, which has a range
/// (SR/site-recovery-vmm-to-azure.md).
void check_throttle_range(Checking& checking, const std::vector<Throttle>& throttles,
                          const std::string& pointer) {
    const ServiceProfile& profile = checking.scenario.profile;
    for (std::size_t i = 0; i < throttles.size(); ++i) {
        const BytesPerSecond rate = throttles[i].bandwidth;
        if (rate >= profile.host_throttle_min && rate <= profile.host_throttle_max) continue;
        note(checking.problems, code::kOutOfRange,
             pointer_to(pointer + "/throttles", i) + "/bandwidth", std::to_string(8 * rate.count()),
             "profile " + profile.name + " throttles a host to " +
                 std::to_string(8 * profile.host_throttle_min.count()) + " to " +
                 std::to_string(8 * profile.host_throttle_max.count()) + " bit/s");
    }
}

void check_hosts(Checking& checking) {
    const std::vector<Site>& sites = checking.scenario.sites;
    for (std::size_t i = 0; i < sites.size(); ++i) {
        for (std::size_t k = 0; k < sites[i].hosts.size(); ++k) {
            const Host& host = sites[i].hosts[k];
            const std::string pointer = pointer_to(pointer_to("/sites", i) + "/hosts", k);
            check_throttles(checking, host.throttles, host.nic, "host", pointer);
            check_throttle_range(checking, host.throttles, pointer);
        }
    }
}

void check_policies(Checking& checking) {
    const ServiceProfile& profile = checking.scenario.profile;
    for (std::size_t i = 0; i < checking.scenario.policies.size(); ++i) {
        const Policy& policy = checking.scenario.policies[i];
        const std::string pointer = pointer_to("/policies", i);
        if (policy.retention > profile.retention_max) {
            note(checking.problems, code::kRetention, pointer + "/retention",
                 seconds_text(policy.retention),
                 "profile " + profile.name + " keeps recovery points for at most " +
                     seconds_text(profile.retention_max) + " seconds");
        }
        if (!policy.app_consistent_every) continue;
        const Duration every = *policy.app_consistent_every;
        if (every < profile.app_consistent_interval_min ||
            every > profile.app_consistent_interval_max) {
            note(checking.problems, code::kAppConsistent, pointer + "/app_consistent_every",
                 seconds_text(every),
                 "profile " + profile.name + " makes application-consistent points every " +
                     seconds_text(profile.app_consistent_interval_min) + " to " +
                     seconds_text(profile.app_consistent_interval_max) + " seconds");
        } else if (every >= policy.retention) {
            note(checking.problems, code::kAppConsistent, pointer + "/app_consistent_every",
                 seconds_text(every), "must be less than the retention");
        }
    }
}

}  // namespace

void check_estate(Checking& checking) {
    check_names(checking);
    check_hosts(checking);
    check_links(checking);
    check_servers(checking);
    check_policies(checking);
}

}  // namespace landfall::scenario
