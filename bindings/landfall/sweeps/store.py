"""The store of a sweep: a folder that survives crashes and is read by anything that reads Parquet.

``manifest.json`` says what the sweep is. ``parts/*.parquet`` hold the outcomes, a row for each run,
under the key of the run. While a sweep goes on, each outcome is a line of ``journal.jsonl`` at
once; at its end, or when the next sweep opens the store, the journal becomes a part. Files are
written beside and renamed, so none is ever half there. One sweep at a time holds the lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from ..errors import LandfallError

__all__ = ["FORMAT", "Row", "Store", "StoreError", "StoreInUse", "read_manifest", "read_rows"]

FORMAT = 1
#: From this many parts on, they are made one: few large files.
_PARTS_MAX = 8
_MANIFEST, _LOCK, _JOURNAL, _PARTS = "manifest.json", "lock", "journal.jsonl", "parts"
_FILES = frozenset({_MANIFEST, _LOCK, _JOURNAL, _PARTS, f"{_MANIFEST}.partial"})
_METRIC = "metric."
_FIELDS = ("key", "scenario_hash", "parameters", "seed", "status", "failure", "message")
_COSTS = ("wall_s", "peak_memory_bytes")

#: The outcome of a run: the fields above, and ``metrics``, numbers by name.
Row = dict[str, Any]


class StoreError(LandfallError, ValueError):
    """A store cannot be used: it is damaged, or no store. Names the file, and what to do."""


class StoreInUse(StoreError):  # noqa: N818 - the name says what is the matter
    """Another sweep is writing to the store."""


class Store:
    """Outcomes of runs by key; in a folder, or in memory only.

    Parameters
    ----------
    path
        The folder, which is made when needed; ``None``: memory only.

    Raises
    ------
    StoreInUse
        When another sweep has it open.
    StoreError
        When it is damaged, or the folder holds something else.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.rows: dict[str, Row] = {}
        self._fresh: dict[str, Row] = {}
        self._journal: IO[str] | None = None
        self._lock: IO[str] | None = None
        if path is None:
            return
        _check_folder(path)
        try:
            (path / _PARTS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path}: no store can be made here: {error.strerror}") from None
        self._lock = _locked(path / _LOCK)
        try:
            self._recover(path)
        except BaseException:
            self._lock.close()
            raise

    def _recover(self, path: Path) -> None:
        """Read everything; what a killed sweep left in the journal becomes a part."""
        for leftover in path.glob("**/*.partial"):
            leftover.unlink()
        self.rows = _parts(path)
        journal = path / _JOURNAL
        if journal.exists():
            self._fresh = _journal(journal)
            self.rows |= self._fresh
            self._compact()
        self._journal = journal.open("w", encoding="utf-8")

    def add(self, row: Row) -> None:
        """Keep an outcome, at once."""
        self.rows[row["key"]] = self._fresh[row["key"]] = row
        if self._journal is not None:
            self._journal.write(json.dumps(row, ensure_ascii=True) + "\n")
            self._journal.flush()

    def write_manifest(self, manifest: dict[str, Any]) -> None:
        """Say what the sweep is; the old manifest is replaced as a whole."""
        if self.path is None:
            return
        text = json.dumps({"format": FORMAT, **manifest}, ensure_ascii=False, indent=1)
        _replace(self.path / _MANIFEST, text.encode("utf-8"))

    def close(self) -> None:
        """Turn the journal into a part and let go of the store."""
        if self.path is None or self._lock is None:
            return
        try:
            if self._journal is not None:
                with contextlib.suppress(OSError):  # what is in memory is written below
                    self._journal.close()
                self._compact()
        finally:
            self._lock.close()
            self._lock = None

    def _compact(self) -> None:
        assert self.path is not None
        folder = self.path / _PARTS
        parts = sorted(folder.glob("*.parquet"))
        if self._fresh:
            number = int(parts[-1].stem) + 1 if parts else 1
            merging = len(parts) + 1 >= _PARTS_MAX
            _write_part(folder / f"{number:06}.parquet", (self.rows if merging else self._fresh))
            for part in parts if merging else []:
                part.unlink()
            self._fresh = {}
        (self.path / _JOURNAL).unlink(missing_ok=True)


def read_rows(path: Path) -> dict[str, Row]:
    """Return the outcomes of a store without opening it for writing; a sweep may go on in it."""
    rows = _parts(path)
    journal = path / _JOURNAL
    return rows | (_journal(journal) if journal.exists() else {})


