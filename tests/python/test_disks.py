"""Disks left out, added and removed; process servers switched; replication paused and resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from landfall import gallery

HOUR = 3600.0


def document(engine: str, timeline: list[dict[str, Any]], *, blocks: bool) -> dict[str, Any]:
    """One machine of a gallery scenario, without trouble on its way."""
    content: dict[str, Any] = json.loads(gallery.path(f"engine-{engine}").read_text("utf-8"))
    content["duration"] = "8 h"
    content["links"][0].pop("outages", None)
    content["timeline"] = timeline
    content["expect"] = []
    machine = content["machines"][0]
    machine |= {"count": 1, "name": "app", "fidelity": "block" if blocks else "volume"}
    for disk in machine["disks"]:
        if not blocks:
            disk["churn"] = {"kind": "constant", "rate": "16 KB/s"}
    return content


def load(content: dict[str, Any], path: Path) -> lf.Scenario:
    path.write_text(json.dumps(content), encoding="utf-8")
    return lf.load(path)


def azure(tmp_path: Path, *, blocks: bool, timeline: list[dict[str, Any]]) -> lf.Scenario:
    content = document("azure-to-azure", timeline, blocks=blocks)
    disks = content["machines"][0]["disks"]
    disks[1:] = [disks[0] | {"name": "data", "replicate": False}]
    return load(content, tmp_path / "azure.json")


def events(result: lf.Result, kind: str) -> list[float]:
    return [float(t) for t in result.events[result.events["kind"] == kind]["t_s"]]


@pytest.mark.parametrize("blocks", [True, False], ids=["block", "volume"])
def test_a_disk_is_added_and_removed(tmp_path: Path, *, blocks: bool) -> None:
    scenario = azure(
        tmp_path,
        blocks=blocks,
        timeline=[
            {"at": 0, "do": "enable_replication"},
            {"at": "3 h", "do": "add_disk", "disk": "data"},
            {"at": "3.5 h", "do": "add_disk", "disk": "data", "refused": True},
            {"at": "6 h", "do": "remove_disk", "disk": "os", "refused": True},
            {"at": "6 h", "do": "remove_disk", "disk": "data"},
        ],
    )
    result = scenario.run(seed=1, progress=False)
    first = result.copies[result.copies["kind"] == "initial copy"]
    assert list(first["disk"]) == ["os", "data"]
    assert 3 * HOUR < float(first["start_s"].iloc[1]) < 3.2 * HOUR
    assert len(events(result, "disk_protected")) == 1
    assert 6 * HOUR <= events(result, "disk_removed")[0] < 6.2 * HOUR
    assert list(result.machines["resyncs"]) == [0]
    # The replica of the disk is paid for from the job that adds it to the one that removes it.
    storage = result.billing[result.billing["meter"] == "replica_disks"]
    assert float(storage["to_s"].max()) >= 8 * HOUR
    if blocks:
        assert result.summary["oracles"]["violations"] == 0


def test_a_point_says_how_many_disks_it_holds(tmp_path: Path) -> None:
    scenario = azure(tmp_path, blocks=False, timeline=[{"at": 0, "do": "enable_replication"}])
    with lf.open(scenario, seed=1) as sim:
        sim.run_until(when="protected")
        sim.run_for("30 min")
        item = sim.vault.items["app"]
        assert item.disks == {"os": "Protected", "data": "NotProtected"}
        assert set(item.recovery_points["disks"]) == {1}
        assert set(item.recovery_points["of_disks"]) == {2}
        item.add_disk("data")
        sim.run_for("2 h")
        assert item.disks == {"os": "Protected", "data": "Protected"}
        assert item.recovery_points["disks"].iloc[0] == 2
        assert item.recovery_points["disks"].iloc[-1] == 1
        with pytest.raises(lf.OperationRefused, match="replicates already"):
            item.add_disk("data")
        result = sim.finish()
    warned = result.health[result.health["message"] == "a disk was added that is not protected"]
    assert len(warned) > 0


@pytest.mark.parametrize("blocks", [True, False], ids=["block", "volume"])
def test_paused_replication_keeps_its_changes(tmp_path: Path, *, blocks: bool) -> None:
    timeline = [
        {"at": 0, "do": "enable_replication"},
        {"at": "4 h", "do": "pause_replication"},
        {"at": "4.5 h", "do": "planned_failover", "refused": True},
        {"at": "5 h", "do": "resume_replication"},
        {"at": "7 h", "do": "planned_failover"},
    ]
    content = document("hyper-v-to-azure", timeline, blocks=blocks)
    result = load(content, tmp_path / "hyper-v.json").run(seed=1, progress=False)
    steps = result.rpo
    during = steps[(steps["t_s"] > 4 * HOUR + 60) & (steps["t_s"] < 5 * HOUR)]
    assert len(during) == 0, "no point is made while replication is paused"
    after = steps[(steps["t_s"] > 5 * HOUR) & (steps["t_s"] < 6 * HOUR)]
    assert float(after["rpo_s_before"].max()) >= HOUR
    assert list(result.machines["data_loss_bytes"]) == [0]
    if blocks:
        assert result.summary["oracles"]["violations"] == 0


def test_a_paused_item_says_so_and_goes_on(tmp_path: Path) -> None:
    content = document("hyper-v-to-azure", [{"at": 0, "do": "enable_replication"}], blocks=False)
    with lf.open(load(content, tmp_path / "hyper-v.json"), seed=1) as sim:
        sim.run_until(when="protected")
        item = sim.vault.items["app"]
        item.pause_replication()
        sim.run_for("1 h")
        assert item.is_paused
        with pytest.raises(lf.OperationRefused, match="PauseReplication"):
            item.pause_replication()
        item.resume_replication()
        sim.run_for("30 min")
        assert not item.is_paused
        result = sim.finish()
    assert "replication is paused" in set(result.health["message"])


@pytest.mark.parametrize("blocks", [True, False], ids=["block", "volume"])
@pytest.mark.parametrize("profile", ["asr-2018", "asr-2024"])
def test_a_machine_moves_to_another_process_server(
    tmp_path: Path, profile: str, *, blocks: bool
) -> None:
    timeline = [
        {"at": 0, "do": "enable_replication"},
        {"at": "4 h", "do": "switch_process_server", "process_server": "second"},
    ]
    content = document("inmage-to-azure", timeline, blocks=blocks)
    content["profile"]["name"] = profile
    first = content["process_servers"][0]
    content["process_servers"] = [first, first | {"name": "second"}]
    result = load(content, tmp_path / "inmage.json").run(seed=1, progress=False)
    # A minute for the job, and 15 until it takes effect.
    assert 4 * HOUR + 900 < events(result, "process_server_switched")[0] < 4 * HOUR + 1200
    assert list(result.machines["resyncs"]) == [1 if profile == "asr-2024" else 0]
    assert list(result.machines["state"]) == ["Protected"]
    left = result.backlog[result.backlog["t_s"] > 6 * HOUR]
    assert left[left["process_server"] == first["name"]]["process_server_bytes"].max() == 0
    if blocks:
        assert result.summary["oracles"]["violations"] == 0


def test_the_os_disk_is_never_left_out(tmp_path: Path) -> None:
    content = document("azure-to-azure", [], blocks=False)
    content["machines"][0]["disks"][0]["replicate"] = False
    with pytest.raises(lf.ScenarioError, match="OS disk"):
        load(content, tmp_path / "bad.json")
