"""Variants run by a batch are the runs that they would be alone, and die alone."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import landfall as lf
import pytest
from landfall import worker
from landfall.lab.batch import Batch
from landfall.lab.bench import verdict_of
from landfall.lab.cases import Case, changes_of
from landfall.lab.faults import Fault
from python.lab_samples import shop, tiny
from python.run_samples import children_of, eventually

pytestmark = pytest.mark.usefixtures("built")


@pytest.fixture
def batch() -> Any:
    with Batch(shop(), timeout=30) as opened:
        yield opened


def test_a_variant_is_the_run_of_the_scenario_with_other_keys(batch: Batch) -> None:
    timeline = json.loads(shop(timeline=[{"at": 60, "do": "enable_replication"}]).to_json())
    changes = {"duration": 7200.0, "timeline": timeline["timeline"]}
    alone = shop(duration="2 h", timeline=[{"at": 60, "do": "enable_replication"}])
    verdict = batch.run(changes, seed=5, log=True)
    result = alone.run(seed=5, progress=False)
    told = verdict_of(result, (), expectations=False)
    assert verdict["verdict"] == "done"
    assert verdict["end_s"] == result.simulated_s == 7200.0
    assert verdict["features"] == told.features
    assert verdict["log"] == told.log


def test_all_that_a_run_leaves_counts_in_its_hash(batch: Batch) -> None:
    first = batch.run({}, seed=1)["hash"]
    assert batch.run({}, seed=1)["hash"] == first
    assert batch.run({}, seed=2)["hash"] != first
    later = {"duration": 12 * 3600.0 + 1e-9}
    assert batch.run(later, seed=1)["end_s"] == pytest.approx(43_200)
    assert batch.run({"duration": 42_000.0}, seed=1)["hash"] != first


def test_the_order_of_runs_changes_nothing(batch: Batch) -> None:
    forward = [batch.run({}, seed=seed)["hash"] for seed in range(1, 6)]
    backward = [batch.run({}, seed=seed)["hash"] for seed in range(5, 0, -1)]
    assert forward == backward[::-1]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda seed: batch.run({}, seed=seed)["hash"], range(1, 6)))
    assert together == forward


def test_violations_and_what_was_proved_come_back_at_block_fidelity() -> None:
    with Batch(tiny()) as opened:
        verdict = opened.run({}, seed=1)
    assert verdict["violations"] == []
    assert verdict["oracles"]["points_checked"] > 50


def test_a_fault_is_in_the_run(batch: Batch) -> None:
    document = json.loads(shop().to_json())
    case = Case(1, (Fault(3600.0, "link_outage", "backbone", 60.0),))
    verdict = batch.run(changes_of(document, case), seed=1, log=True)
    assert [
        event[:2] for event in verdict["log"]["events"] if event[1] in ("link_down", "link_up")
    ] == [
        [3600.0, "link_down"],
        [3660.0, "link_up"],
    ]


@pytest.mark.parametrize(
    ("drill", "told"),
    [
        ("crash", {"signal": signal.SIGABRT}),
        ("memory", {"exit": 4}),
        ("hang", {"signal": signal.SIGALRM}),
    ],
)
def test_a_run_that_dies_says_how_and_the_next_one_works(drill: str, told: dict[str, Any]) -> None:
    with Batch(shop(), timeout=0.5 if drill == "hang" else 30) as opened:
        good = opened.run({"duration": 600.0}, seed=1)["hash"]
        verdict = opened.run({}, seed=1, drill=drill)
        assert verdict["verdict"] == "crashed"
        assert {key: verdict[key] for key in told} == told
        assert "drill" in verdict["error"] or "memory" in verdict["error"]
        assert opened.run({"duration": 600.0}, seed=1)["hash"] == good


def test_what_is_wrong_with_a_variant_is_told_as_problems(batch: Batch) -> None:
    verdict = batch.run({"machines": []}, seed=1)
    assert verdict["verdict"] == "problems"
    assert verdict["problems"][0]["pointer"] == "/machines"


def test_what_is_wrong_with_the_scenario_itself_is_raised() -> None:
    wrong = shop().with_({"/machines/0/policy": "none"})
    with pytest.raises(lf.ScenarioError, match="none"):
        Batch(wrong)


def test_a_batch_survives_the_death_of_its_worker(batch: Batch) -> None:
    good = batch.run({}, seed=1)["hash"]
    os.kill(worker.current().pid, signal.SIGKILL)
    assert batch.run({}, seed=1)["hash"] == good


def test_a_closed_batch_leaves_no_process() -> None:
    opened = Batch(shop())
    opened.run({"duration": 60.0}, seed=1)
    assert children_of(worker.current().pid)
    opened.close()
    assert eventually(lambda: not children_of(worker.current().pid))
