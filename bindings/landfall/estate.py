"""The estate of a scenario: sites, network, Azure side, management servers, policies, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from . import codes
from .part import Flag, Many, Name, Number, Part, Reference, Whole, as_number, clash, exactly_one
from .quantities import (
    Bandwidth,
    Duration,
    PositiveDataRate,
    PositiveDuration,
    PositiveSize,
    TimeOfDay,
)
from .setup import HostVersion
from .target import Quota, VirtualNetwork

InitialState: TypeAlias = Literal["unprotected", "protected"]

ThreadCount: TypeAlias = Annotated[int, Field(strict=True, ge=4, le=32), BeforeValidator(as_number)]

#: How often Hyper-V replicates, in seconds.
_INTERVALS = (30, 300, 900)


def _interval(seconds: float) -> float:
    if seconds not in _INTERVALS:
        allowed = ("30 s", "5 min", "15 min")
        message = "must be 30 seconds, 5 minutes or 15 minutes"
        raise clash(codes.OUT_OF_RANGE, message, allowed=allowed)
    return seconds


if TYPE_CHECKING:
    ReplicationInterval: TypeAlias = Any
else:
    ReplicationInterval = Annotated[PositiveDuration, AfterValidator(_interval)]


class Lan(Part):
    """The local network of a site: one shared switch."""

    bandwidth: Bandwidth = Field(default="10 Gbit/s", description="Capacity in bits per second.")
    latency: Duration = Field(default="0.2 ms", description="One way, in seconds.")


class Throttle(Part):
    """A daily window in which a link or host sends less; round midnight when `to` <= `from`."""

    from_: TimeOfDay = Field(description="Start of the window, a time of day.")
    to: TimeOfDay = Field(description="End of the window, a time of day.")
    bandwidth: Bandwidth = Field(description="Capacity inside the window, in bits per second.")


class Host(Part):
    """A physical host (hypervisor) of a site."""

    name: Name = Field(description="Name, unique among all hosts.")
    nic: Bandwidth = Field(
        default="10 Gbit/s", description="Capacity of its card in bits per second."
    )
    throttles: Many[Throttle] = Field(
        default=(), description="Daily windows in which replication from this host gets less."
    )
    upload_threads: ThreadCount | None = Field(
        default=None, description="Parallel streams of a machine's upload; null: the profile's."
    )
    version: HostVersion | None = Field(
        default=None, description="Windows Server of a Hyper-V host; null: unstated."
    )
    registers_at: Duration | None = Field(
        default=None, description="Seconds at which it registers; null: before the run."
    )
    key_generated_at: Duration | None = Field(
        default=None,
        description="Seconds at which its registration key was generated; null: as it registers.",
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
    high_churn: Flag = Field(
        default=False,
        description="Premium block blobs: Azure to Azure, the ceilings of high churn hold.",
    )


class Region(Part):
    """An Azure region."""

    name: Name = Field(description="Name, unique among sites, regions and routers.")
    storage_accounts: Many[StorageAccount] = Field(
        default=(), description="Cache storage accounts of the region."
    )
    quota: Quota = Field(default=Quota(), description="What the subscription may use of it.")
    networks: Many[VirtualNetwork] = Field(
        default=(), description="Virtual networks; none: interfaces have no addresses."
    )


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
    registers_at: Duration | None = Field(
        default=None, description="Seconds at which it registers; null: before the run."
    )
    key_generated_at: Duration | None = Field(
        default=None,
        description="Seconds at which its registration key was generated; null: as it registers.",
    )


class MasterTarget(Part):
    """A master target: writes what a process server sends to the disks of a datacenter."""

    name: Name = Field(description="Name, unique among master targets.")
    site: Reference = Field(description="Name of the site it stands in.")
    apply_rate: PositiveDataRate = Field(
        default="400 MB/s", description="What it can write over all disks, in bytes per second."
    )


class ProcessServer(Part, json_schema_extra=exactly_one("storage_account", "master_target")):
    """A process server: receives, caches, compresses, encrypts and sends on changes."""

    name: Name = Field(description="Name, unique among process servers.")
    site: Reference = Field(
        description="Name of the site it stands in; for failback the region in Azure."
    )
    host: Reference | None = Field(
        default=None, description="Name of its host; null: its own hardware."
    )
    storage_account: Reference | None = Field(
        default=None, description="Cache storage account that it uploads to."
    )
    master_target: Reference | None = Field(
        default=None,
        description="Master target that it sends to (InMage Scout, failback). Give this or "
        "`storage_account`.",
    )
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

    @model_validator(mode="after")
    def _sends_to_one(self) -> ProcessServer:
        if self.storage_account is None and self.master_target is None:
            raise clash(codes.MISSING_KEY, "this key is required", "storage_account")
        if self.storage_account is not None and self.master_target is not None:
            message = 'does not go with "storage_account": a process server sends on to one of them'
            raise clash(codes.KEYS_CLASH, message, "master_target")
        return self


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
    replication_interval: ReplicationInterval = Field(
        default="5 min",
        description="Seconds between two transfers of Hyper-V Replica: 30, 300 or 900.",
    )
    initial_replication_start: TimeOfDay | None = Field(
        default=None,
        description="Hyper-V: time of day for which the first copy of a machine waits, within 24 h "
        "of its enabling; null: it starts at once.",
    )


class ConsistencyGroup(Part):
    """Machines that get their recovery points at one and the same moment."""

    name: Name = Field(description="Name, unique among consistency groups.")
    hold: PositiveDuration | None = Field(
        default=None,
        description="Most seconds that writes are held for a common point; null: the profile's.",
    )
    latency: Duration | None = Field(
        default=None,
        description="Seconds of a message between two members, one way; null: the profile's.",
    )
