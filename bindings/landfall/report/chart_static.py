"""A chart as a static picture: for paper, for readers without JavaScript, for anything else."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, MultipleLocator

from ..plot_style import FAINT, GRID, INK, OUTAGE, new_figure, shortened, style, time_unit
from ..plots import quiet_about_glyphs
from .chart import Band, Bars, Chart, Layer, Level, Line, Scale, Series, Shade, Spans

__all__ = ["chart_svg", "draw_chart"]

_WIDTH, _HEIGHT = 10.0, 3.7
_ROW_INCHES, _ROWS_MIN, _ROWS_MAX = 0.28, 2.2, 11.0
_LABELS_MAX = 40
_BAR = 0.72
_WIDTH_MIN = 0.003  # of the axis: shorter spans could not be seen
#: The same chart gives the same bytes; names stay text, so that any script can be read.
_SVG: dict[Any, Any] = {"svg.hashsalt": "landfall", "svg.fonttype": "none"}

#: What XML cannot hold: one such letter of a name in it, and no reader shows the picture.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def chart_svg(chart: Chart) -> str:
    """Return the picture as an SVG document."""
    figure = new_figure(_WIDTH, _height(chart))
    with mpl.rc_context(_SVG), quiet_about_glyphs():
        draw_chart(figure.subplots(), chart)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return _NO_XML.sub("\ufffd", stream.getvalue())


def _height(chart: Chart) -> float:
    if not chart.is_rows:
        return _HEIGHT
    return min(max(1.0 + len(chart.names) * _ROW_INCHES, _ROWS_MIN), _ROWS_MAX)


def draw_chart(axes: Axes, chart: Chart) -> None:
    """Draw a chart on `axes`. Its title is left to whoever shows it."""
    style(axes, "")
    axes.set_xlabel(_plain(chart.x.title), fontsize=9, color=INK)
    axes.set_ylabel(_plain(chart.y.title), fontsize=9, color=INK)
    _limit(axes, chart)
    handles: list[Any] = []
    layers = [each for each in chart.series if isinstance(each, Layer)]
    if layers:
        handles += _stack(axes, chart, layers)
    bottom = np.zeros(len(chart.names))
    for each in chart.series:
        if isinstance(each, Bars):
            height = each.y / chart.y.factor
            axes.bar(range(len(height)), height, 0.6, bottom, color=each.colour)
            bottom = bottom + height
            handles.append(Patch(facecolor=each.colour, label=shortened(each.name)))
        elif (drawer := _DRAWERS.get(type(each))) is not None:
            handles += drawer(axes, chart, each)
    if chart.is_rows:
        _name_rows(axes, chart)
    elif any(isinstance(each, Bars) for each in chart.series):
        axes.set_xticks(range(len(chart.names)), [shortened(name) for name in chart.names])
    if not chart.is_rows:
        axes.set_ylim(bottom=0.0)
    if handles:
        longest = max(len(handle.get_label()) for handle in handles)
        columns = max(min(len(handles), int(_WIDTH / (0.5 + 0.075 * longest))), 1)
        axes.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=columns,
            frameon=False,
            fontsize=8.5,
            labelcolor=INK,
            borderaxespad=0.2,
            handlelength=1.4,
            columnspacing=1.4,
        )


def _plain(text: str) -> str:
    return text.replace("$", r"\$")


def _limit(axes: Axes, chart: Chart) -> None:
    if chart.start is None or chart.end is None:
        return
    start, end = chart.start / chart.x.factor, chart.end / chart.x.factor
    end = max(end, start + 1e-9)
    axes.set_xlim(start, end)
    steps = next(
        (u.steps for u in map(time_unit, (1e9, 1e4, 300.0, 1.0)) if u.name == chart.x.unit), ()
    )
    step = next((step for step in steps if (end - start) / step <= 12), None)
    axes.xaxis.set_major_locator(MultipleLocator(step) if step else MaxNLocator(10))


def _stack(axes: Axes, chart: Chart, layers: list[Layer]) -> list[Patch]:
    axes.stackplot(
        layers[0].x / chart.x.factor,
        [layer.y / chart.y.factor for layer in layers],
        colors=[layer.colour for layer in layers],
        linewidth=0,
    )
    return [Patch(facecolor=layer.colour, label=shortened(layer.name)) for layer in layers[::-1]]


def _line(axes: Axes, chart: Chart, line: Line) -> list[Line2D]:
    (drawn,) = axes.plot(
        line.x / chart.x.factor,
        line.y / chart.y.factor,
        color=line.colour,
        linewidth=line.width,
        linestyle=(0, (4, 1.5)) if line.dashed else "-",
        label=shortened(line.name),
    )
    return [drawn]


def _band(axes: Axes, chart: Chart, band: Band) -> list[Patch]:
    low, high = band.low / chart.y.factor, band.high / chart.y.factor
    axes.fill_between(band.x / chart.x.factor, low, high, color=band.colour, alpha=0.2, linewidth=0)
    return [Patch(facecolor=band.colour, alpha=0.3, label=shortened(band.name))]


def _level(axes: Axes, chart: Chart, level: Level) -> list[Line2D]:
    drawn = axes.axhline(level.y / chart.y.factor, color=INK, linewidth=1.0, linestyle=(0, (6, 3)))
    drawn.set_label(shortened(level.name))
    return [drawn]


def _shade(axes: Axes, chart: Chart, shade: Shade) -> list[Patch]:
    for start, end in shade.times:
        left, right = start / chart.x.factor, end / chart.x.factor
        axes.axvspan(left, right, color=OUTAGE, alpha=0.5, lw=0, zorder=0)
    return [Patch(facecolor=OUTAGE, alpha=0.5, label=shortened(shade.name))]


def _spans(axes: Axes, chart: Chart, spans: Spans) -> list[Patch]:
    start, end = spans.start / chart.x.factor, spans.end / chart.x.factor
    left, right = axes.get_xlim()
    end = np.maximum(end, start + _WIDTH_MIN * (right - left))
    low, high = spans.rows - _BAR / 2, spans.rows + _BAR / 2
    corners = [(start, low), (end, low), (end, high), (start, high)]
    boxes = np.stack([np.column_stack(corner) for corner in corners], axis=1)
    edge = INK if spans.framed else spans.colour
    fill = "white" if spans.hollow else spans.colour
    thin = len(chart.names) > _LABELS_MAX
    width = (0.8 if thin else 1.6) if spans.framed else 0.3 if thin else 0.8
    bars = PolyCollection(
        list(boxes), facecolors=fill, edgecolors=edge, linewidths=width, zorder=2 + spans.framed
    )
    hatch = "/////" if spans.hollow else ""
    bars.set_hatch(hatch)
    axes.add_collection(bars)
    if not spans.in_legend:
        return []
    label = shortened(spans.name)
    return [Patch(facecolor=fill, edgecolor=edge, hatch=hatch, linewidth=width, label=label)]


def _name_rows(axes: Axes, chart: Chart) -> None:
    count = len(chart.names)
    axes.set_ylim(count - 0.4, -0.6)
    every = -(-count // _LABELS_MAX)
    ticks = range(0, count, every)
    axes.set_yticks(list(ticks), [shortened(chart.names[row]) for row in ticks])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.spines["left"].set_color(FAINT)


_DRAWERS: dict[type[Series | Scale], Callable[[Axes, Chart, Any], list[Any]]] = {
    Line: _line,
    Band: _band,
    Level: _level,
    Shade: _shade,
    Spans: _spans,
}
