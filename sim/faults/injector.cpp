// sim/faults/injector.cpp — the table of beginnings and ends, and what they do.
#include "sim/faults/injector.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "sim/kernel/random_streams.hpp"

namespace landfall::faults {

namespace {

/// What befalls requests for machines, by kind.
struct TroubleRow {
    FaultKind kind;
    bool at_target_only;
    std::vector<MachineAction> actions;
    std::string_view cause;
};

const std::vector<TroubleRow>& trouble_rows() {
    using enum MachineAction;
    static const std::vector<TroubleRow> rows = {
        {FaultKind::QuotaWithdrawn,
         true,
         {Create},
         "28031: the subscription's quota of cores is exceeded"},
        {FaultKind::SizeUnavailable,
         true,
         {Create},
         "28092: the size of the machine is not available at the target"},
        {FaultKind::CreateFails, true, {Create}, "the machine could not be created"},
        {FaultKind::CreateSlow, true, {Create}, ""},
        {FaultKind::BootFails, true, {Start}, "170010: the machine does not boot"},
        {FaultKind::ShutDownFails, false, {ShutDown}, "the machine could not be shut down"},
        {FaultKind::AnswerLost, false, {Create, Start, ShutDown, Delete}, ""},
        {FaultKind::RegionOutage,
         true,
         {Create, Start, ShutDown, Delete},
         "the region does not answer"},
    };
    return rows;
}

const TroubleRow* trouble_of(FaultKind kind) {
    for (const TroubleRow& row : trouble_rows()) {
        if (row.kind == kind) return &row;
    }
    return nullptr;
}

}  // namespace

struct Injector::Row {
    FaultKind kind;
    bool (Injector::*begin)(std::size_t);
    bool (Injector::*end)(std::size_t);
};

const Injector::Row& Injector::row_of(FaultKind kind) {
    using enum FaultKind;
    using I = Injector;
    // Capacity of links and more writes follow the list of faults by themselves (link_faults.hpp,
    // guest_faults.hpp).
    static constexpr std::array<Row, kFaultKinds> kRows = {{
        {LinkOutage, &I::nothing, &I::nothing},
        {OneWayOutage, &I::nothing, &I::nothing},
        {BandwidthDrop, &I::nothing, &I::nothing},
        {LatencySpike, &I::nothing, &I::nothing},
        {Clog, &I::nothing, &I::nothing},
        {ConnectionReset, &I::break_connections, &I::nothing},
        {CircuitFlap, &I::nothing, &I::nothing},
        {ProcessServerCrash, &I::stop_servers, &I::start_servers},
        {ProcessServerCacheLoss, &I::lose_caches, &I::start_servers},
        {ProcessServerStall, &I::nothing, &I::nothing},
        {SlowProcessServer, &I::nothing, &I::nothing},
        {DataPortBlocked, &I::block_ports, &I::open_ports},
        {AgentStopped, &I::stop_agent, &I::start_agent},
        {AppConsistencyFails, &I::break_app_consistency, &I::mend_app_consistency},
        {OrchestratorOutage, &I::take_orchestrator, &I::give_orchestrator},
        {ReplicaCrash, &I::crash_replica, &I::nothing},
        {MasterTargetOutage, &I::stop_master_target, &I::start_master_target},
        {CertificateExpired, &I::expire_certificate, &I::renew_certificate},
        {DiskReplaced, &I::replace_disk, &I::nothing},
        {DiskResized, &I::resize_disk, &I::nothing},
        {ReplicaRot, &I::rot_replica, &I::nothing},
        {CacheFull, &I::fill_caches, &I::free_caches},
        {StorageAccountThrottled, &I::nothing, &I::nothing},
        {StorageAccountUnavailable, &I::stop_uploads, &I::start_uploads},
        {SlowTargetDisk, &I::slow_disks, &I::restore_disks},
        {WriteBurst, &I::nothing, &I::nothing},
        {HotSpot, &I::nothing, &I::nothing},
        {GuestReboot, &I::stop_guest, &I::start_guest},
        {GuestOff, &I::stop_guest, &I::start_guest},
        {PowerLoss, &I::cut_power, &I::restore_power},
        {QuotaWithdrawn, &I::begin_trouble, &I::end_trouble},
        {SizeUnavailable, &I::begin_trouble, &I::end_trouble},
        {CreateFails, &I::begin_trouble, &I::end_trouble},
        {CreateSlow, &I::begin_trouble, &I::end_trouble},
        {BootFails, &I::begin_trouble, &I::end_trouble},
        {ShutDownFails, &I::begin_trouble, &I::end_trouble},
        {AnswerLost, &I::begin_trouble, &I::end_trouble},
        {HostOutage, &I::begin_place_outage, &I::end_place_outage},
        {SiteOutage, &I::begin_place_outage, &I::end_place_outage},
        {RegionOutage, &I::begin_place_outage, &I::end_place_outage},
        {Operator, &I::nothing, &I::nothing},  // a step of the timeline asks (load.cpp)
    }};
    const Row& row = kRows[static_cast<std::size_t>(kind)];
    LANDFALL_CHECK(row.kind == kind, "every kind has its injector");
    return row;
}

Injector::Injector(const scenario::Scenario& scenario, const world::Assembly& parts,
                   WorldEvents& events, Observer& record, std::uint64_t seed)
    : scenario_(scenario),
      events_(events),
      record_(record),
      seed_(seed),
      effective_(scenario.faults.size()),
      off_(scenario.faults.size()),
      silent_(scenario.faults.size()) {
    for (const scenario::Fault& fault : scenario.faults) {
        struck_.push_back(struck_by(scenario, parts, fault));
    }
}

void Injector::look_up(std::size_t fault) {
    const Stage& stage = events_.stage();
    add_users(struck_[fault], stage.estate,
              [&](MachineId leg) { return stage.logic.engine().server_of(leg); });
}

bool Injector::begin(std::size_t fault) {
    const scenario::Fault& facts = this->facts(fault);
    const std::string name = facts.target.empty() ? "Site Recovery" : facts.target;
    record_.noted("fault_begins", name, faults::row_of(facts.kind).name);
    effective_[fault] = (this->*row_of(facts.kind).begin)(fault);
    if (!effective_[fault]) {
        record_.noted("fault_without_effect", name, faults::row_of(facts.kind).name);
    }
    return effective_[fault];
}

void Injector::end(std::size_t fault) {
    if (!effective_[fault]) return;
    effective_[fault] = false;
    const scenario::Fault& facts = this->facts(fault);
    const std::string name = facts.target.empty() ? "Site Recovery" : facts.target;
    record_.noted("fault_ends", name, faults::row_of(facts.kind).name);
    (this->*row_of(facts.kind).end)(fault);
}

/// A stream of its own: what another fault draws is no concern of this one.
Draw Injector::draw_of(std::size_t fault) const {
    const scenario::Fault& facts = this->facts(fault);
    const std::string which = std::string(faults::row_of(facts.kind).name) + '@' +
                              std::to_string(facts.at.since_start().count());
    auto stream = std::make_shared<kernel::RandomStream>(seed_, facts.target, which);
    return [stream](std::uint64_t bound) { return stream->below(bound); };
}

bool Injector::nothing(std::size_t) {
    return true;
}

// --- Connections and servers

bool Injector::break_connections(std::size_t fault) {
    for (const ChannelId channel : struck_[fault].channels) {
        events_.stage().world.break_connection(channel);
    }
    return true;
}

void Injector::set_down(const Struck& struck, bool down) {
    for (const ChannelId channel : struck.channels) {
        events_.stage().world.set_down(channel, down);
    }
}

bool Injector::stop_servers(std::size_t fault) {
    set_down(struck_[fault], true);
    for (const ProcessServerId server : struck_[fault].servers) {
        events_.troubles().servers[server.value].begin(events_.stage().world.now());
    }
    return true;
}

bool Injector::start_servers(std::size_t fault) {
    set_down(struck_[fault], false);
    for (const ProcessServerId server : struck_[fault].servers) {
        events_.troubles().servers[server.value].end();
    }
    return true;
}

bool Injector::lose_caches(std::size_t fault) {
    stop_servers(fault);
    for (const ProcessServerId server : struck_[fault].servers) {
        events_.stage().logic.cache_lost(server);
    }
    return true;
}

bool Injector::block_ports(std::size_t fault) {
    set_down(struck_[fault], true);
    for (const ProcessServerId server : struck_[fault].servers) {
        events_.troubles().ports[server.value].begin(events_.stage().world.now());
    }
    return true;
}

bool Injector::open_ports(std::size_t fault) {
    set_down(struck_[fault], false);
    for (const ProcessServerId server : struck_[fault].servers) {
        events_.troubles().ports[server.value].end();
    }
    return true;
}

bool Injector::stop_uploads(std::size_t fault) {
    set_down(struck_[fault], true);
    for (const ProcessServerId server : struck_[fault].servers) {
        events_.troubles().uploads[server.value].begin(events_.stage().world.now());
    }
    return true;
}

bool Injector::start_uploads(std::size_t fault) {
    set_down(struck_[fault], false);
    for (const ProcessServerId server : struck_[fault].servers) {
        events_.troubles().uploads[server.value].end();
    }
    return true;
}

bool Injector::stop_master_target(std::size_t fault) {
    set_down(struck_[fault], true);
    for (const ProcessServerId server : struck_[fault].servers) {
        events_.troubles().master_targets[server.value].begin(events_.stage().world.now());
    }
    return true;
}

bool Injector::start_master_target(std::size_t fault) {
    set_down(struck_[fault], false);
    for (const ProcessServerId server : struck_[fault].servers) {
        events_.troubles().master_targets[server.value].end();
    }
    return true;
}

bool Injector::fill_caches(std::size_t fault) {
    for (const ProcessServerId server : struck_[fault].servers) {
        events_.stage().logic.cache_filled(server, true);
    }
    return true;
}

bool Injector::free_caches(std::size_t fault) {
    for (const ProcessServerId server : struck_[fault].servers) {
        events_.stage().logic.cache_filled(server, false);
    }
    return true;
}

// --- The service

bool Injector::take_orchestrator(std::size_t) {
    events_.orchestrator_leaves();
    return true;
}

bool Injector::give_orchestrator(std::size_t) {
    events_.orchestrator_returns();
    return true;
}

/// SR/vmware-azure-manage-configuration-server.md: replication and failover are off.
bool Injector::expire_certificate(std::size_t fault) {
    set_down(struck_[fault], true);
    events_.orchestrator_leaves();
    events_.troubles().certificates[struck_[fault].configuration_server].begin(
        events_.stage().world.now());
    return true;
}

bool Injector::renew_certificate(std::size_t fault) {
    set_down(struck_[fault], false);
    events_.troubles().certificates[struck_[fault].configuration_server].end();
    events_.orchestrator_returns();
    return true;
}

// --- Machines

bool Injector::stop_agent(std::size_t fault) {
    for (const MachineId item : struck_[fault].losing_power) {
        const MachineId leg = events_.running_leg(item);
        silent_[fault].push_back(leg);
        events_.agent_stops(leg);
    }
    return true;
}

bool Injector::start_agent(std::size_t fault) {
    for (const MachineId leg : silent_[fault]) events_.agent_starts(leg);
    silent_[fault].clear();
    return true;
}

bool Injector::break_app_consistency(std::size_t fault) {
    for (const MachineId item : struck_[fault].losing_power) {
        silent_[fault].push_back(events_.running_leg(item));
        events_.stage().logic.app_consistency(silent_[fault].back(), false);
    }
    return true;
}

bool Injector::mend_app_consistency(std::size_t fault) {
    for (const MachineId leg : silent_[fault]) events_.stage().logic.app_consistency(leg, true);
    silent_[fault].clear();
    return true;
}

bool Injector::crash_replica(std::size_t fault) {
    for (const MachineId item : struck_[fault].losing_power) {
        events_.replica_crashes(events_.running_leg(item), draw_of(fault));
    }
    return true;
}

bool Injector::rot_replica(std::size_t fault) {
    bool any = false;
    for (const MachineId item : struck_[fault].losing_power) {
        any |= events_.replica_rots(events_.running_leg(item), facts(fault).position);
    }
    return any;
}

bool Injector::stop_guest(std::size_t fault) {
    for (const MachineId item : struck_[fault].losing_power) {
        if (events_.guest_stops(item)) off_[fault].push_back(item);
    }
    return !off_[fault].empty();
}

bool Injector::start_guest(std::size_t fault) {
    for (const MachineId item : off_[fault]) events_.guest_starts(item);
    off_[fault].clear();
    return true;
}

bool Injector::cut_power(std::size_t fault) {
    for (const MachineId item : struck_[fault].losing_power) {
        if (!events_.power_fails(item, draw_of(fault))) continue;
        if (facts(fault).lasts)
            off_[fault].push_back(item);
        else
            events_.power_returns(item);
    }
    return !off_[fault].empty() || !facts(fault).lasts;
}

bool Injector::restore_power(std::size_t fault) {
    for (const MachineId item : off_[fault]) events_.power_returns(item);
    off_[fault].clear();
    return true;
}

// --- Disks

bool Injector::replace_disk(std::size_t fault) {
    for (const DiskId disk : struck_[fault].disks) events_.disk_replaced(disk);
    return true;
}

bool Injector::resize_disk(std::size_t fault) {
    for (const DiskId disk : struck_[fault].disks) events_.disk_resized(disk, facts(fault).size);
    return true;
}

bool Injector::slow_disks(std::size_t fault) {
    for (const DiskId disk : struck_[fault].disks) {
        const BytesPerSecond usual = events_.stage().estate.disk(disk).log_apply_rate;
        const double slow = static_cast<double>(usual.count()) * facts(fault).factor;
        events_.stage().logic.apply_logs_at(
            disk, BytesPerSecond(std::max<std::int64_t>(1, static_cast<std::int64_t>(slow))));
    }
    return true;
}

bool Injector::restore_disks(std::size_t fault) {
    for (const DiskId disk : struck_[fault].disks) {
        events_.stage().logic.apply_logs_at(disk, events_.stage().estate.disk(disk).log_apply_rate);
    }
    return true;
}

// --- Requests, and places

bool Injector::begin_trouble(std::size_t fault) {
    const TroubleRow* row = trouble_of(facts(fault).kind);
    LANDFALL_CHECK(row != nullptr, "a fault of requests says which");
    world::RequestTrouble trouble;
    trouble.number = static_cast<std::uint32_t>(fault);
    trouble.machines = struck_[fault].items;
    trouble.at_target_only = row->at_target_only;
    trouble.actions = row->actions;
    trouble.cause = row->cause;
    if (facts(fault).kind == FaultKind::CreateSlow) trouble.slower = facts(fault).delay;
    if (facts(fault).kind == FaultKind::AnswerLost) trouble.answered_later = facts(fault).delay;
    events_.stage().world.add_trouble(trouble);
    return true;
}

bool Injector::end_trouble(std::size_t fault) {
    events_.stage().world.end_trouble(static_cast<std::uint32_t>(fault));
    return true;
}

bool Injector::begin_place_outage(std::size_t fault) {
    if (facts(fault).kind == FaultKind::RegionOutage) {
        stop_uploads(fault);
        begin_trouble(fault);
    } else {
        stop_servers(fault);
    }
    cut_power(fault);
    return true;
}

bool Injector::end_place_outage(std::size_t fault) {
    restore_power(fault);
    if (facts(fault).kind == FaultKind::RegionOutage) {
        end_trouble(fault);
        start_uploads(fault);
    } else {
        start_servers(fault);
    }
    return true;
}

}  // namespace landfall::faults
