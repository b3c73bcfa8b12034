// model/estate/target.hpp — what Azure has to give: sizes, quota, networks and addresses.
//
// A failed over machine becomes a virtual machine in its target region. That takes cores of a
// quota (of the region, and of the family of its size), network interfaces of another, and an
// address of a subnet; an availability set takes machines of one family only. TargetCapacity knows
// what runs and says whether one more fits; every reason against it is told at once. What is not
// stated (a quota, a network) is not bounded.
// Laws: created and then removed leaves nothing behind; what fit() promises, create() takes.
// Sources: SR/site-recovery-failover-to-azure-troubleshoot.md (28031 quota and families of an
// availability set, 28092 interfaces), SR/site-recovery-vmm-to-azure.md (interfaces kept, subnet of
// the same name or else the first by alphabet, a static address that is taken),
// SR/site-recovery-test-failover-to-azure.md (a test takes the next free address),
// articles/virtual-network/virtual-networks-faq.md (five addresses of a subnet are Azure's own).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/estate/scenario_kind.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall {

/// An IPv4 address: 10.0.0.4 is 0x0A000004.
struct Ipv4 {
    std::uint32_t value = 0;
    constexpr auto operator<=>(const Ipv4&) const = default;
};

/// "10.0.0.4".
std::string text_of(Ipv4 address);
/// The address of such a text; nothing when it is none.
std::optional<Ipv4> read_ipv4(std::string_view text);

/// Addresses from `first`, which ends in zero bits after `prefix` bits. At most /29 is a subnet.
struct TargetSubnet {
    std::string name;
    Ipv4 first;
    std::uint32_t prefix = 24;

    /// The addresses that machines may have: Azure keeps the first four and the last.
    [[nodiscard]] Ipv4 lowest() const { return {first.value + 4}; }
    [[nodiscard]] Ipv4 highest() const { return {first.value + (1U << (32 - prefix)) - 2}; }
    [[nodiscard]] bool holds(Ipv4 address) const {
        return address >= lowest() && address <= highest();
    }
};

struct TargetNetwork {
    std::string name;
    std::vector<TargetSubnet> subnets;  ///< at least one
};

struct FamilyQuota {
    std::string family;
    std::int64_t cores = 0;
};

/// An Azure region. Without networks, interfaces have no addresses.
struct TargetRegion {
    std::string name;
    std::optional<std::int64_t> cores;  ///< quota, all families together
    std::vector<FamilyQuota> families;  ///< quotas by family; no entry: none
    std::optional<std::int64_t> nics;   ///< quota
    std::vector<TargetNetwork> networks;
};

/// What a machine has and is to become ("Compute and network" of a replicated item).
struct TargetSettings {
    std::optional<std::uint32_t> region;  ///< none: it does not fail over to Azure
    std::int64_t cores = 2;
    Bytes memory = gibibytes(4);
    std::int64_t data_disks = 0;
    std::int64_t nics = 1;
    std::optional<std::string> source_subnet;
    std::optional<std::string> size;     ///< none: the smallest that fits
    std::optional<std::string> network;  ///< none: the region's first
    std::optional<std::string> subnet;
    std::optional<Ipv4> ip;
    std::optional<std::string> availability_set;
    std::int64_t helper_disks = 0;      ///< places for data disks that its hydration helper needs
    std::optional<bool> managed_disks;  ///< else blobs in a storage account; none: unstated
};

/// Unstated: managed disks; but for Hyper-V blobs [A], from which alone there is a way back
/// (SR/hyper-v-azure-support-matrix.md).
bool has_managed_disks(const TargetSettings& settings, ScenarioKind kind);

/// Regions, and what is known of each machine; machines that are alike share their settings.
struct TargetFacts {
    std::vector<TargetRegion> regions;
    std::vector<TargetSettings> settings;
    std::vector<std::uint32_t> settings_of;  ///< by machine

    /// Null: nothing is known of it, and it takes nothing.
    [[nodiscard]] const TargetSettings* find(MachineId machine) const {
        return machine.value < settings_of.size() ? &settings[settings_of[machine.value]] : nullptr;
    }
};

/// The size that a machine gets: the one that is stated, else the smallest that has its cores, its
/// memory and room for its data disks (least cores, then least memory, then first listed). Null:
/// there is none.
const VmSize* size_for(const TargetSettings& settings, const ServiceProfile& profile);

/// Interfaces that are kept: no more than the size has; the others are dropped.
std::int64_t nics_kept(const TargetSettings& settings, const VmSize& size);

/// The smallest tier of `type` that takes a disk of `size`; null when there is none.
const TargetDiskTier* disk_tier_for(const ServiceProfile& profile, std::string_view type,
                                    Bytes size);

/// The subnet that a machine gets: the one that is stated, else one named as its own was, else the
/// first by alphabet. Null: the stated one is not there.
const TargetSubnet* subnet_for(const TargetSettings& settings, const TargetNetwork& network);

