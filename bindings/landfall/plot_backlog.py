"""Picture of what waits on the way to Azure, and of the process servers' caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from .plot_style import (
    AMBER,
    BLUE,
    INK,
    ORANGE,
    OUTAGE,
    SKY,
    legend,
    say_empty,
    shade_outages,
    shortened,
    size_unit,
    style,
    time_axis,
)
from .tables import Array, Table

if TYPE_CHECKING:
    from .result import Result

#: From Azure back to the source: the lowest layer first.
STAGES = (
    ("in the storage account", SKY),
    ("at the process servers", BLUE),
    ("copies at the process servers", AMBER),
    ("at the source", ORANGE),
)
#: Below this free part of its cache a process server slows its machines down.
_THROTTLE_PERCENT = 20


def _over_time(table: Table, column: str) -> Array:
    """Return, for each instant, the sum of a column over all process servers."""
    instants, index = np.unique(table["t_s"], return_inverse=True)
    sums: Array = np.bincount(index, weights=table[column], minlength=len(instants))
    return sums


def stage_layers(table: Table) -> list[Array]:
    """Return the bytes of each of `STAGES` over time."""
    source, server, logs, copies = (
        _over_time(table, column)
        for column in ("source_bytes", "process_server_bytes", "logs_waiting_bytes", "copy_bytes")
    )
    return [logs, np.maximum(server - copies, 0.0), copies, source]


def draw_backlog(axes: Axes, result: Result) -> None:
    """Draw the stages of a result, stacked, on `axes`."""
    style(axes, f"Backlog · {shortened(result.scenario_name)}")
    unit = time_axis(axes, result)
    if "backlog" not in result.tables or result.tables["backlog"].rows == 0:
        say_empty(axes, "no samples")
        return
    table = result.tables["backlog"]
    x = np.unique(table["t_s"]) / unit.factor
    layers = stage_layers(table)
    amount = size_unit(float(np.sum(layers, axis=0).max()))
    colours = [colour for _, colour in STAGES]
    axes.stackplot(x, [layer / amount.factor for layer in layers], colors=colours, linewidth=0)
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel(f"waiting ({amount.name})", fontsize=9, color=INK)
    handles = [Patch(facecolor=colour, label=label) for label, colour in reversed(STAGES)]
    if shade_outages(axes, result, unit):
        handles.append(Patch(facecolor=OUTAGE, alpha=0.5, label="link outage"))
    legend(axes, handles)


def draw_cache(axes: Axes, result: Result) -> None:
    """Draw the free part of the fullest cache on `axes`."""
    style(axes, "")
    unit = time_axis(axes, result)
    axes.set_ylabel("cache free (%)", fontsize=9, color=INK)
    axes.set_ylim(0, 105)
    axes.set_yticks([0, 50, 100])
    if "backlog" not in result.tables or result.tables["backlog"].rows == 0:
        return
    table = result.tables["backlog"]
    instants, index = np.unique(table["t_s"], return_inverse=True)
    free = np.full(len(instants), np.inf)
    np.minimum.at(free, index, table["cache_free_percent"])
    shade_outages(axes, result, unit)
    (line,) = axes.plot(instants / unit.factor, free, color=BLUE, linewidth=1.2)
    line.set_label("fullest cache")
    limit = axes.axhline(_THROTTLE_PERCENT, color=INK, linewidth=0.9, linestyle=(0, (6, 3)))
    limit.set_label(f"throttled below {_THROTTLE_PERCENT} %")
    legend(axes, [line, limit])
