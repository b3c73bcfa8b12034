// tests/support/control_world.hpp — machines of every scenario kind with both their legs, small
// enough that a circle of failover and failback takes milliseconds.
//
// Each machine has its own links, so that none waits for another. Times are a few seconds each, and
// different ones, so that no two tasks end at the same instant by accident.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "model/recovery/site_recovery.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "sim/record/recorder.hpp"
#include "sim/workload/churn.hpp"
#include "sim/world/world.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::test {

inline ReplicationEngine engine_of(ScenarioKind kind) {
    switch (kind) {
        case ScenarioKind::HyperVSiteToAzure:
        case ScenarioKind::VmmToAzure: return ReplicationEngine::HyperVToAzure;
        case ScenarioKind::AzureToAzure:
        case ScenarioKind::ZoneToZone: return ReplicationEngine::AzureToAzure;
        case ScenarioKind::VmmToVmm: return ReplicationEngine::HyperVToSecondary;
        case ScenarioKind::ScoutToSecondary: return ReplicationEngine::ScoutToSecondary;
        default: return ReplicationEngine::InMageToAzure;
    }
}

/// The engine of the way back; none where the service has no way back.
inline std::optional<ReplicationEngine> way_back_of(ScenarioKind kind) {
    switch (kind) {
        case ScenarioKind::AwsToAzure:
        case ScenarioKind::AzureThroughConfigurationServer: return std::nullopt;
        case ScenarioKind::AzureToAzure:
        case ScenarioKind::ZoneToZone: return ReplicationEngine::AzureToAzure;
        case ScenarioKind::VmmToVmm: return ReplicationEngine::HyperVToSecondary;
        case ScenarioKind::ScoutToSecondary: return ReplicationEngine::ScoutToSecondary;
        default: return ReplicationEngine::Failback;
    }
}

class ControlWorld : private world::Director {
  public:
    explicit ControlWorld(const std::vector<ScenarioKind>& kinds,
                          const ServiceProfile& profile = quick_profile())
        : spares_(kinds.size()),
          estate_(build_estate(kinds, profile)),
          kernel_(network_of(estate_)),
          world_(kernel_, estate_, churn_of(estate_), {}),
          watcher_(estate_, world_),
          logic_(estate_, {world_, world_, world_, world_, watcher_}) {}

    static ServiceProfile quick_profile() {
        ServiceProfile profile = unlimited_profile();
        profile.crash_consistent_interval = seconds(5);
        profile.retention_grids = {{days(15), {{minutes(10), seconds(5)}, {days(15), hours(1)}}}};
        profile.automatic_resync_delay = seconds(30);
        profile.hyper_v_disks_at_once = 1;
        profile.hyper_v_log_resync_percent = 50;
        profile.prerequisites_check_time = seconds(2);
        profile.install_mobility_service_time = seconds(7);
        profile.enable_replication_time = seconds(3);
        profile.start_initial_replication_time = seconds(2);
        profile.update_provider_states_time = seconds(1);
        profile.finalize_protection_time = seconds(4);
        profile.shut_down_time = seconds(6);
        profile.start_failover_time = seconds(8);
        profile.hydration_time = seconds(11);
        profile.start_machine_time = seconds(5);
        profile.commit_time = seconds(3);
        profile.complete_migration_time = seconds(4);
        profile.disable_replication_time = seconds(3);
        profile.switch_server_time = seconds(4);
        profile.switch_server_effect_time = seconds(20);
        profile.pause_replication_time = seconds(2);
        profile.recovery_point_time = seconds(1);
        return profile;
    }

    /// What an operation on this machine needs to be told, and what nobody minds else: its last
    /// disk is left out at first, its second may be removed, and its spare server may carry it.
    [[nodiscard]] OperationOptions options_for(Operation operation, MachineId machine) const {
        OperationOptions options;
        const std::uint32_t first = estate_.machine(machine).first_disk.value;
        if (operation == Operation::AddDisks) options.disk = DiskId(first + 2U);
        if (operation == Operation::RemoveDisks) options.disk = DiskId(first + 1U);
        if (operation == Operation::SwitchProcessServer) {
            options.process_server = other_server(machine);
        }
        return options;
    }
    /// The one of its two servers that the machine does not replicate by.
    [[nodiscard]] ProcessServerId other_server(MachineId machine) const {
        const ProcessServerId own = estate_.machine(machine).process_server;
        const ProcessServerId spare(estate_.process_servers.size() - spares_ + machine.value);
        return logic_.engine().server_of(machine) == own ? spare : own;
    }

    /// Calls `step` at `when`.
    void at(Instant when, std::function<void()> step) {
        steps_.push_back(std::move(step));
        world_.schedule_cue(when, 0, static_cast<std::uint32_t>(steps_.size() - 1));
    }
    void run_until(Instant end) {
        at(end, [this] { world_.stop(); });
        world_.run(logic_, *this);
    }
    void run_for(Duration time) { run_until(world_.now() + time); }
    /// Runs until no job is in progress (or all wait for a user), at most `most`; whether it came
    /// to that.
    bool settle(Duration most = hours(2)) {
        const Instant end = world_.now() + most;
        while (logic_.jobs_in_progress() > 0 && world_.now() < end) run_for(seconds(1));
        return logic_.jobs_in_progress() == 0;
    }
    /// Starts an operation that has to be legal, and runs until its job is over or suspended.
    JobId carry_out(Operation operation, MachineId machine, OperationOptions options = {}) {
        const auto outcome = logic_.start(operation, machine, std::move(options));
        if (const auto* refused = std::get_if<Refusal>(&outcome)) {
            throw std::runtime_error(std::string(name_of(operation)) + ": " + refused->why);
        }
        settle();
        return std::get<JobId>(outcome);
    }
    /// From nothing to Protected.
    void protect(MachineId machine) {
        carry_out(Operation::EnableReplication, machine);
        const Instant end = now() + hours(1);
        while (logic_.protection_state(machine) != ProtectionState::Protected && now() < end)
            run_for(seconds(1));
        LANDFALL_CHECK(logic_.protection_state(machine) == ProtectionState::Protected,
                       "a machine that is enabled gets protected");
    }

