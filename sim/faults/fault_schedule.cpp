// sim/faults/fault_schedule.cpp — two cues for each fault that lasts, one for each that does not.
#include "sim/faults/fault_schedule.hpp"

#include <algorithm>

namespace landfall::faults {

void FaultSchedule::start() {
    left_ = scenario_.faults.size();
    for (std::size_t k = 0; k < scenario_.faults.size(); ++k) {
        const scenario::Fault& fault = scenario_.faults[k];
        const auto subject = static_cast<std::uint32_t>(2 * k);
        world_.schedule_cue_first(fault.at, cue_, subject);
        if (fault.lasts) world_.schedule_cue_first(fault.ends(), cue_, subject + 1);
    }
}

void FaultSchedule::on_cue(std::uint32_t subject) {
    const std::size_t fault = subject / 2;
    const bool begins = subject % 2 == 0;
    if (begins) {
        injector_.look_up(fault);
        coverage_.fault_comes(fault);
        if (injector_.begin(fault)) coverage_.fault_begins(fault);
    }
    if (begins && scenario_.faults[fault].lasts) return;
    injector_.end(fault);
    coverage_.fault_ends(fault);
    --left_;
}

std::optional<Instant> FaultSchedule::calm_from() const {
    if (scenario_.liveness_after) return Instant(*scenario_.liveness_after);
    std::optional<Instant> last;
    for (const scenario::Fault& fault : scenario_.faults) {
        last = std::max(last.value_or(Instant()), fault.ends());
    }
    return last;
}

}  // namespace landfall::faults
