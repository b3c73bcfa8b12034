"""Picture of one run of a recovery plan: its tasks over time, and the chain that ended it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Patch

from .plot_style import (
    BLUE,
    FAINT,
    GRID,
    INK,
    ORANGE,
    SKY,
    legend,
    say_empty,
    shortened,
    style,
    time_unit,
)
from .tables import Array, Table

_ROW_INCHES, _HEIGHT_MIN, _HEIGHT_MAX = 0.22, 2.0, 12.0
_LABELS_MAX = 60
_BAR = 0.7
_WIDTH_MIN = 0.004  # of the whole axis


class PlanRow(NamedTuple):
    """A task of the plan or of a machine's job under it, in seconds of simulated time."""

    name: str
    start_s: float
    end_s: float
    failed: bool
    of_plan: bool


def plan_rows(tables: Mapping[str, Table], job_id: int) -> list[PlanRow]:
    """Return the finished tasks of a plan's job and of its child jobs, by start.

    `tables` holds `jobs` and `tasks`; a child names the plan's job in the column `parent_id`.
    """
    jobs, tasks = tables["jobs"], tables["tasks"]
    parents = jobs["parent_id"] if "parent_id" in jobs else np.full(jobs.rows, -1)
    machines = jobs.names("machine")
    machine_of = {
        int(job): str(machine)
        for job, machine, parent in zip(jobs["job_id"], machines, parents, strict=True)
        if parent == job_id
    }
    states, names = tasks.names("state"), tasks.names("task")
    rows = []
    for index, job in enumerate(tasks["job_id"].tolist()):
        start_s, end_s = float(tasks["start_s"][index]), float(tasks["end_s"][index])
        if states[index] not in ("Succeeded", "Failed") or not np.isfinite(start_s + end_s):
            continue
        if job != job_id and job not in machine_of:
            continue
        name = str(names[index]) if job == job_id else f"{machine_of[job]}: {names[index]}"
        rows.append(PlanRow(name, start_s, end_s, states[index] == "Failed", job == job_id))
    return sorted(rows, key=lambda row: (row.start_s, not row.of_plan, row.end_s))


def critical_rows(rows: list[PlanRow]) -> list[int]:
    """Return the indices of the chain of tasks that ended the plan, first to last.

    From the task that ended last back to the one that had ended last when it started, and so on.
    A task that holds others (a step of the plan around its machines) gives way to them.
    """
    leaves = [
        index
        for index, row in enumerate(rows)
        if not any(_holds(row, other) for other in rows if other is not row)
    ]
    path: list[int] = []
    until = float("inf")
    while True:
        before = [
            index
            for index in leaves
            if index not in path and rows[index].end_s <= until and _goes_on(rows, index, path)
        ]
        if not before:
            return path[::-1]
        path.append(max(before, key=lambda index: (rows[index].end_s, rows[index].start_s)))
        until = rows[path[-1]].start_s


def _holds(row: PlanRow, other: PlanRow) -> bool:
    inside = row.start_s <= other.start_s and other.end_s <= row.end_s
    shorter = other.end_s - other.start_s < row.end_s - row.start_s
    has_length = other.end_s > other.start_s  # else it may as well come right after
    return row.of_plan and inside and has_length and (shorter or not other.of_plan)


def _goes_on(rows: list[PlanRow], index: int, path: list[int]) -> bool:
    """Whether a task leads on backwards: one without length must not lead in a circle."""
    return not path or rows[index].start_s <= rows[path[-1]].start_s


def plan_height(rows: list[PlanRow]) -> float:
    """Return the height of the picture in inches."""
    return min(max(1.0 + len(rows) * _ROW_INCHES, _HEIGHT_MIN), _HEIGHT_MAX)


def draw_plan(axes: Axes, rows: list[PlanRow], title: str) -> None:
    """Draw the tasks of a plan's run on `axes`, one to a row, time counted from its start."""
    style(axes, title)
    axes.grid(visible=False)
    if not rows:
        say_empty(axes, "the plan has not run")
        return
    begin_s = min(row.start_s for row in rows)
    length_s = max(row.end_s for row in rows) - begin_s
    unit = time_unit(length_s)
    start = (np.array([row.start_s for row in rows]) - begin_s) / unit.factor
    end = (np.array([row.end_s for row in rows]) - begin_s) / unit.factor
    whole = max(length_s / unit.factor, 1e-9)
    end = np.maximum(end, start + _WIDTH_MIN * whole)
    axes.set_xlim(0, whole * 1.02)
    axes.set_xlabel(f"time since the plan was started ({unit.name})", fontsize=9, color=INK)
    path = critical_rows(rows)
    legend(axes, _draw_bars(axes, rows, start, end, path))
    _join(axes, start, end, path)
    _label(axes, rows, path)


def _draw_bars(
    axes: Axes, rows: list[PlanRow], start: Array, end: Array, path: list[int]
) -> list[Patch]:
    """Draw a bar for each task; returns what the colours mean."""
    critical = np.zeros(len(rows), bool)
    critical[path] = True
    of_plan = np.array([row.of_plan for row in rows])
    failed = np.array([row.failed for row in rows])
    handles = []
    for mine, colour, label in (
        (critical, ORANGE, "critical path"),
        (~critical & of_plan, BLUE, "step of the plan"),
        (~critical & ~of_plan, SKY, "task of a machine"),
    ):
        if not mine.any():
            continue
        for chosen, fill, hatch in (
            (mine & ~failed, colour, ""),
            (mine & failed, "white", "/////"),
        ):
            y = np.flatnonzero(chosen)
            corners = [(start, -1), (end, -1), (end, 1), (start, 1)]
            boxes = np.stack(
                [np.column_stack([x[chosen], y + side * _BAR / 2]) for x, side in corners], axis=1
            )
            bars = PolyCollection(list(boxes), facecolors=fill, edgecolors=colour, linewidths=0.8)
            bars.set_hatch(hatch)
            axes.add_collection(bars)
        handles.append(Patch(facecolor=colour, label=label))
    if failed.any():
        handles.append(Patch(facecolor="white", edgecolor=FAINT, hatch="/////", label="failed"))
    return handles


def _join(axes: Axes, start: Array, end: Array, path: list[int]) -> None:
    """Draw the critical path as a line from the end of each task to the start of the next."""
    steps = [
        [(end[one], one), (end[one], other), (start[other], other)] for one, other in pairwise(path)
    ]
    axes.add_collection(LineCollection(steps, colors=ORANGE, linewidths=1.0, zorder=3))


def _label(axes: Axes, rows: list[PlanRow], path: list[int]) -> None:
    axes.set_ylim(len(rows) - 0.5, -0.5)
    every = -(-len(rows) // _LABELS_MAX)
    ticks = list(range(0, len(rows), every))
    axes.set_yticks(ticks, [shortened(rows[row].name) for row in ticks])
    for tick, label in zip(ticks, axes.get_yticklabels(), strict=True):
        label.set_color(INK if tick in path else FAINT)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
