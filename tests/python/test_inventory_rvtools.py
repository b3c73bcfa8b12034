"""RVTools workbooks: tabs and headings of all ages, what is left out, what is rejected."""

from __future__ import annotations

from pathlib import Path

import landfall as lf
import pytest
from landfall.inventory import Inventory, from_rvtools
from python.inventory_samples import INFO, machine, workbook
from validation.shared_data import shared_data

MIB = 2**20


def notes(inventory: Inventory) -> str:
    return "\n".join(map(str, inventory.notes))


def test_the_reference_workbook_is_read_whole() -> None:
    found = from_rvtools(shared_data("rvtools/rvtools-small-complete.xlsx"))
    assert found.rejected == ()
    assert found.names == ("sample-web-01", "sample-db-01")
    assert [(each.name, each.excluded) for each in found.excluded] == [
        ("sample-archive-01", "powered-off")
    ]
    database = found.server("sample-db-01")
    assert (database.cores, database.memory_bytes) == (4, 16_384 * MIB)
    assert (database.boot, database.os_family, database.host) == (
        "uefi",
        "windows",
        "sample-host-02",
    )
    assert [(d.name, d.size_bytes, d.used_bytes) for d in database.disks] == [
        ("Hard disk 1", 102_400 * MIB, 71_680 * MIB),
        ("Hard disk 2", 225_280 * MIB, 184_320 * MIB),
    ]
    assert [nic.network for nic in database.nics] == ["sample-db-net", "sample-backup-net"]
    assert database.memory_percent == 100 * 14_336 / 16_384
    # What the workbook does not say is unknown, not zero.
    assert database.disks[0].write_bytes_per_s is None
    assert database.template is None


@pytest.mark.parametrize("unit", ["MB", "MiB"])
def test_headings_of_old_and_new_versions_count_alike(tmp_path: Path, unit: str) -> None:
    file = workbook(
        tmp_path / "rv.xlsx",
        {
            "vInfo": [[*INFO, f"Provisioned {unit}", f"In Use {unit}"], [*machine("a"), 200, 90]],
            "vDisk": [["VM", "Disk", f"Capacity {unit}"], ["a", "Hard disk 1", 100]],
            "vPartition": [["VM", "Disk", f"Consumed {unit}"], ["a", "C:\\", 30], ["a", "D:\\", 5]],
            "vMemory": [["VM", f"Size {unit}"], ["a", 4096]],
        },
    )
    server = from_rvtools(file).server("a")
    assert server.storage_bytes == 200 * MIB
    assert server.disks[0].size_bytes == 100 * MIB
    assert server.disks[0].used_bytes == 35 * MIB  # of one disk are all partitions
    assert server.total_used_bytes == 35 * MIB


def test_tabs_may_be_missing_and_what_is_lost_is_said(tmp_path: Path) -> None:
    found = from_rvtools(workbook(tmp_path / "rv.xlsx", {"vInfo": [INFO, machine("a")]}))
    assert found.server("a").disks == ()
    assert found.server("a").total_size_bytes is None
    for tab in ("vDisk", "vPartition", "vMemory", "vNetwork"):
        assert f"no tab {tab}" in notes(found)


def test_without_vinfo_the_tabs_that_are_there_are_named(tmp_path: Path) -> None:
    file = workbook(tmp_path / "rv.xlsx", {"Prices": [["a"], [1]]})
    with pytest.raises(lf.ScenarioError, match="no tab vInfo") as caught:
        from_rvtools(file)
    assert caught.value.problems[0].allowed == ("Prices",)


def test_machines_that_do_not_run_are_kept_and_left_out(tmp_path: Path) -> None:
    rows = [
        machine("on"),
        machine("off", Powerstate="poweredOff"),
        machine("asleep", Powerstate="suspended"),
        machine("golden", Template=True, Powerstate="poweredOff"),
    ]
    file = workbook(tmp_path / "rv.xlsx", {"vInfo": [INFO, *rows]})
    found = from_rvtools(file)
    assert found.names == ("on",)
    assert {each.name: each.excluded for each in found.excluded} == {
        "off": "powered-off",
        "asleep": "powered-off",
        "golden": "template",
    }
    assert from_rvtools(file, include=["powered-off"]).names == ("on", "off", "asleep")
    assert len(from_rvtools(file, include=["powered-off", "template"])) == 4


def test_blank_rows_are_counted_and_do_not_shift_the_numbers_of_rows(tmp_path: Path) -> None:
    rows = [machine("a"), [None] * 7, [" "] * 7, machine("b", CPUs="two")]
    found = from_rvtools(workbook(tmp_path / "rv.xlsx", {"vInfo": [INFO, *rows]}))
    assert "blank rows of vInfo left out (2)" in notes(found)
    assert found.server("b").where == "sheet vInfo, row 5"
    assert found.server("b").cores is None
    (rejected,) = found.rejected
    assert rejected.where == 'sheet vInfo, row 5, column "CPUs"'
    assert (rejected.name, rejected.what, rejected.found) == ("b", "value", '"two"')


