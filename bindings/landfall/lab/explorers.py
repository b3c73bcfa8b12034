"""Explorers: where in the space of faults and instants to look next.

Each is a generator of cases on a ground, made from a first seed; equal ground and seed give equal
cases. One that ends has tried everything it wanted. ``coverage`` is told what each run came to, and
follows what was new; the others do not listen.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from ..errors import UnknownName
from .cases import Case, Ground, survivable
from .coverage import moments, phase_of
from .faults import Fault, FaultKind
from .knobs import turned
from .streams import Stream

__all__ = ["EXPLORERS", "Explorer", "explorer_named"]

_JUST_AFTER_S = 1e-6
_GRID = 8
_MEAN_FAULTS = 4
_POOL = 256
_CRASHES = frozenset(
    {"power_loss", "replica_crash", "orchestrator_outage", "process_server_crash"}
    | {"process_server_cache_loss", "agent_stopped", "guest_reboot", "site_outage"}
)

Entity: TypeAlias = tuple[FaultKind, str]


class Explorer(ABC):
    """A generator of cases.

    Parameters
    ----------
    ground
        What there is to explore.
    seed
        First seed: the k-th case has seed + k.
    """

    def __init__(self, ground: Ground, seed: int) -> None:
        self.ground = ground
        self.seed = seed

    @abstractmethod
    def cases(self) -> Iterator[Case]:
        """Yield cases, for ever or until everything was tried."""

    def learn(self, case: Case, *, new: bool) -> None:  # noqa: B027 - most do not listen
        """Hear whether a run of a case covered what none had before."""

    # --- What explorers share ---------------------------------------------------------------------

    def _instant(self, stream: Stream) -> float:
        """Anywhere, at something that happens in the run without faults, or near it."""
        ground = self.ground
        way = stream.below(4)
        if way == 0 or not ground.instants:
            return round(stream.between(0.0, ground.horizon_s), 3)
        of_points = way == 3 and ground.points
        at_s = stream.choice(ground.points if of_points else ground.instants)
        if way == 2:
            at_s += (10.0 ** stream.between(-3.0, 2.8)) * (1 if stream.chance(0.5) else -1)
        return min(max(round(at_s, 9), 0.0), ground.horizon_s)

    def _fault(self, entity: Entity, at_s: float, stream: Stream) -> Fault:
        kind, target = entity
        return kind.draw(self.ground.document, target, at_s, self.ground.horizon_s, stream)

    def _drawn(self, seed: int, entities: Sequence[Entity]) -> Case:
        """Each entity draws for itself, so leaving some out does not move the others' faults."""
        if not entities:
            return Case(seed)
        mean = 1 + Stream(seed, "lab", "faults").below(_MEAN_FAULTS)
        probability = min(1.0, mean / len(entities))
        faults = []
        for entity in entities:
            stream = Stream(seed, entity[0].name, entity[1])
            while stream.chance(probability):
                faults.append(self._fault(entity, self._instant(stream), stream))
                probability = min(probability, 0.5)
        if not faults:
            stream = Stream(seed, "lab", "one fault")
            faults.append(self._fault(stream.choice(entities), self._instant(stream), stream))
        return Case(seed, survivable(faults))


class RandomExplorer(Explorer):
    """All kinds of faults, at random."""

    def cases(self) -> Iterator[Case]:
        for seed in itertools.count(self.seed):
            yield self._drawn(seed, self.ground.entities)


