"""Which column of a trace belongs to which server: by name or in order, as the caller says."""

from __future__ import annotations

from typing import Literal

from ..errors import Problem, ScenarioError
from . import codes
from .model import Inventory
from .reading import nearest_to, refuse
from .trace import Trace

__all__ = ["match_trace"]

_SHOWN = 20


def match_trace(inventory: Inventory, trace: Trace, *, by: Literal["name", "order"]) -> Trace:
    """Return the trace with one column for each server that plans take, in their order and names.

    Parameters
    ----------
    inventory
        The servers; those that are left out need no column.
    trace
        The trace. By name it may have more machines; in order it must have as many as there are
        servers to take.
    by
        ``"name"``: names are equal, letter for letter. ``"order"``: the first column is the first
        server. Nothing else is tried.

    Raises
    ------
    ScenarioError
        Names or counts differ; every server without a column is listed, with the nearest name.
    """
    names = inventory.names
    label = f"trace of {inventory.name}"
    if by not in ("name", "order"):
        message = "says how servers are matched"
        refuse(label, message, where="by", found=by, allowed=("name", "order"), code=codes.UNSTATED)
    if by == "order":
        if len(names) != len(trace.names):
            message = f"the trace has {len(trace.names):,} machines, the inventory {len(names):,}"
            refuse(label, message, found=_some(trace.names), code=codes.NAMES_DIFFER)
        return trace.select(trace.names, rename=names)
    there = set(trace.names)
    missing = [name for name in names if name not in there]
    if not missing:
        return trace.select(names)
    free = sorted(there - set(names))
    problems = [
        Problem(
            codes.NAMES_DIFFER,
            f'server "{name}"',
            None,
            "the trace has no machine of this name",
            nearest=nearest_to(name, free) if len(missing) <= _SHOWN else None,
        )
        for name in missing[:_SHOWN]
    ]
    if len(missing) > _SHOWN:
        message = f"and {len(missing) - _SHOWN:,} more servers"
        problems.append(Problem(codes.NAMES_DIFFER, "", None, message))
    message = f"machines that no server has the name of: {_some(free) or 'none'}"
    hint = (
        '; by="order" (--match order) takes the columns in order'
        if len(names) == len(trace.names)
        else ""
    )
    problems.append(Problem(codes.NAMES_DIFFER, "", None, message + hint))
    raise ScenarioError(problems, source=label)


def _some(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown}, …" if len(names) > _SHOWN else shown
