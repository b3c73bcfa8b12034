// tests/unit/operations_test.cpp — the tables of operations and tasks against the documents.
#include "model/recovery/operations.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "model/recovery/job_plan.hpp"
#include "model/recovery/support_matrix.hpp"
#include "tests/support/item_views.hpp"

namespace landfall {
namespace {

using enum Operation;
using enum ProtectionState;
using enum ScenarioKind;
using Location = ActiveLocation;
using Drill = TestFailoverState;

/// A body of the REST API: the state, and what it lists, in its order.
struct Body {
    std::string_view example;
    ItemView item;
    std::string_view description;
    std::vector<Operation> listed;
};

void expect_listed(const std::vector<Body>& bodies, const ServiceProfile& profile) {
    for (Body body : bodies) {
        body.item.profile = &profile;
        EXPECT_EQ(allowed_operations(body.item), body.listed) << body.example;
        EXPECT_EQ(description_of(body.item), body.description) << body.example;
    }
}

/// REST18/ReplicationProtectedItems_*.json: one story of a HyperVReplicaAzure item, in time order.
/// The files are the same for a Hyper-V site and for VMM.
TEST(Operations, AreListedAsTheStoryOfTheHyperVExamplesListsThem) {
    const std::vector<Operation> protected_set = {PlannedFailover, UnplannedFailover,
                                                  DisableProtection, TestFailover};
    const std::vector<Operation> to_commit = {CompleteMigration, Commit, DisableProtection,
                                              ChangePit};
    const auto away = Location::Recovery;
    const auto home = Location::Primary;
    const auto tested = Drill::MarkedForDeletion;
    for (const ScenarioKind kind : {HyperVSiteToAzure, VmmToAzure}) {
        expect_listed(
            {{"Create", {kind, Protected}, "Protected", protected_set},
             {"TestFailover",
              {kind, Protected, home, Drill::WaitingForCompletion},
              "Cleanup test failover pending",
              {TestFailoverCleanup}},
             {"TestFailoverCleanup", {kind, Protected, home, tested}, "Protected", protected_set},
             {"PlannedFailover",
              {kind, PlannedFailoverCommitRequired, away, tested},
              "Planned failover finished",
              to_commit},
             {"UnplannedFailover",
              {kind, UnplannedFailoverCommitPendingStatesBegin, away, tested},
              "Failover completed",
              to_commit},
             {"ApplyRecoveryPoint",
              {kind, UnplannedFailoverCommitPendingStatesBegin, away, tested},
              "Failover completed",
              to_commit},
             {"FailoverCommit",
              {kind, PlannedFailoverStatesBegin, away, tested},
              "Planned failover committed",
              {CompleteMigration, DisableProtection, Failback}},
             {"Reprotect", {kind, Protected, home, tested}, "Protected", protected_set}},
            profile_of_2018());
    }
    EXPECT_EQ(description_of(Drill::WaitingForCompletion), "Waiting for user input");
    EXPECT_EQ(description_of(Drill::MarkedForDeletion), "Cleaning up test environment");
}

/// The classic chain of VMware and physical servers (REST18 and REST23 examples, put together in
/// the order of their states; the failed failover is an InMageRcm body).
TEST(Operations, AreListedAsTheClassicChainOfVMwareListsThem) {
    const std::vector<Operation> protected_set = {UnplannedFailover, TestFailover,
                                                  DisableProtection};
    const auto away = Location::Recovery;
    const auto home = Location::Primary;
    for (const ScenarioKind kind : {VMwareToAzure, PhysicalToAzure}) {
        expect_listed(
            {{"enabling", {kind, EnablingProtection}, "Enabling protection", {DisableProtection}},
             {"copying",
              {kind, InitialReplicationInProgress},
              "Initial replication in progress",
              {DisableProtection}},
             {"protected", {kind, Protected}, "Protected", protected_set},
             {"test machine",
              {kind, Protected, home, Drill::WaitingForCompletion},
              "Cleanup test failover pending",
              {TestFailoverCleanup}},
             {"cleaned",
              {kind, Protected, home, Drill::MarkedForDeletion},
              "Protected",
              protected_set},
             {"failed over",
              {kind, UnplannedFailoverCommitPendingStatesBegin, away},
              "Failover completed",
              {Commit, CompleteMigration, ChangePit, DisableProtection}},
             {"committed",
              {kind, UnplannedFailoverCommitted, away},
              "Failover committed",
              {CompleteMigration, DisableProtection, ReverseReplicate}},
             {"reprotecting", {kind, ReprotectInitiated, away}, "Reprotecting", {}},
             {"protected in reverse",
              {kind, Protected, away},
              "Protected",
              {UnplannedFailover, DisableProtection}},
             {"failover failed",
              {kind, UnplannedFailoverFailed},
              "Failover failed",
              {UnplannedFailover, TestFailover, DisableProtection}}},
            profile_of_2024());
    }
}

/// REST23/InMageRcmFailback. The body counts places from its own primary, which is Azure.
TEST(Operations, AreListedAsTheModernizedFailbackListsThem) {
    ServiceProfile profile = profile_of_2024();
    profile.modernized_failback = true;
    const ItemView item{.kind = VMwareToAzure,
                        .state = Protected,
                        .active = Location::Recovery,
                        .profile = &profile};
    EXPECT_EQ(allowed_operations(item), (std::vector{PlannedFailover, DisableProtection}));
    EXPECT_EQ(failback_operation(VMwareToAzure, profile), PlannedFailover);
    EXPECT_EQ(failback_operation(VMwareToAzure, profile_of_2024()), UnplannedFailover);
}

/// The two states that examples of Azure machines show: being enabled, and committed.
TEST(Operations, AzureMachinesHaveTheStatesThatTheirExamplesShow) {
    EXPECT_EQ(name_of(UnprotectedStatesBegin), "UnprotectedStatesBegin");
    EXPECT_EQ(name_of(UnplannedFailoverCommitted), "UnplannedFailoverCommitted");
    const ItemView committed{.kind = AzureToAzure,
                             .state = UnplannedFailoverCommitted,
                             .active = Location::Recovery,
                             .profile = &profile_of_2024()};
    EXPECT_EQ(allowed_operations(committed), (std::vector{DisableProtection, ReverseReplicate}));
}

TEST(Operations, MachinesThatAreOnlyMigratedHaveNoWayBack) {
    for (const ScenarioKind kind : {AwsToAzure, AzureThroughConfigurationServer}) {
        const ItemView item{.kind = kind,
                            .state = UnplannedFailoverCommitted,
                            .active = Location::Recovery,
                            .profile = &profile_of_2018()};
        EXPECT_EQ(allowed_operations(item), (std::vector{CompleteMigration, DisableProtection}));
        EXPECT_EQ(failback_operation(kind, profile_of_2018()), std::nullopt);
        for (const Operation back : {ReverseReplicate, Failback}) {
            EXPECT_EQ(why_not(item, back),
                      std::string(name_of(back)) + " is not supported for " +
                          std::string(name_of(kind)) +
                          ": these machines are only migrated: after the failover there is no way "
                          "back (SR/migrate-to-azure-with-site-recovery.md)");
        }
    }
}

TEST(Operations, ResynchronizationIsListedOnlyWhenItIsRequiredButMayStartAnyTime) {
    ItemView item{.kind = VMwareToAzure, .state = Protected, .profile = &profile_of_2024()};
    EXPECT_TRUE(is_legal(item, RepairReplication));
    EXPECT_EQ(allowed_operations(item),
              (std::vector{UnplannedFailover, TestFailover, DisableProtection}));
    item.resync_required = true;
    EXPECT_EQ(allowed_operations(item),
              (std::vector{UnplannedFailover, TestFailover, DisableProtection, RepairReplication}));
}

/// SR/site-recovery-test-failover-to-azure.md: a drill leaves replication as it is.
TEST(Operations, AnOpenDrillAllowsItsCleanupAndTheResynchronizationThatReplicationNeeds) {
    for (const Drill test : {Drill::Initiated, Drill::Completing, Drill::WaitingForCompletion,
                             Drill::Failed, Drill::CleanupInitiated}) {
        ItemView item{
            .kind = VMwareToAzure, .state = Protected, .test = test, .profile = &profile_of_2024()};
        const bool to_clean_up = test == Drill::WaitingForCompletion || test == Drill::Failed;
        const auto cleanup =
            to_clean_up ? std::vector{TestFailoverCleanup} : std::vector<Operation>();
        EXPECT_EQ(legal_operations(item), cleanup) << name_of(test);
        item.resync_required = true;
        EXPECT_EQ(allowed_operations(item), cleanup) << name_of(test);
        EXPECT_TRUE(is_legal(item, RepairReplication)) << name_of(test);
    }
}

TEST(Operations, AFailbackToHyperVIsFinishedWhenItWaitsForItsUser) {
    ItemView item{.kind = HyperVSiteToAzure,
                  .state = PlannedFailoverInitiated,
                  .active = Location::Recovery,
                  .profile = &profile_of_2018()};
    EXPECT_EQ(allowed_operations(item), std::vector<Operation>());
    EXPECT_EQ(legal_operations(item), std::vector{CancelFailover});
    item.waiting_for_user = true;
    EXPECT_EQ(legal_operations(item), (std::vector{FinalizeFailback, CancelFailover}));
}

TEST(Operations, ARefusalNamesTheStateAndWhatItAllows) {
    ItemView item{.kind = VMwareToAzure, .state = Protected, .profile = &profile_of_2024()};
    item.test = Drill::WaitingForCompletion;
    EXPECT_EQ(
        why_not(item, UnplannedFailover),
        "UnplannedFailover is not allowed in state Protected (Cleanup test failover pending): "
        "only TestFailoverCleanup is");
    EXPECT_EQ(why_not(item, PlannedFailover),
              "PlannedFailover is not supported for VMware to Azure: an agent in the guest has no "
              "planned failover: stop the machine, wait for a later point, then fail over "
              "(Azure/azure-powershell#4950)");
    item = {.kind = HyperVSiteToAzure,
            .state = PlannedFailoverStatesBegin,
            .active = Location::Recovery,
            .profile = &profile_of_2024()};
    EXPECT_EQ(why_not(item, Commit),
              "Commit is not allowed in state PlannedFailoverStatesBegin (Planned failover "
              "committed) at the recovery location: allowed are CompleteMigration, "
              "DisableProtection, Failback and RemoveReplication");
    item.state = CommitFailoverInProgress;
    EXPECT_EQ(
        why_not(item, Commit),
        "Commit is not allowed in state CommitFailoverInProgress (Committing the failover) at "
        "the recovery location: nothing is until that is over");
    item.state = MigrationComplete;
    EXPECT_NE(why_not(item, Failback)->find(": the item is gone"), std::string::npos);
}

TEST(Operations, WhatIsListedIsLegalAndStandsFirst) {
    for (const ScenarioKind kind : all_scenario_kinds()) {
        for (const ItemView& item : all_item_views(kind, profile_of_2024())) {
            const auto listed = allowed_operations(item);
            const auto legal = legal_operations(item);
            ASSERT_LE(listed.size(), legal.size());
            EXPECT_TRUE(std::equal(listed.begin(), listed.end(), legal.begin()));
            EXPECT_EQ(std::set(legal.begin(), legal.end()).size(), legal.size()) << "each once";
        }
    }
}

TEST(Operations, OnlyWhatIsNotLegalHasAReasonAgainstIt) {
    for (const ScenarioKind kind : all_scenario_kinds()) {
        for (const ItemView& item : all_item_views(kind, profile_of_2024())) {
            if (item.resync_required || item.waiting_for_user) continue;
            const auto legal = legal_operations(item);
            for (std::size_t k = 0; k < kOperations; ++k) {
                const auto operation = static_cast<Operation>(k);
                const bool is_in = std::find(legal.begin(), legal.end(), operation) != legal.end();
                EXPECT_EQ(!why_not(item, operation), is_in);
            }
        }
    }
}

TEST(Operations, EveryRuleHasASourceAndIsTheOnlyOneOfItsKind) {
    const auto rules = operation_rules();
    for (std::size_t k = 0; k < rules.size(); ++k) {
        const OperationRule& rule = rules[k];
        EXPECT_FALSE(rule.source.empty());
        for (std::size_t other = 0; other < k; ++other) {
            const OperationRule& earlier = rules[other];
            const bool same_place =
                !rule.active || !earlier.active || *rule.active == *earlier.active;
            EXPECT_FALSE(
                rule.state == earlier.state && same_place && rule.operation == earlier.operation &&
                rule.condition == earlier.condition && (rule.kinds & earlier.kinds) != KindSet())
                << name_of(rule.operation) << " in " << name_of(rule.state);
        }
    }
}

/// Every state that an item can rest in has a way on, but the two that end its life.
TEST(Operations, NoItemIsEverStuck) {
    const std::set<ProtectionState> busy = {
        PlannedFailoverInitiated, UnplannedFailoverInitiated, ChangeRecoveryPointInitiated,
        CommitFailoverInProgress, ReprotectInitiated,         DisablingProtection};
    for (const ScenarioKind kind : all_scenario_kinds()) {
        for (std::size_t k = 0; k < kProtectionStates; ++k) {
            const ItemView item{.kind = kind,
                                .state = static_cast<ProtectionState>(k),
                                .profile = &profile_of_2024()};
            if (busy.contains(item.state)) continue;
            EXPECT_EQ(legal_operations(item).empty(), item.state == MigrationComplete)
                << name_of(item.state) << " of " << name_of(kind);
        }
    }
}

TEST(Operations, PausingAndResumingAlternate) {
    ItemView item{.kind = HyperVSiteToAzure, .state = Protected, .profile = &profile_of_2024()};
    EXPECT_TRUE(is_legal(item, PauseReplication));
    EXPECT_FALSE(is_legal(item, ResumeReplication));
    item.paused = true;
    EXPECT_FALSE(is_legal(item, PauseReplication));
    EXPECT_TRUE(is_legal(item, ResumeReplication));
}

TEST(Operations, AFailoverDisplacesAResynchronizationAndDisablingDisplacesBeingEnabled) {
    EXPECT_TRUE(cancels(UnplannedFailover, RepairReplication));
    EXPECT_TRUE(cancels(DisableProtection, RepairReplication));
    EXPECT_TRUE(cancels(DisableProtection, EnableReplication));
    EXPECT_FALSE(cancels(RepairReplication, UnplannedFailover));
}

TEST(Jobs, RunTheTasksThatSiteRecoveryShows) {
    const auto names = [](JobKind kind, ScenarioKind machine = ScenarioKind::VMwareToAzure) {
        std::vector<std::string_view> list;
        for (const TaskRow* row : tasks_of(kind, machine, DataSync::ForDownTime))
            list.push_back(row->name);
        return list;
    };
    EXPECT_EQ(names(JobKind::EnableProtection, ScenarioKind::HyperVSiteToAzure),
              (std::vector<std::string_view>{
                  "Prerequisites check", "Create replication relationship", "Start replication"}));
    EXPECT_EQ(names(JobKind::EnableProtection),
              (std::vector<std::string_view>{
                  "Prerequisites check", "Install mobility service and prepare target",
                  "Enable replication", "Start initial replication", "Update provider states"}));
    EXPECT_EQ(names(JobKind::Failover),
              (std::vector<std::string_view>{"Prerequisites check", "Shut down the virtual machine",
                                             "Synchronizing the latest changes", "Start failover",
                                             "Start the replica virtual machine"}));
    for (std::size_t k = 0; k < static_cast<std::size_t>(JobKind::Count); ++k) {
        const auto kind = static_cast<JobKind>(k);
        EXPECT_FALSE(tasks_of(kind).empty()) << name_of(kind);
        for (const TaskRow& row : tasks_of(kind)) EXPECT_EQ(row.job, kind);
    }
}

}  // namespace
}  // namespace landfall
