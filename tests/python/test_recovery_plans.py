"""Recovery plans: what a scenario may say of them, and the picture of a run."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import landfall as lf
import numpy as np
import pytest
from landfall.plot_plan import plan_height, plan_job, plan_stages
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


@pytest.mark.parametrize(
    ("condition", "code", "key"),
    [
        ({"state": "suspended"}, "SCN006", "state"),
        ({"plan": "p", "state": "protected"}, "SCN006", "state"),
        ({"plan": "p", "state": "failed_over", "of": "all"}, "SCN008", "of"),
    ],
)
def test_a_condition_is_about_machines_or_about_a_plan(
    condition: dict[str, Any], code: str, key: str
) -> None:
    with pytest.raises(lf.ScenarioError) as error:
        lf.When(**condition)
    (problem,) = error.value.problems
    assert (problem.code, problem.pointer) == (code, f"/{key}")


# --- The picture ----------------------------------------------------------------------------------

#: Preflight; two machines fail over, the second one slower; the start of both; a script that fails.
#: (id, parent, name, kind, state, start, end, critical)
TASKS: list[tuple[int, int, str, str, str, float, float, int]] = [
    (0, -1, "Recovery plan preflight checks", "preflight", "Succeeded", 0, 10, 1),
    (1, -1, "Recovery plan failover", "failover", "Succeeded", 10, 100, 0),
    (2, 1, "a", "fail over", "Succeeded", 10, 40, 0),
    (3, 1, "b", "fail over", "Succeeded", 10, 100, 1),
    (4, 1, "c", "fail over", "Skipped", np.nan, np.nan, 0),
    (5, -1, "Group 1: start", "start", "Succeeded", 100, 130, 0),
    (6, 5, "a", "start machine", "Succeeded", 100, 130, 1),
    (7, 5, "b", "start machine", "Succeeded", 100, 110, 0),
    (8, -1, "Group 1: post-steps", "actions", "Failed", 130, 150, 0),
    (9, 8, "DNS", "action", "Failed", 130, 150, 1),
    (10, -1, "Group 2: start", "start", "Pending", np.nan, np.nan, 0),
    (11, 10, "d", "start machine", "Pending", np.nan, np.nan, 0),
]


def result(tasks: list[tuple[int, int, str, str, str, float, float, int]] = TASKS) -> lf.Result:
    columns = list(zip(*tasks, strict=True))
    jobs = {
        "job_id": np.array([0, 4]),
        "machine": ["a", None],
        "plan": [None, "shop"],
        "operation": ["Commit", "Failover"],
        "state": ["Succeeded", "Failed"],
        "start_s": np.zeros(2),
        "end_s": np.full(2, 150.0),
        "cause": [None] * 2,
    }
    plan_tasks = {
        "plan": ["shop"] * len(tasks),
        "job_id": np.full(len(tasks), 4),
        "task_id": np.array(columns[0]),
        "parent_task": np.array(columns[1]),
        "task": list(columns[2]),
        "kind": list(columns[3]),
        "state": list(columns[4]),
        "start_s": np.array(columns[5], float),
        "end_s": np.array(columns[6], float),
        "is_critical": np.array(columns[7]),
    }
    return made_up(["a", "b"], end_s=600.0, jobs=jobs, plan_tasks=plan_tasks)


def test_a_stage_holds_its_rows_and_what_was_not_begun_is_left_out() -> None:
    made = result()
    stages = plan_stages(made.tables, plan_job(made.tables, "shop", None), 600.0)
    assert [(stage.name, [row.name for row in stage.rows]) for stage in stages] == [
        ("Recovery plan preflight checks", ["Recovery plan preflight checks"]),
        ("Recovery plan failover", ["a", "b"]),
        ("Group 1: start", ["b", "a"]),
        ("Group 1: post-steps", ["DNS"]),
    ]
    critical = [row for stage in stages for row in stage.rows if row.critical]
    assert [row.name for row in critical] == ["Recovery plan preflight checks", "b", "a", "DNS"]
    assert all(one.end_s == other.start_s for one, other in pairwise(critical))
    assert [row.failed for row in critical] == [False, False, False, True]


def test_a_plan_is_drawn_with_a_block_for_each_stage() -> None:
    picture = result().plot.plan("shop")
    assert isinstance(picture, Picture)
    assert picture.axes.get_title(loc="left") == "Failover of recovery plan shop"
    assert [text.get_text() for text in picture.axes.get_yticklabels()] == [
        "Recovery plan preflight checks",
        "Recovery plan failover · 2",
        "Group 1: start · 2",
        "Group 1: post-steps",
    ]
    legend = picture.axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "checks and test environment",
        "fail over",
        "start",
        "script, runbook or manual action",
        "critical path",
        "failed",
    ]
    assert picture.png().startswith(b"\x89PNG")


def test_a_hundred_machines_fit_one_picture_that_names_what_matters() -> None:
    many = [(0, -1, "Recovery plan failover", "failover", "Succeeded", 0.0, 100.0, 0)]
    many += [
        (k, 0, f"m-{k:03}", "fail over", "Succeeded", 0.0, float(k), int(k == 100))
        for k in range(1, 101)
    ]
    made = result(many)
    stages = plan_stages(made.tables, 4, 600.0)
    assert plan_height(stages) < 6.0
    texts = [text.get_text() for text in made.plot.plan().axes.texts]
    assert len(texts) == 1
    assert texts[0].startswith("m-100")


def test_a_plan_that_has_not_run_says_so() -> None:
    picture = result().plot.plan("another")
    assert [text.get_text() for text in picture.axes.texts] == ["the plan has not run"]
