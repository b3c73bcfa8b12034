// model/estate/vault.cpp — creating, registering and mapping; every refusal says why.
#include "model/estate/vault.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "model/base/check.hpp"

namespace landfall {

namespace {

using enum SetupKind;

constexpr std::string_view kTutorial = "SR/hyper-v-azure-tutorial.md";
constexpr std::string_view kLimits = "includes/site-recovery-limits.md";
constexpr std::string_view kObjects = "TSP:ProtectionContainerMapping.tsp";

SetupRefusal refusal(std::string why, std::string_view source) {
    return {std::move(why), {}, source};
}

/// The kind of policy for a container of a fabric and where its replicas go.
std::optional<PolicyKind> policy_between(SetupKind here, std::optional<SetupKind> there) {
    if (!there) {
        if (here == HyperVSite || here == VmmServer) return PolicyKind::HyperVToAzure;
        if (here == ConfigurationServer) return PolicyKind::InMageToAzure;
        return std::nullopt;
    }
    if (here == VmmServer && *there == VmmServer) return PolicyKind::HyperVToHyperV;
    if (here == AzureRegion && *there == AzureRegion) return PolicyKind::AzureToAzure;
    return std::nullopt;
}

}  // namespace

std::string_view name_of(SetupKind kind) {
    constexpr std::array<std::string_view, kSetupKinds> kNames = {
        "Hyper-V site",       "VMM server",        "configuration server", "Azure region",
        "Hyper-V host",       "process server",    "master target",        "protection container",
        "replication policy", "container mapping", "network mapping",      "storage mapping",
        "protected item"};
    return kNames[static_cast<std::size_t>(kind)];
}

SetupId VaultSetup::add(SetupObject object) {
    objects_.push_back(std::move(object));
    return SetupId(objects_.size() - 1);
}

std::optional<SetupRefusal> VaultSetup::why_no_vault(std::int64_t vaults,
                                                     const ServiceProfile& profile) {
    if (vaults < profile.vaults_per_subscription_max) return std::nullopt;
    return refusal("a subscription has at most " +
                       std::to_string(profile.vaults_per_subscription_max) + " vaults",
                   kLimits);
}

std::optional<SetupRefusal> VaultSetup::why_not_named(SetupKind kind, const std::string& name,
                                                      SetupId parent) const {
    for (const SetupObject& other : objects_) {
        if (!other.alive || other.kind != kind || other.name != name || other.parent != parent) {
            continue;
        }
        return refusal("there is a " + std::string(name_of(kind)) + " " + name + " already",
                       kObjects);
    }
    return std::nullopt;
}

std::optional<SetupRefusal> VaultSetup::why_not_of_kind(
    SetupId id, std::initializer_list<SetupKind> kinds) const {
    if (is_alive(id) && std::find(kinds.begin(), kinds.end(), object(id).kind) != kinds.end()) {
        return std::nullopt;
    }
    std::string wanted;
    for (const SetupKind kind : kinds) {
        wanted += (wanted.empty() ? "" : " or ") + std::string(name_of(kind));
    }
    return refusal("there is no such " + wanted + " in the vault", kObjects);
}

std::optional<SetupRefusal> VaultSetup::why_not_register(const Registration& registration) const {
    const Instant generated = registration.key.generated;
    LANDFALL_CHECK(registration.now >= generated, "a key is used after it was generated");
    if (registration.now - generated > profile_.registration_key_lifetime) {
        return refusal("the registration key has expired: generate a new one", kTutorial);
    }
    if (registration.clock_skew > profile_.registration_clock_skew_max) {
        return refusal("the clock of the server is off by too much (ACS50008): set it right",
                       "SR/vmware-azure-troubleshoot-configuration-server.md");
    }
    const std::size_t servers = count(HyperVHost) + count(VmmServer) + count(ConfigurationServer);
    if (static_cast<std::int64_t>(servers) < profile_.servers_per_vault_max) return std::nullopt;
    return refusal(
        "a vault has at most " + std::to_string(profile_.servers_per_vault_max) + " servers",
        kLimits);
}

SetupAnswer VaultSetup::create_site(std::string name, Instant now) {
    if (auto why = why_not_named(HyperVSite, name, SetupId())) return *why;
    const SetupId site = add({.kind = HyperVSite, .name = name, .since = now});
    add({.kind = Container,
         .name = std::move(name),
         .parent = site,
         .since = now,
         .automatic = true});
    return site;
}

SetupAnswer VaultSetup::create_region(std::string name, Instant now) {
    if (auto why = why_not_named(AzureRegion, name, SetupId())) return *why;
    return add({.kind = AzureRegion, .name = std::move(name), .since = now});
}

SetupAnswer VaultSetup::register_host(std::string name, SetupId site, std::string version,
                                      const Registration& registration) {
    if (auto why = why_not_of_kind(site, {HyperVSite})) return *why;
    if (find(HyperVHost, name) != SetupId())
        return *why_not_named(HyperVHost, name, object(find(HyperVHost, name)).parent);
    if (auto why = why_not_register(registration)) return *why;
    for (const SetupId other : dependents(site)) {
        const SetupObject& host = object(other);
        // Of a host whose system is not stated nothing is known against it.
        const bool known = !host.version.empty() && !version.empty();
        if (host.kind != HyperVHost || !known || host.version == version) continue;
        return refusal("site " + object(site).name + " has hosts of Windows Server " +
                           host.version + ", which do not mix with " + version,
                       "SR/hyper-v-azure-support-matrix.md");
    }
    return add({.kind = HyperVHost,
                .name = std::move(name),
                .parent = site,
                .since = registration.now,
                .version = std::move(version)});
}

SetupAnswer VaultSetup::register_vmm(std::string name, const Registration& registration) {
    if (auto why = why_not_named(VmmServer, name, SetupId())) return *why;
    if (auto why = why_not_register(registration)) return *why;
    return add({.kind = VmmServer, .name = std::move(name), .since = registration.now});
}

SetupAnswer VaultSetup::register_configuration_server(std::string name,
                                                      const Registration& registration) {
    if (auto why = why_not_named(ConfigurationServer, name, SetupId())) return *why;
    if (auto why = why_not_register(registration)) return *why;
    const SetupId server =
        add({.kind = ConfigurationServer, .name = name, .since = registration.now});
    add({.kind = Container,
         .name = std::move(name),
         .parent = server,
         .since = registration.now,
         .automatic = true});
    return server;
}

SetupAnswer VaultSetup::add_below_configuration_server(SetupKind kind, std::string name,
                                                       SetupId server, Instant now) {
    if (auto why = why_not_of_kind(server, {ConfigurationServer})) return *why;
    if (auto why = why_not_named(kind, name, server)) return *why;
    return add({.kind = kind, .name = std::move(name), .parent = server, .since = now});
}

SetupAnswer VaultSetup::add_process_server(std::string name, SetupId configuration_server,
                                           Instant now) {
    return add_below_configuration_server(ProcessServer, std::move(name), configuration_server,
                                          now);
}

SetupAnswer VaultSetup::add_master_target(std::string name, SetupId configuration_server,
                                          Instant now) {
    return add_below_configuration_server(MasterTarget, std::move(name), configuration_server, now);
}

SetupAnswer VaultSetup::add_container(std::string name, SetupId fabric, Instant now) {
    if (auto why = why_not_of_kind(fabric, {VmmServer, AzureRegion})) return *why;
    if (auto why = why_not_named(Container, name, fabric)) return *why;
    return add({.kind = Container, .name = std::move(name), .parent = fabric, .since = now});
}

SetupAnswer VaultSetup::create_policy(std::string name, const PolicyFacts& facts, Instant now) {
    if (auto why = why_not_named(Policy, name, SetupId())) return *why;
    const std::vector<PolicyFault> faults = check_policy(facts, profile_);
    if (!faults.empty()) {
        std::string why;
        for (const PolicyFault& fault : faults) {
            why += (why.empty() ? "" : "; ") + std::string(fault.field) + " " + fault.allowed;
        }
        return refusal(std::move(why), faults.front().source);
    }
    return add({.kind = Policy, .name = std::move(name), .since = now, .policy = facts});
}

std::optional<SetupRefusal> VaultSetup::why_not_mapped_to(SetupId here, SetupId there,
                                                          SetupId policy) const {
    if (auto why = why_not_of_kind(here, {Container})) return why;
    if (auto why = why_not_of_kind(policy, {Policy})) return why;
    std::optional<SetupKind> target;
    if (!there.is_none()) {
        if (auto why = why_not_of_kind(there, {Container})) return why;
        if (here == there) return refusal("a container is not mapped to itself", kObjects);
        target = object(fabric_of(there)).kind;
    }
    const std::optional<PolicyKind> wanted = policy_between(object(fabric_of(here)).kind, target);
    if (!wanted) {
        return refusal("a container of a " + std::string(name_of(object(fabric_of(here)).kind)) +
                           " does not replicate there",
                       kObjects);
    }
    if (object(policy).policy->kind != *wanted) {
        return refusal("the policy is one for " +
                           std::string(name_of(object(policy).policy->kind)) + ", not for " +
                           std::string(name_of(*wanted)),
                       kObjects);
    }
    for (const SetupId other : dependents(here)) {
        const SetupObject& mapping = object(other);
        if (mapping.kind != ContainerMapping || mapping.parent != here) continue;
        const bool same =
            std::find(mapping.uses.begin(), mapping.uses.end(), policy) != mapping.uses.end();
        if (same && (there.is_none() || std::find(mapping.uses.begin(), mapping.uses.end(),
                                                  there) != mapping.uses.end())) {
            return refusal("the container is mapped by this policy already", kObjects);
        }
    }
    return std::nullopt;
}

SetupAnswer VaultSetup::map_container(SetupId here, SetupId there, SetupId policy, Instant now) {
    if (auto why = why_not_mapped_to(here, there, policy)) return *why;
    SetupObject mapping{.kind = ContainerMapping,
                        .name = object(here).name + " by " + object(policy).name,
                        .parent = here,
                        .uses = {policy},
                        .since = now};
    if (!there.is_none()) mapping.uses.push_back(there);
    return add(std::move(mapping));
}

SetupAnswer VaultSetup::map_network(SetupId fabric, std::string from, std::string to, Instant now) {
    if (auto why = why_not_of_kind(fabric, {VmmServer, AzureRegion})) {
        if (!is_alive(fabric)) return *why;
        return refusal(
            "networks are mapped with VMM and between Azure regions; else the network "
            "is chosen for each machine",
            "SR/hyper-v-azure-architecture.md");
    }
    const bool one_to_one = object(fabric).kind == AzureRegion;
    for (const SetupId other : dependents(fabric)) {
        const SetupObject& mapping = object(other);
        if (mapping.kind != NetworkMapping) continue;
        if (mapping.from == from) {
            return refusal("network " + from + " is mapped to " + mapping.to + " already",
                           "SR/hyper-v-vmm-network-mapping.md");
        }
        if (one_to_one && mapping.to == to) {
            return refusal("network " + to + " is the target of " + mapping.from + " already",
                           "SR/azure-to-azure-network-mapping.md");
        }
    }
    const std::string name = from + " to " + to;
    return add({.kind = NetworkMapping,
                .name = name,
                .parent = fabric,
                .since = now,
                .from = std::move(from),
                .to = std::move(to)});
}

SetupAnswer VaultSetup::map_storage(SetupId fabric, std::string from, std::string to, Instant now) {
    if (auto why = why_not_of_kind(fabric, {VmmServer})) return *why;
    if (mapped(StorageMapping, fabric, from)) {
        return refusal("storage classification " + from + " is mapped already",
                       "TSP:StorageClassificationMapping.tsp");
    }
    const std::string name = from + " to " + to;
    return add({.kind = StorageMapping,
                .name = name,
                .parent = fabric,
                .since = now,
                .from = std::move(from),
                .to = std::move(to)});
}

std::optional<SetupRefusal> VaultSetup::why_not_protect(const std::string& machine, SetupId mapping,
                                                        std::int64_t disks) const {
    if (auto why = why_not_of_kind(mapping, {ContainerMapping})) return why;
    if (!item_of(machine, mapping).is_none()) {
        return refusal("there is a protected item " + machine + " already", kObjects);
    }
    return why_not_disks(mapping, disks);
}

std::optional<SetupRefusal> VaultSetup::why_not_disks(SetupId mapping, std::int64_t more) const {
    const bool in_azure = object(fabric_of(object(mapping).parent)).kind == AzureRegion;
    if (!in_azure || azure_disks_ + more <= profile_.azure_protected_disks_max) {
        return std::nullopt;
    }
    return refusal("a subscription has at most " +
                       std::to_string(profile_.azure_protected_disks_max) + " protected disks, " +
                       std::to_string(azure_disks_) + " of which are taken",
                   "SR/azure-to-azure-support-matrix.md");
}

SetupAnswer VaultSetup::protect(std::string machine, SetupId mapping, std::int64_t disks,
                                Instant now) {
    if (auto why = why_not_protect(machine, mapping, disks)) return *why;
    const SetupId container = object(mapping).parent;
    const SetupId item =
        add({.kind = Item, .name = machine, .parent = container, .uses = {mapping}, .since = now});
    items_.emplace(std::pair(container, std::move(machine)), item);
    set_disks(item, disks);
    return item;
}

void VaultSetup::set_disks(SetupId item, std::int64_t disks) {
    SetupObject& object = objects_[item.value];
    LANDFALL_CHECK(object.alive && object.kind == Item, "disks are those of a protected item");
    if (objects_[objects_[object.parent.value].parent.value].kind == AzureRegion) {
        azure_disks_ += disks - object.disks;
    }
    object.disks = disks;
}

// --- Looking

SetupId VaultSetup::find(SetupKind kind, std::string_view name) const {
    for (std::size_t k = 0; k < objects_.size(); ++k) {
        const SetupObject& object = objects_[k];
        if (object.alive && object.kind == kind && object.name == name) return SetupId(k);
    }
    return {};
}

SetupId VaultSetup::item_of(const std::string& machine, SetupId mapping) const {
    const auto found = items_.find({object(mapping).parent, machine});
    return found == items_.end() ? SetupId() : found->second;
}

SetupId VaultSetup::container_of(SetupId fabric) const {
    for (const SetupId id : dependents(fabric)) {
        if (object(id).kind == Container) return id;
    }
    return {};
}

std::optional<std::string> VaultSetup::mapped(SetupKind kind, SetupId fabric,
                                              std::string_view from) const {
    for (const SetupId id : dependents(fabric)) {
        const SetupObject& mapping = object(id);
        if (mapping.kind == kind && mapping.from == from) return mapping.to;
    }
    return std::nullopt;
}

std::vector<SetupId> VaultSetup::dependents(SetupId id) const {
    std::vector<SetupId> list;
    for (std::size_t k = 0; k < objects_.size(); ++k) {
        const SetupObject& other = objects_[k];
        if (!other.alive) continue;
        const bool uses = std::find(other.uses.begin(), other.uses.end(), id) != other.uses.end();
        if (other.parent == id || uses) list.emplace_back(k);
    }
    return list;
}

std::size_t VaultSetup::count(SetupKind kind) const {
    return static_cast<std::size_t>(std::count_if(
        objects_.begin(), objects_.end(),
        [kind](const SetupObject& object) { return object.alive && object.kind == kind; }));
}

}  // namespace landfall