def test_the_same_machine_twice_is_rejected_and_the_same_name_told_apart(tmp_path: Path) -> None:
    uuid = {"VM UUID": "4203-AA"}
    rows = [
        machine("a", **uuid),
        machine("renamed", **{"VM UUID": "4203-aa"}),
        machine("a", **{"VM UUID": "4203-bb"}),
        machine("b"),
        machine("b"),
    ]
    disks = [
        ["VM", "VM UUID", "Disk", "Capacity MiB"],
        ["a", "4203-bb", "Hard disk 1", 7],
        ["a", None, "Hard disk 1", 8],
        ["ghost", None, "Hard disk 1", 9],
    ]
    found = from_rvtools(workbook(tmp_path / "rv.xlsx", {"vInfo": [INFO, *rows], "vDisk": disks}))
    assert found.names == ("a", "a~2", "b")
    assert [disk.size_bytes for disk in found.server("a~2").disks] == [7 * MIB]
    assert found.server("a").disks == ()
    reasons = {(each.where, each.what): each.reason for each in found.rejected}
    assert "VM UUID is that of sheet vInfo, row 2" in reasons["sheet vInfo, row 3", "server"]
    assert "no VM UUID" in reasons["sheet vInfo, row 6", "server"]
    assert reasons["sheet vDisk, row 3", "disk"].startswith("2 machines have this name")
    assert reasons["sheet vDisk, row 4", "disk"] == "no machine of vInfo has this name"
    assert 'named "a" with different VM UUIDs' in notes(found)


def test_partitions_larger_than_their_disk_are_rejected(tmp_path: Path) -> None:
    tabs = {
        "vInfo": [INFO, machine("a")],
        "vDisk": [
            ["VM", "Disk", "Disk Key", "Capacity MiB"],
            ["a", "Hard disk 1", 2000, 10],
            ["a", "Hard disk 2", 2001, 10],
        ],
        "vPartition": [
            ["VM", "Disk", "Disk Key", "Consumed MiB"],
            ["a", "/", 2000, 11],
            ["a", "/srv", 2001, 4],
        ],
    }
    found = from_rvtools(workbook(tmp_path / "rv.xlsx", tabs))
    assert [disk.used_bytes for disk in found.server("a").disks] == [None, 4 * MIB]
    assert [each.where for each in found.rejected] == ["sheet vDisk, row 2"]


def test_partitions_that_name_no_disk_are_known_together_only(tmp_path: Path) -> None:
    tabs = {
        "vInfo": [INFO, machine("a")],
        "vDisk": [["VM", "Disk", "Capacity MiB"], ["a", "one", 10], ["a", "two", 10]],
        "vPartition": [["VM", "Disk", "Consumed MiB"], ["a", "/", 3], ["a", "/srv", 4]],
    }
    found = from_rvtools(workbook(tmp_path / "rv.xlsx", tabs))
    server = found.server("a")
    assert [disk.used_bytes for disk in server.disks] == [None, None]
    assert server.total_used_bytes == 7 * MIB
    assert "partitions name no disk" in notes(found)


def test_cpu_use_is_computed_where_the_parts_are_there(tmp_path: Path) -> None:
    tabs = {
        "vInfo": [INFO, machine("a", Host="h")],
        "vCPU": [["VM", "Overall"], ["a", 960]],
        "vHost": [["Host", "Speed"], ["h", 2400]],
    }
    found = from_rvtools(workbook(tmp_path / "rv.xlsx", tabs))
    assert found.server("a").cpu_percent == 100 * 960 / (2 * 2400)


def test_decimal_commas_and_formulas_are_data(tmp_path: Path) -> None:
    rows = [machine("a", Memory="4.096,5"), machine('=HYPERLINK("http://x")'), machine("+b")]
    file = workbook(tmp_path / "rv.xlsx", {"vInfo": [INFO, *rows]})
    found = from_rvtools(file)
    assert "decimal point" in found.rejected[0].reason
    # A formula is never evaluated: without a value in the file its cell is blank.
    assert found.names == ("a", "+b")
    assert found.rejected[1].where == 'sheet vInfo, row 3, column "VM"'


def test_a_workbook_without_a_usable_machine_gives_all_reasons(tmp_path: Path) -> None:
    rows = [machine(""), machine("a\x7fb")]
    rows[0][1] = "poweredOn"
    file = workbook(tmp_path / "rv.xlsx", {"vInfo": [INFO, *rows]})
    with pytest.raises(lf.ScenarioError) as caught:
        from_rvtools(file)
    assert [each.pointer for each in caught.value.problems] == [
        'sheet vInfo, row 2, column "VM"',
        'sheet vInfo, row 3, column "VM"',
    ]
