// tests/unit/resume_session_test.cpp — a stream over broken connections: whole, in order, counted.
#include "model/replication/flow/resume_session.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "model/storage/sequence_filter.hpp"
#include "sim/kernel/random_streams.hpp"

namespace landfall {
namespace {

constexpr Generation kLife = 7;
const DiskId kDisk(0U);

std::vector<std::byte> content(std::uint64_t seq) {
    return std::vector<std::byte>(1 + seq * 7919 % 61, static_cast<std::byte>(seq));
}

bool offer_next(ResumeSession& session) {
    const std::uint64_t seq = session.next_seq();
    return session.offer(kDisk, {seq * 8, 8}, content(seq));
}

bool conserved(const TransmissionCounts& counts) {
    return counts.sent == counts.acknowledged + counts.in_flight + counts.lost;
}

ResumeSession connected_session(std::uint64_t frames) {
    ResumeSession session(kLife, 1, Bytes(10'000));
    for (std::uint64_t i = 0; i < frames; ++i) EXPECT_TRUE(offer_next(session));
    EXPECT_EQ(session.on_hello({kLife, 0}), ResumeDecision::Continue);
    return session;
}

std::vector<std::uint64_t> send_all(ResumeSession& session) {
    std::vector<std::uint64_t> sent;
    while (const StreamFrame* frame = session.send_next()) sent.push_back(frame->seq);
    return sent;
}

std::vector<std::uint64_t> unacknowledged(const ResumeSession& session) {
    std::vector<std::uint64_t> found;
    session.for_each_unacknowledged(
        [&](DiskId, SectorRange range) { found.push_back(range.first / 8); });
    return found;
}

/// Applies what comes in order, makes it durable now and then, forgets the rest in a crash.
class Receiver {
  public:
    /// False if something is missing before the frame: the connection has to be made anew.
    bool receive(const StreamFrame& frame) {
        const Sequenced verdict = filter_.accept(kLife, frame.seq);
        if (verdict == Sequenced::Apply) applied_.push_back(frame.bytes);
        return verdict != Sequenced::Gap;
    }
    std::uint64_t flush() { return durable_ = filter_.next_seq() - 1; }
    void crash() {
        applied_.resize(durable_);
        filter_.start(kLife, durable_ + 1);
    }
    [[nodiscard]] std::uint64_t durable() const { return durable_; }
    [[nodiscard]] const std::vector<std::vector<std::byte>>& applied() const { return applied_; }

  private:
    SequenceFilter filter_{kLife, 1};
    std::uint64_t durable_ = 0;
    std::vector<std::vector<std::byte>> applied_;
};

/// One random run: frames and acknowledgements are dropped, repeated and delayed, connections
/// break, the receiver crashes. Safety after every step, completeness at the end.
class RoughRide {
  public:
    RoughRide(std::uint64_t seed, std::uint64_t frames)
        : random_(seed, "test", "resume"), frames_(frames) {}

    void run() {
        for (int step = 0; step < 20'000 && receiver_.durable() < frames_; ++step) {
            // Faults end after a while, so that the run ends.
            rough_ = step < 2'000;
            one_step();
            ASSERT_TRUE(conserved(session_.counts())) << "step " << step;
            ASSERT_LE(session_.kept(), kBound);
        }
        finish();
    }

  private:
    static constexpr Bytes kBound{300};

    bool chance(std::uint64_t percent) { return random_.below(100) < percent; }

    void one_step() {
        while (session_.next_seq() <= frames_ && offer_next(session_)) {
        }
        if (!session_.connected()) {
            wire_.clear();
            ASSERT_EQ(session_.on_hello({kLife, receiver_.durable()}), ResumeDecision::Continue);
        }
        if (const StreamFrame* frame = chance(60) ? session_.send_next() : nullptr) {
            if (!rough_ || !chance(3)) wire_.push_back(*frame);
            if (rough_ && chance(5)) wire_.push_back(*frame);
        }
        if (!wire_.empty() && chance(60)) {
            if (!receiver_.receive(wire_.front())) session_.on_disconnected();
            wire_.pop_front();
        }
        if (chance(20)) answers_.push_back(receiver_.flush());
        if (!answers_.empty() && chance(40)) {
            // Any answer so far, old ones again among them.
            EXPECT_TRUE(session_.on_acknowledged(answers_[random_.below(answers_.size())]));
        }
        if (rough_ && chance(2)) session_.on_disconnected();
        if (rough_ && chance(2)) {
            receiver_.crash();
            session_.on_disconnected();
        }
        // A frame lost last leaves no hole that the receiver could see.
        if (!rough_ && wire_.empty() && session_.counts().in_flight > Bytes(0) && chance(5)) {
            session_.on_disconnected();
        }
    }

    void finish() {
        ASSERT_EQ(receiver_.durable(), frames_);
        ASSERT_TRUE(session_.on_acknowledged(frames_));
        Bytes total(0);
        for (std::uint64_t seq = 1; seq <= frames_; ++seq) {
            ASSERT_EQ(receiver_.applied()[seq - 1], content(seq)) << seq;
            total += Bytes(static_cast<std::int64_t>(content(seq).size()));
        }
        ASSERT_EQ(receiver_.applied().size(), frames_);
        const TransmissionCounts& counts = session_.counts();
        EXPECT_EQ(counts.in_flight, Bytes(0));
        EXPECT_EQ(session_.kept(), Bytes(0));
        // Each byte arrived by one transmission that was credited, or by one given up as lost.
        EXPECT_LE(counts.acknowledged, total);
        EXPECT_GE(counts.acknowledged + counts.lost, total);
    }

    kernel::RandomStream random_;
    std::uint64_t frames_;
    bool rough_ = true;
    ResumeSession session_{kLife, 1, kBound};
    Receiver receiver_;
    std::deque<StreamFrame> wire_;
    std::vector<std::uint64_t> answers_;
};

TEST(ResumeSession, DeliversEveryFrameOnceAndInOrderThroughDropsRepeatsBreaksAndCrashes) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(seed);
        RoughRide(seed, 300).run();
        if (::testing::Test::HasFatalFailure()) return;
    }
}

TEST(ResumeSession, GoesOnBehindTheReceiversLastDurableFrame) {
    ResumeSession session = connected_session(6);
    EXPECT_EQ(send_all(session), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6}));
    session.on_disconnected();
    EXPECT_EQ(session.send_next(), nullptr);
    EXPECT_EQ(session.on_hello({kLife, 4}), ResumeDecision::Continue);
    EXPECT_EQ(unacknowledged(session), (std::vector<std::uint64_t>{5, 6}));
    EXPECT_EQ(send_all(session), (std::vector<std::uint64_t>{5, 6}));
}

