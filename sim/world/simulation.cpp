// sim/world/simulation.cpp — builds the world, steers it to its end, gathers what it leaves.
#include "sim/world/simulation.hpp"

#include <algorithm>
#include <limits>

#include "model/recovery/site_recovery.hpp"
#include "sim/faults/fault_bench.hpp"
#include "sim/kernel/random_streams.hpp"
#include "sim/lab/oracle_board.hpp"
#include "sim/lab/oracle_report.hpp"
#include "sim/memory/crashable_store.hpp"
#include "sim/record/oracle_tables.hpp"
#include "sim/record/plan_tables.hpp"
#include "sim/record/recorder.hpp"
#include "sim/record/results.hpp"
#include "sim/record/target_tables.hpp"
#include "sim/world/action_alarm.hpp"
#include "sim/world/bill_sight.hpp"
#include "sim/world/control_sight.hpp"
#include "sim/world/data_path_probe.hpp"
#include "sim/world/health_watch.hpp"
#include "sim/world/machine_states.hpp"
#include "sim/world/oracle_setup.hpp"
#include "sim/world/sampler.hpp"
#include "sim/world/short_traces.hpp"
#include "sim/world/stepper.hpp"
#include "sim/world/throttle_watch.hpp"
#include "sim/world/timeline.hpp"
#include "sim/world/wire_damage.hpp"

namespace landfall::world {

namespace {

class Simulation : private Director, private Cockpit {
  public:
    Simulation(const scenario::Scenario& scenario, std::uint64_t seed,
               const workload::TraceStore& traces, const KernelFactory& make_kernel,
               const ProgressReport& report, Pilot* pilot, const MonitorFactory& monitors)
        : scenario_(scenario),
          seed_(seed),
          traces_(traces),
          report_(report),
          parts_(assemble(scenario, seed, traces)),
          kernel_(make_kernel(parts_.network)),
          blocks_(parts_.estate, seed),
          world_(*kernel_, parts_.estate, std::move(parts_.churn), parts_.links, &blocks_),
          recorder_(*this),
          bill_(scenario, parts_.machines, parts_.estate, world_, logic_),
          throttles_(scenario, parts_.machines),
          board_(make_board()),
          alarm_(world_, kActionCue),
          automation_(alarm_, parts_.actions, seed),
          logic_(parts_.estate, {world_,
                                 world_,
                                 world_,
                                 world_,
                                 recorder_,
                                 {.source = blocks_.give_work(std::move(parts_.writes)),
                                  .replica_store = replica_store(pilot != nullptr),
                                  .witness = board_.get(),
                                  .tap = wire_tap(pilot != nullptr),
                                  .source_store = source_store(pilot != nullptr)},
                                 &automation_}),
          events_(
              {world_, logic_, parts_.estate, blocks_, source_store_, replica_store_, wire_damage_},
              scenario.configuration_servers.size()),
          health_(scenario, parts_.estate, world_, logic_, churn_limits(scenario, parts_.machines),
                  events_.troubles()),
          probe_(logic_, blocks_, world_),
          sight_(parts_.estate, world_, logic_, bill_.feed(), automation_),
          control_(sight_, [this] { return world_.now(); }),
          vault_(parts_.estate, logic_, recorder_, [this] { return world_.now(); }),
          faults_(scenario, parts_, events_, recorder_, health_.monitor(), seed, kFaultCue),
          operator_(
              world_, logic_, parts_.estate, events_, vault_, scenario.vault.name,
              [this](std::uint64_t bound) { return crash_draws_.below(bound); }, kOperatorCue),
          timeline_(scenario, parts_.machines, world_, logic_, operator_, recorder_, kTimelineCue),
          stepper_(pilot, world_, *this, kPauseCue, [this](Goal::Kind how) { let_go(how); }),
          sampler_(parts_, world_, logic_, recorder_) {
        if (!monitors) return;
        for (auto& monitor : monitors()) faults_.add(std::move(monitor));
    }

