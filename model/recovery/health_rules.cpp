// model/recovery/health_rules.cpp — the table of reasons, and the facts that raise each.
#include "model/recovery/health_rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace landfall {

namespace {

using enum HealthReason;
using enum Health;

// Rows stand in the order of the enumeration. [A]: no document says how bad it is.
constexpr std::array<HealthRule, kHealthReasons> kRules = {{
    {NoCrashPoint, Critical, "153007", "no crash-consistent recovery point for 60 minutes",
     "azure-to-azure-troubleshoot-replication.md; level [A]"},
    {NoAppPointAzure, Warning, "153006", "no application-consistent recovery point in its window",
     "azure-to-azure-troubleshoot-replication.md; level [A]"},
    {NoAppPoint, Warning, "78144", "no application-consistent recovery point; crash points go on",
     "SR/vmware-azure-troubleshoot-replication.md; level [A]"},
    {NoProgress, Critical, "78169", "no data arrives: is a link down, or something blocks it?",
     "SR/vmware-azure-troubleshoot-replication.md"},
    {SourceHeartbeatLost, Critical, "78174", "no heartbeat of the source machine",
     "SR/vmware-azure-troubleshoot-replication.md; level [A]"},
    {SourceUploadsFail, Critical, "78028", "the source cannot upload; no recovery points",
     "SR/vmware-physical-azure-troubleshoot-process-server.md; level [A]"},
    {DataPortBlocked, Critical, "78186", "the data port of the process server cannot be reached",
     "SR/vmware-physical-azure-troubleshoot-process-server.md; level [A]"},
    {ServerLost, Critical, "806", "its process server sends no heartbeat",
     "SR/vmware-physical-azure-troubleshoot-process-server.md"},
    {MasterTargetLost, Critical, "78022", "its master target cannot be reached",
     "SR/vmware-azure-troubleshoot-failback-reprotect.md; level [A]"},
    {ChurnAboveLimit, Warning, "78188", "it writes more than the target disks are supported for",
     "SR/vmware-azure-troubleshoot-replication.md; level [A]"},
    {RpoAboveThreshold, Warning, "", "the RPO is above the threshold of its policy",
     "SR/vmware-azure-architecture.md; level [A]"},
    {ResyncRequired, Warning, "", "a resynchronization is required",
     "SR/vmware-azure-architecture.md; level [A]"},
    {HyperVResyncRequired, Critical, "", "a resynchronization is required",
     "common.md 1.7 [altaro.com]"},
    {NonRecoverable, Critical, "", "replication failed, and no retry heals it",
     "hyper-v-azure-architecture.md"},
    {CyclesMissed, Warning, "", "too many replication cycles were missed",
     "common.md 1.7 [altaro.com]"},
    {NoCycle, Warning, "", "no replication cycle succeeded for over an hour",
     "common.md 1.7 [altaro.com]"},
    {Paused, Warning, "", "replication is paused", "common.md 1.7 [altaro.com]"},
    {InitialReplicationUnfinished, Warning, "", "initial replication is not finished",
     "common.md 1.7 [altaro.com]"},
    {CopySlow, Warning, "", "a disk is copied more slowly than expected",
     "SR/vmware-azure-enable-replication.md"},
    {DiskNotProtected, Warning, "", "a disk was added that is not protected",
     "azure-to-azure-common-questions.md"},
    {NoTestFailover, Warning, "161011", "no successful test failover for 6 months",
     "REST18:ReplicationProtectedItems; SR/site-recovery-test-failover-to-azure.md"},
    {FailoverFailed, Critical, "", "a failover failed",
     "SR/site-recovery-monitor-and-troubleshoot.md"},
    {QuotaExceeded, Critical, "28031", "the subscription's quota of cores is exceeded",
     "SR/site-recovery-failover-to-azure-troubleshoot.md; level [A]"},
    {SizeUnavailable, Critical, "28092", "the size of the machine is not available at the target",
     "SR/site-recovery-failover-to-azure-troubleshoot.md; level [A]"},
    {CacheLow, Warning, "", "little of the cache is free",
     "SR/vmware-physical-azure-monitor-process-server.md"},
    {CacheCritical, Critical, "", "hardly any of the cache is free",
     "SR/vmware-physical-azure-monitor-process-server.md"},
    {ProcessorBusy, Warning, "", "the processor is busy",
     "SR/vmware-physical-azure-monitor-process-server.md"},
    {ProcessorCritical, Critical, "", "the processor has no time left",
     "SR/vmware-physical-azure-monitor-process-server.md"},
    {MemoryHigh, Warning, "", "much of the memory is in use",
     "SR/vmware-physical-azure-monitor-process-server.md"},
    {MemoryCritical, Critical, "", "hardly any memory is left",
     "SR/vmware-physical-azure-monitor-process-server.md"},
    {UploadBehind, Warning, "", "the upload is behind",
     "SR/vmware-physical-azure-monitor-process-server.md"},
    {UploadCritical, Critical, "", "the upload is far behind",
     "SR/vmware-physical-azure-monitor-process-server.md"},
    {ServiceDown, Warning, "", "a service of it is not running",
     "SR/vmware-physical-azure-monitor-process-server.md"},
    {HeartbeatLost, Critical, "806", "no heartbeat for 15 minutes",
     "SR/vmware-physical-azure-monitor-process-server.md"},
    {RegistrationKeyExpired, Critical, "", "the registration key has expired",
     "hyper-v-azure-tutorial.md; level [A]"},
    {CertificateExpires, Warning, "", "the certificate expires soon",
     "SR/vmware-azure-manage-configuration-server.md"},
    {CertificateExpired, Critical, "", "the certificate has expired: replication is off",
     "SR/vmware-azure-manage-configuration-server.md"},
    {ClockSkew, Critical, "ACS50008", "its clock is more than 15 minutes off",
     "SR/vmware-azure-troubleshoot-configuration-server.md; level [A]"},
    {ServerDisconnected, Critical, "", "the service has lost the connection to the server",
     "SR/site-recovery-monitor-and-troubleshoot.md: lost connection; level and 15 minutes [A]"},
}};

constexpr bool in_order() {
    for (std::size_t index = 0; index < kRules.size(); ++index) {
        if (static_cast<std::size_t>(kRules[index].reason) != index) return false;
    }
    return true;
}
static_assert(in_order(), "every reason has its row");

constexpr bool is_longer(const std::optional<Duration>& lasted, Duration limit) {
    return lasted && *lasted > limit;
}

/// Gathers reasons; worst first, and as raised among equals.
class Reasons {
  public:
    void add(HealthReason reason, bool holds) {
        if (holds) reasons_.push_back(reason);
    }
    std::vector<HealthReason> finish() {
        std::stable_sort(reasons_.begin(), reasons_.end(), [](HealthReason a, HealthReason b) {
            return rule_of(a).level > rule_of(b).level;
        });
        return std::move(reasons_);
    }

