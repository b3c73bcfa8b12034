// sim/scenario/fault.hpp — one entry of a scenario's faults, typed.
//
// Which of the keys an entry has, its kind says (sim/faults/fault_kinds.hpp).
#pragma once

#include <optional>
#include <string>

#include "model/base/units.hpp"
#include "sim/faults/fault_kinds.hpp"

namespace landfall::scenario {

struct Fault {
    faults::FaultKind kind = faults::FaultKind::LinkOutage;
    Instant at;
    std::optional<Duration> lasts;
    std::string target;   ///< a name; empty: the service
    bool forward = true;  ///< OneWayOutage: from the link's `from` to its `to`
    double factor = 1.0;
    Duration latency;  ///< on top
    Duration period;
    Duration down;   ///< of each period
    Duration delay;  ///< on top
    BytesPerSecond rate;
    Bytes size;
    Bytes working_set;
    double position = 0.0;            ///< of what is stored: 0 its first bit, 1 behind its last
    std::optional<std::string> disk;  ///< absent: all of the machine, where that is allowed
    std::string operation;            ///< Operator: what is asked for, as timelines call it
    faults::Envelope envelope = faults::Envelope::Recover;

    [[nodiscard]] Instant ends() const { return at + lasts.value_or(Duration(0)); }
};

}  // namespace landfall::scenario
