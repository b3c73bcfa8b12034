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

#include "model/base/failover_kind.hpp"
#include "model/base/units.hpp"
#include "model/economics/price_book.hpp"
#include "model/estate/machine_facts.hpp"
#include "model/estate/target.hpp"
#include "model/profile/service_profile.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/recovery_plans.hpp"

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

/// When a server registers with the vault, and how old its key is then.
struct ServerRegistration {
    std::optional<Instant> at;             ///< absent: before the run
    std::optional<Instant> key_generated;  ///< absent: just before
};

struct Host {
    std::string name;
    BytesPerSecond nic;
    std::vector<Throttle> throttles;             ///< of all that its machines' replication sends
    std::optional<std::int64_t> upload_threads;  ///< per machine, 4 to 32; absent: the profile's
    std::optional<std::string> version;          ///< of Windows Server
    ServerRegistration registration;
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
    bool high_churn = false;                ///< premium block blobs: higher churn ceilings
};

struct Region {
    std::string name;
    std::vector<StorageAccount> storage_accounts;
    std::optional<std::int64_t> quota_cores;
    std::vector<FamilyQuota> quota_families;
    std::optional<std::int64_t> quota_nics;
    std::vector<TargetNetwork> networks;
};

/// The machine of a second datacenter that applies what a process server sends on, and keeps it.
struct MasterTarget {
    std::string name;
    std::string site;
    BytesPerSecond apply_rate;  ///< what it can write to the replica disks, all together
};

/// A WAN link between two nodes: sites, regions or routers. Each direction has the full bandwidth.
struct Link {
    std::string name;
    std::string from;
    std::string to;
    BytesPerSecond bandwidth;
    Duration latency;                                ///< one way
    std::optional<Bytes> tcp_window = std::nullopt;  ///< per stream; absent: the profile's
    std::vector<Throttle> throttles = {};
    std::vector<Outage> outages = {};
};

/// It sends on to one of two: a cache storage account, or a master target.
struct ProcessServer {
    std::string name;
    std::string site;  ///< or, of one with a master target (failback), a region
    std::optional<std::string> host;
    std::optional<std::string> storage_account;  ///< the cache storage account it uploads to
    std::optional<std::string> master_target;
    std::int64_t cores = 8;
    Bytes cache;
    BytesPerSecond cache_rate;       ///< what the cache disk can write
    double compression_ratio = 1.0;  ///< LAN bytes / WAN bytes
};

struct ConfigurationServer {
    std::string name;
    std::string site;
    ServerRegistration registration;
};

struct VmmServer {
    std::string name;
    std::string site;
    std::vector<std::string> clouds;
    ServerRegistration registration;
};

struct NetworkMapping {
    std::string fabric;  ///< a VMM server or a region
    std::string from;
    std::string to;
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
    Duration replication_interval;                      ///< Hyper-V: 30 s, 5 min or 15 min
    std::optional<Duration> initial_replication_start;  ///< Hyper-V: after midnight
};

/// Machines that get their recovery points at one and the same moment.
struct ConsistencyGroup {
    std::string name;
    Duration hold;     ///< how long writes may be held for a common point
    Duration latency;  ///< of a message between two members, one way
};

// --- Workloads: how many bytes a guest writes (volume fidelity), or which (block fidelity)

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

enum class WritePattern { Uniform, Zipf, HotCold, Sequential, BackupFlood, FullRewrite };

/// Single writes, drawn. Goes with both fidelities: at volume fidelity its expected rate counts.
struct BlockChurn {
    WritePattern pattern = WritePattern::Uniform;
    double writes_per_second = 0;
    Bytes write_size;
    double zipf_alpha = 0.99;           ///< Zipf only
    double hot_share = 0.1;             ///< HotCold only: of the working set, the hot part
    double hot_writes = 0.9;            ///< HotCold only: of the writes, those that fall on it
    double trim_share = 0;              ///< of the writes, those that are trims
    std::optional<Bytes> working_set;   ///< from the disk's start; absent: all of the disk
    std::optional<DailyWindow> window;  ///< BackupFlood only, always there: it writes within
    std::optional<Duration> period;     ///< FullRewrite only, always there: a pass starts every
    bool evenly_spaced = false;         ///< false: a Poisson process
};

enum class BlockTraceFormat { Vscsi, VscsiCsv, MsrCsv, AlibabaCsv, Blktrace };

/// Single writes, recorded. Goes with both fidelities: at volume fidelity their bytes are summed.
struct BlockTraceChurn {
    std::string file;  ///< absolute after loading; "{index}" and "{name}" are replaced per machine
    BlockTraceFormat format = BlockTraceFormat::Vscsi;
    std::optional<std::string> device;  ///< the one to replay; absent: the only one of the file
    bool repeat = false;
};

