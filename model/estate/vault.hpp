// model/estate/vault.hpp — the set-up of a Recovery Services vault: what is registered, mapped and
// protected, and what has to go before what.
//
// Everything in the vault is an object with a parent and with objects that it uses:
//   Hyper-V site <- host          VMM server <- cloud          Azure region <- container
//   configuration server <- process server, master target
//   container <- container mapping (-> policy, -> container there) <- protected item
// A site and a configuration server come with one container, which goes with them.
// Laws: nothing uses what is not there (no orphan, ever); what is used cannot go, and the refusal
// names what has to go first; removing in deletion_order() always ends with an empty vault.
// Sources: SR/delete-vault.md (order of deletion), SR/hyper-v-azure-tutorial.md (key, discovery),
// SR/vmware-azure-enable-replication.md (inventory), SR/hyper-v-vmm-network-mapping.md,
// SR/azure-to-azure-network-mapping.md (1:1), SR/hyper-v-azure-support-matrix.md (host systems are
// not mixed), includes/site-recovery-limits.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/estate/replication_policy.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall {

enum class SetupKind : std::uint8_t {
    HyperVSite,
    VmmServer,
    ConfigurationServer,
    AzureRegion,
    HyperVHost,
    ProcessServer,
    MasterTarget,
    Container,
    Policy,
    ContainerMapping,
    NetworkMapping,
    StorageMapping,
    Item,
};
constexpr std::size_t kSetupKinds = 13;
std::string_view name_of(SetupKind kind);

using SetupId = Id<struct SetupTag>;

struct SetupObject {
    SetupKind kind = SetupKind::Item;
    std::string name = {};
    SetupId parent = {};  ///< none: the vault
    std::vector<SetupId> uses = {};
    Instant since = {};
    bool automatic = false;    ///< comes and goes with its parent
    std::string version = {};  ///< of a host: its system
    std::string from = {};     ///< of a network or storage mapping
    std::string to = {};
    std::optional<PolicyFacts> policy = {};
    std::int64_t disks = 0;  ///< of an item
    bool alive = true;
};

/// Why an operation is refused, and what would have to go first.
struct SetupRefusal {
    std::string why;
    std::vector<SetupId> first;
    std::string_view source;
};

using SetupAnswer = std::variant<SetupId, SetupRefusal>;

/// What a server shows when it registers. Good for so long after it was generated.
struct RegistrationKey {
    Instant generated;
};

struct Registration {
    RegistrationKey key;
    Instant now;
    Duration clock_skew;  ///< how far its clock is off, either way
};

class VaultSetup {
  public:
    explicit VaultSetup(ServiceProfile profile = {}) : profile_(std::move(profile)) {}

    /// Why a subscription that has so many vaults gets no further one; nothing: it does.
    static std::optional<SetupRefusal> why_no_vault(std::int64_t vaults,
                                                    const ServiceProfile& profile);

    // --- Fabrics, servers and containers
    SetupAnswer create_site(std::string name, Instant now);
    SetupAnswer create_region(std::string name, Instant now);
    SetupAnswer register_host(std::string name, SetupId site, std::string version,
                              const Registration& registration);
    SetupAnswer register_vmm(std::string name, const Registration& registration);
    SetupAnswer register_configuration_server(std::string name, const Registration& registration);
    SetupAnswer add_process_server(std::string name, SetupId configuration_server, Instant now);
    SetupAnswer add_master_target(std::string name, SetupId configuration_server, Instant now);
    /// A cloud of a VMM server, or a container of an Azure region.
    SetupAnswer add_container(std::string name, SetupId fabric, Instant now);

