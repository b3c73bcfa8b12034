"""Hostile scenarios and traces at block fidelity, through the real command line.

Each ends with exit code 2, says where, what and what is allowed, and leaves no file behind.
"""

from __future__ import annotations

import copy
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from landfall import cli
from python.run_samples import REPOSITORY
from python.scenario_samples import put
from typer.testing import CliRunner

ENGINES: dict[str, Any] = json.loads(
    (REPOSITORY / "tests" / "support" / "engines.json").read_text("utf-8")
)
SCOUT = "/machines/6/disks/0"  # a disk of 64 MiB at block fidelity
PNG = (REPOSITORY / "scenarios" / "pictures" / "wan-outage.png").read_bytes()

pytestmark = pytest.mark.usefixtures("built")


def record(number: int, *, block: int | None = None, version: int = 0x0100) -> bytes:
    """Return a write of 4 KiB as the tracer of vSCSI wrote it, one a second."""
    place = number * 8 if block is None else block
    return struct.pack("<IIIHHQQ", number, 4096, 1, 0x2A, version, place, number * 1_000_000)


RECORDS = b"".join(map(record, range(100)))


def refused(folder: Path, change: Callable[[dict[str, Any]], None]) -> str:
    """Run the changed scenario, see that it is bad input that leaves nothing; return the words."""
    document = copy.deepcopy(ENGINES)
    change(document)
    file = folder / "scenario.json"
    file.write_text(json.dumps(document))
    before = sorted(folder.iterdir())
    done = CliRunner().invoke(cli.app, ["run", str(file), "--out", str(folder / "out")])
    assert done.exit_code == 2, done.stderr
    assert done.stdout == ""
    for word in ("Traceback", "internal error", "SimulationCrashed"):
        assert word not in done.stderr
    assert sorted(folder.iterdir()) == before
    return done.stderr


def replay(name: str, form: str = "vscsi") -> Callable[[dict[str, Any]], None]:
    return put(f"{SCOUT}/churn", {"kind": "block_trace", "file": name, "format": form})


#: What is in the file, its format, and what is said of it.
TRACES: dict[str, tuple[bytes, str, list[str]]] = {
    "cut off within a record": (RECORDS[:-7], "vscsi", ["record 100", "32 bytes", "25 bytes"]),
    "a picture": (PNG, "vscsi", ["record 1", "vscsi-binary", "version 1"]),
    "a picture as msr-csv": (PNG, "msr-csv", ["line 1", "Timestamp,Hostname,DiskNumber"]),
    "a picture as alibaba-csv": (PNG, "alibaba-csv", ["line 1", "device_id,opcode"]),
    "a picture as vscsi-csv": (PNG, "vscsi-csv", ["line 1", "version,time,op,size,lbn"]),
    "a picture as blktrace": (PNG, "blktrace", ["line 1", "at least 7"]),
    "nothing": (b"", "vscsi", ["no record"]),
    "one record of another version": (
        RECORDS + record(100, version=0x0900), "vscsi", ["record 101", "version 1"],
    ),
    "a write beyond the disk": (
        RECORDS + record(100, block=10**9), "vscsi",
        ["record 101", "beyond the simulated disk", "16384 sectors"],
    ),
    "gzip that was cut off": (
        zlib.compress(RECORDS, wbits=31)[:-20], "vscsi", ["trace.bin"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize("fidelity", ["block", "volume"])
def test_a_trace_that_does_not_fit_is_told_before_the_run(
    tmp_path: Path, name: str, fidelity: str
) -> None:
    data, form, says = TRACES[name]
    (tmp_path / "trace.bin").write_bytes(data)

    def change(document: dict[str, Any]) -> None:
        replay("trace.bin", form)(document)
        document["machines"][6]["fidelity"] = fidelity

    told = refused(tmp_path, change)
    assert f"{SCOUT}/churn/file" in told
    assert str(tmp_path / "trace.bin") in told
    for words in says:
        assert words in told


def test_a_trace_that_is_a_folder_or_missing_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "not a regular file" in refused(tmp_path, replay("folder"))
    assert f"{tmp_path}/none" in refused(tmp_path, replay("none"))


def test_the_same_trace_when_it_is_whole_runs(tmp_path: Path) -> None:
    (tmp_path / "trace.bin").write_bytes(RECORDS)
    document = copy.deepcopy(ENGINES)
    replay(str(tmp_path / "trace.bin"))(document)
    assert lf.Scenario.from_dict(document).check() == []


#: The change, the place, and what is said: what was found, and what is allowed.
SCENARIOS: dict[str, tuple[str, Any, str, list[str]]] = {
    "a disk of no size": (f"{SCOUT}/size", 0, f"{SCOUT}/size = 0", ["more than 0"]),
    "a disk below no size": (f"{SCOUT}/size", -512, f"{SCOUT}/size = -512", ["negative"]),
    "half a sector": (
        f"{SCOUT}/size", 67_108_865, f"{SCOUT}/size = 67108865",
        ["multiple of the sector_size", "4096 bytes"],
    ),
    "more than block fidelity holds": (
        f"{SCOUT}/size", "65 GiB", f"{SCOUT}/size = ", ["at most 64 GiB"],
    ),
    "every 45 seconds": (
        "/policies/1/replication_interval", "45 s",
        '/policies/1/replication_interval = "45 s"', ["30 s, 5 min, 15 min"],
    ),
    "seventeen of a group": (
        "/machines/0/count", 17, '/consistency_groups/0 = "17 members"', ["allows 16"],
    ),
    "a write of half a sector": (
        f"{SCOUT}/churn/write_size", 2048, f"{SCOUT}/churn/write_size = 2048", ["4096 bytes"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_that_block_fidelity_cannot_take_is_told(tmp_path: Path, name: str) -> None:
    pointer, value, at, says = SCENARIOS[name]

    def change(document: dict[str, Any]) -> None:
        put(pointer, value)(document)
        if pointer == "/machines/0/count":
            document["timeline"][1]["machines"] = "web-01"

    told = refused(tmp_path, change)
    assert at in told
    for words in says:
        assert words in told
