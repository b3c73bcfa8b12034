// sim/world/bill_sight.cpp — machines, bytes and the invoice, as the world and the bill show them.
#include "sim/world/bill_sight.hpp"

#include <algorithm>

#include "sim/scenario/price_data.hpp"
#include "sim/world/control_sight.hpp"

namespace landfall::world {

namespace {

std::vector<lab::Stretch> stretches_of(const std::vector<TimeSpan>& spans) {
    std::vector<lab::Stretch> stretches;
    stretches.reserve(spans.size());
    for (const TimeSpan& span : spans) stretches.push_back({span.from, span.until});
    return stretches;
}

/// Of a machine that goes home the source is what runs in Azure.
MachineInstance instance_of(const Estate& estate, MachineId item, BilledInstance which) {
    if (which == BilledInstance::Test) return MachineInstance::Test;
    const bool goes_home = estate.machine(item).engine == ReplicationEngine::Failback;
    return goes_home ? MachineInstance::Primary : MachineInstance::Recovery;
}

}  // namespace

std::size_t BillSight::items() const {
    const auto& machines = estate_.machines;
    return static_cast<std::size_t>(
        std::count_if(machines.begin(), machines.end(),
                      [](const Machine& machine) { return machine.forward_of.is_none(); }));
}

lab::MachineTimes BillSight::machine(MachineId item, BilledInstance which) const {
    const InstanceHistory& times =
        world_.instances(item)[static_cast<std::size_t>(instance_of(estate_, item, which))];
    return {stretches_of(times.existed), stretches_of(times.allocated)};
}

bool BillSight::is_at_home(MachineId item) const {
    return logic_.view_of(item).active == ActiveLocation::Primary;
}

Bytes BillSight::crossed(ProcessServerId server) const {
    const ChannelId channel = estate_.process_server(server).upload_channel;
    return world_.carried(channel) + world_.delivered(channel);
}

// --- Hooks

BillWatch::BillWatch(const scenario::Scenario& scenario,
                     const std::vector<scenario::ExpandedMachine>& machines, const Estate& estate,
                     const World& world, const SiteRecovery& logic)
    : scenario_(scenario),
      machines_(machines),
      estate_(estate),
      world_(world),
      uploads_(logic),
      feed_(estate, world, uploads_, scenario.billing.book,
            scenario::billed_machines(scenario, machines, estate.machines.size()),
            scenario.billing.protected_before),
      sight_(estate, world, logic, feed_) {
    if (scenario.oracles) board_.emplace(estate, world, sight_);
}

void BillWatch::noted(std::string_view kind, std::string_view subject, std::string_view detail) {
    if (kind != "disk_resized") return;
    for (std::size_t index = 0; index < machines_.size(); ++index) {
        if (machines_[index].name != subject) continue;
        const Machine& facts = estate_.machine(MachineId(index));
        for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
            const DiskId disk(facts.first_disk.value + k);
            if (estate_.disk(disk).name != detail || !feed_.price_of(disk)) continue;
            scenario::Disk resized = scenario_.machines[machines_[index].group].disks[k];
            resized.size = estate_.disk(disk).size;
            // Nothing is sold beyond the largest tier: then it stays what it was.
            const auto price = scenario::billed_disk(scenario_, resized);
            if (price) feed_.disk_resized(disk, *price);
        }
        if (board_) board_->account().replication_changed(MachineId(index));
    }
}

void BillWatch::machine_changed(MachineId item) {
    tell_bill(estate_, world_, item, feed_);
    if (board_) board_->account().machine_changed(item);
}

void BillWatch::read() {
    if (feed_.read() && board_) board_->account().reading_taken();
}

void BillWatch::add_to(lab::OracleReport& report) {
    if (!board_) return;
    board_->finish();
    board_->add_to(report);
}

}  // namespace landfall::world
