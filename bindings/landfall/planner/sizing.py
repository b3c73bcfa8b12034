"""What each machine needs in Azure, and every reason why it cannot have it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from .. import _model, formatting
from ..inventory.model import Server, ServerDisk
from .limits import Limit, Limits, Tier
from .options import PlanOptions

__all__ = ["NOT_FOUND", "Reason", "SizedDisk", "SizedMachine", "VmSize", "size_machine", "vm_sizes"]

NOT_FOUND = "Data not found"
_MIB = 2**20
_QUOTES = "\"'[]`"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a disk or machine is incompatible.

    Attributes
    ----------
    of
        The disk, or "machine".
    rule
        Short name of the rule.
    text
        In words, with what was found and the limit.
    source
        Where the limit stands.
    """

    of: str
    rule: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class VmSize:
    """A size of machine in Azure, as the service profile lists it."""

    name: str
    cores: int
    memory: int
    data_disks: int
    nics: int


@dataclass
class SizedDisk:
    """A disk: what is known of it, and the tier it gets."""

    name: str
    size: int | None
    used: int | None
    churn: float
    iops: float | None
    write_iops: float | None
    write_size: float | None
    is_assumed: bool = False
    tier: Tier | None = None
    is_starred: bool = False


@dataclass
class SizedMachine:
    """A machine: its needs with growth, its disks, its size, and what stands against it."""

    server: Server
    column: int | None
    peak_churn: float
    mean_churn: float
    iops: float | None
    disks: list[SizedDisk] = field(default_factory=list)
    size: VmSize | None = None
    reasons: list[Reason] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    is_overridden: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return self.server.name

    @property
    def is_planned(self) -> bool:
        """Whether the plan's totals have it."""
        return not self.reasons or self.is_overridden

    @property
    def verdict(self) -> Literal["Yes", "Yes*", "No"]:
        """Yes; Yes* if a disk needs a larger tier than its size gives it; else No."""
        if self.reasons:
            return "No"
        return "Yes*" if any(disk.is_starred for disk in self.disks) else "Yes"

    @property
    def total_size(self) -> int | None:
        """Bytes of all disks, None where one is unknown."""
        return _total(disk.size for disk in self.disks)

    @property
    def total_used(self) -> int | None:
        """Bytes in use on all disks, None where unknown."""
        return _total(disk.used for disk in self.disks)

    @property
    def storage_type(self) -> str:
        """The dearest type of its disks."""
        types = {disk.tier.type for disk in self.disks if disk.tier is not None}
        return next((each for each in ("premium_ssd", "standard_hdd") if each in types), "")


def _total(parts: Any) -> int | None:
    known = list(parts)
    return None if not known or None in known else sum(known)


def vm_sizes(profile: str) -> tuple[VmSize, ...]:
    """Return the sizes of a profile, the smallest first: by cores, then memory."""
    found = [
        VmSize(
            each["name"], each["cores"], each["memory"], each["data_disks_max"], each["nics_max"]
        )
        for each in _model.profile(profile)["vm_sizes"]
    ]
    return tuple(sorted(found, key=lambda size: (size.cores, size.memory)))


# --- Building -------------------------------------------------------------------------------------


def size_machine(
    server: Server,
    column: int | None,
    rates: tuple[float, float],
    options: PlanOptions,
    limits: Limits,
    sizes: Sequence[VmSize],
) -> SizedMachine:
    """Return what a machine needs.

    Parameters
    ----------
    server
        The machine.
    column
        Its column of the churn; None: it has none.
    rates
        Its churn at the percentile and in the mean, bytes per second, with growth.
    options, limits, sizes
        What is assumed, what it is held against, and what there is.
    """
    growth = 1 + options.growth_percent / 100
    iops = _iops(server)
    made = SizedMachine(server, column, rates[0], rates[1], None if iops is None else iops * growth)
    made.disks = _disks(made, options, growth)
    for disk in made.disks:
        made.reasons += _of_disk(made, disk, limits, options)
    made.reasons += _of_machine(made, limits, options)
    made.size = _size(made, sizes)
    made.unknown += _unknown(made)
    made.is_overridden = bool(made.reasons) and made.name in options.overrides
    return made


def _iops(server: Server) -> float | None:
    parts = [server.read_iops, server.write_iops]
    known = [part for part in parts if part is not None]
    if known:
        return sum(known)
    of_disks = [
        part for disk in server.disks for part in (disk.read_iops, disk.write_iops)
        if part is not None
    ]  # fmt: skip
    return sum(of_disks) if of_disks else None


