"""Cells of tables made into values: nothing is guessed, what does not fit says why.

Headings are compared without case, blanks and marks; a unit in brackets that is not the expected
one is an error, not a synonym.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..document import show

__all__ = ["BadCellError", "Columns", "Converter", "Field", "flag", "heading_key"]

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\Z")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+(?:[.,]\d+)?\Z")
_COMMA = re.compile(r"[+-]?\d+,\d+\Z")
_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})
_INTEGER_MAX = 2**63 - 1


class BadCellError(ValueError):
    """A cell that does not fit; says what stands there and what may.

    Attributes
    ----------
    reason, found, allowed
        The rule, what stands there, and what may stand there.
    """

    def __init__(self, reason: str, found: object, allowed: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.found = show(found)
        self.allowed = tuple(allowed)


#: Makes a value of a cell that is not blank; raises BadCellError.
Converter: TypeAlias = Callable[[object], Any]


def is_blank(cell: object) -> bool:
    """Return whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def text(cell: object) -> str:
    """Return a cell as text of one line, at most 1,000 characters."""
    if isinstance(cell, bool):
        cell = str(cell)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    made = str(cell).strip()
    if not made.isprintable():
        raise BadCellError("must not hold control characters", made)
    if len(made) > 1000:
        raise BadCellError("must have at most 1,000 characters", made)
    return made


def number(cell: object) -> float:
    """Return a cell as a finite number that is not negative."""
    value = _as_float(cell)
    if not math.isfinite(value):
        raise BadCellError("must be a finite number", cell)
    if value < 0:
        raise BadCellError("must not be negative", cell)
    return value


def _as_float(cell: object) -> float:
    if isinstance(cell, bool):
        raise BadCellError("must be a number, not true or false", cell)
    if isinstance(cell, int | float):
        try:
            return float(cell)
        except OverflowError:
            return math.inf
    if not isinstance(cell, str):
        raise BadCellError(f"must be a number, not a {type(cell).__name__}", str(cell))
    stripped = cell.strip()
    if _NUMBER.match(stripped):
        return float(stripped)
    if _COMMA.match(stripped) or _GROUPED.match(stripped):
        rule = "must be written with a decimal point and without marks between thousands"
        raise BadCellError(rule, cell, ("1234.5",))
    raise BadCellError("must be a number", cell)


def whole(cell: object) -> int:
    """Return a cell as a whole number that is not negative."""
    value = number(cell)
    if not value.is_integer() or value > _INTEGER_MAX:
        raise BadCellError("must be a whole number", cell)
    return int(value)


def at_least_one(cell: object) -> int:
    """Return a cell as a whole number from 1 on."""
    value = whole(cell)
    if value < 1:
        raise BadCellError("must be at least 1", cell)
    return value


def percent(cell: object) -> float:
    """Return a cell as a share of 100, with or without the sign."""
    value = number(cell.strip().removesuffix("%") if isinstance(cell, str) else cell)
    if value > 100:
        raise BadCellError("must be at most 100", cell, ("0 to 100",))
    return value


def scaled(factor: int, *, positive: bool = False) -> Converter:
    """Return a converter of sizes: a number times `factor` bytes, as a whole number."""

    def convert(cell: object) -> int:
        value = number(cell)
        if positive and value == 0:
            raise BadCellError("must be more than 0", cell)
        if value * factor > _INTEGER_MAX:
            raise BadCellError("is too large", cell)
        return round(value * factor)

    return convert


def rate(factor: int) -> Converter:
    """Return a converter of rates: a number times `factor` bytes per second."""

    def convert(cell: object) -> float:
        return number(cell) * factor

    return convert


def flag(cell: object) -> bool:
    """Return a cell as true or false."""
    if isinstance(cell, bool):
        return cell
    lowered = text(cell).lower()
    if lowered in _TRUE or lowered in _FALSE:
        return lowered in _TRUE
    raise BadCellError("must be true or false", cell, ("True", "False"))


def choice(names: Mapping[str, Any]) -> Converter:
    """Return a converter of texts that stand for values; their case does not matter."""

    def convert(cell: object) -> Any:
        made = text(cell)
        if made.lower() not in names:
            raise BadCellError("is not a value that is known", made, tuple(names))
        return names[made.lower()]

    return convert


# --- Headings -------------------------------------------------------------------------------------

_UNIT = re.compile(r"\(([^()]*)\)\s*\Z")


def heading_key(heading: object) -> str:
    """Return a heading without case, brackets, blanks and marks, to compare it by."""
    bare = _UNIT.sub("", str(heading).strip())
    return re.sub(r"[^a-z0-9%#]+", "", bare.lower())


def heading_unit(heading: object) -> str | None:
    """Return the unit in brackets at a heading's end, without "in", or None."""
    found = _UNIT.search(str(heading).strip())
    if found is None:
        return None
    return re.sub(r"\s+", " ", found[1].strip().lower()).removeprefix("in ")


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a table.

    Attributes
    ----------
    name
        Name of the value, as in the result.
    headings
        Headings that it goes by; the first that the table has counts.
    convert
        Makes the value of a cell.
    required
        Whether a row without it is rejected.
    units
        Units that may stand in brackets behind the heading; none: any.
    """

    name: str
    headings: tuple[str, ...]
    convert: Converter
    required: bool = False
    units: tuple[str, ...] = ()


class Columns:
    """Where the fields of a table are.

    Attributes
    ----------
    places
        For each field that is there: its index and its heading.
    missing
        Fields that the table does not have.
    unused
        Headings that no field goes by.
    twice
        Headings that name a field a second time.
    wrong_unit
        Fields whose heading has another unit: the heading, and what it may be.
    """

    def __init__(self, headings: Sequence[object], fields: Sequence[Field]) -> None:
        by_key: dict[str, list[int]] = {}
        for index, heading in enumerate(headings):
            if not is_blank(heading):
                by_key.setdefault(heading_key(heading), []).append(index)
        self.places: dict[str, tuple[int, str]] = {}
        self.missing: list[Field] = []
        self.twice: list[str] = []
        self.wrong_unit: list[tuple[str, tuple[str, ...]]] = []
        used: set[int] = set()
        for field in fields:
            keys = [heading_key(name) for name in field.headings]
            found = [index for key in dict.fromkeys(keys) for index in by_key.get(key, ())]
            used.update(found)
            if not found:
                self.missing.append(field)
                continue
            first = str(headings[found[0]]).strip()
            self.twice += [str(headings[index]) for index in by_key[heading_key(first)][1:]]
            unit = heading_unit(first)
            if unit is not None and field.units and unit not in field.units:
                self.wrong_unit.append((first, field.units))
            self.places[field.name] = (found[0], first)
        self.unused = [
            str(heading).strip()
            for index, heading in enumerate(headings)
            if index not in used and not is_blank(heading)
        ]
