// sim/scenario/vault_setup.cpp — servers, containers, policies and mappings, entry by entry.
#include "sim/scenario/vault_setup.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/replication_rules.hpp"

namespace landfall::scenario {

namespace {

/// Long enough before the run for everything to be discovered.
constexpr Instant kBefore = Instant(Duration(-days(1).count()));

class Builder {
  public:
    explicit Builder(const Scenario& scenario) : scenario_(scenario), directory_(scenario) {
        built_.setup = VaultSetup(scenario.profile);
    }

    BuiltVault run() {
        add_vmm_servers();
        add_configuration_servers();
        for (std::size_t k = 0; k < scenario_.machines.size(); ++k) {
            add_machines(scenario_.machines[k]);
        }
        add_network_mappings();
        return std::move(built_);
    }

  private:
    VaultSetup& setup() { return built_.setup; }

    /// The object, or none after noting why the vault refuses it.
    SetupId taken(const SetupAnswer& answer, const std::string& pointer, const std::string& found) {
        if (const auto* refusal = std::get_if<SetupRefusal>(&answer)) {
            note(built_.problems, code::kSetup, pointer, json_text(found),
                 refusal->why + " (" + std::string(refusal->source) + ")");
            return {};
        }
        return std::get<SetupId>(answer);
    }

    static Registration as_registration(const ServerRegistration& facts) {
        const Instant at = facts.at.value_or(kBefore);
        return {{facts.key_generated.value_or(at)}, at, Duration(0)};
    }

    void add_vmm_servers() {
        for (std::size_t k = 0; k < scenario_.vmm_servers.size(); ++k) {
            const VmmServer& server = scenario_.vmm_servers[k];
            const std::string pointer = pointer_to("/vmm_servers", k);
            if (!setup().find(SetupKind::VmmServer, server.name).is_none()) continue;
            const SetupId id =
                taken(setup().register_vmm(server.name, as_registration(server.registration)),
                      pointer, server.name);
            if (id.is_none()) continue;
            vmm_servers_.emplace_back(server.site, id);
            for (const std::string& cloud : server.clouds) {
                setup().add_container(cloud, id, setup().object(id).since);
            }
        }
    }

    void add_configuration_servers() {
        for (std::size_t k = 0; k < scenario_.configuration_servers.size(); ++k) {
            const ConfigurationServer& server = scenario_.configuration_servers[k];
            if (!setup().find(SetupKind::ConfigurationServer, server.name).is_none()) continue;
            const SetupId id = taken(setup().register_configuration_server(
                                         server.name, as_registration(server.registration)),
                                     pointer_to("/configuration_servers", k), server.name);
            if (!id.is_none()) configuration_servers_.emplace_back(server.site, id);
        }
        for (const ProcessServer& server : scenario_.process_servers) {
            const SetupId home = configuration_server(server.site);
            setup().add_process_server(server.name, home, setup().object(home).since);
        }
        for (const MasterTarget& target : scenario_.master_targets) {
            const SetupId home = configuration_server(target.site);
            setup().add_master_target(target.name, home, setup().object(home).since);
        }
    }

    static SetupId of_site(const std::vector<std::pair<std::string, SetupId>>& servers,
                           std::string_view site) {
        for (const auto& [home, id] : servers) {
            if (home == site) return id;
        }
        return {};
    }

    /// The one of the site, else the first, else one that nobody had to mention.
    SetupId configuration_server(std::string_view site) {
        const SetupId here = of_site(configuration_servers_, site);
        if (!here.is_none()) return here;
        if (configuration_servers_.empty()) {
            const SetupAnswer made =
                setup().register_configuration_server("configuration server", as_registration({}));
            configuration_servers_.emplace_back("", std::get<SetupId>(made));
        }
        return configuration_servers_.front().second;
    }

    /// The VMM server of a site, else one that nobody had to mention, with one cloud.
    SetupId vmm_server(const std::string& site) {
        const SetupId here = of_site(vmm_servers_, site);
        if (!here.is_none()) return here;
        const SetupAnswer made = setup().register_vmm(site + " VMM", as_registration({}));
        const auto* id = std::get_if<SetupId>(&made);
        if (id == nullptr) return {};
        setup().add_container(site, *id, kBefore);
        vmm_servers_.emplace_back(site, *id);
        return *id;
    }

