// model/replication/planned_cutover.cpp — the steps of a cutover in their order.
#include "model/replication/planned_cutover.hpp"

#include <algorithm>
#include <array>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"

namespace landfall {

namespace {

using enum CutoverStep;

using Order = std::array<CutoverStep, 6>;
constexpr Order kOrder = {OnlineDelta, ShutDown, Fence, LastDelta, Publish, Done};
// Planted bug: what is written between the last delta and the fence is left behind.
constexpr Order kFenceLast = {OnlineDelta, LastDelta, ShutDown, Fence, Publish, Done};

CutoverStep after(CutoverStep step) {
    const Order& order = mutant(Mutant::FenceAfterFinalDelta) ? kFenceLast : kOrder;
    return *(std::find(order.begin(), order.end(), step) + 1);
}

}  // namespace

std::string_view name_of(CutoverStep step) {
    switch (step) {
        case NotStarted: return "not started";
        case OnlineDelta: return "final online delta";
        case ShutDown: return "shut down source";
        case Fence: return "fence source";
        case LastDelta: return "last delta";
        case Publish: return "publish final point";
        case Done: return "done";
        case Aborted: return "aborted";
    }
    return "";
}

void PlannedCutover::resume_at(CutoverStep recorded) {
    LANDFALL_CHECK(step_ == NotStarted, "a cutover begins once");
    enter(recorded);
}

void PlannedCutover::on_done(CutoverStep step) {
    if (step != step_ || step == Done || step == Aborted || step == NotStarted) return;
    if (step == LastDelta && port_.pending().count() > 0 &&
        !mutant(Mutant::NoSecondCheckAfterDrain)) {
        return enter(LastDelta);
    }
    enter(after(step));
}

void PlannedCutover::on_failed(CutoverStep step, std::string_view why) {
    if (step != step_) return;
    if (step == Publish) return port_.publish_final_point();
    abort(why);
}

bool PlannedCutover::abort(std::string_view why) {
    if (step_ == NotStarted || step_ >= Publish) return false;
    const CutoverStep at = step_;
    step_ = Aborted;
    port_.give_source_back();
    port_.cutover_aborted(at, why);
    return true;
}

void PlannedCutover::enter(CutoverStep step) {
    step_ = step;
    switch (step) {
        case OnlineDelta: return port_.ship_delta();
        case ShutDown: return port_.shut_down_source();
        case Fence: return port_.fence_source();
        case LastDelta: ++last_deltas_; return port_.ship_delta();
        case Publish: return port_.publish_final_point();
        case NotStarted:
        case Done:
        case Aborted: return;
    }
}

}  // namespace landfall
