// sim/faults/troubles.hpp — what is wrong now, as far as monitoring can hear of it.
//
// The injector writes it, the health watch reads it: a server or an agent that is silent, a port
// that is blocked. What shows in the data path itself is not here.
#pragma once

#include <optional>
#include <vector>

#include "model/base/units.hpp"

namespace landfall::faults {

/// Something that may be silent for more than one reason at a time.
class Silence {
  public:
    void begin(Instant now) {
        if (reasons_++ == 0) since_ = now;
    }
    void end() {
        if (reasons_ > 0) --reasons_;
    }
    [[nodiscard]] bool lasts() const { return reasons_ > 0; }
    [[nodiscard]] std::optional<Instant> since() const {
        return lasts() ? std::optional(since_) : std::nullopt;
    }

  private:
    int reasons_ = 0;
    Instant since_;
};

struct Troubles {
    std::vector<Silence> servers;         ///< by ProcessServerId: no heartbeat
    std::vector<Silence> ports;           ///< its data port is blocked
    std::vector<Silence> uploads;         ///< what it uploads to does not answer
    std::vector<Silence> master_targets;  ///< by ProcessServerId: the one that it sends to
    std::vector<Silence> agents;          ///< by leg
    std::vector<Silence> certificates;    ///< by configuration server: expired
};

}  // namespace landfall::faults
