"""The charts of a run; the report and ``result.iplot`` show the same ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from .. import formatting
from ..job_path import PathStep
from ..plot_backlog import STAGES, stage_layers
from ..plot_plan import plan_stages
from ..plot_rpo import TOOTH_MIN, envelope, outline, sawtooth
from ..plot_style import (
    AMBER,
    BLUE,
    FAINT,
    GREEN,
    ORANGE,
    PALETTE,
    PINK,
    SKY,
    active_span,
    outages,
    scenario_of,
)
from ..plot_timeline import JOB_COLOURS
from ..rpo_bands import rpo_bands
from ..tables import Array
from .chart import (
    POINTS_MAX,
    Band,
    Bars,
    Chart,
    Layer,
    Level,
    Line,
    Scale,
    Series,
    Shade,
    Spans,
    count_scale,
    size_scale,
    thinned,
    time_scale,
)

if TYPE_CHECKING:
    from ..result import Result

__all__ = [
    *("backlog_chart", "cost_chart", "cost_cells", "path_chart", "plan_chart", "rpo_chart"),
    *("targets", "timeline_chart"),
]

_LINES_MAX = 6
_SPANS_MAX, _TEETH_PER_SPAN = 400, 2.5
#: Room behind the last bar, as a part of the axis: bars too short to be seen are drawn wider.
_ROOM = 0.01
_FAILED = ("Failed", "Cancelled")
_COPIES = "Initial replication"


#: Name, colour, whether it failed, whether it is critical: bars of one key are one series.
_Key: TypeAlias = tuple[str, str, bool, bool]
#: Row, start, end, text.
_Bar: TypeAlias = tuple[int, float, float, str]


def _no_time() -> Scale:
    return count_scale("", "")


def _over_time(result: Result, room: float = 0.0) -> dict[str, Any]:
    start_s, end_s = active_span(result)
    end_s += room * (end_s - start_s)
    return {"x": time_scale("simulated time", end_s), "start": start_s, "end": end_s}


def _outages(result: Result) -> list[Series]:
    spans = tuple(outages(result))
    return [Shade("link outage", spans)] if spans else []


def targets(result: Result) -> dict[str, float]:
    """Return the RPO threshold of each policy that has one, in seconds."""
    policies = scenario_of(result).get("policies") or ()
    return {p["name"]: float(p["rpo_threshold"]) for p in policies if p.get("rpo_threshold")}


def _levels(result: Result, worst_s: float) -> list[Series]:
    """Return target lines; one far above everything would press the rest to the floor."""
    values = sorted(set(targets(result).values()))
    shown = [value for value in values if value <= 6 * worst_s]
    return [Level(f"target {formatting.duration(value)}", value) for value in shown]


# --- RPO ------------------------------------------------------------------------------------------


def rpo_chart(result: Result) -> Chart | None:
    """Return the RPO over time: a line for each of a few machines, else the fleet's spread."""
    if "rpo" in result.tables and result.tables["rpo"].rows:
        few = len(np.unique(result.tables["rpo"]["machine"])) <= _LINES_MAX
        return _rpo_lines(result) if few else _rpo_spread(result)
    return _rpo_samples(result)


def _rpo_figure(
    result: Result, title: str, series: list[Series], worst_s: float, alt: str, note: str
) -> Chart:
    lines = _levels(result, worst_s)
    far = [value for value in sorted(set(targets(result).values())) if value > 6 * worst_s]
    if far:
        names = ", ".join(formatting.duration(value) for value in far)
        note = f"{note} The target of {names} lies far above what is drawn.".strip()
    return Chart(
        title,
        f"{alt} The worst is {formatting.duration(worst_s)}.",
        y=time_scale("RPO", worst_s),
        series=[*_outages(result), *series, *lines],
        note=note,
        **_over_time(result),
    )