  private:
    std::vector<HealthReason> reasons_;
};

bool is_hyper_v(ReplicationEngine engine) {
    return engine == ReplicationEngine::HyperVToAzure ||
           engine == ReplicationEngine::HyperVToSecondary;
}

void add_points(const ItemFacts& facts, const ServiceProfile& profile, Reasons& reasons) {
    if (facts.initial_replication) return;  // none is expected yet
    const bool azure = facts.engine == ReplicationEngine::AzureToAzure;
    const Duration without_point = facts.since_point.value_or(facts.observed);
    reasons.add(NoCrashPoint, azure && without_point > profile.health_no_crash_point);
    if (facts.app_point_every) {
        // The newest may be as old as the interval just before the next one: one was missed when it
        // is twice as old [A].
        const Duration without = facts.since_app_point.value_or(facts.observed);
        reasons.add(azure ? NoAppPointAzure : NoAppPoint, without > *facts.app_point_every * 2);
    }
    reasons.add(RpoAboveThreshold,
                facts.rpo_threshold && is_longer(facts.since_point, *facts.rpo_threshold));
}

void add_hyper_v(const ItemFacts& facts, const ServiceProfile& profile, Reasons& reasons) {
    reasons.add(InitialReplicationUnfinished, facts.initial_replication);
    reasons.add(CyclesMissed, facts.cycles_missed > 0 &&
                                  facts.cycles_missed * 100 >=
                                      facts.cycles * profile.hyper_v_missed_cycles_percent);
    reasons.add(NoCycle, !facts.initial_replication &&
                             is_longer(facts.since_cycle, profile.hyper_v_no_cycle));
}

}  // namespace

