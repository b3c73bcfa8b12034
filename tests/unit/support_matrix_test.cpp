// tests/unit/support_matrix_test.cpp — the matrix of features against the documents, and against
// the rules of operations.
#include "model/recovery/support_matrix.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/item_views.hpp"

namespace landfall {
namespace {

using enum Feature;
using enum ScenarioKind;

/// One letter per kind, in the order of ScenarioKind: Y supported, N refused, - not applicable.
std::string row_of(Feature feature, const ServiceProfile& profile) {
    std::string row;
    for (const ScenarioKind kind : all_scenario_kinds()) {
        switch (support(feature, kind, profile).support) {
            case Support::Supported: row += 'Y'; break;
            case Support::Refused: row += 'N'; break;
            case Support::NotApplicable: row += '-'; break;
        }
    }
    return row;
}

/// SR/site-recovery-failover.md, SR/concepts-types-of-failback.md and the support matrices, read as
/// one table. Columns: VMware, physical, AWS, Azure through a configuration server, Hyper-V site,
/// VMM, Azure to Azure, zone to zone, VMM to VMM, Scout.
TEST(SupportMatrix, HasTheRowsOfTheDocuments) {
    const std::map<Feature, std::string> documents = {
        {TestFailover, "YYYYYYYYYY"},
        {TestFailoverOnFailback, "NN--NNYYYN"},
        {PlannedFailover, "NNNNYYNNYN"},
        {UnplannedFailover, "YYYYYYYYYY"},
        {ShutDownSource, "YNNNYYYYYN"},
        {Commit, "YYYYYYYYY-"},
        {ChangeRecoveryPoint, "YYYYYYYYYY"},
        {ReverseReplicate, "YYNNYYYYYY"},
        {Failback, "YYNNYYYYYY"},
        {FailbackMinimizeDowntime, "----YY----"},
        {FailbackFullDownload, "----YY----"},
        {FailbackAlternateLocation, "YYNNYN----"},
        {ManagedDisks, "YYYYYYYY--"},
        {FailbackOfManagedDisks, "YYNNNNYY--"},
        {CompleteMigration, "YYYYYYYNNN"},
        {DisableReplication, "YYYYYYYYYY"},
        {Resynchronize, "YYYYYYYYYY"},
        {MultiVmConsistency, "YYYYNNYYNY"},
        {AppConsistentPoints, "YYYYYYYYYY"},
        {ExcludeDisk, "YYYYYYYYYY"},
        {Throttle, "YYYYYYNNYY"},
        {OfflineInitialReplication, "NNNNNNNNYY"},
        {ScheduledInitialReplication, "NNNNYYNNYN"},
        {NetworkMapping, "NNNNNYYYYY"},
        {GuestAgent, "YYYY--YY-Y"},
        {RecoveryPlans, "YYYYYYYYYN"},
        {PlanActionsOnFailover, "YYYYYYYYYN"},
        {PlanActionsOnFailback, "-----YYYYN"},
        {SecondaryDatacenter, "NNNNNNNNYY"},
        {RestApi, "YYYYYYYYYN"},
        {ChoiceOfSize, "YYYYYYYY--"},
    };
    for (const auto& [feature, row] : documents) {
        EXPECT_EQ(row_of(feature, profile_of_2018()), row) << name_of(feature);
    }
}

TEST(SupportMatrix, ChangesWithTheVersionOfTheService) {
    EXPECT_EQ(row_of(CompleteMigration, profile_of_2018()), "YYYYYYYNNN");
    EXPECT_EQ(row_of(CompleteMigration, profile_of_2024()), "YYYYYYNNNN");
    const auto note = [](Feature feature, ScenarioKind kind, const ServiceProfile& profile) {
        return support(feature, kind, profile).note;
    };
    EXPECT_EQ(note(Retention, VMwareToAzure, profile_of_2018()), "up to 72 h");
    EXPECT_EQ(note(Retention, VMwareToAzure, profile_of_2024()), "up to 15 d");
    EXPECT_EQ(note(Retention, AzureToAzure, profile_of_2018()), "up to 72 h");
    EXPECT_EQ(note(Retention, AzureToAzure, profile_of_2024()), "up to 15 d");
    EXPECT_EQ(note(ChangeRecoveryPoint, HyperVSiteToAzure, profile_of_2024()), "of 24 h");
    EXPECT_EQ(note(CopyFrequency, VmmToAzure, profile_of_2018()), "30 s, 5 min or 15 min");
    EXPECT_EQ(note(CopyFrequency, VmmToAzure, profile_of_2024()), "30 s or 5 min");
    EXPECT_EQ(note(CopyFrequency, VmmToVmm, profile_of_2024()), "30 s, 5 min or 15 min");
    EXPECT_EQ(note(RecoveryPlans, VMwareToAzure, profile_of_2018()),
              "up to 50 machines in 7 groups");
    EXPECT_EQ(note(RecoveryPlans, VMwareToAzure, profile_of_2024()),
              "up to 100 machines in 7 groups");
    ServiceProfile early = profile_of_2018();
    early.physical_test_failover = false;
    EXPECT_EQ(row_of(TestFailover, early), "YNYYYYYYYY");
}

TEST(SupportMatrix, EveryCellHasASourceAndEveryRefusalAReason) {
    for (const Feature feature : features()) {
        EXPECT_FALSE(name_of(feature).empty());
        for (const ScenarioKind kind : all_scenario_kinds()) {
            const SupportCell cell = support(feature, kind, profile_of_2018());
            EXPECT_EQ(cell.feature, feature);
            EXPECT_EQ(cell.kind, kind);
            EXPECT_FALSE(cell.source.empty()) << name_of(feature) << ", " << name_of(kind);
            EXPECT_TRUE(cell.support == Support::Supported || !cell.note.empty())
                << name_of(feature) << ", " << name_of(kind);
        }
    }
}

TEST(SupportMatrix, CellsThatNoDocumentStatesAreMarked) {
    const auto uncertain = [](Feature feature, ScenarioKind kind) {
        return support(feature, kind, profile_of_2018()).uncertain;
    };
    EXPECT_TRUE(uncertain(ExcludeDisk, VmmToVmm));
    EXPECT_TRUE(uncertain(RecoveryPlans, AwsToAzure));
    EXPECT_TRUE(uncertain(PlanActionsOnFailover, AwsToAzure));
    EXPECT_TRUE(uncertain(PlanActionsOnFailback, PhysicalToAzure));
    EXPECT_TRUE(uncertain(ChangeRecoveryPoint, VmmToVmm));
    EXPECT_TRUE(uncertain(MultiVmConsistency, ScoutToSecondary));
    EXPECT_FALSE(uncertain(PlannedFailover, VMwareToAzure));
}

/// SR/migrate-to-azure-with-site-recovery.md: both are migrated only, as physical servers are.
TEST(SupportMatrix, AnAzureMachineThroughAConfigurationServerIsAsAnAwsInstance) {
    for (const Feature feature : features()) {
        const SupportCell aws = support(feature, AwsToAzure, profile_of_2018());
        const SupportCell azure =
            support(feature, AzureThroughConfigurationServer, profile_of_2018());
        EXPECT_EQ(azure.support, aws.support) << name_of(feature);
        EXPECT_EQ(azure.note, aws.note) << name_of(feature);
        EXPECT_EQ(azure.source, "SR/migrate-to-azure-with-site-recovery.md");
    }
    EXPECT_FALSE(
        support(CompleteMigration, AzureThroughConfigurationServer, profile_of_2018()).uncertain);
}

/// The operations that may start on an item of the kind, in whatever view of it.
std::set<Operation> ever_legal(ScenarioKind kind, const ServiceProfile& profile,
                               std::optional<ActiveLocation> at = std::nullopt) {
    std::set<Operation> all;
    for (const ItemView& item : all_item_views(kind, profile)) {
        if (at && item.active != *at) continue;
        for (const Operation operation : legal_operations(item)) all.insert(operation);
    }
    return all;
}

/// What the control plane as a whole is to show, shown of the tables: a supported operation can
/// start in some view of an item, a refused one in none at home, and the refusal says why.
/// (Away from home a planned failover is a failback, which is another feature.)
TEST(SupportMatrix, EveryCellOfAnOperationIsCarriedOutOrRefusedByTheRules) {
    for (const ServiceProfile* profile : {&profile_of_2018(), &profile_of_2024()}) {
        std::map<ScenarioKind, std::set<Operation>> anywhere;
        std::map<ScenarioKind, std::set<Operation>> at_home;
        for (const ScenarioKind kind : all_scenario_kinds()) {
            anywhere[kind] = ever_legal(kind, *profile);
            at_home[kind] = ever_legal(kind, *profile, ActiveLocation::Primary);
        }
        const auto cells = conformance_cells(*profile);
        EXPECT_EQ(cells.size(), kOperations * kScenarioKinds);
        for (const ConformanceCell& cell : cells) {
            const auto& legal = cell.supported ? anywhere[cell.kind] : at_home[cell.kind];
            EXPECT_EQ(legal.contains(cell.operation), cell.supported)
                << name_of(cell.operation) << " of " << name_of(cell.kind);
            if (cell.supported) continue;
            const ItemView item{
                .kind = cell.kind, .state = ProtectionState::Protected, .profile = profile};
            const std::string why = why_not(item, cell.operation).value_or("");
            EXPECT_NE(why.find(support(cell.feature, cell.kind, *profile).note), std::string::npos)
                << why;
        }
    }
}

TEST(SupportMatrix, EveryVersionSwitchIsAFieldOfTheProfile) {
    const auto fields = scenario::profile_field_names();
    for (const VersionSwitch& version : version_switches()) {
        EXPECT_NE(std::find(fields.begin(), fields.end(), version.field), fields.end())
            << version.field;
        EXPECT_FALSE(version.meaning.empty());
    }
}

}  // namespace
}  // namespace landfall
