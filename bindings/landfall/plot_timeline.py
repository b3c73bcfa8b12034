"""Picture of the jobs of each machine over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Patch

from .plot_style import (
    AMBER,
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    OUTAGE,
    PALETTE,
    PINK,
    SKY,
    active_span,
    legend,
    say_empty,
    shade_outages,
    shortened,
    style,
    time_axis,
)
from .tables import Array

if TYPE_CHECKING:
    from .result import Result

JOB_COLOURS = {
    "Enable protection": BLUE,
    "Finalize protection": SKY,
    "Failover": ORANGE,
    "Commit": AMBER,
    "Complete migration": GREEN,
    "Resynchronize": PINK,
    "Disable protection": FAINT,
}
#: Tints of what lies between the jobs, and what to call it, by the state's name.
_STATE_TINTS = {
    "InitialReplicationInProgress": ("#cfe3f1", "initial replication"),
    "Protected": ("#d5ece3", "protected"),
    "UnplannedFailoverCommitPendingStatesBegin": ("#fbe6c4", "running in Azure, not committed"),
    "UnplannedFailoverCommitted": ("#f6d3bd", "running in Azure, committed"),
    "UnplannedFailoverFailed": ("#e8c9c9", "failover failed"),
}
_FAILED = ("Failed", "Cancelled")
_ROW_INCHES, _HEIGHT_MIN, _HEIGHT_MAX = 0.3, 2.4, 10.0
_TASKS_SHOWN_MAX = 15  # machines; with more, the marks would only be dust
_LABELS_MAX = 40
_WIDTH_MIN = 0.004  # of the whole axis
_MARKED_MIN = 0.02  # of the whole axis: narrower bars have no room for marks
_BAR = 0.7  # of a row


def timeline_height(result: Result) -> float:
    """Return the height of the picture in inches."""
    rows = result.tables["machines"].rows if "machines" in result.tables else 0
    return min(max(1.1 + rows * _ROW_INCHES, _HEIGHT_MIN), _HEIGHT_MAX)


def draw_timeline(axes: Axes, result: Result) -> None:
    """Draw the jobs of a result on `axes`."""
    style(axes, f"Jobs · {shortened(result.scenario_name)}")
    axes.grid(visible=False)
    unit = time_axis(axes, result)
    row_of = _rows(result)
    handles = _draw_jobs(axes, result, row_of, unit.factor)
    handles += _tint_states(axes, result, row_of, unit.factor)
    if not handles:
        say_empty(axes, "no jobs")
        return
    if shade_outages(axes, result, unit):
        handles.append(Patch(facecolor=OUTAGE, alpha=0.5, label="link outage"))
    _label_rows(axes, list(row_of))
    legend(axes, handles)


def _draw_jobs(axes: Axes, result: Result, row_of: dict[str, int], factor: float) -> list[Patch]:
    """Draw a bar for each job; returns what the colours mean."""
    if "jobs" not in result.tables:
        return []
    jobs = result.tables["jobs"]
    rows = np.array([row_of.get(name, -1) for name in jobs.names("machine")], int)
    start, end = _spans(jobs["start_s"], jobs["end_s"], result)
    failed = np.isin(jobs.names("state"), _FAILED)
    handles = []
    for code, operation in enumerate(jobs.categories["operation"]):
        mine = (jobs["operation"] == code) & (rows >= 0)
        if not mine.any():
            continue
        colour = JOB_COLOURS.get(operation, PALETTE[code % len(PALETTE)])
        for state, fill, hatch in ((mine & ~failed, colour, ""), (mine & failed, "white", "/////")):
            boxes = _boxes(start[state] / factor, end[state] / factor, rows[state])
            bars = PolyCollection(boxes, facecolors=fill, edgecolors=colour, linewidths=0.8)
            bars.set_hatch(hatch)
            axes.add_collection(bars)
        handles.append(Patch(facecolor=colour, label=operation))
    if (failed & (rows >= 0)).any():
        handles.append(Patch(facecolor="white", edgecolor=FAINT, hatch="/////", label="failed"))
    if len(row_of) <= _TASKS_SHOWN_MAX and "tasks" in result.tables and jobs.rows:
        _mark_tasks(axes, result, rows, factor)
    return handles


def _rows(result: Result) -> dict[str, int]:
    """Return the row of each machine, in the order of the table `machines`."""
    if "machines" not in result.tables:
        return {}
    table = result.tables["machines"]
    return {name: row for row, name in enumerate(dict.fromkeys(table.names("machine")))}


def _spans(start_s: Array, end_s: Array, result: Result) -> tuple[Array, Array]:
    """Return start and end in seconds: open jobs reach the end, short ones a width to be seen."""
    left_s, right_s = active_span(result)
    end = np.where(np.isfinite(end_s), end_s, result.simulated_s)
    return start_s, np.maximum(end, start_s + _WIDTH_MIN * (right_s - left_s))


def _tint_states(axes: Axes, result: Result, row_of: dict[str, int], factor: float) -> list[Patch]:
    """Draw the states between the jobs as tints; returns what they are called."""
    if "events" not in result.tables:
        return []
    events = result.tables["events"]
    is_state = events.names("kind") == "state"
    t = events["t_s"][is_state]
    names = events.names("detail")[is_state]
    rows = np.array([row_of.get(name, -1) for name in events.names("subject")[is_state]], int)
    order = np.lexsort([np.arange(len(t)), rows])  # by machine, then in the order of events
    t, names, rows = t[order], names[order], rows[order]
    until = np.append(t[1:], result.simulated_s)[: len(t)]
    last = np.append(rows[1:] != rows[:-1], True)[: len(t)]
    until[last] = result.simulated_s
    handles = []
    for state, (tint, label) in _STATE_TINTS.items():
        mine = (names == state) & (rows >= 0)
        if mine.any():
            boxes = _boxes(t[mine] / factor, until[mine] / factor, rows[mine])
            axes.add_collection(PolyCollection(boxes, facecolors=tint, linewidths=0, zorder=0.5))
            handles.append(Patch(facecolor=tint, label=label))
    return handles


def _boxes(left: Array, right: Array, rows: Array) -> list[Array]:
    """Return the corners of the bars, four points each."""
    low, high = rows - _BAR / 2, rows + _BAR / 2
    corners = [(left, low), (right, low), (right, high), (left, high)]
    return list(np.stack([np.column_stack(corner) for corner in corners], axis=1))


def _mark_tasks(axes: Axes, result: Result, rows: Array, factor: float) -> None:
    """Draw a white mark where a task begins inside its job."""
    jobs, tasks = result.tables["jobs"], result.tables["tasks"]
    order = np.argsort(jobs["job_id"], kind="stable")
    place = np.searchsorted(jobs["job_id"], tasks["job_id"], sorter=order)
    place = order[np.minimum(place, len(order) - 1)]
    known = (jobs["job_id"][place] == tasks["job_id"]) & (rows[place] >= 0)
    start = tasks["start_s"]
    left_s, right_s = active_span(result)
    width_s = jobs["end_s"][place] - jobs["start_s"][place]
    wide = width_s >= _MARKED_MIN * (right_s - left_s)
    since_mark = start - _previous(tasks["job_id"], start, jobs["start_s"][place])
    inside = known & wide & (since_mark >= _WIDTH_MIN * (right_s - left_s))
    x, y = start[inside] / factor, rows[place][inside]
    marks = np.stack(
        [np.column_stack([x, y - _BAR / 2]), np.column_stack([x, y + _BAR / 2])], axis=1
    )
    axes.add_collection(LineCollection(list(marks), colors="white", linewidths=0.7))


def _previous(job: Array, start: Array, job_start: Array) -> Array:
    """Return when the task before each task began, or its job for the first one."""
    order = np.lexsort([start, job])
    previous: Array = np.empty_like(start)
    previous[order] = np.concatenate([job_start[order][:1], start[order][:-1]])
    first = np.concatenate([[True], job[order][1:] != job[order][:-1]])
    previous[order[first]] = job_start[order[first]]
    return previous


def _label_rows(axes: Axes, names: list[str]) -> None:
    axes.set_ylim(len(names) - 0.5, -0.5)
    every = -(-len(names) // _LABELS_MAX)
    ticks = range(0, len(names), every)
    axes.set_yticks(list(ticks), [shortened(names[row]) for row in ticks])
    if every > 1:
        axes.set_ylabel(f"{len(names):,} machines", fontsize=9, color=INK)
    axes.tick_params(axis="y", length=0)
