"""Files that mean harm: bombs, devices, endless cells, damage. Each ends quickly, as an error."""

from __future__ import annotations

import gzip
import os
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path

import landfall as lf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landfall.inventory import Limits, from_rvtools, load, trace_from_wide
from python.inventory_samples import AZURE, INFO, machine, workbook

SMALL = Limits(unpacked_bytes=1 << 20, rows=1000, cells=100_000, columns=200)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return workbook(tmp_path / "good.xlsx", {"vInfo": [INFO, machine("a"), machine("b")]})


def with_part(good: Path, name: str, content: bytes) -> Path:
    """Return a copy of a workbook with one part replaced or added."""
    made = good.with_name("made.xlsx")
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part.filename, old.read(part))
        new.writestr(name, content)
    return made


def sheet(cells: str) -> bytes:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'.encode()


SHEET = "xl/worksheets/sheet1.xml"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(good: Path) -> None:
    bomb = with_part(good, "xl/media/image.bin", bytes(64 << 20))
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(lf.ScenarioError, match="limit unpacked_bytes") as caught:
        from_rvtools(bomb, limits=SMALL)
    assert caught.value.problems[0].code == "INV003"


def test_a_zip_that_lies_about_its_size_is_refused(good: Path) -> None:
    made = with_part(good, "xl/zzz.bin", b"A" * 100_000)
    raw = bytearray(made.read_bytes())
    # The size in the central directory, which readers go by.
    place = raw.index(b"PK\x01\x02", raw.rindex(b"xl/zzz.bin") - 60)
    raw[place + 24 : place + 28] = (10).to_bytes(4, "little")
    made.write_bytes(raw)
    with pytest.raises(lf.ScenarioError, match="damaged workbook"):
        from_rvtools(made)


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"/></row>',
        "<row><c r='xfd1048576'/></row>",
        '<row><c q=">" r = "XFD1048576"/></row>',
        f'<row><c {" " * (3 << 20)} r="XFD1048576"/></row>',
        f'<!--{"x" * (1 << 20)}<sst--><row><c r="XFD1048576"/></row>',
    ],
)
def test_two_cells_far_apart_do_not_become_a_rectangle(good: Path, cells: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(lf.ScenarioError, match="1,048,576 rows and 16,384 columns"):
        from_rvtools(with_part(good, SHEET, sheet(cells)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 << 10  # KiB


def test_an_element_without_end_and_other_encodings_are_refused(good: Path) -> None:
    endless = sheet("<row><c " + " " * (17 << 20) + '"/></row>')
    with pytest.raises(lf.ScenarioError, match="an element of more than"):
        from_rvtools(with_part(good, SHEET, endless))
    with pytest.raises(lf.ScenarioError, match="not UTF-8"):
        from_rvtools(with_part(good, SHEET, sheet("").decode().encode("utf-16")))


@pytest.mark.parametrize("cell", ['<c t="s"><v>0</v></c>', '<c t="s"><f>A1</f><v>0</v></c>'])
def test_a_long_text_in_many_cells_is_counted(good: Path, cell: str) -> None:
    texts = f'<sst xmlns="{MAIN}"><si><t>{"x" * 30_000}</t></si><si><t>y</t></si></sst>'.encode()
    rows = "".join(f'<row r="{row}">{cell * 100}</row>' for row in range(1, 101))
    made = with_part(good, SHEET, sheet(rows)).rename(good)
    bomb = with_part(made, "xl/sharedStrings.xml", texts)
    with pytest.raises(lf.ScenarioError, match="10,000 cells of text with 300,"):
        from_rvtools(bomb, limits=Limits(unpacked_bytes=4 << 20))


def test_a_long_text_in_one_cell_of_many_is_no_bomb(good: Path) -> None:
    headings = [[*INFO, "Annotation"], [*machine("a"), "x" * 30_000]]
    rows = [[*machine(f"m{index}"), "short"] for index in range(99)]
    file = workbook(good.with_name("rv.xlsx"), {"vInfo": [*headings, *rows]})
    assert len(from_rvtools(file, limits=Limits(unpacked_bytes=4 << 20))) == 100


def test_a_cell_of_a_megabyte_is_refused(good: Path, tmp_path: Path) -> None:
    texts = f'<sst xmlns="{MAIN}"><si><t>{"x" * (1 << 20)}</t></si></sst>'.encode()
    with pytest.raises(lf.ScenarioError, match="limit cell_chars"):
        from_rvtools(with_part(good, "xl/sharedStrings.xml", texts))
    path = tmp_path / "servers.csv"
    path.write_text(AZURE + "x" * (1 << 20) + ",,1,1,Linux,,,,\n")
    with pytest.raises(
        lf.ScenarioError, match=r"field larger than field limit|cell_chars"
    ) as caught:
        load(path)
    assert caught.value.problems[0].pointer == "line 2"
    path.write_text("t,a\n0,1\n60," + "1" * (1 << 20) + "\n")
    with pytest.raises(lf.ScenarioError) as caught:
        trace_from_wide(path, unit="B")
    assert caught.value.problems[0].pointer.startswith("line 3")


def test_ten_million_rows_stop_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "servers.csv.gz"
    path.write_bytes(gzip.compress((AZURE + "a,,1,1,Linux,,,,\n" * 100_000).encode(), 1))
    # As many rows of one name are rejected rows, and there are limits to those as well.
    with pytest.raises(lf.ScenarioError, match="limit rejected"):
        load(path)
    path.write_bytes(gzip.compress(b"t,a\n" + b"0,1\n" * 10_000_000, 1))
    with pytest.raises(lf.ScenarioError, match=r"has 10,000,000 rows.*limit cells"):
        trace_from_wide(path, unit="B", limits=Limits(cells=10_000_000))


@pytest.mark.parametrize("read", [load, lambda path, limits: trace_from_wide(path, limits=limits)])
def test_a_gzip_bomb_is_unpacked_to_the_limit_only(
    tmp_path: Path, read: Callable[..., object]
) -> None:
    path = tmp_path / "bomb.csv"
    path.write_bytes(gzip.compress(bytes(128 << 20), 1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(lf.ScenarioError, match="unpacks to more than 1,048,576 bytes"):
        read(path, limits=SMALL)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # KiB


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "servers.csv"
    whole = gzip.compress((AZURE + "a,,1,1,Linux,,,,\n").encode())
    for raw, rule in (
        (whole[:-12], "cut off"),
        (whole[:15] + b"\xff\xff" + whole[17:], "broken gzip"),
        (whole + b"more", "after its gzip data"),
    ):
        path.write_bytes(raw)
        with pytest.raises(lf.ScenarioError, match=rule):
            load(path)
    path.write_bytes(whole[:0] + gzip.compress(AZURE.encode()) + gzip.compress(b"a,,1,1,L,,,,\n"))
    assert load(path).names == ("a",)


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    for name, rule in (
        ("", "is a folder"),
        ("pipe", "not a regular file"),
        ("empty", "is empty"),
        ("loop", "cannot be read"),
        ("dangling", "no such file"),
        ("missing", "no such file"),
        ("nul\0name", "cannot be read"),
    ):
        with pytest.raises(lf.ScenarioError, match=rule):
            load(tmp_path / name if name else tmp_path)
    with pytest.raises(lf.ScenarioError, match="not a regular file"):
        load("/dev/zero")


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
            "old .xls or a workbook with a password",
        ),
        (b"PK\x03\x04" + bytes(100), "damaged workbook"),
        (AZURE.encode() + b"a\0b,,1,1,Linux,,,,\n", "NUL byte in line 2"),
        (AZURE.encode("utf-16-le"), "NUL byte"),
        (AZURE.encode("utf-32"), "UTF-32"),
        (AZURE.encode() + b"\x81\x8d\n", "neither UTF-8 nor Windows-1252"),
        (b"\xff\xfe" + b"a", "broken UTF-16"),
        (AZURE.encode() + b'"a,,1,1,Linux,,,,\n', "is no CSV"),
        (b'{"version": 1}', "no inventory of landfall"),
        (b"{", "is not JSON"),
        (b"<graphml/>", "network_from_graphml"),
        (b"unix_ts,vm1\n0,1\n", "trace_from_wide"),
        (b"\n \n", "names no servers"),
    ],
)
def test_what_is_something_else_is_told(tmp_path: Path, raw: bytes, rule: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(raw)
    with pytest.raises(lf.ScenarioError, match=rule):
        load(path)


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(lf.ScenarioError, match=r"no \.xlsx workbook"):
        load(path)


def test_more_rows_than_the_limit_are_refused(tmp_path: Path) -> None:
    rows = [machine(f"m{index}") for index in range(12)]
    file = workbook(tmp_path / "rv.xlsx", {"vInfo": [INFO, *rows]})
    with pytest.raises(lf.ScenarioError, match="13 rows"):
        from_rvtools(file, limits=Limits(rows=10))
    with pytest.raises(lf.ScenarioError, match="more than 10 machines") as caught:
        from_rvtools(file, limits=Limits(servers=10))
    assert caught.value.problems[0].pointer == "sheet vInfo, row 12"


def test_an_inventory_in_json_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    path.write_text('{"format": "landfall-inventory-1", "name": "x", "servers": [{"name": 5}]}')
    with pytest.raises(lf.ScenarioError) as caught:
        load(path)
    assert caught.value.problems[0].pointer == "/servers/0/name"
    path.write_text(
        '{"format": "landfall-inventory-1", "name": "x", "servers": [{"name": "a"}, {"name": "a"}]}'
    )
    with pytest.raises(lf.ScenarioError, match='two servers named "a"'):
        load(path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_workbook_is_an_error_or_an_inventory(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    good = folder / "fuzz-good.xlsx"
    if not good.exists():
        workbook(good, {"vInfo": [INFO, machine("a"), machine("b")]})
    raw = bytearray(good.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    damaged = folder / "fuzz.xlsx"
    damaged.write_bytes(raw[: data.draw(st.integers(0, len(raw)))] or b"PK")
    refused = []
    try:
        assert load(damaged).servers
    except lf.ScenarioError as error:
        refused = error.problems
        if not refused:
            raise
    assert all(problem.message for problem in refused)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_table_is_a_trace_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    cell = st.one_of(
        st.sampled_from(["", "1", "0.5", "-1", "nan", '"', " ", "1e400", "2026-01-01"]),
        st.integers(0, 10**12).map(str),
        st.text(max_size=6),
    )
    rows = data.draw(st.lists(st.lists(cell, min_size=1, max_size=4).map(",".join), max_size=6))
    head = data.draw(st.sampled_from(["t,a,b", "t,a [MB/s]", "", "t;a\tb"]))
    path = tmp_path_factory.getbasetemp() / "fuzz-trace.csv"
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    unit = data.draw(st.sampled_from([None, "B/s", "?"]))
    try:
        trace = trace_from_wide(path, unit=unit)
    except lf.ScenarioError as error:
        if not error.problems:
            raise
    else:
        assert trace.written.min() >= 0.0
        assert not trace.written[trace.missing].any()
