"""The report of one run: which sections it has, and what stands in each."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import formatting
from ..happenings import happenings
from ..job_path import PathStep, critical_path
from ..plot_style import outages, scenario_of
from .blocks import (
    Block,
    ChartBlock,
    CodeBlock,
    Column,
    DrawingBlock,
    FiguresBlock,
    ListBlock,
    Section,
    TableBlock,
    TextBlock,
    cell_of,
)
from .chart import Chart
from .estate_drawing import estate_svg
from .headline import figures_of
from .link_chart import link_shares, links_chart
from .page import Page
from .run_charts import (
    backlog_chart,
    cost_cells,
    cost_chart,
    path_chart,
    plan_chart,
    rpo_chart,
    timeline_chart,
)

if TYPE_CHECKING:
    from ..result import Result

__all__ = ["MACHINE_COLUMNS", "run_page", "run_sections"]

_PLANS_MAX = 6
_MONTHS_MAX = 12
_NAMES_MAX = 4

#: The columns of the table of machines, with how their values are written.
MACHINE_COLUMNS = (
    ("machine", Column("machine")),
    ("process_server", Column("process server")),
    ("state", Column("state at the end")),
    ("initial_replication_s", Column("initial replication", "duration")),
    ("rpo_s_p95", Column("RPO, 95 %", "duration", hint="95 % of the protected time is within")),
    ("rpo_s_max", Column("worst RPO", "duration")),
    ("downtime_s", Column("downtime", "duration")),
    ("rto_s", Column("RTO", "duration")),
    ("migration_duration_s", Column("migration", "duration")),
    ("data_loss_bytes", Column("data loss", "size")),
    ("wan_bytes", Column("sent over the WAN", "size")),
    ("resyncs", Column("resyncs", "count")),
    ("cost_total", Column("cost", "money")),
)


def run_page(result: Result, *, interactive: bool = True, where: str = "") -> Page:
    """Return the report of a run.

    Parameters
    ----------
    result
        The run.
    interactive
        Whether charts become interactive where Plotly is installed.
    where
        The folder that the result is saved in, for the command that runs it again.
    """
    scenario = scenario_of(result)
    states = ", ".join(f"{count:,} {state}" for state, count in result.end_states().items())
    description = str(scenario.get("description") or "").partition("\n")[0]
    facts = {
        "seed": str(result.seed),
        "simulated": formatting.duration(result.simulated_s),
        "machines": f"{sum(result.end_states().values()):,}",
        "at the end": states or "no machines",
    }
    return Page(
        f"{result.scenario_name or 'Run'} – landfall report",
        run_sections(result, where=where),
        subtitle=description,
        facts=facts,
        interactive=interactive,
    )


def run_sections(result: Result, *, where: str = "") -> list[Section]:
    """Return the sections of a run's report, in order."""
    path = critical_path(result)
    return [
        Section("Headline", [FiguresBlock(figures_of(result))]),
        _expectations(result),
        _estate(result),
        _charts("RPO over time", [rpo_chart(result)], "No machine was protected."),
        _why(result),
        _charts(
            "Backlog", [backlog_chart(result)], "Nothing waited at any instant that was sampled."
        ),
        _links(result),
        _timeline(result, path),
        _plans(result),
        _cost(result),
        _trouble(result),
        _machines(result),
        _provenance(result, where),
    ]


def _charts(title: str, charts: Sequence[Chart | None], empty: str, lead: str = "") -> Section:
    shown = [ChartBlock(chart) for chart in charts if chart is not None]
    return Section(title, shown, lead if shown else "", empty)


def _why(result: Result) -> Section:
    blocks: list[Block] = []
    for finding in result.why():
        blocks += [TextBlock(f"{finding.headline}:"), ListBlock(finding.lines)]
    lead = "What held up each RPO that was missed, and each slow migration; the largest part first."
    return Section("Why", blocks, lead)


def _rows(result: Result, name: str) -> list[dict[str, Any]]:
    return result.to_arrow(name).to_pylist() if name in result.tables else []


# --- Expectations, estate, links ------------------------------------------------------------------


