// model/estate/vault_teardown.cpp — what has to go before what, and when a vault sees a machine.
#include <algorithm>
#include <array>
#include <tuple>

#include "model/base/check.hpp"
#include "model/estate/vault.hpp"

namespace landfall {

namespace {

using enum SetupKind;

constexpr std::string_view kDeleteVault = "SR/delete-vault.md";
constexpr std::string_view kManage = "SR/site-recovery-manage-registration-and-protection.md";

/// SR/delete-vault.md: items, container mappings, policies, servers, sites, the vault. Where each
/// kind stands in that order.
constexpr std::array<int, kSetupKinds> kPlaceInOrder = {
    6,  // Hyper-V site
    6,  // VMM server
    6,  // configuration server
    6,  // Azure region
    4,  // Hyper-V host
    4,  // process server
    4,  // master target
    5,  // protection container
    3,  // replication policy
    1,  // container mapping
    2,  // network mapping
    2,  // storage mapping
    0,  // protected item
};

}  // namespace

/// What uses it or lies below it. Of a host also what its site protects: its machines cannot do
/// without it.
std::vector<SetupId> VaultSetup::blockers(SetupId id) const {
    std::vector<SetupId> list;
    if (object(id).kind == Item) return list;  // nothing uses it
    for (const SetupId other : dependents(id)) {
        if (!object(other).automatic) {
            list.push_back(other);
            continue;
        }
        for (const SetupId below : dependents(other)) list.push_back(below);
    }
    if (object(id).kind == HyperVHost) {
        for (const SetupId below : dependents(container_of(object(id).parent))) {
            list.push_back(below);
        }
    }
    return list;
}

std::optional<SetupRefusal> VaultSetup::remove(SetupId id) {
    if (!is_alive(id)) return SetupRefusal{"it is not in the vault", {}, kManage};
    SetupObject& object = objects_[id.value];
    if (object.automatic) {
        return SetupRefusal{
            "it goes with its " + std::string(name_of(objects_[object.parent.value].kind)),
            {object.parent},
            kDeleteVault};
    }
    std::vector<SetupId> first = blockers(id);
    if (!first.empty()) {
        const SetupObject& example = objects_[first.front().value];
        return SetupRefusal{
            std::string(name_of(object.kind)) + " " + object.name + " is in use: first remove " +
                std::string(name_of(example.kind)) + " " + example.name +
                (first.size() == 1 ? "" : " and " + std::to_string(first.size() - 1) + " more"),
            std::move(first), object.kind == HyperVHost ? kManage : kDeleteVault};
    }
    if (object.kind == Item) {
        set_disks(id, 0);
        items_.erase({object.parent, object.name});
    }
    object.alive = false;
    for (SetupObject& other : objects_) {
        if (other.alive && other.automatic && other.parent == id) other.alive = false;
    }
    return std::nullopt;
}

std::vector<SetupId> VaultSetup::deletion_order() const {
    std::vector<SetupId> order;
    for (std::size_t k = 0; k < objects_.size(); ++k) {
        if (objects_[k].alive && !objects_[k].automatic) order.emplace_back(k);
    }
    std::stable_sort(order.begin(), order.end(), [this](SetupId a, SetupId b) {
        return kPlaceInOrder[static_cast<std::size_t>(object(a).kind)] <
               kPlaceInOrder[static_cast<std::size_t>(object(b).kind)];
    });
    return order;
}

std::optional<SetupRefusal> VaultSetup::why_not_delete() const {
    std::vector<SetupId> first = deletion_order();
    if (first.empty()) return std::nullopt;
    return SetupRefusal{"the vault is not empty: first remove " +
                            std::string(name_of(object(first.front()).kind)) + " " +
                            object(first.front()).name,
                        std::move(first), kDeleteVault};
}

std::optional<SetupRefusal> VaultSetup::take_down() {
    if (deleted_) return SetupRefusal{"the vault was deleted before", {}, kDeleteVault};
    std::vector<SetupId> items;
    for (const auto& [place, item] : items_) items.push_back(item);
    if (!items.empty()) {
        std::sort(items.begin(), items.end());
        return SetupRefusal{
            "the vault is not empty: first remove " + std::string(name_of(Item)) + " " +
                object(items.front()).name +
                (items.size() == 1 ? "" : " and " + std::to_string(items.size() - 1) + " more"),
            std::move(items), kDeleteVault};
    }
    for (const SetupId id : deletion_order()) {
        LANDFALL_CHECK(!remove(id), "what stands in the order of deletion can go in its turn");
    }
    deleted_ = true;
    return std::nullopt;
}

// --- Discovery

Instant VaultSetup::listed_at(SetupId server) const {
    const SetupObject& facts = object(server);
    const bool registers =
        facts.kind == HyperVHost || facts.kind == VmmServer || facts.kind == ConfigurationServer;
    return registers ? facts.since + profile_.host_discovery_time : facts.since;
}

Instant VaultSetup::seen_at(SetupId fabric, Instant appeared, bool typed_in) const {
    const SetupObject& facts = object(fabric);
    // The first host of a site that is listed shows the machines of the site.
    Instant ready = listed_at(fabric);
    if (facts.kind == HyperVSite) {
        ready = Instant::never();
        for (const SetupId id : dependents(fabric)) {
            if (object(id).kind == HyperVHost) ready = std::min(ready, listed_at(id));
        }
    }
    if (ready == Instant::never()) return ready;
    if (typed_in || facts.kind == AzureRegion || appeared <= ready) {
        return std::max(appeared, ready);
    }
    const std::int64_t interval = profile_.inventory_discovery_interval.count();
    const std::int64_t waited = (appeared - ready).count();
    Instant seen = ready + Duration((waited + interval - 1) / interval * interval);
    for (const auto& [refreshed, at] : refreshes_) {
        if (refreshed == fabric && at >= appeared) seen = std::min(seen, at);
    }
    return seen;
}

void VaultSetup::refresh(SetupId fabric, Instant now) {
    LANDFALL_CHECK(is_alive(fabric), "what is refreshed is in the vault");
    refreshes_.emplace_back(fabric, now);
}

}  // namespace landfall
