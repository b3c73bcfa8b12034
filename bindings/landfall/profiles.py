"""Which service profile a scenario uses, and the figures of it that the scenario changes.

The fields are those of ``model/profile/service_profile.hpp``; a test compares the two. What each
profile holds, and its sources, is in ``model/profile/<name>.json``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer

from .part import Flag, Part, as_number
from .profile_limits import Count, ProfileLimits
from .quantities import Duration, PositiveDataRate, PositiveDuration, PositiveSize, Size

ProfileName: TypeAlias = Literal["asr-2018", "asr-2024"]
Percent: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=100), BeforeValidator(as_number)]
SourceTracking: TypeAlias = Literal["volatile", "activity_log", "intent_bit", "clean_flag"]
TrackingExtents: TypeAlias = Annotated[
    int, Field(strict=True, ge=1, le=65_535), BeforeValidator(as_number)
]


class ProfileOverride(ProfileLimits):
    """Figures that replace those of the profile; a figure that is left out stays the profile's."""

    # Recovery points
    crash_consistent_interval: PositiveDuration | None = Field(
        default=None, description="Seconds between crash-consistent markers."
    )
    app_consistent_interval_min: PositiveDuration | None = Field(
        default=None, description="Shortest interval of application-consistent points, in seconds."
    )
    app_consistent_interval_max: PositiveDuration | None = Field(
        default=None, description="Longest interval of application-consistent points, in seconds."
    )
    retention_max: Duration | None = Field(
        default=None, description="Longest retention, in seconds."
    )

    # Initial replication and resynchronization
    disks_at_once: Count | None = Field(
        default=None, description="Disks of one machine that are copied at the same time."
    )
    progress_refresh: PositiveDuration | None = Field(
        default=None, description="Seconds between two looks at how far a copy is."
    )
    initial_replication_goal: PositiveDuration | None = Field(
        default=None,
        description="Seconds in which a first copy is to be done; what takes longer is slow.",
    )
    source_read_rate: PositiveDataRate | None = Field(
        default=None, description="Read rate of a disk while it is copied, in bytes per second."
    )
    resync_compare_rate: PositiveDataRate | None = Field(
        default=None, description="Checksum compare of a disk, in bytes per second."
    )
    resync_chunk: PositiveSize | None = Field(
        default=None, description="Bytes covered by one checksum of a resynchronization."
    )
    resync_checksum: PositiveSize | None = Field(
        default=None, description="Bytes on the wire for one such chunk."
    )
    automatic_resync_delay: Duration | None = Field(
        default=None, description='Seconds from "resync required" to its start.'
    )
    copy_share_percent: Percent | None = Field(
        default=None, description="Share of a busy process server kept for copies, in percent."
    )
    copy_cache_percent: Percent | None = Field(
        default=None, description="Most of the cache that copies fill, in percent."
    )
    resync_rate_control: Flag | None = Field(
        default=None, description="Copies are paced by what arrives and give way to changes."
    )
    resync_interval: PositiveDuration | None = Field(
        default=None, description="Seconds between two steps of the rate control, at least."
    )
    resync_plan_ahead: PositiveDuration | None = Field(
        default=None, description="Seconds over which the rate control makes up a difference."
    )
    resync_delay_target: PositiveDuration | None = Field(
        default=None, description="Copies in flight under rate control, in seconds on the line."
    )
    resync_fill_target: Size | None = Field(
        default=None, description="The same in bytes; 0: the seconds count."
    )
    resync_start_rate: PositiveDataRate | None = Field(
        default=None, description="Bytes per second of copies while nothing is known of the line."
    )
    resync_least_rate: PositiveDataRate | None = Field(
        default=None, description="Bytes per second that copies get beside waiting changes."
    )

    # Source machine
    source_buffer: Size | None = Field(
        default=None, description="Ordered changes that the agent can hold for a disk, in bytes."
    )
    resync_by_bitmap: Flag | None = Field(
        default=None,
        description="After a loss of order, changed blocks are sent without a compare.",
    )
    source_tracking: SourceTracking | None = Field(
        default=None,
        description=(
            "What the record of changed blocks is after a power loss: forgotten (volatile), kept"
            " (activity_log, intent_bit), or kept by a clean shutdown only (clean_flag)."
        ),
    )
    tracking_extent: PositiveSize | None = Field(
        default=None, description="Bytes that one entry of an activity log covers."
    )
    tracking_extents: TrackingExtents | None = Field(
        default=None, description="Entries of the activity log of one disk."
    )

    # Process server
    cache_throttle_free_percent: Percent | None = Field(
        default=None,
        description="Free cache in percent below which all its machines are throttled.",
    )
    cache_resume_free_percent: Percent | None = Field(
        default=None, description="Free cache in percent from which they send again."
    )
    cache_warning_free_percent: Percent | None = Field(
        default=None, description="Free cache in percent below which its health is a warning."
    )
    cache_critical_free_percent: Percent | None = Field(
        default=None, description="Free cache in percent below which its health is critical."
    )
    cpu_warning_percent: Percent | None = Field(
        default=None, description="Processor load in percent above which its health is a warning."
    )
    cpu_critical_percent: Percent | None = Field(
        default=None, description="Processor load in percent above which its health is critical."
    )
    memory_warning_percent: Percent | None = Field(
        default=None, description="Memory in use in percent above which its health is a warning."
    )
    memory_critical_percent: Percent | None = Field(
        default=None, description="Memory in use in percent above which its health is critical."
    )
    upload_backlog_warning: Duration | None = Field(
        default=None, description="Age in seconds of data not uploaded that is a warning."
    )
    upload_backlog_critical: Duration | None = Field(
        default=None, description="Age in seconds of data not uploaded that is critical."
    )
    health_interval: PositiveDuration | None = Field(
        default=None, description="Seconds between two evaluations of health."
    )
    health_window: PositiveDuration | None = Field(
        default=None,
        description="Seconds that a load must stay above a limit to count.",
    )
    processing_rate_per_core: PositiveDataRate | None = Field(
        default=None, description="Compression and encryption of one core, in bytes per second."
    )
    upload_threads: Count | None = Field(default=None, description="Parallel streams of an upload.")
    tcp_window: PositiveSize | None = Field(
        default=None, description="TCP window of one stream, where a link states none, in bytes."
    )
    process_server_daily_churn: PositiveSize | None = Field(
        default=None, description="Documented most that a process server takes in a day, in bytes."
    )
    transfer_slice: PositiveDuration | None = Field(
        default=None, description="Most seconds that one upload batch should take."
    )

    # Azure
    storage_account_ingress: PositiveDataRate | None = Field(
        default=None, description="Most that a storage account takes in, in bytes per second."
    )
    log_processing_rate: PositiveDataRate | None = Field(
        default=None, description="Logs into a replica disk, in bytes per second."
    )
    failovers_per_hour: Count | None = Field(
        default=None, description="Machines that can fail over in an hour without hydration."
    )
    failovers_per_hour_hydrated: Count | None = Field(
        default=None, description="Machines that can fail over in an hour with hydration."
    )

    # Hyper-V Replica
    hyper_v_disks_at_once: Count | None = Field(
        default=None, description="Disks of one Hyper-V machine that are copied at the same time."
    )
    hyper_v_log_resync_percent: Percent | None = Field(
        default=None,
        description="Size of a disk's change log, in percent of the disk, that needs a resync.",
    )
    hyper_v_coalesce_log: Flag | None = Field(
        default=None, description="A place that was written twice in an interval travels once."
    )
    hyper_v_retry_every: PositiveDuration | None = Field(
        default=None, description="Seconds between two tries after the first five have failed."
    )

    # Consistency groups
    group_hold: PositiveDuration | None = Field(
        default=None, description="Most seconds that writes are held for a common point."
    )
    group_message_latency: Duration | None = Field(
        default=None, description="Seconds of a message between two members of a group, one way."
    )
    group_confirm_within: PositiveDuration | None = Field(
        default=None, description="Seconds that a commit waits to be confirmed by all members."
    )
    group_resend_every: Duration | None = Field(
        default=None, description="Seconds after which silent members are asked again; 0: never."
    )
    group_most_members: Count | None = Field(
        default=None, description="Most machines of a consistency group."
    )

    # Failback
    failback_retention: PositiveDuration | None = Field(
        default=None, description="Seconds that recovery points of a failback are kept."
    )
    failback_rpo_threshold: PositiveDuration | None = Field(
        default=None, description="RPO in seconds above which a failback raises an event."
    )
    failback_app_consistent_every: PositiveDuration | None = Field(
        default=None, description="Seconds between application-consistent points of a failback."
    )
    master_target_disks_max: Count | None = Field(
        default=None, description="Disks that a master target has attached at one time."
    )

    # Health
    health_no_crash_point: PositiveDuration | None = Field(
        default=None,
        description="Seconds without a crash-consistent point (Azure to Azure) that are critical.",
    )
    health_heartbeat_lost: PositiveDuration | None = Field(
        default=None, description="Seconds without a heartbeat that are critical."
    )
    health_no_progress: PositiveDuration | None = Field(
        default=None, description="Seconds without any upload, while data waits, that are critical."
    )
    health_test_failover_due: PositiveDuration | None = Field(
        default=None,
        description="Seconds since the last successful test failover that are a warning.",
    )
    hyper_v_missed_cycles_percent: Percent | None = Field(
        default=None,
        description="Missed replication cycles of Hyper-V, in percent, that are a warning.",
    )
    hyper_v_no_cycle: PositiveDuration | None = Field(
        default=None,
        description="Seconds without a replication cycle of Hyper-V that are a warning.",
    )
    host_throttle_min: PositiveDataRate | None = Field(
        default=None,
        description="Least that a throttle of a Hyper-V host leaves, in bytes per second.",
    )
    host_throttle_max: PositiveDataRate | None = Field(
        default=None,
        description="Most that a throttle of a Hyper-V host leaves, in bytes per second.",
    )
    event_window: PositiveDuration | None = Field(
        default=None, description="Seconds for which events stay in the list."
    )
    registration_key_lifetime: PositiveDuration | None = Field(
        default=None, description="Seconds for which a registration key is valid."
    )
    certificate_lifetime: PositiveDuration | None = Field(
        default=None,
        description="Seconds for which the certificate of a configuration server is valid.",
    )
    certificate_alert: PositiveDuration | None = Field(
        default=None, description="Seconds before an expiry from which on it is a warning."
    )

    # What distinguishes versions of the service
    recovery_time_sla: Duration | None = Field(
        default=None, description="Seconds in which a failover is to be over."
    )
    azure_retention_max: Duration | None = Field(
        default=None, description="Longest retention of Azure machines, in seconds."
    )
    azure_app_consistent_default: Duration | None = Field(
        default=None,
        description="Seconds between application-consistent points of Azure machines; 0 is off.",
    )
    azure_complete_migration: Flag | None = Field(
        default=None, description="A move between Azure regions ends with Complete Migration."
    )
    hyper_v_retention_max: Duration | None = Field(
        default=None, description="Longest retention from Hyper-V to Azure, in seconds."
    )
    hyper_v_interval_max: PositiveDuration | None = Field(
        default=None, description="Longest copy interval from Hyper-V to Azure, in seconds."
    )
    recovery_plan_most_members: Count | None = Field(
        default=None, description="Machines of one recovery plan."
    )
    recovery_plan_most_groups: Count | None = Field(
        default=None, description="Groups of one recovery plan."
    )
    physical_test_failover: Flag | None = Field(
        default=None, description="Physical servers can be drilled."
    )
    vmm_to_vmm_open: Flag | None = Field(
        default=None, description="VMM to VMM takes new customers."
    )
    scout_open: Flag | None = Field(default=None, description="InMage Scout takes new customers.")
    modernized_failback: Flag | None = Field(
        default=None,
        description="VMware machines return by a planned failover, through an appliance.",
    )
    switch_resynchronizes: Flag | None = Field(
        default=None,
        description="Machines move between appliances, and are resynchronized; else between "
        "process servers, of which the former one is emptied first.",
    )

    # Recovery plans
    recovery_plan_script_timeout: PositiveDuration | None = Field(
        default=None, description="Seconds after which a script has failed."
    )
    recovery_plan_runbook_timeout: PositiveDuration | None = Field(
        default=None, description="Seconds after which a runbook has failed."
    )
    recovery_plan_environment_time: Duration | None = Field(
        default=None, description='Seconds of the task "Create test environment".'
    )

    # Block fidelity
    block_copy_chunk: PositiveSize | None = Field(
        default=None, description="Most bytes that one read of a copy covers."
    )

    # Task durations
    prerequisites_check_time: Duration | None = Field(
        default=None, description='Seconds of the task "Prerequisites check".'
    )
    install_mobility_service_time: Duration | None = Field(
        default=None, description="Seconds to install the Mobility service."
    )
    enable_replication_time: Duration | None = Field(
        default=None, description='Seconds of the task "Enable replication".'
    )
    start_initial_replication_time: Duration | None = Field(
        default=None, description="Seconds until initial replication starts."
    )
    update_provider_states_time: Duration | None = Field(
        default=None, description="Seconds to update the states of the provider."
    )
    finalize_protection_time: Duration | None = Field(
        default=None, description="Seconds to finalize protection after initial replication."
    )
    shut_down_time: Duration | None = Field(
        default=None, description="Seconds to shut the source machine down."
    )
    start_failover_time: Duration | None = Field(
        default=None, description='Seconds of the task "Start failover".'
    )
    hyper_v_start_failover_time: Duration | None = Field(
        default=None, description="The same of a Hyper-V machine that goes to Azure."
    )
    hydration_time: Duration | None = Field(
        default=None, description="Seconds to hydrate a machine that is not ready for Azure."
    )
    start_machine_time: Duration | None = Field(
        default=None, description="Seconds to create and start the machine in Azure."
    )
    commit_time: Duration | None = Field(default=None, description="Seconds to commit a failover.")
    complete_migration_time: Duration | None = Field(
        default=None, description='Seconds of "Complete Migration".'
    )
    disable_replication_time: Duration | None = Field(
        default=None, description="Seconds to disable replication."
    )
    switch_server_time: Duration | None = Field(
        default=None, description="Seconds of the job that switches the process server."
    )
    switch_server_effect_time: Duration | None = Field(
        default=None, description="Seconds after that job until its machine uses the new server."
    )
    pause_replication_time: Duration | None = Field(
        default=None, description="Seconds to pause replication, or to resume it."
    )
    recovery_point_time: Duration | None = Field(
        default=None, description="Seconds to make a recovery point of processed data."
    )
    delete_machine_time: Duration | None = Field(
        default=None, description="Seconds to delete a machine with its disks."
    )
    clean_up_retry_every: Duration | None = Field(
        default=None,
        description="Seconds until a machine that is left over and could not be deleted is "
        "deleted once more.",
    )
    agent_registration_time: Duration | None = Field(
        default=None,
        description="Seconds from the first boot after a failover until the agent has registered "
        "again; reprotection before fails. VMware and physical machines.",
    )
    create_primary_time: Duration | None = Field(
        default=None,
        description="Seconds to make a machine on-premises for a failback to an "
        "alternate location.",
    )
    start_primary_time: Duration | None = Field(
        default=None, description="Seconds to boot the machine on-premises after a failback."
    )

    @model_serializer(mode="wrap")
    def _only_changed(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in serialize(self).items() if value is not None}


class Profile(Part):
    """A service profile (documented limits and timings), with changes."""

    name: ProfileName = Field(default="asr-2024", description="Name of the profile.")
    override: ProfileOverride = Field(
        default=ProfileOverride(), description="Figures that this scenario changes."
    )


def _spell_out(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


#: A profile, or only its name.
ProfileChoice: TypeAlias = Annotated[
    Profile, BeforeValidator(_spell_out, json_schema_input_type=ProfileName | Profile)
]