def read_manifest(path: Path) -> dict[str, Any] | None:
    """Return what the sweep in a folder is, ``None`` when there is none."""
    file = path / _MANIFEST
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from None
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(file, str(error), "the outcomes in parts/ stay valid") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise _damaged(file, "it is no manifest", "the outcomes in parts/ stay valid")
    if manifest["format"] > FORMAT:
        raise StoreError(
            f"{file}: is of format {manifest['format']}, made by a later landfall; "
            f"this one reads up to {FORMAT}"
        )
    return manifest


# --- Files ----------------------------------------------------------------------------------------


def _check_folder(path: Path) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise StoreError(f"{path}: is a file; a store is a folder")
    read_manifest(path)
    strangers = sorted(entry.name for entry in path.iterdir() if entry.name not in _FILES)
    if strangers and not (path / _MANIFEST).exists():
        raise StoreError(f'{path}: holds "{strangers[0]}" and no sweep; give a folder of its own')


def _locked(file: Path) -> IO[str]:
    """Hold the lock, which the system lets go of when this process ends, however it does."""
    try:
        stream = file.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{file}: cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.seek(0)
        holder = stream.read(200).strip() or "another process"
        stream.close()
        raise StoreInUse(f"{file.parent}: a sweep is writing to it already ({holder})") from None
    stream.truncate(0)
    stream.write(f"process {os.getpid()} on {socket.gethostname()}")
    stream.flush()
    return stream


def _journal(file: Path) -> dict[str, Row]:
    """Read a journal; the death of its writer may have cut off the last line, and no other."""
    text = file.read_text(encoding="utf-8", errors="replace")
    lines = text.split("\n")
    rows: dict[str, Row] = {}
    for number, line in enumerate(lines[:-1], start=1):
        try:
            row = json.loads(line)
            rows[row["key"]] = {**row, "metrics": dict(row["metrics"])}
        except (ValueError, KeyError, TypeError, RecursionError):
            repair = "delete the line to run that run again"
            raise _damaged(file, f"line {number} is no outcome", repair) from None
    return rows


def _parts(path: Path) -> dict[str, Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows: dict[str, Row] = {}
    for file in sorted((path / _PARTS).glob("*.parquet")):
        try:
            for row in pq.read_table(file).to_pylist():
                rows[row["key"]] = _row_of(row)
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            repair = "restore it, or delete it to run its runs again"
            raise _damaged(file, str(error).splitlines()[0], repair) from None
    return rows


def _row_of(flat: dict[str, Any]) -> Row:
    row: Row = {name: flat[name] for name in (*_FIELDS, *_COSTS)}
    row["metrics"] = {
        name.removeprefix(_METRIC): value
        for name, value in flat.items()
        if name.startswith(_METRIC) and value is not None
    }
    return row


def _write_part(file: Path, rows: dict[str, Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    ordered = list(rows.values())
    columns: dict[str, pa.Array] = {name: pa.array([r[name] for r in ordered]) for name in _FIELDS}
    columns["wall_s"] = pa.array([r["wall_s"] for r in ordered], pa.float64())
    columns["peak_memory_bytes"] = pa.array([r["peak_memory_bytes"] for r in ordered], pa.int64())
    for name in _metric_names(ordered):
        values = [r["metrics"].get(name) for r in ordered]
        columns[_METRIC + name] = pa.array(values, pa.float64(), from_pandas=False)
    partial = file.with_name(file.name + ".partial")
    pq.write_table(pa.table(columns), partial, compression="zstd")
    _synced(partial)
    partial.rename(file)
    _synced(file.parent)


def _metric_names(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row["metrics"]))


def _replace(file: Path, content: bytes) -> None:
    partial = file.with_name(file.name + ".partial")
    partial.write_bytes(content)
    _synced(partial)
    partial.rename(file)


def _synced(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _damaged(file: Path, why: str, repair: str) -> StoreError:
    return StoreError(f"{file}: is damaged ({why}); {repair}")


def row(key: str, scenario_hash: str, parameters: str, seed: int) -> Row:
    """Return the outcome of a run that has not been made, to be filled in."""
    return {
        "key": key,
        "scenario_hash": scenario_hash,
        "parameters": parameters,
        "seed": seed,
        "status": "failed",
        "failure": "",
        "message": "",
        "wall_s": math.nan,
        "peak_memory_bytes": 0,
        "metrics": {},
    }