    [[nodiscard]] SetupId container(SetupId fabric, const std::optional<std::string>& name) {
        if (fabric.is_none()) return {};
        for (const SetupId id : setup().dependents(fabric)) {
            const SetupObject& object = setup().object(id);
            if (object.kind != SetupKind::Container) continue;
            if (!name || object.name == *name) return id;
        }
        return {};
    }

    SetupId region_container(const std::string& region, const std::string& name) {
        SetupId fabric = setup().find(SetupKind::AzureRegion, region);
        if (fabric.is_none()) fabric = std::get<SetupId>(setup().create_region(region, kBefore));
        const SetupId there = container(fabric, name);
        if (!there.is_none()) return there;
        return std::get<SetupId>(setup().add_container(name, fabric, kBefore));
    }

    /// The site of a host, and the host in it.
    SetupId site_with_host(const MachineGroup& group) {
        const std::optional<SiteId> place = directory_.site(group.site);
        if (!place || !group.host) return {};
        SetupId site = setup().find(SetupKind::HyperVSite, group.site);
        if (site.is_none()) site = std::get<SetupId>(setup().create_site(group.site, kBefore));
        if (!setup().find(SetupKind::HyperVHost, *group.host).is_none()) return site;
        const std::vector<Host>& hosts = scenario_.sites[place->value].hosts;
        for (std::size_t k = 0; k < hosts.size(); ++k) {
            if (hosts[k].name != *group.host) continue;
            taken(setup().register_host(hosts[k].name, site, hosts[k].version.value_or(""),
                                        as_registration(hosts[k].registration)),
                  pointer_to(pointer_to("/sites", place->value) + "/hosts", k), hosts[k].name);
        }
        return site;
    }

    struct Containers {
        SetupId here;
        SetupId there;  ///< none: Azure storage
    };

    Containers containers_of(const MachineGroup& group) {
        switch (kind_of(group)) {
            case ScenarioKind::HyperVSiteToAzure:
                return {container(site_with_host(group), std::nullopt), {}};
            case ScenarioKind::VmmToAzure:
                return {container(of_site(vmm_servers_, group.site), group.cloud), {}};
            case ScenarioKind::VmmToVmm: {
                if (!group.target_site) return {};
                const SetupId here = container(vmm_server(group.site), group.cloud);
                return {here, container(vmm_server(*group.target_site), std::nullopt)};
            }
            case ScenarioKind::AzureToAzure:
            case ScenarioKind::ZoneToZone: {
                const std::string target = group.target_region.value_or(group.site);
                if (!directory_.region(group.site) || !directory_.region(target)) return {};
                return {region_container(group.site, group.site),
                        region_container(target,
                                         target == group.site ? target + " other zone" : target)};
            }
            case ScenarioKind::ScoutToSecondary: return {};
            default: return {container(configuration_server(group.site), std::nullopt), {}};
        }
    }

    void add_machines(const MachineGroup& group) {
        const Containers containers = containers_of(group);
        SetupId mapping;
        Instant seen = group.appears_at.value_or(kBefore);
        if (kind_of(group) == ScenarioKind::ScoutToSecondary) note_schedule_of_scout(group);
        if (!containers.here.is_none()) {
            mapping = mapping_of(group, containers);
            seen = seen_at(group, setup().object(containers.here).parent);
        }
        if (group.initial_state == InitialState::Protected) seen = kBefore;
        built_.mappings.push_back(mapping);
        built_.seen_at.push_back(seen);
    }

    Instant seen_at(const MachineGroup& group, SetupId fabric) {
        // What stood before the run was seen when the servers were.
        const Instant appeared = group.appears_at.value_or(kBefore);
        Instant seen = setup().seen_at(fabric, appeared, is_physical_server(group));
        if (setup().object(fabric).kind == SetupKind::HyperVSite) {
            const SetupId host = setup().find(SetupKind::HyperVHost, *group.host);
            if (!host.is_none()) seen = std::max(seen, setup().listed_at(host));
        }
        return seen;
    }

