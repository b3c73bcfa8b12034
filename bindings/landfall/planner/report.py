"""The report of a capacity plan: every sheet of Deployment Planner, and what it lacks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import formatting
from .._version import version
from ..part import Part
from ..report.blocks import (
    Block,
    Cell,
    ChartBlock,
    Column,
    Figure,
    FiguresBlock,
    ListBlock,
    Section,
    TableBlock,
    TextBlock,
    cell_of,
)
from ..report.page import Page
from .charts import charts_of_copies, charts_of_cost, charts_of_days, charts_of_rpo
from .options import PlanOptions
from .tables import PlanTable

if TYPE_CHECKING:
    from .capacity_plan import CapacityPlan
    from .simulated import SimulatedPlan

__all__ = ["plan_page"]

_ROWS = 600
_DISK_ROWS = 300
_FEW = 40
#: Columns of the cost by machine that the lead of the section says once.
_SAME_FOR_ALL = ("drills_per_year", "drill_days", "redundancy", "hybrid_benefit")


def plan_page(
    plan: CapacityPlan, simulated: Sequence[SimulatedPlan] = (), *, interactive: bool = True
) -> Page:
    """Return the report of a plan.

    Parameters
    ----------
    plan
        The plan.
    simulated
        Simulations of it, for the section "Simulated".
    interactive
        Whether charts become interactive where Plotly is installed.
    """
    summary = plan.tables["summary"].rows[0]
    facts = {
        "desired RPO": formatting.duration(plan.rpo_s),
        "machines": f"{len(plan.planned):,} of {len(plan.machines):,}",
        "growth": f"{plan.options.growth_percent:g} %",
        "percentile": f"{plan.options.percentile:g}",
        "landfall": version(),
    }
    span = "" if summary["start"] is None else f", {summary['start']} to {summary['end']}"
    name = plan.inventory.name.rpartition("/")[2]
    return Page(
        f"Capacity plan – {name}",
        _sections(plan, simulated),
        subtitle=f"Replication to Azure, planned from {summary['days']:.3g} days of churn{span}",
        facts=facts,
        interactive=interactive,
    )


def _sections(plan: CapacityPlan, simulated: Sequence[SimulatedPlan]) -> list[Section]:
    tables = plan.tables
    return [
        Section("Headline", [FiguresBlock(_figures(plan)), *_warnings(plan)]),
        Section("On-premises summary", [_upright(tables["summary"])]),
        _recommendations(plan),
        Section(
            "What-if by day",
            [*map(ChartBlock, charts_of_days(plan)), *_days(plan)],
            f"Over {_rate(plan.bandwidth(share=0.9))}, the bandwidth for 90 % of the time.",
            "There are no days to tell apart.",
        ),
        Section(
            "Achieved RPO",
            [tables["achieved"].block()],
            "What a link achieves: around the planned bandwidth, and the one that was asked about.",
        ),
        Section("Servers, accounts and cores", [tables["servers"].block()], name="servers"),
        _machines(plan),
        _incompatible(plan),
        Section(
            "Placement",
            [tables["placement"].block(most=_ROWS)] if len(tables["placement"]) else [],
            "Which storage each machine replicates to; accounts are filled evenly by churn.",
            "There is nothing to place.",
        ),
        _cost(plan),
        _copies(plan),
        *_hyper_v(plan),
        _network(plan),
        Section(
            "How sure",
            [tables["intervals"].block()] if len(tables["intervals"]) else [],
            "Bootstrap over whole days: what other days of this kind would have needed, and what "
            f"as many days to come will need with a chance of {100 * plan.options.level:g} %.",
            "The trace is shorter than two days: there is no interval.",
            name="intervals",
        ),
        _waves(plan),
        _simulated(simulated),
        Section(
            "Notes", [ListBlock(plan.notes)] if plan.notes else [],
            "What was assumed, left out, or is unknown.",
        ),
        Section("Assumptions", [_assumptions(plan.options)], "All options of this plan."),
    ]  # fmt: skip


def _rate(rate: float) -> str:
    return formatting.bits(rate) if math.isfinite(rate) else "no bandwidth"


# --- Headline -------------------------------------------------------------------------------------


def _figures(plan: CapacityPlan) -> list[Figure]:
    rate = Column("", "rate")
    count = Column("", "count")
    made = []
    for share in (1.0, 0.9):
        found = plan.required[plan.rpo_s, share]
        ends = found.days_to_come or found.same_days
        note = ""
        if ends is not None:
            note = f"{_rate(ends[0])} to {_rate(ends[1])} for the days to come, {_sure(plan)}"
        name = f"bandwidth, {100 * share:g} % of the time"
        made.append(Figure(name, cell_of(found.bits_per_second, rate), note))
    others = sum(bool(machine.reasons) for machine in plan.machines)
    made += [
        Figure("compatible machines", cell_of(len(plan.machines) - others, count)),
        Figure(
            "incompatible", Cell(f"{others:,}", others, "bad" if others else "good"),
            "each with its reasons" if others else "",
        ),
    ]  # fmt: skip
    servers = {row["what"]: row["count"] for row in plan.tables["servers"].rows}
    made.append(Figure("Azure cores in drills", cell_of(servers["Azure cores"], count)))
    total = plan.tables["cost"].rows[-1]
    unit = next(each.unit for each in plan.tables["cost"].columns if each.key == "monthly")
    unknown = int(total["unknown"])
    made.append(
        Figure(
            "cost of a month",
            Cell(f"{total['monthly']:,.0f} {unit}", total["monthly"], "warn" if unknown else ""),
            "without what is unknown" if unknown else "",
        )
    )
    if plan.options.bandwidth is not None:
        achieved = plan.demand.achieved(plan.options.bandwidth, 1.0)
        name = f"RPO over {_rate(plan.options.bandwidth)}"
        text = formatting.duration(achieved)
        is_met = achieved <= plan.rpo_s
        made.append(Figure(name, Cell(text, achieved, "good" if is_met else "bad")))
    return made


def _sure(plan: CapacityPlan) -> str:
    return f"with a chance of {100 * plan.options.level:g} %"


def _warnings(plan: CapacityPlan) -> list[Block]:
    found: list[Block] = []
    if not math.isfinite(plan.bandwidth()):
        text = "Throttles leave so little that no link meets the RPO all the time."
        found.append(TextBlock(text, "warn"))
    overridden = [machine.name for machine in plan.machines if machine.is_overridden]
    if overridden:
        names = ", ".join(overridden[:10]) + (" …" if len(overridden) > 10 else "")
        text = f"Planned in although a limit says no: {names}."
        found.append(TextBlock(text, "warn"))
    return found


def _upright(table: PlanTable) -> TableBlock:
    """Return a table of one row as one of two columns."""
    row = table.rows[0]
    rows = [
        [each.title, cell_of(row.get(each.key), Column(each.title, each.kind, each.unit)),
         each.meaning]
        for each in table.columns
    ]  # fmt: skip
    return TableBlock(table.title, [Column("what"), Column("value"), Column("meaning")], rows)


# --- Recommendations, days ------------------------------------------------------------------------


def _recommendations(plan: CapacityPlan) -> Section:
    charts = [ChartBlock(chart) for chart in charts_of_rpo(plan)]
    lead = (
        "A line rate: payload gets "
        f"{100 * plan.options.payload_share:g} % of it, and "
        f"{formatting.duration(plan.options.processing)} of each RPO go to making recovery points."
    )
    return Section("Recommendations", [plan.tables["bandwidth"].block(), *charts], lead)


def _days(plan: CapacityPlan) -> list[Block]:
    table = plan.tables["what_if"]
    if not len(table):
        return []
    rpos = dict.fromkeys(row["rpo_s"] for row in table.rows)
    blocks: list[Block] = []
    for rpo in rpos:
        rows = [row for row in table.rows if row["rpo_s"] == rpo]
        title = f"RPO {formatting.duration(rpo)}"
        blocks.append(PlanTable("what_if", title, table.columns, rows).block(without=["rpo_s"]))
    return blocks


# --- Machines -------------------------------------------------------------------------------------


def _machines(plan: CapacityPlan) -> Section:
    table = plan.tables["compatible"]
    blocks: list[Block] = []
    if len(table):
        # A text that is the same of all is said once, and leaves its room to the others.
        texts = [each for each in table.columns[2:] if each.kind == "text"]
        same = {
            each.key: f"{each.title}: {table.rows[0][each.key]}"
            for each in texts
            if len(table) > 1 and len(set(table.values(each.key))) == 1
        }
        blocks = [table.block(most=_ROWS, without=list(same))]
        said = [text for key, text in same.items() if table.rows[0][key]]
        if said:
            blocks.append(TextBlock(f"The same of all of them: {'; '.join(said)}."))
        if len(plan.tables["disks"]) != len(plan.machines):
            blocks.append(plan.tables["disks"].block(most=_DISK_ROWS))
    return Section(
        "Compatible machines",
        blocks,
        "Yes*: the load of a disk needs a larger tier than its size would give it. The Azure size "
        "is the smallest that has the cores, memory, disks and interfaces.",
        "No machine is compatible.",
        name="compatible",
    )


def _incompatible(plan: CapacityPlan) -> Section:
    table = plan.tables["incompatible"]
    blocks: list[Block] = []
    if len(table):
        told = replace(table, title="What each would add")
        blocks = [
            told.block(most=_ROWS, without=["reasons"]),
            plan.tables["reasons"].block(most=_ROWS),
        ]
    return Section(
        "Incompatible machines",
        blocks,
        "They are in no total. The option overrides plans one in all the same.",
        "Every machine is compatible.",
        name="incompatible",
    )


# --- Cost, copies ---------------------------------------------------------------------------------


def _cost(plan: CapacityPlan) -> Section:
    options = plan.options
    lead = (
        f"{options.drills_per_year:g} drills a year of {options.drill_days:g} days; prices of "
        f"{options.price_book}; discount {options.discount_percent:g} %; {options.redundancy}; "
        f"Windows licences {'are there' if options.hybrid_benefit else 'are paid for'}."
    )
    blocks: list[Block] = [
        plan.tables["cost"].block(),
        *map(ChartBlock, charts_of_cost(plan)),
        plan.tables["cost_machines"].block(most=_ROWS, without=_SAME_FOR_ALL),
    ]
    return Section("Cost estimation", blocks, lead, name="cost")


def _copies(plan: CapacityPlan) -> Section:
    tables = plan.tables
    if not len(tables["batches"]):
        text = (
            "Bytes in use are unknown, or changes leave nothing of the link: no batch is planned."
        )
        return Section("Initial replication", (), "", text)
    blocks: list[Block] = [
        tables["batches"].block(),
        *map(ChartBlock, charts_of_copies(plan)),
        tables["copy_curve"].block(),
        tables["batch_machines"].block(most=_ROWS),
    ]
    given = plan.options.bandwidth
    link = "the planned bandwidth" if given is None else _rate(given)
    lead = (
        "Named batches in order. Changes of earlier batches go first: a batch gets what they leave "
        f"of {link}."
    )
    return Section("Initial replication", blocks, lead)


def _hyper_v(plan: CapacityPlan) -> list[Section]:
    if plan.options.kind != "hyper-v":
        return []
    table = plan.tables["hyper_v_storage"]
    return [
        Section(
            "On-premises storage requirement",
            [table.block()] if len(table) else [],
            "At worst a first copy needs free space of all disks, changes half of them.",
            "Name the volumes (option volumes) to see what they lack.",
            name="hyper-v-storage",
        )
    ]


# --- Network, waves, simulation -------------------------------------------------------------------


def _network(plan: CapacityPlan) -> Section:
    if "network" not in plan.tables:
        return Section("Network and failures", (), "", "No network was given: --network says it.",
                       name="network")  # fmt: skip
    failures = plan.tables["link_failures"]
    blocks: list[Block] = [plan.tables["network"].block()]
    for together in dict.fromkeys(failures.values("together")):
        rows = [row for row in failures.rows if row["together"] == together]
        down = "a link is" if together == 1 else f"{together} links are"
        told = replace(failures, title=f"What is left when {down} down, worst first", rows=rows)
        blocks.append(told.block(most=_FEW, without=["together"]))
    lead = "What limits replication, what it falls apart without, and what is left when links fail."
    return Section("Network and failures", blocks, lead, name="network")


def _waves(plan: CapacityPlan) -> Section:
    names = [name for name in ("waves", "wave_machines") if name in plan.tables]
    blocks = [plan.tables[name].block(most=_ROWS) for name in names]
    return Section("Waves", blocks, "Which machines move together and when." if blocks else "")


def _simulated(simulated: Sequence[SimulatedPlan]) -> Section:
    if not simulated:
        return Section("Simulated", (), "", "The plan was not simulated: --simulate does it.")
    columns = [
        Column("RPO"),
        Column("promised", "percent"),
        Column("bandwidth", "rate"),
        Column("all machines met it", "percent", hint="Part of the time for all at once."),
        Column("each, in the mean", "percent", hint="Part of the time of a single machine."),
        Column("each, at worst", "percent"),
        Column("verdict", "verdict"),
    ]
    rows = [
        [
            formatting.duration(each.rpo_s),
            100 * each.share,
            each.scenario.links[0].bandwidth,
            100 * each.within,
            100 * each.within_mean,
            100 * each.within_least,
            each.ok,
        ]
        for each in simulated
    ]
    blocks: list[Block] = [TableBlock("What simulating it showed", columns, rows)]
    for each in simulated:
        lines = [str(finding) for finding in each.why[:8]]
        if lines:
            share = f"{100 * each.share:g} %"
            blocks.append(TextBlock(f"Why the RPO was missed, planned for {share} of the time:"))
            blocks.append(ListBlock(lines))
    lead = "The planned bandwidth at volume fidelity: every machine, every change, every point."
    return Section("Simulated", blocks, lead)


def _assumptions(options: PlanOptions) -> TableBlock:
    usual = PlanOptions()
    rows = [
        [
            name,
            _shown(name, getattr(options, name)),
            (field.description or "").replace("`", ""),
            "default" if getattr(options, name) == getattr(usual, name) else "set",
        ]
        for name, field in PlanOptions.model_fields.items()
    ]
    heads = [Column("option"), Column("value"), Column("meaning"), Column("")]
    return TableBlock("Options", heads, rows)


#: Options that are quantities, and how they are written.
_WRITTEN = {
    "rpos": formatting.duration,
    "processing": formatting.duration,
    "initial_replication_goal": formatting.duration,
    "retention": formatting.duration,
    "write_size": formatting.size,
    "assume_disk": formatting.size,
    "bandwidth": _rate,
}


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(name, each) for each in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {each}" for key, each in value.items()) or "none"
    if name in _WRITTEN:
        return _WRITTEN[name](value)
    if isinstance(value, Part):
        given = ((key, each) for key, each in value.canonical().items() if each is not None)
        return " ".join(f"{key}={_plain(each)}" for key, each in given)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> str:
    return "/".join(map(str, value)) if isinstance(value, list) else str(value)
