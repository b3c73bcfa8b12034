"""Running one scenario: progress, limits, the worker behind it."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import landfall as lf
import pytest
from landfall import client, worker
from landfall.progress import Progress
from python.run_samples import children_of, eventually, first, is_running, open_files, python


@pytest.fixture
def scenario() -> lf.Scenario:
    return first()


def test_a_run_gives_a_result_that_knows_where_it_comes_from(scenario: lf.Scenario) -> None:
    result = scenario.run(seed=3, progress=False)
    assert (result.scenario_name, result.seed) == ("first-migration", 3)
    assert result.scenario_hash == scenario.hash
    assert result.scenario_json == scenario.to_json()
    assert result.summary["versions"]["worker"] == result.summary["version"]
    assert result.wall_s > 0.0
    assert result.peak_memory_bytes > 0


def test_progress_rises_and_ends_with_done(scenario: lf.Scenario) -> None:
    seen: list[Progress] = []
    result = scenario.run(progress=seen.append)
    assert [p.phase for p in seen if p.phase != "simulating"] in (["results", "done"], ["done"])
    assert [p.fraction for p in seen] == sorted(p.fraction for p in seen)
    assert seen[-1].fraction == 1.0
    assert all(p.scenario == result.scenario_name for p in seen)


def test_a_callback_that_raises_stops_the_run_and_not_the_worker(scenario: lf.Scenario) -> None:
    def stop(progress: Progress) -> None:
        raise KeyError("enough")

    before = worker.current().pid
    with pytest.raises(KeyError, match="enough"):
        client.run(scenario, progress=stop)
    assert eventually(lambda: children_of(before) == [])
    assert worker.current().pid == before
    scenario.run(progress=False)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"seed": -1}, "seed must be"),
        ({"seed": 2**64}, "seed must be"),
        ({"isolation": "container"}, "isolation must be"),
        ({"drill": "fire"}, "no drill"),
        ({"memory_limit": -1}, "memory_limit must"),
        ({"timeout": -0.1}, "timeout must"),
        ({"timeout": float("nan")}, "timeout must"),
    ],
)
def test_wrong_arguments_are_refused(
    scenario: lf.Scenario, wrong: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        client.run(scenario, **wrong)  # type: ignore[arg-type]


def test_the_largest_seed_arrives_whole(scenario: lf.Scenario) -> None:
    assert scenario.run(seed=2**64 - 1, progress=False).seed == 2**64 - 1


def test_one_worker_serves_every_run_of_every_thread(scenario: lf.Scenario) -> None:
    scenario.run(progress=False)
    pid = worker.current().pid
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda seed: scenario.run(seed=seed, progress=False), range(12)))
    assert [result.seed for result in results] == list(range(12))
    assert worker.current().pid == pid
    assert children_of(pid) == []


def test_runs_of_threads_run_at_the_same_time(scenario: lf.Scenario) -> None:
    pid = worker.current().pid
    cancellation = client.Cancellation()

    def hang() -> None:
        with cancellation.of_this_thread(), pytest.raises(lf.SimulationCancelled):
            client.run(scenario, progress=False, drill="hang")

    threads = [threading.Thread(target=hang) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: len(children_of(pid)) == len(threads))
    cancellation.cancel()
    for thread in threads:
        thread.join(20)
    assert eventually(lambda: children_of(pid) == [])


def test_a_run_that_starts_after_the_cancellation_ends_at_once(scenario: lf.Scenario) -> None:
    cancellation = client.Cancellation()
    cancellation.cancel()
    with cancellation.of_this_thread(), pytest.raises(lf.SimulationCancelled):
        client.run(scenario, progress=False, drill="hang", timeout=60)
    scenario.run(progress=False)


def test_many_runs_leave_no_descriptor_open(scenario: lf.Scenario) -> None:
    scenario.run(progress=False)
    before = open_files()
    kept = [scenario.run(seed=seed, progress=False) for seed in range(200)]
    assert open_files() == before
    assert len({bytes(result.blob) for result in kept}) == 200
    ways: tuple[client.Isolation, ...] = ("worker", "exec")
    for way in ways:
        with pytest.raises(lf.SimulationCrashed):
            client.run(scenario, progress=False, drill="crash", isolation=way)
        with pytest.raises(lf.SimulationTimeout):
            client.run(scenario, progress=False, drill="hang", timeout=0.05, isolation=way)
    assert open_files() == before


def test_closing_ends_the_worker_and_the_next_run_starts_another(scenario: lf.Scenario) -> None:
    before = worker.current().pid
    client.close()
    assert not is_running(before)
    scenario.run(progress=False)
    assert worker.current().pid != before


def test_a_check_in_the_worker_agrees_with_the_one_in_this_process(scenario: lf.Scenario) -> None:
    assert client.check(scenario) == []
    assert client.check(scenario, isolation="exec") == []


# --- Where the worker is --------------------------------------------------------------------------


def test_a_missing_worker_says_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch, scenario: lf.Scenario, tmp_path: Path
) -> None:
    missing = tmp_path / "landfall-worker"
    monkeypatch.setenv("LANDFALL_WORKER", str(missing))
    with pytest.raises(lf.WorkerNotFound, match="make build") as caught:
        scenario.run(progress=False)
    assert str(missing) in caught.value.looked_at[0]
    monkeypatch.undo()
    scenario.run(progress=False)


def test_a_worker_that_cannot_start_is_reported_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch, scenario: lf.Scenario, tmp_path: Path
) -> None:
    broken = tmp_path / "landfall-worker"
    broken.write_text("#!/bin/sh\necho libsimgrid.so is not there >&2\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setenv("LANDFALL_WORKER", str(broken))
    with pytest.raises(lf.WorkerDied, match=r"libsimgrid\.so is not there"):
        scenario.run(progress=False)
    monkeypatch.undo()
    scenario.run(progress=False)


# --- The life of the worker -----------------------------------------------------------------------

_START = """
import os, signal, sys, threading, time
from landfall import client, worker
from python.run_samples import children_of, eventually, first
scenario = first()
"""


def test_the_worker_ends_with_python() -> None:
    done = python(_START + "scenario.run(progress=False); print(worker.current().pid)")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert not is_running(int(done.stdout))


def test_nothing_is_started_before_the_first_run() -> None:
    done = python(_START + "print(worker._current, children_of(os.getpid()))")
    assert done.stdout.split() == ["None", "[]"], done.stderr


def test_worker_and_children_die_with_a_python_that_is_killed() -> None:
    done = python(
        _START
        + """
