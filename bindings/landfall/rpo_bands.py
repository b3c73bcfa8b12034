"""The RPO of a fleet over time: how the machines are spread, span by span, with nothing lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .plot_rpo import envelope, sawtooth
from .plot_style import active_span
from .tables import Array

if TYPE_CHECKING:
    from .result import Result

__all__ = ["RpoBands", "rpo_bands"]

_SPANS_MAX = 400
#: So many teeth of the sawtooth are in a span: with fewer the spread would only show the teeth.
_TEETH_PER_SPAN = 2.5


@dataclass(frozen=True, eq=False, slots=True)
class RpoBands:
    """Worst RPO of each machine in each span of time, as the spread over the machines.

    Attributes
    ----------
    t_s
        Edges of the spans, one more than there are spans.
    median_s, p95_s, max_s
        Over the machines that were protected in a span: median, 95th percentile and maximum of the
        worst RPO that each of them had in it. NaN where no machine was protected.
    machines
        Number of machines that were protected at all.
    """

    t_s: Array
    median_s: Array
    p95_s: Array
    max_s: Array
    machines: int

    @property
    def span_s(self) -> float:
        """Length of a span."""
        return float(self.t_s[1] - self.t_s[0])

    def steps(self, values: Array) -> tuple[Array, Array]:
        """Return x and y of a line that holds each value for its span."""
        return np.repeat(self.t_s, 2)[1:-1], np.repeat(values, 2)


def rpo_bands(result: Result, spans: int = _SPANS_MAX) -> RpoBands | None:
    """Return the spread of the RPO over time; None when the run kept no steps of it."""
    if "rpo" not in result.tables or result.tables["rpo"].rows == 0:
        return None
    start_s, end_s = active_span(result)
    codes = np.unique(result.tables["rpo"]["machine"])
    machines = [teeth for code in codes if len((teeth := sawtooth(result, int(code))).start)]
    if not machines:
        return None
    rises = np.concatenate([teeth.stop - teeth.start for teeth in machines])
    least_s = _TEETH_PER_SPAN * float(np.median(rises))
    count = int(min(spans, max((end_s - start_s) / max(least_s, 1.0), 1)))
    edges = np.linspace(start_s, end_s, count + 1)
    table = np.stack([envelope(teeth, start_s, end_s, count)[2] for teeth in machines])
    there = np.isfinite(table).any(axis=0)
    made = np.full((3, count), np.nan)
    made[0, there] = np.nanmedian(table[:, there], axis=0)
    # A percentile that is some machine's RPO, not a mean of two: no machine has that one.
    made[1, there] = np.nanpercentile(table[:, there], 95, axis=0, method="higher")
    made[2, there] = np.nanmax(table[:, there], axis=0)
    return RpoBands(edges, made[0], made[1], made[2], len(machines))