using Churn =
    std::variant<NoChurn, ConstantChurn, DiurnalChurn, TraceChurn, BlockChurn, BlockTraceChurn>;

/// A point of a measured fold curve: of `written` bytes in a row, `distinct` are left when each
/// place counts once.
struct FoldPoint {
    Bytes written;
    Bytes distinct;
};

struct Disk {
    std::string name;
    Bytes size;
    Bytes used;
    std::string target_type;              ///< "standard_hdd", "standard_ssd" or "premium_ssd"
    std::optional<Churn> churn;           ///< own churn; absent: a share of the machine's
    double churn_share = 1.0;             ///< weight among the machine's disks without own churn
    std::optional<Bytes> working_set;     ///< bytes that random writes fall on, for coalescing
    Bytes write_size = Bytes(32 * 1024);  ///< of an average write: churn limits go by it
    std::vector<FoldPoint> fold;  ///< measured, rising; instead of working_set; may be empty
    DiskFacts facts;              ///< without the size
    bool replicate = true;        ///< false: left out when replication is enabled
};

enum class InitialState { Unprotected, Protected };

/// The engine that replicates a machine.
enum class Replication {
    InMageToAzure,
    HyperVToAzure,
    AzureToAzure,
    HyperVToSecondary,
    ScoutToSecondary,
    Failback,
};

/// Whether a delta is a number of bytes, or extents with write stamps.
enum class Fidelity { Volume, Block };

/// How the first copy travels.
enum class InitialCopy { Network, Offline };

enum class FailbackMethod { Bitmaps, Checksum, FullDownload };
enum class FailbackLocation { Original, Alternate };

/// What happened to a machine before the run, which brings it back from Azure.
struct FailedOver {
    Bytes unreplicated;      ///< written on-premises after the cut: Azure never saw it
    Bytes written_in_azure;  ///< since the failover
    FailbackMethod method = FailbackMethod::Checksum;
    FailbackLocation location = FailbackLocation::Original;
};

/// `count` machines alike. The first disk is the OS disk.
struct MachineGroup {
    std::string name;
    std::int64_t count = 1;
    std::string site;                           ///< a region for AzureToAzure and Failback
    std::optional<std::string> host;            ///< always there with Hyper-V
    std::optional<std::string> process_server;  ///< always there with InMage, Scout and Failback
    std::string policy;
    std::string os;    ///< "windows" or "linux"
    std::string kind;  ///< "vmware", "physical", "hyper-v", "azure" or "aws"
    Replication replication = Replication::InMageToAzure;
    Fidelity fidelity = Fidelity::Volume;
    Bytes sector_size = Bytes(4096);             ///< block fidelity: 512 or 4096
    std::optional<std::string> storage_account;  ///< HyperVToAzure, AzureToAzure: always there
    std::optional<std::string> target_site;      ///< HyperVToSecondary: always there
    std::optional<std::string> target_region;    ///< AzureToAzure: always there
    bool zone_to_zone = false;                   ///< AzureToAzure within one region
    InitialCopy initial_copy = InitialCopy::Network;
    std::optional<Duration> offline_takes;  ///< always there with InitialCopy::Offline
    std::optional<std::string> consistency_group;
    std::optional<FailedOver> failed_over;  ///< Failback: always there
    std::vector<Disk> disks;
    Churn churn;
    InitialState initial_state = InitialState::Unprotected;
    bool hydration_drivers_ready = true;  ///< boot-start drivers and DHCP present in the guest
    std::optional<std::string> cloud;     ///< of a VMM server
    std::optional<Instant> appears_at;    ///< absent: before the run
    MachineFacts facts;                   ///< without name, system and disks; generation 0: unsaid
    std::optional<std::string> network;   ///< its own
    TargetSettings target;                ///< as stated: without region, and without its own facts
};

// --- Timeline

enum class Operation {
    EnableReplication,
    DisableReplication,
    RemoveReplication,
    TestFailover,
    CleanupTestFailover,
    PlannedFailover,
    Failover,
    ChangeRecoveryPoint,
    Commit,
    CancelFailover,
    Reprotect,
    Failback,
    CompleteFailback,
    Resynchronize,
    CompleteMigration,
    AddDisk,
    RemoveDisk,
    SwitchProcessServer,
    PauseReplication,
    ResumeReplication,
    // What is done to the latest job of a machine:
    RestartJob,
    ResumeJob,
    CancelJob,
    // What is done to the vault as a whole:
    DeleteVault,
    // Events of the world, not operations:
    PowerOff,            ///< the source machine loses power, and starts again
    PowerOn,             ///< somebody at the console switches a machine on
    ResizeDisk,          ///< a disk of the source grows
    ReplaceDisk,         ///< a disk of the source is swapped for an empty one of its size
    RestartTarget,       ///< the replica side crashes and recovers; block fidelity
    OrchestratorOutage,  ///< what carries out the jobs is away for a while
    DamageTransfer,      ///< a bit of the next changes flips on the wire; block fidelity
};

