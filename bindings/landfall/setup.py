"""Set-up of the vault: VMM servers, network mappings, and the facts that compatibility asks for."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from .part import Flag, Many, Name, Part, Reference, Whole, as_number
from .quantities import Duration, PositiveSize

HostVersion: TypeAlias = Literal["2008-r2", "2012", "2012-r2", "2016", "2019", "2022"]
GuestStorage: TypeAlias = Literal[
    "smb3",
    "storage-spaces",
    "storage-spaces-direct",
    "multipath",
    "iscsi",
    "drbd",
    "lvm",
    "nfs",
]
_Sector: TypeAlias = Annotated[Literal[512, 4096], BeforeValidator(as_number)]
_Generation: TypeAlias = Annotated[Literal[1, 2], BeforeValidator(as_number)]


class VmmServer(Part):
    """A System Center Virtual Machine Manager server and its clouds."""

    name: Name = Field(description="Name, unique among VMM servers.")
    site: Reference = Field(description="Name of the site it stands in.")
    clouds: Many[Name] = Field(min_length=1, description="Its clouds, unique among all clouds.")
    registers_at: Duration | None = Field(
        default=None, description="Seconds at which it registers; null: before the run."
    )
    key_generated_at: Duration | None = Field(
        default=None,
        description="Seconds at which its registration key was generated; null: as it registers.",
    )


class NetworkMapping(Part):
    """Where machines of a network come up: VMM to Azure, VMM to VMM, or Azure to Azure (1:1)."""

    fabric: Reference = Field(description="Name of the VMM server, or of the Azure region.")
    from_: Name = Field(description="Network of the machines.")
    to: Name = Field(description="Network they come up in.")


class DiskFacts(Part):
    """What a disk is, as far as compatibility asks."""

    format: Literal["native", "vhd", "vhdx", "vmdk", "raw"] = Field(
        default="native", description='Format; "native": as the platform has it.'
    )
    encryption: Literal["none", "bitlocker", "other", "azure-disk"] = Field(
        default="none", description='Encryption; "azure-disk": Azure Disk Encryption.'
    )
    attachment: Literal["virtual", "pass-through", "fibre-channel"] = Field(
        default="virtual", description="How it is attached."
    )
    azure_kind: Literal["managed", "ultra", "nvme"] = Field(
        default="managed", description="Kind of disk of an Azure machine."
    )
    logical_sector: _Sector = Field(default=512, description="Bytes of a logical sector.")
    physical_sector: _Sector = Field(default=512, description="Bytes of a physical sector.")
    shared: Flag = Field(default=False, description="Other machines have it as well.")
    dynamic: Flag = Field(default=False, description="A dynamic disk of Windows, not a basic one.")
    write_accelerator: Flag = Field(default=False, description="With write accelerator (Azure).")


class MachineFacts(Part):
    """What a machine is, as far as compatibility and the target ask; the defaults suit all."""

    os_version: Reference | None = Field(
        default=None, description='Version of the system, such as "windows-2016"; null: unstated.'
    )
    nano_server: Flag = Field(default=False, description="Windows Server as Nano Server.")
    architecture: Literal["x64", "x86", "arm64"] = Field(
        default="x64", description="Architecture of the guest."
    )
    generation: _Generation | None = Field(
        default=None,
        description="Generation of the virtual machine; null: 1, or 2 where the OS disk of a "
        "VMware or physical machine needs it.",
    )
    boot: Literal["bios", "uefi"] = Field(default="bios", description="How it boots.")
    os_disks: Whole = Field(default=1, ge=1, le=64, description="Disks that the system lies on.")
    cores: Whole = Field(default=2, ge=1, le=4096, description="Virtual cores.")
    memory: PositiveSize = Field(default="4 GiB", description="Memory in bytes.")
    nics: Whole = Field(default=1, ge=1, le=64, description="Network interfaces.")
    network: Name | None = Field(default=None, description="Its network, for network mappings.")
    subnet: Name | None = Field(default=None, description="Its subnet: one of that name is taken.")
    ipv6: Flag = Field(default=False, description="Uses IPv6.")
    static_ip: Flag = Field(default=False, description="Has a static address.")
    nic_team: Flag = Field(default=False, description="Teams interfaces in the guest.")
    accelerated_networking: Flag = Field(default=False, description="Accelerated networking.")
    guest_storage: Many[GuestStorage] = Field(
        default=(), description="What the guest keeps data on beside plain disks."
    )
    host_version: HostVersion | None = Field(
        default=None, description="Windows Server of its Hyper-V host; null: that of its host."
    )
    clustered: Flag = Field(default=False, description="Stands on a Hyper-V cluster.")
    highly_available: Flag = Field(default=True, description="On a cluster: as a role of it.")
    replica_broker: Flag = Field(default=True, description="The cluster has a Replica Broker.")
    extended_replication: Flag = Field(
        default=False, description="Hyper-V Replica sends it to a third place as well."
    )
    powered_on: Flag = Field(default=True, description="It runs when it is enabled.")
    dedicated_host: Flag = Field(default=False, description="On an Azure dedicated host.")
    zonal: Flag = Field(default=True, description="In a zone of its region (zone to zone).")
    cciss_disks: Flag = Field(default=False, description="Disks behind an HP CCISS controller.")
    drivers: Literal["unstated", "citrix", "aws", "redhat"] = Field(
        default="unstated", description="Paravirtual drivers of an AWS instance."
    )