def _expectations(result: Result) -> Section:
    rows = []
    for entry in sorted(result.summary["expect"], key=lambda entry: bool(entry.get("passed"))):
        metric = str(entry.get("metric", ""))
        column = _metric_column(metric)
        machines = entry.get("machines", "all")
        chosen = machines if isinstance(machines, str) else ", ".join(map(str, machines))
        rule = ", ".join(
            f"{name.replace('_', ' ')} {cell_of(limit, column).text}"
            for name, limit in (entry.get("rule") or {}).items()
        )
        of = "in total" if entry.get("of") == "total" else "each"
        failing = [str(name) for name in entry.get("failing_machines") or ()]
        found = cell_of(entry.get("found"), column)
        verdict = bool(entry.get("passed"))
        rows.append([metric, f"{chosen}, {of}", rule, found.text, verdict, _names(failing) or "–"])
    columns = [
        *(Column("metric"), Column("machines"), Column("expected"), Column("found")),
        *(Column("verdict", "verdict"), Column("failing machines")),
    ]
    table = TableBlock("Expectations of the scenario, and what was found", columns, rows)
    empty = "The scenario expects nothing: write what must hold under its key “expect”."
    return Section("Expectations", [table] if rows else [], empty=empty)


def _metric_column(metric: str) -> Column:
    if metric.endswith("_bytes"):
        return Column("", "size")
    if metric.endswith("_s") or metric.startswith("rpo_s"):
        return Column("", "duration")
    return Column("", "number")


def _names(names: Sequence[str]) -> str:
    rest = len(names) - _NAMES_MAX
    return ", ".join(names[:_NAMES_MAX]) + (f" and {rest:,} more" if rest > 0 else "")


def _carried(result: Result) -> dict[str, float]:
    carried: dict[str, float] = defaultdict(float)
    for row in _rows(result, "links"):
        carried[str(row["link"])] += float(row["bytes"] or 0)
    return dict(carried)


def _estate(result: Result) -> Section:
    scenario = scenario_of(result)
    if not (scenario.get("sites") or scenario.get("regions")):
        return Section("Estate and network", empty="The scenario is not kept with this result.")
    states = {str(row["machine"]): str(row.get("state")) for row in _rows(result, "machines")}
    svg = estate_svg(scenario, states, _carried(result))
    caption = "A dot is a machine, its colour the state it ended in. Links are as wide as they are "
    caption += "fast (logarithmic); one with outages is drawn in red."
    return Section("Estate and network", [DrawingBlock(svg, caption)])


def _links(result: Result) -> Section:
    links = {str(link["name"]): link for link in scenario_of(result).get("links") or ()}
    used = link_shares(result)
    rows = []
    for row in _rows(result, "links"):
        name, count = str(row["link"]), float(row["bytes"] or 0)
        rate = count * 8 / result.simulated_s if result.simulated_s > 0 else None
        link = links.get(name, {})
        capacity = float(link["bandwidth"]) if "bandwidth" in link else None
        share = 100 * rate / capacity if rate is not None and capacity else None
        down_s = sum(float(outage["lasts"]) for outage in link.get("outages") or ())
        _, shares = used.get((name, str(row["direction"])), (None, np.array([np.nan])))
        most = float(np.nanmax(shares)) if np.isfinite(shares).any() else None
        rows.append([name, row["direction"], capacity, count, rate, share, most, down_s or None])
    columns = [
        *(Column("link"), Column("direction"), Column("bandwidth", "rate")),
        *(Column("carried", "size"), Column("mean rate", "rate")),
        Column("mean use", "percent", hint="mean rate over the whole run, of the bandwidth"),
        Column("most use", "percent", hint="of one sample; bytes count as they arrive"),
        Column("outages", "duration", hint="time that the scenario has it down"),
    ]
    blocks: list[Block] = []
    if (chart := links_chart(result)) is not None:
        blocks.append(ChartBlock(chart))
    if rows:
        blocks.append(TableBlock("What each link carried", columns, rows))
    return Section("Links", blocks, empty="The run kept nothing of its links.")


# --- Jobs, plans ----------------------------------------------------------------------------------


