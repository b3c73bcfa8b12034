// sim/kernel/simgrid_kernel.cpp — SimGrid behind the kernel's interface.
#include "sim/kernel/simgrid_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <unordered_map>

#include <simgrid/Exception.hpp>
#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u.hpp>
#include <xbt/log.h>

namespace landfall::kernel {

namespace s4u = simgrid::s4u;
namespace timer = simgrid::kernel::timer;

namespace {

bool engine_was_created = false;

double to_simgrid(Instant at) {
    return to_seconds(at.since_start());
}

Instant from_simgrid(double seconds_since_start) {
    return Instant(Duration(std::llround(seconds_since_start * 1e9)));
}

}  // namespace

std::map<std::string, std::string> SimGridKernel::options() {
    // LV08 would charge 13 x latency on every batch of a long-lived connection, a window of its own
    // and 5 % of the reverse traffic; the windows are links of ours, the rest does not apply here.
    // Full: every transfer crosses a shared WAN link, where selective update only costs.
    const char* factory = std::getenv("LANDFALL_CONTEXT_FACTORY");
    return {{"network/model", "CM02"},       {"network/TCP-gamma", "0"},
            {"network/crosstraffic", "0"},   {"network/weight-S", "0"},
            {"network/latency-factor", "1"}, {"network/bandwidth-factor", "1"},
            {"network/optim", "Full"},       {"contexts/factory", factory ? factory : "raw"},
            {"debug/verbose-exit", "no"}};
}

class SimGridKernel::Impl {
  public:
    explicit Impl(const NetworkPlan& network) {
        if (engine_was_created) {
            throw std::logic_error("SimGrid allows one Engine per process; start a new process");
        }
        engine_was_created = true;
        int argc = 1;
        static char name[] = "landfall";
        char* argv[] = {name, nullptr};
        engine_ = std::make_unique<s4u::Engine>(&argc, argv);
        xbt_log_control_set("root.thresh:warning");
        for (const auto& [key, value] : SimGridKernel::options()) {
            s4u::Engine::set_config(key + ":" + value);
        }
        build(network);
    }

    /// Cancels what is under way, so that SimGrid finds nothing more to do and leaves in good
    /// order: it crashes at exit when a run was left by an exception, or a transfer by its last
    /// reference.
    void wind_down() {
        calendar_ = Calendar();
        timer_date_ = Instant::never();
        arrived_.clear();
        channel_of_.clear();
        for (Channel& channel : channels_) {
            if (channel.transfer != nullptr) channel.transfer->cancel();
        }
    }

    void build(const NetworkPlan& network) {
        s4u::NetZone* zone = s4u::create_full_zone("landfall");
        for (const LinkPlan& plan : network.links) {
            capacities_.push_back(std::make_shared<double>(plan.bytes_per_second));
            s4u::Link* link = zone->create_link(plan.name, plan.bytes_per_second);
            link->set_latency(plan.latency_s);
            if (plan.varies) {
                // SimGrid may ask once more while the process exits, when the kernel is gone.
                link->set_sharing_policy(
                    s4u::Link::SharingPolicy::NONLINEAR,
                    [capacity = capacities_.back()](double, int) { return *capacity; });
            }
            link->seal();
            links_.push_back(link);
        }
        std::vector<int> users(network.links.size());
        for (const ChannelPlan& plan : network.channels) {
            for (const std::uint32_t link : plan.route) ++users[link];
        }
        for (const ChannelPlan& plan : network.channels) {
            Channel channel;
            const bool alone =
                std::all_of(plan.route.begin(), plan.route.end(), [&](std::uint32_t link) {
                    return users[link] == 1 && !network.links[link].varies;
                });
            if (alone) {
                // Where nothing is shared there is nothing to solve: the transfer takes the sum of
                // latencies and its size over the least capacity, as SimGrid would find too.
                channel.own_rate = std::numeric_limits<double>::infinity();
                for (const std::uint32_t link : plan.route) {
                    channel.own_rate =
                        std::min(channel.own_rate, network.links[link].bytes_per_second);
                    channel.own_latency_s += network.links[link].latency_s;
                }
                channels_.push_back(channel);
                continue;
            }
            channel.from = zone->create_host(plan.name + ">", 1e9)->seal();
            channel.to = zone->create_host(plan.name + "<", 1e9)->seal();
            std::vector<s4u::LinkInRoute> route;
            for (const std::uint32_t link : plan.route) route.emplace_back(links_[link]);
            zone->add_route(channel.from->get_netpoint(), channel.to->get_netpoint(), nullptr,
                            nullptr, route, false);
            channels_.push_back(channel);
        }
        zone->seal();
        s4u::Activity::on_completion_cb(
            [this](const s4u::Activity& activity) { completed(activity); });
    }