def _rpo_lines(result: Result) -> Chart | None:
    start_s, end_s = active_span(result)
    series: list[Series] = []
    worst_s, dense = 0.0, False
    for code, name in enumerate(result.tables["rpo"].categories["machine"]):
        teeth = sawtooth(result, code)
        if not len(teeth.start):
            continue
        colour = PALETTE[code % len(PALETTE)]
        tooth_s = float(np.median(teeth.stop - teeth.start))
        if tooth_s < TOOTH_MIN * (end_s - start_s) or len(teeth.start) > POINTS_MAX // 3:
            spans = int(min(_SPANS_MAX, (end_s - start_s) / (_TEETH_PER_SPAN * tooth_s + 1e-9)))
            edges, least, greatest = envelope(teeth, start_s, end_s, max(spans, 1))
            x = np.repeat(edges, 2)[1:-1]
            series.append(
                Band(
                    f"{name}, down to its lowest",
                    x,
                    np.repeat(least, 2),
                    np.repeat(greatest, 2),
                    colour,
                )
            )
            x, y, dense = x, np.repeat(greatest, 2), True
        else:
            x, y = outline(teeth)
        series.append(Line(name, x, y, colour))
        worst_s = max(worst_s, float(np.nanmax(teeth.high)))
    if not series:
        return None
    note = "RPO rises by a second per second and drops when a recovery point is published."
    if dense:
        note += (
            " Where that is too fast to be seen the page is thinned: a line along the worst RPO of "
            "each span of time, a tint down to the best one. No peak is left out."
        )
    shown = ", ".join(str(each.name) for each in series if isinstance(each, Line))
    title = "RPO of each machine"
    return _rpo_figure(result, title, series, worst_s, f"Line chart of the RPO of {shown}.", note)


def _rpo_spread(result: Result) -> Chart | None:
    bands = rpo_bands(result)
    if bands is None:
        return None
    x, median = bands.steps(bands.median_s)
    _, p95 = bands.steps(bands.p95_s)
    _, worst = bands.steps(bands.max_s)
    count = formatting.plural(bands.machines, "machine")
    series: list[Series] = [
        Band("median to worst", x, median, worst, BLUE),
        Line("worst machine", x, worst, BLUE, 1.8),
        Line("95 % of the machines are below", x, p95, ORANGE, 1.2),
        Line("median machine", x, median, GREEN, 1.2),
    ]
    note = (
        f"Of each of the {count} the worst RPO in each span of "
        f"{formatting.duration(bands.span_s)}; then median, 95th percentile and maximum over the "
        "machines that were protected in it. No peak is left out."
    )
    alt = f"Line chart of the RPO of {count}: median, 95th percentile and worst."
    title = f"RPO of {count}: median, 95th percentile and worst"
    return _rpo_figure(result, title, series, float(np.nanmax(bands.max_s)), alt, note)


def _rpo_samples(result: Result) -> Chart | None:
    if "fleet" not in result.tables or not np.isfinite(result.tables["fleet"]["rpo_s_worst"]).any():
        return None
    fleet = result.tables["fleet"]
    x, worst, cut = thinned(fleet["t_s"], fleet["rpo_s_worst"])
    x_mean, mean, _ = thinned(fleet["t_s"], fleet["rpo_s_mean"])
    series: list[Series] = [
        Line("worst machine", x, worst, BLUE, 1.6),
        Line("mean", x_mean, mean, ORANGE, 1.2),
    ]
    if len(x) == len(x_mean) and not cut:
        series.insert(0, Band("mean to worst", x, mean, worst, BLUE))
    every = formatting.duration(float(np.median(np.diff(fleet["t_s"])))) if len(x) > 1 else "a"
    note = f"Samples every {every}: this run kept no steps of the RPO of each machine."
    if cut:
        note += f" Thinned: least and greatest of each of {POINTS_MAX // 4:,} stretches."
    alt = "Line chart of the worst and the mean RPO of the fleet."
    title = "RPO of the fleet: worst and mean"
    return _rpo_figure(result, title, series, float(np.nanmax(fleet["rpo_s_worst"])), alt, note)


# --- Backlog --------------------------------------------------------------------------------------


