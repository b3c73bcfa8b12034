"""Faults as data: what can go wrong in a scenario, drawn from named streams, written into it.

A fault is a kind, an instant, a target and, where it has one, a length. A list of faults is
explicit data: what a seed drew is written into the scenario before the run, so that a run never
draws a fault, and a failing list can be made smaller one fault at a time.

Each kind says which targets a scenario has for it, what it draws for itself, and how it is written
into a scenario's canonical form. The kinds are a table; more can be added with `register`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .. import codes
from ..errors import Problem, ScenarioError, UnknownName
from .streams import Stream

__all__ = ["Document", "Fault", "FaultKind", "kind_named", "kinds", "machine_names", "register"]

#: The canonical form of a scenario.
Document: TypeAlias = Mapping[str, Any]
Family: TypeAlias = Literal["network", "process", "storage", "guest", "cloud", "operator"]

_MILLISECOND = 3
_MIB = 1 << 20


@dataclass(frozen=True, order=True)
class Fault:
    """One fault: explicit data, in the order in which they happen.

    Attributes
    ----------
    at_s
        When it begins, in seconds since the start of the run.
    kind
        Name of its kind.
    target
        Name of what it happens to; empty for the service as a whole.
    lasts_s
        For how many seconds; ``None`` where the kind has no length.
    params
        Further parameters, by name.
    """

    at_s: float
    kind: str
    target: str = ""
    lasts_s: float | None = None
    params: tuple[tuple[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fault as an object of JSON."""
        made: dict[str, Any] = {"kind": self.kind, "at": self.at_s}
        if self.lasts_s is not None:
            made["lasts"] = self.lasts_s
        if self.target:
            made[kind_named(self.kind).target_key] = self.target
        return made | dict(self.params)

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Fault:
        """Read a fault from its JSON form.

        Raises
        ------
        ScenarioError
            There is no such kind, or a key is missing.
        """
        rest = dict(entry)
        name = str(rest.pop("kind", ""))
        known = [kind.name for kind in kinds()]
        if name not in known:
            unknown = UnknownName("fault kind", name, known)
            problem = Problem(
                codes.UNKNOWN_CHOICE, "/kind", f'"{name}"', str(unknown), tuple(known)
            )
            raise ScenarioError([problem], source="fault")
        at_s = float(rest.pop("at", 0.0))
        lasts = rest.pop("lasts", None)
        target = str(rest.pop(kind_named(name).target_key, ""))
        params = tuple(sorted(rest.items()))
        return cls(at_s, name, target, None if lasts is None else float(lasts), params)

    @property
    def end_s(self) -> float:
        """When it is over, in seconds."""
        return self.at_s + (self.lasts_s or 0.0)

    def __str__(self) -> str:
        from .. import formatting

        words = " ".join(str(value) for _, value in self.params if not isinstance(value, list))
        text = f"{self.kind}{f'({words})' if words else ''} of {self.target or 'the service'}"
        text += f" at {formatting.duration(self.at_s)}"
        return text + (f" for {formatting.duration(self.lasts_s)}" if self.lasts_s else "")


@dataclass(frozen=True)
class FaultKind:
    """A kind of fault.

    Attributes
    ----------
    name
        Its name, as faults have it.
    family
        What part of the world it is about.
    target_key
        What its target is called.
    targets
        The targets that a scenario has, by its canonical form.
    write
        Writes a fault into a scenario's canonical form, whose lists it may change.
    lasts
        Least and most seconds that a draw gives it; ``None``: it has no length.
    params
        What else is drawn, for a target and an instant as a part of the run.
    """

    name: str
    family: Family
    target_key: str
    targets: Callable[[Document], Sequence[str]]
    write: Callable[[dict[str, Any], Fault], None]
    lasts: tuple[float, float] | None = None
    params: Callable[[Document, str, float, Stream], Mapping[str, Any]] | None = None

    def draw(
        self, document: Document, target: str, at_s: float, horizon_s: float, stream: Stream
    ) -> Fault:
        """Return a fault of this kind at an instant; its length and parameters are drawn."""
        lasts_s = None
        if self.lasts is not None:
            low, high = self.lasts
            high = max(low, min(high, horizon_s / 2))
            lasts_s = round(low * math.exp(stream.unit() * math.log(high / low)), _MILLISECOND)
            at_s, lasts_s = _within(document.get("duration"), at_s, lasts_s)
        given: Mapping[str, Any] = {}
        if self.params is not None:
            given = self.params(document, target, at_s / max(horizon_s, 1e-9), stream)
        return Fault(at_s, self.name, target, lasts_s, tuple(sorted(given.items())))


def _within(end_s: float | None, at_s: float, lasts_s: float) -> tuple[float, float]:
    """Return a begin and a length that are over before the run is."""
    if end_s is None or at_s + lasts_s < end_s:
        return at_s, lasts_s
    at_s = min(at_s, max(0.0, end_s - 2.0))
    return at_s, round(max(1.0, end_s - at_s - 1.0), _MILLISECOND)


# --- What a scenario has --------------------------------------------------------------------------


def machine_names(document: Document) -> list[str]:
    """Return the names of all machines; members of a group have a number of equal width."""
    names = []
    for group in document["machines"]:
        count = int(group.get("count", 1))
        width = len(str(count))
        names += (
            [str(group["name"])]
            if count == 1
            else [f"{group['name']}-{k:0{width}}" for k in range(1, count + 1)]
        )
    return names


def group_of(document: Document, machine: str) -> Mapping[str, Any]:
    for group in document["machines"]:
        if machine in machine_names({"machines": [group]}):
            found: Mapping[str, Any] = group
            return found
    raise UnknownName("machine", machine, machine_names(document))


# --- How it is written ----------------------------------------------------------------------------


def grown(document: Document, machine: str, name: str, part: float) -> int:
    """Return a size for a disk, in bytes, that is larger the later it is: it may grow twice."""
    disk = next(disk for disk in group_of(document, machine)["disks"] if disk["name"] == name)
    return -(-int(disk["size"] * (1.05 + 0.5 * part)) // _MIB) * _MIB


#: Kinds that somebody added.
_ADDED: dict[str, FaultKind] = {}


def register(kind: FaultKind) -> None:
    """Add a kind of fault, or replace the one of its name."""
    _ADDED[kind.name] = kind


def _by_name() -> dict[str, FaultKind]:
    from .fault_table import of_the_table

    return {**of_the_table(), **_ADDED}


def kinds() -> list[FaultKind]:
    """Return all kinds of faults: those of the simulator's table, and added ones."""
    return list(_by_name().values())


def kind_named(name: str) -> FaultKind:
    """Return a kind of fault. Raises UnknownName, which says the nearest."""
    known = _by_name()
    if name not in known:
        raise UnknownName("fault kind", name, known)
    return known[name]


def written(document: Document, faults: Iterable[Fault]) -> dict[str, Any]:
    """Return the keys of a scenario's canonical form that faults change, with the faults in them.

    Raises
    ------
    UnknownName
        A fault is of an unknown kind, or happens to what the scenario does not have.
    """
    listed = sorted(faults)
    made: dict[str, Any] = {}
    for key in ("links", "timeline", "faults"):
        made[key] = copy.deepcopy(document.get(key, []))
    for fault in listed:
        kind = kind_named(fault.kind)
        known = kind.targets(document)
        if fault.target not in known:
            raise UnknownName(f"{kind.target_key} for {kind.name}", fault.target, known)
        kind.write(made, fault)
    return {key: value for key, value in made.items() if value != document.get(key, [])}
