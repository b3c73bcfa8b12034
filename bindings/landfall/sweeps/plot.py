"""Pictures of a sweep: a metric against parameters, and the tornado of a sensitivity."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties

from ..errors import UnknownName
from ..plot_style import (
    BLUE,
    FAINT,
    INK,
    NAME_LENGTH,
    PALETTE,
    Unit,
    legend,
    new_figure,
    shortened,
    size_unit,
    style,
    time_unit,
)
from ..plots import Picture
from .intervals import finite, t_interval
from .variants import quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .sensitivity import Sensitivity
    from .table import Sweep

__all__ = ["draw", "draw_tornado"]

_LINES_MAX = 8
_WORDS = {
    "wan_bytes": "sent over the WAN",
    "data_loss_bytes": "data loss",
    "cost_total": "cost",
    "rpo_s_max": "worst RPO",
    "downtime_s_max": "longest downtime",
}
_CELLS_WITH_TEXT = 150


class _Axis(NamedTuple):
    """The levels of a parameter: places on an axis, and what stands below them."""

    label: str
    places: NDArray[np.float64]  # of each variant
    ticks: dict[float, str] | None  # None: the places are numbers that speak for themselves


def draw(
    sweep: Sweep, metric: str, x: str | None, by: str | None, level: float, ax: Axes | None
) -> Picture:
    """Draw a metric against parameters; see :meth:`Sweep.plot`."""
    sweep.check_metric(metric)
    names = sweep.parameters
    for name in (x, by):
        if name is not None and name not in names:
            raise UnknownName("parameter", name, names)
    if not names:
        raise ValueError("nothing varies in this sweep: there is no axis to draw against")
    heat = sweep.manifest["design"]["kind"] == "grid" and len(names) == 2 and x is None
    if heat and by is None:
        axes, borrowed = _axes(ax, 7.2, 4.4)
        _heat_map(axes, sweep, metric, names)
        return Picture(axes, borrowed=borrowed)
    axes, borrowed = _axes(ax, 8.0, 4.0)
    chosen = x or next(name for name in names if name != by)
    if sweep.manifest["design"]["kind"] == "grid":
        _lines(axes, sweep, metric, chosen, by, level)
    else:
        _points(axes, sweep, metric, chosen, by)
    return Picture(axes, borrowed=borrowed)


def _axes(ax: Axes | None, width: float, height: float) -> tuple[Axes, bool]:
    return (ax, True) if ax is not None else (new_figure(width, height).subplots(), False)


def _short(name: str) -> str:
    """Return a parameter's name, of a long place its end: that tells what varies.

    Examples
    --------
    >>> _short("/links/internet/bandwidth"), _short("/links/line/throttles/0/bandwidth")
    ('links internet bandwidth', 'line throttles 0 bandwidth')
    """
    parts = name.strip("/").split("/")
    while len(parts) > 1 and len(" ".join(parts)) > NAME_LENGTH:
        del parts[0]
    return shortened(" ".join(parts) if "/" in name else name)


def _axis(sweep: Sweep, name: str) -> _Axis:
    """Return where each variant stands on the axis of a parameter."""
    place = sweep.parameters.index(name)
    values = [sweep.values_of(number)[place] for number in range(sweep.variant_count)]
    numbers = [entry["numbers"][place] for entry in sweep.manifest["variants"]]
    written = [quantity(value) for value in values]
    units = {q[1] for q in written if q is not None}
    label = _short(name)
    if all(q is not None for q in written) and len(units) == 1:
        unit = units.pop()
        label += f" ({unit})" if unit else ""
        return _Axis(label, np.array([q[0] for q in written if q is not None]), None)
    if all(number is not None for number in numbers):
        ticks = dict(zip(map(float, numbers), map(str, values), strict=True))
        return _Axis(label, np.array(numbers, float), ticks)
    levels = list(dict.fromkeys(map(str, values)))
    ticks = {float(k): shortened(text) for k, text in enumerate(levels)}
    return _Axis(label, np.array([levels.index(str(value)) for value in values], float), ticks)


def _unit(metric: str, values: NDArray[np.float64]) -> Unit:
    """Return the unit to show a metric in, by the unit in its name."""
    largest = float(np.max(np.abs(finite(values)), initial=0.0))
    if "_bytes" in metric:
        return size_unit(largest)
    return time_unit(largest) if "_s_" in f"{metric}_" else Unit(1.0, "", ())


def _named(metric: str, unit: Unit) -> str:
    words = _WORDS.get(metric) or metric.replace("_s_", " ").removesuffix("_s").replace("_", " ")
    words = shortened(words.replace("rpo", "RPO").replace("rto", "RTO"))
    return f"{words} ({unit.name})" if unit.name else words


def _means(sweep: Sweep, metric: str) -> NDArray[np.float64]:
    values = [finite(sweep.values(metric, number)) for number in range(sweep.variant_count)]
    return np.array([v.mean() if v.size else np.nan for v in values])


def _lines(axes: Axes, sweep: Sweep, metric: str, x: str, by: str | None, level: float) -> None:
    """Draw a line with a band for each value of `by`; what varies besides is pooled."""
    across = _axis(sweep, x)
    groups = _axis(sweep, by) if by is not None else None
    keys = groups.places if groups is not None else np.zeros(sweep.variant_count)
    unit = _unit(metric, _means(sweep, metric))
    place = sweep.parameters.index(by) if by is not None else None
    for k, key in enumerate(np.unique(keys)[:_LINES_MAX]):
        members = np.flatnonzero(keys == key)
        xs = np.unique(across.places[members])
        found = [
            t_interval(
                [
                    value
                    for number in members[across.places[members] == at]
                    for value in sweep.values(metric, int(number))
                ],
                level,
            )
            for at in xs
        ]
        middle = np.array([f.estimate for f in found]) / unit.factor
        low = np.array([f.low for f in found]) / unit.factor
        high = np.array([f.high for f in found]) / unit.factor
        colour = PALETTE[k % len(PALETTE)]
        label = "" if place is None else shortened(str(sweep.values_of(int(members[0]))[place]))
        axes.plot(xs, middle, marker="o", ms=4, color=colour, label=label or None)
        axes.fill_between(xs, low, high, color=colour, alpha=0.18, lw=0)
        if not np.isfinite(low).any() or xs.size == 1:
            continue
        axes.errorbar(xs, middle, [middle - low, high - middle], fmt="none", color=colour, lw=1)
    _finish(axes, across, metric, unit, f"{_title(metric, sweep)} · {level * 100:g} % interval")
    if by is not None:
        legend(axes)
        if (shown := axes.get_legend()) is not None:
            shown.set_title(_short(by), prop=FontProperties(size=9))


def _points(axes: Axes, sweep: Sweep, metric: str, x: str, by: str | None) -> None:
    across = _axis(sweep, x)
    means = _means(sweep, metric)
    unit = _unit(metric, means)
    shown = means / unit.factor
    if by is None:
        axes.scatter(across.places, shown, color=BLUE, s=18)
    else:
        colours = _axis(sweep, by)
        drawn = axes.scatter(across.places, shown, c=colours.places, s=18, cmap="viridis")
        bar = axes.figure.colorbar(drawn, ax=axes)
        bar.set_label(colours.label, fontsize=9, color=INK)
    _finish(axes, across, metric, unit, _title(metric, sweep))


def _title(metric: str, sweep: Sweep) -> str:
    return f"{_named(metric, Unit(1.0, '', ()))} · {shortened(sweep.manifest['scenario']['name'])}"


def _finish(axes: Axes, across: _Axis, metric: str, unit: Unit, title: str) -> None:
    style(axes, title)
    axes.set_xlabel(across.label, fontsize=9, color=INK)
    axes.set_ylabel(_named(metric, unit), fontsize=9, color=INK)
    if across.ticks is not None:
        axes.set_xticks(list(across.ticks), list(across.ticks.values()))


def _heat_map(axes: Axes, sweep: Sweep, metric: str, names: list[str]) -> None:
    first, second = (_axis(sweep, name) for name in names)
    xs, ys = np.unique(first.places), np.unique(second.places)
    means = _means(sweep, metric)
    unit = _unit(metric, means)
    cells = np.full((ys.size, xs.size), np.nan)
    cells[np.searchsorted(ys, second.places), np.searchsorted(xs, first.places)] = (
        means / unit.factor
    )
    image = axes.imshow(cells, aspect="auto", origin="lower", cmap="viridis")
    if cells.size <= _CELLS_WITH_TEXT:
        middle = np.nanmean([np.nanmin(cells), np.nanmax(cells)]) if finite(cells).size else 0.0
        for (row, column), value in np.ndenumerate(cells):
            ink = FAINT if np.isnan(value) else INK if value > middle else "white"
            text = (
                "failed"
                if np.isnan(value)
                else (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}")
            )
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=ink)
    style(axes, _title(metric, sweep))
    axes.grid(visible=False)
    for axis, levels, name in ((axes.xaxis, xs, first), (axes.yaxis, ys, second)):
        texts = [_level_text(name, at) for at in levels]
        axis.set_ticks(range(levels.size), texts)
    axes.set_xlabel(first.label, fontsize=9, color=INK)
    axes.set_ylabel(second.label, fontsize=9, color=INK)
    bar = axes.figure.colorbar(image, ax=axes)
    bar.set_label(_named(metric, unit), fontsize=9, color=INK)
    bar.outline.set_visible(False)


def _level_text(axis: _Axis, at: float) -> str:
    if axis.ticks is not None:
        return axis.ticks[float(at)]
    return f"{at:g}"


def draw_tornado(sensitivity: Sensitivity, ax: Axes | None) -> Picture:
    """Draw a bar for each parameter; see :meth:`Sensitivity.plot`."""
    table = sensitivity.table
    total = next(name for name in ("ST", "mu_star", "S1") if name in table)
    unit = Unit(1.0, "", ())
    label = {"ST": "part of the variance, interactions included", "S1": "part of the variance"}
    if total == "mu_star":
        unit = _unit(sensitivity.metric, table[total].to_numpy(float))
        named = _named(sensitivity.metric, unit)
        label["mu_star"] = f"mean size of an elementary effect on {named}"
    axes, borrowed = _axes(ax, 8.0, 1.6 + 0.42 * len(table))
    rows = np.arange(len(table))[::-1]
    axes.barh(
        rows,
        table[total] / unit.factor,
        xerr=table[f"{total}_conf"] / unit.factor,
        color=BLUE,
        height=0.62,
        ecolor=INK,
        label=total,
        error_kw={"lw": 1},
    )
    if total == "ST":
        axes.barh(rows, table["S1"].clip(lower=0), color=PALETTE[5], height=0.28, label="S1, alone")
        legend(axes)
    axes.set_yticks(rows, [_short(name) for name in table["parameter"]])
    words = _named(sensitivity.metric, Unit(1.0, "", ()))
    style(axes, f"What matters to {words} · {sensitivity.method}")
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)
    axes.set_xlim(left=min(0.0, float(axes.get_xlim()[0])))
    axes.set_xlabel(label[total], fontsize=9, color=INK)
    return Picture(axes, borrowed=borrowed)
