"""A case of the lab: a scenario's canonical form, faults in it, and a seed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..timeline import EVENTS
from .faults import Document, Fault, FaultKind, kinds, machine_names, written

if TYPE_CHECKING:
    from ..scenario import Scenario

__all__ = ["Case", "Ground", "applicable", "document_of", "survivable"]


@dataclass(frozen=True)
class Case:
    """One run to make.

    Attributes
    ----------
    seed
        Seed of the run's own draws.
    faults
        What goes wrong.
    changes
        Keys at the top of the scenario's canonical form that are replaced.
    """

    seed: int = 1
    faults: tuple[Fault, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)

    def with_faults(self, faults: tuple[Fault, ...]) -> Case:
        """Return the case with other faults."""
        return replace(self, faults=tuple(sorted(faults)))

    def __str__(self) -> str:
        faults = "; ".join(map(str, self.faults)) or "no fault"
        return f"seed {self.seed}: {faults}"


def survivable(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return faults in order, without those that take away the last copy of something.

    Of a machine whose source's disk is replaced the replica must not rot: no run could keep what is
    promised of either, and ``sim/scenario/check_faults.cpp`` refuses both together.
    """
    ordered = sorted(set(faults))
    replaced = {fault.target for fault in ordered if fault.kind == "disk_replaced"}
    return tuple(
        fault for fault in ordered if not (fault.kind == "replica_rot" and fault.target in replaced)
    )


@dataclass(frozen=True)
class Ground:
    """What explorers stand on.

    Attributes
    ----------
    document
        Canonical form of the scenario.
    entities
        Each kind of fault with each target that it can happen to.
    horizon_s
        Faults begin before this instant.
    instants
        When something began or ended in the run without faults.
    log
        Jobs, copies, events and points of that run.
    points
        When a recovery point was published in it.
    wanted
        Cells of the map, kind and class of phases, that were not met yet.
    """

    document: Document
    entities: tuple[tuple[FaultKind, str], ...]
    horizon_s: float
    instants: tuple[float, ...] = ()
    log: Mapping[str, Any] = field(default_factory=lambda: {"jobs": [], "copies": [], "events": []})
    points: tuple[float, ...] = ()
    wanted: frozenset[tuple[str, str]] = frozenset()

    @property
    def kinds(self) -> list[FaultKind]:
        """The kinds of faults that have a target here."""
        return list({kind.name: kind for kind, _ in self.entities}.values())


def changes_of(document: Document, case: Case) -> dict[str, Any]:
    """Return the keys of a scenario's canonical form that a case changes."""
    changes = dict(case.changes)
    whole = {**document, **changes}
    whole["timeline"] = [_tolerant(entry) for entry in whole.get("timeline", ())]
    made = written(whole, case.faults)
    if case.faults:
        # An operation that meets a fault may well be refused: that is the service at work.
        changes["timeline"] = whole["timeline"]
    return changes | made


def _tolerant(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    if entry["do"] in EVENTS or entry.get("refused"):
        return entry
    return {**entry, "refused": "either"}


def document_of(document: Document, case: Case) -> dict[str, Any]:
    """Return the canonical form of the scenario that a case is."""
    made = {**document, **changes_of(document, case)}
    return json.loads(json.dumps(made))  # type: ignore[no-any-return]


def applicable(
    scenario: Scenario, names: tuple[str, ...] | None = None
) -> tuple[tuple[FaultKind, str], ...]:
    """Return the kinds of faults and targets that a scenario allows.

    One member stands for its whole group; what the simulator finds wrong with it is left out.
    """
    from ..scenario import Scenario as Checked
    from .streams import Stream

    document: Document = json.loads(scenario.to_json())
    first_of_group = {
        machine: machine_names({"machines": [group]})[0]
        for group in document["machines"]
        for machine in machine_names({"machines": [group]})
    }
    allowed: dict[tuple[str, str], bool] = {}
    found = []
    for kind in kinds():
        if names is not None and kind.name not in names:
            continue
        for target in kind.targets(document):
            representative = first_of_group.get(target, target)
            key = (kind.name, representative)
            if key not in allowed:
                fault = kind.draw(document, representative, 60.0, 3600.0, Stream(1, *key))
                made = Checked.from_dict(
                    document_of(document, Case(faults=(fault,))), folder=_folder(scenario)
                )
                allowed[key] = not made.check()
            if allowed[key]:
                found.append((kind, target))
    return tuple(found)


def _folder(scenario: Scenario) -> str:
    document = scenario._document
    return str(document.path.parent) if document is not None and document.path else "."
