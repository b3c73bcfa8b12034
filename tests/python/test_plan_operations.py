"""Recovery plans at work: told as a timeline and by hand they are the same run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from landfall import cli
from python.run_samples import REPOSITORY
from python.test_stepped import values
from typer.testing import CliRunner

GALLERY = REPOSITORY / "scenarios" / "gallery"
PLAN = "headquarters"
ALL = [
    *("dc-*", "sql-main-*", "sql-copy-*", "queue-*", "app-*", "legacy-*", "web-*"),
    *("desktop-*", "report-*"),
]


def small(timeline: list[dict[str, Any]] | None = None, **changes: Any) -> lf.Scenario:
    """Return the plan of the gallery with a machine or two of each kind."""
    scenario = lf.load(GALLERY / "recovery-plan-100.json")
    counts = {f"/machines/{k}/count": 2 for k in range(len(scenario.machines))}
    pointers = {key: value for key, value in changes.items() if key.startswith("/")}
    parts = {key: value for key, value in changes.items() if key not in pointers}
    if timeline is not None:
        parts["timeline"] = timeline
    return scenario.with_(counts | pointers, expect=[], **parts)


def test_the_story_of_a_plan_is_the_same_told_and_done() -> None:
    told = small().run(seed=3, progress=False)
    mine = told.jobs[told.jobs["plan"].notna()]
    assert list(mine["operation"]) == [
        "Test failover",
        "Test failover cleanup",
        "Failover",
        "Commit",
    ]
    assert set(told.jobs["state"]) == {"Succeeded"}
    assert mine["machine"].isna().all()
    failover = int(mine["job_id"].iloc[2])
    assert (told.jobs["parent_job"] == failover).sum() == 18
    assert set(told.machines["data_loss_bytes"]) == {0}

    with lf.open(small(), seed=3, timeline=False) as sim:
        plan = sim.vault.plans[PLAN]
        assert plan.state == "18 machines Protected"
        assert plan.groups[0] == ["dc-1", "dc-2"]
        assert "PlannedFailover" in plan.allowed_operations
        sim.run_until("2 h")
        drill = plan.test_failover()
        assert plan.current_job == drill
        assert plan.allowed_operations == []
        sim.wait(drill)
        assert drill.state == "Succeeded"
        assert (drill.plan, drill.machine, len(drill.children)) == (PLAN, "", 18)
        assert drill.children[0].parent == drill
        sim.run_for("45 min")
        plan.cleanup_test_failover("all groups answered")
        sim.run_until(when={"plan": PLAN, "state": "test_cleaned_up"})
        sim.run_for("1 h")
        job = plan.failover()
        sim.wait(job)
        assert (job.state, job.description) == ("Suspended", "WaitingForManualAction")
        assert job.allowed_actions == ["Cancel", "Resume"]
        sim.run_for("8 min")
        job.resume("go")
        sim.run_until(when={"plan": PLAN, "state": "failed_over"})
        assert job.state == "Succeeded"
        assert "Say that this is no drill" in [task.name for task in job.tasks]
        assert "Failover" in job.export("csv")
        sim.run_for("1 h")
        plan.commit()
        done = sim.finish()
    assert values(done) == values(told)


def test_the_tasks_of_a_plan_are_a_table_with_its_critical_path() -> None:
    told = small().run(progress=False)
    mine = told.jobs[told.jobs["plan"].notna()].set_index("operation")
    job = int(mine.loc["Failover", "job_id"])
    tasks = told.plan_tasks[told.plan_tasks["job_id"] == job]
    stages = tasks[tasks["parent_task"].isna()]
    assert list(stages["task"])[:3] == [
        "Recovery plan preflight checks",
        "All groups shutdown: Pre steps (1)",
        "Group 7: shutdown",
    ]
    path = tasks[tasks["is_critical"] == 1].sort_values("end_s")
    assert path["end_s"].iloc[-1] == tasks["end_s"].max()
    assert "Check the databases" in list(path["action"])
    # A dated chain: nothing on it began before what it waited for was over.
    assert (path["start_s"].iloc[1:].to_numpy() >= path["end_s"].iloc[:-1].to_numpy() - 1e-9).all()
    assert set(told.columns("plan_tasks")["description"]) != {""}


def test_the_orchestrator_may_die_in_the_middle_of_a_plan() -> None:
    calm = small().run(progress=False)
    mine = calm.jobs[calm.jobs["plan"].notna()]
    start = float(mine[mine["operation"] == "Failover"]["start_s"].iloc[0])
    timeline = [step.canonical() for step in small().timeline]
    outage = {"at": start + 250, "do": "orchestrator_outage", "lasts": "20 min"}
    broken = small([*timeline, outage]).run(progress=False)
    assert sorted(broken.jobs["operation"]) == sorted(calm.jobs["operation"])
    assert set(broken.jobs["state"]) == {"Succeeded"}
    assert set(broken.machines["data_loss_bytes"]) == {0}


def test_a_script_of_the_vmm_server_has_failed_after_600_s() -> None:
    slow = small(**{"/recovery_plans/0/shutdown/before/0/takes": "11 min"})
    told = slow.run(progress=False)
    script = told.plan_tasks.set_index("action").loc["Stop the nightly jobs"]
    assert (script["state"], script["detail"]) == ("Failed", "timed out")
    assert script["end_s"] - script["start_s"] == 600
    # An unplanned failover goes on: what failed is all that is missing.
    mine = told.jobs[told.jobs["plan"].notna()].set_index("operation")
    assert mine.loc["Failover", "description"] == "PartiallySucceeded"
    assert set(told.machines["state"]) == {"PlannedFailoverStatesBegin"}


def test_a_planned_failover_that_stopped_is_restarted_and_one_is_cancelled() -> None:
    planned = [
        {"at": "1 h", "do": "planned_failover", "plan": PLAN},
        {"when": {"plan": PLAN, "state": "suspended"}, "do": "resume_job", "plan": PLAN},
        {"when": {"plan": PLAN, "state": "failed"}, "delay": "20 min", "do": "restart_job"},
    ]
    planned[-1]["plan"] = PLAN
    # A runbook that fails every other time; of these seeds some let it fail at first, and not then.
    flaky = {"/runbooks/0/failure_probability": 0.5}
    ends = {}
    for seed in range(1, 9):
        told = small(planned, duration="3 h", **flaky).run(seed=seed, progress=False)
        (job,) = told.jobs[told.jobs["plan"].notna()].to_dict(orient="records")
        runs = told.tasks[told.tasks["task"].eq("Point DNS at Azure")]["state"]
        ends[tuple(runs)] = job["state"]
    assert ends[("Succeeded",)] == "Succeeded"
    assert ends[("Failed", "Succeeded")] == "Succeeded"

    cancelled = [planned[0], {"at": "1 h 5 min", "do": "cancel_job", "plan": PLAN}]
    told = small(cancelled).run(progress=False)
    mine = told.jobs[told.jobs["plan"].notna()]
    assert list(mine["state"]) == ["Cancelled"]
    assert set(told.jobs["state"]) == {"Cancelled"}
    assert "CancelFailoverStatesEnd" in set(told.machines["state"])


def test_a_refusal_says_how_the_machines_stand_and_what_is_allowed() -> None:
    back = {"at": "1 h", "do": "failback", "plan": PLAN, "refused": True}
    told = small([back]).run(progress=False)
    refusals = told.events[told.events["kind"] == "refused"]
    (refusal,) = refusals["detail"]
    assert "so its direction is PrimaryToRecovery" in refusal
    assert list(refusals["subject"]) == [f"recovery plan {PLAN}"]
    with lf.open(small(), timeline=False) as sim:
        sim.run_until("1 h")
        with pytest.raises(lf.OperationRefused) as refused:
            sim.vault.plans[PLAN].failback()
        assert refused.value.why in refusal
        assert refused.value.state == "18 machines Protected"
        assert "PlannedFailover" in refused.value.allowed
        with pytest.raises(lf.UnknownName, match=PLAN):
            sim.vault.plans["headquarter"]


def test_a_run_says_in_a_line_how_its_plans_went(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    file.write_text(small().to_json())
    said = CliRunner().invoke(cli.app, ["run", str(file), "--no-progress"], env={"COLUMNS": "200"})
    assert said.exit_code == 0, said.output
    assert f"recovery plan {PLAN}: Test failover of 18 machines, Completed after" in said.output
    assert f"recovery plan {PLAN}: Failover of 18 machines, Completed after" in said.output
    assert f"Failover of recovery plan {PLAN}" in said.output
    assert "None" not in said.output


# --- Bad input: what `landfall check` says --------------------------------------------------------

BASE = "/recovery_plans/0"
RUNBOOK = {"do": "runbook", "name": "r", "runbook": "point-dns-at-azur"}


@pytest.mark.parametrize(
    ("changes", "code", "pointer", "words"),
    [
        (
            {f"{BASE}/dependencies": [
                {"machines": "web-1", "on": "web-2"},
                {"machines": "web-2", "on": "web-1"},
            ]},
            "SCN047", f"{BASE}/dependencies", "web-1 -> web-2 -> web-1",
        ),
        (
            {f"{BASE}/groups/2/machines": ["queue-*", "dc-1"]},
            "SCN046", f"{BASE}/groups/2/machines/1", "group 1",
        ),
        (
            {f"{BASE}/groups/0/after": [RUNBOOK]},
            "SCN010", f"{BASE}/groups/0/after/0/runbook", "point-dns-at-azure",
        ),
        (
            {"/machines/6/count": 85},
            "SCN046", f"{BASE}/groups", "at most 100 machines, not 101",
        ),
        (
            {"/profile": {"name": "asr-2018"}, "/machines/6/count": 35},
            "SCN046", f"{BASE}/groups", "at most 50 machines, not 51",
        ),
        (
            {f"{BASE}/groups": [{"machines": name} for name in ALL[:8]]},
            "SCN046", f"{BASE}/groups", "at most 7",
        ),
        (
            {f"{BASE}/groups/0/after": [
                {"do": "runbook", "name": "r", "runbook": "point-dns-at-azure",
                 "directions": ["recovery_to_primary"]},
            ]},
            "SCN046", f"{BASE}/groups/0/after/0/do", "VMM to Azure",
        ),
        (
            {"/timeline": [{"at": 0, "do": "failover", "plan": "headquarter"}]},
            "SCN010", "/timeline/0/plan", PLAN,
        ),
        (
            {"/timeline": [
                {"when": {"plan": "hq", "state": "failed"}, "do": "restart_job", "plan": PLAN},
            ]},
            "SCN010", "/timeline/0/when/plan", PLAN,
        ),
        (
            {"/timeline": [{"at": 0, "do": "test_failover", "plan": PLAN,
                            "direction": "recovery_to_primary"}]},
            "SCN042", "/timeline/0/direction", "never has this operation in this direction",
        ),
        (
            {"/timeline": [{"at": 0, "do": "failover", "plan": PLAN, "direction": "back"}]},
            "SCN006", "/timeline/0/direction", "recovery_to_primary",
        ),
        (
            {"/timeline": [{"at": 0, "do": "failover", "plan": PLAN,
                            "recovery_point": {"at": 60}}]},
            "SCN008", "/timeline/0/recovery_point", "for one machine alone",
        ),
    ],
)  # fmt: skip
def test_bad_plans_are_told_with_their_place(
    tmp_path: Path, changes: dict[str, Any], code: str, pointer: str, words: str
) -> None:
    assert_check_says(tmp_path, document(changes), code, pointer, words)


def test_vmware_and_hyper_v_are_not_mixed(tmp_path: Path) -> None:
    mixed = document({})
    mixed["configuration_servers"] = [{"name": "cs", "site": "headquarters"}]
    mixed["process_servers"] = [
        {"name": "ps", "site": "headquarters", "storage_account": "cache1", "cache": "600 GiB"}
    ]
    legacy = mixed["machines"][5]
    del legacy["template"]
    legacy |= {
        "site": "headquarters",
        "process_server": "ps",
        "policy": "vmware",
        "disks": [{"name": "os", "size": "127 GiB", "used": "40 GiB", "target": "standard_ssd"}],
    }
    mixed["policies"].append({"name": "vmware", "retention": "24 h"})
    assert_check_says(
        tmp_path,
        mixed,
        "SCN046",
        f"{BASE}/groups/3/machines/1",
        'VMware to Azure, "dc-1" is VMM to Azure',
    )


def document(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the small plan as people write it, changed at the pointers."""
    written: dict[str, Any] = json.loads((GALLERY / "recovery-plan-100.json").read_text())
    for machine in written["machines"]:
        machine["count"] = 2
    for pointer, value in changes.items():
        *path, last = pointer.strip("/").split("/")
        part: Any = written
        for key in path:
            part = part[int(key)] if isinstance(part, list) else part[key]
        part[int(last) if isinstance(part, list) else last] = value
    return written


def assert_check_says(
    folder: Path, written: dict[str, Any], code: str, pointer: str, words: str
) -> None:
    file = folder / "bad.json"
    file.write_text(json.dumps(written))
    said = CliRunner().invoke(cli.app, ["check", str(file)], env={"COLUMNS": "300"})
    assert said.exit_code == 2, said.output
    text = said.output + said.stderr
    for expected in (code, pointer, words):
        assert expected in text
