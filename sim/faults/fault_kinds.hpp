// sim/faults/fault_kinds.hpp — what may go wrong in the simulated world: one row for each kind.
//
// Idea: a fault is data: a kind, an instant, a target, how long it lasts, and numbers. What a kind
// takes, what it may strike, which outcome is legal after it, and what Site Recovery shows of it
// stands in one table, and reading, checking, Python, documentation and coverage come from it.
// Laws:
//   - nothing of a fault is drawn while a run goes on: the list in the scenario is all there is;
//   - a scenario may ask for a weaker outcome than a kind promises, never for a stronger one;
//   - a fault that ends leaves nothing of itself behind but what it did to the simulated service.
// Source: replication-and-test-lab, part 3 (F-numbers); product faults: vmware-physical-aws.md,
// section 9 (row numbers), and common.md 1.5 and 2.2.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "sim/faults/phases.hpp"

namespace landfall::faults {

enum class FaultKind : std::uint8_t {
    // Network
    LinkOutage,
    OneWayOutage,
    BandwidthDrop,
    LatencySpike,
    Clog,
    ConnectionReset,
    CircuitFlap,
    // Processes
    ProcessServerCrash,
    ProcessServerCacheLoss,
    ProcessServerStall,
    SlowProcessServer,
    DataPortBlocked,
    AgentStopped,
    AppConsistencyFails,
    OrchestratorOutage,
    ReplicaCrash,
    MasterTargetOutage,
    CertificateExpired,
    // Storage
    DiskReplaced,
    DiskResized,
    ReplicaRot,
    CacheFull,
    StorageAccountThrottled,
    StorageAccountUnavailable,
    SlowTargetDisk,
    // Guests
    WriteBurst,
    HotSpot,
    GuestReboot,
    GuestOff,
    PowerLoss,
    // Cloud, and places as a whole
    QuotaWithdrawn,
    SizeUnavailable,
    CreateFails,
    CreateSlow,
    BootFails,
    ShutDownFails,
    AnswerLost,
    HostOutage,
    SiteOutage,
    RegionOutage,
    // People
    Operator,
    Count,
};
inline constexpr std::size_t kFaultKinds = static_cast<std::size_t>(FaultKind::Count);

enum class FaultFamily : std::uint8_t { Network, Process, Storage, Guest, Cloud, Operator };

/// What a fault strikes. Its name stands under the key of that name.
enum class FaultTarget : std::uint8_t {
    Link,
    ProcessServer,
    MasterTarget,
    ConfigurationServer,
    StorageAccount,
    Machine,
    Host,
    Site,
    Region,
    Service,  ///< Site Recovery itself: no key
};

enum class FaultTime : std::uint8_t {
    Instant,  ///< it is over at once
    Window,   ///< it lasts
    Either,   ///< without `lasts` it is over at once
};

/// What a fault takes besides its target and its time.
enum class FaultKey : std::uint8_t {
    Direction,
    Factor,
    Latency,
    Period,
    Down,
    Delay,
    Rate,
    Size,
    WorkingSet,
    Position,
    Disk,
    Do,
};
inline constexpr std::size_t kFaultKeys = static_cast<std::size_t>(FaultKey::Do) + 1;

class FaultKeys {
  public:
    constexpr FaultKeys(std::initializer_list<FaultKey> keys) {
        for (const FaultKey key : keys) bits_ |= bit(key);
    }
    [[nodiscard]] constexpr bool contains(FaultKey key) const { return (bits_ & bit(key)) != 0; }

  private:
    static constexpr std::uint32_t bit(FaultKey key) { return 1U << static_cast<unsigned>(key); }
    std::uint32_t bits_ = 0;
};

/// Which outcome is legal; the strongest first.
enum class Envelope : std::uint8_t {
    Recover,      ///< nothing is lost, and everything is as before after a while
    Detect,       ///< what was damaged is noticed before anybody relies on it, and then made good
    BoundedLoss,  ///< what the newest recovery point misses, or what it held, may be lost
};

/// The classes of phases in which a kind means anything, and why it means nothing in the others.
struct Meaning {
    PhaseClasses phases;
    std::string_view elsewhere;
};

struct FaultKindRow {
    FaultKind kind;
    std::string_view name;
    FaultFamily family;
    FaultTarget target;
    FaultTime time;
    FaultKeys needed;
    FaultKeys optional;
    Envelope envelope;
    Meaning means;
    std::string_view number;
    std::string_view meaning;
    std::string_view code;  ///< that Site Recovery shows; empty: the documents have none
    std::string_view symptom;
    std::string_view recovery;
    std::string_view source;
    bool block_only = false;  ///< goes only with machines of block fidelity
};

/// In the order of the enumeration.
[[nodiscard]] std::span<const FaultKindRow> fault_kinds();
[[nodiscard]] const FaultKindRow& row_of(FaultKind kind);

[[nodiscard]] std::string_view name_of(FaultFamily family);
/// The key that names the target; empty for the service.
[[nodiscard]] std::string_view key_of(FaultTarget target);
[[nodiscard]] std::string_view name_of(FaultTime time);
[[nodiscard]] std::string_view name_of(FaultKey key);
[[nodiscard]] std::string_view name_of(Envelope envelope);

}  // namespace landfall::faults
