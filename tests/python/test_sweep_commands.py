"""`landfall sweep`: what it prints, its exit codes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from landfall.sweeps import Sweep
from python.fake_simulator import landfall

FIRST = "gallery:first-migration"
OVER = "--over=/links/internet/bandwidth=100 Mbit/s,200 Mbit/s"


def test_it_prints_a_row_for_each_variant_and_keeps_the_outcomes(tmp_path: Path) -> None:
    done = landfall("sweep", FIRST, OVER, "--replications", 3, "--out", tmp_path / "s")
    assert done.exit_code == 0, done.output
    assert "100 Mbit/s" in done.output
    assert "±" in done.output
    assert "6 runs made" in done.output
    assert len(Sweep.load(tmp_path / "s").table) == 6

    refused = landfall("sweep", FIRST, OVER, "--out", tmp_path / "s")
    assert refused.exit_code == 2
    assert "--resume goes on with it" in refused.output
    more = landfall("sweep", FIRST, OVER, "--replications", 4, "--out", tmp_path / "s", "--resume")
    assert more.exit_code == 0, more.output
    assert "2 runs made, 6 were there before" in more.output


def test_as_json_it_prints_nothing_else() -> None:
    done = landfall("sweep", FIRST, OVER, "--replications", 2, "--json")
    told: dict[str, Any] = json.loads(done.stdout)
    assert (told["runs"], told["made"], told["failed"]) == (4, 4, 0)
    parameters = [variant["parameters"] for variant in told["variants"]]
    assert [p["/links/internet/bandwidth"] for p in parameters] == ["100 Mbit/s", "200 Mbit/s"]
    rpo = told["variants"][0]["metrics"]["rpo_s_p95"]
    assert rpo["low"] <= rpo["estimate"] <= rpo["high"]


def test_runs_that_fail_are_told_and_make_exit_code_3() -> None:
    done = landfall("sweep", FIRST, OVER, "--drill", "1:crash", "--replications", 2)
    assert done.exit_code == 3
    assert "2 failed: crash; variant 1, replication 0" in done.output


def test_drawn_designs_take_ranges() -> None:
    over = "--over=/links/internet/bandwidth=50..500 Mbit/s"
    done = landfall("sweep", FIRST, over, "--design", "lhs", "--n", 5, "--json")
    values = [
        float(v["parameters"]["/links/internet/bandwidth"].removesuffix(" Mbit/s"))
        for v in json.loads(done.stdout)["variants"]
    ]
    assert len(values) == 5
    assert all(50 <= value <= 500 for value in values)


def test_no_column_is_cut_off_where_80_have_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    over = ["--over", "/links/internet/bandwidth=1 Gbit/s", "--over", "/machines/*/churn/noise=0.1"]
    done = landfall("sweep", FIRST, *over)
    assert done.exit_code == 0, done.output
    # The heading goes on in a second line where that is enough.
    assert {"rpo", "downtime", "migration", "cost"} <= set(done.stdout.split())
    assert "…" not in done.stdout


def test_until_runs_as_many_as_it_takes() -> None:
    done = landfall("sweep", FIRST, "--until", "rpo_s_p95:10%", "--json")
    told = json.loads(done.stdout)
    assert told["variants"][0]["replications"] == 10


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--over", "nothing"], "must be a path"),
        (["--over", "/links/internt/bandwidth=1"], 'Did you mean "internet"'),
        (["--over", "/links/internet/bandwidth=fast"], "bandwidth"),
        (["--over", "/links/internet/bandwidth=[1,"], "no JSON list"),
        (["--over", "/links/internet/bandwidth=5..1 Mbit/s"], "low to high"),
        (["--design", "gird"], 'Did you mean "grid"'),
        (["--metric", "rpo"], "there is no metric"),
        (["--until", "rpo_s_p95"], "METRIC:WIDTH"),
        (["--until", "rpo_s_p95:0%"], "above 0"),
        (["--until", "rpo_s_p95:5%", "--replications", "3"], "give one"),
        (["--resume"], "goes with --out"),
        (["--retry-failed"], "goes with --resume"),
        (["--replications", "99999999999999"], "1000000"),
        (["--over", "/links/0/bandwidth=1", "--over", "/links/0/bandwidth=2"], "varies twice"),
        (["--timeout", "soon"], "timeout"),
        (["--memory-limit", "2 apples"], "memory_limit"),
        (["--out", __file__], "is a file"),
    ],
)
def test_bad_input_is_exit_code_2_and_says_where(arguments: list[str], words: str) -> None:
    done = landfall("sweep", FIRST, *arguments)
    assert done.exit_code == 2, done.output
    assert words in done.output


def test_a_missing_scenario_is_bad_input() -> None:
    assert landfall("sweep", "no-such.json").exit_code == 2
