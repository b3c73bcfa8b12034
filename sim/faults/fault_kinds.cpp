// sim/faults/fault_kinds.cpp — the table.
#include "sim/faults/fault_kinds.hpp"

#include <array>

namespace landfall::faults {

namespace {

using enum FaultKind;
using enum FaultKey;
using Family = FaultFamily;
using Target = FaultTarget;
using Time = FaultTime;

// Copies, changes, markers, points: all that moves data.
constexpr PhaseClasses kData = {PhaseClass::InitialCopy,  PhaseClass::Journal, PhaseClass::Marker,
                                PhaseClass::Apply,        PhaseClass::Publish, PhaseClass::Prune,
                                PhaseClass::Disconnected, PhaseClass::Resync};
// Jobs that wait for data, or go on beside it.
constexpr PhaseClasses kJobs = {
    PhaseClass::Enabling,  PhaseClass::TestFailover,      PhaseClass::Failover,
    PhaseClass::Commit,    PhaseClass::Reprotect,         PhaseClass::Failback,
    PhaseClass::Disabling, PhaseClass::CompleteMigration, PhaseClass::RecoveryPlan};
constexpr Meaning kAny = {kData | kJobs | PhaseClasses{PhaseClass::Idle}, ""};
constexpr Meaning kPath = {kData | kJobs,
                           "an item that is not replicated uses nothing that the fault takes away"};
// Tasks that ask for machines.
constexpr Meaning kMachines = {
    PhaseClasses{PhaseClass::TestFailover, PhaseClass::Failover, PhaseClass::Reprotect,
                 PhaseClass::Failback, PhaseClass::Commit, PhaseClass::RecoveryPlan},
    "nothing there asks for a machine: a request that is not made cannot fail"};
// Of requests, those to delete a machine too.
constexpr Meaning kRequests = {kMachines.phases | PhaseClasses{PhaseClass::Disabling},
                               kMachines.elsewhere};
constexpr Meaning kAppPoints = {
    PhaseClasses{PhaseClass::Journal, PhaseClass::Publish},
    "application-consistent points are asked for while changes are kept in order, and only then"};

constexpr std::string_view kNothingKnown = "";
constexpr std::string_view kRpoRises = "RPO rises, then falls";
constexpr std::string_view kBySelf = "by itself when it ends";
constexpr std::string_view kResync = "resynchronization, automatic or asked for";
constexpr std::string_view kLab = "replication-and-test-lab part 3";
constexpr std::string_view kArchitecture = "SR/vmware-azure-architecture.md";

constexpr FaultKeys kNone = {};

constexpr FaultKindRow row(FaultKind kind, std::string_view name, Family family, Target target,
                           Time time, FaultKeys needed, FaultKeys optional, Envelope envelope,
                           Meaning means, std::string_view number, std::string_view meaning,
                           std::string_view code, std::string_view symptom,
                           std::string_view recovery, std::string_view source,
                           bool block_only = false) {
    return {kind,  name,   family,  target, time,    needed,   optional, envelope,
            means, number, meaning, code,   symptom, recovery, source,   block_only};
}

constexpr std::array<FaultKindRow, kFaultKinds> kRows = {
    row(LinkOutage, "link_outage", Family::Network, Target::Link, Time::Window, kNone, kNone,
        Envelope::Recover, kPath, "F7", "nothing gets over the link, in either direction", "78169",
        "the copy stands still; RPO rises 1 s per second, then drains", kBySelf,
        "vmware-physical-aws.md 9.1, 9.11; SR/vmware-azure-troubleshoot-replication.md"),
    row(OneWayOutage, "one_way_outage", Family::Network, Target::Link, Time::Window,
        FaultKeys{Direction}, kNone, Envelope::Recover, kPath, "F8",
        "nothing gets over the link in one direction", kNothingKnown, kRpoRises, kBySelf, kLab),
    row(BandwidthDrop, "bandwidth_drop", Family::Network, Target::Link, Time::Window,
        FaultKeys{Factor}, kNone, Envelope::Recover, kPath, "F2",
        "the link carries this part of what it should", kNothingKnown, kRpoRises, kBySelf, kLab),
    row(LatencySpike, "latency_spike", Family::Network, Target::Link, Time::Window,
        FaultKeys{Latency}, kNone, Envelope::Recover, kPath, "F1",
        "the link's latency rises by so much", kNothingKnown, kRpoRises, kBySelf, kLab),
    row(Clog, "clog", Family::Network, Target::Link, Time::Window, kNone, kNone, Envelope::Recover,
        kPath, "F10", "the link stands still, and no connection breaks", kNothingKnown, kRpoRises,
        kBySelf, kLab),
    row(ConnectionReset, "connection_reset", Family::Network, Target::Link, Time::Instant, kNone,
        kNone, Envelope::Recover, kPath, "F9", "every connection over the link breaks",
        kNothingKnown, "what was under way is sent again", "by itself", kLab),
    row(CircuitFlap, "circuit_flap", Family::Network, Target::Link, Time::Window,
        FaultKeys{Period, Down}, kNone, Envelope::Recover, kPath, "F17",
        "the link goes down at every period, for a while", kNothingKnown, kRpoRises, kBySelf, kLab),
    row(ProcessServerCrash, "process_server_crash", Family::Process, Target::ProcessServer,
        Time::Window, kNone, kNone, Envelope::Recover, kPath, "F18",
        "the server is down; its cache is there when it comes back", "806",
        "no heartbeat for 15 minutes; all its machines are stale", "start it, or move its machines",
        "vmware-physical-aws.md 9.4; SR/vmware-physical-azure-troubleshoot-process-server.md"),
    row(ProcessServerCacheLoss, "process_server_cache_loss", Family::Process, Target::ProcessServer,
        Time::Either, kNone, kNone, Envelope::Recover, kPath, "F18",
        "the server goes down and comes back with an empty cache", kNothingKnown,
        "its machines with data in the cache need a resynchronization", kResync, kArchitecture),
    row(ProcessServerStall, "process_server_stall", Family::Process, Target::ProcessServer,
        Time::Window, kNone, kNone, Envelope::Recover, kPath, "F20",
        "the server stands still, and no connection breaks", kNothingKnown, kRpoRises, kBySelf,
        kLab),
    row(SlowProcessServer, "slow_process_server", Family::Process, Target::ProcessServer,
        Time::Window, FaultKeys{Factor}, kNone, Envelope::Recover, kPath, "F21",
        "the server works at this part of its speed", kNothingKnown, kRpoRises, kBySelf, kLab),
    row(DataPortBlocked, "data_port_blocked", Family::Process, Target::ProcessServer, Time::Window,
        kNone, kNone, Envelope::Recover, kPath, "F13",
        "machines do not reach the data port (9443) of the server", "78186",
        "no recovery points of either type", "open the port or the route",
        "vmware-physical-aws.md 9.6; SR/vmware-physical-azure-troubleshoot-process-server.md"),
    row(AgentStopped, "agent_stopped", Family::Process, Target::Machine, Time::Window, kNone, kNone,
        Envelope::Recover, kPath, "F18",
        "the Mobility service does not run; the guest goes on writing", "78174",
        "no heartbeat; RPO rises", "start the service",
        "vmware-physical-aws.md 9.3; SR/vmware-azure-troubleshoot-replication.md"),
    row(AppConsistencyFails, "app_consistency_fails", Family::Process, Target::Machine,
        Time::Window, kNone, kNone, Envelope::Recover, kAppPoints, "",
        "VSS or the pre- and post-scripts of the guest fail", "78144",
        "no application-consistent points; crash-consistent ones go on", "repair VSS or the script",
        "vmware-physical-aws.md 9.17, 9.18; SR/vmware-azure-troubleshoot-replication.md"),
    row(OrchestratorOutage, "orchestrator_outage", Family::Process, Target::Service, Time::Window,
        kNone, kNone, Envelope::Recover, kAny, "F18",
        "whatever carries out jobs is away; replication goes on", kNothingKnown,
        "operations are refused, and jobs stand still", kBySelf, "vmware-physical-aws.md 9.29"),
    row(ReplicaCrash, "replica_crash", Family::Process, Target::Machine, Time::Instant, kNone,
        kNone, Envelope::Recover, kPath, "F18, F31, F38",
        "the replica's side loses power: what was not flushed is lost or torn", kNothingKnown,
        "it comes back with what it acknowledged", "by itself", kLab, true),
    row(MasterTargetOutage, "master_target_outage", Family::Process, Target::MasterTarget,
        Time::Window, kNone, kNone, Envelope::Recover, kPath, "F18", "the master target is down",
        "78022", "replication to it stands still; failback is blocked", "start it",
        "vmware-physical-aws.md 9.5; SR/vmware-azure-troubleshoot-failback-reprotect.md"),
    row(CertificateExpired, "certificate_expired", Family::Process, Target::ConfigurationServer,
        Time::Window, kNone, kNone, Envelope::Recover, kAny, "F13, F58",
        "the server's certificate has expired", kNothingKnown,
        "replication by the servers of its site, and every job, are off", "renew the certificate",
        "vmware-physical-aws.md 9.30; SR/vmware-azure-manage-configuration-server.md"),
    row(DiskReplaced, "disk_replaced", Family::Storage, Target::Machine, Time::Instant,
        FaultKeys{Disk}, kNone, Envelope::Recover, kPath, "F42",
        "an empty disk is in the place of a disk of the source", kNothingKnown,
        "a resynchronization is required", kResync, kLab),
    row(DiskResized, "disk_resized", Family::Storage, Target::Machine, Time::Instant,
        FaultKeys{Disk, Size}, kNone, Envelope::BoundedLoss, kPath, "F42",
        "a disk of the source grows", kNothingKnown,
        "a resynchronization is required, and the points of the old shape are deleted", kResync,
        "vmware-physical-aws.md 9.14; SR/vmware-azure-architecture.md"),
    row(ReplicaRot, "replica_rot", Family::Storage, Target::Machine, Time::Instant,
        FaultKeys{Position}, kNone, Envelope::Detect, kPath, "F34",
        "a bit of what the replica stores flips, and the replica is read anew", kNothingKnown,
        "points that it held are gone; a resynchronization is required", kResync, kLab, true),
    row(CacheFull, "cache_full", Family::Storage, Target::ProcessServer, Time::Window, kNone, kNone,
        Envelope::Recover, kPath, "F37", "something else fills the disk of the server's cache",
        kNothingKnown, "throttled: the RPO of all its machines rises", "free the disk",
        "vmware-physical-aws.md 9.8; SR/vmware-physical-azure-monitor-process-server.md"),
    row(StorageAccountThrottled, "storage_account_throttled", Family::Storage,
        Target::StorageAccount, Time::Window, FaultKeys{Factor}, kNone, Envelope::Recover, kPath,
        "F59", "the account takes in this part of what it should", kNothingKnown, kRpoRises,
        kBySelf, kLab),
    row(StorageAccountUnavailable, "storage_account_unavailable", Family::Storage,
        Target::StorageAccount, Time::Window, kNone, kNone, Envelope::Recover, kPath, "F59",
        "the account answers nobody", "78028", "uploads fail; no recovery points",
        "by itself; a resynchronization if it lasts too long",
        "vmware-physical-aws.md 9.7; SR/vmware-physical-azure-troubleshoot-process-server.md"),
    row(SlowTargetDisk, "slow_target_disk", Family::Storage, Target::Machine, Time::Window,
        FaultKeys{Factor}, FaultKeys{Disk}, Envelope::Recover, kPath, "F45",
        "logs go into the replica disks this much slower", kNothingKnown,
        "points are processed later", kBySelf, kLab),
    row(WriteBurst, "write_burst", Family::Guest, Target::Machine, Time::Window, FaultKeys{Rate},
        FaultKeys{Disk}, Envelope::Recover, kPath, "F46",
        "the guest writes so much more, all over its disks", "78188", "RPO rises",
        "by itself if it is a spike; else a higher tier or more bandwidth",
        "vmware-physical-aws.md 9.2; SR/vmware-azure-troubleshoot-replication.md"),
    row(HotSpot, "hot_spot", Family::Guest, Target::Machine, Time::Window,
        FaultKeys{Rate, WorkingSet}, FaultKeys{Disk}, Envelope::Recover, kPath, "F47",
        "the guest rewrites one place of a disk all the time", kNothingKnown,
        "RPO rises where rewrites are not folded", kBySelf, kLab, true),
    row(GuestReboot, "guest_reboot", Family::Guest, Target::Machine, Time::Window, kNone, kNone,
        Envelope::Recover, kPath, "F53", "the guest shuts down cleanly and starts again",
        kNothingKnown, "RPO rises meanwhile", kBySelf, kLab),
    row(GuestOff, "guest_off", Family::Guest, Target::Machine, Time::Window, kNone, kNone,
        Envelope::Recover, kPath, "F53", "the machine is shut down, for long", "78174",
        "no data: RPO rises, health is critical", "power it on",
        "vmware-physical-aws.md 9.19 (issue #68343)"),
    row(PowerLoss, "power_loss", Family::Guest, Target::Machine, Time::Either, kNone, kNone,
        Envelope::Recover, kPath, "F43, F53", "the machine loses its power", kNothingKnown,
        "a resynchronization is required at the next boot", kResync,
        "vmware-physical-aws.md 9.13; SR/vmware-azure-architecture.md"),
    row(QuotaWithdrawn, "quota_withdrawn", Family::Cloud, Target::Region, Time::Window, kNone,
        kNone, Envelope::Recover, kMachines, "F56", "the region has no cores left for new machines",
        "28031", "failovers fail", "raise the quota, then restart the job",
        "vmware-physical-aws.md 9.33; SR/site-recovery-failover-to-azure-troubleshoot.md"),
    row(SizeUnavailable, "size_unavailable", Family::Cloud, Target::Region, Time::Window, kNone,
        kNone, Envelope::Recover, kMachines, "F56", "the region has no machine of that size",
        "28092", "failovers fail", "choose another size, then restart the job",
        "vmware-physical-aws.md 9.33; SR/site-recovery-failover-to-azure-troubleshoot.md"),
    row(CreateFails, "create_fails", Family::Cloud, Target::Machine, Time::Window, kNone, kNone,
        Envelope::Recover, kMachines, "F60", "the machine cannot be created at the target",
        kNothingKnown, "the job fails", "restart the job", kLab),
    row(CreateSlow, "create_slow", Family::Cloud, Target::Machine, Time::Window, FaultKeys{Delay},
        kNone, Envelope::Recover, kMachines, "F60", "creating the machine takes so much longer",
        kNothingKnown, "the job takes longer", "by itself", kLab),
    row(BootFails, "boot_fails", Family::Cloud, Target::Machine, Time::Window, kNone, kNone,
        Envelope::Recover, kMachines, "F60", "the machine at the target does not boot", "170010",
        "hydration fails; the machine does not boot", "boot-start drivers, then restart the job",
        "vmware-physical-aws.md 9.34; SR/site-recovery-failover-to-azure-troubleshoot.md"),
    row(ShutDownFails, "shut_down_fails", Family::Cloud, Target::Machine, Time::Window, kNone,
        kNone, Envelope::BoundedLoss, kMachines, "F60", "the machine that runs cannot be shut down",
        kNothingKnown,
        "a planned failover fails; an unplanned one goes on without the last changes",
        "shut it down by hand, then restart the job", "SR/site-recovery-failover.md"),
    row(AnswerLost, "answer_lost", Family::Cloud, Target::Machine, Time::Window, FaultKeys{Delay},
        kNone, Envelope::Recover, kRequests, "F54",
        "requests about the machine are carried out, and answered so much later", kNothingKnown,
        "the job waits", "by itself", kLab),
    row(HostOutage, "host_outage", Family::Cloud, Target::Host, Time::Window, kNone, kNone,
        Envelope::Recover, kPath, "F57", "a host and everything on it lose their power",
        kNothingKnown, "its machines need a resynchronization", kResync, kLab),
    row(SiteOutage, "site_outage", Family::Cloud, Target::Site, Time::Window, kNone, kNone,
        Envelope::Recover, kPath, "F57, F63", "a site and everything in it lose their power", "806",
        "its servers are silent; its machines need a resynchronization", kResync, kLab),
    row(RegionOutage, "region_outage", Family::Cloud, Target::Region, Time::Window, kNone, kNone,
        Envelope::Recover, kAny, "F57",
        "a region is gone: its storage, its machines, and every request for a machine there",
        kNothingKnown, "uploads fail; failovers to it fail", kBySelf, kLab),
    row(Operator, "operator", Family::Operator, Target::Machine, Time::Instant, FaultKeys{Do},
        kNone, Envelope::BoundedLoss, kAny, "F61",
        "somebody asks for an operation, in or out of order; it may be refused", kNothingKnown,
        "the operation runs, or is refused with the state and what is allowed",
        "whatever the operation needs next", kLab)};

constexpr bool in_order() {
    for (std::size_t index = 0; index < kRows.size(); ++index) {
        if (static_cast<std::size_t>(kRows[index].kind) != index) return false;
    }
    return true;
}
static_assert(in_order(), "every kind has its row");

constexpr std::array<std::string_view, 6> kFamilies = {"network", "process", "storage",
                                                       "guest",   "cloud",   "operator"};
constexpr std::array<std::string_view, 10> kTargets = {"link",
                                                       "process_server",
                                                       "master_target",
                                                       "configuration_server",
                                                       "storage_account",
                                                       "machine",
                                                       "host",
                                                       "site",
                                                       "region",
                                                       ""};
constexpr std::array<std::string_view, 3> kTimes = {"never", "needed", "optional"};
constexpr std::array<std::string_view, kFaultKeys> kKeys = {
    "direction", "factor", "latency",     "period",   "down", "delay",
    "rate",      "size",   "working_set", "position", "disk", "do"};
constexpr std::array<std::string_view, 3> kEnvelopes = {"recover", "detect", "bounded_loss"};

}  // namespace

std::span<const FaultKindRow> fault_kinds() {
    return kRows;
}

const FaultKindRow& row_of(FaultKind kind) {
    return kRows[static_cast<std::size_t>(kind)];
}

std::string_view name_of(FaultFamily family) {
    return kFamilies[static_cast<std::size_t>(family)];
}
std::string_view key_of(FaultTarget target) {
    return kTargets[static_cast<std::size_t>(target)];
}
std::string_view name_of(FaultTime time) {
    return kTimes[static_cast<std::size_t>(time)];
}
std::string_view name_of(FaultKey key) {
    return kKeys[static_cast<std::size_t>(key)];
}
std::string_view name_of(Envelope envelope) {
    return kEnvelopes[static_cast<std::size_t>(envelope)];
}

}  // namespace landfall::faults
