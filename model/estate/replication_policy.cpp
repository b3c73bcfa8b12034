// model/estate/replication_policy.cpp — the ranges, a row for each.
#include "model/estate/replication_policy.hpp"

#include <array>

namespace landfall {

namespace {

using enum PolicyKind;

constexpr std::string_view kHyperVPolicy = "PS:New-AzRecoveryServicesAsrPolicy.md";

struct RangeRow {
    PolicyKind kind;
    std::string_view field;
    bool (*breaks)(const PolicyFacts&, const ServiceProfile&);
    std::string (*allowed)(const ServiceProfile&);
    std::string_view source;
};

std::string in_hours(Duration span) {
    return std::to_string(span.count() / hours(1).count()) + " hours";
}

bool is_other_interval(const PolicyFacts& policy, const ServiceProfile& /*profile*/) {
    const Duration interval = policy.replication_interval;
    return interval != seconds(30) && interval != minutes(5) && interval != minutes(15);
}
std::string intervals(const ServiceProfile& /*profile*/) {
    return "must be 30 seconds, 5 minutes or 15 minutes";
}

bool is_kept_longer(const PolicyFacts& policy, const ServiceProfile& profile) {
    return policy.retention > profile.retention_max;
}
std::string longest(const ServiceProfile& profile) {
    return "must be at most " + in_hours(profile.retention_max);
}
bool is_copied_seldom(const PolicyFacts& policy, const ServiceProfile& profile) {
    return policy.replication_interval > profile.hyper_v_interval_max;
}
std::string longest_interval(const ServiceProfile& profile) {
    return "must be at most " +
           std::to_string(profile.hyper_v_interval_max.count() / seconds(1).count()) + " seconds";
}

bool is_kept_longer_between_azure(const PolicyFacts& policy, const ServiceProfile& profile) {
    return policy.retention > profile.azure_retention_max;
}
std::string longest_between_azure(const ServiceProfile& profile) {
    return "must be at most " + in_hours(profile.azure_retention_max);
}
bool is_kept_longer_by_hyper_v(const PolicyFacts& policy, const ServiceProfile& profile) {
    return policy.retention > profile.hyper_v_retention_max;
}
std::string longest_by_hyper_v(const ServiceProfile& profile) {
    return "must be at most " + in_hours(profile.hyper_v_retention_max);
}
bool has_more_points(const PolicyFacts& policy, const ServiceProfile& profile) {
    return policy.extra_points < 0 || policy.extra_points > profile.hyper_v_secondary_points_max;
}
std::string most_points(const ServiceProfile& profile) {
    return "must be 0 to " + std::to_string(profile.hyper_v_secondary_points_max);
}

bool is_other_app_interval(const PolicyFacts& policy, const ServiceProfile& profile) {
    const auto& every = policy.app_consistent_every;
    return every && (*every < profile.app_consistent_interval_min ||
                     *every > profile.app_consistent_interval_max);
}
std::string app_intervals(const ServiceProfile& profile) {
    return "must be " + in_hours(profile.app_consistent_interval_min) + " to " +
           in_hours(profile.app_consistent_interval_max);
}
/// An application-consistent point that is gone before the next one comes is none.
bool is_app_interval_past_retention(const PolicyFacts& policy, const ServiceProfile& /*profile*/) {
    return policy.app_consistent_every && *policy.app_consistent_every >= policy.retention;
}
std::string less_than_retention(const ServiceProfile& /*profile*/) {
    return "must be less than the retention";
}

bool is_scheduled(const PolicyFacts& policy, const ServiceProfile& /*profile*/) {
    return policy.initial_replication_start.has_value();
}
std::string at_once(const ServiceProfile& /*profile*/) {
    return "must not have it: the first copy starts when replication is enabled";
}

constexpr std::string_view kInterval = "replication_interval";
constexpr std::string_view kRetention = "retention";
constexpr std::string_view kAppEvery = "app_consistent_every";
constexpr std::string_view kPoints = "extra_points";
constexpr std::string_view kStart = "initial_replication_start";

constexpr std::array kRanges = {
    RangeRow{HyperVToAzure, kInterval, is_other_interval, intervals, kHyperVPolicy},
    RangeRow{HyperVToAzure, kInterval, is_copied_seldom, longest_interval,
             "SR/hyper-v-azure-common-questions.md"},
    RangeRow{HyperVToAzure, kRetention, is_kept_longer_by_hyper_v, longest_by_hyper_v,
             "SR/hyper-v-azure-tutorial.md"},
    RangeRow{HyperVToAzure, kAppEvery, is_other_app_interval, app_intervals, kHyperVPolicy},
    RangeRow{HyperVToAzure, kAppEvery, is_app_interval_past_retention, less_than_retention,
             kHyperVPolicy},
    RangeRow{HyperVToHyperV, kInterval, is_other_interval, intervals,
             "SR/site-recovery-vmm-to-vmm.md"},
    RangeRow{HyperVToHyperV, kPoints, has_more_points, most_points,
             "SR/site-recovery-vmm-to-vmm.md"},
    RangeRow{HyperVToHyperV, kAppEvery, is_other_app_interval, app_intervals,
             "SR/site-recovery-vmm-to-vmm.md"},
    RangeRow{InMageToAzure, kRetention, is_kept_longer, longest,
             "SR/vmware-azure-common-questions.md"},
    RangeRow{InMageToAzure, kAppEvery, is_other_app_interval, app_intervals,
             "SR/vmware-azure-architecture.md"},
    RangeRow{InMageToAzure, kAppEvery, is_app_interval_past_retention, less_than_retention,
             "SR/vmware-azure-architecture.md"},
    RangeRow{InMageToAzure, kStart, is_scheduled, at_once, "SR/vmware-azure-architecture.md"},
    RangeRow{AzureToAzure, kRetention, is_kept_longer_between_azure, longest_between_azure,
             "SR/azure-to-azure-common-questions.md"},
    RangeRow{AzureToAzure, kAppEvery, is_other_app_interval, app_intervals,
             "SR/azure-to-azure-common-questions.md"},
    RangeRow{AzureToAzure, kStart, is_scheduled, at_once, "SR/azure-to-azure-architecture.md"},
};

}  // namespace

std::optional<PolicyKind> policy_kind_of(ScenarioKind kind) {
    if (kHyperVToAzureKinds.contains(kind)) return HyperVToAzure;
    if (kInMageKinds.contains(kind)) return InMageToAzure;
    if (kAzureToAzureKinds.contains(kind)) return AzureToAzure;
    if (kind == ScenarioKind::VmmToVmm) return HyperVToHyperV;
    return std::nullopt;
}

std::string_view name_of(PolicyKind kind) {
    constexpr std::array<std::string_view, 4> kNames = {
        "Hyper-V to Azure", "Hyper-V to Hyper-V", "VMware and physical to Azure", "Azure to Azure"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::vector<PolicyFault> check_policy(const PolicyFacts& policy, const ServiceProfile& profile) {
    std::vector<PolicyFault> faults;
    for (const RangeRow& row : kRanges) {
        if (row.kind != policy.kind || !row.breaks(policy, profile)) continue;
        faults.push_back({row.field, row.allowed(profile), row.source});
    }
    return faults;
}

}  // namespace landfall