const HealthRule& rule_of(HealthReason reason) {
    return kRules[static_cast<std::size_t>(reason)];
}

std::optional<HealthReason> reason_with_code(std::string_view code) {
    for (const HealthRule& rule : kRules) {
        if (!code.empty() && rule.code == code) return rule.reason;
    }
    return std::nullopt;
}

std::vector<HealthReason> judge_item(const ItemFacts& facts, const ServiceProfile& profile) {
    Reasons reasons;
    reasons.add(FailoverFailed, facts.failover_failed);
    reasons.add(QuotaExceeded, facts.quota_exceeded);
    reasons.add(SizeUnavailable, facts.size_unavailable);
    if (!facts.replicates) return reasons.finish();
    const bool hyper_v = is_hyper_v(facts.engine);
    reasons.add(NonRecoverable, facts.non_recoverable);
    reasons.add(ServerLost, facts.server_lost);
    reasons.add(MasterTargetLost, facts.master_target_lost);
    reasons.add(SourceHeartbeatLost,
                is_longer(facts.since_source_heard, profile.health_heartbeat_lost));
    reasons.add(SourceUploadsFail, facts.uploads_fail);
    reasons.add(DataPortBlocked, facts.port_blocked);
    reasons.add(NoProgress, is_longer(facts.without_upload, profile.health_no_progress));
    reasons.add(hyper_v ? HyperVResyncRequired : ResyncRequired, facts.resync_required);
    add_points(facts, profile, reasons);
    if (hyper_v) add_hyper_v(facts, profile, reasons);
    reasons.add(Paused, facts.paused);
    reasons.add(ChurnAboveLimit, facts.churn_limit && facts.churn > *facts.churn_limit);
    reasons.add(CopySlow, facts.copy_slow);
    reasons.add(DiskNotProtected, facts.disk_not_protected);
    // Never tested counts from the day of protection on.
    const Duration untested = facts.since_test.value_or(facts.protected_for);
    reasons.add(NoTestFailover, untested > profile.health_test_failover_due);
    return reasons.finish();
}

std::vector<HealthReason> judge_server(const ServerFacts& facts, const ServiceProfile& profile) {
    Reasons reasons;
    const ServerSignals signals = signals_of(facts.load, profile);
    const auto add = [&](Health signal, HealthReason warning, HealthReason critical) {
        reasons.add(critical, signal == Critical);
        reasons.add(warning, signal == Warning);
    };
    reasons.add(HeartbeatLost, is_longer(facts.since_heard, profile.health_heartbeat_lost));
    add(signals.cache, CacheLow, CacheCritical);
    add(signals.processor, ProcessorBusy, ProcessorCritical);
    add(signals.memory, MemoryHigh, MemoryCritical);
    add(signals.upload, UploadBehind, UploadCritical);
    reasons.add(ServiceDown, facts.service_down);
    return reasons.finish();
}

std::vector<HealthReason> judge_registration(const RegistrationFacts& facts,
                                             const ServiceProfile& profile) {
    Reasons reasons;
    reasons.add(RegistrationKeyExpired,
                is_longer(facts.key_age, profile.registration_key_lifetime));
    const bool expired = facts.certificate_age >= profile.certificate_lifetime;
    reasons.add(CertificateExpired, expired);
    reasons.add(CertificateExpires, !expired && facts.certificate_age + profile.certificate_alert >=
                                                    profile.certificate_lifetime);
    reasons.add(ClockSkew, facts.clock_refused);
    reasons.add(ServerDisconnected, is_longer(facts.since_heard, profile.health_heartbeat_lost));
    return reasons.finish();
}

Health health_of(std::span<const HealthReason> reasons) {
    Health worst = Normal;
    for (const HealthReason reason : reasons) worst = std::max(worst, rule_of(reason).level);
    return worst;
}

Health vault_health(std::span<const Health> parts) {
    Health worst = None;
    for (const Health part : parts) worst = std::max(worst, part);
    return worst;
}

}  // namespace landfall
