"""A run that is killed, crashes, hangs, deadlocks or eats memory: its own error, and no other's."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from landfall import client, worker
from python.run_samples import children_of, eventually, first, hungry, is_running, python

MEBI = 1 << 20


@pytest.fixture(scope="module")
def good() -> bytes:
    return bytes(first().run(progress=False).blob)


@pytest.fixture(autouse=True)
def _the_next_run_works(good: bytes) -> Iterator[None]:
    """After every test here, a good run gives what it gave before."""
    yield
    assert bytes(first().run(progress=False).blob) == good


@pytest.fixture(params=["worker", "exec"])
def isolation(request: pytest.FixtureRequest) -> Any:
    return request.param


def run(**options: Any) -> lf.Result:
    return client.run(first(), progress=False, **options)


def in_background(function: Callable[[], Any]) -> Future[Any]:
    """Call a function in a thread."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(function)
    pool.shutdown(wait=False)
    return future


# --- Drills ---------------------------------------------------------------------------------------


def test_a_crash_names_the_signal_and_shows_the_last_lines(isolation: Any) -> None:
    with pytest.raises(lf.SimulationCrashed) as caught:
        run(drill="crash", isolation=isolation, seed=5)
    error = caught.value
    assert (error.signal, error.exit_code) == (signal.SIGABRT, None)
    assert (error.scenario, error.seed) == ("first-migration", 5)
    assert "drill: crash" in error.stderr
    for words in ("first-migration", "seed 5", "SIGABRT", "drill: crash"):
        assert words in str(error)


def test_a_hang_ends_at_its_timeout(isolation: Any) -> None:
    with pytest.raises(lf.SimulationTimeout, match=r"not done after 0\.2 s") as caught:
        run(drill="hang", isolation=isolation, timeout=0.2)
    assert caught.value.timeout_s == 0.2
    assert eventually(lambda: children_of(worker.current().pid) == [])


def test_a_deadlock_names_what_waits(isolation: Any) -> None:
    with pytest.raises(lf.SimulationDeadlock, match="these wait: drill") as caught:
        run(drill="deadlock", isolation=isolation)
    assert caught.value.waiting == ["drill"]


@pytest.mark.parametrize("memory_limit", [None, 64 * MEBI])
def test_memory_is_limited(isolation: Any, memory_limit: int | None) -> None:
    with pytest.raises(lf.SimulationOutOfMemory) as caught:
        run(drill="memory", isolation=isolation, memory_limit=memory_limit)
    assert caught.value.memory_limit == memory_limit


def test_a_real_run_that_needs_more_memory_than_it_may_have_says_so(isolation: Any) -> None:
    with pytest.raises(lf.SimulationOutOfMemory, match="65,536 bytes"):
        client.run(hungry(), progress=False, memory_limit=65_536, isolation=isolation)


def test_a_generous_limit_changes_nothing(isolation: Any, good: bytes) -> None:
    assert bytes(run(memory_limit=1024 * MEBI, timeout=600, isolation=isolation).blob) == good


def test_no_core_file_is_left(isolation: Any, tmp_path: Path) -> None:
    with pytest.raises(lf.SimulationCrashed):
        run(drill="crash", isolation=isolation)
    assert list(tmp_path.iterdir()) == []


# --- Kills ----------------------------------------------------------------------------------------


def test_a_killed_run_says_that_it_was_killed() -> None:
    pid = worker.current().pid
    future = in_background(lambda: run(drill="hang"))
    assert eventually(lambda: children_of(pid))
    os.kill(children_of(pid)[0], signal.SIGKILL)
    with pytest.raises(lf.SimulationCrashed, match=r"SIGKILL.*kill -9") as caught:
        future.result(20)
    assert caught.value.signal == signal.SIGKILL
    assert worker.current().pid == pid


def test_a_segmentation_fault_is_told_from_an_abort() -> None:
    pid = worker.current().pid
    future = in_background(lambda: run(drill="hang"))
    assert eventually(lambda: children_of(pid))
    os.kill(children_of(pid)[0], signal.SIGSEGV)
    with pytest.raises(lf.SimulationCrashed, match="SIGSEGV"):
        future.result(20)


def test_the_runs_beside_a_killed_one_go_on(good: bytes) -> None:
    pid = worker.current().pid
    hanging = in_background(lambda: run(drill="hang"))
    assert eventually(lambda: children_of(pid))
    (victim,) = children_of(pid)
    with ThreadPoolExecutor(3) as pool:
        beside = [pool.submit(run) for _ in range(6)]
        os.kill(victim, signal.SIGKILL)
        assert all(bytes(future.result(60).blob) == good for future in beside)
    with pytest.raises(lf.SimulationCrashed):
        hanging.result(20)


def test_a_run_survives_the_death_of_its_worker(good: bytes) -> None:
    first_worker = worker.current()
    os.kill(first_worker.pid, signal.SIGSTOP)  # so that the run is under way when it dies
    future = in_background(run)
    assert eventually(lambda: first_worker._children)
    os.kill(first_worker.pid, signal.SIGKILL)
    assert bytes(future.result(60).blob) == good
    assert worker.current().pid != first_worker.pid


def test_a_worker_that_dies_between_runs_is_replaced(good: bytes) -> None:
    before = worker.current()
    os.kill(before.pid, signal.SIGKILL)
    assert eventually(lambda: not before.alive)
    assert bytes(run().blob) == good
    assert worker.current().pid != before.pid


