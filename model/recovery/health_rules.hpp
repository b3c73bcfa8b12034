// model/recovery/health_rules.hpp — what is wrong with an item, a server or a registration, and how
// bad it is: documented reasons as a table, judged over plain facts.
//
// Laws: a judgement depends on the facts and the profile's thresholds alone; reasons come worst
// first; health is that of the worst reason, Normal without any, None where it does not apply (an
// item that is not protected, or is failed over: vmware-physical-aws.md 6.1).
// Sources: common.md 1.7, 2.2, 9, 10; vmware-physical-aws.md 8, 9. Codes are those of the
// documents; a reason without a code has none there.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/estate/estate.hpp"
#include "model/replication/process_server_health.hpp"

namespace landfall {

enum class HealthReason : std::uint8_t {
    // Items
    NoCrashPoint,
    NoAppPointAzure,
    NoAppPoint,
    NoProgress,
    SourceHeartbeatLost,
    SourceUploadsFail,
    DataPortBlocked,
    ServerLost,
    MasterTargetLost,
    ChurnAboveLimit,
    RpoAboveThreshold,
    ResyncRequired,
    HyperVResyncRequired,
    NonRecoverable,
    CyclesMissed,
    NoCycle,
    Paused,
    InitialReplicationUnfinished,
    CopySlow,
    DiskNotProtected,
    NoTestFailover,
    FailoverFailed,
    QuotaExceeded,
    SizeUnavailable,
    // Process servers
    CacheLow,
    CacheCritical,
    ProcessorBusy,
    ProcessorCritical,
    MemoryHigh,
    MemoryCritical,
    UploadBehind,
    UploadCritical,
    ServiceDown,
    HeartbeatLost,
    // Registrations and certificates
    RegistrationKeyExpired,
    CertificateExpires,
    CertificateExpired,
    ClockSkew,
    ServerDisconnected,
};

inline constexpr std::size_t kHealthReasons = 39;

struct HealthRule {
    HealthReason reason;
    Health level;
    std::string_view code;  ///< of the documents; may be empty
    std::string_view message;
    std::string_view source;
};

const HealthRule& rule_of(HealthReason reason);
/// The reason with that code, for an error that came with one: 28031, 28092, ...
std::optional<HealthReason> reason_with_code(std::string_view code);

/// The facts of an item at one moment. What does not apply to it is absent.
struct ItemFacts {
    ReplicationEngine engine = ReplicationEngine::InMageToAzure;
    bool replicates = false;  ///< it is protected or becomes so, and is not failed over
    bool initial_replication = false;
    Duration observed;                           ///< how long it has replicated
    std::optional<Duration> since_point;         ///< age of the newest recovery point
    std::optional<Duration> since_app_point;     ///< of the newest application-consistent one
    std::optional<Duration> app_point_every;     ///< of its policy
    std::optional<Duration> rpo_threshold;       ///< of its policy
    std::optional<Duration> since_source_heard;  ///< its agent or host
    std::optional<Duration> without_upload;      ///< while data waits for it
    bool server_lost = false;
    bool master_target_lost = false;
    bool uploads_fail = false;
    bool port_blocked = false;
    bool resync_required = false;
    bool non_recoverable = false;
    bool paused = false;
    bool disk_not_protected = false;
    bool copy_slow = false;  ///< a disk's copy is slower than expected (copy_health.hpp)
    BytesPerSecond churn;    ///< of the machine, or of the disk that is furthest above its limit
    std::optional<BytesPerSecond> churn_limit;
    std::int64_t cycles = 0;  ///< Hyper-V: that were due in the window
    std::int64_t cycles_missed = 0;
    std::optional<Duration> since_cycle;  ///< Hyper-V: the last that succeeded
    std::optional<Duration> since_test;   ///< since a test failover and its cleanup succeeded
    Duration protected_for;
    bool failover_failed = false;
    bool quota_exceeded = false;
    bool size_unavailable = false;
};

std::vector<HealthReason> judge_item(const ItemFacts& facts, const ServiceProfile& profile);

struct ServerFacts {
    ServerLoad load;
    std::optional<Duration> since_heard;
    bool service_down = false;
};

std::vector<HealthReason> judge_server(const ServerFacts& facts, const ServiceProfile& profile);

/// A server that is registered with the vault: its key, its certificate, its time of day.
struct RegistrationFacts {
    std::optional<Duration> key_age;  ///< of a key that has not been used yet
    Duration certificate_age;
    bool clock_refused = false;  ///< its clock is too far off (15 min) to be let in
    std::optional<Duration> since_heard = std::nullopt;
};

std::vector<HealthReason> judge_registration(const RegistrationFacts& facts,
                                             const ServiceProfile& profile);

/// Health of what has these reasons.
Health health_of(std::span<const HealthReason> reasons);
/// A vault is as well as the worst of what it protects and protects with; None when it is empty.
Health vault_health(std::span<const Health> parts);

}  // namespace landfall
