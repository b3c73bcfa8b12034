"""What a sweep keeps of each run: numbers by name."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..columns import COLUMNS, NOT_APPLICABLE
from ..errors import UnknownName
from .parameters import RESERVED

if TYPE_CHECKING:
    from ..result import Result

__all__ = ["DEFAULT", "Metric", "Metrics", "MetricsOption", "metrics_of"]

#: A function from a result to numbers by name.
Metric: TypeAlias = Callable[["Result"], Mapping[str, float]]
#: ``None``: the default ones. Names, functions, or a list of both.
MetricsOption: TypeAlias = str | Metric | Sequence[str | Metric] | None

#: Goes into the key of every run: the meaning of a name changed when it is raised.
_VERSION = 1
DEFAULT = (
    *("rpo_s_p95", "rpo_s_max", "downtime_s_max", "initial_replication_s_max"),
    *("migration_duration_s", "data_loss_bytes", "cost_total", "wan_bytes", "link_bytes"),
    *("violations", "expectations_failed"),
)
_TOTALS = (
    *("rpo_s_mean", "rpo_s_p50", "rpo_s_p95", "rpo_s_p99", "rpo_s_max"),
    *("initial_replication_s", "migration_duration_s", "downtime_s", "data_loss_bytes"),
    *("wan_bytes", "cost_total", "licence_days"),
)


def _largest(values: np.ndarray) -> float:
    return float(values.max())


_OVER_MACHINES: dict[str, Callable[[np.ndarray], float]] = {
    "min": lambda values: float(values.min()),
    "mean": lambda values: float(values.mean()),
    "p50": lambda values: float(np.percentile(values, 50)),
    "p95": lambda values: float(np.percentile(values, 95)),
    "max": _largest,
    "sum": lambda values: float(values.sum()),
}
_COLUMNS = tuple(
    name for name in COLUMNS["machines"] if name not in ("machine", "process_server", "state")
)


def _known() -> list[str]:
    of_machines = [f"{column}_{how}" for column in _COLUMNS for how in _OVER_MACHINES]
    special = ["link_bytes", "violations", "expectations_failed"]
    return list(dict.fromkeys([*_TOTALS, *special, *of_machines]))


@dataclass(frozen=True)
class Metrics:
    """The metrics of a sweep, in a form that can be sent to another process."""

    names: tuple[str, ...]
    functions: tuple[Metric, ...]
    signature: str

    def of(self, result: Result) -> dict[str, float]:
        """Return the numbers of one run; NaN where one does not apply."""
        found: dict[str, float] = {}
        for name in self.names:
            found |= _named(result, name)
        for function in self.functions:
            made: object = function(result)
            if not isinstance(made, Mapping):
                kind = type(made).__name__
                raise TypeError(f"a metric returns numbers by name, not {kind}")
            for name, value in made.items():
                if name in RESERVED:
                    raise ValueError(
                        f'"{name}" is a column of the table; name the metric otherwise'
                    )
                found[str(name)] = math.nan if value is None else float(value)
        return found


def metrics_of(
    option: MetricsOption, version: str | None = None, also: Sequence[str] = ()
) -> Metrics:
    """Return the metrics of an option, and those of `also` that it lacks.

    Raises UnknownName for a name that is none; one of `also` may come from a function.

    The signature goes into the key of every run. That of a function is a hash of its compiled
    code, constants, defaults and plain closed-over values: a change to what it calls is not seen,
    and `version` says it.
    """
    parts: Sequence[Any]
    if option is None:
        parts = DEFAULT
    elif isinstance(option, str) or callable(option):
        parts = [option]
    else:
        parts = list(option)
    names = tuple(part for part in parts if isinstance(part, str))
    functions = tuple(part for part in parts if not isinstance(part, str))
    known = _known()
    of_links = "link_bytes["
    for name in (*names, *(() if functions else also)):
        if name not in known and not name.startswith(of_links):
            raise UnknownName("metric", name, known)
    names = tuple(dict.fromkeys([*names, *(name for name in also if name in known)]))
    for function in functions:
        if not callable(function):
            raise TypeError(f"a metric is a name or a function of a result, not {function!r}")
    described = [_VERSION, names, [_code_of(function) for function in functions], version]
    text = json.dumps(described, separators=(",", ":"))
    return Metrics(names, functions, hashlib.sha256(text.encode()).hexdigest()[:16])


def _code_of(function: Any) -> str:
    code = getattr(function, "__code__", None)
    if code is None:  # an object with __call__, a partial, …
        code = getattr(type(function).__call__, "__code__", None)
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
    if code is None:
        return name
    digest = hashlib.sha256(name.encode())
    _feed(digest, code)
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    for value in (getattr(function, "__defaults__", None), *cells):
        if isinstance(value, str | int | float | tuple | bytes | None):
            digest.update(repr(value).encode())
    return digest.hexdigest()


def _feed(digest: Any, code: CodeType) -> None:
    digest.update(code.co_code)
    digest.update(repr(code.co_names).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _feed(digest, constant)
        else:
            digest.update(repr(constant).encode())


def _named(result: Result, name: str) -> dict[str, float]:
    if name == "link_bytes":
        return _link_bytes(result)
    if name == "violations":
        return {name: float(result.violation_count)}
    if name == "expectations_failed":
        entries = result.summary["expect"]
        return {name: float(sum(not entry.get("passed") for entry in entries))}
    totals = result.totals
    if name in _TOTALS:
        value = totals.get(name)
        return {name: math.nan if value is None else float(value)}
    column, _, how = name.rpartition("_")
    return {name: _over_machines(result, column, how)}


def _over_machines(result: Result, column: str, how: str) -> float:
    if "machines" not in result.tables or column not in result.tables["machines"]:
        return math.nan
    values = np.asarray(result.tables["machines"][column], float)
    applies = np.isfinite(values)
    if ("machines", column) in NOT_APPLICABLE:
        applies &= values != -1
    values = values[applies]
    return _OVER_MACHINES[how](values) if values.size else math.nan


def _link_bytes(result: Result) -> dict[str, float]:
    """Return what each link carried in each direction, as ``link_bytes[wan forward]``."""
    if "links" not in result.tables:
        return {}
    links = result.tables["links"]
    rows = zip(links.names("link"), links.names("direction"), links["bytes"], strict=True)
    return {f"link_bytes[{link} {direction}]": float(count) for link, direction, count in rows}
