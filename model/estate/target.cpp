// model/estate/target.cpp — quota, addresses and families against what runs already.
#include "model/estate/target.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"

namespace landfall {

namespace {

constexpr std::string_view kTroubleshoot = "SR/site-recovery-failover-to-azure-troubleshoot.md";
constexpr std::string_view kHydration = "SR/hydration-process.md";
constexpr std::string_view kTargetShape = "SR/site-recovery-vmm-to-azure.md";
constexpr std::string_view kCacheLimits = "SR/azure-to-azure-support-matrix.md";
/// "wasn't able to create a failed over virtual machine": quota, families of a set.
constexpr std::int32_t kNoMachine = 28031;
/// "wasn't able to create a network interface".
constexpr std::int32_t kNoInterface = 28092;

std::string count_text(std::int64_t count) {
    return std::to_string(count);
}

/// Notes that `wanted` more than `used` of `quota` is too much.
void check_bound(std::int64_t used, std::int64_t wanted, std::int64_t quota,
                 const std::string& what, std::int32_t code, Fit& fit) {
    if (used + wanted <= quota) return;
    fit.problems.push_back({code,
                            "needs " + count_text(wanted) + " " + what + ", of which " +
                                count_text(used) + " of " + count_text(quota) + " are in use",
                            kTroubleshoot});
}

void note_missing(std::string why, Fit& fit) {
    fit.problems.push_back({0, std::move(why), kTargetShape});
}

}  // namespace

std::string sentence(const TargetProblem& problem) {
    const std::string code = problem.code == 0 ? "" : count_text(problem.code) + ": ";
    return code + problem.why + " (" + std::string(problem.source) + ")";
}

std::string text_of(Ipv4 address) {
    std::string text;
    for (const int shift : {24, 16, 8, 0}) {
        if (!text.empty()) text += '.';
        text += std::to_string((address.value >> shift) & 0xFF);
    }
    return text;
}

std::optional<Ipv4> read_ipv4(std::string_view text) {
    Ipv4 address;
    for (int part = 0; part < 4; ++part) {
        if (part > 0) {
            if (!text.starts_with('.')) return std::nullopt;
            text.remove_prefix(1);
        }
        std::uint32_t number = 0;
        const auto [end, error] = std::from_chars(
            text.data(), text.data() + std::min<std::size_t>(text.size(), 3), number);
        if (error != std::errc() || number > 255) return std::nullopt;
        const auto digits = static_cast<std::size_t>(end - text.data());
        if (digits > 1 && text.front() == '0') return std::nullopt;  // might be meant as octal
        text.remove_prefix(digits);
        address.value = (address.value << 8) | number;
    }
    return text.empty() ? std::optional(address) : std::nullopt;
}

bool has_managed_disks(const TargetSettings& settings, ScenarioKind kind) {
    return settings.managed_disks.value_or(!kHyperVToAzureKinds.contains(kind));
}

const VmSize* size_for(const TargetSettings& settings, const ServiceProfile& profile) {
    const VmSize* best = nullptr;
    for (const VmSize& size : profile.vm_sizes) {
        if (settings.size) {
            if (size.name == *settings.size) return &size;
            continue;
        }
        const bool has_room = size.cores >= settings.cores && size.memory >= settings.memory &&
                              size.data_disks_max >= settings.data_disks;
        if (!has_room) continue;
        if (best == nullptr ||
            std::tie(size.cores, size.memory) < std::tie(best->cores, best->memory)) {
            best = &size;
        }
    }
    return best;
}

std::int64_t nics_kept(const TargetSettings& settings, const VmSize& size) {
    return std::min(settings.nics, size.nics_max);
}

const TargetDiskTier* disk_tier_for(const ServiceProfile& profile, std::string_view type,
                                    Bytes size) {
    const TargetDiskTier* smallest = nullptr;
    for (const TargetDiskTier& tier : profile.target_disk_tiers) {
        if (tier.type != type || tier.size_at_most < size) continue;
        if (smallest == nullptr || tier.size_at_most < smallest->size_at_most) smallest = &tier;
    }
    return smallest;
}

const TargetSubnet* subnet_for(const TargetSettings& settings, const TargetNetwork& network) {
    LANDFALL_CHECK(!network.subnets.empty(), "a network has a subnet");
    const auto find = [&](const std::string& name) -> const TargetSubnet* {
        const auto found = std::find_if(network.subnets.begin(), network.subnets.end(),
                                        [&](const auto& subnet) { return subnet.name == name; });
        return found == network.subnets.end() ? nullptr : &*found;
    };
    if (settings.subnet) return find(*settings.subnet);
    if (settings.source_subnet) {
        if (const TargetSubnet* same = find(*settings.source_subnet)) return same;
    }
    return &*std::min_element(network.subnets.begin(), network.subnets.end(),
                              [](const auto& a, const auto& b) { return a.name < b.name; });
}

TargetCapacity::TargetCapacity(const TargetFacts& facts, const ServiceProfile& profile)
    : facts_(facts),
      profile_(profile),
      uses_(facts.regions.size()),
      occupied_(facts.regions.size()) {}

void TargetCapacity::check_quota(const TargetRegion& region, const TargetUse& use, Fit& fit) const {
    if (mutant(Mutant::QuotaUnchecked)) return;
    const VmSize& size = *fit.placement.size;
    if (region.cores) {
        check_bound(use.cores, size.cores, *region.cores, "cores in " + region.name, kNoMachine,
                    fit);
    }
    for (const FamilyQuota& quota : region.families) {
        if (quota.family != size.family) continue;
        const auto used = use.cores_by_family.find(size.family);
        check_bound(used == use.cores_by_family.end() ? 0 : used->second, size.cores, quota.cores,
                    size.family + " cores in " + region.name, kNoMachine, fit);
    }
    if (region.nics) {
        check_bound(use.nics, fit.placement.nics, *region.nics,
                    "network interfaces in " + region.name, kNoInterface, fit);
    }
}

void TargetCapacity::check_availability_set(Fit& fit) const {
    const Placement& placement = fit.placement;
    if (!placement.availability_set) return;
    const auto set = sets_.find({*placement.region, *placement.availability_set});
    if (set == sets_.end()) return;
    for (const auto& [family, machines] : set->second) {
        if (machines == 0 || family == placement.size->family) continue;
        fit.problems.push_back({kNoMachine,
                                "availability set " + *placement.availability_set +
                                    " has machines of family " + family + ", and " +
                                    placement.size->name + " is of family " +
                                    placement.size->family,
                                kTroubleshoot});
    }
}

std::optional<Ipv4> TargetCapacity::free_from(const Placement& placement, std::uint32_t network,
                                              const TargetSubnet& subnet, Ipv4 wanted) const {
    const std::set<TargetAddress>& occupied = occupied_[*placement.region];
    const auto is_free = [&](Ipv4 ip) {
        const TargetAddress address{network, subnet.name, ip};
        if (mutant(Mutant::AddressUnchecked)) return true;
        const auto& own = placement.addresses;
        return !occupied.contains(address) &&
               std::find(own.begin(), own.end(), address) == own.end();
    };
    for (Ipv4 ip = wanted; ip <= subnet.highest(); ++ip.value) {
        if (is_free(ip)) return ip;
    }
    for (Ipv4 ip = subnet.lowest(); ip < wanted; ++ip.value) {
        if (is_free(ip)) return ip;
    }
    return std::nullopt;
}

void TargetCapacity::take_address(const TargetSettings& settings, const TargetSubnet& subnet,
                                  TargetInstance instance, std::uint32_t network, Fit& fit) const {
    Placement& placement = fit.placement;
    const bool is_test = instance == TargetInstance::Test;
    const bool fixed = settings.ip && subnet.holds(*settings.ip);
    if (settings.ip && !fixed && !is_test) {
        note_missing("address " + text_of(*settings.ip) + " is not one of subnet " + subnet.name,
                     fit);
        return;
    }
    for (std::int64_t nic = 0; nic < placement.nics; ++nic) {
        const bool wants = fixed && nic == 0;
        const auto ip =
            free_from(placement, network, subnet, wants ? *settings.ip : subnet.lowest());
        if (!ip) {
            note_missing("subnet " + subnet.name + " has no free address", fit);
            return;
        }
        if (wants && *ip != *settings.ip && !is_test) {
            note_missing("address " + text_of(*settings.ip) + " is taken", fit);
            return;
        }
        placement.addresses.push_back({network, subnet.name, *ip});
    }
}

void TargetCapacity::place(const TargetSettings& settings, const TargetRegion& region,
                           TargetInstance instance, std::string_view network, Fit& fit) const {
    const auto& networks = region.networks;
    std::size_t at = 0;
    const bool test_at_large =
        mutant(Mutant::DrillInProduction) && instance == TargetInstance::Test;
    if (!network.empty() && !test_at_large) {
        at = static_cast<std::size_t>(
            std::find_if(networks.begin(), networks.end(),
                         [&](const auto& other) { return other.name == network; }) -
            networks.begin());
        if (at == networks.size()) {
            note_missing("there is no network " + std::string(network) + " in " + region.name, fit);
            return;
        }
    } else if (networks.empty() || (instance == TargetInstance::Test && !test_at_large)) {
        return;
    }
    // The settings name a subnet of the failover's network, not of a network for tests.
    TargetSettings wanted = settings;
    if (instance == TargetInstance::Test && settings.subnet) {
        wanted.subnet.reset();
        wanted.source_subnet = settings.subnet;
    }
    const TargetSubnet* subnet = subnet_for(wanted, networks[at]);
    if (subnet == nullptr) {
        note_missing("network " + networks[at].name + " has no subnet " + *settings.subnet, fit);
        return;
    }
    take_address(settings, *subnet, instance, static_cast<std::uint32_t>(at), fit);
}

Fit TargetCapacity::fit(MachineId machine, TargetInstance instance,
                        std::string_view test_network) const {
    Fit result;
    if (const Placement* there = find(machine, instance)) {
        result.placement = *there;
        return result;
    }
    const TargetSettings* const known = facts_.find(machine);
    if (known == nullptr || !known->region) return result;
    const TargetSettings& settings = *known;
    if (instance == TargetInstance::Helper) return fit_helper(settings);
    const TargetRegion& region = facts_.regions[*settings.region];
    result.placement.region = settings.region;
    result.placement.size = size_for(settings, profile_);
    if (result.placement.size == nullptr) {
        result.problems.push_back({kNoMachine,
                                   settings.size
                                       ? "there is no size " + *settings.size
                                       : "no size has " + count_text(settings.cores) + " cores, " +
                                             count_text(settings.memory.count()) +
                                             " bytes of memory and room "
                                             "for " +
                                             count_text(settings.data_disks) + " data disks",
                                   kTroubleshoot});
        return result;
    }
    const VmSize& size = *result.placement.size;
    if (size.data_disks_max < settings.data_disks) {
        result.problems.push_back({kNoMachine,
                                   size.name + " takes " + count_text(size.data_disks_max) +
                                       " data disks, and the machine has " +
                                       count_text(settings.data_disks),
                                   kTroubleshoot});
    }
    result.placement.nics = nics_kept(settings, size);
    result.placement.availability_set = settings.availability_set;
    check_quota(region, uses_[*settings.region], result);
    check_availability_set(result);
    place(settings, region, instance,
          instance == TargetInstance::Test ? test_network
                                           : std::string_view(settings.network.value_or("")),
          result);
    return result;
}

Fit TargetCapacity::fit_helper(const TargetSettings& settings) const {
    Fit result;
    result.placement.region = settings.region;
    TargetSettings helper;
    helper.cores = 1;
    helper.memory = Bytes(0);
    helper.data_disks = settings.helper_disks;
    result.placement.size = size_for(helper, profile_);
    if (result.placement.size == nullptr) {
        result.problems.push_back({kNoMachine,
                                   "no size has room for the " + count_text(helper.data_disks) +
                                       " disks of the hydration helper",
                                   kHydration});
        return result;
    }
    check_quota(facts_.regions[*settings.region], uses_[*settings.region], result);
    for (TargetProblem& problem : result.problems) {
        problem.why = "its hydration helper " + problem.why;
        problem.source = kHydration;
    }
    return result;
}

Fit TargetCapacity::create(MachineId machine, TargetInstance instance,
                           std::string_view test_network) {
    Fit result = fit(machine, instance, test_network);
    if (!result.fits() || find(machine, instance) != nullptr) return result;
    const Placement& placement = result.placement;
    placements_.emplace(std::pair(machine, instance), placement);
    if (!placement.region) return result;
    TargetUse& use = uses_[*placement.region];
    ++use.instances;
    use.cores += placement.size->cores;
    use.cores_by_family[placement.size->family] += placement.size->cores;
    use.nics += placement.nics;
    use.addresses += static_cast<std::int64_t>(placement.addresses.size());
    for (const TargetAddress& address : placement.addresses) {
        const bool is_new = occupied_[*placement.region].insert(address).second;
        LANDFALL_CHECK(is_new || mutant(Mutant::AddressUnchecked), "an address has one owner");
    }
    if (placement.availability_set) {
        ++sets_[{*placement.region, *placement.availability_set}][placement.size->family];
    }
    return result;
}

bool TargetCapacity::remove(MachineId machine, TargetInstance instance) {
    const auto found = placements_.find({machine, instance});
    if (found == placements_.end()) return false;
    const Placement placement = std::move(found->second);
    placements_.erase(found);
    if (!placement.region) return true;
    TargetUse& use = uses_[*placement.region];
    --use.instances;
    use.cores -= placement.size->cores;
    const auto family = use.cores_by_family.find(placement.size->family);
    LANDFALL_CHECK(family != use.cores_by_family.end(), "a family in use is counted");
    family->second -= placement.size->cores;
    if (family->second == 0) use.cores_by_family.erase(family);
    use.nics -= placement.nics;
    use.addresses -= static_cast<std::int64_t>(placement.addresses.size());
    for (const TargetAddress& address : placement.addresses) {
        occupied_[*placement.region].erase(address);
    }
    if (placement.availability_set) {
        --sets_[{*placement.region, *placement.availability_set}][placement.size->family];
    }
    return true;
}

const Placement* TargetCapacity::find(MachineId machine, TargetInstance instance) const {
    const auto found = placements_.find({machine, instance});
    return found == placements_.end() ? nullptr : &found->second;
}

std::optional<TargetProblem> CacheAccountUse::why_not(std::int64_t slow, std::int64_t fast) const {
    // slow / most slow + fast / most fast must not exceed the whole account.
    const std::int64_t most_slow = profile_.cache_account_disks_max;
    const std::int64_t most_fast = profile_.cache_account_busy_disks_max;
    if ((slow_ + slow) * most_fast + (fast_ + fast) * most_slow <= most_slow * most_fast) {
        return std::nullopt;
    }
    return TargetProblem{0,
                         "a cache storage account takes " + count_text(most_slow) +
                             " disks that change slowly or " + count_text(most_fast) +
                             " that change fast; this one has " + count_text(slow_) + " and " +
                             count_text(fast_),
                         kCacheLimits};
}

void CacheAccountUse::attach(std::int64_t slow, std::int64_t fast) {
    slow_ += slow;
    fast_ += fast;
}

void CacheAccountUse::detach(std::int64_t slow, std::int64_t fast) {
    slow_ -= slow;
    fast_ -= fast;
    LANDFALL_CHECK(slow_ >= 0 && fast_ >= 0, "only disks that were attached are detached");
}

}  // namespace landfall
