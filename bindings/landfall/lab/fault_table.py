"""The kinds of faults that the simulator has a table of: how the lab draws each, and writes it.

Which keys a kind takes and what it may strike, the table says; here is only how large a number is
when one is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from .. import faults as table
from .faults import Document, Fault, FaultKind, group_of, grown
from .streams import Stream

__all__ = ["classes_of_phases", "coverable", "of_the_table"]

_HOUR_S = 3600.0
_LASTS_S = (5.0, 4 * _HOUR_S)
_MIB = 1 << 20


def _log(low: float, high: float) -> Callable[[Stream], float]:
    """Draw between two numbers so that each order of magnitude is as likely."""
    return lambda stream: float(f"{low * math.exp(stream.unit() * math.log(high / low)):.4g}")


#: What a key is when it is drawn; `disk`, `size`, `working_set` and `down` depend on others.
_DRAWS: dict[str, Callable[[Stream], Any]] = {
    "direction": lambda stream: stream.choice(("forward", "backward")),
    "factor": _log(0.02, 0.8),
    "latency": _log(0.01, 5.0),
    "period": _log(60.0, _HOUR_S),
    "delay": _log(10.0, _HOUR_S),
    "rate": lambda stream: int(_log(1e5, 2e7)(stream)),
    "position": lambda stream: round(stream.unit(), 6),
    "do": lambda stream: stream.choice(table.ASKED),
}


@cache
def of_the_table() -> dict[str, FaultKind]:
    """Return the kinds of the table by name."""
    return {name: _kind(row) for name, row in table.kinds().items()}


def coverable() -> list[tuple[str, str]]:
    """Return the cells of kinds and phases that have a meaning."""
    return list(table.coverable())


@cache
def classes_of_phases() -> Mapping[str, str]:
    """Return the class of every phase by name."""
    return dict(table.phases())


def _kind(row: Mapping[str, Any]) -> FaultKind:
    name = str(row["kind"])
    return FaultKind(
        name=name,
        family=row["family"],
        target_key=str(row["target"]) or "service",
        targets=partial(_targets, name),
        write=_write,
        lasts=None if row["lasts"] == "never" else _LASTS_S,
        params=partial(_params, tuple(row["needs"]), tuple(row["may_have"])),
    )


def _targets(name: str, document: Document) -> list[str]:
    return list(table.targets(document, name))


def _params(
    needed: tuple[str, ...],
    optional: tuple[str, ...],
    document: Document,
    target: str,
    part: float,
    stream: Stream,
) -> Mapping[str, Any]:
    """Draw what a kind needs, and half of what it may have."""
    wanted = [*needed, *(key for key in optional if stream.chance(0.5))]
    made: dict[str, Any] = {}
    for key in wanted:
        if key == "disk":
            made[key] = stream.choice([d["name"] for d in group_of(document, target)["disks"]])
        elif key in _DRAWS:
            made[key] = _DRAWS[key](stream)
    if "down" in wanted:
        made["down"] = round(made["period"] * stream.between(0.1, 0.7), 3)
    if "working_set" in wanted:
        smallest = min(int(disk["size"]) for disk in group_of(document, target)["disks"])
        made["working_set"] = max(_MIB, smallest // (2 << stream.below(5)))
    if "size" in wanted:
        made["size"] = grown(document, target, made["disk"], part)
    return made


def _write(document: dict[str, Any], fault: Fault) -> None:
    entry = table.Fault(**fault.to_dict()).canonical()
    document.setdefault("faults", []).append(entry)
