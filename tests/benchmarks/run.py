"""Benchmarks: cost per delta against the budgets and against a plain SimGrid program.

    python tests/benchmarks/run.py [--quick]

Each line is a whole process of ``landfall-worker run``: reading the trace, simulating, writing the
result. The reference is one SimGrid actor per machine with one transfer per delta, at a size it can
bear, measured in the same run; ratios are what to quote, absolute times depend on the machine.

At block fidelity the budget is of writes: a million a second through capture, journal, apply and
oracle, measured inside one process (block_together_benchmark.cpp) against a plain memcpy.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import landfall as lf
from rich.console import Console
from rich.table import Table

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("LANDFALL_BUILD_DIR", REPOSITORY / "build" / "release"))
SHARED = Path(os.environ.get("LANDFALL_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
TRACE = SHARED / "bitbrains" / "write_kbps_5min_2013-8.csv.gz"
MIB = 2**20
BLOCK_BUDGET = "block/ALL: capture, records, apply, oracle"  # the line that the budget is about


@dataclass(frozen=True)
class Case:
    """One size, with its budget (seconds of one core, and peak memory where one is set)."""

    name: str
    scenario: dict[str, Any]
    budget_s: float
    budget_mib: float | None = None


@dataclass(frozen=True)
class Measured:
    """What one process cost."""

    deltas: int
    wall_s: float
    cpu_s: float
    peak_mib: float


def estate(
    name: str, days: int, servers: int, machines: list[dict[str, Any]], wan: str, phases: int
) -> dict[str, Any]:
    """Return a protected estate of `servers` process servers behind one link."""
    return {
        "version": 1,
        "name": name,
        "profile": {"name": "asr-2024", "override": {"source_buffer": "1000 TiB"}},
        "initial_state": "protected",
        "duration": f"{days} d",
        "detail": {
            "capture_step": "5 min",
            "capture_phases": phases,
            "rpo_steps": False,
            "sample_every": "1 h",
        },
        "sites": [{"name": "hq", "lan": {"bandwidth": "100 Gbit/s", "latency": "0.1 ms"}}],
        "regions": [
            {"name": "weu", "storage_accounts": [{"name": "cache", "ingress": "1000 Gbit/s"}]}
        ],
        "links": [
            {
                "name": "wan",
                "from": "hq",
                "to": "weu",
                "bandwidth": wan,
                "latency": "10 ms",
                "tcp_window": "1 GiB",
            }
        ],
        "vault": {"name": "vault", "region": "weu"},
        "process_servers": [
            {
                "name": f"ps-{k}",
                "site": "hq",
                "storage_account": "cache",
                "cores": 16,
                "cache": "100 TiB",
                "cache_rate": "5 GB/s",
            }
            for k in range(servers)
        ],
        "policies": [{"name": "24h", "retention": "24 h"}],
        "machines": machines,
    }


def synthetic(disks: int, days: int, servers: int, phases: int = 5) -> dict[str, Any]:
    """Return machines of four disks each with diurnal, noisy churn."""
    machines = [
        {
            "name": f"vm-{k}",
            "count": disks // 4 // servers,
            "site": "hq",
            "process_server": f"ps-{k}",
            "policy": "24h",
            "os": "windows",
            "disks": [{"name": f"d{j}", "size": "128 GiB", "used": "64 GiB"} for j in range(4)],
            "churn": {
                "kind": "diurnal",
                "mean": "100 kB/s",
                "amplitude": 0.5,
                "noise": 0.3,
                "peak_at": "14:00",
            },
        }
        for k in range(servers)
    ]
    wan = f"{disks // 5} Mbit/s"
    return estate(f"{disks} disks x {days} d", days, servers, machines, wan, phases)


def bitbrains(days: int) -> dict[str, Any]:
    """Return the 500 machines of the trace behind three process servers."""
    machines = [
        {
            "name": f"vm-{k}",
            "count": 500 // 4,
            "site": "hq",
            "process_server": f"ps-{k}",
            "policy": "24h",
            "os": "windows",
            "disks": [{"name": "disk", "size": "500 GiB", "used": "250 GiB"}],
            "churn": {
                "kind": "trace",
                "file": str(TRACE),
                "column": "vm{index}",
                "unit": "KiB/s",
                "step": "5 min",
            },
        }
        for k in range(4)
    ]
    return estate(f"500 machines x {days} d, trace", days, 4, machines, "1500 Mbit/s", 5)


def measure(command: list[str]) -> tuple[float, float, float]:
    """Run a command; return wall seconds, CPU seconds and peak MiB of its process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def run_case(case: Case, repeats: int) -> Measured:
    """Return the best of `repeats` runs of a case: noise only ever adds."""
    scenario = lf.Scenario.from_dict(case.scenario)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "scenario.json"
        source.write_text(scenario.to_json())
        result = Path(folder) / "result"
        worker = str(BUILD / "landfall-worker")
        runs = [
            measure([worker, "run", str(source), "--result", str(result)]) for _ in range(repeats)
        ]
        blob = result.read_bytes()
    header = json.loads(blob[16 : 16 + int.from_bytes(blob[8:16], "little")])
    wall, cpu, peak = min(runs, key=lambda run: run[1])
    return Measured(int(header["summary"]["deltas"]), wall, cpu, peak)