    void send(ChannelId id, Bytes amount) {
        Channel& channel = channels_[id.value];
        LANDFALL_CHECK(!channel.busy, "one transfer at a time on a channel");
        LANDFALL_CHECK(amount > Bytes(0), "a transfer moves at least one byte");
        channel.busy = true;
        channel.amount = amount;
        channel.sent_at = now_;
        if (channel.own_rate > 0) {
            const double takes_s =
                channel.own_latency_s + static_cast<double>(amount.count()) / channel.own_rate;
            schedule(now_ + Duration(std::llround(std::ceil(takes_s * 1e9))),
                     {kOwnTransfer, id.value, ++channel.serial});
            return;
        }
        channel.transfer = s4u::Comm::sendto_init(channel.from, channel.to);
        channel.transfer->set_payload_size(static_cast<std::uint64_t>(amount.count()));
        channel_of_[channel.transfer.get()] = id;
        channel.transfer->vetoable_start();
    }

    [[nodiscard]] Bytes delivered(ChannelId id) const {
        const Channel& channel = channels_[id.value];
        if (!channel.busy) return Bytes(0);
        if (channel.own_rate > 0) {
            return moved_so_far(channel.amount, channel.own_rate, channel.own_latency_s,
                                to_seconds(now_ - channel.sent_at));
        }
        const auto remaining =
            static_cast<std::int64_t>(std::ceil(channel.transfer->get_remaining()));
        return std::max(channel.amount - Bytes(remaining), Bytes(0));
    }

    Bytes cancel(ChannelId id) {
        const Bytes arrived = delivered(id);
        Channel& channel = channels_[id.value];
        if (!channel.busy) return arrived;
        channel.busy = false;
        if (channel.own_rate > 0) return arrived;
        // A transfer that has just completed waits in arrived_ to be handed over.
        std::erase(arrived_, id);
        std::replace(handing_over_.begin(), handing_over_.end(), id, ChannelId());
        channel_of_.erase(channel.transfer.get());
        channel.transfer->cancel();
        // Its last reference must not go while SimGrid runs.
        cancelled_.push_back(std::move(channel.transfer));
        channel.transfer = nullptr;
        return arrived;
    }

    void set_link_capacity(std::uint32_t link, double bytes_per_second) {
        *capacities_[link] = bytes_per_second;
        // Setting the bandwidth to what it was marks the link as changed; without it the solver
        // keeps the rates of running transfers.
        links_[link]->set_bandwidth(links_[link]->get_bandwidth());
    }

    void set_link_latency(std::uint32_t link, double latency_s) {
        links_[link]->set_latency(latency_s);
    }

    void schedule(Instant at, const CalendarEvent& event) {
        LANDFALL_CHECK(at >= now_, "nothing is scheduled in the past");
        calendar_.schedule(at, event);
        if (running_ && at < timer_date_) arm();
    }

    void schedule_first(Instant at, const CalendarEvent& event) {
        LANDFALL_CHECK(at >= now_, "nothing is scheduled in the past");
        calendar_.schedule_first(at, event);
        if (running_ && at < timer_date_) arm();
    }

    RunEnd run(KernelSink& sink) {
        LANDFALL_CHECK(sink_ == nullptr, "a kernel runs once");
        sink_ = &sink;
        running_ = true;
        arm();
        engine_->run();
        return stopping_ ? RunEnd::Stopped : RunEnd::NothingLeft;
    }

    Instant now_;
    bool stopping_ = false;
    std::uint64_t events_ = 0;

  private:
    struct Channel {
        s4u::Host* from = nullptr;
        s4u::Host* to = nullptr;
        s4u::CommPtr transfer;
        double own_rate = 0;  ///< of a channel that shares no link; 0: SimGrid carries it
        double own_latency_s = 0;
        std::uint32_t serial = 0;  ///< of its own transfers
        bool busy = false;
        Bytes amount;
        Instant sent_at;
    };
    static constexpr std::uint32_t kOwnTransfer = 0xFFFFFFFF;

