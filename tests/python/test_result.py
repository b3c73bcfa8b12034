"""Results: columns without copies, frames, summary, files, display."""

from __future__ import annotations

import json
import os
import struct
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import landfall as lf
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landfall.columns import AT_BLOCK_FIDELITY, COLUMNS
from landfall.tables import Blob, encode_blob
from python.run_samples import first, made_up

FILES = {
    "summary.json",
    "machines.parquet",
    "rpo.parquet",
    "jobs.parquet",
    "tasks.parquet",
    "copies.parquet",
    "copy_progress.parquet",
    "link_use.parquet",
    "routes.parquet",
    "fleet.parquet",
    "backlog.parquet",
    "links.parquet",
    "billing.parquet",
    "health.parquet",
    "alerts.parquet",
    "plan_tasks.parquet",
    "target_use.parquet",
    "oracles.parquet",
    "violations.parquet",
    "events.jsonl",
    "rpo.png",
}


@pytest.fixture(scope="module")
def result() -> lf.Result:
    return first().run(progress=False)


# --- Columns --------------------------------------------------------------------------------------


def test_every_column_is_a_read_only_view_of_the_mapping(result: lf.Result) -> None:
    whole = np.frombuffer(result.blob, np.uint8)
    for table in result.tables.values():
        for name, column in table.items():
            assert not column.flags.owndata, name
            assert not column.flags.writeable, name
            assert column.flags.aligned, name
            assert column.nbytes == 0 or np.shares_memory(column, whole), name
            with pytest.raises(ValueError, match=r"writeable|WRITEABLE"):
                column.flags.writeable = True


def test_a_frame_shares_the_memory_of_its_numbers(result: lf.Result) -> None:
    column = result.tables["rpo"]["t_s"]
    assert np.shares_memory(result.rpo["t_s"].to_numpy(), column)


def test_an_arrow_table_shares_the_memory_of_its_numbers(result: lf.Result) -> None:
    column = result.tables["rpo"]["t_s"]
    _, data = result.to_arrow("rpo").column("t_s").chunk(0).buffers()
    assert data.address == column.__array_interface__["data"][0]


def test_columns_outlive_their_result() -> None:
    column = first().run(progress=False).tables["machines"]["rpo_s_max"]
    copy = column.copy()
    for seed in range(20):  # other mappings would take the place of one that was let go
        first().run(seed=seed, progress=False)
    np.testing.assert_array_equal(column, copy)


def test_the_columns_are_those_that_are_documented(result: lf.Result) -> None:
    assert {name: set(table) for name, table in result.tables.items()} == {
        name: set(columns) for name, columns in COLUMNS.items() if name not in AT_BLOCK_FIDELITY
    }
    for name in result.tables:
        described = result.columns(name)
        assert list(described["column"]) == list(result.tables[name])
        assert described["description"].str.len().min() > 0


@pytest.mark.parametrize("name", sorted(set(COLUMNS) - AT_BLOCK_FIDELITY))
def test_every_table_is_a_frame_and_an_arrow_table(result: lf.Result, name: str) -> None:
    frame = getattr(result, name)
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == result.tables[name].rows == result.to_arrow(name).num_rows
    assert list(frame.columns) == list(result.tables[name])
    for column in result.tables[name].categories:
        assert isinstance(frame[column].dtype, pd.CategoricalDtype)


def test_a_column_that_a_user_adds_stays_with_the_user(result: lf.Result) -> None:
    mine = result.machines
    mine["wave"] = 1
    assert "wave" not in result.machines


def test_values_that_do_not_apply_are_missing() -> None:
    result = made_up(["a", "b"])
    assert result.machines["data_loss_bytes"].isna().all()
    assert result.machines["downtime_s"].isna().all()
    assert result.to_arrow("machines").column("data_loss_bytes").null_count == 2
    assert result.summary["machines"][0]["data_loss_bytes"] is None
    assert result.summary["machines"][0]["downtime_s"] is None


def test_names_without_a_value_are_missing() -> None:
    result = made_up(["a"], events={"t_s": np.array([1.0, 2.0]), "subject": ["x", None]})
    assert list(result.events["subject"].isna()) == [False, True]
    assert result.to_arrow("events").column("subject").to_pylist() == ["x", None]
    assert list(result.tables["events"].names("subject")) == ["x", ""]


def test_arrow_readers_take_a_table_as_it_is(result: lf.Result) -> None:
    table = pa.table(result.tables["machines"])
    assert table.equals(result.to_arrow("machines"))
    assert table.schema.field("rpo_s_p95").metadata == {b"unit": b"s"}


def test_an_unknown_table_is_told_with_the_known_ones(result: lf.Result) -> None:
    with pytest.raises(KeyError, match=r"no table 'machine'; there are .*machines"):
        result.tables["machine"]


# --- The blob -------------------------------------------------------------------------------------


def test_what_is_encoded_reads_back() -> None:
    numbers = {"x": np.array([1.5, -0.0, np.nan]), "n": np.array([1, -(2**62), 3])}
    data = encode_blob({"summary": {"é": 1}}, {"t": numbers | {"s": ["b", None, "a"]}, "e": {}})
    blob = Blob.from_bytes(data)
    assert blob.header["summary"] == {"é": 1}
    table = blob.tables()["t"]
    np.testing.assert_array_equal(table["x"], numbers["x"])
    np.testing.assert_array_equal(table["n"], numbers["n"])
    assert list(table.names("s")) == ["b", "", "a"]
    assert blob.tables()["e"].rows == 0
    offsets = [c["offset"] for c in blob.header["tables"]["t"]["columns"]]
    assert all(offset % 64 == 0 for offset in offsets)