    [[nodiscard]] Instant now() const { return world_.now(); }
    SiteRecovery& logic() { return logic_; }
    world::World& world() { return world_; }
    [[nodiscard]] const Estate& estate() const { return estate_; }
    /// Called at each end of a task: the moments at which an orchestrator may die.
    void on_task_end(std::function<void()> call) { watcher_.task_end = std::move(call); }

  private:
    class Watcher : public record::Recorder {
      public:
        Watcher(const Estate& estate, world::World& world) : Recorder(estate, world, false) {}
        void task_ended(JobId job, std::string_view task, std::string_view state,
                        Instant started) override {
            Recorder::task_ended(job, task, state, started);
            if (task_end) task_end();
        }
        std::function<void()> task_end;
    };

    void on_cue(std::uint32_t, std::uint32_t subject) override { steps_[subject](); }
    void on_link(std::string_view, bool) override {}

    static void add_server(Estate& estate, const std::string& name, ReplicationEngine engine) {
        const bool relay = engine == ReplicationEngine::InMageToAzure ||
                           engine == ReplicationEngine::ScoutToSecondary;
        const std::size_t channel = 2 * estate.process_servers.size();
        estate.process_servers.push_back({name, relay ? ChannelId(channel) : ChannelId(),
                                          ChannelId(channel + 1), Bytes(1000 * kGB),
                                          BytesPerSecond(1000 * kGB), 1000});
    }

    static void add_leg(Estate& estate, const std::string& name, ScenarioKind kind,
                        ReplicationEngine engine) {
        add_server(estate, name + " server", engine);
        Machine machine;
        machine.name = name;
        machine.kind = kind;
        machine.engine = engine;
        machine.process_server = ProcessServerId(estate.process_servers.size() - 1);
        machine.policy = PolicyId(0);
        machine.first_disk = DiskId(estate.disks.size());
        machine.disk_count = 3;
        machine.can_shut_down = kind != ScenarioKind::PhysicalToAzure &&
                                kind != ScenarioKind::AwsToAzure &&
                                kind != ScenarioKind::AzureThroughConfigurationServer &&
                                kind != ScenarioKind::ScoutToSecondary;
        estate.machines.push_back(machine);
        for (const char* disk : {"os", "data", "scratch"}) {
            estate.disks.push_back({disk, MachineId(estate.machines.size() - 1), Bytes(100 * kMB),
                                    Bytes(20 * kMB), std::nullopt, BytesPerSecond(1000 * kGB)});
        }
        estate.disks.back().replicated = false;
    }

    static Estate build_estate(const std::vector<ScenarioKind>& kinds,
                               const ServiceProfile& profile) {
        Estate estate;
        estate.profile = profile;
        estate.capture = {seconds(1), 1};
        estate.policies.push_back({"policy", days(1), seconds(60), std::nullopt, seconds(5)});
        for (const ScenarioKind kind : kinds)
            add_leg(estate, "m" + std::to_string(estate.machines.size()), kind, engine_of(kind));
        for (std::size_t index = 0; index < kinds.size(); ++index) {
            const auto back = way_back_of(kinds[index]);
            if (!back) continue;
            add_leg(estate, estate.machines[index].name + " back", kinds[index], *back);
            estate.machines[index].reverse = MachineId(estate.machines.size() - 1);
            estate.machines.back().forward_of = MachineId(index);
        }
        for (std::size_t index = 0; index < kinds.size(); ++index) {
            add_server(estate, estate.machines[index].name + " spare", engine_of(kinds[index]));
        }
        return estate;
    }

    static kernel::NetworkPlan network_of(const Estate& estate) {
        kernel::NetworkPlan network;
        for (const ProcessServer& server : estate.process_servers) {
            const auto link = static_cast<std::uint32_t>(network.links.size());
            network.links.push_back({server.name + " lan", 100e6, 1e-9, false});
            network.links.push_back({server.name + " wan", 5e6, 1e-9, false});
            network.channels.push_back({server.name + " receive", {link}});
            network.channels.push_back({server.name + " upload", {link + 1}});
        }
        return network;
    }

    static std::vector<std::unique_ptr<workload::ChurnSource>> churn_of(const Estate& estate) {
        static const workload::TraceStore no_traces;
        std::vector<std::unique_ptr<workload::ChurnSource>> churn;
        for (const Disk& disk : estate.disks) {
            churn.push_back(workload::make_churn(scenario::ConstantChurn{BytesPerSecond(10'000)},
                                                 estate.machine(disk.machine).name, disk.name, 1,
                                                 1.0, 1, no_traces));
        }
        return churn;
    }

    std::vector<std::function<void()>> steps_;
    std::size_t spares_;  ///< servers at the end of the list, one for each machine
    Estate estate_;
    kernel::MemoryKernel kernel_;
    world::World world_;
    Watcher watcher_;
    SiteRecovery logic_;
};

}  // namespace landfall::test