    Outcome run() {
        recorder_.bill(&bill_.feed());
        if (board_) board_->connect(&probe_);
        for (std::size_t index = 0; index < parts_.machines.size(); ++index) {
            const auto& group = scenario_.machines[parts_.machines[index].group];
            if (group.initial_state == scenario::InitialState::Protected) {
                logic_.adopt_protected(MachineId(index));
            }
        }
        faults_.start();
        timeline_.start();
        stepper_.begin();
        if (scenario_.duration) world_.schedule_cue(Instant(*scenario_.duration), kEndCue, 0);
        world_.schedule_cue(Instant(scenario_.detail.sample_every), kSampleCue, 0);
        world_.schedule_cue(Instant(scenario_.profile.health_interval), kHealthCue, 0);
        const kernel::RunEnd end = world_.run(faults_, *this);
        LANDFALL_CHECK(end == kernel::RunEnd::Stopped, "a run has samples to take until its end");
        return finish();
    }

  private:
    static constexpr Duration kLongestOpenRun = days(3650);

    enum Cue : std::uint32_t {
        kTimelineCue,
        kEndCue,
        kSampleCue,
        kHealthCue,
        kDoneCue,
        kPauseCue,
        kOperatorCue,
        kActionCue,
        kFaultCue,
    };

    /// The recorder, with an ear for what moves the timeline on and for what monitoring hears.
    class Watcher : public record::Recorder {
      public:
        explicit Watcher(Simulation& run)
            : Recorder(run.parts_.estate, run.world_, run.scenario_.detail.rpo_steps), run_(run) {}

        void recovery_point_published(MachineId machine, Instant time, Instant processed_at,
                                      bool app_consistent) override {
            Recorder::recovery_point_published(machine, time, processed_at, app_consistent);
            run_.health_.point_published(machine, time, app_consistent);
            run_.faults_.recovery_point_published(machine, time, processed_at, app_consistent);
        }
        void disk_copied(DiskId disk, std::string_view kind, Instant started,
                         Bytes bytes) override {
            Recorder::disk_copied(disk, kind, started, bytes);
            run_.faults_.disk_copied(disk, kind, started, bytes);
        }
        void task_ended(JobId job, std::string_view task, std::string_view state,
                        Instant started) override {
            Recorder::task_ended(job, task, state, started);
            run_.faults_.task_ended(job, task, state, started);
        }
        void job_started(JobId job, MachineId machine, std::string_view operation) override {
            Recorder::job_started(job, machine, operation);
            run_.health_.job_started(job, machine, operation);
            run_.faults_.job_started(job, machine, operation);
            run_.stepper_.note_news();
        }
        void state_changed(MachineId machine, std::string_view state) override {
            Recorder::state_changed(machine, state);
            run_.bill_.state_changed(machine, state);
            run_.health_.state_changed(machine, state);
            run_.vault_.follow(machine);
            run_.faults_.state_changed(machine, state);
            run_.note_change(machine);
        }
        void noted(std::string_view kind, std::string_view subject,
                   std::string_view detail) override {
            Recorder::noted(kind, subject, detail);
            run_.bill_.noted(kind, subject, detail);
            run_.faults_.noted(kind, subject, detail);
            run_.stepper_.note_news();
            // These change what has been reached without a change of state.
            const bool of_item = kind == "test_failover_state" || kind == "active_location" ||
                                 kind == "job_suspended";
            if (of_item) run_.note_change_of(subject);
            if (kind == "recovery_plan_suspended") run_.note_change_of_plan(subject);
        }
        void replication_changed(MachineId leg) override {
            Recorder::replication_changed(leg);
            run_.bill_.replication_changed(leg);
            run_.vault_.count_disks(leg);
        }
        void job_ended(JobId job, std::string_view state, std::string_view cause) override {
            Recorder::job_ended(job, state, cause);
            run_.health_.job_ended(job, state, cause);
            run_.faults_.job_ended(job, state, cause);
            run_.stepper_.note_news();
            const JobRecord& ended = run_.logic_.job(job);
            // None stands for the job of a recovery plan.
            run_.world_.schedule_cue(run_.world_.now(), kDoneCue, ended.machine.value);
            if (ended.is_of_plan()) return run_.note_change(ended.plan);
            run_.note_change(ended.machine);
        }

      private:
        Simulation& run_;
    };

    [[nodiscard]] bool happens(scenario::Operation operation) const {
        return std::any_of(scenario_.timeline.begin(), scenario_.timeline.end(),
                           [&](const auto& entry) { return entry.operation == operation; });
    }

