"""What pages are made of: sections of texts, figures, tables, charts and drawings.

A block holds values and says nothing of HTML; :mod:`.page` turns pages into files. Whoever writes a
new report composes these, and needs neither a template nor a script.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from .. import formatting
from .chart import Chart

__all__ = [
    *("Block", "Cell", "ChartBlock", "CodeBlock", "Column", "DrawingBlock", "Figure"),
    *("FiguresBlock", "Kind", "ListBlock", "Section", "TableBlock", "TextBlock", "cell_of"),
]

#: How a value is written: ``text`` as it is, ``state`` and ``verdict`` with a mark beside it.
Kind: TypeAlias = Literal[
    "text", "count", "number", "duration", "instant", "size", "rate", "money", "percent", "verdict"
]
#: The tone of a value: colour is never all that tells it.
Tone: TypeAlias = Literal["", "good", "bad", "warn", "better", "worse"]

_LEFT = ("text", "verdict")
_LONG = 400
_WIDE = 9  # columns: so many fit on upright paper


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and how it is written; `value` is what sorting and tests read."""

    text: str
    value: Any = None
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    title
        Its heading.
    kind
        What its values are.
    unit
        Said after the value, such as a currency.
    hint
        What the heading means, for whoever points at it.
    signed
        Whether a plus is written: the values are differences.
    """

    title: str
    kind: Kind = "text"
    unit: str = ""
    hint: str = ""
    signed: bool = False

    @property
    def is_left(self) -> bool:
        """Whether its cells begin at the left."""
        return self.kind in _LEFT


def cell_of(value: Any, column: Column) -> Cell:
    """Return a value as `column` writes it; nothing and NaN become a dash."""
    if isinstance(value, Cell):
        return value
    if hasattr(value, "item"):
        value = value.item()
    if value is None or value != value:
        return Cell("–", None)
    if column.kind == "verdict":
        good = bool(value)
        return Cell("holds" if good else "fails", good, "good" if good else "bad")
    if column.kind == "text" or not isinstance(value, int | float):
        text = str(value)
        return Cell(text if len(text) <= _LONG else text[: _LONG - 1] + "…", text)
    if not math.isfinite(value):
        return Cell("∞" if value > 0 else "-∞", None)
    text = _written(value, column)
    plus = "+" if column.signed and value > 0 and text.strip("0.,") else ""
    return Cell(plus + text, value)


def _written(value: float, column: Column) -> str:
    match column.kind:
        case "duration":
            return formatting.duration(value)
        case "instant":
            return formatting.clock(value)
        case "size":
            return formatting.size(value)
        case "rate":
            return formatting.bits(value)
        case "money":
            return f"{value:,.2f} {column.unit}".rstrip()
        case "percent":
            return f"{value:.1f} %"
        case "count":
            return f"{value:,.0f}"
    text = f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return f"{text} {column.unit}".rstrip()


# --- Blocks ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph; `tone` marks a warning."""

    text: str
    tone: Tone = ""
    kind: ClassVar[str] = "text"


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list of short texts."""

    items: Sequence[str]
    ordered: bool = False
    kind: ClassVar[str] = "list"


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Text to be copied, such as a command."""

    text: str
    label: str = ""
    kind: ClassVar[str] = "code"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a headline: its name, its value, and what to know beside it."""

    name: str
    cell: Cell
    note: str = ""


@dataclass(frozen=True, slots=True)
class FiguresBlock:
    """Headline numbers side by side."""

    figures: Sequence[Figure]
    kind: ClassVar[str] = "figures"


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table; its first column names the rows.

    Attributes
    ----------
    caption
        What it holds.
    columns, rows
        Its columns, and the value of each row in each; values may be :class:`Cell`.
    most
        So many rows are shown; of more the page says how many it leaves out, and `rest` where they
        are.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    most: int = 2_000
    rest: str = ""
    kind: ClassVar[str] = "table"

    @property
    def is_wide(self) -> bool:
        """Whether it gets paper in landscape."""
        return len(self.columns) > _WIDE

    @property
    def cells(self) -> list[list[Cell]]:
        """The shown rows as cells."""
        pairs = (zip(row, self.columns, strict=True) for row in self.rows[: self.most])
        return [[cell_of(value, column) for value, column in row] for row in pairs]

    @property
    def left_out(self) -> str:
        """What is said of rows that are not shown."""
        count = len(self.rows) - self.most
        if count <= 0:
            return ""
        return f"{formatting.plural(count, 'more row')} not shown here. {self.rest}".rstrip()


@dataclass(frozen=True, slots=True)
class ChartBlock:
    """A chart: a picture for paper and for readers without JavaScript, else interactive."""

    chart: Chart
    kind: ClassVar[str] = "chart"


@dataclass(frozen=True, slots=True)
class DrawingBlock:
    """A drawing as inline SVG, made by code of ours that escapes the names in it.

    It carries no ``style`` attribute, script or link: the page's policy would not let them work.
    """

    svg: str
    caption: str = ""
    kind: ClassVar[str] = "drawing"


Block: TypeAlias = (
    TextBlock | ListBlock | CodeBlock | FiguresBlock | TableBlock | ChartBlock | DrawingBlock
)


@dataclass(frozen=True, slots=True)
class Section:
    """A named part of a page.

    Attributes
    ----------
    title
        Its heading.
    blocks
        What it holds. An empty section shows `empty` in their place, and is left out without one.
    lead
        A sentence under the heading.
    name
        Its anchor in the page; by default made of the title.
    """

    title: str
    blocks: Sequence[Block] = field(default=())
    lead: str = ""
    empty: str = ""
    name: str = ""

    @property
    def anchor(self) -> str:
        """Its anchor in the page."""
        return self.name or re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")

    @property
    def is_shown(self) -> bool:
        """Whether the page has it."""
        return bool(self.blocks or self.empty)
