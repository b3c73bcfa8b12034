// model/profile/service_profile.hpp — what Site Recovery documents (or leaves to us) as numbers.
//
// Every limit, timing and ratio that a document states, and every figure that no document states
// and we had to assume, is a field here; none is a constant in code. The data lives in
// model/profile/<name>.json, where each field carries its value, its unit and its source ("[A]" in
// a source marks an assumption of ours). A scenario names a profile and may override any field.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/base/units.hpp"

namespace landfall {

/// One step of the retention grid: of the points younger than `until`, one per `every` is kept.
struct RetentionTier {
    Duration until;
    Duration every;
};

/// The grid for policies whose retention is at most `retention_at_most`.
struct RetentionGrid {
    Duration retention_at_most;
    std::vector<RetentionTier> tiers;  ///< by rising `until`; the last one ends at the retention
};

/// Churn limits of a disk whose writes have at least this size on average.
struct ChurnStep {
    Bytes write_size;
    BytesPerSecond limit;
    BytesPerSecond high_churn_limit;  ///< with a cache account for high churn
};

/// What an Azure managed disk of a tier can take. Chosen by type and size.
struct TargetDiskTier {
    std::string name;                 ///< "P10", "S20", ...
    std::string type;                 ///< "standard_hdd", "standard_ssd" or "premium_ssd"
    Bytes size_at_most;               ///< the tier holds disks up to this size
    BytesPerSecond throughput;        ///< documented cap on bytes
    std::int64_t iops = 0;            ///< documented cap on operations
    BytesPerSecond churn_limit;       ///< Site Recovery's churn limit for the source disk behind it
    BytesPerSecond high_churn_limit;  ///< the same, with a cache account for high churn
    std::vector<ChurnStep> churn_by_write_size;  ///< rising; the last are the two above

    /// The limits for writes of that size on average; smaller ones than documented have the least.
    [[nodiscard]] ChurnStep churn_of(Bytes write_size) const {
        ChurnStep step{write_size, churn_limit, high_churn_limit};
        for (auto row = churn_by_write_size.rbegin(); row != churn_by_write_size.rend(); ++row) {
            step = *row;
            if (row->write_size <= write_size) break;
        }
        return step;
    }
};

/// What a source's record of changed blocks is after its power was lost (replication-and-test-lab
/// A4): forgotten, all of it kept at one of two prices, or kept by a clean shutdown only.
enum class SourceTracking : std::uint8_t { Volatile, ActivityLog, IntentBit, CleanFlag };

inline constexpr std::array<std::pair<std::string_view, SourceTracking>, 4> kSourceTrackings = {{
    {"volatile", SourceTracking::Volatile},
    {"activity_log", SourceTracking::ActivityLog},
    {"intent_bit", SourceTracking::IntentBit},
    {"clean_flag", SourceTracking::CleanFlag},
}};

constexpr std::string_view name_of(SourceTracking tracking) {
    return kSourceTrackings[static_cast<std::size_t>(tracking)].first;
}

/// A size of virtual machine in Azure. All that are listed take premium disks.
struct VmSize {
    std::string name;    ///< "Standard_D4s_v3"
    std::string family;  ///< "Dsv3": cores have a quota by family
    std::int64_t cores = 0;
    Bytes memory;
    std::int64_t data_disks_max = 0;
    std::int64_t nics_max = 0;
};

/// All figures of one service version. Field names are the keys of the JSON file.
struct ServiceProfile {
    std::string name;

    // Recovery points
    Duration crash_consistent_interval;
    Duration app_consistent_interval_min;
    Duration app_consistent_interval_max;
    Duration retention_max;
    std::vector<RetentionGrid> retention_grids;

