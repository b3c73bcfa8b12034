"""The estate of a scenario: sites, network, Azure side, management servers, policies, machines."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from . import codes
from .churn import Churn, NoChurn
from .part import Flag, Many, Name, Number, Part, Reference, Whole
from .quantities import (
    Bandwidth,
    Duration,
    PositiveDataRate,
    PositiveDuration,
    PositiveSize,
    Size,
    TimeOfDay,
)

InitialState: TypeAlias = Literal["unprotected", "protected"]
DiskType: TypeAlias = Literal["standard_hdd", "standard_ssd", "premium_ssd"]


class Lan(Part):
    """The local network of a site: one shared switch."""

    bandwidth: Bandwidth = Field(default="10 Gbit/s", description="Capacity in bits per second.")
    latency: Duration = Field(default="0.2 ms", description="One way, in seconds.")


class Host(Part):
    """A physical host (hypervisor) of a site."""

    name: Name = Field(description="Name, unique among all hosts.")
    nic: Bandwidth = Field(
        default="10 Gbit/s", description="Capacity of its card in bits per second."
    )


class Site(Part):
    """A datacenter or office that machines stand in."""

    name: Name = Field(description="Name, unique among sites, regions and routers.")
    lan: Lan = Field(default=Lan(), description="The local network.")
    hosts: Many[Host] = Field(default=(), description="Hosts that machines may be placed on.")


class StorageAccount(Part):
    """A cache storage account in Azure."""

    name: Name = Field(description="Name, unique among all storage accounts.")
    ingress: PositiveDataRate | None = Field(
        default=None,
        description="Most it takes in, in bytes per second; null: the profile's limit.",
    )


class Region(Part):
    """An Azure region."""

    name: Name = Field(description="Name, unique among sites, regions and routers.")
    storage_accounts: Many[StorageAccount] = Field(
        default=(), description="Cache storage accounts of the region."
    )


class Throttle(Part):
    """A daily window in which a link is narrower. It wraps round midnight when `to` <= `from`."""

    from_: TimeOfDay = Field(description="Start of the window, a time of day.")
    to: TimeOfDay = Field(description="End of the window, a time of day.")
    bandwidth: Bandwidth = Field(description="Capacity inside the window, in bits per second.")


class Outage(Part):
    """A time in which a link carries nothing."""

    at: Duration = Field(description="Start, in seconds since the start of the run.")
    lasts: PositiveDuration = Field(description="Length in seconds.")


class Link(Part):
    """A wide-area link between two sites, regions or routers; each direction has all of it."""

    name: Name = Field(description="Name, unique among links.")
    from_: Reference = Field(description="Name of the site, region or router at one end.")
    to: Reference = Field(description="Name of the site, region or router at the other end.")
    bandwidth: Bandwidth = Field(description="Capacity of each direction, in bits per second.")
    latency: Duration = Field(description="One way, in seconds.")
    tcp_window: PositiveSize | None = Field(
        default=None, description="TCP window of one stream, in bytes; null: the profile's."
    )
    throttles: Many[Throttle] = Field(default=(), description="Daily windows with less bandwidth.")
    outages: Many[Outage] = Field(default=(), description="Times at which the link is down.")


class Vault(Part):
    """The Recovery Services vault."""

    name: Name = Field(description="Name of the vault.")
    region: Reference = Field(description="Name of its region: machines fail over to it.")


class ConfigurationServer(Part):
    """A configuration server."""

    name: Name = Field(description="Name, unique among configuration servers.")
    site: Reference = Field(description="Name of the site it stands in.")


class ProcessServer(Part):
    """A process server: receives, caches, compresses, encrypts and uploads changes."""

    name: Name = Field(description="Name, unique among process servers.")
    site: Reference = Field(description="Name of the site it stands in.")
    host: Reference | None = Field(
        default=None, description="Name of its host; null: its own hardware."
    )
    storage_account: Reference = Field(description="Cache storage account that it uploads to.")
    cores: Whole = Field(
        default=8, ge=1, le=4096, description="Cores for compression and encryption."
    )
    cache: PositiveSize = Field(default="600 GiB", description="Size of the cache disk, in bytes.")
    cache_rate: PositiveDataRate = Field(
        default="400 MB/s", description="What the cache disk can write, in bytes per second."
    )
    compression_ratio: Number = Field(
        default=1.0,
        gt=0.0,
        le=1000.0,
        description="LAN bytes for each WAN byte: 2 halves the upload.",
    )


class Policy(Part):
    """A replication policy."""

    name: Name = Field(description="Name, unique among policies.")
    retention: Duration = Field(
        default="24 h", description="How long recovery points are kept, in seconds."
    )
    app_consistent_every: PositiveDuration | None = Field(
        default=None,
        description="Seconds between application-consistent points; null: none are made.",
    )
    rpo_threshold: PositiveDuration | None = Field(
        default=None, description="RPO in seconds above which an event is raised; null: none is."
    )


class Disk(Part):
    """A disk of a machine. The first disk of a machine is its OS disk."""

    name: Name = Field(description="Name, unique among the disks of the machine.")
    size: PositiveSize = Field(description="Size of the disk, in bytes.")
    used: Size = Field(description="Bytes in use: what initial replication copies.")
    target: DiskType = Field(
        default="standard_hdd", description="Type of the managed disk in Azure."
    )
    churn: Churn | None = Field(
        default=None, description="Own workload; null: a share of the workload of the machine."
    )
    churn_share: Number = Field(
        default=1.0, ge=0.0, le=1e6, description="Weight among the disks that have no own workload."
    )
    working_set: PositiveSize | None = Field(
        default=None,
        description="Bytes that random writes fall on; null: rewrites are not coalesced.",
    )

    @model_validator(mode="after")
    def _used_fits(self) -> Disk:
        if self.used > self.size:
            raise PydanticCustomError(
                "keys_clash",
                "used ({used} bytes) must not be more than size ({size} bytes)",
                {"used": self.used, "size": self.size, "key": "used", "code": codes.KEYS_CLASH},
            )
        return self


class Machine(Part):
    """A machine, or `count` machines alike, named ``<name>-<k>``.

    An entry that names a template is merged over it (JSON merge patch, RFC 7396: objects are
    merged key by key, lists are replaced, null takes a key of the template away) when the scenario
    is read, so that the machines of a loaded scenario are always whole.
    """

    name: Name = Field(description="Name, unique; with `count` > 1 the start of the names.")
    template: str | None = Field(
        default=None, description="Name of the template under this entry; null: none."
    )
    count: Whole = Field(default=1, ge=1, le=10_000_000, description="Number of machines alike.")
    site: Reference = Field(description="Name of the site it stands in.")
    host: Reference | None = Field(
        default=None,
        description="Name of its host; null: any of the site. At volume fidelity the NIC of a "
        "machine's host does not limit it; that of its process server's host does.",
    )
    process_server: Reference = Field(description="Name of the process server it replicates by.")
    policy: Reference = Field(description="Name of its replication policy.")
    os: Literal["windows", "linux"] = Field(default="windows", description="Operating system.")
    kind: Literal["vmware", "physical"] = Field(
        default="vmware",
        description="VMware machine, or physical server (AWS instances count as these).",
    )
    initial_state: InitialState | None = Field(
        default=None,
        description='State at the start of the run; null: the "initial_state" of the scenario.',
    )
    hydration_drivers_ready: Flag = Field(
        default=True,
        description="Boot-start drivers and DHCP are in place: failover needs no hydration.",
    )
    churn: Churn = Field(
        default=NoChurn(), description="What the machine writes, over all its disks."
    )
    disks: Many[Disk] = Field(min_length=1, description="Disks; the first is the OS disk.")

    def names(self) -> list[str]:
        """Return the names of the machines of this group."""
        if self.count == 1:
            return [self.name]
        width = len(str(self.count))
        return [f"{self.name}-{k:0{width}}" for k in range(1, self.count + 1)]
