"""The report of a comparison: what differs between runs, in numbers, over time and in scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import formatting
from ..comparison import MACHINE_METRICS, shown
from ..plot_style import PALETTE, active_span
from ..rpo_bands import rpo_bands
from .blocks import Block, Cell, ChartBlock, Column, Kind, Section, TableBlock, TextBlock, cell_of
from .chart import Bars, Chart, Line, count_scale, thinned, time_scale
from .headline import HEADLINES, currency_of, headline_value
from .page import Page
from .run_charts import cost_cells

if TYPE_CHECKING:
    from ..comparison import Comparison
    from ..result import Result

__all__ = ["comparison_page", "headline_table", "scenario_blocks"]

_MACHINES_MAX = 1_000
#: A smaller part of the first value is not told as better or worse.
_NOTABLE = 0.005
_DIFFERENCES_MAX = 300
_KINDS: dict[str, tuple[str, Kind]] = {
    "rpo_s_p95": ("RPO, 95 %", "duration"),
    "rpo_s_max": ("worst RPO", "duration"),
    "initial_replication_s": ("initial replication", "duration"),
    "downtime_s": ("downtime", "duration"),
    "migration_duration_s": ("migration", "duration"),
    "data_loss_bytes": ("data loss", "size"),
    "wan_bytes": ("sent over the WAN", "size"),
    "cost_total": ("cost", "money"),
}


def comparison_page(comparison: Comparison, *, interactive: bool = True) -> Page:
    """Return the report of a comparison; see :func:`landfall.compare`."""
    names = (
        " and ".join(comparison.names)
        if len(comparison.names) < 4
        else f"{len(comparison.names)} runs"
    )
    return Page(
        f"{names} – landfall comparison",
        [
            _headline(comparison),
            _scenario(comparison),
            _rpo(comparison),
            _cost(comparison),
            _machines(comparison),
            _provenance(comparison),
        ],
        subtitle=f"Differences are those from {comparison.names[0]}.",
        interactive=interactive,
    )


# --- Headline numbers -----------------------------------------------------------------------------


def headline_table(comparison: Comparison) -> TableBlock:
    """Return the headline numbers side by side, with the differences from the first run."""
    others = comparison.others
    columns = [Column("what"), *(Column(name, "number") for name in comparison.names)]
    columns += [Column(comparison.difference(name), "number") for name in others]
    rows: list[list[Any]] = []
    currency = next(filter(None, map(currency_of, comparison.results)), "")
    for headline in HEADLINES:
        values = [headline_value(result, headline) for result in comparison.results]
        if all(value is None for value in values):
            continue
        plain = Column("", headline.kind, currency)
        cells = [cell_of(value, plain) for value in values]
        deltas = [_delta(values[0], value, plain) for value in values[1:]]
        rows.append([headline.name, *cells, *deltas])
    verdicts = [_verdicts(result) for result in comparison.results]
    rows.append(
        ["expectations met", *verdicts, *(_verdict_delta(verdicts[0], v) for v in verdicts[1:])]
    )
    return TableBlock("Headline numbers, and their differences", columns, rows)


def _delta(first: float | None, value: float | None, column: Column) -> Cell:
    """Return a difference; of all these numbers less is better."""
    if first is None or value is None:
        return Cell("–", None)
    delta = value - first
    cell = cell_of(delta, Column("", column.kind, column.unit, signed=True))
    if not set(cell.text) & set("123456789"):
        return Cell("0", delta)
    if abs(delta) < _NOTABLE * abs(first):
        return Cell(cell.text, delta)
    share = f" ({100 * delta / abs(first):+.0f} %)" if first else ""
    return Cell(cell.text + share, delta, "better" if delta < 0 else "worse")


def _verdicts(result: Result) -> Cell:
    expect = result.summary["expect"]
    held = sum(bool(entry.get("passed")) for entry in expect)
    if not expect:
        return Cell("–", None)
    return Cell(f"{held} of {len(expect)}", held, "good" if held == len(expect) else "bad")


def _verdict_delta(first: Cell, other: Cell) -> Cell:
    if first.value is None or other.value is None:
        return Cell("–", None)
    delta = other.value - first.value
    return Cell(f"{delta:+d}" if delta else "0", delta)


def _headline(comparison: Comparison) -> Section:
    return Section(
        "Headline", [headline_table(comparison)], "Less is better in all of these but the last."
    )


# --- Scenarios ------------------------------------------------------------------------------------


def scenario_blocks(comparison: Comparison) -> list[TableBlock]:
    """Return the table of what differs in the scenarios; none when nothing does."""
    rows = [
        [
            each.where,
            *(
                "(not there)" if missing else shown(value)
                for value, missing in zip(each.values, each.missing, strict=True)
            ),
        ]
        for each in comparison.scenario_differences
    ]
    columns = [Column("value"), *(Column(name) for name in comparison.names)]
    count = "1 value differs" if len(rows) == 1 else f"{len(rows):,} values differ"
    caption = f"{count} in the scenarios"
    return [TableBlock(caption, columns, rows, most=_DIFFERENCES_MAX)] if rows else []


def _scenario(comparison: Comparison) -> Section:
    pairs = list(zip(comparison.names, comparison.results, strict=True))
    blocks: list[Block] = []
    if len({result.seed for _, result in pairs}) > 1:
        seeds = ", ".join(f"{name}: {result.seed}" for name, result in pairs)
        text = f"The seeds differ, and with them every draw of chance ({seeds})."
        blocks.append(TextBlock(text, "warn"))
    blocks += scenario_blocks(comparison)
    same = "The scenarios are the same."
    return Section("What differs in the scenarios", blocks, empty=same)


# --- Charts ---------------------------------------------------------------------------------------


def _worst_rpo(result: Result) -> tuple[Any, Any] | None:
    bands = rpo_bands(result)
    if bands is not None:
        return bands.steps(bands.max_s)
    if "fleet" not in result.tables or result.tables["fleet"].rows == 0:
        return None
    fleet = result.tables["fleet"]
    x, y, _ = thinned(fleet["t_s"], fleet["rpo_s_worst"])
    return (x, y) if np.isfinite(y).any() else None


def _rpo(comparison: Comparison) -> Section:
    lines: list[Line] = []
    worst_s = 0.0
    for place, (name, result) in enumerate(zip(comparison.names, comparison.results, strict=True)):
        if (found := _worst_rpo(result)) is None:
            continue
        colour = PALETTE[place % len(PALETTE)]
        lines.append(Line(name, *found, colour, 1.6, place >= len(PALETTE)))
        worst_s = max(worst_s, float(np.nanmax(found[1])))
    if not lines:
        return Section("RPO over time", empty="No machine was protected in any of the runs.")
    spans = [active_span(result) for result in comparison.results]
    end_s = max(end for _, end in spans)
    chart = Chart(
        "Worst RPO of the fleet, run by run",
        f"Lines of the worst RPO of {', '.join(line.name for line in lines)}; at most "
        f"{formatting.duration(worst_s)}.",
        x=time_scale("simulated time", end_s),
        y=time_scale("RPO", worst_s),
        series=lines,
        note="The worst RPO of any machine in each span of time; no peak is left out.",
        start=min(start for start, _ in spans),
        end=end_s,
    )
    return Section("RPO over time", [ChartBlock(chart)])


def _cost(comparison: Comparison) -> Section:
    sums: list[dict[str, float]] = []
    currencies = set()
    for result in comparison.results:
        meters, _, amounts, currency = cost_cells(result)
        of_meters = zip(meters, amounts.sum(axis=1), strict=True)
        sums.append({meter.replace("_", " "): float(total) for meter, total in of_meters})
        currencies |= {currency} if currency else set()
    meters = list(dict.fromkeys(meter for each in sums for meter in each))
    if not meters:
        return Section("Cost", empty="Nothing was billed in any of the runs.")
    if len(currencies) > 1:
        return Section("Cost", empty=f"The currencies differ: {', '.join(sorted(currencies))}.")
    currency = currencies.pop()
    series = [
        Bars(meter, np.array([each.get(meter, 0.0) for each in sums]), PALETTE[k % len(PALETTE)])
        for k, meter in enumerate(meters)
        if any(each.get(meter) for each in sums)
    ]
    names = list(comparison.names)
    totals = ", ".join(f"{n}: {sum(s.values()):,.2f}" for n, s in zip(names, sums, strict=True))
    chart = Chart(
        "Cost of each run by meter",
        f"Stacked bars of the cost in {currency}. {totals}.",
        x=count_scale("run"),
        y=count_scale("cost", currency),
        series=series,
        names=names,
    )
    money = Column("", "money")
    columns = [Column("meter"), *(Column(f"{name} ({currency})", "money") for name in names)]
    columns += [Column(comparison.difference(name), "money") for name in comparison.others]
    rows: list[list[Any]] = []
    for meter in [*meters, "total"]:
        values = [sum(s.values()) if meter == "total" else s.get(meter, 0.0) for s in sums]
        rows.append([meter, *values, *(_delta(values[0], value, money) for value in values[1:])])
    return Section("Cost", [ChartBlock(chart), TableBlock("Cost by meter", columns, rows)])


# --- Machines, provenance -------------------------------------------------------------------------


def _machines(comparison: Comparison) -> Section:
    frame = comparison.machines
    first = comparison.names[0]
    blocks: list[Block] = []
    if missing := int((~frame["in_all"]).sum()):
        count = formatting.plural(missing, "machine")
        blocks.append(TextBlock(f"{count} are not in all of the runs.", "warn"))
    columns, values, greatest = [Column("machine")], [list(frame["machine"])], np.zeros(len(frame))
    for metric in MACHINE_METRICS:
        keys = [f"{metric}, {name}" for name in comparison.names]
        if any(key not in frame for key in keys) or frame[keys].isna().all(axis=None):
            continue
        title, kind = _KINDS[metric]
        base = np.asarray(frame[keys[0]], float)
        columns.append(Column(f"{title}, {first}", kind))
        values.append(list(base))
        for name, key in zip(comparison.others, keys[1:], strict=True):
            delta = np.asarray(frame[key], float) - base
            columns.append(Column(f"{title}, {name} less {first}", kind, signed=True))
            values.append(list(delta))
            if metric == "rpo_s_max":
                greatest = np.maximum(greatest, np.nan_to_num(np.abs(delta)))
    order = np.argsort(-greatest, kind="stable")
    rows = [[column[row] for column in values] for row in order]
    table = TableBlock(
        "Machines, those first whose worst RPO differs most",
        columns,
        rows,
        most=_MACHINES_MAX,
        rest="All are in Comparison.machines.",
    )
    return Section("Machines", [*blocks, table] if rows else [], empty="There are no machines.")


def _provenance(comparison: Comparison) -> Section:
    facts: Sequence[tuple[str, Any]] = (
        ("scenario", lambda r: r.scenario_name),
        ("hash of the scenario", lambda r: r.scenario_hash or "–"),
        ("seed", lambda r: str(r.seed)),
        ("service profile", lambda r: str(r.summary.get("profile") or "–")),
        ("version of the simulator", lambda r: str(r.summary.get("version") or "–")),
        ("simulated", lambda r: formatting.duration(r.simulated_s)),
    )
    rows = [[name, *(read(result) for result in comparison.results)] for name, read in facts]
    columns = [Column("fact"), *(Column(name) for name in comparison.names)]
    return Section("Provenance", [TableBlock("Where these come from", columns, rows)])
