"""Waves: which machines move together and when, over which links, in which windows.

A move asks three things of a plan: that what depends on each other moves in order, that the first
copies are through before the window of the cutover, and that people have time for it. Copies share
links with the changes of everything that replicates already, and links carry less in working hours.
:func:`plan` finds the waves (CP-SAT of OR-tools), and simulates them before it shows them;
:func:`first_fit` is what people do by hand, to compare with.

    import landfall as lf

    problem = lf.waves.WaveProblem(links=[...], moves=[...], windows=lf.waves.weekly(...), ...)
    plan = lf.waves.plan(problem)
    print(plan)                          # waves, and what simulating them showed
    plan.compare(lf.waves.first_fit(problem))
"""

from typing import TYPE_CHECKING

from ..lazily import lazily

if TYPE_CHECKING:
    from .calendar import Freeze, Window, weekly
    from .planning import first_fit, plan
    from .problem import Move, Need, WaveProblem
    from .wave_plan import WavePlan

__all__ = [
    "Freeze",
    "Move",
    "Need",
    "WavePlan",
    "WaveProblem",
    "Window",
    "first_fit",
    "plan",
    "weekly",
]
__getattr__, __dir__ = lazily(
    __name__,
    {
        "calendar": "Freeze Window weekly",
        "planning": "first_fit plan",
        "problem": "Move Need WaveProblem",
        "wave_plan": "WavePlan",
    },
)
