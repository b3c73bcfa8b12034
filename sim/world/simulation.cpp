// sim/world/simulation.cpp — builds the world, steers it to its end, gathers what it leaves.
#include "sim/world/simulation.hpp"

#include <algorithm>
#include <limits>

#include "model/recovery/site_recovery.hpp"
#include "sim/record/recorder.hpp"
#include "sim/record/results.hpp"
#include "sim/world/sampler.hpp"
#include "sim/world/timeline.hpp"

namespace landfall::world {

namespace {

class Simulation : private Director {
  public:
    Simulation(const scenario::Scenario& scenario, std::uint64_t seed,
               const workload::TraceStore& traces, const KernelFactory& make_kernel,
               const ProgressReport& report)
        : scenario_(scenario),
          seed_(seed),
          traces_(traces),
          report_(report),
          parts_(assemble(scenario, seed, traces)),
          kernel_(make_kernel(parts_.network)),
          world_(*kernel_, parts_.estate, std::move(parts_.churn), parts_.links),
          recorder_(*this),
          logic_(parts_.estate, {world_, world_, world_, world_, recorder_}),
          timeline_(scenario, parts_.machines, world_, logic_, kTimelineCue),
          sampler_(parts_.estate, world_, logic_, recorder_) {}

    Outcome run() {
        for (std::size_t index = 0; index < parts_.machines.size(); ++index) {
            const auto& group = scenario_.machines[parts_.machines[index].group];
            if (group.initial_state == scenario::InitialState::Protected) {
                logic_.adopt_protected(MachineId(index));
            }
        }
        timeline_.start();
        if (scenario_.duration) world_.schedule_cue(Instant(*scenario_.duration), kEndCue, 0);
        world_.schedule_cue(Instant(scenario_.detail.sample_every), kSampleCue, 0);
        world_.schedule_cue(Instant(scenario_.profile.health_interval), kHealthCue, 0);
        const kernel::RunEnd end = world_.run(logic_, *this);
        LANDFALL_CHECK(end == kernel::RunEnd::Stopped, "a run has samples to take until its end");
        return finish();
    }

  private:
    static constexpr Duration kLongestOpenRun = days(3650);

    enum Cue : std::uint32_t { kTimelineCue, kEndCue, kSampleCue, kHealthCue, kDoneCue };

    /// The recorder, with an ear for what moves the timeline on.
    class Watcher : public record::Recorder {
      public:
        explicit Watcher(Simulation& run)
            : Recorder(run.parts_.estate, run.world_, run.scenario_.detail.rpo_steps), run_(run) {}

        void state_changed(MachineId machine, std::string_view state) override {
            Recorder::state_changed(machine, state);
            run_.timeline_.note_state(machine, state);
        }
        void job_ended(JobId job, std::string_view state, std::string_view cause) override {
            Recorder::job_ended(job, state, cause);
            run_.world_.schedule_cue(run_.world_.now(), kDoneCue, 0);
        }

      private:
        Simulation& run_;
    };

    void on_cue(std::uint32_t cue, std::uint32_t subject) override {
        switch (cue) {
            case kTimelineCue:
                if (auto problem = timeline_.fire(subject)) {
                    problems_.push_back(std::move(*problem));
                    world_.stop();
                }
                stop_if_done();
                return;
            case kDoneCue: stop_if_done(); return;
            case kEndCue: world_.stop(); return;
            case kHealthCue:
                logic_.evaluate_health();
                world_.schedule_cue(world_.now() + scenario_.profile.health_interval, kHealthCue,
                                    0);
                return;
            case kSampleCue:
                sampler_.take();
                report_progress();
                world_.schedule_cue(world_.now() + scenario_.detail.sample_every, kSampleCue, 0);
                stop_if_stuck();
                return;
            default: LANDFALL_CHECK(false, "every cue is handled");
        }
    }

    void on_link(std::string_view link, bool down) override {
        recorder_.noted(down ? "link_down" : "link_up", link, "");
    }

    /// Whether the logic will do something of itself: a job runs, disks are copied, or a
    /// resynchronization is to come.
    [[nodiscard]] bool is_busy() const {
        if (logic_.jobs_in_progress() > 0) return true;
        for (std::size_t index = 0; index < parts_.machines.size(); ++index) {
            const MachineId machine(index);
            const DataPath path = logic_.engine().data_path(machine);
            if (path == DataPath::Copying) return true;
            if (path == DataPath::ResyncRequired &&
                is_allowed(logic_.protection_state(machine), Operation::RepairReplication)) {
                return true;
            }
        }
        return false;
    }

    /// Without a duration a run ends when the timeline is carried out and nothing is under way.
    void stop_if_done() {
        if (!scenario_.duration && timeline_.all_fired() && !is_busy()) world_.stop();
    }

