"""Benchmarks: how many small runs the test lab makes in a second, on one core and on two.

    python tests/benchmarks/lab_speed.py [--quick]

Each line explores a small scenario with faults drawn from a swarm. The reference is the same
scenario run one by one through ``Scenario.run``, which brings all tables back to Python, measured
in the same run of this program; ratios are what to quote. The budget, 200 runs a second and core,
is judged by CPU time of the worker and all its runs, so that a busy machine does not change the
verdict by much.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import landfall as lf
from landfall import worker
from landfall.lab import Lab
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from python.lab_samples import office, tiny

BUDGET = 200  # runs a second of one core


@dataclass(frozen=True)
class Speed:
    """What some runs cost: how many, wall seconds, CPU seconds of the worker, simulated hours."""

    runs: int
    wall_s: float
    cpu_s: float
    simulated_h: float


def worker_cpu_s() -> float:
    """Return the CPU seconds of all workers that have ended, with all their runs."""
    worker.close()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def lab_speed(scenario: lf.Scenario, runs: int, jobs: int) -> Speed:
    """Return the speed of an exploration on so many cores."""
    lab = Lab(scenario, jobs=jobs)
    assert lab.ground.entities
    cpu_s = worker_cpu_s()
    started = time.perf_counter()
    report = lab.explore(seeds=runs, twice=0.0, shrink=False, progress=False)
    wall_s = time.perf_counter() - started
    assert report.ok, report.text()
    return Speed(report.runs, wall_s, worker_cpu_s() - cpu_s, report.simulated_s / 3600)


def reference_speed(scenario: lf.Scenario, runs: int) -> Speed:
    """Return the speed of single runs whose whole result comes back."""
    cpu_s = worker_cpu_s()
    started = time.perf_counter()
    simulated_s = sum(scenario.run(seed=k, progress=False).simulated_s for k in range(1, runs + 1))
    wall_s = time.perf_counter() - started
    return Speed(runs, wall_s, worker_cpu_s() - cpu_s, simulated_s / 3600)


def main() -> int:
    """Print the table; the exit code says whether the budget was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    runs = 100 if parser.parse_args().quick else 600
    cores = len(os.sched_getaffinity(0))
    table = Table(title="The lab: small runs", title_justify="left")
    table.add_column("")
    heads = (
        "runs|runs/s|simulated h/s|CPU ms/run|runs/CPU s|budget|of budget|faster than single runs"
    )
    for head in heads.split("|"):
        table.add_column(head, justify="right")
    met = True
    pair = office(duration="6 h").with_({"/machines/1/count": 1, "/machines/0/count": 1})
    scenarios = {
        "2 machines, 6 h, volume fidelity": pair,
        "4 machines, 12 h, volume fidelity": office(),
        "2 machines, 3 h, block fidelity, all oracles": tiny(),
    }
    for name, scenario in scenarios.items():
        reference = reference_speed(scenario, max(20, runs // 10))
        for jobs in range(1, min(cores, 2) + 1):
            speed = lab_speed(scenario, runs, jobs)
            per_cpu = speed.runs / speed.cpu_s
            judged = scenario is pair
            met &= per_cpu >= BUDGET or not judged
            rate, single = speed.runs / speed.wall_s, reference.runs / reference.wall_s
            table.add_row(
                f"{name}, {jobs} core{'s' if jobs > 1 else ''}",
                f"{speed.runs:,}",
                f"{rate:,.0f}",
                f"{speed.simulated_h / speed.wall_s:,.0f}",
                f"{speed.cpu_s * 1e3 / speed.runs:.1f}",
                f"{per_cpu:,.0f}",
                f"{BUDGET}/s" if judged else "",
                f"{BUDGET / per_cpu:.0%}" if judged else "",
                f"{rate / single:.1f} x",
            )
    console = Console(width=140)
    console.print(table)
    console.print("the budget is met" if met else "[bold red]the budget is exceeded[/]")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
