"""The command line with the real simulator: what is wrong ends with exit code 2, and no traces."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from landfall import cli
from python.scenario_samples import put, small
from typer.testing import CliRunner, Result

pytestmark = pytest.mark.usefixtures("built")


def landfall(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def write(folder: Path, change: Callable[[dict[str, Any]], None] = lambda document: None) -> Path:
    """Write the small scenario with two days to run and `change`."""
    document = small() | {"duration": "2 d"}
    document["expect"] = document["expect"][:1]
    change(document)
    file = folder / "scenario.json"
    file.write_text(json.dumps(document, indent=1))
    return file


def children(pid: int) -> list[int]:
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except OSError:
        return []


def trace(folder: Path, text: str, **keys: Any) -> Callable[[dict[str, Any]], None]:
    (folder / "trace.csv").write_text(text)
    churn = {"kind": "trace", "file": "trace.csv", "column": "db", **keys}
    return put("/machines/1/churn", churn)


def test_a_run_ends_with_the_table_and_all_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = landfall("run", write(tmp_path), "--out", out)
    assert done.exit_code in (0, 1), done.stderr
    assert "web-1" in done.stdout
    assert {entry.name for entry in out.iterdir()} >= {
        "summary.json",
        "machines.parquet",
        "rpo.parquet",
        "jobs.parquet",
        "events.jsonl",
        "rpo.png",
        "scenario.json",
        "recovery_points.parquet",
    }
    summary = json.loads((out / "summary.json").read_text())
    keys = "scenario scenario_hash seed version profile simulated_s wall_s deltas machines totals"
    assert set(summary) >= {*keys.split(), "expect"}
    assert set(summary["totals"]["rpo_s"]) >= {"mean", "p50", "p95", "p99", "max"}
    assert len(summary["machines"]) == 3


def test_the_expectation_decides_between_0_and_1(tmp_path: Path) -> None:
    generous = {"metric": "rpo_s_max", "at_most": "100 d"}
    assert landfall("run", write(tmp_path, put("/expect", [generous]))).exit_code == 0
    strict = generous | {"at_most": "1 ms"}
    assert landfall("run", write(tmp_path, put("/expect", [strict]))).exit_code == 1


@pytest.mark.parametrize("name", lf.gallery.names())
def test_a_gallery_scenario_runs_and_what_it_expects_holds(name: str) -> None:
    done = landfall("run", f"gallery:{name}", "--json")
    failed = [entry for entry in json.loads(done.stdout)["expect"] if not entry["passed"]]
    assert failed == []
    assert done.exit_code == 0


NOT_FITTING: dict[str, tuple[str, Any, str, str]] = {
    "disk larger than the profile allows": (
        "/machines/1/disks/1/size", "100 TiB", "/machines/1/disks/1/size", "32767 GiB",
    ),
    "unknown site": ("/machines/1/site", "dcc", "/machines/1/site", 'Did you mean "dc"?'),
    "unknown policy": ("/machines/1/policy", "dayly", "/machines/1/policy", '"daily"'),
    "unknown process server": ("/machines/1/process_server", "sp", "/machines/1/process_server",
                               "ps"),
    "unknown storage account": ("/process_servers/0/storage_account", "cash",
                                "/process_servers/0/storage_account", '"cache"'),
    "unknown policy in a template": ("/templates/server/policy", "dayly",
                                     "/templates/server/policy", '"daily"'),
    "unreachable site": ("/links", [], "/process_servers/0/site", "no links lead"),
    "two machines of one name": ("/machines/1/name", "web-1", "/machines/1/name",
                                 "/machines/0/name"),
    "nobody of this name": ("/timeline/1/machines", "wbe*", "/timeline/1/machines",
                            "selects no machine"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_FITTING)
def test_what_does_not_fit_together_is_bad_input(tmp_path: Path, name: str) -> None:
    pointer, value, told_at, says = NOT_FITTING[name]
    file = write(tmp_path, put(pointer, value))
    for command in (("check", file), ("run", file, "--out", tmp_path / "out")):
        done = landfall(*command)
        assert done.exit_code == 2
        assert f" {told_at} = " in done.stderr
        assert says in done.stderr
        assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [file]


BAD_TRACES: dict[str, tuple[str, dict[str, Any], str]] = {
    "missing": ("t,db\n0,1\n", {"file": "none.csv"}, "there is no such file"),
    "column missing": ("t,db\n0,1\n", {"column": "bd"}, 'Did you mean "db"?'),
    "text in a number cell": ("t,db\n0,1\n300,abc\n", {}, "line 3, column 'db'"),
    "negative number": ("t,db\n0,1\n300,-1\n", {}, "line 3, column 'db'"),
    "ragged": ("t,db\n0,1\n300\n", {"repeat": True}, "line 3"),
    "short": ("t,db\n0,1\n300,2\n", {}, "has 2 rows"),
    "empty": ("", {"repeat": True}, "trace.csv"),
    "not gzip": ("t,db\n0,1\n", {"file": "trace.csv.gz"}, "trace.csv.gz"),
}


@pytest.mark.parametrize("name", BAD_TRACES)
def test_a_wrong_trace_is_bad_input(tmp_path: Path, name: str) -> None:
    text, keys, says = BAD_TRACES[name]
    (tmp_path / "trace.csv.gz").write_text("t,db\n0,1\n")
    file = write(tmp_path, trace(tmp_path, text, **keys))
    done = landfall("run", file, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "/machines/1/churn" in done.stderr
    assert says in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_operation_that_its_state_forbids_is_told_with_its_time(tmp_path: Path) -> None:
    early = {"at": "1 min", "do": "complete_migration", "machines": "web*"}
    file = write(tmp_path, put("/timeline/1", early))
    done = landfall("run", file, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "/timeline/1" in done.stderr
    assert "00:01:00" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_hundred_thousand_machines_by_mistake_ask_for_yes(tmp_path: Path) -> None:
    file = write(tmp_path, put("/machines/0/count", 100_000))
    done = landfall("run", file, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "100,001 machines" in done.stderr
    assert "Pass --yes" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_interrupt_ends_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    file = write(tmp_path, put("/machines/0/count", 2000))
    path = os.pathsep.join(str(Path(folder).parent) for folder in lf.__path__)
    process = subprocess.Popen(
        [sys.executable, "-m", "landfall", "run", str(file), "--yes", "--out", tmp_path / "out",
         "--set", "/duration=600 d"],
        stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    deadline = time.monotonic() + 60.0
    while not any(map(children, children(process.pid))):  # the worker, and its child that runs
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert stderr == "landfall: interrupted\n"
    assert list(tmp_path.iterdir()) == [file]


def test_python_tells_problems_where_they_stand(tmp_path: Path) -> None:
    scenario = lf.load(write(tmp_path, put("/templates/server/policy", "dayly")))
    (problem,) = {(p.pointer, p.found, p.nearest) for p in scenario.check()}
    assert problem == ("/templates/server/policy", '"dayly"', "daily")
    with pytest.raises(lf.ScenarioError) as caught:
        scenario.run(progress=False)
    assert [p.pointer for p in caught.value.problems] == ["/templates/server/policy"]


def test_the_doctor_finds_nothing_wrong() -> None:
    findings = json.loads(landfall("doctor", "--json").stdout)
    assert [finding for finding in findings if not finding["ok"]] == []
    assert len(findings) == 11


def test_a_run_leaves_libsimgrid_out_of_this_process(tmp_path: Path) -> None:
    lf.load(write(tmp_path)).run(progress=False)
    maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    assert "libsimgrid" not in maps
