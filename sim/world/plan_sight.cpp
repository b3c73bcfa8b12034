// sim/world/plan_sight.cpp — the job of a recovery plan, as the world saw it.
#include <algorithm>

#include "sim/world/control_sight.hpp"

namespace landfall::world {

namespace {

class PlanWatch {
  public:
    PlanWatch(const Estate& estate, const World& world, const SiteRecovery& logic,
              const SimulatedAutomation& automation, JobId job)
        : estate_(estate),
          world_(world),
          logic_(logic),
          automation_(automation),
          job_(job),
          kept_(logic.plans().record(job)),
          plan_(estate.plan(kept_.plan)) {}

    lab::PlanSight run() {
        lab::PlanSight seen;
        seen.name = plan_.name;
        seen.state = logic_.job(job_).state;
        seen.type = kept_.run.options.type;
        seen.fails_over = kept_.run.options.work == PlanWork::FailOver;
        seen.restarts = logic_.job(job_).attempt;
        seen.gate = plan_.gate;
        add_machines(seen);
        if (seen.fails_over) add_actions(seen);
        return seen;
    }

  private:
    void add_machines(lab::PlanSight& seen) const {
        std::vector<MachineId> place;
        for (const PlanGroup& group : plan_.groups) {
            for (const PlanItem& item : group.items) place.push_back(item.machine);
        }
        for (std::size_t group = 0; group < plan_.groups.size(); ++group) {
            for (const PlanItem& item : plan_.groups[group].items) {
                lab::PlanMachineSight& machine = seen.machines.emplace_back();
                machine.name = item.name;
                machine.group = group;
                for (const MachineId needed : item.depends_on) {
                    const auto found = std::find(place.begin(), place.end(), needed);
                    machine.depends_on.push_back(static_cast<std::size_t>(found - place.begin()));
                }
                const auto child = kept_.children.find(item.machine);
                if (seen.fails_over && child != kept_.children.end()) {
                    machine.attempt = child->second.attempt;
                    see_machine(logic_.job(child->second.job), machine);
                }
            }
        }
    }

    void see_machine(const JobRecord& child, lab::PlanMachineSight& seen) const {
        const bool was_away = child.active_before == ActiveLocation::Recovery;
        const bool is_test = child.kind == JobKind::TestFailover;
        const auto source = was_away ? MachineInstance::Recovery : MachineInstance::Primary;
        auto target = was_away ? MachineInstance::Primary : MachineInstance::Recovery;
        if (is_test) target = MachineInstance::Test;
        const ServiceProfile& profile = estate_.profile;
        const Duration boots = target == MachineInstance::Primary ? profile.start_primary_time
                                                                  : profile.start_machine_time;
        seen.begun_anew = child.attempt > 0;
        for (const TaskRecord& task : child.tasks) {
            if (task.state != TaskState::Succeeded) continue;
            // A time that is not the task's own is of something else that happened to the machine.
            const Instant at = task.ended;
            const JobGate gate = gate_of(task.row->action);
            const bool of_plan = !missed_its_shutdown(child.machine);
            if (gate == JobGate::ShutDown && of_plan && stopped_at(history(child, source), at)) {
                seen.shutdown = lab::Span{at - profile.shut_down_time, at};
            }
            if (gate == JobGate::Start && started_at(history(child, target), at)) {
                seen.boot = lab::Span{at - boots, at};
            }
        }
        for (const TimeSpan& span : history(child, target).existed) {
            if (span.from > child.started && !seen.creation) {
                seen.creation = lab::Span{child.started, span.from};
            }
        }
    }

    /// When its turn came its item was busy, not ready or at the target already, so that the plan's
    /// step failed or was skipped; its own job may still shut it down before it fails over.
    [[nodiscard]] bool missed_its_shutdown(MachineId machine) const {
        const PlanTaskTree& tasks = kept_.run.tasks;
        return std::any_of(tasks.begin(), tasks.end(), [machine](const PlanTask& task) {
            return task.kind == PlanTaskKind::ShutDownMachine && task.machine == machine &&
                   (task.state == PlanTaskState::Failed || task.state == PlanTaskState::Skipped);
        });
    }

    [[nodiscard]] const InstanceHistory& history(const JobRecord& job, MachineInstance of) const {
        return world_.instances(job.machine)[static_cast<std::size_t>(of)];
    }
    static bool stopped_at(const InstanceHistory& machine, Instant at) {
        return std::any_of(machine.ran.begin(), machine.ran.end(),
                           [at](const TimeSpan& span) { return span.until == at; });
    }
    static bool started_at(const InstanceHistory& machine, Instant at) {
        return std::any_of(machine.ran.begin(), machine.ran.end(),
                           [at](const TimeSpan& span) { return span.from == at; });
    }

    void add_actions(lab::PlanSight& seen) const {
        const PlanRunOptions& options = kept_.run.options;
        const bool is_test = options.type == FailoverType::Test;
        const bool shuts_down =
            !is_test && (options.shut_down_source || options.type == FailoverType::Planned);
        if (shuts_down) add_steps(plan_.shutdown, std::nullopt, seen);
        add_steps(plan_.failover, std::nullopt, seen);
        for (std::size_t group = 0; group < plan_.groups.size(); ++group) {
            add_steps(plan_.groups[group].steps, group, seen);
        }
    }

    void add_steps(const PlanSteps& steps, std::optional<std::size_t> group,
                   lab::PlanSight& seen) const {
        for (const bool before : {true, false}) {
            for (const PlanAction& action : before ? steps.before : steps.after) {
                const PlanRunOptions& options = kept_.run.options;
                if (!action.applies(options.type, options.direction)) continue;
                seen.actions.push_back({.name = action.name,
                                        .manual = action.kind == PlanActionKind::Manual,
                                        .group = group,
                                        .before = before});
                see_action(action.id, seen.actions.back());
            }
        }
    }

    void see_action(RecoveryActionId action, lab::PlanActionSight& seen) const {
        for (const SimulatedAutomation::Deed& deed : automation_.deeds()) {
            if (deed.action != action || job_of_token(deed.token) != job_) continue;
            ++seen.times;
            seen.begun = deed.begun;
            seen.ended = deed.ends;
            seen.failed = !deed.succeeds;
        }
    }

    const Estate& estate_;
    const World& world_;
    const SiteRecovery& logic_;
    const SimulatedAutomation& automation_;
    JobId job_;
    const PlanJobRecord& kept_;
    const RecoveryPlan& plan_;
};

}  // namespace

lab::PlanSight ControlSight::plan(JobId job) const {
    return PlanWatch(estate_, world_, logic_, automation_, job).run();
}

}  // namespace landfall::world
