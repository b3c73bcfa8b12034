"""What a chart shows, said once: the static picture and the interactive one are made of it.

Values are canonical (seconds, bytes, currency); a :class:`Scale` says what one unit on paper is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from ..plot_style import size_unit, time_unit
from ..tables import Array

__all__ = [
    *("Band", "Bars", "Chart", "Layer", "Level", "Line", "Scale", "Series", "Shade", "Spans"),
    *("POINTS_MAX", "count_scale", "size_scale", "thinned", "time_scale"),
]

#: Most points of one line that a page carries: finer than that no screen shows.
POINTS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis: its label, the canonical amount of one unit, and the unit's name."""

    label: str
    factor: float = 1.0
    unit: str = ""

    @property
    def title(self) -> str:
        """Label with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


def time_scale(label: str, largest_s: float) -> Scale:
    """Return an axis of durations up to `largest_s`."""
    unit = time_unit(largest_s)
    return Scale(label, unit.factor, unit.name)


def size_scale(label: str, largest: float, per: str = "") -> Scale:
    """Return an axis of amounts of bytes up to `largest`."""
    unit = size_unit(largest)
    return Scale(label, unit.factor, unit.name + per)


def count_scale(label: str, unit: str = "") -> Scale:
    """Return an axis of plain numbers."""
    return Scale(label, 1.0, unit)


@dataclass(frozen=True, eq=False, slots=True)
class Line:
    """A line; NaN breaks it."""

    name: str
    x: Array
    y: Array
    colour: str
    width: float = 1.4
    dashed: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Band:
    """The space between two lines."""

    name: str
    x: Array
    low: Array
    high: Array
    colour: str


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """A part of a stack over time; the first one lies lowest."""

    name: str
    x: Array
    y: Array
    colour: str


@dataclass(frozen=True, eq=False, slots=True)
class Bars:
    """A part of a stack of bars, one bar for each name in ``Chart.names``."""

    name: str
    y: Array
    colour: str


@dataclass(frozen=True, eq=False, slots=True)
class Spans:
    """Bars from start to end, each in the row (of ``Chart.names``) that it belongs to.

    Attributes
    ----------
    rows
        For each bar the number of its row.
    texts
        What each bar is.
    hollow
        Whether only the outline is drawn: it failed.
    framed
        Whether a dark frame marks them: they are critical.
    in_legend
        Whether the legend has them: another series may say what they are.
    """

    name: str
    rows: Array
    start: Array
    end: Array
    texts: Sequence[str]
    colour: str
    hollow: bool = False
    framed: bool = False
    in_legend: bool = True


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line, such as a target."""

    name: str
    y: float


@dataclass(frozen=True, slots=True)
class Shade:
    """Times to be seen behind everything, such as outages."""

    name: str
    times: tuple[tuple[float, float], ...]


Series: TypeAlias = Line | Band | Layer | Bars | Spans | Level | Shade


@dataclass(frozen=True, eq=False, slots=True)
class Chart:
    """A chart.

    Attributes
    ----------
    title
        What it shows.
    alt
        What is to be seen, in words, for those who cannot see it.
    x, y
        Its axes.
    series
        What is drawn, the first lowest.
    names
        Names of bars (along x), or of the rows of spans (along y, from the top).
    note
        What the reader has to know about it, such as how it was thinned.
    start, end
        Ends of the x axis, in canonical units; by default those of the data.
    """

    title: str
    alt: str
    x: Scale
    y: Scale
    series: Sequence[Series] = field(default=())
    names: Sequence[str] = ()
    note: str = ""
    start: float | None = None
    end: float | None = None

    @property
    def is_rows(self) -> bool:
        """Whether its y axis holds names."""
        return any(isinstance(each, Spans) for each in self.series)


def thinned(x: Array, y: Array, most: int = POINTS_MAX) -> tuple[Array, Array, bool]:
    """Return a line of at most about `most` points that keeps every peak and every gap.

    Of each bucket of points the first, the least, the greatest and the last stay, in their order;
    nothing is averaged. The third value says whether points were left out.
    """
    count = len(x)
    if count <= most:
        return x, y, False
    edges = np.linspace(0, count, max(most // 4, 1) + 1).astype(int)
    kept: set[int] = set()
    known = np.isfinite(y)
    for left, right in pairwise(edges):
        if left == right:
            continue
        kept |= {int(left), int(right) - 1}
        here = np.flatnonzero(known[left:right])
        if len(here) < right - left:
            kept.add(int(left + np.flatnonzero(~known[left:right])[0]))
        if len(here):
            values = y[left:right][here]
            kept |= {int(left + here[np.argmin(values)]), int(left + here[np.argmax(values)])}
    order = np.array(sorted(kept))
    return x[order], y[order], True
