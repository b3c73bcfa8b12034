"""Capacity planning: what an estate needs, found from its churn and from documented limits.

::

    plan = lf.planner.plan(servers, trace, rpo="15 min", match="order")
    plan.tables["bandwidth"].frame
    plan.report("plan.html")
    plan.simulate(share=0.9).within

:mod:`.arithmetic` has the planners' rules of thumb as functions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "CapacityPlan",
    "PlanOptions",
    "PlanTable",
    "SimulatedPlan",
    "Throttle",
    "Volume",
    "plan",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
