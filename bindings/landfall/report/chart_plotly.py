"""A chart as Plotly draws it: plain data and layout, made without the package.

Colours that depend on light or dark are written as ``@ink``, ``@grid`` and so on; the page's script
puts the reader's in, :func:`coloured` those of a notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..tables import Array
from .chart import Band, Bars, Chart, Layer, Level, Line, Series, Shade, Spans

__all__ = ["LIGHT", "coloured", "plotly_figure"]

#: Colours of a white page by the token that stands for each.
LIGHT = {"@ink": "#22262b", "@faint": "#6b737c", "@grid": "#e4e7eb", "@paper": "#ffffff"}

_HEIGHT = 360
_ROW_PIXELS, _ROWS_MIN, _ROWS_MAX = 26, 220, 900
_WIDTH_MIN = 0.003
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def plotly_figure(chart: Chart) -> dict[str, Any]:
    """Return ``data`` and ``layout`` of a chart, ready for JSON."""
    data: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    for each in chart.series:
        traces, more = _MAKERS[type(each)](chart, each)
        data += traces
        shapes += more
    return {"data": data, "layout": _layout(chart, shapes)}


def coloured(value: Any, colours: Mapping[str, str] = LIGHT) -> Any:
    """Return a figure with colours in the place of their tokens."""
    if isinstance(value, str):
        return colours.get(value, value)
    if isinstance(value, dict):
        return {key: coloured(entry, colours) for key, entry in value.items()}
    if isinstance(value, list):
        return [coloured(entry, colours) for entry in value]
    return value


def _numbers(values: Array, factor: float = 1.0) -> list[float | None]:
    """Return what JSON can hold, to six digits: no picture shows more."""
    scaled = np.asarray(values, float) / factor
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in scaled]


def _text(name: str) -> str:
    """Return a name that Plotly, which reads some tags in texts, shows as it is."""
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped if len(name) <= 60 else escaped[:59] + "…"


def _tint(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


_Made = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def _hover(chart: Chart) -> str:
    unit = f" {chart.y.unit}" if chart.y.unit else ""
    at = f" {chart.x.unit}" if chart.x.unit else ""
    return f"%{{y:.4~g}}{unit} at %{{x:.4~g}}{at}"


def _line(chart: Chart, line: Line) -> _Made:
    trace = {
        "type": "scatter",
        "mode": "lines",
        "name": _text(line.name),
        "x": _numbers(line.x, chart.x.factor),
        "y": _numbers(line.y, chart.y.factor),
        "line": {"color": line.colour, "width": line.width + 0.3, "dash": _dash(line.dashed)},
        "hovertemplate": _hover(chart),
    }
    return [trace], []


def _dash(dashed: bool) -> str:
    return "dash" if dashed else "solid"


def _band(chart: Chart, band: Band) -> _Made:
    x = _numbers(band.x, chart.x.factor)
    common = {"type": "scatter", "mode": "lines", "x": x, "line": {"width": 0}}
    common |= {"hoverinfo": "skip", "legendgroup": band.name}
    low = {"y": _numbers(band.low, chart.y.factor), "showlegend": False}
    high = {
        "y": _numbers(band.high, chart.y.factor),
        "name": _text(band.name),
        "fill": "tonexty",
        "fillcolor": _tint(band.colour, 0.22),
    }
    return [common | low, common | high], []


def _layer(chart: Chart, layer: Layer) -> _Made:
    trace = {
        "type": "scatter",
        "mode": "lines",
        "name": _text(layer.name),
        "x": _numbers(layer.x, chart.x.factor),
        "y": _numbers(layer.y, chart.y.factor),
        "stackgroup": "stack",
        "line": {"width": 0, "color": layer.colour},
        "fillcolor": _tint(layer.colour, 0.8),
        "hovertemplate": _hover(chart),
    }
    return [trace], []


def _bars(chart: Chart, bars: Bars) -> _Made:
    trace = {
        "type": "bar",
        "name": _text(bars.name),
        "x": [_text(name) for name in chart.names],
        "y": _numbers(bars.y, chart.y.factor),
        "marker": {"color": bars.colour},
        "hovertemplate": f"%{{y:,.2f}} {chart.y.unit}",
    }
    return [trace], []


def _spans(chart: Chart, spans: Spans) -> _Made:
    left, right = chart.start or 0.0, chart.end or float(np.max(spans.end, initial=1.0))
    shown = np.maximum(spans.end - spans.start, _WIDTH_MIN * (right - left))
    fill = "@paper" if spans.hollow else spans.colour
    edge = "@ink" if spans.framed else spans.colour
    trace = {
        "type": "bar",
        "orientation": "h",
        "name": _text(spans.name),
        "showlegend": spans.in_legend,
        "base": _numbers(spans.start, chart.x.factor),
        # Without any bar the series would not be in the legend either.
        "x": _numbers(shown, chart.x.factor) or [None],
        "y": _numbers(spans.rows) or [None],
        "width": 0.72,
        "marker": {
            "color": fill,
            "line": {"color": edge, "width": 1.8 if spans.framed else 0.5 + spans.hollow},
        },
        "hovertext": [_text(text) for text in spans.texts],
        "hovertemplate": "%{hovertext}",
    }
    return [trace], []


def _level(chart: Chart, level: Level) -> _Made:
    y = float(f"{level.y / chart.y.factor:.6g}")
    line = {"color": "@ink", "width": 1.2, "dash": "dash"}
    shape = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line}
    trace = {
        "type": "scatter",
        "mode": "lines",
        "name": _text(level.name),
        "x": [None],
        "y": [None],
        "line": line,
    }
    return [trace], [shape]


def _shade(chart: Chart, shade: Shade) -> _Made:
    shapes = []
    for start, end in shade.times:
        x0, x1 = (float(f"{t / chart.x.factor:.6g}") for t in (start, end))
        place = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "x0": x0, "x1": x1}
        look = {"fillcolor": "rgba(140,150,160,0.28)", "line": {"width": 0}, "layer": "below"}
        shapes.append(place | look)
    trace = {
        "type": "scatter",
        "mode": "markers",
        "name": _text(shade.name),
        "x": [None],
        "y": [None],
        "marker": {"color": "rgba(140,150,160,0.5)", "symbol": "square", "size": 11},
    }
    return [trace], shapes


_MAKERS: dict[type[Series], Callable[[Chart, Any], _Made]] = {
    Line: _line,
    Band: _band,
    Layer: _layer,
    Bars: _bars,
    Spans: _spans,
    Level: _level,
    Shade: _shade,
}


def _layout(chart: Chart, shapes: list[dict[str, Any]]) -> dict[str, Any]:
    axis = {
        "gridcolor": "@grid",
        "linecolor": "@faint",
        "zeroline": False,
        "automargin": True,
        "ticks": "outside",
        "tickcolor": "@faint",
    }
    x: dict[str, Any] = axis | {"title": {"text": _text(chart.x.title)}}
    y: dict[str, Any] = axis | {"title": {"text": _text(chart.y.title)}}
    height = _HEIGHT
    if chart.start is not None and chart.end is not None:
        x["range"] = [chart.start / chart.x.factor, chart.end / chart.x.factor]
    if chart.is_rows:
        count = len(chart.names)
        height = min(max(110 + count * _ROW_PIXELS, _ROWS_MIN), _ROWS_MAX)
        every = -(-count // (_ROWS_MAX // 20))
        y |= {
            "range": [count - 0.4, -0.6],
            "tickvals": list(range(0, count, every)),
            "ticktext": [_text(name) for name in chart.names[::every]],
            "showgrid": False,
        }
    else:
        y["rangemode"] = "tozero"
        x["showgrid"] = False
    if any(isinstance(each, Bars) for each in chart.series):
        x["type"] = "category"
    return {
        "xaxis": x,
        "yaxis": y,
        "shapes": shapes,
        "height": height,
        "barmode": "overlay" if chart.is_rows else "stack",
        "bargap": 0.5,
        "hovermode": "closest" if chart.is_rows else "x unified",
        "hoverlabel": {"bgcolor": "@paper", "font": {"color": "@ink"}, "namelength": 40},
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "traceorder": "normal",
        },
        "margin": {"l": 64, "r": 16, "t": 36, "b": 48},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": _FONT, "size": 12, "color": "@ink"},
    }
