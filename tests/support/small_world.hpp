// tests/support/small_world.hpp — a world small enough to compute by hand, on either kernel.
//
// One process server, machines with constant churn, one WAN. Rates are exact: no latency, no
// compression, no payload share, so that expected values are closed forms.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/recovery/site_recovery.hpp"
#include "sim/kernel/kernel.hpp"
#include "sim/record/recorder.hpp"
#include "sim/workload/churn.hpp"
#include "sim/world/world.hpp"

namespace landfall::test {

inline constexpr std::int64_t kMB = 1'000'000;
inline constexpr std::int64_t kGB = 1'000'000'000;

/// A profile in which nothing takes time or is limited, unless a test says so.
inline ServiceProfile unlimited_profile() {
    ServiceProfile profile;
    profile.name = "test";
    profile.crash_consistent_interval = minutes(5);
    profile.retention_grids = {
        {days(1), {{hours(2), minutes(5)}, {days(1), hours(1)}}},
        {days(7), {{hours(2), minutes(5)}, {days(7), hours(2)}}},
        {days(15), {{hours(2), minutes(5)}, {days(7), hours(2)}, {days(15), hours(4)}}}};
    profile.disks_at_once = 3;
    profile.source_read_rate = BytesPerSecond(1000 * kGB);
    profile.resync_compare_rate = BytesPerSecond(1000 * kGB);
    profile.resync_chunk = mebibytes(1);
    profile.resync_checksum = Bytes(16);
    profile.automatic_resync_delay = minutes(10);
    profile.copy_share_percent = 50;
    profile.copy_cache_percent = 25;
    profile.source_buffer = Bytes(1000 * kGB);
    profile.cache_throttle_free_percent = 20;
    profile.cache_resume_free_percent = 25;
    profile.cache_warning_free_percent = 30;
    profile.cache_critical_free_percent = 25;
    profile.cpu_warning_percent = 80;
    profile.cpu_critical_percent = 95;
    profile.upload_backlog_warning = minutes(30);
    profile.upload_backlog_critical = minutes(45);
    profile.health_interval = minutes(5);
    profile.health_window = minutes(15);
    profile.upload_threads = 4;
    profile.transfer_slice = seconds(1);
    profile.log_processing_rate = BytesPerSecond(1000 * kGB);
    profile.group_confirm_within = seconds(5);
    profile.master_target_disks_max = 1'000;
    profile.failovers_per_hour = 3'600'000;
    profile.failovers_per_hour_hydrated = 3'600'000;
    return profile;
}

struct SmallMachine {
    std::string name;
    std::vector<Bytes> disks;       ///< used bytes of each; size is the same
    BytesPerSecond churn_per_disk;  ///< constant
    std::vector<std::optional<BytesPerSecond>> churn_ceilings = {};  ///< of each disk
    std::size_t replicated = 100;                                    ///< so many of its disks
};

struct SmallSetup {
    ServiceProfile profile = unlimited_profile();
    Duration capture_step = seconds(1);
    BytesPerSecond lan = BytesPerSecond(1000 * kGB);
    BytesPerSecond wan = BytesPerSecond(10 * kMB);
    Bytes cache = Bytes(1000 * kGB);
    bool relay = true;  ///< through the process server's cache, or up at once
    Duration retention = days(1);
    std::optional<Duration> app_consistent_every;
    std::optional<Duration> rpo_threshold;
    bool needs_hydration = false;
    bool can_shut_down = true;
    ReplicationEngine engine = ReplicationEngine::InMageToAzure;
    ScenarioKind kind = ScenarioKind::VMwareToAzure;
    std::uint32_t servers = 1;  ///< process servers on one WAN; the first has all machines
    std::vector<SmallMachine> machines;
    std::vector<scenario::Outage> wan_outages;
    std::vector<scenario::Throttle> wan_throttles;
    [[nodiscard]] bool wan_varies() const { return !wan_outages.empty() || !wan_throttles.empty(); }
};

class SmallWorld : private world::Director {
  public:
    using MakeKernel = std::function<std::unique_ptr<kernel::Kernel>(kernel::NetworkPlan)>;

    SmallWorld(const SmallSetup& setup, const MakeKernel& make)
        : estate_(build_estate(setup)),
          kernel_(make(build_network(setup))),
          world_(*kernel_, estate_, build_churn(setup), build_links(setup)),
          recorder_(estate_, world_, true),
          logic_(estate_, {world_, world_, world_, world_, recorder_}) {}

    /// Calls `step` at `at`.
    void at(Instant when, std::function<void()> step) {
        steps_.push_back(std::move(step));
        world_.schedule_cue(when, 0, static_cast<std::uint32_t>(steps_.size() - 1));
    }
    void run_until(Instant end) {
        at(end, [this] { world_.stop(); });
        for (Instant t = Instant(estate_.profile.health_interval); t < end;
             t = t + estate_.profile.health_interval) {
            at(t, [this] { logic_.evaluate_health(); });
        }
        world_.run(logic_, *this);
        recorder_.close();
    }

