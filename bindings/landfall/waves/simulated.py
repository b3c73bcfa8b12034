"""A plan of waves as a scenario, and what simulating it shows of its promises."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import deployment, formatting
from .problem import Move, WaveProblem

if TYPE_CHECKING:
    from ..result import Result
    from ..scenario import Scenario
    from .wave_plan import PlannedMove, WavePlan

__all__ = ["Check", "check_of", "scenario_of"]

_DISK_MAX = 2 * 2**40  # an OS disk may have 2 TiB at most
_DISK_MIN = 32 * 2**30
_ROOM = 1.25  # a disk is larger than what is used of it
_BUSY = 1_500_000  # bytes per second above which a disk is put on a premium tier
_AFTER_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Check:
    """What a simulation of a plan showed.

    Attributes
    ----------
    broken
        What the plan promises and the simulation did not keep, in words; empty if all held.
    total_s
        From the start of the project until the last machine has migrated.
    peak_rpo_s
        The worst RPO of any machine while it was protected.
    downtime_s
        The longest downtime of a cutover.
    data_loss_bytes
        Of all machines together.
    result
        The run.
    """

    broken: tuple[str, ...]
    total_s: float
    peak_rpo_s: float
    downtime_s: float
    data_loss_bytes: int
    result: Result

    @property
    def ok(self) -> bool:
        """Whether every promise held."""
        return not self.broken


# --- The scenario ---------------------------------------------------------------------------------


def scenario_of(plan: WavePlan) -> Scenario:
    """Return the plan as a scenario at volume fidelity: one machine each, one step a wave."""
    from ..scenario import Scenario

    problem = plan.problem
    moves = {move.name: move for move in problem.moves}
    planned = [moves[each.name] for each in plan.moves]
    servers = {link.from_: _servers(problem, link.from_, planned) for link in problem.links}
    turn = dict.fromkeys(servers, 0)
    machines = []
    for move in planned:
        server = servers[move.site][turn[move.site] % len(servers[move.site])]
        turn[move.site] += 1
        machines.append(_machine(move, server["name"]))
    span_s = max((each.window.closes for each in plan.moves), default=0.0)
    return Scenario.from_dict(
        {
            "version": 1,
            "name": f"{problem.name} ({plan.method})"[:80],
            "duration": span_s + _AFTER_S,
            "detail": {"capture_step": "5 min", "rpo_steps": False, "sample_every": "1 h"},
            "sites": [{"name": site, "lan": {"bandwidth": "40 Gbit/s"}} for site in servers],
            "regions": [
                {
                    "name": problem.region,
                    "storage_accounts": [{"name": _account(site)} for site in servers],
                    # A plan of machines is no plan of a quota; the planner counts cores.
                }
            ],
            "links": [link.canonical() for link in problem.links],
            "vault": {"name": "vault", "region": problem.region},
            "configuration_servers": [{"name": f"cs {site}", "site": site} for site in servers],
            "process_servers": [server for each in servers.values() for server in each],
            "policies": [{"name": "waves", "retention": "24 h"}],
            "machines": machines,
            "timeline": list(_steps(plan)),
        }
    )


def _account(site: str) -> str:
    return f"cache {site}"


def _servers(problem: WaveProblem, site: str, moves: list[Move]) -> list[dict[str, Any]]:
    """Return the process servers of a site: as many and as large as its moves need."""
    mine = [move for move in moves if move.site == site]
    churn = sum(float(move.churn) for move in mine) * 86_400
    count, size = deployment.process_servers(len(mine), churn)
    return [
        {
            "name": f"ps {site} {k + 1}",
            "site": site,
            "storage_account": _account(site),
            "cores": size.cores,
            "cache": size.cache,
            "compression_ratio": problem.compression_ratio,
        }
        for k in range(count)
    ]


def _machine(move: Move, server: str) -> dict[str, Any]:
    count = max(1, math.ceil(move.used * _ROOM / _DISK_MAX))
    size = max(_DISK_MIN, math.ceil(move.used * _ROOM / count))
    tier = "premium_ssd" if move.churn / count > _BUSY else "standard_ssd"
    workload = move.workload
    return {
        "name": move.name,
        "site": move.site,
        "process_server": server,
        "policy": "waves",
        "churn": {"kind": "constant", "rate": move.churn}
        if workload is None
        else workload.canonical(),
        "disks": [
            {"name": f"disk {k}", "size": size, "used": move.used // count, "target": tier}
            for k in range(count)
        ],
    }


def _steps(plan: WavePlan) -> Iterator[dict[str, Any]]:
    for operation, instant in (("enable_replication", "starts_s"), ("failover", "cutover_s")):
        together: dict[float, list[str]] = {}
        for move in plan.moves:
            together.setdefault(getattr(move, instant), []).append(move.name)
        for at in sorted(together):
            yield {"at": at, "do": operation, "machines": together[at]}
    if plan.moves:
        delay = plan.problem.test_time
        yield {"when": {"state": "failed_over"}, "delay": delay, "do": "complete_migration"}


# --- What it showed -------------------------------------------------------------------------------


def check_of(plan: WavePlan) -> Check:
    """Simulate a plan, and hold what happened against what it promises."""
    result = scenario_of(plan).run(seed=plan.seed, progress=False, allow_large=True)
    jobs: dict[tuple[str, str], tuple[float, float]] = {}
    for job in result.to_arrow("jobs").to_pylist():
        if job["state"] == "Succeeded":
            jobs[job["machine"], job["operation"]] = (job["start_s"], job["end_s"])
    machines = result.to_arrow("machines").to_pylist()
    ends = [end for (_, operation), (_, end) in jobs.items() if operation == "Complete migration"]
    broken = [text for move in plan.moves for text in _broken(plan, move, jobs)]
    broken += _out_of_order(plan, jobs)
    return Check(
        broken=tuple(broken),
        total_s=max(ends, default=0.0),
        peak_rpo_s=_largest(machine["rpo_s_max"] for machine in machines),
        downtime_s=_largest(machine["downtime_s"] for machine in machines),
        data_loss_bytes=sum(max(0, machine["data_loss_bytes"] or 0) for machine in machines),
        result=result,
    )


_Jobs = dict[tuple[str, str], tuple[float, float]]


def _broken(plan: WavePlan, move: PlannedMove, jobs: _Jobs) -> Iterator[str]:
    finalized = jobs.get((move.name, "Finalize protection"))
    failover = jobs.get((move.name, "Failover"))
    completed = jobs.get((move.name, "Complete migration"))
    window = move.window
    if finalized is None or finalized[1] > max(move.copied_by_s, window.opens - plan.problem.lead):
        late = "never" if finalized is None else formatting.clock(finalized[1])
        yield f"{move.name} is protected {late}, not by {formatting.clock(move.copied_by_s)}"
    if failover is None or completed is None:
        yield f"{move.name} does not migrate"
        return
    if failover[0] < window.opens or completed[1] > window.closes:
        span = f"{formatting.clock(failover[0])}-{formatting.clock(completed[1])}"
        yield f"{move.name} moves {span}, outside {window.name}"
    for freeze in plan.problem.freezes:
        if failover[0] < freeze.closes and completed[1] > freeze.opens:
            yield f"{move.name} moves in {freeze.name}"


def _out_of_order(plan: WavePlan, jobs: _Jobs) -> Iterator[str]:
    ranks = {move.name: move for move in plan.moves}
    for need in plan.problem.needs:
        first, then = jobs.get((need.on, "Failover")), jobs.get((need.machine, "Failover"))
        if then is None:
            continue
        on_a_circle = need.on in ranks and ranks[need.on].cutover_s == ranks[need.machine].cutover_s
        if first is None or (then[0] < first[1] and not on_a_circle):
            yield f"{need.machine} moves before {need.on}, which it depends on"


def _largest(values: Iterator[float | None]) -> float:
    known = [value for value in values if value is not None and np.isfinite(value)]
    return max(known, default=float("nan"))
