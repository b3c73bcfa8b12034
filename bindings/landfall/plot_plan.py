"""Picture of one run of a recovery plan: its stages over time, and the chain that ended it.

A stage is a block of rows, one for each machine or action. A few rows are drawn large and carry
their names; many are drawn thin, so that a plan of a hundred machines stays one picture, and only
those that the end of the plan waited for, or that failed, are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Patch

from . import formatting
from .plot_style import (
    AMBER,
    BLUE,
    FAINT,
    GREEN,
    GRID,
    INK,
    ORANGE,
    PINK,
    SKY,
    legend,
    say_empty,
    shortened,
    style,
    time_unit,
)
from .tables import Array, Table

_NAMED_MAX = 4  # rows of a stage that are drawn large
_LARGE, _THIN, _GAP = 1.0, 0.17, 0.45  # heights of rows, and the space between stages
_ROW_INCHES, _HEIGHT_MIN, _HEIGHT_MAX = 0.23, 2.2, 14.0
_BAR = 0.74  # of a row
_NAME_HEIGHT = 0.6  # names that would stand closer are left out
_WIDTH_MIN = 0.004  # of the whole axis
_BAND = "#f5f6f8"
#: Colour and meaning of what is done, in the order of the legend.
_COLOURS = {
    "check": ("#8a94a0", "checks and test environment"),
    "synchronize": (PINK, "synchronize data"),
    "shutdown": (SKY, "shut down"),
    "failover": (BLUE, "fail over"),
    "start": (GREEN, "start"),
    "action": (AMBER, "script, runbook or manual action"),
    "items": (BLUE, "operation on a machine"),
}
_OF_STAGE = {
    "preflight": "check",
    "test environment": "check",
    "actions": "action",
}


class PlanRow(NamedTuple):
    """A stage of the plan without tasks, or a task below a stage, in seconds of simulated time."""

    name: str
    stage: int
    colour: str
    start_s: float
    end_s: float
    failed: bool
    critical: bool


class PlanStage(NamedTuple):
    """A stage of the plan and its rows, by their start."""

    name: str
    rows: tuple[PlanRow, ...]

    @property
    def is_large(self) -> bool:
        """Whether its rows are drawn large, with their names."""
        return len(self.rows) <= _NAMED_MAX

    @property
    def height(self) -> float:
        """Height in rows."""
        return max(len(self.rows) * (_LARGE if self.is_large else _THIN), _LARGE)


def plan_job(tables: Mapping[str, Table], plan: str | None, job_id: int | None) -> int | None:
    """Return the job to draw: the one asked for, or the latest of the plan or of any plan."""
    if job_id is not None or "plan_tasks" not in tables:
        return job_id
    tasks = tables["plan_tasks"]
    mine = np.ones(tasks.rows, bool) if plan is None else tasks.names("plan") == plan
    jobs = tasks["job_id"][mine]
    return int(jobs.max()) if jobs.size else None


def plan_stages(tables: Mapping[str, Table], job_id: int | None, end_s: float) -> list[PlanStage]:
    """Return the stages of a plan's job that were begun; what has no end reaches to `end_s`."""
    if job_id is None or "plan_tasks" not in tables:
        return []
    tasks = tables["plan_tasks"]
    names, kinds, states = tasks.names("task"), tasks.names("kind"), tasks.names("state")
    mine = [int(row) for row in np.flatnonzero(tasks["job_id"] == job_id)]
    holders = {int(tasks["parent_task"][row]) for row in mine}
    stages: dict[int, tuple[str, str, list[PlanRow]]] = {}
    for row in mine:
        task, parent = int(tasks["task_id"][row]), int(tasks["parent_task"][row])
        if parent < 0:
            colour = _OF_STAGE.get(str(kinds[row]), str(kinds[row]))
            stages[task] = (str(names[row]), colour, [])
        start_s, stop_s = float(tasks["start_s"][row]), float(tasks["end_s"][row])
        if task in holders or not np.isfinite(start_s) or states[row] == "Skipped":
            continue
        stage = task if parent < 0 else parent
        _, colour, rows = stages[stage]
        stop_s = stop_s if np.isfinite(stop_s) else end_s
        failed = states[row] in ("Failed", "Cancelled")
        critical = bool(tasks["is_critical"][row])
        rows.append(PlanRow(str(names[row]), stage, colour, start_s, stop_s, failed, critical))
    return [
        PlanStage(name, tuple(sorted(rows, key=lambda row: (row.start_s, row.end_s))))
        for name, _, rows in stages.values()
        if rows
    ]


def plan_height(stages: list[PlanStage]) -> float:
    """Return the height of the picture in inches."""
    rows = sum(stage.height + _GAP for stage in stages)
    return min(max(1.2 + rows * _ROW_INCHES, _HEIGHT_MIN), _HEIGHT_MAX)


