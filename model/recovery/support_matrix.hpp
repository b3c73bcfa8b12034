// model/recovery/support_matrix.hpp — which scenario has which feature, and where that is written.
//
// One row per feature, one cell per kind of scenario. What changed between versions of the service
// is a field of the service profile, so a cell is asked for with a profile. The same table decides
// which operations an item can ever have (operations.cpp) and is printed as a page of the
// documentation, so that the page cannot be wrong about the program.
// A cell is uncertain where no document states it and we inferred it.
// Storage-array replication between VMM sites was withdrawn before 2018 and is not simulated.
// Sources: SR/x is articles/site-recovery/x in MicrosoftDocs/azure-docs. An Azure machine through a
// configuration server is migrated as an AWS instance is
// (SR/migrate-to-azure-with-site-recovery.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/estate/scenario_kind.hpp"
#include "model/profile/service_profile.hpp"
#include "model/recovery/operations.hpp"

namespace landfall {

enum class Feature : std::uint8_t {
    NewProtection,  ///< enable replication of machines that were never protected
    TestFailover,
    TestFailoverOnFailback,
    PlannedFailover,
    UnplannedFailover,
    ShutDownSource,
    Commit,
    ChangeRecoveryPoint,
    CancelFailover,
    ReverseReplicate,
    Failback,
    FailbackMinimizeDowntime,
    FailbackFullDownload,
    FailbackAlternateLocation,
    ManagedDisks,
    FailbackOfManagedDisks,
    CompleteMigration,
    DisableReplication,
    Resynchronize,
    PauseReplication,
    AddDisks,
    RemoveDisks,
    SwitchProcessServer,
    MultiVmConsistency,
    AppConsistentPoints,
    CopyFrequency,
    CrashConsistentCadence,
    Retention,
    ExcludeDisk,
    Throttle,
    OfflineInitialReplication,
    ScheduledInitialReplication,
    NetworkMapping,
    GuestAgent,
    RecoveryPlans,
    PlanActionsOnFailover,
    PlanActionsOnFailback,
    SecondaryDatacenter,
    RestApi,
    ChoiceOfSize,
};
constexpr std::size_t kFeatures = 40;

enum class Support : std::uint8_t { Supported, Refused, NotApplicable };

struct SupportCell {
    Feature feature;
    ScenarioKind kind;
    Support support;
    bool uncertain;
    std::string note;  ///< how far, or why not; never empty where it is not supported
    std::string_view source;
};

[[nodiscard]] std::string_view name_of(Feature feature);
[[nodiscard]] std::string_view name_of(Support support);
/// All rows, in the order of the matrix.
[[nodiscard]] std::vector<Feature> features();
[[nodiscard]] SupportCell support(Feature feature, ScenarioKind kind,
                                  const ServiceProfile& profile);
/// The row that decides whether a kind ever has the operation.
[[nodiscard]] Feature feature_of(Operation operation);
/// The operations that are this feature; none if it is a property of the scenario.
[[nodiscard]] std::vector<Operation> operations_of(Feature feature);

/// One cell that a test of the whole control plane carries out: the operation succeeds on an item
/// of that kind, or is refused with the note of the matrix.
struct ConformanceCell {
    Feature feature;
    Operation operation;
    ScenarioKind kind;
    bool supported;
};
/// Every operation with every kind, by rising feature, operation and kind.
[[nodiscard]] std::vector<ConformanceCell> conformance_cells(const ServiceProfile& profile);

/// What distinguishes versions of the service: a field of the profile and what it decides.
struct VersionSwitch {
    std::string_view field;
    std::string_view meaning;
};
[[nodiscard]] std::span<const VersionSwitch> version_switches();

namespace detail {

struct FeatureCell {
    Support support;
    std::string_view note;
    bool uncertain = false;
    std::string_view source = {};  ///< empty: the row's
};

/// A row as it is written. An Azure machine through a configuration server has the cell of AWS.
struct FeatureRow {
    Feature feature;
    std::string_view name;
    std::string_view source;
    FeatureCell vmware, physical, aws, hyper_v_site, vmm, azure, zone, vmm_to_vmm, scout;
};

/// The rows, in two files: what may be done to an item, and how it replicates.
[[nodiscard]] std::span<const FeatureRow> operation_feature_rows();
[[nodiscard]] std::span<const FeatureRow> replication_feature_rows();

}  // namespace detail

}  // namespace landfall
