"""Saved results read back: equal to what was saved, and every damage has its message."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import landfall as lf
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landfall.cli import app
from python.report_samples import HOSTILE, fleet
from typer.testing import CliRunner

NAMES = ["vm-1", *HOSTILE]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fleet(NAMES).save(tmp_path_factory.mktemp("saved") / "out")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "out"))


def test_a_result_reads_back_as_it_was_saved(saved: Path) -> None:
    result, read = fleet(NAMES), lf.load_result(saved)
    assert set(read.tables) == set(result.tables) | {"events"}
    for name in result.tables:
        pd.testing.assert_frame_equal(
            read.tables[name].to_pandas(), result.tables[name].to_pandas()
        )
    assert read.summary == json.loads(json.dumps(result.summary))
    assert json.loads(read.scenario_json) == json.loads(result.scenario_json)
    assert (read.scenario_hash, read.seed) == (result.scenario_hash, result.seed)
    assert repr(read) == repr(result)


def test_a_real_run_reads_back_and_can_be_saved_again(built: None, tmp_path: Path) -> None:
    result = lf.load("gallery:wan-outage").run(progress=False)
    read = lf.load_result(result.save(tmp_path / "one"))
    for name in result.tables:
        pd.testing.assert_frame_equal(
            read.tables[name].to_pandas().astype(object),
            result.tables[name].to_pandas().astype(object),
        )
    again = lf.load_result(read.save(tmp_path / "two"))
    assert again.summary == read.summary == result.summary


def _cut(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-40])


def _write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


def _without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _table(name: str, table: dict[str, list[object]]) -> Callable[[Path], None]:
    return lambda folder: pq.write_table(pa.table(table), folder / name)


def _summary(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "summary.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    return change


DAMAGES = {
    "no summary": (_without("summary.json"), "no summary.json"),
    "no machines": (_without("machines.parquet"), "no machines.parquet"),
    "a cut table": (_cut("rpo.parquet"), "rpo.parquet is damaged"),
    "a text for a table": (_write("jobs.parquet", "PAR1 no"), "jobs.parquet is damaged"),
    "a broken summary": (_write("summary.json", "{"), "summary.json cannot be read"),
    "a deep summary": (_write("summary.json", "[" * 100_000), "summary.json cannot be read"),
    "another summary": (_write("summary.json", '{"a": 1}'), "is not the summary of a result"),
    "a list": (_write("summary.json", "[]"), "holds no JSON object"),
    "odd numbers": (_summary(wall_s=[1]), "is damaged"),
    "odd totals": (_summary(totals=[1]), '"totals" is no object'),
    "odd expectations": (_summary(expect=[{"metric": "x", "rule": "y"}]), '"expect" is no list of'),
    "an odd seed": (_summary(seed="x"), '"seed" is no number'),
    "an odd scenario": (_write("scenario.json", '{"links": [1]}'), '"links" is no list of objects'),
    "a broken scenario": (_write("scenario.json", "nonsense"), "scenario.json cannot be read"),
    "broken events": (_write("events.jsonl", '{"t_s": 1}\n'), "events.jsonl, line 1"),
    "events of another kind": (
        _write("events.jsonl", '{"t_s": 1, "kind": {}, "subject": [], "detail": 1}\n'),
        "events.jsonl is damaged",
    ),
    "jobs without times": (_table("jobs.parquet", {"job_id": [1]}), 'no column "machine"'),
    "texts for numbers": (
        _table("links.parquet", {"link": ["a"], "direction": ["b"], "bytes": ["c"]}),
        'column "bytes" holds no numbers',
    ),
    "numbers for texts": (
        _table("links.parquet", {"link": [1], "direction": ["b"], "bytes": [1]}),
        'column "link" holds no texts',
    ),
    "machines without names": (_table("machines.parquet", {"a": [1]}), 'no column "machine"'),
    "a nested column": (
        _table(
            "alerts.parquet",
            {"alert": ["x"], "subject": ["x"], "message": ["x"], "t_s": [1.0], "a": [[1]]},
        ),
        'column "a" holds',
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("command", ["report", "compare"])
def test_damage_is_told_with_the_file_and_exit_code_2(
    folder: Path, saved: Path, tmp_path: Path, damage: str, command: str
) -> None:
    change, message = DAMAGES[damage]
    change(folder)
    with pytest.raises(lf.UnreadableResult, match=message.replace(".", r"\.")):
        lf.load_result(folder)
    out = tmp_path / "page.html"
    arguments = [str(folder)] if command == "report" else [str(saved), str(folder)]
    done = CliRunner().invoke(app, [command, *arguments, "--out", str(out)])
    assert done.exit_code == 2, done.output
    assert not out.exists()
    assert not (folder / "report.html").exists()


def test_an_old_folder_without_a_scenario_still_reads(folder: Path) -> None:
    (folder / "scenario.json").unlink()
    (folder / "links.parquet").unlink()
    result = lf.load_result(folder)
    assert result.scenario_json == "{}"
    assert "links" not in result.tables
    from landfall.report import run_page

    assert "The scenario is not kept" in run_page(result, interactive=False).html()


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(lf.UnreadableResult, match="is not there"):
        lf.load_result(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(lf.UnreadableResult, match="is a file, not a folder"):
        lf.load_result(tmp_path / "file")
    with pytest.raises(lf.UnreadableResult, match=r"no summary\.json"):
        lf.load_result(tmp_path)
