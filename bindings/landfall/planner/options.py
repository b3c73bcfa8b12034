"""What a capacity plan assumes, all of it: every figure that is not in the inventory or the trace.

Texts carry units ("15 min", "500 Mbit/s"). The defaults are those of Site Recovery Deployment
Planner where it has one (learn.microsoft.com, site-recovery-vmware-deployment-planner-run); [A]
marks what no document states.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from .. import codes
from ..part import Flag, Many, Name, Number, Part, Reference, Whole, as_number, clash
from ..prices import PriceBookName, PriceKey
from ..quantities import (
    Bandwidth,
    Duration,
    PositiveDuration,
    PositiveSize,
    Size,
    TimeOfDay,
)
from ..waves.calendar import Freeze, Window

__all__ = ["PlanOptions", "Throttle", "Volume"]

Percent: TypeAlias = Annotated[float, Field(strict=True, gt=0, le=100), BeforeValidator(as_number)]
Share: TypeAlias = Annotated[float, Field(strict=True, gt=0, le=1), BeforeValidator(as_number)]
Money: TypeAlias = Annotated[float, Field(strict=True, ge=0, le=1e9), BeforeValidator(as_number)]
Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Kind: TypeAlias = Literal["vmware", "physical", "hyper-v"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Throttle(Part):
    """Hours in which replication gets less: so much of the link, or at most a bandwidth."""

    days: Many[Day] = Field(default=DAYS, min_length=1, description="Days on which it begins.")
    from_: TimeOfDay = Field(description="Start, a time of day.")
    to: TimeOfDay = Field(description="End; at or before the start it is on the next day.")
    bandwidth: Bandwidth | None = Field(
        default=None, description="At most so many bits per second. Give this or `share`."
    )
    share: Annotated[float, Field(strict=True, ge=0, lt=1), BeforeValidator(as_number)] | None = (
        Field(default=None, description="Part of the link that is left.")
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.bandwidth is None) == (self.share is None):
            message = "give either `bandwidth` or `share`"
            raise clash(codes.KEYS_CLASH, message, "bandwidth", ("bandwidth", "share"))
        return self


class Volume(Part):
    """A volume of a Hyper-V host, for the free space that replication needs on it."""

    host: Name = Field(description="Host.")
    volume: Name = Field(description="Volume, such as its letter.")
    free: Size = Field(description="Free bytes.")
    machines: Many[Reference] = Field(description="Machines whose disks lie on it.")


class PlanOptions(Part):
    """Everything that a plan assumes."""

    # What is planned for
    kind: Kind = Field(default="vmware", description="What the machines run on.")
    rpos: Many[PositiveDuration] = Field(
        default=("15 min", "30 min", "60 min"),
        min_length=1,
        description="RPOs that are always planned for, as Deployment Planner does.",
    )
    shares: Many[Share] = Field(
        default=(1.0, 0.9), min_length=1, description="Parts of the time for which they are met."
    )
    bandwidth: Bandwidth | None = Field(
        default=None, description="A link that is there: the plan tells the RPO that it achieves."
    )
    overrides: Many[Reference] = Field(
        default=(), description="Machines that are planned in although a limit says no."
    )

    # Churn
    growth_percent: Annotated[
        float, Field(strict=True, gt=-100, le=10_000), BeforeValidator(as_number)
    ] = Field(default=30.0, description="Growth of all churn and IOPS. Of no stated period.")
    percentile: Percent = Field(
        default=95.0, description="Percentile of churn that sizes disks and machines."
    )
    percentile_kind: Literal["linear", "nearest_rank"] = Field(
        default="linear", description="How it is taken; Deployment Planner does not say."
    )
    clip: Literal["none", "machines", "fleet"] = Field(
        default="none",
        description="Whether bandwidth is found from the full series, or from one that is cut off "
        "at `percentile`, machine by machine or as a sum. Deployment Planner does not say.",
    )
    compression_ratio: Number = Field(
        default=1.0, ge=1.0, le=100.0, description="LAN bytes per WAN byte; undocumented [A]."
    )
    write_size: PositiveSize | None = Field(
        default=None,
        description="Average write where IOPS are unknown; null: the churn limits of the largest "
        "writes hold, and a note says for how many.",
    )
    write_overlap_percent: Annotated[
        float, Field(strict=True, ge=0, lt=100), BeforeValidator(as_number)
    ] = Field(default=30.0, description="Overlap of writes in effective write IOPS (documented).")

    # Time
    processing: Duration = Field(
        default="5 min",
        description="From the arrival of the last byte to the next recovery point; Deployment "
        "Planner assumes about 5 min. It is taken off the RPO before a link is sized.",
    )
    payload_share: Share = Field(
        default=0.965, description="Part of a link's rate that payload can use; as in scenarios."
    )
    throttles: Many[Throttle] = Field(default=(), description="Hours in which a link gives less.")
    utc_offset_hours: Annotated[
        float, Field(strict=True, ge=-14, le=14), BeforeValidator(as_number)
    ] = Field(default=0.0, description="Local time less UTC, for days and throttles.")

    # What the inventory does not say
    assume_disk: PositiveSize | None = Field(
        default=None, description="Size of disks whose size is unknown; null: it stays unknown."
    )
    assume_used_percent: Percent | None = Field(
        default=None, description="Bytes in use of disks where unknown; null: unknown."
    )

    assume_change_percent: Percent | None = Field(
        default=None,
        description="Without a trace: what machines of unknown churn write in a day, of their "
        "bytes in use, evenly; null: they have no data.",
    )

    # Initial replication
    initial_replication_goal: PositiveDuration = Field(
        default="72 h", description="Most time for the copies of a batch."
    )
    batch_order: Literal["inventory", "smallest", "largest"] = Field(
        default="inventory", description="Who is copied first."
    )
    volumes: Many[Volume] = Field(
        default=(), description="Hyper-V: volumes whose free space gates the batches."
    )

    # Servers and limits
    profile: Literal["asr-2018", "asr-2024"] = Field(
        default="asr-2024", description="Service profile: limits, sizes, tiers."
    )
    limits: Literal["service", "deployment-planner"] = Field(
        default="service",
        description='"service": the limits of the profile; "deployment-planner": those built into '
        "the tool, which are older.",
    )
    configuration_server_machines: Whole = Field(
        default=200,
        ge=1,
        description="Machines of a configuration server; documents say 200, and elsewhere 650.",
    )
    managed_disks: Flag = Field(default=True, description="Managed disks, not storage accounts.")
    retention: Duration = Field(default="24 h", description="How long recovery points are kept.")

    # Cost
    price_book: PriceBookName = Field(default="prices-2024", description="Price book.")
    prices: dict[PriceKey, Money] = Field(default={}, description="Prices that are others.")
    size_prices: dict[str, Money] = Field(
        default={},
        description="Price of a machine size for an hour; others cost by their cores what the "
        "price book's size costs [A].",
    )
    discount_percent: Annotated[
        float, Field(strict=True, ge=0, le=100), BeforeValidator(as_number)
    ] = Field(default=0.0, description="Discount on everything.")
    hybrid_benefit: Flag = Field(
        default=True, description="Windows licences are there: Windows costs what Linux does."
    )
    redundancy: Literal["LRS", "ZRS", "GRS", "RA-GRS"] = Field(
        default="LRS", description="Redundancy of the replicas."
    )
    redundancy_factor: (
        Annotated[float, Field(strict=True, ge=1, le=10), BeforeValidator(as_number)] | None
    ) = Field(default=None, description="Price of storage against LRS; needed for every other one.")
    drills_per_year: Annotated[
        float, Field(strict=True, ge=0, le=365), BeforeValidator(as_number)
    ] = Field(default=4.0, description="Disaster recovery drills a year.")
    drill_days: Annotated[float, Field(strict=True, ge=0, le=366), BeforeValidator(as_number)] = (
        Field(default=7.0, description="Days that a drill lasts.")
    )
    always_on: Many[Reference] = Field(
        default=(), description="Machines that run in Azure all year, such as domain controllers."
    )
    network_price: Money | None = Field(
        default=None,
        description="ExpressRoute or VPN a month; the price books have none. null: not counted.",
    )

    # Failures, intervals, waves
    links_down: Annotated[int, Field(strict=True, ge=1, le=3), BeforeValidator(as_number)] = Field(
        default=2, description="How many links of the network fail at once, at most."
    )
    level: Annotated[float, Field(strict=True, gt=0, lt=1), BeforeValidator(as_number)] = Field(
        default=0.9, description="Chance that the intervals state."
    )
    replicates: Annotated[
        int, Field(strict=True, ge=20, le=100_000), BeforeValidator(as_number)
    ] = Field(default=200, description="Redrawn traces behind an interval.")
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63), BeforeValidator(as_number)] = Field(
        default=1, description="Of intervals, waves and simulation."
    )
    windows: Many[Window] = Field(
        default=(), description="Windows of a migration; none: no waves are planned."
    )
    freezes: Many[Freeze] = Field(default=(), description="Times without cutovers.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for key in ("rpos", "shares"):
            values = getattr(self, key)
            if len(set(values)) != len(values):
                raise clash(codes.KEYS_CLASH, "has a value twice", key)
        if self.redundancy != "LRS" and self.redundancy_factor is None:
            message = "is needed where `redundancy` is not LRS: the price books know LRS only"
            raise clash(codes.MISSING_KEY, message, "redundancy_factor")
        for rpo in self.rpos:
            if rpo < self.processing:
                message = f"has {rpo:g} s, which is less than `processing` ({self.processing:g} s)"
                raise clash(codes.OUT_OF_RANGE, message, "rpos")
        if self.drills_per_year * self.drill_days > 366:
            message = "times `drills_per_year` is more than a year"
            raise clash(codes.OUT_OF_RANGE, message, "drill_days")
        if self.volumes and self.kind != "hyper-v":
            message = 'go with "kind": "hyper-v" only'
            raise clash(codes.KEYS_CLASH, message, "volumes")
        return self

    @property
    def factor(self) -> float:
        """Wire bytes for each byte written today."""
        return (1 + self.growth_percent / 100) / self.compression_ratio

    @property
    def compression_percent(self) -> float:
        """What compression saves."""
        return 100 * (1 - 1 / self.compression_ratio)

    def rpos_with(self, custom: float | None) -> Sequence[float]:
        """Return all RPOs, rising, with one of the caller's."""
        return sorted({*self.rpos, *([] if custom is None else [custom])})
