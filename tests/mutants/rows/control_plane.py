"""Planted bugs of the control plane: states, jobs, machines, quota, health."""

from __future__ import annotations

from mutants.hunts import Hunt, Row

from . import control_plane_samples as samples

CIRCLE = Hunt("circle", samples.circle, faults=())
EAGER = Hunt("eager", samples.eager, faults=())
CANCELLED = Hunt("cancelled", samples.cancelled, faults=())
CROWDED = Hunt("crowded", samples.crowded, faults=())
REMOVED = Hunt("removed", samples.removed, faults=())
LEFT_ON = Hunt("left on", samples.left_on, faults=())
PLANNED = Hunt("planned", samples.planned, faults=())
CUT_OFF = Hunt("cut off", samples.cut_off, faults=())
DEATHS = Hunt("deaths", samples.circle, explorer="crash", faults=("orchestrator_outage",))


def _shown(mutant: str, hunt: Hunt, *by: str, quick: bool = False) -> Row:
    """A bug that the scenario shows without any fault."""
    return Row(mutant, (hunt,), by=by, seeds=2, quick=quick)


ROWS: tuple[Row, ...] = (
    Row("token-per-request", (DEATHS,), by=("S27",), seeds=80),
    _shown("fail-over-twice", EAGER, "C8"),
    _shown("reprotect-before-commit", EAGER, "C8"),
    _shown("operate-during-drill", EAGER, "C8"),
    _shown("wrong-state-after-commit", CIRCLE, "C9"),
    _shown("commit-keeps-points", CIRCLE, "C9", quick=True),
    _shown("clean-up-forgets-machine", CIRCLE, "C3"),
    _shown("drill-stops-replication", CIRCLE, "S21"),
    _shown("drill-in-production", CIRCLE, "S21", quick=True),
    _shown("cancel-leaves-machine", CANCELLED, "C4"),
    _shown("cancel-shuts-source-down", CANCELLED, "S28"),
    _shown("planned-skips-shutdown", PLANNED, "C1"),
    _shown("planned-skips-last-changes", PLANNED, "C11"),
    _shown("stale-point", CIRCLE, "C10"),
    _shown("failed-job-goes-on", CROWDED, "C7"),
    Row("forget-task-after-death", (DEATHS,), by=("C7",), seeds=40),
    _shown("ended-job-keeps-room", CANCELLED, "C5"),
    _shown("quota-unchecked", CROWDED, "C12"),
    _shown("address-unchecked", CIRCLE, "S22"),
    _shown("removal-keeps-replicating", REMOVED, "C9"),
    _shown("removal-keeps-points", REMOVED, "C9"),
    _shown("resume-does-nothing", PLANNED, "C9"),
    _shown("reprotect-leaves-other-on", LEFT_ON, "S29"),
    _shown("health-never-clears", CUT_OFF, "L10"),
)
