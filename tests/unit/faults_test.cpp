// tests/unit/faults_test.cpp — the table of fault kinds, what faults do to links, stores, machines
// and the data path, one injector at a time.
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/faults/fault_kinds.hpp"
#include "sim/faults/link_faults.hpp"
#include "sim/faults/phases.hpp"
#include "sim/lab/run_monitor.hpp"
#include "sim/memory/crashable_store.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "sim/world/machine_instances.hpp"
#include "sim/world/simulation.hpp"
#include "tests/support/scenario_sample.hpp"
#include "tests/support/small_world.hpp"

namespace landfall {
namespace {

using faults::FaultKind;
using testing::Json;

Json disasters() {
    std::ifstream file(LANDFALL_SOURCE_DIR "/tests/support/disasters.json");
    return Json::parse(file);
}

struct OneRun {
    world::Outcome outcome;
    std::vector<scenario::Problem> problems;
};

OneRun run_of(const Json& document, const world::MonitorFactory& monitors = {}) {
    workload::TraceStore traces;
    OneRun run;
    scenario::LoadResult loaded = scenario::load_checked(document.dump(), traces);
    run.problems = loaded.problems;
    if (!loaded.scenario) return run;
    run.outcome = world::simulate(
        *loaded.scenario, 1, traces,
        [](const kernel::NetworkPlan& network) {
            return std::make_unique<kernel::MemoryKernel>(network);
        },
        {}, nullptr, monitors);
    return run;
}

const record::Table& table(const world::Outcome& outcome, const std::string& name) {
    for (const record::Table& each : outcome.tables) {
        if (each.name == name) return each;
    }
    throw std::out_of_range(name);
}

// --- Tables

TEST(FaultKinds, EveryNameIsItsOwnAndEveryRowSaysWhatItMeans) {
    std::set<std::string_view> names;
    for (const faults::FaultKindRow& row : faults::fault_kinds()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_FALSE(row.meaning.empty() || row.symptom.empty() || row.source.empty()) << row.name;
        EXPECT_EQ(&faults::row_of(row.kind), &row);
    }
    EXPECT_EQ(names.size(), faults::kFaultKinds);
}

TEST(FaultPhases, EveryTaskOfEveryJobIsAPhaseAfterThePathsOwn) {
    std::size_t tasks = 0;
    for (std::size_t job = 0; job < static_cast<std::size_t>(JobKind::Count); ++job) {
        for (const TaskRow& row : tasks_of(static_cast<JobKind>(job))) {
            const faults::PhaseId phase = faults::phase_of(row);
            EXPECT_EQ(phase, static_cast<std::size_t>(faults::PathPhase::Count) + tasks);
            EXPECT_EQ(faults::phases()[phase].name,
                      std::string(name_of(row.job)) + ": " + std::string(row.name));
            ++tasks;
        }
    }
    const std::size_t before_plans = static_cast<std::size_t>(faults::PathPhase::Count) + tasks;
    EXPECT_EQ(faults::phase_of(faults::PlanPhase::Preflight), before_plans);
    const std::size_t before_ways_home =
        before_plans + static_cast<std::size_t>(faults::PlanPhase::Count);
    EXPECT_EQ(faults::phases()[before_ways_home - 1].name, "Recovery plan: manual action");
    EXPECT_EQ(faults::phases().size(), before_ways_home +
                                           tasks_of(JobKind::PlannedFailover).size() +
                                           tasks_of(JobKind::Failover).size());
    EXPECT_EQ(faults::phases().back().phase_class, faults::PhaseClass::Failback);
}

TEST(FaultPhases, EveryTaskOfAPlanThatHoldsNoOthersIsAtOnePhase) {
    RecoveryPlan plan{"shop", {{{{MachineId(0), "db"}}}, {{{MachineId(1), "web"}}}}};
    const auto act = [](std::uint32_t id) {
        return PlanAction{"action " + std::to_string(id), RecoveryActionId(id)};
    };
    plan.failover.before = {act(0)};
    plan.groups[0].steps.after = {act(1)};
    plan.groups[1].steps.before = {act(2)};
    PlanRunOptions options;
    options.synchronize = true;
    const PlanTaskTree tree = make_task_tree(plan, options);
    std::vector<std::string> names;
    for (PlanTaskIndex task = 0; task < tree.size(); ++task) {
        const auto phase = faults::plan_phase_of(tree, task, false);
        const bool holds = tree[task].is_stage() && !below(tree, task).empty();
        EXPECT_EQ(phase.has_value(), !holds) << tree[task].name;
        if (phase) names.push_back(faults::phases()[faults::phase_of(*phase)].name.substr(15));
    }
    const std::vector<std::string> expected = {
        "preflight checks", "synchronize data", "synchronize data", "group shutdown",
        "group shutdown",   "action before",    "group failover",   "group failover",
        "group start",      "action after",     "action before",    "group start"};
    EXPECT_EQ(names, expected);
    EXPECT_EQ(faults::plan_phase_of(tree, static_cast<PlanTaskIndex>(tree.size() - 3), true),
              faults::PlanPhase::ManualAction);
}

// --- Links

scenario::Scenario with_link_fault(FaultKind kind) {
    scenario::Scenario scenario;
    scenario::Fault fault;
    fault.kind = kind;
    fault.at = Instant(seconds(100));
    fault.lasts = seconds(60);
    fault.target = "wan";
    fault.factor = 0.25;
    fault.latency = seconds(1);
    fault.period = seconds(20);
    fault.down = seconds(5);
    scenario.faults.push_back(fault);
    return scenario;
}

world::LinkSchedule schedule_of(FaultKind kind, bool forward = true) {
    scenario::Link link;
    link.name = "wan";
    link.bandwidth = BytesPerSecond(1000);
    world::LinkSchedule schedule(link, 0.5);
    for (const auto& each : faults::of_link(with_link_fault(kind), "wan", forward)) {
        schedule.add(each);
    }
    return schedule;
}

TEST(LinkFaults, HoldInTheirWindowAndNotAtItsEnd) {
    const auto drop = schedule_of(FaultKind::BandwidthDrop);
    EXPECT_DOUBLE_EQ(drop.capacity(Instant(seconds(99))), 500);
    EXPECT_DOUBLE_EQ(drop.capacity(Instant(seconds(100))), 125);  // a quarter of what it carries
    EXPECT_DOUBLE_EQ(drop.capacity(Instant(seconds(160))), 500);
    EXPECT_EQ(drop.next_change(Instant()), Instant(seconds(100)));
    EXPECT_EQ(drop.next_change(Instant(seconds(100))), Instant(seconds(160)));
    EXPECT_FALSE(drop.next_change(Instant(seconds(160))));
}

TEST(LinkFaults, AClogBreaksNothingAndAnOutageDoes) {
    const Instant within(seconds(130));
    const auto clog = schedule_of(FaultKind::Clog);
    const auto outage = schedule_of(FaultKind::LinkOutage);
    EXPECT_DOUBLE_EQ(clog.capacity(within), kernel::kStalledRate);
    EXPECT_DOUBLE_EQ(outage.capacity(within), kernel::kStalledRate);
    EXPECT_FALSE(clog.is_down(within));
    EXPECT_TRUE(outage.is_down(within));
    EXPECT_TRUE(schedule_of(FaultKind::OneWayOutage, true).is_down(within));
    EXPECT_FALSE(schedule_of(FaultKind::OneWayOutage, false).varies());
}

TEST(LinkFaults, AFlapIsDownAtTheBeginningOfEveryPeriod) {
    const auto flap = schedule_of(FaultKind::CircuitFlap);
    for (const std::int64_t at : {100, 104, 120, 124, 140, 144}) {
        EXPECT_TRUE(flap.is_down(Instant(seconds(at)))) << at;
    }
    for (const std::int64_t at : {99, 105, 119, 125, 145, 160, 161}) {
        EXPECT_FALSE(flap.is_down(Instant(seconds(at)))) << at;
    }
}

TEST(LinkFaults, ASpikeAddsLatencyAndNarrowsWindows) {
    const auto spike = schedule_of(FaultKind::LatencySpike);
    EXPECT_TRUE(spike.latency_varies());
    EXPECT_EQ(spike.latency(Instant(seconds(130))), seconds(1));
    EXPECT_EQ(spike.latency(Instant(seconds(160))), Duration(0));
    EXPECT_DOUBLE_EQ(spike.capacity(Instant(seconds(130))), 500);
    // What a window lets through in a round trip falls as the round trip grows: 0.25 / (0.25 + 1).
    const auto window = faults::of_window(with_link_fault(FaultKind::LatencySpike), "wan", 0.25);
    ASSERT_EQ(window.size(), 1U);
    EXPECT_DOUBLE_EQ(window[0].factor, 0.2);
}

// --- Stores

std::vector<std::byte> bytes(int value) {
    return std::vector<std::byte>(4, std::byte(value));
}

TEST(CrashOfOneMachine, LeavesWhatOthersWroteAsItIs) {
    CrashableStore store;
    for (const char* name : {"a/x", "b/x"}) {
        store.write(name, 0, bytes(1));
        store.flush(name);
        store.write(name, 0, bytes(2));
    }
    store.flush_names();
    store.write("a/new", 0, bytes(3));
    store.write("b/new", 0, bytes(3));
    store.crash([](std::uint64_t) { return 0; }, "a/");
    EXPECT_EQ(store.read("a/x", 0, 4), bytes(1));
    EXPECT_EQ(store.read("b/x", 0, 4), bytes(2));
    EXPECT_FALSE(store.exists("a/new"));
    EXPECT_TRUE(store.exists("b/new"));
    store.crash([](std::uint64_t) { return 0; });
    EXPECT_EQ(store.read("b/x", 0, 4), bytes(1));
    EXPECT_FALSE(store.exists("b/new"));
}

// --- Requests for machines

Estate one_item() {
    Estate estate;
    estate.profile.shut_down_time = seconds(10);
    estate.profile.start_machine_time = seconds(20);
    estate.profile.start_failover_time = seconds(30);
    estate.profile.failovers_per_hour = 3600;
    estate.profile.failovers_per_hour_hydrated = 3600;
    estate.machines.emplace_back();
    return estate;
}

MachineRequest request_for(MachineInstance instance, MachineAction action, std::uint64_t token) {
    return {MachineId(0), instance, action, false, token};
}

TEST(RequestTroubles, FailTheRequestsOfTheirTimeOnly) {
    const Estate estate = one_item();
    world::MachineInstances instances(estate);
    world::RequestTrouble quota;
    quota.number = 7;
    quota.machines = {MachineId(0)};
    quota.at_target_only = true;
    quota.actions = {MachineAction::Create};
    quota.cause = "28031: no cores";
    instances.add_trouble(quota);
    const auto create = request_for(MachineInstance::Recovery, MachineAction::Create, 1);
    auto begun = instances.begin(create, Instant());
    MachineActionEnded ended = instances.end(begun.number, begun.ends);
    EXPECT_FALSE(ended.succeeded);
    EXPECT_EQ(ended.cause, "28031: no cores");
    EXPECT_FALSE(instances.of(MachineId(0), MachineInstance::Recovery).exists());
    instances.end_trouble(7);
    begun = instances.begin(create, begun.ends);
    EXPECT_TRUE(instances.end(begun.number, begun.ends).succeeded);
}

TEST(RequestTroubles, ALateAnswerIsOfARequestThatWasCarriedOutInTime) {
    const Estate estate = one_item();
    world::MachineInstances instances(estate);
    world::RequestTrouble late;
    late.machines = {MachineId(0)};
    late.actions = {MachineAction::ShutDown};
    late.answered_later = minutes(5);
    instances.add_trouble(late);
    const auto begun = instances.begin(
        request_for(MachineInstance::Primary, MachineAction::ShutDown, 1), Instant());
    EXPECT_EQ(begun.ends, Instant(seconds(10)));
    EXPECT_EQ(instances.answers_later(begun.number), minutes(5));
    EXPECT_TRUE(instances.end(begun.number, begun.ends).succeeded);
    EXPECT_FALSE(instances.of(MachineId(0), MachineInstance::Primary).running());
}

TEST(Power, ComesBackOnlyToAMachineOfWhichNobodyAskedAnythingMeanwhile) {
    const Estate estate = one_item();
    world::MachineInstances instances(estate);
    const auto primary = MachineInstance::Primary;
    EXPECT_TRUE(instances.cut_power(MachineId(0), primary, Instant(seconds(1))));
    EXPECT_FALSE(instances.cut_power(MachineId(0), primary, Instant(seconds(1))));
    EXPECT_TRUE(instances.restore_power(MachineId(0), primary, Instant(seconds(5))));
    EXPECT_TRUE(instances.of(MachineId(0), primary).running());

    EXPECT_TRUE(instances.cut_power(MachineId(0), primary, Instant(seconds(9))));
    const auto begun =
        instances.begin(request_for(primary, MachineAction::ShutDown, 1), Instant(seconds(10)));
    EXPECT_TRUE(instances.end(begun.number, begun.ends).succeeded);
    EXPECT_FALSE(instances.restore_power(MachineId(0), primary, Instant(seconds(20))));
    EXPECT_FALSE(instances.of(MachineId(0), primary).running());
}

// --- Whole runs on the kernel in memory

Json crash_of(const std::string& kind) {
    return {{"kind", kind}, {"at", 3600}, {"lasts", 600}, {"process_server", "ps"}};
}

TEST(FaultRuns, AServerThatWasDownGoesOnWhereItWas) {
    Json document = disasters();
    document["faults"] = {crash_of("process_server_crash")};
    const OneRun run = run_of(document);
    ASSERT_TRUE(run.problems.empty());
    EXPECT_EQ(run.outcome.summary["oracles"]["violations"], 0);
    EXPECT_FALSE(run.outcome.summary["coverage"].empty());
}

TEST(FaultRuns, TheHashTellsRunsApartAndNothingElseDoes) {
    Json document = disasters();
    const auto plain = run_of(document).outcome.summary["event_hash"];
    EXPECT_EQ(run_of(document).outcome.summary["event_hash"], plain);
    document["faults"] = {crash_of("process_server_crash")};
    const auto crashed = run_of(document).outcome.summary["event_hash"];
    EXPECT_NE(crashed, plain);
    document["faults"][0]["lasts"] = 601;
    EXPECT_NE(run_of(document).outcome.summary["event_hash"], crashed);
}

class CountsPoints : public lab::RunMonitor {
  public:
    explicit CountsPoints(int most)
        : RunMonitor({"U1", "few points", "A run has few recovery points.", "the test"}),
          most_(most) {}
    void point_published(const lab::RunView& view, Instant now, MachineId leg) override {
        count_check();
        if (++points_ != most_ + 1) return;
        fail(now, leg, view.estate.machine(leg).name, "at most " + std::to_string(most_),
             std::to_string(points_));
    }

