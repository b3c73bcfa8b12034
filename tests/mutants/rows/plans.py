"""Planted bugs of recovery plans."""

from __future__ import annotations

from mutants.hunts import Hunt, Row

from . import control_plane_samples as samples

SHOP = Hunt("shop", samples.shop, faults=())
BARE = Hunt("bare", samples.bare, faults=())
ONE_AFTER_ANOTHER = Hunt("one after another", samples.one_after_another, faults=())
FAILING = Hunt("failing", lambda: samples.failing("failover"), faults=())
FAILING_PLANNED = Hunt("failing, planned", lambda: samples.failing("planned_failover"), faults=())
DEATHS = Hunt("shop, deaths", samples.shop, explorer="crash", faults=("orchestrator_outage",))


def _shown(mutant: str, hunt: Hunt, *by: str, quick: bool = False) -> Row:
    """A bug that the scenario shows without any fault."""
    return Row(mutant, (hunt,), by=by, seeds=2, quick=quick)


ROWS: tuple[Row, ...] = (
    _shown("group-boots-early", BARE, "P1", quick=True),
    _shown("dependencies-reversed", SHOP, "P1"),
    _shown("shutdown-order-forward", SHOP, "P2"),
    _shown("groups-fail-over-at-once", ONE_AFTER_ANOTHER, "P1"),
    _shown("manual-action-skipped", SHOP, "P3", quick=True),
    _shown("script-failure-ignored", FAILING, "P3"),
    Row("script-run-again", (DEATHS,), by=("P6",), seeds=80),
    _shown("steps-before-and-after-swapped", SHOP, "P4"),
    _shown("planned-plan-goes-on", FAILING_PLANNED, "P5"),
)
