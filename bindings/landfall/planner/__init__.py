"""Capacity planning: what an estate needs, found from its churn and from documented limits.

::

    plan = lf.planner.plan(servers, trace, rpo="15 min", match="order")
    plan.tables["bandwidth"].frame
    plan.report("plan.html")
    plan.simulate(share=0.9).within

:mod:`.arithmetic` has the planners' rules of thumb as functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import lazily

if TYPE_CHECKING:
    from .capacity_plan import CapacityPlan
    from .options import PlanOptions, Throttle, Volume
    from .planning import plan
    from .simulated import SimulatedPlan
    from .tables import PlanTable

_HOMES = {
    "capacity_plan": "CapacityPlan",
    "options": "PlanOptions Throttle Volume",
    "planning": "plan",
    "simulated": "SimulatedPlan",
    "tables": "PlanTable",
}
__getattr__, __dir__ = lazily(__name__, _HOMES)

__all__ = [
    "CapacityPlan",
    "PlanOptions",
    "PlanTable",
    "SimulatedPlan",
    "Throttle",
    "Volume",
    "plan",
]