TEST(ResumeSession, CountsATransmissionOnceAndItsRepetitionAsAnother) {
    ResumeSession session(kLife, 1, Bytes(1000));
    ASSERT_TRUE(session.offer(kDisk, {}, std::vector<std::byte>(100)));
    ASSERT_TRUE(session.offer(kDisk, {}, std::vector<std::byte>(40)));
    (void)session.on_hello({kLife, 0});
    EXPECT_EQ(send_all(session).size(), 2U);
    EXPECT_EQ(session.counts().in_flight, Bytes(140));
    (void)session.on_hello({kLife, 1});
    EXPECT_EQ(session.counts().acknowledged, Bytes(100));
    EXPECT_EQ(session.counts().lost, Bytes(40));
    EXPECT_EQ(send_all(session).size(), 1U);
    EXPECT_EQ(session.counts().sent, Bytes(180));
    EXPECT_TRUE(session.on_acknowledged(2));
    EXPECT_EQ(session.counts().acknowledged, Bytes(140));
    EXPECT_EQ(session.counts().in_flight, Bytes(0));
    EXPECT_TRUE(conserved(session.counts()));
}

/// An acknowledgement that overtakes the repetition: the frame is done, its transmission stays
/// lost.
TEST(ResumeSession, DoesNotRepeatWhatIsAcknowledgedAfterAll) {
    ResumeSession session = connected_session(3);
    (void)send_all(session);
    (void)session.on_hello({kLife, 1});
    EXPECT_TRUE(session.on_acknowledged(2));
    EXPECT_EQ(send_all(session), (std::vector<std::uint64_t>{3}));
    EXPECT_TRUE(conserved(session.counts()));
}

TEST(ResumeSession, RefusesWhatDoesNotFitUntilSomethingIsAcknowledged) {
    ResumeSession session(kLife, 1, Bytes(100));
    EXPECT_TRUE(session.offer(kDisk, {}, std::vector<std::byte>(60)));
    EXPECT_FALSE(session.offer(kDisk, {}, std::vector<std::byte>(41)));
    EXPECT_EQ(session.next_seq(), 2U);
    EXPECT_TRUE(session.offer(kDisk, {}, std::vector<std::byte>(40)));
    (void)session.on_hello({kLife, 0});
    (void)session.send_next();
    EXPECT_FALSE(session.on_acknowledged(2));  // was never sent
    EXPECT_TRUE(session.on_acknowledged(1));
    EXPECT_EQ(session.room(), Bytes(60));
}