def test_a_worker_that_dies_twice_is_given_up() -> None:
    future = in_background(lambda: run(drill="hang"))
    victims = []
    for _ in range(2):
        assert eventually(lambda: worker.current().pid not in victims)
        pid = worker.current().pid
        assert eventually(lambda pid=pid: children_of(pid))
        (child,) = children_of(pid)
        os.kill(pid, signal.SIGKILL)
        victims.append(pid)
        assert eventually(lambda child=child: not is_running(child))  # its child goes with it
    with pytest.raises(lf.WorkerDied, match="again after it was replaced"):
        future.result(20)


def test_a_stopped_worker_is_given_up_after_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    from landfall import launch

    monkeypatch.setattr(launch, "KILL_S", 0.2)
    pid = worker.current().pid
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(lf.SimulationTimeout):
        run(timeout=0.2)
    assert not is_running(pid)


# --- Ctrl-C ---------------------------------------------------------------------------------------

_INTERRUPTED = """
import os, signal, sys, threading
from landfall import client, worker
from python.run_samples import children_of, eventually, first, is_running

isolation, catcher = sys.argv[1:]
pid = worker.current().pid
watched = pid if isolation == "worker" else os.getpid()
seen = []

def hanging():
    return [child for child in children_of(watched) if child != pid]

def interrupt():
    assert eventually(hanging)
    seen.extend(hanging())
    if catcher == "main":
        os.kill(os.getpid(), signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)  # caught in this thread, while the main one waits

thread = threading.Thread(target=interrupt)
thread.start()
try:
    client.run(first(), progress=False, drill="hang", isolation=isolation)
except KeyboardInterrupt:
    thread.join()
    assert eventually(lambda: not any(is_running(child) for child in seen))
    assert worker.current().pid == pid
    print("interrupted, then", first().run(progress=False).scenario_name)
"""


@pytest.mark.parametrize("catcher", ["main", "thread"])
def test_ctrl_c_kills_the_run_and_keeps_the_worker(isolation: str, catcher: str) -> None:
    done = python(_INTERRUPTED, isolation, catcher)
    assert done.stdout == "interrupted, then first-migration\n", done.stderr


@pytest.mark.parametrize("start", ["start_in_worker", "start_alone"])
def test_ctrl_c_while_a_run_is_being_started_leaves_no_run_behind(start: str) -> None:
    done = python(
        """
import os, signal, sys
from landfall import client, launch, worker
from python.run_samples import children_of, eventually, first

start = getattr(launch, sys.argv[1])

def interrupted(*arguments, **options):
    process = start(*arguments, **options)
    os.kill(os.getpid(), signal.SIGINT)
    return process

setattr(launch, sys.argv[1], interrupted)
pid = worker.current().pid
isolation = "exec" if sys.argv[1] == "start_alone" else "worker"
try:
    client.run(first(), progress=False, drill="hang", isolation=isolation)
except KeyboardInterrupt:
    assert eventually(lambda: children_of(pid) == [] and children_of(os.getpid()) == [pid])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    print("interrupted")
""",
        start,
    )
    assert done.stdout == "interrupted\n", done.stderr


def test_ctrl_c_stops_a_batch() -> None:
    done = python(
        """
import os, signal, threading
import landfall as lf
from landfall import runner, worker
from python.run_samples import children_of, eventually, first

def hang(scenario, seed, options, cancellation):
    from landfall import client
    with cancellation.of_this_thread():
        return client.run(scenario, seed=seed, progress=False, drill="hang")

runner._run_one = hang
pid = worker.current().pid

def interrupt():
    assert eventually(lambda: len(children_of(pid)) == 3)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt).start()
try:
    lf.run_many(first(), seeds=range(30), max_workers=3, progress=False)
except KeyboardInterrupt:
    assert eventually(lambda: children_of(pid) == [])
    print("interrupted")
"""
    )
    assert done.stdout == "interrupted\n", done.stderr


def test_a_terminals_ctrl_c_does_not_reach_the_worker() -> None:
    pid = worker.current().pid
    assert os.getpgid(pid) != os.getpgrp()
    os.kill(pid, signal.SIGINT)
    assert len(run().machines) == 3
    assert worker.current().pid == pid


# --- This process ---------------------------------------------------------------------------------


def test_simgrid_is_never_in_this_process() -> None:
    run()
    assert "libsimgrid" not in Path("/proc/self/maps").read_text()


def test_the_worker_has_simgrid_before_it_forks() -> None:
    maps = Path(f"/proc/{worker.current().pid}/maps").read_text()
    assert "libsimgrid" in maps


def test_errors_keep_what_they_know_when_they_are_pickled() -> None:
    import pickle

    with pytest.raises(lf.SimulationCrashed) as caught:
        run(drill="crash")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert copy.__dict__ == caught.value.__dict__


def test_runs_do_not_see_each_others_threads() -> None:
    """A run in a thread that ends does not take its children's worker with it."""
    results: list[lf.Result] = []
    client.close()
    starter = threading.Thread(target=lambda: results.append(run()))
    starter.start()
    starter.join()
    pid = worker.current().pid
    results.append(run())
    assert worker.current().pid == pid
    assert results[0].blob == results[1].blob