    // Initial replication and resynchronization
    std::int64_t disks_at_once = 0;       ///< disks of one machine copied at the same time
    Duration progress_refresh;            ///< between two looks at how far a copy is
    Duration initial_replication_goal;    ///< the time in which a first copy is to be done
    BytesPerSecond source_read_rate;      ///< per disk, while it is copied [A]
    BytesPerSecond resync_compare_rate;   ///< per disk, checksum compare of both sides
    Bytes resync_chunk;                   ///< bytes covered by one checksum [A]
    Bytes resync_checksum;                ///< bytes on the wire per chunk [A]
    Duration automatic_resync_delay;      ///< from "resync required" to its start [A]
    std::int64_t copy_share_percent = 0;  ///< of a busy process server, kept for copies [A]
    std::int64_t copy_cache_percent = 0;  ///< of the cache, the most that copies fill [A]
    bool resync_rate_control = false;     ///< copies are paced by what arrives, not by a share [A]
    Duration resync_interval;             ///< the least between two steps of the control [A]
    Duration resync_plan_ahead;           ///< a difference is made up for over this span [A]
    Duration resync_delay_target;         ///< of copies, in time on the line, in flight [A]
    Bytes resync_fill_target;             ///< the same in bytes, if not 0 [A]
    BytesPerSecond resync_start_rate;     ///< while nothing is known of the line [A]
    BytesPerSecond resync_least_rate;     ///< beside waiting changes a copy gets this much [A]

    // Source machine
    Bytes source_buffer;            ///< per disk, ordered changes the agent can hold [A]
    bool resync_by_bitmap = false;  ///< order lost, changed blocks known: no compare [A]
    SourceTracking source_tracking = SourceTracking::Volatile;  ///< of changed blocks [A]
    Bytes tracking_extent;              ///< of an activity log: what one of its entries covers [A]
    std::int64_t tracking_extents = 0;  ///< of an activity log: its entries, per disk [A]

    // Process server
    std::int64_t cache_throttle_free_percent = 0;  ///< below it, all its machines are throttled
    std::int64_t cache_resume_free_percent = 0;    ///< at or above it, they send again [A]
    std::int64_t cache_warning_free_percent = 0;
    std::int64_t cache_critical_free_percent = 0;
    std::int64_t cpu_warning_percent = 0;
    std::int64_t cpu_critical_percent = 0;
    std::int64_t memory_warning_percent = 0;
    std::int64_t memory_critical_percent = 0;
    Duration upload_backlog_warning;
    Duration upload_backlog_critical;
    Duration health_interval;                 ///< how often health is evaluated
    Duration health_window;                   ///< how long load must stay above to count
    BytesPerSecond processing_rate_per_core;  ///< compress and encrypt [A]
    std::int64_t upload_threads = 0;          ///< parallel streams of an upload
    Bytes tcp_window;                         ///< per stream, where a link states none [A]
    Bytes process_server_daily_churn;         ///< documented most per day
    Duration transfer_slice;                  ///< the most time one upload batch should take [A]

    // Azure
    BytesPerSecond storage_account_ingress;
    BytesPerSecond log_processing_rate;  ///< per disk, logs into the replica disk [A]
    std::int64_t failovers_per_hour = 0;
    std::int64_t failovers_per_hour_hydrated = 0;
    std::vector<TargetDiskTier> target_disk_tiers;
    std::vector<VmSize> vm_sizes;  ///< that a failed over machine may get

    // Hyper-V Replica
    std::int64_t hyper_v_disks_at_once = 0;       ///< disks of one machine copied at the same time
    std::int64_t hyper_v_log_resync_percent = 0;  ///< of the disk's size; a log as large: resync
    bool hyper_v_coalesce_log = false;            ///< a place written twice travels once [A]
    std::vector<Duration> hyper_v_retry_delays;   ///< after a failed transfer, one after another
    Duration hyper_v_retry_every;                 ///< after the last of them

    // Consistency groups
    Duration group_hold;                  ///< how long writes may be held for a common point [A]
    Duration group_message_latency;       ///< between two members, one way [A]
    Duration group_confirm_within;        ///< how long a commit waits to be confirmed [A]
    Duration group_resend_every;          ///< who has not answered is asked again; 0: never [A]
    std::int64_t group_most_members = 0;  ///< machines of one group

    // Failback
    Duration failback_retention;               ///< of the policy that is made for the way back
    Duration failback_rpo_threshold;           ///< of the same
    Duration failback_app_consistent_every;    ///< of the same
    std::int64_t master_target_disks_max = 0;  ///< disks that it has attached at one time

