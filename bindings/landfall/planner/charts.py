"""The charts of a plan's report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .. import formatting, planning
from ..plot_style import AMBER, BLUE, GREEN, ORANGE, PINK, SKY
from ..report.chart import (
    Bars,
    Chart,
    Level,
    Line,
    Scale,
    count_scale,
    thinned,
    time_scale,
)
from .recommendations import day_name

if TYPE_CHECKING:
    from .capacity_plan import CapacityPlan

__all__ = ["charts_of_copies", "charts_of_cost", "charts_of_days", "charts_of_rpo"]

_POINTS = 1_500
_CURVE = 400
_COLOURS = (BLUE, ORANGE, GREEN, PINK, AMBER, SKY)


def _rates(label: str, largest: float) -> Scale:
    for factor, unit in ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")):
        if largest >= factor:
            return Scale(label, factor, unit)
    return Scale(label, 1.0, "bit/s")


def _time(plan: CapacityPlan) -> tuple[np.ndarray, Scale]:
    seconds = (np.arange(plan.demand.slots) + 1) * plan.demand.slot_s
    return seconds, time_scale("since the trace began", float(seconds[-1]))


def charts_of_rpo(plan: CapacityPlan) -> list[Chart]:
    """Return churn over time, the RPO over the planned bandwidths, and the curve of both."""
    demand = plan.demand
    if not demand.arrivals.any():
        return []
    made = [_churn(plan)]
    if rpo := _rpo(plan):
        made.append(rpo)
    return [*made, _curve(plan)]


def _churn(plan: CapacityPlan) -> Chart:
    demand = plan.demand
    x, scale = _time(plan)
    line = demand.arrivals * 8 / demand.slot_s / demand.options.payload_share
    x, y, cut = thinned(x, line, _POINTS)
    levels = [
        Level(
            f"{formatting.bits(plan.bandwidth(share=share))}: {100 * share:g} % of the time",
            plan.bandwidth(share=share),
        )
        for share in (1.0, 0.9)
        if math.isfinite(plan.bandwidth(share=share))
    ]
    top = max(float(line.max()), *(level.y for level in levels), 1.0)
    note = "Every peak is drawn; between them the line is thinned." if cut else ""
    return Chart(
        "Churn of the planned machines, and the bandwidth it needs",
        f"Line chart of the churn on the wire. Its peak is "
        f"{formatting.bits(float(line.max()))}, the planned bandwidth "
        f"{formatting.bits(plan.bandwidth())}.",
        scale,
        _rates("churn on the wire, with growth", top),
        [Line("churn", x, y, SKY, 1.0), *levels],
        note=note,
    )


def _rpo(plan: CapacityPlan) -> Chart | None:
    series: list[Line | Level] = []
    worst = plan.rpo_s
    rates = {plan.bandwidth(share=share): share for share in (1.0, 0.9)}
    if plan.options.bandwidth is not None:
        rates[float(plan.options.bandwidth)] = 0.0
    for (rate, share), colour in zip(rates.items(), (BLUE, ORANGE, GREEN), strict=False):
        if not math.isfinite(rate) or rate <= 0:
            continue
        x, scale = _time(plan)
        x, y, _ = thinned(x, plan.demand.rpo(rate), _POINTS)
        worst = max(worst, float(y.max()))
        name = f"for {100 * share:g} % of the time" if share else "the link that is there"
        series.append(Line(f"{formatting.bits(rate)}, {name}", x, y, colour, 1.2))
    if not series:
        return None
    series.append(Level(f"RPO {formatting.duration(plan.rpo_s)}", plan.rpo_s))
    return Chart(
        "RPO over the planned bandwidths",
        f"Line chart of the RPO over time for each bandwidth. The worst is "
        f"{formatting.duration(worst)}.",
        scale,
        time_scale("RPO", worst),
        series,
        note="Age of the oldest byte that is not in Azure at the end of each slot, and the time "
        f"to the next recovery point ({formatting.duration(plan.options.processing)}).",
    )


def _curve(plan: CapacityPlan) -> Chart:
    """Return the bandwidth that each share of the time needs, for each RPO."""
    demand, options = plan.demand, plan.options
    series = []
    top = 1.0
    for rpo, colour in zip(options.rpos_with(plan.rpo_s), _COLOURS, strict=False):
        rates = planning.required_by_slot(
            demand.arrivals,
            slot_s=demand.slot_s,
            rpo_s=rpo,
            processing_s=options.processing,
            availability=demand.availability,
        )
        rates = np.sort(rates) / options.payload_share
        shares = (np.arange(rates.size) + 1) / rates.size * 100
        finite = np.isfinite(rates) & (shares >= 50)
        if not finite.any():
            continue
        rates, shares = rates[finite], shares[finite]
        picked = np.unique(np.linspace(0, rates.size - 1, min(_CURVE, rates.size)).astype(int))
        # The last per mille is where the bandwidth runs away: all of it stays.
        picked = np.union1d(picked, np.arange(max(0, rates.size - 40), rates.size))
        top = max(top, float(rates[-1]))
        series.append(
            Line(f"RPO {formatting.duration(rpo)}", shares[picked], rates[picked], colour)
        )
    note = "What the last per cent of the time costs." if demand.ceiling is None else (
        "Without the ceilings of throttles."
    )  # fmt: skip
    return Chart(
        "Bandwidth against the share of the time",
        "Line chart: the bandwidth that an RPO needs rises with the share of the time for which it "
        "is met, and steeply at the end.",
        count_scale("share of the time within the RPO", "%"),
        _rates("bandwidth", top),
        series,
        note=note,
        start=50.0,
        end=100.0,
    )


def charts_of_days(plan: CapacityPlan) -> list[Chart]:
    """Return the peak RPO of each day over the bandwidth for 90 % of the time."""
    rate = plan.bandwidth(share=0.9)
    table = plan.tables["what_if"]
    if not len(table) or not math.isfinite(rate):
        return []
    found = plan.demand.breaches(rate, plan.rpo_s)
    peaks = found.peak_s
    names = [day_name(plan.demand, day) for day in range(len(peaks))]
    inside = np.where(found.violations == 0, peaks, 0.0)
    above = np.where(found.violations > 0, peaks, 0.0)
    return [
        Chart(
            f"Peak RPO of each day over {formatting.bits(rate)}",
            f"Bar chart of {len(peaks)} days, {np.count_nonzero(found.violations)} of them above "
            f"{formatting.duration(plan.rpo_s)}.",
            count_scale("", ""),
            time_scale("peak RPO", float(peaks.max())),
            [
                Bars("within the RPO", inside, GREEN),
                Bars("above it", above, ORANGE),
                Level(f"RPO {formatting.duration(plan.rpo_s)}", plan.rpo_s),
            ],
            names=[_short(name) for name in names],
        )
    ]


def _short(day: str) -> str:
    """Return a date without its weekday and year; other names as they are."""
    return day if day.startswith("day") else day[9:]


def charts_of_cost(plan: CapacityPlan) -> list[Chart]:
    """Return the monthly cost by component."""
    rows = [row for row in plan.tables["cost"].rows if row["state"] and row["monthly"]]
    if not rows:
        return []
    amounts = np.array([float(row["monthly"]) for row in rows])
    in_tool = np.array([row["in_tool"] == "yes" for row in rows])
    unit = next(each.unit for each in plan.tables["cost"].columns if each.key == "monthly")
    return [
        Chart(
            "Cost of a month by component",
            f"Bar chart; together {amounts.sum():,.0f} {unit}.",
            count_scale("", ""),
            count_scale("a month", unit),
            [
                Bars("counted by Deployment Planner", np.where(in_tool, amounts, 0.0), BLUE),
                Bars("left out by it", np.where(in_tool, 0.0, amounts), ORANGE),
            ],
            names=[str(row["component"]) for row in rows],
        )
    ]


def charts_of_copies(plan: CapacityPlan) -> list[Chart]:
    """Return the time of all first copies against the bandwidth."""
    rows = [row for row in plan.tables["copy_curve"].rows if row["duration_s"]]
    if len(rows) < 2:
        return []
    x = np.array([float(row["bandwidth"]) for row in rows])
    y = np.array([float(row["duration_s"]) for row in rows])
    return [
        Chart(
            "Initial replication of all machines against the bandwidth",
            f"Line chart from {formatting.duration(float(y.max()))} down to "
            f"{formatting.duration(float(y.min()))}.",
            _rates("bandwidth", float(x.max())),
            time_scale("all copies take", float(y.max())),
            [Line("all batches", x, y, BLUE, 1.8)],
        )
    ]
