"""``landfall lab`` and ``landfall replay``: what they print, write, and end with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from landfall import cli
from landfall.lab.report import EXIT_CODES
from python.lab_samples import office
from python.run_samples import REPOSITORY
from typer.testing import CliRunner, Result

pytestmark = pytest.mark.usefixtures("built")
RULE = [{"metric": "rpo_s_max", "at_most": "30 min"}]


def landfall(*words: object) -> Result:
    return CliRunner(env={"COLUMNS": "140"}).invoke(cli.app, [str(word) for word in words])


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(office(expect=RULE).to_json())
    return path


def test_a_scenario_that_holds_ends_with_0(plan: Path) -> None:
    done = landfall("lab", plan, "--seeds", 12, "--no-progress", "--faults", "link_outage")
    assert done.exit_code == 0, done.output
    assert "office" in done.stdout
    assert "none" in done.stdout
    assert "hits of faults by phase" in done.stdout
    assert "link outage" in done.stdout


def test_a_folder_is_explored_file_by_file(plan: Path, tmp_path: Path) -> None:
    (tmp_path / "second.json").write_text(office(name="second").to_json())
    told = landfall("lab", tmp_path, "--seeds", 5, "--json")
    assert [report["scenario"] for report in json.loads(told.stdout)] == ["office", "second"]


def test_a_rule_that_breaks_ends_with_1_and_replays(plan: Path, tmp_path: Path) -> None:
    corpus, junit, picture = tmp_path / "corpus", tmp_path / "lab.xml", tmp_path / "map.png"
    options = ("--seeds", 40, "--expect", "--faults", "link_outage", "--corpus", corpus)
    done = landfall("lab", plan, *options, "--junit", junit, "--map", picture)
    assert done.exit_code == 1, done.output
    (case,) = corpus.glob("*/*.json")
    last = done.stdout.rstrip().splitlines()[-1]
    assert last == f"replay  : landfall replay {case}"
    assert 'failures="1"' in junit.read_text()
    assert picture.stat().st_size > 5_000

    again = landfall("replay", case)
    assert again.exit_code == 1
    assert "FAIL expect/rpo_s_max" in again.stdout
    assert "link down" in again.stdout
    assert again.stdout.rstrip().splitlines()[-1] == f"replay  : landfall replay {case}"
    assert landfall("run", case, "--no-progress").exit_code == 1
    told = json.loads(landfall("replay", case, "--json").stdout)
    assert told["violations"][0]["invariant"] == "expect/rpo_s_max"

    mended = json.loads(case.read_text())
    mended["links"][0].pop("outages", None)
    mended.pop("faults", None)
    case.write_text(json.dumps(mended))
    good = landfall("replay", case)
    assert good.exit_code == 0
    assert "holds now" in good.stdout


def test_a_planted_chance_ends_with_4(plan: Path) -> None:
    done = landfall("lab", plan, "--seeds", 20, "--twice", 0.5, "--drill", "chance")
    assert done.exit_code == 4
    assert "FAIL same_bytes" in done.stdout


def test_a_policy_and_a_rule_come_from_a_file(plan: Path, tmp_path: Path) -> None:
    (tmp_path / "ours.py").write_text(
        "def hasty(event, sim):\n"
        "    if event.kind == 'power_lost':\n"
        "        sim.vault.items[event.subject].commit()\n"
        "def no_cut(result):\n"
        "    return None if result.events[result.events.kind == 'link_down'].empty else 'cut'\n"
    )
    options = ("--seeds", 12, "--faults", "power_loss")
    done = landfall("lab", plan, *options, "--policy", f"{tmp_path}/ours.py:hasty")
    assert done.exit_code == 1
    assert "FAIL operation_refused/commit" in done.stdout
    options = ("--seeds", 6, "--faults", "link_outage")
    done = landfall("lab", plan, *options, "--rule", f"{tmp_path}/ours.py:no_cut")
    assert done.exit_code == 1
    assert "FAIL no_cut" in done.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--explorer", "swarn"), 'Did you mean "swarm"'),
        (("--faults", "link_outtage"), 'Did you mean "link_outage"'),
        (("--budget", "soon"), "soon"),
        (("--budget", "0"), "nothing would be run"),
        (("--budget=-1",), "must not be negative"),
        (("--budget", "nan"), "must be a finite number"),
        (("--budget", "1e99"), "must be at most"),
        (("--settle=-1",), "must not be negative"),
        (("--settle", "inf"), "must be a finite number"),
        (("--policy", f"{REPOSITORY / 'README.md'}:f"), "FILE.py:NAME"),
        (("--junit", __file__ + "/x.xml"), "is a file"),
        (("--map", "."), "is a folder"),
        (("--map", "map.foo"), ".png"),
        (("--corpus", __file__), "is a file, not a folder"),
        (("--policy", "nowhere.py:f"), "FILE.py:NAME"),
        (("--settle", "20 h"), "leaves no time for faults"),
    ],
)
def test_bad_options_end_with_2(plan: Path, options: Any, says: str) -> None:
    done = landfall("lab", plan, "--seeds", 2, *options)
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
        ("def mine(:", "SyntaxError"),
        ("mine = 3", "must be a function or class, not int"),
    ],
)
@pytest.mark.parametrize("option", ["--policy", "--rule"])
def test_a_file_of_ours_that_is_wrong_ends_with_2(
    plan: Path, tmp_path: Path, option: str, text: str, says: str
) -> None:
    (tmp_path / "ours.py").write_text(text)
    done = landfall("lab", plan, "--seeds", 2, option, f"{tmp_path}/ours.py:mine")
    assert done.exit_code == 2, done.output
    assert says in done.stderr


def test_bad_files_end_with_2(plan: Path, tmp_path: Path) -> None:
    impossible = tmp_path / "impossible.json"
    tight = [{"metric": "rpo_s_max", "at_most": "1 s"}]
    impossible.write_text(office(expect=tight).to_json())
    done = landfall("lab", impossible, "--expect", "--seeds", 2)
    assert done.exit_code == 2
    assert "no run can meet it" in done.stderr
    older = json.loads(plan.read_text()) | {"lab": {"version": 0}}
    plan.write_text(json.dumps(older))
    done = landfall("replay", plan)
    assert done.exit_code == 2
    assert "older version of the lab's files" in done.stderr
    (tmp_path / "empty").mkdir()
    assert landfall("lab", tmp_path / "empty").exit_code == 2
    assert landfall("lab", tmp_path / "none.json").exit_code == 2
    assert landfall("replay", tmp_path / "none.json").exit_code == 2


def test_each_kind_of_failure_has_its_own_code_and_none_is_that_of_bad_input() -> None:
    assert EXIT_CODES == {"determinism": 4, "harness": 3, "safety": 1, "liveness": 5}
    assert EXIT_CODES["harness"] == cli.RUN_FAILED
    assert EXIT_CODES["safety"] == cli.EXPECTATION_FAILED
    assert cli.BAD_INPUT not in EXIT_CODES.values()
