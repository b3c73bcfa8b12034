"""Limits that machines and disks are held against: today's service, or Deployment Planner's own.

The tool's limits are older than the service's, and machines beyond them vanish from its totals; so
both are here, as tables with sources, and a plan may use either and may override them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .. import _model

__all__ = ["Limit", "Limits", "Tier", "limits_of"]

_MIB, _GIB, _TIB = 2**20, 2**30, 2**40
_DP = "SR/site-recovery-vmware-deployment-planner-analyze-report.md"
_DP_HYPER_V = "SR/hyper-v-deployment-planner-analyze-report.md"
LimitsName: TypeAlias = Literal["service", "deployment-planner"]


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit and where it stands."""

    value: float
    source: str


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier of managed disks.

    Attributes
    ----------
    name, type
        Such as P10 and premium_ssd.
    size
        Bytes up to which a disk gets it.
    iops
        What it does; infinite where a table has no figure.
    churn
        Pairs of average write size and most bytes per second, rising.
    source
        Where that stands.
    """

    name: str
    type: str
    size: int
    iops: float
    churn: tuple[tuple[int, float], ...]
    source: str

    def churn_limit(self, write_size: float | None) -> float:
        """Return the most churn at an average write size; unknown counts as the largest."""
        if write_size is None:
            return self.churn[-1][1]
        fitting = [most for size, most in self.churn if size <= write_size]
        return fitting[-1] if fitting else self.churn[0][1]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a disk and a machine may be; a limit that is not there is None."""

    tiers: tuple[Tier, ...]
    disk_size_min: Limit | None
    os_disk_size: Limit
    data_disk_size: Limit
    disks: Limit
    machine_churn: Limit
    daily_churn: Limit
    machine_size: Limit | None = None
    disk_iops: Limit | None = None
    machine_iops: Limit | None = None
    effective_write_iops: Limit | None = None
    snapshot_storage: Limit | None = None


def limits_of(name: LimitsName, kind: str, profile: str) -> Limits:
    """Return the limits of a name for a kind of machine."""
    return _tool(kind) if name == "deployment-planner" else _service(kind, profile)


# --- Today's service ------------------------------------------------------------------------------


def _service(kind: str, profile: str) -> Limits:
    about = _model.profile(profile)

    def field(key: str) -> Limit:
        entry = about["fields"][key]
        return Limit(float(entry["value"]), str(entry["source"]))

    tiers = tuple(
        Tier(
            name=entry["name"],
            type=entry["type"],
            size=int(entry["size_at_most"]),
            iops=float(entry["iops"]),
            churn=tuple((int(row[0]), float(row[1])) for row in entry["churn_by_write_size"]),
            source=entry["source"],
        )
        for entry in about["target_disk_tiers"]
    )
    prefix = "hyper_v_" if kind == "hyper-v" else ""
    data_disks = field(f"{prefix}data_disks_max")
    return Limits(
        tiers=tiers,
        disk_size_min=field("disk_size_min"),
        os_disk_size=field(f"{prefix}os_disk_size_max"),
        data_disk_size=field(f"{prefix}data_disk_size_max"),
        disks=Limit(data_disks.value + 1, data_disks.source),
        machine_churn=field("machine_churn_max"),
        daily_churn=field("process_server_daily_churn"),
    )


# --- Deployment Planner ---------------------------------------------------------------------------


def _row(name: str, gigabytes: int, megabytes: tuple[float, ...], *, premium: bool) -> Tier:
    sizes = (8192, 16384, 32768)[: len(megabytes)]
    churn = tuple((size, most * _MIB) for size, most in zip(sizes, megabytes, strict=True))
    kind = "premium_ssd" if premium else "standard_hdd"
    return Tier(name, kind, gigabytes * _GIB, float("inf"), churn, f"{_DP}: limits, sizes")


#: Sizes and churn limits per disk; of Hyper-V per machine, without a column for the write size.
_TOOL_TIERS = (
    _row("Standard", 4095, (2,), premium=False),
    _row("P10", 128, (2, 4, 8), premium=True),
    _row("P15", 256, (2, 4, 8), premium=True),
    _row("P20", 512, (5, 20), premium=True),
    _row("P30", 1024, (5, 20), premium=True),
    _row("P40", 2048, (5, 20), premium=True),
    _row("P50", 4095, (5, 20), premium=True),
)


def _tool(kind: str) -> Limits:
    source = _DP_HYPER_V if kind == "hyper-v" else _DP
    os_disk = 2047 if kind == "hyper-v" else 4095
    return Limits(
        tiers=_TOOL_TIERS,
        disk_size_min=None,
        os_disk_size=Limit(os_disk * _GIB, source),
        data_disk_size=Limit(4095 * _GIB, source),
        disks=Limit(64, source),
        machine_churn=Limit(54 * _MIB, source),
        daily_churn=Limit(2 * _TIB, source),
        machine_size=Limit(35 * _TIB, f"{source}: replication and test failover together"),
        disk_iops=Limit(7_500, source),
        machine_iops=Limit(80_000, source),
        effective_write_iops=Limit(840, source),
        snapshot_storage=Limit(10 * _TIB, source),
    )
