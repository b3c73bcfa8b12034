"""Process servers, limits and planners as they are measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise
from typing import Any

from .. import _model, deployment
from ..errors import ScenarioError
from ..result import Result
from .worlds import GIB, MIB, Document, azure, base, disk, hyper_v, link, profile, run, vmware
from .worlds import scenario as world

_PROFILE = "asr-2024"


# --- What a check takes ---------------------------------------------------------------------------


def _taken(document: Document) -> bool:
    """Whether a scenario passes its check."""
    try:
        from ..scenario import Scenario

        return not Scenario.from_dict(document).check()
    except ScenarioError:
        return False


def _most(candidates: Iterable[float], document: Callable[[Any], Document]) -> tuple[Any, Any]:
    """Return the largest candidate of a rising row that is taken, and the first that is not."""
    last: Any = None
    for candidate in candidates:
        if not _taken(document(candidate)):
            return last, candidate
        last = candidate
    return last, None


def _plan(groups: int, machines: int, **keys: Any) -> Document:
    names = [f"m{k:03}" for k in range(machines)]
    parts = [names[k::groups] for k in range(groups)]
    plan = {"name": "plan", "groups": [{"machines": part} for part in parts]}
    return base([vmware(name) for name in names], duration="1 h", recovery_plans=[plan], **keys)


def plan_groups() -> tuple[Any, Any]:
    """V14: groups of a plan that are taken, and that are not."""
    return _most(range(1, 10), lambda count: _plan(count, 9))


def plan_machines(profile_name: str = _PROFILE) -> tuple[Any, Any]:
    """V14, 10: machines of a plan that are taken, and that are not."""
    counts = (49, 50, 51, 99, 100, 101)
    return _most(counts, lambda count: _plan(7, count, profile=profile_name))


def group_machines() -> tuple[Any, Any]:
    """V25: machines of a replication group that are taken, and that are not."""

    def document(count: int) -> Document:
        machines = [azure(f"m{k}", consistency_group="g") for k in range(count)]
        return base(machines, duration="1 h", consistency_groups=[{"name": "g"}])

    return _most(range(14, 19), document)


def app_consistent_hours() -> tuple[Any, ...]:
    """10: hours between application-consistent points: too few, least, most, too many."""
    candidates = (0.9, 1, 12, 12.1)

    def taken(hours: float) -> bool:
        policy = {"name": "day", "retention": "3 d", "app_consistent_every": f"{hours} h"}
        return _taken(base([vmware()], duration="1 h", policies=[policy]))

    return tuple(hours for hours in candidates if taken(hours))


def upload_threads() -> tuple[int, ...]:
    """V23: the default of upload threads, the least and the most that a host takes."""

    def document(threads: int) -> Document:
        sites = [{"name": "dc", "hosts": [{"name": "hv", "upload_threads": threads}]}]
        return base([hyper_v()], duration="1 h", sites=sites)

    taken = [threads for threads in range(1, 40) if _taken(document(threads))]
    return (_model.profile(_PROFILE)["fields"]["upload_threads"]["value"], min(taken), max(taken))


def threads_by_default() -> float:
    """V23: what a host sends without a number of threads, by what it sends with four.

    A line as long as this one is not filled: the windows of the streams decide.
    """

    def sent(**host: int) -> float:
        result = run(
            [hyper_v(rate=40 * MIB)],
            "1 h",
            sites=[{"name": "dc", "hosts": [{"name": "hv", **host}]}],
            links=[link(latency="300 ms")],
        )
        return float(result.machines["wan_bytes"].iloc[0])

    return sent() / sent(upload_threads=4)


def throttle_range(profile_name: str) -> tuple[float, float]:
    """V23: the least and the most Mbit/s of a host's throttle that are taken."""
    low, high = (0.511, 0.512), (102, 102.1, 1023, 1023.1)

    def taken(rate: float) -> bool:
        throttle = {"from": "08:00", "to": "18:00", "bandwidth": f"{rate} Mbit/s"}
        sites = [{"name": "dc", "hosts": [{"name": "hv", "throttles": [throttle]}]}]
        return _taken(base([hyper_v()], duration="1 h", sites=sites, profile=profile_name))

    allowed = [rate for rate in (*low, *high) if taken(rate)]
    return (min(allowed), max(allowed))


# --- Process servers ------------------------------------------------------------------------------


def _looks(result: Result, message: str, subject: str = "ps") -> list[float]:
    health = result.health
    rows = health[
        (health["message"].astype(str) == message) & (health["subject"].astype(str) == subject)
    ]
    return [float(t) for t in rows["t_s"]]


