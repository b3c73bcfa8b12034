"""The critical path of a run: what its end waited for, without a gap and without a choice."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import landfall as lf
import numpy as np
import pytest
from python.run_samples import first

COPY, TASK, WAIT = "copy", "task", "wait"


def _result(
    tasks: list[tuple[str, str, str, float, float]],
    copies: list[tuple[str, str, float, float]] = (),
    *,
    servers: dict[str, str] | None = None,
    timeline: list[dict[str, Any]] = (),
) -> lf.Result:
    """Return a result with a job for each task: (machine, operation, task, start, end)."""
    machines = sorted({m for m, *_ in tasks} | {m for m, *_ in copies})
    ids = np.arange(len(tasks))
    times = {
        "start_s": np.array([t[3] for t in tasks], float),
        "end_s": np.array([t[4] for t in tasks], float),
    }
    return lf.Result.from_tables(
        {"scenario": "s", "simulated_s": 1e4},
        {
            "machines": {
                "machine": machines,
                "process_server": [(servers or {}).get(m, "ps") for m in machines],
            },
            "jobs": {
                "job_id": ids,
                "machine": [t[0] for t in tasks],
                "operation": [t[1] for t in tasks],
                "state": ["Succeeded"] * len(tasks),
                "parent_job": np.full(len(tasks), -1),
                **times,
            },
            "tasks": {"job_id": ids, "task": [t[2] for t in tasks], **times},
            "copies": {
                "machine": [c[0] for c in copies],
                "disk": [c[1] for c in copies],
                "kind": ["initial copy"] * len(copies),
                "start_s": np.array([c[2] for c in copies], float),
                "end_s": np.array([c[3] for c in copies], float),
            },
        },
        scenario_json=json.dumps({"timeline": list(timeline)}),
    )


def _short(path: list[lf.PathStep]) -> list[tuple[str, str, str, float]]:
    return [(step.kind, step.machine, step.what, step.lasts_s) for step in path]


def test_the_path_leads_through_the_slowest_disk_of_the_last_machine() -> None:
    result = _result(
        [
            ("a", "Enable protection", "enable", 0, 10),
            ("b", "Enable protection", "enable", 0, 10),
            ("a", "Failover", "fail over", 100, 130),
            ("b", "Failover", "fail over", 200, 220),
        ],
        [("a", "os", 10, 100), ("b", "os", 10, 90), ("b", "data", 10, 200)],
    )
    assert _short(lf.critical_path(result)) == [
        (TASK, "b", "enable", 10),
        (COPY, "b", "initial copy of disk data", 190),
        (TASK, "b", "fail over", 20),
    ]


def test_a_copy_waits_for_the_place_that_another_machine_frees_at_its_process_server() -> None:
    tasks = [
        ("a", "Enable protection", "enable", 0, 10),
        ("b", "Enable protection", "enable", 0, 10),
        ("b", "Failover", "fail over", 300, 310),
    ]
    copies = [("a", "os", 10, 200), ("b", "os", 200, 300)]
    together = lf.critical_path(_result(tasks, copies))
    assert [(step.kind, step.machine) for step in together] == [
        (TASK, "a"),
        (COPY, "a"),
        (COPY, "b"),
        (TASK, "b"),
    ]
    apart = lf.critical_path(_result(tasks, copies, servers={"a": "ps-1", "b": "ps-2"}))
    assert [(step.kind, step.machine) for step in apart] == [
        (TASK, "b"),
        (WAIT, "b"),
        (COPY, "b"),
        (TASK, "b"),
    ]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"do": "failover", "at": 7300.0}, "when the timeline starts it"),
        (
            {"do": "failover", "when": {"state": "protected"}, "delay": 7200.0},
            "waits 2 h after protected, as the timeline says",
        ),
        ({"do": "complete_migration", "at": 7300.0}, "waits for failover to start"),
    ],
)
def test_a_wait_says_what_the_timeline_says(step: dict[str, Any], words: str) -> None:
    tasks = [("a", "Enable protection", "e", 0, 100), ("a", "Failover", "f", 7300, 7400)]
    _, wait, _ = lf.critical_path(_result(tasks, timeline=[step]))
    assert (wait.kind, wait.lasts_s) == (WAIT, 7200.0)
    assert words in wait.what


def test_the_end_is_that_of_the_last_migration_and_not_of_what_comes_after() -> None:
    tasks = [
        ("a", "Complete migration", "complete", 0, 50),
        ("b", "Complete migration", "complete", 0, 70),
        ("a", "Disable protection", "disable", 50, 500),
    ]
    assert _short(lf.critical_path(_result(tasks))) == [(TASK, "b", "complete", 70)]


def test_tasks_without_length_are_no_loop_and_what_runs_on_is_left_out() -> None:
    tasks = [
        ("a", "Failover", "one", 10, 10),
        ("a", "Failover", "two", 10, 10),
        ("a", "Failover", "open", 10, np.nan),
    ]
    assert [step.lasts_s for step in lf.critical_path(_result(tasks))] == [0]
    assert lf.critical_path(_result([("a", "Failover", "open", 10, np.nan)])) == []
    assert lf.critical_path(lf.Result.from_tables({}, {})) == []


def test_a_plan_gives_what_its_run_marked_as_critical() -> None:
    count = 4
    result = lf.Result.from_tables(
        {"simulated_s": 100.0},
        {
            "machines": {"machine": ["a", "b"], "process_server": ["ps", "ps"]},
            "jobs": {
                "job_id": np.array([0, 1]),
                "machine": [None, "a"],
                "operation": ["Failover", "Failover"],
                "parent_job": np.array([-1, 0]),
                "start_s": np.array([0.0, 5.0]),
                "end_s": np.array([40.0, 20.0]),
            },
            "tasks": {
                "job_id": np.array([1]),
                "task": ["inside"],
                "start_s": np.array([5.0]),
                "end_s": np.array([20.0]),
            },
            "plan_tasks": {
                "job_id": np.zeros(count, int),
                "task_id": np.arange(count),
                "parent_task": np.array([-1, 0, 0, -1]),
                "task": ["group", "a", "b", "script"],
                "kind": ["failover", "failover", "failover", "action"],
                "machine": [None, "a", "b", None],
                "is_critical": np.array([1, 1, 0, 1]),
                "start_s": np.array([0.0, 0.0, 0.0, 20.0]),
                "end_s": np.array([20.0, 20.0, 10.0, 40.0]),
            },
        },
    )
    assert _short(lf.critical_path(result)) == [
        (TASK, "a", "failover of a", 20),
        (TASK, "", "script", 20),
    ]


def test_the_path_of_a_real_migration_has_no_gap_and_ends_with_it(built: None) -> None:
    result = first().run(progress=False)
    path = lf.critical_path(result)
    last = float(np.nanmax(result.jobs["end_s"]))
    assert path[-1].end_s == last
    assert path[-1].operation == "Complete migration"
    for before, after in pairwise(path):
        assert before.end_s == pytest.approx(after.start_s, abs=1.0)
    # All of the time of the run since the first enabling is in it.
    assert sum(step.lasts_s for step in path) == pytest.approx(
        result.totals["migration_duration_s"], abs=1.0
    )
    assert max(path, key=lambda step: step.lasts_s).what == "initial copy of disk data"
