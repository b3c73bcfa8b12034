"""What a source knows of its changed blocks after a power loss, at both fidelities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from landfall import gallery


def document(tracking: str, *, blocks: bool) -> dict[str, Any]:
    """One Azure machine whose power is lost at six hours."""
    content: dict[str, Any] = json.loads(gallery.path("engine-azure-to-azure").read_text("utf-8"))
    content["profile"]["override"] |= {
        "source_tracking": tracking,
        "tracking_extent": "1 MiB",
        "tracking_extents": 64,
    }
    content["duration"] = "8 h"
    content["links"][0].pop("outages")
    content["timeline"] = [
        {"at": "0 s", "do": "enable_replication"},
        {"at": "6 h", "do": "power_off"},
    ]
    content["expect"] = []
    content["machines"][0] |= {"count": 1, "fidelity": "block" if blocks else "volume"}
    for disk in content["machines"][0]["disks"]:
        if not blocks:
            disk["churn"] = {"kind": "constant", "rate": "16 KB/s"}
    return content


def run(tracking: str, path: Path, *, blocks: bool) -> lf.Result:
    path.write_text(json.dumps(document(tracking, blocks=blocks)), encoding="utf-8")
    return lf.load(path).run()


@pytest.mark.parametrize("blocks", [True, False], ids=["block", "volume"])
@pytest.mark.parametrize(
    ("tracking", "kind"),
    [
        ("volatile", "compare"),
        ("activity_log", "changed blocks"),
        ("intent_bit", "changed blocks"),
        ("clean_flag", "compare"),
    ],
)
def test_a_resync_compares_only_what_is_not_known(
    tracking: str, kind: str, tmp_path: Path, *, blocks: bool
) -> None:
    result = run(tracking, tmp_path / "scenario.json", blocks=blocks)
    again = result.copies[result.copies["start_s"] >= 6 * 3600]
    assert set(again["kind"]) - {"catch-up"} == {kind}
    assert list(result.machines["resyncs"]) == [1]
    if blocks:
        assert result.summary["oracles"]["violations"] == 0


def test_more_is_kept_at_a_higher_price(tmp_path: Path) -> None:
    sent = {}
    for tracking in ("activity_log", "intent_bit"):
        copies = run(tracking, tmp_path / f"{tracking}.json", blocks=True).copies
        sent[tracking] = copies[copies["kind"] == "changed blocks"]["bytes"].sum()
    assert 0 < sent["intent_bit"] < sent["activity_log"] <= sent["intent_bit"] + 2 * 64 * 2**20
