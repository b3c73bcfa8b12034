"""What has been covered: which kind of fault met a machine in which phase of its protection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

__all__ = ["Coverage", "Meaning", "instants", "moments", "phase_of"]

_CLASS_OF_COPY = {
    "initial copy": "initial copy",
    "catch-up": "initial copy",
    "offline": "initial copy",
    "changed blocks": "resync",
    "reverse delta": "initial copy",
    "compare": "resync",
    "resync": "resync",
}
_FAILOVERS = ("Planned failover", "Failover")
#: A marker is placed shortly before its point, whose logs are applied shortly after it.
_NEAR_S = 20.0
_MARKER_S = 3.0
_JUST_S = 5e-4


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

        known = dict.fromkeys(classes_of_phases().values())
        found = {phase for _, phase in self.cells}
        return [phase for phase in known if phase in found] + sorted(found - set(known))

    @property
    def meaning(self) -> Meaning:
        """What the cells of the map mean, and which of those that mean something are hit."""
        return Meaning(self.by_class())

    def hits(self, fault: str, phase: str) -> int:
        """Return how often a fault met a phase."""
        return self.cells[fault, phase]

    def to_dict(self) -> list[dict[str, Any]]:
        """Return the cells as objects of JSON."""
        return [
            {"fault": fault, "phase": phase, "hits": hits}
            for (fault, phase), hits in sorted(self.cells.items())
        ]


class Meaning:
    """The map against the table of the simulator: every kind of fault, every class of phases.

    Attributes
    ----------
    cells
        Kinds and classes that have a meaning.
    hit
        Those of them that were hit.
    missing
        Those that were not.
    without
        Kinds and classes that have none, and why, in the order of the table.
    """

    def __init__(self, by_class: Coverage) -> None:
        from .. import faults
        from .fault_table import classes_of_phases

        self.cells: list[tuple[str, str]] = []
        self.without: dict[tuple[str, str], str] = {}
        for kind, row in faults.kinds().items():
            for phase in dict.fromkeys(classes_of_phases().values()):
                if phase in row["phases"]:
                    self.cells.append((kind, phase))
                else:
                    self.without[kind, phase] = str(row["elsewhere"])
        self.hit = [cell for cell in self.cells if by_class.cells[cell] > 0]
        self.missing = [cell for cell in self.cells if by_class.cells[cell] == 0]

    def __str__(self) -> str:
        return f"{len(self.hit)} of {len(self.cells)}"

    def lines(self) -> list[str]:
        """Return what there is to know beside the map: what is missing, what means nothing."""
        told = [f"meaningful cells hit: {self}"]
        for kind in dict.fromkeys(kind for kind, _ in self.missing):
            phases = ", ".join(phase for other, phase in self.missing if other == kind)
            told.append(f"  missing: {kind} in {phases}")
        by_reason: dict[str, list[tuple[str, str]]] = {}
        for cell, reason in self.without.items():
            by_reason.setdefault(reason, []).append(cell)
        for reason, cells in by_reason.items():
            told.append(f"  {len(cells)} cells without a meaning: {reason}")
        return told


def _classes(features: Mapping[str, int]) -> list[str]:
    """How often something happened counts in powers of two: 5 and 6 times are the same."""
    return [f"{name}*{count.bit_length()}" for name, count in features.items()]


def phase_of(log: Mapping[str, Any], machine: str, t_s: float) -> str:
    """Return the class of phases of a machine at an instant: what is under way, else its state."""
    for operation, whose, start_s, end_s, _ in log["jobs"]:
        if whose == machine and start_s <= t_s and (end_s is None or t_s < end_s):
            home = operation in _FAILOVERS and _is_away(log, machine, start_s)
            return "failback" if home else _class_of_job(operation)
    for kind, whose, start_s, end_s in log["copies"]:
        if whose == machine and start_s <= t_s < end_s:
            return _CLASS_OF_COPY.get(kind, "initial copy")
    state = ""
    for at_s, kind, subject, detail in log["events"]:
        if at_s > t_s:
            break
        if kind == "state" and subject == machine:
            state = detail
    return "journal" if state == "Protected" else "idle"


def _is_away(log: Mapping[str, Any], machine: str, t_s: float) -> bool:
    """Return whether a machine runs at its target at an instant."""
    where = "Primary"
    for at_s, kind, subject, detail in log["events"]:
        if at_s < t_s and kind == "active_location" and subject == machine:
            where = detail
    return where == "Recovery"


def _class_of_job(operation: str) -> str:
    """Return the class of the tasks of a job."""
    from .fault_table import classes_of_phases

    begin = f"{operation}: "
    return next(
        (c for name, c in classes_of_phases().items() if name.startswith(begin)), "failover"
    )


def moments(log: Mapping[str, Any], machine: str) -> dict[str, list[tuple[float, float]]]:
    """Return by class when a machine passes through phases that last a moment: those of points."""
    points = sorted({float(t_s) for whose, t_s in log.get("points", ()) if whose == machine})
    if not points:
        return {}
    just = [(t_s, t_s + _JUST_S) for t_s in points]
    return {
        # Between the marker and the point lie milliseconds or seconds, as the line is.
        "marker": [
            (max(0.0, t_s - _MARKER_S / 10**scale), t_s) for t_s in points for scale in range(4)
        ],
        "apply": [(t_s, t_s + _NEAR_S) for t_s in points],
        "publish": just,
        "prune": just[len(just) // 2 :],
    }


def instants(log: Mapping[str, Any]) -> list[float]:
    """Return the instants of a run at which something began or ended, in order."""
    found = {float(event[0]) for event in log["events"]}
    for row in [*log["jobs"], *log["copies"]]:
        found |= {float(t_s) for t_s in row[2:4] if t_s is not None}
    return sorted(found)
