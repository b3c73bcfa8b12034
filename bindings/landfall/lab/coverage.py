"""What has been covered: which kind of fault met a machine in which phase of its protection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

__all__ = ["PHASES", "Coverage", "instants", "phase_of"]

#: The phases of a machine's protection, in the order in which they come.
PHASES = (
    *("idle", "enable", "initial copy", "catch-up", "protected", "resynchronize"),
    *("test failover", "cleanup", "failover", "failed over", "commit", "reprotect"),
    *("failback", "complete"),
)
_PHASE_OF_COPY = {
    "initial copy": "initial copy",
    "catch-up": "catch-up",
    "compare": "resynchronize",
    "resync": "resynchronize",
}
#: By the beginning of the name of a job.
_PHASE_OF_JOB = (
    ("Enable", "enable"),
    ("Finalize", "catch-up"),
    ("Test failover cleanup", "cleanup"),
    ("Cleanup", "cleanup"),
    ("Test failover", "test failover"),
    ("Commit", "commit"),
    ("Reverse replicate", "reprotect"),
    ("Failback", "failback"),
    ("Complete", "complete"),
    ("Disable", "complete"),
    ("Resynchronize", "resynchronize"),
)
_PHASE_OF_STATE = {
    "Protected": "protected",
    "UnplannedFailoverCommitPendingStatesBegin": "failed over",
    "PlannedFailoverCommitRequired": "failed over",
    "UnplannedFailoverCommitted": "failed over",
    "InitialReplicationInProgress": "initial copy",
    "MigrationComplete": "complete",
    "UnprotectedStatesEnd": "complete",
}


class Coverage:
    """How often each kind of fault met each phase, over all runs."""

    def __init__(self) -> None:
        self.cells: Counter[tuple[str, str]] = Counter()
        self.features: Counter[str] = Counter()

    def add(self, cells: Mapping[tuple[str, str], int], features: Mapping[str, int]) -> bool:
        """Count a run; return whether it covered something that none did before."""
        before = len(self.cells) + len(self.features)
        self.cells.update(cells)
        self.features.update(_classes(features))
        return len(self.cells) + len(self.features) > before

    def by_class(self) -> Coverage:
        """Return the same with phases of a class taken together, where phases have classes."""
        from .fault_table import classes_of_phases

        classes = classes_of_phases()
        made = Coverage()
        for (fault, phase), hits in self.cells.items():
            made.cells[fault, classes.get(phase, phase)] += hits
        made.features = self.features
        return made

    @property
    def faults(self) -> list[str]:
        """The kinds of faults that were met."""
        return sorted({fault for fault, _ in self.cells})

    @property
    def phases(self) -> list[str]:
        """The phases that were met, in their order."""
        from .fault_table import classes_of_phases

        known = dict.fromkeys([*classes_of_phases().values(), *PHASES])
        found = {phase for _, phase in self.cells}
        return [phase for phase in known if phase in found] + sorted(found - set(known))

    def hits(self, fault: str, phase: str) -> int:
        """Return how often a fault met a phase."""
        return self.cells[fault, phase]

    def to_dict(self) -> list[dict[str, Any]]:
        """Return the cells as objects of JSON."""
        return [
            {"fault": fault, "phase": phase, "hits": hits}
            for (fault, phase), hits in sorted(self.cells.items())
        ]


def _classes(features: Mapping[str, int]) -> list[str]:
    """How often something happened counts in powers of two: 5 and 6 times are the same."""
    return [f"{name}*{count.bit_length()}" for name, count in features.items()]


def phase_of(log: Mapping[str, Any], machine: str, t_s: float) -> str:
    """Return the phase of a machine at an instant: what is under way, else its state."""
    for kind, whose, start_s, end_s in log["copies"]:
        if whose == machine and start_s <= t_s < end_s:
            return _PHASE_OF_COPY.get(kind, str(kind))
    for operation, whose, start_s, end_s, _ in log["jobs"]:
        if whose == machine and start_s <= t_s and (end_s is None or t_s < end_s):
            return next(
                (phase for begin, phase in _PHASE_OF_JOB if operation.startswith(begin)),
                "failover",
            )
    state = ""
    for at_s, kind, subject, detail in log["events"]:
        if at_s > t_s:
            break
        if kind == "state" and subject == machine:
            state = detail
    return _PHASE_OF_STATE.get(state, "idle")


def instants(log: Mapping[str, Any]) -> list[float]:
    """Return the instants of a run at which something began or ended, in order."""
    found = {float(event[0]) for event in log["events"]}
    for row in [*log["jobs"], *log["copies"]]:
        found |= {float(t_s) for t_s in row[2:4] if t_s is not None}
    return sorted(found)