def run_reference(machines: int, hours: int, *aligned: str) -> dict[str, Any]:
    """Return what the plain SimGrid program says of itself."""
    program = BUILD / "tests" / "benchmarks" / "reference_actor_per_delta"
    output = subprocess.run(
        [program, str(machines), str(hours), *aligned], check=True, capture_output=True, text=True
    ).stdout
    return dict(json.loads(output))


def cases_of(quick: bool) -> list[Case]:
    """Return the three sizes of the budgets; the one on real churn only where the trace is."""
    days = 3 if quick else 30
    week = 1 if quick else 7
    cases = [
        Case("2,000 disks x 30 days", synthetic(2_000, days, 5), 5 * days / 30),
        Case("20,000 disks x 7 days", synthetic(20_000, week, 25, 1), 12 * week / 7),
    ]
    if TRACE.exists():
        fleet = Case("500 machines x 30 days, trace", bitbrains(days), 3 * days / 30, 500)
        return [fleet, *cases]
    print(f"no {TRACE}: the case on real churn is left out", file=sys.stderr)
    return cases


def row_of(case: Case, cost: Measured, reference_ns: float) -> list[str]:
    """Return a case's row: what it cost, against its budget and against the reference."""
    nanoseconds = cost.cpu_s * 1e9 / cost.deltas
    limit = f"{case.budget_s:.3g} s" + (f", {case.budget_mib:g} MiB" if case.budget_mib else "")
    return [
        case.name,
        f"{cost.deltas:,}",
        f"{cost.cpu_s:.2f}",
        f"{cost.deltas / cost.cpu_s:,.0f}",
        f"{nanoseconds:.0f}",
        f"{cost.peak_mib:.0f}",
        limit,
        f"{cost.cpu_s / case.budget_s:.0%}",
        f"{reference_ns / nanoseconds:.0f} x",
    ]


def reference_row(name: str, reference: dict[str, Any]) -> list[str]:
    """Return the row of a plain SimGrid program."""
    return [
        f"plain SimGrid, 200 machines x 1 day: {name}",
        f"{reference['deltas']:,}",
        f"{reference['wall_s']:.2f}",
        f"{reference['deltas'] / reference['wall_s']:,.0f}",
        f"{reference['ns_per_delta']:.0f}",
        f"{reference['peak_rss_kb'] / 1024:.0f}",
    ]


def run_block_lines() -> list[dict[str, Any]]:
    """Return the benchmarks of all stages together and of the memcpy beside them."""
    program = BUILD / "tests" / "benchmarks" / "landfall-benchmarks"
    output = subprocess.run(
        [program, "--benchmark_filter=^block/(ALL|memcpy)", "--benchmark_format=json"],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout
    return list(json.loads(output)["benchmarks"])


def block_table(lines: list[dict[str, Any]]) -> Table:
    """Return the table of stamped writes; only one of its lines has a budget."""
    table = Table(title="Cost per stamped write of 4 KiB, block fidelity", title_justify="left")
    table.add_column("")
    for column in "writes/s|ns/write|budget|of budget|times a memcpy".split("|"):
        table.add_column(column, justify="right")
    for line in lines:
        judged = line["name"] == BLOCK_BUDGET
        table.add_row(
            line["name"].removeprefix("block/"),
            f"{line['writes/s']:,.0f}",
            f"{line['ns/write']:.0f}",
            "1,000,000/s" if judged else "",
            f"{line['of budget']:.0%}" if judged else "",
            f"{line['x memcpy']:.2f} x",
        )
    return table


def main() -> int:
    """Print the table; the exit code says whether every budget was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the days, one run each")
    quick = parser.parse_args().quick
    console = Console(width=140)
    with console.status("plain SimGrid program"):
        references = {
            "one actor and transfer per delta, machines drifting apart": run_reference(200, 24),
            "one actor and transfer per delta, markers aligned": run_reference(200, 24, "aligned"),
        }
    reference_ns = min(float(reference["ns_per_delta"]) for reference in references.values())

    table = Table(title="Cost per delta, whole process", title_justify="left")
    columns = "deltas|cpu s|deltas/s|ns/delta|peak MiB|budget|of budget|faster than plain SimGrid"
    table.add_column("")
    for column in columns.split("|"):
        table.add_column(column, justify="right")
    met = True
    for case in cases_of(quick):
        with console.status(case.name):
            cost = run_case(case, 1 if quick else 3)
        met &= cost.cpu_s <= case.budget_s
        met &= case.budget_mib is None or cost.peak_mib <= case.budget_mib
        table.add_row(*row_of(case, cost, reference_ns))
    table.add_section()
    for name, reference in references.items():
        table.add_row(*reference_row(name, reference))
    with console.status("stamped writes"):
        lines = run_block_lines()
    met &= all(line["of budget"] <= 1 for line in lines if line["name"] == BLOCK_BUDGET)
    console.print(table)
    console.print(block_table(lines))
    console.print("every budget is met" if met else "[bold red]a budget is exceeded[/]")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
