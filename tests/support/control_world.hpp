// tests/support/control_world.hpp — machines of every scenario kind with both their legs, small
// enough that a circle of failover and failback takes milliseconds.
//
// Each machine has its own links, so that none waits for another. Times are a few seconds each, and
// different ones, so that no two tasks end at the same instant by accident. Everything is billed,
// the oracles of the control plane look after every job and at the end, and those of the bill then.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "model/recovery/site_recovery.hpp"
#include "sim/lab/control_board.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "sim/record/billing_feed.hpp"
#include "sim/record/recorder.hpp"
#include "sim/scenario/plan_facts.hpp"
#include "sim/scenario/price_data.hpp"
#include "sim/workload/churn.hpp"
#include "sim/world/bill_sight.hpp"
#include "sim/world/control_sight.hpp"
#include "sim/world/engine_uploads.hpp"
#include "sim/world/simulated_automation.hpp"
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

class ControlWorld : private world::Director, private world::Alarm {
  public:
    using Adapt = std::function<void(Estate&)>;

    /// `adapt` may give the machines facts and the target bounds, before anything begins. `actions`
    /// are those of the plans, by RecoveryActionId.
    explicit ControlWorld(const std::vector<ScenarioKind>& kinds,
                          const ServiceProfile& profile = quick_profile(), const Adapt& adapt = {},
                          std::vector<RecoveryPlan> plans = {},
                          std::vector<scenario::ActionFacts> actions = {})
        : spares_(kinds.size()),
          estate_(build_estate(kinds, profile, adapt, std::move(plans))),
          kernel_(network_of(estate_)),
          world_(kernel_, estate_, churn_of(estate_), {}),
          watcher_(*this),
          uploads_(logic_),
          billing_(estate_, world_, uploads_, prices(), billed_machines(estate_), Duration(0)),
          automation_(*this, std::move(actions), 1),
          logic_(estate_, {world_, world_, world_, world_, watcher_, {}, &automation_}),
          sight_(estate_, world_, logic_, billing_, automation_),
          board_(sight_, [this] { return world_.now(); }),
          bill_sight_(estate_, world_, logic_, billing_),
          bill_(estate_, world_, bill_sight_) {
        watcher_.bill(&billing_);
    }
    ControlWorld(const std::vector<ScenarioKind>& kinds, const ServiceProfile& profile,
                 std::vector<RecoveryPlan> plans, std::vector<scenario::ActionFacts> actions = {})
        : ControlWorld(kinds, profile, Adapt(), std::move(plans), std::move(actions)) {}
    ControlWorld(const ControlWorld&) = delete;
    ControlWorld& operator=(const ControlWorld&) = delete;
    ~ControlWorld() {
        expect_no_violations();
        billing_.close();
        bill_.finish();
        for (const lab::Violation& violation : bill_.violations()) ADD_FAILURE() << violation.text;
    }

    /// All oracles of the control plane hold, now and after every job so far.
    void expect_no_violations() {
        board_.look_at_all();
        for (std::size_t k = told_; k < board_.violations().size(); ++k) {
            const lab::Violation& violation = board_.violations()[k];
            const bool of_plan = violation.machine.is_none();
            ADD_FAILURE() << (of_plan ? "" : estate_.machine(violation.machine).name) << " at "
                          << lab::time_text(violation.at) << ": " << violation.text;
        }
        told_ = board_.violations().size();
    }

