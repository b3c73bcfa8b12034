"""The test lab: failover logic under thousands of reproducible disasters.

::

    from landfall.lab import Lab

    report = Lab("branch-office.json").explore(seeds=500, budget="60 s")
    report.raise_if_failed()

A :class:`Lab` runs a scenario under faults that an explorer chooses, holds the invariants against
each run, makes the first failure of each rule small, and hands it back as an ordinary scenario file
with one command to replay it. Nothing is loaded before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import lazily

if TYPE_CHECKING:
    from .branches import Trunk
    from .cases import Case
    from .corpus import Corpus
    from .explorers import EXPLORERS, Explorer
    from .faults import Fault, FaultKind, kinds, register
    from .lab import Failure, Lab
    from .policy import Event, Policy, PolicyError
    from .report import LabFailed, Report
    from .verdicts import Verdict, Violation

_NAMES = {
    "branches": "Trunk",
    "cases": "Case",
    "corpus": "Corpus",
    "explorers": "EXPLORERS Explorer",
    "faults": "Fault FaultKind kinds register",
    "lab": "Failure Lab",
    "policy": "Event Policy PolicyError",
    "report": "LabFailed Report",
    "verdicts": "Verdict Violation",
}
__getattr__, __dir__ = lazily(__name__, _NAMES)

__all__ = [
    "EXPLORERS",
    "Case",
    "Corpus",
    "Event",
    "Explorer",
    "Failure",
    "Fault",
    "FaultKind",
    "Lab",
    "LabFailed",
    "Policy",
    "PolicyError",
    "Report",
    "Trunk",
    "Verdict",
    "Violation",
    "kinds",
    "register",
]
