"""The kinds of fault as text: a table and a page, printed from the simulator's own table."""

from __future__ import annotations

from itertools import groupby

from . import faults
from .support import _markdown

_HEAD = """# What may go wrong

Printed by `landfall faults --markdown` from the table that the simulator obeys; a test compares
the two. An entry of a scenario's `faults` has `kind`, `at`, the key of its target, `lasts` where
the kind lasts, and the keys listed (those in brackets may be left out). *Outcome* is the strongest
that may be asked for by `envelope`: `recover`, nothing is lost; `detect`, damage is noticed before
anybody relies on it, and made good; `bounded_loss`, what the newest recovery point misses, or what
it held, may be lost. *Code* is what Site Recovery shows; F-numbers are those of the catalogue of
faults in the design notes.
"""
_PHASES = """## Phases

What coverage tells apart. A cell of the map has a meaning when the kind may strike in the class.
"""
_MEANING = """## Without a meaning

All other cells have one, and a campaign of the lab says which of them it did not hit.
"""


def table() -> str:
    """Give the kinds as aligned columns."""
    rows = [
        [row["kind"], row["target"] or "(service)", _keys(row), row["envelope"], row["meaning"]]
        for row in faults.kinds().values()
    ]
    head = ["kind", "target", "takes", "outcome", "meaning"]
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]
    return "\n".join(lines) + "\n"


def page() -> str:
    """Give the page of the documentation."""
    parts = [_HEAD]
    for family, rows in groupby(faults.kinds().values(), key=lambda row: str(row["family"])):
        cells = [
            [
                f"`{row['kind']}`",
                row["target"] or "-",
                _keys(row),
                row["meaning"] + (" (block fidelity)" if row["block_only"] else ""),
                row["envelope"],
                row["code"] or "-",
                row["symptom"],
                row["recovery"],
                ", ".join(filter(None, [row["number"], row["source"]])),
            ]
            for row in rows
        ]
        head = [
            "kind",
            "target",
            "takes",
            "what happens",
            "outcome",
            "code",
            "what is seen",
            "recovery",
            "source",
        ]
        parts.append(f"## {family.capitalize()}\n\n" + _markdown(head, cells))
    classes: dict[str, list[str]] = {}
    for phase, phase_class in faults.phases().items():
        classes.setdefault(phase_class, []).append(phase)
    kinds = faults.kinds().values()
    cells = [
        [
            phase_class,
            "; ".join(names),
            str(sum(phase_class in row["phases"] for row in kinds)) + f" of {len(kinds)}",
        ]
        for phase_class, names in classes.items()
    ]
    parts.append(_PHASES + "\n" + _markdown(["class", "phases", "kinds"], cells))
    parts.append(_MEANING + "\n" + _markdown(["kinds", "mean nothing in", "because"], _without()))
    return "\n".join(parts)


def _without() -> list[list[str]]:
    """Give the cells that have no meaning, by the reason: kinds, classes, reason."""
    classes = dict.fromkeys(faults.phases().values())
    found: dict[tuple[str, str], list[str]] = {}
    for kind, row in faults.kinds().items():
        nowhere = ", ".join(each for each in classes if each not in row["phases"])
        if nowhere:
            found.setdefault((nowhere, str(row["elsewhere"])), []).append(f"`{kind}`")
    return [[", ".join(kinds), nowhere, why] for (nowhere, why), kinds in found.items()]


def _keys(row: faults.Row) -> str:
    keys = list(row["needs"])
    if row["lasts"] == "needed":
        keys.insert(0, "lasts")
    optional = list(row["may_have"]) + (["lasts"] if row["lasts"] == "optional" else [])
    return ", ".join([*keys, *(f"[{key}]" for key in optional)]) or "-"
