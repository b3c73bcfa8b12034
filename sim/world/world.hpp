// sim/world/world.hpp — the simulated world: the model's ports on a kernel.
//
// Time and transfers are the kernel's; source disks write what their workload says; Azure creates
// machines as fast as the service profile documents; links follow their schedules.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "sim/kernel/kernel.hpp"
#include "sim/workload/churn.hpp"
#include "sim/world/link_capacity.hpp"
#include "sim/world/machine_instances.hpp"
#include "sim/world/simulated_blocks.hpp"

namespace landfall::world {

/// A link of the kernel whose capacity follows a schedule.
struct ScheduledLink {
    std::uint32_t kernel_link = 0;
    std::string name;
    LinkSchedule schedule;
    bool announces = true;  ///< tells the director when it goes down: one direction of a link does
    /// Channels whose connections break when it goes down; any other channel's wait.
    std::vector<ChannelId> breaks = {};
    double latency_s = 0;                  ///< of the link when nothing is wrong
    std::vector<ChannelId> crossing = {};  ///< every channel over it
};

/// Whoever steers a run: gets the calendar events it scheduled itself.
class Director {
  public:
    virtual ~Director() = default;
    virtual void on_cue(std::uint32_t cue, std::uint32_t subject) = 0;
    /// A link went down or came back.
    virtual void on_link(std::string_view link, bool down) = 0;
    /// A machine of the item was created, started, stopped or deleted, or was to be.
    virtual void on_machine(MachineId /*item*/) {}
    /// A link whose capacity varies carries so many bytes per second from now on.
    virtual void on_capacity(std::string_view /*link*/, double /*rate*/) {}
};

class World : public Clock,
              public Transport,
              public SourceDisks,
              public Compute,
              private kernel::KernelSink {
  public:
    /// `churn` has one source per disk, or null for a disk that is never written or is one of
    /// `blocks`.
    World(kernel::Kernel& kernel, const Estate& estate,
          std::vector<std::unique_ptr<workload::ChurnSource>> churn,
          std::vector<ScheduledLink> links, SimulatedBlocks* blocks = nullptr);

    /// Runs until `stop`, handing events to the logic and cues to the director.
    kernel::RunEnd run(EventSink& logic, Director& director);
    void stop() { kernel_.stop(); }
    /// Answers with Director::on_cue at `at`.
    void schedule_cue(Instant at, std::uint32_t cue, std::uint32_t subject);
    /// The same, before all that happens by itself at that instant.
    void schedule_cue_first(Instant at, std::uint32_t cue, std::uint32_t subject);

    // Clock
    [[nodiscard]] Instant now() const override { return kernel_.now(); }
    void set_timer(Instant at, TimerTag tag) override;
    // Transport
    void send(ChannelId channel, Bytes amount) override;
    [[nodiscard]] Bytes delivered(ChannelId channel) const override {
        return kernel_.delivered(channel);
    }
    // SourceDisks
    [[nodiscard]] Bytes written(DiskId disk, Instant from, Instant to) override;
    // Compute
    void request(const MachineRequest& request) override;
    [[nodiscard]] std::vector<std::string> hold_room(const MachineRequest& request) override {
        return instances_.hold_room(request, now());
    }
    void give_back_room(MachineId machine, MachineInstance instance) override {
        instances_.give_back_room(machine, instance, now());
    }

    /// Who has which part of what Azure has to give.
    [[nodiscard]] const TargetRoom& room() const { return instances_.room(); }
    /// The machines of an item, and since when.
    [[nodiscard]] const ItemInstances& instances(MachineId item) const {
        return instances_.of(item);
    }
    /// Somebody at the console of the machine switches it on; the logic hears of it.
    void switch_on(MachineId item, MachineInstance instance);
    [[nodiscard]] bool lacks_power(MachineId item, MachineInstance instance) const {
        return instances_.lacks_power(item, instance);
    }
    void plant(const PlantedFailure& failure) { instances_.plant(failure); }

    // What goes wrong.
    /// The transfer under way on the channel fails, if there is one.
    void break_connection(ChannelId channel);
    /// While it is down, whatever is under way or sent on the channel fails. Counted.
    void set_down(ChannelId channel, bool down);
    /// Whether nothing gets through the channel now.
    [[nodiscard]] bool is_cut(ChannelId channel) const;
    /// The guest of a machine stops without being asked; false if it does not run.
    bool cut_power(MachineId item, MachineInstance instance);
    /// It runs again, unless somebody has asked something of the machine meanwhile: then false.
    bool restore_power(MachineId item, MachineInstance instance);
    /// The trouble holds for requests made until it is taken away.
    void add_trouble(const RequestTrouble& trouble) { instances_.add_trouble(trouble); }
    void end_trouble(std::uint32_t number) { instances_.end_trouble(number); }

    /// Time in [from, to) for which the traces of a disk hold no sample.
    [[nodiscard]] Duration without_sample(DiskId disk, Instant from, Instant to) const;
    /// When the guest of `disk` stopped writing for the last time; Instant::never() if it writes.
    [[nodiscard]] Instant writes_end(DiskId disk) const { return writing_[disk.value].until; }
    /// Bytes that were handed to a channel and have arrived.
    [[nodiscard]] Bytes carried(ChannelId channel) const;
    [[nodiscard]] std::uint64_t events() const { return kernel_.events(); }

  private:
    enum Kind : std::uint32_t {
        kLogicTimer,
        kLinkChange,
        kMachineAction,
        kConnectionRefused,
        kMachineAnswer,
        kCue,
    };

    void on_event(const kernel::CalendarEvent& event) override;
    void on_transfer_completed(ChannelId channel) override;
    void apply_link(std::uint32_t index);
    [[nodiscard]] bool is_broken(ChannelId channel) const;
    [[nodiscard]] const InstanceHistory& guest_of(MachineId leg) const;
    void follow_guest(MachineId leg);
    void follow_guests(MachineId item, MachineInstance instance);

    kernel::Kernel& kernel_;
    const Estate& estate_;
    std::vector<std::unique_ptr<workload::ChurnSource>> churn_;
    std::vector<ScheduledLink> links_;
    std::vector<bool> link_down_;
    std::vector<std::uint32_t> channel_down_;  ///< per channel: how many hold it down
    std::map<std::uint32_t, MachineActionEnded> late_answers_;  ///< by number of the request
    MachineInstances instances_;
    std::vector<TimeSpan> writing_;  ///< per disk: its guest's last time on
    SimulatedBlocks* blocks_;        ///< null without block fidelity
    std::vector<Bytes> sending_;     ///< per channel; 0 when idle
    std::vector<Bytes> carried_;
    std::uint32_t switched_on_ = 0;  ///< how often somebody did
    EventSink* logic_ = nullptr;
    Director* director_ = nullptr;
};

}  // namespace landfall::world
