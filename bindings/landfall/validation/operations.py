"""Operations as they are measured: drills, failovers, commit, failback, bills."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

from .. import _model
from ..errors import OperationRefused
from ..result import Result
from ..simulation import Simulation
from ..simulation import open as open_simulation
from ..vault import Item
from .worlds import Document, azure, disk, hyper_v, link, profile, run, scenario, vmware

_DAY = 86_400
#: A timeline that is not carried out: machines have a way home where one takes them there.
_HOME: list[Document] = [{"at": "9 d", "do": "failback"}]


def _protected(machine: Document, **keys: Any) -> Simulation:
    """Open an estate with one protected machine, half an hour into its run."""
    simulation = open_simulation(scenario([machine], duration="10 d", **keys), timeline=False)
    simulation.run_until("30 min")
    return simulation


def _length(simulation: Simulation, job: Any) -> float:
    simulation.wait(job)
    assert job.end_s is not None, "a job that ended has an end"
    return float(job.end_s - job.start_s)


# --- How long things take -------------------------------------------------------------------------


@cache
def _drills() -> dict[str, float]:
    """Seconds of the jobs of an Azure machine and of a Hyper-V machine."""
    found = {}
    with _protected(azure()) as simulation:
        item = simulation.vault.items["vm"]
        found["azure test"] = _length(simulation, item.test_failover())
        found["azure cleanup"] = _length(simulation, item.cleanup_test_failover())
        found["azure failover"] = _length(simulation, item.failover(shut_down_source=False))
        found["azure commit"] = _length(simulation, item.commit())
        result = simulation.stop()
        found["azure rto"] = float(result.machines["rto_s"].iloc[0])
    with _protected(hyper_v()) as simulation:
        item = simulation.vault.items["vm"]
        found["hyper-v test"] = _length(simulation, item.test_failover())
    return found


def sample_jobs() -> tuple[float, ...]:
    """V11: seconds of Azure test failover and commit, and of a Hyper-V test failover."""
    drills = _drills()
    return drills["azure test"], drills["azure commit"], drills["hyper-v test"]


def drill_job() -> tuple[float, float]:
    """10: seconds of an Azure failover job and of a clean-up."""
    return _drills()["azure failover"], _drills()["azure cleanup"]


@cache
def _recovery_times() -> dict[str, float]:
    """RTO in seconds of machines of several kinds that fail over to "latest"."""
    machines = [
        vmware("ready"),
        vmware("linux", os="linux"),
        vmware("drivers", hydration_drivers_ready=False),
        vmware("physical", kind="physical"),
        hyper_v("hyper-v"),
        azure("azure"),
    ]
    result = run(
        machines,
        "6 h",
        timeline=[{"at": "1 h", "do": "failover", "shutdown": False}],
    )
    return {
        str(name): float(rto)
        for name, rto in zip(result.machines["machine"], result.machines["rto_s"], strict=True)
    }


def hydration() -> tuple[float, ...]:
    """V12, 10: minutes more that machines take that are not ready for Azure."""
    times = _recovery_times()
    return tuple((times[name] - times["ready"]) / 60 for name in ("linux", "drivers", "physical"))


def slowest_recovery() -> float:
    """V18: hours of the longest RTO of all kinds."""
    return max(_recovery_times().values()) / 3600


def failovers_an_hour() -> tuple[float, float]:
    """10: failovers an hour, of machines that are ready for Azure and of those that are not."""
    count = 60
    rates = []
    for ready in (True, False):
        result = run(
            [vmware("vm", count=count, hydration_drivers_ready=ready)],
            "4 h",
            timeline=[
                {
                    "at": "1 h",
                    "do": "failover",
                    "shutdown": False,
                    "recovery_point": "latest_processed",
                }
            ],
            detail={"rpo_steps": False},
        )
        ends = sorted(result.jobs["end_s"])
        rates.append((count - 1) / (ends[-1] - ends[0]) * 3600)
    return rates[0], rates[1]


# --- States ---------------------------------------------------------------------------------------


def _body(item: Item) -> tuple[str, str, str, str, tuple[str, ...]]:
    return (
        item.protection_state,
        item.description,
        item.active_location,
        item.test_failover_state,
        tuple(item.allowed_operations),
    )


def observed_states() -> tuple[Any, ...]:
    """V15: the bodies of a Hyper-V machine, from protection to a test, failovers and back."""
    bodies = []
    with _protected(hyper_v(), timeline=_HOME) as simulation:
        item = simulation.vault.items["vm"]

        def done(start: Callable[[], Any], *, seen: bool = True) -> None:
            job = start()
            simulation.wait(job)
            if seen:
                bodies.append(_body(item))

        bodies.append(_body(item))
        done(item.test_failover)
        done(item.cleanup_test_failover)
        done(item.planned_failover)
        done(item.commit)
        done(lambda: item.failback(data_sync="full_download"), seen=False)
        done(item.commit, seen=False)
        done(item.reprotect)
        done(item.failover)
        done(item.change_recovery_point)
    return tuple(bodies)


def cancelled_failover() -> tuple[str, int, tuple[str, ...]]:
    """V20: after a cancelled failover: state, points of the next two hours, what is listed."""
    with _protected(vmware()) as simulation:
        item = simulation.vault.items["vm"]
        item.failover()
        simulation.run_for("30 s")
        item.cancel_failover()
        simulation.run_for("1 min")
        cancelled = simulation.now
        simulation.run_for("2 h")
        published = item.recovery_points["published_s"]
        later = int((published > cancelled).sum())
        return item.protection_state, later, tuple(item.allowed_operations)


def committed() -> tuple[int, int, bool]:
    """V21: points before and after a commit, and whether another may still be chosen."""
    with _protected(vmware()) as simulation:
        item = simulation.vault.items["vm"]
        before = len(item.recovery_points)
        simulation.wait(item.failover())
        simulation.wait(item.commit())
        try:
            item.change_recovery_point()
        except OperationRefused:
            return before, len(item.recovery_points), False
        return before, len(item.recovery_points), True


def drill_leaves_curves() -> bool:
    """V22: whether RPO and points of a machine are the same with a test failover and without."""
    test: list[Document] = [
        {"at": "1 h", "do": "test_failover"},
        {"when": {"state": "test_failed_over"}, "delay": "1 h", "do": "cleanup_test_failover"},
    ]

    def replicated(timeline: list[Document]) -> tuple[Any, ...]:
        result = run([vmware(rate=2**20)], "6 h", timeline=timeline, links=[link("100 Mbit/s")])
        rpo, points = result.rpo, result.recovery_points
        return (
            tuple(rpo["t_s"]),
            tuple(rpo["rpo_s_after"].dropna()),
            tuple(points["t_s"]),
            tuple(points["published_s"]),
            tuple(result.links["bytes"]),
        )

    return replicated(test) == replicated([])


def single_member_refused() -> tuple[bool, bool]:
    """V25: whether a failover of one machine of a group is refused, and of all of them taken."""
    machines = [azure(name, consistency_group="g") for name in ("a", "b")]
    made = scenario(machines, duration="1 d", consistency_groups=[{"name": "g"}])
    with open_simulation(made) as simulation:
        simulation.run_until("30 min")
        try:
            simulation.vault.items["a"].failover(shut_down_source=False)
            refused = False
        except OperationRefused:
            refused = True
        jobs = simulation.do("failover", ["a", "b"], shutdown=False)
        simulation.wait(jobs)
        return refused, all(job.state == "Succeeded" for job in jobs)


# --- The way back ---------------------------------------------------------------------------------


def _away(simulation: Simulation, names: list[str]) -> None:
    """Fail machines over and commit."""
    simulation.wait(simulation.do("failover", names))
    simulation.wait(simulation.do("commit", names))


def master_target_disks() -> tuple[int, bool]:
    """10: disks that a master target has taken when it refuses one more."""
    parts = {"a": 30, "b": 30, "c": 1}
    machines = [
        vmware(name, disks=[disk(f"d{k}", "8 GiB") for k in range(count)])
        for name, count in parts.items()
    ]
    attached, refused = 0, False
    made = scenario(machines, duration="10 d", timeline=_HOME)
    with open_simulation(made, timeline=False) as simulation:
        simulation.run_until("30 min")
        _away(simulation, list(parts))
        simulation.run_for("30 min")
        for name, count in parts.items():
            try:
                simulation.vault.items[name].reprotect()
                attached += count
            except OperationRefused:
                refused = True
    return attached, refused


def waits_for_the_agent() -> bool:
    """Whether machines wait for their agent before they are reprotected, in this version."""
    return "agent_registration_time" in _model.profile("asr-2024")["fields"]


def agent_registration() -> float:
    """10: minutes from the first boot after a failover until reprotection succeeds."""
    with _protected(vmware(), timeline=_HOME) as simulation:
        item = simulation.vault.items["vm"]
        simulation.wait(item.failover())
        booted = simulation.now
        simulation.wait(item.commit())
        for _ in range(60):
            try:
                job = item.reprotect()
            except OperationRefused:
                simulation.run_for("30 s")
                continue
            simulation.run_for("30 s")
            if job.state != "Failed":
                return (job.start_s - booted) / 60
    return float("nan")


@cache
def _way_back() -> tuple[Result, Any]:
    """Reprotect a machine, let it replicate for two days, its line down for an hour of them."""
    made = scenario(
        [vmware(rate=2**16, disks=[disk(size="8 GiB")])],
        duration="10 d",
        profile=profile(health_interval="1 min"),
        links=[link(outages=[{"at": "50 h", "lasts": "1 h"}])],
        timeline=_HOME,
    )
    with open_simulation(made, timeline=False) as simulation:
        simulation.run_until("30 min")
        _away(simulation, ["vm"])
        simulation.run_for("30 min")
        item = simulation.vault.items["vm"]
        simulation.wait(item.reprotect())
        simulation.run_until("54 h")
        points = item.recovery_points
        return simulation.stop(), points


def failback_policy() -> tuple[float, float, float]:
    """10: minutes of RPO that raise an event, hours of points, minutes between app-consistent ones.

    Of the policy that is made for the way back: the first look above the threshold, the age of the
    oldest point, and the least time between application-consistent ones.
    """
    result, points = _way_back()
    events = result.events
    told = events[events["kind"].astype(str) == "rpo_threshold_exceeded"]
    if told.empty:
        return 0.0, 0.0, 0.0
    seconds = float(str(told["detail"].iloc[0]).split()[1])
    oldest = (54 * 3600 - float(points["t_s"].min())) / 3600
    app = sorted(points[points["kind"] == "app-consistent"]["t_s"])
    gaps = [b - a for a, b in pairwise(app)]
    return seconds / 60, oldest, min(gaps, default=0.0) / 60


# --- The bill -------------------------------------------------------------------------------------


def first_billed_day() -> float:
    """V16: the first day of a machine whose licence is paid for, counted from 1."""
    result = run(
        [vmware()],
        "40 d",
        detail={"rpo_steps": False, "capture_step": "5 min", "sample_every": "1 d"},
    )
    bill = result.billing
    licence = bill[bill["price"].astype(str).str.contains("licence")]
    paid = licence[licence["unit_price"] > 0]
    return float(paid["from_s"].min() / _DAY + 1)
