"""Runs side by side: numbers and their differences, machines, scenarios, the commands."""

from __future__ import annotations

import json
from pathlib import Path

import landfall as lf
import numpy as np
import pytest
from landfall.cli import app
from landfall.scenario_diff import scenario_differences
from python.report_samples import HOSTILE, fleet
from typer.testing import CliRunner

NAMES = ["a", "b", "c"]


def _slower(**more: object) -> lf.Result:
    totals = {"rpo_s": {"p95": 400.0, "max": 1900.0}, "data_loss_bytes": 0.0}
    return fleet(["b", "c", "d"], totals=totals, seed=8, **more)


def test_differences_are_those_from_the_first() -> None:
    comparison = lf.compare(fleet(NAMES), _slower(), names=["before", "after"])
    table = comparison.table.set_index("metric")
    assert table.loc["rpo_s_max", ["before", "after"]].tolist() == [950.0, 1900.0]
    assert table.loc["rpo_s_max", "after − before"] == 950.0
    assert table.loc["rpo_s_p95", "unit"] == "s"
    assert table.loc["data_loss_bytes", "after − before"] == 0.0
    # Worst values that the totals do not have come from the table of machines.
    assert table.loc["downtime_s", "before"] == 300.0


def test_machines_are_matched_by_name() -> None:
    frame = lf.compare(fleet(NAMES), _slower(), names=["x", "y"]).machines.set_index("machine")
    assert list(frame.index) == ["a", "b", "c", "d"]
    assert frame["in_all"].tolist() == [False, True, True, False]
    # The second is b's row in one run and the first in the other.
    assert frame.loc["b", ["rpo_s_max, x", "rpo_s_max, y"]].tolist() == [901.0, 900.0]
    assert np.isnan(frame.loc["d", "rpo_s_max, x"])
    assert frame["data_loss_bytes, x"].isna().all()  # -1: not applicable


def test_results_get_names_that_tell_them_apart(tmp_path: Path) -> None:
    one, other = fleet(NAMES), _slower()
    assert lf.compare(one, other).names == ("made up, seed 7", "made up, seed 8")
    assert lf.compare(one, one).names == ("A: made up", "B: made up")
    assert lf.compare(one, _slower(scenario="other")).names == ("made up", "other")
    one.save(tmp_path / "x")
    other.save(tmp_path / "y")
    assert lf.compare(tmp_path / "x", tmp_path / "y").names == ("x", "y")
    with pytest.raises(ValueError, match="two to 12"):
        lf.compare(one)
    with pytest.raises(ValueError, match="a name of its own"):
        lf.compare(one, other, names=["x", "x"])


def test_scenarios_differ_by_the_names_of_things() -> None:
    one = {
        "links": [{"name": "wan", "bandwidth": 1}, {"name": "old", "bandwidth": 2}],
        "sites": [{"name": "hq"}],
        "oracles": True,
        "timeline": [{"do": "failover", "at": 1}],
    }
    other = {
        "links": [{"name": "new", "bandwidth": 2}, {"name": "wan", "bandwidth": 9}],
        "sites": [{"name": "hq"}],
        "oracles": 1,
        "timeline": [{"do": "failover", "at": 1}, {"do": "commit", "at": 2}],
    }
    found = {each.where: each for each in scenario_differences([one, other])}
    assert list(found) == [
        "/links/wan/bandwidth",
        "/links/old",
        "/links/new",
        "/oracles",
        "/timeline/1",
    ]
    assert found["/links/wan/bandwidth"].values == (1, 9)
    assert found["/links/old"].missing == (False, True)
    assert found["/links/new"].missing == (True, False)
    assert scenario_differences([one, json.loads(json.dumps(one))]) == []
    twice = {"links": [{"name": "x", "a": 1}, {"name": "x", "a": 2}]}
    changed = {"links": [{"name": "x", "a": 1}, {"name": "x", "a": 3}]}
    assert [each.where for each in scenario_differences([twice, changed])] == ["/links/1/a"]


def test_the_page_of_a_comparison_shows_values_and_differences() -> None:
    comparison = lf.compare(fleet(NAMES), _slower(), fleet(list(HOSTILE)), names=["x", "y", "z"])
    text = comparison.page(interactive=False).html()
    assert "+15 min 50 s (+100 %)" in text  # 950 s more than 950 s
    assert "The seeds differ" in text
    assert "11 machines are not in all of the runs." in text
    assert "alert(1)</script>" not in text
    assert text.count('<img class="still"') == 2
    assert "<table>" in comparison._repr_html_()
    assert "rpo_s_max" in repr(comparison)


def test_the_commands_write_pages_and_tables(tmp_path: Path) -> None:
    fleet(NAMES).save(tmp_path / "one")
    _slower().save(tmp_path / "two")
    run = CliRunner().invoke

    done = run(app, ["report", str(tmp_path / "one"), "--static"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "one" / "report.html").read_text().startswith("<!DOCTYPE html>")
    fleet(NAMES).save(tmp_path / "one")  # a folder with a report is still one of a result

    out = tmp_path / "compare.html"
    done = run(app, ["compare", str(tmp_path / "one"), str(tmp_path / "two"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "+15 min 50 s" in done.output
    assert "/machines/a" in done.output
    assert out.exists()

    done = run(app, ["compare", str(tmp_path / "one"), str(tmp_path / "two"), "--json"])
    told = json.loads(done.stdout)
    assert [each["name"] for each in told["runs"]] == ["one", "two"]
    metrics = {each["metric"]: each for each in told["metrics"]}
    assert metrics["rpo_s_max"]["values"] == [950.0, 1900.0]
    assert metrics["rpo_s_max"]["differences"] == [950.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "one"], "two to twelve"),
        (["compare", "one", "one"], "given twice"),
        (["compare", "one", "nowhere"], "is not there"),
        (["compare", "one", "two", "--open"], "goes with --out"),
        (["report", "nowhere"], "is not there"),
        (["report", "one/summary.json"], "one/summary.json is a file, not a folder"),
        (["report", "one", "--out", "two"], "is a folder"),
        (["report", "one", "--out", "one/summary.json/x.html"], "is a file"),
    ],
)
def test_bad_arguments_are_told_with_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    fleet(["a"]).save("one")
    fleet(["a"]).save("two")
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())