    [[nodiscard]] Instant now() const { return world_.now(); }
    SiteRecovery& logic() { return logic_; }
    [[nodiscard]] const ReplicationPipeline& engine() const { return logic_.engine(); }
    [[nodiscard]] record::Recorder& recorder() { return recorder_; }
    [[nodiscard]] const Estate& estate() const { return estate_; }
    world::World& world() { return world_; }

    /// The numbers of one column of a table that the recorder kept.
    static const std::vector<double>& column(const std::vector<record::Table>& tables,
                                             const std::string& table, const std::string& column) {
        for (const record::Table& candidate : tables) {
            if (candidate.name != table) continue;
            for (const record::Column& values : candidate.columns) {
                if (values.name == column) return std::get<std::vector<double>>(values.values);
            }
        }
        LANDFALL_CHECK(false, "the test names a column that exists");
        static const std::vector<double> none;
        return none;
    }

  private:
    void on_cue(std::uint32_t, std::uint32_t subject) override { steps_[subject](); }
    void on_link(std::string_view, bool) override {}

    static Estate build_estate(const SmallSetup& setup) {
        Estate estate;
        estate.profile = setup.profile;
        estate.capture = {setup.capture_step, 1};
        estate.policies.push_back(
            {"policy", setup.retention, setup.app_consistent_every, setup.rpo_threshold});
        for (std::uint32_t k = 0; k < setup.servers; ++k) {
            estate.process_servers.push_back({k == 0 ? "ps" : "ps " + std::to_string(k + 1),
                                              setup.relay ? ChannelId(2 * k) : ChannelId(),
                                              ChannelId(2 * k + 1), setup.cache,
                                              BytesPerSecond(1000 * kGB), 1000});
        }
        for (const SmallMachine& facts : setup.machines) {
            Machine machine;
            machine.name = facts.name;
            machine.process_server = ProcessServerId(0);
            machine.policy = PolicyId(0);
            machine.needs_hydration = setup.needs_hydration;
            machine.can_shut_down = setup.can_shut_down;
            machine.engine = setup.engine;
            machine.kind = setup.kind;
            machine.first_disk = DiskId(estate.disks.size());
            machine.disk_count = static_cast<std::uint32_t>(facts.disks.size());
            const MachineId id(estate.machines.size());
            estate.machines.push_back(machine);
            for (const Bytes used : facts.disks) {
                const std::size_t place = estate.disks.size() - machine.first_disk.value;
                estate.disks.push_back({"disk " + std::to_string(place + 1), id, used, used,
                                        std::nullopt, setup.profile.log_processing_rate});
                estate.disks.back().replicated = place < facts.replicated;
                if (place < facts.churn_ceilings.size()) {
                    estate.disks.back().churn_ceiling = facts.churn_ceilings[place];
                }
            }
        }
        return estate;
    }

    static kernel::NetworkPlan build_network(const SmallSetup& setup) {
        kernel::NetworkPlan network;
        network.links.push_back({"lan", static_cast<double>(setup.lan.count()), 1e-9, false});
        network.links.push_back(
            {"wan", static_cast<double>(setup.wan.count()), 1e-9, setup.wan_varies()});
        for (std::uint32_t k = 0; k < setup.servers; ++k) {
            network.channels.push_back({"receive " + std::to_string(k), {0}});
            network.channels.push_back({"upload " + std::to_string(k), {1}});
        }
        return network;
    }

    static std::vector<std::unique_ptr<workload::ChurnSource>> build_churn(
        const SmallSetup& setup) {
        static const workload::TraceStore no_traces;
        std::vector<std::unique_ptr<workload::ChurnSource>> churn;
        for (const SmallMachine& machine : setup.machines) {
            for (std::size_t disk = 0; disk < machine.disks.size(); ++disk) {
                churn.push_back(
                    workload::make_churn(scenario::ConstantChurn{machine.churn_per_disk},
                                         machine.name, "disk", 1, 1.0, 1, no_traces));
            }
        }
        return churn;
    }

    static std::vector<world::ScheduledLink> build_links(const SmallSetup& setup) {
        std::vector<world::ScheduledLink> links;
        if (setup.wan_varies()) {
            scenario::Link wan;
            wan.bandwidth = setup.wan;
            wan.outages = setup.wan_outages;
            wan.throttles = setup.wan_throttles;
            links.push_back({1, "wan", world::LinkSchedule(wan, 1.0), true});
        }
        return links;
    }

    std::vector<std::function<void()>> steps_;
    Estate estate_;
    std::unique_ptr<kernel::Kernel> kernel_;
    world::World world_;
    record::Recorder recorder_;
    SiteRecovery logic_;
};

}  // namespace landfall::test
