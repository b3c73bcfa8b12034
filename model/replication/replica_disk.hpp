// model/replication/replica_disk.hpp — logs waiting in the cache storage account, applied in order.
//
// At volume fidelity the service's processing of a disk's logs is a server with a known rate: a
// delta that is uploaded at t is in the replica disk at max(t, end of the work before it) + bytes /
// rate. No event is needed; the instant follows from the work ahead.
#pragma once

#include <algorithm>

#include "model/base/units.hpp"

namespace landfall {

class ReplicaDisk {
  public:
    explicit ReplicaDisk(BytesPerSecond log_apply_rate) : rate_(log_apply_rate) {}

    /// Adds `bytes` of uploaded logs at `now`.
    void receive(Bytes bytes, Instant now) {
        processed_at_ = std::max(processed_at_, now) + transfer_time(bytes, rate_);
    }

    /// For what is received from now on.
    void set_rate(BytesPerSecond rate) { rate_ = rate; }

    /// When everything received so far is in the replica disk; in the past if it already is.
    [[nodiscard]] Instant processed_at() const { return processed_at_; }

    /// Uploaded logs that are not in the replica disk yet.
    [[nodiscard]] Bytes waiting(Instant now) const {
        return processed_at_ > now ? moved_bytes(rate_, processed_at_ - now) : Bytes(0);
    }

  private:
    BytesPerSecond rate_;
    Instant processed_at_;
};

}  // namespace landfall
