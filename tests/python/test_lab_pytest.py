"""The pytest plugin, in an empty folder: fixtures, marker, assertions, strategies, a machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import landfall as lf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landfall.lab import Case, Fault, Lab
from landfall.lab import assertions as that
from landfall.lab.strategies import VaultMachine, fault_lists, operation_sequences
from python.lab_samples import office, tiny
from python.run_samples import REPOSITORY, made_up, proved

pytestmark = pytest.mark.usefixtures("built")

PLAN = """
def test_our_plan_loses_nothing(landfall_run):
    from landfall.lab.assertions import assert_nothing_lost, assert_rpo, assert_state
    result = landfall_run("plan.json", seed=3)
    assert_nothing_lost(result)
    assert_state(result, "protected")
    assert_rpo(result, "<=", LIMIT)
"""
EXPLORED = """
import pytest

@pytest.mark.landfall(seeds=25, faults=["link_outage"], expectations=True)
def test_our_plan_survives_cuts(landfall_lab):
    report = landfall_lab("plan.json")
    assert report.runs == 25
"""


def run_pytest(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as a user does, who has landfall installed and nothing of this repository."""
    path = str(REPOSITORY / "bindings")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path, "COLUMNS": "120", "NO_COLOR": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with a plan in it."""
    scenario = office(duration="4 h").with_({"/links/0/outages": [{"at": "2 h", "lasts": "1 h"}]})
    (tmp_path / "plan.json").write_text(scenario.to_json())
    return tmp_path


def test_a_ten_line_test_of_a_plan_passes_or_says_why_it_does_not(folder: Path) -> None:
    (folder / "test_plan.py").write_text(PLAN.replace("LIMIT", '"2 h"'))
    good = run_pytest(folder)
    assert good.returncode == 0, good.stdout + good.stderr
    (folder / "test_plan.py").write_text(PLAN.replace("LIMIT", '"15 min"'))
    bad = run_pytest(folder)
    assert bad.returncode == 1
    assert "rpo_s_max of web-1 is 1 h" in bad.stdout
    assert "expected <= 15 min" in bad.stdout
    assert 'scenario "office", seed 3; what happened around it:' in bad.stdout
    assert "link down" in bad.stdout
    assert "landfall/lab/assertions.py" not in bad.stdout  # the failure is where the test is


def test_a_lab_in_a_test_fails_with_a_case_made_small_and_how_to_replay_it(folder: Path) -> None:
    plan = json.loads((folder / "plan.json").read_text())
    plan["links"][0]["outages"] = []
    plan["expect"] = [{"metric": "rpo_s_max", "at_most": 1800}]
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "test_lab.py").write_text(EXPLORED)
    bad = run_pytest(folder)
    assert bad.returncode == 1
    assert "FAIL expect/rpo_s_max" in bad.stdout
    assert "shrunk  : 1 machine, 1 fault: link_outage of wan" in bad.stdout
    (case,) = (folder / "corpus").glob("*/*.json")
    assert f"replay  : landfall replay {case}" in bad.stdout
    told = run_pytest(folder, LANDFALL_NUM="2", LANDFALL_SEED="7")
    assert "runs        2, seeds from 7" in told.stdout


def test_the_plugin_is_there_by_itself_and_loads_nothing() -> None:
    from importlib.metadata import entry_points

    (entry,) = [e for e in entry_points(group="pytest11") if e.name == "landfall"]
    assert entry.value == "landfall.lab.pytest_plugin"
    code = (
        "import sys, landfall.lab.pytest_plugin, landfall.lab\n"
        "heavy = {'numpy', 'pandas', 'pydantic', 'hypothesis', 'matplotlib', 'landfall.scenario'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_marker_is_known(folder: Path) -> None:
    told = run_pytest(folder, "--markers")
    assert "@pytest.mark.landfall(seeds, budget, explorer, ...)" in told.stdout
    told = run_pytest(folder, "--fixtures", "-q")
    for name in ("landfall_run", "landfall_lab", "landfall_open"):
        assert name in told.stdout


def test_a_simulation_that_a_test_opened_is_closed(folder: Path) -> None:
    (folder / "test_open.py").write_text(
        "kept = []\n"
        "def test_one(landfall_open):\n"
        "    kept.append(landfall_open('plan.json'))\n"
        "    assert kept[0].run_until('1 h') == 3600\n"
        "def test_two():\n"
        "    assert not kept[0].is_open\n"
    )
    done = run_pytest(folder)
    assert done.returncode == 0, done.stdout


# --- Assertions -----------------------------------------------------------------------------------


def test_assertions_hold_where_they_should() -> None:
    result = office(duration="3 h").run(progress=False)
    that.assert_nothing_lost(result)
    that.assert_no_violations(result)
    that.assert_state(result, "protected")
    that.assert_rpo(result, "<", "30 min")
    that.assert_rpo(result, ">", 0.0, statistic="p95", machines="web-*")
    that.assert_metric(result, "recovery_points", ">=", 10)


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (lambda r: that.assert_rpo(r, "<", "1 s"), "rpo_s_max of web-1 is"),
        (lambda r: that.assert_state(r, "committed", machines="db-1"), "db-1 ends in state Prot"),
        (lambda r: that.assert_downtime(r, "<", "1 h"), "downtime_s of web-1 is not known"),
        (lambda r: that.assert_metric(r, "recovery_points", "==", 1), "recovery_points of web-1"),
    ],
)
def test_an_assertion_that_fails_shows_what_happened(check: object, says: str) -> None:
    result = office(duration="2 h").run(progress=False)
    with pytest.raises(AssertionError, match=says) as caught:
        check(result)  # type: ignore[operator]
    assert "job Finalize protection: Succeeded" in str(caught.value)


def test_a_loss_and_a_violation_are_told() -> None:
    late = {"at": "3 h", "do": "failover", "shutdown": False, "machines": "web-1"}
    late["recovery_point"] = "latest_processed"
    lost = office(timeline=[{"at": 0, "do": "enable_replication"}, late]).run(progress=False)
    with pytest.raises(AssertionError, match=r"web-1 lost .* in its failover"):
        that.assert_nothing_lost(lost)
    that.assert_nothing_lost(lost, machines="db-*")
    one = {"start_s": np.array([5.0]), "end_s": np.array([9.0]), "machine": ["web-1"]}
    tables = {
        "jobs": {**one, "operation": ["Failover"], "state": ["Succeeded"]},
        "copies": {**one, "kind": ["initial copy"]},
        "events": {"t_s": np.array([1.0]), "kind": ["state"], "subject": ["web-1"]}
        | {"detail": ["Protected"]},
    }
    broken = made_up(["web-1", "web-2"], **proved(2), **tables)
    with pytest.raises(AssertionError, match=r"S1 does not hold.*\(2 violations in all\)"):
        that.assert_no_violations(broken)


def test_wrong_words_are_told_with_the_nearest() -> None:
    result = office(duration="1 h").run(progress=False)
    with pytest.raises(lf.UnknownName, match='Did you mean "web-1"'):
        that.assert_rpo(result, "<", 1, machines="web1")
    with pytest.raises(lf.UnknownName, match="comparison"):
        that.assert_rpo(result, "=<", 1)
    with pytest.raises(lf.UnknownName, match='Did you mean "downtime_s"'):
        that.assert_metric(result, "down_time_s", "<", 1)
    with pytest.raises(lf.UnknownName, match='Did you mean "protected"'):
        that.assert_state(result, "protectd")


# --- Hypothesis -----------------------------------------------------------------------------------

FAULTS = fault_lists(tiny(duration="90 min"))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(faults=FAULTS, seed=st.integers(1, 5))
def test_no_list_of_faults_breaks_an_oracle(faults: tuple[Fault, ...], seed: int) -> None:
    assert list(faults) == sorted(faults)
    verdict = Lab(tiny(duration="90 min")).run(Case(seed, faults))
    assert verdict.ok, verdict


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=operation_sequences(["web-1", "db-2"]))
def test_no_sequence_of_operations_breaks_a_run(steps: list[tuple[float, str, str]]) -> None:
    with lf.open(office(duration="3 d")) as sim:
        for pause_s, operation, machine in steps:
            sim.run_for(pause_s)
            try:
                sim.do(operation, machine)
            except lf.OperationRefused:
                assert sim.is_open
        that.assert_no_violations(sim.stop())


class AnyOrder(VaultMachine):
    scenario = tiny(duration="12 h")


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=6, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