    // --- Policies, mappings and items
    SetupAnswer create_policy(std::string name, const PolicyFacts& facts, Instant now);
    /// `there` none: replicas go to Azure storage.
    SetupAnswer map_container(SetupId here, SetupId there, SetupId policy, Instant now);
    SetupAnswer map_network(SetupId fabric, std::string from, std::string to, Instant now);
    SetupAnswer map_storage(SetupId fabric, std::string from, std::string to, Instant now);
    SetupAnswer protect(std::string machine, SetupId mapping, std::int64_t disks, Instant now);
    /// Why it would refuse to; nothing: it would not.
    [[nodiscard]] std::optional<SetupRefusal> why_not_protect(const std::string& machine,
                                                              SetupId mapping,
                                                              std::int64_t disks) const;
    /// Why no such many more disks are protected by that mapping; nothing: they may be.
    [[nodiscard]] std::optional<SetupRefusal> why_not_disks(SetupId mapping,
                                                            std::int64_t more) const;
    /// The item has so many disks now.
    void set_disks(SetupId item, std::int64_t disks);

    // --- Taking down
    /// Nothing: it is gone. A refusal: nothing changed.
    std::optional<SetupRefusal> remove(SetupId id);
    /// Takes all down in that order, and the vault itself. A refusal, while anything is protected:
    /// nothing changed, and its items have to go first.
    std::optional<SetupRefusal> take_down();
    [[nodiscard]] bool is_deleted() const { return deleted_; }
    /// Why the vault cannot be deleted; nothing: it is empty.
    [[nodiscard]] std::optional<SetupRefusal> why_not_delete() const;
    /// All objects, each before what it needs, in the documented order of kinds.
    [[nodiscard]] std::vector<SetupId> deletion_order() const;

    // --- Discovery
    /// When a registered server is listed in the vault.
    [[nodiscard]] Instant listed_at(SetupId server) const;
    /// When a machine that appeared at `appeared` can be chosen: the next look of its fabric's
    /// inventory. Physical servers are typed in, Azure shows its own at once: both `appeared`.
    [[nodiscard]] Instant seen_at(SetupId fabric, Instant appeared, bool typed_in = false) const;
    /// Looks now, out of turn.
    void refresh(SetupId fabric, Instant now);

    // --- Looking
    [[nodiscard]] const SetupObject& object(SetupId id) const { return objects_[id.value]; }
    [[nodiscard]] bool is_alive(SetupId id) const {
        return id.value < objects_.size() && objects_[id.value].alive;
    }
    /// The live object of that kind and name; none: there is none.
    [[nodiscard]] SetupId find(SetupKind kind, std::string_view name) const;
    /// The item of a machine in the container of that mapping; none: it is not protected there.
    [[nodiscard]] SetupId item_of(const std::string& machine, SetupId mapping) const;
    [[nodiscard]] SetupId container_of(SetupId fabric) const;
    /// Where a network or storage mapping of the fabric leads; nothing: it is not mapped.
    [[nodiscard]] std::optional<std::string> mapped(SetupKind kind, SetupId fabric,
                                                    std::string_view from) const;
    [[nodiscard]] std::vector<SetupId> dependents(SetupId id) const;
    [[nodiscard]] std::size_t count(SetupKind kind) const;
    [[nodiscard]] std::size_t objects() const { return objects_.size(); }

  private:
    SetupId add(SetupObject object);
    [[nodiscard]] std::optional<SetupRefusal> why_not_named(SetupKind kind, const std::string& name,
                                                            SetupId parent) const;
    [[nodiscard]] std::optional<SetupRefusal> why_not_register(
        const Registration& registration) const;
    [[nodiscard]] std::optional<SetupRefusal> why_not_of_kind(
        SetupId id, std::initializer_list<SetupKind> kinds) const;
    [[nodiscard]] SetupId fabric_of(SetupId container) const { return object(container).parent; }
    SetupAnswer add_below_configuration_server(SetupKind kind, std::string name, SetupId server,
                                               Instant now);
    [[nodiscard]] std::optional<SetupRefusal> why_not_mapped_to(SetupId here, SetupId there,
                                                                SetupId policy) const;
    [[nodiscard]] std::vector<SetupId> blockers(SetupId id) const;

    ServiceProfile profile_;
    std::vector<SetupObject> objects_;                          ///< ids are never reused
    std::map<std::pair<SetupId, std::string>, SetupId> items_;  ///< live, by container and machine
    std::int64_t azure_disks_ = 0;                              ///< of live items in Azure regions
    bool deleted_ = false;
    std::vector<std::pair<SetupId, Instant>> refreshes_;  ///< in order
};

}  // namespace landfall
