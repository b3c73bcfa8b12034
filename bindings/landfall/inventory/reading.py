"""Files from elsewhere, read within limits: whatever they hold ends as a ScenarioError.

A file is a regular file of bounded size; gzip is told by its content and unpacked no further than
the limit; text is UTF-8, UTF-16 with a byte order mark, or Windows-1252, which is said in a note.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeAlias

from ..document import show
from ..errors import Problem, ScenarioError
from . import codes

__all__ = ["Limits", "PathLike", "Rows", "Text", "nearest_to", "read_bytes", "read_text", "refuse"]

PathLike: TypeAlias = str | os.PathLike[str]

_GZIP = b"\x1f\x8b"
_STEP = 1 << 20
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", None),
    (b"\x00\x00\xfe\xff", None),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may cost at most; files come from anywhere.

    Attributes
    ----------
    file_bytes
        Size of the file itself.
    unpacked_bytes
        Size of what it unpacks to: of gzip, or of all parts of a workbook.
    text_bytes
        Size of a text that is no table of numbers, unpacked.
    rows
        Rows of a sheet or of a CSV file of servers.
    servers
        Servers of an inventory. Azure Migrate's own limit is 20,000.
    columns
        Columns of a sheet or table.
    cells
        Cells of a sheet, or numbers of a trace.
    cell_chars
        Characters of a cell. Excel's own limit is 32,767.
    rejected
        Rejected rows after which an import gives up: the file is of another kind.
    """

    file_bytes: int = 1 << 30
    unpacked_bytes: int = 2 << 30
    text_bytes: int = 256 << 20
    rows: int = 1_000_000
    servers: int = 20_000
    columns: int = 16_384
    cells: int = 100_000_000
    cell_chars: int = 32_767
    rejected: int = 20_000


def refuse(
    label: str,
    message: str,
    *,
    code: str = codes.UNREADABLE,
    where: str = "",
    found: object = None,
    allowed: Sequence[str] = (),
    nearest: str | None = None,
) -> NoReturn:
    """Raise the ScenarioError of one thing that is wrong with a file."""
    text = None if found is None else show(found)
    raise ScenarioError(
        [Problem(code, where, text, message, tuple(allowed), nearest)], source=label
    )


def nearest_to(name: str, known: Iterable[str], least: float = 0.6) -> str | None:
    """Return the name that was probably meant, or None; `least` is how like it must be, to 1."""
    by_lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=least)
    return by_lower[close[0]] if close else None


