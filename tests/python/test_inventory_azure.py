"""Azure Migrate's import CSV: read, rejected, written, and read again."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import landfall as lf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landfall.inventory import Inventory, Limits, Server, ServerDisk, from_azure_migrate, load
from python.inventory_samples import AZURE
from validation.shared_data import shared_data

MIB, GIB = 2**20, 2**30
REFERENCE = "azure-migrate/azure_migrate_import_bitbrains_2013-8.csv"


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "servers.csv"
    path.write_bytes(text.encode(encoding))
    return path


def notes(inventory: Inventory) -> str:
    return "\n".join(map(str, inventory.notes))


def test_the_reference_file_is_read_whole() -> None:
    found = from_azure_migrate(shared_data(REFERENCE))
    assert found.name == Path(REFERENCE).name  # and not where it lies
    assert (len(found), found.rejected) == (500, ())
    first = found.servers[0]
    assert (first.name, first.cores, first.memory_bytes) == ("bb-rnd-001", 2, 8192 * MIB)
    assert first.disks == (
        ServerDisk(name="Disk 1", read_bytes_per_s=0.0013 * MIB, write_bytes_per_s=0.0043 * MIB),
    )
    # Blank is unknown.
    assert first.total_size_bytes is None
    assert first.memory_percent is None
    # The column is the 95th percentile of each machine's writes: their sum is 222.2 MiB/s in the
    # data's README, here with the four digits of the file.
    total = sum(server.total_write_bytes_per_s or 0.0 for server in found.included)
    assert total / MIB == pytest.approx(222.2, abs=0.05)


def test_headings_may_differ_in_case_blanks_marks_and_age(tmp_path: Path) -> None:
    text = "server NAME ,cores,MEMORY,os name,IP address,firmware type,disk 1 SIZE\n"
    found = from_azure_migrate(written(tmp_path, text + "a,4,1024,Ubuntu Linux,10.0.0.1,UEFI,2\n"))
    server = found.server("a")
    assert (server.cores, server.memory_bytes, server.boot) == (4, 1024 * MIB, "uefi")
    assert server.disks[0].size_bytes == 2 * GIB
    assert server.addresses == ("10.0.0.1",)


def test_megabytes_are_what_the_caller_says(tmp_path: Path) -> None:
    file = written(tmp_path, AZURE + "a,,1,1000,Linux,,1,,\n")
    assert from_azure_migrate(file).server("a").memory_bytes == 1000 * MIB
    decimal = from_azure_migrate(file, megabytes="decimal").server("a")
    assert (decimal.memory_bytes, decimal.disks[0].size_bytes) == (10**9, 10**9)
    assert "powers of 1,024" in notes(from_azure_migrate(file))


def test_a_missing_mandatory_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    file = written(tmp_path, AZURE.replace("*OS name", "OS nmae") + "a,,1,1,Linux,,,,\n")
    with pytest.raises(lf.ScenarioError, match="no column") as caught:
        from_azure_migrate(file)
    (problem,) = caught.value.problems
    assert (problem.pointer, problem.nearest) == ("line 1", "OS nmae")


def test_a_column_that_is_nearly_known_is_asked_about(tmp_path: Path) -> None:
    text = AZURE.replace("Number of disks", "Nunber of disks")
    found = from_azure_migrate(written(tmp_path, text + "a,,1,1,Linux,1,,,\n"))
    assert 'the column "Nunber of disks" is not used; is it meant as "Number of disks"?' in notes(
        found
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("*Memory (In MB)", "*Memory (In GB)"),
        ("Disk 1 size (In GB)", "Disk 1 size (In MB)"),
        ("*Cores", "*Server name"),
        ("Disk 2 size (In GB)", "Disk 21 size (In GB)"),
    ],
)
def test_another_unit_a_second_column_or_a_21st_disk_is_refused(
    tmp_path: Path, old: str, new: str
) -> None:
    file = written(tmp_path, AZURE.replace(old, new) + "a,,1,1,Linux,1,,,\n")
    with pytest.raises(lf.ScenarioError) as caught:
        from_azure_migrate(file)
    assert caught.value.problems[0].pointer == "line 1"


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (",,1,1,Linux,,,,", "*Server name", "is blank"),
        ("a,,,1,Linux,,,,", "*Cores", "is blank"),
        ("a,,0,1,Linux,,,,", "*Cores", "at least 1"),
        ("a,,2.5,1,Linux,,,,", "*Cores", "whole number"),
        ('a,,1,"8,192",Linux,,,,', "*Memory (In MB)", "decimal point"),
        ('a,,1,"8.192,0",Linux,,,,', "*Memory (In MB)", "decimal point"),
        ("a,,1,-1,Linux,,,,", "*Memory (In MB)", "negative"),
        ("a,,1,nan,Linux,,,,", "*Memory (In MB)", "must be a number"),
        ("a,,1,1e999,Linux,,,,", "*Memory (In MB)", "finite"),
        ("a,,1,1e99,Linux,,,,", "*Memory (In MB)", "too large"),
        ("a,,1,1,,,,,", "*OS name", "is blank"),
    ],
)
def test_a_row_that_lacks_something_mandatory_is_rejected(
    tmp_path: Path, row: str, column: str, reason: str
) -> None:
    found = from_azure_migrate(written(tmp_path, AZURE + row + "\nb,,1,1,Linux,,,,\n"))
    assert found.names == ("b",)
    (rejected,) = found.rejected
    assert rejected.where == f'line 2, column "{column}"'
    assert rejected.what == "server"
    assert reason in rejected.reason


def test_a_wrong_optional_value_is_listed_and_unknown(tmp_path: Path) -> None:
    found = from_azure_migrate(written(tmp_path, AZURE + "a,,1,1,Linux,2,large,0.5,7\n"))
    server = found.server("a")
    assert [disk.size_bytes for disk in server.disks] == [None, 7 * GIB]
    assert server.disks[0].write_bytes_per_s == MIB / 2
    assert server.total_size_bytes is None
    assert found.rejected[0].where == 'line 2, column "Disk 1 size (In GB)"'
    assert found.rejected[0].what == "value"


def test_a_name_twice_and_a_row_too_long_are_rejected(tmp_path: Path) -> None:
    rows = "a,,1,1,Linux,,,,\n\na,,2,2,Linux,,,,\nb,,1,1,Linux,,,,,surplus\n"
    found = from_azure_migrate(written(tmp_path, AZURE + rows))
    assert [(each.where, each.reason) for each in found.rejected] == [
        ("line 4", "the name is already that of line 2"),
        ("line 5", "has more cells than the header"),
    ]
    assert "blank rows left out (1)" in notes(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_texts_of_usual_encodings_are_read_and_windows_ones_noted(
    tmp_path: Path, encoding: str
) -> None:
    found = from_azure_migrate(written(tmp_path, AZURE + "Köln,,1,1,Linux,,,,\n", encoding))
    assert found.names == ("Köln",)
    assert ("Windows-1252" in notes(found)) == (encoding == "cp1252")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_noted(tmp_path: Path, separator: str) -> None:
    text = (AZURE + "a,,1,1,Linux,,,,\n").replace(",", separator)
    found = from_azure_migrate(written(tmp_path, text))
    assert found.names == ("a",)
    assert "separated by" in notes(found)


def test_more_servers_than_azure_migrate_takes_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"s{index},,1,1,Linux,,,,\n" for index in range(4))
    with pytest.raises(lf.ScenarioError, match="more than 3 servers") as caught:
        from_azure_migrate(written(tmp_path, AZURE + rows), limits=Limits(servers=3))
    assert caught.value.problems[0].pointer == "line 5"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    found = from_azure_migrate(shared_data(REFERENCE))
    found.to_azure_migrate_csv(tmp_path / "again.csv")
    again = load(tmp_path / "again.csv")
    assert again.names == found.names
    for old, new in zip(found.servers, again.servers, strict=True):
        assert new.model_copy(update={"where": ""}) == old.model_copy(update={"where": ""})


def test_what_azure_migrate_demands_is_demanded() -> None:
    made = Inventory(name="made", servers=[Server(name="a", cores=2)])
    with pytest.raises(lf.ScenarioError) as caught:
        made.to_azure_migrate_csv()
    assert [problem.message for problem in caught.value.problems] == [
        'server "a": its memory is unknown and mandatory',
        'server "a": its OS name is unknown and mandatory',
    ]


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-x", "@SUM(A1)"])
def test_a_text_that_a_spreadsheet_would_run_is_escaped(name: str) -> None:
    server = Server(name=name, cores=1, memory_bytes=MIB, os_name="Linux")
    text = Inventory(name="made", servers=[server]).to_azure_migrate_csv()
    row = list(csv.reader(io.StringIO(text)))[1]
    assert row[0] == f"'{name}"


def test_json_keeps_everything(tmp_path: Path) -> None:
    found = from_azure_migrate(written(tmp_path, AZURE + "a,,1,1,Linux,1,,0.25,\nb,,x,1,L,,,,\n"))
    again = load(found.save(tmp_path / "inventory.json"))
    assert again == found
    assert again.rejected[0].found == '"x"'


def test_gzip_is_told_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "servers.csv"
    path.write_bytes(gzip.compress((AZURE + "a,,1,1,Linux,,,,\n").encode()))
    assert load(path).names == ("a",)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_bytes_end_as_an_inventory_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    cell = st.one_of(
        st.text(max_size=12), st.floats().map(str), st.sampled_from(["", "1", '"', "\0"])
    )
    rows = data.draw(st.lists(st.lists(cell, max_size=10).map(",".join), max_size=6))
    head = data.draw(st.sampled_from([AZURE, "", "*Server name,*Cores\n", "\ufeff"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-16", "utf-32", "latin-1"]))
    text = head + data.draw(st.sampled_from(["\n", "\r\n", "\r"])).join(rows)
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(text.encode(encoding, "replace") + data.draw(st.binary(max_size=4)))
    found, refused = None, None
    try:
        found = load(path)
    except lf.ScenarioError as error:
        refused = error
    if refused is not None:
        assert refused.problems
        assert str(path) in str(refused)
    else:
        assert found is not None
        assert found.servers
