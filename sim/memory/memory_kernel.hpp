// sim/memory/memory_kernel.hpp — the kernel without SimGrid: every channel moves at its own rate.
//
// For unit and property tests: a channel's rate is the least capacity on its route, read when a
// transfer starts, and its latency their sum; links are not shared.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/kernel/kernel.hpp"

namespace landfall::kernel {

class MemoryKernel : public Kernel {
  public:
    explicit MemoryKernel(NetworkPlan network)
        : network_(std::move(network)),
          busy_(network_.channels.size()),
          running_(network_.channels.size()) {}

    [[nodiscard]] Instant now() const override { return now_; }

    void schedule(Instant at, const CalendarEvent& event) override {
        LANDFALL_CHECK(at >= now_, "nothing is scheduled in the past");
        calendar_.schedule(at, event);
    }
    void schedule_first(Instant at, const CalendarEvent& event) override {
        LANDFALL_CHECK(at >= now_, "nothing is scheduled in the past");
        calendar_.schedule_first(at, event);
    }

    void send(ChannelId channel, Bytes amount) override {
        LANDFALL_CHECK(!busy_[channel.value], "one transfer at a time on a channel");
        LANDFALL_CHECK(amount > Bytes(0), "a transfer moves at least one byte");
        busy_[channel.value] = true;
        double rate = 1e18;
        double latency_s = 0;
        for (const std::uint32_t link : network_.channels[channel.value].route) {
            rate = std::min(rate, network_.links[link].bytes_per_second);
            latency_s += network_.links[link].latency_s;
        }
        const std::uint32_t serial = running_[channel.value].serial + 1;
        running_[channel.value] = {amount, now_, rate, latency_s, serial};
        const double takes_s = latency_s + static_cast<double>(amount.count()) / rate;
        calendar_.schedule(now_ + Duration(std::llround(std::ceil(takes_s * 1e9))),
                           {kTransferKind, channel.value, serial});
    }

    [[nodiscard]] Bytes delivered(ChannelId channel) const override {
        if (!busy_[channel.value]) return Bytes(0);
        const Transfer& transfer = running_[channel.value];
        return moved_so_far(transfer.amount, transfer.bytes_per_second, transfer.latency_s,
                            to_seconds(now_ - transfer.sent_at));
    }

    Bytes cancel(ChannelId channel) override {
        const Bytes arrived = delivered(channel);
        busy_[channel.value] = false;
        return arrived;
    }

    void set_link_capacity(std::uint32_t link, double bytes_per_second) override {
        network_.links[link].bytes_per_second = bytes_per_second;
    }

    void set_link_latency(std::uint32_t link, double latency_s) override {
        network_.links[link].latency_s = latency_s;
    }

    /// May be called again after a stop: it goes on where it was.
    RunEnd run(KernelSink& sink) override {
        stopping_ = false;
        while (!calendar_.empty() && !stopping_) {
            now_ = calendar_.next_date();
            const CalendarEvent event = calendar_.pop();
            ++events_;
            if (event.kind == kTransferKind) {
                // Of a transfer that was broken off nothing is left but its date.
                const bool current = running_[event.subject].serial == event.detail;
                if (!busy_[event.subject] || !current) continue;
                busy_[event.subject] = false;
                sink.on_transfer_completed(ChannelId(event.subject));
            } else {
                sink.on_event(event);
            }
        }
        return stopping_ ? RunEnd::Stopped : RunEnd::NothingLeft;
    }

    void stop() override { stopping_ = true; }
    [[nodiscard]] std::uint64_t events() const override { return events_; }

  private:
    static constexpr std::uint32_t kTransferKind = 0xFFFFFFFF;

    struct Transfer {
        Bytes amount;
        Instant sent_at;
        double bytes_per_second = 0;
        double latency_s = 0;
        std::uint32_t serial = 0;  ///< of the transfers of its channel
    };

    NetworkPlan network_;
    std::vector<bool> busy_;
    std::vector<Transfer> running_;
    Calendar calendar_;
    Instant now_;
    std::uint64_t events_ = 0;
    bool stopping_ = false;
};

}  // namespace landfall::kernel
