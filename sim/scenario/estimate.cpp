// sim/scenario/estimate.cpp — the cost of a run from counts alone.
#include <algorithm>

#include "sim/scenario/check.hpp"

namespace landfall::scenario {

namespace {

// Measured on one core of a 2-core machine; rounded up, so that an estimate refuses too soon rather
// than too late.
constexpr double kSecondsPerDelta = 300e-9;
constexpr double kSecondsPerMachine = 20e-6;  // building and reporting it
constexpr double kSecondsToStart = 0.02;
constexpr double kBytesToStart = 64.0 * (1 << 20);
constexpr double kBytesPerDisk = 4096;
constexpr double kBytesPerMachine = 4096;
constexpr double kBytesPerRpoStep = 32;  // a row of the rpo table
constexpr double kBytesPerSample = 32;   // a row of the fleet, backlog and link tables
constexpr double kBytesPerTraceCell = 4;
// Block fidelity: stamps of the source and of the replica, and what recovery points keep of them.
constexpr double kBytesPerSector = 32;
constexpr double kSecondsPerWrite = 2e-6;
constexpr double kBytesPerWrite = 48;  // the history that oracles judge by

/// How long a run without a duration may last: the timeline's instants and delays, copying all data
/// over the narrowest link, and a day.
Duration guessed_duration(const Scenario& scenario, double used_bytes) {
    Duration last;
    for (const TimelineEntry& entry : scenario.timeline) {
        if (entry.at) last = std::max(last, entry.at->since_start());
    }
    for (const TimelineEntry& entry : scenario.timeline) {
        last = std::min(last + entry.delay, days(36'500));
    }
    double narrowest = 0;
    for (const Link& link : scenario.links) {
        const auto bandwidth = static_cast<double>(link.bandwidth.count());
        if (narrowest == 0 || bandwidth < narrowest) narrowest = bandwidth;
    }
    double copy_s = narrowest > 0 ? used_bytes / narrowest : 0;
    copy_s = std::min(copy_s, to_seconds(days(3650)));
    return last + seconds(static_cast<std::int64_t>(copy_s)) + days(1);
}

/// Writes per second of one machine.
double writes_per_second(const MachineGroup& group) {
    double writes = 0;
    const auto add = [&writes](const Churn& churn) {
        const auto* block = std::get_if<BlockChurn>(&churn);
        if (block != nullptr) writes += block->writes_per_second;
    };
    add(group.churn);
    for (const Disk& disk : group.disks) {
        if (disk.churn) add(*disk.churn);
    }
    return writes;
}

/// What the machines of block fidelity add.
void add_blocks(const Scenario& scenario, CostEstimate& cost) {
    for (const MachineGroup& group : scenario.machines) {
        if (group.fidelity != Fidelity::Block) continue;
        const auto count = static_cast<double>(group.count);
        double sectors = 0;
        for (const Disk& disk : group.disks) {
            sectors += static_cast<double>(disk.size.count()) /
                       static_cast<double>(group.sector_size.count());
        }
        const double writes = count * writes_per_second(group) * to_seconds(cost.simulated);
        cost.seconds += writes * kSecondsPerWrite;
        cost.memory_bytes += count * sectors * kBytesPerSector;
        if (scenario.oracles) cost.memory_bytes += writes * kBytesPerWrite;
    }
}

}  // namespace

CostEstimate estimate(const Scenario& scenario) {
    CostEstimate cost;
    double used = 0;
    double trace_cells_per_s = 0;
    for (const MachineGroup& group : scenario.machines) {
        cost.machines += group.count;
        cost.disks += group.count * static_cast<std::int64_t>(group.disks.size());
        const auto count = static_cast<double>(group.count);
        for (const Disk& disk : group.disks) {
            used += count * static_cast<double>(disk.used.count());
        }
        const auto* trace = std::get_if<TraceChurn>(&group.churn);
        if (trace != nullptr && trace->step > Duration(0)) {
            trace_cells_per_s += count / to_seconds(trace->step);
        }
    }
    cost.simulated = scenario.duration.value_or(guessed_duration(scenario, used));
    const double simulated_s = to_seconds(cost.simulated);
    const auto machines = static_cast<double>(cost.machines);
    const auto disks = static_cast<double>(cost.disks);
    const double step_s = std::max(1e-3, to_seconds(scenario.detail.capture_step));
    cost.deltas = disks * simulated_s / step_s;
    cost.seconds = kSecondsToStart + machines * kSecondsPerMachine + cost.deltas * kSecondsPerDelta;
    const double marker_s = std::max(1.0, to_seconds(scenario.profile.crash_consistent_interval));
    const double rpo_rows = scenario.detail.rpo_steps ? machines * simulated_s / marker_s : 0;
    const double samples = simulated_s / std::max(1e-3, to_seconds(scenario.detail.sample_every)) *
                           static_cast<double>(1 + scenario.process_servers.size());
    cost.memory_bytes = kBytesToStart + machines * kBytesPerMachine + disks * kBytesPerDisk +
                        rpo_rows * kBytesPerRpoStep + samples * kBytesPerSample +
                        trace_cells_per_s * simulated_s * kBytesPerTraceCell;
    add_blocks(scenario, cost);
    return cost;
}

}  // namespace landfall::scenario
