"""Runs replications until an interval is narrow enough."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .intervals import check_level, finite, t_interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Precision"]


@dataclass(frozen=True)
class Precision:
    """How narrow the t interval of a metric's mean must be, in every variant.

    The width is looked at after `min_n` replications and then after each `batch`. Stopping at the
    first look at which the interval is narrow makes its coverage a little lower than `level` says,
    most of all with a small `min_n` and a skewed metric: an interval that is narrow by chance ends
    the runs. A larger `min_n` and `batch` make that smaller; for a figure to rely on, take the
    number of replications that this arrives at and run them with another seed.

    Parameters
    ----------
    metric
        Name of the metric.
    half_width
        Largest half width, in the metric's unit.
    relative
        Largest half width as a part of the mean, such as 0.1; one of both is given.
    level
        Confidence.
    min_n, max_n
        Fewest and most replications. A variant that fails `min_n` times without success is left.
    batch
        Replications between two looks; `min_n` by default.
    """

    metric: str
    half_width: float | None = None
    relative: float | None = None
    level: float = 0.95
    min_n: int = 10
    max_n: int = 200
    batch: int | None = None

    def __post_init__(self) -> None:
        check_level(self.level)
        given = [width for width in (self.half_width, self.relative) if width is not None]
        if len(given) != 1:
            raise ValueError("a Precision takes either half_width or relative")
        if not given[0] > 0.0 or math.isinf(given[0]):
            raise ValueError(f"the width of a Precision is above 0, not {given[0]!r}")
        if not 2 <= self.min_n <= self.max_n:
            raise ValueError(
                f"a Precision takes 2 <= min_n <= max_n, not {self.min_n} and {self.max_n}"
            )
        if self.batch is not None and self.batch < 1:
            raise ValueError(f"batch is 1 or more, not {self.batch}")

    def reached(self, values: ArrayLike) -> bool:
        """Whether the interval of `values` is narrow enough."""
        found = t_interval(values, self.level)
        if found.n < self.min_n:
            return False
        limit = self.half_width
        if limit is None:
            assert self.relative is not None
            limit = self.relative * abs(found.estimate)
        return found.half_width <= limit

    def next(self, done: int, values: ArrayLike) -> int:
        """Return how many replications there should be after `done`; `done`: enough."""
        if done == 0:
            return self.min_n
        useless = finite(values).size == 0 and done >= self.min_n
        if done >= self.max_n or useless or self.reached(values):
            return done
        return min(self.max_n, done + (self.batch or self.min_n))
