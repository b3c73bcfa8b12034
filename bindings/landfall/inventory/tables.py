"""Large CSV tables of numbers, read by Arrow; what does not fit is found again, with line and cell.

Arrow reads a table whole, in parallel, as numbers. Only when something does not fit is the file
read once more, row by row, to say where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from ..document import show
from . import codes
from .fields import BadCellError, number
from .model import Note
from .reading import Limits, PathLike, Rows, Text, decode, read_bytes, refuse

__all__ = ["Table", "read_table"]

_DIGITS = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?\Z")


class Table:
    """A table whose columns are read when asked for.

    Attributes
    ----------
    label
        The file.
    headings
        Its headings, unique.
    separator
        Text between two cells.
    notes
        What was assumed.
    plain
        Whether a scenario can replay the file as it is: UTF-8 without quotes or blank lines.
    """

    def __init__(self, data: bytes, text_note: str | None, label: str, limits: Limits) -> None:
        self.label = label
        self.notes: list[Note] = [Note(text=text_note)] if text_note else []
        self._data = data
        self._limits = limits
        self._read: dict[tuple[tuple[str, ...], bool], Any] = {}
        head = self._head()
        rows = Rows(head, limits, empty_cells_count=True)
        self.separator = rows.separator
        line, headings = next(iter(rows), (0, []))
        self.headings = [heading.strip() for heading in headings]
        self.plain = text_note is None and b'"' not in data and line == 1
        self._first_line = line
        self._check_headings(line)
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        most = limits.cells // max(len(self.headings), 1)
        if lines - 1 > most:
            message = f"has {lines - 1:,} rows of {len(self.headings):,} cells; at most "
            refuse(label, f"{message}{limits.cells:,} cells (limit cells)", code=codes.TOO_LARGE)

    def _head(self) -> Text:
        """Return the first line that is not blank, as text."""
        first = re.search(rb"[^\s][^\r\n]*(?:\r\n|\r|\n)?", self._data)
        if first is None:
            refuse(self.label, "holds no header", code=codes.NOTHING_LEFT)
        return Text(self.label, self._data[: first.end()].decode(), "utf-8")

    def _check_headings(self, line: int) -> None:
        where = f"line {line}"
        if len(self.headings) < 2:
            message = "has one column; a table has at least a time and a value"
            refuse(self.label, message, where=where, found=self.headings[0][:80])
        for index, heading in enumerate(self.headings):
            if not heading:
                message = f"the heading of column {index + 1} is blank"
                refuse(self.label, message, where=where, code=codes.MISSING_COLUMN)
        if len(set(self.headings)) != len(self.headings):
            twice = next(name for name in self.headings if self.headings.count(name) > 1)
            message = "two columns have this heading"
            refuse(self.label, message, where=where, found=twice, code=codes.MISSING_COLUMN)

    # --- Columns ----------------------------------------------------------------------------------

    def numbers(self, name: str, among: Sequence[str] = ()) -> npt.NDArray[np.float64]:
        """Return a column of numbers that are not negative; NaN where a cell is empty.

        Columns that are asked for together are named in `among`: the file is read once for them.
        """
        column = self._columns(tuple(among) or (name,), as_text=False).column(name)
        values: npt.NDArray[np.float64] = column.to_numpy()
        wrong = ~(values >= 0) | np.isinf(values)
        if column.null_count:
            wrong &= column.is_valid().to_numpy()
        if wrong.any():
            self.fail(int(wrong.argmax()), name, "must be a finite number that is not negative")
        return values

    def times(self, name: str, factor: float) -> npt.NDArray[np.float64]:
        """Return a column of times in seconds since 1970: numbers times `factor`, or ISO 8601."""
        column = self._columns((name,), as_text=True).column(name)
        if len(column) == 0:
            refuse(self.label, "has a header and no rows", code=codes.NOTHING_LEFT)
        first = str(column[0].as_py() or "").strip()
        values = self._as_numbers(column, factor) if _is_number(first) else self._as_dates(column)
        wrong = ~np.isfinite(values)
        if wrong.any():
            rule = "must be a number or a date and time such as 2026-01-31T14:05:00Z, as above it"
            self.fail(int(wrong.argmax()), name, rule)
        return values

    def _as_numbers(self, column: Any, factor: float) -> npt.NDArray[np.float64]:
        import pyarrow as pa
        from pyarrow import compute

        try:
            made = compute.utf8_trim_whitespace(column).cast(pa.float64())
        except pa.ArrowInvalid:
            cells = column.to_pylist()
            return np.array([float(cell) if _is_number(cell) else np.nan for cell in cells])
        values: npt.NDArray[np.float64] = made.to_numpy() * factor
        return values

    def _as_dates(self, column: Any) -> npt.NDArray[np.float64]:
        import pandas as pd

        texts = pd.Series(column.to_pylist(), dtype="str").str.strip()
        made = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
        nanoseconds = made.dt.as_unit("ns").astype("int64").to_numpy()
        return np.where(made.isna().to_numpy(), np.nan, nanoseconds / 1e9)

    def names(self, name: str) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
        """Return a column of names as codes and the names, in the order of the file."""
        column = self._columns((name,), as_text=True).column(name).combine_chunks()
        coded = column.dictionary_encode()
        if coded.null_count:
            row = int(column.is_null().to_numpy(zero_copy_only=False).argmax())
            self.fail(row, name, "must not be blank")
        known = tuple(str(each).strip() for each in coded.dictionary.to_pylist())
        if len(set(known)) != len(known) or not all(known):
            refuse(self.label, f'names in "{name}" differ by blanks only', code=codes.BAD_CELL)
        return coded.indices.to_numpy().astype(np.int64), known

    def _columns(self, names: tuple[str, ...], *, as_text: bool) -> Any:
        """Return the Arrow table of some columns."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        if (names, as_text) in self._read:
            return self._read[names, as_text]
        kind = pa.string() if as_text else pa.float64()
        try:
            read = arrow_csv.read_csv(
                pa.BufferReader(self._data),
                read_options=arrow_csv.ReadOptions(
                    column_names=self.headings, skip_rows=self._first_line, block_size=1 << 24
                ),
                parse_options=arrow_csv.ParseOptions(delimiter=self.separator),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, kind),
                    include_columns=names,
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
        except pa.ArrowException as error:
            self._explain(str(error), () if as_text else names)
        self._read[names, as_text] = read
        return read

    # --- What does not fit ------------------------------------------------------------------------

    def _rows(self) -> Iterator[tuple[int, tuple[int, list[str]]]]:
        """Give the rows as Arrow counts them: 0 is the header."""
        text = decode(self._data, self.label)
        bounds = replace(self._limits, rows=self._limits.cells)
        return enumerate(Rows(text, bounds, empty_cells_count=True))

    def _explain(self, error: str, numbers: Sequence[str]) -> NoReturn:
        """Find the first row or cell that does not fit, and say so."""
        width = len(self.headings)
        places = [(self.headings.index(name), name) for name in numbers]
        for index, (line, row) in self._rows():
            if index == 0:
                continue
            if len(row) != width:
                message = f"has {len(row):,} cells; the header has {width:,}"
                refuse(self.label, message, where=f"line {line}", code=codes.BAD_CELL)
            for place, name in places:
                cell = row[place]
                if cell.strip():
                    self._check(cell, line, name)
        refuse(self.label, f"is no table that can be read: {error}")

    def _check(self, cell: str, line: int, name: str) -> None:
        try:
            number(cell)
        except BadCellError as error:
            refuse(
                self.label,
                error.reason,
                where=f'line {line}, column "{name}"',
                found=cell,
                allowed=error.allowed,
                code=codes.BAD_CELL,
            )

    def fail(self, row: int, name: str, message: str) -> NoReturn:
        """Refuse the table for one cell; `row` counts rows of data from 0."""
        place = self.headings.index(name)
        for index, (line, cells) in self._rows():
            if index == row + 1:
                found = cells[place] if place < len(cells) else None
                where = f'line {line}, column "{name}"'
                refuse(self.label, message, where=where, found=found, code=codes.BAD_CELL)
        refuse(self.label, message, where=f"row {row + 1}, column {show(name)}")


def _is_number(cell: str | None) -> bool:
    return cell is not None and _DIGITS.match(cell.strip()) is not None


def read_table(path: PathLike, limits: Limits) -> Table:
    """Open a CSV table, plain or gzip. Raises ScenarioError."""
    label = str(path)
    raw = read_bytes(path, limits)
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    note = None
    if b"\0" in raw[:4096] or raw[:2] in (b"\xff\xfe", b"\xfe\xff") or not _is_utf8(raw):
        text = decode(raw, label)
        note = text.note or f"the text is {text.encoding.upper()}"
        raw = text.content.encode()
    if b"\0" in raw:
        line = raw.count(b"\n", 0, raw.index(b"\0")) + 1
        refuse(label, "holds a NUL byte", where=f"line {line}", code=codes.HOSTILE)
    return Table(raw, note, label, limits)


def _is_utf8(raw: bytes) -> bool:
    if raw.isascii():
        return True
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
