// tests/unit/recovery_plan_check_test.cpp — every rule for recovery plans, and all problems at
// once.
#include "model/recovery/recovery_plan_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace landfall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum PlanFault;

ServiceProfile profile() {
    ServiceProfile profile;
    profile.recovery_plan_most_groups = 7;
    profile.recovery_plan_most_members = 100;
    return profile;
}

PlanItem item(std::size_t machine, std::vector<std::size_t> depends_on = {}) {
    PlanItem made{MachineId(machine), std::string(1, static_cast<char>('a' + machine % 26))};
    for (const std::size_t needed : depends_on) made.depends_on.push_back(MachineId(needed));
    return made;
}

/// A plan of single VMware machines in one place, judged under the rules of 2024.
struct Judged {
    RecoveryPlan plan;
    ServiceProfile figures = profile();
    std::map<MachineId, PlanMachineFacts> machines = {};
    std::vector<std::string> runbooks = {"known"};
    ScenarioKind kind = ScenarioKind::VMwareToAzure;

    [[nodiscard]] std::vector<PlanProblem> problems() const {
        PlanSurroundings around{figures, machines, runbooks};
        for (const PlanGroup& group : plan.groups) {
            for (const PlanItem& each : group.items) {
                around.machines.try_emplace(each.machine,
                                            PlanMachineFacts{kind, "office", "westeurope"});
            }
        }
        return check_recovery_plan(plan, around);
    }

    [[nodiscard]] std::vector<PlanFault> faults() const {
        std::vector<PlanFault> found;
        for (const PlanProblem& problem : problems()) found.push_back(problem.fault);
        return found;
    }
};

RecoveryPlan plan_of(std::vector<std::vector<PlanItem>> groups) {
    RecoveryPlan plan;
    plan.name = "plan";
    for (auto& items : groups) plan.groups.push_back({std::move(items)});
    return plan;
}

PlanAction action(PlanActionKind kind, FabricLocation location = FabricLocation::Recovery) {
    PlanAction made{"action", RecoveryActionId(0), kind};
    made.runbook = "known";
    made.location = location;
    return made;
}

TEST(RecoveryPlanCheck, APlanWithinAllRulesHasNoProblem) {
    EXPECT_THAT(Judged{plan_of({{item(0)}, {item(1, {0}), item(2, {1})}})}.faults(), IsEmpty());
}

TEST(RecoveryPlanCheck, APlanNeedsAMachine) {
    EXPECT_THAT(Judged{plan_of({})}.faults(), ElementsAre(NoMachines));
    EXPECT_THAT(Judged{plan_of({{}, {}})}.faults(), ElementsAre(NoMachines));
}

TEST(RecoveryPlanCheck, GroupsAndMachinesAreCountedAgainstTheProfile) {
    std::vector<std::vector<PlanItem>> seven(7);
    for (std::size_t i = 0; i < 100; ++i) seven[i % 7].push_back(item(i));
    EXPECT_THAT(Judged{plan_of(seven)}.faults(), IsEmpty());
    auto eight = seven;
    eight.push_back({item(100)});
    EXPECT_THAT(Judged{plan_of(eight)}.faults(), ElementsAre(TooManyGroups, TooManyMachines));
    Judged earlier{plan_of(seven)};
    earlier.figures.recovery_plan_most_members = 50;
    EXPECT_THAT(earlier.faults(), ElementsAre(TooManyMachines));
}

TEST(RecoveryPlanCheck, AMachineIsInOneGroupOnce) {
    const auto problems = Judged{plan_of({{item(0), item(0)}, {item(1), item(0)}})}.problems();
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_EQ(problems[0].place, (PlanPlace{PlanPlace::Part::Item, 0, 1}));
    EXPECT_EQ(problems[1].place, (PlanPlace{PlanPlace::Part::Item, 1, 1}));
    EXPECT_THAT(problems[1].message, HasSubstr("\"a\" is in group 1 already"));
}

TEST(RecoveryPlanCheck, ACycleIsPrinted) {
    const auto problems =
        Judged{plan_of({{item(0, {1}), item(1, {2}), item(2, {0}), item(3, {3}), item(4, {0})}})}
            .problems();
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_EQ(problems[0].fault, DependencyCycle);
    EXPECT_THAT(problems[0].message, HasSubstr("a -> b -> c -> a"));
    EXPECT_THAT(problems[1].message, HasSubstr("d -> d"));
}

TEST(RecoveryPlanCheck, ADependencyNeedsItsMachineInTheSameOrAnEarlierGroup) {
    const auto problems = Judged{plan_of({{item(0, {1, 9})}, {item(1)}})}.problems();
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_EQ(problems[0].fault, DependsOnStranger);
    EXPECT_EQ(problems[1].fault, DependencyAgainstGroups);
    EXPECT_THAT(problems[1].message, HasSubstr("\"a\" in group 1 depends on \"b\" in group 2"));
}

struct Pair {
    ScenarioKind one;
    ScenarioKind other;
    bool together;
};

