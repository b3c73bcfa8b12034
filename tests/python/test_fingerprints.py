"""Fingerprints of the gallery: a change of behaviour shows here, and says what moved.

Each scenario has one row of ingredients in ``tests/scenario/fingerprints.json``; a commit that
moves one says why. To write them anew, run this with ``LANDFALL_UPDATE_FINGERPRINTS=1``.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import landfall as lf
import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
GALLERY = sorted((REPOSITORY / "scenarios" / "gallery").glob("*.json"))
FILE = REPOSITORY / "tests" / "scenario" / "fingerprints.json"


def digest(*columns: Any) -> str:
    """Return a short hash of columns, bit for bit."""
    state = hashlib.sha256()
    for column in columns:
        state.update(np.ascontiguousarray(column).tobytes())
    return state.hexdigest()[:16]


def fingerprint(result: lf.Result) -> dict[str, Any]:
    """Return the ingredients of a run, so that a difference tells what moved."""
    tables = result.tables
    machines = result.machines
    return {
        "events": result.summary["events"],
        "deltas": result.summary["deltas"],
        "end_s": result.summary["simulated_s"],
        "states": dict(sorted(machines["state"].astype(str).value_counts().items())),
        "jobs": digest(tables["jobs"]["start_s"], tables["jobs"]["end_s"]),
        "rpo": digest(tables["rpo"]["t_s"], tables["rpo"]["rpo_s_after"]),
        "recovery_points": digest(
            tables["recovery_points"]["t_s"], tables["recovery_points"]["published_s"]
        ),
        "link_bytes": [int(count) for count in tables["links"]["bytes"]],
    }


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: str(path.stem))
def test_gallery_scenario_has_its_fingerprint(path: Path) -> None:
    found = fingerprint(lf.load(path).run(seed=1, progress=False))
    known: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
    if os.environ.get("LANDFALL_UPDATE_FINGERPRINTS"):
        known[path.stem] = found
        FILE.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
        return
    assert known.get(path.stem) == found


def test_no_fingerprint_without_its_scenario() -> None:
    assert sorted(json.loads(FILE.read_text())) == [path.stem for path in GALLERY]
