"""What a document says of a number, as something that a measured value can be held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = [
    "Accepts",
    "How",
    "Number",
    "all_near",
    "all_within",
    "between",
    "bracket",
    "brackets",
    "exactly",
    "near",
]

#: Whether a measured value is what the document says.
Accepts: TypeAlias = Callable[[Any], bool]
#: Where the value comes from: a simulated run, the check of scenarios, a function of the planner,
#: or a rule of the logic that is asked directly.
How: TypeAlias = Literal["run", "check", "planner", "rule"]


def exactly(documented: Any) -> Accepts:
    """Accept the documented value, and no other."""
    return lambda found: bool(found == documented)


def near(documented: float, relative: float = 0.001) -> Accepts:
    """Accept what differs from the documented value by no more than a share of it."""
    return lambda found: abs(float(found) - documented) <= relative * abs(documented)


def all_within(documented: Sequence[float], absolute: float) -> Accepts:
    """Accept values of which each differs from its documented one by no more than `absolute`."""

    def accepts(found: Sequence[float]) -> bool:
        return len(found) == len(documented) and all(
            abs(a - b) <= absolute for a, b in zip(found, documented, strict=True)
        )

    return accepts


def all_near(documented: Sequence[float], relative: float = 0.001) -> Accepts:
    """Accept values of which each differs from its documented one by no more than a share."""

    def accepts(found: Sequence[float]) -> bool:
        return len(found) == len(documented) and all(
            near(a, relative)(b) for a, b in zip(documented, found, strict=True)
        )

    return accepts


def between(least: float, most: float) -> Accepts:
    """Accept a value, or several that all lie, from the least to the most."""

    def accepts(found: float | Sequence[float]) -> bool:
        values = found if isinstance(found, Sequence) else (found,)
        return bool(values) and all(least <= value <= most for value in values)

    return accepts


def bracket(documented: float) -> Accepts:
    """Accept (last value that was well, first that was not) with the threshold between them."""
    return brackets((documented,))


def brackets(documented: Sequence[float]) -> Accepts:
    """Accept such pairs, one for each threshold, whichever way the values go."""

    def accepts(found: Sequence[tuple[float, float]]) -> bool:
        return len(found) == len(documented) and all(
            min(pair) <= limit <= max(pair) and pair[0] != pair[1]
            for pair, limit in zip(found, documented, strict=True)
        )

    return accepts


@dataclass(frozen=True)
class Number:
    """A documented number, and how the simulator is measured for it.

    Attributes
    ----------
    key
        "V1" to "V26" of the common list, or "10.1" and so on of the list for VMware, physical
        servers and AWS.
    quantity, expected, source
        What it is, what the document says, and which one.
    how
        Where the measured value comes from.
    measure
        Measures it; raises nothing that belongs to the result.
    accepts
        Whether a measured value is what the document says.
    show
        The measured value as a text.
    exception
        Why it is not reproduced, if that is known: such a row may fail.
    remark
        What else has to be said.
    """

    key: str
    quantity: str
    expected: str
    source: str
    how: How
    measure: Callable[[], Any]
    accepts: Accepts
    show: Callable[[Any], str] = str
    exception: str = ""
    remark: str = ""
