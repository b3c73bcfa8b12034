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
#: Longest tag of a cell that is looked for across two steps.
_OVERLAP = 4096
_CELL = re.compile(rb'<(?:\w+:)?(c|row)\b[^<>]*?\br="([A-Z]{0,3})(\d{1,10})"')
_CELLS = re.compile(rb"<(?:\w+:)?c\b")
_TEXT_END = re.compile(rb"</(?:\w+:)?si>")
_TEXT_CELL = re.compile(rb'\bt="s"')


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
                longest, texts = 0, 0
                for part in parts:
                    cost = self._survey_part(archive, part, left)
                    left -= cost.size
                    longest = max(longest, cost.longest_text)
                    texts += cost.text_cells
        except ScenarioError:
            raise  # it is a ValueError
        except _ZIP_ERRORS as error:
            refuse(self.label, f"is a damaged workbook: {error}")
        if longest > 4 * self._limits.cell_chars:
            message = f"holds a text of {longest:,} bytes (limit cell_chars)"
            refuse(self.label, message, code=codes.TOO_LARGE)
        if longest * texts > 16 * self._limits.unpacked_bytes:
            message = f"holds {texts:,} cells of text of up to {longest:,} bytes"
            refuse(self.label, f"{message} (limit unpacked_bytes)", code=codes.TOO_LARGE)

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
                cost.add(chunk)
                if cost.size > left:
                    limit = f"{self._limits.unpacked_bytes:,} bytes (limit unpacked_bytes)"
                    message = f"unpacks to more than {limit}"
                    refuse(self.label, message, where=part.filename, code=codes.TOO_LARGE)
        limits = self._limits
        if cost.last_row > limits.rows + 1 or cost.last_column > limits.columns:
            message = (
                f"a sheet of {cost.last_row:,} rows and {cost.last_column:,} columns; at most "
                f"{limits.rows:,} and {limits.columns:,} (limits rows and columns)"
            )
            refuse(self.label, message, where=part.filename, code=codes.TOO_LARGE)
        cells = max(cost.last_row * cost.last_column, cost.cells)
        if cells > limits.cells // 4:
            message = f"a sheet of {cells:,} cells; at most {limits.cells // 4:,} (limit cells / 4)"
            refuse(self.label, message, where=part.filename, code=codes.TOO_LARGE)
        return cost


class _Cost:
    """What one part of a workbook asks for."""

    def __init__(self) -> None:
        self.size = 0
        self.cells = 0
        self.last_row = 0
        self.last_column = 0
        self.text_cells = 0
        self.longest_text = 0
        self._tail = b""
        self._since_text = 0
        self._is_texts: bool | None = None

    def add(self, chunk: bytes) -> None:
        """Add the next bytes of the part."""
        self.size += len(chunk)
        if self._is_texts is None:
            self._is_texts = b"<sst" in chunk[:_OVERLAP] or b":sst" in chunk[:_OVERLAP]
        if self._is_texts:
            self._add_texts(chunk)
            return
        whole = self._tail + chunk
        for found in _CELL.finditer(whole):
            kind, letters, digits = found.groups()
            self.last_row = max(self.last_row, int(digits))
            if kind == b"c":
                self.last_column = max(self.last_column, _column_number(letters))
        self.cells += len(_CELLS.findall(chunk))
        self.text_cells += len(_TEXT_CELL.findall(chunk))
        cut = whole.rfind(b"<")
        self._tail = whole[cut:] if cut >= 0 and len(whole) - cut <= _OVERLAP else b""

    def _add_texts(self, chunk: bytes) -> None:
        begin = 0
        for found in _TEXT_END.finditer(chunk):
            self.longest_text = max(self.longest_text, self._since_text + found.end() - begin)
            begin, self._since_text = found.end(), 0
        self._since_text += len(chunk) - begin
        self.longest_text = max(self.longest_text, self._since_text)


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
