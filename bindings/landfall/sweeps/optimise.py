"""`lf.sweeps.search`: look for the best variant with Optuna, by asking and telling."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import codes, worker
from ..errors import LandfallError, Problem, ScenarioError
from ..progress import ProgressOption
from .designs import Design
from .execution import Runner
from .experiment import Plan, _entropy, _limits
from .intervals import finite
from .metrics import MetricsOption, metrics_of
from .parameters import Choice, Parameter, jsonable
from .store import Store
from .table import Sweep
from .variants import Variant

if TYPE_CHECKING:
    import pandas as pd

    from ..client import Drill
    from ..scenario import Scenario

__all__ = ["Search", "search"]

_STREAM = 2**32 - 2


@dataclass(frozen=True)
class Search:
    """The outcome of a search.

    Attributes
    ----------
    trials
        A row for each trial: ``trial``, the parameters, ``state`` (complete or failed), the
        objectives, the constrained metrics, ``feasible``.
    objectives
        Names of the metrics that were made small.
    sweep
        All runs, as of a sweep: variant k is trial k.
    study
        Optuna's study, for its own plots and importances.
    """

    trials: pd.DataFrame
    objectives: tuple[str, ...]
    sweep: Sweep
    study: Any = field(repr=False)

    @property
    def front(self) -> pd.DataFrame:
        """The feasible trials that no other beats in every objective (the Pareto front)."""
        fit = self.trials[self.trials["feasible"]]
        y = fit[list(self.objectives)].to_numpy(float)
        beaten = [bool(((y <= own).all(axis=1) & (y < own).any(axis=1)).any()) for own in y]
        kept = fit[~np.array(beaten, bool)].drop_duplicates(list(self.objectives))
        return kept.sort_values(list(self.objectives)).reset_index(drop=True)

    @property
    def best(self) -> dict[str, Any]:
        """The best feasible trial of a search with one objective.

        Raises
        ------
        LandfallError
            When there are several objectives, or no trial is feasible.
        """
        if len(self.objectives) > 1:
            raise LandfallError("with several objectives no trial is best; see .front")
        front = self.front
        if front.empty:
            raise LandfallError("no trial keeps the constraints; see .trials")
        return {str(key): value for key, value in front.iloc[0].to_dict().items()}

    def scenario(self, trial: int) -> Scenario:
        """Return the scenario of a trial, to run it by itself."""
        return self.sweep.scenario(trial)


def search(
    scenario: Scenario | str | os.PathLike[str],
    over: Mapping[str, Any],
    *,
    minimise: str | Sequence[str],
    constraints: Mapping[str, float] | None = None,
    n_trials: int = 50,
    replications: int = 1,
    batch: int | None = None,
    seed: int | None = 1,
    metrics: MetricsOption = None,
    metrics_version: str | None = None,
    store: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    max_workers: int | None = None,
    timeout: float | str | None = None,
    memory_limit: int | str | None = None,
    allow_large: bool = False,
    progress: ProgressOption = True,
    drill: Mapping[int, Drill] | None = None,
) -> Search:
    """Look for the variant with the smallest metric, by Optuna's TPE sampler.

    Trials are asked for in batches, run, and told in their order, so that the same seed and batch
    give the same trials, however many workers there are. With a store, an interrupted search is
    repeated from it without running anything twice. A trial that fails, or that is no valid
    scenario, is told as failed.

    Parameters
    ----------
    scenario, over
        As for :func:`landfall.sweep`; a list is a choice.
    minimise
        Name of a metric; several make a search for the front between them.
    constraints
        Largest allowed value by metric, such as ``{"rpo_s_p95": 900}``.
    n_trials
        How many points are tried.
    replications
        Runs of each; their mean counts.
    batch
        Trials that run at the same time, 1 by default: the next one knows all before it. A larger
        one keeps more workers busy and learns less from each trial.
    seed, metrics, metrics_version, store, executor, max_workers, timeout, memory_limit
        As for :func:`landfall.sweep`.
    allow_large, progress, drill
        As for :func:`landfall.sweep`.

    Raises
    ------
    ScenarioError
        When `over` names what is not there.
    LandfallError
        When Optuna is not installed, or a metric that is asked for is not one of the runs'.
    """
    optuna = _optuna()
    objectives = (minimise,) if isinstance(minimise, str) else tuple(minimise)
    limits = dict(constraints or {})
    _check(objectives, over, n_trials, replications, batch)
    folder = None if store is None else Path(store)
    plan = Plan.of(
        scenario,
        over,
        metrics=metrics_of(metrics, metrics_version, [*objectives, *limits]),
        entropy=_entropy(seed, folder),
        common_random_numbers=True,
        limits=_limits(timeout, memory_limit),
        allow_large=allow_large,
        drill=drill,
    )
    study = _study(optuna, plan, objectives, limits, batch or 1)
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
            progress=progress,
        ) as runner:
            campaign = _Campaign(optuna, study, plan, runner, objectives, limits, replications)
            while len(campaign.made) < n_trials:
                campaign.advance(min(batch or 1, n_trials - len(campaign.made)))
                kept.write_manifest(campaign.manifest())
        return campaign.outcome(folder)
    finally:
        kept.close()


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        message = "a search needs Optuna; install it with: pip install 'landfall[explore]'"
        raise LandfallError(message) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _check(
    objectives: tuple[str, ...],
    over: Mapping[str, Any],
    n_trials: int,
    replications: int,
    batch: int | None,
) -> None:
    problems = []
    if not objectives:
        problems.append(Problem(codes.EMPTY_LIST, "minimise", "[]", "takes a metric at least"))
    if not over:
        problems.append(Problem(codes.EMPTY_LIST, "over", "{}", "takes a parameter at least"))
    numbers = (("n_trials", n_trials), ("replications", replications), ("batch", batch))
    for name, number in numbers:
        if number is not None and (isinstance(number, bool) or number < 1):
            message = "must be a whole number from 1 on"
            problems.append(Problem(codes.OUT_OF_RANGE, name, str(number), message))
    if problems:
        raise ScenarioError(problems, source="search")


def _study(
    optuna: Any, plan: Plan, objectives: tuple[str, ...], limits: Mapping[str, float], batch: int
) -> Any:
    sequence = np.random.SeedSequence(plan.entropy, spawn_key=(_STREAM,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "constraints_func is an experimental feature"
        sampler = optuna.samplers.TPESampler(
            seed=int(sequence.generate_state(1)[0]),
            constraints_func=(lambda trial: trial.user_attrs["over"]) if limits else None,
            constant_liar=batch > 1,
        )
        return optuna.create_study(directions=["minimize"] * len(objectives), sampler=sampler)


@dataclass
class _Campaign:
    """The trials so far."""

    optuna: Any
    study: Any
    plan: Plan
    runner: Runner
    objectives: tuple[str, ...]
    limits: Mapping[str, float]
    replications: int
    made: list[Variant] = field(default_factory=list)
    trials: list[dict[str, Any]] = field(default_factory=list)

    def advance(self, count: int) -> None:
        """Ask for `count` trials, run them, and tell what came out."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asked = [self.study.ask() for _ in range(count)]
            points = [
                tuple(_suggested(trial, place, p) for place, p in enumerate(self.plan.over))
                for trial in asked
            ]
        first = len(self.made)
        self.made += self.plan.variants(points, record=True)
        numbers = range(first, len(self.made))
        self.runner.run(
            self.plan.order(self.made, number, replication)
            for replication in range(self.replications)
            for number in numbers
            if self.made[number].valid
        )
        for number, trial in zip(numbers, asked, strict=True):
            self._tell(number, trial)

    def _tell(self, number: int, trial: Any) -> None:
        found = {name: self._mean(number, name) for name in (*self.objectives, *self.limits)}
        complete = all(math.isfinite(value) for value in found.values())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if complete:
                over = [found[name] - limit for name, limit in self.limits.items()]
                trial.set_user_attr("over", over)
                self.study.tell(trial, [found[name] for name in self.objectives])
            else:
                # What failed keeps no constraint: the sampler asks this of every trial.
                trial.set_user_attr("over", [math.inf] * len(self.limits))
                self.study.tell(trial, state=self.optuna.trial.TrialState.FAIL)
        feasible = complete and all(found[name] <= limit for name, limit in self.limits.items())
        self.trials.append(
            {"trial": number, "state": "complete" if complete else "failed", **found}
            | {"feasible": feasible}
        )

    def _mean(self, number: int, metric: str) -> float:
        values = self.plan.values(self.runner, self.made, number, self.replications, metric)
        numbers = finite(values)
        # A mean over some of the replications would favour variants that fail when it gets hard.
        return float(numbers.mean()) if numbers.size == self.replications else math.nan

    def manifest(self) -> dict[str, Any]:
        points = [variant.values for variant in self.made]
        counts = [self.replications] * len(self.made)
        manifest = self.plan.manifest(Design("search", len(points), points), self.made, counts)
        trials = [
            {key: None if value != value else value for key, value in trial.items()}
            for trial in self.trials
        ]
        return manifest | {
            "search": {
                "minimise": list(self.objectives),
                "constraints": dict(self.limits),
                "trials": trials,
            }
        }

    def outcome(self, folder: Path | None) -> Search:
        import pandas as pd

        manifest = self.manifest()
        sweep = Sweep(manifest, self.runner.store.rows, path=folder, made=self.runner.made)
        if sweep.metrics:
            for name in (*self.objectives, *self.limits):
                sweep.check_metric(name)
        names = [p.name for p in self.plan.over]
        rows = [
            {"trial": trial["trial"]}
            | dict(zip(names, map(jsonable, variant.values), strict=True))
            | trial
            for trial, variant in zip(self.trials, self.made, strict=True)
        ]
        return Search(pd.DataFrame(rows), self.objectives, sweep, self.study)


def _suggested(trial: Any, place: int, parameter: Parameter) -> Any:
    """Return the value that Optuna suggests for a parameter."""
    name, values = f"x{place}", parameter.values
    if isinstance(values, Choice):
        index = trial.suggest_categorical(name, list(range(len(values.values))))
        return values.values[index]
    # On the unit interval: the range itself knows about logarithms, whole numbers and units.
    return values.at(trial.suggest_float(name, 0.0, 1.0))
