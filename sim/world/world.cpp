// sim/world/world.cpp — routes the kernel's events to the logic, and the logic's wishes to the
// kernel.
#include "sim/world/world.hpp"

#include <algorithm>

#include "model/recovery/job.hpp"

namespace landfall::world {

namespace {

// A connection to a peer that is out of reach is given up after so long: the usual three attempts
// of TCP, after 3, 6 and 12 s.
constexpr Duration kConnectTimeout = seconds(21);

}  // namespace

World::World(kernel::Kernel& kernel, const Estate& estate,
             std::vector<std::unique_ptr<workload::ChurnSource>> churn,
             std::vector<ScheduledLink> links, SimulatedBlocks* blocks)
    : kernel_(kernel),
      estate_(estate),
      churn_(std::move(churn)),
      links_(std::move(links)),
      link_down_(links_.size()),
      instances_(estate),
      writing_(estate.disks.size()),
      blocks_(blocks) {
    LANDFALL_CHECK(churn_.size() == estate.disks.size(), "every disk has a workload");
    for (std::size_t leg = 0; leg < estate.machines.size(); ++leg) follow_guest(MachineId(leg));
    std::size_t channels = 0;
    for (const ProcessServer& server : estate.process_servers) {
        for (const ChannelId channel : {server.receive_channel, server.upload_channel}) {
            if (!channel.is_none()) channels = std::max<std::size_t>(channels, channel.value + 1U);
        }
    }
    sending_.resize(channels);
    channel_down_.resize(channels);
    carried_.resize(channels);
}

kernel::RunEnd World::run(EventSink& logic, Director& director) {
    logic_ = &logic;
    director_ = &director;
    for (std::uint32_t index = 0; index < links_.size(); ++index) apply_link(index);
    return kernel_.run(*this);
}

void World::schedule_cue(Instant at, std::uint32_t cue, std::uint32_t subject) {
    kernel_.schedule(std::max(at, now()), {kCue, subject, cue});
}

void World::schedule_cue_first(Instant at, std::uint32_t cue, std::uint32_t subject) {
    kernel_.schedule_first(std::max(at, now()), {kCue, subject, cue});
}

void World::apply_link(std::uint32_t index) {
    const ScheduledLink& link = links_[index];
    const Instant at = now();
    const double capacity = link.schedule.capacity(at);
    kernel_.set_link_capacity(link.kernel_link, capacity);
    if (link.schedule.latency_varies()) {
        kernel_.set_link_latency(link.kernel_link,
                                 link.latency_s + to_seconds(link.schedule.latency(at)));
    }
    director_->on_capacity(link.name, capacity);
    const bool down = link.schedule.is_down(at);
    if (down != link_down_[index]) {
        link_down_[index] = down;
        if (link.announces) director_->on_link(link.name, down);
        for (const ChannelId channel : link.breaks) {
            if (down) break_connection(channel);
        }
    }
    if (const auto next = link.schedule.next_change(at)) {
        kernel_.schedule(*next, {kLinkChange, index, 0});
    }
}

// --- Ports

void World::set_timer(Instant at, TimerTag tag) {
    kernel_.schedule(at, {kLogicTimer, tag.subject, tag.kind});
}

void World::send(ChannelId channel, Bytes amount) {
    if (is_broken(channel)) {
        kernel_.schedule(now() + kConnectTimeout, {kConnectionRefused, channel.value, 0});
        return;
    }
    sending_[channel.value] = amount;
    kernel_.send(channel, amount);
}

bool World::is_broken(ChannelId channel) const {
    if (channel_down_[channel.value] > 0) return true;
    for (std::size_t index = 0; index < links_.size(); ++index) {
        const auto& breaks = links_[index].breaks;
        if (link_down_[index] && std::find(breaks.begin(), breaks.end(), channel) != breaks.end()) {
            return true;
        }
    }
    return false;
}

void World::break_connection(ChannelId channel) {
    if (sending_[channel.value] == Bytes(0)) return;
    const Bytes arrived = kernel_.cancel(channel);
    sending_[channel.value] = Bytes(0);
    carried_[channel.value] += arrived;
    logic_->on(TransferFailed{channel, arrived});
}

void World::set_down(ChannelId channel, bool down) {
    std::uint32_t& holders = channel_down_[channel.value];
    LANDFALL_CHECK(down || holders > 0, "what comes up was down");
    holders += down ? 1U : -1U;
    if (down) break_connection(channel);
}

bool World::is_cut(ChannelId channel) const {
    if (is_broken(channel)) return true;
    for (std::size_t index = 0; index < links_.size(); ++index) {
        const auto& crossing = links_[index].crossing;
        const bool is_over = std::find(crossing.begin(), crossing.end(), channel) != crossing.end();
        if (is_over && links_[index].schedule.capacity(now()) <= kernel::kStalledRate) return true;
    }
    return false;
}

bool World::cut_power(MachineId item, MachineInstance instance) {
    if (!instances_.cut_power(item, instance, now())) return false;
    follow_guests(item, instance);
    return true;
}

bool World::restore_power(MachineId item, MachineInstance instance) {
    if (!instances_.restore_power(item, instance, now())) return false;
    follow_guests(item, instance);
    return true;
}

Bytes World::written(DiskId disk, Instant from, Instant to) {
    if (blocks_ != nullptr && blocks_->has(disk)) return blocks_->written(disk, from, to);
    workload::ChurnSource* source = churn_[disk.value].get();
    if (source == nullptr) return Bytes(0);
    const TimeSpan& last = writing_[disk.value];
    if (from >= last.from) {
        to = std::min(to, last.until);
        return from < to ? source->written(from, to) : Bytes(0);
    }
    Bytes total;
    for (const TimeSpan& span : guest_of(estate_.disk(disk).machine).ran) {
        const Instant start = std::max(from, span.from);
        const Instant end = std::min(to, span.until);
        if (start < end) total += source->written(start, end);
    }
    return total;
}

void World::request(const MachineRequest& request) {
    const MachineInstances::Begun begun = instances_.begin(request, now());
    kernel_.schedule(begun.ends, {kMachineAction, begun.number, 0});
}

void World::switch_on(MachineId item, MachineInstance instance) {
    request({.machine = item,
             .instance = instance,
             .action = MachineAction::Start,
             .token = token_of_console(switched_on_++)});
}

/// The machine whose guest writes to the disks that a leg replicates.
const InstanceHistory& World::guest_of(MachineId leg) const {
    const MachineId item = estate_.machine(leg).forward_of;
    return item.is_none() ? instances_.of(leg, MachineInstance::Primary)
                          : instances_.of(item, MachineInstance::Recovery);
}

// --- Kernel

void World::on_event(const kernel::CalendarEvent& event) {
    switch (event.kind) {
        case kLogicTimer: logic_->on(TimerFired{{event.detail, event.subject}}); return;
        case kLinkChange: apply_link(event.subject); return;
        case kMachineAction: {
            const MachineActionEnded ended = instances_.end(event.subject, now());
            follow_guests(ended.machine, ended.instance);
            director_->on_machine(ended.machine);
            const Duration later = instances_.answers_later(event.subject);
            if (later == Duration(0)) return logic_->on(ended);
            late_answers_[event.subject] = ended;
            kernel_.schedule(now() + later, {kMachineAnswer, event.subject, 0});
            return;
        }
        case kMachineAnswer: {
            const auto answer = late_answers_.extract(event.subject);
            logic_->on(answer.mapped());
            return;
        }
        case kConnectionRefused:
            logic_->on(TransferFailed{ChannelId(event.subject), Bytes(0)});
            return;
        case kCue: director_->on_cue(event.detail, event.subject); return;
        default: LANDFALL_CHECK(false, "every kind of calendar event is handled");
    }
}

void World::on_transfer_completed(ChannelId channel) {
    carried_[channel.value] += sending_[channel.value];
    sending_[channel.value] = Bytes(0);
    logic_->on(TransferCompleted{channel});
}

Duration World::without_sample(DiskId disk, Instant from, Instant to) const {
    const workload::ChurnSource* source = churn_[disk.value].get();
    if (source == nullptr) return Duration(0);
    Duration total(0);
    for (const TimeSpan& span : guest_of(estate_.disk(disk).machine).ran) {
        const Instant start = std::max(from, span.from);
        const Instant end = std::min(to, span.until);
        if (start < end) total = total + source->without_sample(start, end);
    }
    return total;
}

/// The guest that writes to the leg's disks may have been started or stopped.
void World::follow_guest(MachineId leg) {
    const InstanceHistory& guest = guest_of(leg);
    const TimeSpan off{Instant::never(), Instant::never()};
    const TimeSpan last = guest.ran.empty() ? off : guest.ran.back();
    const Machine& facts = estate_.machine(leg);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        const DiskId disk(facts.first_disk.value + k);
        writing_[disk.value] = last;
        if (blocks_ != nullptr && blocks_->has(disk)) blocks_->set_writing(disk, last);
    }
}

void World::follow_guests(MachineId item, MachineInstance instance) {
    const MachineId reverse = estate_.machine(item).reverse;
    if (instance == MachineInstance::Primary) follow_guest(item);
    if (instance == MachineInstance::Recovery && !reverse.is_none()) follow_guest(reverse);
}

Bytes World::carried(ChannelId channel) const {
    return carried_[channel.value];
}

}  // namespace landfall::world
