// model/replication/flow/copy_cadence.hpp — when the next delta cycle starts.
//
// Laws: one cycle at a time, so a cycle starts at or after the end of the one before; a pure
// function of that one's times, so that nothing is lost in a restart.
//  - Periodic (Hyper-V Replica): max(start + period, end of send). Two logs per disk: writes go to
//    one while the other travels, there is no third (hyper-v-azure-architecture.md).
//  - Gap-scheduled (agentless copies): the first delta at once after the initial copy, each further
//    one min(max(least, last / 2), most) after the one before ended, `last` being how long that one
//    took; 1 h and 12 h are documented (concepts-vmware-agentless-migration.md). A8.
// RPO that follows from them: analysis/rpo_laws.hpp.
#pragma once

#include <variant>

#include "model/base/units.hpp"

namespace landfall {

struct PeriodicCadence {
    Duration period;  ///< 30 s, 5 min or 15 min with Hyper-V Replica
};
struct GapCadence {
    Duration least;
    Duration most;
};

class CopyCadence {
  public:
    /// Requires a period > 0, or 0 <= least <= most.
    explicit CopyCadence(PeriodicCadence cadence);
    explicit CopyCadence(GapCadence cadence);

    /// When the first delta starts, after an initial copy that began at `started`.
    [[nodiscard]] Instant first(Instant started, Instant ended) const;
    /// When the next delta starts, after one from `started` to `ended`. Requires started <= ended.
    [[nodiscard]] Instant next(Instant started, Instant ended) const;

  private:
    std::variant<PeriodicCadence, GapCadence> cadence_;
};

/// min(max(least, last / 2), most).
Duration gap_after(Duration last, const GapCadence& cadence);

}  // namespace landfall
