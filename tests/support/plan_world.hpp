// tests/support/plan_world.hpp — a world for recovery plans: does what it is asked, each token
// once, takes its time, and survives the orchestrator.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/recovery/recovery_plan_run.hpp"

namespace landfall::test {

/// How something that was asked for goes.
struct PlanOutcome {
    enum class End : std::uint8_t { Succeeds, Fails, NeedNot };
    End end = End::Succeeds;
    Duration takes = seconds(10);
};

/// Thrown by a change of the record that the orchestrator does not live to see through.
struct OrchestratorDied {};

/// Answers in the order of time. `fate` says how the task goes at an attempt: by its kind, its name
/// and the attempt.
class PlanWorld : public RecoveryPlanPort {
  public:
    using Fate = std::function<PlanOutcome(const PlanTask&)>;

    PlanWorld(const RecoveryPlan& plan, Fate fate) : plan_(plan), fate_(std::move(fate)) {}

    /// Runs to the end, or until nothing more comes. The orchestrator dies at change number
    /// `dies_at` of the record (from 1; 0: never), and another goes on at once.
    RecoveryPlanRecord run(const RecoveryPlanRecord& begun, std::uint64_t dies_at = 0) {
        dies_at_ = dies_at;
        kept_ = begun;
        attempt([](RecoveryPlanRun& run) { run.go_on(); }, true);
        drain();
        return kept_;
    }

    /// Gives an order to the run of `record` and runs on.
    RecoveryPlanRecord order(const RecoveryPlanRecord& record,
                             const std::function<void(RecoveryPlanRun&)>& give,
                             std::uint64_t dies_at = 0) {
        dies_at_ = dies_at == 0 ? 0 : changes_ + dies_at;
        kept_ = record;
        attempt(give, true);
        drain();
        return kept_;
    }

    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    /// How often a task of this kind and name was really done.
    [[nodiscard]] int times_done(PlanTaskKind kind, const std::string& name) const {
        const auto found = done_.find({kind, name});
        return found == done_.end() ? 0 : found->second;
    }
    [[nodiscard]] const std::vector<std::pair<std::string, RecoveryPlanContext>>& contexts() const {
        return contexts_;
    }
    [[nodiscard]] int deaths() const { return deaths_; }

    // RecoveryPlanPort
    [[nodiscard]] Instant now() const override { return now_; }
    void run_step(PlanTaskKind, std::uint64_t token) override { ask(token); }
    void synchronize(MachineId, std::uint64_t token) override { ask(token); }
    void operate(MachineId, std::uint64_t token) override { ask(token); }
    void shut_down(MachineId, std::uint64_t token) override { ask(token); }
    void fail_over(MachineId, const PlanRunOptions&, std::uint64_t token) override { ask(token); }
    void start_machine(MachineId, std::uint64_t token) override { ask(token); }
    void run_action(const ActionRequest& request) override {
        const PlanTask& task = run_->record().tasks[*run_->task_of(request.token)];
        if (!asked_.contains(request.token)) contexts_.emplace_back(task.name, request.context);
        ask(request.token);
    }
    void set_timeout(std::uint64_t token, Instant at) override { post(at, token, true); }
    void wait_for_user(std::uint64_t token, const std::string&) override { ask(token); }
    [[nodiscard]] RecoveredMachine recovered(MachineId machine) const override {
        RecoveredMachine values;
        values.role_name = "machine " + std::to_string(machine.value);
        return values;
    }
    void task_changed(const RecoveryPlanRun& run, PlanTaskIndex) override { keep(run); }
    void state_changed(const RecoveryPlanRun& run) override { keep(run); }

  private:
    struct Asked {
        PlanTask task;
        PlanOutcome outcome;
        Instant ends;
    };
    struct Coming {
        std::uint64_t token;
        bool timeout;
    };

    void keep(const RecoveryPlanRun& run) {
        kept_ = run.record();
        if (++changes_ == dies_at_) throw OrchestratorDied();
    }

