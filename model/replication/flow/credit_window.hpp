// model/replication/flow/credit_window.hpp — a receiver grants bytes, a sender never exceeds them.
//
// Idea: both ends count from the start of the stream, so a grant or an acknowledgement that is
// lost, repeated or late does no harm: the next one says more.
// Laws: sent <= granted; sent - acknowledged <= window; what the receiver holds unconsumed never
// exceeds its capacity (S26); with blocks of B bytes, W of them outstanding, over a link of rate R
// and round trip time RTT the throughput is min(R, W B / (RTT + B / R)).
// Source: replication-and-test-lab A22, measured there to 0.01-4.3 % on real TCP (5.6).
#pragma once

#include <algorithm>

#include "model/base/units.hpp"

namespace landfall {

/// The receiver's end: room for `capacity` bytes that were not consumed yet.
class CreditReceiver {
  public:
    explicit CreditReceiver(Bytes capacity) : capacity_(capacity) {
        LANDFALL_CHECK(capacity > Bytes(0), "a receiver has room for at least one byte");
    }

    void on_received(Bytes amount) {
        received_ += amount;
        LANDFALL_CHECK(received_ <= granted(), "a sender sends no more than it was granted");
    }
    void on_consumed(Bytes amount) {
        consumed_ += amount;
        LANDFALL_CHECK(consumed_ <= received_, "only what was received is consumed");
    }

    /// Bytes since the start of the stream that the sender may send.
    [[nodiscard]] Bytes granted() const { return consumed_ + capacity_; }
    /// Bytes since the start of the stream that arrived: the acknowledgement.
    [[nodiscard]] Bytes received() const { return received_; }
    [[nodiscard]] Bytes held() const { return received_ - consumed_; }

  private:
    Bytes capacity_;
    Bytes received_;
    Bytes consumed_;
};

/// The sender's end: at most `window` bytes outstanding, whatever was granted.
class CreditSender {
  public:
    explicit CreditSender(Bytes window) : window_(window) {
        LANDFALL_CHECK(window > Bytes(0), "a window lets at least one byte out");
    }

    /// `total` as of CreditReceiver::granted().
    void on_granted(Bytes total) { granted_ = std::max(granted_, total); }
    /// `total` as of CreditReceiver::received().
    void on_acknowledged(Bytes total) {
        LANDFALL_CHECK(total <= sent_, "only what was sent is acknowledged");
        acknowledged_ = std::max(acknowledged_, total);
    }

    [[nodiscard]] Bytes may_send() const {
        return std::min(granted_ - sent_, window_ - outstanding());
    }
    void on_sent(Bytes amount) {
        LANDFALL_CHECK(amount <= may_send(), "a sender stays within its credit and window");
        sent_ += amount;
    }
    /// A connection broke: `amount` of what is outstanding never arrived and will be sent again.
    void on_lost(Bytes amount) {
        LANDFALL_CHECK(amount <= outstanding(), "only what is outstanding is lost");
        sent_ -= amount;
    }

    [[nodiscard]] Bytes outstanding() const { return sent_ - acknowledged_; }
    [[nodiscard]] Bytes sent() const { return sent_; }

  private:
    Bytes window_;
    Bytes granted_;
    Bytes sent_;
    Bytes acknowledged_;
};

/// min(R, W B / (RTT + B / R)): the throughput of `blocks` > 0 blocks outstanding, rounded down.
/// Requires rate, block > 0 and round_trip >= 0.
inline BytesPerSecond credit_throughput(BytesPerSecond rate, std::int64_t blocks, Bytes block,
                                        Duration round_trip) {
    const Duration answer_after = round_trip + transfer_time(block, rate);
    const Bytes window = block * blocks;
    return std::min(rate, BytesPerSecond(detail::scale(window.count(), kNanosecondsPerSecond,
                                                       answer_after.count(), false)));
}

}  // namespace landfall
