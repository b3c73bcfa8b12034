"""Azure to Azure: a disk that changes faster than its ceiling, and what high churn is for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import landfall as lf
import pytest
from landfall import gallery


def busy_disk(path: Path, megabytes_per_s: float, *, high_churn: bool) -> lf.Result:
    """Run an hour of one machine whose only disk (P20, 20 or 30 MB/s) changes at a constant rate.

    MB are of 2**20 bytes, as the documents count churn.
    """
    document: dict[str, Any] = json.loads(gallery.path("engine-azure-to-azure").read_text("utf-8"))
    document["duration"] = "1 h"
    document["regions"][0]["storage_accounts"][0]["high_churn"] = high_churn
    document["links"][0].pop("outages")
    document["machines"] = [
        {
            "name": "app",
            "policy": "day",
            "site": "northeurope",
            "kind": "azure",
            "storage_account": "cache",
            "target_region": "westeurope",
            "initial_state": "protected",
            "disks": [
                {"name": "data", "size": "512 GiB", "used": "1 GiB", "target": "premium_ssd"}
            ],
            "churn": {"kind": "constant", "rate": f"{megabytes_per_s} MiB/s"},
        }
    ]
    document["timeline"] = []
    document["expect"] = []
    path.write_text(json.dumps(document), encoding="utf-8")
    return lf.load(path).run()


@pytest.mark.parametrize(
    ("written", "high_churn", "over"),
    [(19, False, False), (22, False, True), (22, True, False), (29, True, False), (33, True, True)],
)
def test_a_disk_over_its_ceiling_is_told_and_its_rpo_grows(
    written: float, high_churn: bool, over: bool, tmp_path: Path
) -> None:
    result = busy_disk(tmp_path / "busy.json", written, high_churn=high_churn)
    events = set(result.tables["events"].to_pandas()["kind"])
    assert ("churn_over_limit" in events) == over
    worst = result.machines["rpo_s_max"].max()
    # 1 - c/w is a tenth or a little less: beyond the five minutes between two points.
    assert (worst > 420) == over, worst
