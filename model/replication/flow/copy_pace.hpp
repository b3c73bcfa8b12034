// model/replication/flow/copy_pace.hpp — how much of the copies may leave their sources now.
//
// Idea: a controller asks for as much as the line delivers; while ordered changes wait, copies give
// way and leave at a least rate of their own.
// Laws: beside waiting changes copies take at most the least rate over any window, plus two of its
// steps, so the changes lose no more than that; and they go on at that rate however long changes
// wait, so that a copy always ends: the blocks that nobody writes any more are copied too.
// Give-way as DRBD has it judges by the progress over the last seconds; here transfers last longer
// than that, and a bucket says the same exactly. Source: replication-and-test-lab A23, A24.
#pragma once

#include "model/replication/flow/resync_rate_controller.hpp"
#include "model/replication/flow/token_bucket.hpp"

namespace landfall {

class CopyPace {
  public:
    /// Requires least_rate > 0.
    CopyPace(const ResyncRateSettings& settings, BytesPerSecond least_rate);

    /// `amount` arrived, or was dropped: it is no longer in flight.
    void on_gone(Bytes amount) { gone_ += amount; }
    /// What may be taken at `now`; `changes_wait`: ordered changes are behind. Time never runs
    /// backwards.
    [[nodiscard]] Bytes allowed(Instant now, bool changes_wait);
    /// So much of what allowed() answered last, at `now`, was taken.
    void on_taken(Instant now, Bytes amount);

  private:
    ResyncRateController controller_;
    Duration interval_;
    Bytes step_;  ///< of the least rate; less would leave in crumbs
    TokenBucket least_;
    Bytes gone_;  ///< since the controller's last step
    Instant stepped_;
    bool started_ = false;
    bool gives_way_ = false;
};

}  // namespace landfall
