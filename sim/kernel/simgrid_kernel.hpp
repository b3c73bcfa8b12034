// sim/kernel/simgrid_kernel.hpp — the kernel on SimGrid: bandwidth is shared as SimGrid shares it.
//
// No actor, no flow per disk: transfers start from the main loop, one per channel at a time, and
// one completion callback hands them back. One Engine per process, ever: a second one would keep
// the first one's clock, so a second SimGridKernel is refused.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sim/kernel/kernel.hpp"

namespace landfall::kernel {

class SimGridKernel : public Kernel {
  public:
    /// Throws std::logic_error when this process has had an Engine before.
    explicit SimGridKernel(const NetworkPlan& network);
    ~SimGridKernel() override;

    [[nodiscard]] Instant now() const override;
    void schedule(Instant at, const CalendarEvent& event) override;
    void schedule_first(Instant at, const CalendarEvent& event) override;
    void send(ChannelId channel, Bytes amount) override;
    [[nodiscard]] Bytes delivered(ChannelId channel) const override;
    Bytes cancel(ChannelId channel) override;
    void set_link_capacity(std::uint32_t link, double bytes_per_second) override;
    void set_link_latency(std::uint32_t link, double latency_s) override;
    RunEnd run(KernelSink& sink) override;
    void stop() override;
    [[nodiscard]] std::uint64_t events() const override;

    /// Every SimGrid option that shapes the results, as it is set, for the run's record.
    [[nodiscard]] static std::map<std::string, std::string> options();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace landfall::kernel
