"""Prerequisites that are asked of what stands beside: facts of machines, quota, the agent.

And what is never left behind: machines, quota, meters, jobs, by the oracles of the control plane.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from python.run_samples import REPOSITORY, first
from python.scenario_samples import small

DAY = 86_400.0
HOUR = 3600.0


def three_faults(timeline: list[dict[str, Any]]) -> lf.Scenario:
    """Return the small scenario with a database that cannot be protected, for three reasons."""
    data = small() | {"timeline": timeline}
    database = data["machines"][1]
    database["facts"] = {"cciss_disks": True}
    database["disks"][0]["facts"] = {"encryption": "bitlocker"}
    database["disks"][1]["facts"] = {"shared": True}
    return lf.Scenario.from_dict(data)


def bounded(quota: dict[str, Any], timeline: list[dict[str, Any]], **machine: Any) -> lf.Scenario:
    """Return the three machines of the first migration, bound for a region with a quota."""
    changes = {"/regions/0/quota": quota}
    changes |= {f"/machines/{k}/{key}": value for k in range(3) for key, value in machine.items()}
    return first().with_(changes, timeline=timeline, expect=[])


def causes(result: lf.Result, operation: str) -> list[str]:
    """Return why the jobs of an operation failed."""
    jobs = result.jobs
    return [str(cause) for cause in jobs[jobs["operation"] == operation]["cause"] if cause]


# --- Enable ---------------------------------------------------------------------------------------

ENABLE = [
    {"at": 0, "do": "enable_replication", "machines": "db"},
    {"at": "1 h", "do": "disable_replication", "machines": "db"},
]
FAULTS = ("/disks/0/facts/encryption", "/disks/1/facts/shared", "/facts/cciss_disks")


def test_a_machine_with_three_faults_is_told_all_three_in_a_timeline_and_by_hand() -> None:
    told = three_faults(ENABLE).run(progress=False)
    (cause,) = causes(told, "Enable protection")
    assert cause.count("; ") >= 2
    for reason in FAULTS:
        assert reason in cause
    assert list(told.machines["state"])[2] == "UnprotectedStatesEnd"
    assert told.billing.empty

    with lf.open(three_faults(ENABLE), timeline=False) as sim:
        job = sim.vault.enable("db")
        sim.wait(job)
        assert (job.state, job.cause) == ("Failed", cause)
        item = sim.vault.items["db"]
        assert item.protection_state == "EnablingFailed"
        sim.wait(item.disable())
        assert item.protection_state == "UnprotectedStatesEnd"


def test_a_machine_that_discovery_has_not_seen_is_enabled_later() -> None:
    timeline = [{"at": at, "do": "enable_replication", "machines": "db"} for at in ("1 h", "3 h")]
    data = small() | {"timeline": timeline}
    data["machines"][1]["appears_at"] = "2 h"
    result = lf.Scenario.from_dict(data).run(progress=False)
    enabled = result.jobs.query("operation == 'Enable protection'")
    assert list(enabled["state"]) == ["Failed", "Succeeded"]
    assert "the vault does not know the machine yet" in str(enabled["cause"].iloc[0])


def test_an_incompatible_machine_is_no_fault_of_the_file() -> None:
    assert three_faults(ENABLE).check() == []


# --- Room at the target ---------------------------------------------------------------------------

DISASTER = [
    {"at": 0, "do": "enable_replication"},
    {"at": "40 h", "do": "failover"},
]


def test_a_failover_without_quota_fails_and_its_replication_goes_on() -> None:
    result = bounded({"cores": 4}, DISASTER).with_(duration="50 h").run(progress=False)
    failed = result.jobs.query("operation == 'Failover' and state == 'Failed'")
    assert 0 < len(failed) < 3
    for cause in failed["cause"]:
        assert "28031" in str(cause)
    machines = result.machines.set_index("machine")
    for machine in failed["machine"]:
        assert machines.loc[machine, "state"] == "Protected"
        assert machines.loc[machine, "rpo_s_end"] < HOUR
        points = result.recovery_points.query("machine == @machine")
        assert points["t_s"].max() > 49 * HOUR
    assert result.violation_count == 0


def test_what_is_used_of_a_quota_is_a_table() -> None:
    timeline = [
        *DISASTER[:1],
        {"at": "30 h", "do": "test_failover", "machines": "web"},
        {"at": "32 h", "do": "cleanup_test_failover", "machines": "web"},
        {"at": "40 h", "do": "failover", "machines": "web"},
        {"at": "41 h", "do": "complete_migration", "machines": "web"},
    ]
    result = bounded({"cores": 10}, timeline).with_(duration="50 h").run(progress=False)
    cores = result.target_use.query("quantity == 'cores'")
    used = list(cores["used"])
    assert used[0] > 0
    assert used[-1] > 0, "the machine is its user's now, and still there"
    assert 0 in used, "the test machine gave its cores back"
    assert list(cores["quota"].unique()) == [10]
    machines = result.target_use.query("quantity == 'machines'")
    assert machines["quota"].isna().all()
    assert list(result.columns("target_use")["column"]) == list(result.target_use)


# --- Bill -----------------------------------------------------------------------------------------


def test_a_drill_costs_its_machine_and_disks_until_it_is_cleaned_up() -> None:
    timeline = [
        {"at": 0, "do": "enable_replication", "machines": "web"},
        {"at": "40 h", "do": "test_failover", "machines": "web"},
        {"at": "50 h", "do": "cleanup_test_failover", "machines": "web"},
    ]
    result = first().with_(timeline=timeline, expect=[], duration="60 h").run(progress=False)
    tasks = result.tasks.merge(result.jobs[["job_id", "operation"]], on="job_id")
    start = tasks[tasks["task"] == "Start the virtual machine"]["end_s"].item()
    clean = tasks[tasks["operation"] == "Test failover cleanup"]["end_s"].item()
    compute = result.billing.query("meter == 'test_machine'")
    disks = result.billing.query("meter == 'test_disks'")
    assert (compute["from_s"].min(), compute["to_s"].max()) == (start, clean)
    assert disks["from_s"].min() < start, "they are there before it starts"
    assert disks["to_s"].max() == clean
    assert compute["quantity"].sum() == pytest.approx((clean - start) / HOUR)


def test_no_meter_runs_on_after_the_item_and_the_machine_of_its_user_is_not_billed() -> None:
    timeline = [
        {"at": 0, "do": "enable_replication", "machines": "web"},
        {"when": {"state": "protected"}, "delay": "1 h", "do": "failover", "machines": "web"},
        {"at": "30 h", "do": "complete_migration", "machines": "web"},
    ]
    result = first().with_(timeline=timeline, expect=[], duration="70 d").run(progress=False)
    ended = result.jobs.query("operation == 'Complete migration'")["end_s"].item()
    assert result.billing["to_s"].max() == ended
    compute = result.billing.query("meter == 'recovery_machine'")
    assert compute["to_s"].max() == ended
    assert compute["quantity"].sum() > 2


# --- Oracles --------------------------------------------------------------------------------------


def test_every_run_is_watched_by_the_oracles_of_the_control_plane(tmp_path: Path) -> None:
    result = first().run(progress=False)
    watched = result.oracles.set_index("oracle")["checked"]
    assert {f"C{k}" for k in range(1, 8)} <= set(watched.index.astype(str))
    assert {f"B{k}" for k in range(1, 6)} <= set(watched.index.astype(str))
    # Nothing is asked of recovery plans where there are none.
    assert set(watched.index[watched == 0].astype(str)) == {f"P{k}" for k in range(1, 7)}
    assert result.violations.empty
    assert result.proof is None
    folder = result.save(tmp_path / "out")
    told = json.loads((folder / "summary.json").read_text())["control_oracles"]
    assert told == {"checked": int(watched.sum()), "violations": 0}
    without = first().with_({"/oracles": False}).run(progress=False)
    assert without.oracles.empty
    assert without.ok


def test_a_violation_makes_a_result_not_ok() -> None:
    header = {"control_oracles": {"checked": 7, "violations": 1}, "scenario": "x"}
    result = lf.Result.from_tables(header, {})
    assert result.violation_count == 1
    assert not result.ok


@pytest.mark.parametrize("name", ["first-migration", "unplanned-failover", "aws-2018"])
def test_the_gallery_leaves_nothing_behind(name: str) -> None:
    result = lf.load(REPOSITORY / "scenarios" / "gallery" / f"{name}.json").run(progress=False)
    assert list(result.violations["text"]) == []
