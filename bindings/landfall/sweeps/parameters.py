"""What a sweep varies: places of a scenario, and the values they take."""

from __future__ import annotations

import fnmatch
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from .. import codes, pointers
from ..changes import as_json
from ..document import show
from ..errors import Problem, ScenarioError
from ..problems import nearest_of

if TYPE_CHECKING:
    from ..scenario import Scenario

__all__ = ["RESERVED", "Change", "Choice", "Parameter", "Range", "Values", "parameters"]

_ALLOWED_MAX = 12
#: Columns of the table that are there already.
RESERVED = frozenset(
    {"variant", "replication", "seed", "status", "failure", "message"}
    | {"n", "failed", "estimate", "low", "high", "worse", "worse_low", "worse_high"}
    | {"trial", "state", "feasible"}
)


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, for designs that draw (``"lhs"``, ``"sobol"``, …).

    Parameters
    ----------
    low, high
        The ends, `low` below `high`.
    unit
        What the numbers are in, such as ``"Mbit/s"``; without it they go in as numbers.
    log
        Spread evenly over the logarithm: for what spans powers of ten.
    whole
        Whole numbers only, both ends included.

    Examples
    --------
    >>> Range(50, 500, unit="Mbit/s").at(0.5), Range(1, 100, log=True).at(0.5)
    ('275 Mbit/s', 10.0)
    >>> [Range(1, 3, whole=True).at(u) for u in (0.0, 0.5, 0.999)]
    [1, 2, 3]
    """

    low: float
    high: float
    unit: str | None = None
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        numbers = (self.low, self.high)
        if any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
            raise TypeError(f"the ends of a Range are numbers, not {self.low!r} and {self.high!r}")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"a Range goes from low to high, not {self.low!r} to {self.high!r}")
        if self.log and self.low <= 0:
            raise ValueError(f"a Range with log=True begins above 0, not at {self.low!r}")

    def at(self, u: float) -> Any:
        """Return the value at `u`, of 0 to 1."""
        low, high = float(self.low), float(self.high)
        if self.whole:
            low, high = low - 0.5, high + 0.5
        if self.log:
            low = max(low, self.low / 2)
            value = math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
        else:
            value = low + u * (high - low)
        # Six digits are read well, and what exp() rounds differently elsewhere moves no key.
        number: float | int = float(f"{value:.6g}")
        if self.whole:
            number = min(max(math.floor(value + 0.5), math.ceil(self.low)), math.floor(self.high))
        return number if self.unit is None else f"{number:.6g} {self.unit}"


@dataclass(frozen=True, init=False)
class Choice:
    """One of some values, each as likely; for grids a plain list says the same."""

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        object.__setattr__(self, "values", values)

    def at(self, u: float) -> Any:
        """Return the value at `u`, of 0 to 1."""
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]


Values: TypeAlias = Range | Choice


@dataclass(frozen=True)
class Change:
    """A change that a function makes, where setting values by path is not enough.

    Parameters
    ----------
    function
        Called with the scenario and a value; returns the changed scenario. It runs in this
        process, before the sweep, so it need not be sent anywhere.
    values
        A list, a :class:`Range` or a :class:`Choice`.
    """

    function: Callable[[Scenario, Any], Scenario]
    values: Sequence[Any] | Values


@dataclass(frozen=True)
class Parameter:
    """A thing that varies: its name in the table, the places it sets, the values it takes."""

    name: str
    values: Values
    places: tuple[str, ...] = ()
    function: Callable[[Scenario, Any], Scenario] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, for the manifest."""
        if isinstance(self.values, Range):
            low_high = {"low": self.values.low, "high": self.values.high}
            kind: dict[str, Any] = {**low_high, "unit": self.values.unit, "log": self.values.log}
        else:
            kind = {"values": [jsonable(value) for value in self.values.values]}
        return {"name": self.name, "places": list(self.places), **kind}


def parameters(scenario: Scenario, over: Mapping[str, Any]) -> list[Parameter]:
    """Return what `over` varies; raise ScenarioError with every name that leads nowhere."""
    found: list[Parameter] = []
    problems: list[Problem] = []
    canonical = scenario.canonical()
    for name, given in over.items():
        function = given.function if isinstance(given, Change) else None
        values = _values(name, given.values if isinstance(given, Change) else given, problems)
        places: tuple[str, ...] = ()
        if function is None:
            places = _places(scenario, canonical, name, problems)
        if name in RESERVED:
            message = "is the name of a column of the table; take another"
            problems.append(Problem(codes.KEYS_CLASH, name, None, message))
        if values is not None:
            found.append(Parameter(name, values, places, function))
    problems += _overlaps(found)
    if problems:
        raise ScenarioError(problems, source=scenario.source)
    return found


