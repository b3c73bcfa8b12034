"""`lf.sweep`: variants, replications, and what is kept of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .. import codes, worker
from .._version import version
from ..document import show
from ..errors import Problem, ScenarioError, UnknownName
from ..progress import ProgressOption
from ..quantities import DURATION, SIZE, parse
from . import variants as of_variants
from .designs import Design, design
from .execution import Limits, Order, Runner
from .keys import fresh_entropy, run_key, seed_of
from .metrics import Metrics, MetricsOption, metrics_of
from .parameters import Parameter, jsonable, parameters
from .precision import Precision
from .store import Store, read_manifest
from .table import Sweep
from .variants import Variant

if TYPE_CHECKING:
    from ..client import Drill
    from ..scenario import Scenario

__all__ = ["Plan", "sweep"]


def sweep(
    scenario: Scenario | str | os.PathLike[str],
    over: Mapping[str, Any] | None = None,
    *,
    design: str = "grid",
    n: int | None = None,
    replications: int | None = None,
    until: Precision | None = None,
    seed: int | None = 1,
    common_random_numbers: bool = True,
    metrics: MetricsOption = None,
    metrics_version: str | None = None,
    store: str | os.PathLike[str] | None = None,
    retry: Literal["failed"] | None = None,
    executor: Executor | None = None,
    max_workers: int | None = None,
    chunk: int | None = None,
    timeout: float | str | None = None,
    memory_limit: int | str | None = None,
    allow_large: bool = False,
    on_invalid: Literal["raise", "record"] = "raise",
    progress: ProgressOption = True,
    drill: Mapping[int, Drill] | None = None,
) -> Sweep:
    """Run variants of a scenario, each with replications.

    Parameters
    ----------
    scenario
        The scenario, or what :func:`landfall.load` takes.
    over
        What varies. A key is a JSON pointer in which entries of lists go by name, number or
        pattern (``"/links/wan/bandwidth"``, ``"/machines/web-*/policy"``; with dots as well:
        ``"links.wan.bandwidth"``), or any name with a :class:`Change`. A value is a list, a
        :class:`Range` or a :class:`Choice`.
    design
        ``"grid"``: all combinations. ``"lhs"``: a Latin hypercube, ``"sobol"``: a scrambled Sobol
        sequence, of `n` points. ``"saltelli"``, ``"morris"``: for sensitivity analysis, from
        `n` base samples or trajectories.
    n
        Size of a drawn design; in a grid, levels of each Range.
    replications
        Runs of each variant, 1 by default.
    until
        Instead: as many as a :class:`Precision` takes.
    seed
        Entropy of the design and of all runs. ``None``: what the store has, or fresh; the
        manifest keeps it.
    common_random_numbers
        Replication r has the same seed in every variant, so that differences between variants are
        not blurred by chance. ``False``: every run has a seed of its own.
    metrics
        What is kept of a run. By default RPO, downtime, duration, loss, cost and bytes; else names
        (``"rto_s_max"``), functions from a :class:`~landfall.Result` to numbers by name, or both.
    metrics_version
        Say that a function means something else now, where its code does not show it.
    store
        Folder to keep outcomes in. What is there under the same key (scenario, seed, version of
        landfall, metrics) is not run again, so an interrupted sweep goes on, and a larger one adds
        to a smaller one.
    retry
        ``"failed"``: run again what failed. Without it a failure counts as an outcome.
    executor, max_workers, progress
        As for :func:`landfall.run_many`; a Dask client's ``get_executor()`` goes here. Trace files
        must exist under the same paths where the runs are made.
    chunk
        Runs in one task of an executor.
    timeout, memory_limit
        Limits of each run, numbers or texts such as ``"2 min"`` and ``"1 GiB"``.
    allow_large
        Run variants that take very long or very much memory.
    on_invalid
        ``"record"``: a variant that is no valid scenario is a failure in the table. By default
        nothing runs then.
    drill
        Fail on purpose, by number of variant: what the tests prove isolation with.

    Returns
    -------
    Sweep
        Table, intervals, comparisons and pictures. Failed runs are rows of it.

    Raises
    ------
    ScenarioError
        Before anything runs: with everything that is wrong in `over` and in the variants.
    UnknownName
        There is no such metric or design.
    StoreError, StoreInUse
        The store is damaged, holds something else, or another sweep is writing to it.
    WorkerNotFound
        There is no worker to run it.
    """
    _check_choices(retry, on_invalid, until, replications, n)
    folder = None if store is None else Path(store)
    plan = Plan.of(
        scenario,
        over or {},
        metrics=metrics_of(metrics, metrics_version, [until.metric] if until else []),
        entropy=_entropy(seed, folder),
        common_random_numbers=common_random_numbers,
        limits=_limits(timeout, memory_limit),
        allow_large=allow_large,
        drill=drill,
    )
    drawn = _drawn(design, plan, n)
    made = plan.variants(drawn.points, record=on_invalid == "record")
    if executor is None:
        worker.find()
    kept = Store(folder)
    try:
        with Runner(
            kept,
            plan.metrics,
            plan.limits,
            executor=executor,
            max_workers=max_workers,
            chunk=chunk,
            progress=progress,
            retry=retry == "failed",
        ) as runner:
            counts = [replications or (until.min_n if until else 1)] * len(made)
            kept.write_manifest(plan.manifest(drawn, made, counts))
            counts = _run(runner, plan, made, counts, until)
            manifest = plan.manifest(drawn, made, counts)
            kept.write_manifest(manifest)
        return Sweep(manifest, kept.rows, path=folder, made=runner.made)
    finally:
        kept.close()


def _check_choices(
    retry: str | None,
    on_invalid: str,
    until: Precision | None,
    replications: int | None,
    n: int | None,
) -> None:
    if retry not in (None, "failed"):
        raise ValueError(f'retry must be "failed" or None, not {retry!r}')
    if on_invalid not in ("raise", "record"):
        raise ValueError(f'on_invalid must be "raise" or "record", not {on_invalid!r}')
    if until is not None and replications is not None:
        raise ValueError("give replications or until, not both")
    for name, number in (("replications", replications), ("n", n)):
        if number is not None and (isinstance(number, bool) or number < 1):
            message = "must be a whole number from 1 on"
            raise ScenarioError([Problem(codes.OUT_OF_RANGE, name, str(number), message)], "sweep")


def _entropy(seed: int | None, folder: Path | None) -> int:
    if seed is not None:
        if isinstance(seed, bool) or seed < 0:
            raise ValueError(f"seed must be 0 or more, not {seed!r}")
        return int(seed)
    manifest = read_manifest(folder) if folder is not None else None
    stored = (manifest or {}).get("entropy")
    return int(stored) if stored is not None else fresh_entropy()


def _limits(timeout: float | str | None, memory_limit: int | str | None) -> Limits:
    from pydantic_core import PydanticCustomError

    parsed: dict[str, Any] = {"timeout": timeout, "memory_limit": memory_limit}
    for (name, value), dimension in zip(parsed.copy().items(), (DURATION, SIZE), strict=True):
        try:
            parsed[name] = None if value is None else parse(value, dimension)
        except PydanticCustomError as error:
            problem = Problem(codes.WRONG_UNIT, name, show(value), error.message())
            raise ScenarioError([problem], source="sweep") from None
    seconds, size = parsed["timeout"], parsed["memory_limit"]
    return Limits(None if seconds is None else float(seconds), None if size is None else int(size))


def _drawn(kind: str, plan: Plan, n: int | None) -> Design:
    return design(kind, plan.over, n, plan.entropy)


def _run(
    runner: Runner,
    plan: Plan,
    made: Sequence[Variant],
    counts: list[int],
    until: Precision | None,
) -> list[int]:
    """Make the runs; return how many replications each variant has."""
    # Replication by replication: an interrupted sweep has seen the whole design.
    runner.run(
        plan.order(made, number, replication)
        for replication in range(max(counts, default=0))
        for number in range(len(made))
        if made[number].valid
    )
    if until is None:
        return counts
    counts = list(counts)
    _check_metric(until.metric, runner, made)
    active = [number for number, variant in enumerate(made) if variant.valid]
    while active:
        targets = {
            number: until.next(
                counts[number], plan.values(runner, made, number, counts[number], until.metric)
            )
            for number in active
        }
        active = [number for number in active if targets[number] > counts[number]]
        runner.run(
            plan.order(made, number, replication)
            for number in active
            for replication in range(counts[number], targets[number])
        )
        for number in active:
            counts[number] = targets[number]
    return counts


def _check_metric(metric: str, runner: Runner, made: Sequence[Variant]) -> None:
    """Refuse a metric that no run has, once there are runs."""
    hashes = {variant.hash for variant in made if variant.valid}
    rows = [row for row in runner.store.rows.values() if row["scenario_hash"] in hashes]
    names = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    if names and metric not in names:
        raise UnknownName("metric", metric, names)


@dataclass(frozen=True)
class Plan:
    """What the runs of a sweep or a search have in common."""

    scenario: Scenario
    over: list[Parameter]
    metrics: Metrics
    entropy: int
    common_random_numbers: bool
    limits: Limits
    allow_large: bool
    drill: Mapping[int, Drill]

    @classmethod
    def of(
        cls,
        scenario: Scenario | str | os.PathLike[str],
        over: Mapping[str, Any],
        *,
        drill: Mapping[int, Drill] | None = None,
        **about: Any,
    ) -> Plan:
        """Return the plan; raise ScenarioError when `over` names what is not there."""
        if isinstance(scenario, str | os.PathLike):
            from ..scenario import load

            scenario = load(scenario)
        return cls(scenario, parameters(scenario, over), drill=dict(drill or {}), **about)

    def variants(self, points: Sequence[tuple[Any, ...]], *, record: bool = False) -> list[Variant]:
        """Return the variants of `points`, checked."""
        return of_variants.variants(
            self.scenario, self.over, points, allow_large=self.allow_large, record=record
        )

    def seed(self, number: int, replication: int) -> int:
        """Return the seed of a run."""
        return seed_of(self.entropy, replication, None if self.common_random_numbers else number)

    def order(self, made: Sequence[Variant], number: int, replication: int) -> Order:
        """Return one run of a variant."""
        variant = made[number]
        seed = self.seed(number, replication)
        return Order(
            run_key(variant.hash, seed, self.metrics.signature),
            variant.name,
            variant.hash,
            variant.packed,
            variant.told(self.over),
            seed,
            self.drill.get(number),
        )

    def values(
        self, runner: Runner, made: Sequence[Variant], number: int, count: int, metric: str
    ) -> list[float]:
        """Return a metric of the replications of a variant, NaN where there is none."""
        if not made[number].valid:
            return []
        keys = (
            run_key(made[number].hash, self.seed(number, replication), self.metrics.signature)
            for replication in range(count)
        )
        rows = (runner.store.rows.get(key) for key in keys)
        return [row["metrics"].get(metric, float("nan")) if row else float("nan") for row in rows]

    def manifest(
        self, drawn: Design, made: Sequence[Variant], counts: Sequence[int]
    ) -> dict[str, Any]:
        """Return what the sweep is, ready for JSON."""
        return {
            "landfall": version(),
            "scenario": {
                "name": self.scenario.name,
                "hash": self.scenario.hash,
                "source": self.scenario.source,
                "canonical": self.scenario.canonical(),
            },
            "design": {
                "kind": drawn.kind,
                "n": drawn.n,
                "parameters": [parameter.to_dict() for parameter in self.over],
                "units": None if drawn.units is None else drawn.units.tolist(),
            },
            "entropy": self.entropy,
            "common_random_numbers": self.common_random_numbers,
            "metrics": {
                "signature": self.metrics.signature,
                "names": list(self.metrics.names),
                "functions": [getattr(f, "__qualname__", repr(f)) for f in self.metrics.functions],
            },
            "limits": {
                "timeout_s": self.limits.timeout,
                "memory_limit_bytes": self.limits.memory_limit,
            },
            "variants": [
                {
                    "values": [jsonable(value) for value in variant.values],
                    "numbers": list(variant.numbers),
                    "hash": variant.hash,
                    "problem": variant.problem,
                    "replications": count,
                }
                for variant, count in zip(made, counts, strict=True)
            ],
        }