    // Health
    Duration health_no_crash_point;                  ///< how long without a crash-consistent point
    Duration health_heartbeat_lost;                  ///< how long without a heartbeat
    Duration health_no_progress;                     ///< how long without any upload
    Duration health_test_failover_due;               ///< how old a test failover may be
    std::int64_t hyper_v_missed_cycles_percent = 0;  ///< missed cycles that are a warning
    Duration hyper_v_no_cycle;                       ///< how long without a cycle
    BytesPerSecond host_throttle_min;                ///< of a Hyper-V host, by hours
    BytesPerSecond host_throttle_max;                ///< the same
    Duration event_window;                           ///< how far back events are listed
    Duration registration_key_lifetime;              ///< of the key that registers a server
    Duration certificate_lifetime;                   ///< of a configuration server
    Duration certificate_alert;                      ///< how long before an expiry it is told

    // What distinguishes versions of the service
    Duration recovery_time_sla;                   ///< the time in which a failover is to be over
    Duration azure_retention_max;                 ///< Azure to Azure
    Duration azure_app_consistent_default;        ///< Azure to Azure; 0 is off
    bool azure_complete_migration = false;        ///< ends a move between Azure regions
    Duration hyper_v_retention_max;               ///< Hyper-V to Azure
    Duration hyper_v_interval_max;                ///< Hyper-V to Azure, between two copies
    std::int64_t recovery_plan_most_members = 0;  ///< machines of one plan
    std::int64_t recovery_plan_most_groups = 0;   ///< groups of one plan
    bool physical_test_failover = false;          ///< physical servers can be drilled
    bool vmm_to_vmm_open = false;                 ///< takes new customers
    bool scout_open = false;                      ///< takes new customers
    bool modernized_failback = false;    ///< VMware: a planned failover through an appliance
    bool switch_resynchronizes = false;  ///< another appliance; else a process server, which drains

    // Recovery plans
    Duration recovery_plan_script_timeout;    ///< where an action states none
    Duration recovery_plan_runbook_timeout;   ///< the same [A]
    Duration recovery_plan_environment_time;  ///< "Create test environment" [A]

    // Block fidelity
    Bytes block_copy_chunk;  ///< the most that one read of a copy covers [A]

    // Limits of a machine
    Bytes os_disk_size_max;
    Bytes data_disk_size_max;
    Bytes disk_size_min;
    std::int64_t data_disks_max = 0;
    BytesPerSecond machine_churn_max;
    BytesPerSecond azure_machine_churn_max;       ///< Azure to Azure
    BytesPerSecond azure_machine_high_churn_max;  ///< the same, with a cache account for high churn
    Duration azure_churn_burst;  ///< of a disk's ceiling, what may leave at once [A]

    // Set-up
    Duration registration_clock_skew_max;   ///< beyond it registration fails (ACS50008)
    Duration host_discovery_time;           ///< until a registered host is listed
    Duration inventory_discovery_interval;  ///< between two looks at an inventory
    std::int64_t servers_per_vault_max = 0;
    std::int64_t vaults_per_subscription_max = 0;
    std::int64_t azure_protected_disks_max = 0;     ///< Azure to Azure, in a subscription
    std::int64_t hyper_v_secondary_points_max = 0;  ///< points beside the newest

    // Compatibility by kind, where it differs from the limits of a machine
    Bytes generation_one_os_disk_size_max;  ///< VMware and physical servers
    Bytes hyper_v_os_disk_size_max;         ///< of generation 1
    Bytes hyper_v_generation_two_os_disk_size_max;
    Bytes hyper_v_data_disk_size_max;
    std::int64_t hyper_v_data_disks_max = 0;
    std::int64_t hyper_v_generation_two_data_disks_max = 0;
    bool hyper_v_newer_hosts = false;  ///< hosts of Windows Server 2019 and 2022 as well
    Bytes azure_os_disk_size_max;
    Bytes azure_data_disk_size_max;
    std::int64_t azure_data_disks_max = 0;
    std::int64_t azure_cores_min = 0;
    Bytes azure_memory_min;
    std::int64_t cache_account_disks_max = 0;       ///< disks that change slowly
    std::int64_t cache_account_busy_disks_max = 0;  ///< disks that change fast
    BytesPerSecond cache_account_calm_churn;        ///< the most of a slow one

