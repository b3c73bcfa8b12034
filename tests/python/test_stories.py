"""The stories of the gallery: every kind of scenario from nothing to its end, proved in blocks."""

from __future__ import annotations

import functools
from typing import Any

import landfall as lf
import pandas as pd
import pytest
from landfall import _model, gallery

STORY_OF_KIND = {
    "VMware to Azure": "story-vmware-to-azure",
    "Physical to Azure": "story-physical-to-azure",
    "AWS to Azure": "story-aws-to-azure",
    "Azure through a configuration server": "migrate-between-regions",
    "Hyper-V site to Azure": "story-hyper-v-site-to-azure",
    "VMM to Azure": "story-vmm-to-azure",
    "Azure to Azure": "story-azure-to-azure",
    "Zone to zone": "story-zone-to-zone",
    "VMM to VMM": "story-vmm-to-vmm",
    "Scout to a secondary site": "story-scout-to-secondary",
}
STORIES = [
    name
    for name in gallery.names()
    if name.startswith(("story-", "migrate-", "move-", "failback-"))
]
#: Machines that are shut down first, or leave by a planned failover: nothing may be lost of them.
WITHOUT_LOSS = {
    "story-vmware-to-azure": ["shop"],
    "story-hyper-v-site-to-azure": ["files", "lab"],
    "story-vmm-to-azure": ["crm-1", "crm-2"],
    "story-azure-to-azure": ["api"],
    "story-zone-to-zone": ["api"],
    "story-vmm-to-vmm": ["erp-1", "erp-2"],
    "story-migration-flavours": ["hyper-v", "vmware"],
    "story-disks-servers-pauses": ["front", "shop", "stock"],
    "migrate-on-premises": ["files", "intranet", "web"],
    "failback-on-premises": ["files", "intranet", "web"],
    "move-between-regions": ["api-1", "api-2"],
}
#: Machines that come home.
FAILED_BACK = {
    "story-vmware-to-azure": 2,
    "story-physical-to-azure": 1,
    "story-hyper-v-site-to-azure": 2,
    "story-vmm-to-azure": 2,
    "story-azure-to-azure": 2,
    "story-zone-to-zone": 2,
    "story-vmm-to-vmm": 2,
    "story-scout-to-secondary": 2,
    "failback-on-premises": 4,
}
MIGRATIONS = [
    "migrate-on-premises",
    "migrate-between-regions",
    "migrate-from-aws",
    "move-between-regions",
]


@functools.cache
def run(name: str) -> lf.Result:
    return lf.load(f"gallery:{name}").run(progress=False)


@functools.cache
def asked(name: str) -> dict[str, int]:
    """How often each oracle was put to the test."""
    oracles = run(name).oracles
    return dict(zip(oracles["oracle"], oracles["checked"].astype(int), strict=True))


def jobs_of(name: str, machine: str) -> list[str]:
    jobs = run(name).jobs
    return list(jobs.loc[jobs["machine"] == machine, "operation"])


# --- There, whole and right -----------------------------------------------------------------------


