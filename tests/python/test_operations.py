"""Operations of the control plane: told as a timeline and by hand they are the same run."""

from __future__ import annotations

from typing import Any

import landfall as lf
import pytest
from python.run_samples import REPOSITORY
from python.test_stepped import values

GALLERY = REPOSITORY / "scenarios" / "gallery"
#: A drill, and a migration without loss: each step as soon as the one before is over.
MIGRATION: list[dict[str, Any]] = [
    {"at": 0, "do": "enable_replication"},
    {"when": {"state": "protected"}, "delay": "1 h", "do": "test_failover"},
    {"when": {"state": "test_failed_over"}, "do": "cleanup_test_failover", "comments": "it runs"},
    {"when": {"state": "test_cleaned_up"}, "delay": "10 min", "do": "planned_failover"},
    {"when": {"state": "failed_over"}, "do": "commit"},
    {"when": {"state": "committed"}, "do": "complete_migration"},
]


def hyper_v(timeline: list[dict[str, Any]]) -> lf.Scenario:
    """Return one Hyper-V machine, at block fidelity, without trouble on its way."""
    return lf.load(GALLERY / "engine-hyper-v-to-azure.json").with_(
        {"/machines/0/count": 1, "/machines/0/name": "app", "/links/0/outages": []},
        duration=None,
        timeline=timeline,
        expect=[],
    )


def aws(timeline: list[dict[str, Any]]) -> lf.Scenario:
    """Return one machine of AWS, which may go to Azure and never back."""
    return lf.load(GALLERY / "aws-2018.json").with_(
        {"/templates/ec2/kind": "aws", "/machines/0/count": 1},
        timeline=[{**entry, "machines": "front"} for entry in timeline],
        expect=[],
    )


def test_a_drill_and_a_planned_migration_are_the_same_told_and_done() -> None:
    told = hyper_v(MIGRATION).run(seed=2, progress=False)
    assert list(told.jobs.operation) == [
        "Enable protection",
        "Finalize protection",
        "Test failover",
        "Test failover cleanup",
        "Planned failover",
        "Commit",
        "Complete migration",
    ]
    assert set(told.jobs.state) == {"Succeeded"}
    assert list(told.machines["state"]) == ["MigrationComplete"]
    assert list(told.machines["data_loss_bytes"]) == [0]

    with lf.open(hyper_v(MIGRATION), seed=2, timeline=False) as sim:
        item = sim.vault.items["app"]
        sim.vault.enable("app")
        sim.run_until(when="protected")
        sim.run_for("1 h")
        drill = item.test_failover()
        assert item.current_job == drill
        sim.run_until(when="test_failed_over")
        assert item.test_failover_state == "WaitingForCompletion"
        assert item.active_location == "Primary"
        item.cleanup_test_failover("it runs")
        sim.run_until(when="test_cleaned_up")
        sim.run_for("10 min")
        item.planned_failover()
        sim.run_until(when="failed_over")
        assert item.active_location == "Recovery"
        assert "Commit" in item.allowed_operations
        item.commit()
        sim.run_until(when="committed")
        item.complete_migration()
        done = sim.finish()
    assert values(done) == values(told)


#: What leads to a machine that runs in Azure, and then the wish to have it back.
NO_WAY_BACK: list[dict[str, Any]] = [
    {"at": 0, "do": "enable_replication"},
    {"when": {"state": "protected"}, "do": "failover", "shutdown": False},
    {"when": {"state": "failed_over"}, "do": "failback", "refused": True},
]


def test_a_machine_of_aws_cannot_be_brought_back_and_is_told_why() -> None:
    told = aws(NO_WAY_BACK).run(progress=False)
    (refusal,) = told.events[told.events["kind"] == "refused"]["detail"]
    assert "not supported for AWS to Azure" in refusal

    with lf.open(aws(NO_WAY_BACK), timeline=False) as sim:
        item = sim.vault.items["front"]
        sim.vault.enable("front")
        sim.run_until(when="protected", machines="front")
        item.failover(shut_down_source=False)
        sim.run_until(when="failed_over", machines="front")
        with pytest.raises(lf.OperationRefused) as refused:
            item.failback()
        assert refused.value.why in refusal
        assert refused.value.state == item.protection_state
        assert "Commit" in refused.value.allowed
        done = sim.finish()
    assert values(done) == values(told)


def test_what_a_kind_never_has_is_a_fault_of_the_scenario_unless_it_is_to_be_seen() -> None:
    hopeful = [
        {key: value for key, value in entry.items() if key != "refused"} for entry in NO_WAY_BACK
    ]
    (problem,) = aws(hopeful).check()
    assert (problem.code, problem.pointer) == ("SCN042", "/timeline/2/do")


def test_a_refusal_that_does_not_come_ends_the_run() -> None:
    timeline = [{"at": 0, "do": "enable_replication", "refused": True}]
    with pytest.raises(lf.LandfallError, match="was to be refused"):
        hyper_v(timeline).run(progress=False)


def test_jobs_outlive_the_orchestrator() -> None:
    calm = hyper_v(MIGRATION).run(progress=False)
    planned = calm.jobs.set_index("operation").loc["Planned failover"]
    outage = {"at": float(planned["start_s"]) + 1, "do": "orchestrator_outage", "lasts": "1 h"}
    broken = hyper_v([*MIGRATION, outage]).run(progress=False)
    assert list(broken.jobs.operation) == list(calm.jobs.operation)
    assert list(broken.machines["state"]) == ["MigrationComplete"]
    assert list(broken.machines["data_loss_bytes"]) == [0]
    ended = broken.jobs.set_index("operation").loc["Planned failover", "end_s"]
    assert ended >= outage["at"] + 3600


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({"do": "commit", "recovery_point": "latest_processed"}, "recovery_point"),
        ({"do": "failover", "data_sync": "full_download"}, "data_sync"),
        ({"do": "planned_failover", "shutdown": False}, "shutdown"),
        ({"do": "power_off", "refused": True}, "refused"),
        ({"do": "add_disk"}, "disk"),
        ({"do": "orchestrator_outage"}, "lasts"),
        ({"do": "resynchronize", "plan": "a recovery plan"}, "plan"),
        ({"do": "commit", "plan": "a recovery plan", "machines": "app"}, "machines"),
        ({"do": "failover", "plan": "p", "recovery_point": {"at": "1 h"}}, "recovery_point"),
        ({"do": "failover", "direction": "recovery_to_primary"}, "direction"),
        ({"do": "failback", "plan": "p", "direction": "recovery_to_primary"}, "direction"),
        ({"do": "failover", "plan": "p", "direction": "back"}, "direction"),
    ],
)
def test_keys_go_with_their_operations(entry: dict[str, Any], key: str) -> None:
    with pytest.raises(lf.ScenarioError) as wrong:
        hyper_v([{"at": 0, **entry}])
    assert [problem.pointer for problem in wrong.value.problems] == [f"/timeline/0/{key}"]
