"""Workbooks (.xlsx) read within limits, by python-calamine.

calamine lays out a sheet as a full rectangle and copies a shared text into every cell that names
it, so a file of a few kilobytes can ask for terabytes. The parts are therefore unpacked once, in
steps, and the rectangle and texts of every sheet are added up before calamine sees the file.
Formulas are never evaluated: a cell is the value that the file holds for it.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import LandfallError, ScenarioError
from . import codes
from .reading import Limits, PathLike, read_bytes, refuse

__all__ = ["Sheet", "Workbook"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: What zipfile raises of a file that is damaged, has a password, or is packed in another way.
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, ImportError),
)
_PARTS_MAX = 5_000
_STEP = 1 << 20
_XML = (".xml", ".rels")
#: Longest element, beyond which a part is no table.
_ELEMENT_MAX = 16 << 20
#: A cell or row with its place; either kind of quotes, and other attributes before it.
_CELL = re.compile(rb"""<(?:\w+:)?(c|row)\b[^<]*?\br\s*=\s*["']([A-Za-z]{0,3})(\d{1,10})["']""")
_CELLS = re.compile(rb"<(?:\w+:)?c\b")
_TEXTS = re.compile(rb"<(?:\w+:)?sst\b")
_TEXT_END = re.compile(rb"</(?:\w+:)?si\s*>")
_TEXT_CELL = re.compile(rb"""\bt\s*=\s*["']s["']""")
_TEXT_NUMBER = re.compile(rb"""\bt\s*=\s*["']s["'][^<]*<(?:\w+:)?v>(\d{1,9})<""")


class Sheet:
    """The rows of one sheet, blank ones left out.

    Attributes
    ----------
    name
        Name of the sheet.
    blank
        Blank rows left out so far.
    """

    def __init__(self, name: str, rows: list[list[Any]]) -> None:
        self.name = name
        self._rows = rows
        self.blank = 0

    def __iter__(self) -> Iterator[tuple[int, list[Any]]]:
        """Give each row with its number, as a spreadsheet shows it."""
        for number, row in enumerate(self._rows, 1):
            if any(cell is not None and str(cell).strip() for cell in row):
                yield number, row
            else:
                self.blank += 1


class Workbook:
    """An .xlsx file.

    Parameters
    ----------
    path
        The file.
    limits
        What it may cost.

    Raises
    ------
    ScenarioError
        It is no workbook, damaged, or over a limit.
    LandfallError
        Workbooks need the package ``python-calamine``: ``pip install landfall[import]``.
    """

    def __init__(self, path: PathLike, limits: Limits) -> None:
        self.label = str(path)
        self._limits = limits
        raw = read_bytes(path, limits, unpack=False)
        if raw.startswith(_OLE):
            message = "is an old .xls or a workbook with a password; save it as .xlsx without one"
            refuse(self.label, message, code=codes.UNKNOWN_KIND)
        if not raw.startswith(b"PK"):
            refuse(self.label, "is not an .xlsx workbook", code=codes.UNKNOWN_KIND)
        self._survey(raw)
        self._book = self._call(lambda: _calamine().load_workbook(io.BytesIO(raw)))
        self.sheets: tuple[str, ...] = tuple(self._book.sheet_names)

    def sheet(self, name: str) -> Sheet:
        """Return a sheet. Raises ScenarioError where it is damaged."""
        read = self._book.get_sheet_by_name
        rows = self._call(lambda: read(name).to_python(skip_empty_area=False), name)
        if len(rows) > self._limits.rows + 1:
            message = f"has {len(rows):,} rows; at most {self._limits.rows:,} (limit rows)"
            refuse(self.label, message, where=f"sheet {name}", code=codes.TOO_LARGE)
        return Sheet(name, rows)

    def _call(self, read: Any, sheet: str | None = None) -> Any:
        """Call calamine; whatever it raises, its panics too, says that the file is damaged."""
        try:
            return read()
        except (KeyboardInterrupt, SystemExit, GeneratorExit, LandfallError, MemoryError):
            raise
        except BaseException as error:
            where = f"sheet {sheet}" if sheet else ""
            message = f"is a damaged workbook: {type(error).__name__}: {error}"
            refuse(self.label, message, where=where)

    # --- Before calamine sees it ------------------------------------------------------------------

    def _survey(self, raw: bytes) -> None:
        """Unpack every part once, and add up what reading it would take."""
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                parts = archive.infolist()
                self._check_parts(parts)
                left = self._limits.unpacked_bytes
                costs = []
                for part in parts:
                    costs.append(self._survey_part(archive, part, left))
                    left -= costs[-1].size
                self._check_texts(archive, parts, costs)
        except ScenarioError:
            raise  # it is a ValueError
        except _ZIP_ERRORS as error:
            refuse(self.label, f"is a damaged workbook: {error}")

    def _check_texts(
        self, archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], costs: list[_Cost]
    ) -> None:
        """Add up the shared texts of all cells; only where they could be too many, one by one."""
        lengths = np.array([length for cost in costs for length in cost.texts], dtype=np.int64)
        longest = int(lengths.max(initial=0))
        if longest > 4 * self._limits.cell_chars:
            message = f"holds a text of {longest:,} bytes (limit cell_chars)"
            refuse(self.label, message, code=codes.TOO_LARGE)
        cells = sum(cost.text_cells for cost in costs)
        most = self._limits.unpacked_bytes // 4
        if longest * cells <= most:
            return
        total, counted = 0, 0
        for part in parts:
            numbers = np.array(_TEXT_NUMBER.findall(archive.read(part)), dtype=np.int64)
            total += int(lengths[numbers[numbers < len(lengths)]].sum())
            counted += len(numbers)
        total += max(cells - counted, 0) * longest
        if total > most:
            message = f"holds {cells:,} cells of text with {total:,} bytes in all"
            limit = f"at most {most:,} (limit unpacked_bytes / 4)"
            refuse(self.label, f"{message}; {limit}", code=codes.TOO_LARGE)

    def _check_parts(self, parts: list[zipfile.ZipInfo]) -> None:
        names = [part.filename for part in parts]
        if len(parts) > _PARTS_MAX:
            refuse(self.label, f"has {len(parts):,} parts", code=codes.TOO_LARGE)
        if len(set(names)) != len(names):
            refuse(self.label, "has two parts of one name", code=codes.HOSTILE)
        if "xl/workbook.xml" not in names:
            message = "is a zip file, but no .xlsx workbook"
            refuse(self.label, message, code=codes.UNKNOWN_KIND)
        total = sum(part.file_size for part in parts)
        if total > self._limits.unpacked_bytes:
            limit = f"{self._limits.unpacked_bytes:,} (limit unpacked_bytes)"
            message = f"unpacks to {total:,} bytes; at most {limit}"
            refuse(self.label, message, code=codes.TOO_LARGE)

    def _survey_part(self, archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> _Cost:
        cost = _Cost()
        with archive.open(part) as stream:
            while chunk := stream.read(_STEP):
                if cost.size == 0 and part.filename.endswith(_XML) and b"\0" in chunk[:8]:
                    message = "holds a part that is not UTF-8"
                    refuse(self.label, message, where=part.filename, code=codes.HOSTILE)
                cost.add(chunk)
                if cost.size > left:
                    limit = f"{self._limits.unpacked_bytes:,} bytes (limit unpacked_bytes)"
                    message = f"unpacks to more than {limit}"
                    refuse(self.label, message, where=part.filename, code=codes.TOO_LARGE)
                if cost.element > _ELEMENT_MAX:
                    message = f"holds an element of more than {_ELEMENT_MAX:,} bytes"
                    refuse(self.label, message, where=part.filename, code=codes.HOSTILE)
        cost.end()
        limits = self._limits
        if cost.last_row > limits.rows + 1 or cost.last_column > limits.columns:
            message = (
                f"a sheet of {cost.last_row:,} rows and {cost.last_column:,} columns; at most "
                f"{limits.rows:,} and {limits.columns:,} (limits rows and columns)"
            )
            refuse(self.label, message, where=part.filename, code=codes.TOO_LARGE)
        cells = max(cost.last_row * cost.last_column, cost.cells)
        if cells > limits.cells // 10:
            message = (
                f"a sheet of {cells:,} cells; at most {limits.cells // 10:,} (limit cells / 10)"
            )
            refuse(self.label, message, where=part.filename, code=codes.TOO_LARGE)
        return cost


class _Cost:
    """What one part of a workbook asks for.

    Attributes
    ----------
    size, cells, last_row, last_column, text_cells
        Bytes, cells, the furthest row and column, and cells that hold a shared text.
    texts
        Lengths of the shared texts in bytes, in their order.
    element
        Longest run of bytes without the start of an element, over a step.
    """

    def __init__(self) -> None:
        self.size = 0
        self.cells = 0
        self.last_row = 0
        self.last_column = 0
        self.text_cells = 0
        self.texts: list[int] = []
        self.element = 0
        self._tail = b""
        self._since_text: int | None = None

    def add(self, chunk: bytes) -> None:
        """Add the next bytes of the part; an element that they cut is looked at with the next."""
        self.size += len(chunk)
        whole = self._tail + chunk
        cut = whole.rfind(b"<")
        done, self._tail = (whole[:cut], whole[cut:]) if cut >= 0 else (whole, b"")
        self.element = max(self.element, len(self._tail))
        self._add(done)

    def end(self) -> None:
        """Look at what is left."""
        self._add(self._tail)

    def _add(self, part: bytes) -> None:
        for found in _CELL.finditer(part):
            kind, letters, digits = found.groups()
            self.last_row = max(self.last_row, int(digits))
            if kind == b"c":
                self.last_column = max(self.last_column, _column_number(letters.upper()))
        self.cells += len(_CELLS.findall(part))
        self.text_cells += len(_TEXT_CELL.findall(part))
        begin = 0
        if self._since_text is None:
            start = _TEXTS.search(part)
            if start is None:
                return
            begin, self._since_text = start.end(), 0
        for found in _TEXT_END.finditer(part, begin):
            self.texts.append(self._since_text + found.end() - begin)
            begin, self._since_text = found.end(), 0
        self._since_text += len(part) - begin


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _calamine() -> Any:
    try:
        import python_calamine
    except ImportError as error:
        message = "workbooks need the package python-calamine: pip install 'landfall[import]'"
        raise LandfallError(message) from error
    return python_calamine
