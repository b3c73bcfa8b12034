"""A churn trace: bytes written by each machine in each slot of time."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import formatting
from ..errors import UnknownName
from . import codes
from .model import Note
from .reading import PathLike, refuse

if TYPE_CHECKING:
    import pandas as pd

    from ..churn import TraceChurn

__all__ = ["Array", "Mask", "Origin", "Trace"]

#: Names that need no quotes in a table and end in no unit.
_HEADING = re.compile(r"\w(?:[\w. -]{0,78}\w)?")
Array: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that a scenario can replay a trace from, as it is.

    Attributes
    ----------
    file
        A wide CSV file: time first, one column for each machine.
    columns
        Heading of each machine's column.
    bytes_per_second
        What 1 in a cell is, in bytes per second.
    separator
        Text between two cells.
    """

    file: Path
    columns: tuple[str, ...]
    bytes_per_second: int
    separator: str


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """Bytes written per slot and machine.

    Attributes
    ----------
    written
        Bytes, shape ``(slots, machines)``, float64, read-only; 0 where there is no sample.
    names
        Names of the machines, in the order of the columns.
    slot_s
        Length of a slot in seconds.
    start_unix_s
        Start of the first slot, in seconds since 1970 UTC; None where the file has no clock.
    missing
        True where there is no sample, shape ``(slots, machines)``.
    distinct
        Distinct bytes of those written, same shape; None where only volumes are known.
    notes
        What was assumed.
    origin
        The file a scenario can replay it from; None: write one with :meth:`to_csv`.
    """

    written: Array
    names: tuple[str, ...]
    slot_s: float
    start_unix_s: float | None
    missing: Mask
    distinct: Array | None = None
    notes: tuple[Note, ...] = ()
    origin: Origin | None = field(default=None)

    def __post_init__(self) -> None:
        shape = self.written.shape
        if len(shape) != 2 or shape[1] != len(self.names) or self.missing.shape != shape:
            raise ValueError(f"{shape} is not (slots, machines) of {len(self.names)} machines")
        if self.distinct is not None and self.distinct.shape != shape:
            raise ValueError("distinct and written must have the same shape")
        if len(set(self.names)) != len(self.names):
            raise ValueError("the names of machines must be unique")
        if not self.slot_s > 0:
            raise ValueError("slot_s must be more than 0")
        for array in (self.written, self.missing, self.distinct):
            if array is not None:
                array.flags.writeable = False

    # --- What it holds ----------------------------------------------------------------------------

    @property
    def slots(self) -> int:
        """Number of slots."""
        return int(self.written.shape[0])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.slots * self.slot_s

    @property
    def start(self) -> datetime | None:
        """Start of the first slot."""
        if self.start_unix_s is None:
            return None
        return datetime.fromtimestamp(self.start_unix_s, UTC)

    @property
    def missing_share(self) -> float:
        """Share of samples that are missing."""
        return float(self.missing.mean()) if self.missing.size else 0.0

    def fleet(self) -> Array:
        """Return the bytes that all machines write in each slot, shape ``(slots,)``.

        This is what :func:`landfall.required_bandwidth` and :func:`landfall.fluid_lag` take.
        """
        total: Array = self.written.sum(axis=1)
        return total

    def rates(self) -> Array:
        """Return bytes per second, shape ``(slots, machines)``; NaN where there is no sample."""
        return np.where(self.missing, np.nan, self.written / self.slot_s)

    def column(self, name: str) -> int:
        """Return the column of a machine. Raises UnknownName."""
        found = self._columns.get(name)
        if found is None:
            raise UnknownName("machine of the trace", name, self.names)
        return found

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    # --- Parts and other forms --------------------------------------------------------------------

    def select(self, names: Sequence[str], rename: Sequence[str] | None = None) -> Trace:
        """Return the trace of some machines, in this order, under other names if given."""
        columns = [self.column(name) for name in names]
        distinct = None if self.distinct is None else self.distinct[:, columns]
        origin = self.origin
        if origin is not None:
            origin = replace(origin, columns=tuple(origin.columns[index] for index in columns))
        return replace(
            self,
            written=self.written[:, columns],
            missing=self.missing[:, columns],
            names=tuple(names if rename is None else rename),
            distinct=distinct,
            origin=origin,
        )

    def between(self, first: int, end: int | None = None) -> Trace:
        """Return the slots from `first` up to `end`, which is not among them."""
        part = slice(first, end)
        first, _, _ = part.indices(self.slots)
        start = self.start_unix_s
        return replace(
            self,
            written=self.written[part],
            missing=self.missing[part],
            distinct=None if self.distinct is None else self.distinct[part],
            start_unix_s=None if start is None else start + first * self.slot_s,
            origin=None,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return bytes per slot, one column for each machine; NaN where there is no sample."""
        import pandas as pd

        seconds = np.arange(self.slots) * self.slot_s
        if self.start_unix_s is None:
            index: Any = pd.Index(seconds, name="time_s")
        else:
            times = (self.start_unix_s + seconds) * 1e9
            index = pd.to_datetime(times.astype(np.int64), utc=True).rename("time")
        values = np.where(self.missing, np.nan, self.written)
        return pd.DataFrame(values, index=index, columns=list(self.names))

    def churn(self, name: str) -> TraceChurn:
        """Return the workload that replays a machine in a scenario, from the trace's own file.

        Raises
        ------
        UnknownName
            There is no such machine.
        ScenarioError
            The file is not in a form that a scenario reads; :meth:`to_csv` writes one that is.
        """
        from ..churn import TraceChurn

        index = self.column(name)
        if self.origin is None:
            message = "no file of this trace can be replayed as it is; write one with to_csv()"
            refuse("trace", message, code=codes.UNSTATED)
        return TraceChurn(
            file=str(self.origin.file.absolute()),
            column=self.origin.columns[index],
            unit=self.origin.bytes_per_second,
            step=self.slot_s,
            separator=self.origin.separator,
        )

    def to_csv(self, path: PathLike) -> Trace:
        """Write a wide CSV file in bytes per second, and return the trace as replayed from it.

        A number gets the shortest text that reads as the same number, so nothing is lost. Headings
        are the names, or m1, m2 and so on where a name holds what a table cannot.
        """
        from .present import replace_file

        start = self.start_unix_s or 0.0
        rates = self.rates()
        out = io.StringIO(newline="")
        headings = list(self.names)
        if not all(map(_HEADING.fullmatch, headings)) or "unix_ts" in headings:
            headings = [f"m{index}" for index in range(1, len(self.names) + 1)]
        out.write(",".join(["unix_ts", *headings]) + "\n")
        for slot, row in enumerate(rates.tolist()):
            time = start + slot * self.slot_s
            out.write(f"{time:.15g}")
            out.writelines("," if value != value else f",{value!r}" for value in row)
            out.write("\n")
        file = replace_file(Path(path), out.getvalue())
        return replace(self, origin=Origin(file.absolute(), tuple(headings), 1, ","))

    # --- How it shows itself ----------------------------------------------------------------------

    def summary(self) -> list[tuple[str, str]]:
        """Return what it holds, as texts."""
        fleet = self.fleet() / self.slot_s
        of_fleet = {"mean": fleet.mean(), "p50": np.percentile(fleet, 50)}
        of_fleet |= {"p95": np.percentile(fleet, 95), "peak": fleet.max()}
        start = "" if self.start is None else f" from {self.start:%Y-%m-%d %H:%M} UTC"
        step = f"{self.slots:,} slots of {formatting.duration(self.slot_s)}"
        return [
            ("machines", f"{len(self.names):,}"),
            ("time", f"{formatting.duration(self.duration_s)}{start}, {step}"),
            ("missing", f"{100 * self.missing_share:.2g} % of samples"),
            *((f"fleet {name}", f"{formatting.size(rate)}/s") for name, rate in of_fleet.items()),
        ]

    def _repr_html_(self) -> str:
        from .present import table_html

        notes: Iterable[str] = (str(note) for note in self.notes)
        return table_html(("churn trace", ""), self.summary(), notes)

    def __repr__(self) -> str:
        step = formatting.duration(self.slot_s)
        return f"<trace: {len(self.names):,} machines, {self.slots:,} slots of {step}>"
