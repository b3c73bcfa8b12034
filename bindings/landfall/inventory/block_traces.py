"""Block traces as churn: bytes written, and distinct bytes of them, in each slot.

The formats are those of CloudPhysics (Waldspurger et al., FAST'15), as sim/workload/block_trace.hpp
reads them: ``vscsi`` has little-endian records of 32 bytes, ``vscsi-csv`` the columns
``version,time,op,size,lbn`` with the time in seconds and the operation in hexadecimal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import formatting
from . import codes
from .model import Note
from .reading import Limits, PathLike, read_bytes, refuse
from .slots import grid_of, seconds
from .tables import read_table
from .trace import Array, Trace

__all__ = ["trace_from_blocks"]

Format: TypeAlias = Literal["vscsi", "vscsi-csv"]
_Integers: TypeAlias = npt.NDArray[np.int64]
#: Times in seconds, first bytes and lengths in bytes of writes, and the time of the first record.
_Writes: TypeAlias = tuple[Array, _Integers, _Integers, float, float]

_SECTOR = 512
_RECORD = np.dtype(
    [
        ("serial", "<u4"),
        ("length", "<u4"),
        ("nsg", "<u4"),
        ("operation", "<u2"),
        ("version", "<u2"),
        ("lbn", "<u8"),
        ("time_us", "<u8"),
    ]
)
#: WRITE(6), (10), (12) and (16), and WRITE AND VERIFY: T10 SBC-4.
_WRITES = np.array([0x0A, 0x2A, 0xAA, 0x8A, 0x2E, 0xAE, 0x8E])
_CSV = ["version", "time", "op", "size", "lbn"]
_LENGTH_MAX = 1 << 40
_ADDRESS_MAX = 1 << 56


def trace_from_blocks(
    paths: Sequence[PathLike],
    *,
    slot_s: float | str,
    format: Format | None = None,  # noqa: A002 - the word of BlockTraceChurn
    names: Sequence[str] | None = None,
    page_bytes: int = _SECTOR,
    limits: Limits | None = None,
) -> Trace:
    """Read block traces, one for each disk, as bytes per slot.

    Parameters
    ----------
    paths
        The files, plain or gzip. Time 0 is the first record of each, reads included.
    slot_s
        Length of a slot in seconds, or as ``"5 min"``. A write counts where it starts.
    format
        ``"vscsi"`` or ``"vscsi-csv"``; None: told by the content.
    names
        Names of the disks; None: the names of the files.
    page_bytes
        What a change is tracked in: a write covers whole pages.
    limits
        What a file may cost.

    Returns
    -------
    Trace
        `written` counts the pages of every write, `distinct` each page of a slot once.

    Raises
    ------
    ScenarioError
        A file cannot be read, is cut off, or a field does not fit.

    Notes
    -----
    A scenario replays such a file by itself (:class:`landfall.BlockTraceChurn`).
    """
    bounds = limits or Limits()
    if not paths:
        refuse("trace", "needs at least one file", code=codes.NOTHING_LEFT)
    step = seconds(slot_s, str(paths[0]), "slot_s")
    assert step is not None
    _check_page(page_bytes, str(paths[0]))
    given = tuple(names if names is not None else (Path(path).stem for path in paths))
    if len(given) != len(paths) or len(set(given)) != len(given):
        message = f"needs {len(paths)} names, each once"
        found = ", ".join(given[:8])
        refuse(str(paths[0]), message, where="names", found=found, code=codes.NAMES_DIFFER)
    read = [_read(path, format, bounds) for path in paths]
    ends = np.array([0.0, *(end - begin for _, _, _, begin, end in read)])
    most = bounds.cells // len(read)
    grid = grid_of(ends, label=str(paths[0]), slot_s=step, slots_max=most, align=False)
    written = np.zeros((grid.slots, len(read)))
    distinct = np.zeros((grid.slots, len(read)))
    early = 0
    for column, (times, first, length, begin, _) in enumerate(read):
        slots = np.floor((times - begin) / step).astype(np.int64)
        early += int((slots < 0).sum())
        slots = np.maximum(slots, 0)
        pages = first // page_bytes
        ends_at = -(-(first + length) // page_bytes)
        np.add.at(written[:, column], slots, (ends_at - pages) * float(page_bytes))
        distinct[:, column] = page_bytes * _union(slots, pages, ends_at, grid.slots)
    size = formatting.size(page_bytes)
    notes = [Note(text=f"a write counts the whole pages of {size} that it touches")]
    if early:
        notes.append(Note(text="writes logged before the first record; slot 0", count=early))
    missing = np.zeros(written.shape, dtype=np.bool_)
    return Trace(written, given, step, None, missing, distinct=distinct, notes=tuple(notes))


def _check_page(page_bytes: int, label: str) -> None:
    if not _SECTOR <= page_bytes <= 1 << 30 or page_bytes & (page_bytes - 1):
        message = "must be a power of two from 512 on"
        refuse(label, message, where="page_bytes", found=page_bytes, code=codes.UNSTATED)


def _union(slots: _Integers, first: _Integers, end: _Integers, count: int) -> Array:
    """Return how many distinct pages the writes of each slot cover.

    The writes of a slot are sorted by their first page; each adds what lies beyond the furthest end
    of those before it.
    """
    distinct = np.zeros(count)
    order = np.lexsort((first, slots))
    slots, first, end = slots[order], first[order], end[order]
    edges = np.searchsorted(slots, np.arange(count + 1))
    for slot in np.flatnonzero(np.diff(edges)):
        part = slice(edges[slot], edges[slot + 1])
        furthest = np.maximum.accumulate(end[part])
        covered = np.concatenate(([0], furthest[:-1]))
        distinct[slot] = np.maximum(end[part] - np.maximum(first[part], covered), 0).sum()
    return distinct


# --- Files ----------------------------------------------------------------------------------------


def _read(path: PathLike, form: Format | None, limits: Limits) -> _Writes:
    readers: dict[str, Callable[[PathLike, Limits], _Writes]] = {
        "vscsi": _read_vscsi,
        "vscsi-csv": _read_csv,
    }
    if form is None:
        head = read_bytes(path, limits)[: len("version,time,op,size,lbn")]
        form = "vscsi-csv" if head.lower() == b"version,time,op,size,lbn" else "vscsi"
    if form not in readers:
        message = "is no format of block traces that is read here"
        refuse(
            str(path),
            message,
            where="format",
            found=form,
            allowed=tuple(readers),
            code=codes.UNSTATED,
        )
    return readers[form](path, limits)


def _read_vscsi(path: PathLike, limits: Limits) -> _Writes:
    label = str(path)
    raw = read_bytes(path, limits)
    count, rest = divmod(len(raw), _RECORD.itemsize)
    if count == 0:
        refuse(label, "is no vSCSI trace: it is shorter than one record of 32 bytes")
    if count > limits.cells:
        message = f"has {count:,} records; at most {limits.cells:,} (limit cells)"
        refuse(label, message, code=codes.TOO_LARGE)
    records = np.frombuffer(raw, _RECORD, count)
    wrong = np.flatnonzero(records["version"] >> 8 != 1)
    if len(wrong):
        where = f"record {wrong[0] + 1}"
        found = f"version {int(records['version'][wrong[0]]):#06x}"
        message = "is no vSCSI trace: the high byte of a record's version must be 1"
        refuse(label, message, where=where, found=found, code=codes.BAD_CELL)
    if rest:
        refuse(label, "is cut off within a record", where=f"record {count + 1}")
    lbn = records["lbn"]
    too_far = np.flatnonzero(lbn > _ADDRESS_MAX // _SECTOR)
    if len(too_far):
        where = f"record {too_far[0] + 1}, lbn"
        message = "must be an address below 2^56 bytes"
        refuse(label, message, where=where, found=int(lbn[too_far[0]]), code=codes.BAD_CELL)
    times = records["time_us"].astype(np.float64) / 1e6
    writes = np.isin(records["operation"], _WRITES)
    length = records["length"][writes].astype(np.int64)
    first = lbn[writes].astype(np.int64) * _SECTOR
    return times[writes], first, length, float(times[0]), float(max(times.max(), times[0]))


def _read_csv(path: PathLike, limits: Limits) -> _Writes:
    label = str(path)
    table = read_table(path, limits)
    if [heading.lower() for heading in table.headings] != _CSV:
        found = ", ".join(table.headings[:8])
        message = "is no vSCSI trace in CSV"
        refuse(label, message, found=found, allowed=tuple(_CSV), code=codes.MISSING_COLUMN)
    time, operation, size, lbn = table.headings[1:]
    times, sizes, lbns = (table.numbers(name, (time, size, lbn)) for name in (time, size, lbn))
    for name, values, most in ((size, sizes, _LENGTH_MAX), (lbn, lbns, _ADDRESS_MAX // _SECTOR)):
        wrong = np.flatnonzero(~(values <= most) | (values % 1 != 0))
        if len(wrong):
            table.fail(int(wrong[0]), name, f"must be a whole number up to {most:,}")
    if np.isnan(times).any():
        table.fail(int(np.isnan(times).argmax()), time, "must not be blank")
    coded, names = table.names(operation)
    if not len(times):
        refuse(label, "has a header and no rows", code=codes.NOTHING_LEFT)
    numbers = []
    for index, name in enumerate(names):
        try:
            numbers.append(int(name, 16))
        except ValueError:
            row = int((coded == index).argmax())
            table.fail(row, operation, "must be a SCSI operation in hexadecimal, such as 2a")
    writes = np.isin(np.array(numbers)[coded], _WRITES)
    first, length = lbns[writes].astype(np.int64) * _SECTOR, sizes[writes].astype(np.int64)
    return times[writes], first, length, float(times[0]), float(times.max())
