"""Many runs at once: order, seeds, failures, executors, progress."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import landfall as lf
import pytest
from landfall import client, runner, worker
from landfall.progress import Progress
from python.run_samples import children_of, eventually, first, hungry


def seeds_of(results: list[Any]) -> list[int]:
    return [result.seed for result in results]


def test_results_come_in_the_order_of_the_seeds() -> None:
    assert seeds_of(lf.run_many(first(), seeds=[5, 3, 9, 1], progress=False)) == [5, 3, 9, 1]


def test_results_come_in_the_order_of_the_scenarios() -> None:
    names = [f"copy {k}" for k in range(6)]
    results = lf.run_many([first().with_(name=name) for name in names], progress=False)
    assert [result.scenario_name for result in results] == names  # type: ignore[union-attr]
    assert seeds_of(results) == [1] * 6


def test_scenarios_and_seeds_go_together() -> None:
    scenario = first()
    assert seeds_of(lf.run_many([scenario] * 3, seeds=[4, 5, 6], progress=False)) == [4, 5, 6]
    assert seeds_of(lf.run_many([scenario] * 3, seeds=8, progress=False)) == [8, 8, 8]
    assert seeds_of(lf.run_many(scenario, progress=False)) == [1]
    assert lf.run_many([], progress=False) == []
    with pytest.raises(ValueError, match="3 scenarios but 2 seeds"):
        lf.run_many([scenario] * 3, seeds=[1, 2], progress=False)


def failing(seeds: set[int]) -> Any:
    """Return a stand-in for a single run that crashes for some seeds and hangs for others."""

    def run_one(scenario: Any, seed: int, options: Any, cancellation: Any) -> lf.Result:
        with cancellation.of_this_thread():
            drill: Any = "crash" if seed in seeds else None
            return client.run(scenario, seed=seed, progress=False, drill=drill)

    return run_one


def test_a_recorded_failure_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_run_one", failing({2}))
    results = lf.run_many(first(), seeds=[1, 2, 3], progress=False, on_error="record")
    assert isinstance(results[0], lf.Result)
    assert isinstance(results[1], lf.SimulationCrashed)
    assert isinstance(results[2], lf.Result)
    assert results[1].seed == 2


def test_the_first_failure_stops_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def run_one(scenario: Any, seed: int, options: Any, cancellation: Any) -> lf.Result:
        started.append(seed)
        with cancellation.of_this_thread():
            return client.run(
                scenario, seed=seed, progress=False, drill="crash" if seed == 0 else "hang"
            )

    monkeypatch.setattr(runner, "_run_one", run_one)
    begun = time.monotonic()
    with pytest.raises(lf.SimulationCrashed):
        lf.run_many(first(), seeds=range(50), max_workers=3, progress=False)
    assert time.monotonic() - begun < 20
    assert len(started) < 10
    assert eventually(lambda: children_of(worker.current().pid) == [])


def test_only_the_words_that_are_known_are_taken() -> None:
    with pytest.raises(ValueError, match="on_error must be"):
        lf.run_many(first(), on_error="ignore")  # type: ignore[arg-type]


def test_a_wrong_scenario_among_many_is_told_as_such() -> None:
    broken = first().with_({"/machines/0/policy": "no such policy"})
    results = lf.run_many([first(), broken], progress=False, on_error="record")
    assert isinstance(results[0], lf.Result)
    assert isinstance(results[1], lf.ScenarioError)
    assert results[1].problems[0].pointer == "/machines/0/policy"


def test_limits_are_those_of_each_run() -> None:
    with pytest.raises(lf.SimulationOutOfMemory):
        lf.run_many(hungry(), seeds=[1, 2], memory_limit=65_536, progress=False)


def test_no_more_runs_than_allowed_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = threading.Lock()
    now, most = 0, 0

    def run_one(scenario: Any, seed: int, options: Any, cancellation: Any) -> lf.Result:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        try:
            time.sleep(0.01)
            return client.run(scenario, seed=seed, progress=False)
        finally:
            with lock:
                now -= 1

    monkeypatch.setattr(runner, "_run_one", run_one)
    lf.run_many(first(), seeds=range(12), max_workers=2, progress=False)
    assert most == 2


# --- Executors ------------------------------------------------------------------------------------


def test_an_executor_of_the_callers_is_used_and_left_open() -> None:
    with ThreadPoolExecutor(2, "mine") as pool:
        assert seeds_of(lf.run_many(first(), seeds=[1, 2, 3], executor=pool, progress=False)) == [
            *(1, 2, 3)
        ]
        assert pool.submit(int, "7").result() == 7


def test_results_come_back_from_other_processes() -> None:
    here = lf.run_many(first(), seeds=[1, 2], progress=False)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        there = lf.run_many(first(), seeds=[1, 2], executor=pool, progress=False)
        broken = first().with_({"/machines/0/policy": "no such policy"})
        with pytest.raises(lf.ScenarioError, match="no such policy"):
            lf.run_many(broken, executor=pool, progress=False)
    for one, two in zip(here, there, strict=True):
        assert isinstance(one, lf.Result)
        assert isinstance(two, lf.Result)
        assert one.blob == two.blob


# --- Progress -------------------------------------------------------------------------------------


def test_a_callback_is_told_after_each_run() -> None:
    seen: list[Progress] = []
    lf.run_many(first(), seeds=range(5), progress=seen.append)
    assert [p.fraction for p in seen] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert seen[-1].phase == "done"
    assert {p.scenario for p in seen} == {"5 runs"}


def test_a_quick_batch_shows_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    lf.run_many(first(), seeds=[1, 2])
    first().run()
    assert capsys.readouterr().err == ""
