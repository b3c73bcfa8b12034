// model/replication/flow/resume_session.hpp — the sender's end of a numbered stream that survives
// broken connections.
//
// Idea: every frame stays until it is acknowledged as durable. After a break the receiver says in
// its HELLO which generation it holds and its last durable number; the sender goes on behind it,
// or answers that the stream cannot be continued and the dirty bitmap has to take over.
// Laws:
//  - frames leave by rising number without a hole, from the number behind the HELLO's; what is sent
//    twice does no harm behind a SequenceFilter;
//  - conservation (S33): sent = acknowledged + in flight + lost, in bytes of transmissions, at any
//    time: one that a break overtook is lost, and sending its frame again is another transmission;
//  - the bytes kept never exceed the bound (S26);
//  - which sectors are not acknowledged is known even where the bytes are gone (S11).
// Source: replication-and-test-lab A21.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "model/base/block.hpp"
#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/environment/witness.hpp"

namespace landfall {

/// A framed record of the stream, and what it is about.
struct StreamFrame {
    std::uint64_t seq = 0;
    DiskId disk;
    SectorRange range;  ///< empty for markers
    std::vector<std::byte> bytes;
};

/// What a receiver says when a connection opens. Durable: it outlives the receiver's crash.
struct Hello {
    Generation generation = 0;
    std::uint64_t durable_seq = 0;
};

enum class ResumeDecision : std::uint8_t {
    Continue,         ///< the stream goes on behind durable_seq
    OtherGeneration,  ///< bitmap: the receiver is in another life of the stream
    BytesGone,        ///< bitmap: frames behind durable_seq are no longer kept
    ReceiverAhead,    ///< bitmap: the receiver holds what was never sent; the sender lost its past
};

/// What a sender that has sent up to `highest_sent`, and still has everything from `oldest_kept`
/// on, answers to a HELLO.
[[nodiscard]] ResumeDecision judge_hello(const Hello& hello, Generation generation,
                                         std::uint64_t highest_sent, std::uint64_t oldest_kept);

/// Why a stream cannot be continued, in words; empty for Continue.
[[nodiscard]] std::string_view words_for(ResumeDecision decision);

/// Bytes of transmissions since the session was made.
struct TransmissionCounts {
    Bytes sent;
    Bytes acknowledged;
    Bytes in_flight;
    Bytes lost;
};

class ResumeSession {
  public:
    /// The first frame will have number `first_seq` > 0. `bound` > 0 is for the bytes kept. The
    /// witness may be null and outlives the session.
    ResumeSession(Generation generation, std::uint64_t first_seq, Bytes bound,
                  BlockWitness* witness = nullptr);

    // --- what is to be sent

    /// Keeps the frame under the number next_seq(); false, and nothing kept, if there is no room:
    /// the caller waits for acknowledgements, makes room with forget_sent(), or goes to the bitmap.
    [[nodiscard]] bool offer(DiskId disk, SectorRange range, std::vector<std::byte> bytes);
    /// Lets go of the bytes of the oldest frames that were sent already, until `room` is free or
    /// only frames that wait to be sent are left. If the connection breaks before their
    /// acknowledgement and the receiver does not have them, the answer is BytesGone.
    void forget_sent(Bytes room);
    [[nodiscard]] std::uint64_t next_seq() const { return first_kept_ + frames_.size(); }
    [[nodiscard]] Bytes kept() const { return kept_; }
    [[nodiscard]] Bytes room() const { return bound_ - kept_; }

    // --- the connection

    /// A connection opened. After any answer but Continue nothing is sent before start().
    ResumeDecision on_hello(const Hello& hello);
    /// The next frame to transmit, which then is in flight; null when all are sent or there is no
    /// connection. Valid until the session's next call.
    const StreamFrame* send_next();
    /// Everything up to `seq` is durable at the receiver. False, without effect, for a number that
    /// was never sent. Old and repeated ones do nothing.
    bool on_acknowledged(std::uint64_t seq);
    /// The connection broke; what is in flight stays so until the next HELLO tells.
    void on_disconnected() { connected_ = false; }
    [[nodiscard]] bool connected() const { return connected_; }

    // --- the bitmap instead

    /// Calls `mark(disk, range)` for every frame that is not acknowledged, whether its bytes are
    /// still here or not: what a bitmap has to hold if it takes over.
    template <typename Mark>
    void for_each_unacknowledged(Mark&& mark) const {
        for (const Kept& kept : frames_) {
            if (!kept.frame.range.empty()) mark(kept.frame.disk, kept.frame.range);
        }
    }
    /// A new life of the stream, without a connection: drops all frames, counts what was in flight
    /// as lost.
    void start(Generation generation, std::uint64_t first_seq);

    [[nodiscard]] Generation generation() const { return generation_; }
    [[nodiscard]] const TransmissionCounts& counts() const { return counts_; }

  private:
    struct Kept {
        StreamFrame frame;
        Bytes size;
        bool sent = false;
        bool in_flight = false;
        bool forgotten = false;
    };

    void count_sent(const Kept& kept);
    void lose_what_is_in_flight();
    [[nodiscard]] std::uint64_t oldest_with_bytes() const;

    Generation generation_;
    Bytes bound_;
    BlockWitness* witness_;
    std::deque<Kept> frames_;  ///< not acknowledged, numbered from first_kept_
    std::uint64_t first_kept_;
    std::uint64_t next_to_send_;
    std::uint64_t highest_sent_;  ///< of this generation, 0 before the first
    Bytes kept_;
    bool connected_ = false;
    TransmissionCounts counts_;
};

}  // namespace landfall