/// `Helper`: the machine for the time of a hydration that makes the disks of another one bootable
/// (SR/hydration-process.md). It is of the smallest size with room for the disks that it gets, the
/// OS disk of a Windows machine or all disks of a Linux one and two more, and takes its cores
/// beside those of the machine [A]; of its interface and address no document speaks [A].
enum class TargetInstance : std::uint8_t { Recovery, Test, Helper };

/// Why Azure does not take a machine. `code` is 0 where documents state none.
struct TargetProblem {
    std::int32_t code = 0;
    std::string why;
    std::string_view source;
};
/// "28031: needs 4 cores in West, of which 0 of 2 are in use (SR/...)".
std::string sentence(const TargetProblem& problem);

struct TargetAddress {
    std::uint32_t network = 0;  ///< of its region
    std::string subnet;
    Ipv4 ip;
    auto operator<=>(const TargetAddress&) const = default;
};

/// Where an instance runs and what it takes.
struct Placement {
    std::optional<std::uint32_t> region;  ///< none: not in Azure, it takes nothing here
    const VmSize* size = nullptr;
    std::int64_t nics = 0;
    std::vector<TargetAddress> addresses;  ///< of its interfaces; empty: no network
    std::optional<std::string> availability_set;
};

/// Whether an instance fits. `placement` counts when there are no problems.
struct Fit {
    Placement placement;
    std::vector<TargetProblem> problems;
    [[nodiscard]] bool fits() const { return problems.empty(); }
};

struct TargetUse {
    std::int64_t instances = 0;
    std::int64_t cores = 0;
    std::map<std::string, std::int64_t> cores_by_family;  ///< families in use only
    std::int64_t nics = 0;
    std::int64_t addresses = 0;
    bool operator==(const TargetUse&) const = default;
};

class TargetCapacity {
  public:
    /// `facts` and `profile` must outlive it.
    TargetCapacity(const TargetFacts& facts, const ServiceProfile& profile);

    /// Whether one more instance fits now. A test may go to `test_network`; without one it has no
    /// network at all.
    [[nodiscard]] Fit fit(MachineId machine, TargetInstance instance,
                          std::string_view test_network = "") const;
    /// Takes what `fit` promises; the same fit again for an instance that is there. Nothing changes
    /// when it does not fit.
    Fit create(MachineId machine, TargetInstance instance, std::string_view test_network = "");
    /// Gives back what the instance took; false when there is none.
    bool remove(MachineId machine, TargetInstance instance);

    /// The instance, or null.
    [[nodiscard]] const Placement* find(MachineId machine, TargetInstance instance) const;
    [[nodiscard]] const TargetUse& use(std::uint32_t region) const { return uses_[region]; }
    [[nodiscard]] std::size_t instances() const { return placements_.size(); }

  private:
    void check_quota(const TargetRegion& region, const TargetUse& use, Fit& fit) const;
    void check_availability_set(Fit& fit) const;
    [[nodiscard]] Fit fit_helper(const TargetSettings& settings) const;
    void place(const TargetSettings& settings, const TargetRegion& region, TargetInstance instance,
               std::string_view network, Fit& fit) const;
    void take_address(const TargetSettings& settings, const TargetSubnet& subnet,
                      TargetInstance instance, std::uint32_t network, Fit& fit) const;
    [[nodiscard]] std::optional<Ipv4> free_from(const Placement& placement, std::uint32_t network,
                                                const TargetSubnet& subnet, Ipv4 wanted) const;

    const TargetFacts& facts_;
    const ServiceProfile& profile_;
    std::map<std::pair<MachineId, TargetInstance>, Placement> placements_;
    std::vector<TargetUse> uses_;                    ///< by region
    std::vector<std::set<TargetAddress>> occupied_;  ///< by region
    /// Machines of a set, by family of their size: region, set, family.
    std::map<std::pair<std::uint32_t, std::string>, std::map<std::string, std::int64_t>> sets_;
};

/// Disks behind one cache storage account of Azure to Azure (SR/azure-to-azure-support-matrix.md):
/// so many that change slowly, or half as many that change fast. A disk is fast when the tier of
/// its target takes more than the slow churn.
class CacheAccountUse {
  public:
    explicit CacheAccountUse(const ServiceProfile& profile) : profile_(profile) {}

    /// Why these disks do not fit behind it as well; nothing: they do.
    [[nodiscard]] std::optional<TargetProblem> why_not(std::int64_t slow, std::int64_t fast) const;
    void attach(std::int64_t slow, std::int64_t fast);
    void detach(std::int64_t slow, std::int64_t fast);
    [[nodiscard]] bool is_fast(const TargetDiskTier& tier) const {
        return tier.churn_limit > profile_.cache_account_calm_churn;
    }

  private:
    const ServiceProfile& profile_;
    std::int64_t slow_ = 0;
    std::int64_t fast_ = 0;
};

}  // namespace landfall
