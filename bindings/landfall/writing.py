"""Files that commands write: looked at before the work, and there wholly or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from . import codes
from .errors import Problem, ScenarioError

__all__ = ["check_file", "check_folder", "whole_file", "whole_folder"]

_NAME_MAX = 80


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a file to write to, which takes the place of `path` when the block ends well.

    A device or a pipe is written to as it is: the system needs it where it stands. Behind a link
    the file is replaced, and not the link.
    """
    if path.exists() and not path.is_file():
        yield path  # before its links are followed: those of /proc/self/fd lead to no name
        return
    target = path.resolve()
    partial = target.with_name(f".{target.name[:_NAME_MAX]}.{uuid4().hex[:8]}.partial")
    try:
        yield partial
        os.replace(partial, target)  # noqa: PTH105 - says what it does better than Path.replace
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write to, whose files move into `folder` when the block ends well."""
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    staging = folder / f".{uuid4().hex[:8]}.partial"
    staging.mkdir()
    try:
        yield staging
        for file in sorted(staging.iterdir()):
            file.replace(folder / file.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if new and not any(folder.iterdir()):
            folder.rmdir()


def check_file(option: str, path: Path, endings: Sequence[str] = ()) -> None:
    """Refuse a file that cannot be written, before any work is done for it.

    Raises
    ------
    ScenarioError
        It is a folder, cannot be where it is to be, or has none of `endings`.
    """
    if path.is_dir():
        raise _refusal(option, path, "is a folder; give the name of a file")
    _check_place(option, path)
    if endings and path.suffix.lower() not in endings:
        raise _refusal(option, path, "has an ending of no known format", tuple(endings))


def check_folder(option: str, path: Path, mark: str | None = None, what: str = "") -> None:
    """Refuse a folder that cannot be written to, or that holds other things than `what`.

    A folder that is not empty has to hold the file `mark`, if one is named.

    Raises
    ------
    ScenarioError
        It is a file, cannot be where it is to be, or holds something else.
    """
    if path.exists() and not path.is_dir():
        raise _refusal(option, path, "is a file, not a folder")
    _check_place(option, path)
    if mark and path.is_dir() and any(path.iterdir()) and not (path / mark).is_file():
        raise _refusal(option, path, f"is not empty and holds no {what} of landfall")


def _check_place(option: str, path: Path) -> None:
    place = next(each for each in (path, *path.absolute().parents) if each.exists())
    if place != path and not place.is_dir():
        raise _refusal(option, path, f"cannot be made: {place} is a file")
    if not os.access(place, os.W_OK):
        raise _refusal(option, path, f"no permission to write in {place}")


def _refusal(option: str, path: Path, message: str, allowed: tuple[str, ...] = ()) -> ScenarioError:
    problem = Problem(codes.NOT_JSON, option, str(path), message, allowed)
    return ScenarioError([problem], source="command line")
