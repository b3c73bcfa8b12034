"""How a result shows itself in a notebook."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from . import formatting

if TYPE_CHECKING:
    from .result import Result

__all__ = ["result_html", "text_table"]

_MACHINES_SHOWN = 8
_EXPECTATIONS_SHOWN = 20
_TOTALS = (
    ("initial_replication_s", "initial replication"),
    ("rpo_s_p95", "RPO, 95 %"),
    ("rpo_s_max", "worst RPO"),
    ("downtime_s", "downtime"),
    ("migration_duration_s", "migration"),
    ("data_loss_bytes", "data loss"),
    ("wan_bytes", "sent over the WAN"),
)
_MACHINE_COLUMNS = (
    ("machine", "machine"),
    ("state", "state"),
    ("initial_replication_s", "initial replication"),
    ("rpo_s_p95", "RPO, 95 %"),
    ("rpo_s_max", "worst RPO"),
    ("downtime_s", "downtime"),
    ("migration_duration_s", "migration"),
    ("data_loss_bytes", "data loss"),
)
_LEFT = "text-align:left"


def result_html(result: Result) -> str:
    """Return a result as HTML: totals, expectations, the first machines and the RPO picture."""
    head = (
        f"<strong>{html.escape(result.scenario_name)}</strong> · seed {result.seed} · "
        f"{formatting.duration(result.simulated_s)} simulated in "
        f"{formatting.duration(result.wall_s)} · "
        f"{html.escape(_states(result))}"
    )
    parts = [f"<p>{head}</p>", _proof(result), _totals(result)]
    parts += [_expectations(result), _machines(result)]
    parts.append(_picture(result))
    return f'<div class="landfall-result">{"".join(parts)}</div>'


def _states(result: Result) -> str:
    states = (f"{count:,} {state}" for state, count in result.end_states().items())
    return ", ".join(states) or "no machines"


def _proof(result: Result) -> str:
    return "" if result.proof is None else f"<p>oracles: {html.escape(str(result.proof))}</p>"


def value_text(column: str, value: Any) -> str:
    """Return a value for people, by the unit in its column's name."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if column.endswith("_bytes"):
        return formatting.size(value)
    if column.endswith("_s") or column.startswith("rpo_s_"):
        return formatting.duration(value)
    if isinstance(value, int | float):
        return f"{value:,}"
    return str(value)


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of texts as HTML, for a notebook."""
    titles = "".join(f'<th style="{_LEFT}">{html.escape(title)}</th>' for title in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_LEFT}">{html.escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _totals(result: Result) -> str:
    totals = result.totals
    shown = [(key, title) for key, title in _TOTALS if key in totals]
    if not shown:
        return ""
    row = [value_text(key, totals[key]) for key, _ in shown]
    return text_table([title for _, title in shown], [row])


def _expectations(result: Result) -> str:
    entries = result.summary["expect"]
    if not entries:
        return ""
    rows = [
        (
            "holds" if entry.get("passed") else "FAILS",
            str(entry.get("metric", "")),
            _selection_text(entry),
            _rule_text(entry),
            value_text(str(entry.get("metric", "")), entry.get("found")),
        )
        for entry in sorted(entries, key=lambda entry: bool(entry.get("passed")))
    ]
    text = text_table(
        ("expectation", "metric", "machines", "rule", "found"), rows[:_EXPECTATIONS_SHOWN]
    )
    return text + _more(len(rows) - _EXPECTATIONS_SHOWN, "expectation", ".expect")


def _selection_text(entry: dict[str, Any]) -> str:
    machines = entry.get("machines", "all")
    names = machines if isinstance(machines, str) else ", ".join(machines)
    return names + (" (total)" if entry.get("of") == "total" else "")


def _rule_text(entry: dict[str, Any]) -> str:
    return " ".join(
        f"{rule.replace('_', ' ')} {value_text(str(entry.get('metric', '')), limit)}"
        for rule, limit in entry["rule"].items()
    )


def _machines(result: Result) -> str:
    if "machines" not in result.tables:
        return ""
    table = result.to_arrow("machines")
    shown = [(name, title) for name, title in _MACHINE_COLUMNS if name in table.column_names]
    rows = [
        [value_text(name, row[name]) for name, _ in shown]
        for row in table.slice(0, _MACHINES_SHOWN).to_pylist()
    ]
    text = text_table([title for _, title in shown], rows)
    return text + _more(table.num_rows - _MACHINES_SHOWN, "machine", ".machines")


def _more(count: int, word: str, attribute: str) -> str:
    if count <= 0:
        return ""
    return f"<p>{formatting.plural(count, 'more ' + word)} in <code>{attribute}</code></p>"


def _picture(result: Result) -> str:
    if "fleet" not in result.tables and "rpo" not in result.tables:
        return ""
    png = base64.b64encode(result.plot.rpo().png(dpi=80)).decode("ascii")
    return (
        f'<img alt="RPO over time of {html.escape(result.scenario_name, quote=True)}" '
        f'src="data:image/png;base64,{png}">'
    )
