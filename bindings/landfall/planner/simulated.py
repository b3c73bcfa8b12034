"""A plan as a scenario at volume fidelity, and what simulating it shows.

The plan and the scenario count alike: the link has the plan's line rate, of which payload can use
``payload_share``; churn is the trace's times growth; process servers are those of the plan, with
its compression. A machine's RPO in the run is a sawtooth: it falls to the lag when a recovery point
is published, and rises until the next, 5 min later. The plan allows for that rise with
``processing``, which it takes off the RPO.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np

from ..errors import Problem, ScenarioError
from ..inventory import codes
from .options import DAYS
from .recommendations import process_servers_of
from .sizing import SizedMachine

if TYPE_CHECKING:
    from ..result import Result
    from ..scenario import Scenario
    from ..why import Why
    from .capacity_plan import CapacityPlan

__all__ = ["SimulatedPlan", "scenario_of", "simulate"]

_DAY_S = 86_400
_SITE, _REGION = "on-premises", "azure"
#: Only copies depend on it, and there are none: the machines begin protected.
_UNKNOWN_SIZE = 128 * 2**30
_LATENCY = "10 ms"  # [A]
_INTERVAL_S = 300.0
_Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, eq=False)
class SimulatedPlan:
    """What the simulation of a plan's bandwidth showed.

    Attributes
    ----------
    scenario, result
        The run.
    rpo_s, share
        The target, and the part of the time for which the plan promises it.
    within
        Part of the time for which every machine was within it: what the plan promises, whose queue
        looks at the oldest byte of all.
    within_mean, within_least
        The same of single machines: in the mean, and of the one that was within it least.
    """

    scenario: Scenario
    result: Result
    rpo_s: float
    share: float
    within: float
    within_mean: float
    within_least: float

    @property
    def ok(self) -> bool:
        """Whether the promise is kept, to one percentage point."""
        return self.within >= self.share - 0.01

    @cached_property
    def why(self) -> Why:
        """What caused breaches of the RPO."""
        from ..why import explain

        return explain(self.result, rpo=self.rpo_s)


def scenario_of(
    plan: CapacityPlan, bits_per_second: float, trace_file: str | PathLike[str] | None = None
) -> Scenario:
    """Return the planned machines over one link, protected from the start."""
    from ..scenario import Scenario

    options = plan.options
    if not np.isfinite(bits_per_second) or not bits_per_second >= 8:
        _refuse("bandwidth", f"{bits_per_second:g}", "is no bandwidth that a link can have")
    if options.kind == "hyper-v":
        _refuse("options/kind", options.kind, "is planned but not simulated yet: "
                "its hosts and intervals are not in an inventory")  # fmt: skip
    planned = [machine for machine in plan.planned if machine.column is not None]
    if not planned:
        _refuse("inventory", plan.inventory.name, "has no machine that can be simulated")
    servers = _servers(plan, planned)
    churn = _churn(plan, trace_file)
    slot_s = min(plan.demand.slot_s, _INTERVAL_S)
    return Scenario.from_dict(
        {
            "version": 1,
            "name": _name(plan),
            "profile": options.profile,
            "initial_state": "protected",
            "duration": plan.demand.slots * plan.demand.slot_s,
            "network": {"bandwidth_factor": options.payload_share},
            "detail": {"capture_step": slot_s, "sample_every": "5 min"},
            "sites": [{"name": _SITE, "lan": {"bandwidth": "100 Gbit/s"}}],
            "regions": [
                {
                    "name": _REGION,
                    "storage_accounts": [{"name": server["storage_account"]} for server in servers],
                }
            ],
            "links": [
                {
                    "name": "wan",
                    "from": _SITE,
                    "to": _REGION,
                    "bandwidth": round(bits_per_second),
                    "latency": _LATENCY,
                    "throttles": _throttles(plan, bits_per_second),
                }
            ],
            "vault": {"name": "vault", "region": _REGION},
            "configuration_servers": [{"name": "configuration server", "site": _SITE}],
            "process_servers": servers,
            "policies": [
                {"name": "plan", "retention": options.retention, "rpo_threshold": plan.rpo_s}
            ],
            "machines": [
                _machine(machine, plan, servers[number % len(servers)]["name"], churn)
                for number, machine in enumerate(planned)
            ],
        }
    )


def _name(plan: CapacityPlan) -> str:
    """Return a name that scenarios take: of the file alone, without what patterns use."""
    text = "".join(letter for letter in Path(plan.inventory.name).name if letter.isprintable())
    return f"plan of {text.translate(_NO_PATTERN)}"[:80].rstrip()


_NO_PATTERN = str.maketrans(dict.fromkeys("*?{}", "_"))


def _refuse(where: str, found: str | None, message: str) -> NoReturn:
    raise ScenarioError([Problem(codes.UNSTATED, where, found, message)], source="plan")


def _servers(plan: CapacityPlan, planned: list[SizedMachine]) -> list[dict[str, Any]]:
    more, size = process_servers_of(planned, plan.demand, plan.options)
    return [
        {
            "name": f"process server {number}",
            "site": _SITE,
            "storage_account": f"cache {number}",
            "cores": size.cores,
            "cache": size.cache,
            "compression_ratio": plan.options.compression_ratio,
        }
        for number in range(1, max(more, 1) + 1)
    ]


def _churn(plan: CapacityPlan, trace_file: str | PathLike[str] | None) -> dict[str, Any]:
    """Return the workload of each planned machine by its name."""
    growth = 1 + plan.options.growth_percent / 100
    if plan.trace is None:
        return {
            machine.name: {"kind": "constant", "rate": round(machine.mean_churn)}
            for machine in plan.planned
        }
    from ..inventory.matching import match_trace

    fitted = match_trace(plan.inventory, plan.trace, by=plan.match)
    if fitted.origin is None:
        if trace_file is None:
            _refuse(
                "trace", None, "no file of it can be replayed as it is; say with trace_file where "
                "to write one",
            )  # fmt: skip
        fitted = fitted.to_csv(trace_file)
    return {
        machine.name: {**fitted.churn(machine.name).canonical(), "scale": growth}
        for machine in plan.planned
    }


def _throttles(plan: CapacityPlan, bits_per_second: float) -> list[dict[str, Any]]:
    """Return daily throttles in simulated time, which begins where the trace does."""
    made = []
    for number, throttle in enumerate(plan.options.throttles):
        if set(throttle.days) != set(DAYS):
            message = "holds on some days only, and links of scenarios know daily throttles only"
            _refuse(f"options/throttles/{number}/days", ", ".join(throttle.days), message)
        ceiling = throttle.bandwidth
        if ceiling is None:
            ceiling = max(8, round((throttle.share or 0.0) * bits_per_second))
        shift = plan.demand.midnight_s
        made.append(
            {
                "from": int((throttle.from_ - shift) % _DAY_S),
                "to": int((throttle.to - shift) % _DAY_S),
                "bandwidth": min(ceiling, round(bits_per_second)),
            }
        )
    return made


def _machine(
    machine: SizedMachine, plan: CapacityPlan, process_server: str, churn: dict[str, Any]
) -> dict[str, Any]:
    server = machine.server
    disks = []
    for number, disk in enumerate(machine.disks):
        size = max(disk.size or _UNKNOWN_SIZE, 2**30)
        disks.append(
            {
                "name": f"disk {number}",
                "size": size,
                "used": min(disk.used if disk.used is not None else size, size),
                "target": disk.tier.type if disk.tier else "premium_ssd",
                "churn_share": disk.churn / machine.peak_churn if machine.peak_churn > 0 else 1.0,
                "write_size": disk.write_size and round(disk.write_size),
            }
        )
        if disks[-1]["write_size"] is None:
            del disks[-1]["write_size"]
    facts = {
        "cores": server.cores,
        "memory": server.memory_bytes,
        "boot": server.boot,
        "nics": len(server.nics) or server.nic_count,
    }
    return {
        "name": machine.name,
        "site": _SITE,
        "kind": plan.options.kind,
        "process_server": process_server,
        "policy": "plan",
        "os": "linux" if server.os_family == "linux" else "windows",
        "facts": {key: value for key, value in facts.items() if value},
        "churn": churn[machine.name],
        "disks": disks,
    }


# --- What it showed -------------------------------------------------------------------------------


def simulate(
    plan: CapacityPlan,
    scenario: Scenario,
    rpo_s: float,
    share: float,
    *,
    progress: bool | Callable[..., Any],
) -> SimulatedPlan:
    """Run the scenario of a plan, and measure for how much of the time the RPO was met."""
    result = scenario.run(seed=plan.options.seed, progress=progress, allow_large=True)
    times = _Times(result, rpo_s)
    parts = times.by_machine()
    return SimulatedPlan(
        scenario, result, rpo_s, share, times.all_within(), float(parts.mean()), float(parts.min())
    )


class _Times:
    """When machines were within an RPO; between two steps it rises by a second per second."""

    def __init__(self, result: Result, rpo_s: float) -> None:
        steps = result.tables["rpo"]
        order = np.argsort(steps["machine"], kind="stable")
        self._codes, start, after = (
            np.asarray(steps[name])[order] for name in ("machine", "t_s", "rpo_s_after")
        )
        self._end_s = result.simulated_s
        ends = np.append(start[1:], self._end_s)
        ends[np.append(self._codes[1:] != self._codes[:-1], True)] = self._end_s
        known = np.isfinite(after)
        self._start = start
        self._ends = np.where(known, ends, start)
        room = np.where(known, rpo_s - after, 0.0)
        self._above = np.clip(start + room, start, self._ends)

    def by_machine(self) -> _Array:
        """Return for each machine the part of its protected time within the RPO."""
        count = int(self._codes.max()) + 1 if len(self._codes) else 0
        total = np.bincount(self._codes, self._ends - self._start, count)
        within = np.bincount(self._codes, self._above - self._start, count)
        made: _Array = within[total > 0] / total[total > 0]
        return made

    def all_within(self) -> float:
        """Return the part of the run in which every machine was within the RPO."""
        breaks = self._above < self._ends
        order = np.argsort(self._above[breaks], kind="stable")
        starts, ends = self._above[breaks][order], self._ends[breaks][order]
        if not len(starts):
            return 1.0
        # What a breach adds to those before it: from their latest end on.
        before = np.maximum.accumulate(np.append(-np.inf, ends[:-1]))
        above = float(np.clip(ends - np.maximum(starts, before), 0.0, None).sum())
        return 1.0 - above / self._end_s
