// sim/faults/fault_bench.hpp — all of a run that is about faults: their schedule, what they
// covered, what must hold in spite of them.
//
// It stands between the world and the logic and hands every event on as it is; it hears what
// observers hear. In a scenario without faults it does nothing but keep the hash of events.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "sim/faults/fault_schedule.hpp"
#include "sim/lab/run_monitor.hpp"
#include "sim/record/event_hash.hpp"

namespace landfall::faults {

class FaultBench : public EventSink, public Observer {
  public:
    /// Cues of the schedule carry `cue`. `record` is told of faults. All outlive this.
    FaultBench(const scenario::Scenario& scenario, const world::Assembly& parts,
               WorldEvents& events, Observer& record, const HealthMonitor& health,
               std::uint64_t seed, std::uint32_t cue);

    /// Registers a monitor of a user; they come behind those of our own.
    void add(std::unique_ptr<lab::RunMonitor> monitor) { monitors_.add(std::move(monitor)); }
    void start() { schedule_.start(); }
    void on_cue(std::uint32_t subject) { schedule_.on_cue(subject); }
    [[nodiscard]] bool any_left() const { return schedule_.any_left(); }
    /// The run stands still for a moment.
    void look();
    /// Whether anything is judged.
    [[nodiscard]] bool is_judging() const { return !monitors_.empty(); }
    /// The run is over: puts what the monitors found behind what the oracles did.
    void finish(lab::OracleReport& report);
    [[nodiscard]] nlohmann::json coverage() const { return coverage_json(coverage_); }
    [[nodiscard]] std::string event_hash() const { return hash_.text(); }

    // EventSink: on its way to the logic
    void on(const Event& event) override;
    // Observer
    void recovery_point_published(MachineId leg, Instant time, Instant processed_at,
                                  bool app_consistent) override;
    void disk_copied(DiskId disk, std::string_view kind, Instant started, Bytes bytes) override;
    void noted(std::string_view kind, std::string_view subject, std::string_view detail) override;
    void state_changed(MachineId machine, std::string_view state) override;
    void job_started(JobId job, MachineId machine, std::string_view operation) override;
    void task_ended(JobId job, std::string_view task, std::string_view state,
                    Instant started) override;
    void job_ended(JobId job, std::string_view state, std::string_view cause) override;

  private:
    [[nodiscard]] lab::RunView view(const HealthMonitor& health) const;
    [[nodiscard]] std::optional<Duration> bound(MachineId item, Instant now) const;
    [[nodiscard]] Instant now() const { return events_.stage().world.now(); }

    const scenario::Scenario& scenario_;
    const world::Assembly& parts_;
    WorldEvents& events_;
    Injector injector_;
    Coverage coverage_;
    FaultSchedule schedule_;
    lab::MonitorBoard monitors_;
    record::EventHash hash_;
};

}  // namespace landfall::faults
