// model/replication/fencing_token.hpp — storage that remembers the highest generation, and leases
// that survive wrong clocks.
//
// Laws: once a write of a higher generation is in, none of a lower one is (S10); the token is made
// durable before the write it admits, so that a restart does not lower it; of two holders of a
// lease whose clocks err by at most the margin, one stops before the other starts (S9).
//
// Source: replication-and-test-lab A32.
#pragma once

#include <algorithm>

#include "model/base/units.hpp"
#include "model/environment/witness.hpp"

namespace landfall {

class FencingToken {
  public:
    /// `highest`: as it was stored; 0 before the first.
    explicit FencingToken(Generation highest = 0) : highest_(highest) {}

    [[nodiscard]] Generation highest() const { return highest_; }

    /// Whether a write of `generation` may go in. A higher one than before raises the token.
    [[nodiscard]] bool admit(Generation generation);
    /// From now on nothing below `generation` goes in: the fence of a failover.
    void raise(Generation generation) { highest_ = std::max(highest_, generation); }

  private:
    Generation highest_;
};

/// The right to take writes until `expiry`, on clocks that err by at most `clock_error` either way.
struct Lease {
    Instant expiry;
    Duration clock_error;

    [[nodiscard]] constexpr bool holder_may_write(Instant its_clock) const {
        return its_clock < expiry - clock_error;
    }
    [[nodiscard]] constexpr bool taker_may_start(Instant its_clock) const {
        return its_clock >= expiry + clock_error;
    }
};

}  // namespace landfall
