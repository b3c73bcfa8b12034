"""The files of the checkout that the house rules speak about."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("LANDFALL_BUILD_DIR", ROOT / "build" / "release")).resolve()
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
CODE_FOLDERS = ("model", "sim", "bindings", "analysis", "tests")
_SKIPPED = {"build", "out", "node_modules", "__pycache__", "_bin", "_gallery"}


@cache
def _walk() -> tuple[str, ...]:
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(
            name for name in folders if name not in _SKIPPED and not name.startswith(".")
        )
        found += [Path(folder, name).relative_to(ROOT).as_posix() for name in sorted(files)]
    return tuple(found)


def files(*suffixes: str, under: tuple[str, ...] = CODE_FOLDERS) -> Iterator[tuple[str, str]]:
    """Yield path and text of each file with one of the suffixes, in a stable order."""
    for path in _walk():
        if path.endswith(suffixes) and path.split("/")[0] in under:
            yield path, (ROOT / path).read_text(encoding="utf-8")


def paths(suffix: str, under: tuple[str, ...] = CODE_FOLDERS) -> list[str]:
    """List the files with the suffix."""
    return [path for path in _walk() if path.endswith(suffix) and path.split("/")[0] in under]


def compiled_sources() -> list[str] | None:
    """List what the build compiles, relative to the repository; None without a build."""
    database = BUILD / "compile_commands.json"
    if not database.exists():
        return None
    return [
        Path(entry["file"]).relative_to(ROOT).as_posix()
        for entry in json.loads(database.read_text())
        if Path(entry["file"]).is_relative_to(ROOT)
    ]
