// sim/faults/injector.hpp — carries out the faults of a scenario: each begins, and most end.
//
// Idea: one row for each kind says what its beginning and its end do (injector.cpp); what a fault
// strikes was looked up before the run. What a fault did is undone by itself only as far as it was
// the fault's own doing: a cache that was lost stays lost, a machine that was shut down meanwhile
// stays off.
// Laws: a fault that strikes nothing (the machine does not run) has no effect and says so; a draw
// depends on the seed and on the fault itself, so that one fault less moves no other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/faults/world_events.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/assembly.hpp"

namespace landfall::faults {

/// What a fault strikes, by id.
struct Struck {
    std::vector<MachineId> items;  ///< machines that it is about, directly or by their way; sorted
    std::vector<MachineId> own;    ///< of these, those that it is about directly; sorted
    std::vector<MachineId> losing_power;
    std::vector<ProcessServerId> servers;  ///< sorted
    std::vector<ChannelId> channels;       ///< that go down or break; sorted
    std::vector<DiskId> disks;             ///< of the forward leg
    std::size_t configuration_server = 0;
};

class Injector {
  public:
    /// All outlive this. `parts` as assembled from `scenario`.
    Injector(const scenario::Scenario& scenario, const world::Assembly& parts, WorldEvents& events,
             Observer& record, std::uint64_t seed);

    [[nodiscard]] std::size_t count() const { return struck_.size(); }
    /// The fault is about to begin: looks up who uses what it strikes by now.
    void look_up(std::size_t fault);
    /// False if it has no effect.
    bool begin(std::size_t fault);
    void end(std::size_t fault);
    [[nodiscard]] const Struck& struck(std::size_t fault) const { return struck_[fault]; }

  private:
    struct Row;
    static const Row& row_of(FaultKind kind);

    [[nodiscard]] const scenario::Fault& facts(std::size_t fault) const {
        return scenario_.faults[fault];
    }
    Draw draw_of(std::size_t fault) const;

    // What kinds do; true: it had an effect.
    bool nothing(std::size_t fault);
    bool break_connections(std::size_t fault);
    bool stop_servers(std::size_t fault);
    bool start_servers(std::size_t fault);
    bool lose_caches(std::size_t fault);
    bool block_ports(std::size_t fault);
    bool open_ports(std::size_t fault);
    bool stop_uploads(std::size_t fault);
    bool start_uploads(std::size_t fault);
    bool stop_agent(std::size_t fault);
    bool start_agent(std::size_t fault);
    bool break_app_consistency(std::size_t fault);
    bool mend_app_consistency(std::size_t fault);
    bool take_orchestrator(std::size_t fault);
    bool give_orchestrator(std::size_t fault);
    bool crash_replica(std::size_t fault);
    bool stop_master_target(std::size_t fault);
    bool start_master_target(std::size_t fault);
    bool expire_certificate(std::size_t fault);
    bool renew_certificate(std::size_t fault);
    bool replace_disk(std::size_t fault);
    bool resize_disk(std::size_t fault);
    bool rot_replica(std::size_t fault);
    bool fill_caches(std::size_t fault);
    bool free_caches(std::size_t fault);
    bool slow_disks(std::size_t fault);
    bool restore_disks(std::size_t fault);
    bool stop_guest(std::size_t fault);
    bool start_guest(std::size_t fault);
    bool cut_power(std::size_t fault);
    bool restore_power(std::size_t fault);
    bool begin_trouble(std::size_t fault);
    bool end_trouble(std::size_t fault);
    bool begin_place_outage(std::size_t fault);
    bool end_place_outage(std::size_t fault);
    void set_down(const Struck& struck, bool down);

    const scenario::Scenario& scenario_;
    WorldEvents& events_;
    Observer& record_;
    std::uint64_t seed_;
    std::vector<Struck> struck_;                  ///< by fault
    std::vector<bool> effective_;                 ///< by fault: it has begun, and is to be ended
    std::vector<std::vector<MachineId>> off_;     ///< by fault: items that it switched off
    std::vector<std::vector<MachineId>> silent_;  ///< by fault: legs whose agent it stopped
};

/// Whether any fault crashes or rots what replicas, or sources, have stored.
[[nodiscard]] bool harms_replica_stores(const scenario::Scenario& scenario);
[[nodiscard]] bool harms_source_stores(const scenario::Scenario& scenario);

/// The process server by which a leg sends.
using ServerOfLeg = std::function<ProcessServerId(MachineId leg)>;
/// Whoever sends by what was struck is struck as well.
void add_users(Struck& struck, const Estate& estate, const ServerOfLeg& server_of);
/// Looks up what a fault strikes, machines by the servers that they begin with.
[[nodiscard]] Struck struck_by(const scenario::Scenario& scenario, const world::Assembly& parts,
                               const scenario::Fault& fault);

}  // namespace landfall::faults
