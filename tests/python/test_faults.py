"""Faults: every kind can strike and nothing breaks that may not; bad entries are told clearly."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, get_args

import landfall as lf
import pytest
from landfall import faults
from landfall.cli import app
from typer.testing import CliRunner

DISASTERS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "support" / "disasters.json").read_text("utf-8")
)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
KINDS = faults.kinds()

#: What a fault of each target strikes, and what keys hold, in the scenario of the tests.
STRIKES = {
    "link": "wan",
    "process_server": "ps",
    "master_target": "mt-branch",
    "configuration_server": "cs",
    "storage_account": "cache-we",
    "machine": "web-1",
    "host": "esx-1",
    "site": "hq",
    "region": "westeurope",
}
HOLDS: dict[str, Any] = {
    "direction": "forward",
    "factor": 0.1,
    "latency": "200 ms",
    "period": "2 min",
    "down": "40 s",
    "delay": "10 min",
    "rate": "2 MB/s",
    "size": "64 MiB",
    "working_set": "1 MiB",
    "position": 0.5,
    "disk": "os",
    "do": "commit",
}


def fault(kind: str, at: object = "1 h", lasts: object = "20 min", **more: Any) -> dict[str, Any]:
    """Return an entry of that kind with all that it needs."""
    row = KINDS[kind]
    entry: dict[str, Any] = {"kind": kind, "at": at}
    if row["target"]:
        entry[row["target"]] = STRIKES[row["target"]]
    if row["lasts"] == "needed":
        entry["lasts"] = lasts
    entry |= {key: HOLDS[key] for key in row["needs"]}
    return entry | more


def scenario(*entries: dict[str, Any], **keys: Any) -> lf.Scenario:
    """Return the scenario of the tests with these faults."""
    return lf.Scenario.from_dict(copy.deepcopy(DISASTERS) | {"faults": list(entries)} | keys)


def run(*entries: dict[str, Any], seed: int = 1, **keys: Any) -> lf.Result:
    return scenario(*entries, **keys).run(seed=seed, progress=False)


def events(result: lf.Result, kind: str) -> list[str]:
    table = result.events
    return list(table[table["kind"].astype(str) == kind]["detail"].astype(str))


def codes(result: lf.Result, subject: str | None = None) -> set[str]:
    table = result.health
    if subject is not None:
        table = table[table["subject"].astype(str) == subject]
    return {code for code in table["code"].astype(str) if code}


def last_health(result: lf.Result) -> dict[str, str]:
    """Return the last word on every item."""
    items = result.health[result.health["kind"].astype(str) == "item"]
    last = items.groupby("subject", observed=True).tail(1)
    return dict(zip(last["subject"].astype(str), last["health"].astype(str), strict=True))


# --- The table


def test_the_kinds_are_those_of_the_simulator() -> None:
    assert tuple(KINDS) == get_args(faults.FaultKind)
    assert {row["target"] for row in KINDS.values()} == {*faults.TARGETS, ""}
    keys = {key for row in KINDS.values() for key in (*row["needs"], *row["may_have"])}
    assert keys == set(faults.PARAMETERS)
    assert {row["envelope"] for row in KINDS.values()} == set(get_args(faults.Envelope))
    assert all(row["meaning"] and row["source"] and row["recovery"] for row in KINDS.values())


def test_every_class_of_phases_can_be_hit_by_something() -> None:
    classes = {phase_class for row in KINDS.values() for phase_class in row["phases"]}
    assert classes == set(faults.phases().values())
    assert len(faults.coverable()) > 500


def test_the_page_is_what_the_program_prints() -> None:
    printed = CliRunner().invoke(app, ["faults", "--markdown"])
    assert printed.exit_code == 0
    assert printed.stdout == PAGE.read_text(encoding="utf-8"), (
        "renew it: landfall faults --markdown > docs/faults.md"
    )
    table = CliRunner().invoke(app, ["faults"]).stdout
    assert [line.split()[0] for line in table.splitlines()[1:]] == list(KINDS)


def test_what_a_kind_may_strike_is_what_the_check_lets_pass() -> None:
    document = scenario().canonical()
    for kind, row in KINDS.items():
        names = faults.targets(document, kind)
        assert names
        if kind.startswith(("disk_", "hot_spot")) or not row["target"]:
            continue
        every = [fault(kind) | {row["target"]: name} for name in names]
        assert scenario(*every).check() == []
        wrong = fault(kind) | {row["target"]: "nobody"}
        assert [problem.code for problem in scenario(wrong).check()] == ["SCN010"]


# --- Every kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_of_every_kind_leaves_no_invariant_broken(kind: str) -> None:
    result = run(fault(kind))
    proof = result.proof
    assert proof is not None
    assert proof.holds, result.violations["text"].astype(str).tolist()
    assert events(result, "fault_begins") == [kind]
    assert events(result, "fault_without_effect") == []
    assert events(result, "fault_ends") == [kind]
    cells = result.summary["coverage"]
    assert {cell["fault"] for cell in cells} == {kind}
    phases = faults.phases()
    assert all(cell["phase"] in phases and cell["hits"] > 0 for cell in cells)
    # Six hours later all is as it was.
    machines = result.machines
    assert set(machines["state"].astype(str)) == {"Protected"}
    assert set(last_health(result).values()) <= {"Normal", "Warning"}


@pytest.mark.parametrize("kind", ["replica_crash", "process_server_crash", "site_outage"])
def test_the_same_faults_are_the_same_run(kind: str) -> None:
    first, second, other = (run(fault(kind), seed=seed) for seed in (3, 3, 4))
    assert first.summary["event_hash"] == second.summary["event_hash"]
    assert first.blob == second.blob
    assert other.summary["event_hash"] != first.summary["event_hash"]


def test_without_faults_nothing_is_covered_and_the_hash_is_there() -> None:
    result = run()
    assert result.summary["coverage"] == []
    assert len(result.summary["event_hash"]) == 16
    assert "L3" not in set(result.oracles["oracle"].astype(str))


def test_one_fault_less_moves_no_draw_of_another() -> None:
    crash = fault("replica_crash", at="3 h")
    alone, after = run(crash), run(fault("latency_spike", latency="1 ms", lasts="1 s"), crash)
    kept = [
        result.events[result.events["kind"].astype(str) == "replica_restarted"]["t_s"].tolist()
        for result in (alone, after)
    ]
    assert kept[0] == kept[1] == [10800.0]


# --- Product faults: cause, documented code and symptom, recovery

#: The fault, whom it shows on, the code. From vmware-physical-aws.md section 9.
PRODUCT = [
    (fault("link_outage", lasts="1 h"), "db", "78169"),
    (fault("process_server_crash", lasts="40 min"), "db", "806"),
    (fault("process_server_crash", lasts="40 min"), "ps", "806"),
    (fault("site_outage", lasts="40 min"), "ps", "806"),
    (fault("data_port_blocked", lasts="30 min"), "db", "78186"),
    (fault("storage_account_unavailable", lasts="30 min"), "db", "78028"),
    (fault("agent_stopped", lasts="40 min"), "web-1", "78174"),
    (fault("guest_off", lasts="40 min"), "web-1", "78174"),
    (fault("app_consistency_fails", lasts="150 min"), "web-1", "78144"),
    (fault("master_target_outage", lasts="30 min"), "scout", "78022"),
    (fault("write_burst", machine="db", rate="5 MB/s", lasts="30 min"), "db", "78188"),
]


@pytest.mark.parametrize(("entry", "subject", "code"), PRODUCT, ids=lambda value: str(value)[:40])
def test_a_product_fault_shows_its_code_and_goes_away(
    entry: dict[str, Any], subject: str, code: str
) -> None:
    result = run(entry)
    assert KINDS[entry["kind"]]["code"] == code or entry["kind"] == "site_outage"
    assert code in codes(result, subject)
    assert code not in codes(run(), subject)
    rows = result.health[result.health["subject"].astype(str) == subject]
    shown = rows[rows["code"].astype(str) == code]
    assert shown["t_s"].min() >= 3600
    # It recovered: the last word on the subject does not have the code.
    last = rows[rows["t_s"] == rows["t_s"].max()]
    assert code not in set(last["code"].astype(str))


#: The fault, the operation that meets it, the text in its job, and what is done then.
JOBS = [
    (fault("quota_withdrawn", lasts="3 h"), "failover", "28031"),
    (fault("size_unavailable", lasts="3 h"), "failover", "28092"),
    (fault("boot_fails", lasts="3 h"), "failover", "170010"),
    (fault("create_fails", lasts="3 h"), "failover", "could not be created"),
    (fault("region_outage", lasts="3 h"), "failover", "does not answer"),
    (fault("create_fails", lasts="3 h"), "test_failover", "could not be created"),
]


@pytest.mark.parametrize(("entry", "operation", "text"), JOBS, ids=lambda value: str(value)[:40])
def test_a_job_fails_with_the_cause_and_succeeds_when_it_is_gone(
    entry: dict[str, Any], operation: str, text: str
) -> None:
    step: dict[str, Any] = {"at": "90 min", "do": operation, "machines": "web-1"}
    if operation == "failover":
        step["shutdown"] = False  # its last changes would wait for the region
    failed = run(entry, timeline=[step]).jobs
    (job,) = failed[failed["state"].astype(str) == "Failed"].to_dict("records")
    assert text in str(job["cause"])
    again = {"at": "5 h", "do": "restart_job", "machines": "web-1"}
    result = run(entry, timeline=[step, again])
    assert "Failed" not in set(result.jobs["state"].astype(str))
    assert result.proof is not None
    assert result.proof.holds, result.violations["text"].astype(str).tolist()


@pytest.mark.parametrize(
    ("kind", "code"), [("quota_withdrawn", "28031"), ("size_unavailable", "28092")]
)
def test_health_tells_why_a_failover_failed(kind: str, code: str) -> None:
    step = {"at": "90 min", "do": "failover", "machines": "web-1"}
    assert code in codes(run(fault(kind, lasts="3 h"), timeline=[step]), "web-1")


def test_a_machine_that_cannot_be_shut_down_loses_what_was_promised_and_no_more() -> None:
    step = {"at": "70 min", "do": "failover", "machines": "web-1"}
    result = run(fault("shut_down_fails"), timeline=[step])
    assert result.proof is not None
    assert result.proof.holds
    planned = {"at": "70 min", "do": "planned_failover", "machines": "hv"}
    jobs = run(fault("shut_down_fails", machine="hv"), timeline=[planned]).jobs
    (job,) = jobs[jobs["state"].astype(str) == "Failed"].to_dict("records")
    assert "could not be shut down" in str(job["cause"])


def test_a_lost_answer_delays_a_job_and_does_nothing_twice() -> None:
    step = {"at": "70 min", "do": "failover", "machines": "web-1"}
    usual, late = run(timeline=[step]), run(fault("answer_lost", lasts="5 h"), timeline=[step])
    took = [
        float((result.jobs["end_s"] - result.jobs["start_s"]).max()) for result in (usual, late)
    ]
    assert took[1] == pytest.approx(took[0] + 3 * 600)  # shut down, create, start


# --- What faults do


def test_an_outage_makes_the_rpo_rise_one_second_a_second() -> None:
    result = run(fault("link_outage", lasts="30 min"))
    worst = dict(
        zip(result.machines["machine"].astype(str), result.machines["rpo_s_max"], strict=True)
    )
    usual = dict(zip(*(run().machines[key] for key in ("machine", "rpo_s_max")), strict=True))
    assert 1800 <= worst["db"] <= 1800 + 2 * usual["db"] + 120
    assert worst["scout"] == pytest.approx(usual["scout"])


def test_a_one_way_outage_the_other_way_does_no_harm() -> None:
    usual = run().machines["rpo_s_max"].tolist()
    back = run(fault("one_way_outage", direction="backward")).machines["rpo_s_max"].tolist()
    there = run(fault("one_way_outage", direction="forward")).machines["rpo_s_max"].tolist()
    assert back == usual
    assert max(there) > 1200 > max(back)


def test_a_lost_cache_costs_a_resynchronization_and_no_data() -> None:
    burst = fault("write_burst", at="55 min", lasts="10 min", machine="db", rate="20 MB/s")
    result = run(burst, fault("process_server_cache_loss", at="1 h"))
    causes = events(result, "resync_required")
    assert "the cache of its process server was lost" in causes
    kept = run(burst, fault("process_server_crash", at="1 h", lasts="1 min"))
    assert events(kept, "resync_required") == []


def test_rot_is_legal_only_where_it_is_told() -> None:
    for position in (0.0, 0.3, 0.9, 1.0):
        result = run(fault("replica_rot", position=position))
        assert result.proof is not None
        assert result.proof.holds, result.violations["text"].astype(str).tolist()
    assert "E1" in set(result.oracles["oracle"].astype(str))


def test_an_agent_that_is_stopped_too_long_needs_a_resynchronization() -> None:
    burst = fault("write_burst", at="1 h", lasts="20 min", machine="db", rate="100 MB/s")
    result = run(burst, fault("agent_stopped", machine="db", lasts="30 min"))
    assert any("agent was stopped" in cause for cause in events(result, "resync_required"))
    assert events(run(fault("agent_stopped", machine="db")), "resync_required") == []


def test_a_machine_that_was_shut_down_by_a_failover_stays_off_when_its_power_returns() -> None:
    steps = [{"at": "70 min", "do": "failover", "machines": "web-1"}]
    result = run(fault("power_loss", lasts="2 h"), timeline=steps)
    assert result.proof is not None
    assert result.proof.holds, result.violations["text"].astype(str).tolist()


def test_a_swarm_may_try_any_operation() -> None:
    words = ["commit", "failback", "reprotect", "cancel_failover", "test_failover", "add_disk"]
    steps = [
        {"at": f"{60 + k} min", "do": word, "refused": "either", "machines": "web-*"}
        | ({"disk": "os"} if word == "add_disk" else {})
        for k, word in enumerate(words)
    ]
    result = run(timeline=steps)
    assert len(events(result, "refused")) >= 8


# --- Liveness


def test_what_does_not_come_right_in_time_is_a_violation_unless_loss_is_legal() -> None:
    outage = fault("link_outage", lasts="4 h")
    assert run(outage).ok
    stuck = run(outage, liveness_after=0)
    assert not stuck.ok
    violations = stuck.violations
    assert set(violations["oracle"].astype(str)) == {"L2", "L7"}  # and the group gets none
    assert set(violations["machine"].astype(str)) >= {"db", "web-1", "hv"}
    assert "expected an end within" in violations["text"].astype(str).iloc[0]
    assert run(outage | {"envelope": "bounded_loss"}, liveness_after=0).ok


# --- Bad input

#: What is wrong: the change, the code, the pointer, and words of the message or what is nearest.
WRONG: list[tuple[dict[str, Any], str, str, str]] = [
    (fault("clog") | {"kind": "clogg"}, "SCN006", "/kind", "clog"),
    (fault("clog", link="wna"), "SCN010", "/link", "wan"),
    (fault("agent_stopped", machine="web"), "SCN010", "/machine", "web-1"),
    (fault("disk_replaced", disk="oz"), "SCN010", "/disk", "os"),
    (fault("process_server_crash", process_server="ps-2"), "SCN010", "/process_server", "ps"),
    (fault("storage_account_unavailable", storage_account="cache"), "SCN010", "/storage_account",
     "no such storage account"),
    (fault("region_outage", region="westeurop"), "SCN010", "/region", "westeurope"),
    (fault("host_outage", host="esx-9"), "SCN010", "/host", "esx-1"),
    (fault("site_outage", site="hk"), "SCN010", "/site", "hq"),
    (fault("clog") | {"machine": "web-1"}, "SCN008", "/machine", "does not go with"),
    (fault("clog", factor=0.5), "SCN008", "/factor", "does not go with"),
    ({"kind": "clog", "at": 0, "link": "wan"}, "SCN005", "/lasts", "required"),
    (fault("connection_reset") | {"lasts": 5}, "SCN008", "/lasts", "does not go with"),
    ({"kind": "bandwidth_drop", "at": 0, "lasts": 5, "link": "wan"}, "SCN005", "/factor",
     "required"),
    (fault("bandwidth_drop", factor=0), "SCN007", "/factor", "0"),
    (fault("bandwidth_drop", factor=1.5), "SCN007", "/factor", "1"),
    (fault("clog", at="7 h"), "SCN007", "/at", "after the end of the run"),
    (fault("clog", at="5 h", lasts="2 h"), "SCN007", "/lasts", "after the end of the run"),
    (fault("clog", lasts="5 MiB"), "SCN003", "/lasts", ""),
    (fault("replica_rot", machine="db"), "SCN025", "/kind", "volume fidelity"),
    (fault("disk_resized", size="1 MiB"), "SCN007", "/size", "grow only"),
    (fault("circuit_flap", down="3 min"), "SCN007", "/down", "less than the period"),
    (fault("replica_rot", envelope="recover"), "SCN043", "/envelope", "no run can keep this"),
    (fault("clog", envelope="never"), "SCN006", "/envelope", "recover"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "code", "place", "says"), WRONG, ids=lambda value: str(value)[:30]
)
def test_a_wrong_fault_is_told_with_its_place(
    entry: dict[str, Any], code: str, place: str, says: str
) -> None:
    try:
        problems = scenario(fault("link_outage"), entry).check()
    except lf.ScenarioError as error:
        problems = list(error.problems)
    assert [(problem.code, problem.pointer) for problem in problems] == [
        (code, f"/faults/1{place}")
    ]
    assert says in f"{problems[0].message} {problems[0].allowed} {problems[0].nearest}"


def test_both_copies_of_a_machine_are_not_to_be_destroyed_without_loss() -> None:
    both = [fault("disk_replaced"), fault("replica_rot", at="2 h")]
    (problem,) = scenario(*both).check()
    assert (problem.code, problem.pointer) == ("SCN043", "/faults/1/envelope")
    both[1]["envelope"] = "bounded_loss"
    assert scenario(*both).check() == []


def test_nothing_can_come_right_after_the_run() -> None:
    (problem,) = scenario(liveness_after="6 h").check()
    assert (problem.code, problem.pointer) == ("SCN007", "/liveness_after")


def test_an_unknown_kind_ends_the_command_with_2(tmp_path: Path) -> None:
    import subprocess
    import sys

    path = tmp_path / "bad.json"
    path.write_text(json.dumps(DISASTERS | {"faults": [{"kind": "meteor", "at": 0}]}))
    done = subprocess.run(
        [sys.executable, "-m", "landfall", "run", str(path)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "/faults/0/kind" in done.stderr + done.stdout


def test_a_disk_may_grow_after_its_machine_went_over_and_before_it_comes_home() -> None:
    """Found by the lab: the way home compared a disk with a smaller image of the other side.

    And then the oracle forgot the shape that the disk got before anything was written at home.
    """
    grows = {
        "kind": "disk_resized",
        "at": "3 h 52 min",
        "machine": "archive",
        "disk": "data",
        "size": 1_596_981_248,
    }
    story = lf.load("gallery:story-vmware-to-azure").with_({"/faults": [grows]}, expect=[])
    result = story.run(progress=False)
    assert set(result.end_states()) == {"Protected"}
    assert set(result.jobs["state"]) == {"Succeeded"}
    assert result.violation_count == 0, result.violations["text"].astype(str).tolist()
