"""The store of a sweep: resumed, killed, damaged, shared, strange."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import landfall as lf
import pandas as pd
import pyarrow.parquet as pq
import pytest
from landfall import client
from landfall.sweeps import StoreError, StoreInUse, Sweep
from landfall.sweeps.store import Store, read_rows, row
from python.run_samples import REPOSITORY, eventually, first

BANDWIDTH = "/links/internet/bandwidth"


def swept(folder: Path, widths: list[int], replications: int = 2, **options: Any) -> Sweep:
    over = {BANDWIDTH: [f"{width} Mbit/s" for width in widths]}
    options = {"progress": False, "store": folder} | options
    return lf.sweep(first(), over, replications=replications, **options)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the seeds of the runs that the simulator is really asked for."""
    seeds: list[int] = []
    run = client.run

    def counting(scenario: Any, **options: Any) -> lf.Result:
        seeds.append(options["seed"])
        return run(scenario, **options)

    monkeypatch.setattr(client, "run", counting)
    return seeds


# --- Resumed --------------------------------------------------------------------------------------


def test_a_larger_sweep_adds_to_a_smaller_one(tmp_path: Path, counted: list[int]) -> None:
    swept(tmp_path / "s", [100, 200])
    assert len(counted) == 4
    larger = swept(tmp_path / "s", [100, 200, 300], 3)
    assert (larger.made, len(counted)) == (5, 9)
    assert larger.table["rpo_s_p95"].notna().all()
    fresh = swept(tmp_path / "fresh", [100, 200, 300], 3)
    pd.testing.assert_frame_equal(fresh.table, larger.table)
    pd.testing.assert_frame_equal(Sweep.load(tmp_path / "s").table, larger.table)


@pytest.mark.parametrize(
    "change",
    [{"seed": 2}, {"metrics": "rpo_s_max"}, {"metrics_version": "2"}],
    ids=["seed", "metrics", "version"],
)
def test_another_protocol_is_never_mixed_in(tmp_path: Path, change: Any) -> None:
    assert swept(tmp_path, [100]).made == 2
    assert swept(tmp_path, [100], **change).made == 2
    assert swept(tmp_path, [100]).made == 0


def test_another_version_runs_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swept(tmp_path, [100])
    monkeypatch.setattr("landfall.sweeps.keys.version", lambda: "99.0")
    assert swept(tmp_path, [100]).made == 2


def test_fresh_entropy_is_kept_for_the_next_time(tmp_path: Path) -> None:
    one, other = (swept(tmp_path / name, [100], seed=None) for name in "ab")
    assert set(one.table["seed"]) != set(other.table["seed"])
    assert swept(tmp_path / "a", [100], seed=None).made == 0


def test_the_store_is_a_few_files_that_others_read(tmp_path: Path) -> None:
    for width in range(100, 112):
        swept(tmp_path, [width], 1)
    parts = sorted((tmp_path / "parts").glob("*.parquet"))
    assert len(parts) < 8
    frame = pd.concat([pq.read_table(part).to_pandas() for part in parts])
    assert len(frame) == 12
    assert {"key", "seed", "status", "parameters", "metric.rpo_s_p95"} <= set(frame.columns)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["lock", "manifest.json", "parts"]
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["scenario"]["hash"] == first().hash


# --- Killed ---------------------------------------------------------------------------------------

_KILLED = """
import sys
import landfall as lf
lf.sweep(sys.argv[1], {"/links/internet/bandwidth": ["100 Mbit/s"]}, replications=int(sys.argv[3]),
         store=sys.argv[2], max_workers=2, progress=False)
"""


def background(folder: Path, count: int) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(str(Path(place).parent) for place in lf.__path__)
    scenario = str(REPOSITORY / "scenarios" / "gallery" / "first-migration.json")
    return subprocess.Popen(
        [sys.executable, "-c", _KILLED, scenario, str(folder), str(count)],
        env=os.environ | {"PYTHONPATH": path},
        stderr=subprocess.PIPE,
    )


def outcomes(folder: Path) -> int:
    try:
        return len(read_rows(folder))
    except StoreError:  # a line is being written just now
        return 0


