"""What the command line sees of the simulator, without one: for the tests of the command line."""

from __future__ import annotations

import json
from typing import Any

import landfall as lf
import numpy as np
import pytest
from landfall import cli, runner
from landfall import scenario as scenario_module
from typer.testing import CliRunner, Result

MACHINES: dict[str, Any] = {
    "machine": ["web-1", "web-2", "db[red]"],
    "state": ["MigrationComplete", "MigrationComplete", "InitialReplicationInProgress"],
    "initial_replication_s": [600.0, 700.0, 86_400.0],
    "rpo_s_p95": [200.0, 210.0, 260.0],
    "downtime_s": [300.0, 300.0, float("nan")],
    "migration_duration_s": [1000.0, 1000.0, float("nan")],
}


def table(rows: dict[str, Any]) -> dict[str, Any]:
    return {
        name: np.array(values) if isinstance(values[0], float) else values
        for name, values in rows.items()
    }


class Simulator:
    """What the command line sees of the simulator."""

    def __init__(self) -> None:
        self.problems: list[dict[str, Any]] = []
        self.cost = {"machines": 3, "disks": 4, "deltas": 1e4, "seconds": 0.1, "memory_bytes": 5e7}
        self.passed = True
        self.raises: BaseException | None = None
        self.calls: list[dict[str, Any]] = []
        self.machines = MACHINES
        self.expect: list[dict[str, Any]] | None = None
        self.proved: dict[str, Any] = {}  # of run_samples.proved

    def check(self, canonical_json: str) -> list[dict[str, Any]]:
        assert json.loads(canonical_json)["version"] == 1
        return self.problems

    def estimate(self, canonical_json: str) -> dict[str, Any]:
        return self.cost

    def run(self, scenario: lf.Scenario, **options: Any) -> lf.Result:
        self.calls.append({"scenario": scenario, **options})
        if self.raises is not None:
            raise self.raises
        summary = {
            "scenario": scenario.name,
            "seed": options["seed"],
            "version": "1.2.3",
            "profile": "asr-2024",
            "simulated_s": 90_000.0,
            "deltas": 12,
            "totals": {"rpo_s": {"p95": 260.0, "max": 400.0}, "wan_bytes": 5 * 2**30},
            "expect": self.expect
            or [
                {
                    "metric": "rpo_s_p95",
                    "machines": "all",
                    "of": "each",
                    "rule": {"at_most": 250.0},
                    "found": 260.0,
                    "passed": self.passed,
                    "failing_machines": [] if self.passed else ["db[red]"],
                }
            ],
        }
        tables = {
            "machines": table(self.machines),
            "events": {"t_s": table({"t": [1.0]})["t"], "kind": ["start"]},
        }
        summary |= self.proved.get("summary", {})
        tables |= {name: rows for name, rows in self.proved.items() if name != "summary"}
        return lf.Result.from_tables(summary, tables, scenario_hash=scenario.hash, wall_s=0.5)


def install(monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """Put a fake in the place of the simulator."""
    made = Simulator()
    monkeypatch.setattr(scenario_module, "_model", lambda: made)
    monkeypatch.setattr(runner, "run", made.run)
    return made


def landfall(*arguments: object) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
