"""The job list as files: Site Recovery's words, the filter of its REST list, and the shell."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import landfall as lf
import pytest
from landfall.cli import app
from landfall.job_export import JobFilter, export_jobs, scenario_name
from openpyxl import load_workbook
from python.run_samples import first
from typer.testing import CliRunner


def job(number: int, **keys: Any) -> dict[str, Any]:
    return {
        "job": number,
        "parent_job": None,
        "machine": "web",
        "operation": "Test failover",
        "state": "Succeeded",
        "description": "",
        "allowed_actions": [],
        "start_s": 3600.0 * number,
        "end_s": 3600.0 * number + 75,
        "cause": "",
        "tasks": [
            {"task": "Start the virtual machine", "state": "Succeeded", "start_s": 1, "end_s": 2}
        ],
        **keys,
    }


FAILED = job(
    2,
    state="Failed",
    operation="Failover",
    cause="28031: the quota of cores is exceeded",
    allowed_actions=["Restart"],
    tasks=[{"task": "Prerequisites check", "state": "Failed", "start_s": 7200, "end_s": 7201}],
)
WAITING = job(
    3, state="Suspended", description="WaitingForManualAction", end_s=None, machine="=HYPERLINK()"
)
PLAN = job(4, machine="", operation="Recovery plan failover", tasks=[])
MEMBER = job(5, parent_job=4, operation="Failover")
LIST = [job(1), FAILED, WAITING, PLAN, MEMBER]


def exported(folder: Path, **only: Any) -> list[dict[str, Any]]:
    file = export_jobs(LIST, folder / "jobs.json", only=JobFilter(**only))
    found: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["value"]
    return found


def test_a_job_is_told_in_the_words_of_the_api(tmp_path: Path) -> None:
    jobs = exported(tmp_path)
    done = jobs[0]["properties"]
    assert jobs[0]["type"] == "Microsoft.RecoveryServices/vaults/replicationJobs"
    assert (done["scenarioName"], done["friendlyName"]) == ("TestFailover", "Test failover")
    assert (done["state"], done["stateDescription"]) == ("Succeeded", "Completed")
    assert done["targetInstanceType"] == "ProtectionEntity"
    assert done["startTime"] == "2018-01-01T01:00:00.000Z"
    assert done["errors"] == []
    assert done["tasks"][0]["taskId"] == "job-1-task-1"

    failed = jobs[1]["properties"]
    details = {"code": "28031", "message": "the quota of cores is exceeded"}
    assert failed["errors"][0]["serviceErrorDetails"] == details
    assert failed["tasks"][0]["errors"][0]["serviceErrorDetails"] == details
    assert failed["allowedActions"] == ["Restart"]

    waiting = jobs[2]["properties"]
    assert (waiting["stateDescription"], waiting["endTime"]) == ("WaitingForManualAction", None)


def test_the_job_of_a_plan_has_those_of_its_machines_as_tasks(tmp_path: Path) -> None:
    plan = exported(tmp_path)[3]["properties"]
    assert plan["targetInstanceType"] == "RecoveryPlan"
    (task,) = plan["tasks"]
    assert task["customDetails"]["instanceType"] == "JobTaskDetails"
    assert task["customDetails"]["jobTask"]["jobId"] == "job-5"
    # Also where the filter leaves the machine's own job out.
    (alone,) = exported(tmp_path, object_type="RecoveryPlan")
    assert alone["properties"]["tasks"] == plan["tasks"]


@pytest.mark.parametrize(
    ("only", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"states": ["Failed", "Suspended"]}, [2, 3]),
        ({"start_s": 7200, "end_s": 14_400}, [2, 3]),
        ({"operation": "Failover"}, [2, 5]),
        ({"operation": "UnplannedFailover"}, [2, 5]),
        ({"machine": "web", "states": ["Succeeded"]}, [1, 5]),
        ({"operation": "No such"}, []),
    ],
)
def test_the_filter_is_that_of_the_list(
    only: dict[str, Any], numbers: list[int], tmp_path: Path
) -> None:
    assert [each["name"] for each in exported(tmp_path, **only)] == [f"job-{k}" for k in numbers]


def test_a_wrong_filter_or_file_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(lf.UnknownName, match='Did you mean "Failed"'):
        JobFilter(states=["failed"])
    with pytest.raises(lf.UnknownName, match="RecoveryPlan"):
        JobFilter(object_type="Plan")
    with pytest.raises(lf.UnknownName, match="json, xml, csv, xlsx"):
        export_jobs(LIST, tmp_path / "jobs.docx")
    assert not (tmp_path / "jobs.docx").exists()


def test_the_same_jobs_are_in_every_kind_of_file(tmp_path: Path) -> None:
    names = [f"job-{each['job']}" for each in LIST]
    rows = list(csv.DictReader(export_jobs(LIST, tmp_path / "a.csv").read_text().splitlines()))
    assert [row["name"] for row in rows] == names
    assert rows[1]["errors"] == "the quota of cores is exceeded"
    root = ElementTree.parse(export_jobs(LIST, tmp_path / "a.xml")).getroot()
    assert [each.findtext("name") for each in root] == names
    assert (
        root[1].findtext("properties/tasks/task/errors/error/serviceErrorDetails/code") == "28031"
    )
    book = load_workbook(export_jobs(LIST, tmp_path / "a.xlsx"))
    assert book.sheetnames == ["jobs", "tasks"]
    assert [row[0] for row in book["jobs"].iter_rows(min_row=2, values_only=True)] == names
    hostile = book["jobs"].cell(row=4, column=5)
    assert (hostile.value, hostile.data_type) == ("=HYPERLINK()", "s")


def test_names_of_operations_that_nobody_foresaw() -> None:
    assert scenario_name("Switch process server") == "SwitchProcessServer"


# --- Of runs --------------------------------------------------------------------------------------

STEPS: list[dict[str, Any]] = [
    {"at": 0, "do": "enable_replication", "machines": "web"},
    {"when": {"state": "protected"}, "do": "failover", "machines": "web"},
]


@pytest.mark.usefixtures("built")
def test_a_result_its_folder_and_a_stepped_run_export_the_same(tmp_path: Path) -> None:
    scenario = first().with_(timeline=STEPS, expect=[], duration="2 d")
    result = scenario.run(progress=False)
    whole = json.loads(result.jobs_export(tmp_path / "run.json").read_text("utf-8"))["value"]
    assert [each["properties"]["friendlyName"] for each in whole] == list(result.jobs["operation"])
    assert sum(len(each["properties"]["tasks"]) for each in whole) == len(result.tasks)

    result.save(tmp_path / "out")
    file = tmp_path / "shell.json"
    done = CliRunner().invoke(app, ["jobs", str(tmp_path / "out"), "--export", str(file)])
    assert done.exit_code == 0, done.stderr
    assert json.loads(file.read_text("utf-8"))["value"] == whole

    with lf.open(scenario) as sim:
        sim.run_until("47 h")
        told = json.loads(sim.vault.jobs.export(tmp_path / "sim.json").read_text("utf-8"))["value"]
    assert told == whole


@pytest.mark.usefixtures("built")
def test_the_shell_lists_jobs_and_refuses_what_is_no_result(tmp_path: Path) -> None:
    scenario = first().with_(timeline=STEPS, expect=[], duration="2 d")
    scenario.run(progress=False).save(tmp_path / "out")
    listed = CliRunner().invoke(app, ["jobs", str(tmp_path / "out"), "--operation", "Failover"])
    assert listed.exit_code == 0
    assert "1 job, 0 failed, 0 waiting" in listed.stdout
    assert CliRunner().invoke(app, ["jobs", str(tmp_path)]).exit_code == 2
    wrong = CliRunner().invoke(app, ["jobs", str(tmp_path / "out"), "--state", "Broken"])
    assert wrong.exit_code == 2
    assert "there is no job state" in wrong.stderr
