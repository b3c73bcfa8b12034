// sim/scenario/scenario.hpp — a scenario file, typed: what the user wrote, in canonical units.
//
// The Python models (bindings/landfall/scenario.py) are the source of the format and of its JSON
// Schema; this is the same shape after units were normalised (bytes, seconds, bits per second
// become Bytes, Duration, BytesPerSecond). Names are still names here; sim/scenario/check.hpp
// resolves them and reports what does not fit together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/base/units.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall::scenario {

/// A window that repeats every day, from `from` to `to` after midnight; `to` <= `from` wraps round.
/// Simulated time 0 is midnight.
struct DailyWindow {
    Duration from;
    Duration to;
};

struct Throttle {
    DailyWindow window;
    BytesPerSecond bandwidth;  ///< capacity inside the window
};

struct Outage {
    Instant at;
    Duration lasts;
};

struct Host {
    std::string name;
    BytesPerSecond nic;
};

struct Site {
    std::string name;
    BytesPerSecond lan_bandwidth;
    Duration lan_latency;
    std::vector<Host> hosts;
};

struct StorageAccount {
    std::string name;
    std::optional<BytesPerSecond> ingress;  ///< absent: the profile's
};

struct Region {
    std::string name;
    std::vector<StorageAccount> storage_accounts;
};

/// A WAN link between two nodes: sites, regions or routers. Each direction has the full bandwidth.
struct Link {
    std::string name;
    std::string from;
    std::string to;
    BytesPerSecond bandwidth;
    Duration latency;                 ///< one way
    std::optional<Bytes> tcp_window;  ///< per stream; absent: the profile's
    std::vector<Throttle> throttles;
    std::vector<Outage> outages;
};

struct ProcessServer {
    std::string name;
    std::string site;
    std::optional<std::string> host;
    std::string storage_account;  ///< the cache storage account it uploads to
    std::int64_t cores = 8;
    Bytes cache;
    BytesPerSecond cache_rate;       ///< what the cache disk can write
    double compression_ratio = 1.0;  ///< LAN bytes / WAN bytes
};

struct ConfigurationServer {
    std::string name;
    std::string site;
};

struct Vault {
    std::string name;
    std::string region;
};

struct Policy {
    std::string name;
    Duration retention;
    std::optional<Duration> app_consistent_every;
    std::optional<Duration> rpo_threshold;
};

// --- Workloads: how many bytes a guest writes, at volume fidelity

struct NoChurn {};

struct ConstantChurn {
    BytesPerSecond rate;
};

struct BackupWindow {
    DailyWindow window;
    BytesPerSecond rate;  ///< on top of the rest
};

/// mean * (1 + amplitude * cos(2 pi (t - peak_at) / 1 day)) * noise, plus backups.
struct DiurnalChurn {
    BytesPerSecond mean;
    double amplitude = 0.0;  ///< 0..1
    Duration peak_at;        ///< after midnight
    double noise = 0.0;      ///< sigma of a log-normal factor of mean 1, drawn per step
    Duration step;
    std::vector<BackupWindow> backups;
};

struct TraceChurn {
    std::string file;     ///< absolute after loading; plain or gzip CSV
    std::string column;   ///< "{index}" and "{name}" are replaced per machine
    BytesPerSecond unit;  ///< one unit of the column, e.g. 1024 for KiB/s
    Duration step;        ///< time between rows
    char separator = ',';
    double scale = 1.0;
    bool repeat = false;  ///< start over at the end; else a short trace is an error
};

using Churn = std::variant<NoChurn, ConstantChurn, DiurnalChurn, TraceChurn>;

struct Disk {
    std::string name;
    Bytes size;
    Bytes used;
    std::string target_type;           ///< "standard_hdd", "standard_ssd" or "premium_ssd"
    std::optional<Churn> churn;        ///< own churn; absent: a share of the machine's
    double churn_share = 1.0;          ///< weight among the machine's disks without own churn
    std::optional<Bytes> working_set;  ///< bytes that random writes fall on, for coalescing
};

enum class InitialState { Unprotected, Protected };

/// `count` machines alike. The first disk is the OS disk.
struct MachineGroup {
    std::string name;
    std::int64_t count = 1;
    std::string site;
    std::optional<std::string> host;
    std::string process_server;
    std::string policy;
    std::string os;    ///< "windows" or "linux"
    std::string kind;  ///< "vmware" or "physical"
    std::vector<Disk> disks;
    Churn churn;
    InitialState initial_state = InitialState::Unprotected;
    bool hydration_drivers_ready = true;  ///< boot-start drivers and DHCP present in the guest
};

// --- Timeline

enum class Operation {
    EnableReplication,
    Failover,
    Commit,
    CompleteMigration,
    DisableReplication,
    Resynchronize,
    PowerOff,  ///< the source machine loses power: an event of the world, not an operation
};

enum class MachineState { Protected, FailedOver, Committed, Migrated };

/// Fires when machines reach a state: each on its own, or all once the last one has.
struct StateCondition {
    MachineState state = MachineState::Protected;
    bool all = false;
};

struct TimelineEntry {
    std::optional<Instant> at;  ///< exactly one of `at` and `when`
    std::optional<StateCondition> when;
    Duration delay;  ///< added to `when`
    Operation operation = Operation::EnableReplication;
    std::vector<std::string> machines;  ///< names or patterns with * and ?; empty: all
    bool shut_down_source = true;       ///< failover only
    bool latest_processed = false;      ///< failover only; false: Latest
};

// --- Expectations

struct Expectation {
    std::string metric;                 ///< a numeric column of `machines`, a total, or "state"
    std::vector<std::string> machines;  ///< empty: all; judged on every one of them
    bool total = false;                 ///< judge the fleet's total instead
    std::optional<double> at_most;
    std::optional<double> at_least;
    std::optional<double> equals;
    std::optional<std::string> equals_text;  ///< for "state"
};

struct Network {
    double bandwidth_factor = 0.965;  ///< payload share of a link's rate
};

/// How finely time is cut and how much is recorded.
struct Detail {
    Duration capture_step;  ///< how often a machine's changes leave for the process server
    std::int64_t capture_phases = 5;  ///< machines are spread over this many phases of the step
    bool rpo_steps = true;            ///< record every step of every machine's RPO
    Duration sample_every;            ///< spacing of the `fleet` and `backlog` tables
};

struct Scenario {
    std::string name;
    std::string description;
    std::optional<Duration> duration;  ///< absent: until the timeline is done
    ServiceProfile profile;            ///< with the scenario's overrides applied
    Network network;
    Detail detail;
    std::vector<Site> sites;
    std::vector<Region> regions;
    std::vector<std::string> routers;
    std::vector<Link> links;
    Vault vault;
    std::vector<ConfigurationServer> configuration_servers;
    std::vector<ProcessServer> process_servers;
    std::vector<Policy> policies;
    std::vector<MachineGroup> machines;
    std::vector<TimelineEntry> timeline;
    std::vector<Expectation> expect;
};

}  // namespace landfall::scenario