/// Whether it is one of Site Recovery's, and not about a job or an event of the world.
constexpr bool is_of_item(Operation operation) {
    return operation < Operation::RestartJob;
}

/// Which machine of an item.
enum class Side { Primary, Recovery };

enum class MachineState {
    Protected,
    TestFailedOver,  ///< the test machine waits for its user
    TestCleanedUp,
    FailedOver,
    Committed,
    Reprotected,  ///< protected again, in the other direction
    FailedBack,   ///< runs where it came from
    Migrated,
};

/// What the latest job of a recovery plan has come to. The first six: it was such an operation, and
/// succeeded, if only in part.
enum class PlanState {
    TestFailedOver,
    TestCleanedUp,
    FailedOver,
    Committed,
    Reprotected,
    FailedBack,
    Suspended,  ///< it waits for its user
    Failed,     ///< something did, whatever the operation
    Cancelled,
};

/// The recovery point that a failover uses.
enum class PointChoice { Latest, LatestProcessed, LatestAppConsistent, Custom };

/// Whether an operation of the timeline is to be refused. Either: what the service says is right,
/// as with an operator who tries things out of order.
enum class Refused { No, Yes, Either };

/// Fires when machines reach a state: each on its own, or all once the last one has.
struct StateCondition {
    MachineState state = MachineState::Protected;
    bool all = false;
    std::optional<std::string> plan;  ///< then it is about a recovery plan, and `plan_state` counts
    PlanState plan_state = PlanState::FailedOver;
};

struct TimelineEntry {
    std::optional<Instant> at;  ///< exactly one of `at` and `when`
    std::optional<StateCondition> when;
    Duration delay;  ///< added to `when`
    Operation operation = Operation::EnableReplication;
    std::vector<std::string> machines;  ///< names or patterns with * and ?; empty: all
    std::optional<std::string> plan;    ///< instead of machines: a recovery plan as a whole
    // Options: only where the operation has them.
    bool shut_down_source = true;
    PointChoice recovery_point = PointChoice::Latest;
    Instant recovery_point_time;  ///< Custom: the newest that is not later
    bool full_download = false;
    bool alternate_location = false;
    std::optional<std::string> test_network;
    std::optional<std::string> disk;            ///< a name; always there where a disk is needed
    std::optional<Bytes> size;                  ///< ResizeDisk: always there
    std::optional<std::string> process_server;  ///< SwitchProcessServer: always there
    std::optional<std::string> comments;
    std::optional<Duration> lasts;  ///< OrchestratorOutage: always there
    std::optional<Side> side;       ///< PowerOn: which machine; none: the active one
    Refused refused = Refused::No;  ///< whether it is expected that Site Recovery refuses it
    FailoverDirection direction = FailoverDirection::PrimaryToRecovery;  ///< of a plan's failover
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

/// What the run is billed by.
struct Billing {
    PriceBook book;             ///< with the scenario's overrides applied
    Duration protected_before;  ///< of the machines that begin protected, until the run
};

struct Scenario {
    std::string name;
    std::string description;
    std::optional<Duration> duration;  ///< absent: until the timeline is done
    ServiceProfile profile;            ///< with the scenario's overrides applied
    Billing billing;
    Network network;
    Detail detail;
    std::vector<Site> sites;
    std::vector<Region> regions;
    std::vector<std::string> routers;
    std::vector<Link> links;
    Vault vault;
    std::vector<ConfigurationServer> configuration_servers;
    std::vector<VmmServer> vmm_servers;
    std::vector<NetworkMapping> network_mappings;
    std::vector<ProcessServer> process_servers;
    std::vector<MasterTarget> master_targets;
    std::vector<Policy> policies;
    std::vector<ConsistencyGroup> consistency_groups;
    bool oracles = true;  ///< block fidelity: judge every recovery point while running
    std::vector<MachineGroup> machines;
    /// Machines get a leg that takes them home: the timeline, or whoever steers, may use it.
    bool ways_back = false;
    std::vector<Runbook> runbooks;
    std::vector<RecoveryPlan> recovery_plans;
    std::vector<TimelineEntry> timeline;
    std::vector<Fault> faults;
    /// From here on all has to come right again; absent: from the end of the last fault.
    std::optional<Duration> liveness_after;
    std::vector<Expectation> expect;
};

}  // namespace landfall::scenario
