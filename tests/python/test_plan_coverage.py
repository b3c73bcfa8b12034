"""What a recovery plan is at is a phase that faults meet."""

from __future__ import annotations

from landfall import faults
from mutants.rows.control_plane_samples import shop


def test_a_fault_that_lasts_meets_every_stage_of_a_plan() -> None:
    all_day = {"kind": "bandwidth_drop", "link": "wan", "at": 60, "lasts": "7 h", "factor": 0.5}
    scenario = shop().with_(faults=[all_day])
    cells = scenario.run(progress=False).summary["coverage"]
    met = {cell["phase"] for cell in cells}
    assert {phase for phase in met if phase.startswith("Recovery plan: ")} == {
        "Recovery plan: preflight checks",
        "Recovery plan: action before",
        "Recovery plan: manual action",
        "Recovery plan: group shutdown",
        "Recovery plan: group failover",
        "Recovery plan: group start",
    }
    assert met <= set(faults.phases())
    assert faults.phases()["Recovery plan: manual action"] == "recovery plan"
