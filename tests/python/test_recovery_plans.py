"""Recovery plans: what a scenario may say of them, and the picture of a run."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import landfall as lf
import numpy as np
import pytest
from landfall.plot_plan import critical_rows, plan_rows
from landfall.plots import Picture
from python.run_samples import made_up


def plan(**action: Any) -> lf.RecoveryPlan:
    return lf.RecoveryPlan(name="shop", groups=[{"machines": "db", "before": [action]}])


def test_an_action_has_the_defaults_of_the_documents() -> None:
    (action,) = plan(do="runbook", name="DNS", runbook="switch").groups[0].before
    assert action.failover_types == ("test", "planned", "unplanned")
    assert action.directions == ("primary_to_recovery",)
    assert action.timeout is None
    assert plan(do="manual", name="look").groups_gate == "start"


@pytest.mark.parametrize(
    ("action", "code", "key"),
    [
        ({"do": "manual", "name": "a", "path": "x.ps1"}, "SCN008", "path"),
        ({"do": "manual", "name": "a", "timeout": "1 min"}, "SCN008", "timeout"),
        ({"do": "script", "name": "a", "path": "x", "runbook": "r"}, "SCN008", "runbook"),
        ({"do": "runbook", "name": "a", "runbook": "r", "takes": "1 s"}, "SCN008", "takes"),
        ({"do": "script", "name": "a"}, "SCN005", "path"),
        ({"do": "runbook", "name": "a"}, "SCN005", "runbook"),
        ({"do": "manual", "name": "a", "failover_types": []}, "SCN012", "failover_types"),
        ({"do": "manual", "name": "a", "directions": ["back"]}, "SCN006", "directions/0"),
        ({"do": "mail", "name": "a"}, "SCN006", "do"),
    ],
)
def test_keys_of_an_action_go_together(action: dict[str, Any], code: str, key: str) -> None:
    with pytest.raises(lf.ScenarioError) as error:
        plan(**action)
    (problem,) = error.value.problems
    assert (problem.code, problem.pointer) == (code, f"/groups/0/before/0/{key}")


def test_a_probability_is_at_most_one() -> None:
    with pytest.raises(lf.ScenarioError):
        lf.Runbook(name="r", failure_probability=1.5)


# --- The picture ----------------------------------------------------------------------------------

#: Preflight; a step that fails two machines over, the second one slower; the start of both; DNS.
TASKS = [
    (0, "Recovery plan preflight checks", 0, 10),
    (0, "Recovery plan failover", 10, 100),
    (1, "Start failover", 10, 40),
    (2, "Prerequisites check", 10, 20),
    (2, "Start failover", 20, 100),
    (0, "Group 1: start", 100, 130),
    (1, "Start the replica virtual machine", 100, 130),
    (2, "Start the replica virtual machine", 100, 110),
    (0, "DNS", 130, 150),
    (3, "of another plan", 0, 500),
]


def result() -> lf.Result:
    jobs = {
        "job_id": np.arange(4),
        "parent_id": np.array([-1, 0, 0, -1]),
        "machine": ["", "a", "b", "c"],
        "operation": ["Failover"] * 4,
        "state": ["Succeeded"] * 4,
        "start_s": np.zeros(4),
        "end_s": np.full(4, 150.0),
        "cause": [None] * 4,
    }
    tasks = {
        "job_id": np.array([job for job, *_ in TASKS]),
        "task": [name for _, name, *_ in TASKS],
        "state": ["Succeeded"] * 8 + ["Failed", "Succeeded"],
        "start_s": np.array([start for *_, start, _ in TASKS], float),
        "end_s": np.array([end for *_, end in TASKS], float),
    }
    return made_up(["a", "b"], end_s=600.0, jobs=jobs, tasks=tasks)


def test_the_critical_path_goes_through_the_slowest_machine() -> None:
    rows = plan_rows(result().tables, 0)
    assert "c: of another plan" not in [row.name for row in rows]
    assert [rows[index].name for index in critical_rows(rows)] == [
        "Recovery plan preflight checks",
        "b: Prerequisites check",
        "b: Start failover",
        "a: Start the replica virtual machine",
        "DNS",
    ]
    times = [(rows[index].start_s, rows[index].end_s) for index in critical_rows(rows)]
    assert all(end == start for (_, end), (start, _) in pairwise(times))


def test_a_plan_is_drawn_with_a_row_for_each_task() -> None:
    picture = result().plot.recovery_plan(0)
    assert isinstance(picture, Picture)
    assert len(picture.axes.get_yticklabels()) == 9
    legend = picture.axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "critical path",
        "step of the plan",
        "task of a machine",
        "failed",
    ]
    assert picture.png().startswith(b"\x89PNG")


def test_a_plan_that_has_not_run_says_so() -> None:
    picture = result().plot.recovery_plan(99)
    assert [text.get_text() for text in picture.axes.texts] == ["the plan has not run"]


def test_tasks_without_length_lead_in_no_circle() -> None:
    tasks = {
        "job_id": np.zeros(3, int),
        "task": ["one", "two", "three"],
        "state": ["Succeeded"] * 3,
        "start_s": np.array([0.0, 5.0, 5.0]),
        "end_s": np.array([5.0, 5.0, 5.0]),
    }
    made = made_up(["a"], jobs=result_jobs(), tasks=tasks)
    rows = plan_rows(made.tables, 0)
    assert len(critical_rows(rows)) == 3


def result_jobs() -> dict[str, Any]:
    return {
        "job_id": np.array([0]),
        "machine": [""],
        "operation": ["Failover"],
        "state": ["Succeeded"],
        "start_s": np.zeros(1),
        "end_s": np.array([5.0]),
        "cause": [None],
    }
