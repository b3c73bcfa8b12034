"""How much each parameter matters: SALib's indices over the points of a design."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import LandfallError
from .designs import problem_of, salib
from .intervals import finite

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ..plots import Picture
    from .table import Sweep

__all__ = ["Sensitivity", "analyse"]

#: RBD-FAST corrects its bias by 2 M / n, M = 10 harmonics; above a half that is all there is.
_RBD_POINTS_MIN = 40
_SEED = 1  # of SALib's bootstrap: the same sweep has the same intervals


@dataclass(frozen=True)
class Sensitivity:
    """How much each parameter matters to a metric.

    Attributes
    ----------
    metric, method, level
        What was asked, and how.
    table
        A row for each parameter, the one that matters most first. For Sobol' ``S1`` (alone) and
        ``ST`` (with all interactions), parts of the variance; for Morris ``mu_star`` (mean size of
        an elementary effect, in the metric's unit) and ``sigma`` (its spread: interaction or
        curvature); for RBD-FAST ``S1``. ``…_conf`` are half widths.
    """

    metric: str
    method: str
    level: float
    table: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Picture:
        """Draw the tornado: a bar for each parameter, the one that matters most on top."""
        from .plot import draw_tornado

        return draw_tornado(self, ax)

    def __repr__(self) -> str:
        return f"Sensitivity of {self.metric} ({self.method})\n{self.table.to_string(index=False)}"

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))


def analyse(sweep: Sweep, metric: str, level: float) -> Sensitivity:
    """Return the sensitivity of a metric; see :meth:`Sweep.sensitivity`."""
    import pandas as pd

    sweep.check_metric(metric)
    kind = sweep.manifest["design"]["kind"]
    if kind not in _METHODS:
        known = ", ".join(f'"{name}"' for name in _METHODS)
        raise LandfallError(f'sensitivity needs a design of {known}, not "{kind}"')
    salib()
    means = np.array([_mean(sweep.values(metric, number)) for number in range(sweep.variant_count)])
    missing = np.flatnonzero(np.isnan(means))
    if missing.size:
        raise LandfallError(
            f"{missing.size} of {means.size} points have no {metric} (variant {missing[0]} first); "
            'sensitivity needs all of them: see .failures, and retry="failed"'
        )
    if kind in ("lhs", "sobol") and means.size < _RBD_POINTS_MIN:
        raise LandfallError(
            f"sensitivity from {means.size} points says nothing: take {_RBD_POINTS_MIN} or more"
        )
    units = np.asarray(sweep.manifest["design"]["units"], float)
    method, sort_by, function = _METHODS[kind]
    if np.ptp(means) == 0.0:
        raise LandfallError(f"{metric} is {means[0]:g} at every point: nothing matters to it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries below, about their own future
        found = function(units, means, level)
    table = pd.DataFrame({"parameter": sweep.parameters, **found})
    table = table.sort_values(sort_by, ascending=False, kind="stable").reset_index(drop=True)
    return Sensitivity(metric, method, level, table)


def _mean(values: list[float]) -> float:
    numbers = finite(values)
    return float(numbers.mean()) if numbers.size else float("nan")


def _of_sobol(units: NDArray[Any], y: NDArray[Any], level: float) -> dict[str, Any]:
    from SALib.analyze import sobol

    found = sobol.analyze(
        problem_of(units.shape[1]),
        y,
        calc_second_order=False,
        conf_level=level,
        seed=_SEED,
    )
    return {name: np.asarray(found[name], float) for name in ("S1", "S1_conf", "ST", "ST_conf")}


def _of_morris(units: NDArray[Any], y: NDArray[Any], level: float) -> dict[str, Any]:
    from SALib.analyze import morris

    found = morris.analyze(
        problem_of(units.shape[1]), units, y, conf_level=level, num_levels=4, seed=_SEED
    )
    names = ("mu", "mu_star", "mu_star_conf", "sigma")
    return {name: np.asarray(found[name], float) for name in names}


def _of_rbd_fast(units: NDArray[Any], y: NDArray[Any], level: float) -> dict[str, Any]:
    from SALib.analyze import rbd_fast

    found = rbd_fast.analyze(problem_of(units.shape[1]), units, y, conf_level=level, seed=_SEED)
    return {name: np.asarray(found[name], float) for name in ("S1", "S1_conf")}


#: By design: name of the method, the column to sort by, the analysis.
_METHODS = {
    "saltelli": ("Sobol'", "ST", _of_sobol),
    "morris": ("Morris", "mu_star", _of_morris),
    "lhs": ("RBD-FAST", "S1", _of_rbd_fast),
    "sobol": ("RBD-FAST", "S1", _of_rbd_fast),
}
