// tests/mutants/session_lab.cpp — a numbered stream over a connection that breaks, and the RPO that
// is shown meanwhile.
#include <deque>

#include "model/replication/flow/resume_session.hpp"
#include "model/replication/flow/rpo_estimate.hpp"
#include "tests/mutants/lab_bench.hpp"

namespace landfall::mutants {
namespace {

constexpr DiskId kDisk(0);
constexpr MachineId kMachine(0);

class SessionLab : public LabBench {
  public:
    explicit SessionLab(std::uint64_t seed)
        : LabBench(seed, "session", {{64}}), session_(1, 1, Bytes(4000), &board) {
        board.connect(this);
    }

    void run() {
        for (int step = 0; step < 400; ++step) {
            take_step();
            board.checkpoint();
        }
    }

    [[nodiscard]] std::optional<Bytes> in_flight(DiskId) const override {
        return session_.counts().in_flight;
    }

  private:
    void take_step() {
        const std::uint64_t what = below(100);
        if (what < 30) {
            std::vector<std::byte> bytes(1 + below(300));
            (void)session_.offer(kDisk, some_range(kDisk, 4), std::move(bytes));
        } else if (what < 60) {
            if (const StreamFrame* frame = session_.send_next()) wire_.push_back(frame->seq);
        } else if (what < 75) {
            if (wire_.empty()) return;
            if (wire_.front() == received_ + 1) received_ = wire_.front();
            wire_.pop_front();
        } else if (what < 85) {
            durable_ = received_;
            (void)session_.on_acknowledged(durable_);
        } else if (what < 88) {
            session_.forget_sent(Bytes(static_cast<std::int64_t>(below(4000))));
        } else if (what < 94) {
            lose_connection();
        } else {
            connect();
        }
    }
    void lose_connection() {
        session_.on_disconnected();
        wire_.clear();
        if (chance(50)) received_ = durable_;  // the receiver crashed
        if (chance(50)) durable_ = received_;
    }
    void connect() {
        lose_connection();
        durable_ = received_;
        if (session_.on_hello({session_.generation(), durable_}) == ResumeDecision::Continue)
            return;
        session_.start(session_.generation() + 1, 1);
        durable_ = received_ = 0;
        session_.on_hello({session_.generation(), 0});
    }

    ResumeSession session_;
    std::deque<std::uint64_t> wire_;
    std::uint64_t received_ = 0;
    std::uint64_t durable_ = 0;
};

/// Writes wait in a line that moves at changing speed; points follow, and the RPO is shown.
class RpoLab : public LabBench {
  public:
    explicit RpoLab(std::uint64_t seed) : LabBench(seed, "rpo", {{64}}), replica_(1, Image(64)) {}

    void run() {
        for (int tick = 0; tick < 300; ++tick) {
            wait(1'000'000'000);
            if (chance(10)) sectors_per_tick_ = below(6);
            const std::uint64_t writes = below(3);
            for (std::uint64_t k = 0; k < writes; ++k)
                line_.push_back(guest_writes(kDisk, some_range(kDisk, 4)));
            wait(1);
            ship();
            if (chance(20)) publish();
            if (id_ > 0 && chance(30)) report();
        }
    }

  private:
    void ship() {
        for (std::uint64_t left = sectors_per_tick_; left > 0 && !line_.empty();) {
            const GuestWrite& write = line_.front();
            if (write.range.count > left) return;
            left -= write.range.count;
            put(replica_[0], write.range.first, Image(write.range.count, write.stamp));
            line_.pop_front();
        }
    }
    void publish() {
        const Instant cut = line_.empty() ? clock : line_.front().at;
        if (id_ > 0 && cut <= newest_cut_) return;
        newest_cut_ = cut;
        board.point_published({.machine = kMachine, .id = ++id_, .generation = 1, .cut = cut},
                              ImageReader(replica_));
    }
    void report() {
        Bytes backlog(0);
        for (const GuestWrite& write : line_)
            backlog += Bytes(4096) * static_cast<std::int64_t>(write.range.count);
        const auto rate = static_cast<std::int64_t>(std::max<std::uint64_t>(sectors_per_tick_, 1));
        board.rpo_reported(
            kMachine, clock,
            reported_rpo({newest_cut_, backlog, BytesPerSecond(4096 * rate)}, clock));
    }

    std::vector<Image> replica_;
    std::deque<GuestWrite> line_;
    std::uint64_t sectors_per_tick_ = 3;
    std::uint64_t id_ = 0;
    Instant newest_cut_;
};

}  // namespace

Verdict run_session_lab(std::uint64_t seed) {
    return run_lab<SessionLab>(seed);
}

Verdict run_rpo_lab(std::uint64_t seed) {
    return run_lab<RpoLab>(seed);
}

}  // namespace landfall::mutants