def _values(name: str, given: Any, problems: list[Problem]) -> Values | None:
    if isinstance(given, Range):
        return given
    if isinstance(given, str | bytes | Mapping) or not hasattr(given, "__iter__"):
        given_values = given.values if isinstance(given, Choice) else None
        if given_values is None:
            message = "takes a list of values, a Range or a Choice"
            problems.append(Problem(codes.WRONG_TYPE, name, show(given), message))
            return None
        given = given_values
    values = tuple(given.values if isinstance(given, Choice) else given)
    if not values:
        problems.append(Problem(codes.EMPTY_LIST, name, "[]", "takes at least one value"))
        return None
    return Choice(*(value.item() if hasattr(value, "item") else value for value in values))


def jsonable(value: Any) -> Any:
    """Return a value as JSON can hold it; what it cannot hold (of a Change) as text."""
    plain = as_json(value)
    try:
        json.dumps(plain)
    except (TypeError, ValueError):
        return str(value)
    return plain


# --- Places ---------------------------------------------------------------------------------------


def _places(
    scenario: Scenario, canonical: Mapping[str, Any], name: str, problems: list[Problem]
) -> tuple[str, ...]:
    """Return the JSON pointers that `name` stands for: list entries by name, ``*`` for all."""
    tokens = name.split(".") if not name.startswith("/") else pointers.split(name)
    document = scenario._document
    node: Any = canonical
    if tokens[:1] == ["templates"] and document is not None:
        node = document.data
    try:
        found = [pointers.join(path) for path in _paths(node, tokens, ())]
    except _Nowhere as nowhere:
        problems.append(nowhere.problem)
        return ()
    return tuple(found)


class _Nowhere(Exception):  # noqa: N818 - carries a problem, is none itself
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def _paths(
    node: Any, tokens: Sequence[str], place: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    """Follow `tokens`; the last key itself is checked by the scenario that it goes into."""
    if not tokens:
        yield place
        return
    token, rest = tokens[0], tokens[1:]
    if isinstance(node, list):
        for index in _entries(node, token, place):
            yield from _paths(node[index], rest, (*place, index))
    elif isinstance(node, dict) and any(mark in token for mark in "*?["):
        for key in _matching(list(node), token, place):
            yield from _paths(node[key], rest, (*place, key))
    elif isinstance(node, dict):
        if rest and token not in node:
            raise _no_such(token, list(node), place)
        yield from _paths(node.get(token), rest, (*place, token))
    elif node is None or not rest:
        yield (*place, token, *rest)
    else:
        message = f'there is no list or object here that could have "{token}"'
        raise _Nowhere(Problem(codes.UNKNOWN_KEY, pointers.join(place), show(node), message))


def _entries(entries: list[Any], token: str, place: tuple[str | int, ...]) -> list[int]:
    names = [_name(entry) for entry in entries]
    if token in names:
        return [index for index, name in enumerate(names) if name == token]
    if token == "*" and entries:
        return list(range(len(entries)))
    if token.isascii() and token.isdigit() and int(token) < len(entries):
        return [int(token)]
    known = [name for name in names if name is not None]
    matching = set(_matching(known, token, place, of_list=True))
    return [index for index, name in enumerate(names) if name in matching]


def _name(entry: Any) -> str | None:
    name = entry.get("name") if isinstance(entry, dict) else entry
    return name if isinstance(name, str) else None


def _matching(
    names: list[str], token: str, place: tuple[str | int, ...], *, of_list: bool = False
) -> list[str]:
    found = fnmatch.filter(names, token) if any(mark in token for mark in "*?[") else []
    if not found:
        raise _no_such(token, names, place, of_list=of_list)
    return found


def _no_such(
    token: str, names: list[str], place: tuple[str | int, ...], *, of_list: bool = False
) -> _Nowhere:
    allowed = tuple(names[:_ALLOWED_MAX])
    message = "no entry has this name or number" if of_list else "no such key here"
    code = codes.UNKNOWN_NAME if of_list else codes.UNKNOWN_KEY
    pointer = pointers.join((*place, token))
    return _Nowhere(Problem(code, pointer, show(token), message, allowed, nearest_of(token, names)))


def _overlaps(found: Sequence[Parameter]) -> list[Problem]:
    """Return a problem for each place that two parameters set."""
    owner: dict[str, str] = {}
    problems = []
    for parameter in found:
        for place in parameter.places:
            other = owner.setdefault(place, parameter.name)
            if other != parameter.name:
                message = f'is set by "{other}" as well'
                problems.append(Problem(codes.KEYS_CLASH, parameter.name, show(place), message))
    return problems