def _disks(made: SizedMachine, options: PlanOptions, growth: float) -> list[SizedDisk]:
    server = made.server
    listed: Sequence[ServerDisk] = server.disks
    if len(listed) < (server.disk_count or 1):
        more = range(len(listed) + 1, (server.disk_count or 1) + 1)
        listed = [*listed, *(ServerDisk(name=str(number)) for number in more)]
    weights = [disk.write_bytes_per_s for disk in listed]
    known = [weight for weight in weights if weight is not None]
    shares = (
        [(weight or 0.0) / sum(known) for weight in weights]
        if len(known) == len(weights) and sum(known) > 0
        else [1 / len(listed)] * len(listed)
    )
    total = server.storage_bytes if len(listed) == 1 else None
    used_total = server.total_used_bytes
    disks = []
    for disk, share in zip(listed, shares, strict=True):
        size = disk.size_bytes if disk.size_bytes is not None else total
        is_assumed = size is None and options.assume_disk is not None
        size = options.assume_disk if is_assumed else size
        used = disk.used_bytes
        if used is None and used_total is not None and len(listed) == 1:
            used = used_total
        if used is None and used_total is not None and made.server.total_size_bytes and size:
            used = round(used_total * size / made.server.total_size_bytes)
        if used is None and size is not None and options.assume_used_percent is not None:
            used, is_assumed = round(size * options.assume_used_percent / 100), True
        if used is not None and size is not None:
            used = min(used, size)
        parts = [part for part in (disk.read_iops, disk.write_iops) if part is not None]
        of_machine = None if made.iops is None else made.iops * share
        write = disk.write_iops
        average = disk.write_bytes_per_s / write if disk.write_bytes_per_s and write else None
        disks.append(
            SizedDisk(
                name=disk.name,
                size=size,
                used=used,
                churn=made.peak_churn * share,
                iops=sum(parts) * growth if parts else of_machine,
                write_iops=None if write is None else write * growth,
                write_size=average or options.write_size,
                is_assumed=is_assumed,
            )
        )
    return disks


def _unknown(made: SizedMachine) -> list[str]:
    server = made.server
    found = [
        name
        for name, value in (("cores", server.cores), ("memory", server.memory_bytes),
                            ("operating system", server.os_family), ("boot type", server.boot))
        if value is None
    ]  # fmt: skip
    if any(disk.size is None for disk in made.disks):
        found.append("disk sizes")
    if any(disk.used is None for disk in made.disks):
        found.append("bytes in use")
    if any(disk.iops is None for disk in made.disks):
        found.append("IOPS")
    if any(disk.write_size is None for disk in made.disks):
        found.append("average write size")
    return found


# --- Rules ----------------------------------------------------------------------------------------


def _of_disk(
    made: SizedMachine, disk: SizedDisk, limits: Limits, options: PlanOptions
) -> Iterator[Reason]:
    place = f"disk {disk.name}" if not disk.name.lower().startswith("disk") else disk.name
    is_os = made.disks and disk is made.disks[0]
    most = limits.os_disk_size if is_os else limits.data_disk_size
    if disk.size is not None and disk.size > most.value:
        what = "OS disk" if is_os else "disk"
        yield _above(place, "disk size", f"{what} size", disk.size, most, formatting.size)
    least = limits.disk_size_min
    if disk.size is not None and least is not None and disk.size < least.value:
        text = f"disk size {formatting.size(disk.size)} below {formatting.size(least.value)}"
        yield Reason(place, "disk size", text, least.source)
    listed = next((each for each in made.server.disks if each.name == disk.name), None)
    if listed is not None and listed.shared:
        yield Reason(place, "shared disk", "other machines write to it", "compatibility: shared")
    if limits.disk_iops is not None and _over(disk.iops, limits.disk_iops):
        yield _above(place, "disk IOPS", "IOPS", disk.iops or 0, limits.disk_iops, _count)
    effective = limits.effective_write_iops
    if effective is not None and disk.write_iops is not None:
        writes = disk.write_iops * (1 - options.write_overlap_percent / 100)
        if writes > effective.value:
            yield _above(place, "write IOPS", "effective write IOPS", writes, effective, _count)
    yield from _tier(place, made, disk, limits, options)


