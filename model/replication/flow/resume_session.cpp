// model/replication/flow/resume_session.cpp — keeping, sending, rewinding and counting frames.
#include "model/replication/flow/resume_session.hpp"

#include <algorithm>
#include <utility>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"

namespace landfall {

ResumeSession::ResumeSession(Generation generation, std::uint64_t first_seq, Bytes bound,
                             BlockWitness* witness)
    : generation_(generation),
      bound_(bound),
      witness_(witness),
      first_kept_(first_seq),
      next_to_send_(first_seq),
      highest_sent_(first_seq - 1) {
    LANDFALL_CHECK(first_seq > 0, "frames are numbered from 1");
    LANDFALL_CHECK(bound > Bytes(0), "a session may keep something");
}

bool ResumeSession::offer(DiskId disk, SectorRange range, std::vector<std::byte> bytes) {
    const Bytes size(static_cast<std::int64_t>(bytes.size()));
    if (size > room()) return false;
    frames_.push_back({.frame = {next_seq(), disk, range, std::move(bytes)}, .size = size});
    kept_ += size;
    if (witness_ != nullptr) witness_->queue_filled("frames kept for a resume", kept_, bound_);
    return true;
}

void ResumeSession::forget_sent(Bytes room_wanted) {
    for (Kept& kept : frames_) {
        if (room() >= room_wanted || !kept.in_flight) return;
        if (kept.forgotten) continue;
        kept.forgotten = true;
        kept.frame.bytes = {};
        kept_ -= kept.size;
    }
}

ResumeDecision ResumeSession::on_hello(const Hello& hello) {
    connected_ = false;
    const ResumeDecision decision =
        judge_hello(hello, generation_, highest_sent_, oldest_with_bytes());
    if (decision == ResumeDecision::Continue || decision == ResumeDecision::BytesGone) {
        on_acknowledged(hello.durable_seq);
    }
    lose_what_is_in_flight();
    if (decision != ResumeDecision::Continue) return decision;
    next_to_send_ = first_kept_;
    connected_ = true;
    return decision;
}

ResumeDecision judge_hello(const Hello& hello, Generation generation, std::uint64_t highest_sent,
                           std::uint64_t oldest_kept) {
    if (hello.generation != generation) return ResumeDecision::OtherGeneration;
    if (hello.durable_seq > highest_sent) return ResumeDecision::ReceiverAhead;
    // The receiver came back without what it had acknowledged, or the sender has let go of it.
    if (hello.durable_seq + 1 < oldest_kept) return ResumeDecision::BytesGone;
    return ResumeDecision::Continue;
}

std::string_view words_for(ResumeDecision decision) {
    switch (decision) {
        case ResumeDecision::Continue: return "";
        case ResumeDecision::OtherGeneration:
            return "the replica is in another life of the stream of changes";
        case ResumeDecision::BytesGone: return "the replica lost changes that are no longer kept";
        case ResumeDecision::ReceiverAhead: return "the replica has changes that were never sent";
    }
    return "";
}

/// Bytes are let go from the oldest frame on.
std::uint64_t ResumeSession::oldest_with_bytes() const {
    const auto kept = std::find_if(frames_.begin(), frames_.end(),
                                   [](const Kept& frame) { return !frame.forgotten; });
    return first_kept_ + static_cast<std::uint64_t>(kept - frames_.begin());
}

const StreamFrame* ResumeSession::send_next() {
    if (!connected_ || next_to_send_ == next_seq()) return nullptr;
    Kept& kept = frames_[next_to_send_ - first_kept_];
    LANDFALL_CHECK(!kept.forgotten, "what is to be sent is still there");
    count_sent(kept);
    kept.sent = true;
    kept.in_flight = true;
    highest_sent_ = std::max(highest_sent_, next_to_send_);
    ++next_to_send_;
    return &kept.frame;
}

void ResumeSession::count_sent(const Kept& kept) {
    const bool twice = mutant(Mutant::DoubleCountRetransmits) && kept.sent;
    const Bytes counted = twice ? kept.size * 2 : kept.size;
    counts_.sent += counted;
    counts_.in_flight += kept.size;
    if (witness_ != nullptr) witness_->bytes_sent(kept.frame.disk, counted, kept.sent);
}

bool ResumeSession::on_acknowledged(std::uint64_t seq) {
    if (seq > highest_sent_) return false;
    while (!frames_.empty() && first_kept_ <= seq) {
        const Kept& kept = frames_.front();
        // A frame acknowledged between its loss and its repetition: that transmission stays lost.
        if (kept.in_flight) {
            counts_.in_flight -= kept.size;
            counts_.acknowledged += kept.size;
            if (witness_ != nullptr) witness_->bytes_acknowledged(kept.frame.disk, kept.size);
        }
        if (!kept.forgotten) kept_ -= kept.size;
        frames_.pop_front();
        ++first_kept_;
    }
    next_to_send_ = std::max(next_to_send_, first_kept_);
    return true;
}

void ResumeSession::lose_what_is_in_flight() {
    for (Kept& kept : frames_) {
        if (!kept.in_flight) continue;
        kept.in_flight = false;
        counts_.in_flight -= kept.size;
        counts_.lost += kept.size;
        if (witness_ != nullptr) witness_->bytes_lost(kept.frame.disk, kept.size);
    }
}

void ResumeSession::start(Generation generation, std::uint64_t first_seq) {
    LANDFALL_CHECK(first_seq > 0, "frames are numbered from 1");
    lose_what_is_in_flight();
    frames_.clear();
    kept_ = Bytes(0);
    connected_ = false;
    generation_ = generation;
    first_kept_ = first_seq;
    next_to_send_ = first_seq;
    highest_sent_ = first_seq - 1;
}

}  // namespace landfall