    /// Replicas that may crash keep their data in a store that can; the others only in memory.
    /// Likewise sources, where they keep anything.
    StableStore* replica_store(bool is_steered) {
        const bool crashes = is_steered || faults::harms_replica_stores(scenario_) ||
                             happens(scenario::Operation::RestartTarget);
        return crashes ? &replica_store_ : nullptr;
    }
    StableStore* source_store(bool is_steered) {
        const bool crashes = is_steered || faults::harms_source_stores(scenario_) ||
                             happens(scenario::Operation::PowerOff);
        return crashes ? &source_store_ : nullptr;
    }
    WireTap* wire_tap(bool is_steered) {
        return is_steered || happens(scenario::Operation::DamageTransfer) ? &wire_damage_ : nullptr;
    }

    /// The oracles, unless nobody wants them or there is nothing that they could compare.
    std::unique_ptr<lab::OracleBoard> make_board() {
        if (!any_in_blocks(parts_.estate) || !scenario_.oracles) return nullptr;
        lab::BoardSetup setup = board_setup(parts_.estate);
        setup.throttles = throttles_.members();
        return std::make_unique<lab::OracleBoard>(
            std::move(setup), [this] { return world_.now(); }, board_options(parts_.estate));
    }

    /// The oracles look at a moment in which nothing moves.
    void look() {
        if (!board_) return;
        for (std::size_t index = 0; index < parts_.estate.machines.size(); ++index) {
            const MachineId machine(index);
            if (parts_.estate.machine(machine).fidelity != Fidelity::Block) continue;
            const auto rpo = logic_.engine().rpo(machine);
            if (rpo) board_->rpo_reported(machine, world_.now(), *rpo);
        }
        board_->checkpoint();
    }

    void on_cue(std::uint32_t cue, std::uint32_t subject) override {
        switch (cue) {
            case kTimelineCue:
                if (auto problem = timeline_.fire(subject)) {
                    problems_.push_back(std::move(*problem));
                    world_.stop();
                }
                stop_if_done();
                return;
            case kDoneCue:
                if (scenario_.oracles) control_.look(MachineId(subject));
                stop_if_done();
                return;
            case kOperatorCue: operator_.on_cue(); return;
            case kActionCue:
                faults_.on(automation_.over(alarm_.token_of(subject)));
                stop_if_done();
                return;
            case kFaultCue:
                faults_.on_cue(subject);
                stop_if_done();
                return;
            case kPauseCue: stepper_.on_cue(subject); return;
            case kEndCue:
                is_over_ = true;
                if (stepper_.is_steered()) return stepper_.pause(PauseReason::RunEnded);
                world_.stop();
                return;
            case kHealthCue:
                logic_.evaluate_health();
                health_.evaluate();
                bill_.read();
                world_.schedule_cue(world_.now() + scenario_.profile.health_interval, kHealthCue,
                                    0);
                return;
            case kSampleCue:
                sampler_.take();
                look();
                faults_.look();
                report_progress();
                world_.schedule_cue(world_.now() + scenario_.detail.sample_every, kSampleCue, 0);
                stop_if_stuck();
                return;
            default: LANDFALL_CHECK(false, "every cue is handled");
        }
    }

    void on_link(std::string_view link, bool down) override {
        recorder_.noted(down ? "link_down" : "link_up", link, "");
        health_.link_changed(link, down);
    }

    void on_machine(MachineId item) override { bill_.machine_changed(item); }
    void on_capacity(std::string_view link, double rate) override {
        if (board_) throttles_.capacity_changed(link, rate, *board_);
    }

    /// Whether the logic will do something of itself: a job runs, disks are copied, or a
    /// resynchronization is to come.
    [[nodiscard]] bool is_busy() const {
        if (logic_.jobs_in_progress() > 0 || automation_.is_busy()) return true;
        for (std::size_t index = 0; index < parts_.machines.size(); ++index) {
            const MachineId machine(index);
            const DataPath path = logic_.engine().data_path(machine);
            if (path == DataPath::Copying) return true;
            if (path != DataPath::ResyncRequired) continue;
            if (is_legal(logic_.view_of(machine), Operation::RepairReplication)) return true;
        }
        return false;
    }

