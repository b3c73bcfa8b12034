"""Picture of the RPO over time: a sawtooth per machine, or worst and mean of a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from . import formatting
from .plot_style import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
    OUTAGE,
    PALETTE,
    Unit,
    active_span,
    legend,
    say_empty,
    scenario_of,
    shade_outages,
    shortened,
    style,
    time_axis,
    time_unit,
)
from .tables import Array

if TYPE_CHECKING:
    from .result import Result

_MACHINES_MAX = 12
#: Teeth narrower than this part of the axis cannot be told apart.
TOOTH_MIN = 1 / 180
_BINS_MAX = 500
_TEETH_PER_BIN = 2.5
_GAP_TOLERANCE_S = 1.0
_BAND_ALPHA = 0.18
_PIECES_LOG = 24
_LOG_TICKS_S = (1, 10, 60, 300, 900, 3_600, 4 * 3_600, 86_400, 5 * 86_400, 30 * 86_400)


class Sawtooth(NamedTuple):
    """The RPO of one machine as straight segments of slope 1, in seconds.

    Segment i runs from (start[i], low[i]) to (stop[i], low[i] + stop[i] - start[i]).
    """

    start: Array
    stop: Array
    low: Array

    @property
    def high(self) -> Array:
        """RPO at the end of each segment."""
        high: Array = self.low + (self.stop - self.start)
        return high


def sawtooth(result: Result, code: int) -> Sawtooth:
    """Return the RPO of the machine with this code in the table `rpo`.

    A step tells the RPO before and after it: NaN before the first of a protected time, NaN after
    its end. Where the RPO before does not follow from the step before that, no segment is drawn.
    """
    table = result.tables["rpo"]
    mine = table["machine"] == code
    t, before, after = (table[name][mine] for name in ("t_s", "rpo_s_before", "rpo_s_after"))
    rise = np.append(np.diff(t), 0.0)[: len(t)]
    follows = np.abs(before[1:] - (after[:-1] + rise[:-1])) <= _GAP_TOLERANCE_S
    rise[:-1][~follows] = 0.0
    known = np.isfinite(after)
    return Sawtooth(t[known], (t + rise)[known], after[known])


def outline(teeth: Sawtooth, pieces: int = 1) -> tuple[Array, Array]:
    """Return the points of a line along the teeth, broken where they are.

    Each tooth is drawn in so many pieces: one is enough on a linear scale.
    """
    rise = (teeth.stop - teeth.start)[:, np.newaxis] * np.linspace(0.0, 1.0, pieces + 1)
    x = (teeth.start[:, np.newaxis] + rise).ravel()
    y = (teeth.low[:, np.newaxis] + rise).ravel()
    gaps = (pieces + 1) * (1 + np.flatnonzero(teeth.start[1:] > teeth.stop[:-1] + 1e-6))
    return np.insert(x, gaps, np.nan), np.insert(y, gaps, np.nan)


def envelope(
    teeth: Sawtooth, start_s: float, end_s: float, bins: int
) -> tuple[Array, Array, Array]:
    """Return the edges of `bins` equal spans, and the least and greatest RPO in each.

    NaN where the machine was not protected. Exact: nothing between two samples is lost.
    """
    edges = np.linspace(start_s, end_s, bins + 1)
    # Cut the segments at the edges; then each piece lies in one bin and its ends are its extremes.
    cuts = np.searchsorted(teeth.start, edges, side="right") - 1
    inside = (cuts >= 0) & (edges < teeth.stop[np.maximum(cuts, 0)])
    at, of = edges[inside], cuts[inside]
    left = np.where(at > teeth.start[of], np.flatnonzero(inside) - 1, -1)
    value = teeth.low[of] + (at - teeth.start[of])
    t = np.concatenate([teeth.start, teeth.stop, at, at])
    y = np.concatenate([teeth.low, teeth.high, value, value])
    # A cut belongs to the bins on both its sides, a tooth's end to the bin it comes from.
    index = np.concatenate(
        [
            np.searchsorted(edges, teeth.start, side="right") - 1,
            np.searchsorted(edges, teeth.stop, side="left") - 1,
            np.flatnonzero(inside),
            left,
        ]
    )
    kept = (index >= 0) & (index < bins) & np.isfinite(t)
    least, greatest = np.full(bins, np.inf), np.full(bins, -np.inf)
    np.minimum.at(least, index[kept], y[kept])
    np.maximum.at(greatest, index[kept], y[kept])
    empty = greatest < least
    least[empty] = greatest[empty] = np.nan
    return edges, least, greatest


def draw_rpo(axes: Axes, result: Result, *, log: bool = False) -> None:
    """Draw the RPO of a result on `axes`."""
    style(axes, f"RPO · {shortened(result.scenario_name)}")
    x_unit = time_axis(axes, result)
    machines = result.tables["machines"].rows if "machines" in result.tables else 0
    steps = result.tables["rpo"].rows if "rpo" in result.tables else 0
    if steps and machines <= _MACHINES_MAX:
        handles, worst_s = _draw_machines(axes, result, x_unit, _PIECES_LOG if log else 1)
    else:
        handles, worst_s = _draw_fleet(axes, result, x_unit)
    if not handles:
        say_empty(axes, "no machine was protected")
        return
    handles += _draw_thresholds(axes, result, worst_s)
    if shade_outages(axes, result, x_unit):
        handles.append(Patch(facecolor=OUTAGE, alpha=0.5, label="link outage"))
    if log:
        _label_y_log(axes)
    else:
        axes.set_ylim(bottom=0.0)
        _label_y(axes, time_unit(worst_s))
    legend(axes, handles)


def _label_y(axes: Axes, unit: Unit) -> None:
    """Show seconds on the y axis in `unit`, at ticks that are round in it."""
    top = axes.get_ylim()[1] / unit.factor
    rough = top / 5
    power = 10.0 ** np.floor(np.log10(rough))
    steps = [*unit.steps, *(factor * power for factor in (1, 2, 5, 10))]
    step = min(steps, key=lambda candidate: abs(np.log(candidate / rough)))
    ticks = np.arange(0.0, top + step * 1e-9, step)
    axes.set_yticks(ticks * unit.factor, [f"{tick:g}" for tick in ticks])
    axes.set_ylabel(f"RPO ({unit.name})", fontsize=9, color=INK)


def _label_y_log(axes: Axes) -> None:
    """Show seconds on a logarithmic y axis, with ticks that people name durations by."""
    low, high = max(0.8 * axes.dataLim.ymin, 1.0), 1.3 * axes.dataLim.ymax
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    ticks = [tick for tick in _LOG_TICKS_S if low <= tick <= high]
    axes.set_yticks(ticks, [formatting.duration(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_ylabel("RPO", fontsize=9, color=INK)


def _draw_machines(
    axes: Axes, result: Result, unit: Unit, pieces: int
) -> tuple[list[Line2D | Patch], float]:
    names = result.tables["rpo"].categories["machine"]
    start_s, end_s = active_span(result)
    handles: list[Line2D | Patch] = []
    worst_s = 0.0
    banded = False
    for code, name in enumerate(names):
        teeth = sawtooth(result, code)
        if len(teeth.start) == 0:
            continue
        colour = PALETTE[code % len(PALETTE)]
        dashes = "-" if code < len(PALETTE) else (0, (4, 1.5))
        tooth_s = float(np.median(teeth.stop - teeth.start))
        if tooth_s < TOOTH_MIN * (end_s - start_s):
            bins = int(min(_BINS_MAX, (end_s - start_s) / (_TEETH_PER_BIN * tooth_s + 1e-9)))
            x, y = _draw_band(axes, envelope(teeth, start_s, end_s, max(bins, 1)), unit, colour)
            banded = True
        else:
            x, y = outline(teeth, pieces)
        (line,) = axes.plot(x / unit.factor, y, color=colour, linewidth=1.1, linestyle=dashes)
        line.set_label(shortened(name))
        handles.append(line)
        worst_s = max(worst_s, float(np.nanmax(teeth.high)))
    if banded:
        handles.append(Patch(facecolor=FAINT, alpha=_BAND_ALPHA, label="down to its lowest"))
    return handles, worst_s


def _draw_band(
    axes: Axes, bins: tuple[Array, Array, Array], unit: Unit, colour: str
) -> tuple[Array, Array]:
    """Fill between least and greatest of each bin; returns the points along the greatest."""
    edges, least, greatest = bins
    x = np.repeat(edges, 2)[1:-1]
    low, high = np.repeat(least, 2), np.repeat(greatest, 2)
    axes.fill_between(x / unit.factor, low, high, color=colour, alpha=_BAND_ALPHA, linewidth=0)
    return x, high


def _draw_fleet(axes: Axes, result: Result, unit: Unit) -> tuple[list[Line2D | Patch], float]:
    if "fleet" not in result.tables or not np.isfinite(result.tables["fleet"]["rpo_s_worst"]).any():
        return [], 0.0
    fleet = result.tables["fleet"]
    x = fleet["t_s"] / unit.factor
    worst, mean = fleet["rpo_s_worst"], fleet["rpo_s_mean"]
    axes.fill_between(x, mean, worst, color=BLUE, alpha=0.15, linewidth=0)
    (worst_line,) = axes.plot(x, worst, color=BLUE, linewidth=2.4, label="worst machine")
    (mean_line,) = axes.plot(x, mean, color=ORANGE, linewidth=1.1, label="mean")
    count = result.tables["machines"].rows if "machines" in result.tables else 0
    if count:
        worst_line.set_label(f"worst of {count:,}")
    return [worst_line, mean_line], float(np.nanmax(worst))


def _draw_thresholds(axes: Axes, result: Result, worst_s: float) -> list[Line2D | Patch]:
    """Draw the thresholds with their names on them; returns what to say of those not drawn."""
    policies = scenario_of(result).get("policies") or ()
    thresholds = {p["name"]: float(p["rpo_threshold"]) for p in policies if p.get("rpo_threshold")}
    unseen: list[Line2D | Patch] = []
    for threshold_s in sorted(set(thresholds.values())):
        owners = [name for name, value in thresholds.items() if value == threshold_s]
        label = f"threshold {formatting.duration(threshold_s)}"
        if len(set(thresholds.values())) > 1:
            label += f" ({shortened(', '.join(owners))})"
        if threshold_s > 6 * worst_s:  # drawn, it would press everything else to the floor
            unseen.append(Line2D([], [], linestyle="none", label=f"{label}: far above"))
            continue
        axes.axhline(threshold_s, color=INK, linewidth=1.0, linestyle=(0, (6, 3)))
        axes.annotate(
            label,
            (1.0, threshold_s),
            (-2, 3),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            fontsize=8.5,
            color=INK,
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.5},
        )
    return unseen