def _level(result: Result, column: str, t_s: float) -> float:
    """Return a column of the backlog of "ps" at a sample."""
    backlog = result.backlog
    rows = backlog[(backlog["process_server"].astype(str) == "ps") & (backlog["t_s"] <= t_s + 0.5)]
    return float(rows[column].iloc[-1])


@cache
def _filling() -> Result:
    """Fill the cache of a process server (100 GiB) whose line is slow, 10 MiB a second."""
    server = {"name": "ps", "site": "dc", "storage_account": "cache", "cache": "10 GiB"}
    return run(
        [vmware(rate=10 * MIB)],
        "1 h",
        profile=profile(health_interval="10 s", health_window="30 s"),
        process_servers=[server],
        links=[link("1 Mbit/s")],
        detail={"capture_step": "10 s", "capture_phases": 1, "sample_every": "10 s"},
    )


def cache_thresholds() -> tuple[tuple[float, float], ...]:
    """10: percent of the cache that is free just before and at warning, critical and throttle."""
    result, size = _filling(), 10 * GIB

    def free(t_s: float) -> float:
        return 100 - 100 * _level(result, "process_server_bytes", t_s) / size

    events = result.events
    throttled = events[events["kind"].astype(str) == "process_server_throttled"]["t_s"].iloc[0]
    instants = [
        _looks(result, "little of the cache is free")[0],
        _looks(result, "hardly any of the cache is free")[0],
        (float(throttled) // 10 + 1) * 10,
    ]
    return tuple((free(t - 10), free(t)) for t in instants)


def processor_thresholds() -> tuple[str, ...]:
    """10: what is said of process servers that are busy for 79, 81, 94 and 96 percent."""
    loads = (79, 81, 94, 96)
    names = [f"ps{load}" for load in loads]
    servers = [
        {"name": name, "site": "dc", "storage_account": "cache", "cores": 1} for name in names
    ]
    machines = [
        vmware(f"m{load}", load / 100 * 10 * MIB, process_server=f"ps{load}") for load in loads
    ]
    result = run(
        machines,
        "1 h",
        profile=profile(processing_rate_per_core=10 * MIB),
        process_servers=servers,
        sites=[{"name": "dc", "hosts": [{"name": "hv"}]}],
        detail={"capture_step": "10 s", "rpo_steps": False},
    )
    health = result.health
    last = health.groupby(health["subject"].astype(str)).tail(1).set_index("subject")
    return tuple(str(last.loc[name, "health"]) for name in names)


def memory_thresholds() -> tuple[int, int]:
    """10: the first percent of memory that is a warning, and that is critical."""
    levels = [_model.judge_process_server(_PROFILE, memory_percent=k) for k in range(101)]
    first = [
        next(k for k, found in enumerate(levels) if found and found[0].startswith(word))
        for word in ("Warning", "Critical")
    ]
    return first[0], first[1]


def upload_thresholds() -> tuple[tuple[float, float], ...]:
    """10: minutes that the pending upload takes, just before and at warning and critical."""
    server = {"name": "ps", "site": "dc", "storage_account": "cache", "cache": "1 TiB"}
    line = 100e6 / 8 * 0.965
    result = run(
        [vmware(rate=2 * line)],
        "4 h",
        profile=profile(health_interval="1 min", health_window="3 min"),
        process_servers=[server],
        links=[link("100 Mbit/s")],
        detail={"capture_step": "10 s", "capture_phases": 1, "sample_every": "1 min"},
    )
    found = []
    for message in ("the upload is behind", "the upload is far behind"):
        at = _looks(result, message)[0]
        found.append(
            (
                _level(result, "process_server_bytes", at - 60) / line / 60,
                _level(result, "process_server_bytes", at) / line / 60,
            )
        )
    return tuple(found)


def heartbeat_loss() -> tuple[tuple[float, float], ...]:
    """10: minutes without a heartbeat at the last quiet look and when 806 is told."""
    outage = 3600
    result = run(
        [vmware(site="branch")],
        "3 h",
        profile=profile(health_interval="30 s"),
        sites=[{"name": "dc", "hosts": [{"name": "hv"}]}, {"name": "branch"}],
        links=[
            link(),
            {
                **link(outages=[{"at": outage, "lasts": "1 h"}]),
                "name": "branch line",
                "from": "branch",
                "to": "dc",
            },
        ],
        process_servers=[{"name": "ps", "site": "branch", "storage_account": "cache"}],
    )
    health = result.health
    told = health[
        (health["code"].astype(str) == "806") & (health["kind"].astype(str) == "process_server")
    ]
    if told.empty or "connection_lost" not in set(result.alerts["alert"].astype(str)):
        return ()
    at = (float(told["t_s"].iloc[0]) - outage) / 60
    return ((at - 0.5, at),)


def _largest_load(role: deployment.Role) -> tuple[int, ...]:
    largest: dict[int, int] = {}
    for machines in range(1, 400):
        try:
            count, size = deployment.process_servers(machines, 0, role=role)
        except ValueError:
            break
        if count == 1:
            largest[size.cores] = machines
    return tuple(largest[cores] for cores in sorted(largest))


def machines_per_server() -> tuple[int, ...]:
    """10: machines of scale-out process servers, by their size."""
    return _largest_load("scale-out")


def machines_per_combined_server() -> tuple[int, ...]:
    """10: machines of configuration servers with a process server, by their size."""
    return _largest_load("combined")


def server_churn() -> tuple[float, int]:
    """10: TB a day that one process server takes, and how many take a little more."""
    most = deployment.process_servers(1, 2 * 2**40)
    return most[1].daily_churn / 2**40, deployment.process_servers(1, 2 * 2**40 + 1)[0]


def discovery() -> tuple[float, ...]:
    """10: minutes between two looks at an inventory, over machines that appear all the time."""
    seen = sorted({_model.discovered_at(_PROFILE, float(t)) for t in range(7200, 14400, 60)})
    return tuple(sorted({(b - a) / 60 for a, b in pairwise(seen)}))


def cache_account() -> tuple[tuple[Any, Any], ...]:
    """V24: disks of a cache account that are taken, and that are not, of slow and of fast ones."""

    def most(target: str, counts: Iterable[int]) -> tuple[Any, Any]:
        return _most(
            counts,
            lambda count: base([azure(count=count, disks=[disk(target=target)])], duration="1 h"),
        )

    return (most("standard_ssd", (299, 300, 301)), most("premium_ssd", (149, 150, 151)))


def script_timeout() -> tuple[float, ...]:
    """V13: seconds that a script of a plan may take where its action says nothing."""
    script = {"do": "script", "name": "slow", "path": "share/slow.ps1", "takes": "2 h"}
    plan = {"name": "plan", "groups": [{"machines": ["vm"], "after": [script]}]}
    machine = hyper_v(cloud="cloud")
    made = world(
        [machine],
        duration="1 h",
        vmm_servers=[{"name": "vmm", "site": "dc", "clouds": ["cloud"]}],
        recovery_plans=[plan],
    )
    return tuple(_model.plan_action_timeouts(made.to_json()))


# --- Planners -------------------------------------------------------------------------------------


def reprotect_example() -> tuple[float, float, float]:
    """V9: minutes of the transfer, least and most of the whole, of the document's example."""
    found = deployment.reprotect_time(72 * 60, 45e9, 60e6)
    return tuple(found[key] / 60 for key in ("transfer_s", "least_s", "most_s"))


def reprotect_without_disk() -> float:
    """V10: percent of the disk's throughput that changed data gets without a temporary disk."""
    rate = 60e6
    found = deployment.reprotect_time(0, 1e9, rate, temporary_disk=False)
    return float(100 * 1e9 / found["transfer_s"] / rate)


def free_space() -> tuple[float, float]:
    """V17: percent of the disks' size that is needed for the first copy, and for changes."""
    needed = deployment.free_space_needed(100, 0)
    return needed["initial"], needed["delta"]


def batch_bandwidths() -> tuple[float, ...]:
    """V26: Mbit/s that three batches have of 100, when machines of 10 Mbit/s fill each."""
    machines = [
        deployment.CopyDemand(f"m{k}", 200 * GIB if k < 2 else 150 * GIB, 1.25e6) for k in range(3)
    ]
    batches = deployment.copy_batches(machines, 12.5e6, goal_s=6 * 3600)
    return tuple(round(8 * batch.bandwidth / 1e6, 6) for batch in batches)


def copy_goal() -> tuple[tuple[float, float], ...]:
    """10: (hours of the longest batch, hours it would take with one machine more)."""
    machines = [deployment.CopyDemand(f"m{k}", 40 * GIB, 0) for k in range(200)]
    (first, *_) = deployment.copy_batches(machines, 12.5e6)
    more = deployment.copy_batches(machines[: len(first.machines) + 1], 12.5e6, goal_s=float("inf"))
    return ((first.seconds / 3600, more[0].seconds / 3600),)


def move_example() -> tuple[float, ...]:
    """10: seconds that a machine with a disk of 256 or 512 GiB takes to the appliance."""
    return tuple(deployment.appliance_move_time(size * GIB) for size in (256, 512))