    /// Without a duration a run could go on for ever: when no step has a date and nothing is under
    /// way, the states that steps wait for will not come.
    void stop_if_stuck() {
        if (scenario_.duration) return;
        const bool at_its_limit = world_.now() >= Instant(kLongestOpenRun);
        const bool may_go_on = timeline_.all_fired() || timeline_.any_scheduled() || is_busy();
        if (may_go_on && !at_its_limit) return;
        waiting_ = timeline_.waiting();
        for (std::string& job : logic_.waiting()) waiting_.push_back(std::move(job));
        world_.stop();
    }

    void report_progress() {
        if (!report_) return;
        const double share = scenario_.duration ? to_seconds(world_.now().since_start()) /
                                                      to_seconds(*scenario_.duration)
                                                : timeline_.progress();
        report_(std::min(share, 1.0), world_.now());
    }

    /// Without a duration nobody knew how long the traces had to be: now it shows.
    void check_trace_lengths() {
        for (std::size_t index = 0; index < parts_.machines.size() && !scenario_.duration;
             ++index) {
            const auto& machine = parts_.machines[index];
            const auto& group = scenario_.machines[machine.group];
            const std::string pointer = "/machines/" + std::to_string(machine.group);
            if (machine.index > 1) continue;  // one of a group speaks for all
            check_trace_length(MachineId(index), group.churn, pointer + "/churn");
            for (std::size_t disk = 0; disk < group.disks.size(); ++disk) {
                if (!group.disks[disk].churn) continue;
                check_trace_length(MachineId(index), *group.disks[disk].churn,
                                   pointer + "/disks/" + std::to_string(disk) + "/churn");
            }
        }
    }

    void check_trace_length(MachineId id, const scenario::Churn& churn,
                            const std::string& pointer) {
        const auto* trace = std::get_if<scenario::TraceChurn>(&churn);
        if (trace == nullptr || trace->repeat) return;
        const scenario::ExpandedMachine& machine = parts_.machines[id.value];
        const auto address = workload::trace_address(*trace, machine.name, machine.index);
        const auto column = traces_.find(address.file, trace->separator, address.column);
        const auto rows = column ? static_cast<std::int64_t>(column->values.size()) : 0;
        const Instant end(trace->step * rows);
        const Instant off = world_.writes_end(parts_.estate.machine(id).first_disk);
        if (end >= std::min(off, world_.now())) return;
        scenario::Problem problem;
        problem.code = scenario::code::kTraceShort;
        problem.pointer = pointer;
        problem.found = "\"" + std::to_string(rows) + " rows\"";
        problem.message =
            "ends after " + std::to_string(end.since_start().count() / kNanosecondsPerSecond) +
            " s, before the run did (" +
            std::to_string(world_.now().since_start().count() / kNanosecondsPerSecond) +
            " s): give a duration, a longer trace, or \"repeat\": true";
        problems_.push_back(std::move(problem));
    }

    Outcome finish() {
        if (problems_.empty() && waiting_.empty()) check_trace_lengths();
        Outcome outcome;
        outcome.problems = std::move(problems_);
        outcome.waiting = std::move(waiting_);
        if (!outcome.problems.empty() || !outcome.waiting.empty()) return outcome;
        recorder_.close();
        const record::RunFacts facts{scenario_,        seed_,  parts_.machines, parts_.estate,
                                     parts_.link_uses, world_, logic_,          recorder_};
        outcome.tables.push_back(record::machines_table(facts));
        outcome.summary = record::summarize(facts, outcome.tables.front());
        for (record::Table& table : recorder_.take_tables()) {
            outcome.tables.push_back(std::move(table));
        }
        for (record::Table& table : sampler_.take_tables()) {
            outcome.tables.push_back(std::move(table));
        }
        outcome.tables.push_back(record::recovery_points_table(facts));
        outcome.tables.push_back(record::links_table(facts));
        return outcome;
    }

    const scenario::Scenario& scenario_;
    std::uint64_t seed_;
    const workload::TraceStore& traces_;
    const ProgressReport& report_;
    Assembly parts_;
    std::unique_ptr<kernel::Kernel> kernel_;
    World world_;
    Watcher recorder_;
    SiteRecovery logic_;
    Timeline timeline_;
    Sampler sampler_;
    std::vector<scenario::Problem> problems_;
    std::vector<std::string> waiting_;
};

}  // namespace

Outcome simulate(const scenario::Scenario& scenario, std::uint64_t seed,
                 const workload::TraceStore& traces, const KernelFactory& make_kernel,
                 const ProgressReport& report) {
    return Simulation(scenario, seed, traces, make_kernel, report).run();
}

}  // namespace landfall::world
