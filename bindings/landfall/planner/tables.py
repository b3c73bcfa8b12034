"""A table of a plan: rows, and what each column means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..report.blocks import Cell, Kind, TableBlock, cell_of
from ..report.blocks import Column as ReportColumn

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PlanColumn", "PlanTable", "column"]


@dataclass(frozen=True, slots=True)
class PlanColumn:
    """A column: its key, what is written above it, what its values are, what they mean.

    Values are canonical: seconds, bytes, bits per second where the kind is ``rate``, else bytes per
    second (their names end in ``bytes_per_s``).
    """

    key: str
    title: str
    kind: Kind
    meaning: str
    unit: str = ""


def column(key: str, kind: Kind, meaning: str, title: str = "", unit: str = "") -> PlanColumn:
    """Return a column; its title is made of the key unless given."""
    return PlanColumn(key, title or key.replace("_", " "), kind, meaning, unit)


def _short(value: Any, head: ReportColumn) -> Cell:
    """Return a number with as many digits as people read."""
    made = cell_of(value, head)
    if made.value is None or isinstance(made.value, str):
        return made
    text = f"{made.value:,.0f}" if abs(made.value) >= 1000 else f"{made.value:.3g}"
    return Cell(f"{text} {head.unit}".rstrip(), made.value, made.tone)


@dataclass(frozen=True)
class PlanTable:
    """A table of a plan.

    Attributes
    ----------
    name
        Key in ``CapacityPlan.tables``, and the name of its file.
    title
        What it holds.
    columns
        Its columns.
    rows
        One mapping a row; a key that is missing is unknown.
    """

    name: str
    title: str
    columns: Sequence[PlanColumn]
    rows: Sequence[Mapping[str, Any]]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def frame(self) -> pd.DataFrame:
        """The table as a frame."""
        import pandas as pd

        keys = [each.key for each in self.columns]
        return pd.DataFrame([[row.get(key) for key in keys] for row in self.rows], columns=keys)

    @property
    def meanings(self) -> dict[str, str]:
        """What each column means."""
        return {each.key: each.meaning for each in self.columns}

    def values(self, key: str) -> list[Any]:
        """Return a column."""
        if key not in self.meanings:
            raise KeyError(f"{self.name} has no column {key!r}")
        return [row.get(key) for row in self.rows]

    def block(self, *, most: int = 2_000, without: Sequence[str] = ()) -> TableBlock:
        """Return the table as a block of a report."""
        shown = [each for each in self.columns if each.key not in without]
        heads = [ReportColumn(each.title, each.kind, each.unit, each.meaning) for each in shown]
        # The first column names the rows: at the left, whatever it holds.
        written = [cell_of, *(_short if each.kind == "number" else cell_of for each in heads[1:])]
        rows = [
            [
                write(row.get(each.key), head)
                for each, head, write in zip(shown, heads, written, strict=True)
            ]
            for row in self.rows
        ]
        heads[0] = replace(heads[0], kind="text")
        rest = f"{self.name}.csv of the plan's folder has them all."
        return TableBlock(self.title, heads, rows, most=most, rest=rest)

    def _repr_html_(self) -> str:
        made: str = self.frame.to_html(index=False)
        return made
