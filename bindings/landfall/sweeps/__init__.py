"""Sweeps and Monte Carlo: many variants of a scenario, each with replications.

::

    import landfall as lf

    sweep = lf.sweep(
        "gallery:first-migration",
        over={"/links/internet/bandwidth": ["100 Mbit/s", "200 Mbit/s", "400 Mbit/s"]},
        replications=10,
        store="out/links",
    )
    sweep.summary("migration_duration_s")
    sweep.compare(0, 1, "migration_duration_s")
    sweep.plot("migration_duration_s")

Replication r has the same seed in every variant (common random numbers), a run that fails is
recorded and stops nothing, and a sweep that was interrupted goes on from its store. Nothing is
loaded before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .experiment import sweep
    from .intervals import Comparison, Interval
    from .optimise import Search, search
    from .parameters import Change, Choice, Range
    from .precision import Precision
    from .sensitivity import Sensitivity
    from .store import StoreError, StoreInUse
    from .table import Sweep

_NAMES = {
    "experiment": "sweep",
    "intervals": "Comparison Interval",
    "optimise": "Search search",
    "parameters": "Change Choice Range",
    "precision": "Precision",
    "sensitivity": "Sensitivity",
    "store": "StoreError StoreInUse",
    "table": "Sweep",
}
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = [
    "Change",
    "Choice",
    "Comparison",
    "Interval",
    "Precision",
    "Range",
    "Search",
    "Sensitivity",
    "StoreError",
    "StoreInUse",
    "Sweep",
    "search",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