def backlog_chart(result: Result) -> Chart | None:
    """Return what waits at each stage, stacked, over all process servers."""
    if "backlog" not in result.tables or result.tables["backlog"].rows == 0:
        return None
    table = result.tables["backlog"]
    x = np.unique(table["t_s"])
    layers = stage_layers(table)
    every = -(-len(x) // POINTS_MAX)
    total = np.sum(layers, axis=0)
    if not total.any():
        return None
    note = ""
    if every > 1:
        # One and the same instants for all layers, or the stack would not add up: where most waits.
        starts = np.arange(0, len(x), every)
        kept = [int(at + np.argmax(total[at : at + every])) for at in starts]
        x, layers = x[kept], [layer[kept] for layer in layers]
        note = f"Thinned for this page: of each {every} samples the one in which most waits."
    series: list[Series] = [
        Layer(name, x, layer, colour) for (name, colour), layer in zip(STAGES, layers, strict=True)
    ]
    most = float(total.max())
    alt = f"Stacked areas of what waits at each stage; together at most {formatting.size(most)}."
    return Chart(
        "Data that waits, by stage on its way to Azure",
        alt,
        y=size_scale("waiting", most),
        series=[*_outages(result), *series],
        note=note,
        **_over_time(result),
    )


# --- Jobs -----------------------------------------------------------------------------------------


def timeline_chart(result: Result, path: list[PathStep]) -> Chart | None:
    """Return the jobs and first copies of each machine as bars; those on the path are framed."""
    if "machines" not in result.tables:
        return None
    names = list(dict.fromkeys(str(name) for name in result.tables["machines"].names("machine")))
    row_of = {name: row for row, name in enumerate(names)}
    critical = {(step.machine, step.job_id) for step in path if step.kind == "task"}
    copying = {step.machine for step in path if step.kind == "copy"}
    found: dict[_Key, list[_Bar]] = defaultdict(list)
    for name, (start_s, end_s) in _first_copies(result).items():
        if name in row_of:
            text = f"{name}: {_COPIES}, {formatting.duration(end_s - start_s)}"
            key = (_COPIES, "#b9c7d3", False, name in copying)
            found[key].append((row_of[name], start_s, end_s, text))
    jobs = result.to_arrow("jobs").to_pylist() if "jobs" in result.tables else []
    for job in jobs:
        name, end_s = job["machine"], job["end_s"]
        if name not in row_of:
            continue
        end_s = result.simulated_s if end_s is None or not np.isfinite(end_s) else float(end_s)
        operation, start_s = str(job["operation"]), float(job["start_s"])
        text = f"{name}: {operation} {job['state']}, {formatting.duration(end_s - start_s)}"
        colour = JOB_COLOURS.get(operation, PALETTE[sum(map(ord, operation)) % len(PALETTE)])
        key = (operation, colour, job["state"] in _FAILED, (name, job["job_id"]) in critical)
        found[key].append((row_of[name], start_s, end_s, text))
    if not found:
        return None
    series = _span_series(found, sorted(found, key=_rank))
    alt = (
        f"Bars over time: the jobs of {formatting.plural(len(names), 'machine')}, one row each; "
        f"a dark frame marks {formatting.plural(len(path), 'step')} of the critical path."
    )
    return Chart(
        "Jobs and first copies of each machine",
        alt,
        y=_no_time(),
        series=[*_outages(result), *series],
        names=names,
        note="A dark frame marks what is on the critical path; white bars with hatching failed. "
        "Bars too short to be seen are drawn at the least width that can be.",
        **_over_time(result, _ROOM),
    )


def _rank(key: _Key) -> tuple[bool, str, bool, bool]:
    name, _, hollow, framed = key
    return name != _COPIES, name, framed, hollow


def _span_series(found: dict[_Key, list[_Bar]], keys: Sequence[_Key]) -> list[Series]:
    """Return bars as series; what is critical is said once in the legend, by a frame."""
    series: list[Series] = []
    for key in keys:
        name, colour, hollow, framed = key
        rows, starts, ends, texts = zip(*found[key], strict=True)
        # A colour that only critical bars have is explained by them.
        explains = not framed or (name, colour, hollow, False) not in found
        series.append(
            Spans(
                name + (", failed" if hollow else ""),
                *(np.array(rows), np.array(starts), np.array(ends), texts),
                *(colour, hollow, framed, explains),
            )
        )
    if any(framed for _, _, _, framed in keys):
        none = np.empty(0)
        series.append(Spans("critical path", none, none, none, (), "#e8ebee", framed=True))
    return series


def _first_copies(result: Result) -> dict[str, tuple[float, float]]:
    """Return for each machine the time from its first copy's start to the end of its last one."""
    if "copies" not in result.tables:
        return {}
    spans: dict[str, tuple[float, float]] = {}
    for copy in result.to_arrow("copies").to_pylist():
        end_s = copy["end_s"]
        if copy["machine"] is None or copy["kind"] == "compare":
            continue
        end_s = result.simulated_s if end_s is None or not np.isfinite(end_s) else float(end_s)
        known = spans.get(copy["machine"], (np.inf, -np.inf))
        spans[copy["machine"]] = (min(known[0], copy["start_s"]), max(known[1], end_s))
    return spans


def path_chart(path: list[PathStep]) -> Chart | None:
    """Return the critical path as a staircase of bars."""
    if not path:
        return None
    colours = {"task": ORANGE, "copy": BLUE, "wait": FAINT}
    labels = {"task": "task of a job", "copy": "copy of data", "wait": "waiting"}
    series: list[Series] = []
    for kind, colour in colours.items():
        mine = [(row, step) for row, step in enumerate(path) if step.kind == kind]
        if not mine:
            continue
        texts = [f"{step.what}, {formatting.duration(step.lasts_s)}" for _, step in mine]
        rows = np.array([row for row, _ in mine])
        start = np.array([step.start_s for _, step in mine])
        end = np.array([step.end_s for _, step in mine])
        series.append(Spans(labels[kind], rows, start, end, texts, colour))
    longest = max(path, key=lambda step: step.lasts_s)
    whole = path[-1].end_s - path[0].start_s
    alt = (
        f"Staircase of {formatting.plural(len(path), 'step')} over {formatting.duration(whole)}; "
        f"the longest is {longest.what}, {formatting.duration(longest.lasts_s)}."
    )
    return Chart(
        "Critical path, step by step",
        alt,
        x=time_scale("simulated time", path[-1].end_s),
        y=_no_time(),
        series=series,
        names=[_step_name(step) for step in path],
        start=path[0].start_s,
        end=path[-1].end_s + _ROOM * whole,
    )


def _step_name(step: PathStep) -> str:
    what = step.what if step.kind != "wait" else step.what.split(",")[0]
    return what if len(what) <= 40 else what[:39] + "…"


def plan_chart(result: Result, job_id: int, title: str) -> Chart | None:
    """Return one run of a recovery plan: a row for each stage, what is critical framed."""
    stages = plan_stages(result.tables, job_id, result.simulated_s)
    if not stages:
        return None
    colours = {"failover": BLUE, "start": GREEN, "action": AMBER, "shutdown": SKY}
    begin_s = min(row.start_s for stage in stages for row in stage.rows)
    lasts_s = max(row.end_s for stage in stages for row in stage.rows) - begin_s
    found: dict[_Key, list[_Bar]] = defaultdict(list)
    for row, stage in enumerate(stages):
        for task in stage.rows:
            colour = colours.get(task.colour, PINK if task.colour == "synchronize" else FAINT)
            key = (task.colour, colour, task.failed, task.critical and not task.failed)
            text = f"{task.name}: {formatting.duration(task.end_s - task.start_s)}"
            found[key].append((row, task.start_s - begin_s, task.end_s - begin_s, text))
    ordered = sorted(found, key=lambda key: (key[3], key[0]))
    alt = (
        f"Bars over time: {formatting.plural(len(stages), 'stage')} of the plan over "
        f"{formatting.duration(lasts_s)}."
    )
    return Chart(
        title,
        alt,
        x=time_scale("time since the plan was started", lasts_s),
        y=_no_time(),
        series=_span_series(found, ordered),
        names=[
            stage.name + (f" · {len(stage.rows)}" if len(stage.rows) > 1 else "")
            for stage in stages
        ],
        start=0.0,
        end=(1 + _ROOM) * lasts_s,
    )


# --- Cost -----------------------------------------------------------------------------------------


def cost_cells(result: Result) -> tuple[list[str], list[int], Array, str]:
    """Return meters, months, the amount of each meter in each month, and the currency."""
    if "billing" not in result.tables or result.tables["billing"].rows == 0:
        return [], [], np.zeros((0, 0)), ""
    table = result.tables["billing"]
    months, month_of = np.unique(table["month"], return_inverse=True)
    meters = table.categories["meter"]
    flat = table["meter"] * len(months) + month_of
    size = len(meters) * len(months)
    micros = np.bincount(flat, weights=table["amount_micros"], minlength=size)
    amounts = micros.reshape(len(meters), len(months)) / 1e6
    currency = table.names("currency")[0]
    return list(meters), [int(month) for month in months], amounts, str(currency)


def cost_chart(result: Result) -> Chart | None:
    """Return the cost of each month by meter, or of each meter when all is in one month."""
    meters, months, amounts, currency = cost_cells(result)
    if not meters or not amounts.any():
        return None
    colours = [*PALETTE, FAINT]
    titles = [meter.replace("_", " ") for meter in meters]
    if len(months) > 1:
        names = [f"month {month + 1}" for month in months]
        series: list[Series] = [
            Bars(title, amounts[row], colours[row % len(colours)])
            for row, title in enumerate(titles)
            if amounts[row].any()
        ]
    else:
        order = [k for k in np.argsort(-amounts[:, 0], kind="stable") if amounts[k, 0]]
        names = [titles[k] for k in order]
        series = [Bars("cost", amounts[order, 0], BLUE)]
    total = float(amounts.sum())
    most = titles[int(np.argmax(amounts.sum(axis=1)))]
    return Chart(
        "Cost by month and meter" if len(months) > 1 else "Cost by meter",
        f"Bars of the cost, {total:,.2f} {currency} in all; most of it is {most}.",
        x=count_scale("month of the bill" if len(months) > 1 else "meter"),
        y=count_scale("cost", currency),
        series=series,
        names=names,
    )