def hang():
    client.run(scenario, progress=False, drill="hang")
threading.Thread(target=hang, daemon=True).start()
pid = worker.current().pid
assert eventually(lambda: children_of(pid))
print(pid, *children_of(pid), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    assert done.returncode == -signal.SIGKILL
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2
    assert eventually(lambda: not any(is_running(pid) for pid in pids))


def test_a_run_of_its_own_dies_with_a_python_that_is_killed() -> None:
    done = python(
        _START
        + """
def hang():
    client.run(scenario, progress=False, drill="hang", isolation="exec")
threading.Thread(target=hang, daemon=True).start()
assert eventually(lambda: children_of(os.getpid()))
time.sleep(0.3)  # let it become the worker program
print(*children_of(os.getpid()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    (pid,) = (int(word) for word in done.stdout.split())
    assert eventually(lambda: not is_running(pid))


def test_a_forked_process_gets_a_worker_of_its_own() -> None:
    done = python(
        _START
        + """
one = scenario.run(progress=False)
ours = worker.current().pid
child = os.fork()
if child == 0:
    two = scenario.run(progress=False)
    ok = worker.current().pid != ours and two.blob == one.blob
    client.close()
    os._exit(0 if ok else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert worker.current().pid == ours
assert scenario.run(progress=False).blob == one.blob
print("good")
"""
    )
    assert done.stdout.strip() == "good", done.stderr


def test_a_fork_that_outlives_python_does_not_keep_the_worker() -> None:
    done = python(
        _START
        + """
scenario.run(progress=False)
pid = worker.current().pid
child = os.fork()
if child == 0:
    os.close(1)
    os.close(2)
    time.sleep(60)
    os._exit(0)
print(pid, child, flush=True)
os._exit(0)
"""
    )
    pid, child = (int(word) for word in done.stdout.split())
    try:
        assert eventually(lambda: not is_running(pid))
        assert is_running(child)
    finally:
        os.kill(child, signal.SIGKILL)
