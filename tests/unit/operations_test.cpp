// tests/unit/operations_test.cpp — the tables of operations and tasks against the documents.
#include "model/recovery/operations.hpp"

#include <gtest/gtest.h>

#include "model/recovery/job_plan.hpp"

namespace landfall {
namespace {

using enum Operation;
using enum ProtectionState;

/// What the API lists as allowedOperations (REST18/ReplicationProtectedItems_*.json), as far as
/// this release has the operations.
TEST(Operations, AreAllowedAsTheApiExamplesList) {
    EXPECT_EQ(allowed_operations(EnablingProtection), std::vector{DisableProtection});
    EXPECT_EQ(allowed_operations(Protected),
              (std::vector{UnplannedFailover, DisableProtection, RepairReplication}));
    EXPECT_EQ(allowed_operations(UnplannedFailoverCommitPendingStatesBegin),
              (std::vector{Commit, CompleteMigration, DisableProtection}));
    EXPECT_EQ(allowed_operations(UnplannedFailoverCommitted),
              (std::vector{CompleteMigration, DisableProtection}));
    EXPECT_TRUE(allowed_operations(MigrationComplete).empty());
    EXPECT_TRUE(allowed_operations(UnplannedFailoverInitiated).empty());
}

TEST(Operations, EachRuleNamesItsSourceAndStandsOnce) {
    const auto rules = operation_rules();
    for (std::size_t k = 0; k < rules.size(); ++k) {
        EXPECT_FALSE(rules[k].source.empty());
        EXPECT_TRUE(is_allowed(rules[k].state, rules[k].operation));
        for (std::size_t other = 0; other < k; ++other) {
            EXPECT_FALSE(rules[k].state == rules[other].state &&
                         rules[k].operation == rules[other].operation);
        }
    }
}

TEST(Jobs, RunTheTasksThatSiteRecoveryShows) {
    const auto names = [](JobKind kind) {
        std::vector<std::string_view> list;
        for (const TaskRow& row : tasks_of(kind)) list.push_back(row.name);
        return list;
    };
    EXPECT_EQ(names(JobKind::EnableProtection),
              (std::vector<std::string_view>{
                  "Prerequisites check", "Install mobility service and prepare target",
                  "Enable replication", "Start initial replication", "Update provider states"}));
    EXPECT_EQ(names(JobKind::Failover),
              (std::vector<std::string_view>{"Prerequisites check", "Shut down the virtual machine",
                                             "Synchronizing the latest changes", "Start failover",
                                             "Start the replica virtual machine"}));
    for (const JobKind kind : {JobKind::EnableProtection, JobKind::FinalizeProtection,
                               JobKind::Failover, JobKind::Commit, JobKind::CompleteMigration,
                               JobKind::DisableProtection, JobKind::Resynchronize}) {
        EXPECT_FALSE(tasks_of(kind).empty()) << name_of(kind);
        for (const TaskRow& row : tasks_of(kind)) EXPECT_EQ(row.job, kind);
    }
}

}  // namespace
}  // namespace landfall
