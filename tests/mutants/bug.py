"""The mutated worker: where it is, which bugs it knows, and one of them switched on."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from landfall import worker

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("LANDFALL_BUILD_DIR", ROOT / "build" / "release")).resolve()
WORKER = BUILD / "tests" / "landfall-worker-mutated"
BOARD = BUILD / "tests" / "mutant-board"


@dataclass(frozen=True)
class Bug:
    """A planted bug, as model/base/mutants.def enters it; `labs` are those of mutant_board.cpp."""

    name: str
    area: str
    what: str
    labs: tuple[str, ...]


def bugs() -> tuple[Bug, ...]:
    """Every planted bug, in the order of the list."""
    told = subprocess.run([BOARD, "--list"], check=True, capture_output=True, text=True).stdout
    found = []
    for line in told.splitlines():
        name, area, what, labs = line.split("\t")
        found.append(Bug(name, area, what, tuple(labs.split(",")) if labs else ()))
    return tuple(found)


@contextlib.contextmanager
def switched_on(name: str | None) -> Iterator[None]:
    """Let runs be made by the mutated worker, with one bug or none."""
    wanted = {"LANDFALL_WORKER": str(WORKER), "LANDFALL_MUTANT": name or ""}
    before = {key: os.environ.get(key) for key in wanted}
    worker.close()
    os.environ.update(wanted)
    try:
        yield
    finally:
        worker.close()
        for key, value in before.items():
            if value is None:
                os.environ.pop(key)
            else:
                os.environ[key] = value