def _timeline(result: Result, path: list[PathStep]) -> Section:
    blocks: list[Block] = []
    if (chart := timeline_chart(result, path)) is not None:
        blocks.append(ChartBlock(chart))
    if path:
        whole = path[-1].end_s - path[0].start_s
        longest = max(path, key=lambda step: step.lasts_s)
        share = 100 * longest.lasts_s / whole if whole else 100.0
        of = f" ({longest.machine})" if longest.machine else ""
        blocks.append(
            TextBlock(
                f"The end of this run waited for a chain of {formatting.plural(len(path), 'step')} "
                f"over {formatting.duration(whole)}. The longest of them: “{longest.what}”{of}, "
                f"{formatting.duration(longest.lasts_s)}, {share:.0f} % of the chain. Only a "
                "shorter step of this chain ends the run earlier."
            )
        )
        blocks.append(_path_table(path, whole))
        if (stairs := path_chart(path)) is not None:
            blocks.append(ChartBlock(stairs))
    return Section("Timeline and critical path", blocks, empty="The run had no jobs.")


def _path_table(path: list[PathStep], whole_s: float) -> TableBlock:
    columns = [
        *(Column("step"), Column("kind"), Column("machine"), Column("operation")),
        *(Column("from", "instant"), Column("took", "duration"), Column("share", "percent")),
    ]
    rows = [
        [
            *(step.what, step.kind, step.machine or "–", step.operation or "–", step.start_s),
            *(step.lasts_s, 100 * step.lasts_s / whole_s if whole_s else 0.0),
        ]
        for step in path
    ]
    return TableBlock("The critical path", columns, rows, most=300)


def _plans(result: Result) -> Section:
    runs = [
        (int(job["job_id"]), f"{job['operation']} of recovery plan {job['plan']}")
        for job in _rows(result, "jobs")
        if job.get("plan")
    ]
    charts = [plan_chart(result, number, title) for number, title in runs[:_PLANS_MAX]]
    blocks: list[Block] = [ChartBlock(chart) for chart in charts if chart is not None]
    if len(runs) > _PLANS_MAX:
        blocks.append(TextBlock(f"{len(runs) - _PLANS_MAX} more runs of plans are not drawn."))
    lead = "A row is a stage; dark frames mark what the end of the plan waited for."
    return Section("Recovery plans", blocks, lead)


# --- Cost, trouble --------------------------------------------------------------------------------


def _cost(result: Result) -> Section:
    meters, months, amounts, currency = cost_cells(result)
    if not meters:
        return Section("Cost", empty="Nothing was billed.")
    money = Column("", "money", currency)
    shown = months[:_MONTHS_MAX]
    columns = [Column("meter"), *(Column(f"month {month + 1}", "money") for month in shown)]
    later = len(months) > len(shown)
    columns += [Column("later months", "money")] if later else []
    columns.append(Column(f"total ({currency})", "money"))
    rows: list[list[Any]] = []
    order = np.argsort(-amounts.sum(axis=1), kind="stable")
    for meter, row in [(meters[k].replace("_", " "), amounts[k]) for k in order] + [
        ("total", amounts.sum(axis=0))
    ]:
        rest = [float(row[len(shown) :].sum())] if later else []
        rows.append([meter, *map(float, row[: len(shown)]), *rest, float(row.sum())])
    total = cell_of(float(amounts.sum()), money).text
    lead = f"{total} in all, at the prices of {result.summary.get('billing', {}).get('prices', '')}"
    chart = cost_chart(result)
    blocks: list[Block] = [ChartBlock(chart)] if chart is not None else []
    blocks.append(TableBlock(f"Cost by meter and month, in {currency}", columns, rows))
    return Section("Cost", blocks, f"{lead.removesuffix(' at the prices of ').rstrip(', ')}.")


