// sim/world/stepper.cpp — goals become cues; a cue of the present goal becomes a pause.
#include "sim/world/stepper.hpp"

#include <algorithm>

#include "sim/world/world.hpp"

namespace landfall::world {

void Stepper::begin() {
    if (pilot_ == nullptr) return;
    goal_.at = world_.now();
    world_.schedule_cue_first(world_.now(), cue_, serial_);
}

void Stepper::note_change() {
    if (pilot_ == nullptr || !(goal_.job || goal_.state) || is_due_) return;
    const auto reason = met();
    if (reason && *reason != PauseReason::Time) pause_soon();
}

void Stepper::note_news() {
    if (pilot_ != nullptr && goal_.news && !is_due_) pause_soon();
}

/// After what is going on at this instant: the logic is in the middle of something.
void Stepper::pause_soon() {
    is_due_ = true;
    world_.schedule_cue(world_.now(), cue_, serial_);
}

void Stepper::on_cue(std::uint32_t subject) {
    if (pilot_ == nullptr || subject != serial_) return;
    const bool begins = serial_ == 0;
    pause(begins ? PauseReason::Begin : met().value_or(PauseReason::Time));
}

void Stepper::pause(PauseReason reason) {
    if (reason == PauseReason::RunEnded) run_ended_ = true;
    for (;;) {
        goal_ = pilot_->decide(reason, cockpit_);
        ++serial_;
        is_due_ = false;
        if (goal_.kind != Goal::Kind::Pause) {
            pilot_ = nullptr;
            end_(goal_.kind);
            return;
        }
        if (const auto now = met()) {
            reason = *now;
        } else if (run_ended_) {
            reason = PauseReason::RunEnded;
        } else {
            break;
        }
    }
    if (goal_.at) world_.schedule_cue_first(*goal_.at, cue_, serial_);
}

/// What of the goal holds now; the job before the state before the news before the time.
std::optional<PauseReason> Stepper::met() const {
    if (goal_.job && cockpit_.has_ended(*goal_.job)) return PauseReason::JobEnded;
    if (goal_.state && !goal_.state->plan.is_none()) {
        if (cockpit_.has_reached(goal_.state->plan, goal_.state->plan_state)) {
            return PauseReason::StateReached;
        }
    } else if (goal_.state) {
        const auto& machines = goal_.state->machines;
        const auto reached = [this](MachineId machine) {
            return cockpit_.has_reached(machine, goal_.state->state);
        };
        const bool met = goal_.state->all ? std::all_of(machines.begin(), machines.end(), reached)
                                          : std::any_of(machines.begin(), machines.end(), reached);
        if (met) return PauseReason::StateReached;
    }
    if (goal_.news && cockpit_.records().news() > *goal_.news) return PauseReason::News;
    if (goal_.at && *goal_.at <= world_.now()) return PauseReason::Time;
    return std::nullopt;
}

}  // namespace landfall::world