TEST(RecoveryPlanCheck, VMwareGoesWithPhysicalButNotWithHyperV) {
    using enum ScenarioKind;
    for (const Pair& pair :
         {Pair{VMwareToAzure, PhysicalToAzure, true}, Pair{PhysicalToAzure, AwsToAzure, true},
          Pair{VMwareToAzure, HyperVSiteToAzure, false}, Pair{HyperVSiteToAzure, VmmToAzure, false},
          Pair{AzureToAzure, VMwareToAzure, false}}) {
        Judged judged{plan_of({{item(0), item(1)}, {item(2)}})};
        judged.machines[MachineId(0)] = {pair.one, "office", "westeurope"};
        judged.kind = pair.other;
        if (pair.together) {
            EXPECT_THAT(judged.faults(), IsEmpty()) << name_of(pair.other);
        } else {
            EXPECT_THAT(judged.faults(), ElementsAre(MixedKinds)) << name_of(pair.other);
        }
    }
}

TEST(RecoveryPlanCheck, APlanHasOneSourceAndOneTarget) {
    Judged judged{plan_of({{item(0), item(1)}})};
    judged.machines[MachineId(1)] = {ScenarioKind::VMwareToAzure, "branch", "northeurope"};
    EXPECT_THAT(judged.faults(), ElementsAre(SeveralSources, SeveralTargets));
}

TEST(RecoveryPlanCheck, ScoutHasNoRecoveryPlans) {
    Judged judged{plan_of({{item(0)}})};
    judged.kind = ScenarioKind::ScoutToSecondary;
    EXPECT_THAT(judged.faults(), ElementsAre(NotInPlans));
}

TEST(RecoveryPlanCheck, ARunbookMustExist) {
    Judged judged{plan_of({{item(0)}})};
    judged.plan.failover.after = {action(PlanActionKind::Runbook)};
    EXPECT_THAT(judged.faults(), IsEmpty());
    judged.plan.failover.after[0].runbook = "unheard of";
    const auto problems = judged.problems();
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].fault, UnknownRunbook);
    EXPECT_EQ(problems[0].place,
              (PlanPlace{PlanPlace::Part::Action, 0, 0, PlanStepsOf::Failover, true}));
}

struct Cell {
    ScenarioKind kind;
    bool runbook_over, script_over, runbook_back, script_back;
};

// SR/recovery-plan-overview.md, SR/site-recovery-create-recovery-plans.md. A script of VMM to Azure
// runs on the primary side on failover; here it does.
TEST(RecoveryPlanCheck, ActionsGoWithTheScenariosThatHaveThem) {
    using enum ScenarioKind;
    const std::vector<Cell> table = {
        {AzureToAzure, true, false, true, false},
        {ZoneToZone, true, false, true, false},
        {VMwareToAzure, true, false, false, false},
        {PhysicalToAzure, true, false, false, false},
        {HyperVSiteToAzure, true, false, false, false},
        {VmmToAzure, true, true, false, true},
        {VmmToVmm, false, true, false, true},
    };
    for (const Cell& cell : table) {
        const auto allowed = [&](FailoverDirection direction, PlanActionKind kind) {
            Judged judged{plan_of({{item(0)}})};
            judged.kind = cell.kind;
            PlanAction made = action(kind, FabricLocation::Primary);
            const bool over = direction == FailoverDirection::PrimaryToRecovery;
            made.directions = {over, !over};
            judged.plan.groups[0].steps.before = {made};
            return judged.faults().empty();
        };
        using enum FailoverDirection;
        using enum PlanActionKind;
        EXPECT_EQ(allowed(PrimaryToRecovery, Runbook), cell.runbook_over) << name_of(cell.kind);
        EXPECT_EQ(allowed(PrimaryToRecovery, Script), cell.script_over) << name_of(cell.kind);
        EXPECT_EQ(allowed(RecoveryToPrimary, Runbook), cell.runbook_back) << name_of(cell.kind);
        EXPECT_EQ(allowed(RecoveryToPrimary, Script), cell.script_back) << name_of(cell.kind);
        EXPECT_TRUE(allowed(PrimaryToRecovery, Manual)) << name_of(cell.kind);
        EXPECT_TRUE(allowed(RecoveryToPrimary, Manual)) << name_of(cell.kind);
    }
}

TEST(RecoveryPlanCheck, ARefusedActionIsToldWhatWouldDo) {
    Judged judged{plan_of({{item(0)}})};
    judged.kind = ScenarioKind::VmmToAzure;
    judged.plan.groups[0].steps.before = {action(PlanActionKind::Script)};
    const auto problems = judged.problems();
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].message,
              "a script does not go with VMM to Azure on failover; allowed: runbook, script on the "
              "primary side, manual action");
}

TEST(RecoveryPlanCheck, EveryProblemIsToldAtOnce) {
    Judged judged{plan_of({{item(0, {1})}, {item(1, {2}), item(0), item(3, {3})}, {item(2)}})};
    judged.machines[MachineId(2)] = {ScenarioKind::HyperVSiteToAzure, "branch", "westeurope"};
    judged.plan.shutdown.before = {action(PlanActionKind::Script)};
    judged.figures.recovery_plan_most_groups = 2;
    judged.figures.recovery_plan_most_members = 4;
    EXPECT_THAT(judged.faults(),
                ElementsAre(TooManyGroups, TooManyMachines, MachineTwice, MixedKinds,
                            SeveralSources, DependencyAgainstGroups, DependencyAgainstGroups,
                            DependencyCycle, ActionNotAllowed, ActionNotAllowed));
}

TEST(RecoveryPlanCheck, EveryRuleNamesItsSource) {
    for (const PlanActionRule& rule : plan_action_rules()) EXPECT_FALSE(rule.source.empty());
}

}  // namespace
}  // namespace landfall
