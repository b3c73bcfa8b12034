"""Intervals: how sure a mean, a quantile or a difference is. The statistics are SciPy's."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import formatting

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    *("METHODS", "Comparison", "Interval", "bootstrap_interval", "compared"),
    *("interval", "quantile_interval", "shown", "t_interval"),
]

_RESAMPLES = 9_999


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval.

    Attributes
    ----------
    estimate, low, high
        The value and the ends; NaN where there are too few runs to tell.
    n
        Runs that it rests on.
    level
        Confidence, such as 0.95.
    method
        ``"t"``, ``"quantile"`` or ``"bootstrap"``.
    """

    estimate: float
    low: float
    high: float
    n: int
    level: float
    method: str

    @property
    def half_width(self) -> float:
        """Half the distance between the ends."""
        return (self.high - self.low) / 2


def finite(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values that are numbers."""
    array: NDArray[np.float64] = np.asarray(values, float).ravel()
    return array[np.isfinite(array)]


def check_level(level: float) -> None:
    """Raise ValueError unless `level` is a level of confidence."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, such as 0.95, not {level!r}")


def t_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Return the mean with Student's t interval.

    Right for a mean of values that are roughly normal, and for any with many runs; two runs at
    least.
    """
    check_level(level)
    x = finite(values)
    if x.size == 0:
        return Interval(math.nan, math.nan, math.nan, 0, level, "t")
    mean = float(x.mean())
    if x.size == 1:
        return Interval(mean, math.nan, math.nan, 1, level, "t")
    from scipy import stats

    half = float(stats.t.ppf((1 + level) / 2, x.size - 1) * x.std(ddof=1) / math.sqrt(x.size))
    return Interval(mean, mean - half, mean + half, int(x.size), level, "t")


def quantile_interval(values: ArrayLike, q: float = 0.5, level: float = 0.95) -> Interval:
    """Return a quantile with an interval of order statistics, which any distribution keeps.

    The ends are the narrowest pair around the quantile, as many ranks out on either side as the
    binomial distribution asks for; an end is infinite where there are too few runs for it.
    """
    check_level(level)
    if not 0.0 < q < 1.0:
        raise ValueError(f"q must be between 0 and 1, not {q!r}")
    x = np.sort(finite(values))
    if x.size == 0:
        return Interval(math.nan, math.nan, math.nan, 0, level, "quantile")
    from scipy import stats

    outside = (1 - level) / 2
    # P(X_(l) > quantile) = P(Bin(n, q) < l) must be at most `outside`; the same at the other end.
    lower = int(stats.binom.ppf(outside, x.size, q))
    upper = int(stats.binom.ppf(1 - outside, x.size, q)) + 1
    low = float(x[lower - 1]) if lower >= 1 else -math.inf
    high = float(x[upper - 1]) if upper <= x.size else math.inf
    return Interval(float(np.quantile(x, q)), low, high, int(x.size), level, "quantile")


def bootstrap_interval(
    values: ArrayLike,
    statistic: Callable[..., Any] = np.mean,
    level: float = 0.95,
    seed: int = 1,
) -> Interval:
    """Return a statistic with its BCa bootstrap interval, by :func:`scipy.stats.bootstrap`."""
    check_level(level)
    x = finite(values)
    estimate = float(statistic(x)) if x.size else math.nan
    if x.size < 2:
        return Interval(estimate, math.nan, math.nan, int(x.size), level, "bootstrap")
    if np.ptp(x) == 0.0:  # BCa divides by the spread
        return Interval(estimate, estimate, estimate, int(x.size), level, "bootstrap")
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few values: "may be degenerate" shows as NaN
        found = stats.bootstrap(
            (x,),
            statistic,
            confidence_level=level,
            n_resamples=_RESAMPLES,
            method="BCa",
            rng=np.random.default_rng(seed),
        ).confidence_interval
    return Interval(estimate, float(found.low), float(found.high), int(x.size), level, "bootstrap")


#: Ways to an interval, by name.
METHODS = ("t", "bootstrap", "quantile")


def interval(values: ArrayLike, method: str, level: float, q: float = 0.5) -> Interval:
    """Return the interval of a method; raise ValueError for one that is none."""
    if method == "t":
        return t_interval(values, level)
    if method == "bootstrap":
        return bootstrap_interval(values, level=level)
    if method == "quantile":
        return quantile_interval(values, q, level)
    raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")


@dataclass(frozen=True)
class Comparison:
    """The difference of a metric between two variants, b less a, over the same seeds.

    Attributes
    ----------
    metric, a, b
        What was compared: the name, and the variants' numbers.
    difference
        Mean of the paired differences with its t interval.
    mean_a, mean_b
        Means over the replications that both variants have.
    correlation
        Between the variants, over the seeds; NaN where one does not vary.
    independent_half_width
        Half width if the seeds had been independent (Welch): what pairing saves.
    """

    metric: str
    a: int
    b: int
    difference: Interval
    mean_a: float
    mean_b: float
    correlation: float
    independent_half_width: float

    @property
    def differs(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.difference.low > 0.0 or self.difference.high < 0.0

    def __str__(self) -> str:
        d = self.difference
        texts = [shown(self.metric, value) for value in (d.estimate, d.low, d.high)]
        return (
            f"{self.metric}: variant {self.b} less variant {self.a} is {texts[0]}, "
            f"{d.level * 100:g} % interval {texts[1]} to {texts[2]}, "
            f"{formatting.plural(d.n, 'pair')}"
        )


def shown(metric: str, value: float) -> str:
    """Return a value of a metric for people, by the unit in its name."""
    if not math.isfinite(value):
        return "–"
    if metric.endswith("_bytes") or metric.startswith("link_bytes"):
        return formatting.size(value)
    if "_s_" in f"{metric}_":
        return formatting.duration(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def compared(
    metric: str, a: int, b: int, of_a: ArrayLike, of_b: ArrayLike, level: float
) -> Comparison:
    """Return the comparison of two variants' values, which stand in the order of the seeds."""
    x, y = np.asarray(of_a, float), np.asarray(of_b, float)
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    correlation, independent = math.nan, math.nan
    if x.size >= 2:
        from scipy import stats

        if np.ptp(x) > 0 and np.ptp(y) > 0:
            correlation = float(np.corrcoef(x, y)[0, 1])
        parts = np.array([x.var(ddof=1), y.var(ddof=1)]) / x.size
        independent = 0.0
        if parts.sum() > 0:
            freedom = parts.sum() ** 2 / (np.square(parts).sum() / (x.size - 1))
            independent = float(stats.t.ppf((1 + level) / 2, freedom) * math.sqrt(parts.sum()))
    return Comparison(
        metric,
        a,
        b,
        t_interval(y - x, level),
        float(x.mean()) if x.size else math.nan,
        float(y.mean()) if y.size else math.nan,
        correlation,
        independent,
    )
