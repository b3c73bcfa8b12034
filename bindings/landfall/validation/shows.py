"""Measured values as texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .. import formatting

__all__ = ["durations", "listed", "minutes", "pairs", "unit", "units"]


def listed(values: Iterable[float], unit: str = "", separator: str = " / ") -> str:
    """Return numbers in a row, with their unit."""
    text = separator.join(f"{value:,.4g}" for value in values)
    return f"{text} {unit}".strip()


def unit(unit: str, digits: int = 4) -> Callable[[float], str]:
    """Show one number with its unit."""
    return lambda value: f"{value:,.{digits}g} {unit}".strip()


def units(unit: str, separator: str = " / ") -> Callable[[Any], str]:
    """Show several numbers of one unit."""
    return lambda values: listed(values, unit, separator)


def pairs(unit: str) -> Callable[[Any], str]:
    """Show brackets: the last value that was well, and the first that was not."""
    return lambda pairs: ", ".join(f"{a:,.4g} | {b:,.4g}" for a, b in pairs) + f" {unit}"


def minutes(values: Iterable[float]) -> str:
    """Show seconds as minutes."""
    return listed([value / 60 for value in values], "min", ", ")


def durations(values: Iterable[float]) -> str:
    """Show seconds in the units that suit them."""
    return " / ".join(formatting.duration(value) for value in values)
