"""The story of a run around an instant: what happened, a column for each machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..document import printable

__all__ = ["Line", "around", "clock", "lines_of", "told"]

_COLUMNS_MAX = 4
_WIDTH = 100
_ELSEWHERE = "elsewhere"
#: Events that are a fault, or the begin of one.
_FAULTS = frozenset(
    {"link_down", "power_lost", "disk_replaced", "orchestrator_down", "fault_begins"}
)


class Line(NamedTuple):
    """Something that happened: when (seconds), to whom, what, and whether it is marked."""

    t_s: float
    who: str
    what: str
    marked: bool = False


def clock(t_s: float) -> str:
    """Return an instant as days and time of day, such as "1 d 02:11:04.5"."""
    days, rest = divmod(t_s, 86_400.0)
    hours, rest = divmod(rest, 3600.0)
    minutes, seconds = divmod(rest, 60.0)
    whole = math.floor(seconds)
    part = f"{seconds - whole:.3f}"[1:].rstrip("0").rstrip(".")
    text = f"{int(hours):02}:{int(minutes):02}:{whole:02}{part}"
    return f"{int(days)} d {text}" if days else text


def lines_of(log: Mapping[str, Any]) -> list[Line]:
    """Return all that a run's log tells, in order."""
    found = []
    for t_s, kind, subject, detail in log["events"]:
        words = detail if kind == "state" else f"{kind.replace('_', ' ')} {detail}".strip()
        marked = kind in _FAULTS
        found.append(Line(float(t_s), str(subject), str(words), marked))
    for operation, machine, start_s, end_s, state in log["jobs"]:
        found.append(Line(float(start_s), str(machine), f"job {operation} starts"))
        if end_s is not None:
            found.append(Line(float(end_s), str(machine), f"job {operation}: {state}"))
    for kind, machine, start_s, end_s in log["copies"]:
        found.append(Line(float(start_s), str(machine), f"{kind} begins"))
        found.append(Line(float(end_s), str(machine), f"{kind} ends"))
    return sorted(found, key=lambda line: line.t_s)


def around(
    lines: Sequence[Line], t_s: float | None, *, before: int = 24, after: int = 4
) -> list[Line]:
    """Return the lines around an instant; the last ones when there is none."""
    if t_s is None:
        return list(lines[-before:])
    earlier = [line for line in lines if line.t_s <= t_s]
    later = [line for line in lines if line.t_s > t_s]
    return earlier[-before:] + later[:after]


def told(
    lines: Iterable[Line], found: Iterable[Line] = (), machines: Sequence[str] = ()
) -> list[str]:
    """Return lines as a text table: a column for each of a few machines, else one for whom.

    Parameters
    ----------
    lines
        What happened.
    found
        What was found wrong: lines of their own, with an arrow.
    machines
        Whose columns to have; those that are named in `lines` by default.
    """
    shown = [(line, ">>" if line.marked else "  ") for line in lines]
    shown += [(line, "=>") for line in found]
    shown.sort(key=lambda pair: pair[0].t_s)
    columns = list(machines) or sorted({line.who for line, _ in shown if line.who})
    if len(columns) > _COLUMNS_MAX:
        return [
            f"{mark} {clock(line.t_s):>14}  {printable(line.who):<16} {printable(line.what)}"
            for line, mark in shown
        ]
    width = max(18, (_WIDTH - 18) // (len(columns) + 1))
    heads = [*columns, _ELSEWHERE] if any(li.who not in columns for li, _ in shown) else columns
    rows = ["   " + f"{'time':>14}  " + "".join(f"{head:<{width}}" for head in heads).rstrip()]
    for line, mark in shown:
        place = heads.index(line.who) if line.who in heads else len(heads) - 1
        text = printable(line.what)
        if line.who not in columns and line.who:
            text = f"{printable(line.who)}: {text}"
        rows.append(f"{mark} {clock(line.t_s):>14}  {' ' * width * place}{text}")
    return rows
