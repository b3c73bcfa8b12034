"""Arithmetic of the deployment planners: servers, free space, batches of first copies, reprotect.

Each function computes what a document states, with the figures of a service profile
(``model/profile/*.json``: ``planning``, ``server_sizes``, ``fields``). Bytes and seconds
throughout; where documents write MB, GB and TB, they mean powers of 1,024.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from . import _model

__all__ = [
    "CopyBatch",
    "CopyDemand",
    "ServerSize",
    "appliance_move_time",
    "copy_batches",
    "free_space_needed",
    "gigabytes_per_day",
    "process_servers",
    "reprotect_time",
]

_PROFILE = "asr-2024"
_GIB = 2**30
Role = Literal["combined", "scale-out"]


def _planning(profile: str, name: str) -> float:
    return float(_model.profile(profile)["planning"][name]["value"])


def _field(profile: str, name: str) -> float:
    return float(_model.profile(profile)["fields"][name]["value"])


def gigabytes_per_day(bytes_per_second: float) -> float:
    """Return a churn in the planners' unit: GB (of 1,024 MB) a day.

    Examples
    --------
    >>> gigabytes_per_day(2 * 2**20)
    168.75
    """
    return bytes_per_second * 86_400 / _GIB


# --- Servers --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ServerSize:
    """A documented size of a process server.

    Attributes
    ----------
    role
        ``"combined"``: on the configuration server. ``"scale-out"``: on its own.
    cores
        Virtual cores.
    memory, cache
        Bytes.
    daily_churn
        Most bytes that it takes in a day.
    machines
        Most machines.
    source
        Where that stands.
    """

    role: str
    cores: int
    memory: int
    cache: int
    daily_churn: int
    machines: int
    source: str


def process_servers(
    machines: int, daily_churn: float, *, role: Role = "scale-out", profile: str = _PROFILE
) -> tuple[int, ServerSize]:
    """Return how many process servers are needed, all alike, and their size.

    Parameters
    ----------
    machines
        Machines that replicate.
    daily_churn
        Bytes that all of them write in a day.
    role
        Beside the configuration server, or on it: there is one of those only.
    profile
        Name of a service profile.

    Returns
    -------
    tuple of int and ServerSize
        The fewest servers, of the smallest size that does it.

    Raises
    ------
    ValueError
        A number is negative, or a configuration server is not enough.

    Examples
    --------
    >>> count, size = process_servers(80, 100e9)
    >>> count, size.cores
    (1, 4)
    """
    if machines < 0 or daily_churn < 0:
        raise ValueError("machines and daily_churn must not be negative")
    sizes = [
        ServerSize(**entry)
        for entry in _model.profile(profile)["server_sizes"]
        if entry["role"] == role
    ]
    largest = sizes[-1]
    count = max(1, -(-machines // largest.machines), -int(-daily_churn // largest.daily_churn))
    if role == "combined" and count > 1:
        raise ValueError(
            f"a configuration server with {largest.cores} cores takes {largest.machines} machines "
            f"and {largest.daily_churn / _GIB:,.0f} GiB a day: add process servers"
        )
    for size in sizes:
        if machines <= count * size.machines and daily_churn <= count * size.daily_churn:
            return count, size
    raise AssertionError("the largest size was counted to be enough")


# --- Free space and batches (Hyper-V) -------------------------------------------------------------


def free_space_needed(
    disk_bytes: float, free_bytes: float, *, profile: str = _PROFILE
) -> dict[str, float]:
    """Return the free space that a volume needs in the worst case, in bytes.

    Parameters
    ----------
    disk_bytes
        Sizes of the disks on the volume, together.
    free_bytes
        What is free on it.

    Returns
    -------
    dict
        ``initial`` for initial replication, ``delta`` for changes, and ``to_add``: what has to be
        added to the volume.
    """
    initial = disk_bytes * _planning(profile, "free_space_initial_percent") / 100
    delta = disk_bytes * _planning(profile, "free_space_delta_percent") / 100
    return {
        "initial": initial,
        "delta": delta,
        "to_add": max(0.0, max(initial, delta) - free_bytes),
    }


@dataclass(frozen=True, slots=True)
class CopyDemand:
    """What a machine needs: `used` bytes once, and `churn` bytes per second from then on."""

    name: str
    used: float
    churn: float


@dataclass(frozen=True, slots=True)
class CopyBatch:
    """Machines whose first copies run together.

    Attributes
    ----------
    machines
        Their names.
    bandwidth
        What is left for the batch by those before it, in bytes per second.
    copy_bandwidth
        Of that, what is left for the copies beside the batch's own changes.
    seconds
        How long the copies take.
    """

    machines: tuple[str, ...]
    bandwidth: float
    copy_bandwidth: float
    seconds: float


def copy_batches(
    demands: Sequence[CopyDemand],
    bandwidth: float,
    *,
    goal_s: float | None = None,
    profile: str = _PROFILE,
) -> list[CopyBatch]:
    """Put machines into batches, in their order, each of which is copied within the goal.

    ``bandwidth(batch n) = bandwidth - sum of the changes of the batches before``.

    Parameters
    ----------
    demands
        The machines, the first to be copied first.
    bandwidth
        Of the line, in bytes per second.
    goal_s
        Most seconds that a batch may take; ``None``: the profile's (72 h).
    profile
        Name of a service profile.

    Raises
    ------
    ValueError
        A machine alone does not fit: changes leave nothing, or too little, for its copy.
    """
    goal = _field(profile, "initial_replication_goal") if goal_s is None else goal_s
    batches: list[CopyBatch] = []
    left = bandwidth
    members: list[CopyDemand] = []

    def batch_of(chosen: Sequence[CopyDemand]) -> CopyBatch:
        room = left - sum(each.churn for each in chosen)
        used = sum(each.used for each in chosen)
        seconds = used / room if room > 0 else float("inf")
        return CopyBatch(tuple(each.name for each in chosen), left, room, seconds)

    for demand in demands:
        if members and batch_of([*members, demand]).seconds > goal:
            batches.append(batch_of(members))
            left -= sum(each.churn for each in members)
            members = []
        members.append(demand)
        if batch_of(members).seconds > goal:
            raise ValueError(
                f"{demand.name} cannot be copied within {goal / 3600:g} h: "
                f"{max(left - demand.churn, 0):,.0f} bytes per second are left for it"
            )
    if members:
        batches.append(batch_of(members))
    return batches


# --- Times ----------------------------------------------------------------------------------------


def reprotect_time(
    checksum_s: float,
    changed_bytes: float,
    disk_throughput: float,
    *,
    temporary_disk: bool = True,
    profile: str = _PROFILE,
) -> dict[str, Any]:
    """Return how long it takes to reprotect an Azure machine after a failover, in seconds.

    Parameters
    ----------
    checksum_s
        What the compare takes: about as long as replication took to be enabled.
    changed_bytes
        What differs between the machine and its former self.
    disk_throughput
        Of the disk, in bytes per second.
    temporary_disk
        Whether Site Recovery may make a temporary disk.

    Returns
    -------
    dict
        ``transfer_s`` of the changed data; ``least_s`` and ``most_s`` of the whole.
    """
    share = "reprotect_disk_percent" + ("" if temporary_disk else "_without_temporary")
    transfer = changed_bytes / (disk_throughput * _planning(profile, share) / 100)
    overhead = 1 + _planning(profile, "reprotect_overhead_percent") / 100
    work = (checksum_s + transfer) * overhead
    return {
        "transfer_s": transfer,
        "least_s": work + _planning(profile, "reprotect_autoscale_least"),
        "most_s": work + _planning(profile, "reprotect_autoscale_most"),
    }


def appliance_move_time(largest_disk: float, *, profile: str = _PROFILE) -> float:
    """Return how long a machine takes from the classic to the modernized architecture, in seconds.

    Parameters
    ----------
    largest_disk
        Size of its largest disk, in bytes; it is compared whole.
    """
    compare = largest_disk / _field(profile, "resync_compare_rate")
    return _planning(profile, "appliance_move_base") + compare
