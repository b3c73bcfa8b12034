// model/recovery/support_matrix.cpp — reads the rows, and what the version of the service changes.
#include "model/recovery/support_matrix.hpp"

#include <array>

#include "model/base/check.hpp"

namespace landfall {

namespace {

using detail::FeatureCell;
using detail::FeatureRow;

constexpr std::string_view kSeed = "SR/migrate-to-azure-with-site-recovery.md";

const FeatureRow& row_of(Feature feature) {
    const auto index = static_cast<std::size_t>(feature);
    const auto first = detail::operation_feature_rows();
    const auto rest = detail::replication_feature_rows();
    const FeatureRow& row = index < first.size() ? first[index] : rest[index - first.size()];
    LANDFALL_CHECK(row.feature == feature, "the rows stand in the order of Feature");
    return row;
}

const FeatureCell& cell_of(const FeatureRow& row, ScenarioKind kind) {
    switch (kind) {
        case ScenarioKind::VMwareToAzure: return row.vmware;
        case ScenarioKind::PhysicalToAzure: return row.physical;
        case ScenarioKind::AwsToAzure:
        case ScenarioKind::AzureThroughConfigurationServer: return row.aws;
        case ScenarioKind::HyperVSiteToAzure: return row.hyper_v_site;
        case ScenarioKind::VmmToAzure: return row.vmm;
        case ScenarioKind::AzureToAzure: return row.azure;
        case ScenarioKind::ZoneToZone: return row.zone;
        case ScenarioKind::VmmToVmm: return row.vmm_to_vmm;
        case ScenarioKind::ScoutToSecondary: return row.scout;
    }
    LANDFALL_CHECK(false, "every kind has a column");
    return row.vmware;
}

/// What the guide says itself of an Azure machine through a configuration server; the rest follows
/// from its being treated as an AWS instance is.
bool stated_by_seed(Feature feature) {
    return feature == Feature::NewProtection || feature == Feature::TestFailover ||
           feature == Feature::UnplannedFailover || feature == Feature::CompleteMigration ||
           feature == Feature::Failback || feature == Feature::ReverseReplicate;
}

/// "72 h", "15 d", "5 min": in the largest unit that is whole; days from four of them on.
std::string in_words(Duration time) {
    const std::int64_t seconds = time.count() / kNanosecondsPerSecond;
    if (seconds % 86'400 == 0 && seconds > 3 * 86'400)
        return std::to_string(seconds / 86'400) + " d";
    if (seconds % 3'600 == 0) return std::to_string(seconds / 3'600) + " h";
    if (seconds % 60 == 0) return std::to_string(seconds / 60) + " min";
    return std::to_string(seconds) + " s";
}

Duration retention_of(ScenarioKind kind, const ServiceProfile& profile) {
    if (kHyperVToAzureKinds.contains(kind)) return profile.hyper_v_retention_max;
    if (kAzureToAzureKinds.contains(kind)) return profile.azure_retention_max;
    return profile.retention_max;
}

void refuse(SupportCell& cell, std::string note, std::string_view source) {
    cell.support = Support::Refused;
    cell.note = std::move(note);
    cell.source = source;
}

/// The operations whose support differs by version.
void set_version(SupportCell& cell, const ServiceProfile& profile) {
    switch (cell.feature) {
        case Feature::NewProtection:
            if (cell.kind == ScenarioKind::VmmToVmm && !profile.vmm_to_vmm_open) {
                cell.note = "closed to new customers since November 2019";
            } else if (cell.kind == ScenarioKind::ScoutToSecondary && !profile.scout_open) {
                cell.note = "closed since August 2018, unsupported since the end of 2020";
            }
            return;
        case Feature::TestFailover:
            if (cell.kind == ScenarioKind::PhysicalToAzure && !profile.physical_test_failover) {
                refuse(cell, "this version has no drills of physical servers",
                       "SR/site-recovery-failover.md (2016)");
            }
            return;
        case Feature::CompleteMigration:
            if (cell.kind == ScenarioKind::AzureToAzure && !profile.azure_complete_migration) {
                refuse(cell, "a move between regions ends with Commit and Disable replication",
                       "SR/azure-to-azure-tutorial-migrate.md (2019)");
            }
            return;
        default: return;
    }
}

/// Notes that are figures of the profile.
void set_figures(SupportCell& cell, const ServiceProfile& profile) {
    const bool own_figures =
        cell.kind != ScenarioKind::VmmToVmm && cell.kind != ScenarioKind::ScoutToSecondary;
    switch (cell.feature) {
        case Feature::ChangeRecoveryPoint:
            if (own_figures) cell.note = "of " + in_words(retention_of(cell.kind, profile));
            return;
        case Feature::Retention:
            if (own_figures) cell.note = "up to " + in_words(retention_of(cell.kind, profile));
            return;
        case Feature::CrashConsistentCadence:
            if (own_figures && !kHyperVToAzureKinds.contains(cell.kind)) {
                cell.note = "every " + in_words(profile.crash_consistent_interval);
            }
            return;
        case Feature::CopyFrequency:
            if (!kHyperVToAzureKinds.contains(cell.kind)) return;
            cell.note = profile.hyper_v_interval_max > minutes(5) ? "30 s, 5 min or 15 min"
                                                                  : "30 s or 5 min";
            return;
        case Feature::MultiVmConsistency:
            if (own_figures && cell.support == Support::Supported) {
                cell.note = "up to " + std::to_string(profile.group_most_members) + " machines";
            }
            return;
        case Feature::RecoveryPlans:
            if (cell.support != Support::Supported) return;
            cell.note = "up to " + std::to_string(profile.recovery_plan_most_members) +
                        " machines in " + std::to_string(profile.recovery_plan_most_groups) +
                        " groups";
            return;
        default: return;
    }
}

constexpr std::array kVersionSwitches = {
    VersionSwitch{"recovery_time_sla", "the time in which a failover is to be over"},
    VersionSwitch{"retention_max", "the longest retention of VMware and physical machines"},
    VersionSwitch{"azure_retention_max", "the longest retention of Azure machines"},
    VersionSwitch{"azure_app_consistent_default",
                  "how often Azure machines have application-consistent points unless told"},
    VersionSwitch{"azure_complete_migration",
                  "a move between Azure regions ends with Complete "
                  "Migration"},
    VersionSwitch{"hyper_v_retention_max", "the longest retention from Hyper-V to Azure"},
    VersionSwitch{"hyper_v_interval_max", "the longest copy interval from Hyper-V to Azure"},
    VersionSwitch{"recovery_plan_most_members", "machines of a recovery plan"},
    VersionSwitch{"recovery_plan_most_groups", "groups of a recovery plan"},
    VersionSwitch{"physical_test_failover", "physical servers can be drilled"},
    VersionSwitch{"vmm_to_vmm_open", "VMM to VMM takes new customers"},
    VersionSwitch{"scout_open", "InMage Scout takes new customers"},
    VersionSwitch{"modernized_failback",
                  "VMware machines return by a planned failover, through an "
                  "appliance"},
    VersionSwitch{"switch_resynchronizes",
                  "a machine that moves to another appliance is resynchronized; a process server "
                  "that it leaves is emptied first"},
};

}  // namespace

std::string_view name_of(Feature feature) {
    return row_of(feature).name;
}

std::string_view name_of(Support support) {
    switch (support) {
        case Support::Supported: return "yes";
        case Support::Refused: return "no";
        case Support::NotApplicable: return "n/a";
    }
    return "";
}

std::vector<Feature> features() {
    std::vector<Feature> all;
    for (std::size_t k = 0; k < kFeatures; ++k) all.push_back(static_cast<Feature>(k));
    return all;
}

SupportCell support(Feature feature, ScenarioKind kind, const ServiceProfile& profile) {
    const FeatureRow& row = row_of(feature);
    const FeatureCell& facts = cell_of(row, kind);
    SupportCell cell{feature,
                     kind,
                     facts.support,
                     facts.uncertain,
                     std::string(facts.note),
                     facts.source.empty() ? row.source : facts.source};
    if (kind == ScenarioKind::AzureThroughConfigurationServer) {
        cell.source = kSeed;
        cell.uncertain = !stated_by_seed(feature);
    }
    set_version(cell, profile);
    set_figures(cell, profile);
    return cell;
}

Feature feature_of(Operation operation) {
    switch (operation) {
        case Operation::EnableReplication: return Feature::NewProtection;
        case Operation::DisableProtection:
        case Operation::RemoveReplication: return Feature::DisableReplication;
        case Operation::TestFailover:
        case Operation::TestFailoverCleanup: return Feature::TestFailover;
        case Operation::PlannedFailover: return Feature::PlannedFailover;
        case Operation::UnplannedFailover: return Feature::UnplannedFailover;
        case Operation::ChangePit: return Feature::ChangeRecoveryPoint;
        case Operation::Commit: return Feature::Commit;
        case Operation::CancelFailover: return Feature::CancelFailover;
        case Operation::ReverseReplicate: return Feature::ReverseReplicate;
        case Operation::Failback: return Feature::Failback;
        case Operation::FinalizeFailback: return Feature::FailbackMinimizeDowntime;
        case Operation::RepairReplication: return Feature::Resynchronize;
        case Operation::CompleteMigration: return Feature::CompleteMigration;
        case Operation::AddDisks: return Feature::AddDisks;
        case Operation::RemoveDisks: return Feature::RemoveDisks;
        case Operation::SwitchProcessServer: return Feature::SwitchProcessServer;
        case Operation::PauseReplication:
        case Operation::ResumeReplication: return Feature::PauseReplication;
    }
    LANDFALL_CHECK(false, "every operation is a feature");
    return Feature::NewProtection;
}

std::vector<Operation> operations_of(Feature feature) {
    std::vector<Operation> operations;
    for (std::size_t k = 0; k < kOperations; ++k) {
        const auto operation = static_cast<Operation>(k);
        if (feature_of(operation) == feature) operations.push_back(operation);
    }
    return operations;
}

std::vector<ConformanceCell> conformance_cells(const ServiceProfile& profile) {
    std::vector<ConformanceCell> cells;
    for (const Feature feature : features()) {
        for (const Operation operation : operations_of(feature)) {
            for (const ScenarioKind kind : all_scenario_kinds()) {
                const SupportCell cell = support(feature, kind, profile);
                cells.push_back({feature, operation, kind, cell.support == Support::Supported});
            }
        }
    }
    return cells;
}

std::span<const VersionSwitch> version_switches() {
    return kVersionSwitches;
}

}  // namespace landfall