    SetupId policy_of(const MachineGroup& group) {
        const std::optional<PolicyId> place = directory_.policy(group.policy);
        const std::optional<PolicyKind> kind = policy_kind_of(kind_of(group));
        if (!place || !kind) return {};
        const auto [known, is_new] = policies_.try_emplace({place->value, *kind}, SetupId());
        if (!is_new) return known->second;
        const Policy& policy = scenario_.policies[place->value];
        PolicyFacts facts{*kind,
                          policy.retention,
                          policy.app_consistent_every,
                          policy.replication_interval,
                          0,
                          policy.initial_replication_start};
        note_ranges(facts, pointer_to("/policies", place->value));
        const SetupAnswer made = setup().create_policy(
            policy.name + " for " + std::string(name_of(*kind)), facts, kBefore);
        if (const auto* id = std::get_if<SetupId>(&made)) known->second = *id;
        return known->second;
    }

    /// SR/vmware-physical-secondary-architecture.md: Scout copies when its agent is there.
    void note_schedule_of_scout(const MachineGroup& group) {
        const std::optional<PolicyId> place = directory_.policy(group.policy);
        if (!place || !scenario_.policies[place->value].initial_replication_start) return;
        note(built_.problems, code::kKeysClash,
             pointer_to("/policies", place->value) + "/initial_replication_start",
             seconds_text(*scenario_.policies[place->value].initial_replication_start),
             "does not go with \"scout-to-secondary\" replication");
    }

    /// What check_policies() does not say for all kinds alike.
    void note_ranges(const PolicyFacts& facts, const std::string& pointer) {
        for (const PolicyFault& fault : check_policy(facts, scenario_.profile)) {
            const bool of_interval = fault.field == "replication_interval";
            const bool of_retention =
                fault.field == "retention" && facts.retention <= scenario_.profile.retention_max;
            const bool of_start = fault.field == "initial_replication_start";
            if (!of_interval && !of_retention && !of_start) continue;
            const Duration found = of_interval ? facts.replication_interval
                                   : of_start  ? *facts.initial_replication_start
                                               : facts.retention;
            const std::string_view code = of_interval ? code::kInterval
                                          : of_start  ? code::kKeysClash
                                                      : code::kRetention;
            note(built_.problems, code, pointer + "/" + std::string(fault.field),
                 seconds_text(found),
                 "a policy for " + std::string(name_of(facts.kind)) + " " + fault.allowed + " (" +
                     std::string(fault.source) + ")");
        }
    }

    SetupId mapping_of(const MachineGroup& group, const Containers& containers) {
        const SetupId policy = policy_of(group);
        if (policy.is_none()) return {};
        const auto key = std::pair(std::pair(containers.here, containers.there), policy);
        const auto [known, is_new] = mappings_.try_emplace(key, SetupId());
        if (!is_new) return known->second;
        const SetupAnswer made =
            setup().map_container(containers.here, containers.there, policy, kBefore);
        if (const auto* id = std::get_if<SetupId>(&made)) known->second = *id;
        return known->second;
    }

    void add_network_mappings() {
        for (std::size_t k = 0; k < scenario_.network_mappings.size(); ++k) {
            const NetworkMapping& mapping = scenario_.network_mappings[k];
            SetupId fabric = setup().find(SetupKind::VmmServer, mapping.fabric);
            if (fabric.is_none()) fabric = setup().find(SetupKind::AzureRegion, mapping.fabric);
            if (fabric.is_none() && directory_.region(mapping.fabric)) {
                fabric = std::get<SetupId>(setup().create_region(mapping.fabric, kBefore));
            }
            if (fabric.is_none()) continue;
            taken(setup().map_network(fabric, mapping.from, mapping.to, kBefore),
                  pointer_to("/network_mappings", k), mapping.from);
        }
    }

    const Scenario& scenario_;
    Directory directory_;
    BuiltVault built_;
    std::vector<std::pair<std::string, SetupId>> vmm_servers_;            ///< by site
    std::vector<std::pair<std::string, SetupId>> configuration_servers_;  ///< by site
    std::map<std::pair<std::uint32_t, PolicyKind>, SetupId> policies_;
    std::map<std::pair<std::pair<SetupId, SetupId>, SetupId>, SetupId> mappings_;
};

}  // namespace

BuiltVault build_vault(const Scenario& scenario) {
    return Builder(scenario).run();
}

}  // namespace landfall::scenario
