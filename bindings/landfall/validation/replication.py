"""Replication as it is measured: intervals, points, logs, ceilings, copies."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from ..result import Result
from .worlds import GIB, MIB, azure, disk, hyper_v, link, profile, run, vmware

#: Payload share of a link, as scenarios have it.
_PAYLOAD = 0.965


def _points(result: Result, machine: str = "vm") -> Any:
    points = result.recovery_points
    return points[points["machine"].astype(str) == machine].sort_values("t_s")


def _rpo_at(result: Result, t_s: float, machine: str = "vm") -> float:
    """Return the RPO just before an instant."""
    steps = result.rpo[result.rpo["machine"].astype(str) == machine]
    last = steps[steps["t_s"] < t_s].iloc[-1]
    return float(last["rpo_s_after"] + t_s - last["t_s"])


def _events(result: Result, kind: str) -> list[float]:
    events = result.events
    return [float(t) for t in events[events["kind"].astype(str) == kind]["t_s"]]


# --- Hyper-V Replica ------------------------------------------------------------------------------


def retry_delays() -> tuple[int, ...]:
    """V1: seconds from each failure to the next try of a host whose link is down for hours."""
    result = run(
        [hyper_v(rate=MIB)],
        "5 h",
        links=[link("100 Mbit/s", outages=[{"at": "1 h", "lasts": "3 h"}])],
    )
    failures, tries = _events(result, "transfer_failed"), _events(result, "transfer_retried")
    return tuple(round(b - a) for a, b in zip(failures, tries, strict=False))[:8]


def log_at_resync() -> float:
    """V2: share of the disk that an unsent log has when a resynchronization becomes required."""
    size, rate = 4 * GIB, MIB
    result = run(
        [hyper_v(rate=rate, disks=[disk(size="4 GiB")])],
        "4 h",
        links=[link(outages=[{"at": "1 h", "lasts": "2 h"}])],
        detail={"capture_step": "1 s", "capture_phases": 1},
    )
    (required,) = _events(result, "resync_required")
    return rate * _rpo_at(result, required) / size


def _cycles(interval: int, share: float) -> tuple[Result, float]:
    """Run a host whose logs take `share` of an interval to send; give that time too."""
    line = 8e6 / 8 * _PAYLOAD
    result = run(
        [hyper_v(rate=share * line, disks=[disk(target="standard_ssd")])],
        "5 h",
        profile="asr-2018",
        policies=[{"name": "day", "replication_interval": interval}],
        links=[link("8 Mbit/s")],
        detail={"capture_step": "10 s", "capture_phases": 1},
    )
    return result, share * interval


def rpo_bounds() -> tuple[tuple[float, float], ...]:
    """V3: (least RPO / send, most RPO / (T + send)) for T of 30, 300 and 900 s."""
    found = []
    for interval in (30, 300, 900):
        result, send = _cycles(interval, 0.4)
        steady = result.rpo[result.rpo["t_s"] > 3600]
        least, most = steady["rpo_s_after"].min(), steady["rpo_s_before"].max()
        found.append((float(least / send), float(most / (interval + send))))
    return tuple(found)


def log_in_transit() -> tuple[float, float]:
    """V4: longest gap between points, and share of the writes captured, while a log travels.

    Each log takes four fifths of the interval to send; the guest writes on into the next one.
    """
    result, _ = _cycles(300, 0.8)
    steady = result.rpo[result.rpo["t_s"] > 600]["t_s"]
    gaps = [b - a for a, b in pairwise(steady.iloc[:-1])]
    written = 0.8 * 8e6 / 8 * _PAYLOAD * result.machines["protected_s"].iloc[0]
    return float(max(gaps)), float(result.machines["written_bytes"].iloc[0] / written)


# --- Volumes and ceilings -------------------------------------------------------------------------


@cache
def _a_day() -> dict[int, float]:
    """GiB that machines write in a day, by their MB/s."""
    rates = (1, 2, 5, 20)
    machines = [vmware(f"vm{rate}", rate * MIB) for rate in rates]
    detail = {"rpo_steps": False, "capture_step": "1 s", "capture_phases": 1}
    result = run(machines, "1 d", detail=detail)
    return {
        rate: float(written / GIB)
        for rate, written in zip(rates, result.machines["written_bytes"], strict=True)
    }


def standard_churn_of_a_day() -> float:
    """V5: GB that 2 MB/s are in a day."""
    return _a_day()[2]


def churn_of_a_day() -> tuple[float, ...]:
    """V19: GB in a day for each MB/s, at 1, 5 and 20 MB/s."""
    return tuple(_a_day()[rate] / rate for rate in (1, 5, 20))


def _leaves(high: bool, disks: int, each: float, **override: Any) -> float:
    """MB/s that leave an Azure machine whose disks write `each` MB/s, over two hours."""
    many = [disk(f"d{k}", "1 TiB") for k in range(disks)]
    accounts = [{"name": "north-cache", "high_churn": high}]
    result = run(
        [azure(rate=disks * each * MIB, disks=many)],
        "2 h",
        profile=profile(source_buffer="16 TiB", **override),
        regions=[
            {"name": "west", "storage_accounts": [{"name": "cache"}]},
            {"name": "north", "storage_accounts": accounts},
        ],
        detail={"rpo_steps": False, "capture_step": "10 s"},
    )
    return float(result.machines["wan_bytes"].iloc[0] / 7200 / MIB)


def machine_ceilings() -> tuple[float, ...]:
    """V8: MB/s that leave Azure machines that write more than their ceiling."""
    preview = {"azure_machine_high_churn_max": 500 * MIB}
    return (_leaves(False, 4, 19), _leaves(True, 4, 45), _leaves(True, 12, 48, **preview))


#: Size of the disk, size of writes in KiB, documented MB/s: the rows of the churn table.
_CHURN_ROWS = (
    ("standard_hdd", "128 GiB", 8, 2),
    ("premium_ssd", "128 GiB", 16, 4),
    ("premium_ssd", "128 GiB", 32, 8),
    ("premium_ssd", "512 GiB", 8, 5),
    ("premium_ssd", "512 GiB", 16, 20),
)


def _told_churn(machines: list[dict[str, Any]]) -> set[str]:
    """Run machines for an hour; return those of which "78188" is told."""
    result = run(machines, "1 h", detail={"rpo_steps": False})
    health = result.health
    return set(health[health["code"].astype(str) == "78188"]["subject"].astype(str))


def disk_churn_limits() -> tuple[tuple[float, float], ...]:
    """10: for each row of the table (MB/s that is quiet, MB/s that 78188 is told of)."""
    machines = []
    for k, (target, size, writes, limit) in enumerate(_CHURN_ROWS):
        for percent in (99, 101):
            one = disk(size=size, target=target, write_size=f"{writes} KiB")
            machines.append(vmware(f"d{k}-{percent}", percent * limit * MIB / 100, disks=[one]))
    told = _told_churn(machines)
    found = []
    for k, (_, _, _, limit) in enumerate(_CHURN_ROWS):
        quiet = [percent for percent in (99, 101) if f"d{k}-{percent}" not in told]
        loud = [percent for percent in (99, 101) if f"d{k}-{percent}" in told]
        found.append((limit * max(quiet, default=0) / 100, limit * min(loud, default=0) / 100))
    return tuple(found)


def machine_churn_limit() -> tuple[tuple[float, float], ...]:
    """10: (MB/s over all disks of a machine that is quiet, MB/s that 78188 is told of)."""
    disks = [disk(f"d{k}", "1 TiB") for k in range(4)]
    rates = (50, 52, 53, 55, 56, 58)
    told = _told_churn([vmware(f"m{rate}", rate * MIB, disks=disks) for rate in rates])
    quiet = [rate for rate in rates if f"m{rate}" not in told]
    loud = [rate for rate in rates if f"m{rate}" in told]
    return ((float(max(quiet, default=0)), float(min(loud, default=0))),)


def stale_point_alarm() -> tuple[tuple[float, float], ...]:
    """V7: minutes since the newest point at the last quiet look and when 153007 is told.

    The machine writes twice what its disk may, so that its points fall behind.
    """
    result = run([azure(rate=16 * MIB)], "4 h", profile=profile(health_interval="1 min"))
    health = result.health
    told = health[health["code"].astype(str) == "153007"]["t_s"]
    if told.empty:
        return ()
    at = float(told.iloc[0])
    return ((_rpo_at(result, at - 60) / 60, _rpo_at(result, at) / 60),)


# --- Recovery points ------------------------------------------------------------------------------


@cache
def _kept() -> Result:
    """Run machines of both kinds with four retentions for seventeen days."""
    retentions = (1, 3, 7, 15)
    machines = []
    for days in retentions:
        policy = f"{days} d"
        machines += [azure(f"a2a-{days}", policy=policy), vmware(f"vmw-{days}", policy=policy)]
    return run(
        machines,
        "17 d",
        policies=[{"name": f"{days} d", "retention": f"{days} d"} for days in retentions],
        detail={"capture_step": "5 min", "rpo_steps": False, "sample_every": "1 d"},
    )


def points_kept(kind: str, *days: int) -> tuple[int, ...]:
    """V6, 10: points that are kept in the end, by retention in days."""
    machines = _kept().machines
    kept = dict(zip(machines["machine"].astype(str), machines["recovery_points"], strict=True))
    return tuple(int(kept[f"{kind}-{each}"]) for each in days)


def newest_points() -> tuple[int, ...]:
    """V6: points of the last two hours, by retention."""
    result = _kept()
    fresh = []
    for days in (1, 3, 7, 15):
        newest = _points(result, f"a2a-{days}")["t_s"].to_numpy()
        fresh.append(int(np.sum(newest > newest.max() - 7200)))
    return tuple(fresh)


def crash_interval() -> tuple[float, ...]:
    """10: seconds between crash-consistent points of the last two hours."""
    newest = _points(_kept(), "vmw-1")["t_s"].to_numpy()
    return tuple(sorted({float(gap) for gap in np.diff(newest[newest > newest.max() - 7200])}))


# --- Copies ---------------------------------------------------------------------------------------


def _enabled(machine: dict[str, Any], duration: str, **keys: Any) -> Result:
    return run(
        [machine],
        duration,
        initial_state="unprotected",
        timeline=[{"at": 0, "do": "enable_replication"}],
        **keys,
    )


def copies_at_once() -> tuple[int, ...]:
    """10: disks of a machine that are copied together, as it is and tuned to 12."""
    many = [disk(f"d{k}", "32 GiB", used="8 GiB") for k in range(14)]
    found = []
    for at_once in (None, 12):
        result = _enabled(
            vmware(disks=many),
            "6 h",
            profile=profile(disks_at_once=at_once),
            links=[link("1 Gbit/s")],
        )
        copies = result.copies[result.copies["kind"].astype(str) == "initial copy"]
        spans = list(zip(copies["start_s"], copies["end_s"], strict=True))
        found.append(max(sum(a <= start < b for a, b in spans) for start, _ in spans))
    return tuple(found)


def progress_refresh() -> tuple[float, ...]:
    """10: minutes between two lines of the progress of a copy."""
    result = _enabled(vmware(disks=[disk(used="60 GiB")]), "6 h", links=[link("50 Mbit/s")])
    progress = result.copy_progress
    seen = sorted(set(progress[progress["machine"].astype(str) == "vm"]["t_s"]))
    return tuple(sorted({float(b - a) / 60 for a, b in pairwise(seen)}))


def full_compare() -> float:
    """10: seconds for each GiB of a disk that is compared whole."""
    result = run(
        [vmware(disks=[disk(size="100 GiB")])],
        "6 h",
        timeline=[{"at": "1 h", "do": "resynchronize"}],
    )
    compare = result.copies[result.copies["kind"].astype(str) == "compare"].iloc[0]
    return float((compare["end_s"] - compare["start_s"]) / 100)


def second_batch_bandwidth() -> float:
    """V26: Mbit/s of a first copy beside the changes of those that were copied before it."""
    early = hyper_v("early", 2.5e6, host="hv2", disks=[disk(target="standard_ssd")])
    full = disk(used="40 GiB", target="standard_ssd")
    late = hyper_v("late", disks=[full], initial_state="unprotected")
    result = run(
        [early, late],
        "12 h",
        sites=[{"name": "dc", "hosts": [{"name": "hv"}, {"name": "hv2"}]}],
        links=[link("100 Mbit/s")],
        timeline=[{"at": "1 h", "do": "enable_replication", "machines": "late"}],
        network={"bandwidth_factor": 1.0},
        policies=[{"name": "day", "replication_interval": "30 s"}],
        detail={"capture_step": "10 s"},
    )
    copies = result.copies
    copy = copies[copies["kind"].astype(str) == "initial copy"].iloc[0]
    return float(8 * copy["bytes"] / (copy["end_s"] - copy["start_s"]) / 1e6)
