// model/replication/flow/copy_cadence.cpp — periodic and gap-scheduled cycles.
#include "model/replication/flow/copy_cadence.hpp"

#include <algorithm>

namespace landfall {

CopyCadence::CopyCadence(PeriodicCadence cadence) : cadence_(cadence) {
    LANDFALL_CHECK(cadence.period > Duration(0), "a period is longer than nothing");
}

CopyCadence::CopyCadence(GapCadence cadence) : cadence_(cadence) {
    LANDFALL_CHECK(Duration(0) <= cadence.least && cadence.least <= cadence.most,
                   "a gap is at least nothing, and its least is at most its most");
}

Instant CopyCadence::first(Instant started, Instant ended) const {
    if (std::holds_alternative<GapCadence>(cadence_)) return ended;
    return next(started, ended);
}

Instant CopyCadence::next(Instant started, Instant ended) const {
    LANDFALL_CHECK(started <= ended, "a cycle ends after it started");
    if (const auto* gap = std::get_if<GapCadence>(&cadence_)) {
        return ended + gap_after(ended - started, *gap);
    }
    return std::max(started + std::get<PeriodicCadence>(cadence_).period, ended);
}

Duration gap_after(Duration last, const GapCadence& cadence) {
    return std::min(std::max(cadence.least, Duration(last.count() / 2)), cadence.most);
}

}  // namespace landfall