    // Task durations
    Duration prerequisites_check_time;
    Duration install_mobility_service_time;
    Duration enable_replication_time;
    Duration start_initial_replication_time;
    Duration update_provider_states_time;
    Duration finalize_protection_time;
    Duration shut_down_time;
    Duration start_failover_time;
    Duration hyper_v_start_failover_time;  ///< Hyper-V to Azure
    Duration hydration_time;
    Duration start_machine_time;
    Duration commit_time;
    Duration complete_migration_time;
    Duration disable_replication_time;
    Duration switch_server_time;         ///< the job, after which it takes effect...
    Duration switch_server_effect_time;  ///< ...so much later
    Duration pause_replication_time;     ///< and to resume it [A]
    Duration recovery_point_time;        ///< making a point of processed data [A]
    Duration delete_machine_time;        ///< with its disks [A]
    Duration clean_up_retry_every;       ///< a machine that nobody needs could not be deleted [A]
    Duration agent_registration_time;    ///< from the first boot after a failover to reprotection
    Duration create_primary_time;        ///< at an alternate location, by a failback [A]
    Duration start_primary_time;         ///< after a failback [A]

    /// Calls `visit(name, field, unit)` for every scalar field, once, in file order. `unit` is the
    /// canonical unit of the JSON value: "s", "B", "B/s", "%", "bool", "choice" for one of a few
    /// words, or "" for a plain count.
    template <typename Self, typename Visitor>
    static void visit_scalars(Self& self, Visitor&& visit);