TEST(ResumeSession, GivesUpTheStreamWhenTheBytesAreGoneButKnowsTheirSectors) {
    ResumeSession session = connected_session(5);
    for (int i = 0; i < 3; ++i) ASSERT_NE(session.send_next(), nullptr);
    session.forget_sent(Bytes(10'000));  // more than the three sent ones take
    session.on_disconnected();
    EXPECT_EQ(session.on_hello({kLife, 1}), ResumeDecision::BytesGone);
    EXPECT_EQ(session.send_next(), nullptr);
    EXPECT_EQ(unacknowledged(session), (std::vector<std::uint64_t>{2, 3, 4, 5}));
    EXPECT_TRUE(conserved(session.counts()));
    session.start(kLife + 1, 1);
    EXPECT_TRUE(unacknowledged(session).empty());
    EXPECT_EQ(session.kept(), Bytes(0));
    EXPECT_EQ(session.on_hello({kLife, 5}), ResumeDecision::OtherGeneration);
    EXPECT_EQ(session.on_hello({kLife + 1, 0}), ResumeDecision::Continue);
}

TEST(ResumeSession, GoesOnWhenTheReceiverHasWhatWasForgotten) {
    ResumeSession session = connected_session(5);
    for (int i = 0; i < 3; ++i) ASSERT_NE(session.send_next(), nullptr);
    const Bytes before = session.room();
    session.forget_sent(before + Bytes(1));  // the oldest is enough
    EXPECT_EQ(session.room(), before + Bytes(static_cast<std::int64_t>(content(1).size())));
    EXPECT_EQ(session.on_hello({kLife, 1}), ResumeDecision::Continue);
    EXPECT_EQ(send_all(session), (std::vector<std::uint64_t>{2, 3, 4, 5}));
}

// Sent once does not mean sent: after a break these frames wait to be sent again.
TEST(ResumeSession, ForgetsNothingThatHasToBeSentAgain) {
    ResumeSession session = connected_session(5);
    for (int i = 0; i < 3; ++i) ASSERT_NE(session.send_next(), nullptr);
    session.on_disconnected();
    ASSERT_EQ(session.on_hello({kLife, 1}), ResumeDecision::Continue);
    session.forget_sent(Bytes(10'000));
    EXPECT_EQ(send_all(session), (std::vector<std::uint64_t>{2, 3, 4, 5}));
}

struct HelloCase {
    Hello hello;
    ResumeDecision decision;
};

/// Frames 1..9 offered, 1..7 sent, 1..3 acknowledged.
TEST(ResumeSession, JudgesEveryHello) {
    for (const HelloCase& row :
         {HelloCase{{kLife, 3}, ResumeDecision::Continue},
          HelloCase{{kLife, 7}, ResumeDecision::Continue},
          HelloCase{{kLife, 8}, ResumeDecision::ReceiverAhead},
          HelloCase{{kLife, 12}, ResumeDecision::ReceiverAhead},
          HelloCase{{kLife, 2}, ResumeDecision::BytesGone},  // it had acknowledged 3
          HelloCase{{kLife, 0}, ResumeDecision::BytesGone},
          HelloCase{{kLife - 1, 5}, ResumeDecision::OtherGeneration},
          HelloCase{{kLife + 1, 5}, ResumeDecision::OtherGeneration}}) {
        ResumeSession session = connected_session(9);
        for (int i = 0; i < 7; ++i) ASSERT_NE(session.send_next(), nullptr);
        ASSERT_TRUE(session.on_acknowledged(3));
        EXPECT_EQ(session.on_hello(row.hello), row.decision)
            << row.hello.generation << " " << row.hello.durable_seq;
        EXPECT_EQ(session.connected(), row.decision == ResumeDecision::Continue);
        EXPECT_TRUE(conserved(session.counts()));
        EXPECT_EQ(session.counts().in_flight, Bytes(0));
    }
}

TEST(ResumeSession, AHelloIsJudgedByGenerationThenByWhatWasSentThenByWhatIsKept) {
    struct Case {
        Hello hello;
        ResumeDecision decision;
    };
    // Sent up to 9, kept from 5 on.
    const Case cases[] = {
        {{kLife, 4}, ResumeDecision::Continue},
        {{kLife, 9}, ResumeDecision::Continue},
        {{kLife, 3}, ResumeDecision::BytesGone},
        {{kLife, 0}, ResumeDecision::BytesGone},
        {{kLife, 10}, ResumeDecision::ReceiverAhead},
        {{kLife - 1, 4}, ResumeDecision::OtherGeneration},
        {{kLife + 1, 10}, ResumeDecision::OtherGeneration},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(judge_hello(c.hello, kLife, 9, 5), c.decision) << c.hello.durable_seq;
        EXPECT_EQ(words_for(c.decision).empty(), c.decision == ResumeDecision::Continue);
    }
    EXPECT_EQ(judge_hello({kLife, 0}, kLife, 0, 1), ResumeDecision::Continue) << "a new stream";
}

}  // namespace
}  // namespace landfall
