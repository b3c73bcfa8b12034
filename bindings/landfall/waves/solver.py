"""The waves by CP-SAT: as many machines as fit, in as few windows, the important ones first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import LandfallError
from .bundles import Bundle
from .ledger import Ledger

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, CpSolver, IntVar

__all__ = ["Solution", "solve"]

_KIB, _MIB = 2**10, 2**20  # rates and sizes in the model: whole numbers, far from overflow
#: Work of the solver in its own units, which do not depend on the machine: about a second each.
_WORK = 6.0
_WALL_S = 25.0


@dataclass(frozen=True, slots=True)
class Solution:
    """Waves, and how good they are known to be.

    Attributes
    ----------
    waves
        By bundle: the number of its window; bundles that fit nowhere are left out.
    is_best
        Whether it is proved that no plan needs fewer windows and places more.
    """

    waves: dict[int, int]
    is_best: bool


def solve(
    ledger: Ledger,
    bundles: Sequence[Bundle],
    hint: dict[int, int],
    *,
    seed: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> Solution:
    """Return the waves of bundles.

    Parameters
    ----------
    ledger
        What fits.
    bundles
        What moves together.
    hint
        Waves that fit, to begin with.
    seed
        Of the solver; equal seeds give equal waves.
    tell
        Hears what is being done.

    Raises
    ------
    LandfallError
        OR-tools is not installed.
    """
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        message = 'waves are planned by OR-tools: pip install "landfall[plan]"'
        raise LandfallError(message) from None
    made = _Model(cp_model.CpModel(), ledger, bundles)
    made.hint(hint)
    tell("how many windows are needed")
    first, status = _run(cp_model, made.model, made.span(), seed)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Solution(hint, is_best=False)  # the time was too short to find any
    is_best = status == cp_model.OPTIMAL
    found = made.read(first)
    made.keep(first)
    made.hint(found)
    tell("which machines go first")
    second, status = _run(cp_model, made.model, made.lateness(), seed)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        found = made.read(second)
    return Solution(found, is_best)


def _run(cp_model: Any, model: CpModel, objective: Any, seed: int) -> tuple[CpSolver, Any]:
    model.minimize(objective)
    solver: CpSolver = cp_model.CpSolver()
    solver.parameters.num_workers = 1  # more of them race, and the winner is another each time
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = _WORK
    solver.parameters.max_time_in_seconds = _WALL_S
    status = solver.solve(model)
    if status == cp_model.MODEL_INVALID:
        raise LandfallError(f"the solver refuses the problem: {model.validate()[:200]}")
    return solver, status


class _Model:
    """Variables and constraints: bundle b moves in wave k, or in none."""

    def __init__(self, model: CpModel, ledger: Ledger, bundles: Sequence[Bundle]) -> None:
        self.model, self.ledger, self.bundles = model, ledger, bundles
        waves = range(len(ledger.windows))
        self.moves: list[dict[int, IntVar]] = [
            {k: model.new_bool_var(f"move {b} in {k}") for k in waves if ledger.may_hold(bundle, k)}
            for b, bundle in enumerate(bundles)
        ]
        self.stays = [model.new_bool_var(f"{b} stays") for b in range(len(bundles))]
        self.last = model.new_int_var(0, len(ledger.windows), "last wave")
        for moves, stays in zip(self.moves, self.stays, strict=True):
            model.add_exactly_one([*moves.values(), stays])
        self.number = [
            sum((k * var for k, var in moves.items()), len(waves) * stays)
            for moves, stays in zip(self.moves, self.stays, strict=True)
        ]
        for moves in self.moves:
            for k, var in moves.items():
                model.add(self.last >= k + 1).only_enforce_if(var)
        self._people()
        self._order()
        self._links()

    def _of_wave(self, k: int) -> list[tuple[Bundle, IntVar]]:
        pairs = zip(self.bundles, self.moves, strict=True)
        return [(bundle, moves[k]) for bundle, moves in pairs if k in moves]

    def _people(self) -> None:
        for k, window in enumerate(self.ledger.windows):
            members = self._of_wave(k)
            if window.machines_max is not None:
                self.model.add(sum(len(b.moves) * v for b, v in members) <= window.machines_max)
            if window.effort is not None:
                effort = sum(_up(b.effort_s) * v for b, v in members)
                self.model.add(effort <= int(window.effort))

    def _order(self) -> None:
        """Add dependencies, and in a wave the rank at which a bundle is cut over."""
        most = max((self.ledger.ranks(k) for k in range(len(self.ledger.windows))), default=0)
        depth = [self.ledger.depth(bundle) for bundle in self.bundles]
        rank = [self.model.new_int_var(0, max(most, 1), f"rank {b}") for b in range(len(depth))]
        step = most + max(depth, default=0) + 1
        for b, bundle in enumerate(self.bundles):
            for k, var in self.moves[b].items():
                fits = self.ledger.ranks(k) - depth[b]
                self.model.add(rank[b] <= fits).only_enforce_if(var)
            for on in bundle.needs:
                self.model.add_implication(self.stays[on], self.stays[b])
                self.model.add(
                    step * self.number[b] + rank[b] >= step * self.number[on] + rank[on] + depth[on]
                ).only_enforce_if(~self.stays[b])

    def _links(self) -> None:
        waves = range(len(self.ledger.windows))
        for link in self.ledger.calendars:
            size = sum(_up(b.used.get(link, 0.0) / _MIB) for b in self.bundles)
            rate = sum(_up(b.churn.get(link, 0.0) / _KIB) for b in self.bundles)
            copied, sent = [], []
            for k in waves:
                members = self._of_wave(k)
                copied.append(self.model.new_int_var(0, size, f"MiB over {link} in {k}"))
                sent.append(self.model.new_int_var(0, rate, f"KiB/s over {link} in {k}"))
                used = sum(_up(b.used.get(link, 0.0) / _MIB) * v for b, v in members)
                churn = sum(_up(b.churn.get(link, 0.0) / _KIB) * v for b, v in members)
                self.model.add(copied[k] == used)
                self.model.add(sent[k] == churn)
            for stretch in (each for each in self.ledger.stretches if each.link == link):
                copies = sum(copied[k] for k in stretch.copied)
                changes = sum(
                    _up(seconds * _KIB / _MIB) * sent[k]
                    for k, seconds in enumerate(stretch.sending_s)
                    if seconds > 0
                )
                self.model.add(copies + changes <= int(stretch.room / _MIB))

    def span(self) -> Any:
        """Return the first objective: leave as few machines behind, then use few windows."""
        weight = len(self.ledger.windows) + 1
        behind = sum(
            len(bundle.moves) * stays
            for bundle, stays in zip(self.bundles, self.stays, strict=True)
        )
        return weight * behind + self.last

    def lateness(self) -> Any:
        """Return the second objective: the sum of priority times window."""
        return sum(
            max(1, round(10 * bundle.priority)) * number
            for bundle, number in zip(self.bundles, self.number, strict=True)
        )

    def hint(self, waves: dict[int, int]) -> None:
        self.model.clear_hints()  # type: ignore[no-untyped-call] # OR-tools leaves this one untyped
        for b, moves in enumerate(self.moves):
            self.model.add_hint(self.stays[b], b not in waves)
            for k, var in moves.items():
                self.model.add_hint(var, waves.get(b) == k)

    def keep(self, solver: CpSolver) -> None:
        """Hold on to what the first objective has reached."""
        self.model.add(self.span() <= round(solver.objective_value))

    def read(self, solver: CpSolver) -> dict[int, int]:
        return {
            b: k
            for b, moves in enumerate(self.moves)
            for k, var in moves.items()
            if solver.boolean_value(var)
        }


def _up(value: float) -> int:
    """Return a whole number that is not less: what is planned is never less than what comes."""
    return -int(-value // 1)
