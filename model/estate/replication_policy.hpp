// model/estate/replication_policy.hpp — what a replication policy may say, by its kind.
//
// A table of ranges: one row for each field that a kind of policy bounds. A policy is checked when
// it is created, before anything uses it; every field that is out of its range is told at once.
// Sources: PS:New-AzRecoveryServicesAsrPolicy.md, SR/hyper-v-azure-tutorial.md,
// SR/site-recovery-vmm-to-vmm.md, SR/vmware-azure-architecture.md,
// SR/azure-to-azure-common-questions.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/units.hpp"
#include "model/estate/scenario_kind.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall {

/// One provider, one kind of policy.
enum class PolicyKind : std::uint8_t { HyperVToAzure, HyperVToHyperV, InMageToAzure, AzureToAzure };

/// The kind of policy that machines of a kind take; none: InMage Scout has its own program.
std::optional<PolicyKind> policy_kind_of(ScenarioKind kind);
std::string_view name_of(PolicyKind kind);

struct PolicyFacts {
    PolicyKind kind = PolicyKind::InMageToAzure;
    Duration retention = hours(24);
    std::optional<Duration> app_consistent_every;
    Duration replication_interval = minutes(5);  ///< of both Hyper-V kinds
    std::int64_t extra_points = 0;               ///< HyperVToHyperV: beside the newest
    /// After midnight: the first copy waits for that time of day; none: it starts at once.
    std::optional<Duration> initial_replication_start = std::nullopt;
};

/// One field that is out of its range.
struct PolicyFault {
    std::string_view field;  ///< "retention", "app_consistent_every", ...
    std::string allowed;
    std::string_view source;
};

std::vector<PolicyFault> check_policy(const PolicyFacts& policy, const ServiceProfile& profile);

}  // namespace landfall