def read_bytes(path: PathLike, limits: Limits, *, unpack: bool = True) -> bytes:
    """Return what a regular file holds, gzip unpacked.

    Raises
    ------
    ScenarioError
        It is missing, a folder or device, empty, over a limit, or broken gzip.
    """
    label = str(path)
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            refuse(label, "is a folder, not a file")
        if not stat.S_ISREG(status.st_mode):
            refuse(label, "is not a regular file")
        if status.st_size == 0:
            refuse(label, "is empty")
        with Path(path).open("rb") as stream:
            raw = stream.read(limits.file_bytes + 1)
    except ScenarioError:
        raise
    except FileNotFoundError:
        refuse(label, "no such file")
    except (OSError, ValueError) as error:
        refuse(label, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(raw) > limits.file_bytes:
        message = f"is larger than {limits.file_bytes:,} bytes (limit file_bytes)"
        refuse(label, message, code=codes.TOO_LARGE)
    return _unpacked(raw, label, limits) if unpack and raw.startswith(_GZIP) else raw


def _unpacked(raw: bytes, label: str, limits: Limits) -> bytes:
    """Unpack gzip, of any number of members, no further than the limit."""
    parts: list[bytes] = []
    total = 0
    rest = raw
    try:
        while rest.startswith(_GZIP):
            member = zlib.decompressobj(wbits=31)
            while not member.eof:
                part = member.decompress(rest, limits.unpacked_bytes + 1 - total)
                rest = member.unconsumed_tail
                if not part and not rest and not member.eof:
                    refuse(label, "is cut off within gzip data")
                parts.append(part)
                total += len(part)
                if total > limits.unpacked_bytes:
                    message = f"unpacks to more than {limits.unpacked_bytes:,} bytes"
                    refuse(label, f"{message} (limit unpacked_bytes)", code=codes.TOO_LARGE)
            rest = member.unused_data
    except zlib.error as error:
        refuse(label, f"is broken gzip: {error}")
    if rest.strip(b"\0"):
        refuse(label, f"has {len(rest):,} bytes after its gzip data")
    return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Text:
    """A text file: its content, and how it was encoded."""

    label: str
    content: str
    encoding: str

    @property
    def note(self) -> str | None:
        """What was assumed about the encoding, or None."""
        if self.encoding != "cp1252":
            return None
        return "the text is not UTF-8; it was read as Windows-1252 (cp1252)"


def read_text(path: PathLike, limits: Limits) -> Text:
    """Return what a text file holds.

    Raises
    ------
    ScenarioError
        As :func:`read_bytes`; or it holds NUL bytes or is in no encoding that is known.
    """
    raw = read_bytes(path, limits)
    check_text_size(raw, str(path), limits)
    return decode(raw, str(path))


def check_text_size(raw: bytes, label: str, limits: Limits) -> None:
    """Refuse a text that is larger than the limit."""
    if len(raw) > limits.text_bytes:
        message = f"is a text of {len(raw):,} bytes; at most {limits.text_bytes:,}"
        refuse(label, f"{message} (limit text_bytes)", code=codes.TOO_LARGE)


def decode(raw: bytes, label: str) -> Text:
    """Decode a text. Raises ScenarioError."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if raw.startswith(mark)), "utf-8")
    if encoding is None:
        refuse(label, "is UTF-32 text", allowed=("UTF-8", "UTF-16", "Windows-1252"))
    try:
        content = raw.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            refuse(label, f"is broken {encoding.upper()} text (byte {error.start})")
        content, encoding = _windows_1252(raw, label), "cp1252"
    if "\0" in content:
        line = content.count("\n", 0, content.index("\0")) + 1
        message = f"holds a NUL byte in line {line}; is it text, or UTF-16 without its mark?"
        refuse(label, message, where=f"line {line}", code=codes.HOSTILE)
    return Text(label, content, encoding)


def _windows_1252(raw: bytes, label: str) -> str:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is neither UTF-8 nor Windows-1252 text (line {line}, byte {error.start})"
        refuse(label, message, where=f"line {line}", allowed=("UTF-8", "UTF-16", "Windows-1252"))


class Rows:
    """The rows of a CSV text, each with its line; blank ones are left out and counted.

    Parameters
    ----------
    text
        The file.
    limits
        Bounds of rows, columns and cells.
    empty_cells_count
        Whether a row of empty cells is a row all the same; an empty line never is.

    Attributes
    ----------
    separator
        The one of comma, semicolon and tab that the first line holds most of.
    blank
        Blank rows so far.
    """

    def __init__(self, text: Text, limits: Limits, *, empty_cells_count: bool = False) -> None:
        self._text = text
        self._limits = limits
        self._empty_cells_count = empty_cells_count
        self.blank = 0
        lines = io.StringIO(text.content, newline="")
        first = next((line for line in lines if line.strip()), "")
        self.separator = max(SEPARATORS, key=first.count)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        lines = io.StringIO(self._text.content, newline="")
        reader = csv.reader(lines, delimiter=self.separator, strict=True)
        count = 0
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader, None)
            except csv.Error as error:
                self._fail(line, f"is no CSV: {error}", codes.UNREADABLE)
            if row is None:
                return
            if not row or not (
                self._empty_cells_count or any(cell and not cell.isspace() for cell in row)
            ):
                self.blank += 1
                continue
            count += 1
            self._check(line, count, row)
            yield line, row

    def _check(self, line: int, count: int, row: list[str]) -> None:
        limits = self._limits
        if count > limits.rows + 1:
            self._fail(line, f"more than {limits.rows:,} rows (limit rows)", codes.TOO_LARGE)
        if len(row) > limits.columns:
            message = f"{len(row):,} cells; at most {limits.columns:,} (limit columns)"
            self._fail(line, message, codes.TOO_LARGE)
        if any(len(cell) > limits.cell_chars for cell in row):
            message = f"a cell of more than {limits.cell_chars:,} characters (limit cell_chars)"
            self._fail(line, message, codes.TOO_LARGE)

    def _fail(self, line: int, message: str, code: str) -> NoReturn:
        refuse(self._text.label, message, where=f"line {line}", code=code)