    /// Without a duration a run ends when the timeline is carried out and nothing is under way.
    void stop_if_done() {
        if (scenario_.duration || stepper_.is_steered()) return;
        if (timeline_.all_fired() && !faults_.any_left() && !is_busy()) world_.stop();
    }

    template <typename Target>
    void note_change(Target target) {
        timeline_.note_change(target);
        stepper_.note_change();
    }
    void note_change_of_plan(std::string_view name) {
        for (std::size_t index = 0; index < parts_.estate.plans.size(); ++index) {
            if (parts_.estate.plans[index].name == name) return note_change(RecoveryPlanId(index));
        }
    }
    void note_change_of(std::string_view name) {
        for (std::size_t index = 0; index < parts_.machines.size(); ++index) {
            if (parts_.machines[index].name == name) return note_change(MachineId(index));
        }
    }

    /// The pilot has no more wishes.
    void let_go(Goal::Kind how) {
        if (how == Goal::Kind::Stop || is_over_) return world_.stop();
        stop_if_done();
    }

    /// Without a duration a run could go on for ever: when no step has a date and nothing is under
    /// way, the states that steps wait for will not come.
    void stop_if_stuck() {
        if (scenario_.duration) return;
        const bool at_its_limit = world_.now() >= Instant(kLongestOpenRun);
        const bool may_go_on =
            timeline_.all_fired() || timeline_.any_scheduled() || faults_.any_left() || is_busy();
        if (stepper_.is_steered()) {
            const bool idle = !timeline_.any_scheduled() && !faults_.any_left() && !is_busy() &&
                              !stepper_.has_date();
            if (idle || at_its_limit) stepper_.pause(PauseReason::NothingLeft);
            return;
        }
        if (may_go_on && !at_its_limit) return;
        waiting_ = waiting();
        world_.stop();
    }

    // Cockpit
    [[nodiscard]] const scenario::Scenario& scenario() const override { return scenario_; }
    [[nodiscard]] const std::vector<scenario::ExpandedMachine>& machines() const override {
        return parts_.machines;
    }
    [[nodiscard]] Instant now() const override { return world_.now(); }
    [[nodiscard]] SiteRecovery& logic() override { return logic_; }
    [[nodiscard]] const record::Recorder& records() const override { return recorder_; }
    LiveVault& vault() override { return vault_; }
    [[nodiscard]] bool has_ended(JobId job) const override {
        return logic_.job(job).is_over() || logic_.job(job).state == JobState::Suspended;
    }
    [[nodiscard]] bool has_reached(MachineId machine, scenario::MachineState state) const override {
        return world::has_reached(logic_, machine, state);
    }
    [[nodiscard]] bool has_reached(RecoveryPlanId plan, scenario::PlanState state) const override {
        return world::has_reached(logic_, plan, state);
    }
    CarriedOut carry_out(const scenario::TimelineEntry& entry, RecoveryPlanId plan) override {
        return told("recovery plan " + parts_.estate.plan(plan).name, entry,
                    operator_.carry_out(entry, plan));
    }
    CarriedOut carry_out(const scenario::TimelineEntry& entry, MachineId machine) override {
        return told(machine.is_none() ? kNameOfService : parts_.machines[machine.value].name, entry,
                    operator_.carry_out(entry, machine));
    }
    CarriedOut told(const std::string& of, const scenario::TimelineEntry& entry, CarriedOut done) {
        if (done.refusal) note_refusal(recorder_, of, entry, *done.refusal);
        return done;
    }
    [[nodiscard]] std::vector<std::string> waiting() const override {
        std::vector<std::string> names = timeline_.waiting();
        for (std::string& job : logic_.waiting()) names.push_back(std::move(job));
        return names;
    }

    void report_progress() {
        if (!report_) return;
        const double share = scenario_.duration ? to_seconds(world_.now().since_start()) /
                                                      to_seconds(*scenario_.duration)
                                                : timeline_.progress();
        report_(std::min(share, 1.0), world_.now());
    }

