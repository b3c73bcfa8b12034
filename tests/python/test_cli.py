"""`landfall run`: exit codes, what goes to which stream, and that no file is left behind.

The simulator is replaced here; the same commands with the real one are in test_cli_real.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from python.fake_simulator import MACHINES, Simulator, landfall
from python.scenario_samples import BAD, Bad, put, small


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(small(), indent=1))
    return path


# --- run -----------------------------------------------------------------------------------------


def test_run_prints_machines_totals_expectations_and_place(
    simulator: Simulator, file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = landfall("run", file, "--out", out, "--seed", 7)
    assert done.exit_code == 0, done.stderr
    assert simulator.calls[0]["seed"] == 7
    for text in ("small, seed 7", "web-1", "db[red]", "migrated", "10 min", "3 min 20 s", "–"):
        assert text in done.stdout
    assert "all machines: RPO p95 4 min 20 s, RPO worst 6 min 40 s" in done.stdout
    assert "sent over the WAN 5 GiB" in done.stdout
    assert "rpo_s_p95 of all at most 4 min 10 s: found 4 min 20 s" in done.stdout
    assert f"written to {out}" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert summary["scenario_hash"] == lf.load(file).hash
    assert {entry.name for entry in out.iterdir()} >= {"summary.json", "machines.parquet"}


def test_the_table_fits_eighty_columns(
    simulator: Simulator, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = landfall("run", file).stdout.splitlines()
    assert max(map(len, lines[:10])) <= 80
    (row,) = [line for line in lines if "web-1" in line]
    for text in ("10 min", "3 min 20 s", "5 min", "16 min 40 s", "migrated"):
        assert text in row
    assert any(line.rstrip().endswith("replication") and "db[red]" not in line for line in lines)


def test_run_without_out_writes_nothing(simulator: Simulator, file: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    done = landfall("run", file)
    assert done.exit_code == 0
    assert "--out DIR keeps it" in done.stdout
    assert sorted(tmp_path.iterdir()) == before


def test_run_json_prints_only_the_summary(simulator: Simulator, file: Path) -> None:
    done = landfall("run", file, "--json")
    summary = json.loads(done.stdout)
    assert summary["scenario"] == "small"
    assert summary["machines"][2]["downtime_s"] is None
    assert done.stderr == ""


def test_a_failed_expectation_is_exit_code_1_and_the_files_are_there(
    simulator: Simulator, file: Path, tmp_path: Path
) -> None:
    simulator.passed = False
    done = landfall("run", file, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "fails for db[red]" in done.stdout
    assert (tmp_path / "out" / "summary.json").is_file()
    assert landfall("run", file, "--json").exit_code == 1


def test_run_shows_the_worst_twenty_of_a_fleet(simulator: Simulator, file: Path) -> None:
    simulator.machines = {
        "machine": [f"vm-{k:03}" for k in range(500)],
        "state": ["protected"] * 500,
        **{name: [float(k) for k in range(500)] for name in list(MACHINES)[2:]},
    }
    done = landfall("run", file)
    assert "vm-499" in done.stdout
    assert "vm-479" not in done.stdout
    assert "… 480 more" in done.stdout


def test_set_changes_values(simulator: Simulator, file: Path) -> None:
    done = landfall(
        "run", file, "--set", "/links/0/bandwidth=1 Gbit/s", "--set", "/machines/0/count=5",
        "--set", '/name="wide"', "--set", "/machines/1/hydration_drivers_ready=false",
        "--set", '/expect=[]',
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    scenario = simulator.calls[0]["scenario"]
    assert scenario.links[0].bandwidth == 10**9
    assert (scenario.machines[0].count, scenario.name, scenario.expect) == (5, "wide", ())
    assert scenario.machines[1].hydration_drivers_ready is False


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("/links/7/bandwidth=1", "this list has 1 entry"),
        ("/machines/0/cuont=5", 'Did you mean "count"?'),
        ("/links/0/bandwidth=5 min", "must be a bandwidth"),
        ("links=5", "must be /json/pointer=value"),
        ("/links", "must be /json/pointer=value"),
    ],
)
def test_a_wrong_set_is_bad_input(
    simulator: Simulator, file: Path, argument: str, says: str
) -> None:
    done = landfall("run", file, "--set", argument)
    assert done.exit_code == 2
    assert says in done.stderr
    assert simulator.calls == []


def test_limits_take_units(simulator: Simulator, file: Path) -> None:
    landfall("run", file, "--timeout", "10 min", "--memory-limit", "2 GiB")
    landfall("run", file, "--timeout", "90")
    assert [call["timeout"] for call in simulator.calls] == [600, 90]
    assert simulator.calls[0]["memory_limit"] == 2 * 2**30
    for arguments in (("--timeout", "soon"), ("--memory-limit", "5 min"), ("--timeout", "-1")):
        done = landfall("run", file, *arguments)
        assert done.exit_code == 2
        assert arguments[0] in done.stderr


# --- Bad input: exit code 2, nothing run, nothing written ----------------------------------------


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.id)
def test_bad_input_is_exit_code_2_with_pointer_and_cause(
    simulator: Simulator, tmp_path: Path, case: Bad
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(case.document(), indent=1))
    out = tmp_path / "out"
    done = landfall("run", file, "--out", out)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert f" {case.pointer}" in done.stderr
    assert f"({case.code})" in done.stderr
    assert case.says in done.stderr
    assert case.nearest is None or f'Did you mean "{case.nearest}"?' in done.stderr
    assert "Traceback" not in done.stderr
    assert simulator.calls == []
    assert list(tmp_path.iterdir()) == [file]


def test_a_problem_reads_like_this(simulator: Simulator, tmp_path: Path) -> None:
    document = small()
    put("/machines/1/disks/1/size", "5 min")(document)
    put("/machines/0/cuont", 2)(document)
    file = tmp_path / "first.json"
    file.write_text(json.dumps(document, indent=1))
    lines = file.read_text().splitlines()
    size_line = next(k for k, line in enumerate(lines, 1) if '"5 min"' in line and "size" in line)
    done = landfall("check", file)
    assert done.exit_code == 2
    told = done.stderr.splitlines()
    assert told[2] == f'{file}:{size_line}:14 /machines/1/disks/1/size = "5 min"'
    assert told[3] == (
        '  must be a size such as "100 GiB" or "500 GB", or a number of bytes; '
        "this is a duration (SCN003)"
    )
    assert told[0].endswith("/machines/0/cuont = 2")
    assert told[1].startswith('  no such key here. Did you mean "count"? Allowed: count,')


def test_what_the_simulator_finds_wrong_is_placed_in_the_file(
    simulator: Simulator, file: Path, tmp_path: Path
) -> None:
    problem = {
        "code": "SCN020",
        "pointer": "/machines/0/disks/0/size",
        "found": "68719476736",
        "message": "must be at most 32 GiB",
    }
    simulator.problems = [problem, {**problem, "pointer": "/machines/1/policy", "found": '"daily"'}]
    done = landfall("check", file)
    assert done.exit_code == 2
    assert '/templates/server/disks/0/size = "64 GiB"' in done.stderr
    assert "must be at most 32 GiB (SCN020)" in done.stderr
    error = lf.ScenarioError([lf.Problem.from_dict(problem)], "small")
    simulator.raises = error
    done = landfall("run", file, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert '/templates/server/disks/0/size = "64 GiB"' in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none.json", "no such file"),
        (".", "is a folder"),
        ("gallery:nonsense", 'no scenario "nonsense"'),
        ("broken.json", "is not JSON: line 1, column 2"),
    ],
)
def test_files_that_cannot_be_read_are_bad_input(
    simulator: Simulator, tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "broken.json").write_text("{")
    done = landfall("run", name if ":" in name else tmp_path / name)
    assert done.exit_code == 2
    assert says in done.stderr


def test_a_file_that_is_none_is_told_once(simulator: Simulator, tmp_path: Path) -> None:
    (tmp_path / "empty.json").touch()
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(200 * 2**20)
    for name, says in (
        ("empty.json", "is empty"),
        ("huge.json", "is larger than 64 MiB; is it a scenario?"),
        (".", "is a folder, not a scenario file"),
        ("/dev/zero", "is not a regular file"),
    ):
        done = landfall("run", tmp_path / name)
        assert done.exit_code == 2
        assert done.stderr.splitlines()[1:] == [f"  {says} (SCN001)"]


def test_what_a_terminal_acts_on_is_printed_escaped(
    simulator: Simulator, file: Path, tmp_path: Path
) -> None:
    evil = "a\x1b[31m\u202eb"
    simulator.problems = [
        {"code": "SCN013", "pointer": "/machines/0/name", "found": evil, "message": f"{evil}-5",
         "allowed": [evil], "nearest": evil}
    ]  # fmt: skip
    for done in (landfall("check", file), landfall("check", tmp_path / evil)):
        assert done.exit_code == 2
        assert "\\x1b[31m\\u202e" in done.stderr
        assert not {"\x1b", "\u202e"} & set(done.stdout + done.stderr)


def test_a_machine_is_added_with_a_dash(simulator: Simulator, file: Path) -> None:
    entry = small()["machines"][1] | {"name": "db-2"}
    assert landfall("run", file, "--set", f"/machines/-={json.dumps(entry)}").exit_code == 0
    assert simulator.calls[0]["scenario"].machines[-1].name == "db-2"


def test_states_are_told_in_the_words_of_the_timeline(
    simulator: Simulator, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.machines = MACHINES | {
        "state": ["MigrationComplete", "Protected", "UnprotectedStatesEnd"]
    }
    simulator.expect = [
        {"metric": "state", "machines": "all", "of": "each", "passed": False, "found": None,
         "rule": {"equals": "MigrationComplete"}, "failing_machines": ["web-2", "db[red]"]}
    ]  # fmt: skip
    shown = landfall("run", file).stdout
    assert "state of all equals migrated: found protected (1), unprotected (1); fails for" in shown


def test_a_trace_that_ends_too_early_is_told(simulator: Simulator, file: Path) -> None:
    simulator.machines = MACHINES | {"no_sample_s": [0.0, 600.0, 7200.0]}
    shown = landfall("run", file).stdout
    assert "no sample: the traces of 2 machines have gaps" in shown
    assert "db[red] for 2 h" in shown
    simulator.machines = MACHINES | {"no_sample_s": [0.0, 0.0, 0.0]}
    assert "no sample" not in landfall("run", file).stdout


def test_a_hundred_problems_do_not_fill_the_screen(simulator: Simulator, tmp_path: Path) -> None:
    document = small()
    document["machines"] = [{"name": f"m{k}", "template": "server", "x": 1} for k in range(100)]
    file = tmp_path / "many.json"
    file.write_text(json.dumps(document))
    done = landfall("check", file)
    assert "… 50 more problems" in done.stderr


@pytest.mark.parametrize(
    ("cost", "says"),
    [
        ({"machines": 100_000, "disks": 100_000}, "100,000 machines, 100,000 disks"),
        ({"seconds": 3600.0}, "more than 60 s"),
        ({"memory_bytes": 8 * 2**30}, "8 GiB of memory, more than 4 GiB"),
    ],
)
def test_a_very_large_run_asks_for_yes(
    simulator: Simulator, file: Path, tmp_path: Path, cost: dict[str, Any], says: str
) -> None:
    simulator.cost |= cost
    done = landfall("run", file, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Pass --yes" in done.stderr
    assert simulator.calls == []
    assert not (tmp_path / "out").exists()
    assert landfall("run", file, "--yes").exit_code == 0
    scenario = lf.load(file)
    with pytest.raises(lf.ScenarioError, match="allow_large=True"):
        scenario.run()
    scenario.run(allow_large=True, progress=False)


def test_wrong_options_are_bad_input(simulator: Simulator, file: Path) -> None:
    for arguments in (["--seed", "-1"], ["--seed", "x"], ["--nonsense"], ["--seed", str(2**64)]):
        assert landfall("run", file, *arguments).exit_code == 2
    assert landfall("run").exit_code == 2
    assert landfall("nonsense").exit_code == 2


# --- The folder of the result --------------------------------------------------------------------


def test_an_earlier_result_is_replaced(simulator: Simulator, file: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    for seed in (1, 2):
        assert landfall("run", file, "--out", out, "--seed", seed).exit_code == 0
    assert json.loads((out / "summary.json").read_text())["seed"] == 2
    assert list(out.parent.iterdir()) == [out]


def test_a_folder_with_anything_else_is_refused_before_the_run(
    simulator: Simulator, file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter-1.tex").write_text("precious")
    done = landfall("run", file, "--out", out)
    assert done.exit_code == 2
    assert "chapter-1.tex" in done.stderr
    assert simulator.calls == []
    assert (out / "chapter-1.tex").read_text() == "precious"
    assert landfall("run", file, "--out", file).exit_code == 2
    (out / "chapter-1.tex").rename(out / "rpo.png")
    assert "holds no result" in landfall("run", file, "--out", out).stderr
    (out / "summary.json").write_text("{}")
    assert landfall("run", file, "--out", out).exit_code == 2
    assert (out / "rpo.png").read_text() == "precious"


def test_a_place_that_cannot_hold_a_folder_is_refused_before_the_run(
    simulator: Simulator, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = landfall("run", file, "--out", file / "deep" / "out")
    assert (done.exit_code, "is a file" in done.stderr) == (2, True)
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    done = landfall("run", file, "--out", tmp_path / "deep" / "out")
    assert (done.exit_code, f"no permission to write in {tmp_path}" in done.stderr) == (2, True)
    assert simulator.calls == []


def test_behind_a_link_the_folder_is_replaced(
    simulator: Simulator, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for _ in range(2):
        assert landfall("run", file, "--out", tmp_path / "link").exit_code == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "summary.json").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"link", "real", file.name}


def test_the_folder_one_stands_in_stays(
    simulator: Simulator, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for seed in (1, 2):
        assert landfall("run", file, "--out", ".", "--seed", seed).exit_code == 0
    assert Path("summary.json").exists()
    assert json.loads((here / "summary.json").read_text())["seed"] == 2
    assert {path.name for path in tmp_path.iterdir()} == {"here", file.name}


def test_an_empty_folder_is_used(simulator: Simulator, file: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert landfall("run", file, "--out", tmp_path / "out").exit_code == 0


# --- Runs that fail ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        lf.SimulationCrashed("died of SIGSEGV", signal=11),
        lf.SimulationTimeout("took too long"),
        lf.SimulationDeadlock("nothing can happen", waiting=["db"]),
        lf.SimulationOutOfMemory("needed more"),
        lf.WorkerDied("twice"),
        lf.WorkerNotFound(["/nowhere"]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_run_that_fails_is_exit_code_3(
    simulator: Simulator, file: Path, tmp_path: Path, error: lf.LandfallError
) -> None:
    simulator.raises = error
    done = landfall("run", file, "--out", tmp_path / "out")
    assert done.exit_code == 3
    assert type(error).__name__ in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_interrupt_leaves_nothing(simulator: Simulator, file: Path, tmp_path: Path) -> None:
    simulator.raises = KeyboardInterrupt()
    done = landfall("run", file, "--out", tmp_path / "out")
    assert done.exit_code == 130
    assert "interrupted" in done.stderr
    assert not (tmp_path / "out").exists()