  private:
    int most_;
    int points_ = 0;
};

TEST(FaultRuns, AUsersMonitorJudgesLikeOurOwn) {
    for (const int most : {3, 1'000'000}) {
        const OneRun run = run_of(disasters(), [most] {
            std::vector<std::unique_ptr<lab::RunMonitor>> monitors;
            monitors.push_back(std::make_unique<CountsPoints>(most));
            return monitors;
        });
        EXPECT_EQ(run.outcome.summary["oracles"]["violations"], most == 3 ? 1 : 0);
        const auto& violations = table(run.outcome, "violations");
        EXPECT_EQ(violations.columns.size(), 4U);
    }
}

TEST(DamageIsTold, IsAViolationWhereRotWasNotNoticedAndSomethingIsWrongAfterIt) {
    test::SmallSetup setup;
    setup.machines = {{"vm", {Bytes(1)}, BytesPerSecond(0)}};
    test::SmallWorld small(setup, [](kernel::NetworkPlan plan) {
        return std::make_unique<kernel::MemoryKernel>(std::move(plan));
    });
    const HealthMonitor health;
    const lab::RunView view{small.estate(), small.logic(), health, 1, std::nullopt, {true}, {}};
    const Instant rots(minutes(1));
    const auto found = [&](bool told, Instant wrong_at) {
        const auto monitor = std::move(lab::run_monitors().back());
        EXPECT_EQ(monitor->card().id, "E1");
        monitor->noted(view, rots, "fault_begins", "vm", "replica_rot");
        if (told) monitor->noted(view, rots, "replica_damaged", "vm", "");
        monitor->finish(view, Instant(minutes(9)), {{"S1", wrong_at, MachineId(0), {}, "wrong"}});
        EXPECT_EQ(monitor->checked(), 1U);
        return monitor->violation_count();
    };
    EXPECT_EQ(found(false, Instant(minutes(2))), 1U);
    EXPECT_EQ(found(true, Instant(minutes(2))), 0U);
    EXPECT_EQ(found(false, Instant()), 0U);  // it was wrong before
}

class AlwaysHot : public lab::HotState {
  public:
    AlwaysHot() : HotState({"U2", "cold", "Nothing is ever hot.", "the test"}) {}

  protected:
    std::optional<std::string> heat(const lab::RunView&, MachineId, Instant) override {
        return "heat";
    }
};

TEST(FaultRuns, AHotStateIsAViolationOnceItsBoundIsOverAndOncePerItem) {
    Json document = disasters();
    document["faults"] = {crash_of("process_server_crash")};
    const auto always = [] {
        std::vector<std::unique_ptr<lab::RunMonitor>> monitors;
        monitors.push_back(std::make_unique<AlwaysHot>());
        return monitors;
    };
    const std::size_t items = 6;
    EXPECT_EQ(run_of(document, always).outcome.summary["oracles"]["violations"], items);
    document["faults"][0]["envelope"] = "bounded_loss";  // its users are not judged
    EXPECT_EQ(run_of(document, always).outcome.summary["oracles"]["violations"], items - 3);
    document["duration"] = 3600 + 600 + 60;  // too short for anybody's bound
    EXPECT_EQ(run_of(document, always).outcome.summary["oracles"]["violations"], 0);
}

}  // namespace
}  // namespace landfall
