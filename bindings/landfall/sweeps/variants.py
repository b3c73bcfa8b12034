"""The variants of a scenario: built and checked before anything runs."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import codes, pointers
from ..changes import as_json
from ..document import show
from ..errors import Problem, ScenarioError
from .parameters import Parameter

if TYPE_CHECKING:
    from ..scenario import Scenario

__all__ = ["Variant", "quantity", "variants"]

_QUANTITY = re.compile(r"\s*([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*([A-Za-z%][A-Za-z/%]*)?\s*")


@dataclass(frozen=True)
class Variant:
    """One point of a design as a scenario; or what is wrong with it.

    Attributes
    ----------
    values
        Values of the parameters, in their order.
    name, hash
        Of the changed scenario; empty when it is none.
    packed
        Its canonical form, compressed: thousands of large scenarios fit into memory, and travel.
    numbers
        Each value as a number in canonical units, ``None`` where it is none: for axes.
    problem
        What is wrong, when it is no scenario.
    """

    values: tuple[Any, ...]
    name: str = ""
    hash: str = ""
    packed: bytes = field(default=b"", repr=False)
    numbers: tuple[float | None, ...] = ()
    problem: str = ""

    @property
    def valid(self) -> bool:
        """Whether it is a scenario that can be run."""
        return not self.problem

    def told(self, over: Sequence[Parameter]) -> str:
        """Return the values by name as JSON text on one line."""
        return ", ".join(
            f"{p.name} = {show(as_json(value))}" for p, value in zip(over, self.values, strict=True)
        )


def variants(
    scenario: Scenario,
    over: Sequence[Parameter],
    points: Sequence[tuple[Any, ...]],
    *,
    allow_large: bool,
    record: bool = False,
) -> list[Variant]:
    """Return the variants of `points`, each checked as a scenario file is.

    Raises
    ------
    ScenarioError
        With the problems of all of them, each once; not with `record`, which keeps them.
    """
    made: list[Variant] = []
    found: dict[tuple[str, ...], Problem] = {}
    checked: dict[str, list[Problem]] = {}
    for values in points:
        own, problems = _changed(scenario, over, values)
        if own is not None:
            if own.hash not in checked:
                checked[own.hash] = _problems(own, allow_large=allow_large)
            problems = checked[own.hash]
        if own is None or problems:
            text = "; ".join(f"{p.pointer}: {p.message}" for p in problems)
            variant = Variant(values, numbers=(None,) * len(values), problem=text)
        else:
            text = own.to_json()
            packed = zlib.compress(text.encode(), 1)
            numbers = _numbers(values, over, json.loads(text))
            variant = Variant(values, own.name, own.hash, packed, numbers)
        for problem in problems:
            same = (problem.code, problem.pointer, str(problem.found), problem.message)
            found.setdefault(same, _of_variant(problem, variant, over))
        made.append(variant)
    if found and not record:
        raise ScenarioError(found.values(), source=scenario.source)
    return made


def _changed(
    scenario: Scenario, over: Sequence[Parameter], values: tuple[Any, ...]
) -> tuple[Scenario | None, list[Problem]]:
    changes = {place: value for p, value in zip(over, values, strict=True) for place in p.places}
    try:
        changed = scenario.with_(changes) if changes else scenario
        for parameter, value in zip(over, values, strict=True):
            if parameter.function is not None:
                changed = parameter.function(changed, value)
                if not hasattr(changed, "to_json"):
                    message = f"its function returned {type(changed).__name__}, not a scenario"
                    problem = Problem(codes.WRONG_TYPE, parameter.name, show(value), message)
                    raise ScenarioError([problem])
    except ScenarioError as error:
        return None, error.problems
    return changed, []


def _problems(scenario: Scenario, *, allow_large: bool) -> list[Problem]:
    if problems := scenario.check():
        return problems
    if not allow_large and (reason := scenario.estimate().too_large()):
        message = f"{reason}; pass allow_large=True to run it all the same"
        return [Problem(codes.TOO_LARGE, "/machines", None, message)]
    return []


def _of_variant(problem: Problem, variant: Variant, over: Sequence[Parameter]) -> Problem:
    """Say in which variant a problem is, unless it is about the value that was given itself."""
    places = [place for p in over for place in p.places]
    if problem.pointer in places or not over:
        return problem
    message = f"{problem.message} (with {variant.told(over)})"
    return Problem(
        problem.code, problem.pointer, problem.found, message, problem.allowed, problem.nearest
    )


def _numbers(
    values: tuple[Any, ...], over: Sequence[Parameter], canonical: Mapping[str, Any]
) -> tuple[float | None, ...]:
    numbers: list[float | None] = []
    for parameter, value in zip(over, values, strict=True):
        found: Any = value
        if parameter.places:
            there, inside = pointers.find(canonical, pointers.split(parameter.places[0]))
            found = inside if there else value
        number = isinstance(found, int | float) and not isinstance(found, bool)
        numbers.append(float(found) if number and math.isfinite(found) else None)
    return tuple(numbers)


def quantity(value: Any) -> tuple[float, str] | None:
    """Return number and unit of a value as it was written, ``None`` when it is no quantity."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value), ""
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    return (float(match[1]), match[2] or "") if match else None