def test_every_kind_of_scenario_has_its_story() -> None:
    assert list(_model.support_matrix("asr-2018")["kinds"]) == list(STORY_OF_KIND)
    assert set(STORY_OF_KIND.values()) <= set(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_in_blocks_and_no_oracle_is_violated(name: str) -> None:
    scenario = lf.load(f"gallery:{name}")
    assert {machine.fidelity for machine in scenario.machines} == {"block"}
    result = run(name)
    assert result.ok, result.expect.to_string() + result.violations.to_string()
    assert set(result.jobs["state"]) == {"Succeeded"}
    assert result.proof is not None
    assert result.proof.points_checked > 20
    for oracle in ("S1", "S3", "S4", "S5", "S6", "S10", "S11", "S12", "S15", "S17", "S33", "S35"):
        assert asked(name)[oracle] > 0, f"{oracle} was never put to the test"


def test_the_stories_together_ask_every_oracle_but_those_of_groups_and_plans() -> None:
    times: dict[str, int] = {}
    for name in STORIES:
        for oracle, count in asked(name).items():
            times[oracle] = times.get(oracle, 0) + count
    never = [oracle for oracle, count in times.items() if count == 0]
    assert never == ["S2", "L6", *(f"P{k}" for k in range(1, 7))]


def test_each_seldom_asked_oracle_has_a_story_that_asks_it() -> None:
    for oracle, name in {
        "S7": "story-vmm-to-vmm",
        "S8": "story-physical-to-azure",
        "S13": "story-vmware-to-azure",
        "S14": "story-vmware-to-azure",
        "S23": "story-azure-to-azure",
        "S24": "story-zone-to-zone",
        "S25": "story-hyper-v-site-to-azure",
        "S30": "story-vmm-to-azure",
        "S31": "story-physical-to-azure",
    }.items():
        assert asked(name)[oracle] > 0, f"{name} does not ask {oracle}"


@pytest.mark.parametrize("name", FAILED_BACK)
def test_a_circle_ends_as_it_began(name: str) -> None:
    for machine in run(name).machines["machine"]:
        jobs = jobs_of(name, machine)
        assert jobs[0] == "Enable protection"
        assert jobs[-1] == "Reverse replicate", "protected again, at home"
    assert set(run(name).machines["state"]) == {"Protected"}
    # Initial replication is what came first, not what closed the circle.
    assert run(name).machines["initial_replication_s"].max() < 1800


def test_a_vmm_replica_turns_round_by_itself() -> None:
    operations = {step.do for step in lf.load("gallery:story-vmm-to-vmm").timeline}
    assert "reprotect" not in operations
    assert jobs_of("story-vmm-to-vmm", "erp-1").count("Reverse replicate") == 2


def test_what_changes_while_machines_are_protected_is_seen_in_the_points() -> None:
    result = run("story-disks-servers-pauses")
    first = {
        kind: float(result.events[result.events["kind"] == kind]["t_s"].iloc[0])
        for kind in ("disk_protected", "disk_removed", "process_server_switched")
    }
    jobs = result.jobs.set_index("operation")
    assert first["disk_protected"] > jobs.loc["Add disks", "end_s"], "its copy takes time"
    assert first["disk_removed"] == jobs.loc["Remove disks", "end_s"]
    # SR/vmware-azure-manage-process-server.md: in effect a quarter of an hour after the job
    assert first["process_server_switched"] >= jobs.loc["Switch process server", "end_s"] + 900
    steps = result.rpo  # one at each point
    stock = steps[steps["machine"] == "stock"]["t_s"]
    paused, resumed = (
        jobs.loc["Pause replication", "end_s"],
        jobs.loc["Resume replication", "end_s"],
    )
    assert not stock.between(paused + 60, resumed).any(), "no point while replication is paused"
    assert (stock > resumed).sum() > 10
    refused = result.events[result.events["kind"] == "refused"]
    assert list(refused["subject"]) == ["stock", "front"]


# --- Loss -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITHOUT_LOSS)
def test_a_planned_failover_loses_nothing_and_ends_byte_equal(name: str) -> None:
    machines = run(name).machines.set_index("machine")
    assert set(machines.loc[WITHOUT_LOSS[name], "data_loss_bytes"]) == {0}
    # S7 holds the target against every write ever, sector by sector.
    assert asked(name)["S7"] >= len(WITHOUT_LOSS[name])


def rpo_at(result: lf.Result, machine: str, instant: float) -> float:
    """Return the RPO that was shown right before an instant: it rises with time since a step."""
    steps = result.rpo
    steps = steps[(steps["machine"] == machine) & (steps["t_s"] < instant)]
    last = steps.iloc[-1]
    return float(last["rpo_s_after"] + instant - last["t_s"])


def bytes_per_second(scenario: lf.Scenario, machine: str) -> float:
    (group,) = [group for group in scenario.machines if machine in group.names()]
    churns: list[Any] = [disk.churn for disk in group.disks]
    return float(sum(churn.writes_per_second * churn.write_size for churn in churns))


@pytest.mark.parametrize(
    ("name", "machine"),
    [
        ("story-vmware-to-azure", "archive"),
        ("story-physical-to-azure", "till"),
        ("story-azure-to-azure", "store"),
        ("story-zone-to-zone", "store"),
        ("story-aws-to-azure", "front-1"),
        ("story-aws-to-azure", "front-2"),
        ("story-migration-flavours", "physical"),
        ("story-migration-flavours", "aws"),
        ("migrate-on-premises", "ledger"),
        ("migrate-between-regions", "api-1"),
        ("migrate-from-aws", "front-2"),
    ],
)
def test_an_unplanned_failover_loses_at_most_the_rpo_that_was_shown(
    name: str, machine: str
) -> None:
    result = run(name)
    jobs = result.jobs[result.jobs["machine"] == machine]
    started = jobs.loc[jobs["operation"] == "Failover", "start_s"].min()
    lost = result.machines.set_index("machine").loc[machine, "data_loss_bytes"]
    rate = bytes_per_second(lf.load(f"gallery:{name}"), machine)
    # What a Poisson process writes in that time, and five times its standard deviation.
    most = rate * rpo_at(result, machine, started)
    assert 0 <= lost <= most + 5 * (most * 8192) ** 0.5
    # S8 says the same of the instants of the writes themselves, exactly.
    assert asked(name)["S8"] > 0


# --- Drills ---------------------------------------------------------------------------------------

#: What a drill must leave alone, to the bit (V22 of common.md: no effect on RPO and production).
UNTOUCHED = ("rpo", "recovery_points", "links", "copies", "backlog", "fleet", "fold")


@pytest.mark.parametrize(
    "name",
    [
        "story-vmware-to-azure",
        "story-physical-to-azure",
        "story-hyper-v-site-to-azure",
        "story-vmm-to-azure",
        "story-azure-to-azure",
        "story-zone-to-zone",
        "story-aws-to-azure",
        "story-vmm-to-vmm",
        "story-scout-to-secondary",
        "migrate-between-regions",
    ],
)
def test_a_drill_changes_nothing(name: str) -> None:
    calm = [{"at": "2 h 10 min", "do": "enable_replication"}]
    drill = [
        {"at": "4 h", "do": "test_failover", "recovery_point": "latest_processed"},
        {"at": "5 h", "do": "cleanup_test_failover"},
    ]
    scenario = lf.load(f"gallery:{name}")
    with_drill, without = (
        scenario.with_(timeline=timeline, duration="6 h", expect=[]).run(progress=False)
        for timeline in (calm + drill, calm)
    )
    assert "Test failover cleanup" in set(with_drill.jobs["operation"])
    for table in UNTOUCHED:
        pd.testing.assert_frame_equal(
            with_drill.tables[table].to_pandas(), without.tables[table].to_pandas()
        )
    figures = ["rpo_s_mean", "rpo_s_max", "written_bytes", "wan_bytes", "recovery_points", "state"]
    pd.testing.assert_frame_equal(with_drill.machines[figures], without.machines[figures])


# --- The way home ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAILED_BACK)
def test_a_failback_brings_home_what_was_written_in_azure_and_nothing_else(name: str) -> None:
    # S30 compares the disks at home with the history of the machine that ran in Azure, whole: what
    # was written at home after the failover's point is no part of it.
    assert asked(name)["S30"] == FAILED_BACK[name]
    # S35: each failover in either direction, of the replica and of the machine that came of it.
    assert asked(name)["S35"] == 2 * FAILED_BACK[name]


def test_a_failback_of_whole_disks_downloads_more_and_needs_no_user() -> None:
    result = run("story-hyper-v-site-to-azure")
    tasks = result.tasks.merge(result.jobs[["job_id", "machine", "operation"]], on="job_id")
    tasks = tasks[tasks["operation"] == "Failback"]
    of = {machine: list(group["task"]) for machine, group in tasks.groupby("machine")}
    assert "Waiting for user input" in of["files"]
    assert "Waiting for user input" not in of["lab"]
    shut_down = "Shut down the virtual machine"
    assert of["files"].index("Synchronize data") < of["files"].index(shut_down)
    assert of["lab"].index("Synchronize data") > of["lab"].index(shut_down)
    home = result.copies[result.copies["machine"].str.endswith("(back)")]
    home = home[home["kind"] != "catch-up"]
    bytes_home = home.groupby("machine")["bytes"].sum()
    groups = lf.load("gallery:story-hyper-v-site-to-azure").machines
    used = sum(disk.used for disk in groups[0].disks)
    assert bytes_home["lab (back)"] >= used
    assert bytes_home["files (back)"] < used


# --- The end --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MIGRATIONS)
def test_after_the_migration_the_item_is_gone_and_nothing_is_billed(name: str) -> None:
    result = run(name)
    last = "Disable protection" if name.startswith("move") else "Complete migration"
    ended = result.jobs[result.jobs["operation"] == last].set_index("machine")["end_s"]
    assert set(ended.index) == set(result.machines["machine"])
    assert list(result.machines["recovery_points"]) == [0] * len(result.machines)
    bill = result.billing
    for machine, gone in ended.items():
        lines = bill[bill["machine"] == machine]
        # The licence and the storage end with the item, to the second.
        assert lines["to_s"].max() == pytest.approx(gone)
        # The drill's machine and disks end with their cleanup.
        jobs = result.jobs[result.jobs["machine"] == machine].set_index("operation")
        test = lines[lines["meter"].str.contains("test", case=False)]
        assert (test["to_s"] <= jobs.loc["Test failover cleanup", "end_s"]).all()
        licence = lines[lines["meter"].str.contains("licence", case=False)]
        assert licence["amount"].sum() == 0, "the first 31 days are free"
    assert result.simulated_s > ended.max() + 86_400, "a day more shows that nothing follows"


def test_complete_migration_is_a_job_with_progress() -> None:
    result = run("migrate-on-premises")
    jobs = result.jobs[result.jobs["operation"] == "Complete migration"]
    assert list(jobs["machine"]) == ["files", "intranet", "web", "ledger"]
    for job in jobs["job_id"]:
        tasks = result.tasks[result.tasks["job_id"] == job]
        assert list(tasks["task"]) == ["Prerequisites check", "Complete migration"]
        assert tasks["start_s"].iloc[1] == tasks["end_s"].iloc[0]


def test_planned_where_it_is_supported_and_unplanned_elsewhere() -> None:
    for machine in ("files", "intranet"):
        assert "Planned failover" in jobs_of("migrate-on-premises", machine)
    for machine in ("web", "ledger"):
        assert "Failover" in jobs_of("migrate-on-premises", machine)


@pytest.mark.parametrize("name", ["migrate-between-regions", "migrate-from-aws"])
def test_failback_is_refused_with_the_reason(name: str) -> None:
    events = run(name).events
    refusals = events.loc[events["kind"] == "refused", "detail"]
    assert len(refusals) == 2
    kind = "AWS to Azure" if name.endswith("aws") else "Azure through a configuration server"
    for refusal in refusals:
        assert f"not supported for {kind}: these machines are only migrated" in refusal


def test_what_goes_home_was_offered_to_machines_on_premises() -> None:
    offered: dict[str, list[str]] = {}
    with lf.open("gallery:failback-on-premises", timeline=False) as sim:
        sim.run_until("2 h")
        for machine in sim.vault.items:
            sim.vault.enable(machine)
        sim.run_until(when="protected")
        for item in sim.vault.items.values():
            planned = "PlannedFailover" in item.allowed_operations
            item.planned_failover() if planned else item.failover()
        sim.run_until(when="failed_over")
        for item in sim.vault.items.values():
            assert "CompleteMigration" in item.allowed_operations
            item.commit()
        sim.run_until(when="committed")
        offered = {item.name: item.allowed_operations for item in sim.vault.items.values()}
        for item in sim.vault.items.values():
            item.complete_migration()
        sim.run_until(when="migrated")
        for item in sim.vault.items.values():
            assert item.allowed_operations == []
            with pytest.raises(lf.OperationRefused):
                item.failback()
    for machine in ("files", "intranet"):
        assert offered[machine] == ["CompleteMigration", "DisableProtection", "Failback"]
    for machine in ("web", "ledger"):
        assert offered[machine] == ["CompleteMigration", "DisableProtection", "ReverseReplicate"]