def draw_plan(axes: Axes, stages: list[PlanStage], title: str) -> None:
    """Draw the run of a plan on `axes`, time counted from its start."""
    style(axes, title)
    axes.grid(visible=False)
    if not stages:
        say_empty(axes, "the plan has not run")
        return
    rows = [row for stage in stages for row in stage.rows]
    begin_s = min(row.start_s for row in rows)
    length_s = max(row.end_s for row in rows) - begin_s
    unit = time_unit(length_s)
    whole = max(length_s / unit.factor, 1e-9)
    start = (np.array([row.start_s for row in rows]) - begin_s) / unit.factor
    end = (np.array([row.end_s for row in rows]) - begin_s) / unit.factor
    end = np.maximum(end, start + _WIDTH_MIN * whole)
    axes.set_xlim(0, whole * 1.02)
    axes.set_xlabel(f"time since the plan was started ({unit.name})", fontsize=9, color=INK)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    middle, thick = _places(axes, stages)
    handles = _draw_bars(axes, rows, start, end, middle, thick)
    path = sorted(
        (index for index, row in enumerate(rows) if row.critical),
        key=lambda index: (rows[index].end_s, rows[index].start_s),
    )
    _join(axes, start, end, middle, path)
    _name_rows(axes, stages, rows, start, end, middle)
    legend(axes, handles)


def _places(axes: Axes, stages: list[PlanStage]) -> tuple[Array, Array]:
    """Lay the stages out from top to bottom: the middle and the height of each row."""
    middle: list[float] = []
    thick: list[float] = []
    ticks, labels = [], []
    top = 0.0
    for number, stage in enumerate(stages):
        height = stage.height
        if number % 2 == 0:
            axes.axhspan(top - _GAP / 2, top + height + _GAP / 2, color=_BAND, lw=0, zorder=0)
        each = height / len(stage.rows)
        middle += [top + (k + 0.5) * each for k in range(len(stage.rows))]
        thick += [each] * len(stage.rows)
        ticks.append(top + height / 2)
        count = f" · {len(stage.rows)}" if len(stage.rows) > 1 else ""
        labels.append(shortened_stage(stage.name) + count)
        top += height + _GAP
    axes.set_ylim(top - _GAP / 2, -_GAP / 2)
    axes.set_yticks(ticks, labels)
    axes.tick_params(axis="y", length=0)
    return np.array(middle), np.array(thick)


def shortened_stage(name: str) -> str:
    """Return the name of a stage as it fits beside the axes."""
    return name.replace("$", r"\$") if len(name) <= 40 else shortened(name)


def _draw_bars(
    axes: Axes, rows: list[PlanRow], start: Array, end: Array, middle: Array, thick: Array
) -> list[Patch]:
    """Draw a bar for each row; returns what the colours mean."""
    critical = np.array([row.critical for row in rows])
    failed = np.array([row.failed for row in rows])
    colours = np.array([row.colour for row in rows])
    handles = []
    for key, (colour, label) in _COLOURS.items():
        mine = colours == key
        if not mine.any():
            continue
        for chosen, fill, edge, hatch in (
            (mine & ~critical & ~failed, colour, "none", ""),
            (mine & failed, "white", colour, "/////"),
        ):
            _add_boxes(axes, chosen, start, end, middle, thick, fill, edge, hatch)
        handles.append(Patch(facecolor=colour, label=label))
    if critical.any():
        _add_boxes(axes, critical & ~failed, start, end, middle, thick, ORANGE, "none", "")
        handles.append(Patch(facecolor=ORANGE, label="critical path"))
    if failed.any():
        handles.append(Patch(facecolor="white", edgecolor=FAINT, hatch="/////", label="failed"))
    return handles


def _add_boxes(
    axes: Axes,
    chosen: Array,
    start: Array,
    end: Array,
    middle: Array,
    thick: Array,
    fill: str,
    edge: str,
    hatch: str,
) -> None:
    y, half = middle[chosen], thick[chosen] * _BAR / 2
    corners = [(start, -1), (end, -1), (end, 1), (start, 1)]
    boxes = np.stack([np.column_stack([x[chosen], y + side * half]) for x, side in corners], axis=1)
    bars = PolyCollection(list(boxes), facecolors=fill, edgecolors=edge, linewidths=0.8, zorder=2)
    bars.set_hatch(hatch)
    axes.add_collection(bars)


def _join(axes: Axes, start: Array, end: Array, middle: Array, path: list[int]) -> None:
    """Draw the critical path as a line from the end of each task to the start of the next."""
    steps = [
        [(end[one], middle[one]), (end[one], middle[other]), (start[other], middle[other])]
        for one, other in pairwise(path)
    ]
    axes.add_collection(LineCollection(steps, colors=ORANGE, linewidths=1.1, zorder=3))


def _name_rows(
    axes: Axes,
    stages: list[PlanStage],
    rows: list[PlanRow],
    start: Array,
    end: Array,
    middle: Array,
) -> None:
    """Write names beside the bars: all of a small stage, of a large one what matters."""
    right = axes.get_xlim()[1]
    index = len(rows)
    for stage in reversed(stages):
        alone = len(stage.rows) == 1 and stage.rows[0].name == stage.name
        below = np.inf  # where the name under this one stands
        for row in reversed(stage.rows):
            index -= 1
            matters = stage.is_large or row.critical or row.failed
            if not matters or middle[index] > below - _NAME_HEIGHT:
                continue
            below = float(middle[index])
            took = formatting.duration(row.end_s - row.start_s)
            text = took if alone else f"{shortened(row.name)}  {took}"
            fits = end[index] < 0.72 * right
            axes.annotate(
                text,
                (end[index] if fits else start[index], middle[index]),
                xytext=(4 if fits else -4, 0),
                textcoords="offset points",
                ha="left" if fits else "right",
                va="center",
                fontsize=7.5,
                color=INK if row.critical or row.failed else FAINT,
                zorder=4,
            )
