"""The files of a plan's folder."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from .tables import PlanTable

if TYPE_CHECKING:
    from .capacity_plan import CapacityPlan

__all__ = ["remove_files", "write_files"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SHEET_NAME_MAX = 31
_TRACE = "trace.csv"


def _plain(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return "" if value is None or value != value else value


def _csv(table: PlanTable) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    keys = [each.key for each in table.columns]
    writer.writerow(keys)
    writer.writerows([_plain(row.get(key)) for key in keys] for row in table.rows)
    return out.getvalue()


def write_files(plan: CapacityPlan, folder: Path) -> None:
    """Write the tables, plan.json, and scenario.json if the plan can be simulated."""
    if (scenario := _scenario(plan, folder)) is not None:
        (folder / "scenario.json").write_text(scenario, encoding="utf-8")
    for name, table in plan.tables.items():
        (folder / f"{name}.csv").write_text(_csv(table), encoding="utf-8")
    (folder / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    if importlib.util.find_spec("openpyxl") is not None:
        _workbook(plan, folder / "plan.xlsx")


def remove_files(folder: Path) -> None:
    """Remove what an earlier plan wrote here, so that no table of it stays."""
    try:
        tables = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["tables"]
        names = [f"{name}.csv" for name in tables]
    except (OSError, ValueError, KeyError, TypeError):
        return
    for name in (*names, "scenario.json", _TRACE, "plan.xlsx"):
        if Path(name).name == name:
            (folder / name).unlink(missing_ok=True)


def _scenario(plan: CapacityPlan, folder: Path) -> str | None:
    """Return the scenario; a trace that has no file of its own to replay gets trace.csv."""
    has_file = plan.trace is None or plan.trace.origin is not None
    beside = folder / _TRACE
    try:
        made = plan.scenario(trace_file=None if has_file else beside)
    except ScenarioError as error:
        what = error.problems[0]
        plan.notes.append(f"There is no scenario.json: {what.pointer} {what.message}.")
        return None
    text = made.to_json(indent=2)
    if has_file:
        return text
    # A relative name starts from the folder of the scenario, wherever that is moved.
    return text.replace(json.dumps(str(beside.absolute())), json.dumps(_TRACE))


def _workbook(plan: CapacityPlan, path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, table in plan.tables.items():
        sheet = book.create_sheet(name[:_SHEET_NAME_MAX])
        sheet.append([each.title for each in table.columns])
        for row in table.rows:
            sheet.append([_cell(row.get(each.key)) for each in table.columns])
    meanings = book.create_sheet("columns")
    meanings.append(["table", "column", "meaning"])
    for table in plan.tables.values():
        for each in table.columns:
            meanings.append([table.name, each.key, each.meaning])
    notes = book.create_sheet("notes")
    for note in plan.notes:
        notes.append([_cell(note)])
    options = book.create_sheet("options")
    for key, value in plan.options.canonical().items():
        options.append([key, json.dumps(value)])
    book.save(path)


def _cell(value: Any) -> Any:
    made = _plain(value)
    if isinstance(made, float) and made in (float("inf"), float("-inf")):
        return "unbounded"
    if isinstance(made, str):
        # Control characters are not allowed in a workbook.
        return "".join(letter for letter in made if letter.isprintable() or letter in "\n\t")
    return made if made != "" else None