class SwarmExplorer(Explorer):
    """As random, but each run leaves out a random half of the kinds: rare meetings come up."""

    def cases(self) -> Iterator[Case]:
        for seed in itertools.count(self.seed):
            yield self._drawn(seed, self._swarm(seed))

    def _swarm(self, seed: int) -> list[Entity]:
        kinds = self.ground.kinds
        stream = Stream(seed, "lab", "swarm")
        kept = {kind.name for kind in stream.sample(kinds, (len(kinds) + 1) // 2)}
        return [entity for entity in self.ground.entities if entity[0].name in kept]


class KnobExplorer(SwarmExplorer):
    """As a swarm, and sizes, speeds and times of the scenario are drawn anew for each run."""

    def cases(self) -> Iterator[Case]:
        for case in super().cases():
            yield replace(
                case, changes=turned(self.ground.document, Stream(case.seed, "lab", "knobs"))
            )


class CrashExplorer(Explorer):
    """A crash at every instant at which the run without faults begins, ends or persists something.

    At the instant itself the crash comes before what happens then; a microsecond later, after it.
    """

    def cases(self) -> Iterator[Case]:
        entities = [entity for entity in self.ground.entities if entity[0].name in _CRASHES]
        points = [
            at_s
            for instant in sorted({*self.ground.instants, *self.ground.points})
            if instant <= self.ground.horizon_s
            for at_s in (instant, instant + _JUST_AFTER_S)
        ]
        every = list(itertools.product(_spread(points), entities))
        for number, (at_s, entity) in enumerate(every):
            stream = Stream(self.seed, entity[0].name, entity[1], f"{at_s:.9f}")
            yield Case(self.seed + number, (self._fault(entity, at_s, stream),))


class PriorityExplorer(Explorer):
    """Faults in a random order of priority at successive instants, with few changes of priority.

    A fault of high priority comes first at its instant, one of low priority just after what happens
    there; of n faults d - 1 change. Any order of depth d is met with probability 1 / (n n^(d-1)).
    """

    def cases(self) -> Iterator[Case]:
        ground = self.ground
        points = [at_s for at_s in ground.instants if at_s <= ground.horizon_s] or [0.0]
        for seed in itertools.count(self.seed):
            stream = Stream(seed, "lab", "priorities")
            count = 2 + stream.below(4)
            chosen = stream.shuffled([stream.choice(ground.entities) for _ in range(count)])
            changes = set(stream.sample(range(count), min(count, 1 + stream.below(2))))
            place, low = stream.below(len(points)), stream.chance(0.5)
            faults = []
            for number, entity in enumerate(chosen):
                low ^= number in changes
                at_s = points[min(place, len(points) - 1)] + (_JUST_AFTER_S if low else 0.0)
                faults.append(self._fault(entity, at_s, stream))
                place += stream.below(3)
            yield Case(seed, survivable(faults))


#: How often a cell that a campaign wants is tried in a scenario.
_TRIES = 5


class PairwiseExplorer(Explorer):
    """Every kind of fault in every phase of the run without faults, then every two of them."""

    def cases(self) -> Iterator[Case]:
        cells = self._cells()
        order = Stream(self.seed, "lab", "pairs").shuffled(list(itertools.combinations(cells, 2)))
        singles = Stream(self.seed, "lab", "cells").shuffled(cells)
        # What a campaign has not met yet comes first, and more than once: some phases are moments.
        wanted = [cell for cell in singles if cell in self.ground.wanted]
        singles = [*wanted * _TRIES, *(cell for cell in singles if cell not in self.ground.wanted)]
        for number, chosen in enumerate([*((cell,) for cell in singles), *order]):
            seed = self.seed + number
            stream = Stream(seed, "lab", "pairwise")
            faults = [
                self._fault(entity, round(stream.between(*stream.choice(spans)), 9), stream)
                for entity, spans in (self._in_cell(cell, stream) for cell in chosen)
            ]
            yield Case(seed, survivable(faults))

    def _cells(self) -> list[tuple[str, str]]:
        phases = sorted({phase for spans in self._spans().values() for phase in spans})
        return [(kind.name, phase) for phase in phases for kind in self.ground.kinds]

    def _in_cell(
        self, cell: tuple[str, str], stream: Stream
    ) -> tuple[Entity, Sequence[tuple[float, float]]]:
        """Return an entity of the kind and when a machine that it meets is in the phase."""
        kind, phase = cell
        spans = self._spans()
        fitting = [
            (entity, spans[machine][phase])
            for entity in self.ground.entities
            if entity[0].name == kind
            for machine in spans
            if phase in spans[machine] and entity[1] in (machine, "")
        ]
        anywhere = [
            (entity, of_machine[phase])
            for entity in self.ground.entities
            if entity[0].name == kind
            for of_machine in spans.values()
            if phase in of_machine
        ]
        return stream.choice(fitting or anywhere)

    def _spans(self) -> dict[str, dict[str, list[tuple[float, float]]]]:
        """Return by machine and phase when the run without faults is in it."""
        if not hasattr(self, "_known"):
            ground = self.ground
            ends = [0.0, *(t for t in ground.instants if t <= ground.horizon_s), ground.horizon_s]
            machines = sorted({str(e[2]) for e in ground.log["events"] if e[1] == "state"})
            self._known: dict[str, dict[str, list[tuple[float, float]]]] = {}
            for machine in machines:
                found = self._known.setdefault(machine, {})
                for begin, end in itertools.pairwise(ends):
                    if end > begin:
                        phase = phase_of(ground.log, machine, (begin + end) / 2)
                        found.setdefault(phase, []).append((begin, end))
                for phase, spans in moments(ground.log, machine).items():
                    within = [span for span in spans if span[1] <= ground.horizon_s]
                    if within:
                        found[phase] = within
        return self._known


class ExhaustiveExplorer(Explorer):
    """Every combination of one fault, then of two, at the instants of a coarse grid; then it ends.

    For tiny scenarios: k entities on a grid of 8 instants are 8 k + (8 k)(8 k - 1) / 2 cases.
    """

    def cases(self) -> Iterator[Case]:
        ground = self.ground
        points = [at_s for at_s in ground.instants if at_s <= ground.horizon_s] or [0.0]
        step = max(1, -(-len(points) // _GRID))
        singles = [
            self._fault(entity, at_s, Stream(self.seed, entity[0].name, entity[1]))
            for at_s in points[::step]
            for entity in ground.entities
        ]
        pairs = itertools.combinations(singles, 2)
        for faults in itertools.chain(((single,) for single in singles), pairs):
            yield Case(self.seed, survivable(faults))


class CoverageExplorer(SwarmExplorer):
    """Keeps the cases that covered something new and changes them a little; else draws a swarm."""

    def __init__(self, ground: Ground, seed: int) -> None:
        super().__init__(ground, seed)
        self._pool: list[Case] = []

    def learn(self, case: Case, *, new: bool) -> None:
        if new:
            self._pool.append(case)
            del self._pool[:-_POOL]

    def cases(self) -> Iterator[Case]:
        for seed in itertools.count(self.seed):
            stream = Stream(seed, "lab", "mutation")
            if not self._pool or stream.chance(0.25):
                yield self._drawn(seed, self._swarm(seed))
                continue
            yield self._changed(stream.choice(self._pool), seed, stream)

    def _changed(self, parent: Case, seed: int, stream: Stream) -> Case:
        faults = list(parent.faults)
        for _ in range(1 + stream.below(3)):
            way = stream.below(4)
            if way == 0 or not faults:
                entity = stream.choice(self.ground.entities)
                faults.append(self._fault(entity, self._instant(stream), stream))
            elif way == 1 and len(faults) > 1:
                faults.pop(stream.below(len(faults)))
            elif way == 2:
                other = stream.choice(self._pool)
                faults += stream.sample(other.faults, min(1, len(other.faults)))
            else:
                moved = faults.pop(stream.below(len(faults)))
                entity = next(e for e in self.ground.entities if e[0].name == moved.kind)
                faults.append(self._fault((entity[0], moved.target), self._instant(stream), stream))
        kept_seed = parent.seed if stream.chance(0.5) else seed
        return Case(kept_seed, survivable(faults))


#: Explorers by name, for people: class and what it does in a few words.
EXPLORERS: dict[str, tuple[Callable[[Ground, int], Explorer], str]] = {
    "swarm": (SwarmExplorer, "each run leaves out a random half of the kinds of faults"),
    "knobs": (KnobExplorer, "as swarm, with sizes, speeds and times drawn for each run"),
    "random": (RandomExplorer, "all kinds of faults at random"),
    "crash": (CrashExplorer, "a crash at every point where something begins, ends or persists"),
    "pct": (PriorityExplorer, "few changes of priority among faults and what happens at once"),
    "pairwise": (PairwiseExplorer, "every kind of fault in every phase, then every two"),
    "exhaustive": (ExhaustiveExplorer, "every one and two faults on a grid of instants"),
    "coverage": (CoverageExplorer, "changes what covered something new"),
}


class TurnsExplorer(Explorer):
    """Several explorers that take turns, until all of them have ended."""

    def __init__(self, explorers: Sequence[Explorer]) -> None:
        super().__init__(explorers[0].ground, explorers[0].seed)
        self._explorers = explorers

    def learn(self, case: Case, *, new: bool) -> None:
        for explorer in self._explorers:
            explorer.learn(case, new=new)

    def cases(self) -> Iterator[Case]:
        left = [explorer.cases() for explorer in self._explorers]
        while left:
            for cases in list(left):
                case = next(cases, None)
                if case is None:
                    left.remove(cases)
                else:
                    yield case


def explorer_named(name: str) -> Callable[[Ground, int], Explorer]:
    """Return an explorer; of several names with commas between them, one that takes turns.

    Raises
    ------
    UnknownName
        There is none of a name; it says the nearest.
    """
    names = [each.strip() for each in name.split(",")]
    for each in names:
        if each not in EXPLORERS:
            raise UnknownName("explorer", each, EXPLORERS)
    if len(names) == 1:
        return EXPLORERS[names[0]][0]

    def take_turns(ground: Ground, seed: int) -> Explorer:
        return TurnsExplorer([EXPLORERS[each][0](ground, seed) for each in names])

    return take_turns


def _spread(points: Sequence[float]) -> list[float]:
    """Return points in an order in which any beginning is spread over the whole."""
    bits = max(1, (len(points) - 1).bit_length())
    order = sorted(range(len(points)), key=lambda k: int(f"{k:0{bits}b}"[::-1], 2))
    return [points[k] for k in order]
