"""Times of samples made into slots of equal length, and units into bytes; nothing is guessed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import numpy.typing as npt
from pydantic_core import PydanticCustomError

from .. import formatting
from ..quantities import DURATION, RATE_UNIT, SIZE, parse
from . import codes
from .reading import refuse

__all__ = ["TIME_UNITS", "Grid", "Unit", "grid_of", "seconds", "split_unit", "unit_of", "unstated"]

_GAPS_SHOWN = 3
_UNITS = ("B/s", "KB/s (1,000)", "KiB/s (1,024)", "MiB/s", "Mbit/s", "B", "MiB")
#: Seconds of 1 in a time column.
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True)
class Unit:
    """What 1 in a cell is: bytes per second, or bytes of a slot."""

    text: str
    factor: float
    per_second: bool

    def bytes_of(self, slot_s: float) -> float:
        """Return the bytes of a slot in which a cell says 1."""
        return self.factor * slot_s if self.per_second else self.factor


def _parsed(text: str) -> Unit | None:
    for dimension, per_second in ((RATE_UNIT, True), (SIZE, False)):
        try:
            value = parse(text if per_second else f"1 {text}", dimension)
        except PydanticCustomError:
            continue
        if value > 0:
            return Unit(text, float(value), per_second)
    return None


def unit_of(text: str, label: str) -> Unit:
    """Return a unit such as "KiB/s" (a rate) or "MB" (bytes of a slot). Raises ScenarioError."""
    unit = _parsed(text)
    if unit is None:
        message = "is no unit of a rate or size"
        refuse(label, message, where="unit", found=text, allowed=_UNITS, code=codes.UNSTATED)
    return unit


def split_unit(headings: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the unit in brackets that all headings end in ("vm1 [KB/s]"), and their names."""
    units, names = set(), []
    for heading in headings:
        bare = heading.strip()
        close = {"]": "[", ")": "("}.get(bare[-1:])
        begin = bare.rfind(close) if close else -1
        units.add(bare[begin + 1 : -1].strip() if begin > 0 else "")
        names.append(bare[:begin].strip() if begin > 0 else bare)
    unit = units.pop() if len(units) == 1 else ""
    if not unit or _parsed(unit) is None:
        return None, [heading.strip() for heading in headings]
    return unit, names


def unstated(label: str, headings: Sequence[str]) -> NoReturn:
    """Refuse a trace whose unit nobody states."""
    message = (
        'the file does not say what its numbers are; say it, such as unit="KiB/s", or end each '
        'heading in it, such as "vm1 [KiB/s]"'
    )
    found = ", ".join(headings[:4])
    refuse(label, message, where="unit", found=found, allowed=_UNITS, code=codes.UNSTATED)


def seconds(value: float | str | None, label: str, name: str) -> float | None:
    """Return a duration in seconds, from a number or a text such as "5 min"."""
    if value is None:
        return None
    try:
        made = float(parse(value, DURATION))
    except PydanticCustomError as error:
        refuse(label, error.message(), where=name, found=value, code=codes.UNSTATED)
    if not made > 0:
        refuse(label, "must be more than 0", where=name, found=value, code=codes.UNSTATED)
    return made


@dataclass(frozen=True, slots=True)
class Grid:
    """Slots of equal length, and the slot of each sample."""

    start_s: float
    slot_s: float
    slots: int
    index: npt.NDArray[np.int64]


def grid_of(
    times: npt.NDArray[np.float64],
    *,
    label: str,
    slot_s: float | None,
    slots_max: int,
    align: bool,
) -> Grid:
    """Lay times of samples into slots.

    A sample belongs to the slot that its time falls in; slots without one are gaps.

    Parameters
    ----------
    times
        Seconds, in any order.
    label
        The file, for messages.
    slot_s
        Length of a slot; None: the most frequent step, which must be that of half the samples.
    slots_max
        Most slots.
    align
        Whether slots begin at multiples of their length, or at the first sample.

    Raises
    ------
    ScenarioError
        There is no time, no step, or more slots than `slots_max`.
    """
    unique = np.unique(times)
    if len(unique) == 0 or not np.isfinite(unique).all():
        refuse(label, "holds no samples", code=codes.NOTHING_LEFT)
    if slot_s is None:
        slot_s = _step(unique, label)
    start = math.floor(unique[0] / slot_s) * slot_s if align else float(unique[0])
    slots = math.floor((unique[-1] - start) / slot_s + 1e-9) + 1
    if slots > slots_max:
        message = f"spans {slots:,} slots of {formatting.duration(slot_s)}; at most {slots_max:,}"
        refuse(label, f"{message} (limit cells)", code=codes.TOO_LARGE)
    index = np.floor((times - start) / slot_s + 1e-9).astype(np.int64)
    return Grid(start, slot_s, slots, index)


def _step(unique: npt.NDArray[np.float64], label: str) -> float:
    if len(unique) < 2:
        message = "has one sample, so the length of a slot is not known; say it with slot_s"
        refuse(label, message, code=codes.UNSTATED)
    steps, counts = np.unique(np.diff(unique), return_counts=True)
    most = int(counts.argmax())
    if counts[most] * 2 < counts.sum():
        shown = ", ".join(f"{step:g} s" for step in steps[:_GAPS_SHOWN])
        message = "has samples at no regular step; say the length of a slot with slot_s"
        refuse(label, message, found=shown, code=codes.UNSTATED)
    return float(steps[most])
