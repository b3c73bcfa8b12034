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

from typing import TYPE_CHECKING

from ..lazily import lazily

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
__getattr__, __dir__ = lazily(__name__, _NAMES)

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
