// model/estate/scenario_kind.hpp — the scenarios of Site Recovery: what is replicated, and where
// to.
//
// Which operations an item has depends on its kind and nothing else (model/recovery). A machine has
// one kind for life: an Azure machine that an on-premises configuration server replicates as if it
// were a physical server is another kind than one that Azure replicates by itself.
// Sources: SR/site-recovery-support-matrix-to-azure.md, SR/migrate-to-azure-with-site-recovery.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace landfall {

enum class ScenarioKind : std::uint8_t {
    VMwareToAzure,
    PhysicalToAzure,
    AwsToAzure,                       ///< protected as physical servers; migration only
    AzureThroughConfigurationServer,  ///< between regions before Azure to Azure; migration only
    HyperVSiteToAzure,                ///< without VMM
    VmmToAzure,
    AzureToAzure,
    ZoneToZone,
    VmmToVmm,
    ScoutToSecondary,  ///< VMware or physical to a second datacenter
};

constexpr std::size_t kScenarioKinds = 10;

/// Every kind, in the order of the enumeration.
constexpr std::array<ScenarioKind, kScenarioKinds> all_scenario_kinds() {
    std::array<ScenarioKind, kScenarioKinds> kinds{};
    for (std::size_t k = 0; k < kScenarioKinds; ++k) kinds[k] = static_cast<ScenarioKind>(k);
    return kinds;
}

constexpr std::string_view name_of(ScenarioKind kind) {
    constexpr std::array<std::string_view, kScenarioKinds> kNames = {
        "VMware to Azure",
        "Physical to Azure",
        "AWS to Azure",
        "Azure through a configuration server",
        "Hyper-V site to Azure",
        "VMM to Azure",
        "Azure to Azure",
        "Zone to zone",
        "VMM to VMM",
        "Scout to a secondary site",
    };
    return kNames[static_cast<std::size_t>(kind)];
}

/// A set of kinds, for rows of tables.
class KindSet {
  public:
    constexpr KindSet() = default;
    constexpr KindSet(std::initializer_list<ScenarioKind> kinds) {
        for (const ScenarioKind kind : kinds) bits_ |= bit(kind);
    }

    [[nodiscard]] constexpr bool contains(ScenarioKind kind) const {
        return (bits_ & bit(kind)) != 0;
    }
    friend constexpr KindSet operator|(KindSet a, KindSet b) { return KindSet(a.bits_ | b.bits_); }
    friend constexpr KindSet operator&(KindSet a, KindSet b) { return KindSet(a.bits_ & b.bits_); }
    constexpr bool operator==(const KindSet&) const = default;

  private:
    constexpr explicit KindSet(unsigned bits) : bits_(bits) {}
    static constexpr unsigned bit(ScenarioKind kind) { return 1U << static_cast<unsigned>(kind); }

    unsigned bits_ = 0;
};

constexpr KindSet kInMageKinds = {ScenarioKind::VMwareToAzure, ScenarioKind::PhysicalToAzure,
                                  ScenarioKind::AwsToAzure,
                                  ScenarioKind::AzureThroughConfigurationServer};
constexpr KindSet kHyperVToAzureKinds = {ScenarioKind::HyperVSiteToAzure, ScenarioKind::VmmToAzure};
constexpr KindSet kAzureToAzureKinds = {ScenarioKind::AzureToAzure, ScenarioKind::ZoneToZone};
constexpr KindSet kSecondarySiteKinds = {ScenarioKind::VmmToVmm, ScenarioKind::ScoutToSecondary};
constexpr KindSet kAllKinds =
    kInMageKinds | kHyperVToAzureKinds | kAzureToAzureKinds | kSecondarySiteKinds;

}  // namespace landfall
