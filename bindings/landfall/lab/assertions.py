"""Assertions about a result, for tests: what fails shows the story of the run around it.

::

    from landfall.lab.assertions import assert_nothing_lost, assert_rpo

    def test_our_plan(landfall_run):
        result = landfall_run("our-plan.json")
        assert_nothing_lost(result)
        assert_rpo(result, "<=", "15 min")
"""

from __future__ import annotations

import fnmatch
import operator
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .. import formatting
from ..errors import UnknownName
from ..quantities import DURATION, parse

if TYPE_CHECKING:
    from ..result import Result

__all__ = [
    "assert_downtime",
    "assert_metric",
    "assert_no_violations",
    "assert_nothing_lost",
    "assert_rpo",
    "assert_state",
    "story_around",
]

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
_LINES = 12


def story_around(result: Result, t_s: float | None = None, machine: str | None = None) -> str:
    """Return what happened around an instant, or at the end: to a machine, or to all."""
    from .bench import _log
    from .story import around, lines_of, told

    lines = lines_of(_log(result))
    if machine is not None:
        machines = set(result.machines["machine"].astype(str))
        lines = [line for line in lines if line.who == machine or line.who not in machines]
    return "\n".join(told(around(lines, t_s, before=_LINES, after=3)))


def _fail(result: Result, what: str, t_s: float | None = None, machine: str | None = None) -> None:
    __tracebackhide__ = True
    story = story_around(result, t_s, machine)
    run = f'scenario "{result.scenario_name}", seed {result.seed}'
    raise AssertionError(f"{what}\n  {run}; what happened around it:\n{story}")


def _machines(result: Result, machines: str | Iterable[str]) -> list[dict[str, Any]]:
    import pandas as pd

    table = result.machines
    rows = [
        {str(name): None if pd.isna(cell) else cell for name, cell in zip(table, row, strict=True)}
        for row in table.itertuples(index=False, name=None)
    ]
    if machines == "all":
        return rows
    patterns = [machines] if isinstance(machines, str) else list(machines)
    names = [str(row["machine"]) for row in rows]
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            raise UnknownName("machine", pattern, names)
    return [row for row in rows if any(fnmatch.fnmatch(str(row["machine"]), p) for p in patterns)]


def assert_metric(
    result: Result,
    metric: str,
    comparison: str,
    limit: float | str,
    *,
    machines: str | Iterable[str] = "all",
    at: Callable[[dict[str, Any]], float | None] | None = None,
) -> None:
    """Assert that a column of the table of machines compares to a limit, for each machine.

    Parameters
    ----------
    result
        The result of a run.
    metric
        Name of a column, such as ``"downtime_s"``.
    comparison
        ``"<"``, ``"<="``, ``"=="``, ``">="`` or ``">"``.
    limit
        A number, or for durations a text with a unit.
    machines
        Names or patterns.
    at
        Where a machine's value comes from: an instant of the run, for the story that is shown.

    Raises
    ------
    AssertionError
        It does not hold for a machine; or the metric does not apply to it.
    """
    __tracebackhide__ = True
    if comparison not in _COMPARISONS:
        raise UnknownName("comparison", comparison, _COMPARISONS)
    if metric not in result.machines.columns:
        raise UnknownName("metric", metric, map(str, result.machines.columns))
    is_time = "_s" in metric
    bound = float(parse(limit, DURATION)) if is_time else float(limit)
    for row in _machines(result, machines):
        value = row[metric]
        name = str(row["machine"])
        shown = formatting.duration(bound) if is_time else f"{bound:g}"
        if value is None:
            _fail(result, f"{metric} of {name} is not known, expected {comparison} {shown}")
        if not _COMPARISONS[comparison](float(value), bound):
            found = formatting.duration(float(value)) if is_time else f"{float(value):g}"
            t_s = at(row) if at is not None else None
            where = f" at {formatting.duration(t_s)}" if t_s is not None else ""
            what = f"{metric} of {name} is {found}{where}, expected {comparison} {shown}"
            _fail(result, what, t_s, name)


def assert_rpo(
    result: Result,
    comparison: str,
    limit: float | str,
    *,
    statistic: str = "max",
    machines: str | Iterable[str] = "all",
) -> None:
    """Assert that the RPO of each machine compares to a limit, such as ``"<="``, ``"15 min"``.

    Parameters
    ----------
    result, comparison, limit, machines
        As for :func:`assert_metric`.
    statistic
        ``"max"``, ``"mean"``, ``"p50"``, ``"p95"``, ``"p99"`` or ``"end"``.
    """
    __tracebackhide__ = True

    def worst(row: dict[str, Any]) -> float | None:
        """When the RPO was highest: just before a step."""
        steps = result.rpo
        own = steps[steps["machine"].astype(str) == str(row["machine"])]
        own = own[own["rpo_s_before"].notna()]
        place = int(own["rpo_s_before"].to_numpy().argmax()) if len(own) else 0
        return None if own.empty else float(own["t_s"].iloc[place])

    metric = f"rpo_s_{statistic}"
    assert_metric(result, metric, comparison, limit, machines=machines, at=worst)


def assert_downtime(
    result: Result,
    comparison: str,
    limit: float | str,
    *,
    machines: str | Iterable[str] = "all",
) -> None:
    """Assert that the downtime of each machine compares to a limit."""
    __tracebackhide__ = True
    assert_metric(result, "downtime_s", comparison, limit, machines=machines)


def assert_nothing_lost(result: Result, *, machines: str | Iterable[str] = "all") -> None:
    """Assert that no failover lost a byte of data; a machine that never failed over lost none."""
    __tracebackhide__ = True
    for row in _machines(result, machines):
        lost = row["data_loss_bytes"]
        if lost is not None and float(lost) > 0:
            name = str(row["machine"])
            t_s = _failover_of(result, name)
            what = f"{name} lost {formatting.size(float(lost))} in its failover"
            _fail(result, what, t_s, name)


def _failover_of(result: Result, machine: str) -> float | None:
    jobs = result.jobs
    own = jobs[(jobs["machine"].astype(str) == machine)]
    own = own[own["operation"].astype(str).str.lower().str.contains("failover")]
    return None if own.empty else float(own["end_s"].iloc[-1])


def assert_state(result: Result, state: str, *, machines: str | Iterable[str] = "all") -> None:
    """Assert that each machine is in a state at the end: a word of timelines, or its full name."""
    __tracebackhide__ = True
    from ..timeline import STATES, STATES_BY_WORD

    wanted = STATES_BY_WORD.get(state, state)
    if wanted not in STATES:
        raise UnknownName("state", state, [*STATES_BY_WORD, *STATES])
    for row in _machines(result, machines):
        if str(row["state"]) != wanted:
            name = str(row["machine"])
            _fail(result, f"{name} ends in state {row['state']}, expected {wanted}", None, name)


def assert_no_violations(result: Result) -> None:
    """Assert that every oracle held."""
    __tracebackhide__ = True
    if "violations" in result.tables and not result.violations.empty:
        first = result.violations.iloc[0]
        count = formatting.plural(len(result.violations), "violation")
        what = f"{first['oracle']} does not hold: {first['text']} ({count} in all)"
        _fail(result, what, float(first["t_s"]))
