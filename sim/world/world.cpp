// sim/world/world.cpp — routes the kernel's events to the logic, and the logic's wishes to the
// kernel.
#include "sim/world/world.hpp"

#include <algorithm>

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
      source_off_(estate.disks.size(), Instant::never()),
      blocks_(blocks) {
    LANDFALL_CHECK(churn_.size() == estate.disks.size(), "every disk has a workload");
    std::size_t channels = 0;
    for (const ProcessServer& server : estate.process_servers) {
        for (const ChannelId channel : {server.receive_channel, server.upload_channel}) {
            if (!channel.is_none()) channels = std::max<std::size_t>(channels, channel.value + 1U);
        }
    }
    sending_.resize(channels);
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

void World::apply_link(std::uint32_t index) {
    const ScheduledLink& link = links_[index];
    const Instant at = now();
    kernel_.set_link_capacity(link.kernel_link, link.schedule.capacity(at));
    const bool down = link.schedule.is_down(at);
    if (down != link_down_[index]) {
        link_down_[index] = down;
        if (link.announces) director_->on_link(link.name, down);
        for (const ChannelId channel : link.breaks) {
            if (!down || sending_[channel.value] == Bytes(0)) continue;
            const Bytes arrived = kernel_.cancel(channel);
            sending_[channel.value] = Bytes(0);
            carried_[channel.value] += arrived;
            logic_->on(TransferFailed{channel, arrived});
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
    for (std::size_t index = 0; index < links_.size(); ++index) {
        const auto& breaks = links_[index].breaks;
        if (link_down_[index] && std::find(breaks.begin(), breaks.end(), channel) != breaks.end()) {
            return true;
        }
    }
    return false;
}

Bytes World::written(DiskId disk, Instant from, Instant to) {
    if (blocks_ != nullptr && blocks_->has(disk)) return blocks_->written(disk, from, to);
    workload::ChurnSource* source = churn_[disk.value].get();
    if (source == nullptr) return Bytes(0);
    to = std::min(to, source_off_[disk.value]);
    return from < to ? source->written(from, to) : Bytes(0);
}

void World::shut_down_source(MachineId machine) {
    kernel_.schedule(now() + estate_.profile.shut_down_time, {kSourceShutDown, machine.value, 0});
}

void World::create_replica_machine(MachineId machine, bool hydrate) {
    // SR/vmware-physical-large-deployment.md: so many failovers an hour, fewer when hydrated.
    const ServiceProfile& profile = estate_.profile;
    const std::int64_t per_hour =
        hydrate ? profile.failovers_per_hour_hydrated : profile.failovers_per_hour;
    const Instant start = std::max(now(), next_failover_slot_);
    next_failover_slot_ = start + Duration(hours(1).count() / per_hour);
    const Duration takes =
        profile.start_failover_time + (hydrate ? profile.hydration_time : Duration(0));
    kernel_.schedule(start + takes, {kReplicaCreated, machine.value, 0});
}

void World::start_replica_machine(MachineId machine) {
    kernel_.schedule(now() + estate_.profile.start_machine_time,
                     {kReplicaStarted, machine.value, 0});
}

// --- Kernel

void World::on_event(const kernel::CalendarEvent& event) {
    const MachineId machine(event.subject);
    switch (event.kind) {
        case kLogicTimer: logic_->on(TimerFired{{event.detail, event.subject}}); return;
        case kLinkChange: apply_link(event.subject); return;
        case kSourceShutDown:
            switch_off(machine);
            logic_->on(SourceShutDown{machine});
            return;
        case kReplicaCreated: logic_->on(ReplicaMachineCreated{machine}); return;
        case kReplicaStarted: logic_->on(ReplicaMachineStarted{machine}); return;
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
    to = std::min(to, source_off_[disk.value]);
    return source != nullptr && from < to ? source->without_sample(from, to) : Duration(0);
}

void World::switch_off(MachineId machine) {
    const Machine& facts = estate_.machine(machine);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        Instant& off = source_off_[facts.first_disk.value + k];
        off = std::min(off, now());
        const DiskId disk(facts.first_disk.value + k);
        if (blocks_ != nullptr && blocks_->has(disk)) blocks_->switch_off(disk, now());
    }
}

Bytes World::carried(ChannelId channel) const {
    return carried_[channel.value];
}

}  // namespace landfall::world
