"""The support matrix and the rules of operations as text: a table and a page.

Both are printed from the tables that decide what the simulated service refuses
(``model/recovery/support_matrix.hpp``, ``operations.hpp``), so that neither can differ from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, get_args

from . import _model
from .profiles import ProfileName

#: The profiles there are, oldest first.
PROFILES: tuple[str, ...] = get_args(ProfileName)
_UNLISTED = "-"

_HEAD = """# What each scenario supports

Printed by `landfall support-matrix --markdown` from the tables that the simulated service obeys;
a test compares the two. `yes (…)` says how far, `no` is refused with the reason and source below,
`n/a` has no meaning there, and `?` marks what no document states and we inferred. Replication by
storage arrays between VMM sites was withdrawn before 2018 and is not simulated.
"""

_RULES_HEAD = """## Rules of operations

What may start in which state. *Listed* rules are in `allowedOperations` of the REST API, in this
order; the others are legal too. A rule counts only for kinds that support the operation. `[A]`
marks an assumption of ours.
"""


def table(profile: str) -> str:
    """Give the support matrix of a profile as aligned columns, one letter to a cell.

    Parameters
    ----------
    profile : str
        Name of a service profile.
    """
    matrix = _model.support_matrix(profile)
    lines = [f"Support by scenario, {profile}", ""]
    lines += [f"  {k + 1:2}  {kind}" for k, kind in enumerate(matrix["kinds"])]
    numbers = "".join(f"{k + 1:>5}" for k in range(len(matrix["kinds"])))
    lines += ["", f"{'':42}{numbers}"]
    for row in matrix["rows"]:
        cells = "".join(f"{_short(cell):>5}" for cell in row["cells"])
        lines.append(f"{row['feature']:42}{cells}")
    lines += ["", "? no document states it.  Reasons, sources and rules: --markdown"]
    return "\n".join(lines) + "\n"


def page() -> str:
    """Give the page of the documentation: both profiles, reasons, version switches and rules."""
    matrices = [_matrix(profile) for profile in PROFILES]
    return "\n".join([_HEAD, *matrices, _switches(), _refusals(PROFILES[-1]), _rules()])


def _short(cell: dict[str, Any]) -> str:
    mark = "?" if cell["uncertain"] else ""
    return f"{cell['support']}{mark}"


def _long(cell: dict[str, Any]) -> str:
    note = f" ({cell['note']})" if cell["note"] and cell["support"] == "yes" else ""
    return _short(cell) + note


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _matrix(profile: str) -> str:
    matrix = _model.support_matrix(profile)
    rows = [[row["feature"], *map(_long, row["cells"])] for row in matrix["rows"]]
    return f"## {profile}\n\n" + _markdown(["", *matrix["kinds"]], rows)


def _switches() -> str:
    fields = [_model.profile(name)["fields"] for name in PROFILES]
    rows = []
    for version in _model.support_matrix(PROFILES[0])["switches"]:
        entries = [held[version["field"]] for held in fields]
        values = [f"{_value(entry)}: {entry['source']}" for entry in entries]
        rows.append([f"`{version['field']}`", version["meaning"], *values])
    return "## What the version decides\n\n" + _markdown(["field", "meaning", *PROFILES], rows)


def _value(entry: dict[str, Any]) -> str:
    value = entry["value"]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value} {entry['unit']}".strip()


def _refusals(profile: str) -> str:
    matrix = _model.support_matrix(profile)
    rows = []
    for row in matrix["rows"]:
        reasons: dict[tuple[str, str], list[str]] = {}
        for kind, cell in zip(matrix["kinds"], row["cells"], strict=True):
            if cell["support"] != "yes":
                reasons.setdefault((cell["note"], cell["source"]), []).append(kind)
        rows += [
            [row["feature"], ", ".join(kinds), note, source]
            for (note, source), kinds in reasons.items()
        ]
    head = ["feature", "not for", "because", "source"]
    return f"## Why not ({profile})\n\n" + _markdown(head, rows)


def _rules() -> str:
    everything = len(_model.support_matrix(PROFILES[0])["kinds"])
    parts = [_RULES_HEAD]
    for state, rules in groupby(_model.operation_rules(), key=lambda rule: str(rule["state"])):
        rows = [
            [
                rule["operation"],
                "yes" if rule["listed"] else _UNLISTED,
                rule["active"] or "either",
                "all" if len(rule["kinds"]) == everything else ", ".join(rule["kinds"]),
                rule["condition"],
                rule["source"],
            ]
            for rule in rules
        ]
        head = ["operation", "listed", "runs at", "kinds", "when", "source"]
        parts.append(f"### {state}\n\n" + _markdown(head, rows))
    return "\n".join(parts)