  private:
    template <typename Self, typename Visitor>
    static void visit_limits(Self& self, Visitor&& visit);
    template <typename Self, typename Visitor>
    static void visit_task_times(Self& self, Visitor&& visit);
    template <typename Self, typename Visitor>
    static void visit_version_switches(Self& self, Visitor& visit);
};

template <typename Self, typename Visitor>
void ServiceProfile::visit_scalars(Self& self, Visitor&& visit) {
    visit("crash_consistent_interval", self.crash_consistent_interval, "s");
    visit("app_consistent_interval_min", self.app_consistent_interval_min, "s");
    visit("app_consistent_interval_max", self.app_consistent_interval_max, "s");
    visit("retention_max", self.retention_max, "s");
    visit("disks_at_once", self.disks_at_once, "");
    visit("progress_refresh", self.progress_refresh, "s");
    visit("initial_replication_goal", self.initial_replication_goal, "s");
    visit("source_read_rate", self.source_read_rate, "B/s");
    visit("resync_compare_rate", self.resync_compare_rate, "B/s");
    visit("resync_chunk", self.resync_chunk, "B");
    visit("resync_checksum", self.resync_checksum, "B");
    visit("automatic_resync_delay", self.automatic_resync_delay, "s");
    visit("copy_share_percent", self.copy_share_percent, "%");
    visit("copy_cache_percent", self.copy_cache_percent, "%");
    visit("resync_rate_control", self.resync_rate_control, "bool");
    visit("resync_interval", self.resync_interval, "s");
    visit("resync_plan_ahead", self.resync_plan_ahead, "s");
    visit("resync_delay_target", self.resync_delay_target, "s");
    visit("resync_fill_target", self.resync_fill_target, "B");
    visit("resync_start_rate", self.resync_start_rate, "B/s");
    visit("resync_least_rate", self.resync_least_rate, "B/s");
    visit("source_buffer", self.source_buffer, "B");
    visit("resync_by_bitmap", self.resync_by_bitmap, "bool");
    visit("source_tracking", self.source_tracking, "choice");
    visit("tracking_extent", self.tracking_extent, "B");
    visit("tracking_extents", self.tracking_extents, "");
    visit("cache_throttle_free_percent", self.cache_throttle_free_percent, "%");
    visit("cache_resume_free_percent", self.cache_resume_free_percent, "%");
    visit("cache_warning_free_percent", self.cache_warning_free_percent, "%");
    visit("cache_critical_free_percent", self.cache_critical_free_percent, "%");
    visit("cpu_warning_percent", self.cpu_warning_percent, "%");
    visit("cpu_critical_percent", self.cpu_critical_percent, "%");
    visit("memory_warning_percent", self.memory_warning_percent, "%");
    visit("memory_critical_percent", self.memory_critical_percent, "%");
    visit("upload_backlog_warning", self.upload_backlog_warning, "s");
    visit("upload_backlog_critical", self.upload_backlog_critical, "s");
    visit("health_interval", self.health_interval, "s");
    visit("health_window", self.health_window, "s");
    visit("processing_rate_per_core", self.processing_rate_per_core, "B/s");
    visit("upload_threads", self.upload_threads, "");
    visit("tcp_window", self.tcp_window, "B");
    visit("process_server_daily_churn", self.process_server_daily_churn, "B");
    visit("transfer_slice", self.transfer_slice, "s");
    visit("storage_account_ingress", self.storage_account_ingress, "B/s");
    visit("log_processing_rate", self.log_processing_rate, "B/s");
    visit("failovers_per_hour", self.failovers_per_hour, "");
    visit("failovers_per_hour_hydrated", self.failovers_per_hour_hydrated, "");
    visit("hyper_v_disks_at_once", self.hyper_v_disks_at_once, "");
    visit("hyper_v_log_resync_percent", self.hyper_v_log_resync_percent, "%");
    visit("hyper_v_coalesce_log", self.hyper_v_coalesce_log, "bool");
    visit("hyper_v_retry_every", self.hyper_v_retry_every, "s");
    visit("group_hold", self.group_hold, "s");
    visit("group_message_latency", self.group_message_latency, "s");
    visit("group_confirm_within", self.group_confirm_within, "s");
    visit("group_resend_every", self.group_resend_every, "s");
    visit("group_most_members", self.group_most_members, "");
    visit_limits(self, visit);
    visit_task_times(self, visit);
}

template <typename Self, typename Visitor>
void ServiceProfile::visit_limits(Self& self, Visitor&& visit) {
    visit("failback_retention", self.failback_retention, "s");
    visit("failback_rpo_threshold", self.failback_rpo_threshold, "s");
    visit("failback_app_consistent_every", self.failback_app_consistent_every, "s");
    visit("master_target_disks_max", self.master_target_disks_max, "");
    visit("health_no_crash_point", self.health_no_crash_point, "s");
    visit("health_heartbeat_lost", self.health_heartbeat_lost, "s");
    visit("health_no_progress", self.health_no_progress, "s");
    visit("health_test_failover_due", self.health_test_failover_due, "s");
    visit("hyper_v_missed_cycles_percent", self.hyper_v_missed_cycles_percent, "%");
    visit("hyper_v_no_cycle", self.hyper_v_no_cycle, "s");
    visit("host_throttle_min", self.host_throttle_min, "B/s");
    visit("host_throttle_max", self.host_throttle_max, "B/s");
    visit("event_window", self.event_window, "s");
    visit("registration_key_lifetime", self.registration_key_lifetime, "s");
    visit("certificate_lifetime", self.certificate_lifetime, "s");
    visit("certificate_alert", self.certificate_alert, "s");
    visit_version_switches(self, visit);
    visit("recovery_plan_script_timeout", self.recovery_plan_script_timeout, "s");
    visit("recovery_plan_runbook_timeout", self.recovery_plan_runbook_timeout, "s");
    visit("recovery_plan_environment_time", self.recovery_plan_environment_time, "s");
    visit("block_copy_chunk", self.block_copy_chunk, "B");
    visit("os_disk_size_max", self.os_disk_size_max, "B");
    visit("data_disk_size_max", self.data_disk_size_max, "B");
    visit("disk_size_min", self.disk_size_min, "B");
    visit("data_disks_max", self.data_disks_max, "");
    visit("machine_churn_max", self.machine_churn_max, "B/s");
    visit("azure_machine_churn_max", self.azure_machine_churn_max, "B/s");
    visit("azure_machine_high_churn_max", self.azure_machine_high_churn_max, "B/s");
    visit("azure_churn_burst", self.azure_churn_burst, "s");
    visit("registration_clock_skew_max", self.registration_clock_skew_max, "s");
    visit("host_discovery_time", self.host_discovery_time, "s");
    visit("inventory_discovery_interval", self.inventory_discovery_interval, "s");
    visit("servers_per_vault_max", self.servers_per_vault_max, "");
    visit("vaults_per_subscription_max", self.vaults_per_subscription_max, "");
    visit("azure_protected_disks_max", self.azure_protected_disks_max, "");
    visit("hyper_v_secondary_points_max", self.hyper_v_secondary_points_max, "");
    visit("generation_one_os_disk_size_max", self.generation_one_os_disk_size_max, "B");
    visit("hyper_v_os_disk_size_max", self.hyper_v_os_disk_size_max, "B");
    visit("hyper_v_generation_two_os_disk_size_max", self.hyper_v_generation_two_os_disk_size_max,
          "B");
    visit("hyper_v_data_disk_size_max", self.hyper_v_data_disk_size_max, "B");
    visit("hyper_v_data_disks_max", self.hyper_v_data_disks_max, "");
    visit("hyper_v_generation_two_data_disks_max", self.hyper_v_generation_two_data_disks_max, "");
    visit("hyper_v_newer_hosts", self.hyper_v_newer_hosts, "bool");
    visit("azure_os_disk_size_max", self.azure_os_disk_size_max, "B");
    visit("azure_data_disk_size_max", self.azure_data_disk_size_max, "B");
    visit("azure_data_disks_max", self.azure_data_disks_max, "");
    visit("azure_cores_min", self.azure_cores_min, "");
    visit("azure_memory_min", self.azure_memory_min, "B");
    visit("cache_account_disks_max", self.cache_account_disks_max, "");
    visit("cache_account_busy_disks_max", self.cache_account_busy_disks_max, "");
    visit("cache_account_calm_churn", self.cache_account_calm_churn, "B/s");
}

template <typename Self, typename Visitor>
void ServiceProfile::visit_task_times(Self& self, Visitor&& visit) {
    visit("prerequisites_check_time", self.prerequisites_check_time, "s");
    visit("install_mobility_service_time", self.install_mobility_service_time, "s");
    visit("enable_replication_time", self.enable_replication_time, "s");
    visit("start_initial_replication_time", self.start_initial_replication_time, "s");
    visit("update_provider_states_time", self.update_provider_states_time, "s");
    visit("finalize_protection_time", self.finalize_protection_time, "s");
    visit("shut_down_time", self.shut_down_time, "s");
    visit("start_failover_time", self.start_failover_time, "s");
    visit("hyper_v_start_failover_time", self.hyper_v_start_failover_time, "s");
    visit("hydration_time", self.hydration_time, "s");
    visit("start_machine_time", self.start_machine_time, "s");
    visit("commit_time", self.commit_time, "s");
    visit("complete_migration_time", self.complete_migration_time, "s");
    visit("disable_replication_time", self.disable_replication_time, "s");
    visit("switch_server_time", self.switch_server_time, "s");
    visit("switch_server_effect_time", self.switch_server_effect_time, "s");
    visit("pause_replication_time", self.pause_replication_time, "s");
    visit("recovery_point_time", self.recovery_point_time, "s");
    visit("delete_machine_time", self.delete_machine_time, "s");
    visit("clean_up_retry_every", self.clean_up_retry_every, "s");
    visit("agent_registration_time", self.agent_registration_time, "s");
    visit("create_primary_time", self.create_primary_time, "s");
    visit("start_primary_time", self.start_primary_time, "s");
}

template <typename Self, typename Visitor>
void ServiceProfile::visit_version_switches(Self& self, Visitor& visit) {
    visit("recovery_time_sla", self.recovery_time_sla, "s");
    visit("azure_retention_max", self.azure_retention_max, "s");
    visit("azure_app_consistent_default", self.azure_app_consistent_default, "s");
    visit("azure_complete_migration", self.azure_complete_migration, "bool");
    visit("hyper_v_retention_max", self.hyper_v_retention_max, "s");
    visit("hyper_v_interval_max", self.hyper_v_interval_max, "s");
    visit("recovery_plan_most_members", self.recovery_plan_most_members, "");
    visit("recovery_plan_most_groups", self.recovery_plan_most_groups, "");
    visit("physical_test_failover", self.physical_test_failover, "bool");
    visit("vmm_to_vmm_open", self.vmm_to_vmm_open, "bool");
    visit("scout_open", self.scout_open, "bool");
    visit("modernized_failback", self.modernized_failback, "bool");
    visit("switch_resynchronizes", self.switch_resynchronizes, "bool");
}

}  // namespace landfall
