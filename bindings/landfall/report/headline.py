"""The numbers that a run is judged by first; reports and comparisons begin with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .. import formatting
from .blocks import Cell, Column, Figure, Kind, cell_of
from .run_charts import targets

if TYPE_CHECKING:
    from ..result import Result

__all__ = ["HEADLINES", "Headline", "figures_of", "headline_value"]


@dataclass(frozen=True, slots=True)
class Headline:
    """One of the numbers: its key in ``Result.totals``, its name, and how it is written.

    Attributes
    ----------
    machine_column
        The column of the table of machines whose greatest value it is; empty: it is a sum.
    better
        Whether less or more of it is better.
    """

    key: str
    name: str
    kind: Kind
    machine_column: str = ""
    better: Literal["less", "more"] = "less"


HEADLINES = (
    Headline("rpo_s_max", "worst RPO", "duration", "rpo_s_max"),
    Headline("rpo_s_p95", "RPO, 95 %", "duration"),
    Headline("downtime_s", "worst downtime", "duration", "downtime_s"),
    Headline("rto_s", "worst RTO", "duration", "rto_s"),
    Headline(
        "initial_replication_s", "slowest initial replication", "duration", "initial_replication_s"
    ),
    Headline("migration_duration_s", "migration, all of it", "duration"),
    Headline("data_loss_bytes", "data loss", "size"),
    Headline("wan_bytes", "sent over the WAN", "size"),
    Headline("cost_total", "cost", "money"),
)


def currency_of(result: Result) -> str:
    """Return the currency of the run's prices; empty when nothing is billed."""
    return str((result.summary.get("billing") or {}).get("currency") or "")


def headline_value(result: Result, headline: Headline) -> float | None:
    """Return the number in canonical units; None when it is not applicable."""
    value = result.totals.get(headline.key)
    if headline.key not in result.totals and headline.machine_column:
        value, _ = _worst(result, headline.machine_column)
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None


def _worst(result: Result, column: str) -> tuple[float | None, str]:
    """Return the greatest value of a column of machines, and whose it is."""
    if "machines" not in result.tables or column not in result.tables["machines"]:
        return None, ""
    table = result.tables["machines"]
    values = np.asarray(table[column], float)
    if not np.isfinite(values).any():
        return None, ""
    row = int(np.nanargmax(values))
    return float(values[row]), str(table.names("machine")[row])


def figures_of(result: Result) -> list[Figure]:
    """Return the headline numbers of a run; those that are not applicable are left out."""
    figures = [_verdicts(result)]
    if result.violation_count:
        cell = Cell(f"{result.violation_count:,}", result.violation_count, "bad")
        figures.append(Figure("violations of oracles", cell, "replication was wrong"))
    for headline in HEADLINES:
        value = headline_value(result, headline)
        if value is None:
            continue
        cell = cell_of(value, Column("", headline.kind, currency_of(result)))
        note, tone = _note(result, headline, value)
        figures.append(Figure(headline.name, Cell(cell.text, value, tone), note))
    return figures


def _verdicts(result: Result) -> Figure:
    expect: list[dict[str, Any]] = result.summary["expect"]
    held = sum(bool(entry.get("passed")) for entry in expect)
    if not expect:
        return Figure("expectations met", Cell("–", None), "the scenario has none")
    good = held == len(expect)
    return Figure(
        "expectations met",
        Cell(f"{held} of {len(expect)}", held, "good" if good else "bad"),
        "all hold" if good else f"{len(expect) - held} failed",
    )


def _note(
    result: Result, headline: Headline, value: float
) -> tuple[str, Literal["", "good", "bad", "warn"]]:
    if headline.key == "rpo_s_max":
        _, machine = _worst(result, "rpo_s_max")
        limits = targets(result)
        note = f"of {machine}" if machine else ""
        if limits:
            least = min(limits.values())
            word = "above" if value > least else "within"
            note += f", {word} the target of {formatting.duration(least)}"
            return note.removeprefix(", "), "warn" if value > least else "good"
        return note, ""
    if headline.key == "data_loss_bytes":
        return ("in all", "warn") if value > 0 else ("nothing was lost", "good")
    if headline.machine_column:
        _, machine = _worst(result, headline.machine_column)
        return (f"of {machine}" if machine else ""), ""
    return {"migration_duration_s": "first enabling to last completion"}.get(headline.key, ""), ""
