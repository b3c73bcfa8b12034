"""Many scenarios explored together: runs are shared among them, and one map shows them all."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import formatting
from . import environment
from .coverage import Coverage

if TYPE_CHECKING:
    from .report import Report

__all__ = ["Share", "Shares", "summary", "together"]


@dataclass(frozen=True)
class Share:
    """What one scenario gets: runs, the seed of the first, and wall time (``None``: any)."""

    seeds: int
    first_seed: int
    budget_s: float | None


class Shares:
    """Runs and wall time, shared evenly among scenarios; no seed is used twice.

    Parameters
    ----------
    seeds, first_seed, budget_s
        All there is; ``None``: what the environment says.
    count
        How many scenarios there are.
    """

    def __init__(
        self, seeds: int | None, first_seed: int | None, budget_s: float | None, count: int
    ) -> None:
        given = environment.read()
        self._seeds = given.num if seeds is None else seeds
        self._next_seed = given.seed if first_seed is None else first_seed
        budget_s = given.time_limit_s if budget_s is None else budget_s
        self._until = None if budget_s is None else time.perf_counter() + budget_s
        self._count = count

    def next(self) -> Share:
        """Return the share of the next scenario; time that others did not need is shared anew."""
        mine = -(-self._seeds // self._count)
        left_s = None if self._until is None else max(0.0, self._until - time.perf_counter())
        share = Share(mine, self._next_seed, None if left_s is None else left_s / self._count)
        self._next_seed += mine
        self._seeds -= mine
        self._count -= 1
        return share


def together(reports: Sequence[Report]) -> Coverage:
    """Return what all explorations covered."""
    whole = Coverage()
    for report in reports:
        whole.cells.update(report.coverage.cells)
        whole.features.update(report.coverage.features)
    return whole


def summary(reports: Sequence[Report]) -> list[str]:
    """Return all explorations in a few lines."""
    runs = sum(report.runs for report in reports)
    seconds = sum(report.seconds for report in reports)
    rules: Counter[str] = Counter()
    for report in reports:
        rules.update(report.violations)
    broken = ", ".join(f"{name} in {count:,}" for name, count in rules.items())
    pairs = {
        "scenarios": f"{len(reports):,}",
        "runs": f"{runs:,}, {sum(report.compared for report in reports):,} of them twice",
        "faults": f"{sum(report.faults for report in reports):,}",
        "simulated": formatting.duration(sum(report.simulated_s for report in reports)),
        "wall time": f"{formatting.duration(seconds)}, {runs / max(seconds, 1e-9):,.0f} runs/s",
        "left out": f"{sum(len(report.invalid) for report in reports):,} cases that are bad input",
        "violations": broken or "none",
    }
    width = max(map(len, pairs))
    return [f"{name:<{width}}  {text}" for name, text in pairs.items()]