def _tier(
    place: str, made: SizedMachine, disk: SizedDisk, limits: Limits, options: PlanOptions
) -> Iterator[Reason]:
    """Give the disk the cheapest tier that its size and load fit; say why if there is none."""
    churn = disk.churn
    if options.limits == "deployment-planner" and options.kind == "hyper-v":
        churn = made.peak_churn  # the tool's rows for Hyper-V are of a machine
    size = disk.size or 0
    roomy = [tier for tier in limits.tiers if tier.size >= size]

    def bears(tier: Tier) -> bool:
        return churn <= tier.churn_limit(disk.write_size) and (disk.iops or 0.0) <= tier.iops

    # A standard disk is as large as it is; a premium one may be larger for the sake of its load.
    for kind, most in (("standard_hdd", 1), ("premium_ssd", None)):
        fitting = [tier for tier in roomy if tier.type == kind][:most]
        for number, tier in enumerate(fitting):
            if bears(tier):
                disk.tier = tier
                # A disk of unknown size maps nowhere by its size.
                disk.is_starred = kind == "premium_ssd" and number > 0 and disk.size is not None
                return
    if not roomy:
        return  # its size is a reason already
    best = max((tier.churn_limit(disk.write_size) for tier in roomy), default=0.0)
    source = roomy[-1].source
    # What it would get if it were planned in all the same: the smallest that bears most.
    iops = min(disk.iops or 0.0, max(tier.iops for tier in roomy))
    disk.tier = next(
        (t for t in roomy if t.churn_limit(disk.write_size) == best and t.iops >= iops), roomy[-1]
    )
    if churn > best:
        average = (
            "any write size"
            if disk.write_size is None
            else f"an average write of {formatting.size(disk.write_size)}"
        )
        text = f"churn {_rate(churn)} above {_rate(best)} for {average}"
        yield Reason(place, "disk churn", text, source)
    most_iops = max(tier.iops for tier in roomy)
    if (disk.iops or 0.0) > most_iops:
        yield _above(place, "disk IOPS", "IOPS", disk.iops or 0, Limit(most_iops, source), _count)


def _of_machine(made: SizedMachine, limits: Limits, options: PlanOptions) -> Iterator[Reason]:
    if made.column is None:
        text = f"{NOT_FOUND}: no churn of it is known"
        yield Reason(
            "machine",
            NOT_FOUND,
            text,
            "SR/site-recovery-vmware-deployment-planner-analyze-report.md",
        )
        return
    if made.peak_churn > limits.machine_churn.value:
        yield _above(
            "machine", "machine churn", "peak churn", made.peak_churn, limits.machine_churn, _rate
        )
    daily = made.mean_churn * 86_400
    if daily > limits.daily_churn.value:
        yield _above(
            "machine", "daily churn", "churn a day", daily, limits.daily_churn, formatting.size
        )
    if len(made.disks) > limits.disks.value:
        yield _above("machine", "disks", "disks", len(made.disks), limits.disks, _count)
    total = made.total_size
    if limits.machine_size is not None and total is not None:
        both = 2 * total  # replication and a test failover [inferred: each has all disks]
        if both > limits.machine_size.value:
            limit = limits.machine_size
            yield _above(
                "machine", "machine size", "replica and test failover", both, limit,
                formatting.size,
            )  # fmt: skip
    if limits.machine_iops is not None and _over(made.iops, limits.machine_iops):
        yield _above("machine", "machine IOPS", "IOPS", made.iops or 0, limits.machine_iops, _count)
    if limits.snapshot_storage is not None:
        kept = made.mean_churn * options.retention  # [inferred]: what is written in the retention
        if kept > limits.snapshot_storage.value:
            yield _above(
                "machine", "snapshot storage", "recovery points", kept, limits.snapshot_storage,
                formatting.size,
            )  # fmt: skip
    if options.kind == "hyper-v" and any(letter in made.name for letter in _QUOTES):
        text = "the name holds quotes, brackets or a backtick"
        source = "SR/hyper-v-deployment-planner-analyze-report.md"
        yield Reason("machine", "name", text, source)


def _size(made: SizedMachine, sizes: Sequence[VmSize]) -> VmSize | None:
    server = made.server
    if server.cores is None or server.memory_bytes is None:
        return None
    nics = len(server.nics) or server.nic_count or 1
    data = max(len(made.disks) - 1, 0)
    for size in sizes:
        if (
            size.cores >= server.cores
            and size.memory >= server.memory_bytes
            and size.data_disks >= data
            and size.nics >= nics
        ):
            return size
    needs = (
        f"no size has {server.cores} cores, {formatting.size(server.memory_bytes)}, "
        f"{data} data disks and {nics} interfaces"
    )
    made.reasons.append(Reason("machine", "Azure size", needs, "sizes of the service profile"))
    return None


def _above(of: str, rule: str, what: str, found: float, limit: Limit, written: Any) -> Reason:
    text = f"{what} {written(found)} above {written(limit.value)}"
    return Reason(of, rule, text, limit.source)


def _over(value: float | None, limit: Limit) -> bool:
    return value is not None and value > limit.value


def _rate(bytes_per_second: float) -> str:
    return f"{bytes_per_second / _MIB:.3g} MB/s"


def _count(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "∞"


def peak_rates(
    churn: np.ndarray[Any, np.dtype[np.float64]], slot_s: float, options: PlanOptions
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return each machine's churn at the percentile, in bytes per second, with growth."""
    kind = _model.PercentileKind.__members__[options.percentile_kind]
    percentile = _model.machine_percentiles(churn, options.percentile, kind)
    grown: np.ndarray[Any, np.dtype[np.float64]] = (
        percentile / slot_s * (1 + options.growth_percent / 100)
    )
    return grown
