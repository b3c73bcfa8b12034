// sim/lab/plan_oracles.cpp — the sentences about recovery plans.
#include "sim/lab/plan_oracles.hpp"

#include <array>

namespace landfall::lab {

namespace {

constexpr std::string_view kPlans = "SR/site-recovery-create-recovery-plans.md";
constexpr std::string_view kOverview = "SR/recovery-plan-overview.md";

bool needs(const PlanMachineSight& machine, std::size_t other) {
    for (const std::size_t needed : machine.depends_on) {
        if (needed == other) return true;
    }
    return false;
}

/// Whether machine `first` is to be up before machine `then` is started.
bool is_earlier(const PlanSight& plan, std::size_t first, std::size_t then) {
    const PlanMachineSight& one = plan.machines[first];
    const PlanMachineSight& other = plan.machines[then];
    return one.group < other.group || (one.group == other.group && needs(other, first));
}

std::string moments(Instant one, Instant other) {
    return time_text(one) + ", and that at " + time_text(other);
}

/// Asks `fault` about every two machines of which the first is to be up before the other.
template <typename Fault>
std::string of_pairs(const PlanSight& plan, Fault&& fault) {
    for (std::size_t first = 0; first < plan.machines.size(); ++first) {
        for (std::size_t then = 0; then < plan.machines.size(); ++then) {
            if (first == then || !is_earlier(plan, first, then)) continue;
            const PlanMachineSight& one = plan.machines[first];
            const PlanMachineSight& other = plan.machines[then];
            if (one.begun_anew || other.begun_anew) continue;
            // One of them could not be begun at first, which is a failure as well.
            if (one.attempt != other.attempt) continue;
            std::string found = fault(one, other);
            if (!found.empty()) return found;
        }
    }
    return {};
}

/// P1
std::string out_of_boot_order(const PlanSight& plan) {
    return of_pairs(plan, [&](const auto& one, const auto& other) -> std::string {
        if (one.boot && other.boot && other.boot->from < one.boot->until) {
            return other.name + " was started before " + one.name + " was up: at " +
                   moments(other.boot->from, one.boot->until);
        }
        const bool gated = plan.gate == GroupsGate::Failover && one.group != other.group;
        if (gated && one.boot && other.creation && other.creation->until < one.boot->until) {
            return other.name + " was failed over before " + one.name + " was up: at " +
                   moments(other.creation->until, one.boot->until);
        }
        return {};
    });
}

/// P2
std::string out_of_shutdown_order(const PlanSight& plan) {
    return of_pairs(plan, [](const auto& one, const auto& other) -> std::string {
        if (!one.shutdown || !other.shutdown) return {};
        if (one.shutdown->from >= other.shutdown->until) return {};
        return one.name + " was shut down before " + other.name + " was down: at " +
               moments(one.shutdown->from, other.shutdown->until);
    });
}

/// P3
std::string step_left_out(const PlanSight& plan) {
    if (plan.state != JobState::Succeeded) return {};
    for (const PlanActionSight& action : plan.actions) {
        const std::string name = "\"" + action.name + "\"";
        if (action.times == 0) return "it succeeded without " + name;
        if (action.failed && !action.manual) return "it succeeded though " + name + " failed";
    }
    return {};
}

/// P4
std::string step_at_wrong_time(const PlanSight& plan) {
    if (plan.restarts > 0) return {};
    for (const PlanActionSight& action : plan.actions) {
        if (!action.group || !action.begun) continue;
        for (const PlanMachineSight& machine : plan.machines) {
            if (!machine.boot || machine.begun_anew) continue;
            const bool comes_first = action.before && machine.group >= *action.group;
            const bool comes_after = !action.before && machine.group <= *action.group;
            // Somebody else may have said that a manual action is done.
            const Instant done =
                action.manual ? *action.begun : action.ended.value_or(*action.begun);
            // One that takes longer than its timeout has failed, and the plan goes on.
            if (comes_first && plan.state == JobState::Succeeded && machine.boot->from < done) {
                return machine.name + " was started before \"" + action.name + "\" was over: at " +
                       moments(machine.boot->from, done);
            }
            if (comes_after && *action.begun < machine.boot->until) {
                return "\"" + action.name + "\" began before " + machine.name + " was up: at " +
                       moments(*action.begun, machine.boot->until);
            }
        }
    }
    return {};
}

/// P5
std::string went_on(const PlanSight& plan) {
    if (plan.type != FailoverType::Planned || plan.restarts > 0) return {};
    for (const PlanActionSight& action : plan.actions) {
        if (!action.failed || action.manual || !action.ended) continue;
        for (const PlanMachineSight& machine : plan.machines) {
            if (!machine.boot || machine.boot->from < *action.ended) continue;
            return machine.name + " was started at " + time_text(machine.boot->from) +
                   ", after \"" + action.name + "\" had failed";
        }
    }
    return {};
}

/// P6
std::string done_again(const PlanSight& plan) {
    for (const PlanActionSight& action : plan.actions) {
        if (action.times <= std::size_t{1} + plan.restarts) continue;
        return "\"" + action.name + "\" was begun " + std::to_string(action.times) + " times";
    }
    return {};
}

constexpr std::array kOracles = {
    PlanOracle{{"P1", "boot order",
                "A machine of a recovery plan is started when those of all groups before its own, "
                "and those that it depends on, are up or have failed.",
                kPlans},
               out_of_boot_order},
    PlanOracle{
        {"P2", "shutdown order",
         "A source is shut down when those that boot after it are down or have failed.", kPlans},
        out_of_shutdown_order},
    PlanOracle{{"P3", "no step is left out",
                "A recovery plan that succeeded had all its scripts, runbooks and manual actions "
                "done, and none of them failed.",
                kPlans},
               step_left_out},
    PlanOracle{{"P4", "steps stand where they belong",
                "What comes before a group is over when its machines start; what comes after it "
                "begins when they are up.",
                kOverview},
               step_at_wrong_time},
    PlanOracle{{"P5", "a planned failover stops",
                "After a step of a planned failover has failed no machine is started.", kOverview},
               went_on},
    PlanOracle{{"P6", "steps at most once",
                "A script, runbook or manual action of a recovery plan is begun once, and once "
                "more for each restart by its user, whoever dies meanwhile.",
                "replication-and-test-lab 2.1 S27"},
               done_again},
};

}  // namespace

std::span<const PlanOracle> plan_oracles() {
    return kOracles;
}

}  // namespace landfall::lab
