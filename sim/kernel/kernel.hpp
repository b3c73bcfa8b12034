// sim/kernel/kernel.hpp — what drives simulated time: a calendar of our own and channels that carry
// bytes.
//
// Two kernels implement this: SimGrid shares links among the channels (sim/kernel/simgrid_kernel),
// and the in-memory one gives every channel a fixed rate (sim/memory). Laws: events of one instant
// fire in the order they were scheduled; transfers over shared links that end in one instant are
// handed over by channel, others in the order they were sent. Only the SimGrid kernel lets running
// transfers feel a link's new capacity; the in-memory one reads it when a transfer starts.
#pragma once

#include <cstdint>
#include <limits>
#include <queue>
#include <string>
#include <vector>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"

namespace landfall::kernel {

/// An entry of the calendar; the world that scheduled it knows what kind and subjects mean.
struct CalendarEvent {
    std::uint32_t kind = 0;
    std::uint32_t subject = 0;
    std::uint32_t detail = 0;
};

/// Receives what the kernel makes happen, one thing at a time.
class KernelSink {
  public:
    virtual ~KernelSink() = default;
    virtual void on_event(const CalendarEvent& event) = 0;
    virtual void on_transfer_completed(ChannelId channel) = 0;
};

/// Events by (date, order of scheduling); those scheduled first come before all others of a date.
class Calendar {
  public:
    void schedule(Instant at, const CalendarEvent& event) {
        entries_.push({at, kAfterFirst | sequence_++, event});
    }
    void schedule_first(Instant at, const CalendarEvent& event) {
        entries_.push({at, sequence_++, event});
    }
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] Instant next_date() const { return entries_.top().at; }
    CalendarEvent pop() {
        const CalendarEvent event = entries_.top().event;
        entries_.pop();
        return event;
    }
    [[nodiscard]] std::uint64_t scheduled() const { return sequence_; }

  private:
    static constexpr std::uint64_t kAfterFirst = std::uint64_t{1} << 63;

    struct Entry {
        Instant at;
        std::uint64_t sequence;
        CalendarEvent event;
        bool operator<(const Entry& other) const {
            return at != other.at ? at > other.at : sequence > other.sequence;
        }
    };
    std::priority_queue<Entry> entries_;
    std::uint64_t sequence_ = 0;
};

/// How a run of the kernel ended.
enum class RunEnd : std::uint8_t {
    Stopped,      ///< the sink asked for it
    NothingLeft,  ///< no event and no transfer can ever come
};

class Kernel {
  public:
    virtual ~Kernel() = default;

    [[nodiscard]] virtual Instant now() const = 0;
    /// Requires at >= now().
    virtual void schedule(Instant at, const CalendarEvent& event) = 0;
    /// The same, but before all events of that instant that are not scheduled so: what somebody
    /// outside the simulated world does at an instant.
    virtual void schedule_first(Instant at, const CalendarEvent& event) = 0;
    /// Starts a transfer of `amount` > 0; on_transfer_completed follows. One at a time per channel.
    virtual void send(ChannelId channel, Bytes amount) = 0;
    /// Bytes of the running transfer that have arrived; 0 when none runs.
    [[nodiscard]] virtual Bytes delivered(ChannelId channel) const = 0;
    /// Breaks off the running transfer: no completion follows. Returns what of it had arrived; 0
    /// when none runs.
    virtual Bytes cancel(ChannelId channel) = 0;
    /// Sets what a link carries from now on, in bytes per second; running transfers feel it at
    /// once.
    virtual void set_link_capacity(std::uint32_t link, double bytes_per_second) = 0;
    /// Sets what a transfer over the link waits for once; those under way may feel it or not.
    virtual void set_link_latency(std::uint32_t link, double latency_s) = 0;
    /// Runs until stop() or until nothing is left. Once per kernel.
    virtual RunEnd run(KernelSink& sink) = 0;
    /// Ends run() after the present event.
    virtual void stop() = 0;
    /// Calendar events and transfers handed over so far.
    [[nodiscard]] virtual std::uint64_t events() const = 0;
};

/// Bytes that a transfer of `amount` at a steady rate has moved `elapsed_s` after its start.
inline Bytes moved_so_far(Bytes amount, double bytes_per_second, double latency_s,
                          double elapsed_s) {
    const double moved = bytes_per_second * (elapsed_s - latency_s);
    if (moved <= 0) return Bytes(0);
    if (moved >= static_cast<double>(amount.count())) return amount;
    return Bytes(static_cast<std::int64_t>(moved));
}

// --- The network that a kernel is built from

/// A link in one direction. Latency counts once per transfer over it.
struct LinkPlan {
    std::string name;
    double bytes_per_second = 0;
    double latency_s = 0;
    bool varies = false;  ///< its capacity will be set during the run
};

/// A path from one end to another: what a transfer is sent over.
struct ChannelPlan {
    std::string name;
    std::vector<std::uint32_t> route;  ///< indices of links, in order
};

struct NetworkPlan {
    std::vector<LinkPlan> links;
    std::vector<ChannelPlan> channels;
};

/// A link that is down carries this, in bytes per second: SimGrid leaves transfers at their old
/// rate when a link's bandwidth is set to 0, so they are stalled instead.
inline constexpr double kStalledRate = 1e-3;

}  // namespace landfall::kernel
