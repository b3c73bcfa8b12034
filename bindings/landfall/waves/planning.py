"""From a problem to a plan: bundles, waves, starts of copies, and the simulation that judges it."""

from __future__ import annotations

from collections.abc import Callable

from .bundles import Bundle, bundles_of
from .ledger import Ledger
from .problem import WaveProblem
from .schedule import scheduled
from .solver import solve
from .wave_plan import WavePlan

__all__ = ["first_fit", "plan"]

#: A plan that fails in the simulation is made again with so much less of each link.
_LESS = 0.9
_ATTEMPTS = 3


def plan(
    problem: WaveProblem,
    *,
    seed: int = 1,
    simulate: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> WavePlan:
    """Plan waves, and simulate them before they are shown.

    As many machines as possible move, in as few windows as possible, those of high priority first.
    If the simulation shows a window or a copy to be missed, it is planned anew with less of each
    link.

    Parameters
    ----------
    problem
        What to observe.
    seed
        Of solver and simulation; equal seeds give equal plans.
    simulate
        ``False`` leaves the simulation out; :attr:`WavePlan.check` makes it when asked.
    tell
        Hears what is being done.

    Returns
    -------
    WavePlan
        With its ``check``; ``ok`` says whether it holds.

    Raises
    ------
    LandfallError
        OR-tools is not installed, or the simulation cannot be run.
    """
    bundles = bundles_of(problem)
    usable = float(problem.usable)
    for attempt in range(_ATTEMPTS):
        ledger = Ledger(problem, usable)
        tell(f"{len(bundles)} bundles, {len(ledger.windows)} windows")
        solution = solve(ledger, bundles, _fill(ledger, bundles), seed=seed, tell=tell)
        made = scheduled(ledger, bundles, solution.waves, "CP-SAT", seed)
        made.is_best = solution.is_best and attempt == 0
        if not simulate:
            return made
        tell("simulating")
        if made.check.ok:
            return made
        usable *= _LESS
    return made


def first_fit(problem: WaveProblem, *, seed: int = 1) -> WavePlan:
    """Plan waves as people do: machines in their order, each into the first window with room."""
    bundles = bundles_of(problem)
    ledger = Ledger(problem)
    return scheduled(ledger, bundles, _fill(ledger, bundles), "first fit", seed)


def _fill(ledger: Ledger, bundles: list[Bundle]) -> dict[int, int]:
    waves: dict[int, int] = {}
    for number in sorted(range(len(bundles)), key=lambda b: (bundles[b].level, b)):
        bundle = bundles[number]
        if any(on not in waves for on in bundle.needs):
            continue
        first = max((waves[on] for on in bundle.needs), default=0)
        for wave in range(first, len(ledger.windows)):
            if not ledger.may_hold(bundle, wave):
                continue
            tried = {**waves, number: wave}
            if not (ledger.overtaxes(wave, tried, bundles) or ledger.overfills(tried, bundles)):
                waves[number] = wave
                break
    return waves
