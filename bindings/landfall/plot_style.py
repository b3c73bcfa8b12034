"""The common look of the pictures: colours, axes, units of time and size.

Figures are made without pyplot, so that drawing in a thread or a server leaves no global state.
Colours are those of Okabe and Ito, which people with any colour vision can tell apart.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

if TYPE_CHECKING:
    from .result import Result

INK = "#22262b"
FAINT = "#6b737c"
GRID = "#e4e7eb"
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
PINK, AMBER, SKY, BLACK = "#CC79A7", "#E69F00", "#56B4E9", "#000000"
PALETTE = (BLUE, ORANGE, GREEN, PINK, AMBER, SKY)
OUTAGE = "#c3c8ce"

#: Longest name in a legend or beside a bar.
NAME_LENGTH = 26
_MOST = 0.75  # a pause shorter than the rest of the run is shown
_ROOM = 0.04


class Unit(NamedTuple):
    """A unit for an axis: canonical amount of one, its name, and tick steps that read well."""

    factor: float
    name: str
    steps: tuple[float, ...]


_TIME_UNITS = (
    (86_400.0 * 3, Unit(86_400.0, "days", (1, 2, 5, 7, 10, 14, 28))),
    (7_200.0, Unit(3_600.0, "hours", (0.5, 1, 2, 3, 6, 12))),
    (240.0, Unit(60.0, "minutes", (1, 2, 5, 10, 15, 20, 30))),
    (0.0, Unit(1.0, "seconds", (1, 2, 5, 10, 15, 30, 60))),
)
_SIZE_UNITS = tuple(
    Unit(1024.0**power, name, ()) for power, name in enumerate(("B", "KiB", "MiB", "GiB", "TiB"))
)


def time_unit(largest_s: float) -> Unit:
    """Return the unit to show durations up to `largest_s` in."""
    return next(unit for least, unit in _TIME_UNITS if largest_s >= least or least == 0.0)


def size_unit(largest: float) -> Unit:
    """Return the unit to show amounts up to `largest` bytes in."""
    fitting = [unit for unit in _SIZE_UNITS if largest >= 2 * unit.factor]
    return fitting[-1] if fitting else _SIZE_UNITS[0]


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of the given size in inches."""
    return Figure(figsize=(width, height), dpi=110, layout="constrained", facecolor="white")


def style(axes: Axes, title: str) -> None:
    """Give axes the common look and a title on the left."""
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK, pad=10)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9)


def time_axis(axes: Axes, result: Result) -> Unit:
    """Make the x axis the simulated time in which something happens; returns the unit of x."""
    start_s, end_s = active_span(result)
    unit = time_unit(end_s)
    start, end = start_s / unit.factor, max(end_s, start_s + 1e-6) / unit.factor
    axes.set_xlim(start, end)
    step = next((step for step in unit.steps if (end - start) / step <= 12), None)
    axes.xaxis.set_major_locator(MultipleLocator(step) if step else MaxNLocator(10))
    axes.set_xlabel(f"simulated time ({unit.name})", fontsize=9, color=INK)
    return unit


def active_span(result: Result) -> tuple[float, float]:
    """Return the part of the run in which machines have jobs or are protected, in seconds.

    With a little room on both sides; the whole run when that is most of it.
    """
    whole = (0.0, result.simulated_s)
    instants = []
    if "jobs" in result.tables:
        jobs = result.tables["jobs"]
        ends = np.where(np.isfinite(jobs["end_s"]), jobs["end_s"], result.simulated_s)
        instants += [jobs["start_s"], ends]
    if "rpo" in result.tables:
        instants.append(result.tables["rpo"]["t_s"])
    if "fleet" in result.tables:
        fleet = result.tables["fleet"]
        instants.append(fleet["t_s"][fleet["protected_machines"] > 0])
    active = np.concatenate(instants) if instants else np.empty(0)
    if active.size == 0:
        return whole
    start_s, end_s = float(active.min()), float(active.max())
    if end_s - start_s >= _MOST * result.simulated_s:
        return whole
    room_s = _ROOM * (end_s - start_s)
    return max(0.0, start_s - room_s), min(result.simulated_s, end_s + room_s)


def shade_outages(axes: Axes, result: Result, unit: Unit) -> bool:
    """Shade the outages of links; returns whether there are any."""
    spans = outages(result)
    for start_s, end_s in spans:
        axes.axvspan(
            start_s / unit.factor, end_s / unit.factor, color=OUTAGE, alpha=0.5, lw=0, zorder=0
        )
    return bool(spans)


def outages(result: Result) -> list[tuple[float, float]]:
    """Return when links were down, as (start, end) in seconds; overlapping ones become one."""
    if "events" not in result.tables:
        return []
    events = result.tables["events"]
    turns = []
    for kind, change in (("link_down", 1), ("link_up", -1)):
        turns += [(float(t), change) for t in events["t_s"][events.names("kind") == kind]]
    spans: list[tuple[float, float]] = []
    down, since = 0, 0.0
    for t, change in sorted(turns):
        if down == 0 and change > 0:
            since = t
        down += change
        if down == 0:
            spans.append((since, t))
    if down > 0:
        spans.append((since, result.simulated_s))
    return spans


def scenario_of(result: Result) -> dict[str, Any]:
    """Return the canonical form of the scenario that a result belongs to."""
    scenario = json.loads(result.scenario_json)
    return scenario if isinstance(scenario, dict) else {}


def shortened(name: str) -> str:
    """Return a name that fits into a legend, and that TeX-like marks in it do not change."""
    short = name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"
    return short.replace("$", r"\$")


def legend(axes: Axes, handles: list[Any] | None = None) -> None:
    """Put a legend beside the axes, where it hides nothing."""
    entries = handles if handles is not None else axes.get_legend_handles_labels()[0]
    if entries:
        axes.legend(
            handles=entries,
            loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
            frameon=False,
            fontsize=9,
            labelcolor=INK,
            borderaxespad=0.0,
        )


def say_empty(axes: Axes, text: str) -> None:
    """Say why there is nothing to see."""
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=FAINT, fontsize=10
    )
    axes.set_yticks([])
