"""What oracles say of a run at block fidelity: tables, totals, files, terminal and exit code."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import landfall as lf
import pandas as pd
import pytest
from landfall.columns import AT_BLOCK_FIDELITY, COLUMNS
from python.fake_simulator import Simulator, landfall
from python.run_samples import first, made_up, proved
from python.scenario_samples import small

LINE = "oracles: 385 recovery points checked, 4,344,251 sectors compared, "


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(small()))
    return path


# --- The result -----------------------------------------------------------------------------------


def test_the_proof_has_the_totals() -> None:
    result = made_up(["a"], **proved())
    assert result.proof == lf.Proof(385, 4_344_251, 896_424, 0)
    assert result.proof.holds
    assert result.ok
    assert result.summary["oracles"]["points_checked"] == 385
    assert LINE + "0 violations" in repr(result)
    assert LINE + "0 violations" in result._repr_html_()
    assert pickle.loads(pickle.dumps(result)).proof == result.proof


def test_a_result_with_violations_is_not_ok() -> None:
    result = made_up(["a"], **proved(1))
    assert result.expect.empty
    assert not result.ok
    assert str(result.proof).endswith(", 1 violation")


def test_the_tables_are_frames_with_described_columns() -> None:
    result = made_up(["a"], **proved(3))
    assert list(result.oracles["oracle"]) == ["S1", "S10"]
    assert list(result.violations["t_s"]) == [3600.0, 7200.0, 10800.0]
    for name in AT_BLOCK_FIDELITY:
        frame = getattr(result, name)
        assert list(frame.columns) == list(result.tables[name]) == list(COLUMNS[name])
        assert result.columns(name)["description"].str.len().min() > 0
    assert result.columns("violations").set_index("column")["unit"]["t_s"] == "s"


def test_a_run_at_volume_fidelity_proves_nothing_and_its_tables_are_empty() -> None:
    result = first().run(progress=False)
    assert result.proof is None
    assert "oracles" not in repr(result)
    for name in AT_BLOCK_FIDELITY:
        frame = getattr(result, name)
        assert frame.empty
        assert list(frame.columns) == list(COLUMNS[name])


def test_saving_writes_the_tables_and_a_later_result_removes_them(tmp_path: Path) -> None:
    result = made_up(["a"], **proved(2))
    folder = result.save(tmp_path / "out")
    for name in AT_BLOCK_FIDELITY:
        pd.testing.assert_frame_equal(
            pd.read_parquet(folder / f"{name}.parquet"), result.to_arrow(name).to_pandas()
        )
    assert json.loads((folder / "summary.json").read_text())["oracles"]["violations"] == 2
    made_up(["a"]).save(folder)
    left = {entry.name for entry in folder.iterdir()}
    assert left.isdisjoint(f"{name}.parquet" for name in AT_BLOCK_FIDELITY)


def test_a_real_run_has_the_described_tables_and_is_the_same_without_oracles() -> None:
    scenario = lf.load("gallery:engine-inmage-to-azure").with_(
        {"/duration": "2 h", "/expect": [], "/timeline": [{"at": 0, "do": "enable_replication"}]}
    )
    watched, alone = (
        scenario.with_({"/oracles": wanted}).run(progress=False) for wanted in (True, False)
    )
    assert {name: set(table) for name, table in watched.tables.items()} == {
        name: set(columns) for name, columns in COLUMNS.items()
    }
    assert watched.proof is not None
    assert watched.proof.holds
    assert watched.proof.points_checked > 0
    assert (
        watched.proof.violations == watched.oracles["violations"].sum() == len(watched.violations)
    )
    assert alone.proof is None
    for name, table in alone.tables.items():
        for column, values in table.items():
            assert values.tobytes() == watched.tables[name][column].tobytes(), (name, column)


# --- The command line -----------------------------------------------------------------------------


def test_the_line_stands_below_the_machines(simulator: Simulator, file: Path) -> None:
    simulator.proved = proved()
    done = landfall("run", file)
    assert done.exit_code == 0, done.stderr
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    at = lines.index(LINE + "0 violations")
    assert any("db[red]" in line for line in lines[:at])
    assert lines[at + 1].startswith("all machines:")
    assert "what was found" not in done.stdout


def test_without_block_fidelity_there_is_no_line(simulator: Simulator, file: Path) -> None:
    assert "oracles" not in landfall("run", file).stdout


def test_violations_are_shown_and_are_exit_code_1(
    simulator: Simulator, file: Path, tmp_path: Path
) -> None:
    simulator.proved = proved(2)
    done = landfall("run", file, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert LINE + "2 violations" in done.stdout
    (row,) = [line for line in done.stdout.splitlines() if "sector 40" in line]
    assert row.split() == ["1", "h", "S1", "web-1", *"sector 40 holds [write 7], expected".split(),
                           "write", "9"]  # fmt: skip
    assert (tmp_path / "out" / "violations.parquet").is_file()
    as_json = landfall("run", file, "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["oracles"]["violations"] == 2


@pytest.mark.parametrize(("kept", "more"), [(1000, 19_995), (3, 19_997)])
def test_the_first_of_many_are_shown(
    simulator: Simulator, file: Path, kept: int, more: int
) -> None:
    simulator.proved = proved(20_000, kept)
    done = landfall("run", file)
    assert done.stdout.count("expected write 9") == min(kept, 5)
    assert f"… {more:,} more" in done.stdout


def test_colours_tell_a_proof_from_violations(
    simulator: Simulator, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    simulator.proved = proved()
    assert "\x1b[32moracles" in landfall("run", file).stdout
    simulator.proved = proved(1)
    text = landfall("run", file).stdout
    assert "\x1b[1;31moracles" in text
    assert "\x1b[31m" in text


def test_what_a_violation_says_cannot_steer_the_terminal(simulator: Simulator, file: Path) -> None:
    simulator.proved = proved(1)
    simulator.proved["violations"]["text"] = ["\x1b]0;owned\x07 [bold]x[/bold]"]
    done = landfall("run", file)
    assert "\x1b" not in done.stdout
    assert "[bold]x[/bold]" in done.stdout