    Outcome finish() {
        if (problems_.empty() && waiting_.empty() && !scenario_.duration) {
            problems_ = short_traces(scenario_, parts_.machines, parts_.estate, world_, traces_);
        }
        Outcome outcome;
        outcome.problems = std::move(problems_);
        outcome.waiting = std::move(waiting_);
        if (!outcome.problems.empty() || !outcome.waiting.empty()) return outcome;
        recorder_.close();
        bill_.feed().close();
        const record::RunFacts facts{scenario_,        seed_,  parts_.machines, parts_.estate,
                                     parts_.link_uses, world_, logic_,          recorder_,
                                     bill_.feed()};
        outcome.tables.push_back(record::machines_table(facts));
        outcome.summary = record::summarize(facts, outcome.tables.front());
        for (record::Table& table : recorder_.take_tables()) {
            if (table.name == "jobs") record::describe_jobs(facts, table);
            outcome.tables.push_back(std::move(table));
        }
        for (record::Table& table : sampler_.take_tables()) {
            outcome.tables.push_back(std::move(table));
        }
        outcome.tables.push_back(record::plan_tasks_table(facts));
        outcome.tables.push_back(record::recovery_points_table(facts));
        outcome.tables.push_back(record::links_table(facts));
        outcome.tables.push_back(record::billing_table(bill_.feed(), parts_.estate));
        outcome.tables.push_back(record::target_use_table(world_.room().steps(), parts_.estate));
        for (record::Table& table : health_.take_tables(scenario_.vault.name)) {
            outcome.tables.push_back(std::move(table));
        }
        outcome.summary["coverage"] = faults_.coverage();
        outcome.summary["event_hash"] = faults_.event_hash();
        if (scenario_.oracles || faults_.is_judging()) add_oracle_report(outcome);
        if (const BlockContent* blocks = logic_.engine().blocks()) {
            outcome.tables.push_back(record::fold_table(*blocks, parts_.estate));
        }
        return outcome;
    }

    void add_oracle_report(Outcome& outcome) {
        lab::OracleReport report;
        if (board_) {
            board_->finish();
            report = lab::report_of(*board_);
        }
        if (scenario_.oracles) {
            control_.look_at_all();
            control_.add_to(report);
            bill_.add_to(report);
        }
        faults_.finish(report);
        // Those of jobs and machines judge every run; alone they are told by another name.
        const bool alone = !board_ && !faults_.is_judging();
        outcome.summary[alone ? "control_oracles" : "oracles"] =
            alone ? record::control_summary(report) : record::oracle_summary(report);
        outcome.tables.push_back(record::oracles_table(report));
        outcome.tables.push_back(record::violations_table(report, parts_.estate));
    }

    const scenario::Scenario& scenario_;
    std::uint64_t seed_;
    const workload::TraceStore& traces_;
    const ProgressReport& report_;
    Assembly parts_;
    std::unique_ptr<kernel::Kernel> kernel_;
    SimulatedBlocks blocks_;
    CrashableStore replica_store_;
    CrashableStore source_store_;
    kernel::RandomStream crash_draws_{seed_, "replica store", "crash"};
    World world_;
    Watcher recorder_;
    BillWatch bill_;
    ThrottleWatch throttles_;
    WireDamage wire_damage_{seed_};
    std::unique_ptr<lab::OracleBoard> board_;  ///< null without block fidelity
    ActionAlarm alarm_;
    SimulatedAutomation automation_;
    SiteRecovery logic_;
    faults::WorldEvents events_;
    HealthWatch health_;
    DataPathProbe probe_;
    ControlSight sight_;
    lab::ControlBoard control_;
    LiveVault vault_;
    faults::FaultBench faults_;
    Operator operator_;
    Timeline timeline_;
    Stepper stepper_;
    Sampler sampler_;
    bool is_over_ = false;  ///< its duration has passed
    std::vector<scenario::Problem> problems_;
    std::vector<std::string> waiting_;
};

}  // namespace

Outcome simulate(const scenario::Scenario& scenario, std::uint64_t seed,
                 const workload::TraceStore& traces, const KernelFactory& make_kernel,
                 const ProgressReport& report, Pilot* pilot, const MonitorFactory& monitors) {
    return Simulation(scenario, seed, traces, make_kernel, report, pilot, monitors).run();
}

}  // namespace landfall::world
