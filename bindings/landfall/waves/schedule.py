"""From waves to instants: when each machine begins to be copied, and when it is cut over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .bundles import Bundle
from .ledger import Ledger, ranks_of
from .problem import Move
from .wave_plan import PlannedMove, WavePlan

__all__ = ["scheduled"]

#: From enabling to the first copied byte: push installation, configuration of the target [A].
_ENABLE_S = 1800.0


def scheduled(
    ledger: Ledger, bundles: Sequence[Bundle], waves: Mapping[int, int], method: str, seed: int
) -> WavePlan:
    """Return the plan of bundles that move in waves: copies as late as they may begin."""
    starts = _starts(ledger, bundles, waves)
    moves: list[PlannedMove] = []
    for wave in range(len(ledger.windows)):
        members = [move for b, w in waves.items() if w == wave for move in bundles[b].moves]
        ranks = ranks_of(ledger.problem, members)
        moves += [
            _planned(ledger, move, wave, ranks[move.name], starts)
            for move in sorted(members, key=lambda move: (ranks[move.name], move.name))
        ]
    left = {
        name: _why_left(ledger, bundles, waves, b)
        for b, bundle in enumerate(bundles)
        if b not in waves
        for name in bundle.names
    }
    return WavePlan(ledger, tuple(moves), left, method=method, seed=seed)


def _planned(
    ledger: Ledger, move: Move, wave: int, rank: int, starts: Mapping[tuple[str, int], float]
) -> PlannedMove:
    window = ledger.windows[wave]
    return PlannedMove(
        name=move.name,
        window=window,
        link=ledger.problem.link_of(move).name,
        starts_s=_start_of(ledger, move, wave, starts),
        copied_by_s=ledger.deadline(wave),
        cutover_s=window.opens + rank * float(ledger.problem.cutover_time),
    )


def _why_left(
    ledger: Ledger, bundles: Sequence[Bundle], waves: Mapping[int, int], number: int
) -> str:
    """Say what keeps a bundle out of the last window that it might move in."""
    bundle = bundles[number]
    missing = [on for on in bundle.needs if on not in waves]
    if missing:
        return f"depends on {bundles[missing[0]].names[0]}, which is left behind"
    first = max((waves[on] for on in bundle.needs), default=0)
    possible = [w for w in range(first, len(ledger.windows)) if ledger.may_hold(bundle, w)]
    if not possible:
        return "no window within its dates is long enough"
    last = possible[-1]
    tried = {**waves, number: last}
    reasons = ledger.overtaxes(last, tried, bundles) + ledger.overfills(tried, bundles)
    return reasons[0] if reasons else "another order would have found room"


def _start_of(
    ledger: Ledger, move: Move, wave: int, starts: Mapping[tuple[str, int], float]
) -> float:
    start = starts[ledger.problem.link_of(move).name, wave]
    return max(0.0, max(start, ledger.release(wave)) - _ENABLE_S)


def _starts(
    ledger: Ledger, bundles: Sequence[Bundle], waves: Mapping[int, int]
) -> dict[tuple[str, int], float]:
    """Return by link and wave when its copies have to begin: from the last wave backwards."""
    starts: dict[tuple[str, int], float] = {}
    for link, calendar in ledger.calendars.items():
        free = calendar
        for wave, window in enumerate(ledger.windows):
            churn = sum(bundles[b].churn.get(link, 0.0) for b, w in waves.items() if w == wave)
            if churn > 0:
                free = free.without(ledger.release(wave), window.opens, churn)
        for wave in reversed(range(len(ledger.windows))):
            used = sum(bundles[b].used.get(link, 0.0) for b, w in waves.items() if w == wave)
            starts[link, wave], free = free.latest_start(used, ledger.deadline(wave))
    return starts
