"""A result as files: a folder that is there wholly or not at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from .result import Result

__all__ = ["save"]

_PARQUET = (
    *("machines", "rpo", "jobs", "tasks", "copies", "fleet", "backlog", "links", "billing"),
    *("health", "alerts", "plan_tasks", "target_use", "copy_progress", "link_use"),
    "routes",
    *("oracles", "violations", "fold"),
)
_SUMMARY = "summary.json"
_FILES = frozenset({_SUMMARY, "events.jsonl", "rpo.png"} | {f"{name}.parquet" for name in _PARQUET})
_EVENTS_PER_STEP = 65_536
#: A mounted volume, the folder of a shell, a folder in one that is not ours.
_CANNOT_BE_MOVED = (errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM)


def save(result: Result, folder: Path) -> Path:
    """Write `result` into `folder`; see :meth:`landfall.Result.save`."""
    folder = folder.resolve()  # behind a link, the folder is replaced and not the link
    _check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = not folder.exists() or os.access(folder.parent, os.W_OK)
    home = folder.parent if beside else folder
    partial = home / f".{folder.name}.{uuid4().hex[:8]}.partial"
    partial.mkdir()
    try:
        _write(result, partial)
        _put_in_place(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _check_replaceable(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FileExistsError(f"{folder} is a file; a result is saved into a folder")
    strangers = sorted(entry.name for entry in folder.iterdir() if entry.name not in _FILES)
    if strangers:
        raise FileExistsError(
            f'{folder} holds "{strangers[0]}", which is not of a result; save into another folder'
        )


def _put_in_place(partial: Path, folder: Path) -> None:
    """Rename `partial` to `folder`; what was there is moved aside first, then removed."""
    if not folder.exists():
        partial.rename(folder)
        return
    old = partial.with_suffix(".old")
    try:
        if folder.samefile(Path.cwd()):
            raise OSError(errno.EBUSY, "somebody stands in the folder")
        folder.rename(old)
    except OSError as error:
        if error.errno not in _CANNOT_BE_MOVED:
            raise
        _move_files(partial, folder)
        return
    try:
        partial.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old)


def _move_files(partial: Path, folder: Path) -> None:
    """Put the files of `partial` into `folder`, which stays; whoever finds a summary finds all."""
    (folder / _SUMMARY).unlink(missing_ok=True)
    for name in _FILES:
        (folder / name).unlink(missing_ok=True)
    for file in sorted(partial.iterdir(), key=lambda path: path.name == _SUMMARY):
        shutil.move(file, folder / file.name)


def _write(result: Result, folder: Path) -> None:
    import pyarrow.parquet as pq

    for name in _PARQUET:
        if name in result.tables:
            pq.write_table(result.to_arrow(name), folder / f"{name}.parquet", compression="zstd")
    _write_events(result, folder / "events.jsonl")
    if "fleet" in result.tables or "rpo" in result.tables:
        result.plot.rpo().save(folder / "rpo.png")
    # Last: whoever finds a summary finds everything.
    summary = json.dumps(finite(result.summary), indent=2, ensure_ascii=False, allow_nan=False)
    (folder / _SUMMARY).write_text(summary + "\n", encoding="utf-8")


def _write_events(result: Result, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        if "events" not in result.tables:
            return
        for batch in result.to_arrow("events").to_batches(max_chunksize=_EVENTS_PER_STEP):
            lines = (json.dumps(finite(row), ensure_ascii=False) for row in batch.to_pylist())
            file.writelines(line + "\n" for line in lines)


def finite(value: Any) -> Any:
    """Return `value` with every NaN and infinity in it replaced by ``None``, as JSON wants it."""
    if isinstance(value, float):
        return value if abs(value) != float("inf") and value == value else None
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    return value
