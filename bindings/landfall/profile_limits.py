"""Limits of a service profile that a scenario may change: machines, set-up, compatibility."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from .part import Flag, Part, as_number
from .quantities import DataRate, Duration, PositiveDataRate, PositiveDuration, PositiveSize, Size

Count: TypeAlias = Annotated[
    int, Field(strict=True, ge=1, le=1_000_000), BeforeValidator(as_number)
]
DiskCount: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=1000), BeforeValidator(as_number)]


class ProfileLimits(Part):
    """What a machine may have, and what is asked of it before it is protected."""

    # Limits of a machine
    os_disk_size_max: PositiveSize | None = Field(
        default=None, description="Largest OS disk, in bytes."
    )
    data_disk_size_max: PositiveSize | None = Field(
        default=None, description="Largest data disk, in bytes."
    )
    disk_size_min: Size | None = Field(default=None, description="Smallest disk, in bytes.")
    data_disks_max: DiskCount | None = Field(default=None, description="Most data disks.")
    machine_churn_max: DataRate | None = Field(
        default=None, description="Most that a machine may write, in bytes per second."
    )
    azure_machine_churn_max: DataRate | None = Field(
        default=None, description="Most that an Azure machine may write, in bytes per second."
    )
    azure_machine_high_churn_max: DataRate | None = Field(
        default=None,
        description="The same where the cache account is one for high churn, in bytes per second.",
    )
    azure_churn_burst: Duration | None = Field(
        default=None,
        description="Seconds at a disk's churn ceiling that may leave at once, Azure to Azure.",
    )

    # Set-up
    registration_clock_skew_max: PositiveDuration | None = Field(
        default=None,
        description="Most seconds that the clock of a server may be off when it registers.",
    )
    host_discovery_time: Duration | None = Field(
        default=None, description="Seconds until a registered host is listed."
    )
    inventory_discovery_interval: PositiveDuration | None = Field(
        default=None,
        description="Seconds between two looks at the inventory of a vCenter or VMM server.",
    )
    servers_per_vault_max: Count | None = Field(
        default=None, description="Most servers registered in a vault."
    )
    vaults_per_subscription_max: Count | None = Field(
        default=None, description="Most vaults of a subscription."
    )
    azure_protected_disks_max: Count | None = Field(
        default=None, description="Azure to Azure: most protected disks of a subscription."
    )
    hyper_v_secondary_points_max: Count | None = Field(
        default=None,
        description="Hyper-V to a second site: most recovery points beside the newest.",
    )

    # Compatibility by kind, where it differs from the limits of a machine
    generation_one_os_disk_size_max: PositiveSize | None = Field(
        default=None, description="VMware, physical: largest OS disk of generation 1, in bytes."
    )
    hyper_v_os_disk_size_max: PositiveSize | None = Field(
        default=None, description="Hyper-V to Azure: largest OS disk of generation 1, in bytes."
    )
    hyper_v_generation_two_os_disk_size_max: PositiveSize | None = Field(
        default=None, description="Hyper-V to Azure: largest OS disk of generation 2, in bytes."
    )
    hyper_v_data_disk_size_max: PositiveSize | None = Field(
        default=None, description="Hyper-V to Azure: largest data disk, in bytes."
    )
    hyper_v_data_disks_max: DiskCount | None = Field(
        default=None, description="Hyper-V: most data disks of a machine."
    )
    hyper_v_generation_two_data_disks_max: DiskCount | None = Field(
        default=None, description="Hyper-V to Azure: most data disks of a machine of generation 2."
    )
    hyper_v_newer_hosts: Flag | None = Field(
        default=None,
        description="Hyper-V to Azure: hosts of Windows Server 2019 and 2022 are taken as well.",
    )
    azure_os_disk_size_max: PositiveSize | None = Field(
        default=None, description="Azure to Azure: largest OS disk, in bytes."
    )
    azure_data_disk_size_max: PositiveSize | None = Field(
        default=None, description="Azure to Azure: largest data disk, in bytes."
    )
    azure_data_disks_max: DiskCount | None = Field(
        default=None, description="Azure to Azure: most data disks of a machine."
    )
    azure_cores_min: Count | None = Field(
        default=None, description="Azure to Azure: fewest cores of a machine."
    )
    azure_memory_min: PositiveSize | None = Field(
        default=None, description="Azure to Azure: least memory of a machine, in bytes."
    )
    cache_account_disks_max: Count | None = Field(
        default=None,
        description="Azure to Azure: most disks behind a cache account that change slowly.",
    )
    cache_account_busy_disks_max: Count | None = Field(
        default=None,
        description="Azure to Azure: most disks behind a cache account that change fast.",
    )
    cache_account_calm_churn: PositiveDataRate | None = Field(
        default=None,
        description="Azure to Azure: churn up to which a disk counts as slow, bytes per second.",
    )
