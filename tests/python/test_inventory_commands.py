"""`landfall import`, and how an inventory shows itself."""

from __future__ import annotations

import json
from pathlib import Path

import landfall as lf
import pytest
from python.fake_simulator import landfall
from python.inventory_samples import AZURE, INFO, machine, workbook


@pytest.fixture
def servers(tmp_path: Path) -> Path:
    path = tmp_path / "servers.csv"
    path.write_text(AZURE + "web,,2,4096,Ubuntu Linux,1,64,0.5,\ndb,,x,1,Linux,,,,\n")
    return path


def test_import_prints_totals_rejected_rows_and_notes(servers: Path) -> None:
    done = landfall("import", servers)
    assert done.exit_code == 0
    for text in ("servers   1", "4 GiB", "64 GiB", "512 KiB/s", "must be a number"):
        assert text in done.stdout
    assert 'line 3, column "*Cores"' in done.stdout
    assert "powers of 1,024" in done.stdout


def test_import_writes_json_that_is_read_again(servers: Path, tmp_path: Path) -> None:
    out = tmp_path / "inventory.json"
    done = landfall("import", servers, "--out", out)
    assert done.exit_code == 0
    assert lf.inventory.load(out) == lf.inventory.load(servers)
    assert json.loads(landfall("import", servers, "--json").stdout) == json.loads(out.read_text())
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_import_takes_what_is_left_out_when_asked(tmp_path: Path) -> None:
    rows = [machine("on"), machine("off", Powerstate="poweredOff"), machine("t", Template=True)]
    file = workbook(tmp_path / "rv.xlsx", {"vInfo": [INFO, *rows]})
    assert "1 powered-off, 1 template left out" in landfall("import", file).stdout
    done = landfall("import", file, "--include-powered-off", "--include-templates")
    assert "servers   3" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["{folder}"], "is a folder"),
        (["{folder}/servers.csv", "--out", "{folder}"], "is a folder; give the name of a file"),
        (["{folder}/servers.csv", "--out", ""], "is a folder; give the name of a file"),
        (["{folder}/" + 5000 * "x"], "name is too long"),
        (["{folder}/none.csv"], "no such file"),
        (["{folder}/servers.csv", "--out", "{folder}/none/a.json"], "does not exist"),
    ],
)
def test_bad_input_ends_with_2(servers: Path, arguments: list[str], text: str) -> None:
    done = landfall("import", *(each.format(folder=servers.parent) for each in arguments))
    assert done.exit_code == 2
    assert text in done.stderr


def test_names_cannot_control_the_terminal_or_the_notebook(tmp_path: Path) -> None:
    path = tmp_path / "servers.csv"
    path.write_text(AZURE + "<b>web</b>,,1,1,Linux,,,,\na\x1b[31mb,,1,1,Linux,,,,\n")
    found = lf.inventory.load(path)
    assert found.names == ("<b>web</b>",)
    assert "&lt;b&gt;web" in found._repr_html_()
    assert "<b>web" not in found._repr_html_()
    assert "\x1b" not in landfall("import", path).stdout


def test_frames_keep_what_is_unknown_apart_from_zero(servers: Path) -> None:
    found = lf.inventory.load(servers)
    frame = found.to_frame()
    assert frame["total_size_bytes"].tolist() == [64 * 2**30]
    assert frame["total_write_bytes_per_s"].tolist() == [2**19]
    assert frame["memory_percent"].isna().all()
    disks = found.disks_frame()
    assert disks[["server", "name", "size_bytes"]].values.tolist() == [
        ["web", "Disk 1", 64 * 2**30]
    ]
    assert disks["used_bytes"].isna().all()


def test_an_unknown_server_is_named_with_the_nearest(servers: Path) -> None:
    with pytest.raises(lf.UnknownName, match='Did you mean "web"'):
        lf.inventory.load(servers).server("wep")