def _trouble(result: Result) -> Section:
    blocks: list[Block] = []
    blocks += _violations(result)
    mishaps = [h for h in happenings(result) if h.state not in ("Succeeded", "InProgress")]
    rows: list[list[Any]] = [
        [h.what, h.state or "–", h.start_s, _names(h.machines) or "–", h.detail or "–"]
        for h in mishaps
    ]
    down_s = sum(end - start for start, end in outages(result))
    if down_s:
        text = f"Links were down for {formatting.duration(down_s)} in all."
        blocks.append(TextBlock(text, "warn"))
    columns = [
        *(Column("what"), Column("state"), Column("when", "instant")),
        *(Column("machines"), Column("detail")),
    ]
    if rows:
        caption = "Faults, refusals and jobs that did not succeed"
        blocks.append(TableBlock(caption, columns, rows, most=200, rest="See the events table."))
    for caption, table, keys in (
        ("Health alarms", "health", ("kind", "code", "message")),
        ("E-mail alerts", "alerts", ("alert", "message")),
    ):
        if grouped := _grouped(result, table, keys):
            columns = [Column(keys[-1])]
            columns += [Column(key) for key in keys[:-1]]
            columns += [Column("subjects", "count"), Column("of them")]
            columns += [Column("first", "instant"), Column("last", "instant")]
            blocks.append(TableBlock(caption, columns, grouped, most=100))
    return Section("What went wrong", blocks, empty="Nothing: no fault, no alarm, no violation.")


def _violations(result: Result) -> list[Block]:
    if result.violation_count == 0:
        return []
    count = formatting.plural(result.violation_count, "violation")
    text = f"Oracles found {count}: replication in this run was wrong."
    rows = [
        [row["oracle"], row["t_s"], row["machine"] or "–", row["text"]]
        for row in _rows(result, "violations")
    ]
    columns = [Column("oracle"), Column("when", "instant"), Column("machine"), Column("found")]
    table = TableBlock("What oracles found wrong", columns, rows, most=100)
    return [TextBlock(text, "bad"), table]


def _grouped(result: Result, table: str, keys: tuple[str, ...]) -> list[list[Any]]:
    """Return the same alarm of several subjects as one row."""
    groups: dict[tuple[str, ...], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(result, table):
        if not row["message"]:
            continue
        key = tuple(str(row[name] or "–") for name in keys)
        groups[key][str(row["subject"] or "–")].append(float(row["t_s"]))
    return [
        [
            *(key[-1], *key[:-1], len(subjects), _names(list(subjects))),
            *(min(min(times) for times in subjects.values()),),
            *(max(max(times) for times in subjects.values()),),
        ]
        for key, subjects in groups.items()
    ]


# --- Machines, provenance -------------------------------------------------------------------------


def _machines(result: Result) -> Section:
    rows = _rows(result, "machines")
    known = [(key, column) for key, column in MACHINE_COLUMNS if rows and key in rows[0]]
    cells = [[row[key] for key, _ in known] for row in rows]
    table = TableBlock(
        f"{formatting.plural(len(rows), 'machine')}, as they fared",
        [column for _, column in known],
        cells,
        rest="All are in machines.parquet of the saved result.",
    )
    return Section("Machines", [table] if rows else [], empty="There are no machines.")


def _provenance(result: Result, where: str) -> Section:
    summary = result.summary
    billing = summary.get("billing") or {}
    rows: list[list[Any]] = [
        ["scenario", result.scenario_name],
        ["hash of the scenario (SHA-256 of its canonical form)", result.scenario_hash or "–"],
        ["seed", str(result.seed)],
        ["service profile", str(summary.get("profile") or "–")],
        ["prices", str(billing.get("prices") or "–")],
        *([f"version of {name}", text] for name, text in summary["versions"].items()),
        ["simulated", formatting.duration(result.simulated_s)],
        ["wall time", formatting.duration(result.wall_s)],
        ["peak memory", formatting.size(result.peak_memory_bytes or None)],
    ]
    file = f"{where.rstrip('/')}/scenario.json" if where else "scenario.json"
    command = f"landfall run {shlex.quote(file)} --seed {result.seed}"
    table = TableBlock("Where this comes from", [Column("fact"), Column("value")], rows)
    note = "The same scenario, seed and version give the same numbers."
    return Section(
        "Provenance",
        [table, CodeBlock(command, "To run it again, with the folder of this result")],
        note,
    )