def test_the_worker_writes_blobs_of_the_same_layout(result: lf.Result) -> None:
    for entry in result._blob.header["tables"].values():
        for column in entry["columns"]:
            assert column["offset"] % 64 == 0
            stream = bytes(result.blob[column["offset"] : column["offset"] + column["length"]])
            import io

            assert len(np.load(io.BytesIO(stream))) == entry["rows"]


@pytest.mark.parametrize("length", [0, 7, 15, 16, 100, -1, -9])
def test_a_blob_that_was_cut_off_is_refused(length: int) -> None:
    data = encode_blob({"summary": None}, {"t": {"x": np.arange(10.0)}})
    with pytest.raises(ValueError, match=r"not a result|cut off|holds"):
        Blob.from_bytes(data[:length]).tables()["t"]["x"]


@pytest.mark.parametrize(
    "data",
    [
        b"LANDFAL2" + bytes(64),
        b"LANDFAL1" + struct.pack("<Q", 2**63) + b"{}",
        b"LANDFAL1" + struct.pack("<Q", 2) + b"[]",
        b"LANDFAL1" + struct.pack("<Q", 2) + b"{]",
    ],
)
def test_what_is_not_a_blob_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a result|Expecting"):
        Blob.from_bytes(data)


# --- Summary --------------------------------------------------------------------------------------


def test_the_summary_has_what_it_promises(result: lf.Result) -> None:
    summary = result.summary
    for key in (
        *("scenario", "scenario_hash", "seed", "version", "profile", "simulated_s", "wall_s"),
        *("deltas", "machines", "totals", "expect", "versions"),
    ):
        assert summary[key] is not None, key
    assert set(summary["totals"]["rpo_s"]) == {"mean", "p50", "p95", "p99", "max"}
    assert set(summary["totals"]) >= {
        *("initial_replication_s", "migration_duration_s", "downtime_s"),
        *("data_loss_bytes", "wan_bytes"),
    }
    assert [machine["machine"] for machine in summary["machines"]] == ["web", "app", "db"]
    assert result.totals["rpo_s_p95"] == summary["totals"]["rpo_s"]["p95"]
    json.dumps(summary, allow_nan=False)


def test_expectations_are_a_frame_and_a_verdict(result: lf.Result) -> None:
    expect = result.expect
    assert list(expect.columns[:6]) == ["metric", "machines", "of", "rule", "limit", "found"]
    assert result.ok == bool(expect["passed"].all())
    assert made_up(["a"]).ok
    assert list(made_up(["a"]).expect.columns) == list(expect.columns)


# --- Files ----------------------------------------------------------------------------------------


def test_a_saved_result_is_complete_and_reads_back(result: lf.Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "deep" / "out")
    assert {entry.name for entry in folder.iterdir()} == FILES
    assert [entry.name for entry in folder.parent.iterdir()] == ["out"]
    assert json.loads((folder / "summary.json").read_text()) == json.loads(
        json.dumps(result.summary)
    )
    for name in ("machines", "rpo", "jobs", "tasks", "copies", "fleet", "backlog", "links"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(folder / f"{name}.parquet"), result.to_arrow(name).to_pandas()
        )
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert events == result.to_arrow("events").to_pylist()
    assert (folder / "rpo.png").read_bytes().startswith(b"\x89PNG")


def test_saving_again_replaces_the_earlier_result(result: lf.Result, tmp_path: Path) -> None:
    result.save(tmp_path / "out")
    other = first().run(seed=2, progress=False)
    other.save(tmp_path / "out")
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["seed"] == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_an_empty_folder_is_taken(result: lf.Result, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    result.save(tmp_path / "out")
    assert {entry.name for entry in (tmp_path / "out").iterdir()} == FILES


def test_a_folder_with_something_else_in_it_is_left_alone(
    result: lf.Result, tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"thesis\.tex"):
        result.save(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(FileExistsError, match="is a file"):
        result.save(tmp_path / "thesis.tex")


def test_a_save_that_fails_leaves_nothing_behind(
    result: lf.Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result.save(tmp_path / "out")

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(pq, "write_table", fail)
    for name in ("out", "new"):
        with pytest.raises(OSError, match="disk full"):
            result.save(tmp_path / name)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
    assert {entry.name for entry in (tmp_path / "out").iterdir()} == FILES


def test_saved_files_follow_the_umask(result: lf.Result, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        folder = result.save(tmp_path / "out")
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o750
    assert (folder / "summary.json").stat().st_mode & 0o777 == 0o640


# --- Display --------------------------------------------------------------------------------------


def test_the_repr_tells_size_end_state_and_next_step(result: lf.Result) -> None:
    text = repr(result)
    for words in ('"first-migration", seed 1', "3 machines", "simulated in", "at the end: 3 "):
        assert words in text
    assert ".plot.rpo()" in text
    assert "no machines" in repr(made_up([]))


class _Checked(HTMLParser):
    """Collects tags, and refuses what is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_display_is_whole_html(result: lf.Result) -> None:
    parser = _Checked()
    text = result._repr_html_()
    parser.feed(text)
    assert parser.open == []
    assert {"table", "img"} <= parser.tags
    for words in ("first-migration", "downtime", "migration", "db", "holds"):
        assert words in text


def test_the_display_escapes_names() -> None:
    evil = "<script>alert('1')</script>"
    result = made_up([evil], {evil: [(60, np.nan, 10), (70, 20, np.nan)]}, name=f'"{evil}')
    text = result._repr_html_()
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_the_display_of_a_fleet_stays_short() -> None:
    names = [f"vm-{k:04}" for k in range(3000)]
    text = made_up(names)._repr_html_()
    assert "vm-0007" in text
    assert "vm-0008" not in text
    assert "2,992 more machines" in text
