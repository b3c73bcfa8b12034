// model/replication/flow/rpo_estimate.cpp — see rpo_estimate.hpp.
#include "model/replication/flow/rpo_estimate.hpp"

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"

namespace landfall {

Duration reported_rpo(const StreamLag& lag, Instant now) {
    LANDFALL_CHECK(lag.newest_cut <= now, "a cut does not lie in the future");
    if (mutant(Mutant::RpoIsBacklogOverBandwidth)) return transfer_time(lag.backlog, lag.bandwidth);
    return now - lag.newest_cut;
}

}  // namespace landfall
