"""Every engine of the gallery, 24 hours of blocks: each published point is held against history."""

from __future__ import annotations

import landfall as lf
import pytest
from landfall import gallery

ENGINES = [name for name in gallery.names() if name.startswith("engine-")]


def test_every_engine_has_a_scenario() -> None:
    assert {name.removeprefix("engine-") for name in ENGINES} == {
        "azure-to-azure",
        "failback",
        "hyper-v-to-azure",
        "hyper-v-to-secondary",
        "inmage-to-azure",
        "scout-to-secondary",
    }


@pytest.mark.parametrize("name", ENGINES)
def test_all_oracles_hold_at_every_point(name: str) -> None:
    scenario = lf.load(f"gallery:{name}")
    assert scenario.machine_count == 3
    result = scenario.run()
    seen = result.summary["oracles"]
    assert seen["violations"] == 0, result.tables["violations"].to_pandas().to_string()
    # A point every five minutes or more often, but for outages and copies; the logs of Hyper-V
    # wait for one another when the line is narrow.
    assert seen["points_checked"] > 500
    assert seen["sectors_compared"] > seen["writes"]
    asked = result.tables["oracles"].to_pandas().set_index("oracle")["checked"]
    for oracle in ("S1", "S3", "S4", "S5", "S6", "S10", "S11", "S12", "S15", "S17", "S33"):
        assert asked[oracle] > 0, f"{oracle} was never put to the test"
    assert result.machines["resyncs"].sum() >= 1