    /// Sets one SimGrid timer for the first date of the calendar.
    void arm() {
        if (calendar_.empty()) {
            timer_date_ = Instant::never();
            return;
        }
        timer_date_ = calendar_.next_date();
        const Instant date = timer_date_;
        timer::Timer::set(to_simgrid(date), [this, date] { due(date); });
    }

    void due(Instant date) {
        // An earlier date that was armed later has already taken what this timer was for.
        if (date != timer_date_) return;
        now_ = std::max(now_, date);
        timer_date_ = Instant(Duration(-1));  // nothing scheduled below arms a timer of its own
        while (!calendar_.empty() && calendar_.next_date() <= now_) {
            const CalendarEvent event = calendar_.pop();
            ++events_;
            if (event.kind == kOwnTransfer) {
                const Channel& channel = channels_[event.subject];
                if (!channel.busy || channel.serial != event.detail) continue;  // broken off
                channels_[event.subject].busy = false;
                sink_->on_transfer_completed(ChannelId(event.subject));
            } else {
                sink_->on_event(event);
            }
            if (stopping_) return wind_down();
        }
        arm();
    }

    void completed(const s4u::Activity& activity) {
        const auto found = channel_of_.find(&activity);
        if (found == channel_of_.end()) return;
        arrived_.push_back(found->second);
        channel_of_.erase(found);
        if (arrived_.size() > 1) return;
        // SimGrid completes the transfers of an instant in no order we can rely on: they are handed
        // over together, sorted, by a timer of the same instant.
        timer::Timer::set(s4u::Engine::get_clock(), [this] { hand_over(); });
    }

    void hand_over() {
        now_ = std::max(now_, from_simgrid(s4u::Engine::get_clock()));
        std::sort(arrived_.begin(), arrived_.end());
        handing_over_.swap(arrived_);
        for (const ChannelId id : handing_over_) {
            if (id.is_none()) continue;  // broken off in this very instant
            channels_[id.value].transfer = nullptr;
            channels_[id.value].busy = false;
            ++events_;
            sink_->on_transfer_completed(id);
            if (stopping_) return wind_down();
        }
        handing_over_.clear();
    }

    std::unique_ptr<s4u::Engine> engine_;
    std::vector<s4u::Link*> links_;
    std::vector<std::shared_ptr<double>>
        capacities_;  ///< of the links that vary, read by their callbacks
    std::vector<Channel> channels_;
    std::unordered_map<const s4u::Activity*, ChannelId> channel_of_;  ///< looked up, never walked
    std::vector<s4u::CommPtr> cancelled_;
    std::vector<ChannelId> arrived_;
    std::vector<ChannelId> handing_over_;
    Calendar calendar_;
    Instant timer_date_ = Instant::never();
    KernelSink* sink_ = nullptr;
    bool running_ = false;
};

SimGridKernel::SimGridKernel(const NetworkPlan& network) : impl_(std::make_unique<Impl>(network)) {}
SimGridKernel::~SimGridKernel() = default;

Instant SimGridKernel::now() const {
    return impl_->now_;
}
void SimGridKernel::schedule(Instant at, const CalendarEvent& event) {
    impl_->schedule(at, event);
}
void SimGridKernel::schedule_first(Instant at, const CalendarEvent& event) {
    impl_->schedule_first(at, event);
}
void SimGridKernel::send(ChannelId channel, Bytes amount) {
    impl_->send(channel, amount);
}
Bytes SimGridKernel::delivered(ChannelId channel) const {
    return impl_->delivered(channel);
}
Bytes SimGridKernel::cancel(ChannelId channel) {
    return impl_->cancel(channel);
}
void SimGridKernel::set_link_capacity(std::uint32_t link, double bytes_per_second) {
    impl_->set_link_capacity(link, bytes_per_second);
}
void SimGridKernel::set_link_latency(std::uint32_t link, double latency_s) {
    impl_->set_link_latency(link, latency_s);
}
RunEnd SimGridKernel::run(KernelSink& sink) {
    return impl_->run(sink);
}
void SimGridKernel::stop() {
    impl_->stopping_ = true;
}
std::uint64_t SimGridKernel::events() const {
    return impl_->events_;
}

}  // namespace landfall::kernel
