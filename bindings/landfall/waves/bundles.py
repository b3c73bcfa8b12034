"""Machines that can only move together, and what a bundle weighs."""

from __future__ import annotations

from dataclasses import dataclass

from .. import _model
from .problem import Move, WaveProblem

__all__ = ["Bundle", "bundles_of"]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Machines that move in one wave.

    Attributes
    ----------
    moves
        The machines, in the order of the problem.
    needs
        Numbers of the bundles that must not move later.
    level
        Longest way down to a bundle that needs nothing.
    used, churn
        Bytes to copy, and bytes per second that change, by link, on the link (compressed).
    effort_s
        Working time.
    priority
        Sum over the machines.
    earliest_s, latest_s
        Windows between these only.
    """

    moves: tuple[Move, ...]
    needs: tuple[int, ...]
    level: int
    used: dict[str, float]
    churn: dict[str, float]
    effort_s: float
    priority: float
    earliest_s: float
    latest_s: float

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the machines."""
        return tuple(move.name for move in self.moves)


def bundles_of(problem: WaveProblem) -> list[Bundle]:
    """Return the bundles of a problem: affinity, and dependencies round a circle (Boost.Graph)."""
    index = {move.name: k for k, move in enumerate(problem.moves)}
    together = [
        (index[names[0]], index[other]) for names in problem.together for other in names[1:]
    ]
    needs = [(index[need.machine], index[need.on]) for need in problem.needs]
    of_machine, level, edges = _model.bundle(len(index), together, needs)
    members: list[list[Move]] = [[] for _ in level]
    for move, bundle in zip(problem.moves, of_machine, strict=True):
        members[bundle].append(move)
    needed: list[list[int]] = [[] for _ in level]
    for bundle, on in edges:
        needed[bundle].append(on)
    return [
        _bundle(problem, tuple(moves), tuple(on), rank)
        for moves, on, rank in zip(members, needed, level, strict=True)
    ]


def _bundle(
    problem: WaveProblem, moves: tuple[Move, ...], needs: tuple[int, ...], level: int
) -> Bundle:
    used: dict[str, float] = {}
    churn: dict[str, float] = {}
    for move in moves:
        link = problem.link_of(move).name
        used[link] = used.get(link, 0.0) + move.used / problem.compression_ratio
        churn[link] = churn.get(link, 0.0) + move.churn / problem.compression_ratio
    return Bundle(
        moves=moves,
        needs=needs,
        level=level,
        used=used,
        churn=churn,
        effort_s=sum(float(move.effort) for move in moves),
        priority=sum(float(move.priority) for move in moves),
        earliest_s=max(float(move.earliest) for move in moves),
        latest_s=min(float(move.latest or float("inf")) for move in moves),
    )
