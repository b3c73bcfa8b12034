// sim/faults/fault_bench.cpp — hears, hands on, and works out how long recovery may take.
#include "sim/faults/fault_bench.hpp"

#include <algorithm>
#include <limits>

namespace landfall::faults {

namespace {

// What a recovery takes besides moving data: attempts, markers, looks of the monitoring [D].
constexpr Duration kUsualDelays = minutes(30);
// A bound is generous: times this [D].
constexpr double kGenerosity = 2.0;
// With less of its line to spare than this a machine need not catch up [D].
constexpr double kLeastSpare = 0.1;

Duration seconds_of(double seconds) {
    return Duration(static_cast<std::int64_t>(seconds * 1e9));
}

}  // namespace

FaultBench::FaultBench(const scenario::Scenario& scenario, const world::Assembly& parts,
                       WorldEvents& events, Observer& record, const HealthMonitor& health,
                       std::uint64_t seed, std::uint32_t cue)
    : scenario_(scenario),
      parts_(parts),
      events_(events),
      injector_(scenario, parts, events, record, seed),
      coverage_(scenario, injector_, events.stage()),
      schedule_(scenario, injector_, coverage_, events.stage().world, cue),
      monitors_(view(health)) {
    if (scenario.faults.empty() && !scenario.liveness_after) return;
    for (auto& monitor : lab::run_monitors()) monitors_.add(std::move(monitor));
}

lab::RunView FaultBench::view(const HealthMonitor& health) const {
    lab::RunView view{parts_.estate,
                      events_.stage().logic,
                      health,
                      parts_.machines.size(),
                      schedule_.calm_from(),
                      std::vector<bool>(parts_.machines.size(), true),
                      [this](MachineId item, Instant at) { return bound(item, at); }};
    for (std::size_t k = 0; k < scenario_.faults.size(); ++k) {
        if (scenario_.faults[k].envelope != Envelope::BoundedLoss) continue;
        const bool own = row_of(scenario_.faults[k].kind).envelope == Envelope::BoundedLoss;
        if (own) continue;  // it costs points, and nothing for good
        for (const MachineId item : injector_.struck(k).items) {
            view.must_recover[item.value] = false;
        }
    }
    return view;
}

/// Every disk of every machine once more over the item's way, and whatever faults had their guests
/// write on top, as fast as what they write lets it, and a compare of the item's disks.
std::optional<Duration> FaultBench::bound(MachineId item, Instant at) const {
    const Estate& estate = parts_.estate;
    const ReplicationPipeline& engine = events_.stage().logic.engine();
    const MachineId leg = events_.running_leg(item);
    const ProcessServer& server = estate.process_server(engine.server_of(leg));
    double rate = std::numeric_limits<double>::infinity();
    for (const ChannelId channel : {server.receive_channel, server.upload_channel}) {
        if (channel.is_none()) continue;
        for (const std::uint32_t link : parts_.network.channels[channel.value].route) {
            rate = std::min(rate, parts_.network.links[link].bytes_per_second);
        }
    }
    double written = 0;
    double bytes = 0;
    for (std::size_t index = 0; index < estate.machines.size(); ++index) {
        if (!engine.is_live(MachineId(index))) continue;
        written += static_cast<double>(engine.captured(MachineId(index)).count());
        const Machine& machine = estate.machines[index];
        for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
            const Disk& disk = estate.disks[machine.first_disk.value + k];
            bytes += static_cast<double>(disk.size.count());
        }
    }
    // A journal takes no notice of how small the disk is that is written over and over.
    for (const scenario::Fault& fault : scenario_.faults) {
        if (fault.kind != FaultKind::WriteBurst && fault.kind != FaultKind::HotSpot) continue;
        const Duration lasts = fault.lasts.value_or(Duration(0));
        bytes += static_cast<double>(fault.rate.count()) * to_seconds(lasts);
    }
    const double spare = rate - written / std::max(to_seconds(at.since_start()), 1.0);
    if (spare < rate * kLeastSpare) return std::nullopt;
    Duration compare(0);
    const Machine& machine = estate.machine(leg);
    for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
        const Disk& disk = estate.disks[machine.first_disk.value + k];
        compare = compare + transfer_time(disk.size, estate.profile.resync_compare_rate);
    }
    const Duration waits = estate.profile.automatic_resync_delay + engine.design(leg).retry_every +
                           estate.profile.health_interval * 2 + kUsualDelays;
    return waits + seconds_of(kGenerosity * (to_seconds(compare) + bytes / spare));
}

void FaultBench::look() {
    coverage_.look();
    const Instant at = now();
    monitors_.tell(
        [&](lab::RunMonitor& monitor, const lab::RunView& seen) { monitor.look(seen, at); });
}

void FaultBench::finish(lab::OracleReport& report) {
    look();
    monitors_.finish(now(), report.violations);
    monitors_.add_to(report);
}

void FaultBench::on(const Event& event) {
    events_.stage().logic.on(event);
    if (coverage_.is_watching_closely()) coverage_.look();
}

// --- What it hears

void FaultBench::recovery_point_published(MachineId leg, Instant time, Instant processed_at,
                                          bool app_consistent) {
    hash_.add(now(), "point", std::int64_t{leg.value}, time.since_start().count(),
              processed_at.since_start().count(), std::int64_t{app_consistent});
    coverage_.point_published(leg);
    monitors_.tell([&](lab::RunMonitor& monitor, const lab::RunView& seen) {
        monitor.point_published(seen, now(), leg);
    });
}

void FaultBench::disk_copied(DiskId disk, std::string_view kind, Instant started, Bytes bytes) {
    hash_.add(now(), "copied", std::int64_t{disk.value}, kind, started.since_start().count(),
              bytes.count());
}

void FaultBench::noted(std::string_view kind, std::string_view subject, std::string_view detail) {
    hash_.add(now(), kind, subject, detail);
    monitors_.tell([&](lab::RunMonitor& monitor, const lab::RunView& seen) {
        monitor.noted(seen, now(), kind, subject, detail);
    });
}

void FaultBench::state_changed(MachineId machine, std::string_view state) {
    hash_.add(now(), "state", std::int64_t{machine.value}, state);
    coverage_.item_changed(machine);
    monitors_.tell([&](lab::RunMonitor& monitor, const lab::RunView& seen) {
        monitor.state_changed(seen, now(), machine, state);
    });
}

void FaultBench::job_started(JobId job, MachineId machine, std::string_view operation) {
    hash_.add(now(), "job", std::int64_t{job.value}, std::int64_t{machine.value}, operation);
    coverage_.item_changed(machine);
    monitors_.tell([&](lab::RunMonitor& monitor, const lab::RunView& seen) {
        monitor.job_started(seen, now(), job, machine);
    });
}

void FaultBench::task_ended(JobId job, std::string_view task, std::string_view state,
                            Instant started) {
    hash_.add(now(), "task", std::int64_t{job.value}, task, state, started.since_start().count());
    coverage_.item_changed(events_.stage().logic.job(job).machine);
}

void FaultBench::job_ended(JobId job, std::string_view state, std::string_view cause) {
    hash_.add(now(), "job ended", std::int64_t{job.value}, state, cause);
    monitors_.tell([&](lab::RunMonitor& monitor, const lab::RunView& seen) {
        monitor.job_ended(seen, now(), job);
    });
}

}  // namespace landfall::faults