def stopped(process: subprocess.Popen[bytes], number: int, when: Callable[[], object]) -> bytes:
    assert eventually(when)
    process.send_signal(number)
    return process.communicate(timeout=30)[1]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_sweep_that_is_stopped_goes_on(
    tmp_path: Path, number: signal.Signals, counted: list[int]
) -> None:
    folder = tmp_path / "s"
    process = background(folder, 5_000)
    said = stopped(process, number, lambda: outcomes(folder) >= 10)
    assert (number == signal.SIGKILL) or b"KeyboardInterrupt" in said
    there = outcomes(folder)
    assert 10 <= there < 5_000
    assert (folder / "journal.jsonl").exists() == (number == signal.SIGKILL)
    resumed = swept(folder, [100], there + 4)
    assert resumed.made == len(counted)
    assert resumed.failed_count == 0
    # All but four were there; of some thousand more the stopped sweep may have had a few.
    assert 4 <= resumed.made <= 4 + 2
    assert not (folder / "journal.jsonl").exists()


def test_a_line_that_death_cut_off_is_dropped_and_run_again(tmp_path: Path) -> None:
    whole = swept(tmp_path, [100], 3)
    rows = list(read_rows(tmp_path).values())
    for part in (tmp_path / "parts").glob("*"):
        part.unlink()
    lines = [json.dumps(entry) for entry in rows]
    (tmp_path / "journal.jsonl").write_text("\n".join(lines[:2]) + "\n" + lines[2][:40])
    (tmp_path / "parts" / "000009.parquet.partial").write_bytes(b"half")
    resumed = swept(tmp_path, [100], 3)
    assert resumed.made == 1
    pd.testing.assert_frame_equal(resumed.table, whole.table)
    assert len(list((tmp_path / "parts").iterdir())) == 2


# --- Damaged, shared, strange ---------------------------------------------------------------------


def test_two_sweeps_at_once_are_refused(tmp_path: Path) -> None:
    held = Store(tmp_path / "s")
    with pytest.raises(StoreInUse, match=f"process {os.getpid()}"):
        swept(tmp_path / "s", [100])
    held.close()
    assert swept(tmp_path / "s", [100]).made == 2


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("manifest.json", b"{"),
        ("manifest.json", b"[1]"),
        ("manifest.json", b"\xff\xfe"),
        ("manifest.json", b'{"format": 99}'),
        ("parts/000001.parquet", b"PAR1 and no more"),
        ("journal.jsonl", b'{"key": 1}\n'),
        ("journal.jsonl", b"nonsense\n{}\n"),
    ],
)
def test_a_damaged_store_names_the_file_and_stays_as_it_is(
    tmp_path: Path, file: str, content: bytes
) -> None:
    swept(tmp_path, [100])
    (tmp_path / file).write_bytes(content)
    for _ in range(2):
        with pytest.raises(StoreError, match=file) as caught:
            swept(tmp_path, [100])
        assert not isinstance(caught.value, StoreInUse)
    assert (tmp_path / file).read_bytes() == content


def test_a_part_without_its_columns_is_damaged(tmp_path: Path) -> None:
    swept(tmp_path, [100])
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "parts" / "000002.parquet")
    with pytest.raises(StoreError, match=r"000002\.parquet: is damaged"):
        Sweep.load(tmp_path)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match=r'holds "thesis\.txt"'):
        swept(tmp_path, [100])
    with pytest.raises(StoreError, match="is a file"):
        swept(tmp_path / "thesis.txt", [100])
    with pytest.raises(StoreError, match="holds no sweep"):
        Sweep.load(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_bad_input_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(lf.ScenarioError):
        lf.sweep(first(), {"/no": [1]}, store=tmp_path / "s", progress=False)
    assert not (tmp_path / "s").exists()


def test_numbers_come_back_to_the_bit(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    metrics = {"a": 0.1 + 0.2, "b": float("inf"), "c": float("nan")}
    store.add(row("k", "h", "p", 2**53 - 1) | {"status": "ok", "metrics": metrics})
    in_journal = read_rows(tmp_path / "s")["k"]
    store.close()
    in_part = read_rows(tmp_path / "s")["k"]
    for found in (in_journal, in_part):
        assert found["seed"] == 2**53 - 1
        assert repr(found["metrics"]) == repr(metrics)


def test_an_executor_that_loses_a_chunk_fails_its_runs_and_they_run_again(tmp_path: Path) -> None:
    from concurrent.futures import Executor, Future

    class Losing(Executor):
        def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Any:
            future: Future[Any] = Future()
            future.set_exception(OSError("the worker is gone"))
            return future

    lost = swept(tmp_path, [100, 200], executor=Losing())
    assert set(lost.table["failure"]) == {"executor"}
    assert "the worker is gone" in lost.table["message"][0]
    assert swept(tmp_path, [100, 200]).made == 4
    assert Sweep.load(tmp_path).failed_count == 0
