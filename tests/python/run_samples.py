"""Runs, results and processes for the tests of what a run leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import landfall as lf
import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
FIRST = REPOSITORY / "scenarios" / "gallery" / "first-migration.json"
HOUR = 3600.0


def first() -> lf.Scenario:
    """Return the smallest scenario of the gallery: three machines, noisy churn."""
    return lf.load(FIRST)


def hungry() -> lf.Scenario:
    """Return a scenario that needs several MiB, far more than the worker keeps at hand."""
    return first().with_({"/machines/0/count": 3000})


def python(code: str, *arguments: str, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
    """Run `code` in another interpreter that sees the same package and worker."""
    path = os.pathsep.join([str(Path(folder).parent) for folder in lf.__path__])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([path, str(REPOSITORY / "tests")]),
        "PYTHONDEVMODE": "1",
    }
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment,
        check=False,
    )


def eventually(condition: Callable[[], object], timeout: float = 20.0) -> bool:
    """Wait until `condition` holds; returns whether it did in time."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def is_running(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def children_of(pid: int) -> list[int]:
    """Return the processes that `pid` forked."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def open_files() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def proved(violations: int = 0, kept: int | None = None) -> dict[str, Any]:
    """Return what a run at block fidelity adds: the summary's oracles, and two tables."""
    rows = range(violations if kept is None else kept)
    return {
        "summary": {
            "oracles": {
                "points_checked": 385,
                "sectors_compared": 4_344_251,
                "writes": 896_424,
                "violations": violations,
            }
        },
        "oracles": {
            "oracle": ["S1", "S10"],
            "name": ["prefix-consistent cut", "old generation fenced"],
            "statement": ["A recovery point holds a prefix.", "Nothing of an old one is taken."],
            "source": ["2.1 S1", "2.1 S10"],
            "checked": np.array([385, 1_495_076]),
            "compared": np.array([4_344_251, 0]),
            "violations": np.array([violations, 0]),
        },
        "violations": {
            "t_s": np.array([3600.0 * (k + 1) for k in rows], float),
            "oracle": ["S1" for _ in rows],
            "machine": ["" if k == 1 else f"web-{k + 1}" for k in rows],
            "text": [f"sector {k + 40} holds [write 7], expected write 9" for k in rows],
        },
        "fold": {
            "machine": ["web-1", "web-1"],
            "disk": ["os", "os"],
            "written_bytes": np.array([2**20, 2**21]),
            "distinct_bytes": np.array([1_040_384, 2_072_576]),
        },
    }


def made_up(
    names: list[str],
    steps: dict[str, list[tuple[float, float, float]]] | None = None,
    *,
    end_s: float = 10 * HOUR,
    threshold_s: float | None = None,
    name: str = "made up",
    summary: dict[str, Any] | None = None,
    **tables: Any,
) -> lf.Result:
    """Return a result that no simulator made.

    `steps` holds for each machine (instant, RPO before, RPO after); `summary` adds to the summary,
    `tables` adds or replaces tables.
    """
    rows = sorted((t, n, b, a) for n, own in (steps or {}).items() for t, b, a in own)
    count = len(names)
    made: dict[str, Any] = {
        "machines": {
            "machine": names,
            "state": ["MigrationComplete"] * count,
            "rpo_s_p95": np.full(count, 300.0),
            "downtime_s": np.full(count, np.nan),
            "data_loss_bytes": np.full(count, -1),
        },
        "rpo": {
            "t_s": np.array([t for t, _, _, _ in rows], float),
            "machine": [n for _, n, _, _ in rows],
            "rpo_s_before": np.array([b for _, _, b, _ in rows], float),
            "rpo_s_after": np.array([a for _, _, _, a in rows], float),
        },
    }
    told = {
        "scenario": name,
        "seed": 7,
        "version": "0.0.0",
        "simulated_s": end_s,
        "totals": {"rpo_s": {"p95": 300.0, "max": None}, "wan_bytes": 1536.0},
        "expect": [],
    }
    told |= summary or {}
    policies = f'{{"policies": [{{"name": "p", "rpo_threshold": {threshold_s or "null"}}}]}}'
    return lf.Result.from_tables(told, made | tables, scenario_json=policies)
