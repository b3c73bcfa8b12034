// tests/unit/credit_window_test.cpp — credit: never exceeded, and the throughput that it leaves.
#include "model/replication/flow/credit_window.hpp"

#include <map>
#include <queue>
#include <vector>

#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"

namespace landfall {
namespace {

struct LinkCase {
    std::int64_t rate;  // bytes per second
    std::int64_t round_trip_us;
    std::int64_t block;
    std::int64_t window_blocks;
};

/// A loop of blocks over one link: serial at the rate, half the round trip each way; the receiver
/// consumes at once and answers with its totals. Returns bytes per second over `blocks` blocks.
double simulated_throughput(const LinkCase& link, int blocks) {
    const Bytes block(link.block);
    const Duration one_way = nanoseconds(link.round_trip_us * 500);
    const Duration on_wire = transfer_time(block, BytesPerSecond(link.rate));
    CreditSender sender(block * link.window_blocks);
    CreditReceiver receiver(block * link.window_blocks);
    sender.on_granted(receiver.granted());
    struct Answer {
        Instant at;
        Bytes granted;
        Bytes received;
    };
    std::queue<Answer> answers;
    Instant now;
    Instant wire_free;
    Instant last_arrival;
    for (int sent = 0; sent < blocks;) {
        if (sender.may_send() < block) {
            const Answer answer = answers.front();
            answers.pop();
            now = std::max(now, answer.at);
            sender.on_granted(answer.granted);
            sender.on_acknowledged(answer.received);
            continue;
        }
        sender.on_sent(block);
        ++sent;
        wire_free = std::max(now, wire_free) + on_wire;
        last_arrival = wire_free + one_way;
        receiver.on_received(block);
        receiver.on_consumed(block);
        answers.push({last_arrival + one_way, receiver.granted(), receiver.received()});
    }
    const Duration took = last_arrival.since_start() - one_way;
    return static_cast<double>(link.block) * blocks / to_seconds(took);
}

/// min(R, W B / (RTT + B / R)), to 1.1 %: over 6,400 blocks only the last window, of up to 64,
/// differs.
TEST(CreditWindow, ThroughputIsTheLesserOfLinkAndWindow) {
    for (const std::int64_t rate : {1'250'000, 12'500'000, 125'000'000}) {
        for (const std::int64_t round_trip_us : {0, 400, 4'000, 40'000, 200'000}) {
            for (const std::int64_t block : {65'536, 1'048'576}) {
                for (const std::int64_t window : {1, 2, 4, 16, 64}) {
                    const LinkCase link{rate, round_trip_us, block, window};
                    const double law = std::min<double>(
                        rate, static_cast<double>(window * block) /
                                  (round_trip_us * 1e-6 + static_cast<double>(block) / rate));
                    EXPECT_NEAR(simulated_throughput(link, 6'400) / law, 1.0, 0.011)
                        << rate << " B/s, " << round_trip_us << " us, " << window << " x " << block;
                    const auto formula =
                        credit_throughput(BytesPerSecond(rate), window, Bytes(block),
                                          nanoseconds(round_trip_us * 1000));
                    EXPECT_NEAR(static_cast<double>(formula.count()), law, 1 + 1e-6 * law);
                }
            }
        }
    }
}

/// Grants and acknowledgements are lost, repeated and reordered; data arrives in order.
TEST(CreditWindow, NeverExceedsGrantWindowOrCapacityWhateverBecomesOfTheAnswers) {
    kernel::RandomStream random(5, "test", "credit");
    for (int round = 0; round < 50; ++round) {
        const Bytes capacity(static_cast<std::int64_t>(random.below(5'000)) + 1);
        const Bytes window(static_cast<std::int64_t>(random.below(5'000)) + 1);
        CreditReceiver receiver(capacity);
        CreditSender sender(window);
        std::vector<std::pair<Bytes, Bytes>> answers{{receiver.granted(), receiver.received()}};
        for (int step = 0; step < 400; ++step) {
            const auto draw = [&](Bytes most) {
                return Bytes(static_cast<std::int64_t>(
                    random.below(static_cast<std::uint64_t>(most.count()) + 1)));
            };
            const Bytes amount = draw(sender.may_send());
            sender.on_sent(amount);
            receiver.on_received(amount);
            ASSERT_LE(receiver.held(), capacity);
            ASSERT_LE(sender.outstanding(), window);
            receiver.on_consumed(draw(receiver.held()));
            answers.emplace_back(receiver.granted(), receiver.received());
            const auto& [granted, received] = answers[random.below(answers.size())];
            if (random.below(2) == 0) sender.on_granted(granted);
            if (random.below(2) == 0) sender.on_acknowledged(received);
            ASSERT_GE(sender.may_send(), Bytes(0));
            ASSERT_LE(sender.sent(), receiver.granted());
        }
    }
}

TEST(CreditWindow, StopsWhoeverBreaksIt) {
    CreditReceiver receiver(Bytes(10));
    CreditSender sender(Bytes(8));
    EXPECT_EQ(sender.may_send(), Bytes(0));  // nothing granted yet
    sender.on_granted(receiver.granted());
    EXPECT_EQ(sender.may_send(), Bytes(8));
    EXPECT_THROW(sender.on_sent(Bytes(9)), InvariantViolation);
    EXPECT_THROW(receiver.on_received(Bytes(11)), InvariantViolation);
    CreditReceiver other(Bytes(10));
    EXPECT_THROW(other.on_consumed(Bytes(1)), InvariantViolation);
    EXPECT_THROW(sender.on_acknowledged(Bytes(1)), InvariantViolation);
}

TEST(CreditWindow, GivesBackTheCreditOfWhatABrokenConnectionLost) {
    CreditReceiver receiver(Bytes(10));
    CreditSender sender(Bytes(10));
    sender.on_granted(receiver.granted());
    sender.on_sent(Bytes(7));
    sender.on_lost(Bytes(7));
    EXPECT_EQ(sender.may_send(), Bytes(10));
    EXPECT_EQ(sender.outstanding(), Bytes(0));
    sender.on_sent(Bytes(4));
    receiver.on_received(Bytes(4));
    sender.on_acknowledged(receiver.received());
    EXPECT_THROW(sender.on_lost(Bytes(1)), InvariantViolation) << "what arrived is not lost";
}

}  // namespace
}  // namespace landfall
