"""Churn traces: wide, one row a sample, the archive of Bitbrains, block traces; and matching."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import landfall as lf
import numpy as np
import pytest
from landfall.inventory import (
    Inventory,
    Limits,
    Server,
    Trace,
    match_trace,
    trace_from_bitbrains,
    trace_from_blocks,
    trace_from_long,
    trace_from_wide,
)
from validation.shared_data import shared_data

MIB = 2**20
WIDE = "bitbrains/write_kbps_5min_2013-8.csv.gz"


@pytest.fixture(scope="module")
def bitbrains() -> Trace:
    return trace_from_wide(shared_data(WIDE), unit="KiB/s")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "trace.csv"
    path.write_text(text, encoding="utf-8")
    return path


def problem(caught: pytest.ExceptionInfo[lf.ScenarioError]) -> lf.Problem:
    return caught.value.problems[0]


# --- The reference traces -------------------------------------------------------------------------


def test_the_fleet_of_bitbrains_has_the_figures_of_its_readme(bitbrains: Trace) -> None:
    assert (bitbrains.slots, len(bitbrains.names), bitbrains.slot_s) == (8640, 500, 300.0)
    assert str(bitbrains.start) == "2013-07-31 22:00:00+00:00"
    fleet = bitbrains.fleet() / bitbrains.slot_s / MIB
    assert fleet.mean() == pytest.approx(55.6, abs=0.05)
    assert np.percentile(fleet, [95, 99]) == pytest.approx([108.7, 159.7], abs=0.05)
    # The README says 45.2; the two middle slots of 8,640 have 45.092 and 45.103.
    assert np.percentile(fleet, 50) == pytest.approx(45.1, abs=0.05)
    assert fleet.max() == pytest.approx(333.7, abs=0.05)
    rates = bitbrains.rates() / MIB
    assert np.nanpercentile(rates, 95, axis=0).sum() == pytest.approx(222.2, abs=0.05)
    assert np.nanmax(rates, axis=0).sum() == pytest.approx(2459, abs=0.5)


def test_the_wide_table_of_a_month_is_read_in_two_seconds() -> None:
    path = shared_data(WIDE)
    begin = time.process_time()
    trace_from_wide(path, unit="KiB/s")
    assert time.process_time() - begin < 2.0


def test_the_archive_form_is_the_wide_table(bitbrains: Trace) -> None:
    files = [shared_data(f"bitbrains/raw/{number}.csv.gz") for number in (94, 386)]
    raw = trace_from_bitbrains(files)
    assert raw.names == ("94", "386")
    assert raw.start == bitbrains.start
    same = bitbrains.select(["vm94", "vm386"], rename=["94", "386"]).between(0, raw.slots)
    assert (raw.missing == same.missing).all()
    # The wide table has one digit after the point.
    difference = np.abs(raw.written - same.written) / (1024 * 300)
    assert difference.max() <= 0.05 + 1e-9
    assert any("1,024" in str(note) for note in raw.notes)


@pytest.mark.parametrize(
    ("slot_s", "share"),
    [
        *((1, 0.991), (5, 0.973), (60, 0.837), (300, 0.751), (900, 0.743), (1800, 0.742)),
        *((3600, 0.645), (7200, 0.351)),
    ],
)
def test_distinct_bytes_of_cloudphysics(slot_s: int, share: float) -> None:
    trace = trace_from_blocks([shared_data("cloudphysics/cloudPhysicsIO.vscsi")], slot_s=slot_s)
    assert trace.distinct is not None
    assert trace.written.sum() / 1e6 == pytest.approx(2408.6, abs=0.05)
    assert trace.distinct.sum() / trace.written.sum() == pytest.approx(share, abs=0.0005)


@pytest.mark.parametrize(("slot_s", "share"), [(300, 0.683), (1800, 0.673), (7200, 0.318)])
def test_distinct_pages_of_cloudphysics(slot_s: int, share: float) -> None:
    file = shared_data("cloudphysics/cloudPhysicsIO.vscsi")
    trace = trace_from_blocks([file], slot_s=slot_s, page_bytes=4096)
    assert trace.distinct is not None
    assert trace.written.sum() / 1e6 == pytest.approx(2687.7, abs=0.05)
    assert trace.distinct.sum() / trace.written.sum() == pytest.approx(share, abs=0.0005)


@pytest.mark.parametrize(("slot_s", "peak"), [(1, 148), (5, 58.6), (60, 10.5), (300, 3.3)])
def test_peaks_of_cloudphysics(slot_s: int, peak: float) -> None:
    trace = trace_from_blocks([shared_data("cloudphysics/cloudPhysicsIO.vscsi")], slot_s=slot_s)
    assert trace.written.max() / slot_s / 1e6 == pytest.approx(
        peak, abs=0.5 if peak > 100 else 0.05
    )


def test_both_forms_of_a_block_trace_hold_the_same_writes() -> None:
    files = [shared_data(f"cloudphysics/cloudPhysicsIO.{form}") for form in ("vscsi", "csv")]
    trace = trace_from_blocks(files, slot_s="2 h", names=["binary", "text"])
    totals = trace.written.sum(axis=0)
    assert totals[0] == totals[1]


# --- Wide -----------------------------------------------------------------------------------------


def test_missing_cells_and_rows_are_missing_not_zero(tmp_path: Path) -> None:
    text = "unix_ts,a,b\n600,1,\n900,2,5\n1500,4,6\n1800,0,7\n"
    trace = trace_from_wide(written(tmp_path, text), unit="KiB/s")
    assert trace.slot_s == 300.0
    expected = [[1, 0], [2, 5], [0, 0], [4, 6], [0, 7]]
    assert (trace.written == np.array(expected) * 1024 * 300).all()
    assert trace.missing.tolist() == [[False, True], [False] * 2, [True] * 2] + [[False] * 2] * 2
    assert trace.fleet().tolist() == [1 * 307200, 7 * 307200, 0, 10 * 307200, 7 * 307200]
    assert any("no row" in str(note) for note in trace.notes)
    assert np.isnan(trace.rates()[0, 1])


@pytest.mark.parametrize(
    ("unit", "bytes_of_slot"),
    [("KB/s", 1000 * 60), ("KiB/s", 1024 * 60), ("MiB", MIB), ("B", 1), ("Mbit/s", 125000 * 60)],
)
def test_units_are_stated_as_argument_or_in_headings(
    tmp_path: Path, unit: str, bytes_of_slot: int
) -> None:
    by_argument = trace_from_wide(written(tmp_path, "t,a\n0,2\n60,0\n"), unit=unit)
    by_heading = trace_from_wide(written(tmp_path, f"t,a [{unit}]\n0,2\n60,0\n"))
    assert by_argument.written[0, 0] == by_heading.written[0, 0] == 2 * bytes_of_slot
    assert by_heading.names == ("a",)


def test_a_unit_that_nobody_states_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(lf.ScenarioError, match="does not say what its numbers are") as caught:
        trace_from_wide(written(tmp_path, "t,a\n0,2\n60,0\n"))
    assert "KiB/s (1,024)" in problem(caught).allowed
    with pytest.raises(lf.ScenarioError, match="no unit"):
        trace_from_wide(written(tmp_path, "t,a\n0,2\n60,0\n"), unit="parsec")


@pytest.mark.parametrize(
    ("text", "where", "rule"),
    [
        ("t,a,b\n0,1,2\n60,x,4\n", 'line 3, column "a"', "must be a number"),
        ("t,a,b\n0,1,2\n\n60,3,-4\n", 'line 4, column "b"', "not negative"),
        ("t,a,b\n0,1,2\n60,3,inf\n", 'line 3, column "b"', "finite"),
        ("t,a,b\n0,1,nan\n60,3,4\n", 'line 2, column "b"', "finite"),
        ('t,a,b\n0,1,2\n60,"3,5",4\n', 'line 3, column "a"', "decimal point"),
        ("t,a,b\n0,1,2\n60,3\n", "line 3", "has 2 cells; the header has 3"),
        ("t,a,b\n0,1,2\n60,3,4,5\n", "line 3", "has 4 cells; the header has 3"),
        ("t,a,b\n0,1,2\n0,3,4\n", 'line 3, column "t"', "later than"),
        ("t,a,b\n60,1,2\n0,3,4\n", 'line 3, column "t"', "later than"),
        ("t,a,b\n0,1,2\nnoon,3,4\n", 'line 3, column "t"', "date and time"),
        ("t,a,b\n0,1,2\n,3,4\n", 'line 3, column "t"', "date and time"),
        ("t,a,a\n0,1,2\n60,3,4\n", "line 1", "two columns"),
        ("t,a,\n0,1,2\n60,3,4\n", "line 1", "heading of column 3 is blank"),
        ("t\n0\n", "line 1", "one column"),
        ("t,a,b\n", "", "no rows"),
        ("t,a,b\n0,1,2\n", "", "say it with slot_s"),
        ("t,a,b\n0,1,2\n7,1,2\n60,1,2\n99,1,2\n", "", "no regular step"),
    ],
)
def test_what_does_not_fit_is_named_with_its_cell(
    tmp_path: Path, text: str, where: str, rule: str
) -> None:
    with pytest.raises(lf.ScenarioError) as caught:
        trace_from_wide(written(tmp_path, text), unit="B/s")
    assert problem(caught).pointer == where
    assert rule in problem(caught).message


def test_times_may_be_dates_or_other_units(tmp_path: Path) -> None:
    dates = "t,a\n2026-01-01T00:00:00Z,1\n2026-01-01T00:05:00Z,2\n"
    by_date = trace_from_wide(written(tmp_path, dates), unit="B/s")
    numbers = "t,a\n1767225600000,1\n1767225900000,2\n"
    by_number = trace_from_wide(written(tmp_path, numbers), unit="B/s", time_unit="ms")
    assert by_date.start == by_number.start
    assert str(by_date.start) == "2026-01-01 00:00:00+00:00"
    assert by_date.slot_s == by_number.slot_s == 300.0


def test_columns_may_be_chosen(tmp_path: Path, bitbrains: Trace) -> None:
    file = written(tmp_path, "t,a,b\n0,1,x\n60,2,y\n")
    assert trace_from_wide(file, unit="B", columns=["a"]).written.tolist() == [[1.0], [2.0]]
    with pytest.raises(lf.ScenarioError) as caught:
        trace_from_wide(file, unit="B", columns=["A1"])
    assert problem(caught).nearest == "a"
    assert bitbrains.select(["vm7"]).written.shape == (8640, 1)


def test_more_cells_than_the_limit_are_refused(tmp_path: Path) -> None:
    text = "t,a\n" + "".join(f"{60 * row},1\n" for row in range(100))
    with pytest.raises(lf.ScenarioError, match=r"has 100 rows.*limit cells"):
        trace_from_wide(written(tmp_path, text), unit="B", limits=Limits(cells=100))
    # Two samples a hundred years apart would make a matrix of gaps.
    far = written(tmp_path, "t,a\n0,1\n1,1\n2,1\n3155760000,1\n")
    with pytest.raises(lf.ScenarioError, match="spans 3,155,760,001 slots"):
        trace_from_wide(far, unit="B")


def test_a_scenario_replays_the_file_itself_or_one_that_is_written(
    tmp_path: Path, bitbrains: Trace
) -> None:
    churn = bitbrains.churn("vm33")
    assert (churn.column, churn.unit, churn.step) == ("vm33", 1024, 300.0)
    assert churn.file.endswith(WIDE)
    gaps = trace_from_wide(written(tmp_path, "t,a\n0,1\n60,\n180,0.1\n240,3\n"), unit="MiB")
    with pytest.raises(lf.ScenarioError, match="to_csv"):
        gaps.churn("a")
    kept = gaps.to_csv(tmp_path / "kept.csv")
    again = trace_from_wide(tmp_path / "kept.csv", unit="B/s")
    assert np.allclose(again.written, gaps.written, rtol=1e-15, atol=0)
    assert (again.missing == gaps.missing).all()
    assert kept.churn("a").column == again.names[0] == "a"
    odd = Trace(gaps.written, ('a,"b"',), 60.0, None, gaps.missing).to_csv(tmp_path / "odd.csv")
    assert odd.churn('a,"b"').column == "m1"
    assert trace_from_wide(tmp_path / "odd.csv", unit="B/s").names == ("m1",)


def test_what_a_scenario_writes_is_what_the_trace_says(built: None, tmp_path: Path) -> None:
    file = written(tmp_path, "t,a [MiB/s]\n0,1\n60,2\n120,\n180,0.5\n240,0\n300,0\n")
    trace = trace_from_wide(file)
    machine = {"name": "m", "site": "hq", "kind": "vmware", "process_server": "ps", "policy": "p"}
    disk = {"name": "os", "size": "10 GiB", "used": "1 GiB"}
    scenario = lf.Scenario.from_dict(
        {
            "version": 1,
            "name": "replay",
            "duration": "6 min",
            "initial_state": "protected",
            "vault": {"name": "vault", "region": "weu"},
            "regions": [{"name": "weu", "storage_accounts": [{"name": "cache"}]}],
            "sites": [{"name": "hq"}],
            "links": [
                {"name": "wan", "from": "hq", "to": "weu", "bandwidth": 10**9, "latency": 0.001}
            ],
            "process_servers": [{"name": "ps", "site": "hq", "storage_account": "cache"}],
            "policies": [{"name": "p"}],
            "machines": [machine | {"churn": trace.churn("a").canonical(), "disks": [disk]}],
        }
    )
    assert scenario.run().machines["written_bytes"].tolist() == [trace.written.sum()]


# --- One row a sample -----------------------------------------------------------------------------


def test_disks_of_a_machine_are_added_up(tmp_path: Path) -> None:
    text = "machine,disk,when,churn [MiB]\na,0,0,1\na,1,0,2\nb,0,0,4\na,0,60,8\na,1,60,\nb,0,60,\n"
    file = written(tmp_path, text)
    columns = {"time": "when", "machine": "machine", "value": "churn [MiB]"}
    trace = trace_from_long(file, disk="disk", **columns)
    assert trace.names == ("a", "b")
    assert (trace.written / MIB).tolist() == [[3.0, 4.0], [8.0, 0.0]]
    assert trace.missing.tolist() == [[False, False], [False, True]]
    with pytest.raises(lf.ScenarioError, match="second row of its machine") as caught:
        trace_from_long(file, **columns)
    assert problem(caught).pointer == 'line 3, column "when"'


def test_a_machine_without_a_name_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "machine,when,value\na,0,1\n,0,2\n")
    with pytest.raises(lf.ScenarioError, match="must not be blank") as caught:
        trace_from_long(
            file, time="when", machine="machine", value="value", unit="B", slot_s="1 min"
        )
    assert problem(caught).pointer == 'line 3, column "machine"'


# --- Block traces ---------------------------------------------------------------------------------


def record(seconds: float, first: int, count: int, operation: int = 0x2A) -> bytes:
    return struct.pack(
        "<IIIHHQQ", 1, count * 512, 1, operation, 0x0100, first, round(seconds * 1e6)
    )


def test_a_rewrite_counts_once_a_slot_and_reads_never(tmp_path: Path) -> None:
    path = tmp_path / "disk.vscsi"
    path.write_bytes(
        record(100, 0, 8, operation=0x28)
        + record(101, 0, 8)
        + record(102, 4, 8)
        + record(103, 0, 12)
        + record(111, 0, 8)
    )
    trace = trace_from_blocks([path], slot_s=10)
    assert trace.distinct is not None
    assert trace.names == ("disk",)
    assert trace.written[:, 0].tolist() == [28 * 512, 8 * 512]
    assert trace.distinct[:, 0].tolist() == [12 * 512, 8 * 512]
    pages = trace_from_blocks([path], slot_s=10, page_bytes=4096)
    assert pages.distinct is not None
    assert pages.written[:, 0].tolist() == [(1 + 2 + 2) * 4096, 4096]
    assert pages.distinct[:, 0].tolist() == [2 * 4096, 4096]


def test_a_broken_block_trace_is_refused_with_its_record(tmp_path: Path) -> None:
    path = tmp_path / "disk.vscsi"
    path.write_bytes(record(0, 0, 8) + record(1, 0, 8)[:-1])
    with pytest.raises(lf.ScenarioError, match="cut off within a record") as caught:
        trace_from_blocks([path], slot_s=1)
    assert problem(caught).pointer == "record 2"
    path.write_bytes(b"x" * 64)
    with pytest.raises(lf.ScenarioError, match="no vSCSI trace"):
        trace_from_blocks([path], slot_s=1)
    path.write_text("version,time,op,size,lbn\n1,5,zz,512,1\n")
    with pytest.raises(lf.ScenarioError, match="hexadecimal") as caught:
        trace_from_blocks([path], slot_s=1)
    assert problem(caught).pointer == 'line 2, column "op"'


# --- Matching -------------------------------------------------------------------------------------


def test_servers_are_matched_by_name_or_in_order_as_asked(bitbrains: Trace) -> None:
    few = bitbrains.select(["vm1", "vm2", "vm3"])
    servers = [Server(name="vm3"), Server(name="vm9", excluded="template"), Server(name="vm1")]
    inventory = Inventory(name="few", servers=servers)
    by_name = match_trace(inventory, few, by="name")
    assert by_name.names == ("vm3", "vm1")
    assert (by_name.written == few.written[:, [2, 0]]).all()
    with pytest.raises(lf.ScenarioError, match="has 3 machines, the inventory 2"):
        match_trace(inventory, few, by="order")
    in_order = match_trace(inventory, few.select(["vm1", "vm2"]), by="order")
    assert in_order.names == ("vm3", "vm1")
    assert (in_order.written == few.written[:, :2]).all()


def test_servers_without_a_column_are_listed(bitbrains: Trace) -> None:
    inventory = Inventory(name="few", servers=[Server(name="VM1"), Server(name="vm2")])
    few = bitbrains.select(["vm1", "vm2"])
    with pytest.raises(lf.ScenarioError) as caught:
        match_trace(inventory, few, by="name")
    assert (problem(caught).pointer, problem(caught).nearest) == ('server "VM1"', "vm1")
    assert 'by="order"' in caught.value.problems[-1].message


def test_a_trace_is_not_changed_by_accident(bitbrains: Trace) -> None:
    with pytest.raises(ValueError, match="read-only"):
        bitbrains.written[0, 0] = 1.0


def test_a_trace_shows_itself(bitbrains: Trace) -> None:
    assert repr(bitbrains) == "<trace: 500 machines, 8,640 slots of 5 min>"
    assert "55.6 MiB/s" in bitbrains._repr_html_()
    frame = bitbrains.select(["vm1"]).to_frame()
    assert frame["vm1"].iloc[1] == 1 * 1024 * 300
    assert str(frame.index[0]) == "2013-07-31 22:00:00+00:00"