    /// Adapts an estate: all its machines are members of one consistency group.
    static void one_group(Estate& estate) {
        estate.groups.push_back({"group", {}, nanoseconds(50'000'000), nanoseconds(1'000'000)});
        for (std::size_t index = 0; index < estate.machines.size(); ++index) {
            if (!estate.machines[index].forward_of.is_none()) continue;
            estate.machines[index].group = ConsistencyGroupId(0);
            estate.groups.front().members.emplace_back(index);
        }
    }

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
        profile.hyper_v_start_failover_time = seconds(8);
        profile.hydration_time = seconds(11);
        profile.start_machine_time = seconds(5);
        profile.commit_time = seconds(3);
        profile.complete_migration_time = seconds(4);
        profile.disable_replication_time = seconds(3);
        profile.switch_server_time = seconds(4);
        profile.switch_server_effect_time = seconds(20);
        profile.pause_replication_time = seconds(2);
        profile.recovery_point_time = seconds(1);
        profile.delete_machine_time = seconds(3);
        profile.clean_up_retry_every = seconds(20);
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
    /// Starts an operation that has to be legal, on a machine or a plan, and runs until its job is
    /// over or suspended.
    template <typename Target>
    JobId carry_out(Operation operation, Target target, OperationOptions options = {}) {
        const auto outcome = logic_.start(operation, target, std::move(options));
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

    [[nodiscard]] Instant now() const override { return world_.now(); }
    SiteRecovery& logic() { return logic_; }
    const world::SimulatedAutomation& automation() const { return automation_; }
    world::World& world() { return world_; }
    [[nodiscard]] const Estate& estate() const { return estate_; }
    [[nodiscard]] const lab::ControlBoard& board() const { return board_; }
    [[nodiscard]] const lab::ControlProbe& sight() const { return sight_; }
    record::BillingFeed& billing() { return billing_; }
    [[nodiscard]] const world::InstanceHistory& machine(MachineId item,
                                                        MachineInstance which) const {
        return world_.instances(item)[static_cast<std::size_t>(which)];
    }
    /// A disk of the estate grows or shrinks, as in a scenario's timeline.
    void resize(DiskId disk, Bytes size) {
        estate_.disks[disk.value].size = size;
        logic_.disk_resized(disk);
    }
    /// Called at each end of a task: the moments at which an orchestrator may die.
    void on_task_end(std::function<void()> call) { watcher_.task_end = std::move(call); }

  private:
    class Watcher : public record::Recorder {
      public:
        explicit Watcher(ControlWorld& owner)
            : Recorder(owner.estate_, owner.world_, false), owner_(owner) {}
        void state_changed(MachineId machine, std::string_view state) override {
            Recorder::state_changed(machine, state);
            owner_.bill_.account().state_changed(machine, state);
        }
        void replication_changed(MachineId leg) override {
            Recorder::replication_changed(leg);
            owner_.bill_.account().replication_changed(leg);
        }
        void task_ended(JobId job, std::string_view task, std::string_view state,
                        Instant started) override {
            Recorder::task_ended(job, task, state, started);
            if (task_end) task_end();
        }
        void job_ended(JobId job, std::string_view state, std::string_view cause) override {
            Recorder::job_ended(job, state, cause);
            // Not inside the call: the logic is in the middle of something.
            const MachineId machine = owner_.logic_.job(job).machine;
            owner_.at(owner_.now(), [this, machine] { owner_.board_.look(machine); });
        }
        std::function<void()> task_end;

      private:
        ControlWorld& owner_;
    };

    static const PriceBook& prices() {
        static const PriceBook book = *scenario::find_price_book("prices-2018");
        return book;
    }

    static std::vector<BilledMachine> billed_machines(const Estate& estate) {
        std::vector<BilledMachine> billed;
        for (const Machine& machine : estate.machines) {
            BilledMachine& facts = billed.emplace_back();
            if (!machine.forward_of.is_none()) continue;
            facts.licence = prices().find("licence_to_azure");
            facts.machine_hour = prices().find("machine_hour_windows");
            facts.points = prices().find("recovery_point_storage");
            facts.egress_home = prices().find("egress_internet");
            facts.disks.assign(machine.disk_count,
                               {*prices().find("standard_hdd_storage"), 20 * kMB});
        }
        return billed;
    }

    void on_cue(std::uint32_t, std::uint32_t subject) override { steps_[subject](); }
    void ring(Instant when, std::uint64_t token) override {
        at(when, [this, token] { logic_.on(automation_.over(token)); });
    }
    void on_link(std::string_view, bool) override {}
    void on_machine(MachineId item) override {
        world::tell_bill(estate_, world_, item, billing_);
        bill_.account().machine_changed(item);
    }

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
                               const ServiceProfile& profile, const Adapt& adapt,
                               std::vector<RecoveryPlan> plans) {
        Estate estate;
        estate.profile = profile;
        estate.plans = std::move(plans);
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
        if (adapt) adapt(estate);
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
    world::EngineUploads uploads_;
    record::BillingFeed billing_;
    world::SimulatedAutomation automation_;
    SiteRecovery logic_;
    world::ControlSight sight_;
    lab::ControlBoard board_;
    world::BillSight bill_sight_;
    lab::BillingBoard bill_;
    std::size_t told_ = 0;  ///< violations that were told already
};

}  // namespace landfall::test