    void post(Instant at, std::uint64_t token, bool timeout) {
        coming_.insert({{at, sequence_++}, {token, timeout}});
    }

    void ask(std::uint64_t token) {
        const auto known = asked_.find(token);
        if (known != asked_.end()) {
            if (known->second.ends <= now_) post(now_, token, false);
            return;
        }
        const PlanTask& task = run_->record().tasks[*run_->task_of(token)];
        const PlanOutcome outcome = fate_(task);
        ++done_[{task.kind, task.name}];
        asked_.insert({token, {task, outcome, now_ + outcome.takes}});
        post(now_ + outcome.takes, token, false);
    }

    /// Does something to the run; if the orchestrator dies of it, the next one goes on from what
    /// was kept.
    void attempt(const std::function<void(RecoveryPlanRun&)>& what, bool anew) {
        try {
            if (anew) made_.emplace_back(plan_, *this, kept_);
            run_ = &made_.back();
            what(*run_);
        } catch (const OrchestratorDied&) {
            ++deaths_;
            made_.emplace_back(plan_, *this, kept_);
            run_ = &made_.back();
            run_->go_on();
        }
    }

    void drain() {
        while (!coming_.empty()) {
            const auto [when, event] = *coming_.begin();
            coming_.erase(coming_.begin());
            if (!run_->is_over()) now_ = std::max(now_, when.first);
            attempt([this, event](RecoveryPlanRun& run) { hand_over(run, event); }, false);
        }
    }

    void hand_over(RecoveryPlanRun& run, const Coming& event) {
        if (event.timeout) {
            run.on_timeout(event.token);
            return;
        }
        const Asked& asked = asked_.at(event.token);
        const bool good = asked.outcome.end == PlanOutcome::End::Succeeds;
        switch (asked.task.kind) {
            case PlanTaskKind::RunAction:
                if (run.state() == PlanRunState::Suspended && run.task_of(event.token)) {
                    run.resume("done");
                } else {
                    run.on_action_ended(event.token, good, good ? "" : "wrote to STDERR");
                }
                return;
            case PlanTaskKind::ShutDownMachine:
            case PlanTaskKind::FailOverMachine:
            case PlanTaskKind::StartMachine:
            case PlanTaskKind::SynchronizeMachine:
            case PlanTaskKind::OperateMachine: answer(run, asked); return;
            default: run.on_step_ended(event.token, good, good ? "" : "not ready");
        }
    }

    static void answer(RecoveryPlanRun& run, const Asked& asked) {
        const MachineId machine = asked.task.machine;
        if (asked.outcome.end == PlanOutcome::End::NeedNot) {
            run.on_skipped(machine);
        } else if (asked.outcome.end == PlanOutcome::End::Fails) {
            run.on_failed(machine, "no quota");
        } else if (asked.task.kind == PlanTaskKind::SynchronizeMachine) {
            run.on_synchronized(machine);
        } else if (asked.task.kind == PlanTaskKind::OperateMachine) {
            run.on_operated(machine);
        } else if (asked.task.kind == PlanTaskKind::ShutDownMachine) {
            run.on_shut_down(machine);
        } else if (asked.task.kind == PlanTaskKind::FailOverMachine) {
            run.on_prepared(machine);
        } else {
            run.on_started(machine);
        }
    }

    const RecoveryPlan& plan_;
    Fate fate_;
    RecoveryPlanRecord kept_;
    std::list<RecoveryPlanRun> made_;
    RecoveryPlanRun* run_ = nullptr;
    Instant now_;
    std::uint64_t sequence_ = 0;
    std::uint64_t changes_ = 0;
    std::uint64_t dies_at_ = 0;
    int deaths_ = 0;
    std::map<std::uint64_t, Asked> asked_;
    std::map<std::pair<Instant, std::uint64_t>, Coming> coming_;
    std::map<std::pair<PlanTaskKind, std::string>, int> done_;
    std::vector<std::pair<std::string, RecoveryPlanContext>> contexts_;
};

}  // namespace landfall::test
